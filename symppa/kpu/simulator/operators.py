"""One operator from its first tile to its last: when what runs, and what that takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np

from symppa.kpu.cost import PACE, chosen_loops, machine, spent, varied
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.program import KPUOp, KPUProgram
from symppa.kpu.loops import STREAM, Loops
from symppa.kpu.passes.prefetch import first_weights
from symppa.kpu.simulator.events import CELLS, DRAM, L2, Played, Tasks, played
from symppa.kpu.simulator.schedule import READ, WRITE, Job, Schedule, less_early
from symppa.kpu.simulator.tiles import Tile, Walk

Array = np.ndarray[Any, Any]
NOISE = 1e-6  # cycles by which sums of the same numbers differ


@dataclass(frozen=True)
class Course:
    """How an operator runs: its tiles, what is done for them and when."""

    tiles: Sequence[Tile]
    jobs: Sequence[Job]
    resource: Array
    played: Played
    config: KPUConfig

    @cached_property
    def time(self) -> float:
        """Cycles to the end of the last task."""
        return float(self.played.end.max(initial=0.0))

    @cached_property
    def size(self) -> Array:
        """Bytes of every task."""
        return np.array([job.size for job in self.jobs], float)

    @cached_property
    def share(self) -> Array:
        """What part of its task a stretch is."""
        length = self.played.end - self.played.start
        whole = np.bincount(self.played.task, length, len(self.jobs))
        return np.asarray(length / whole[self.played.task])

    def busy(self, resource: int) -> float:
        """Cycles in which a resource works."""
        mine = self.resource[self.played.task] == resource
        return float((self.played.end - self.played.start)[mine].sum())

    def moved(self, resource: int, way: str) -> float:
        """Bytes over a bus one way."""
        told = (job.size for job, at in zip(self.jobs, self.resource, strict=True) if at == resource and job.way == way)
        return float(sum(told))


@dataclass(frozen=True)
class Operator:
    """An operator that was simulated: whole cycles, and energies in pJ."""

    op: KPUOp
    loop: Loops | None
    course: Course | None
    cycles: int
    energies: Mapping[str, float]
    work: Mapping[str, float]  # macs, operations of the lanes, bytes on each way, cycles of each resource

    @property
    def energy(self) -> float:
        """Everything that it takes, in pJ."""
        return self.energies["energy"]

    @property
    def arithmetic(self) -> bool:
        """Whether arrays or lanes have anything to do."""
        return self.work["compute_cycles"] > 0


def courses(program: KPUProgram) -> list[Operator]:
    """Every operator of a program; those alike are played once."""
    known: dict[str, Course] = {}
    pairs: list[tuple[KPUOp, Loops | None, Course | None]] = []
    for op in program.ops:
        loop = chosen_loops(program, op) if op.tiling is not None else None
        course = None
        if loop is not None:
            first = first_weights(program, op)
            mark = repr((loop, op.tiling, _early(op), op.estimates.get("prefetch_bytes", 0.0), first))
            course = known.get(mark) or known.setdefault(mark, course_of(program.target_config, op, loop, first))
        pairs.append((op, loop, course))
    return _priced(program, pairs)


def _early(op: KPUOp) -> float:
    return op.estimates.get("early_bytes", 0.0)


def course_of(config: KPUConfig, op: KPUOp, loop: Loops, first: float) -> Course:
    """An operator played from an empty machine, but for weights that were fetched before."""
    if op.tiling is None:
        raise ValueError(f"{op.id} has no tiles")
    tiles = Walk(config, loop, op.tiling).tiles()
    less_early(tiles, _early(op), first)
    schedule = Schedule(tiles, op)
    tasks = _timed(config, loop, schedule.tasks, schedule.jobs)
    return Course(tiles, schedule.jobs, np.array(tasks.resource, int), played(tasks), config)


def _timed(config: KPUConfig, loop: Loops, tasks: Tasks, jobs: Sequence[Job]) -> Tasks:
    """The tasks with the times of what moves, by the law of the buses."""
    known = machine(config, STREAM, loop.precision)
    for resource, name in ((DRAM, "dram"), (L2, "l2")):
        mine = [n for n, at in enumerate(tasks.resource) if at == resource]
        if mine:
            told = {f"{name}_bandwidth": known[f"pace.{name}_bandwidth"]}
            sizes = np.array([jobs[n].size for n in mine], float)
            cycles = varied(PACE, told, {f"{name}_traffic": sizes}, f"{name}_cycles")
            for n, one in zip(mine, cycles.tolist(), strict=True):
                tasks.cycles[n] = one
    return tasks


def whole_cycles(time: float, bound: int) -> int:
    """Cycles that are begun, where noise of sums does not make one of them more or less than the bound."""
    return bound if abs(time - bound) < NOISE or bound - 1 < time <= bound else ceil(time - NOISE)


def _priced(program: KPUProgram, pairs: Sequence[tuple[KPUOp, Loops | None, Course | None]]) -> list[Operator]:
    """The operators with what they take, by the library's formulas."""
    counts = [_counted(op, course) for op, _, course in pairs]
    precisions = [loop.precision if loop is not None else program.precision for _, loop, _ in pairs]
    energies = spent(program.target_config, precisions, counts)
    return [
        Operator(op, loop, course, int(count["pace.cycles"]), energy, count)
        for (op, loop, course), count, energy in zip(pairs, counts, energies, strict=True)
    ]


def _counted(op: KPUOp, course: Course | None) -> dict[str, float]:
    """What an operator did, tile by tile."""
    if course is None:
        names = ("dram_reads", "dram_writes", "l2_reads", "l2_writes", "dram_cycles", "l2_cycles", "compute_cycles")
        also = ("pace.cycles", "macs", "vector_ops", "dram_traffic", "l2_traffic", "l1_traffic")
        return dict.fromkeys((*names, *also), 0.0)
    found = {
        "dram_reads": course.moved(DRAM, READ), "dram_writes": course.moved(DRAM, WRITE),
        "l2_reads": course.moved(L2, READ), "l2_writes": course.moved(L2, WRITE),
        "dram_cycles": course.busy(DRAM), "l2_cycles": course.busy(L2), "compute_cycles": course.busy(CELLS),
        "macs": sum(tile.macs for tile in course.tiles), "vector_ops": sum(tile.vector_ops for tile in course.tiles),
        "l1_traffic": op.estimates.get("l1_bytes", 0.0),
    }  # fmt: skip
    found["dram_traffic"] = found["dram_reads"] + found["dram_writes"]
    found["l2_traffic"] = found["l2_reads"] + found["l2_writes"]
    return found | {"pace.cycles": float(whole_cycles(course.time, op.estimated_cycles))}
