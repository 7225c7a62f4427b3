"""From measurements to what is kept of them: coefficients, the smooth ratio, intervals and the hull.

Rows are set apart by the key of their shape before anything is looked at, so that no residual is a row's own.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symppa.calibration.device import Facts, facts, profile_of
from symppa.calibration.fitting.fit import LawFit, fit_law
from symppa.calibration.fitting.interval import Hull, Intervals, conformal
from symppa.calibration.fitting.laws import FAMILIES, Law, law_of
from symppa.calibration.fitting.patterns import patterns_of
from symppa.calibration.fitting.ratio import NOTHING, SmoothFit, fit_ratio
from symppa.calibration.measurement import Campaign, Measurement, Measurements
from symppa.calibration.operations import Array, operation
from symppa.errors import MeasurementError

FOLDS = 5
SEED = 20
SHARED = {"gemm": ("n", "k"), "linear": ("n", "k"), "bmm": ("n", "k")}  # sizes that rows of a weight matrix share
MOST_ROWS = 1200  # of one fit; more are thinned out evenly, and it is said
SHORT = 3  # bytes of a fingerprint: one in ten thousand sizes is taken for one of a thousand that were measured
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Errors:
    """Errors of rows set apart, in percent of the measured time; not numbers where no row could be."""

    mape: float
    median: float
    bias: float


@dataclass(frozen=True)
class Fitted:
    """Everything about one operation in one format on one device, in one power mode.

    `patterns` are those of the fused subgraphs among its rows.
    """

    op: str
    dtype: str
    power_mode: str
    law: LawFit
    ratio: SmoothFit
    intervals: Intervals
    hull: Hull
    errors: Errors
    rows: int
    campaigns: tuple[Campaign, ...]
    digest: str
    sizes: frozenset[bytes] = frozenset()
    patterns: frozenset[str] = frozenset()

    def measured(self, shape: Mapping[str, float]) -> bool:
        """Whether a row of this very size was fitted to."""
        return fingerprint(self.op, shape) in self.sizes

    def seconds(self, rows: Measurements) -> Array:
        """Estimated time of every row's operation."""
        plain = self.law.times(rows)
        return plain if self.ratio is NOTHING else plain * np.exp(self.ratio.logarithm(self.law.places(rows)))

    def outside(self, rows: Measurements) -> Array:
        """How far every row lies outside the hull."""
        return self.hull.outside(hull_places(self.law, rows))

    def half(self, rows: Measurements) -> Array:
        """Half width of every row's interval as a logarithm; not a number where there is none."""
        return self.intervals.half(self.seconds(rows), self.outside(rows))


def hull_places(law: LawFit, rows: Measurements) -> Array:
    """Where rows lie by their sizes alone: logarithms of what the law is told, of the work and of the bytes."""
    told = {"ops": rows.work.ops, "traffic": rows.work.bytes} | law.law.told(rows)
    return np.stack([np.log(np.maximum(values, 1e-9)) for values in told.values()], axis=1)


def key_of(row: Measurement) -> Key:
    """What rows share that are set apart together: the weights of a product, a network, else the whole shape."""
    if row.op in ("network", "subgraph"):
        return (row.op, row.network)
    names = SHARED.get(row.op, tuple(row.shape))
    return (row.op, *sorted((name, row.shape.get(name, 0)) for name in names))


def folds(
    rows: Measurements, count: int = FOLDS, seed: int = SEED, key: Callable[[Measurement], Key] = key_of
) -> Array:
    """The fold of every row; rows of one key share it."""
    keys = [key(row) for row in rows]
    known = sorted(set(keys), key=repr)
    order = np.random.default_rng(seed).permutation(len(known))
    fold = {known[place]: k % count for k, place in enumerate(order)}
    return np.array([fold[one] for one in keys])


def fit(rows: Measurements, device: Facts, *, keep_ratio: bool | None = None) -> Fitted:
    """One operation in one format of one power mode; the ratio is kept where it lowers the error of rows set apart."""
    used = _thinned(rows)
    law = law_of(used.rows[0].op, device.system)
    plain, smooth = _set_apart(law, device, used)
    better = bool(len(plain)) and (_error(smooth) < _error(plain) if keep_ratio is None else keep_ratio)
    residuals = smooth if better else plain
    made = fit_law(law, device, used)
    ratio = _ratio(made, used) if better else NOTHING
    first = used.rows[0]
    return Fitted(
        first.op, first.dtype, first.campaign.power_mode, made, ratio,
        conformal(used.latency[: len(residuals)] * np.exp(-residuals), residuals), Hull.around(hull_places(made, used)),
        errors_of(residuals), len(used), used.campaigns, _digest(rows),
        frozenset(fingerprint(row.op, row.shape) for row in used), patterns_of(used),
    )  # fmt: skip


def fingerprint(op: str, shape: Mapping[str, float]) -> bytes:
    """A short hash of a size; sizes left out count with their usual values."""
    told = sorted((name, float(value)) for name, value in operation(op).complete(shape).items())
    return hashlib.sha256(repr(told).encode()).digest()[:SHORT]


def packed(sizes: Iterable[bytes]) -> str:
    """Fingerprints as one text."""
    return b64encode(b"".join(sorted(sizes))).decode()


def unpacked(text: str) -> frozenset[bytes]:
    """The fingerprints of a text that `packed` made."""
    told = b64decode(text, validate=True)
    if len(told) % SHORT:
        raise ValueError(f"{len(told)} bytes are no fingerprints of {SHORT} bytes each")
    return frozenset(told[n : n + SHORT] for n in range(0, len(told), SHORT))


def _thinned(rows: Measurements) -> Measurements:
    if len(rows) <= MOST_ROWS:
        return rows
    return rows.take(np.random.default_rng(SEED).permutation(len(rows))[:MOST_ROWS])


def _ratio(made: LawFit, rows: Measurements) -> SmoothFit:
    left = np.log(rows.latency / made.times(rows))
    return fit_ratio(made.places(rows), left, made.law.directions, made.law.components)


def _set_apart(law: Law, device: Facts, rows: Measurements) -> tuple[Array, Array]:
    """Residuals of rows that took no part, by the law alone and with the ratio; none of rows of a single size."""
    count = min(FOLDS, len({key_of(row) for row in rows}))
    if count < 2:
        return np.zeros(0), np.zeros(0)
    fold = folds(rows, count)
    plain, smooth = np.zeros(len(rows)), np.zeros(len(rows))
    for k in range(count):
        known, other = rows.take(fold != k), rows.take(fold == k)
        made = fit_law(law, device, known)
        ratio = _ratio(made, known)
        plain[fold == k] = np.log(other.latency / made.times(other))
        smooth[fold == k] = plain[fold == k] - ratio.logarithm(made.places(other))
    return plain, smooth


def _error(residuals: Array) -> float:
    return float(np.mean(np.abs(np.exp(-residuals) - 1)))


def errors_of(residuals: Array) -> Errors:
    """Errors in percent of residuals."""
    if not len(residuals):
        return Errors(np.nan, np.nan, np.nan)
    found = 100 * (np.exp(-residuals) - 1)
    return Errors(float(np.mean(np.abs(found))), float(np.median(np.abs(found))), float(np.mean(found)))


def _digest(rows: Measurements) -> str:
    """SHA-256 of what was fitted to."""
    told = hashlib.sha256()
    for row in rows:
        told.update(repr((row.device, row.op, sorted(row.shape.items()), row.dtype, row.latency)).encode())
    return told.hexdigest()


def calibrate(device: str, rows: Measurements, ops: Sequence[str] = (), profile: str = "") -> tuple[Fitted, ...]:
    """Every operation that rows of a device time, in every format and power mode, by every stack.

    `profile` is the power profile of the registry; without it that of the rows is taken where they tell it. A governor
    of a CPU's clock is none.
    """
    wanted = rows.where(device=device)
    if not len(wanted):
        known = ", ".join(sorted(set(rows.of("device"))))
        raise MeasurementError(f"there are no rows of {device}; there are rows of {known}")
    for op in ops:
        operation(op)
    if ops:
        wanted = wanted.where(op=tuple(ops))
        if not len(wanted):
            raise MeasurementError(f"there are no rows of {', '.join(ops)}; there are rows of {', '.join(rows.ops)}")
    groups: dict[tuple[str, str, str, str], list[int]] = {}
    for n, row in enumerate(wanted.rows):
        groups.setdefault((row.op, row.dtype, row.campaign.power_mode, row.campaign.stack), []).append(n)
    groups = {name: places for name, places in groups.items() if is_fitted(name[0])}
    if not groups:
        raise MeasurementError(f"no law is there for {', '.join(wanted.ops)}")
    return tuple(
        fit(wanted.take(places), facts(device, dtype, profile or profile_of(mode)))
        for (_, dtype, mode, _), places in groups.items()
    )  # fmt: skip


def is_fitted(op: str) -> bool:
    """Whether an operation has a law of its own."""
    return operation(op).family in FAMILIES
