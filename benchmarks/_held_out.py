"""Rows set apart before anything is fitted: errors of estimates for them, beside two simpler estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks._report import Figure
from symppa.calibration.device import Facts
from symppa.calibration.fitting.calibrate import Fitted, Key, fit, folds, key_of
from symppa.calibration.measurement import Measurement, Measurements
from symppa.calibration.validation.scores import Pairs, reliability

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Tried:
    """Rows set apart, all parts together: what was measured, and what was estimated without them.

    `bucket` is the place of the interval's bucket, `behind` how many residuals are behind it.
    """

    measured: Array
    estimated: Array
    law: Array
    roofline: Array
    constant: Array
    half: Array
    bucket: Array
    behind: Array

    @property
    def mape(self) -> float:
        """Mean absolute error in percent of the measured time."""
        return mape(self.estimated, self.measured)

    @property
    def pairs(self) -> Pairs:
        """The same for scores; parts share most of their residuals, so a bucket is one cell whatever the part."""
        return Pairs(self.measured, self.estimated, self.half, self.bucket, self.behind)

    @property
    def coverage(self) -> float:
        """Share of the rows with an interval that lie in it, in percent."""
        pairs = self.pairs
        return 100 * float(pairs.held[pairs.told].mean()) if pairs.told.any() else float("nan")


def mape(estimated: Array, measured: Array) -> float:
    """Mean absolute error in percent of the measured time."""
    return 100 * float(np.mean(np.abs(estimated / measured - 1)))


def roofline(device: Facts, rows: Measurements) -> Array:
    """Seconds by the vendor's peaks alone."""
    from symppa.engine.compile import compile as compiled
    from symppa.library.laws.roofline import Roofline

    program = compiled(Roofline(), "attained")
    work = rows.work
    intensity = np.maximum(work.ops, 1.0) / work.bytes
    peaks = {"peak": device.peak / 1e12, "bandwidth": device.bandwidth / 1e12}
    rate = np.asarray(program({**peaks, "intensity": intensity})["attained"]) * 1e12
    return np.asarray(np.maximum(work.ops, 1.0) / rate)


def parts(
    rows: Measurements, count: int, points: int | None, key: Callable[[Measurement], Key], seed: int
) -> Iterator[tuple[Measurements, Measurements]]:
    """Rows to fit and rows set apart, by key; of the former at most so many, drawn at random."""
    fold = folds(rows, count, seed, key)
    for k in range(count):
        known, other = rows.take(fold != k), rows.take(fold == k)
        if points is not None and points < len(known):
            known = known.take(np.sort(np.random.default_rng(seed + k).permutation(len(known))[:points]))
        yield known, other


def tried(
    rows: Measurements, device: Facts, *, points: int | None = None, count: int = 5,
    key: Callable[[Measurement], Key] = key_of, seed: int = 7,
) -> Tried:  # fmt: skip
    """Every row once set apart, estimated by what the others tell."""
    found: list[tuple[Array, ...]] = []
    for known, other in parts(rows, count, points, key, seed):
        made: Fitted = fit(known, device)
        plain = roofline(device, other)
        constant = float(np.median(known.latency / roofline(device, known)))
        seconds, buckets = made.seconds(other), made.intervals.buckets
        bucket = made.intervals.place(seconds)
        behind = np.array([one.rows for one in buckets])[bucket] if buckets else np.zeros(len(other))
        found.append(
            (other.latency, seconds, made.law.times(other), plain, plain * constant, made.half(other), bucket, behind)
        )
    return Tried(*(np.concatenate(column) for column in zip(*found, strict=True)))


def figures(name: str, made: Tried, goal: float | None, *, covered: bool = False) -> list[Figure]:
    """The figures of one set of rows: the estimate, the law alone, and the two simpler estimates."""
    told = [
        Figure(name, made.mape, "percent", f"<= {goal:g}" if goal is not None else ""),
        Figure(f"{name}_law", mape(made.law, made.measured), "percent"),
        Figure(f"{name}_roofline", mape(made.roofline, made.measured), "percent"),
        Figure(f"{name}_constant", mape(made.constant, made.measured), "percent"),
    ]
    if covered:
        buckets = reliability(made.pairs)
        told += [
            Figure(f"{name}_coverage_90", made.coverage, "percent"),
            Figure(f"{name}_coverage_90_off", abs(made.coverage - 90), "percent", "<= 4"),
            Figure(f"{name}_buckets", len(buckets), "1"),
            Figure(f"{name}_buckets_outside", sum(not one.inside for one in buckets), "1", "<= 0"),
            Figure(f"{name}_half_width", 100 * float(np.nanmedian(np.expm1(made.half))), "percent"),
        ]
    return told


def simpler(name: str, device: Facts, known: Measurements, asked: Measurements, by: Sequence[Any]) -> list[Figure]:
    """The two simpler estimates of summed times, rows of one value of `by` summed up."""
    plain = roofline(device, asked)
    constant = float(np.median(known.latency / roofline(device, known)))
    keys = list(dict.fromkeys(by))
    place = np.array([keys.index(one) for one in by])
    measured, told = (np.bincount(place, weights) for weights in (asked.latency, plain))
    return [
        Figure(f"{name}_roofline", mape(told, measured), "percent"),
        Figure(f"{name}_constant", mape(told * constant, measured), "percent"),
    ]
