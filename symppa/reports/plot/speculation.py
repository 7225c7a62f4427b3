"""Figures of speculative against plain decoding."""

from __future__ import annotations

from pathlib import Path

from symppa.reports.plot.designs import Quantity, heat_map, lines
from symppa.studies.result import Result


def write_speculation(result: Result, folder: Path) -> list[Path]:
    """The speed-up over prompts and bursts, or along the one that moves, and break-even prompts by burst."""
    prompt, burst = (Quantity(n, result.coordinates[n].values, "1") for n in ("prompt", "burst"))
    gains, break_evens = ("speed_up", "energy_gain"), ("latency_break_even", "energy_break_even")
    written = []
    if len(prompt.values) > 1 and len(burst.values) > 1:
        path = folder / "speed_up.png"
        heat_map(prompt, burst, Quantity("speed_up", result["speed_up"], "1"), path, title=result.name)
    else:
        path = folder / "gains.png"
        along = burst if len(burst.values) > 1 else prompt
        lines(along, [Quantity(n, result[n].ravel(), "1") for n in gains], path, title=result.name)
    written.append(path)
    if len(burst.values) > 1:
        path = folder / "break_even.png"
        lines(burst, [Quantity(n, result[n][0], "1") for n in break_evens], path, title=result.name)
        written.append(path)
    return written
