"""Figures of a simulated run: what works, moves and waits over time, power, the roof, what lies where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from symppa.kpu.interface.kinds import SimulationMode
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.simulator.events import CELLS, DRAM, L2
from symppa.kpu.simulator.metrics import cycles_of
from symppa.kpu.simulator.timeline import Timeline
from symppa.reports import kpu
from symppa.reports.number import shown
from symppa.reports.plot.kpu import WIDTH, layers, memory_map, strip
from symppa.reports.plot.style import BLACK, BLUE, GREEN, GREY, ORANGE, VERMILION, drawing, plain_ticks, written

Facts = Mapping[str, Any]
WINDOWS = 480  # of time, over which shares are averaged
LANES = {CELLS: ("arrays and lanes", VERMILION), DRAM: ("memory bus", BLUE), L2: ("L2 bus", GREEN)}


def as_run(found: Facts, timeline: Timeline) -> dict[str, Any]:
    """What there is to tell of a program, with the times of a run instead of bounds."""
    told = {one.op.id: one for one in timeline.operators}
    clock, whole = timeline.program.target_config.compute.clock_mhz, timeline.cycles or 1
    rows = []
    for row in found["ops"]:
        one = told[row["op"]]
        work = {f"{name}_cycles": one.work[f"{name}_cycles"] for name in ("compute", "dram", "l2")}
        stall = cycles_of(one, SimulationMode.CYCLE_ACCURATE)["memory_stall_cycles"]
        rows.append({**row, **work, "cycles": one.cycles, "time": one.cycles / clock, "stall": stall,
                     "share": 100 * one.cycles / whole})  # fmt: skip
    return {**found, "ops": rows}


def timeline(found: Facts, run: Timeline, path: Any = None) -> Any:
    """The share of time in which arrays and buses work, and in which the arrays wait, over the run."""
    edges = np.linspace(0, run.cycles, WINDOWS + 1)
    scale = 1e-3 / run.program.target_config.compute.clock_mhz
    rows = [row for row in found["ops"] if row["cycles"]]
    starts = np.concatenate([[0.0], np.cumsum([row["cycles"] for row in rows])]) * scale
    with drawing(WIDTH, 6.0, 5, 1, height_ratios=[1.1, 1, 1, 1, 1]) as (figure, grid):
        strip(grid[0][0], rows, starts)
        busy = {resource: _busy(run, resource, edges) for resource in LANES}
        for axes, (resource, (name, colour)) in zip(grid[1:4, 0], LANES.items(), strict=True):
            _lane(axes, edges * scale, busy[resource], name, colour)
        _lane(grid[4][0], edges * scale, _stalled(run, busy[CELLS], edges), "arrays wait", GREY)
        for axes in grid[:, 0]:
            axes.set_xlim(0, edges[-1] * scale or 1.0)
            axes.grid(axis="y", visible=False)
        for axes in grid[:-1, 0]:
            axes.tick_params(labelbottom=False)
        grid[-1][0].set_xlabel("time (ms)")
        plain_ticks(grid[-1][0].xaxis)
        grid[0][0].set_title(_title(found, "what works, moves and waits"), loc="left")
        handles, names = grid[0][0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=len(names) or 1)
    return written(figure, path)


def _title(found: Facts, what: str) -> str:
    about = found["program"]
    return f"{about['name']} in {about['precision']} on {about['config']}: {what}"


def _busy(run: Timeline, resource: int, edges: Any) -> Any:
    """The share of each window in which a resource works."""
    found = run.stretches
    mine = found.resource == resource
    when = np.concatenate([found.start[mine], found.end[mine]])
    change = np.concatenate([np.ones(mine.sum()), -np.ones(mine.sum())])
    order = np.argsort(when, kind="stable")
    if not len(order):
        return np.zeros(len(edges) - 1)
    when, level = when[order], np.cumsum(change[order])
    spent = np.concatenate([[0.0], np.cumsum(level[:-1] * np.diff(when))])
    return np.diff(np.interp(edges, when, spent)) / np.maximum(np.diff(edges), 1e-9)


def _stalled(run: Timeline, worked: Any, edges: Any) -> Any:
    """The share in which the arrays wait: all that they do not work, while an operator with arithmetic runs."""
    counting = np.array([one.arithmetic for one in run.operators], float) * np.diff(run.starts)
    within = np.interp(edges, run.starts, np.concatenate([[0.0], np.cumsum(counting)]))
    return np.clip(np.diff(within) / np.maximum(np.diff(edges), 1e-9) - worked, 0, 1)


def _lane(axes: Any, edges: Any, share: Any, name: str, colour: str) -> None:
    axes.stairs(100 * share, edges, fill=True, color=colour, alpha=0.85, linewidth=0)
    axes.set_ylim(0, 105)
    axes.set_yticks([0, 50, 100], ["0", "50", "100 %"])
    axes.set_ylabel(f"{name}\n{shown(100 * share.mean())} %", rotation=0, ha="right", va="center")


def power(found: Facts, run: Timeline, path: Any = None) -> Any:
    """Watts over time, with the average, what flows without work, and the thermal design power."""
    trace = run.power(run.cycles)
    compute = run.program.target_config.compute
    times = np.array([cycle for cycle, _ in trace], float) * 1e-3 / compute.clock_mhz
    watts = np.array([one for _, one in trace[:-1]], float)
    average = float((watts * np.diff(times)).sum() / times[-1]) if times[-1] else compute.idle_watts
    with drawing(WIDTH, 3.4) as (figure, grid):
        axes = grid[0][0]
        axes.stairs(watts, times, fill=True, color=ORANGE, alpha=0.6, linewidth=0)
        lines = ((compute.tdp_watts, "thermal design power", VERMILION), (average, "average", BLACK),
                 (compute.idle_watts, "without work", GREY))  # fmt: skip
        for level, name, colour in lines:
            axes.axhline(level, color=colour, linestyle=(0, (4, 2)), linewidth=1.1)
            axes.text(1.01, level, f"{name}\n{shown(level)} W", transform=axes.get_yaxis_transform(), color=colour,
                      va="center", fontsize=8)  # fmt: skip
        axes.set(xlim=(0, times[-1] or 1.0), ylim=(0, compute.tdp_watts * 1.08), xlabel="time (ms)", ylabel="power (W)")
        for axis in (axes.xaxis, axes.yaxis):
            plain_ticks(axis)
        axes.set_title(_title(found, "power"), loc="left")
    return written(figure, path)


def drawn(program: KPUProgram, run: Timeline) -> dict[str, Any]:
    """Every figure that there is something for, by its name."""
    found = as_run(kpu.facts(program), run)
    makers: dict[str, Any] = {}
    if run.cycles:
        makers |= {"run_timeline": lambda: timeline(found, run), "run_power": lambda: power(found, run)}
        if any(row["macs"] for row in found["ops"]):
            makers["run_roofline"] = lambda: layers(found)
    if found["memory"]:
        makers["memory_map"] = lambda: memory_map(found)
    return {name: make() for name, make in makers.items()}


def write(program: KPUProgram, run: Timeline, folder: Path) -> list[Path]:
    """Those figures as files."""
    figures = {folder / f"{name}.png": figure for name, figure in drawn(program, run).items()}
    for path, figure in figures.items():
        written(figure, path)
    return list(figures)
