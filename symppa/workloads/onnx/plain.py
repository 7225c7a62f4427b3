"""Operators of ONNX without weights: arithmetic, pooling, reductions, and what moves or copies."""

from __future__ import annotations

from typing import Any

from symppa.workloads.kinds.kind import times
from symppa.workloads.onnx.nodes import Call, Known, Reading, known
from symppa.workloads.onnx.weighted import Rule, one, pads, weight_of
from symppa.workloads.translation import Weight, seen

# Element types as ONNX numbers them.
TYPES = {1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
         11: "float64", 12: "uint32", 13: "uint64", 16: "bfloat16", 17: "float8", 18: "float8", 19: "float8",
         20: "float8",
         21: "int8", 22: "int4"}  # fmt: skip
REAL = frozenset({"float64", "float32", "float16", "bfloat16", "float8"})


def _unary(what: str) -> Rule:
    return lambda to, call: to.add(call, what, (call.inputs[0],))


def _binary(what: str) -> Rule:
    """Arithmetic; a single number is no tensor."""

    def rule(to: Reading, call: Call) -> Any:
        numbers = [v.list[0] for v in call.inputs if isinstance(v, Known) and len(v.list) == 1]
        tensors = [v for v in call.inputs if not (isinstance(v, Known) and len(v.list) == 1)]
        return to.add(call, what, tensors, **({"scalar": numbers[0]} if numbers else {}))

    return rule


def _many(what: str) -> Rule:
    """Arithmetic of any number of tensors, two by two."""

    def rule(to: Reading, call: Call) -> Any:
        made = to.operand(call.inputs[0], call.name)
        for other in call.inputs[1:]:
            made = to.add(call, what, (made, other))
        return made

    return rule


def _where(to: Reading, call: Call) -> Any:
    return to.add(call, "where", [v for v in call.inputs if not (isinstance(v, Known) and len(v.list) == 1)])


def _clip(to: Reading, call: Call) -> Any:
    low, high = (found[0] if (found := call.known(k, name)) else None for k, name in ((1, "min"), (2, "max")))
    if (low, high) == (0, 6):
        return to.add(call, "ReLU6", (call.inputs[0],))
    return to.add(call, "Clip", (call.inputs[0],), low=low, high=high)


def _leaky(to: Reading, call: Call) -> Any:
    return to.add(call, "LeakyReLU", (call.inputs[0],), slope=call.get("alpha", 0.01))


def _prelu(to: Reading, call: Call) -> Any:
    scaled = to.to.add(f"{call.name}.slope", "mul", (call.inputs[0], to.operand(call.inputs[1], call.name)))
    return to.add(call, "maximum", (call.inputs[0], scaled))


def _softmax(to: Reading, call: Call) -> Any:
    axis = call.get("axis", -1 if call.opset >= 13 else 1)
    made = to.add(call, "Softmax", (call.inputs[0],), axis=axis)
    return to.to.add(f"{call.name}.log", "Log", (made,)) if call.operator.startswith("Log") else made


def _pooled(what: str) -> Rule:
    def rule(to: Reading, call: Call) -> Any:
        x, kernel = call.inputs[0], call.get("kernel_shape")
        told: dict[str, Any] = {"kernel": one(kernel), "stride": one(call.get("strides") or [1])}
        told["padding"] = pads(call, kernel, list(to.shape(x)[2:]))
        told |= {"dilation": one(call.get("dilations") or [1])} if what == "Max" else {}
        return to.add(
            call, f"{what}Pool{len(kernel)}d", (x,), **told, **({"ceil": True} if call.get("ceil_mode", 0) else {})
        )

    return rule


def _whole(what: str) -> Rule:
    """Pooling over everything."""
    return lambda to, call: to.add(
        call, f"Adaptive{what}Pool{len(to.shape(call.inputs[0])) - 2}d", (call.inputs[0],), size=1
    )


def _reduced(what: str) -> Rule:
    def rule(to: Reading, call: Call) -> Any:
        axes = call.whole(1, "axes")
        told: dict[str, Any] = ({"axes": axes} if axes else {}) | ({"keep": True} if call.get("keepdims", 1) else {})
        x = call.inputs[0]
        if call.operator == "ReduceL2" or call.operator == "ReduceSumSquare":
            x = to.to.add(f"{call.name}.square", "pow", (x,), scalar=2)
        made = to.add(call, what, (x,), **told)
        return to.to.add(f"{call.name}.root", "Sqrt", (made,)) if call.operator == "ReduceL2" else made

    return rule


def _argmax(to: Reading, call: Call) -> Any:
    told = {"keep": True} if call.get("keepdims", 1) else {}
    return to.add(call, "ArgMax", (call.inputs[0],), axes=[call.get("axis", 0)], **told)


def _same(to: Reading, call: Call) -> Any:
    return call.inputs[0]


def _dropped(to: Reading, call: Call) -> Any:
    x = call.inputs[0]
    return x if not isinstance(x, str) else to.add(call, "Dropout", (x,), share=float(call.get("ratio", 0.5)))


def _cast(to: Reading, call: Call) -> Any:
    x, kind = call.inputs[0], TYPES.get(call.get("to"), "float32")
    before = x.dtype if isinstance(x, Weight) else to.to.dtype(x)
    if before == kind or {before, kind} <= REAL:
        return x
    return to.add(call, "Cast", (x,), dtype=kind)


def _shaped(to: Reading, call: Call, shape: list[Any]) -> Any:
    """A view; of a weight too."""
    x = call.inputs[0]
    weight = weight_of(x)
    if weight is not None and all(isinstance(s, int) for s in shape):
        count = int(times(*weight.view))
        fixed = [count // max(1, abs(int(times(*shape)))) if s == -1 else s for s in shape]
        return seen(weight, fixed)
    return x if list(to.shape(x)) == shape else to.add(call, "Reshape", (x,), shape=shape)


def _reshaped(to: Reading, call: Call) -> Any:
    told = call.known(1, "shape") or []
    own = to.shape(call.inputs[0])
    return _shaped(
        to, call, [own[k] if size == 0 and not call.get("allowzero", 0) else size for k, size in enumerate(told)]
    )


def _flattened(to: Reading, call: Call) -> Any:
    shape, axis = to.shape(call.inputs[0]), call.get("axis", 1)
    return _shaped(to, call, [times(*shape[:axis]) if axis else 1, times(*shape[axis:])])


def _unsqueezed(to: Reading, call: Call) -> Any:
    axes, own = call.whole(1, "axes") or [], list(to.shape(call.inputs[0]))
    rank = len(own) + len(axes)
    places, rest = {axis % rank for axis in axes}, iter(own)
    return _shaped(to, call, [1 if k in places else next(rest) for k in range(rank)])


def _squeezed(to: Reading, call: Call) -> Any:
    axes, own = call.whole(1, "axes"), list(to.shape(call.inputs[0]))
    gone = {k for k, s in enumerate(own) if s == 1} if axes is None else {axis % len(own) for axis in axes}
    return _shaped(to, call, [size for k, size in enumerate(own) if k not in gone])


def _turned(to: Reading, call: Call) -> Any:
    x = call.inputs[0]
    shape = to.shape(x)
    order = call.get("perm") or list(range(len(shape)))[::-1]
    weight = weight_of(x)
    return (
        seen(weight, [weight.view[k] for k in order])
        if weight is not None
        else to.add(call, "Transpose", (x,), order=order)
    )


def _expanded(to: Reading, call: Call) -> Any:
    own: list[Any] = list(to.shape(call.inputs[0]))
    told: list[Any] = list(call.known(1) or [])
    rank = max(len(own), len(told))
    own, told = [1] * (rank - len(own)) + own, [1] * (rank - len(told)) + told
    shape = [a if b == 1 else b for a, b in zip(own, told, strict=True)]
    return (
        call.inputs[0]
        if shape == list(to.shape(call.inputs[0]))
        else to.add(call, "Expand", (call.inputs[0],), shape=shape)
    )


def _tiled(to: Reading, call: Call) -> Any:
    x = call.inputs[0]
    for axis, count in enumerate(call.whole(1) or []):
        x = to.add(call, "Concat", (x,) * count, axis=axis) if count != 1 else x
    return x


def _sliced(to: Reading, call: Call) -> Any:
    x, starts, ends = call.inputs[0], call.whole(1, "starts") or [], call.known(2, "ends") or []
    axes = call.whole(3, "axes") or list(range(len(starts)))
    steps = call.whole(4, "steps") or [1] * len(starts)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        size = to.shape(x)[axis]
        reaches = end == size or (isinstance(end, int) and end >= (size if isinstance(size, int) else 1 << 31))
        if start == 0 and reaches and step == 1:
            continue
        told = {"start": start} | ({} if reaches else {"end": end}) | ({"step": step} if step != 1 else {})
        x = to.add(call, "Slice", (x,), axis=axis, **told)
    return x


def _split(to: Reading, call: Call) -> Any:
    x, axis = call.inputs[0], call.get("axis", 0)
    sizes = call.whole(1, "split")
    if sizes is None:
        size = int(to.shape(x)[axis])
        each = -(-size // call.outputs)
        sizes = [min(each, size - each * k) for k in range(call.outputs)]
    return [x] if len(sizes) == 1 else to.add(call, "Split", (x,), outputs=len(sizes), axis=axis, sizes=sizes)


def _joined(to: Reading, call: Call) -> Any:
    return call.inputs[0] if len(call.inputs) == 1 else to.add(call, "Concat", call.inputs, axis=call.get("axis", 0))


def _padded(to: Reading, call: Call) -> Any:
    told, rank = call.whole(1, "pads") or [], len(to.shape(call.inputs[0]))
    axes = [a % rank for a in call.whole(3) or list(range(rank))]
    both = {axis: (told[k], told[k + len(axes)]) for k, axis in enumerate(axes) if told[k] or told[k + len(axes)]}
    if not both:
        return call.inputs[0]
    padding = [size for axis in range(rank - 1, min(both) - 1, -1) for size in both.get(axis, (0, 0))]
    return to.add(call, "Pad", (call.inputs[0],), padding=padding, mode=call.get("mode", "constant"))


def _grown(to: Reading, call: Call) -> Any:
    x = call.inputs[0]
    place = 1 if call.operator == "Upsample" else 2
    scales, sizes = call.known(place, "scales"), call.known(3) if call.operator == "Resize" else None
    mode = "nearest" if call.get("mode", "nearest") == "nearest" else "linear"
    if sizes:
        return to.add(call, "Upsample", (x,), size=sizes[2:], mode=mode)
    return to.add(call, "Upsample", (x,), scale=[float(s) for s in (scales or [])[2:]], mode=mode)


def _deep(to: Reading, call: Call) -> Any:
    """Positions that become channels, or the other way: each image keeps its elements."""
    (batch, channels, height, width), block = to.shape(call.inputs[0]), call.get("blocksize")
    if call.operator == "DepthToSpace":
        return _shaped(to, call, [batch, int(channels) // block**2, int(height) * block, int(width) * block])
    return _shaped(to, call, [batch, int(channels) * block**2, int(height) // block, int(width) // block])


def _measured(to: Reading, call: Call) -> Any:
    shape = to.shape(call.inputs[0])
    return known(list(shape[call.get("start", 0) : call.get("end")]))


def _counted(to: Reading, call: Call) -> Any:
    return known(times(*to.shape(call.inputs[0])))


def _filled(to: Reading, call: Call) -> Any:
    """A constant as large as a run asks: one number, seen everywhere."""
    shape = call.known(0) or []
    one = Weight(f"{call.name}.value", (1,) * len(shape), trained=False)
    return to.add(call, "Expand", (one,), shape=shape)


UNARY = {
    "Relu": "ReLU", "Sigmoid": "Sigmoid", "Tanh": "Tanh", "HardSwish": "Hardswish", "HardSigmoid": "Hardsigmoid",
    "Elu": "ELU",
    "Celu": "ELU", "Selu": "ELU", "Mish": "Mish", "Softplus": "Softplus", "Gelu": "GELU", "FastGelu": "GELU",
    "Exp": "Exp",
    "Log": "Log", "Sqrt": "Sqrt", "Erf": "Erf", "Reciprocal": "Reciprocal", "Sin": "Sin", "Cos": "Cos", "Neg": "Neg",
    "Abs": "Abs", "Round": "Round", "Floor": "Floor", "Ceil": "Ceil", "Sign": "Abs", "Not": "Not", "Swish": "SiLU",
}  # fmt: skip
BINARY = {
    "Add": "add",
    "Sub": "sub",
    "Mul": "mul",
    "Div": "div",
    "Pow": "pow",
    "Mod": "mod",
    **dict.fromkeys(("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "And", "Or", "Xor"), "compare"),
}
RULES: dict[str, Rule] = {
    **{name: _unary(what) for name, what in UNARY.items()},
    **{name: _binary(what) for name, what in BINARY.items()},
    "Sum": _many("add"), "Max": _many("maximum"), "Min": _many("minimum"), "Where": _where, "Clip": _clip,
    "LeakyRelu": _leaky, "PRelu": _prelu, "Softmax": _softmax, "LogSoftmax": _softmax,
    "MaxPool": _pooled("Max"), "AveragePool": _pooled("Avg"), "GlobalAveragePool": _whole("Avg"),
    "GlobalMaxPool": _whole("Max"),
    "ReduceMean": _reduced("Mean"), "ReduceSum": _reduced("Sum"), "ReduceMax": _reduced("Max"),
    "ReduceMin": _reduced("Min"),
    "ReduceProd": _reduced("Prod"), "ReduceL2": _reduced("Sum"), "ReduceSumSquare": _reduced("Sum"), "ArgMax": _argmax,
    "ArgMin": _argmax, **dict.fromkeys(("Identity", "QuantizeLinear", "DequantizeLinear"), _same), "Dropout": _dropped,
    "Cast": _cast, "Reshape": _reshaped, "Flatten": _flattened, "Unsqueeze": _unsqueezed, "Squeeze": _squeezed,
    "Transpose": _turned, "Expand": _expanded, "Tile": _tiled, "Slice": _sliced, "Split": _split, "Concat": _joined,
    "Pad": _padded, "Resize": _grown, "Upsample": _grown, "DepthToSpace": _deep, "SpaceToDepth": _deep,
    "Shape": _measured,
    "Size": _counted, "ConstantOfShape": _filled,
}  # fmt: skip
