"""Results and tables as CSV, all digits."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from symppa.reports.network import subgraphs_exactly
from symppa.reports.report import Table
from symppa.studies import tables
from symppa.studies.result import Result


def as_csv(result: Result, *, every: bool = False) -> str:
    """One table: an analysis by output and member, other studies by design; of a network `every` one its subgraphs."""
    if every and "network" in result.facts:
        return written(*subgraphs_exactly(result))
    if result.study in ("analyze", "design", "verify"):
        return written(*tables.listing(result))
    if not result.outputs:
        return written(["count", "value"], result.counts.items())
    return tables.csv_text(result)


def table_csv(table: Table) -> str:
    """A table of texts."""
    return written([column.title for column in table.columns], table.rows)


def written(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Lines of CSV.

    >>> written(["output", "value"], [["power", 267.2]])
    'output,value\\npower,267.2\\n'
    """
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(head)
    out.writerows([repr(v) if isinstance(v, float) else v for v in row] for row in rows)
    return text.getvalue()
