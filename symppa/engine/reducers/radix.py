"""Floats as whole numbers in the same order, and those among them that begin with wanted bits."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from symppa.engine.border import Array
from symppa.engine.reducers.scratch import FIRST, SECOND, Scratch

HEAD = 14  # bits told apart by the first walk
SIZE = np.int64(2**63 - 1)  # the bits of a float without its sign


class Keys(NamedTuple):
    """Numbers the floats from the lowest on."""

    origin: int
    width: int
    plain: bool  # no zero, no sign

    @classmethod
    def between(cls, low: float, high: float) -> Keys:
        """Those of all values from `low` to `high`."""
        first, last = (int(_ordered(np.array([v]), Scratch())[0]) for v in (low, high))
        return cls(first, (last - first).bit_length(), low > 0)

    def offsets(self, values: Array, scratch: Scratch | None = None) -> Array:
        """How many floats lie between each value and the lowest, in the scratch if there is one."""
        scratch = scratch or Scratch()
        out = scratch.whole(FIRST, len(values))
        bits = values.view(np.int64) if self.plain else _ordered(values, scratch)
        return np.asarray(np.subtract(bits, np.int64(self.origin), out=out).view(np.uint64))  # wraps around, rightly

    def values(self, offsets: Array) -> Array:
        """The floats at such distances."""
        keys = np.add(offsets.view(np.int64), np.int64(self.origin))
        return np.asarray(_swapped(keys, Scratch()).view(float))


def _ordered(values: Array, scratch: Scratch) -> Array:
    """Whole numbers in the order of the floats; the two zeros are one."""
    return _swapped(np.add(values, 0.0, out=scratch(FIRST, len(values))).view(np.int64), scratch)


def _swapped(bits: Array, scratch: Scratch) -> Array:
    """Bits of a float as a whole number in the same order, and back; in place."""
    signs = np.right_shift(bits, 63, out=scratch.whole(SECOND, len(bits)))
    return np.bitwise_xor(bits, np.bitwise_and(signs, SIZE, out=signs), out=bits)


class Wanted:
    """Leading bits of the values looked for: `prefixes`, how many values lie `below` each, and how many have it."""

    def __init__(self, keys: Keys, first: int, shift: int, prefixes: Array, below: Array, counts: Array) -> None:
        self.keys, self.first, self.shift = keys, first, shift
        self.prefixes, self.below, self.counts = prefixes, below, counts

    @classmethod
    def root(cls, keys: Keys, count: int) -> Wanted:
        """All values: not one bit is known."""
        first = max(0, keys.width - HEAD)
        return cls(keys, first, keys.width, np.zeros(1, np.uint64), np.zeros(1, int), np.array([count]))

    @cached_property
    def _slots(self) -> Array:
        """Which prefix first bits may belong to; -1 for none."""
        found = np.full(2 ** (self.keys.width - self.first), -1)
        heads = self.prefixes >> np.uint64(self.first - self.shift)
        found[heads.astype(np.intp)] = np.arange(len(heads))
        return found

    def digits(self, values: Array, scratch: Scratch) -> Array:
        """First bits of all values, in the scratch."""
        offsets = self.keys.offsets(values, scratch)
        return np.asarray(np.right_shift(offsets, np.uint64(self.first), out=offsets).view(np.int64))

    def within(self, values: Array, scratch: Scratch) -> tuple[Array, Array]:
        """Where values have a wanted prefix, and which."""
        slots = self._slots.take(self.digits(values, scratch), out=scratch.whole(SECOND, len(values)), mode="clip")
        inside = np.flatnonzero(slots >= 0)
        if self.shift == self.first:
            return inside, slots[inside]
        mine = self.keys.offsets(values[inside]) >> np.uint64(self.shift)
        slots = np.minimum(np.searchsorted(self.prefixes, mine), len(self.prefixes) - 1)
        hit = self.prefixes[slots] == mine
        return inside[hit], slots[hit]

    def slot(self, ranks: Array) -> Array:
        """The prefix of each order statistic."""
        return np.searchsorted(self.below, ranks, side="right") - 1

    def closer(self, ranks: Array, found: Array, bits: int) -> Wanted:
        """With so many more bits known, from how often each value of them was found after each prefix."""
        reached, slots = found.cumsum(1), self.slot(ranks)
        digit = np.array(
            [np.searchsorted(reached[s], r - self.below[s], side="right") for s, r in zip(slots, ranks, strict=True)]
        )
        counts = found[slots, digit]
        below = self.below[slots] + reached[slots, digit] - counts
        prefixes = (self.prefixes[slots] << np.uint64(bits)) | digit.astype(np.uint64)
        prefixes, once = np.unique(prefixes, return_index=True)
        return Wanted(self.keys, self.first, self.shift - bits, prefixes, below[once], counts[once])
