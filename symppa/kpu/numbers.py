"""What each operator gives, in numbers: the reference that folding, calibration and execution build on.

One entry to an operator: (inputs, attributes) -> outputs. Floating-point numbers are float32 in and out. What a fused
operator gives is what its epilogue makes of it, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil, prod, sqrt
from types import MappingProxyType
from typing import Any

import numpy as np

from symppa.errors import InvalidInputError, UnsupportedOpError
from symppa.kpu.interface.program import KPUOp, KPUProgram

Array = np.ndarray[Any, Any]
Attributes = Mapping[str, Any]
Kernel = Callable[[Sequence[Array], Attributes], Sequence[Array]]

TYPES: Mapping[str, Any] = MappingProxyType({
    "fp32": np.float32, "fp16": np.float16, "int64": np.int64, "int32": np.int32, "int8": np.int8, "bool": np.bool_,
})  # fmt: skip
ROUNDINGS: Mapping[str, Callable[[Array], Array]] = MappingProxyType({
    "floor": np.floor, "ceil": np.ceil,
    "round_prefer_floor": lambda at: np.ceil(at - 0.5), "round_prefer_ceil": lambda at: np.floor(at + 0.5),
})  # fmt: skip


def executed(program: KPUProgram, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The outputs of a program in float32, by the names of its tensors."""
    wanted = set(program.output_ids)
    return {name: value for name, value in values(program, inputs) if name in wanted}


def values(program: KPUProgram, inputs: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    """Every activation of a program in float32, as soon as it is there; each is forgotten after its last reader."""
    held: dict[str, Array] = {}
    last = {name: number for number, op in enumerate(program.ops) for name in op.input_ids}
    for name in program.input_ids:
        if name not in inputs:
            raise InvalidInputError(f"input {name!r} is missing: expected {', '.join(program.input_ids)}")
        held[name] = np.asarray(inputs[name])
        yield name, held[name]
    for number, op in enumerate(program.ops):
        read = [held[name] if name in held else program.constants[name] for name in op.input_ids]
        for name, value in zip(op.output_ids, evaluated(op, read), strict=True):
            held[name] = value
            yield name, value
        for name in op.input_ids:
            if last[name] == number:
                held.pop(name, None)


def evaluated(op: KPUOp, inputs: Sequence[Array]) -> Sequence[Array]:
    """What an operator gives, with all that is fused behind it."""
    epilogue = op.epilogue
    own = len(inputs) - sum(len(one["inputs"]) for one in epilogue)
    found, place = kernel(op.op_type)(inputs[:own], op.attributes), own
    for one in epilogue:
        further = place + len(one["inputs"])
        found = kernel(one["op_type"])([found[0], *inputs[place:further]], one["attributes"])
        place = further
    return found


def kernel(op_type: str) -> Kernel:
    """The numbers of an operator by name."""
    if op_type not in NUMBERS:
        raise UnsupportedOpError([op_type])
    return NUMBERS[op_type]


def _each(function: Callable[..., Array]) -> Kernel:
    """Each element on its own, after broadcasting."""

    def numbers(inputs: Sequence[Array], attributes: Attributes) -> Sequence[Array]:
        return [np.asarray(function(*inputs))]

    return numbers


def _one(function: Callable[[Array, Attributes], Array]) -> Kernel:
    """From one tensor to one."""

    def numbers(inputs: Sequence[Array], attributes: Attributes) -> Sequence[Array]:
        return [np.asarray(function(inputs[0], attributes))]

    return numbers


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (np.tanh(0.5 * x) + 1))


def erf(x: Array) -> Array:
    """The error function."""
    from scipy import special

    return np.asarray(special.erf(x), x.dtype)


def _gelu(x: Array, attributes: Attributes) -> Array:
    if attributes.get("approximate", "none") == "tanh":
        return np.asarray(0.5 * x * (1 + np.tanh(np.float32(sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x**3))))
    return np.asarray(0.5 * x * (1 + erf(x * np.float32(sqrt(0.5)))))


def _hard_sigmoid(x: Array, attributes: Attributes) -> Array:
    alpha, beta = attributes.get("alpha", 0.2), attributes.get("beta", 0.5)
    return np.asarray(np.clip(x * np.float32(alpha) + np.float32(beta), 0, 1))


def _clip(x: Array, attributes: Attributes) -> Array:
    low, high = attributes.get("min"), attributes.get("max")
    if low is None and high is None:
        return x
    return np.asarray(np.clip(x, low, high), x.dtype)


def _hard_tanh(x: Array, attributes: Attributes) -> Array:
    return np.asarray(np.clip(x, attributes.get("min", -1.0), attributes.get("max", 1.0)), x.dtype)


def _softmax(x: Array, attributes: Attributes) -> Array:
    axis = attributes.get("axis", -1)
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    powers /= powers.sum(axis=axis, keepdims=True)
    return np.asarray(powers)


def _layer_norm(inputs: Sequence[Array], attributes: Attributes) -> Sequence[Array]:
    x, *rest = inputs
    axes = tuple(range(attributes.get("axis", -1) % x.ndim, x.ndim))
    far = x - x.mean(axis=axes, keepdims=True)
    found = far / np.sqrt(np.square(far).mean(axis=axes, keepdims=True) + np.float32(attributes.get("epsilon", 1e-5)))
    if rest:
        found = found * rest[0]
    return [found + rest[1] if len(rest) > 1 else found]


def _batch_norm(inputs: Sequence[Array], attributes: Attributes) -> Sequence[Array]:
    x = inputs[0]
    scale, shift = affine(inputs[1:5], attributes)
    shape = (-1, *[1] * (x.ndim - 2))
    return [np.asarray(x * scale.reshape(shape) + shift.reshape(shape), x.dtype)]


def affine(statistics: Sequence[Array], attributes: Attributes) -> tuple[Array, Array]:
    """What a norm over batches multiplies by and adds, from its scale, bias, mean and variance."""
    scale, bias, mean, variance = statistics
    factor = np.asarray(scale / np.sqrt(variance + np.float32(attributes.get("epsilon", 1e-5))))
    return factor, bias - mean * factor


def _pads(attributes: Attributes, rank: int) -> list[tuple[int, int]]:
    pads = list(attributes.get("pads") or [0] * (2 * rank))
    return list(zip(pads[:rank], pads[rank:], strict=True))


def _windows(x: Array, kernel_shape: Sequence[int], attributes: Attributes, fill: float, extra: Sequence[int]) -> Array:
    """Windows of a padded tensor, [N, C, *places, *kernel]; `extra` rows are added at the ends."""
    rank = len(kernel_shape)
    strides, dilations = (list(attributes.get(name) or [1] * rank) for name in ("strides", "dilations"))
    pads = [(low, high + more) for (low, high), more in zip(_pads(attributes, rank), extra, strict=True)]
    if any(map(any, pads)):
        x = np.pad(x, [(0, 0), (0, 0), *pads], constant_values=fill)
    spans = [dilation * (size - 1) + 1 for size, dilation in zip(kernel_shape, dilations, strict=True)]
    found = np.lib.stride_tricks.sliding_window_view(x, spans, axis=tuple(range(2, 2 + rank)))
    steps = [slice(None, None, step) for step in (*strides, *dilations)]
    return np.asarray(found[(slice(None), slice(None), *steps)])


def _conv(inputs: Sequence[Array], attributes: Attributes) -> Sequence[Array]:
    x, weight, *bias = inputs
    groups, kernel_shape = attributes.get("group", 1), weight.shape[2:]
    windows = _windows(x, kernel_shape, attributes, 0.0, [0] * len(kernel_shape))
    rank = len(kernel_shape)
    batch, channels, *places = windows.shape[: 2 + rank]
    if weight.shape[1] == 1 and groups == channels == weight.shape[0]:
        found = np.zeros((batch, channels, *places), np.result_type(x, weight))
        for at in np.ndindex(*kernel_shape):
            found += windows[(..., *at)] * weight[(slice(None), 0, *at)].reshape(-1, *[1] * rank)
    else:
        turned = np.moveaxis(windows, range(2 + rank, 2 + 2 * rank), range(2, 2 + rank))
        columns = turned.reshape(batch, groups, channels // groups * prod(kernel_shape), prod(places))
        rows = weight.reshape(groups, weight.shape[0] // groups, -1)
        found = (rows @ columns).reshape(batch, weight.shape[0], *places)
    return [found + bias[0].reshape(-1, *[1] * rank) if bias else found]


def _extra(x: Array, attributes: Attributes) -> list[int]:
    """Rows that the last windows reach beyond the padding, where sizes are rounded up."""
    shape = attributes["kernel_shape"]
    rank, found = len(shape), []
    strides, dilations = (list(attributes.get(name) or [1] * rank) for name in ("strides", "dilations"))
    for size, wide, step, far, (low, high) in zip(
        x.shape[2:], shape, strides, dilations, _pads(attributes, rank), strict=True
    ):
        span = far * (wide - 1) + 1
        count = ceil((size + low + high - span) / step) + 1
        if (count - 1) * step >= size + low:  # a window has to begin inside
            count -= 1
        found.append(max(0, (count - 1) * step + span - size - low - high) if attributes.get("ceil_mode") else 0)
    return found


def _max_pool(x: Array, attributes: Attributes) -> Array:
    shape = attributes["kernel_shape"]
    low = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    windows = _windows(x, shape, attributes, low, _extra(x, attributes))
    return np.asarray(windows.max(axis=tuple(range(-len(shape), 0))))


def _average_pool(x: Array, attributes: Attributes) -> Array:
    shape, extra = attributes["kernel_shape"], _extra(x, attributes)
    axes = tuple(range(-len(shape), 0))
    total = _windows(x, shape, attributes, 0.0, extra).sum(axis=axes)
    ones = np.ones((1, 1, *x.shape[2:]), np.float32)
    if attributes.get("count_include_pad"):
        pads = [(0, 0), (0, 0), *_pads(attributes, len(shape))]
        ones, attributes = np.pad(ones, pads, constant_values=1.0), {**attributes, "pads": None}
    return np.asarray(total / _windows(ones, shape, attributes, 0.0, extra).sum(axis=axes), x.dtype)


def _gemm(inputs: Sequence[Array], attributes: Attributes) -> Sequence[Array]:
    a, b, *c = inputs
    left, right = (a.T if attributes.get("transA") else a), (b.T if attributes.get("transB") else b)
    found, alpha, beta = left @ right, attributes.get("alpha", 1.0), attributes.get("beta", 1.0)
    if alpha != 1:
        found = found * np.float32(alpha)
    return [found + c[0] * np.float32(beta) if c else found]


def _resize(x: Array, attributes: Attributes) -> Array:
    """The nearest element; where the places of the new ones lie and how they are rounded is told as in ONNX."""
    if attributes.get("sizes"):
        sizes = list(attributes["sizes"])
        scales = attributes.get("scales") or [new / old for new, old in zip(sizes, x.shape, strict=True)]
    else:
        scales = list(attributes["scales"])
        sizes = [int(old * scale) for old, scale in zip(x.shape, scales, strict=True)]
    shift = 0.5 if attributes.get("coordinate_transformation_mode", "asymmetric") == "half_pixel" else 0.0
    rounded = ROUNDINGS[attributes.get("nearest_mode", "floor")]
    for axis, (new, scale) in enumerate(zip(sizes, scales, strict=True)):
        if new != x.shape[axis]:
            at = rounded((np.arange(new) + shift) / scale - shift)
            x = np.take(x, np.clip(at, 0, x.shape[axis] - 1).astype(np.int64), axis=axis)
    return x


def _slice(x: Array, attributes: Attributes) -> Array:
    starts, ends = attributes["starts"], attributes["ends"]
    axes = attributes.get("axes") or range(len(starts))
    cuts = [slice(None)] * x.ndim
    for axis, start, end, step in zip(axes, starts, ends, attributes.get("steps") or [1] * len(starts), strict=True):
        size = x.shape[axis]
        last = None if step < 0 and end < -size else end
        cuts[axis] = slice(start, last, step)
    return x[tuple(cuts)]


def _split(inputs: Sequence[Array], attributes: Attributes) -> Sequence[Array]:
    places = np.cumsum(attributes["split"])[:-1]
    return list(np.split(inputs[0], places, axis=attributes.get("axis", 0)))


def _reshape(x: Array, attributes: Attributes) -> Array:
    return x.reshape(attributes["shape"])


def _flatten(x: Array, attributes: Attributes) -> Array:
    axis = attributes.get("axis", 1)
    return x.reshape(prod(x.shape[: axis + x.ndim if axis < 0 else axis]), -1)


def _squeeze(x: Array, attributes: Attributes) -> Array:
    axes = attributes.get("axes")
    return np.squeeze(x, None if axes is None else tuple(axes))


def _unsqueeze(x: Array, attributes: Attributes) -> Array:
    return np.expand_dims(x, tuple(attributes["axes"]))


def _pad(x: Array, attributes: Attributes) -> Array:
    mode = attributes.get("mode", "constant")
    told = {"constant_values": attributes.get("value", 0)} if mode == "constant" else {}
    return np.pad(x, _pads(attributes, x.ndim), mode=mode, **told)


def _reduced(function: Callable[..., Array]) -> Kernel:
    def numbers(x: Array, attributes: Attributes) -> Array:
        axes = attributes.get("axes")
        kept = bool(attributes.get("keepdims", 1))
        return np.asarray(function(x, axis=None if axes is None else tuple(axes), keepdims=kept), x.dtype)

    return _one(numbers)


def _shape(x: Array, attributes: Attributes) -> Array:
    return np.asarray(x.shape[attributes.get("start", 0) : attributes.get("end")], np.int64)


def _cast(x: Array, attributes: Attributes) -> Array:
    wanted = attributes["to"]
    return bf16(x.astype(np.float32)) if wanted == "bf16" else x.astype(TYPES[wanted])


def bf16(x: Array) -> Array:
    """float32 rounded to the nearest number of 8 bits, half to even.

    >>> float(bf16(np.float32([1.00390625]))[0])
    1.0
    """
    whole = np.ascontiguousarray(x, np.float32).view(np.uint32)
    rounded = (whole + np.uint32(0x7FFF) + (whole >> np.uint32(16) & np.uint32(1))) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(x), np.float32(np.nan), rounded.view(np.float32))


def _divided(a: Array, b: Array) -> Array:
    return np.asarray(a / b if a.dtype.kind == "f" else np.trunc(a / b).astype(a.dtype))


# The last ones are what patterns of composite operators are made of.
NUMBERS: Mapping[str, Kernel] = MappingProxyType({
    "Conv": _conv, "MatMul": _each(np.matmul), "Gemm": _gemm,
    "Relu": _one(lambda x, _: np.maximum(x, 0)), "Relu6": _one(lambda x, _: np.clip(x, 0, 6)),
    "Clip": _one(_clip), "HardTanh": _one(_hard_tanh), "HardSigmoid": _one(_hard_sigmoid),
    "HardSwish": _one(lambda x, _: x * np.clip(x / np.float32(6) + np.float32(0.5), 0, 1)),
    "Sigmoid": _one(lambda x, _: sigmoid(x)), "SiLU": _one(lambda x, _: x * sigmoid(x)),
    "Tanh": _one(lambda x, _: np.tanh(x)), "Gelu": _one(_gelu), "Erf": _one(lambda x, _: erf(x)),
    "Add": _each(np.add), "Sub": _each(np.subtract), "Mul": _each(np.multiply), "Div": _each(_divided),
    "BatchNormalization": _batch_norm, "LayerNormalization": _layer_norm, "Softmax": _one(_softmax),
    "MaxPool": _one(_max_pool), "AveragePool": _one(_average_pool),
    "GlobalAveragePool": _one(lambda x, _: x.mean(axis=tuple(range(2, x.ndim)), keepdims=True)),
    "ReduceMean": _reduced(np.mean), "ReduceSum": _reduced(np.sum), "ReduceMax": _reduced(np.max),
    "Concat": lambda inputs, attributes: [np.concatenate(inputs, axis=attributes["axis"])],
    "Split": _split, "Slice": _one(_slice), "Pad": _one(_pad), "Resize": _one(_resize),
    "Gather": lambda inputs, attributes: [np.take(inputs[0], inputs[1], axis=attributes.get("axis", 0))],
    "Transpose": _one(lambda x, attributes: np.transpose(x, attributes.get("perm"))),
    "Reshape": _one(_reshape), "Flatten": _one(_flatten), "Squeeze": _one(_squeeze), "Unsqueeze": _one(_unsqueeze),
    "Identity": _one(lambda x, _: x), "Cast": _one(_cast), "Shape": _one(_shape),
    "Constant": lambda _, attributes: [np.asarray(attributes["value"])],
    "Sqrt": _each(np.sqrt), "Exp": _each(np.exp),
})  # fmt: skip
