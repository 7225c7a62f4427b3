"""How an output lies over many designs: a histogram, and the share of designs at or below each value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symppa.reports.plot.designs import Quantity
from symppa.reports.plot.style import BLUE, drawing, plain_ticks, written


def histogram(output: Quantity, counts: Sequence[int], path: Any = None, *, title: str = "", beside: str = "") -> Any:
    """Bars between the edges that `output` holds, one more than counts; `beside` says what lies beyond them."""
    edges = np.asarray(output.values, float)
    with drawing(6.4, 3.8) as (figure, grid):
        axes = grid[0][0]
        gap = {"edgecolor": "white", "linewidth": 0.6} if len(counts) <= 100 else {}
        axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=BLUE, zorder=2, **gap)
        axes.set(xlabel=output.label, ylabel="designs", xlim=(edges[0], edges[-1]))
        axes.grid(axis="x", visible=False)
        plain_ticks(axes.xaxis)
        plain_ticks(axes.yaxis)
        axes.set_title(title, loc="left")
        if beside:
            axes.set_title(beside, loc="right", fontsize=8)
    return written(figure, path)


def cumulative(
    outputs: Sequence[Quantity], probabilities: Sequence[float], path: Any = None, *, title: str = ""
) -> Any:
    """The share of designs at or below each quantile, a panel for each output."""
    rows, order = -(-len(outputs) // 2), np.argsort(probabilities)
    with drawing(7.2, 2.5 * rows + 0.3, rows, 2 if len(outputs) > 1 else 1) as (figure, grid):
        panels = list(grid.ravel())
        for axes, output in zip(panels, outputs, strict=False):
            values, shares = np.asarray(output.values, float)[order], 100 * np.asarray(probabilities)[order]
            axes.plot(values, shares, "-o", color=BLUE, markersize=3.5, zorder=3)
            axes.set(xlabel=output.label, ylabel="designs at or below (%)", ylim=(-3, 103))
            plain_ticks(axes.xaxis)
        for axes in panels[len(outputs) :]:
            axes.set_visible(False)
        figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    return written(figure, path)
