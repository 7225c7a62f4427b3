"""What an execution traces: operators in cycles, or watts."""

from __future__ import annotations

from typing import Any

import numpy as np

from symppa.kpu.interface.kinds import SimulationMode
from symppa.kpu.simulator.metrics import cycles_of
from symppa.kpu.simulator.timeline import Timeline


def traced(timeline: Timeline, mode: SimulationMode) -> list[dict[str, Any]]:
    """Entries in the order of time; none in FUNCTIONAL."""
    if mode is SimulationMode.CYCLE_ACCURATE:
        return _operators(timeline)
    return _watts(timeline) if mode is SimulationMode.POWER_TRACE else []


def _operators(timeline: Timeline) -> list[dict[str, Any]]:
    """Each operator: when it begins, how long it takes, and what its cycles are."""
    return [
        {"op": one.op.id, "op_type": one.op.op_type, "start_cycle": int(start), "energy_uj": one.energy * 1e-6}
        | cycles_of(one, SimulationMode.CYCLE_ACCURATE)
        for one, start in zip(timeline.operators, timeline.starts, strict=False)
    ]


def _watts(timeline: Timeline) -> list[dict[str, Any]]:
    """Average power from a cycle to that of the next entry, and the operator that runs there; the last is the end."""
    told = timeline.power(timeline.cycles)
    names = [one.op.id for one in timeline.operators]
    at = np.searchsorted(timeline.starts, [cycle for cycle, _ in told], "right") - 1
    return [
        {"cycle": cycle, "watts": watts, "op": names[place] if place < len(names) else None}
        for (cycle, watts), place in zip(told, at.tolist(), strict=True)
    ]
