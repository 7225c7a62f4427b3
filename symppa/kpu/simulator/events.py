"""Tasks on resources that take one at a time, and when each runs: the heart of the simulation.

A task is ready once those before it are done. A bus serves the ready task that is due first, line by line: one that is
due earlier takes the bus from another, which goes on afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
DRAM, L2, CELLS = 0, 1, 2  # the bus of the memory, that of L2, and arrays with lanes
RESOURCES = (DRAM, L2, CELLS)
Due = tuple[int, int]


@dataclass
class Tasks:
    """Tasks by number: where each runs, for how long, when it is due, and what waits for it."""

    resource: list[int] = field(default_factory=list)
    cycles: list[float] = field(default_factory=list)
    due: list[Due] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    behind: list[list[int]] = field(default_factory=list)

    def add(self, resource: int, cycles: float, due: Due, after: Iterable[int | None] = ()) -> int:
        """A further task; its number."""
        number = len(self.resource)
        before = {one for one in after if one is not None}
        self.resource.append(resource)
        self.cycles.append(cycles)
        self.due.append(due)
        self.waits.append(len(before))
        self.behind.append([])
        for one in before:
            self.behind[one].append(number)
        return number


class Played(NamedTuple):
    """Stretches of time by the task that ran, in the order in which they ended; how often tasks were interrupted."""

    task: Array
    start: Array
    end: Array
    interrupted: int


class Player:
    """One run of tasks from time 0 on."""

    def __init__(self, tasks: Tasks) -> None:
        self.tasks, self.left, self.waits = tasks, list(tasks.cycles), list(tasks.waits)
        self.ready: list[list[tuple[Due, int]]] = [[] for _ in RESOURCES]
        self.running: list[int | None] = [None] * len(RESOURCES)
        self.since = [0.0] * len(RESOURCES)
        self.turn = [0] * len(RESOURCES)  # a new one whenever a resource changes what it runs
        self.ends: list[tuple[float, int, int]] = []
        self.stretches: list[tuple[int, float, float]] = []
        self.interrupted = 0

    def play(self) -> Played:
        """Every task to its end."""
        now = 0.0
        self._release([number for number, count in enumerate(self.waits) if not count])
        while True:
            for resource in RESOURCES:
                self._serve(resource, now)
            if not self.ends:
                break
            now = self.ends[0][0]
            while self.ends and self.ends[0][0] == now:
                _, resource, turn = heappop(self.ends)
                if turn == self.turn[resource]:
                    self._finish(resource, now)
        task, start, end = zip(*self.stretches, strict=True) if self.stretches else ((), (), ())
        return Played(np.array(task, int), np.array(start, float), np.array(end, float), self.interrupted)

    def _release(self, fresh: list[int]) -> None:
        """Tasks that wait for nothing get in line; those that take no time are done."""
        while fresh:
            number = fresh.pop()
            if self.left[number] > 0:
                heappush(self.ready[self.tasks.resource[number]], (self.tasks.due[number], number))
            else:
                fresh += self._freed(number)

    def _freed(self, number: int) -> list[int]:
        found = []
        for one in self.tasks.behind[number]:
            self.waits[one] -= 1
            if not self.waits[one]:
                found.append(one)
        return found

    def _serve(self, resource: int, now: float) -> None:
        line, running = self.ready[resource], self.running[resource]
        if not line or (running is not None and line[0] >= (self.tasks.due[running], running)):
            return
        if running is not None:
            self._interrupt(resource, running, now)
        number = heappop(line)[1]
        self.running[resource], self.since[resource] = number, now
        self.turn[resource] += 1
        heappush(self.ends, (now + self.left[number], resource, self.turn[resource]))

    def _interrupt(self, resource: int, running: int, now: float) -> None:
        self.left[running] -= now - self.since[resource]
        self._note(running, self.since[resource], now)
        self.interrupted += 1
        heappush(self.ready[resource], (self.tasks.due[running], running))

    def _finish(self, resource: int, now: float) -> None:
        number = self.running[resource]
        if number is None:
            return
        self._note(number, self.since[resource], now)
        self.running[resource] = None
        self.turn[resource] += 1
        self._release(self._freed(number))

    def _note(self, number: int, start: float, end: float) -> None:
        if end > start:
            self.stretches.append((number, start, end))


def played(tasks: Tasks) -> Played:
    """When every task runs."""
    return Player(tasks).play()
