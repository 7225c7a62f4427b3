"""Operators of ONNX with weights of their own: convolutions, matrices, norms, tables; and attention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symppa.errors import WorkloadError
from symppa.workloads.onnx.nodes import Call, Known, Reading
from symppa.workloads.translation import Weight, seen

Rule = Callable[[Reading, Call], Any]


def weight_of(value: Any) -> Weight | None:
    """A value as a weight, where it is one."""
    return value.weight if isinstance(value, Known) else value if isinstance(value, Weight) else None


def one(sizes: list[int]) -> Any:
    """One number where all directions agree."""
    return sizes[0] if len(set(sizes)) == 1 else list(sizes)


def pads(call: Call, kernel: list[int], sizes: list[Any]) -> Any:
    """Padding before and after each direction, told or following from `auto_pad`."""
    directions = len(kernel)
    auto = call.get("auto_pad", "NOTSET")
    if auto in ("NOTSET", "VALID"):
        return one(list(call.get("pads") or [0] * 2 * directions) if auto == "NOTSET" else [0])
    strides, dilations = (call.get(n) or [1] * directions for n in ("strides", "dilations"))
    before, after = [], []
    for size, k, s, d in zip(sizes, kernel, strides, dilations, strict=True):
        if not isinstance(size, int):
            raise WorkloadError(f"{call.name}: auto_pad needs sizes in numbers, not {size}")
        room = max(0, (-(-size // s) - 1) * s + d * (k - 1) + 1 - size)
        less, more = room // 2, room - room // 2
        before.append(more if auto == "SAME_LOWER" else less)
        after.append(less if auto == "SAME_LOWER" else more)
    return one([*before, *after])


def _convolution(weight: int, bias: int, turned: bool = False) -> Rule:
    """A convolution whose weight and bias stand at some places."""

    def rule(to: Reading, call: Call) -> Any:
        x, filters, shift = call.inputs[0], weight_of(call.at(weight)), weight_of(call.at(bias)) if bias else None
        if filters is None:
            return to.to.refuse(f"{call.operator} with computed weights")
        _, _, *kernel = filters.view
        directions, groups = len(kernel), call.get("group", 1)
        told = {
            "out": filters.view[1] * groups if turned else filters.view[0],
            "kernel": one(kernel),
            "stride": one(call.get("strides") or [1]),
            "padding": pads(call, kernel, list(to.shape(x)[2:])),
            "dilation": one(call.get("dilations") or [1]),
            "groups": groups,
            "bias": shift is not None,
        }
        if turned:
            if call.get("output_shape"):
                return to.to.refuse("ConvTranspose with output_shape")
            told["output_padding"] = one(call.get("output_padding") or [0])
        what = f"Conv{'Transpose' if turned else ''}{directions}d"
        return to.to.weighted(call.name, what, to.operand(x, call.name), {"weight": filters, "bias": shift}, **told)

    return rule


def _product(left: int, right: int) -> Rule:
    def rule(to: Reading, call: Call) -> Any:
        return multiplied(to, call, call.inputs[left], call.inputs[right])

    return rule


def multiplied(to: Reading, call: Call, x: Any, other: Any) -> Any:
    """A product with a matrix of weights, or of two tensors."""
    weight = weight_of(other)
    if weight is None or len(weight.view) != 2 or not isinstance(x, str):
        return to.add(call, "MatMul", (x, other))
    out = weight.view[1]
    bias = call.follower if call.follower is not None and call.follower.view == (out,) else None
    told = {} if bias is not None else {"bias": False}
    turned = seen(weight, (out, weight.view[0]))
    return to.to.weighted(call.name, "Linear", x, {"weight": turned, "bias": bias}, out=out, **told)


def _gemm(to: Reading, call: Call) -> Any:
    x, weight, bias = call.inputs[0], weight_of(call.inputs[1]), call.at(2)
    if call.get("transA", 0):
        x = to.to.add(f"{call.name}.turned", "Transpose", (to.operand(x, call.name),), order=[1, 0])
    if weight is None:
        told = {"transposed": True} if call.get("transB", 0) else {}
        made = to.add(call, "MatMul", (x, call.inputs[1]), **told)
        return made if bias is None else to.to.add(f"{call.name}.bias", "add", (made, to.operand(bias, call.name)))
    out = weight.view[0 if call.get("transB", 0) else 1]
    shift = weight_of(bias)
    inside = shift is not None and shift.view == (out,) and to.to.known(weight) == to.to.known(shift)
    told = {} if inside else {"bias": False}
    made = to.to.weighted(
        call.name, "Linear", x, {"weight": weight, "bias": shift if inside else None}, out=out, **told
    )
    return (
        made if inside or bias is None else to.to.add(f"{call.name}.bias", "add", (made, to.operand(bias, call.name)))
    )


def _batch_norm(to: Reading, call: Call) -> Any:
    x, *told = call.inputs[:5]
    weights = [weight_of(value) for value in told]
    if None in weights:
        return to.to.refuse("BatchNormalization with computed weights")
    names = ("weight", "bias", "running_mean", "running_var")
    what = f"BatchNorm{max(1, len(to.shape(x)) - 2)}d"
    return to.to.weighted(call.name, what, to.operand(x, call.name), dict(zip(names, weights, strict=True)))


def _norm(what: str, attribute: str = "") -> Rule:
    def rule(to: Reading, call: Call) -> Any:
        x, weight, bias = call.inputs[0], weight_of(call.at(1)), weight_of(call.at(2))
        asked: dict[str, Any] = {}
        if what in ("LayerNorm", "RMSNorm"):
            axis = call.get("axis", -1) % len(to.shape(x))
            asked["shape"] = list(to.shape(x)[axis:])
        if attribute:
            asked["groups"] = call.get(attribute)
        if weight is None:
            asked["affine"] = False
        if weight is not None and bias is None and what != "RMSNorm":
            asked["bias"] = False
        return to.to.weighted(call.name, what, to.operand(x, call.name), {"weight": weight, "bias": bias}, **asked)

    return rule


def gathered(to: Reading, call: Call) -> Any:
    """Rows of a table, places of an axis, or one of them."""
    table, places, axis = call.inputs[0], call.inputs[1], call.get("axis", 0)
    weight = weight_of(table)
    if isinstance(places, Known) and places.shape == ():
        return to.add(call, "Slice", (table,), axis=axis, take=places.list[0])
    if weight is not None and len(weight.view) == 2 and axis == 0 and isinstance(places, str):
        rows, width = weight.view
        return to.to.weighted(call.name, "Embedding", places, {"weight": weight}, rows=rows, width=width)
    return to.add(call, "Gather", (table, places), axis=axis)


def _attention(to: Reading, call: Call) -> Any:
    query, key, value = (to.operand(one, call.name) for one in call.inputs[:3])
    if call.at(4) is not None:
        return to.to.refuse("Attention with earlier keys")
    told: dict[str, Any] = {"causal": True} if call.get("is_causal", 0) else {}
    if len(to.shape(query)) == 3:
        told |= _heads(call, [to.shape(one)[2] for one in (query, key, value)])
    return to.add(call, "Attention", (query, key, value), **told)


def _heads(call: Call, widths: list[Any]) -> dict[str, Any]:
    """How heads divide the last sizes of queries, keys and values."""
    heads, shared = call.get("q_num_heads"), call.get("kv_num_heads")
    if not heads or not shared or heads % shared:
        raise WorkloadError(
            f"{call.name}: Attention on three sizes needs q_num_heads, and kv_num_heads that divide them; "
            f"here they are {heads} and {shared}"
        )
    query, key, value = widths
    if not all(isinstance(width, int) for width in widths) or query % heads or key % shared or value % shared:
        raise WorkloadError(f"{call.name}: {heads} and {shared} heads do not divide the features {widths}")
    if query // heads != key // shared:
        raise WorkloadError(f"{call.name}: heads of {query // heads} cannot meet keys of {key // shared}")
    told = {"heads": heads, "kv_heads": shared, "width": query // heads}
    return told if value // shared == query // heads else {**told, "value_width": value // shared}


RULES: dict[str, Rule] = {
    "Conv": _convolution(1, 2), "ConvTranspose": _convolution(1, 2, turned=True), "QLinearConv": _convolution(3, 8),
    "ConvInteger": _convolution(1, 0), "MatMul": _product(0, 1), "MatMulInteger": _product(0, 1),
    "QLinearMatMul": _product(0, 3), "Gemm": _gemm, "BatchNormalization": _batch_norm,
    "LayerNormalization": _norm("LayerNorm"), "RMSNormalization": _norm("RMSNorm"),
    "SimplifiedLayerNormalization": _norm("RMSNorm"), "GroupNormalization": _norm("GroupNorm", "num_groups"),
    "InstanceNormalization": _norm("InstanceNorm2d"), "Gather": gathered, "Attention": _attention,
}  # fmt: skip
