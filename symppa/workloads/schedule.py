"""When subgraphs run and how long tensors live: one step for each subgraph, in the order told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symppa.workloads.ir import Graph
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
