"""What an execution tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symppa.kpu.interface.kinds import SimulationMode


@dataclass
class KPUPerformanceMetrics:
    """Times in cycles and us, traffic in byte, power in W, energies in uJ and mJ, shares from 0 to 1."""

    total_cycles: int = 0
    total_time_us: float = 0.0
    compute_cycles: int = 0
    memory_stall_cycles: int = 0
    other_cycles: int = 0
    dram_reads_bytes: int = 0
    dram_writes_bytes: int = 0
    sram_reads_bytes: int = 0
    sram_writes_bytes: int = 0
    l1_hits: int = 0
    l1_misses: int = 0
    l2_hits: int = 0
    l2_misses: int = 0
    average_power_watts: float = 0.0
    total_energy_uj: float = 0.0
    compute_utilization: float = 0.0
    memory_bandwidth_utilization: float = 0.0
    op_metrics: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def energy_per_inference_mj(self) -> float:
        """Energy of a run in mJ."""
        return self.total_energy_uj / 1000


@dataclass
class KPUExecutionResult:
    """Numbers and metrics of one execution, or why there are none."""

    success: bool
    error_message: str | None = None
    outputs: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    metrics: KPUPerformanceMetrics = field(default_factory=KPUPerformanceMetrics)
    mode: SimulationMode = SimulationMode.FUNCTIONAL
    trace: list[dict[str, Any]] = field(default_factory=list)
