"""The engine under its own roof: the rates of its arithmetic and of its memory, and where its walks land."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks._floor import Floor
from benchmarks._report import Figure
from symppa.reports.plot.style import COLOURS, GREY, drawing, plain_ticks, written

DOUBLE = 8  # bytes


class Walk(NamedTuple):
    """A walk as the picture names it; where its operations, its memory and its own time stand among the figures."""

    name: str
    kind: str
    memory: str
    reached: str


WALKS = (
    Walk("grid, reduced", "grid", "moved_1e8_ns", "native_reduce_1e8_ns"),
    Walk("grid, stored", "stored", "stored_ns", "native_store_ns"),
    Walk("list, reduced", "points", "moved_points_ns", "native_points_ns"),
)
ARITHMETIC = {"grid": "computed_1e8_ns", "stored": "computed_ns", "points": "computed_points_ns"}


def counts(grid: Floor, points: Floor) -> list[Figure]:
    """Operations and bytes of a design, in each of the walks."""
    found = []
    for kind, floor, written_ in (("grid", grid, 0), ("stored", grid, grid.stored), ("points", points, 0)):
        steps = [n for n in floor.full if floor.program.steps[n].arguments]
        found += [
            Figure(f"{kind}_operations", len(steps), "operations/design"),
            Figure(f"{kind}_bytes", DOUBLE * (len(floor.streams) + written_), "bytes/design"),
        ]
    return found


def draw(figures: Sequence[Figure], path: Path) -> None:
    """Intensity across, rate up; each walk stands below its roof, in the colour of it."""
    value = {figure.name: figure.value for figure in figures}
    across = np.geomspace(0.03, 60, 400)
    with drawing(7.2, 4.2) as (figure, grid):
        axes = grid[0][0]
        axes.set(xscale="log", yscale="log", xlabel="operations a byte", ylabel="operations a nanosecond, one core")
        axes.set(xlim=(across[0], across[-1]), ylim=(0.4, 40))
        for walk, colour in zip(WALKS, COLOURS, strict=False):
            roof = _roof(value, walk)
            intensity = value[f"{walk.kind}_operations"] / value[f"{walk.kind}_bytes"]
            rate = value[f"{walk.kind}_operations"] / value[walk.reached]
            top = min(roof[0], roof[1] * intensity)
            axes.plot(across, np.minimum(roof[0], roof[1] * across), color=colour)
            axes.plot([intensity] * 2, [rate, top], color=GREY, linewidth=1)
            axes.plot(intensity, rate, "o", color=colour)
            text = f"{walk.name}\n{value[walk.reached]:.2g} ns, {100 * rate / top:.0f} % of its roof"
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
            axes.annotate(text, (intensity, rate), (7, -3), textcoords="offset points", va="top", fontsize=8, bbox=box)
        for axis in (axes.xaxis, axes.yaxis):
            plain_ticks(axis, log=True)
    written(figure, path)


def _roof(value: Mapping[str, float], walk: Walk) -> tuple[float, float]:
    """Operations and bytes a nanosecond."""
    return (
        value[f"{walk.kind}_operations"] / value[ARITHMETIC[walk.kind]],
        value[f"{walk.kind}_bytes"] / value[walk.memory],
    )
