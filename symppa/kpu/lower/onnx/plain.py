"""Operators of ONNX on every element, and those that move numbers."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from symppa.errors import CompilationError
from symppa.kpu.lower import compose
from symppa.kpu.lower.aten.arithmetic import powered
from symppa.kpu.lower.building import Array, Building, Const, Value, number
from symppa.kpu.lower.onnx.nodes import Call
from symppa.kpu.lower.onnx.weighted import Rule
from symppa.kpu.shapes import along

# Element types as ONNX numbers them, by the formats that stand for them.
TYPES = {1: "fp32", 6: "int32", 7: "int64", 9: "bool", 10: "fp32", 11: "fp32", 16: "fp32"}


def _unary(what: str, **told: Any) -> Rule:
    return lambda to, call: to.add(what, (call[0],), call.wish, **told)


def _binary(to: Building, call: Call) -> Any:
    return to.add(call.operator, (call[0], call[1]), call.wish)


def _summed(to: Building, call: Call) -> Any:
    made = call[0]
    for k in range(1, len(call.inputs)):
        made = to.add("Add", (made, call[k]), call.wish)
    return made


def _gelu(to: Building, call: Call) -> Any:
    return to.add("Gelu", (call[0],), call.wish, approximate=call.get("approximate", "none"))


def _swish(to: Building, call: Call) -> Any:
    x = call[0]
    if call.get("alpha", 1.0) == 1:
        return to.add("SiLU", (x,), call.wish)
    gate = to.add("Sigmoid", (compose.scaled(to, x, call.get("alpha"), f"{call.wish}.alpha"),), f"{call.wish}.gate")
    return to.add("Mul", (x, gate), call.wish)


def _hard_sigmoid(to: Building, call: Call) -> Any:
    alpha, beta = float(call.get("alpha", 0.2)), float(call.get("beta", 0.5))
    return to.add("HardSigmoid", (call[0],), call.wish, alpha=alpha, beta=beta)


def _clipped(to: Building, call: Call) -> Any:
    low, high = (
        None if found is None else float(found[0]) for found in (call.numbers(1, "min"), call.numbers(2, "max"))
    )
    if (low, high) == (0, 6):
        return to.add("Relu6", (call[0],), call.wish)
    return to.add("Clip", (call[0],), call.wish, min=low, max=high)


def _bounded(to: Building, call: Call) -> Any:
    """The larger or smaller of a tensor and one number."""
    numbers = [one for one in call.inputs if isinstance(one, Const) and one.array.size == 1]
    tensors = [one for one in call.inputs if one not in numbers and one is not None]
    if len(tensors) != 1 or len(numbers) != 1:
        raise CompilationError(f"{to.name}: {call.wish}: {call.operator} of tensors is not supported, only of a number")
    told = {"min" if call.operator == "Max" else "max": float(numbers[0].array.reshape(()))}
    return to.add("Clip", tensors, call.wish, **told)


def _negated(to: Building, call: Call) -> Any:
    return compose.scaled(to, call[0], -1, call.wish)


def _reciprocal(to: Building, call: Call) -> Any:
    return to.add("Div", (number(1, f"{call.wish}.one"), call[0]), call.wish)


def _powered(to: Building, call: Call) -> Any:
    told = call.numbers(1)
    made = powered(to, call[0], told[0], call.wish) if told and len(set(told)) == 1 else None
    if made is None:
        raise CompilationError(f"{to.name}: {call.wish}: Pow is supported for exponents 0.5, 1, 2, 3 and 4, not {told}")
    return made


def _reduced(to: Building, call: Call) -> Any:
    rank, told = len(to.shape(call[0])), call.whole(1, "axes")
    if not told and call.get("noop_with_empty_axes", 0):
        return call[0]
    axes = sorted({along(axis, rank) for axis in told or range(rank)})
    return to.add(call.operator, (call[0],), call.wish, axes=axes, keepdims=int(call.get("keepdims", 1)))


def _same(to: Building, call: Call) -> Any:
    return call[0]


def _dropped(to: Building, call: Call) -> Any:
    training = call.at(2)
    if training is not None and not (isinstance(training, Const) and not training.array.any()):
        raise CompilationError(f"{to.name}: {call.wish} drops numbers as in training: export the network for inference")
    return call[0]


def _cast(to: Building, call: Call) -> Any:
    kind = TYPES.get(call.get("to"))
    if kind is None:
        raise CompilationError(f"{to.name}: {call.wish}: elements of type {call.get('to')} are not supported")
    return compose.cast(to, call[0], kind, call.wish)


def _reshaped(to: Building, call: Call) -> Any:
    told, own = call.whole(1, "shape") or [], to.shape(call[0])
    if not call.get("allowzero", 0):
        told = [own[k] if size == 0 else size for k, size in enumerate(told)]
    rest = prod(size for size in told if size != -1)
    return compose.reshaped(
        to, call[0], [prod(own) // max(rest, 1) if size == -1 else size for size in told], call.wish
    )


def _flattened(to: Building, call: Call) -> Any:
    x, axis = call[0], int(call.get("axis", 1))
    made = to.add("Flatten", (x,), call.wish, axis=axis)
    return made


def _unsqueezed(to: Building, call: Call) -> Any:
    axes = call.whole(1, "axes") or []
    rank = len(to.shape(call[0])) + len(axes)
    return to.add("Unsqueeze", (call[0],), call.wish, axes=sorted(along(axis, rank) for axis in axes))


def _squeezed(to: Building, call: Call) -> Any:
    own, told = to.shape(call[0]), call.whole(1, "axes")
    axes = [k for k, size in enumerate(own) if size == 1] if told is None else [along(a, len(own)) for a in told]
    return to.add("Squeeze", (call[0],), call.wish, axes=sorted(axes)) if axes else call[0]


def _turned(to: Building, call: Call) -> Any:
    perm = call.get("perm") or list(range(len(to.shape(call[0]))))[::-1]
    return compose.transposed(to, call[0], perm, call.wish)


def _expanded(to: Building, call: Call) -> Any:
    told = call.whole(1) or []
    return compose.expanded(to, call[0], np.broadcast_shapes(to.shape(call[0]), tuple(told)), call.wish)


def _tiled(to: Building, call: Call) -> Any:
    return compose.repeated(to, call[0], call.whole(1) or [], call.wish)


def _sliced(to: Building, call: Call) -> Any:
    """Every axis by itself where one of them runs backwards, which takes a Gather."""
    x, own = call[0], to.shape(call[0])
    starts, ends = call.whole(1, "starts") or [], call.whole(2, "ends") or []
    axes = [along(a, len(own)) for a in call.whole(3, "axes") or list(range(len(starts)))]
    steps = call.whole(4, "steps") or [1] * len(starts)
    cuts = [slice(*told).indices(own[a]) for a, *told in zip(axes, starts, ends, steps, strict=True)]
    if any(step < 0 for _, _, step in cuts):
        for axis, cut in zip(axes, cuts, strict=True):
            x = compose.picked(to, x, axis, np.arange(own[axis])[range(*cut)], call.wish)
        return x
    kept = [(a, *cut) for a, cut in zip(axes, cuts, strict=True) if cut != (0, own[a], 1)]
    if not kept:
        return x
    told = {"starts": [k[1] for k in kept], "ends": [k[2] for k in kept], "axes": [k[0] for k in kept]}
    return to.add("Slice", (x,), call.wish, **told, steps=[k[3] for k in kept])


def _split(to: Building, call: Call) -> Any:
    axis = along(call.get("axis", 0), len(to.shape(call[0])))
    sizes, size = call.whole(1, "split"), to.shape(call[0])[axis]
    if sizes is None:
        count = int(call.get("num_outputs", call.outputs))
        each = -(-size // count)
        sizes = [min(each, size - each * k) for k in range(count)]
    return compose.cut(to, call[0], sizes, axis, call.wish)


def _joined(to: Building, call: Call) -> Any:
    tensors = [one for one in call.inputs if one is not None and prod(to.shape(one)) > 0]
    axis = along(call.get("axis", 1), len(to.shape(tensors[0])))
    return tensors[0] if len(tensors) == 1 else to.add("Concat", tensors, call.wish, axis=axis)


def _padded(to: Building, call: Call) -> Any:
    x, told = call[0], call.whole(1, "pads") or []
    rank = len(to.shape(x))
    axes = [along(a, rank) for a in call.whole(3) or range(rank)]
    pads = np.zeros((2, rank), int)
    pads[:, axes] = np.reshape(told, (2, len(axes)))
    for axis in range(rank):  # a pad below 0 cuts off
        size = to.shape(x)[axis]
        inner = np.arange(max(0, -pads[0, axis]), size - max(0, -pads[1, axis]))
        x = compose.picked(to, x, axis, inner, f"{call.wish}.cut") if len(inner) != size else x
    pads = np.maximum(pads, 0)
    value = float((call.numbers(2, "value") or [0])[0])
    return to.add("Pad", (x,), call.wish, pads=pads.ravel().tolist(), mode="constant", value=value) if pads.any() else x


def _grown(to: Building, call: Call) -> Any:
    """Resize and Upsample: which places are read of each axis follows from its sizes and the way they are placed."""
    own = to.shape(call[0])
    place = 2 if call.operator == "Resize" and call.opset >= 11 else 1
    scales = call.numbers(place, "scales") or None
    sizes = call.whole(3) or None if call.operator == "Resize" else None
    axes = [along(a, len(own)) for a in call.get("axes") or range(len(own))]
    if call.get("keep_aspect_ratio_policy", "stretch") != "stretch" or not (scales or sizes):
        raise CompilationError(f"{to.name}: {call.wish}: Resize needs scales, or sizes that stretch")
    places: dict[int, Array] = {}
    for k, axis in enumerate(axes):
        scale = scales[k] if scales else (sizes or own)[k] / own[axis]
        target = int(sizes[k]) if sizes else int(own[axis] * scale)
        places[axis] = _places(call, own[axis], target, float(scale))
    kept = {axis: told for axis, told in places.items() if not np.array_equal(told, np.arange(own[axis]))}
    return compose.resampled(to, call[0], kept, call.wish) if kept else call[0]


def _places(call: Call, size: int, target: int, scale: float) -> Array:
    """The place that each new one reads; version 10 and Upsample place and round in the plainest way."""
    new = np.arange(target, dtype=np.float64)
    plain = call.operator == "Upsample" or call.opset < 11
    mode = "asymmetric" if plain else call.get("coordinate_transformation_mode", "half_pixel")
    at = {
        "asymmetric": lambda: new / scale,
        "half_pixel": lambda: (new + 0.5) / scale - 0.5,
        "half_pixel_symmetric": lambda: size / 2 * (1 - target / (scale * size)) + (new + 0.5) / scale - 0.5,
        "pytorch_half_pixel": lambda: (new + 0.5) / scale - 0.5 if target > 1 else np.zeros_like(new),
        "align_corners": lambda: new * (size - 1) / (target - 1) if target > 1 else np.zeros_like(new),
    }  # fmt: skip
    if mode not in at:
        raise CompilationError(f"{call.wish}: Resize with {mode} is not supported; {', '.join(at)} are")
    where = np.round(at[mode](), 9)  # half a place is half a place
    rounding = "floor" if plain else call.get("nearest_mode", "round_prefer_floor")
    found = {
        "round_prefer_floor": np.ceil(where - 0.5), "round_prefer_ceil": np.floor(where + 0.5),
        "floor": np.floor(where), "ceil": np.ceil(where),
    }[rounding]  # fmt: skip
    return np.clip(found, 0, size - 1).astype(np.int64)


def _deep(to: Building, call: Call) -> Any:
    first = call.operator == "SpaceToDepth" or call.get("mode", "DCR") == "DCR"
    made = compose.shuffled if call.operator == "DepthToSpace" else compose.unshuffled
    return made(to, call[0], int(call.get("blocksize")), call.wish, first)


def _measured(to: Building, call: Call) -> Any:
    shape = to.shape(call[0])[call.get("start", 0) : call.get("end")]
    return Const(np.asarray(shape, np.int64), call.wish)


def _counted(to: Building, call: Call) -> Value:
    return Const(np.asarray(prod(to.shape(call[0])), np.int64), call.wish)


RULES: dict[str, Rule] = {
    **{name: _unary(name) for name in ("Relu", "Sigmoid", "Tanh", "Erf", "Sqrt", "Exp", "HardSwish")},
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), _binary), "Sum": _summed, "Gelu": _gelu, "Swish": _swish,
    "HardSigmoid": _hard_sigmoid, "Clip": _clipped, "Max": _bounded, "Min": _bounded, "Neg": _negated,
    "Reciprocal": _reciprocal, "Pow": _powered, **dict.fromkeys(("ReduceMean", "ReduceSum", "ReduceMax"), _reduced),
    "Identity": _same, "Dropout": _dropped, "Cast": _cast, "Reshape": _reshaped, "Flatten": _flattened,
    "Unsqueeze": _unsqueezed, "Squeeze": _squeezed, "Transpose": _turned, "Expand": _expanded, "Tile": _tiled,
    "Slice": _sliced, "Split": _split, "Concat": _joined, "Pad": _padded, "Resize": _grown, "Upsample": _grown,
    "DepthToSpace": _deep, "SpaceToDepth": _deep, "Shape": _measured, "Size": _counted,
}  # fmt: skip
