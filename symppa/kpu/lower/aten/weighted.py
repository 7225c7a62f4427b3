"""ATen operators with weights: convolutions, products, norms, tables; and attention."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symppa.errors import CompilationError
from symppa.kpu.lower import compose
from symppa.kpu.lower.building import Building, Const, Name, Value
from symppa.workloads.torch.calls import ENDING, Call

Rule = Callable[[Building, Call], Any]
TRAINING = "is called as in training: call .eval() on the module before it is exported or compiled"


def batched(to: Building, call: Call, x: Value, axes: int, made: Callable[[Value], Name]) -> Value:
    """What works on batches, of one without a batch too."""
    if len(to.shape(x)) != axes + 1:
        return made(x)
    one = compose.reshaped(to, x, (1, *to.shape(x)), f"{call.wish}.batch")
    found = made(one)
    return compose.reshaped(to, found, to.shape(found)[1:], f"{call.wish}.single")


def _wish(call: Call, weight: Any) -> str:
    """The name of an operator with weights: that of its weights, without their ending."""
    return (ENDING.sub("", weight.name) or call.operator) if isinstance(weight, Const) else call.wish


def evenly(sizes: Sequence[int], count: int) -> list[int]:
    """One number for each direction where only one is told."""
    return [int(size) for size in (sizes if len(sizes) == count else [*sizes] * count)]


def _convolution(axes: int) -> Rule:
    return lambda to, call: _convolved(to, call, axes)


def _any_convolution(to: Building, call: Call) -> Any:
    if call["transposed"]:
        return None
    return _convolved(to, call, len(to.shape(call["weight"])) - 2)


def _convolved(to: Building, call: Call, axes: int) -> Any:
    x, weight, bias = call["input"], call["weight"], call["bias"]
    if not isinstance(weight, Const) or not isinstance(bias, Const | None):
        return None  # the array keeps its weights; those that a run computes are a product of other kind
    kernel = list(weight.shape[2:])
    dilations = evenly(call.numbers("dilation") or [1], axes)
    told = {
        "kernel_shape": kernel, "strides": evenly(call.numbers("stride") or [1], axes),
        "pads": _pads(call, kernel, dilations), "dilations": dilations, "group": int(call["groups"]),
    }  # fmt: skip
    read = (weight,) if bias is None else (weight, bias)
    return batched(to, call, x, axes, lambda one: to.add("Conv", (one, *read), _wish(call, weight), **told))


def _pads(call: Call, kernel: list[int], dilations: list[int]) -> list[int]:
    told = call["padding"]
    if told == "valid":
        return [0] * 2 * len(kernel)
    if told == "same":
        room = [d * (k - 1) for d, k in zip(dilations, kernel, strict=True)]
        return [r // 2 for r in room] + [r - r // 2 for r in room]
    return evenly(call.numbers("padding") or [0], len(kernel)) * 2


def _linear(to: Building, call: Call) -> Any:
    return compose.linear(to, call["input"], call["weight"], call["bias"], _wish(call, call["weight"]))


def _product(to: Building, call: Call) -> Any:
    """A product whose second matrix may be one of weights that torch has transposed."""
    a = call["self"]
    b = next(call[name] for name in ("other", "mat2", "vec", "tensor") if name in call.given)
    if isinstance(b, Const) and b.turned is not None and len(to.shape(a)) == 2:
        return compose.linear(to, a, b, None, _wish(call, b.turned), turned=False)
    return compose.matmul(to, a, b, call.wish)


def _added_product(to: Building, call: Call) -> Any:
    """`beta self + alpha mat1 mat2`."""
    bias, a, b = call["self"], call["mat1"], call["mat2"]
    wish = _wish(call, b.turned if isinstance(b, Const) and b.turned is not None else b)
    if call["alpha"] == call["beta"] == 1:
        return compose.linear(to, a, b, bias, wish, turned=False)
    told = {"alpha": float(call["alpha"]), "beta": float(call["beta"]), "transA": 0, "transB": 0}
    return to.add("Gemm", (a, b, bias), wish, **told)


def _added_products(to: Building, call: Call) -> Any:
    """The same of batches of matrices."""
    made: Value = to.add("MatMul", (call["batch1"], call["batch2"]), f"{call.wish}.product")
    made = compose.scaled(to, made, call["alpha"], f"{call.wish}.alpha")
    if call["beta"] == 0:
        return made
    return to.add("Add", (made, compose.scaled(to, call["self"], call["beta"], f"{call.wish}.beta")), call.wish)


def filled(value: float, size: Sequence[int], name: str) -> Const:
    """A constant of one number."""
    return Const(np.full(tuple(size), value, np.float32), name)


def _batch_norm(to: Building, call: Call) -> Any:
    x, mean, variance = call["input"], call["running_mean"], call["running_var"]
    if call["training"] or mean is None or variance is None:
        raise CompilationError(f"{to.name}: the batch norm {call.wish} {TRAINING}, or let it keep running statistics")
    wish, channels = _wish(call, call["weight"] or mean), to.shape(x)[1:2]
    scale = call["weight"] or filled(1, channels, f"{wish}.scale")
    bias = call["bias"] or filled(0, channels, f"{wish}.bias")
    made = to.add("BatchNormalization", (x, scale, bias, mean, variance), wish, epsilon=float(call["eps"]))
    return made if call.operator == "batch_norm" else [made, None, None]


def _of_the_batch(to: Building, call: Call) -> Any:
    raise CompilationError(f"{to.name}: the batch norm {call.wish} {TRAINING}")


def _layer_norm(to: Building, call: Call) -> Any:
    x = call["input"]
    shape = call.numbers("normalized_shape")
    weight, bias = call["weight"], call["bias"]
    wish = _wish(call, weight)
    if weight is None and bias is not None:
        weight = filled(1, shape, f"{wish}.scale")
    read = [one for one in (weight, bias) if one is not None]
    made = to.add("LayerNormalization", (x, *read), wish, axis=-len(shape), epsilon=float(call["eps"]))
    return made if call.operator == "layer_norm" else [made, None, None]


def _embedded(to: Building, call: Call) -> Any:
    return to.add("Gather", (call["weight"], call["indices"]), _wish(call, call["weight"]), axis=0)


def _attention(to: Building, call: Call) -> Any:
    query, key, value = call["query"], call["key"], call["value"]
    if call["dropout_p"]:
        raise CompilationError(f"{to.name}: the attention {call.wish} {TRAINING}")
    mask = next((call[name] for name in ("attn_mask", "attn_bias") if call[name] is not None), None)
    if isinstance(mask, Name) and to.dtype(mask) == "bool":
        return None
    if isinstance(mask, Const):
        mask = compose.additive(mask.array, mask.name)
    if call["is_causal"]:
        mask = compose.causal(to.shape(query)[-2], to.shape(key)[-2], f"{call.wish}.mask")
    if call["enable_gqa"]:
        key, value = (_shared(to, one, to.shape(query)[-3], call.wish) for one in (key, value))
    made = compose.attention(to, query, key, value, call.wish, mask, call["scale"])
    return made if call.operator == "scaled_dot_product_attention" else [made, None, None, None]


def _shared(to: Building, x: Value, heads: int, wish: str) -> Value:
    """Heads that several queries read, as often as they are read."""
    axis = len(to.shape(x)) - 3
    own = to.shape(x)[axis]
    return compose.picked(to, x, axis, np.repeat(np.arange(own), heads // own), f"{wish}.heads")


RULES: dict[str, Rule] = {
    **{f"conv{n}d": _convolution(n) for n in (1, 2, 3)},
    **dict.fromkeys(("convolution", "_convolution"), _any_convolution),
    "linear": _linear, **dict.fromkeys(("matmul", "mm", "bmm", "mv", "dot"), _product),
    "addmm": _added_product, "baddbmm": _added_products,
    **dict.fromkeys(("batch_norm", "_native_batch_norm_legit_no_training", "_batch_norm_no_update"), _batch_norm),
    **dict.fromkeys(("_native_batch_norm_legit_functional", "_batch_norm_with_update_functional"), _of_the_batch),
    **dict.fromkeys(("layer_norm", "native_layer_norm"), _layer_norm), "embedding": _embedded,
    **dict.fromkeys(("scaled_dot_product_attention", "_scaled_dot_product_flash_attention",
                     "_scaled_dot_product_flash_attention_for_cpu", "_scaled_dot_product_efficient_attention",
                     "_scaled_dot_product_attention_math"), _attention),
}  # fmt: skip
