"""What moves an output: tornado of elasticities, and outputs along the ranges of givens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from symppa.reports.number import shown, signed
from symppa.reports.plot.style import (
    BLUE,
    GREY,
    ORANGE,
    TARGET,
    drawing,
    labelled,
    plain_ticks,
    set_limit,
    target_line,
    written,
)

MOST = 12
NARROW = 20  # letters below a small panel


class Curve(NamedTuple):
    """An output along a given: values of the given in its unit, values of the output, the given's own value."""

    at: Sequence[float]
    values: Sequence[float]
    unit: str = "1"
    here: float | None = None


class Panels(NamedTuple):
    """One output: its unit, its value at the design, its curve and elasticity along each given, its target."""

    unit: str
    value: float
    curves: Mapping[str, Curve]
    elasticity: Mapping[str, float]
    target: str = ""
    bound: float | None = None


def tornado(
    names: Sequence[str],
    elasticity: Sequence[float],
    secant: Sequence[float],
    path: Any = None,
    *,
    output: str = "",
    title: str = "",
) -> Any:
    """Elasticities as bars, the longest first; secants as diamonds."""
    shown_names = list(names)[:MOST]
    with drawing(6.4, 0.36 * len(shown_names) + 1.3) as (figure, grid):
        axes = grid[0][0]
        _tornado(axes, shown_names, elasticity[:MOST], secant[:MOST])
        axes.set_title(title, loc="left")
        axes.set_xlabel(f"elasticity of {output.replace('_', ' ')} (% per %)" if output else "elasticity (% per %)")
    return written(figure, path)


def _tornado(axes: Any, names: Sequence[str], elasticity: Sequence[float], secant: Sequence[float]) -> None:
    places = np.arange(len(names))[::-1]
    values = np.asarray(elasticity, float)
    axes.barh(places, values, height=0.6, color=[BLUE if v > 0 else ORANGE for v in values], zorder=2, label="_")
    for place, value in zip(places, values, strict=True):
        side = 1 if value >= 0 else -1
        axes.annotate(signed(float(value)), (value, place), xytext=(8 * side, 0), textcoords="offset points",
                      ha="left" if side > 0 else "right", va="center", fontsize=8)  # fmt: skip
    other = np.asarray(secant, float)
    good = np.isfinite(other)
    if good.any():
        axes.plot(
            other[good],
            places[good],
            "D",
            markersize=5,
            color="black",
            markerfacecolor="white",
            zorder=4,
            linestyle="none",
            label="secant over its range",
        )
        axes.figure.legend(loc="outside lower center")
    reach = float(np.nanmax(np.abs([*values, *other[good]])))
    low = -reach if min([*values, *other[good]]) < 0 else 0.0
    axes.axvline(0, color=GREY, linewidth=0.9)
    axes.set_xlim(low * 1.3, reach * 1.3)
    axes.set_yticks(places, names)
    axes.grid(axis="y", visible=False)
    plain_ticks(axes.xaxis)


def sensitivity_figure(outputs: Mapping[str, Panels], path: Any = None, *, title: str = "") -> Any:
    """A row for each output, a column for each given, in their own units; the dot is the design."""
    givens = list(dict.fromkeys(given for row in outputs.values() for given in row.curves))
    axis = {given: next(r.curves[given] for r in outputs.values() if given in r.curves) for given in givens}
    with drawing(1.75 * len(givens) + 0.9, 1.7 * len(outputs) + 0.9, len(outputs), len(givens)) as (figure, grid):
        for k, (name, row) in enumerate(outputs.items()):
            for column, given in enumerate(givens):
                axes = grid[k][column]
                _cell(axes, row, axis[given], row.curves.get(given), row.elasticity.get(given, 0.0))
                if column:
                    axes.sharey(grid[k][0])
                axes.tick_params(labelleft=not column, labelbottom=k == len(outputs) - 1)
            _limits(grid[k][0], name, row)
        for axes, given in zip(grid[-1], givens, strict=True):
            axes.set_xlabel(_broken(labelled(given, axis[given].unit)))
        figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    return written(figure, path)


def _broken(label: str) -> str:
    """A label on lines short enough for a narrow panel."""
    lines = [""]
    for piece in label.replace(".", ".\0").replace(" (", "\0(").split("\0"):
        if lines[-1] and len(lines[-1]) + len(piece) > NARROW:
            lines.append("")
        joint = " " if lines[-1] and piece.startswith("(") else ""
        lines[-1] += joint + piece
    return "\n".join(lines)


def _cell(axes: Any, row: Panels, along: Curve, curve: Curve | None, elasticity: float) -> None:
    values = curve.values if curve is not None else [row.value] * len(along.at)
    axes.plot(along.at, values, color=BLUE if curve is not None else GREY, zorder=3)
    if along.here is not None:
        axes.plot(along.here, row.value, "o", color="black", markersize=4.5, zorder=5)
    if row.bound is not None:
        target_line(axes, row.bound, "_")
    axes.annotate(
        f"elasticity {signed(elasticity)}", (0.03, 0.97), xycoords="axes fraction", ha="left", va="top", fontsize=7.5,
        color=GREY, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8}, zorder=4,
    )  # fmt: skip
    plain_ticks(axes.xaxis)


def _limits(axes: Any, name: str, row: Panels) -> None:
    """The shared scale of a row: log where a target is far away, from zero elsewhere."""
    every = [row.value, *(v for c in row.curves.values() for v in c.values)]
    low, high = min(every), max([*every, row.bound or 0.0])
    log = low > 0 and high / max(every) > 4
    if log:
        axes.set_yscale("log")
        axes.set_ylim(low / 1.6, high * 4)
    else:
        axes.set_ylim(0, high * 1.35)
    axes.set_ylabel(_broken(labelled(name, row.unit)))
    plain_ticks(axes.yaxis, log=log)
    if row.bound is not None:
        text = f"target {set_limit(row.target)}" if row.target else f"target {shown(row.bound, row.unit)}"
        axes.annotate(
            text, (0.03, row.bound), xycoords=("axes fraction", "data"), xytext=(0, -2), textcoords="offset points",
            ha="left", va="top", fontsize=7, color=TARGET,
        )  # fmt: skip
