"""Candidate lists: where all but some steps of rounding is monotone in a given, only their break points matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter

import numpy as np

from symppa.engine.border import Array
from symppa.engine.interval import Intervals
from symppa.engine.interval_facts import Fact
from symppa.engine.program import Program, Step
from symppa.engine.search.goal import Goal
from symppa.engine.search.points import Points
from symppa.language.operations import LEAVES, MARK

MOST = 2_000_000  # values of frozen steps looked at for one given
AT_ONCE = 32_768  # of these, that fit into a cache together
RISE, FALL = 0, 1
Ways = tuple[int, int]  # bits of the columns a value may rise with, and of those it may fall with
ROUNDS = ("ceil_div", "floor_div")
CARRIED = ("add", "maximum", "minimum", "sqrt", "total", "largest_over", "smallest_over", MARK)


def candidates(
    reading: Intervals,
    goal: Goal,
    names: Sequence[str],
    tables: Sequence[Array | None],
    nominal: Sequence[bool],
    until: float = np.inf,
) -> list[Array | None]:
    """Shorter lists of candidates that still hold a best design; what there is no time to shorten stays as it is.

    No list grows, and none is left empty.
    """
    lists = list(tables)
    survey = _Survey(reading, goal, names, until)
    moved = True
    while moved:
        moved = False
        for i, table in enumerate(lists):
            if table is None or nominal[i] or len(table) < 3:
                continue
            kept = survey.shortened(i, lists)
            if kept is not None and len(kept) < len(table):
                lists[i], moved = kept, True
    return lists


class _Survey:
    """How the deciding values move with each column."""

    def __init__(self, reading: Intervals, goal: Goal, names: Sequence[str], until: float) -> None:
        self.reading, self.goal, self.names, self.until = reading, goal, names, until
        self.program: Program = reading.program
        self.bits = {self.program.number_of[name]: 1 << i for i, name in enumerate(names)}
        self.support: dict[int, int] = {}
        for n in self.program.live:
            below = 0
            for a in self.program.steps[n].arguments:
                below |= self.support[a]
            self.support[n] = self.bits.get(n, 0) | below
        self.told: dict[frozenset[int], dict[int, Ways]] = {}
        self.sizes = 0  # a set that grows moves everything
        for axis in self.program.axes:
            for s in axis.sizes:
                self.sizes |= self.support[s]

    def shortened(self, i: int, lists: Sequence[Array | None]) -> Array | None:
        """The candidates of one column that are worth trying."""
        if self.sizes >> i & 1:
            return None
        every = [n for n in self.program.live if self._may_freeze(n, i, lists)]
        plain = self._ways(frozenset())
        for end in (RISE, FALL):  # all that stays rises: the least of each run is best; it falls: the largest
            against = frozenset(n for n in every if plain[n][1 - end] >> i & 1)
            if self._worst(self._ways(against))[1 - end] >> i & 1:
                continue
            return self._runs(i, lists, sorted(against), end)
        return None

    def _may_freeze(self, n: int, i: int, lists: Sequence[Array | None]) -> bool:
        """Whether a step of rounding depends on this column and at most one short list beside it."""
        table = lists[i]
        if table is None or self.program.steps[n].operation not in ROUNDS or not self.support[n] >> i & 1:
            return False
        others = [lists[k] for k in range(len(lists)) if k != i and self.support[n] >> k & 1]
        if len(others) > 1:
            return False
        size = len(table) * self._members(n)
        for other in others:
            if other is None:
                return False
            size *= len(other)
        return size <= MOST

    def _members(self, n: int) -> int:
        lengths = self.reading.lengths
        needed = self.program.needed([n])
        return max(
            int(np.prod([length for k, length in enumerate(lengths) if k and self.program.masks[m] >> k & 1]))
            for m in needed
        )

    def _runs(self, i: int, lists: Sequence[Array | None], frozen: Sequence[int], end: int) -> Array | None:
        """One end of every run of candidates over which the frozen steps stay as they are."""
        table = lists[i]
        if table is None:
            return None
        changes = np.zeros(len(table) - 1, bool)
        for n in frozen:
            changed = self._changes(n, i, lists)
            if changed is None:
                return None
            changes |= changed
        first = np.concatenate([[True], changes])
        last = np.concatenate([changes, [True]])
        return np.asarray(table[first if end == RISE else last])

    def _changes(self, n: int, i: int, lists: Sequence[Array | None]) -> Array | None:
        """Between which candidates a step changes, whatever the other column it depends on; None out of time."""
        chosen = [i, *(k for k in range(len(lists)) if k != i and self.support[n] >> k & 1)]
        mine, *others = [table for table in (lists[k] for k in chosen) if table is not None]
        points = Points(self.reading, [self.names[k] for k in chosen], [n])
        size, some = len(mine), max(1, min(AT_ONCE, points.most) // len(mine))
        found = np.zeros(size - 1, bool)
        for first in range(0, len(others[0]) if others else 1, some):
            if perf_counter() > self.until:
                return None
            beside = [other[first : first + some] for other in others]
            rows = len(beside[0]) if beside else 1
            columns = [np.tile(mine, rows), *(np.repeat(other, size) for other in beside)]
            shaped = points.at(columns, rows * size)[n].reshape(rows, size, -1)
            other = shaped[:, 1:] != shaped[:, :-1]
            if np.isnan(shaped).any():
                other &= ~(np.isnan(shaped[:, 1:]) & np.isnan(shaped[:, :-1]))
            found |= other.any(axis=(0, 2))
        return found

    def _worst(self, ways: Mapping[int, Ways]) -> Ways:
        """Columns with which a design may get worse, and with which it may get better."""
        worse = better = 0
        if self.goal.objective is not None:
            rise, fall = ways[self.goal.objective]
            worse, better = (rise, fall) if self.goal.sign > 0 else (fall, rise)
        for step, (low, high) in self.goal.windows.items():
            rise, fall = ways[step]
            worse |= (rise if high < np.inf else 0) | (fall if low > -np.inf else 0)
            better |= (fall if high < np.inf else 0) | (rise if low > -np.inf else 0)
        for step in self.goal.steps.values():
            if not self.reading.facts[step].tame:  # whatever moves it may leave it without a value, or give it one
                rise, fall = ways[step]
                worse, better = worse | rise | fall, better | rise | fall
        return worse, better

    def _ways(self, frozen: frozenset[int]) -> dict[int, Ways]:
        """How every step moves; lists do not enter, so it is told once."""
        if frozen in self.told:
            return self.told[frozen]
        found = self.told[frozen] = {}
        for n in self.program.live:
            step = self.program.steps[n]
            bit = self.bits.get(n, 0)
            if step.operation in LEAVES:
                found[n] = bit, 0
            elif n in frozen:
                found[n] = 0, 0
            else:
                facts = [self.reading.facts[a] for a in step.arguments]
                mine = [found[a] for a in step.arguments]
                tame = self.reading.facts[n].tame and all(f.tame for f in facts)
                found[n] = (moved(step, mine, facts) if tame else None) or _either_way(*mine)
        return found


def moved(step: Step, ways: Sequence[Ways], facts: Sequence[Fact]) -> Ways | None:
    """How a step moves, from how its arguments do; None where that cannot be told. Rounding keeps the order."""
    operation = step.operation
    if operation in CARRIED:
        return _together(*ways)
    if operation == "where":
        return _together(_either_way(ways[0]), *ways[1:])
    if operation == "subtract":
        return _together(ways[0], _swapped(ways[1]))
    if operation == "multiply":
        a, b = _signed(ways[0], facts[1]), _signed(ways[1], facts[0])
        return None if a is None or b is None else _together(a, b)
    if operation in ("divide", *ROUNDS) and (facts[1].low > 0.0 or facts[1].high < 0.0):
        a, b = _signed(ways[0], facts[1]), _signed(_swapped(ways[1]), facts[0])
        return None if a is None or b is None else _together(a, b)
    return None


def _together(*ways: Ways) -> Ways:
    rise = fall = 0
    for r, f in ways:
        rise, fall = rise | r, fall | f
    return rise, fall


def _either_way(*ways: Ways) -> Ways:
    """A function of these, of which nothing is known."""
    rise, fall = _together(*ways)
    return rise | fall, rise | fall


def _swapped(ways: Ways) -> Ways:
    return ways[1], ways[0]


def _signed(ways: Ways, other: Fact) -> Ways | None:
    """With a factor of known sign beside it."""
    if ways == (0, 0):
        return ways
    if other.low >= 0.0:
        return ways
    return _swapped(ways) if other.high <= 0.0 else None
