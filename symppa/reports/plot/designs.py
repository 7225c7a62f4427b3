"""Designs of a grid: lines, heat maps, fronts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from symppa.reports.number import shown
from symppa.reports.plot.style import BLUE, COLOURS, GREY, drawing, labelled, plain_ticks, written


class Quantity(NamedTuple):
    """Values with a name and a unit; texts are categories."""

    name: str
    values: Any
    unit: str = "1"

    @property
    def label(self) -> str:
        """The text of its axis."""
        return labelled(self.name, self.unit)


def _place(quantity: Quantity) -> Any:
    values = np.asarray(quantity.values)
    return np.arange(len(values)) if values.dtype.kind in "US" else values.astype(float)


def _ticks(axis: Any, quantity: Quantity) -> None:
    values = np.asarray(quantity.values)
    if values.dtype.kind in "US":
        axis.set_ticks(np.arange(len(values)), list(values))
    else:
        plain_ticks(axis)


def lines(along: Quantity, outputs: Sequence[Quantity], path: Any = None, *, title: str = "") -> Any:
    """One panel for each output along one axis."""
    rows = -(-len(outputs) // 2)
    with drawing(7.2, 2.5 * rows + 0.3, rows, 2 if len(outputs) > 1 else 1) as (figure, grid):
        panels = list(grid.ravel())
        for axes, output in zip(panels, outputs, strict=False):
            style = "o" if np.asarray(along.values).dtype.kind in "US" else "-"
            dots = {"marker": "o", "markersize": 3.5} if len(along.values) <= 40 else {}
            axes.plot(_place(along), output.values, linestyle="none" if style == "o" else "-", color=BLUE, **dots)
            axes.set(xlabel=along.label, ylabel=output.label)
            _ticks(axes.xaxis, along)
            plain_ticks(axes.yaxis)
        for axes in panels[len(outputs) :]:
            axes.set_visible(False)
        figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    return written(figure, path)


def heat_map(across: Quantity, up: Quantity, output: Quantity, path: Any = None, *, title: str = "") -> Any:
    """An output over two axes; `output.values[i, j]` at across[i], up[j]."""
    with drawing(6.4, 4.4) as (figure, grid):
        axes = grid[0][0]
        mesh = axes.pcolormesh(
            _place(across), _place(up), np.asarray(output.values).T, cmap="cividis", shading="nearest", rasterized=True
        )
        bar = figure.colorbar(mesh, ax=axes, label=output.label)
        plain_ticks(bar.ax.yaxis)
        axes.set(xlabel=across.label, ylabel=up.label)
        axes.grid(visible=False)
        _ticks(axes.xaxis, across)
        _ticks(axes.yaxis, up)
        axes.set_title(title, loc="left")
    return written(figure, path)


SIZES = (14.0, 150.0)  # of dots, from the least value to the most


def front(
    across: Quantity,
    up: Quantity,
    colour: Quantity | None = None,
    path: Any = None,
    *,
    size: Quantity | None = None,
    title: str = "",
) -> Any:
    """Designs that no other beats; a third objective as colour, a fourth as the size of dots."""
    with drawing(6.4, 4.2) as (figure, grid):
        axes = grid[0][0]
        x, y = np.asarray(across.values, float), np.asarray(up.values, float)
        if colour is None:
            order = np.argsort(x, kind="stable")
            axes.plot(x[order], y[order], color=GREY, linewidth=0.9, zorder=2)
            axes.plot(x, y, "o", color=BLUE, markersize=5, zorder=3)
        else:
            areas = 28.0 if size is None else _areas(size)
            dots = axes.scatter(x, y, c=np.asarray(colour.values, float), cmap="cividis", zorder=3, s=areas, alpha=0.85)
            if size is not None:
                _sizes(axes, size)
            plain_ticks(figure.colorbar(dots, ax=axes, label=colour.label).ax.yaxis)
        axes.set(xlabel=across.label, ylabel=up.label)
        axes.margins(0.06)
        plain_ticks(axes.xaxis)
        plain_ticks(axes.yaxis)
        axes.set_title(title, loc="left")
    return written(figure, path)


def _areas(size: Quantity) -> Any:
    values = np.asarray(size.values, float)
    low, high = values.min(), values.max()
    share = (values - low) / (high - low) if high > low else np.zeros(len(values))
    return SIZES[0] + share * (SIZES[1] - SIZES[0])


def _sizes(axes: Any, size: Quantity) -> None:
    """What the least and the largest dot stand for."""
    values = np.asarray(size.values, float)
    for value, area in zip(dict.fromkeys((values.min(), values.max())), SIZES, strict=False):
        axes.scatter([], [], s=area, color=GREY, label=shown(float(value), size.unit))
    axes.legend(title=size.label, loc="best", labelspacing=0.9)


def ranked(names: Sequence[str], output: Quantity, path: Any = None, *, title: str = "") -> Any:
    """Kept designs as bars, in their order."""
    places = np.arange(len(names))[::-1]
    with drawing(6.4, 0.34 * len(names) + 1.2) as (figure, grid):
        axes = grid[0][0]
        axes.barh(places, output.values, height=0.62, color=COLOURS[0], zorder=2)
        axes.set_yticks(places, names)
        axes.set_xlabel(output.label)
        axes.grid(axis="y", visible=False)
        plain_ticks(axes.xaxis)
        axes.set_title(title, loc="left")
    return written(figure, path)
