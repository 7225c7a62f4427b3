"""Which calibrated operations a kind of operator is made of: one entry for each kind.

After the mapping table of the coverage analyser: a convolution is an implicit product, attention is four products and
a softmax, what does the same to every element is a stream.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from types import MappingProxyType

from symppa.workloads.fuse import BATCH_NORMS, CONVOLUTIONS
from symppa.workloads.ir import Operator
from symppa.workloads.kinds import Call, kind
from symppa.workloads.kinds.kind import elements, pair

NAN = float("nan")


@dataclass(frozen=True)
class Primitive:
    """So many operations of one size. `ops` (in op) and `bytes` are those of all `count` of them.

    `direct` says that it is `op` itself that runs, not something that `op` stands in for. `proxies` may stand in where
    `op` has no calibration, best first; a direct one among them is the same under another name.
    """

    name: str
    op: str
    shape: Mapping[str, float]
    count: float = 1.0
    ops: float = NAN
    bytes: float = NAN
    direct: bool = True
    proxies: tuple[Primitive, ...] = ()


Made = Callable[[Operator, Call], Sequence[Primitive]]
ATTENTION = ("attention_prefill", "attention_decode")
STREAMS = ("stream_copy", "stream_scale", "stream_add", "stream_triad")
EACH = ("relu", "gelu", "silu", "add", "mul")  # operations on every element, of which any may stand in for another


def _streams(name: str, moved: float, ops: Sequence[str] = STREAMS) -> tuple[Primitive, ...]:
    """Streams and the like that move as many elements."""
    reads = {"stream_add": 2, "stream_triad": 2, "add": 2, "mul": 2}
    return tuple(
        Primitive(name, op, {"elements": float(max(1, round(moved / (1 + reads.get(op, 1)))))}, direct=False)
        for op in ops
    )


def _product(name: str, m: float, n: float, k: float, count: float = 1.0, *, direct: bool = True) -> Primitive:
    """A product with weights: a linear layer is one."""
    shape = {"m": float(m), "n": float(n), "k": float(k)}
    return Primitive(name, "gemm", shape, count, direct=direct, proxies=(
        Primitive(name, "linear", shape, count, direct=direct),
    ))  # fmt: skip


def _products(name: str, batch: float, m: float, n: float, k: float) -> Primitive:
    """Products of two activations each; one with weights stands in, so many times."""
    shape = {"batch": float(batch), "m": float(m), "n": float(n), "k": float(k)}
    one = {size: shape[size] for size in "mnk"}
    proxies = tuple(Primitive(name, op, one, float(batch), direct=batch == 1) for op in ("gemm", "linear"))
    return Primitive(name, "bmm", shape, proxies=proxies)


def _convolution(operator: Operator, call: Call) -> list[Primitive]:
    a, (batch, channels, *pixels), (_, filters, *positions) = call.attributes, call.inputs[0], call.outputs[0]
    groups, taps = a["groups"], prod(pair(a["kernel"], len(pixels)))
    m, n, k = batch * prod(positions), filters // groups, taps * channels // groups
    moved = elements(call.inputs[0]) + elements(call.outputs[0]) + filters * k
    streams = _streams(operator.name, moved, ("stream_scale", *STREAMS, *EACH))
    implicit = _product(operator.name, m, n, k, groups, direct=False)
    own = {
        "batch": batch, "channels": channels, "filters": filters, "height": pixels[0], "width": pixels[-1],
        "kernel": pair(a["kernel"])[0], "stride": pair(a["stride"])[0], "padding": pair(a["padding"])[0],
        "groups": groups,
    }  # fmt: skip
    # A channel with itself has no product to speak of: its bytes count.
    proxies = streams if groups > 1 and n == 1 else (implicit, *implicit.proxies)
    if not _square(operator, call):
        first, *others = proxies
        return [replace(first, proxies=tuple(others))]
    return [Primitive(operator.name, "conv2d", {x: float(v) for x, v in own.items()}, proxies=proxies)]


def _square(operator: Operator, call: Call) -> bool:
    """Whether a convolution is one that is timed as such: two directions, the same in both."""
    a = call.attributes
    alike = all(len(set(pair(a[name]))) == 1 for name in ("kernel", "stride", "padding"))
    return operator.kind == "Conv2d" and alike and set(pair(a["dilation"])) == {1}


def _pooling(operator: Operator, call: Call) -> list[Primitive]:
    """Windows as wide as a step, or sums over all pixels: the latter read once, as a stream does."""
    batch, channels, *pixels = call.inputs[0]
    streams = _streams(operator.name, elements(call.inputs[0]) + elements(call.outputs[0]), (*STREAMS, *EACH))
    a = call.attributes
    if "kernel" not in a or len(pixels) != 2:
        return [replace(streams[0], proxies=streams[1:])]
    window = [pair(a[name] or a["kernel"]) for name in ("kernel", "stride")]
    padding = pair(a["padding"])
    if any(len(set(one)) > 1 for one in (*window, padding)) or set(pair(a["dilation"])) != {1}:
        return [replace(streams[0], proxies=streams[1:])]
    sizes = {"batch": batch, "channels": channels, "height": pixels[0], "width": pixels[1]}
    shape = {**sizes, "kernel": window[0][0], "stride": window[1][0], "padding": padding[0]}
    direct = operator.kind.startswith("MaxPool")
    return [Primitive(operator.name, "maxpool2d", {x: float(v) for x, v in shape.items()}, 1.0, direct=direct,
                      proxies=streams)]  # fmt: skip


def _linear(operator: Operator, call: Call) -> list[Primitive]:
    *tokens, inputs = call.inputs[0]
    return [_product(operator.name, prod(tokens), call.outputs[0][-1], inputs)]


def _matmul(operator: Operator, call: Call) -> list[Primitive]:
    (*_, rows, inner), (*right, _, _) = call.inputs
    batch, columns = prod(call.outputs[0][:-2]), call.outputs[0][-1]
    if prod(right) == 1:
        return [_product(operator.name, batch * rows, columns, inner)]
    return [_products(operator.name, batch, rows, columns, inner)]


def _scores(batch: float, queries: float, context: float, heads: float, width: float) -> list[Primitive]:
    """Scaled dot products by their parts."""
    return [
        _products("scores", batch * heads, queries, context, width),
        _softmaxed("softmax", batch * heads * queries, context),
        _products("values", batch * heads, queries, width, context),
    ]


def _softmaxed(name: str, rows: float, width: float) -> Primitive:
    streams = _streams(name, 2 * rows * width, (*STREAMS, *EACH))
    by_rows = tuple(_rows(name, op, rows, width) for op in ("layernorm", "rmsnorm"))
    return replace(_rows(name, "softmax", rows, width, direct=True), proxies=(*by_rows, *streams))


def _rows(name: str, op: str, rows: float, width: float, *, direct: bool = False) -> Primitive:
    return Primitive(name, op, {"rows": float(rows), "width": float(width)}, direct=direct)


def _normalised(op: str, other: str, name: str, rows: float, width: float, *, direct: bool = True) -> Primitive:
    streams = _streams(name, 2 * rows * width, ("stream_scale", *STREAMS, *EACH))
    return replace(_rows(name, op, rows, width, direct=direct), proxies=(_rows(name, other, rows, width), *streams))


def _multihead(operator: Operator, call: Call) -> list[Primitive]:
    batch, tokens, width = call.inputs[0]
    heads = call.attributes["heads"]
    return [
        _product("qkv_projection", batch * tokens, 3 * width, width),
        *_scores(batch, tokens, tokens, heads, width // heads),
        _product("output_projection", batch * tokens, width, width),
    ]


def _seen(operator: Operator, call: Call) -> dict[str, float]:
    """The sizes of scaled dot products, as timed attention has them."""
    fed = kind(operator.kind).feed
    told = fed(call) if fed else {}
    if operator.kind == "MultiheadAttention":
        each = {"queries": told["tokens"], "context": told["tokens"], "kv_heads": told["heads"],
                "width": told["width"] // told["heads"], "causal": 0, "window": 0}  # fmt: skip
        return {"batch": told["batch"], "heads": told["heads"], **each}
    names = ("batch", "queries", "context", "heads", "width")
    return {name: told[name] for name in names} | {
        "kv_heads": told["shared_heads"], "window": told.get("window", 0), "causal": told["mask"],
    }  # fmt: skip


def _attention(operator: Operator, call: Call) -> list[Primitive]:
    told = _seen(operator, call)
    context = min(told["context"], told["window"] or told["context"])
    if told["causal"] and told["queries"] > 1:  # each query sees those before it, half of them on average
        context = max(1, context - min(told["queries"], context) // 2)
    return _scores(told["batch"], told["queries"], context, told["heads"], told["width"])


def fused(found: list[Primitive], operator: Operator, call: Call, known: Collection[str]) -> list[Primitive]:
    """Attention as one operation where that is calibrated, with its projections beside it."""
    if operator.kind not in ("Attention", "MultiheadAttention"):
        return found
    told = _seen(operator, call)
    op = ATTENTION[told["queries"] == 1]
    if op not in known:
        return found
    one = Primitive("attention", op, {name: float(value) for name, value in told.items()})
    inside = ("scores", "softmax", "values")
    before = [part for part in found if part.name not in inside]
    return [*before[:1], one, *before[1:]] if before else [one]


def _each(op: str, *others: str, direct: bool = True) -> Made:
    """The same to every element written: by its own operation, or by one that is like it."""

    def made(operator: Operator, call: Call) -> list[Primitive]:
        written = float(max(1, elements(call.outputs[0])))
        own = Primitive(operator.name, op, {"elements": written}, direct=direct)
        ops = tuple(dict.fromkeys(one for one in (*others, *EACH, *STREAMS) if one != op))
        reads = 2 if op in ("add", "mul", "silu_mul", "stream_add") else 1
        return [replace(own, proxies=_streams(operator.name, written * (1 + reads), ops))]

    return made


def _moved(direct: bool) -> Made:
    """As many elements read and written as a copy reads and writes."""

    def made(operator: Operator, call: Call) -> list[Primitive]:
        whole = sum(elements(shape) for shape in call.outputs)
        moved = whole + min(whole, call.operands) if direct else whole + call.operands
        first, *others = _streams(operator.name, moved, (*STREAMS, *EACH))
        return [replace(first, direct=direct, proxies=tuple(others))]

    return made


def _reduced(operator: Operator, call: Call) -> list[Primitive]:
    moved = elements(call.inputs[0]) + elements(call.outputs[0])
    first, *others = _streams(operator.name, moved, (*STREAMS, *EACH))
    return [replace(first, proxies=tuple(others))]


def _softmax(operator: Operator, call: Call) -> list[Primitive]:
    shape = call.inputs[0]
    width = shape[call.attributes["axis"]]
    return [_softmaxed(operator.name, elements(shape) / width, width)]


def _norm(op: str, other: str) -> Made:
    def made(operator: Operator, call: Call) -> list[Primitive]:
        width = prod(pair(call.attributes["shape"], 1))
        return [_normalised(op, other, operator.name, elements(call.inputs[0]) / width, width)]

    return made


def _grouped(operator: Operator, call: Call) -> list[Primitive]:
    batch, channels, *_ = call.inputs[0]
    rows = batch * call.attributes.get("groups", channels)
    return [_normalised("layernorm", "rmsnorm", operator.name, rows, elements(call.inputs[0]) / rows, direct=False)]


def _scaled(operator: Operator, call: Call) -> list[Primitive]:
    """A norm whose statistics are known: every element is scaled and shifted."""
    first, *others = _streams(operator.name, 2 * elements(call.inputs[0]), ("stream_scale", "stream_add", *EACH))
    return [replace(first, proxies=tuple(others))]


def _embedding(operator: Operator, call: Call) -> list[Primitive]:
    rows, width = elements(call.inputs[0]), call.attributes["width"]
    own = Primitive(operator.name, "embedding", {"rows": float(rows), "width": float(width)})
    return [replace(own, proxies=_streams(operator.name, 2 * rows * width))]


def _squeezed(operator: Operator, call: Call) -> list[Primitive]:
    (batch, channels, *pixels), hidden = call.inputs[0], call.attributes["hidden"]
    n = batch * channels * prod(pixels)
    mean, *others = _streams("mean", n, (*STREAMS, *EACH))
    scale = Primitive("scale", "mul", {"elements": float(n)}, proxies=_streams("scale", 2 * n, (*EACH, *STREAMS)))
    return [
        replace(mean, proxies=tuple(others)), _product("squeeze", batch, hidden, channels),
        _product("excite", batch, channels, hidden), scale,
    ]  # fmt: skip


def _router(operator: Operator, call: Call) -> list[Primitive]:
    *tokens, width = call.inputs[0]
    experts = call.attributes["experts"]
    return [_product("scores", prod(tokens), experts, width), _softmaxed("softmax", prod(tokens), experts)]


def _experts(operator: Operator, call: Call) -> list[Primitive]:
    a, (*tokens, width) = call.attributes, call.inputs[0]
    rows = prod(tokens)
    met = max(1.0, round(a["experts"] * (1 - (1 - a["active"] / a["experts"]) ** rows)))
    each = max(1.0, round(rows * a["active"] / met))
    into = _product("into", each, (2 if a["gated"] else 1) * a["hidden"], width, met)
    return [into, _product("back", each, width, a["hidden"], met)]


def _collective(operator: Operator, call: Call) -> list[Primitive]:
    shape = {"elements": float(elements(call.inputs[0])), "ranks": float(call.attributes["ranks"])}
    return [Primitive(operator.name, "all_reduce", shape, direct=operator.kind == "AllReduce")]


def _table() -> Mapping[str, Made]:
    pools = [f"{kind}Pool{n}d" for kind in ("Max", "Avg", "AdaptiveAvg", "AdaptiveMax") for n in (1, 2, 3)]
    plain = {"ReLU": "relu", "GELU": "gelu", "SiLU": "silu", "Sigmoid": "sigmoid", "Hardswish": "hardswish",
             "add": "add", "mul": "mul", "RotaryEmbedding": "rope"}  # fmt: skip
    like = {"ReLU6": "relu", "LeakyReLU": "relu", "Hardtanh": "relu", "Clip": "relu", "Hardsigmoid": "sigmoid",
            "sub": "add", "div": "mul"}  # fmt: skip
    other = ("ELU", "Mish", "Softplus", "Exp", "Log", "Sqrt", "Rsqrt", "Erf", "Reciprocal", "Sin", "Cos", "Tanh",
             "Neg", "Abs", "Round", "Floor", "Ceil", "Not")  # fmt: skip
    two = ("pow", "mod", "maximum", "minimum", "compare", "where")
    return MappingProxyType({
        **dict.fromkeys(CONVOLUTIONS, _convolution),
        **dict.fromkeys(pools, _pooling),
        "Linear": _linear, "MatMul": _matmul, "Attention": _attention, "MultiheadAttention": _multihead,
        "SqueezeExcite": _squeezed, "Router": _router, "Experts": _experts, "Embedding": _embedding,
        "Softmax": _softmax, "LayerNorm": _norm("layernorm", "rmsnorm"), "RMSNorm": _norm("rmsnorm", "layernorm"),
        **dict.fromkeys(("GroupNorm", "InstanceNorm2d"), _grouped),
        **dict.fromkeys(BATCH_NORMS, _scaled),
        **{name: _each(op) for name, op in plain.items()},
        **{name: _each(op, direct=False) for name, op in like.items()},
        **dict.fromkeys(other, _each("stream_copy", direct=False)),
        **dict.fromkeys(two, _each("stream_add", direct=False)),
        **dict.fromkeys(("Concat", "Pad", "Copy", "Cast", "KVCache"), _moved(True)),
        **dict.fromkeys(("Gather", "Upsample"), _moved(False)),
        **dict.fromkeys(("Mean", "Sum", "Prod", "Max", "Min", "ArgMax"), _reduced),
        **dict.fromkeys(("AllReduce", "AllGather", "ReduceScatter", "AllToAll"), _collective),
    })  # fmt: skip


MAPPING: Mapping[str, Made] = _table()
