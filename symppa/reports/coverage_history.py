"""Coverage over time, a line for each run."""

from __future__ import annotations

from collections.abc import Sequence

from symppa.calibration.coverage.history import Entry
from symppa.reports.report import Column, Report, Table

HEADS = (
    Column("When"), Column("What"), Column("Operations", "% calibrated", True), Column("FLOPs", "% calibrated", True),
    Column("Time", "% calibrated", True), Column("At risk", "% of time", True), Column("Error", "%", True),
)  # fmt: skip


def report(entries: Sequence[Entry]) -> Report:
    """Runs in the order they were made."""
    rows = tuple(
        (one.timestamp, one.of, *(f"{value:.1f}" for value in (one.calibrated, one.coverage, one.time, one.at_risk)),
         "" if one.error is None else f"{one.error:.1f}")
        for one in entries
    )  # fmt: skip
    return Report("Coverage over time", "", (Table("", HEADS, rows),), ())


def page(entries: Sequence[Entry]) -> str:
    """The same as a page with its picture."""
    from symppa.reports import html
    from symppa.reports.plot.coverage import over_time
    from symppa.reports.plot.style import svg

    return html.page(report(entries), {"Coverage over time": svg(over_time(entries))})
