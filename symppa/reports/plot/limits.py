"""A design within its limits: how much of each is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symppa.reports.number import measured
from symppa.reports.plot.style import BLUE, GREY, PALE, drawing, plain_ticks, written

MOST = 2.0  # of a bound, beyond which a bar is cut


def limits_figure(rows: Sequence[Mapping[str, Any]], path: Any = None, *, title: str = "") -> Any:
    """A bar for each limit, as long as its output's share of the bound; those that bind are dark."""
    with drawing(7.0, 0.42 * len(rows) + 1.1) as (figure, grid):
        axes = grid[0][0]
        places = range(len(rows))[::-1]
        for place, row in zip(places, rows, strict=True):
            share = row["value"] / row["bound"] if row["bound"] else 0.0
            axes.barh(
                place, min(max(share, 0.0), MOST) * 100, height=0.6, color=BLUE if row["binds"] else PALE, zorder=2
            )
            axes.annotate(
                measured(row["value"], row["unit"]), (0, place), xytext=(4, 0), textcoords="offset points",
                va="center", fontsize=8, zorder=3,
            )  # fmt: skip
        axes.axvline(100, color=GREY, linewidth=1.0, zorder=4)
        axes.set_yticks(list(places), [row["limit"] for row in rows])
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("output as a share of its bound [%]")
        plain_ticks(axes.xaxis)
        figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    return written(figure, path)
