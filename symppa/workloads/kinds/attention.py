"""Attention, experts and what several devices tell one another."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from symppa.errors import WorkloadError
from symppa.workloads.ir import Attributes, Shape
from symppa.workloads.kinds.kind import Call, Kind, Shapes, elements, number, over, same, times


def _attended(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    query = inputs[0]
    if len(query) == 4:  # [batch, heads, queries, width]
        return ((*query[:3], inputs[2][3] if len(inputs) > 2 else query[3]),)
    heads, width = attributes["heads"], attributes["width"]
    if len(query) != 3:
        raise WorkloadError(f"Attention reads [batch, queries, heads x width] or four sizes, not {list(query)}")
    if heads is None or width is None:
        raise WorkloadError(f"Attention on {list(query)} needs heads and width, how its last size is divided")
    if query[2] != heads * width:
        raise WorkloadError(f"Attention: {query[2]} features are not {heads} heads of {width}")
    return ((query[0], query[1], times(heads, attributes["value_width"] or width)),)


def _attention_feed(call: Call) -> dict[str, Any]:
    a, query = call.attributes, call.inputs[0]
    by_head = len(query) == 4
    queries = query[2] if by_head else query[1]
    heads, width = (query[1], query[3]) if by_head else (a["heads"], a["width"])
    keys = call.inputs[1] if len(call.inputs) > 1 else query
    own = keys[2] if by_head else keys[1]
    context = own if a["context"] is None else a["context"]
    if a["causal"] and np.any(np.less(context, queries)):
        raise WorkloadError(f"causal attention of {queries} queries to {context} keys: keys include the queries' own")
    found = {
        "batch": query[0],
        "queries": queries,
        "context": context,
        "heads": heads,
        "shared_heads": a["kv_heads"] or (keys[1] if by_head else heads),
        "width": width,
        "value_width": a["value_width"] or (call.inputs[2][3] if by_head and len(call.inputs) > 2 else width),
        "mask": 1 if a["causal"] else 0,
        "inside": int(a["inside"]),
    }
    return found if a["window"] is None else found | {"window": a["window"]}


def _multihead_weights(inputs: Sequence[Shape], attributes: Attributes) -> dict[str, Shape]:
    width = number(inputs[0][-1], "MultiheadAttention")
    found: dict[str, Shape] = {"in_proj_weight": (3 * width, width), "out_proj.weight": (width, width)}
    return found | ({"in_proj_bias": (3 * width,), "out_proj.bias": (width,)} if attributes["bias"] else {})


def _multihead_feed(call: Call) -> dict[str, Any]:
    batch, tokens, width = call.inputs[0]
    return {
        "batch": batch,
        "tokens": tokens,
        "width": width,
        "heads": call.attributes["heads"],
        "bias": int(call.attributes["bias"]),
    }


def _squeeze_weights(inputs: Sequence[Shape], attributes: Attributes) -> dict[str, Shape]:
    channels, hidden = number(inputs[0][1], "SqueezeExcite"), attributes["hidden"]
    return {
        "fc1.weight": (hidden, channels, 1, 1), "fc1.bias": (hidden,),
        "fc2.weight": (channels, hidden, 1, 1), "fc2.bias": (channels,),
    }  # fmt: skip


def _squeeze_feed(call: Call) -> dict[str, Any]:
    batch, channels, *pixels = call.inputs[0]
    return {"batch": batch, "channels": channels, "pixels": prod(pixels), "hidden": call.attributes["hidden"]}


def _router_weights(inputs: Sequence[Shape], attributes: Attributes) -> dict[str, Shape]:
    return {"weight": (attributes["experts"], number(inputs[0][-1], "Router"))}


def _routed(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    return ((*inputs[0][:-1], attributes["active"]),)


def _router_feed(call: Call) -> dict[str, Any]:
    *tokens, width = call.inputs[0]
    return {
        "tokens": prod(tokens),
        "width": width,
        "experts": call.attributes["experts"],
        "active": call.attributes["active"],
    }


def _expert_weights(inputs: Sequence[Shape], attributes: Attributes) -> dict[str, Shape]:
    width, hidden, experts = number(inputs[0][-1], "Experts"), attributes["hidden"], attributes["experts"]
    into = (2 if attributes["gated"] else 1) * hidden
    return {"into.weight": (experts, into, width), "back.weight": (experts, width, hidden)}


def _experts_feed(call: Call) -> dict[str, Any]:
    a = call.attributes
    *tokens, width = call.inputs[0]
    return {
        "tokens": prod(tokens), "width": width, "hidden": a["hidden"], "experts": a["experts"], "active": a["active"],
        "matrices": 3 if a["gated"] else 2,
    }  # fmt: skip


def _collective_feed(call: Call) -> dict[str, Any]:
    return {"elements": elements(call.inputs[0]), "ranks": call.attributes["ranks"]}


def _collective(name: str, meaning: str) -> Kind:
    return Kind(name, "ELEMENTWISE", f"collective.{name}", same, _collective_feed, asked=("ranks",), meaning=meaning)


def _changing(name: str, shapes: Shapes, meaning: str) -> Kind:
    """A collective whose result has another size along an axis, the last one where none is told."""
    return Kind(name, "ELEMENTWISE", f"collective.{name}", shapes, _collective_feed, asked=("ranks",),
                optional={"axis": -1}, meaning=meaning)  # fmt: skip


def _at(inputs: Sequence[Shape], attributes: Attributes, what: str) -> int:
    axis, rank = attributes["axis"], len(inputs[0])
    if not -rank <= axis < rank:
        raise WorkloadError(f"{what}: axis {axis} of {list(inputs[0])}; one from {-rank} to {rank - 1} is expected")
    return int(axis % rank)


def _collected(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    axis, shape = _at(inputs, attributes, "AllGather"), inputs[0]
    return ((*shape[:axis], times(shape[axis], attributes["ranks"]), *shape[axis + 1 :]),)


def _scattered(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    axis, shape = _at(inputs, attributes, "ReduceScatter"), inputs[0]
    return ((*shape[:axis], over(shape[axis], attributes["ranks"], "ReduceScatter"), *shape[axis + 1 :]),)


def _kept(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    """What is new, or what was kept with the new behind it along the axis in which they differ."""
    if len(inputs) == 1:
        return (inputs[0],)
    old, new = inputs
    told = f"KVCache of {list(old)} and {list(new)}"
    if len(old) != len(new):
        raise WorkloadError(f"{told}: what was kept and what is new have a different number of sizes")
    apart = [k for k, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
    axis = attributes["axis"]
    if axis is None and len(apart) != 1:
        raise WorkloadError(f"{told}: they differ in {len(apart)} sizes, not in one; tell the axis of the tokens")
    place = apart[0] if axis is None else _at(inputs, attributes, "KVCache")
    if set(apart) - {place}:
        raise WorkloadError(f"{told}: they differ in more than the size of axis {place}")
    sizes = (number(size, "KVCache, along its tokens,") for size in (old[place], new[place]))
    return ((*old[:place], sum(sizes), *old[place + 1 :]),)


def _appended(call: Call) -> dict[str, Any]:
    new = elements(call.inputs[-1])
    return {"elements": new, "operands": new, "work": 0}


ROWS = (
    Kind("Attention", "MATMUL", "attention.Attention", _attended, _attention_feed, None, (),
         {"heads": None, "kv_heads": None, "width": None, "value_width": None, "causal": False, "window": None,
          "context": None, "inside": False}, (1, 3), "scaled dot products"),
    Kind("MultiheadAttention", "MULTIHEAD_ATTENTION", "attention.MultiheadAttention", same, _multihead_feed,
         _multihead_weights, ("heads",), {"bias": True}, meaning="attention with its projections"),
    Kind("SqueezeExcite", "SQUEEZE_EXCITE", "excitation.SqueezeExcite", same, _squeeze_feed, _squeeze_weights,
         ("hidden",), meaning="channels weighed by a small network of their means"),
    Kind("Router", "LINEAR", "experts.Router", _routed, _router_feed, _router_weights, ("experts", "active"),
         meaning="choice of experts"),
    Kind("Experts", "LINEAR", "experts.Experts", same, _experts_feed, _expert_weights, ("experts", "active", "hidden"),
         {"gated": True}, (1, 2), "networks of which each token meets a few"),
    Kind("KVCache", "ELEMENTWISE", "elementwise.Elementwise", _kept, _appended, optional={"axis": None}, inputs=(1, 2),
         meaning="keys and values kept: what is new, or what was kept and then what is new"),
    _collective("AllReduce", "sum over devices, told to all"),
    _changing("AllGather", _collected, "parts of devices, told to all"),
    _changing("ReduceScatter", _scattered, "sum over devices, a part for each"),
    _collective("AllToAll", "a part from each device for each"),
)  # fmt: skip
