"""A profile whose law, hull, intervals and sizes are known, and rows that it estimates as wrong as is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf, log

import numpy as np

from symppa.calibration.fitting.calibrate import Errors, Fitted, fingerprint, hull_places
from symppa.calibration.fitting.interval import Bucket, Hull, Intervals
from symppa.calibration.fitting.ratio import NOTHING
from symppa.calibration.measurement import Campaign, Measurement, Measurements
from symppa.calibration.operations import operation
from symppa.calibration.profiles.profile import Profile
from tests.calibration.made import GPU, products, true_law

HALF = log(1.2)  # of every interval
FITTED = Campaign(GPU.name, "stack", source="fitted.csv", digest="ab" * 32)
FRESH = Campaign(GPU.name, "stack", source="fresh.csv", digest="cd" * 32)


def known(rows: Measurements, ops: Sequence[str] = ("gemm",)) -> Profile:
    """The profile whose law made `products`; its hull and sizes are those of some rows."""
    law = true_law()
    sizes = frozenset(fingerprint(row.op, row.shape) for row in rows)
    intervals = Intervals((Bucket(inf, HALF, 50),))
    fits = [
        Fitted(op, "fp16", "", law, NOTHING, intervals, Hull.around(hull_places(law, rows)), Errors(5.0, 4.0, 0.0),
               len(rows), (FITTED,), "digest", sizes)
        for op in ops
    ]  # fmt: skip
    return Profile(GPU.name, "2026-01-02", tuple(fits))


def off_by(rows: Measurements, factors: Sequence[float] | float, campaign: Campaign = FRESH) -> Measurements:
    """Rows that the law takes for so many times as long as they are measured; their lines count from 2."""
    told = np.broadcast_to(np.asarray(factors, dtype=float), (len(rows),))
    return Measurements(
        tuple(
            replace(row, campaign=campaign, latency=row.latency / float(factor), row=n)
            for n, (row, factor) in enumerate(zip(rows, told, strict=True), 2)
        )
    )


def row(op: str, seconds: float, dtype: str = "fp16", campaign: Campaign = FRESH, **more: object) -> Measurement:
    """One row; what is no field is a size."""
    fields = {name: more.pop(name) for name in ("network", "part", "pattern", "row") if name in more}
    return Measurement(campaign, op, operation(op).complete(more), dtype, seconds, **fields)  # type: ignore[arg-type]


def some(count: int, seed: int = 3) -> Measurements:
    """Products without noise, each size once."""
    made = products(4 * count, seed=seed)
    first = {tuple(sorted(one.shape.items())): n for n, one in reversed(list(enumerate(made)))}
    return made.take(sorted(first.values())[:count])
