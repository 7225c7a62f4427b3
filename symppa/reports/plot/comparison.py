"""Descriptions side by side: bars against their targets, and one map of two outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from symppa.language.written_units import plain as unit_shown
from symppa.reports.number import shown
from symppa.reports.plot.style import (
    BLUE,
    COLOURS,
    GREY,
    MARKERS,
    PALE,
    TARGET,
    drawing,
    labelled,
    plain_ticks,
    set_limit,
    set_unit,
    target_line,
    written,
)

PANEL, LETTER = 170, 5  # points: width of a panel, and of a digit
MARGIN = 1.2  # of the longest bar, for its number


class Bars(NamedTuple):
    """An output of every description, its unit, and its target (`>= 2 TFLOPS/mm2`) with the bound as a number."""

    values: Sequence[float]
    unit: str
    target: str = ""
    bound: float | None = None
    met: Sequence[bool] | None = None


def architecture_comparison(
    names: Sequence[str],
    bars: Mapping[str, Bars],
    across: tuple[str, Bars] | None = None,
    up: tuple[str, Bars] | None = None,
    path: Any = None,
    *,
    title: str = "",
) -> Any:
    """A panel of bars for each output; `across` and `up` make a map with one point for each description."""
    count = len(bars) + (across is not None and up is not None)
    rows = -(-count // 2)
    height = rows * max(1.9, 0.34 * len(names) + 1.0) + 0.4
    with drawing(7.4, height, rows, 2) as (figure, grid):
        panels = list(grid.ravel())
        for axes, (name, one) in zip(panels, bars.items(), strict=False):
            _bars(axes, names, name, one)
            if axes is not panels[0] and axes.get_subplotspec().colspan.start == 1:
                axes.set_yticklabels([])
                axes.tick_params(axis="y", length=0)
        if across is not None and up is not None:
            _map(panels[len(bars)], names, across, up)
        for axes in panels[count:]:
            axes.set_visible(False)
        _key(figure, panels[len(bars)] if count > len(bars) else None, bars)
        figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    return written(figure, path)


def _key(figure: Any, chart: Any, bars: Mapping[str, Bars]) -> None:
    """What hatching and markers say."""
    from matplotlib.patches import Patch

    handles, labels = chart.get_legend_handles_labels() if chart is not None else ([], [])
    if any(one.met is not None and not all(one.met) for one in bars.values()):
        handles = [Patch(facecolor="white", edgecolor=BLUE, hatch="////"), *handles]
        labels = ["target not met", *labels]
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=3, handletextpad=0.4)


def _bars(axes: Any, names: Sequence[str], name: str, one: Bars) -> None:
    places = np.arange(len(names))[::-1]
    values = np.asarray(one.values, float)
    met = one.met if one.met is not None else [True] * len(names)
    for place, value, good in zip(places, values, met, strict=True):
        axes.barh(
            place,
            value,
            height=0.62,
            color=BLUE if good else "white",
            edgecolor=BLUE,
            linewidth=1.2,
            hatch="" if good else "////",
            zorder=2,
        )
    reach = max([*values, one.bound or 0.0])
    for place, value in zip(places, values, strict=True):
        _label(axes, shown(value, one.unit), value, place, one.bound, reach)
    if one.bound is not None:
        target_line(axes, one.bound, "_", across=False)
        axes.annotate(
            f"target {set_limit(one.target)}", (one.bound, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
            textcoords="offset points", ha="right" if one.bound > reach / 2 else "left", va="bottom", fontsize=7.5,
            color=TARGET,
        )  # fmt: skip
    axes.set_yticks(places, [n.replace("_", " ") for n in names])
    axes.set_xlim(0, reach * MARGIN)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(labelled(name, one.unit))
    plain_ticks(axes.xaxis)


def _label(axes: Any, text: str, value: float, place: float, bound: float | None, reach: float) -> None:
    """A number behind its bar; at its end, or behind the target, where a target's line would run through it."""
    room = (LETTER * len(text) + 8) / PANEL * reach * MARGIN
    crossed = bound is not None and value <= bound <= value + room
    inside = crossed and room < value
    at = bound if crossed and not inside and bound is not None else value
    axes.annotate(
        text, (at, place), xytext=(-4 if inside else 4, 0), textcoords="offset points", va="center", fontsize=8,
        ha="right" if inside else "left", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6}, zorder=3,
    )  # fmt: skip


def _map(axes: Any, names: Sequence[str], across: tuple[str, Bars], up: tuple[str, Bars]) -> None:
    x, y = np.asarray(across[1].values, float), np.asarray(up[1].values, float)
    axes.set_yscale("log")
    for k, name in enumerate(names):
        axes.plot(
            x[k],
            y[k],
            MARKERS[k % len(MARKERS)],
            color=COLOURS[k % len(COLOURS)],
            markersize=7,
            linestyle="none",
            label=name.replace("_", " "),
        )
    span = x.max() - x.min() or x.max()
    axes.set_xlim(x.min() - 0.25 * span, x.max() + 0.25 * span)
    axes.set_ylim(y.min() / 2.5, y.max() * 2.5)
    _ratios(axes, across[1].unit, up[1].unit)
    axes.set(xlabel=labelled(across[0], across[1].unit), ylabel=labelled(up[0], up[1].unit))
    plain_ticks(axes.yaxis, log=True)
    plain_ticks(axes.xaxis)


def _ratios(axes: Any, below: str, above: str) -> None:
    """Lines of one ratio, as a faint scale."""
    low, high = axes.get_xlim()
    bottom, top = axes.get_ylim()
    x = np.linspace(max(low, 1e-9), high, 50)
    for power in range(-4, 4):
        ratio = 10.0**power
        inside = (x * ratio > bottom) & (x * ratio < top)
        if inside.sum() < 5:
            continue
        axes.plot(x[inside], x[inside] * ratio, color=PALE, linewidth=0.9, zorder=0)
        where = x[inside][-1]
        text = f"{shown(ratio, '')} {unit_shown(above)}/{set_unit(below)}"
        axes.annotate(
            text,
            (where, where * ratio),
            xytext=(0, 3),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=6.5,
            color=GREY,
        )
    axes.set(xlim=(low, high), ylim=(bottom, top))
