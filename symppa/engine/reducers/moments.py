"""Mean and standard deviation by exact sums."""

from __future__ import annotations

from math import frexp, ldexp, sqrt
from typing import NamedTuple

import numpy as np

from symppa.engine.border import Array
from symppa.engine.reducers.scratch import THIRD, Scratch
from symppa.engine.reducers.sums import Exact

LARGE = 1000  # powers of two that are far from the ends of floats


class Moments(NamedTuple):
    """Mean and standard deviation."""

    mean: float
    std: float


class Centred:
    """Exact sums of values and of their squared distances from a point inside, the same in whatever order."""

    def __init__(self, centre: float, low: float, high: float) -> None:
        exponent = frexp(max(high - centre, centre - low))[1]
        self.centre, self.exponent = centre, min(max(exponent, -LARGE), LARGE)
        self.clear()

    def clear(self) -> None:
        """Forget all values."""
        self.sum, self.squares = Exact(), Exact()

    def see(self, values: Array, times: int, scratch: Scratch) -> None:
        """Values, each so many times."""
        self.sum.add(values, times, scratch)
        away = np.subtract(values, self.centre, out=scratch(THIRD, len(values)))
        away *= ldexp(1.0, -self.exponent)  # squares stay in the range of floats
        self.squares.add(np.multiply(away, away, out=away), times, scratch)

    def merge(self, other: Centred) -> None:
        """Those of others."""
        self.sum.merge(other.sum)
        self.squares.merge(other.squares)

    def moments(self, count: int) -> Moments:
        """Mean and standard deviation of so many values."""
        mean = self.sum.over(count)
        off = ldexp(mean - self.centre, -self.exponent)
        return Moments(mean, ldexp(sqrt(max(0.0, self.squares.over(count) - off * off)), self.exponent))
