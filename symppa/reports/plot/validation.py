"""Figures of a validation: measured against estimated, how often intervals hold, what carries the error, history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from symppa.calibration.validation.estimates import HELD_OUT
from symppa.calibration.validation.record import Run, trend
from symppa.calibration.validation.validate import Validation
from symppa.reports.plot.style import (
    BLACK,
    BLUE,
    COLOURS,
    GREEN,
    GREY,
    MARKERS,
    PALE,
    VERMILION,
    drawing,
    plain_ticks,
    svg,
    written,
)  # fmt: skip

LINES = ((10.0, (0, (4, 2)), "within 10 %"), (25.0, (0, (1, 1.5)), "within 25 %"))
MOST = 7  # operations with a colour of their own
BARS = 16


def write(made: Validation, folder: Path, history: Sequence[Run] = ()) -> list[Path]:
    """The figures that there is something to draw in."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for name, draw in _makers(made, history).items():
        path = folder / f"{name}.png"
        written(draw(), path)
        found.append(path)
    return found


def svgs(made: Validation, history: Sequence[Run] = ()) -> dict[str, str]:
    """The same as SVG, by what they show."""
    return {name.replace("_", " "): svg(draw()) for name, draw in _makers(made, history).items()}


def _makers(made: Validation, history: Sequence[Run]) -> Mapping[str, Callable[[], Any]]:
    told: dict[str, Callable[[], Any]] = {}
    if made.scores.n:
        told |= {"measured_against_estimated": lambda: scatter(made), "error_attribution": lambda: attribution(made)}
    if made.reliability:
        told["reliability"] = lambda: reliable(made)
    if len(trend(history)) > 1:
        told["history"] = lambda: over_time(history)
    return told


def scatter(made: Validation) -> Any:
    """Every row, by operation, with the lines of 10 and 25 %."""
    groups = made.by("op")
    named = [one.name for one in sorted(groups, key=lambda one: -one.scores.n)]
    chosen = named if len(named) <= MOST else named[: MOST - 1]
    ops = np.array(made.rows.of("op"), dtype=object)
    measured, estimated = made.pairs.measured * 1e6, made.pairs.estimated * 1e6
    with drawing(7.2, 5.0) as (figure, grid):
        axes = grid[0][0]
        axes.set(xscale="log", yscale="log", xlabel="measured (µs)", ylabel="estimated (µs)")
        low, high = _ends(np.concatenate([measured, estimated]))
        _diagonals(axes, low, high)
        for k, name in enumerate(chosen):
            _dots(axes, measured[ops == name], estimated[ops == name], COLOURS[k], MARKERS[k], name)
        rest = ~np.isin(ops, chosen)
        if rest.any():
            _dots(axes, measured[rest], estimated[rest], GREY, "x", f"{len(named) - len(chosen)} other operations")
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        for axis in (axes.xaxis, axes.yaxis):
            plain_ticks(axis, log=True)
        axes.set_title(_title(made), loc="left")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper")
    return figure


def _title(made: Validation) -> str:
    sample = made.in_sample.n
    seen = "" if not sample else ", IN SAMPLE" if sample == made.scores.n else f", {sample} rows in sample"
    return f"{made.device}: mean error {made.scores.mape:.1f} %, n = {made.scores.n}{seen}"


def _ends(values: Any) -> tuple[float, float]:
    return float(values.min()) / 1.5, float(values.max()) * 1.5


def _diagonals(axes: Any, low: float, high: float) -> None:
    ends = np.array([low, high])
    axes.plot(ends, ends, color=BLACK, linewidth=1.0, zorder=1, label="exact")
    for percent, dash, text in LINES:
        for n, factor in enumerate((1 + percent / 100, 1 - percent / 100)):
            label = text if n == 0 else None
            axes.plot(ends, ends * factor, color=GREY, linewidth=0.9, linestyle=dash, zorder=1, label=label)


def _dots(axes: Any, across: Any, up: Any, colour: str, marker: str, name: str) -> None:
    size = 26 if len(across) < 60 else 12 if len(across) < 600 else 6
    axes.scatter(
        across, up, s=size, color=colour, marker=marker, alpha=0.75 if len(across) < 600 else 0.4, linewidths=0.4,
        zorder=3, label=name.replace("_", " "),
    )  # fmt: skip


def reliable(made: Validation) -> Any:
    """What the intervals hold in each bucket of estimated time, with the band where they keep their promise."""
    buckets = made.reliability
    with drawing(6.8, 3.8) as (figure, grid):
        axes = grid[0][0]
        places = np.arange(len(buckets))
        for place, one in zip(places, buckets, strict=True):
            axes.bar(place, one.most - one.least, bottom=one.least, width=0.62, color=PALE, zorder=2,
                     label="95 of 100 cases" if place == 0 else None)  # fmt: skip
        for inside, colour, marker, text in ((True, BLUE, "o", "in the band"), (False, VERMILION, "X", "outside it")):
            some = [(p, b.observed) for p, b in zip(places, buckets, strict=True) if b.inside == inside]
            if some:
                axes.scatter(*zip(*some, strict=True), s=46, color=colour, marker=marker, zorder=4, label=text)
        axes.axhline(buckets[0].nominal, color=GREY, linewidth=1.0, zorder=3, label="nominal")
        axes.set_xticks(places, [f"{_time(one.low)}–\n{_time(one.high)}\nn = {one.n}" for one in buckets])
        floor = min(min(one.least, one.observed) for one in buckets)
        axes.set_ylim(max(0.0, floor - 6), 102)
        axes.grid(axis="x", visible=False)
        axes.set(xlabel="estimated time", ylabel="held by the 90 % interval (%)")
        of = made.reliability_of if made.reliability_of == HELD_OUT else made.reliability_of.upper()
        axes.set_title(f"{made.device}: how often intervals hold, rows {of}", loc="left")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def _time(seconds: float) -> str:
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs"), (1e9, "ns")):
        if seconds * factor >= 0.9995:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.2g} ns"


def attribution(made: Validation) -> Any:
    """Shares of the summed absolute error and of the measured time, by operation, and by pattern where there is one."""
    panels = [("operation", made.by("op")), ("fusion pattern", made.by("pattern"))]
    told = [(what, groups) for what, groups in panels if groups]
    counts = [min(len(groups), BARS) for _, groups in told]
    heights = [0.42 * count + 1.0 for count in counts]
    with drawing(7.2, sum(heights) + 0.5, len(told), height_ratios=heights) as (figure, grid):
        for axes, (what, groups) in zip(grid[:, 0], told, strict=True):
            _bars(axes, what, groups)
        figure.suptitle(f"{made.device}: what carries the error", x=0.01, ha="left", fontsize=10)
        figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def _bars(axes: Any, what: str, groups: Any) -> None:
    drawn = groups[:BARS]
    places = np.arange(len(drawn))[::-1].astype(float)
    axes.barh(places + 0.19, [one.error_share for one in drawn], height=0.36, color=VERMILION, zorder=2,
              label="share of the summed absolute error")  # fmt: skip
    axes.barh(places - 0.19, [one.time_share for one in drawn], height=0.36, color=BLUE, zorder=2,
              label="share of the measured time")  # fmt: skip
    for place, one in zip(places, drawn, strict=True):
        end = max(one.error_share, one.time_share)
        axes.annotate(f"mean error {one.scores.mape:.1f} %, n = {one.scores.n}", (end, place), xytext=(4, 0),
                      textcoords="offset points", va="center", fontsize=7.5, color=GREY)  # fmt: skip
    axes.set_yticks(places, [_wrapped(one.name) for one in drawn])
    high = max(max(one.error_share, one.time_share) for one in drawn)
    axes.set_xlim(0, 1.45 * high)
    axes.set_xticks([tick for tick in axes.get_xticks() if tick <= min(100.0, 1.45 * high)])
    axes.grid(axis="y", visible=False)
    left = len(groups) - len(drawn)
    axes.set_xlabel(f"share by {what} (%)" + (f"; {left} more are not drawn" if left else ""))


def _wrapped(name: str) -> str:
    return name.replace("_", " ") if len(name) <= 34 else name.replace("_", " ")[:33] + "…"


def over_time(history: Sequence[Run]) -> Any:
    """The mean absolute error of every run, those that missed a limit marked."""
    runs = trend(history)
    with drawing(6.8, 3.4) as (figure, grid):
        axes = grid[0][0]
        places = np.arange(len(runs))
        errors = [one.scores["mape"] for one in runs]
        axes.plot(places, errors, color=BLUE, zorder=2)
        for accepted, colour, marker, text in ((True, GREEN, "o", "accepted"), (False, VERMILION, "X", "not accepted")):
            some = [(p, e) for p, e, one in zip(places, errors, runs, strict=True) if one.accepted == accepted]
            if some:
                axes.scatter(*zip(*some, strict=True), s=40, color=colour, marker=marker, zorder=3, label=text)
        step = max(1, -(-len(runs) // 8))
        axes.set_xticks(places[::step], [one.time[:16].replace("T", "\n") for one in runs[::step]])
        axes.set_ylim(0, 1.15 * max([*errors, 1e-6]))
        axes.margins(x=0.1)
        axes.grid(axis="x", visible=False)
        axes.set(xlabel="run", ylabel="mean absolute error (%)")
        axes.set_title(f"{runs[-1].device}: accuracy over time, the same rows", loc="left")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure
