"""ATen operators that only look at numbers, or move them."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from symppa.errors import CompilationError
from symppa.kpu.lower import compose
from symppa.kpu.lower.aten.weighted import TRAINING, Rule
from symppa.kpu.lower.building import FORMATS, Array, Building, Const, Value
from symppa.workloads.torch.calls import Call


def same(to: Building, call: Call) -> Value:
    """Nothing happens, at inference or ever."""
    found: Value = call["self"] if "self" in call.given else call["input"]
    return found


def _dropped(to: Building, call: Call) -> Any:
    if call["train"] and call["p"] != 0:
        raise CompilationError(f"{to.name}: the dropout {call.wish} {TRAINING}")
    return [same(to, call), None] if call.operator == "native_dropout" else same(to, call)


def _cast(to: Building, call: Call) -> Any:
    return compose.cast(to, call["self"], FORMATS.get(call.dtype, "fp32"), call.wish)


def _viewed(to: Building, call: Call) -> Any:
    return compose.reshaped(to, call["self"], call.dims, call.wish)


def _flattened(to: Building, call: Call) -> Any:
    x, shape = call["self"], call.dims
    own = to.shape(x)
    if shape != own and len(shape) == 2 and shape == (own[0], prod(own[1:])):
        return to.add("Flatten", (x,), call.wish, axis=1)
    return _viewed(to, call)


def _squeezed(to: Building, call: Call) -> Any:
    x = call["self"]
    own, gone = to.shape(x), call.numbers("dim")
    every = range(len(own)) if "dim" not in call.given else [axis % max(len(own), 1) for axis in gone]
    axes = [axis for axis in every if own and own[axis] == 1]
    return to.add("Squeeze", (x,), call.wish, axes=axes) if axes else x


def _unsqueezed(to: Building, call: Call) -> Any:
    return to.add("Unsqueeze", (call["self"],), call.wish, axes=[call["dim"] % len(call.shape)])


def _permuted(to: Building, call: Call) -> Any:
    rank = len(to.shape(call["self"]))
    return compose.transposed(to, call["self"], [axis % rank for axis in call.numbers("dims")], call.wish)


def _swapped(to: Building, call: Call) -> Any:
    x = call["self"]
    order = list(range(len(to.shape(x))))
    names = next((pair for pair in (("dim0", "dim1"), ("axis0", "axis1")) if pair[0] in call.given), None)
    first, second = (call[name] for name in names) if names else (-2, -1)
    if len(order) > 1:
        order[first], order[second] = order[second], order[first]
    return compose.transposed(to, x, order, call.wish)


def _moved(to: Building, call: Call) -> Any:
    rank = len(to.shape(call["self"]))
    sources, goals = ([axis % rank for axis in call.numbers(name)] for name in ("source", "destination"))
    rest = iter(axis for axis in range(rank) if axis not in sources)
    order = [sources[goals.index(k)] if k in goals else next(rest) for k in range(rank)]
    return compose.transposed(to, call["self"], order, call.wish)


def _expanded(to: Building, call: Call) -> Any:
    return compose.expanded(to, call["self"], call.dims, call.wish)


def _repeated(to: Building, call: Call) -> Any:
    counts = call.numbers("repeats") or call.numbers("dims")
    return compose.repeated(to, call["self"], [1] * (len(call.shape) - len(counts)) + counts, call.wish)


def _interleaved(to: Building, call: Call) -> Any:
    x, count, axis = call["self"], call["repeats"], call["dim"]
    if not isinstance(count, int):
        return None
    if axis is None:
        x, axis = compose.reshaped(to, x, [prod(to.shape(x))], f"{call.wish}.flat"), 0
    axis %= len(to.shape(x))
    return compose.picked(to, x, axis, np.repeat(np.arange(to.shape(x)[axis]), count), call.wish)


def _sliced(to: Building, call: Call) -> Any:
    axis = call["dim"] % len(call.shape)
    places = np.arange(to.shape(call["self"])[axis])[slice(call["start"], call["end"], call["step"])]
    return compose.picked(to, call["self"], axis, places, call.wish)


def _narrowed(to: Building, call: Call) -> Any:
    axis = call["dim"] % len(call.shape)
    return compose.picked(to, call["self"], axis, call["start"] + np.arange(call["length"]), call.wish)


def _selected(to: Building, call: Call) -> Any:
    return compose.taken(to, call["self"], call["dim"], call["index"], call.wish)


def _flipped(to: Building, call: Call) -> Any:
    x = call["self"]
    for axis in call.numbers("dims"):
        x = compose.picked(to, x, axis % len(call.shape), np.arange(call.dims[axis])[::-1], call.wish)
    return x


def _rolled(to: Building, call: Call) -> Any:
    x, axes = call["self"], call.numbers("dims")
    if not axes:
        return None
    for axis, shift in zip(axes, call.numbers("shifts"), strict=True):
        x = compose.picked(to, x, axis % len(call.shape), np.roll(np.arange(call.dims[axis]), shift), call.wish)
    return x


def _split(to: Building, call: Call) -> Any:
    axis = call["dim"]
    return compose.cut(to, call["self"], [int(shape[axis]) for shape in call.shapes], axis, call.wish)


def _unbound(to: Building, call: Call) -> Any:
    x, axis = call["self"], call["dim"] % len(to.shape(call["self"]))
    pieces = compose.cut(to, x, [1] * len(call.shapes), axis, f"{call.wish}.pieces")
    return [compose.reshaped(to, piece, call.dims, f"{call.wish}.{k}") for k, piece in enumerate(pieces)]


def _joined(to: Building, call: Call) -> Any:
    tensors = [x for x in call["tensors"] if prod(to.shape(x)) > 0]
    axis = call["dim"] % len(call.shape)
    return tensors[0] if len(tensors) == 1 else to.add("Concat", tensors, call.wish, axis=axis)


def _stacked(to: Building, call: Call) -> Any:
    axis = call["dim"] % len(call.shape)
    each = [to.add("Unsqueeze", (x,), f"{call.wish}.each", axes=[axis]) for x in call["tensors"]]
    return each[0] if len(each) == 1 else to.add("Concat", each, call.wish, axis=axis)


def _padded(to: Building, call: Call) -> Any:
    x, told = call["self"], call.numbers("pad")
    if (call["mode"] or "constant") != "constant":
        return None
    rank = len(to.shape(x))
    pads = np.zeros((2, rank), int)
    for k in range(len(told) // 2):
        pads[:, rank - 1 - k] = told[2 * k : 2 * k + 2]
    for axis in range(rank):  # torch cuts off where a pad is below 0
        size = to.shape(x)[axis]
        inner = np.arange(max(0, -pads[0, axis]), size - max(0, -pads[1, axis]))
        x = compose.picked(to, x, axis, inner, f"{call.wish}.cut") if len(inner) != size else x
    pads = np.maximum(pads, 0)
    value = float(call["value"] or 0)
    return to.add("Pad", (x,), call.wish, pads=pads.ravel().tolist(), mode="constant", value=value) if pads.any() else x


def _grown(to: Building, call: Call) -> Any:
    """The places that torch reads of each axis are what it makes of their numbers."""
    x = call["self"] if "self" in call.given else call["input"]
    own = to.shape(x)
    places = {axis: _read(call, own, axis) for axis in range(2, len(own))}
    return compose.resampled(to, x, places, call.wish)


def _read(call: Call, own: tuple[int, ...], axis: int) -> Array:
    import torch

    line = torch.arange(own[axis], dtype=torch.float32).reshape([-1 if k == axis else 1 for k in range(len(own))])
    place = 1 if len(call.node.args) > 1 or call.node.kwargs else 0
    line = line.expand([1, 1, *own[2:]])
    made = call.node.target(line, *call.node.args[place:], **{k: v for k, v in call.node.kwargs.items() if k != "self"})
    found: Array = made.movedim(axis, 0).reshape(call.dims[axis], -1)[:, 0].round().to(torch.int64).numpy()
    return found


def _picked(to: Building, call: Call) -> Any:
    x, axis, index = call["self"], call["dim"], call["index"]
    axis %= len(to.shape(x))
    if isinstance(index, Const):
        return compose.picked(to, x, axis, index.array.ravel(), call.wish)
    return to.add("Gather", (x, index), call.wish, axis=axis)


def _indexed(to: Building, call: Call) -> Any:
    """Places of one axis; or of several, each by its own."""
    x = call["self"]
    told = {axis: index for axis, index in enumerate(call["indices"]) if index is not None}
    if any(to.dtype(index) == "bool" for index in told.values()):
        return None
    if len(told) == 1:
        [(axis, index)] = told.items()
        if isinstance(index, Const) and index.array.ndim == 1:
            return compose.picked(to, x, axis, index.array, call.wish)
        return to.add("Gather", (x, index), call.wish, axis=axis)
    places = _apart(list(told.values()))
    if places is None or list(told) != list(range(min(told), max(told) + 1)):
        return None
    return compose.resampled(to, x, dict(zip(told, places, strict=True)), call.wish)


def _apart(indices: list[Value]) -> list[Array] | None:
    """Indices that each run along an axis of their own, in order."""
    arrays = [index.array for index in indices if isinstance(index, Const)]
    rank = len(arrays)
    if rank != len(indices) or max(one.ndim for one in arrays) > rank:
        return None
    for k, one in enumerate(arrays):
        shape = (1,) * (rank - one.ndim) + one.shape
        if any(size != 1 for axis, size in enumerate(shape) if axis != k):
            return None
    return [one.ravel() for one in arrays]


def _shuffled(to: Building, call: Call) -> Any:
    return compose.shuffled(to, call["self"], call["upscale_factor"], call.wish)


def _unshuffled(to: Building, call: Call) -> Any:
    return compose.unshuffled(to, call["self"], call["downscale_factor"], call.wish)


def _mixed(to: Building, call: Call) -> Any:
    """Channels of groups, one of each group after the other."""
    x, groups = call["self"], call["groups"]
    return compose.picked(to, x, 1, np.arange(to.shape(x)[1]).reshape(groups, -1).T.ravel(), call.wish)


RULES: dict[str, Rule] = {
    **dict.fromkeys(("view", "reshape", "_unsafe_view", "view_as", "reshape_as", "unflatten", "ravel", "atleast_1d",
                     "atleast_2d", "_reshape_alias"), _viewed),
    "flatten": _flattened, "squeeze": _squeezed, "unsqueeze": _unsqueezed, "permute": _permuted, "movedim": _moved,
    **dict.fromkeys(("transpose", "t", "mT", "swapaxes", "swapdims", "numpy_T", "adjoint"), _swapped),
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), _expanded), "repeat": _repeated, "tile": _repeated,
    "repeat_interleave": _interleaved,
    **dict.fromkeys(("contiguous", "clone", "detach", "alias", "lift_fresh", "lift_fresh_copy", "positive",
                     "requires_grad", "resolve_conj", "resolve_neg", "view_of"), same),
    **dict.fromkeys(("dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout", "native_dropout"),
                    _dropped),
    **dict.fromkeys(("to", "_to_copy", "type_as", "float", "half", "long", "_to_dtype"), _cast),
    "slice": _sliced, "narrow": _narrowed, "select": _selected, "flip": _flipped, "roll": _rolled,
    **dict.fromkeys(("split", "chunk", "split_with_sizes", "tensor_split", "unsafe_split", "unsafe_chunk"), _split),
    "unbind": _unbound, **dict.fromkeys(("cat", "concat", "concatenate"), _joined), "stack": _stacked,
    **dict.fromkeys(("pad", "constant_pad_nd"), _padded),
    **{f"{mark}upsample_nearest{exact}{n}d": _grown for n in (1, 2, 3) for mark, exact in (("", ""), ("_", "_exact"))},
    "index_select": _picked, "index": _indexed, "_unsafe_index": _indexed, "pixel_shuffle": _shuffled,
    "pixel_unshuffle": _unshuffled, "channel_shuffle": _mixed,
}  # fmt: skip
