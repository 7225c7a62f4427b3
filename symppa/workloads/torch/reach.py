"""Whether every trained parameter that the outputs of a program depend on has reached the graph made of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Set
from math import prod
from typing import Any

from symppa.errors import WorkloadError
from symppa.workloads.ir import Graph
from symppa.workloads.torch import calls
from symppa.workloads.translation import Translation

logger = logging.getLogger("symppa")
SHOWN = 6
# Calls that look at the shape or the type of what they read and not at its numbers, beside their first operand.
ALIKE = frozenset({"view_as", "reshape_as", "expand_as", "type_as"})
SHAPED = frozenset({"zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones", "new_full",
                    "new_empty"})  # fmt: skip


def checked(program: Any, graph: Graph, to: Translation, sources: Mapping[str, Set[str]]) -> None:
    """Refuses a graph without a parameter that its program computes with; says which ones the program never reads."""
    specs = {
        spec.arg.name: spec.target for spec in program.graph_signature.input_specs if spec.kind.name == "PARAMETER"
    }
    nodes = {node: specs[node.name] for node in program.graph.nodes if node.name in specs and node.op == "placeholder"}
    sizes = {nodes[node]: prod(int(s) for s in node.meta["val"].shape) for node in nodes}
    needed = {nodes[node] for node in _needed(program.graph) if node in nodes}
    lost = needed - _reached(graph, to, sources)
    if lost:
        count = sum(sizes[name] for name in lost)
        raise WorkloadError(
            f"{graph.name}: {len(lost)} of its {len(sizes)} trained parameters, {count} numbers, reach no operator: "
            f"{_told(lost, sizes)}"
        )
    if idle := sizes.keys() - needed:
        count = sum(sizes[name] for name in idle)
        logger.warning(
            "%s: %d trained parameters, %d numbers, are not used in a run and not counted: %s",
            graph.name, len(idle), count, _told(idle, sizes),
        )  # fmt: skip


def _told(names: Iterable[str], sizes: Mapping[str, int]) -> str:
    every = sorted(names)
    more = f", ... ({len(every)} in all)" if len(every) > SHOWN else ""
    return ", ".join(f"{name} ({sizes[name]})" for name in every[:SHOWN]) + more


def _needed(graph: Any) -> set[Any]:
    """The nodes whose numbers the outputs depend on."""
    stack = [node for node in graph.nodes if node.op == "output"]
    found: set[Any] = set()
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack += _read(node)
    return found


def _read(node: Any) -> list[Any]:
    """The nodes whose numbers go into a node; what is changed in place later is read by whoever changes it."""
    if node.op != "call_function":
        return list(node.all_input_nodes)
    name = calls.operator_of(node)
    if name in SHAPED:
        return []
    told = list(node.all_input_nodes)[:1] if name in ALIKE else list(node.all_input_nodes)
    return [one for one in told if not isinstance(one.meta.get("val"), int)]


def _reached(graph: Graph, to: Translation, sources: Mapping[str, Set[str]]) -> set[str]:
    """The weights that operators of a graph own, and those that numbers among them follow from."""
    used = {operator.name for operator in graph.operators}
    used |= {weight.rpartition(".")[0] for operator in graph.operators for weight in operator.weights}
    stack = [name for name, (owner, _) in to.owners.items() if owner in used]
    found: set[str] = set()
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += sources.get(name, ())
            stack += [name.rpartition(".")[0]] if "." in name else []  # a piece stands for what it was cut from
    return found
