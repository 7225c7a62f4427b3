"""The operators of a network with what they compute and move, and the law of each, once."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from symppa.language.document import Document
from symppa.language.written_units import plain as unit_shown
from symppa.reports.number import shown
from symppa.reports.report import Column, Table
from symppa.workloads.features import Features, features
from symppa.workloads.kinds import kind
from symppa.workloads.on_device import NetworkLayer

COUNTS = ("macs", "ops", "read", "weights", "written")


def tables(network: NetworkLayer) -> tuple[Table, ...]:
    """A row for each operator, then the formulas of the laws that they follow."""
    made = features(network.graph, [network.sizes])
    return operators(made), *laws(made)


def operators(made: Features) -> Table:
    """Every operator, in the order told."""
    heads = (Column("operator"), Column("kind"), *(Column(n, numeric=True) for n in COUNTS))
    rows = tuple(
        (operator.name, operator.kind, *(shown(getattr(made, name)[k, 0]) for name in COUNTS))
        for k, operator in enumerate(made.graph.operators)
    )
    return Table(f"operators of {made.graph.name}: mac, op, and elements", heads, rows)


def laws(made: Features) -> tuple[Table, ...]:
    """The formulas of each law that an operator follows."""
    used: dict[str, list[str]] = {}
    for name in dict.fromkeys(operator.kind for operator in made.graph.operators):
        if kind(name).law:
            used.setdefault(kind(name).law, []).append(name)
    return tuple(_law(law, kinds) for law, kinds in used.items())


def _law(law: str, kinds: Sequence[str]) -> Table:
    module, _, name = law.rpartition(".")
    cls = getattr(importlib.import_module(f"symppa.library.operators.{module}"), name)
    heads = (Column("formula"), Column("unit"), Column("computed as"))
    rows = tuple((line.name, unit_shown(line.unit), line.text) for line in Document(cls()).lines())
    return Table(f"law of {name}: {', '.join(kinds)}", heads, rows)
