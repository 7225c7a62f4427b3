"""Rooflines: what arithmetic can do and memory can feed, with workloads where they land."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from symppa.reports.number import shown
from symppa.reports.plot.style import BLACK, COLOURS, GREY, direct_labels, drawing, plain_ticks, written


class Roof(NamedTuple):
    """A peak rate in TFLOPS and a bandwidth in TB/s."""

    peak: float
    bandwidth: float


def roofline(
    roofs: Mapping[str, Roof | tuple[float, float]],
    workloads: Mapping[str, float],
    path: Any = None,
    *,
    title: str = "",
) -> Any:
    """A line for each roof; workloads (FLOP/byte) meet it in a dot, filled where memory is the limit."""
    made = {name: Roof(*roof) for name, roof in roofs.items()}
    ridges = [roof.peak / roof.bandwidth for roof in made.values()]
    low = min([*workloads.values(), *ridges]) / 4
    high = max([*workloads.values(), *ridges]) * 6
    intensity = np.geomspace(low, high, 400)
    with drawing(7.2, 4.4) as (figure, grid):
        axes = grid[0][0]
        axes.set(
            xscale="log", yscale="log", xlabel="arithmetic intensity (FLOP/byte)", ylabel="attainable rate (TFLOPS)"
        )
        _slopes(axes, made, intensity)
        for k, roof in enumerate(made.values()):
            flat = [roof.peak / roof.bandwidth, high]
            axes.plot(flat, [roof.peak] * 2, color=COLOURS[k % len(COLOURS)], zorder=3)
        axes.set_xlim(low, high)
        bottom = min(roof.bandwidth for roof in made.values()) * low
        axes.set_ylim(bottom / 4, max(roof.peak for roof in made.values()) * 2.2)
        _workloads(axes, made, workloads)
        ends = [
            (high, roof.peak, f"{name}: {shown(roof.peak, '')}{_fed(made, roof)}", COLOURS[k % len(COLOURS)])
            for k, (name, roof) in enumerate(made.items())
        ]
        direct_labels(axes, ends, gap=0.055)
        for axis in (axes.xaxis, axes.yaxis):
            plain_ticks(axis, log=True)
        axes.set_title(title, loc="left")
        _key(axes)
    return written(figure, path)


def _fed(roofs: Mapping[str, Roof], roof: Roof) -> str:
    """The bandwidth behind a roof, where they differ."""
    differ = len({other.bandwidth for other in roofs.values()}) > 1
    return f", {shown(roof.bandwidth, '')} TB/s" if differ else ""


def _workloads(axes: Any, roofs: Mapping[str, Roof], workloads: Mapping[str, float]) -> None:
    bottom = axes.get_ylim()[0]
    for name, intensity in workloads.items():
        axes.axvline(intensity, color=GREY, linewidth=0.7, linestyle=(0, (2, 2)), zorder=1)
        axes.annotate(
            name, (intensity, bottom), xytext=(-2, 4), textcoords="offset points", rotation=90, fontsize=7.5,
            va="bottom", ha="right", color=GREY,
        )  # fmt: skip
        for k, roof in enumerate(roofs.values()):
            fed = roof.bandwidth * intensity < roof.peak
            alone = sum(other.bandwidth == roof.bandwidth for other in roofs.values()) == 1
            colour = BLACK if fed and not alone else COLOURS[k % len(COLOURS)]
            axes.plot(
                intensity, min(roof.peak, roof.bandwidth * intensity), "o", markersize=5.5, zorder=4 if fed else 5,
                markeredgecolor=colour, markerfacecolor=colour if fed else "white", markeredgewidth=1.4,
            )  # fmt: skip


def _slopes(axes: Any, roofs: Mapping[str, Roof], intensity: Any) -> None:
    """One line for each bandwidth, up to the highest roof that it feeds; in that roof's colour where it feeds one."""
    shared = dict.fromkeys(roof.bandwidth for roof in roofs.values())
    for bandwidth in shared:
        fed_roofs = [k for k, roof in enumerate(roofs.values()) if roof.bandwidth == bandwidth]
        peak = max(list(roofs.values())[k].peak for k in fed_roofs)
        fed = np.append(intensity[intensity * bandwidth < peak], peak / bandwidth)
        colour = COLOURS[fed_roofs[0] % len(COLOURS)] if len(fed_roofs) == 1 else BLACK
        axes.plot(fed, fed * bandwidth, color=colour, linewidth=1.4, zorder=2)
        if len(shared) == 1:
            where = fed[len(fed) // 3]
            axes.text(
                where, where * bandwidth * 1.5, f"{shown(bandwidth, '')} TB/s", fontsize=7.5, ha="center", va="center",
                rotation=math.degrees(math.atan(bandwidth)), rotation_mode="anchor", transform_rotates_text=True,
            )  # fmt: skip


def _key(axes: Any) -> None:
    """What a filled and an open dot say."""
    for face, text in ((GREY, "memory is the limit"), ("white", "arithmetic is the limit")):
        axes.plot([], [], "o", color=GREY, markerfacecolor=face, markersize=5.5, label=text)
    axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
