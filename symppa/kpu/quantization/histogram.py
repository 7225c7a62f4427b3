"""How often which values were met, without knowing beforehand how far they reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor, frexp, inf

import numpy as np

from symppa.errors import QuantizationError
from symppa.kpu.interface.program import Array

BINS = 8192  # at most; at least half of them where values differ


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts in bins as wide as a power of two, which grows with the range: two bins become one, exactly.

    What is in it does not depend on the order in which values came, nor on how many came at a time. Zeros are counted
    by themselves: they lose nothing by rounding. With `most` of 0 only the ends are kept.
    """

    most: int = BINS
    low: float = inf
    high: float = -inf
    exponent: int = -1074  # bins are 2**exponent wide
    first: int = 0  # the bin from first * 2**exponent on
    counts: Array = field(default_factory=lambda: np.zeros(1, np.int64), repr=False)
    zeros: int = 0

    def add(self, values: Array) -> Histogram:
        """The histogram with further values."""
        if not values.size:
            return self
        low, high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        if not np.isfinite([low, high]).all():
            raise QuantizationError(f"values from {low:g} to {high:g} are not finite, and have no histogram")
        if not self.most:
            return Histogram(0, low, high)
        exponent = _exponent(min(low, 0.0), max(high, 0.0), self.most)
        width = 2.0**exponent
        first, last = floor(min(low, 0.0) / width), floor(max(high, 0.0) / width)
        counts = np.zeros(last - first + 1, np.int64)
        at = (np.arange(self.first, self.first + self.counts.size) >> max(exponent - self.exponent, 0)) - first
        np.add.at(counts, at[self.counts > 0], self.counts[self.counts > 0])
        flat = values.reshape(-1)
        met = np.floor(flat * flat.dtype.type(1 / width)) if exponent > -100 else np.floor(flat / width)
        counts += np.bincount(met.astype(np.int64) - first, minlength=counts.size)
        zeros = flat.size - int(np.count_nonzero(flat))
        counts[-first] -= zeros
        return Histogram(self.most, low, high, exponent, first, counts, self.zeros + zeros)

    @property
    def width(self) -> float:
        """How wide a bin is."""
        return float(2.0**self.exponent)

    @property
    def total(self) -> int:
        """How many values there were."""
        return int(self.counts.sum()) + self.zeros

    @property
    def centres(self) -> Array:
        """The middle of each bin, within the ends."""
        middle = (self.first + np.arange(self.counts.size) + 0.5) * self.width
        return np.asarray(np.clip(middle, self.low, self.high))


def _exponent(low: float, high: float, most: int) -> int:
    """The narrowest bins of which no more than `most` reach from low to high."""
    if low == high:
        return 0
    exponent = max(frexp((high - low) / most)[1] - 1, -1074)
    while floor(high / 2.0**exponent) - floor(low / 2.0**exponent) + 1 > most:
        exponent += 1
    return exponent
