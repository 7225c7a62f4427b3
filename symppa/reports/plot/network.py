"""Figures of a network on a device: where its subgraphs lie below the roof, and the room that it takes over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symppa import units
from symppa.reports.number import shown
from symppa.reports.plot.style import (
    BLACK,
    BLUE,
    COLOURS,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    VERMILION,
    drawing,
    labelled,
    plain_ticks,
    written,
)  # fmt: skip
from symppa.studies.result import Result

SIDES = {"compute": (VERMILION, "arithmetic is the longest"), "memory": (BLUE, "memory is the longest"),
         "start": (ORANGE, "the start is the longest"), "links": (GREEN, "messages are the longest")}  # fmt: skip
PANELS = 6


def _in(result: Result, name: str, unit: str) -> float:
    """A single output in another unit."""
    return float(result[name] * units.measure(result.unit(name)).worth / units.measure(unit).worth)


def roofline_of(result: Result, path: Any = None) -> Any:
    """The roof of the device, and a dot for each subgraph: its intensity and the rate it reaches, larger the longer."""
    rows = [row for row in result.facts["network"]["subgraphs"] if row["intensity"] > 0 and row["latency"] > 0]
    peak, bandwidth = _in(result, "chip.matrix_rate", "TFLOPS"), _in(result, "chip.bandwidth", "TB/s")
    intensities = [row["intensity"] for row in rows]
    ends = min([*intensities, peak / bandwidth]) / 3, max([*intensities, peak / bandwidth]) * 4
    with drawing(7.2, 4.6) as (figure, grid):
        axes = grid[0][0]
        axes.set(xscale="log", yscale="log", xlabel="arithmetic intensity (op/byte)", ylabel="rate reached (TOPS)")
        _roofs(axes, peak, _in(result, "chip.vector_rate", "TFLOPS"), bandwidth, ends)
        _dots(axes, result, rows)
        axes.set_xlim(*ends)
        axes.set_title(f"{result.name}: {shown(bandwidth)} TB/s; the larger a dot, the longer it takes", loc="left")
        for axis in (axes.xaxis, axes.yaxis):
            plain_ticks(axis, log=True)
        legend = figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        for handle in legend.legend_handles:
            handle.set_sizes([30])
    return written(figure, path)


def _roofs(axes: Any, peak: float, vector: float, bandwidth: float, ends: tuple[float, float]) -> None:
    """What memory feeds, up to the rate of matrix products; and the rate of the rest where it is lower."""
    low, high = ends
    along = np.array([low, peak / bandwidth, high])
    axes.plot(along, np.minimum(along * bandwidth, peak), color=BLACK, zorder=2)
    told = [(peak, "matrix products", BLACK)]
    if vector < peak:
        axes.plot([vector / bandwidth, high], [vector] * 2, color=GREY, linestyle=(0, (4, 2)), linewidth=1.1)
        told.append((vector, "the rest", GREY))
    for rate, text, colour in told:
        axes.annotate(
            f"{shown(rate)} TOPS, {text}", (high, rate), xytext=(-2, 4), textcoords="offset points", ha="right",
            fontsize=8, color=colour,
        )  # fmt: skip


def _dots(axes: Any, result: Result, rows: Sequence[Mapping[str, Any]]) -> None:
    scale = 1 / (units.measure(result.unit("time")).worth * units.measure("TOPS").worth)
    whole = sum(row["latency"] for row in rows) or 1.0
    for side, (colour, text) in SIDES.items():
        mine = [row for row in rows if row["bottleneck"] == side]
        if mine:
            axes.scatter(
                [row["intensity"] for row in mine], [row["ops"] / row["latency"] * scale for row in mine],
                s=[12 + 1200 * row["latency"] / whole for row in mine], color=colour, alpha=0.55, linewidths=0,
                zorder=3, label=text,
            )  # fmt: skip


def memory_of(result: Result, path: Any = None) -> Any:
    """Room in use in each step: weights below, activations above, the fullest step marked."""
    found = result.facts["network"]["timeline"]
    scale = units.measure("byte").worth / units.measure("MB").worth
    weights, live = found["weights"] * scale, np.array(found["activations"]) * scale
    steps = np.arange(len(live) + 1)
    with drawing(7.2, 3.4) as (figure, grid):
        axes = grid[0][0]
        axes.stairs(np.full(len(live), weights), steps, fill=True, color=PALE, label="weights")
        axes.stairs(live + weights, steps, baseline=weights, fill=True, color=GREEN, alpha=0.75, label="activations")
        k = found["fullest"]
        axes.annotate(
            f"{shown(live[k] + weights)} MB in step {k}", (k + 0.5, live[k] + weights), xytext=(6, 4),
            textcoords="offset points", fontsize=8,
        )  # fmt: skip
        axes.set(xlabel="fused subgraph, in the order they run", ylabel="room in use (MB)", xlim=(0, len(live)))
        axes.set_ylim(0, (live.max(initial=0.0) + weights) * 1.15)
        plain_ticks(axes.yaxis)
        axes.set_title(f"{result.name}: memory over time", loc="left")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return written(figure, path)


def networks(result: Result, path: Any = None, *, up: str = "energy") -> Any:
    """Latency against energy of every network on every device, a panel each; what no other beats is named."""
    names = [str(v) for v in result.coordinates["workload"].values][:PANELS]
    columns = 1 if len(names) == 1 else 2
    rows = -(-len(names) // columns)
    with drawing(7.2 if columns == 1 else 9.6, 3.9 * rows + 0.4, rows, columns) as (figure, grid):
        for k, name in enumerate(names):
            _panel(grid[k // columns][k % columns], result, k, name, up)
        for k in range(len(names), rows * columns):
            grid[k // columns][k % columns].set_visible(False)
        left = len(result.coordinates["workload"].values) - len(names)
        more = f"; {left} more networks are not drawn" if left else ""
        figure.suptitle(f"named: no other device is both faster and uses less{more}", fontsize=9)
    return written(figure, path)


def _panel(axes: Any, result: Result, k: int, name: str, up: str) -> None:
    x, y = result["latency"][k], result[up][k]
    where = {dim: [str(v) for v in c.values] for dim, c in result.coordinates.items()}
    axes.plot(x.ravel(), y.ravel(), "o", color=GREY, markersize=3.5, alpha=0.45, markeredgewidth=0, zorder=2)
    for b, batch in enumerate(where["batch"]):
        rows = [row for row in result.facts["front"] if row["workload"] == name and str(row["batch"]) == batch]
        places = [(where["device"].index(row["device"]), where["precision"].index(row["precision"]), b) for row in rows]
        colour = COLOURS[b % len(COLOURS)]
        axes.plot(
            [x[p] for p in places], [y[p] for p in places], "o-", color=colour, markersize=5, linewidth=1,
            label=f"batch {float(batch):.0f}", zorder=3,
        )  # fmt: skip
        for row, place in zip(rows, places, strict=True):
            axes.annotate(
                f"{row['device']}{'' if row['precision'] == 'own' else ' ' + row['precision']}", (x[place], y[place]),
                xytext=(4, -9), textcoords="offset points", fontsize=6.5, color=colour,
            )  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel=labelled("latency", result.unit("latency")))
    axes.set_ylabel(labelled(up, result.unit(up)))
    axes.margins(x=0.12)
    if len(where["batch"]) > 1:
        axes.legend()
    for axis in (axes.xaxis, axes.yaxis):
        plain_ticks(axis, log=True)
    axes.set_title(name, loc="left")
