"""Whole networks that were measured: what they launch, compute and move, and a law fitted to their times."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from symppa.calibration.device import Facts, facts
from symppa.calibration.fitting.calibrate import Fitted, errors_of
from symppa.calibration.fitting.interval import Hull, conformal
from symppa.calibration.fitting.networks import Size, fit_networks, network_seconds
from symppa.calibration.fitting.ratio import NOTHING
from symppa.calibration.measurement import Measurements
from symppa.calibration.operations import BYTES, Array
from symppa.errors import MeasurementError
from symppa.workloads import reading
from symppa.workloads.table import Table, table

NETWORK = "network"
LEAST = 5  # networks
TENSOR = "tf32"  # convolutions of fp32 run in it where a device has it


def size_of(made: Table, column: int, number_format: str) -> Size:
    """What a network launches, computes and moves at the sizes of a column."""
    run = [k for k, subgraph in enumerate(made.subgraphs) if not subgraph.free]
    element = BYTES[number_format]
    convolved = [k for k in run if any("CONV2D" in one for one in made.types[k])]
    ops = made.ops[:, column]
    moved = (made.read + made.written + made.weights)[run, column].sum() * element + made.unscaled[run, column].sum()
    total, inside = float(ops[run].sum()), float(ops[convolved].sum())
    return Size(float(sum(len(made.subgraphs[k].operators) for k in run)), inside, total - inside, float(moved))


def convolution_peak(device: str, number_format: str, mode: str) -> float:
    """The rate of convolutions in op/s."""
    found = facts(device, TENSOR, mode).peak if number_format == "fp32" else 0.0
    return found or facts(device, number_format, mode).peak


def place(size: Size) -> Array:
    """Where a network lies among others."""
    told = (size.launches, size.convolved, size.other, size.traffic)
    return np.log(np.maximum([told], 1e-9))


def seconds_of(fit: Fitted, device: str, size: Size) -> tuple[float, float]:
    """Time of a network by a fit to others, and how far it lies outside of them."""
    peak = convolution_peak(device, fit.dtype, fit.law.facts.profile)
    return float(network_seconds(fit.law, [size], peak)[0]), float(fit.hull.outside(place(size))[0])


def fit_measured(rows: Measurements, device: str, mode: str) -> Fitted:
    """The law of whole networks, from rows of shipped ones; runs of one network count as their median.

    Each is told by a fit to the others, and the interval is what that showed.
    """
    known = set(reading.networks())
    names = sorted({row.network for row in rows if row.op == NETWORK} & known)
    if len(names) < LEAST:
        raise MeasurementError(f"{len(names)} shipped networks were measured: at least {LEAST} are needed for a fit")
    number_format = rows.rows[0].dtype
    chip, peak = facts(device, number_format, mode), convolution_peak(device, number_format, mode)
    taken = [rows.where(network=name) for name in names]
    seconds = np.array([float(np.median(one.latency)) for one in taken])
    sizes = [_size(n, int(one.rows[0].shape["batch"]), number_format) for n, one in zip(names, taken, strict=True)]
    told = np.array([_left_out(sizes, seconds, n, chip, peak) for n in range(len(names))])
    residuals = np.log(seconds / told)
    places = np.concatenate([place(one) for one in sizes])
    return Fitted(
        NETWORK, number_format, rows.campaigns[0].power_mode or mode, fit_networks(sizes, seconds, chip, peak), NOTHING,
        conformal(told, residuals), Hull.around(places), errors_of(residuals), len(names), rows.campaigns,
        hashlib.sha256(repr([*zip(names, seconds.tolist(), strict=True)]).encode()).hexdigest(),
    )  # fmt: skip


def _left_out(sizes: Sequence[Size], seconds: Array, left: int, chip: Facts, peak: float) -> float:
    """The time of a network by the others."""
    others = [n for n in range(len(sizes)) if n != left]
    made = fit_networks([sizes[n] for n in others], seconds[others], chip, peak)
    return float(network_seconds(made, [sizes[left]], peak)[0])


@lru_cache(maxsize=64)
def _size(network: str, batch: int, number_format: str) -> Size:
    graph = reading.network(reading.found(network))
    sizes = {"batch": batch} if "batch" in graph.symbols else {}
    return size_of(table(graph, [sizes]), 0, number_format)
