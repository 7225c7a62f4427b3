"""Which range of values whole numbers stand for: one class to a way of choosing, each from a histogram."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from symppa.errors import QuantizationError, suggest
from symppa.kpu.interface.program import Array
from symppa.kpu.quantization.divergence import threshold
from symppa.kpu.quantization.histogram import BINS, Histogram

LEVELS = 256
Range = tuple[float, float]


@dataclass(frozen=True)
class Calibrator(ABC):
    """From a histogram to the range that 8 bits cover; what lies outside becomes an end of it."""

    name: ClassVar[str]
    bins: ClassVar[int] = BINS

    def histogram(self) -> Histogram:
        """An empty histogram of the kind that is needed."""
        return Histogram(self.bins)

    @abstractmethod
    def range(self, met: Histogram) -> Range:
        """The ends of the range."""


@dataclass(frozen=True)
class MinMax(Calibrator):
    """From the least to the largest value: nothing is cut off."""

    name: ClassVar[str] = "minmax"
    bins: ClassVar[int] = 0

    def range(self, met: Histogram) -> Range:
        """The ends of what was met."""
        return met.low, met.high


@dataclass(frozen=True)
class Percentile(Calibrator):
    """What leaves out a share of the values, half of it on each side."""

    name: ClassVar[str] = "percentile"
    percent: float = 99.999

    def __post_init__(self) -> None:
        if not 50 <= self.percent <= 100:
            raise QuantizationError(f"a percentile of {self.percent:g} is not between 50 and 100")

    def range(self, met: Histogram) -> Range:
        """The outer edges of the bins in which the shares end."""
        counts = met.counts.copy()
        counts[-met.first] += met.zeros
        share, out = np.cumsum(counts) / met.total, (100 - self.percent) / 200
        left, right = int(np.searchsorted(share, out, side="right")), int(np.searchsorted(share, 1 - out))
        low, high = ((met.first + at) * met.width for at in (left, right + 1))
        return max(met.low, low), min(met.high, high)


@dataclass(frozen=True)
class MSE(Calibrator):
    """The range of least mean squared error, of rounding and of what is cut off.

    Each end is tried at a hundred and more places; the best of them are then held against the histogram, and so are
    places about the best of these: where many values are alike, it matters which side of a step they fall on.
    """

    name: ClassVar[str] = "mse"
    places: ClassVar[int] = 160
    tried: ClassVar[int] = 48
    about: ClassVar[int] = 6  # to either side

    def range(self, met: Histogram) -> Range:
        """The best of all pairs of places."""
        ends = [np.linspace(0, end, self.places + 1)[1:] if end else np.zeros(1)
                for end in (min(met.low, 0.0), max(met.high, 0.0))]  # fmt: skip
        low, high = (one.reshape(-1) for one in np.meshgrid(*ends, indexing="ij"))
        likely = np.argsort(_smooth_error(met, low, high), kind="stable")[: self.tried]
        best = min(likely, key=lambda at: error(met, float(low[at]), float(high[at])))
        near = np.arange(-self.about, self.about + 1) / (self.about * self.places)
        lows = np.unique(np.clip(low[best] + near * ends[0][-1], ends[0][-1], 0))
        highs = np.unique(np.clip(high[best] + near * ends[1][-1], 0, ends[1][-1]))
        found = min(product(lows, highs), key=lambda one: error(met, float(one[0]), float(one[1])))
        return float(found[0]), float(found[1])


@dataclass(frozen=True)
class Entropy(Calibrator):
    """The range about 0 whose distribution, in few levels, tells most of that of all values; migacz2017."""

    name: ClassVar[str] = "entropy"
    levels: ClassVar[int] = 128
    half: ClassVar[int] = 1024  # bins to either side of the middle one

    def range(self, met: Histogram) -> Range:
        """The range of least divergence, within the ends of what was met."""
        largest = max(-met.low, met.high)
        if largest <= 0:
            return met.low, met.high
        width = 2 * largest / (2 * self.half + 1)
        at = np.rint(met.centres / width).astype(np.int64) + self.half
        counts = np.bincount(np.clip(at, 0, 2 * self.half), met.counts, 2 * self.half + 1)
        counts[self.half] += met.zeros
        reach = (threshold(counts, self.levels) + 0.5) * width
        return max(met.low, -reach), min(met.high, reach)


def _smooth_error(met: Histogram, low: Array, high: Array) -> Array:
    """Squared errors as if values were spread evenly between two steps, for many ranges at once."""
    centres, counts = met.centres, met.counts.astype(np.float64)
    sums = [np.append(0.0, np.cumsum(counts * centres**power)) for power in range(3)]
    under, over = np.searchsorted(centres, low, side="left"), np.searchsorted(centres, high, side="right")
    below = sums[2][under] - 2 * low * sums[1][under] + low**2 * sums[0][under]
    left = [one[-1] - one[over] for one in sums]
    above = left[2] - 2 * high * left[1] + high**2 * left[0]
    inside = sums[0][over] - sums[0][under]
    return np.asarray(below + above + inside * ((high - low) / (LEVELS - 1)) ** 2 / 12)


def error(met: Histogram, low: float, high: float) -> float:
    """The mean squared error of the values met in 8 bits from low to high."""
    from symppa.kpu.passes.quantize import affine_scale

    scale, zero = affine_scale(low, high)
    centres = met.centres
    whole = np.clip(np.rint(centres / scale) + zero, -128, 127)
    return float(met.counts @ ((whole - zero) * scale - centres) ** 2) / met.total


CALIBRATORS: Mapping[str, type[Calibrator]] = MappingProxyType(
    {one.name: one for one in (MinMax, MSE, Entropy, Percentile)}
)


def calibrator(told: Calibrator | str) -> Calibrator:
    """A calibrator by its name; `percentile:99.9` says of which share.

    >>> calibrator("percentile:99.9").percent
    99.9
    """
    if isinstance(told, Calibrator):
        return told
    name, _, share = told.partition(":")
    if name not in CALIBRATORS:
        raise QuantizationError(f"there is no calibrator {name!r}{suggest(name, CALIBRATORS)}")
    if not share:
        return CALIBRATORS[name]()
    try:
        if name == Percentile.name:
            return Percentile(float(share))
    except ValueError:
        raise QuantizationError(f"{told!r}: {share!r} is no number; write percentile:99.99") from None
    raise QuantizationError(f"{told!r}: the calibrator {name} takes no number")
