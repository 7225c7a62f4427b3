"""Tables of what draws of uncertain givens say of outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symppa.language.written_units import plain as unit_shown
from symppa.reports.number import shown
from symppa.reports.report import Column, Line, Table
from symppa.studies.result import Output, Result

PROBABILITY = "probability"
FEWEST = 4  # rows of each of many tables


def is_spread(result: Result) -> bool:
    """Whether a result is told in quantiles, over draws or over designs."""
    return PROBABILITY in result.coordinates


def tables(result: Result, most: int | None) -> tuple[Table, ...]:
    """Mean, deviation and quantiles: outputs below each other, or the first rows of a table for each."""
    named = {n: o for n, o in result.outputs.items() if o.dims and o.dims[-1] == PROBABILITY}
    single = {n: o for n, o in named.items() if len(o.dims) == 1}
    made = [_together(result, single)] if single else []
    share = None if most is None else max(FEWEST, most // max(1, len(named) - len(single)))
    return (*made, *(_apart(result, n, o, share) for n, o in named.items() if n not in single))


def lines(result: Result) -> list[Line]:
    """What is drawn, from what, and how; nothing where nothing is."""
    sample, uncertain = result.facts.get("sample"), result.facts.get("uncertain", {})
    if sample is None:
        return []
    drawn = [Line("uncertain", f"{name} {text}") for name, text in uncertain.items()]
    text = f"{sample['count']} by {sample['sampler']}, seed {sample['seed']}"
    return [*drawn, Line("draws" if uncertain else "sample", text)]


def _heads(result: Result) -> list[Column]:
    texts = ["mean", "std", *(f"{100 * p:g} %" for p in result.coordinates[PROBABILITY].values)]
    return [Column(text, numeric=True) for text in texts]


def _numbers(result: Result, name: str, place: tuple[int, ...] = ()) -> list[str]:
    unit = result.unit(name)
    parts = (result.output(f"{name}.mean").values[place], result.output(f"{name}.std").values[place])
    return [shown(v, unit or "W") for v in (*parts, *result.output(name).values[place])]


def _together(result: Result, outputs: dict[str, Output]) -> Table:
    rows = tuple((n, unit_shown(o.unit), *_numbers(result, n)) for n, o in outputs.items())
    return Table("", (Column("output"), Column("unit"), *_heads(result)), rows)


def _apart(result: Result, name: str, output: Output, most: int | None) -> Table:
    """One output at every value of the other axes."""
    over = output.dims[:-1]
    along = {d: _along(result, d) for d in over}
    places = list(np.ndindex(output.values.shape[:-1]))
    columns = [Column(n, unit_shown(u), v.dtype.kind in "fiu") for d in over for n, v, u in along[d]]
    rows = []
    within = result.outputs.get("within")
    shared = within is not None and within.dims == over
    for place in places[:most]:
        told = [shown(v[k], u) for d, k in zip(over, place, strict=True) for _, v, u in along[d]]
        share = [shown(within.values[place])] if within is not None and shared else []
        rows.append((*told, *_numbers(result, name, place), *share))
    unit = unit_shown(output.unit)
    left = len(places) - len(rows)
    more = f"{left} more rows: --csv, --json or --out FILE has them" if left else ""
    last = [Column("within", numeric=True)] if shared else []
    title = f"{name} [{unit}]" if unit else name
    return Table(title, (*columns, *_heads(result), *last), tuple(rows), more)


def _along(result: Result, dim: str) -> Sequence[tuple[str, Any, str]]:
    """Names, values and units of what moves along a dimension."""
    listed = [(n, o.values, o.unit) for n, o in result.outputs.items() if o.dims == (dim,) and not o.sources]
    c = result.coordinates[dim]
    return [(dim, c.values, c.unit), *listed]
