"""ATen operators with weights of their own: convolutions, matrices, norms, tables; and attention."""

from __future__ import annotations

from typing import Any

from symppa.workloads.torch.calls import Call, Reading
from symppa.workloads.torch.views import Rule
from symppa.workloads.translation import Weight


def _given(x: Any) -> bool:
    """Whether something is a weight, or not there at all."""
    return x is None or isinstance(x, Weight)


def _own(call: Call, weight: Any, bias: Any) -> bool:
    """Whether weight and bias are numbers of the network and not computed in the run."""
    return isinstance(weight, Weight) and _given(bias)


def _alike(sizes: list[int], count: int) -> Any:
    """One number where all directions agree."""
    told = sizes * count if len(sizes) == 1 else sizes
    return told[0] if len(set(told)) == 1 else told


def _convolution(directions: int, turned: bool = False) -> Rule:
    def rule(to: Reading, call: Call) -> Any:
        return convolution(to, call, directions, turned)

    return rule


def _any_convolution(to: Reading, call: Call) -> Any:
    """The operator that all convolutions become once they are decomposed."""
    return convolution(to, call, len(to.shape(call["input"])) - 2, bool(call["transposed"]))


def convolution(to: Reading, call: Call, directions: int, turned: bool) -> Any:
    """A convolution, of a batch or of one image."""
    x, weight, bias = call["input"], call["weight"], call["bias"]
    if not _own(call, weight, bias):
        return to.to.refuse(f"aten.{call.operator} with computed weights")
    if len(to.shape(x)) == directions + 1:
        one = to.to.add(f"{call.wish}.one", "Unsqueeze", (x,), axes=[0])
        made = _convolved(to, call, one, directions, turned)
        return to.to.add(f"{call.wish}.back", "Squeeze", (made,), axes=[0])
    return _convolved(to, call, x, directions, turned)


def _convolved(to: Reading, call: Call, x: str, directions: int, turned: bool) -> str:
    weight, bias, groups = call["weight"], call["bias"], int(call["groups"])
    _, _, *kernel = weight.view
    told = {
        "out": weight.view[1] * groups if turned else weight.view[0],
        "kernel": _alike(kernel, directions),
        "stride": _alike(call.numbers("stride") or [1], directions),
        "padding": _padding(call, kernel, directions),
        "dilation": _alike(call.numbers("dilation") or [1], directions),
        "groups": groups,
        "bias": bias is not None,
    }
    if turned and any(call.numbers("output_padding")):
        told["output_padding"] = _alike(call.numbers("output_padding"), directions)
    what = f"Conv{'Transpose' if turned else ''}{directions}d"
    return to.to.weighted(call.wish_of(weight), what, x, {"weight": weight, "bias": bias}, **told)


def _padding(call: Call, kernel: list[int], directions: int) -> Any:
    told = call["padding"]
    if told == "valid":
        return 0
    if told != "same":
        return _alike(call.numbers("padding") or [0], directions)
    dilation = (call.numbers("dilation") or [1]) * directions
    room = [d * (k - 1) for d, k in zip(dilation, kernel, strict=False)]
    before, after = [r // 2 for r in room], [r - r // 2 for r in room]
    return _alike(before, directions) if before == after else [*before, *after]


def linear(to: Reading, call: Call) -> Any:
    """A matrix of weights, or one that the run computes."""
    x = call["input"] if "input" in call.given else call["mat1"] if "mat1" in call.given else call["self"]
    weight = next((call[n] for n in ("weight", "mat2", "other") if n in call.given), None)
    bias = call["bias"] if "bias" in call.given else call["self"] if call.operator == "addmm" else None
    turned = call.operator != "linear"  # linear multiplies with the transposed matrix
    return _multiplied(to, call, (x, weight, bias), turned)


def _multiplied(to: Reading, call: Call, operands: tuple[Any, Any, Any], turned: bool) -> Any:
    x, weight, bias = operands
    if isinstance(x, str) and isinstance(weight, Weight) and len(weight.view) == 2:
        return _matrix(to, call, x, weight, bias, weight.view[1 if turned else 0])
    if min(len(to.shape(x)), len(to.shape(weight))) < 2:
        return to.to.refuse(f"aten.{call.operator} of vectors")
    made = to.to.add(call.wish, "MatMul", (x, weight), **({} if turned else {"transposed": True}))
    return made if bias is None else to.to.add(f"{call.wish}.bias", "add", (made, bias))


def _matrix(to: Reading, call: Call, x: str, weight: Weight, bias: Any, out: int) -> Any:
    """A matrix of weights, its bias added apart where it is no weight, or where only one of both was met before."""
    wish = call.wish_of(weight)
    inside = isinstance(bias, Weight) and bias.view == (out,) and to.to.known(weight) == to.to.known(bias)
    told = {"weight": weight, "bias": bias if inside else None}
    made = to.to.weighted(wish, "Linear", x, told, out=out, **({} if inside else {"bias": False}))
    return made if inside or bias is None else to.to.add(f"{wish}.bias", "add", (made, bias))


def _batch_norm(to: Reading, call: Call) -> Any:
    x = call["input"]
    rank = len(to.shape(x))
    affine = isinstance(call["weight"], Weight)
    told = {} if affine else {"affine": False}
    weights = {n: call[n] for n in ("weight", "bias", "running_mean", "running_var")}
    named = call["weight"] or call["running_mean"]
    wish = call.wish_of(named) if isinstance(named, Weight) and affine else call.wish
    return to.to.weighted(wish, f"BatchNorm{max(1, rank - 2)}d", x, weights, **told)


def _norm(what: str, **told: str) -> Rule:
    """A norm whose scale and shift are weights; those that are not are arithmetic after it."""

    def rule(to: Reading, call: Call) -> Any:
        weight, bias = call["weight"], call["bias"]
        asked: dict[str, Any] = {
            name: list(v) if isinstance(v := call[theirs], list | tuple) else v for name, theirs in told.items()
        }
        if "groups" in asked:
            asked["groups"] = int(asked["groups"])
        if isinstance(weight, Weight) and _given(bias):
            asked |= {"bias": False} if bias is None and what != "RMSNorm" else {}
            weights = {"weight": weight, "bias": bias}
            return to.to.weighted(call.wish_of(weight), what, _input(call), weights, **asked)
        made = to.to.add(call.wish, what, (_input(call),), affine=False, **asked)
        made = made if weight is None else to.to.add(f"{call.wish}.scale", "mul", (made, weight))
        return made if bias is None else to.to.add(f"{call.wish}.shift", "add", (made, bias))

    return rule


def _input(call: Call) -> Any:
    return call["input"] if "input" in call.given else call["self"]


def _embedded(to: Reading, call: Call) -> Any:
    weight, tokens = call["weight"], call["indices"]
    if not isinstance(weight, Weight):
        return to.to.add(call.wish, "Gather", (weight, tokens), axis=0)
    rows, width = weight.view
    indices = to.to.tensor(tokens)
    return to.to.weighted(call.wish_of(weight), "Embedding", indices, {"weight": weight}, rows=rows, width=width)


def _attention(to: Reading, call: Call) -> Any:
    query, key, value = (to.to.tensor(call[name]) for name in ("query", "key", "value"))
    told: dict[str, Any] = {"causal": True} if call["is_causal"] else {}
    rank = len(to.shape(query))
    if rank == 3:  # heads beside the batch: one head each
        told |= {"heads": 1, "width": call.node.args[0].meta["val"].shape[2]}
    elif rank != 4:
        return to.to.refuse(f"aten.{call.operator} of {rank} sizes")
    return to.to.add(call.wish, "Attention", (query, key, value), **told)


RULES = {
    **{f"conv{n}d": _convolution(n) for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": _convolution(n, True) for n in (1, 2, 3)},
    "convolution": _any_convolution, "_convolution": _any_convolution,
    **dict.fromkeys(("linear", "matmul", "mm", "addmm", "bmm"), linear),
    **dict.fromkeys(("batch_norm", "_native_batch_norm_legit_no_training", "cudnn_batch_norm",
    "_batch_norm_no_update"), _batch_norm),
    **dict.fromkeys(("layer_norm", "native_layer_norm"), _norm("LayerNorm", shape="normalized_shape")),
    "rms_norm": _norm("RMSNorm", shape="normalized_shape"), "_fused_rms_norm": _norm("RMSNorm",
    shape="normalized_shape"),
    "group_norm": _norm("GroupNorm", groups="num_groups"), "native_group_norm": _norm("GroupNorm", groups="group"),
    "instance_norm": _norm("InstanceNorm2d"),
    "embedding": _embedded,
    **dict.fromkeys(("scaled_dot_product_attention", "_scaled_dot_product_flash_attention",
                     "_scaled_dot_product_flash_attention_for_cpu", "_scaled_dot_product_efficient_attention"),
                     _attention),
}  # fmt: skip
