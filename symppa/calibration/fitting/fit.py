"""Coefficients of a law by robust least squares on the logarithm of the time, within physical bounds.

The law's own program is evaluated; each coefficient is drawn to what is typical as far as the rows leave it open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symppa.calibration.device import Facts
from symppa.calibration.fitting.laws import Cases, Law
from symppa.calibration.measurement import Measurements
from symppa.calibration.operations import Array
from symppa.engine.points import over_points
from symppa.engine.walk import run
from symppa.errors import MeasurementError

EXPECTED = 0.1  # error of a law that is weighed against the distance of coefficients from what is typical
SMOOTH = 0.1  # weight of the bend between three knots
STARTS = (0.0, 0.6)  # multiples of each coefficient's likely distance from which the search begins
EVALUATIONS = 60
LEAST = 1  # rows
CACHED = 8.0  # the most times that a cache is faster than memory, where no bandwidth of it is stated


@dataclass(frozen=True)
class LawFit:
    """A law with coefficients for a device; `coefficients` in the law's units, vectors as lists."""

    law: Law
    facts: Facts
    coefficients: Mapping[str, Any]

    def times(self, rows: Measurements) -> Array:
        """Seconds by the law."""
        return predicted(self.law, self.facts, self.coefficients, self.law.told(rows))["latency"] * 1e-6

    def places(self, rows: Measurements) -> Array:
        """Where rows lie, a column for each direction."""
        found = predicted(self.law, self.facts, self.coefficients, self.law.told(rows))
        return np.stack([found[name] for name in self.law.directions], axis=1)


def predicted(law: Law, facts: Facts, coefficients: Mapping[str, Any], cases: Cases) -> dict[str, Array]:
    """What the law's program gives for every case."""
    program = over_points(law.program, list(cases))
    length = len(next(iter(cases.values())))
    found = run(program, law.fixed(facts) | dict(cases) | dict(coefficients))
    return {name: np.broadcast_to(np.asarray(value, dtype=float), (length,)) for name, value in found.items()}


def fit_law(law: Law, facts: Facts, rows: Measurements) -> LawFit:
    """The coefficients that describe some rows best."""
    if len(rows) < LEAST:
        raise MeasurementError(f"{law.name} is to be fitted to no rows: at least {LEAST} is needed")
    if law.peak and getattr(facts, law.peak) <= 0:
        raise MeasurementError(f"{facts.name} states no peak of the format {rows.rows[0].dtype}: {law.name} needs one")
    return fit_cases(law, facts, law.told(rows), rows.latency)


def fit_cases(law: Law, facts: Facts, cases: Cases, seconds: Array) -> LawFit:
    """The coefficients that describe some cases best."""
    return LawFit(law, facts, _Search(law, facts, cases, seconds).best())


def typical(law: Law) -> dict[str, Any]:
    """The coefficients that a law is drawn to."""
    return named(law, np.log([told.typical for told in law.coefficients]))


def named(law: Law, values: Array) -> dict[str, Any]:
    """Coefficients by name from their logarithms, vectors as lists."""
    names = [told.name for told in law.coefficients]
    found: dict[str, Any] = {}
    for name, value in zip(names, np.exp(values).tolist(), strict=True):
        if names.count(name) > 1:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def logarithms(law: Law, coefficients: Mapping[str, Any]) -> tuple[Array, Array]:
    """Logarithms of coefficients in the law's order, and how far each is likely to be from what is typical."""
    told = {name: list(np.atleast_1d(value)) for name, value in coefficients.items()}
    values = [told[one.name].pop(0) for one in law.coefficients]
    return np.log(values), np.log([one.factor for one in law.coefficients])


class _Search:
    """Least squares over logarithms of coefficients."""

    def __init__(self, law: Law, facts: Facts, cases: Cases, seconds: Array) -> None:
        self.law, self.facts, self.cases = law, facts, cases
        self.wanted = np.log(seconds * 1e6)
        told = law.coefficients
        self.typical = np.log([c.typical for c in told])
        self.factor = np.log([c.factor for c in told])
        self.low = np.log([c.low for c in told])
        self.high = np.log([self._high(k) for k in range(len(told))])
        self.knots = [k for k, c in enumerate(told) if c.name == "memory.shares"]
        self.typical = np.clip(self._centred(), self.low + 1e-6, self.high - 1e-6)

    def _high(self, k: int) -> float:
        """The bound of a coefficient; a cache lifts that of the bandwidth where it holds all bytes."""
        told = self.law.coefficients[k]
        if told.name != "memory.shares":
            return told.high
        place = [j for j, c in enumerate(self.law.coefficients) if c.name == told.name].index(k)
        held = 2**14 * 16.0**place <= 2 * self.facts.cache
        if not held:
            return told.high
        return max(self.facts.cache_bandwidth / self.facts.bandwidth, CACHED)

    def _centred(self) -> Array:
        """Typical values, the start at no more than the shortest time."""
        found = np.array(self.typical)
        for k, told in enumerate(self.law.coefficients):
            if told.name == "start":
                found[k] = float(np.min(self.wanted)) + np.log(0.8)
        return found

    def best(self) -> dict[str, Any]:
        """The coefficients of the best of several searches."""
        from scipy.optimize import least_squares

        found = []
        for step in STARTS:
            signs = np.where(np.arange(len(self.typical)) % 2, 1.0, -1.0)
            begin = np.clip(self.typical + step * signs * self.factor, self.low + 1e-6, self.high - 1e-6)
            found.append(
                least_squares(
                    self.residuals, begin, bounds=(self.low, self.high), x_scale=self.factor, diff_step=1e-3,
                    max_nfev=EVALUATIONS, ftol=1e-6, xtol=1e-6,
                )
            )  # fmt: skip
        best = min(found, key=lambda one: float(one.cost))
        return self.named(best.x)

    def named(self, values: Array) -> dict[str, Any]:
        """Coefficients by name, exactly within their bounds."""
        ends = [told.low for told in self.law.coefficients], np.exp(self.high)
        return named(self.law, np.log(np.clip(np.exp(values), *ends)))

    def residuals(self, values: Array) -> Array:
        """Robust residuals of the rows, then of the coefficients, then the bends of the bandwidth."""
        found = predicted(self.law, self.facts, self.named(values), self.cases)["latency"]
        plain = (np.log(found) - self.wanted) / EXPECTED
        robust = np.sign(plain) * np.sqrt(2 * (np.sqrt(1 + plain**2) - 1))
        drawn = (values - self.typical) / self.factor
        bends = SMOOTH / EXPECTED * np.diff(values[self.knots], 2)
        return EXPECTED * np.concatenate([robust, drawn, bends])
