"""A model by itself: its nomenclature as a frame or a Dataset, and what is computed from what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from symppa.language.declarations import COLUMN, CONSTANT, FORMULA, INDEX, Name
from symppa.language.document import Document
from symppa.language.model import Model
from symppa.language.scope import Scope

COLUMNS = ("name", "symbol", "role", "unit", "meaning", "domain", "default", "source")


def to_frame(model: Model) -> Any:
    """The nomenclature, one row for each given, set, table column and formula."""
    import pandas as pd

    rows = [{key: getattr(row, key) for key in COLUMNS} for row in Document(model).rows()]
    return pd.DataFrame(rows, columns=list(COLUMNS)).set_index("name")


def to_xarray(model: Model) -> Any:
    """The nomenclature along the dimension `name`."""
    import xarray as xr

    frame = to_frame(model)
    variables = {key: ("name", frame[key].to_numpy(dtype=str)) for key in frame.columns}
    return xr.Dataset(variables, {"name": frame.index.to_numpy(dtype=str)}, {"model": type(model).__name__})


def plot(model: Model, path: Any = None) -> Any:
    """What is computed from what."""
    from symppa.reports.plot.graph import graph

    return graph(uses(model), path, title=f"{type(model).__name__}: formulas (filled) and what they use")


def uses(model: Model) -> dict[str, list[str]]:
    """The quantities that each quantity is computed from, wires followed; nothing for a given."""
    document = Document(model)
    found: dict[str, list[str]] = {}
    for scope in document.root.walk():
        for declared in scope.cls._declared.values():
            if declared.role == FORMULA and declared.expr not in (None, ...):
                found[document.name_of(scope, declared)] = list(dict.fromkeys(_names(document, scope, declared.expr)))
    givens = dict.fromkeys(name for used in found.values() for name in used if name not in found)
    return {**{name: [] for name in givens}, **found}


def _names(document: Document, scope: Scope, expr: Any) -> Iterator[str]:
    for symbol in sorted((s for s in expr.atoms(Name) if s.role not in (CONSTANT, INDEX)), key=lambda s: s.serial):
        where, declared = scope.column(symbol) if symbol.role == COLUMN else scope.resolve(symbol)
        wire = where.wires.get(declared.attr)
        if wire is None or symbol.role == COLUMN:
            yield document.name_of(where, declared)
        elif hasattr(wire, "atoms") and where.parent is not None:
            yield from _names(document, where.parent, wire)
