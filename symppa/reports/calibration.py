"""What a calibration says: a line for each fit, and the sizes to measure next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symppa.calibration.fitting.plan import Planned
from symppa.calibration.profiles.profile import Profile, summary
from symppa.reports.number import shown
from symppa.reports.report import Column, Line, Report, Table

HEADS = ("op", "dtype", "power_mode", "law", "rows", "mape", "median", "bias", "buckets")


def report(profile: Profile) -> Report:
    """Errors of rows set apart, for each fit."""
    units = {"mape": "%", "median": "%", "bias": "%"}
    texts = ("op", "dtype", "power_mode", "law")
    heads = tuple(Column(name, units.get(name, ""), name not in texts) for name in HEADS)
    rows = tuple(tuple(_cell(one[name], name in texts) for name in HEADS) for one in summary(profile))
    lines = [Line("energy", f"{op}: error {one.mape:.1f} %, {one.rows} rows") for op, one in profile.energies.items()]
    if profile.donor:
        lines.insert(0, Line("borrowed", f"from {profile.donor}, INTERPOLATED: rows and errors are the donor's"))
    if profile.refused or profile.flagged:
        told = f"{profile.refused or 0} refused and left out, {profile.flagged or 0} flagged and kept"
        lines.append(Line("rows", told))
    meaning = "errors of rows that took no part in the fit, by weights, networks or whole shapes"
    return Report(f"calibration of {profile.device}", meaning, (Table("fits", heads, rows, turns=True),), tuple(lines))


def _cell(value: Any, text: bool) -> str:
    return "" if value is None else str(value) if text else shown(float(value), "1")


def planned(device: str, points: Sequence[Planned]) -> Report:
    """Sizes to measure next, the most useful first."""
    heads = (Column("what measures it"), Column("error left", "%", True))
    rows = tuple((one.command, shown(one.left, "1")) for one in points)
    return Report(f"what to measure next on {device}", "", (Table("sizes", heads, rows),), ())
