"""Bars of whatever numbers there are: a panel for each unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symppa.reports.number import shown
from symppa.reports.plot.style import BLUE, PALE, drawing, plain_ticks, set_unit, written

MOST = 24  # bars of one panel


def unit_bars(groups: Mapping[str, Mapping[str, float]], path: Any = None, *, title: str = "") -> Any:
    """A panel for each unit, a bar for each number, the first ones where there are many."""
    counts = [min(len(numbers), MOST) for numbers in groups.values()]
    heights = [0.26 * count + 0.9 for count in counts]
    with drawing(7.0, sum(heights) + 0.4, len(counts), height_ratios=heights) as (figure, grid):
        for axes, (unit, numbers) in zip(grid[:, 0], groups.items(), strict=True):
            _panel(axes, unit, numbers)
        figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    return written(figure, path)


def _panel(axes: Any, unit: str, numbers: Mapping[str, float]) -> None:
    names = list(numbers)[:MOST]
    values = np.array([numbers[name] for name in names], float)
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    places = np.arange(len(names))[::-1]
    axes.barh(places, finite, height=0.62, color=BLUE, zorder=2)
    for place, value, end in zip(places, values, finite, strict=True):
        axes.annotate(
            shown(value, unit), (end, place), xytext=(4 if end >= 0 else -4, 0), textcoords="offset points",
            va="center", ha="left" if end >= 0 else "right", fontsize=8,
        )  # fmt: skip
    low, high = min(finite.min(), 0.0), max(finite.max(), 0.0)
    room = 0.18 * ((high - low) or 1.0)
    axes.set_xlim(low - (room if low < 0 else 0.0), high + room)
    axes.axvline(0, color=PALE, linewidth=0.8)
    axes.set_yticks(places, [name.replace("_", " ") for name in names])
    axes.grid(axis="y", visible=False)
    left = len(numbers) - len(names)
    more = f"; {left} more are not drawn" if left else ""
    axes.set_xlabel(f"{set_unit(unit) or 'a pure number'}{more}")
    plain_ticks(axes.xaxis)
