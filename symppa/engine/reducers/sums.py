"""Sums without rounding: the same whatever the order of the terms, the blocks and the threads."""

from __future__ import annotations

from math import frexp, ldexp

import numpy as np

from symppa.engine.border import Array
from symppa.engine.reducers.scratch import FIRST, SECOND, Scratch

LEAST = 1074  # every float is a whole number of 2^-1074
FEW = 64  # terms that are added one by one
MANTISSA = 53


class Exact:
    """A sum of floats as a whole number of the least float, rounded once, when it is asked for."""

    def __init__(self) -> None:
        self.units = 0

    def add(self, terms: Array, times: int = 1, scratch: Scratch | None = None) -> None:
        """Add each of finite terms so many times."""
        if terms.size <= FEW:
            self.units += times * sum(map(_units, terms.ravel().tolist()))
        else:
            self.put(terms, float(terms.min()), float(terms.max()), times, scratch)

    def put(self, terms: Array, low: float, high: float, times: int = 1, scratch: Scratch | None = None) -> None:
        """The same where the smallest and the largest term are known."""
        if frexp(max(-low, high))[1] + terms.size.bit_length() > 1022:  # no power of two is large enough
            self.units += times * sum(map(_units, terms.ravel().tolist()))
        else:
            self.units += times * _extracted(terms, low, high, scratch or Scratch())

    def merge(self, other: Exact) -> None:
        """Add another sum."""
        self.units += other.units

    def over(self, count: int) -> float:
        """The sum divided by a number, rounded once."""
        return self.units / (count << LEAST)


def _units(term: float) -> int:
    above, below = term.as_integer_ratio()
    return above << (LEAST + 1 - below.bit_length())


def _extracted(terms: Array, low: float, high: float, scratch: Scratch) -> int:
    """Leading digits are cut off, as many as add up without rounding, until nothing is left (Rump, Ogita, Oishi)."""
    room, found, rest = terms.size.bit_length() + 1, 0, terms
    top, least = max(-low, high), low if low > 0 else -high  # in size; the least where all terms have one sign
    spare, other = scratch(FIRST, *terms.shape), scratch(SECOND, *terms.shape)
    while top:
        level = ldexp(1.0, frexp(top)[1] + room)
        head = np.add(rest, level, out=spare)
        head -= level
        found += _units(float(head.sum()))
        rest = np.subtract(rest, head, out=head)
        if least > 0 and frexp(top)[1] - frexp(least)[1] <= MANTISSA - 2 * room:  # what is left adds up as it is
            return found + _units(float(rest.sum()))
        top = max(-float(rest.min()), float(rest.max()))
        spare, other = other, spare
    return found
