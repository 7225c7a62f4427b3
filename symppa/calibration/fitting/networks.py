"""The law of whole networks: composition is measured too, not added up from parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symppa.calibration.device import Facts
from symppa.calibration.fitting.fit import LawFit, fit_cases, predicted
from symppa.calibration.fitting.laws import Coefficient, Law, refuse_rows
from symppa.calibration.operations import Array

NETWORK = Law(
    "network", "measured_network.MeasuredNetwork",
    (
        Coefficient("start", 100.0, 5.0, 0.02, 1e5), Coefficient("sharpness", 3.0, 1.65, 1.0, 20.0),
        Coefficient("launch", 30.0, 5.0, 0.5, 1000.0), Coefficient("efficiency", 0.4, 1.8, 0.005, 1.0),
        Coefficient("convolution_efficiency", 0.4, 1.8, 0.005, 1.0), Coefficient("share", 0.7, 1.5, 0.02, 1.0),
    ),
    refuse_rows, ("length", "size", "work"), (("length",),), {}, "peak",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """What a network launches, computes and moves in one run."""

    launches: float
    convolved: float
    other: float
    traffic: float


def cases(sizes: list[Size], convolution_peak: float) -> dict[str, Array]:
    """What the law is told of some networks; the peak of convolutions in op/s."""
    names = ("launches", "convolved", "other", "traffic")
    told = {name: np.array([getattr(one, name) for one in sizes], dtype=float) for name in names}
    return told | {"convolution_peak": np.full(len(sizes), convolution_peak / 1e12)}


def fit_networks(sizes: list[Size], seconds: Array, device: Facts, convolution_peak: float) -> LawFit:
    """The law of whole networks on a device."""
    return fit_cases(NETWORK, device, cases(sizes, convolution_peak), seconds)


def network_seconds(made: LawFit, sizes: list[Size], convolution_peak: float) -> Array:
    """Time of whole networks."""
    return predicted(made.law, made.facts, made.coefficients, cases(sizes, convolution_peak))["latency"] * 1e-6
