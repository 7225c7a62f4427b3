"""A whole program in time: every stretch of work with its energy and bytes, operators one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from symppa.kpu.cost import machine, run, shape_values
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.loops import PRODUCT
from symppa.kpu.simulator.events import CELLS, DRAM, L2
from symppa.kpu.simulator.operators import Course, Operator, courses

Array = np.ndarray[Any, Any]
SAMPLES = 4096  # of a power trace, beside the ends of operators


@dataclass(frozen=True)
class Stretches:
    """Time in which a resource works without a break, in cycles from the start of the run; energies in pJ."""

    start: Array
    end: Array
    resource: Array
    operator: Array
    task: Array
    energy: Array


@dataclass(frozen=True)
class Timeline:
    """A simulated program; nothing in it depends on the numbers that come in."""

    program: KPUProgram

    @cached_property
    def operators(self) -> list[Operator]:
        """The operators in their order."""
        return courses(self.program)

    @cached_property
    def starts(self) -> Array:
        """The cycle in which each operator begins, and the end of the last."""
        return np.concatenate([[0], np.cumsum([one.cycles for one in self.operators], dtype=np.int64)]).astype(np.int64)

    @property
    def cycles(self) -> int:
        """Cycles of a run."""
        return int(self.starts[-1])

    @cached_property
    def ideals(self) -> list[float]:
        """Cycles of arrays that never wait for anything, operator by operator; 0 where arrays do nothing."""
        ways = {n: one.loop for n, one in enumerate(self.operators) if one.loop is not None and one.work["macs"]}
        rows = [
            {**machine(self.program.target_config, PRODUCT, loop.precision), **shape_values(loop)}
            for loop in ways.values()
        ]
        known = dict(zip(ways, run(PRODUCT, rows) if rows else [], strict=True))
        return [known[n]["ideal_cycles"] if n in known else 0.0 for n in range(len(self.operators))]

    @cached_property
    def stretches(self) -> Stretches:
        """Everything that happens, operator by operator."""
        found = [
            (self.starts[n] + course.played.start, self.starts[n] + course.played.end,
             course.resource[course.played.task], np.full(len(course.played.task), n), course.played.task,
             _energies(one, course))
            for n, one in enumerate(self.operators) if (course := one.course) is not None
        ]  # fmt: skip
        empty = np.zeros(0)
        joined = [np.concatenate(each) for each in zip(*found, strict=True)] if found else [empty] * 6
        return Stretches(*joined)

    @cached_property
    def _spent(self) -> tuple[Array, Array]:
        """Cycles at which the power changes, and the energy in pJ until then."""
        found = self.stretches
        length = found.end - found.start
        power = np.divide(found.energy, length, out=np.zeros_like(length), where=length > 0)
        rest = np.array([one.energy for one in self.operators], float)
        rest -= np.bincount(found.operator.astype(int), found.energy, len(rest))
        spans = np.diff(self.starts).astype(float)
        flat = np.divide(rest, spans, out=np.zeros_like(rest), where=spans > 0)
        when = np.concatenate([found.start, found.end, self.starts[:-1], self.starts[1:]]).astype(float)
        change = np.concatenate([power, -power, flat, -flat])
        order = np.argsort(when, kind="stable")
        when, level = when[order], np.cumsum(change[order])
        return when, np.concatenate([[0.0], np.cumsum(level[:-1] * np.diff(when))])

    def energy_until(self, cycle: Any) -> Array:
        """Energy in pJ from the start to some cycles."""
        when, spent = self._spent
        return np.asarray(np.interp(cycle, when, spent) if len(when) else np.zeros_like(np.asarray(cycle, float)))

    def power(self, until: int) -> list[tuple[int, float]]:
        """Cycle and watts on average until the next one; the last entry is the end, where only idle power flows."""
        step = max(1, -(-self.cycles // SAMPLES))
        grid = np.unique(np.concatenate([np.arange(0, until, step), self.starts[self.starts < until], [until]]))
        compute = self.program.target_config.compute
        watts = np.diff(self.energy_until(grid)) / np.maximum(np.diff(grid), 1) * compute.clock_mhz * 1e-6
        return list(zip(grid.tolist(), [*watts.tolist(), compute.idle_watts], strict=True))

    def busy_until(self, cycle: int, resource: int) -> float:
        """Cycles in which a resource has worked."""
        found = self.stretches
        mine = found.resource == resource
        return float((np.minimum(found.end[mine], cycle) - np.minimum(found.start[mine], cycle)).sum())


def _energies(one: Operator, course: Course) -> Array:
    """What each stretch takes beside idle power: arithmetic by what a tile does, transfers by their bytes."""
    found, tiles = one.energies, course.tiles
    tile = np.array([job.tile for job in course.jobs], int)
    part = {
        "mac_energy": np.array([each.macs for each in tiles]),
        "vector_energy": np.array([each.vector_ops for each in tiles]),
        "l1_energy": np.array([each.cycles for each in tiles]),
    }  # fmt: skip
    worked = sum(found[name] * _shares(values) for name, values in part.items())
    tasks = np.zeros(len(course.jobs))
    for resource, name in ((DRAM, "dram_energy"), (L2, "l2_energy")):
        mine = course.resource == resource
        tasks[mine] = found[name] * _shares(course.size[mine])
    cells = course.resource == CELLS
    tasks[cells] = np.asarray(worked)[tile[cells]]
    return np.asarray(tasks[course.played.task] * course.share)


def _shares(values: Array) -> Array:
    whole = values.sum()
    return values / whole if whole else np.zeros(len(values))
