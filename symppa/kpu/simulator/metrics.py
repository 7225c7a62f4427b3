"""What an execution tells: cycles, bytes, hits, energy and shares, of a run and of each operator.

Bytes, energies and hits are those of the simulated run in every mode; the time of FUNCTIONAL is the bound of the cost
model, an approximation from below.

- `compute_cycles`: arrays or lanes work. `memory_stall_cycles`: they wait for a bus. `other_cycles`: operators without
  arithmetic only move, and the last cycle of an operator is not all used.
- `dram_*_bytes` go over the bus of the memory, `sram_*_bytes` over that between L2 and L1.
- Accesses are counted in lines. The arrays ask L1: a line that came from or goes to L2 is a miss, all others are hits.
  L1 asks L2: a line that has to move between L2 and the memory meanwhile is a miss; what stays in L2 and what was
  fetched before the operator began are hits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.kinds import SimulationMode
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.interface.results import KPUPerformanceMetrics
from symppa.kpu.simulator.operators import Operator
from symppa.kpu.simulator.timeline import Timeline

COUNTS = ("compute_cycles", "memory_stall_cycles", "other_cycles")
LINES = ("l1_hits", "l1_misses", "l2_hits", "l2_misses")
BYTES = {"dram_reads_bytes": "dram_reads", "dram_writes_bytes": "dram_writes", "sram_reads_bytes": "l2_reads",
         "sram_writes_bytes": "l2_writes"}  # fmt: skip


def metrics(timeline: Timeline, mode: SimulationMode = SimulationMode.CYCLE_ACCURATE) -> KPUPerformanceMetrics:
    """What a run takes; in FUNCTIONAL its time is that of the cost model."""
    config, ideals = timeline.program.target_config, timeline.ideals
    told = {
        one.op.id: of_operator(one, config, mode, ideal) for one, ideal in zip(timeline.operators, ideals, strict=True)
    }
    return totals(timeline, told)


def cycles_of(one: Operator, mode: SimulationMode) -> dict[str, int]:
    """Whole cycles of an operator, by what they are."""
    is_bound = mode is SimulationMode.FUNCTIONAL
    whole = one.op.estimated_cycles if is_bound else one.cycles
    worked = one.op.estimates.get("compute_cycles", 0.0) if is_bound else one.work["compute_cycles"]
    ended = whole if is_bound or one.course is None else one.course.time
    compute = min(whole, round(worked))
    stall = max(0, min(whole - compute, round(ended - worked))) if one.arithmetic else 0
    return {"total_cycles": whole, "compute_cycles": compute, "memory_stall_cycles": stall,
            "other_cycles": whole - compute - stall}  # fmt: skip


def lines_of(one: Operator, config: KPUConfig) -> dict[str, int]:
    """Hits and misses of both buffers, in lines."""
    size, early = config.memory.cache_line_bytes, one.op.estimates.get("prefetch_bytes", 0.0)
    asked, moved = ceil(one.work["l1_traffic"] / size), ceil(one.work["l2_traffic"] / size)
    fetched = ceil(max(0.0, one.work["dram_traffic"] - early) / size)
    return {"l1_hits": max(0, asked - moved), "l1_misses": moved, "l2_hits": max(0, moved - fetched),
            "l2_misses": fetched}  # fmt: skip


def of_operator(one: Operator, config: KPUConfig, mode: SimulationMode, ideal: float) -> dict[str, float]:
    """Everything about an operator, by name."""
    found: dict[str, float] = {**cycles_of(one, mode), **lines_of(one, config)}
    found |= {name: one.work[mine] for name, mine in BYTES.items()}
    whole, clock = found["total_cycles"], config.compute.clock_mhz
    found |= {name: one.work[name] for name in ("macs", "vector_ops", "dram_cycles", "l2_cycles")}
    found |= {
        "total_time_us": whole / clock,
        "total_energy_uj": one.energy * 1e-6,
        "ideal_cycles": ideal,
    }
    found |= shares(found, one.energy, config)
    return found


def shares(found: Mapping[str, float], energy: float, config: KPUConfig) -> dict[str, float]:
    """Power in W, and what part of the peak rate and of the memory's bandwidth is used."""
    whole = found["total_cycles"]
    return {
        "average_power_watts": energy / whole * config.compute.clock_mhz * 1e-6 if whole else 0.0,
        "compute_utilization": found["ideal_cycles"] / whole if whole else 0.0,
        "memory_bandwidth_utilization": min(1.0, found["dram_cycles"] / whole) if whole else 0.0,
    }


def totals(timeline: Timeline, told: Mapping[str, Mapping[str, float]]) -> KPUPerformanceMetrics:
    """Sums over operators, and shares of the whole."""
    rows: Sequence[Mapping[str, float]] = list(told.values())
    config = timeline.program.target_config

    def total(name: str) -> float:
        return sum(row[name] for row in rows)

    counts = {name: int(total(name)) for name in ("total_cycles", *COUNTS, *LINES)}
    energy = sum(one.energy for one in timeline.operators)
    sums = {name: total(name) for name in ("total_cycles", "ideal_cycles", "dram_cycles")}
    known: dict[str, Any] = {**counts, **{name: round(total(name)) for name in BYTES}, **shares(sums, energy, config)}
    return KPUPerformanceMetrics(
        total_time_us=counts["total_cycles"] / config.compute.clock_mhz, total_energy_uj=energy * 1e-6,
        op_metrics={name: dict(row) for name, row in told.items()}, **known,
    )  # fmt: skip


def simulated(program: KPUProgram) -> KPUPerformanceMetrics:
    """What a run takes, tile by tile."""
    return metrics(Timeline(program))


def approximate(program: KPUProgram) -> KPUPerformanceMetrics:
    """The same with the time of the cost model: what FUNCTIONAL tells."""
    return metrics(Timeline(program), SimulationMode.FUNCTIONAL)
