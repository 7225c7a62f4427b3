"""The primitives of an operator of a network: calibrated operations, their sizes, and what may stand in for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symppa.calibration.matching.mapping import MAPPING, fused
from symppa.calibration.matching.mapping import Primitive as Primitive
from symppa.calibration.operations import work
from symppa.workloads.features import Sized, folded
from symppa.workloads.fuse import ACTIVATIONS, BATCH_NORMS, CONVOLUTIONS, PAIRS
from symppa.workloads.ir import Graph, Operator
from symppa.workloads.kinds import Call, kind

# What activations run along with once they are fused to it.
RIDDEN = (*CONVOLUTIONS, "Linear", *BATCH_NORMS, "add", "sub")


def primitives(
    graph: Graph, operator: Operator, sizes: Mapping[str, int], dtype: str = "fp32", known: Collection[str] = ()
) -> tuple[Primitive, ...]:
    """The primitives of an operator at some sizes; none for a view, and for what runs along with the operator before.

    Attention is its parts, unless `known`, the operations that are calibrated, has it as one.
    """
    return of_operators(Sized(graph, [sizes]), [operator], dtype, known)[0]


def of_operators(
    at: Sized, operators: Sequence[Operator], dtype: str = "fp32", known: Collection[str] = ()
) -> list[tuple[Primitive, ...]]:
    """The primitives of several operators at the first sizes, each on its own."""
    return counted([uncounted(at, operator, known) for operator in operators], dtype)


def whole(name: str, batch: float, ops: float, moved: float, nodes: int) -> Primitive:
    """A fused subgraph as one primitive, told by work and bytes."""
    shape = {"batch": batch, "ops": ops, "bytes": moved, "nodes": float(nodes)}
    return Primitive(name, "subgraph", shape, 1.0, ops, moved)


def rides(graph: Graph, operator: Operator) -> bool:
    """Whether an operator costs nothing of its own: a norm folded into weights, an activation fused to what it follows.

    The element is at hand when the operator before writes it: nothing is moved once more.
    """
    if folded(graph, operator):
        return True
    if operator.kind not in ACTIVATIONS or len(operator.inputs) != 1:
        return False
    name = operator.inputs[0]
    before = graph.producer.get(name)
    if before is None or len(graph.consumers[name]) != 1 or name in graph.outputs:
        return False
    return operator.kind in PAIRS.get(before.kind, ()) and (before.kind in RIDDEN or rides(graph, before))


def uncounted(at: Sized, operator: Operator, known: Collection[str]) -> list[Primitive]:
    """The primitives of an operator, their work and bytes not counted yet."""
    if kind(operator.kind).free or rides(at.graph, operator):
        return []
    if operator.kind not in MAPPING:
        return [Primitive(operator.name, "", {}, direct=False)]
    call = _plain(at.call(operator))
    return fused(list(MAPPING[operator.kind](operator, call)), operator, call, known)


def _plain(call: Call) -> Call:
    """A call whose sizes are all numbers, those of the first of several sizes."""
    shapes = [[tuple(_first(size) for size in shape) for shape in told] for told in (call.inputs, call.outputs)]
    return Call(shapes[0], shapes[1], {name: _first(told) for name, told in call.attributes.items()}, call.counted)


def _first(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_first(one) for one in value)
    return np.ravel(value)[0].item() if isinstance(value, np.ndarray) else value


def counted(found: Sequence[Sequence[Primitive]], dtype: str) -> list[tuple[Primitive, ...]]:
    """The same with work and bytes, those of one operation counted at once."""
    by_op: dict[str, list[tuple[int, int]]] = {}
    for n, drafts in enumerate(found):
        for k, one in enumerate(drafts):
            if one.op:
                by_op.setdefault(one.op, []).append((n, k))
    made = [list(drafts) for drafts in found]
    for op, places in by_op.items():
        shapes = [found[n][k].shape for n, k in places]
        counted = work(op, {name: np.array([shape[name] for shape in shapes]) for name in shapes[0]}, dtype)
        for (n, k), ops, moved in zip(places, counted.ops, counted.bytes, strict=True):
            made[n][k] = _with(found[n][k], float(ops), float(moved))
    return [tuple(drafts) for drafts in made]


def _with(one: Primitive, ops: float, moved: float) -> Primitive:
    """A primitive with its work and bytes; what stands in for it does the same."""
    ops, moved = ops * one.count, moved * one.count
    return replace(
        one, ops=ops, bytes=moved, proxies=tuple(replace(other, ops=ops, bytes=moved) for other in one.proxies)
    )
