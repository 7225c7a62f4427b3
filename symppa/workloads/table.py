"""The features of subgraphs, as a device asks for them: sums over their operators, and bytes only at their ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symppa.workloads.features import Features, Sized, features
from symppa.workloads.fuse import fused
from symppa.workloads.ir import Graph, Operator
from symppa.workloads.kinds import kind
from symppa.workloads.kinds.kind import elements, times
from symppa.workloads.memory import Timeline, timeline
from symppa.workloads.partition import Subgraph, roots
from symppa.workloads.schedule import schedule

Array = np.ndarray[Any, Any]
OPS_OF_A_MAC = 2
ASKED = ("macs", "vector_ops", "activations", "weights", "unscaled", "rows", "columns", "depth", "repeats", "sent",
         "messages")  # fmt: skip


@dataclass(frozen=True)
class Table:
    """Subgraphs by rows, sizes of the graph's symbols by columns: arrays are [subgraphs, sizes].

    `macs` in mac; `ops` and `vector_ops` (those outside of matrix products) in op; `unscaled` in byte, of indices and
    masks; the rest are counts: `read` and `written` of activations, `weights` of weights. `rows`, `columns`, `depth`
    and `repeats` are those of the largest matrix product; `sent` goes to other devices in `messages`.
    """

    graph: Graph
    sizes: tuple[Mapping[str, int], ...]
    subgraphs: tuple[Subgraph, ...]
    types: tuple[tuple[str, ...], ...]
    macs: Array
    ops: Array
    read: Array
    written: Array
    weights: Array
    unscaled: Array
    rows: Array
    columns: Array
    depth: Array
    repeats: Array
    sent: Array
    messages: Array
    memory: Timeline

    @property
    def vector_ops(self) -> Array:
        """Operations that are no part of a matrix product."""
        return np.asarray(self.ops - OPS_OF_A_MAC * self.macs)

    @property
    def activations(self) -> Array:
        """Elements read and written at the ends."""
        return self.read + self.written

    @property
    def patterns(self) -> tuple[str, ...]:
        """The names of the subgraphs' patterns."""
        return tuple(subgraph.pattern for subgraph in self.subgraphs)

    @property
    def batch(self) -> Array:
        """Inputs in a run, [sizes]: 1 where the graph has no size of that name."""
        return np.array([told.get("batch", 1) for told in self.sizes], float)

    def values(self) -> dict[str, Array]:
        """What a device asks of a network, by the names of its givens, at every size."""
        resident = np.full(len(self.sizes), float(self.memory.resident))
        found = {name: getattr(self, name) for name in ASKED}
        return found | {
            "batch": self.batch,
            "live": self.memory.live,
            "live_unscaled": self.memory.live_unscaled,
            "resident": resident,
        }

    def merged(self) -> tuple[dict[str, Array], Array]:
        """The same with equal subgraphs as one and how many there are, `count`; and where each subgraph has gone."""
        values = self.values()
        rows = np.concatenate([values[name] for name in ASKED], axis=1)
        _, first, place, count = np.unique(rows, axis=0, return_index=True, return_inverse=True, return_counts=True)
        order = np.argsort(first)
        found = {name: numbers[first[order]] if name in ASKED else numbers for name, numbers in values.items()}
        return found | {"count": count[order].astype(float)}, np.argsort(order)[place.ravel()]


def table(
    graph: Graph, sizes: Sequence[Mapping[str, int]] = ({},), subgraphs: Sequence[Subgraph] | None = None
) -> Table:
    """The features of a graph's subgraphs at several sizes; fused ones where none are told."""
    steps = tuple(fused(graph) if subgraphs is None else subgraphs)
    single = features(graph, sizes)
    place = {operator.name: n for n, operator in enumerate(graph.operators)}
    members = [[place[operator.name] for operator in step.operators] for step in steps]
    read, written, unscaled = _ends(single, steps, members)
    rows, columns, depth, repeats = _largest(single, members)
    return Table(
        graph=graph,
        sizes=single.sizes,
        subgraphs=steps,
        types=tuple(tuple(single.types[n] for n in group) for group in members),
        macs=_summed(single.macs, members),
        ops=_summed(single.ops, members),
        read=_summed(read, members),
        written=_summed(written, members),
        weights=_summed(single.weights, members),
        unscaled=_summed(unscaled, members),
        rows=rows,
        columns=columns,
        depth=depth,
        repeats=repeats,
        sent=_summed(single.sent, members),
        messages=_summed(single.steps, members),
        memory=timeline(schedule(graph, steps), single),
    )


def _summed(values: Array, members: Sequence[Sequence[int]]) -> Array:
    """Sums over the operators of each subgraph."""
    if not members:
        return values[:0]
    starts = np.cumsum([0, *map(len, members)])[:-1]
    return np.add.reduceat(values[[n for group in members for n in group]], starts, axis=0)


def _largest(single: Features, members: Sequence[Sequence[int]]) -> tuple[Array, Array, Array, Array]:
    """Rows, columns, depth and repeats of the operator with the most macs, at every size."""
    columns = np.arange(len(single.sizes))
    chosen = [np.asarray(group)[single.macs[group].argmax(axis=0)] for group in members]
    place = np.array(chosen, dtype=int).reshape(len(members), len(columns))
    return (single.rows[place, columns], single.columns[place, columns], single.depth[place, columns],
            single.repeats[place, columns])  # fmt: skip


def _ends(single: Features, steps: Sequence[Subgraph], members: Sequence[Sequence[int]]) -> tuple[Array, Array, Array]:
    """What each operator still reads, writes, and moves in bytes, once what stays inside its subgraph is left out."""
    at, root = Sized(single.graph, single.sizes), roots(single.graph)
    read, written, unscaled = single.read.copy(), single.written.copy(), np.zeros_like(single.read)
    for step, group in zip(steps, members, strict=True):
        leaving = {root[name] for name in step.outputs}
        known: set[str] = set()  # made inside, or read before
        for n, operator in zip(group, step.operators, strict=True):
            if not kind(operator.kind).free:
                _reads(at, operator, known, root, (read[n], unscaled[n]))
                for name in operator.outputs:
                    _writes(at, name, root[name] in leaving, (written[n], unscaled[n]))
                known.update(operator.outputs)
    return np.maximum(read, 0), np.maximum(written, 0), unscaled


def _reads(at: Sized, operator: Operator, known: set[str], root: Mapping[str, str], into: tuple[Array, Array]) -> None:
    """Leaves out elements that are there already; counts the bytes of those whose format never changes."""
    read, unscaled = into
    for name in operator.inputs:
        tensor = at.graph.tensors[name]
        there = name in known or root[name] in known
        if tensor.scaled and there:
            read -= elements(at.shape(name))
        elif not tensor.scaled and not there:
            unscaled += elements(at.shape(name)) * tensor.stored
        known.add(name)
        shown = at.graph.tensors[root[name]]
        if shown is not tensor and times(*tensor.shape) == times(*shown.shape):  # a view of all of it, not of a part
            known.add(root[name])


def _writes(at: Sized, name: str, leaves: bool, into: tuple[Array, Array]) -> None:
    """Leaves out elements that nobody outside reads."""
    written, unscaled = into
    tensor = at.graph.tensors[name]
    if not (tensor.scaled and leaves):
        written -= elements(at.shape(name))
    if leaves and not tensor.scaled:
        unscaled += elements(at.shape(name)) * tensor.stored
