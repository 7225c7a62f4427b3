"""The simulator: a program cycle by cycle, with traces of power and of the memories."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from symppa.errors import InvalidInputError
from symppa.kpu.interface.interfaces import KPUSimulatorInterface
from symppa.kpu.interface.kinds import SimulationMode
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.interface.results import KPUPerformanceMetrics
from symppa.kpu.simulator.events import CELLS, DRAM, L2
from symppa.kpu.simulator.memory import Access, accesses
from symppa.kpu.simulator.metrics import metrics
from symppa.kpu.simulator.timeline import Timeline

BUSES = {"dram_bus": DRAM, "l2_bus": L2, "arrays": CELLS}


class KPUSimulator(KPUSimulatorInterface):
    """A run of a compiled program from cycle 0 on; what is played does not depend on the numbers that come in."""

    def __init__(self, program: KPUProgram) -> None:
        program.target_config.check()
        self.timeline = Timeline(program)
        self.cycle = 0

    @property
    def total_cycles(self) -> int:
        """Cycles of the whole run."""
        return self.timeline.cycles

    @property
    def is_done(self) -> bool:
        """Whether the run is at its end."""
        return self.cycle >= self.total_cycles

    def reset(self) -> None:
        self.cycle = 0

    def step(self, cycles: int = 1) -> None:
        """Some cycles further, to the end at most."""
        if isinstance(cycles, bool) or not isinstance(cycles, int | np.integer) or cycles < 1:
            raise InvalidInputError(f"step({cycles!r}): a whole number of cycles from 1 on is expected")
        self.cycle = min(self.total_cycles, self.cycle + int(cycles))

    def run_until_complete(self) -> int:
        self.cycle = self.total_cycles
        return self.cycle

    def get_state(self) -> dict[str, Any]:
        """The cycle, the operator that runs with its tiles, what the arrays and the buses do, and energy so far."""
        number = self._running()
        found: dict[str, Any] = {
            "cycle": self.cycle, "total_cycles": self.total_cycles, "done": self.is_done,
            "operators_done": int(np.searchsorted(self.timeline.starts[1:], self.cycle, "right")),
            "operators": len(self.timeline.operators), "operator": None, "tile": None, "tiles": None,
            "energy_uj": float(self.timeline.energy_until(self.cycle)) * 1e-6,
            "busy_cycles": {name: self.timeline.busy_until(self.cycle, one) for name, one in BUSES.items()},
        }  # fmt: skip
        found |= {name: self._doing(resource) for name, resource in BUSES.items()}
        if number is not None:
            one = self.timeline.operators[number]
            found |= {"operator": one.op.id, "tile": self._tiles_done(number), "tiles": self._tiles(number)}
        return found

    def get_power_trace(self) -> list[tuple[int, float]]:
        """Cycle and watts on average until the next entry, as far as the run has come; the last entry ends it."""
        return self.timeline.power(self.cycle)

    def get_memory_trace(self) -> list[tuple[int, str, int, int]]:
        """Cycle, dram_read, dram_write, l2_read or l2_write, address and bytes of each transfer begun so far."""
        return [one[:4] for one in self.accesses if self.is_done or one.cycle < self.cycle]

    def metrics(self, mode: SimulationMode = SimulationMode.CYCLE_ACCURATE) -> KPUPerformanceMetrics:
        """What the whole run takes."""
        return metrics(self.timeline, mode)

    @cached_property
    def accesses(self) -> list[Access]:
        """Every transfer of the whole run."""
        return accesses(self.timeline)

    def _running(self) -> int | None:
        if self.is_done:
            return None
        return int(np.searchsorted(self.timeline.starts, self.cycle, "right")) - 1

    def _doing(self, resource: int) -> str | None:
        """What a resource does in this cycle."""
        found = self.timeline.stretches
        at = np.flatnonzero((found.resource == resource) & (found.start < self.cycle + 1) & (found.end > self.cycle))
        if self.is_done or not len(at):
            return None
        course = self.timeline.operators[int(found.operator[at[0]])].course
        job = course.jobs[int(found.task[at[0]])] if course is not None else None
        return None if job is None else f"{job.what} {job.way} of tile {job.tile}".replace("  ", " ")

    def _tiles(self, number: int) -> int:
        course = self.timeline.operators[number].course
        return len(course.tiles) if course is not None else 0

    def _tiles_done(self, number: int) -> int:
        """Tiles of an operator that have been worked on."""
        course = self.timeline.operators[number].course
        if course is None:
            return 0
        passed = self.cycle - int(self.timeline.starts[number])
        mine = course.resource[course.played.task] == CELLS
        return int((course.played.end[mine] <= passed).sum())
