"""A graph as subgraphs that run one after the other, each operator in one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from symppa.errors import WorkloadError
from symppa.workloads.ir import Graph, Operator
from symppa.workloads.kinds import kind

UNFUSED = "Unfused"
NAMED = 3  # kinds that a pattern names


@dataclass(frozen=True)
class Subgraph:
    """Operators that run as one, in order: tensors that come in and go out, and weights."""

    number: int
    operators: tuple[Operator, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    weights: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of its operators, in order."""
        return tuple(operator.kind for operator in self.operators)

    @property
    def pattern(self) -> str:
        """Its first three kinds and how many more; one operator is unfused.

        >>> Subgraph(0, (Operator("c", "Conv2d", (), ()), Operator("r", "ReLU", (), ())), (), (), ()).pattern
        'Conv2d_ReLU'
        """
        return pattern(self.kinds)

    @property
    def free(self) -> bool:
        """Whether none of its operators computes or moves anything."""
        return all(kind(operator.kind).free for operator in self.operators)


def pattern(kinds: Sequence[str]) -> str:
    """The name of a chain of kinds.

    >>> pattern(["LayerNorm", "Linear", "GELU", "Dropout"])
    'LayerNorm_Linear_GELU_+1more'
    """
    if len(kinds) == 1:
        return UNFUSED
    more = f"_+{len(kinds) - NAMED}more" if len(kinds) > NAMED else ""
    return "_".join(kinds[:NAMED]) + more


def unfused(graph: Graph) -> tuple[Subgraph, ...]:
    """Each operator on its own."""
    return partition(graph, [[operator] for operator in graph.operators])


def partition(graph: Graph, groups: Sequence[Sequence[Operator]]) -> tuple[Subgraph, ...]:
    """The subgraphs of some groups of operators, in the order told; refused where they are no partition of the graph.

    Each operator is in one group, and each group comes after those it reads from.
    """
    _whole(graph, groups)
    written = set(graph.inputs)
    for group in groups:
        for operator in group:
            early = [name for name in operator.inputs if name not in written]
            if early:
                raise WorkloadError(
                    f"{operator.name} of {graph.name} reads {early[0]!r} before anybody has written it; "
                    f"a subgraph comes after those it reads from"
                )
            written.update(operator.outputs)
    return tuple(_subgraph(graph, number, group) for number, group in enumerate(groups))


def _whole(graph: Graph, groups: Sequence[Sequence[Operator]]) -> None:
    """Refuses operators that are in no group, in several, or not of the graph."""
    times: dict[str, int] = {operator.name: 0 for operator in graph.operators}
    for group in groups:
        for operator in group:
            if operator.name not in times:
                raise WorkloadError(f"{graph.name} has no operator {operator.name!r} to put into a subgraph")
            times[operator.name] += 1
    for name, count in times.items():
        if count != 1:
            raise WorkloadError(f"{name} of {graph.name} is in {count} subgraphs; each operator is in one")


def _subgraph(graph: Graph, number: int, group: Sequence[Operator]) -> Subgraph:
    made = {name for operator in group for name in operator.outputs}
    inside = {operator.name for operator in group}
    inputs = dict.fromkeys(name for operator in group for name in operator.inputs if name not in made)
    weights = dict.fromkeys(name for operator in group for name in operator.weights)
    outputs = [name for operator in group for name in operator.outputs if _leaves(graph, name, inside)]
    return Subgraph(number, tuple(group), tuple(inputs), tuple(outputs), tuple(weights))


def _leaves(graph: Graph, name: str, inside: set[str]) -> bool:
    """Whether a tensor is seen outside the operators named: one that nobody reads is."""
    users = graph.consumers[name]
    return name in graph.outputs or not users or any(user.name not in inside for user in users)


def roots(graph: Graph) -> Mapping[str, str]:
    """The tensor whose room each tensor uses: a view, or an operator that does nothing at inference, takes none."""
    found: dict[str, str] = {}
    for operator in graph.operators:
        if kind(operator.kind).free:
            source = (*operator.inputs, *operator.weights)[0]
            root = found.get(source, source)
            found.update(dict.fromkeys(operator.outputs, root))
    return {name: found.get(name, name) for name in graph.tensors}
