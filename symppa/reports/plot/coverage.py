"""Coverage as pictures: time by status for each pattern, gaps by time at risk, and coverage over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from symppa.calibration.coverage.covered import Coverage
from symppa.calibration.coverage.gaps import HIGH, MEDIUM, risks
from symppa.calibration.coverage.history import Entry
from symppa.calibration.matching.lookup import Status
from symppa.reports.plot.style import BLUE, COLOURS, DASHES, GREY, MARKERS, ORANGE, PURPLE, VERMILION, drawing, written

# Colour and hatch of each status: either tells it alone.
SHOWN = {
    Status.CALIBRATED: (BLUE, ""), Status.APPROXIMATED: (ORANGE, "//"), Status.MISSING: (VERMILION, "xx"),
}  # fmt: skip
MOST = 16  # bars
SERIES = (("coverage", "of the arithmetic"), ("time", "of the time"), ("calibrated", "of the operations"))


def time_by_pattern(found: Coverage, path: Any = None) -> Any:
    """Predicted time of each pattern, split by the status of its primitives."""
    sums: dict[str, dict[Status, float]] = {}
    for step in found.steps:
        for part in step.parts:
            own = sums.setdefault(step.pattern, dict.fromkeys(SHOWN, 0.0))
            own[part.status] += 1e3 * part.seconds
    ranked = sorted(sums.items(), key=lambda one: -math.fsum(one[1].values()))[:MOST]
    with drawing(7.2, 0.32 * len(ranked) + 1.3) as (figure, grid):
        axes = grid[0, 0]
        left = [0.0] * len(ranked)
        places = range(len(ranked))[::-1]
        for status, (colour, hatch) in SHOWN.items():
            values = [own[status] for _, own in ranked]
            if any(values):
                axes.barh(places, values, left=left, height=0.66, color=colour, hatch=hatch, edgecolor="white",
                          linewidth=0.5, label=status.value, zorder=2)  # fmt: skip
            left = [a + b for a, b in zip(left, values, strict=True)]
        axes.set_yticks(places, [name for name, _ in ranked])
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("predicted time (ms)")
        _legend_above(axes)
    return written(figure, path)


def time_at_risk(found: Coverage, path: Any = None) -> Any:
    """Operations by the share of the predicted time that is at risk with them."""
    ranked = risks(found)[:MOST]
    colours = {"HIGH": VERMILION, "MEDIUM": ORANGE, "LOW": BLUE}
    with drawing(7.2, 0.32 * len(ranked) + 1.3) as (figure, grid):
        axes = grid[0, 0]
        places = range(len(ranked))[::-1]
        axes.barh(places, [one.share for one in ranked], height=0.66, color=[colours[one.level] for one in ranked])
        for place, one in zip(places, ranked, strict=True):
            axes.annotate(f"{one.level}, {one.share:.1f} %", (one.share, place), xytext=(4, 0),
                          textcoords="offset points", va="center", fontsize=8)  # fmt: skip
        axes.set_yticks(places, [f"{one.type} {one.dtype.upper()}, {len(one.parts)}" for one in ranked])
        axes.set_xlim(0, 1.25 * max([HIGH, *(one.share for one in ranked)]))
        for limit, name in ((HIGH, "HIGH"), (MEDIUM, "MEDIUM")):
            axes.axvline(limit, color=GREY, linewidth=0.8, linestyle="--", zorder=1)
            axes.annotate(name, (limit, 1.0), xycoords=("data", "axes fraction"), xytext=(2, 2),
                          textcoords="offset points", fontsize=7, color=GREY)  # fmt: skip
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("share of the predicted time at risk (%)")
    return written(figure, path)


def over_time(entries: Sequence[Entry], path: Any = None) -> Any:
    """Coverage of each network on each device, run after run, and the error where it was measured."""
    groups: dict[str, list[Entry]] = {}
    for one in entries:
        groups.setdefault(one.of, []).append(one)
    with drawing(7.2, 2.6 * len(groups) + 0.3, len(groups)) as (figure, grid):
        for axes, (name, told) in zip(grid[:, 0], groups.items(), strict=True):
            _panel(axes, name, told)
    return written(figure, path)


def _panel(axes: Any, name: str, told: Sequence[Entry]) -> None:
    places = range(1, len(told) + 1)
    for k, (of, words) in enumerate(SERIES):
        axes.plot(places, [getattr(one, of) for one in told], color=COLOURS[k], marker=MARKERS[k], linestyle=DASHES[k],
                  label=f"calibrated, {words}")  # fmt: skip
    axes.plot(places, [one.at_risk for one in told], color=PURPLE, marker="x", linestyle=":", label="time at risk")
    error = [math.nan if one.error is None else one.error for one in told]
    if not all(map(math.isnan, error)):
        axes.plot(places, error, color=GREY, marker="d", linestyle="-.", label="mean error")
    axes.set_title(name, loc="left")
    axes.set_xticks(places, [one.timestamp[:10] for one in told], rotation=30, ha="right")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("%")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def _legend_above(axes: Any) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3)
