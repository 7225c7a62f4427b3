"""Tiles of an operator as tasks: what has to be done before a tile comes, before it is worked on, before it goes.

With two buffers to an operand a tile comes while the one before is worked on, and the one before that goes; on both
levels. With one of them everything takes turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from symppa.kpu.interface.program import KPUOp
from symppa.kpu.simulator.events import CELLS, DRAM, L2, Tasks
from symppa.kpu.simulator.tiles import BESIDE, BROUGHT, Tile
from symppa.kpu.walk import LEFT, RIGHT

WORK, RESULTS, AHEAD = "work", "results", "ahead"
READ, WRITE = "read", "write"


class Job(NamedTuple):
    """What a task does: its tile, what moves (an operand, results, weights ahead) or work, and the bytes."""

    tile: int
    what: str
    way: str
    size: float


@dataclass
class Room:
    """Two buffers of an operand in one memory: who used each version that came, and what brought the last one."""

    versions: list[list[int]] = field(default_factory=list)
    outer: int = -1
    brought: int | None = None

    def used(self, task: int) -> None:
        """A task needs the version that is there."""
        if not self.versions:
            self.versions.append([])
        self.versions[-1].append(task)

    def next(self) -> None:
        """Another version begins to come."""
        self.versions.append([])

    @property
    def taken(self) -> list[int]:
        """Whose end makes room for the newest version: the last that used the one before the last."""
        return self.versions[-3][-2:] if len(self.versions) > 2 else []


def less_early(tiles: Sequence[Tile], early: float, first: float) -> None:
    """Take off what was fetched before: weights of the first tile, then those of the others in their order."""
    number = range(len(tiles))
    order = [(0, RIGHT, first), *((n, RIGHT, early) for n in (*number[1:], 0))]
    order += [(n, what, early) for n in number for what in (BESIDE, LEFT)]
    for n, what, most in order:
        there = tiles[n].from_dram.get(what, 0.0)
        taken = min(there, most, early)
        if taken > 0:
            tiles[n].from_dram[what] = there - taken
            early -= taken


class Schedule:
    """The tasks of an operator, tile after tile."""

    def __init__(self, tiles: Sequence[Tile], op: KPUOp) -> None:
        self.tiles, self.tasks, self.jobs = tiles, Tasks(), list[Job]()
        self.takes_turns = op.tiling is not None and not op.tiling.double_buffer and len(tiles) > 1
        self.l1, self.l2 = ({what: Room() for what in BROUGHT} for _ in range(2))
        self.gone: dict[int, int] = {}  # what took a result from L1
        self.away: dict[int, list[int]] = {}  # what took results of an outer tile from L2
        self.sums: dict[tuple[int, ...], int] = {}
        self.worked: int | None = None
        self.last: int | None = None
        self.outer_start = _starts(tile.outer for tile in tiles)
        self.result_start = _starts(tile.result for tile in tiles)
        for n, tile in enumerate(tiles):
            self._tile(n, tile)
        ahead = op.estimates.get("prefetch_bytes", 0.0)
        if ahead:
            self._add(DRAM, Job(len(tiles) - 1, AHEAD, READ, ahead), 2 * len(tiles) + 2)

    def _add(self, resource: int, job: Job, due: int, after: Iterable[int | None] = (), cycles: float = 0.0) -> int:
        """A task with what it does; what moves is timed later."""
        before = [*after, self.last] if self.takes_turns else after
        number = self.tasks.add(resource, cycles, (due, int(job.way == WRITE)), before)
        self.jobs.append(job)
        if self.takes_turns:
            self.last = number
        return number

    def _tile(self, n: int, tile: Tile) -> None:
        came = [self._from_dram(n, tile, what, size) for what, size in tile.from_dram.items() if size > 0]
        for what, size in tile.from_l2.items():
            if size > 0:
                self._from_l2(n, tile, what, size, came)
        after = [*came, *(room.brought for room in self.l1.values()), self.worked]
        if tile.begins_result:
            after.append(self.gone.get(tile.result - 2))
        self.worked = self._add(CELLS, Job(n, WORK, "", 0.0), n, after, tile.cycles)
        for room in self.l1.values():
            room.used(self.worked)
        if tile.to_l2 > 0:
            self._leave(n, tile, self.worked)

    def _from_dram(self, n: int, tile: Tile, what: str, size: float) -> int:
        room = self.l2[what]
        if room.outer != tile.outer:
            room.outer = tile.outer
            room.next()
        room.brought = self._add(DRAM, Job(n, what, READ, size), n, room.taken)
        return room.brought

    def _from_l2(self, n: int, tile: Tile, what: str, size: float, came: Sequence[int]) -> None:
        room = self.l1[what]
        room.next()
        after = [*came, *room.taken, self.l2[what].brought]
        if tile.sums_back and what == BESIDE:
            after.append(self.sums[_place(tile)])
        room.brought = self._add(L2, Job(n, what, READ, size), n, after)
        self.l2[what].used(room.brought)

    def _leave(self, n: int, tile: Tile, worked: int) -> None:
        """Results go to L2, and to the memory from there; sums that are not finished wait in L2."""
        count = len(self.tiles)
        due = self.result_start.get(tile.result + 2, count + n)
        before = self.away.get(tile.outer - 2, [])[-2:] if tile.to_dram > 0 else []
        gone = self._add(L2, Job(n, RESULTS, WRITE, tile.to_l2), due, [worked, *before])
        self.gone[tile.result] = self.sums[_place(tile)] = gone
        if tile.to_dram > 0:
            due = self.outer_start.get(tile.outer + 2, count + n)
            self.away.setdefault(tile.outer, []).append(
                self._add(DRAM, Job(n, RESULTS, WRITE, tile.to_dram), due, [gone])
            )


def _starts(numbers: Iterable[int]) -> Mapping[int, int]:
    """The first tile of each outer one, or of each result."""
    found: dict[int, int] = {}
    for n, number in enumerate(numbers):
        found.setdefault(number, n)
    return found


def _place(tile: Tile) -> tuple[int, ...]:
    """Where the results of a tile lie."""
    return tuple(span.start for letter, span in sorted(tile.box.items()) if letter != "K")
