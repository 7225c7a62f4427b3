"""Figures of lists of designs: clouds of points, and bands of quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from symppa.reports.number import shown
from symppa.reports.plot.designs import Quantity
from symppa.reports.plot.style import BLUE, drawing, plain_ticks, written

FEW = 500  # points that are drawn as large dots


class Band(NamedTuple):
    """An output with quantiles: `values[i, k]` at place i, for probability k."""

    output: Quantity
    probabilities: Sequence[float]


def cloud(across: Quantity, up: Quantity, path: Any = None, *, title: str = "") -> Any:
    """Points over two quantities."""
    with drawing(6.4, 4.2) as (figure, grid):
        axes = grid[0][0]
        few = len(across.values) <= FEW
        axes.plot(
            across.values, up.values, "o", color=BLUE, markersize=4 if few else 1.6, alpha=0.9 if few else 0.5,
            markeredgewidth=0, rasterized=not few,
        )  # fmt: skip
        axes.set(xlabel=across.label, ylabel=up.label)
        plain_ticks(axes.xaxis)
        plain_ticks(axes.yaxis)
        axes.set_title(title, loc="left")
    return written(figure, path)


def bands(along: Quantity, found: Sequence[Band], path: Any = None, *, title: str = "") -> Any:
    """One panel for each output: the middle quantile as a line, the outermost ones as a band."""
    rows = -(-len(found) // 2)
    with drawing(7.2, 2.5 * rows + 0.5, rows, 2 if len(found) > 1 else 1) as (figure, grid):
        panels = list(grid.ravel())
        for axes, (output, probabilities) in zip(panels, found, strict=False):
            ranked = np.argsort(probabilities)
            low, middle, high = ranked[0], ranked[len(ranked) // 2], ranked[-1]
            order = np.argsort(along.values, kind="stable")
            x, values = np.asarray(along.values, float)[order], np.asarray(output.values, float)[order]
            text = f"{shown(100 * probabilities[low], '')} to {shown(100 * probabilities[high], '')} % of draws"
            axes.fill_between(x, values[:, low], values[:, high], color=BLUE, alpha=0.2, linewidth=0, label=text)
            axes.plot(x, values[:, middle], color=BLUE, label=f"{shown(100 * probabilities[middle], '')} %")
            axes.set(xlabel=along.label, ylabel=output.label)
            plain_ticks(axes.xaxis)
            plain_ticks(axes.yaxis)
        for axes in panels[len(found) :]:
            axes.set_visible(False)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=2)
        figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    return written(figure, path)
