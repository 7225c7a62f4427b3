"""When subgraphs run and how long tensors live: one step for each subgraph, in the order told or the leanest one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from symppa.workloads.ir import Graph, sized
from symppa.workloads.orders import Step, least_peak
from symppa.workloads.partition import Subgraph, roots


@dataclass(frozen=True)
class Life:
    """A tensor that takes room from the step that writes it to the last one that reads it, both included."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class Schedule:
    """Subgraphs in the order they run, and the lives of the tensors between them.

    Inputs live from the first step, outputs of the graph to the last; a view lives in what it is a view of, and what
    stays inside a subgraph takes no room.
    """

    graph: Graph
    steps: tuple[Subgraph, ...]
    lives: tuple[Life, ...]


def schedule(graph: Graph, subgraphs: Sequence[Subgraph]) -> Schedule:
    """The schedule of subgraphs that run in their order."""
    root, first, last = roots(graph), dict.fromkeys(graph.inputs, 0), dict.fromkeys(graph.inputs, 0)
    for number, step in enumerate(subgraphs):
        for name in step.outputs:
            first.setdefault(root[name], number)
            last[root[name]] = max(last.get(root[name], 0), number)
        for name in step.inputs:
            last[root[name]] = number
    for name in graph.outputs:
        last[root[name]] = max(len(subgraphs) - 1, 0)
    lives = tuple(Life(name, first[name], last[name]) for name in first if not graph.tensors[name].weight)
    return Schedule(graph, tuple(subgraphs), lives)


def leanest(graph: Graph, subgraphs: Sequence[Subgraph], width: float = 1.0) -> tuple[Subgraph, ...]:
    """The subgraphs in the order in which activations take the least room, at the default sizes of the graph.

    `width` is what an element that takes the precision in use has, in byte.
    """
    root = roots(graph)
    sizes = {
        name: round(8 * prod(sized(size, graph.symbols) for size in t.shape) * (width if t.scaled else t.stored))
        for name, t in graph.tensors.items()
        if root[name] == name and not t.weight
    }  # bits, for an element may have less than a byte
    steps = []
    for one in subgraphs:
        inside = {name for operator in one.operators for name in operator.outputs}
        reads = dict.fromkeys((*one.inputs, *(root[name] for name in one.inputs)))
        writes = dict.fromkeys((*one.outputs, *(root[name] for name in one.outputs if root[name] in inside)))
        steps.append(Step(tuple(reads), tuple(writes)))
    read = {name for step in steps for name in step.reads}
    kept = dict.fromkeys((*(root[name] for name in graph.outputs), *(n for n in graph.inputs if n not in read)))
    every = dict.fromkeys(graph.tensors, 0) | sizes
    order = least_peak(steps, every, graph.inputs, tuple(kept)).steps
    return tuple(replace(subgraphs[at], number=place) for place, at in enumerate(order))
