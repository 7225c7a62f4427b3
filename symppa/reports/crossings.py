"""What a report of a break-even says."""

from __future__ import annotations

from typing import Any

from symppa.language.written_units import plain as unit_shown
from symppa.reports.number import measured
from symppa.reports.report import Column, Line, Report, Table
from symppa.studies.result import Result


def report(result: Result) -> Report:
    """Crossings with their certificates, and which output is the smaller one between them."""
    facts, unit = result.facts, result.unit("break_even")
    heads = (
        Column(facts["given"], unit_shown(unit), True),
        Column("not below", "", True),
        Column("not above", "", True),
    )
    columns = [result[name] for name in ("break_even", "low", "high")]
    rows = tuple(tuple(f"{value:.10g}" for value in row) for row in zip(*columns, strict=True))
    crossings = (Table("", heads, rows),) if rows else ()
    said = [Line("method", facts["method"]), *(_smaller(piece, unit) for piece in facts["smaller"])]
    if not rows:
        said.insert(0, Line("none", f"{' and '.join(facts['outputs'])} are not equal anywhere in this range"))
    title = f"{result.name}: {' against '.join(facts['outputs'])}"
    return Report(title, "", crossings, (*said, *(Line("note", note) for note in result.notes)))


def _smaller(piece: dict[str, Any], unit: str) -> Line:
    ends = (measured(piece[end], unit) for end in ("from", "to"))
    what = piece["output"]
    return Line("equal" if what == "equal" else f"{what} is smaller", " to ".join(ends))
