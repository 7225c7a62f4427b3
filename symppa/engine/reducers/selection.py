"""Order statistics of one output by a few walks: each finds more leading digits of the numbers that are looked for.

Floats are told apart by how many floats lie between them and the lowest one. A walk counts designs by the leading
bits of that number, which tells the leading bits of every order statistic; the next looks at those designs only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from math import frexp, ldexp
from typing import Self

import numpy as np

from symppa.engine.border import Array
from symppa.engine.reducers.counts import Tally
from symppa.engine.reducers.moments import Centred, Moments
from symppa.engine.reducers.radix import Keys, Wanted
from symppa.engine.reducers.scratch import Scratch
from symppa.engine.reducers.sums import Exact

MOST_VALUES = 1_000_000  # values that are simply kept and sorted
NEXT, ALL = 16, 20  # bits told apart by walks after the first, and by these for all prefixes


class State(ABC):
    """What one walk finds out about one output."""

    @abstractmethod
    def clear(self) -> None:
        """Forget what was seen in this walk."""

    @abstractmethod
    def see(self, values: Array, times: int, scratch: Scratch) -> None:
        """Values, each of so many designs."""

    @abstractmethod
    def merge(self, other: Self) -> None:
        """What another has seen in the same walk."""

    @abstractmethod
    def next(self, ranks: Array, count: int) -> State:
        """After the walk, with so many values in all: what the next one asks."""

    def twin(self) -> Self:
        """An empty one for the same walk."""
        other = copy(self)
        other.clear()
        return other


class Answer(State):
    """Order statistics by rank, and moments, in base units; nothing more is asked."""

    def __init__(self, ranks: Array, values: Array, moments: Moments) -> None:
        self.ranks, self.values, self.moments = ranks, values, moments

    def clear(self) -> None:
        pass

    def see(self, values: Array, times: int, scratch: Scratch) -> None:
        pass

    def merge(self, other: Self) -> None:
        pass

    def next(self, ranks: Array, count: int) -> State:
        return self

    def at(self, ranks: Array) -> Array:
        """Order statistics."""
        return self.values[np.searchsorted(self.ranks, ranks)]


class Reach(State):
    """Ends and sum of an output of so many designs that they are not kept."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.tally = Tally()

    def see(self, values: Array, times: int, scratch: Scratch) -> None:
        self.tally.see(values, times, (float(values.min()), float(values.max())), scratch)

    def skim(self, low: Array, high: Array, total: Array) -> None:
        """Blocks by their own ends and sums."""
        self.tally.skim(low, high, total)

    def merge(self, other: Self) -> None:
        self.tally.merge(other.tally)

    def next(self, ranks: Array, count: int) -> State:
        low, high = self.tally.low, self.tally.high
        if low == high:
            return Answer(ranks, np.full(len(ranks), low), Moments(low, 0.0))
        if count <= MOST_VALUES:
            return Values()
        part, exponent = frexp(self.tally.sum.over(count))
        centre = ldexp(round(part * 2**24), exponent - 24)  # few digits: the same however blocks were summed up
        return Coarse(Wanted.root(Keys.between(low, high), count), Centred(centre, low, high))


class Values(State):
    """All values, where they are few."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.parts: list[Array] = []

    def see(self, values: Array, times: int, scratch: Scratch) -> None:
        self.parts.append(np.repeat(values, times))

    def merge(self, other: Self) -> None:
        self.parts = self.parts + other.parts

    def next(self, ranks: Array, count: int) -> State:
        values = np.sort(np.concatenate(self.parts))
        mean = Exact()
        mean.add(values)
        centred = Centred(mean.over(count), float(values[0]), float(values[-1]))
        centred.see(values, 1, Scratch())
        return Answer(ranks, values[ranks], centred.moments(count))


class Coarse(State):
    """How often each combination of first bits occurs, and the moments."""

    def __init__(self, wanted: Wanted, centred: Centred) -> None:
        self.wanted, self.centred, self.bits = wanted, centred, wanted.keys.width - wanted.first
        self.clear()

    def clear(self) -> None:
        self.found = np.zeros(2**self.bits, int)
        self.centred = copy(self.centred)
        self.centred.clear()

    def see(self, values: Array, times: int, scratch: Scratch) -> None:
        self.found += times * np.bincount(self.wanted.digits(values, scratch), minlength=len(self.found))
        self.centred.see(values, times, scratch)

    def merge(self, other: Self) -> None:
        self.found = self.found + other.found
        self.centred.merge(other.centred)

    def next(self, ranks: Array, count: int) -> State:
        wanted = self.wanted.closer(ranks, self.found[None], self.bits)
        return _closer(wanted, ranks, self.centred.moments(count))


class Fine(State):
    """How often each combination of further bits occurs after wanted ones."""

    def __init__(self, wanted: Wanted, moments: Moments) -> None:
        self.wanted, self.moments = wanted, moments
        self.bits = min(wanted.shift, NEXT, ALL - len(wanted.prefixes).bit_length())
        self.clear()

    def clear(self) -> None:
        self.found = np.zeros((len(self.wanted.prefixes), 2**self.bits), int)

    def see(self, values: Array, times: int, scratch: Scratch) -> None:
        inside, slots = self.wanted.within(values, scratch)
        offsets = self.wanted.keys.offsets(values[inside]) >> np.uint64(self.wanted.shift - self.bits)
        digits = (offsets & np.uint64(2**self.bits - 1)).view(np.int64)
        found = np.bincount((slots << self.bits) | digits, minlength=self.found.size)
        self.found += times * found.reshape(self.found.shape)

    def merge(self, other: Self) -> None:
        self.found = self.found + other.found

    def next(self, ranks: Array, count: int) -> State:
        return _closer(self.wanted.closer(ranks, self.found, self.bits), ranks, self.moments)


class Chosen(State):
    """The values with wanted prefixes, few enough to be kept."""

    def __init__(self, wanted: Wanted, moments: Moments) -> None:
        self.wanted, self.moments = wanted, moments
        self.clear()

    def clear(self) -> None:
        self.parts: list[Array] = []

    def see(self, values: Array, times: int, scratch: Scratch) -> None:
        inside, _ = self.wanted.within(values, scratch)
        if len(inside):
            self.parts.append(np.repeat(values[inside], times))

    def merge(self, other: Self) -> None:
        self.parts = self.parts + other.parts

    def next(self, ranks: Array, count: int) -> State:
        values, slots = np.sort(np.concatenate(self.parts)), self.wanted.slot(ranks)
        before = np.cumsum(self.wanted.counts) - self.wanted.counts
        return Answer(ranks, values[before[slots] + ranks - self.wanted.below[slots]], self.moments)


def _closer(wanted: Wanted, ranks: Array, moments: Moments) -> State:
    """What is asked when more bits are known."""
    if not wanted.shift:
        return Answer(ranks, wanted.keys.values(wanted.prefixes[wanted.slot(ranks)]), moments)
    return (Chosen if wanted.counts.sum() <= MOST_VALUES else Fine)(wanted, moments)
