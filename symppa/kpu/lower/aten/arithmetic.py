"""ATen operators on every element, pooling and reductions."""

from __future__ import annotations

from typing import Any

import numpy as np

from symppa.errors import CompilationError
from symppa.kpu.lower import compose
from symppa.kpu.lower.aten.weighted import Rule, batched, evenly
from symppa.kpu.lower.building import Building, Const, Name, Value, number
from symppa.workloads.torch.calls import Call


def _unary(what: str, **told: Any) -> Rule:
    return lambda to, call: to.add(what, (call["self"],), call.wish, **told)


def _gelu(to: Building, call: Call) -> Any:
    return to.add("Gelu", (call["self"],), call.wish, approximate=str(call["approximate"]))


def _bounded(to: Building, call: Call) -> Any:
    low, high = float(call["min_val"]), float(call["max_val"])
    if (low, high) == (0, 6):
        return to.add("Relu6", (call["self"],), call.wish)
    return to.add("HardTanh", (call["self"],), call.wish, min=low, max=high)


def _clipped(to: Building, call: Call) -> Any:
    low, high = call["min"], call["max"]
    if not all(isinstance(one, int | float | None) for one in (low, high)):
        return None
    low, high = (None if one is None else float(one) for one in (low, high))
    if (low, high) == (0, 6):
        return to.add("Relu6", (call["self"],), call.wish)
    return to.add("Clip", (call["self"],), call.wish, min=low, max=high)


def _operand(to: Building, call: Call, value: Any, dtype: str, mark: str) -> Value:
    """What goes into arithmetic, in the format of what comes out."""
    kind = np.float32 if dtype == "fp32" else np.int64
    if isinstance(value, Name | Const):
        return compose.cast(to, value, dtype, f"{call.wish}.{mark}")
    return number(value, f"{call.wish}.{mark}", kind)


def _binary(what: str) -> Rule:
    """Arithmetic of two tensors, or of one and a number; `alpha` is a factor of the second."""

    def rule(to: Building, call: Call) -> Any:
        if call["rounding_mode"]:
            return None
        dtype = _result(call)
        if what in ("Mul", "Div") and call["other"] == 1 and isinstance(call["other"], int | float):
            return compose.cast(to, call["self"], dtype, call.wish)
        first, second = (_operand(to, call, call[name], dtype, name) for name in ("self", "other"))
        if call["alpha"] not in (None, 1):
            second = to.add("Mul", (second, _operand(to, call, call["alpha"], dtype, "alpha")), f"{call.wish}.scaled")
        pair = (second, first) if call.operator == "rsub" else (first, second)
        return to.add(what, pair, call.wish)

    return rule


def _result(call: Call) -> str:
    return {"int64": "int64", "int32": "int32"}.get(call.dtype, "fp32")


def _negated(to: Building, call: Call) -> Any:
    return compose.scaled(to, call["self"], -1, call.wish)


def _squared(to: Building, call: Call) -> Any:
    return compose.squared(to, call["self"], call.wish)


def _inverse(to: Building, call: Call, x: Value) -> Name:
    return to.add("Div", (number(1, f"{call.wish}.one"), x), call.wish)


def _reciprocal(to: Building, call: Call) -> Any:
    return _inverse(to, call, call["self"])


def _inverse_root(to: Building, call: Call) -> Any:
    return _inverse(to, call, to.add("Sqrt", (call["self"],), f"{call.wish}.root"))


def _powered(to: Building, call: Call) -> Any:
    return powered(to, call["self"], call["exponent"], call.wish)


def powered(to: Building, x: Value, exponent: Any, wish: str) -> Any:
    """Powers that are products, roots and quotients; nothing for any other."""
    if exponent in (2, 3, 4):
        made: Value = compose.squared(to, x, wish if exponent == 2 else f"{wish}.square")
        return made if exponent == 2 else to.add("Mul", (made, x if exponent == 3 else made), wish)
    if exponent == 0.5:
        return to.add("Sqrt", (x,), wish)
    return x if exponent == 1 else None


def _combined(to: Building, call: Call) -> Any:
    """`self + value tensor1 tensor2`, and the same with a quotient."""
    what = "Mul" if call.operator == "addcmul" else "Div"
    made: Value = to.add(what, (call["tensor1"], call["tensor2"]), f"{call.wish}.inner")
    made = compose.scaled(to, made, call["value"], f"{call.wish}.scaled")
    return to.add("Add", (call["self"], made), call.wish)


def _gated(to: Building, call: Call) -> Any:
    """One half times the sigmoid of the other."""
    x, size = call["self"], call.dims[call["dim"]]
    first, second = compose.cut(to, x, [size, size], call["dim"], f"{call.wish}.halves")
    return to.add("Mul", (first, to.add("Sigmoid", (second,), f"{call.wish}.gate")), call.wish)


def _pooled(what: str, axes: int) -> Rule:
    def rule(to: Building, call: Call) -> Any:
        kernel = evenly(call.numbers("kernel_size"), axes)
        told: dict[str, Any] = {
            "kernel_shape": kernel, "strides": evenly(call.numbers("stride") or kernel, axes),
            "pads": evenly(call.numbers("padding") or [0], axes) * 2, "ceil_mode": int(bool(call["ceil_mode"])),
        }  # fmt: skip
        if what == "MaxPool":
            told["dilations"] = evenly(call.numbers("dilation") or [1], axes)
        else:
            told["count_include_pad"] = int(bool(call["count_include_pad"]))
        if call["divisor_override"] not in (None, int(np.prod(kernel))):
            return None
        made = batched(to, call, call["self"], axes, lambda x: to.add(what, (x,), call.wish, **told))
        return [made, None] if call.operator.endswith("with_indices") else made

    return rule


def _adapted(what: str, axes: int) -> Rule:
    """Pooling to a size: over everything, by windows of one size, or, for means, by a product with shares."""

    def rule(to: Building, call: Call) -> Any:
        wish, sizes = call.wish, call.dims[-axes:]

        def made(x: Value) -> Name:
            own = to.shape(x)[2:]
            if what == "AveragePool" and set(sizes) == {1}:
                return to.add("GlobalAveragePool", (x,), wish)
            window = [a // b for a, b in zip(own, sizes, strict=True)]
            told = {"kernel_shape": window, "strides": window, "pads": [0] * 2 * axes, "ceil_mode": 0}
            more = {"dilations": [1] * axes} if what == "MaxPool" else {"count_include_pad": 0}
            return to.add(what, (x,), wish, **told, **more)

        if any(a % b for a, b in zip(to.shape(call["self"])[-axes:], sizes, strict=True)):
            return None
        found = batched(to, call, call["self"], axes, made)
        return [found, None] if len(call.shapes) > 1 else found

    return rule


def _reduced(what: str) -> Rule:
    def rule(to: Building, call: Call) -> Any:
        x, keep = call["self"], int(bool(call["keepdim"]))
        rank = len(to.shape(x))
        axes = axes_of(call, rank)
        if what == "ReduceMean" and rank == 4 and axes == [2, 3] and keep:
            return to.add("GlobalAveragePool", (x,), call.wish)
        x = x if to.dtype(x) != "bool" else compose.cast(to, x, _result(call), f"{call.wish}.numbers")
        return to.add(what, (x,), call.wish, axes=axes, keepdims=keep)

    return rule


def axes_of(call: Call, rank: int) -> list[int]:
    """The axes of a reduction, counted from the front; all of them where none is told."""
    return sorted({axis % rank for axis in call.numbers("dim")}) or list(range(rank))


def _variance(to: Building, call: Call) -> Any:
    x = call["self"]
    told = call["correction"] if "correction" in call.given else call["unbiased"]
    correction = 1.0 if told is None else float(told)
    axes = axes_of(call, len(to.shape(x)))
    found = compose.variance(to, x, axes, call.wish, int(bool(call["keepdim"])), correction)
    if call.operator == "std":
        return to.add("Sqrt", (found,), f"{call.wish}.root")
    if call.operator == "var_mean":
        keep = int(bool(call["keepdim"]))
        return [found, to.add("ReduceMean", (x,), f"{call.wish}.mean", axes=axes, keepdims=keep)]
    return found


def _softmax(to: Building, call: Call) -> Any:
    return compose.softmax(to, call["self"], call["dim"], call.wish)


def _compared(what: str) -> Rule:
    """The larger or smaller of a tensor and one number."""

    def rule(to: Building, call: Call) -> Any:
        other = call["other"]
        if not isinstance(other, Const) or other.array.size != 1 or isinstance(call["self"], Const):
            return None
        return to.add("Clip", (call["self"],), call.wish, **{what: float(other.array.reshape(()))})

    return rule


def _random(to: Building, call: Call) -> Any:
    raise CompilationError(f"{to.name}: {call.operator} draws numbers in every run; a KPU program cannot")


ACTIVATIONS = {"relu": "Relu", "relu6": "Relu6", "silu": "SiLU", "hardswish": "HardSwish", "sigmoid": "Sigmoid",
               "tanh": "Tanh", "erf": "Erf", "sqrt": "Sqrt", "exp": "Exp", "special_expit": "Sigmoid",
               "special_erf": "Erf"}  # fmt: skip
RANDOM = frozenset({"rand", "randn", "rand_like", "randn_like", "randint", "bernoulli", "normal", "multinomial",
                    "randperm"})  # fmt: skip
RULES: dict[str, Rule] = {
    **{name: _unary(what) for name, what in ACTIVATIONS.items()},
    "hardsigmoid": _unary("HardSigmoid", alpha=1 / 6, beta=0.5), "gelu": _gelu, "hardtanh": _bounded, "glu": _gated,
    **dict.fromkeys(("clamp", "clip", "clamp_min", "clamp_max"), _clipped),
    "add": _binary("Add"), "sub": _binary("Sub"), "subtract": _binary("Sub"), "rsub": _binary("Sub"),
    "mul": _binary("Mul"), "multiply": _binary("Mul"), "div": _binary("Div"), "divide": _binary("Div"),
    "true_divide": _binary("Div"), "neg": _negated, "square": _squared, "pow": _powered, "reciprocal": _reciprocal,
    "rsqrt": _inverse_root, "addcmul": _combined, "addcdiv": _combined,
    "maximum": _compared("min"), "minimum": _compared("max"),
    **{f"max_pool{n}d{more}": _pooled("MaxPool", n) for n in (1, 2, 3) for more in ("", "_with_indices")},
    **{f"avg_pool{n}d": _pooled("AveragePool", n) for n in (1, 2, 3)},
    **{f"{mark}adaptive_avg_pool{n}d": _adapted("AveragePool", n) for n in (1, 2, 3) for mark in ("", "_")},
    **{f"adaptive_max_pool{n}d": _adapted("MaxPool", n) for n in (1, 2, 3)},
    "mean": _reduced("ReduceMean"), "sum": _reduced("ReduceSum"), "amax": _reduced("ReduceMax"),
    **dict.fromkeys(("var", "std", "var_mean"), _variance),
    **dict.fromkeys(("softmax", "_softmax", "_safe_softmax"), _softmax),
    **dict.fromkeys(RANDOM, _random),
}  # fmt: skip
