"""What is computed from what: givens on the left, formulas to the right of all they use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symppa.reports.plot.style import BLUE, GREY, drawing, written

COLUMN, ROW = 2.1, 0.3  # inches


def graph(uses: Mapping[str, Sequence[str]], path: Any = None, *, title: str = "") -> Any:
    """A dot for each quantity, filled where it is computed; an arrow from each quantity to what uses it."""
    places = _places(uses)
    columns = 1 + max((x for x, _ in places.values()), default=0)
    rows = 1 + max((y for _, y in places.values()), default=0)
    with drawing(COLUMN * columns + 0.4, ROW * rows + 0.8) as (figure, grid):
        axes = grid[0][0]
        for name, used in uses.items():
            for other in used:
                axes.annotate(
                    "", places[name], places[other],
                    arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 0.6, "alpha": 0.5,
                                "shrinkA": 4, "shrinkB": 4, "connectionstyle": "arc3,rad=-0.08"},
                )  # fmt: skip
        for name, (x, y) in places.items():
            face = BLUE if uses[name] else "white"
            axes.plot(x, y, "o", markersize=5, markerfacecolor=face, markeredgecolor=BLUE, zorder=3)
            axes.annotate(
                name, (x, y), xytext=(0, 5), textcoords="offset points", ha="center", fontsize=7, zorder=4,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.75},
            )  # fmt: skip
        axes.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.9))
        axes.set_axis_off()
        axes.set_title(title, loc="left")
    return written(figure, path)


def _places(uses: Mapping[str, Sequence[str]]) -> dict[str, tuple[float, float]]:
    """Column by what a quantity needs, row by where that stands."""
    depth: dict[str, int] = {}
    for name in uses:
        _deepen(name, uses, depth)
    columns: dict[int, list[str]] = {}
    for name in uses:
        columns.setdefault(depth[name], []).append(name)
    most = max(map(len, columns.values()), default=1)
    places: dict[str, tuple[float, float]] = {}
    for column, names in sorted(columns.items()):
        wanted = {n: sum(places[o][1] for o in uses[n]) / len(uses[n]) if uses[n] else 0.0 for n in names}
        gap = most / len(names)
        for row, name in enumerate(sorted(names, key=lambda n: wanted[n])):
            places[name] = (float(column), gap * (row + 0.5) - 0.5)
    return places


def _deepen(name: str, uses: Mapping[str, Sequence[str]], depth: dict[str, int]) -> int:
    if name not in depth:
        depth[name] = 0
        depth[name] = max((_deepen(other, uses, depth) + 1 for other in uses[name]), default=0)
    return depth[name]
