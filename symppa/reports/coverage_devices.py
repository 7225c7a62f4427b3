"""Which devices are calibrated, and which to measure first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symppa.calibration.coverage.inventory import STALE, Held, by_priority
from symppa.reports.report import Column, Line, Report, Table, listed

ROW = ("device", "class", "calibrated", "fits", "operations", "precisions", "date", "age_days", "stale", "suspicious",
       "donor", "priority", "next")  # fmt: skip
MOST = 15  # of the priority list on a screen


def facts(held: Sequence[Held]) -> list[dict[str, Any]]:
    """A row for each device; `priority` counts from 1, null where there is nothing to do."""
    place = {one.device: k for k, one in enumerate(by_priority(held), 1)}
    return [
        {
            "device": one.device, "class": one.system, "calibrated": one.calibrated, "fits": one.fits,
            "operations": list(one.ops), "precisions": [name.upper() for name in one.formats],
            "date": one.date or None, "age_days": one.age, "stale": one.stale, "suspicious": list(one.suspicious),
            "donor": one.donor or None, "priority": place.get(one.device), "next": one.next or None,
        }
        for one in held
    ]  # fmt: skip


def rows(held: Sequence[Held]) -> list[list[Any]]:
    """The rows of CSV under `ROW`."""
    told = facts(held)
    return [["; ".join(v) if isinstance(v := one[name], list) else v for name in ROW] for one in told]


def report(held: Sequence[Held]) -> Report:
    """Devices with their calibrations, then what to do first."""
    heads = (Column("Device"), Column("Class"), Column("Status"), Column("Fits", "", True), Column("Operations"),
             Column("Formats"), Column("Age", "days", True), Column("Mark"))  # fmt: skip
    known = [one for one in held if one.calibrated or one.suspicious]
    table = tuple(
        (one.device, one.system, "CALIBRATED" if one.calibrated else "MISSING", str(one.fits), listed(one.ops, 4),
         ", ".join(name.upper() for name in one.formats), "" if one.age is None else str(one.age), _mark(one))
        for one in known
    )  # fmt: skip
    due = by_priority(held)
    first = tuple((str(k), one.device, one.next) for k, one in enumerate(due[:MOST], 1))
    more = f"{len(due) - MOST} more: --json has them" if len(due) > MOST else ""
    order = (Column("", "", True), Column("Device"), Column("What to do"))
    odd = tuple((one.device, text) for one in held for text in one.suspicious)
    marked = Table("Suspicious: measured above the peak", (Column("Device"), Column("What")), odd)
    tables = (Table("Calibrated", heads, table), marked, Table("To measure first", order, first, more))
    return Report("Calibration of the registry's devices", "", tuple(t for t in tables if t.rows), tuple(_lines(held)))


def _mark(one: Held) -> str:
    return ", ".join(word for word, due in (("SUSPICIOUS", one.suspicious), ("STALE", one.stale)) if due)


def _lines(held: Sequence[Held]) -> list[Line]:
    without = [one for one in held if not one.calibrated]
    alone = [one.device for one in without if not one.donor]
    return [
        Line("calibrated", f"{len(held) - len(without)} of {len(held)} devices"),
        Line("may borrow", f"{len(without) - len(alone)}: a similar device of their class is calibrated"),
        Line("stale", f"{sum(one.stale for one in held)} older than {STALE} days"),
        Line("suspicious", f"{sum(bool(one.suspicious) for one in held)} above a peak"),
    ]
