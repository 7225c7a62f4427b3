"""How far estimates are from what was measured, in percent of the measured time; and how often intervals hold it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from symppa.calibration.fitting.interval import LEVEL
from symppa.calibration.operations import Array
from symppa.errors import MeasurementError

BANDS = ((10.0, "EXCELLENT"), (25.0, "GOOD"), (50.0, "FAIR"), (math.inf, "POOR"))
NEAR, NEARBY = 10.0, 15.0  # percent that estimates are asked to be within
ROUNDING = 1e-9  # percent by which a limit may be passed by rounding alone
BUCKETS, LEAST = 8, 40  # the most buckets of a reliability table, and the rows each must have
BAND = 0.95  # probability that the observed share lies in the band, where the intervals keep their promise


class Pairs(NamedTuple):
    """Measured and estimated seconds, and half widths of the intervals as logarithms.

    Rows of one `cell` take their interval from the same residuals, of which there were `behind`.
    """

    measured: Array
    estimated: Array
    half: Array
    cell: Array
    behind: Array

    def take(self, keep: Array) -> Pairs:
        """Some of the rows."""
        return Pairs(*(column[keep] for column in self))

    @property
    def errors(self) -> Array:
        """Signed errors in percent of the measured time."""
        return 100 * (self.estimated / self.measured - 1)

    @property
    def told(self) -> Array:
        """Which rows have an interval."""
        return np.isfinite(self.half)

    @property
    def held(self) -> Array:
        """Which intervals hold what was measured; False where there is none."""
        apart = np.abs(np.log(self.measured / self.estimated))
        return self.told & (apart <= np.where(self.told, self.half, 0.0) * (1 + 1e-12))


@dataclass(frozen=True)
class Scores:
    """Accuracy of `n` rows in percent; not a number where nothing tells. `total` is the error of the summed time."""

    n: int
    mape: float
    median: float
    p90: float
    bias: float
    within_10: float
    within_15: float
    coverage_90: float
    with_interval: int
    total: float

    @property
    def band(self) -> str:
        """EXCELLENT below 10 %, GOOD below 25, FAIR below 50, else POOR; empty where nothing was compared."""
        return "" if math.isnan(self.mape) else next(word for below, word in BANDS if self.mape < below)

    def as_facts(self) -> dict[str, Any]:
        """Plain numbers, None where there is none."""
        names = ("mape", "median", "p90", "bias", "within_10", "within_15", "coverage_90")
        found: dict[str, Any] = {name: number(getattr(self, name)) for name in names}
        return found | {
            "n": self.n, "with_interval": self.with_interval, "total_error": number(self.total), "band": self.band
        }  # fmt: skip


def number(value: float) -> float | None:
    """A number for JSON: None where it is none."""
    return float(value) if math.isfinite(value) else None


def scores(pairs: Pairs) -> Scores:
    """The accuracy of some rows."""
    count, told = len(pairs.measured), int(pairs.told.sum())
    if not count:
        none = math.nan
        return Scores(0, none, none, none, none, none, none, none, 0, none)
    errors = pairs.errors
    size = np.abs(errors)
    return Scores(
        count, float(size.mean()), float(np.median(size)), float(np.quantile(size, 0.9)), float(errors.mean()),
        _within(size, NEAR), _within(size, NEARBY), 100 * float(pairs.held.sum() / told) if told else math.nan, told,
        100 * float(pairs.estimated.sum() / pairs.measured.sum() - 1),
    )  # fmt: skip


def _within(size: Array, limit: float) -> float:
    return 100 * float((size <= limit + ROUNDING).mean())


@dataclass(frozen=True)
class Group:
    """Rows of one kind: their accuracy, their share of the summed absolute error and of the measured time, in percent.

    `shift` is what they add to the error of the summed time.
    """

    name: str
    scores: Scores
    error_share: float
    time_share: float
    shift: float
    measured: float

    def as_facts(self, head: str) -> dict[str, Any]:
        """Plain numbers under the name of what groups them."""
        shares = {"error_share": self.error_share, "time_share": self.time_share, "shift": self.shift}
        told = {name: number(value) for name, value in shares.items()}
        return {head: self.name} | self.scores.as_facts() | told | {"measured_s": self.measured}


def grouped(names: Sequence[str], pairs: Pairs) -> tuple[Group, ...]:
    """Rows by name, those that carry most of the summed absolute error first."""
    labels = np.array(names, dtype=object)
    apart, whole = np.abs(pairs.estimated - pairs.measured), float(pairs.measured.sum())
    off = float(apart.sum())
    found = []
    for name in dict.fromkeys(names):
        keep = labels == name
        part, time = pairs.take(keep), float(pairs.measured[keep].sum())
        carried = 100 * float(apart[keep].sum()) / off if off > 0 else 0.0
        shift = 100 * float((part.estimated - part.measured).sum()) / whole
        found.append(Group(name, scores(part), carried, 100 * time / whole, shift, time))
    return tuple(sorted(found, key=lambda one: (-one.error_share, one.name)))


@dataclass(frozen=True)
class Bucket:
    """Rows with an interval whose predicted time is from `low` to `high` s: how many of them it should hold, and does.

    Of `n` rows between `least` and `most` percent are held in 95 of 100 cases where the intervals keep their promise.
    """

    low: float
    high: float
    n: int
    nominal: float
    observed: float
    least: float
    most: float

    @property
    def inside(self) -> bool:
        """Whether the observed share lies in the band."""
        return self.least <= self.observed <= self.most

    def as_facts(self) -> dict[str, Any]:
        """Plain numbers."""
        names = ("low", "high", "n", "nominal", "observed", "least", "most", "inside")
        units = {"low": "from_s", "high": "to_s", "inside": "inside_band"}
        return {units.get(name, name): getattr(self, name) for name in names}


def reliability(pairs: Pairs, level: float = LEVEL) -> tuple[Bucket, ...]:
    """Rows with an interval in at most eight buckets of predicted time of at least 40 rows each, or in one."""
    told = pairs.take(pairs.told)
    count = len(told.measured)
    if not count:
        return ()
    order = np.argsort(told.estimated, kind="stable")
    parts = np.array_split(order, max(1, min(BUCKETS, count // LEAST)))
    return tuple(_bucket(told.take(part), level) for part in parts)


def _bucket(pairs: Pairs, level: float) -> Bucket:
    count, held = len(pairs.measured), int(pairs.held.sum())
    least, most = band(list(_cells(pairs)), level)
    ends = float(pairs.estimated.min()), float(pairs.estimated.max())
    return Bucket(*ends, count, 100 * level, 100 * held / count, 100 * least / count, 100 * most / count)


def _cells(pairs: Pairs) -> Iterator[tuple[int, int]]:
    """Rows of each cell, and the residuals behind it: an interval errs for all of its rows at once."""
    _, first, counts = np.unique(pairs.cell, return_index=True, return_counts=True)
    for place, count in zip(first, counts, strict=True):
        yield int(count), int(pairs.behind[place])


def band(cells: Sequence[tuple[int, int]], level: float = LEVEL, probability: float = BAND) -> tuple[int, int]:
    """How many rows are held, at least and at most, in 95 of 100 cases: cells of rows and calibration rows.

    An interval from the k-th smallest of m residuals holds a share of all rows that follows a beta distribution with
    k and m + 1 - k, so that of n rows it holds a beta-binomial number; cells add up.

    >>> band([(40, 40)])
    (30, 40)
    """
    from scipy.stats import betabinom, binom

    spread = np.ones(1)
    for count, behind in cells:
        if count < 1:
            raise MeasurementError(f"a cell of {count} rows is none")
        held = np.arange(count + 1)
        place = min(math.ceil((behind + 1) * level), behind)
        law = betabinom(count, place, behind + 1 - place) if behind > 0 else binom(count, level)
        spread = np.convolve(spread, law.pmf(held))
    reached = np.cumsum(spread)
    tail = (1 - probability) / 2
    last = len(spread) - 1
    return int(np.searchsorted(reached, tail)), min(int(np.searchsorted(reached, 1 - tail)), last)
