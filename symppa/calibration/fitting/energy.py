"""Energy coefficients by robust least squares on the logarithm of the energy; none is negative."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from symppa.calibration.measurement import Measurements
from symppa.calibration.operations import Array
from symppa.engine import cache
from symppa.engine.points import over_points
from symppa.engine.program import Program
from symppa.engine.walk import run
from symppa.errors import MeasurementError

NAMES = ("op_energy", "byte_energy", "static_power")
TYPICAL = (1.0, 30.0, 10.0)  # pJ/op, pJ/byte, W
FACTOR = 20.0  # how far coefficients are likely to be from there
SCALE = 0.2  # relative error up to which a row counts in full
LEAST = 4  # rows


@dataclass(frozen=True)
class EnergyFit:
    """Coefficients in the units of the law, the rows behind them and their mean error in percent."""

    coefficients: Mapping[str, float]
    rows: int
    mape: float

    def joules(self, rows: Measurements, seconds: Array) -> Array:
        """Energy of every row's operation that takes so long."""
        return _energy(rows, seconds, self.coefficients)


@lru_cache(maxsize=1)
def _program() -> Program:
    key = cache.key("calibrated", "energy")
    found = cache.fetch(key)
    if found is None:
        from symppa.engine.compile import compile as compiled
        from symppa.library.laws.measured_energy import MeasuredEnergy

        found = compiled(MeasuredEnergy(), ("energy",))
        cache.store(key, found)
    return found


def _energy(rows: Measurements, seconds: Array, coefficients: Mapping[str, float]) -> Array:
    told = {"ops": rows.work.ops, "traffic": rows.work.bytes, "latency": seconds * 1e6}
    found = run(over_points(_program(), list(told)), {**told, **coefficients})["energy"]
    return np.asarray(found, dtype=float).reshape(len(rows)) * 1e-6


def fit_energy(rows: Measurements) -> EnergyFit | None:
    """The coefficients of rows with an energy; None where nobody measured enough of them."""
    from scipy.optimize import least_squares

    known = rows.take([row.energy is not None and "noisy" not in row.notes for row in rows])
    if len(known) < LEAST:
        return None
    wanted = np.log(known.column("energy"))
    if not np.all(np.isfinite(wanted)):
        raise MeasurementError("an energy is no number above 0")

    def residuals(logarithms: Array) -> Array:
        told = dict(zip(NAMES, np.exp(logarithms).tolist(), strict=True))
        drawn = (logarithms - np.log(TYPICAL)) / np.log(FACTOR)
        plain = (np.log(_energy(known, known.latency, told)) - wanted) / SCALE
        return np.concatenate([np.sign(plain) * np.sqrt(2 * (np.sqrt(1 + plain**2) - 1)), drawn])

    found = least_squares(residuals, np.log(TYPICAL))
    told = dict(zip(NAMES, np.exp(found.x).tolist(), strict=True))
    error = np.abs(_energy(known, known.latency, told) / known.column("energy") - 1)
    return EnergyFit(told, len(known), float(100 * np.mean(error)))
