"""The interval readings of one problem race: what closes more boxes for its work bounds the next ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from symppa.engine.interval import Intervals
from symppa.engine.search.goal import Goal

FIRST, OFTEN = (2, 4), 8  # turns in which both are looked at
NEAR = 0.8  # of the boxes the relaxed reading closes, at least: what it leaves open comes back doubled


class Reader(NamedTuple):
    """A reading, the goal on its steps, and the step that stands for each step of the program."""

    intervals: Intervals
    goal: Goal
    steps: Mapping[int, int]

    @property
    def work(self) -> int:
        """Steps of one box; counted, not timed: the same question is searched in the same way."""
        return len(self.intervals.program.live)


class Race:
    """The natural reading is quick, the relaxed one tight."""

    def __init__(self, natural: Reader, relaxed: Reader) -> None:
        self.natural, self.relaxed = natural, relaxed
        self.closed = [0.0, 1.0]  # parts of the boxes that the natural one closes, and the relaxed one

    def probes(self, turn: int) -> bool:
        """Whether both are looked at in this turn."""
        return self.natural.work < self.relaxed.work and (turn in FIRST or turn % OFTEN == 0)

    def note(self, natural: float, relaxed: float) -> None:
        """What both have closed of the same boxes."""
        self.closed = [(a + b) / 2.0 for a, b in zip(self.closed, (natural, relaxed), strict=True)]

    @property
    def leader(self) -> Reader:
        """The reading that closes more for its work, if it leaves little more open."""
        natural, relaxed = self.closed
        quick = natural * self.relaxed.work > relaxed * self.natural.work
        return self.natural if quick and natural >= NEAR * relaxed else self.relaxed
