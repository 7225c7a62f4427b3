"""Figures of a compiled program: what is busy over time, what lies where, and how far it stays from the roof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from symppa import units
from symppa.reports.number import shown
from symppa.reports.plot.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    VERMILION,
    drawing,
    plain_ticks,
    written,
)

Facts = Mapping[str, Any]
WIDTH = 9.0
# Resources by the estimate of their busy time, as they are called, and in which colour they are drawn.
LANES = {"compute_cycles": ("arrays and lanes", VERMILION), "dram_cycles": ("memory bus", BLUE),
         "l2_cycles": ("L2 bus", GREEN)}  # fmt: skip
SIDES = {"arithmetic": VERMILION, "memory": BLUE, "L2": GREEN}
# What an operator is, by the first word of its type.
FAMILIES = {
    "convolutions": (GREY, ("Conv",)),
    "products": (PURPLE, ("Gemm", "MatMul")),
    "pools and sums": (ORANGE, ("MaxPool", "AveragePool", "GlobalAveragePool", "ReduceMean", "ReduceSum")),
    "moves": (PALE, ("Concat", "Split", "Slice", "Transpose", "Pad", "Resize", "Gather")),
}
REST = ("the rest", SKY)
KINDS = {"tiles": ORANGE, "early": SKY, "activation": GREEN, "input": BLUE, "output": PURPLE, "weight": PALE}
CALLED = {"early": "weights fetched early", "activation": "activations", "input": "inputs", "output": "outputs",
          "weight": "weights"}  # fmt: skip
STRIP = 0.0145  # of the width: an operator that has room for its name
LETTER, LINE = 0.048, 0.1  # inches of a small letter and of a line of them
LONGEST = 18  # letters of a name in the strip
ENDS = 3.0  # room beside the first and the last dot of a roofline
FAR = 48.0  # times the ridge: what takes even less from the memory stands at the edge
NEAR = 0.98  # of the roof is reached: nothing is lost
APART, EDGE = 0.06, 0.85  # of the axes: room between names, and from where on they stand to the left of their dot
MISSED = 4  # products that are named: those that lose most time against the roof


def timeline(found: Facts, path: Any = None) -> Any:
    """How busy each operator keeps the arrays and the two buses, over time."""
    rows = [row for row in found["ops"] if row["cycles"]]
    times = np.array([row["time"] for row in rows], float) * _scale("us", "ms")
    starts = np.concatenate([[0.0], np.cumsum(times)])
    with drawing(WIDTH, 5.2, 4, 1, height_ratios=[1.1, 1, 1, 1]) as (figure, grid):
        strip(grid[0][0], rows, starts)
        for axes, (key, (name, colour)) in zip(grid[1:, 0], LANES.items(), strict=True):
            _lane(axes, rows, starts, key, name, colour)
        for axes in grid[:, 0]:
            axes.set_xlim(0, starts[-1] or 1.0)
            axes.grid(axis="y", visible=False)
        for axes in grid[:-1, 0]:
            axes.tick_params(labelbottom=False)
        grid[-1][0].set_xlabel("time (ms); strong: what an operator takes longest for")
        plain_ticks(grid[-1][0].xaxis)
        grid[0][0].set_title(_title(found, "what is busy, operator by operator"), loc="left")
        handles, names = grid[0][0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    return written(figure, path)


def _title(found: Facts, what: str) -> str:
    about = found["program"]
    return f"{about['name']} in {about['precision']} on {about['config']}: {what}"


def _scale(unit: str, wanted: str) -> float:
    return units.measure(unit).worth / units.measure(wanted).worth


def _family(row: Facts) -> tuple[str, str]:
    """What an operator is, and its colour."""
    first = row["operator"].partition("+")[0]
    return next(((name, colour) for name, (colour, types) in FAMILIES.items() if first in types), REST)


def strip(axes: Any, rows: Sequence[Facts], starts: Any) -> None:
    """Operators side by side, with their numbers where there is room."""
    families = [_family(row) for row in rows]
    widths = np.diff(starts)
    for name, colour in dict.fromkeys([*((n, c) for n, (c, _) in FAMILIES.items()), REST]):
        mine = [k for k, one in enumerate(families) if one[0] == name]
        if mine:
            axes.bar(starts[mine], 1.0, widths[mine], align="edge", color=colour, edgecolor="white", linewidth=0.4,
                     label=name)  # fmt: skip
    for k, width in enumerate(widths):
        if width > STRIP * starts[-1]:
            name = _shortened(rows[k]["op"])
            light = families[k][1] in (PALE, ORANGE, SKY)
            axes.text(
                starts[k] + width / 2, 0.5, name, rotation=90, ha="center", va="center", fontsize=5.5,
                color=BLACK if light else "white", clip_on=True,
            )  # fmt: skip
    axes.set_yticks([])
    axes.set_ylim(0, 1)
    axes.set_ylabel("operator", rotation=0, ha="right", va="center")


def _shortened(name: str) -> str:
    """The end of a long name: that is where they differ.

    >>> _shortened("head.scores.0.0.conv")
    '…d.scores.0.0.conv'
    """
    return name if len(name) <= LONGEST else f"…{name[1 - LONGEST :].lstrip('.')}"


def _lane(axes: Any, rows: Sequence[Facts], starts: Any, key: str, name: str, colour: str) -> None:
    """The share of each operator's time in which a resource works, strong where it is the one that lasts longest."""
    cycles = np.array([row["cycles"] for row in rows], float)
    busy = np.array([row[key] for row in rows], float)
    longest = np.array([key == max(LANES, key=row.__getitem__) for row in rows])
    for mine, alpha in ((longest, 0.95), (~longest, 0.35)):
        axes.bar(
            starts[:-1][mine], 100 * busy[mine] / cycles[mine], np.diff(starts)[mine], align="edge", color=colour,
            alpha=alpha, linewidth=0,
        )  # fmt: skip
    whole = 100 * busy.sum() / cycles.sum()
    axes.set_ylim(0, 105)
    axes.set_yticks([0, 50, 100], ["0", "50", "100 %"])
    axes.set_ylabel(f"{name}\n{shown(whole, 'percent')} %", rotation=0, ha="right", va="center")


def memory_map(found: Facts, path: Any = None) -> Any:
    """Addresses against the schedule, a rectangle for each tensor: L2 above, what lies outside below."""
    rows, count = found["memory"], max(len(found["ops"]), 1)
    l2 = [row for row in rows if row["memory"] == "L2"]
    outside = [row for row in rows if row["memory"] == "DRAM" and row["kind"] != "weight"]
    weights = max((row["end"] for row in rows if row["kind"] == "weight"), default=0)
    with drawing(WIDTH, 6.2, 2, 1, height_ratios=[1.25, 1]) as (figure, grid):
        upper, lower = grid[0][0], grid[1][0]
        top = found["machine"]["l2"]["value"]
        _rectangles(upper, l2, 0, "KiB", count)
        upper.set_ylim(0, top * _scale("byte", "KiB"))
        _name(upper, l2, 0, "KiB", count, 2.7)
        upper.set_ylabel("address in L2 (KiB)")
        unit = "MB" if max((row["end"] - weights for row in outside), default=0) >= 1e6 else "kB"
        _rectangles(lower, outside, weights, unit, count)
        _name(lower, outside, weights, unit, count, 2.2)
        lower.set_ylabel(f"address outside,\nabove the weights ({unit})")
        lower.set_xlabel(f"operator, in the order they run; below lie {shown(weights * _scale('byte', 'MB'))} MB of "
                         "weights")  # fmt: skip
        upper.set_title(_title(found, "what lies where"), loc="left")
        for axes in (upper, lower):
            axes.set_xlim(0, count)
            for axis in (axes.xaxis, axes.yaxis):
                plain_ticks(axis)
        told = dict(zip(*(each[::-1] for each in _handles(upper, lower)), strict=True))
        figure.legend(told.values(), told.keys(), loc="outside lower center", ncols=len(told) or 1)
    return written(figure, path)


def _handles(*every: Any) -> tuple[list[str], list[Any]]:
    """Names and handles of several axes, each name once."""
    named = {name: handle for axes in every for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)}
    return list(named)[::-1], list(named.values())[::-1]


def _rectangles(axes: Any, rows: Sequence[Facts], below: int, unit: str, count: int) -> None:
    scale = _scale("byte", unit)
    for kind, colour in KINDS.items():
        mine = [row for row in rows if row["kind"] == kind]
        if mine:
            first = np.array([row["first"] for row in mine], float)
            spans = np.array([row["last"] + 1 for row in mine], float) - first
            start = np.array([row["start"] - below for row in mine], float) * scale
            size = np.array([row["end"] - row["start"] for row in mine], float) * scale
            axes.bar(
                first, size, spans, bottom=start, align="edge", color=colour, edgecolor="white",
                linewidth=0.8 if count < 60 else 0.4, label=CALLED.get(kind, kind), zorder=2,
            )  # fmt: skip


def _name(axes: Any, rows: Sequence[Facts], below: int, unit: str, count: int, room: float) -> None:
    """Names in the rectangles that are large enough; `room` is the height of the axes in inches."""
    scale, top = _scale("byte", unit), axes.get_ylim()[1]
    for row in rows:
        wide = (row["last"] + 1 - row["first"]) / count * (WIDTH - 0.8)
        high = (row["end"] - row["start"]) * scale / top * room
        if wide > LETTER * len(row["name"]) and high > LINE:
            axes.text(
                (row["first"] + row["last"] + 1) / 2, ((row["start"] + row["end"]) / 2 - below) * scale, row["name"],
                ha="center", va="center", fontsize=5.5, zorder=3,
                color="white" if row["kind"] in ("activation", "input") else BLACK,
            )  # fmt: skip


def layers(found: Facts, path: Any = None) -> Any:
    """The roof of the machine, and a dot for each product: its intensity and the rate it reaches, larger the longer."""
    products, roof = _products(found), _roof(found)
    finite = [min(one.intensity, roof.ridge * FAR) for one in products]
    low, high = min([*finite, roof.ridge]) / ENDS, max([*finite, roof.ridge * ENDS]) * 1.3
    with drawing(7.2, 4.8) as (figure, grid):
        axes = grid[0][0]
        axes.set(xscale="log", yscale="log", xlabel="arithmetic intensity (op/byte, from and to the memory)",
                 ylabel="rate reached (TOPS)", xlim=(low, high))  # fmt: skip
        rates = [one.rate for one in products]
        axes.set_ylim(min([*rates, roof.peak]) / 2, roof.peak * 1.8)
        _draw_roof(axes, roof, low, high)
        _dots(axes, products, roof.ridge * FAR)
        _name_missed(axes, products, roof)
        axes.set_title(_title(found, "products below the roof"), loc="left")
        for axis in (axes.xaxis, axes.yaxis):
            plain_ticks(axis, log=True)
        legend = figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)
        for handle in legend.legend_handles:
            handle.set_sizes([30])
    return written(figure, path)


class Product(NamedTuple):
    """A product of matrices: op for a byte, TOPS, what it takes longest for, and its share of the time."""

    name: str
    intensity: float
    rate: float
    side: str
    share: float


class Roof(NamedTuple):
    """TOPS and TB/s."""

    peak: float
    bandwidth: float

    @property
    def ridge(self) -> float:
        """The intensity above which arithmetic is the limit."""
        return self.peak / self.bandwidth

    def over(self, product: Product) -> float:
        """What a product of this intensity could reach."""
        return min(self.peak, product.intensity * self.bandwidth)


def _roof(found: Facts) -> Roof:
    peak, bandwidth = (found["machine"][name] for name in ("peak", "dram_bandwidth"))
    return Roof(peak["value"] * _scale(peak["unit"], "TOPS"), bandwidth["value"] * _scale(bandwidth["unit"], "TB/s"))


def _products(found: Facts) -> list[Product]:
    rows = [row for row in found["ops"] if row["macs"] and row["time"]]
    made = []
    for row in rows:
        work = row["macs"] * _scale("mac", "op")
        intensity = work / row["dram_traffic"] if row["dram_traffic"] else np.inf
        rate = work / row["time"] * _scale("op/us", "TOPS")
        made.append(Product(row["op"], intensity, rate, row["bound"], row["share"]))
    return made


def _draw_roof(axes: Any, roof: Roof, low: float, high: float) -> None:
    along = np.array([low, roof.ridge, high])
    axes.plot(along, np.minimum(along * roof.bandwidth, roof.peak), color=BLACK, zorder=2)
    axes.annotate(
        f"{shown(roof.peak)} TOPS, {shown(roof.bandwidth * _scale('TB/s', 'GB/s'))} GB/s", (high, roof.peak),
        xytext=(-2, 5), textcoords="offset points", ha="right", fontsize=8,
    )  # fmt: skip


def _dots(axes: Any, products: Sequence[Product], edge: float) -> None:
    for side, colour in SIDES.items():
        for beyond, marker in ((False, "o"), (True, ">")):
            mine = [one for one in products if one.side == side and (one.intensity > edge) == beyond]
            if mine:
                axes.scatter(
                    [min(one.intensity, edge) for one in mine], [one.rate for one in mine],
                    s=[14 + 12 * one.share for one in mine], color=colour, alpha=0.55, linewidths=0, zorder=3,
                    marker=marker, label=f"{side} is the longest{', beyond the edge' if beyond else ''}",
                )  # fmt: skip


def _name_missed(axes: Any, products: Sequence[Product], roof: Roof) -> None:
    """Names of the products that lose most time against the roof, none of them upon another."""
    lost = sorted(products, key=lambda one: -one.share * (1 - one.rate / roof.over(one)))
    named: list[Any] = []
    for one in lost[: 3 * MISSED]:
        where = (min(one.intensity, roof.ridge * FAR), one.rate)
        place = (axes.transData + axes.transAxes.inverted()).transform(where)
        if one.rate > roof.over(one) * NEAR or any(abs(place - other).max() < APART for other in named):
            continue
        named.append(place)
        axes.annotate(
            one.name, where, xytext=(0, -8), textcoords="offset points", va="top", fontsize=6, color=GREY,
            ha="right" if place[0] > EDGE else "left", rotation=35 if place[0] > EDGE else -35, rotation_mode="anchor",
        )  # fmt: skip
        if len(named) == MISSED:
            return


def drawn(found: Facts) -> dict[str, Any]:
    """Every figure that there is something for, by its name."""
    timed = any(row["cycles"] for row in found["ops"])
    makers = {
        "timeline": timeline if timed else None,
        "memory_map": memory_map if found["memory"] else None,
        "roofline": layers if timed and any(row["macs"] for row in found["ops"]) else None,
    }
    return {name: maker(found) for name, maker in makers.items() if maker is not None}


def write(found: Facts, folder: Path) -> list[Path]:
    """Those figures as files."""
    figures = {folder / f"{name}.png": figure for name, figure in drawn(found).items()}
    for path, figure in figures.items():
        written(figure, path)
    return list(figures)
