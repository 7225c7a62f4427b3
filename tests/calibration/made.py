"""Measurements made by a law whose coefficients are known: what a fit must find again."""

from __future__ import annotations

import numpy as np

from symppa.calibration.device import Facts
from symppa.calibration.fitting.fit import LawFit, predicted
from symppa.calibration.fitting.laws import law_of
from symppa.calibration.measurement import Campaign, Measurement, Measurements
from symppa.calibration.operations import operation

GPU = Facts("a100_sxm_80gb", "Gpu", 312e12, 39e12, 2039e9, 108.0, 40e6, 7219e9, 1.41e9)
TRUE = {
    "start": 5.0, "efficiency": 0.7, "half_tile": 12.0, "lead": 150.0, "sharpness": 4.0,
    "memory.shares": [0.1, 0.3, 0.6, 0.7, 0.8, 0.8],
}  # fmt: skip


def products(count: int, noise: float = 0.0, seed: int = 3, device: str = GPU.name) -> Measurements:
    """Products of random sizes, timed by the law with `TRUE` and noise of so much."""
    rng = np.random.default_rng(seed)
    sizes = 2.0 ** np.stack([rng.integers(0, 13, count), rng.integers(6, 14, count), rng.integers(6, 14, count)])
    complete = operation("gemm").complete
    rows = [
        Measurement(Campaign(device), "gemm", complete({"m": m, "n": n, "k": k}), "fp16", 1.0)
        for m, n, k in sizes.T.tolist()
    ]
    law = law_of("gemm")
    seconds = predicted(law, GPU, TRUE, law.told(Measurements(tuple(rows))))["latency"] * 1e-6
    seconds = seconds * np.exp(noise * rng.standard_normal(count))
    return Measurements(tuple(with_time(row, float(t)) for row, t in zip(rows, seconds, strict=True)))


def with_time(row: Measurement, seconds: float) -> Measurement:
    """The row, timed otherwise."""
    return Measurement(row.campaign, row.op, row.shape, row.dtype, seconds)


def true_law() -> LawFit:
    """The law that made the products."""
    return LawFit(law_of("gemm"), GPU, TRUE)
