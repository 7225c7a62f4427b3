"""Graphs inside of graphs: those that a call only wraps are read in its place, all others are refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# Calls that run a graph once, as it is, by the place among their arguments where that graph stands.
WRAPPED = {"wrap_with_set_grad_enabled": 1, "wrap_with_autocast": 4}


def is_higher(node: Any) -> bool:
    """Whether a call takes graphs: `no_grad` inside a module, or `cond`."""
    from torch._ops import HigherOrderOperator

    return node.op == "call_function" and isinstance(node.target, HigherOrderOperator)


def is_inlined(node: Any) -> bool:
    """Whether a call only wraps the graph that it takes."""
    return node.target.__name__ in WRAPPED


def attribute(node: Any) -> Any:
    """What a node fetches from the module that its graph belongs to."""
    found = node.graph.owning_module
    for part in str(node.target).split("."):
        found = getattr(found, part)
    return found


def wrapped(node: Any) -> tuple[Any, list[Any]]:
    """The graph that a call wraps, and what it is given."""
    place = WRAPPED[node.target.__name__]
    return attribute(node.args[place]).graph, list(node.args[place + 1 :])


def every(graph: Any) -> Iterator[Any]:
    """All nodes, those of wrapped graphs in place of their calls; other calls with graphs come as they are."""
    for node in graph.nodes:
        if is_higher(node) and is_inlined(node):
            yield from every(wrapped(node)[0])
        else:
            yield node
