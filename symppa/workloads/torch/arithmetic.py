"""ATen operators on every element: activations, arithmetic, pooling and reductions."""

from __future__ import annotations

from typing import Any

from symppa.workloads.torch.calls import Call, Reading
from symppa.workloads.torch.views import Rule
from symppa.workloads.translation import Weight


def _unary(what: str, **told: str) -> Rule:
    def rule(to: Reading, call: Call) -> Any:
        attributes: dict[str, Any] = {name: v for name, theirs in told.items() if (v := call[theirs]) is not None}
        attributes = {name: float(v) for name, v in attributes.items() if isinstance(v, int | float)}
        return to.to.add(call.wish, what, (call["self"],), **attributes)

    return rule


def _bounded(to: Reading, call: Call) -> Any:
    low, high = call["min_val"], call["max_val"]
    if (low, high) == (0, 6):
        return to.to.add(call.wish, "ReLU6", (call["self"],))
    return to.to.add(call.wish, "Hardtanh", (call["self"],), low=float(low), high=float(high))


def _binary(what: str) -> Rule:
    """Arithmetic of two tensors, or of one and a number."""

    def rule(to: Reading, call: Call) -> Any:
        other = next((call[n] for n in ("other", "exponent") if n in call.given), None)
        tensors = [x for x in (call["self"], other) if isinstance(x, str | Weight)]
        number = next((x for x in (call["self"], other) if isinstance(x, int | float)), None)
        told: dict[str, Any] = {} if number is None else {"scalar": number}
        return to.to.add(call.wish, what, tensors, **told)

    return rule


def _square(to: Reading, call: Call) -> Any:
    return to.to.add(call.wish, "pow", (call["self"],), scalar=2)


def _both(to: Reading, call: Call) -> Any:
    """`self + tensor1 * tensor2`, and the same with a quotient or a matrix product."""
    what, operands = {
        "addcmul": ("mul", ("tensor1", "tensor2")),
        "addcdiv": ("div", ("tensor1", "tensor2")),
        "baddbmm": ("MatMul", ("batch1", "batch2")),
    }[call.operator]
    inner = to.to.add(f"{call.wish}.{what}", what, [call[name] for name in operands])
    return inner if call["beta"] == 0 else to.to.add(call.wish, "add", (call["self"], inner))


def _where(to: Reading, call: Call) -> Any:
    names = ("condition", "self", "other") if "condition" in call.given else ("mask", "self", "value")
    tensors = [call[name] for name in names if isinstance(call[name], str | Weight)]
    return to.to.add(call.wish, "where", tensors)


def _prelu(to: Reading, call: Call) -> Any:
    weight = call["weight"]
    channels = len(to.shape(call["self"])) - 2
    told = (
        weight
        if weight.shape == (1,)
        else to.to.add(f"{weight.name}.each", "Reshape", (weight,), shape=[*weight.shape, *[1] * channels])
    )
    scaled = to.to.add(f"{call.wish}.slope", "mul", (call["self"], told))
    return to.to.add(call.wish, "maximum", (call["self"], scaled))


def _gated(to: Reading, call: Call) -> Any:
    """One half times the sigmoid of the other."""
    x, axis = call["self"], call["dim"]
    half = call.shape[axis]
    first, second = to.to.add(f"{call.wish}.halves", "Split", (x,), outputs=2, axis=axis, sizes=[half, half])
    return to.to.add(call.wish, "mul", (first, to.to.add(f"{call.wish}.gate", "Sigmoid", (second,))))


def _pooled(what: str) -> Rule:
    def rule(to: Reading, call: Call) -> Any:
        told = {"kernel": _one(call.numbers("kernel_size"))}
        stride = call.numbers("stride")
        told |= {"stride": _one(stride)} if stride else {}
        told |= {"padding": _one(call.numbers("padding"))}
        told |= {"dilation": _one(call.numbers("dilation"))} if what.startswith("Max") else {}
        return to.to.add(call.wish, what, (call["self"],), **told, **({"ceil": True} if call["ceil_mode"] else {}))

    return rule


def _one(sizes: list[int]) -> Any:
    return sizes[0] if len(set(sizes)) == 1 else sizes


def _adapted(what: str) -> Rule:
    def rule(to: Reading, call: Call) -> Any:
        return to.to.add(call.wish, what, (call["self"],), size=_one([int(s) for s in call.shape[2:]]))

    return rule


def _reduced(what: str) -> Rule:
    def rule(to: Reading, call: Call) -> Any:
        axes = call.numbers("dim") or None
        return to.to.add(call.wish, what, (call["self"],), **_axes(axes, call["keepdim"]))

    return rule


def _axes(axes: Any, keep: Any) -> dict[str, Any]:
    return ({} if axes is None else {"axes": axes}) | ({"keep": True} if keep else {})


def _extreme(what: str) -> Rule:
    """The largest or the smallest: of all, along an axis, or of two tensors."""

    def rule(to: Reading, call: Call) -> Any:
        if "other" in call.given:
            return _binary("maximum" if what == "Max" else "minimum")(to, call)
        return _reduced(what)(to, call)

    return rule


def _variance(to: Reading, call: Call) -> Any:
    """Mean, what is left, its square, and the mean of that."""
    x, axes = call["self"], call.numbers("dim") or None
    mean = to.to.add(f"{call.wish}.mean", "Mean", (x,), **_axes(axes, True))
    rest = to.to.add(f"{call.wish}.rest", "sub", (x, mean))
    square = to.to.add(f"{call.wish}.square", "pow", (rest,), scalar=2)
    found = to.to.add(call.wish, "Mean", (square,), **_axes(axes, call["keepdim"]))
    return to.to.add(f"{call.wish}.root", "Sqrt", (found,)) if call.operator == "std" else found


def _length(to: Reading, call: Call) -> Any:
    square = to.to.add(f"{call.wish}.square", "pow", (call["self"],), scalar=2)
    found = to.to.add(f"{call.wish}.sum", "Sum", (square,), **_axes(call.numbers("dim") or None, call["keepdim"]))
    return to.to.add(call.wish, "Sqrt", (found,))


def _softmax(to: Reading, call: Call) -> Any:
    made = to.to.add(call.wish, "Softmax", (call["self"],), axis=call["dim"])
    return to.to.add(f"{call.wish}.log", "Log", (made,)) if "log" in call.operator else made


ACTIVATIONS = {
    "relu": "ReLU", "relu6": "ReLU6", "silu": "SiLU", "gelu": "GELU", "hardswish": "Hardswish",
    "hardsigmoid": "Hardsigmoid",
    "sigmoid": "Sigmoid", "tanh": "Tanh", "elu": "ELU", "celu": "ELU", "selu": "ELU", "mish": "Mish",
    "softplus": "Softplus",
    "log_sigmoid": "Softplus", "exp": "Exp", "expm1": "Exp", "exp2": "Exp", "log": "Log", "log1p": "Log", "log2": "Log",
    "sqrt": "Sqrt", "rsqrt": "Rsqrt", "erf": "Erf", "reciprocal": "Reciprocal", "sin": "Sin", "cos": "Cos",
    "neg": "Neg",
    "abs": "Abs", "round": "Round", "floor": "Floor", "ceil": "Ceil", "trunc": "Floor", "sign": "Abs",
    "logical_not": "Not",
    "bitwise_not": "Not",
}  # fmt: skip
ARITHMETIC = {
    "add": "add", "sub": "sub", "rsub": "sub", "mul": "mul", "div": "div", "true_divide": "div", "floor_divide": "div",
    "pow": "pow", "remainder": "mod", "fmod": "mod", "maximum": "maximum", "minimum": "minimum",
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor", "bitwise_and",
                     "bitwise_or", "bitwise_xor"), "compare"),
}  # fmt: skip
RULES = {
    **{name: _unary(what) for name, what in ACTIVATIONS.items()},
    "leaky_relu": _unary("LeakyReLU", slope="negative_slope"),
    **dict.fromkeys(("clamp", "clip", "clamp_min", "clamp_max"), _unary("Clip", low="min", high="max")),
    "hardtanh": _bounded, "prelu": _prelu, "glu": _gated, "square": _square,
    **{name: _binary(what) for name, what in ARITHMETIC.items()},
    **dict.fromkeys(("addcmul", "addcdiv", "baddbmm"), _both),
    "where": _where, "masked_fill": _where,
    **{f"max_pool{n}d": _pooled(f"MaxPool{n}d") for n in (1, 2, 3)},
    **{f"max_pool{n}d_with_indices": _pooled(f"MaxPool{n}d") for n in (2, 3)},
    **{f"avg_pool{n}d": _pooled(f"AvgPool{n}d") for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": _adapted(f"AdaptiveAvgPool{n}d") for n in (1, 2, 3)},
    **{f"_adaptive_avg_pool{n}d": _adapted(f"AdaptiveAvgPool{n}d") for n in (2, 3)},
    **{f"adaptive_max_pool{n}d": _adapted(f"AdaptiveMaxPool{n}d") for n in (1, 2, 3)},
    "mean": _reduced("Mean"), "sum": _reduced("Sum"), "prod": _reduced("Prod"), "amax": _reduced("Max"),
    "amin": _reduced("Min"),
    "max": _extreme("Max"), "min": _extreme("Min"), "argmax": _reduced("ArgMax"), "any": _reduced("Max"),
    "all": _reduced("Min"),
    "var": _variance, "std": _variance, "linalg_vector_norm": _length, "norm": _length,
    **dict.fromkeys(("softmax", "_softmax", "log_softmax", "_log_softmax", "_safe_softmax"), _softmax),
}  # fmt: skip
