"""A network as a device is told of it: at any batch where all it has grows evenly with one, else at the batch asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symppa.errors import WorkloadError
from symppa.workloads.ir import Graph
from symppa.workloads.table import Table, table

Array = np.ndarray[Any, Any]
BATCH, CLASS = "batch", "BatchedSubgraphs"
FITTED, PROVED = (1, 2), (3, 64, 4096)  # batches that tell the line, and that must lie on it
UNITS = {"macs": "mac", "vector_ops": "op", "unscaled": "byte", "live_unscaled": "byte"}
SINGLE = ("batch", "live", "live_unscaled", "resident")
GROWN = {
    "macs": "mac", "vector_ops": "op", "activations": "activation", "weights": "weight", "unscaled": "byte",
    "rows": "row", "columns": "column", "depth": "deep", "repeats": "repeat", "sent": "out", "messages": "message",
}  # fmt: skip


def told(graph: Graph, sizes: Mapping[str, int]) -> tuple[dict[str, Any], bool]:
    """What a device is told of a network, as texts, and whether that holds at any batch."""
    if BATCH in graph.symbols:
        batches = (graph.sizes(**sizes)[BATCH], *FITTED, *PROVED)
        try:
            lines = _lines(table(graph, [{**sizes, BATCH: batch} for batch in batches]), np.array(batches, float))
        except WorkloadError:  # a batch that was not asked for is too large for the other sizes
            lines = None
        if lines is not None:
            return lines, True
    return values_of(table(graph, [sizes])), False


def _lines(made: Table, batches: Array) -> dict[str, Any] | None:
    """What stays and what each input adds; None where something grows otherwise."""
    found: dict[str, Any] = {"subgraphs": labels_run(made)}
    for name, array in made.values().items():
        if name == BATCH:
            continue
        values = array[None] if array.ndim == 1 else array[running(made)]
        each = values[:, 2] - values[:, 1]
        fixed = values[:, 1] - each
        even = (fixed[:, None] + each[:, None] * batches == values).all()
        if not even or not _put(found, name, fixed, each, single=array.ndim == 1):
            return None
    return found


def _put(found: dict[str, Any], name: str, fixed: Array, each: Array, *, single: bool) -> bool:
    """Adds the line of something; False where it may not grow."""
    if name in ("live", "live_unscaled"):
        found |= {f"{name}_fixed": number(fixed[0]), f"{name}_each": number(each[0])}
    elif name in GROWN:
        labels = found["subgraphs"]
        parts = {part: _texts(labels, values) for part, values in (("fixed", fixed), ("each", each)) if values.any()}
        found |= {GROWN[name]: parts} if parts else {}
    elif each.any():
        return False
    elif single:
        found[name] = number(fixed[0])
    else:
        found[name] = _texts(found["subgraphs"], fixed)
    return True


def _texts(labels: Sequence[str], values: Array, unit: str = "") -> dict[str, str]:
    return {label: f"{number(value)}{unit}" for label, value in zip(labels, values, strict=True)}


def values_of(made: Table, column: int = 0) -> dict[str, Any]:
    """What a device is told of a network at one of the sizes, as texts: subgraphs that do nothing are left out."""
    found: dict[str, Any] = {"subgraphs": labels_run(made)}
    for name, array in made.values().items():
        unit = f" {UNITS[name]}" if name in UNITS else ""
        if array.ndim == 1:
            found[name] = f"{number(array[column])}{unit}"
        else:
            found[name] = _texts(found["subgraphs"], array[running(made), column], unit)
    return found


def labels_run(made: Table) -> list[str]:
    """The labels of the subgraphs that run."""
    return [label for label, runs in zip(labels_of(made), running(made), strict=True) if runs]


def labels_of(made: Table) -> list[str]:
    """A label for each subgraph: the name of its first operator."""
    return [subgraph.operators[0].name for subgraph in made.subgraphs]


def running(made: Table) -> list[bool]:
    """Which subgraphs compute or move something: views alone take no time."""
    return [not subgraph.free for subgraph in made.subgraphs]


def number(value: float) -> str:
    """A number with all its digits, a whole one without a point."""
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
