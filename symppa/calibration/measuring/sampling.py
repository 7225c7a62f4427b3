"""Timing one call: warm-up until it is stable, samples until the median is known, or the time is up."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np

SHORTEST = 200e-6  # a sample is so long that the clock's own error is below a thousandth of it
STABLE, WINDOW = 0.05, 5  # two windows of warm-up agree to 5 %
LEAST = 3  # samples, whatever they take
FEWEST, NARROW = 10, 0.02  # samples, and half the 95 % interval of the median over the median
NORMAL = 1.4826  # a median distance from the median as a standard deviation: a run that was interrupted weighs nothing
WARM_SHARE = 0.25  # of the time limit goes to warm-up at most
Call = Callable[[], object]


@dataclass(frozen=True)
class Sampled:
    """Median of the samples and their deviation in s, how many there are and how many runs each holds.

    The deviation is 1.4826 times the median distance from the median: that of a normal spread, deaf to outliers.
    `interval` is half the 95 % interval of the median over the median; `stable` whether warm-up came to rest.
    """

    median: float
    deviation: float
    samples: int
    runs: int
    interval: float
    stable: bool

    @property
    def narrow(self) -> bool:
        """Whether the median is as well known as it should be."""
        return self.samples >= FEWEST and self.interval <= NARROW


def halfwidth(times: list[float]) -> float:
    """Half the 95 % interval of the median over the median, by ranks: no distribution is assumed.

    >>> halfwidth([1.0] * 12)
    0.0
    """
    told = np.sort(np.asarray(times))
    reach = 0.98 * math.sqrt(len(told))
    low, high = math.floor(len(told) / 2 - reach), math.ceil(len(told) / 2 + reach)
    if low < 0 or high >= len(told):
        return math.inf
    return float((told[high] - told[low]) / 2 / np.median(told))


def sampled(call: Call, limit: float, wait: Call, clock: Callable[[], float] = perf_counter) -> Sampled:
    """Times of a call within `limit` seconds; `wait` returns when everything that was called is done."""
    begun = clock()
    runs, stable = _warmed(call, wait, clock, begun + WARM_SHARE * limit)
    times: list[float] = []
    while len(times) < LEAST or clock() - begun < limit:
        times.append(_timed(call, wait, clock, runs))
        if len(times) >= FEWEST and halfwidth(times) <= NARROW:
            break
    median = float(np.median(times))
    deviation = NORMAL * float(np.median(np.abs(np.asarray(times) - median)))
    return Sampled(median, deviation, len(times), runs, halfwidth(times), stable)


def _warmed(call: Call, wait: Call, clock: Callable[[], float], end: float) -> tuple[int, bool]:
    """Runs until two windows of times agree; how many runs make a sample, and whether they did."""
    runs, times = 1, [_timed(call, wait, clock, 1)]
    while clock() < end:
        times.append(_timed(call, wait, clock, runs))
        if times[-1] * runs < SHORTEST:
            runs = max(runs * 2, math.ceil(SHORTEST / max(times[-1], 1e-9)))
            times = []
            continue
        if len(times) >= 2 * WINDOW:
            before, now = np.median(times[-2 * WINDOW : -WINDOW]), np.median(times[-WINDOW:])
            if abs(now - before) <= STABLE * before:
                return runs, True
    return runs, False


def _timed(call: Call, wait: Call, clock: Callable[[], float], runs: int) -> float:
    wait()
    begun = clock()
    for _ in range(runs):
        call()
    wait()
    return (clock() - begun) / runs
