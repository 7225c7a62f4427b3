"""How far off an estimate may be: split conformal in buckets of predicted time, and the hull of what was measured.

A residual is the logarithm of measured over predicted time of a row that took no part in the prediction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symppa.calibration.operations import Array

LEVEL = 0.9
BUCKETS, LEAST = 8, 40  # the most buckets, and the rows each must have
WIDER = 4.0  # by how much an interval grows for each width of the hull that a place lies outside it
AT_ONCE = 0.3  # by how much it grows at the border, since nothing was tried beyond
TWICE = 0.5  # widths outside the hull at which it would have to be twice as wide


@dataclass(frozen=True)
class Bucket:
    """Predicted times below `below` (in s), the half width of their interval as a logarithm, and rows behind it."""

    below: float
    half: float
    rows: int


@dataclass(frozen=True)
class Hull:
    """The smallest and largest place of the rows in each direction."""

    low: Array
    high: Array

    @classmethod
    def around(cls, places: Array) -> Hull:
        """The hull of some places, a row each."""
        return cls(places.min(axis=0), places.max(axis=0))

    def outside(self, places: Array) -> Array:
        """How far places lie outside, in widths of the hull: 0 inside; a direction never varied counts by factors."""
        width = np.maximum(self.high - self.low, math.log(2.0))
        beyond = np.maximum(np.maximum(self.low - places, places - self.high), 0.0)
        beyond = np.where(beyond > 1e-8 * (1 + np.abs(places)), beyond, 0.0)  # a profile keeps nine digits
        return np.asarray((beyond / width).max(axis=1))


@dataclass(frozen=True)
class Intervals:
    """Half widths by bucket, for one level."""

    buckets: tuple[Bucket, ...]
    level: float = LEVEL

    def place(self, seconds: Array) -> Array:
        """Which bucket predicted times fall into, from 0."""
        return np.searchsorted(np.array([one.below for one in self.buckets[:-1]]), seconds, side="right")

    def half(self, seconds: Array, outside: Array) -> Array:
        """Half widths as logarithms; not a number beyond twice the hull, or where too few rows tell."""
        found = np.full(len(seconds), np.nan)
        if self.buckets:
            found = np.array([one.half for one in self.buckets])[self.place(seconds)]
        wider = np.where(outside > 0, 1 + AT_ONCE + WIDER * outside, 1.0)
        return np.where(outside > TWICE, np.nan, found * wider)

    def as_values(self) -> list[dict[str, Any]]:
        """Plain numbers for a profile; the last bucket has no end."""
        return [
            {"half": one.half, "rows": one.rows} | ({"below": one.below} if math.isfinite(one.below) else {})
            for one in self.buckets
        ]

    @classmethod
    def from_values(cls, told: Sequence[Mapping[str, Any]], level: float = LEVEL) -> Intervals:
        """The intervals that `as_values` told."""
        made = [Bucket(float(one.get("below", math.inf)), float(one["half"]), int(one["rows"])) for one in told]
        return cls(tuple(made), level)


def conformal(seconds: Array, residuals: Array, level: float = LEVEL) -> Intervals:
    """Intervals from predicted times and residuals; none where so few rows cannot promise the level."""
    count = len(residuals)
    if count == 0 or math.ceil((count + 1) * level) > count:
        return Intervals((), level)
    order = np.argsort(seconds, kind="stable")
    parts = np.array_split(order, max(1, min(BUCKETS, count // LEAST)))
    made = []
    for k, part in enumerate(parts):
        last = k == len(parts) - 1
        below = math.inf if last else float(np.sqrt(seconds[part[-1]] * seconds[parts[k + 1][0]]))
        made.append(Bucket(below, _quantile(np.abs(residuals[part]), level), len(part)))
    return Intervals(tuple(made), level)


def _quantile(errors: Array, level: float) -> float:
    """The error that a new row stays within with the probability asked for, between two errors where it falls there."""
    place = (len(errors) + 1) * level - 1
    return float(np.interp(place, np.arange(len(errors)), np.sort(errors)))
