"""Growing a package by whole chiplets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from symppa.reports.number import shown
from symppa.reports.plot.style import (
    BLUE,
    PALE,
    VERMILION,
    drawing,
    labelled,
    plain_ticks,
    set_unit,
    target_line,
    written,
)


class Series(NamedTuple):
    """Values along the axis, with their unit, and a limit where there is one."""

    values: Sequence[float]
    unit: str
    limit: float | None = None
    ideal: bool = False


def chiplet_scaling(
    chiplets: Sequence[float], series: Mapping[str, Series], path: Any = None, *, title: str = ""
) -> Any:
    """One panel for each output; `ideal` adds what twice the chiplets would give if all doubled."""
    rows = -(-len(series) // 2)
    with drawing(7.2, 2.5 * rows + 0.4, rows, 2) as (figure, grid):
        panels = list(grid.ravel())
        for axes, (name, one) in zip(panels, series.items(), strict=False):
            _panel(axes, np.asarray(chiplets, float), name, one)
        for axes in panels[len(series) :]:
            axes.set_visible(False)
        for axes in grid[-1]:
            axes.set_xlabel("chiplets")
        figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    return written(figure, path)


def _panel(axes: Any, chiplets: Any, name: str, one: Series) -> None:
    values = np.asarray(one.values, float)
    if one.ideal:
        axes.plot(
            chiplets,
            values[0] * chiplets / chiplets[0],
            color=PALE,
            linewidth=6,
            solid_capstyle="round",
            label="in proportion",
        )
    over = values > one.limit * (1 + 1e-9) if one.limit is not None else np.zeros(len(values), bool)
    axes.plot(chiplets, values, color=BLUE, zorder=3)
    axes.plot(chiplets[~over], values[~over], "o", color=BLUE, zorder=4)
    if one.limit is not None:
        target_line(axes, one.limit, f"limit {shown(one.limit, one.unit)} {set_unit(one.unit)}")
        if over.any():
            axes.plot(
                chiplets[over], values[over], "o", color=VERMILION, markerfacecolor="white", zorder=5, label="beyond"
            )
    axes.set(ylabel=labelled(name, one.unit), xticks=chiplets)
    axes.set_ylim(0, max([*values, one.limit or 0]) * 1.12)
    plain_ticks(axes.yaxis)
    plain_ticks(axes.xaxis)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="lower right")
