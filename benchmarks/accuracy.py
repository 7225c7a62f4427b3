"""How far calibrated estimates are from measurements that no fit has seen, and how often intervals hold them.

Reads the folder of measurements beside the checkout, or that of SYMPPA_MEASUREMENTS; without it there are no figures.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks import _networks
from benchmarks._held_out import Array, figures, mape, simpler, tried
from benchmarks._report import Figure
from symppa.calibration.device import Facts, facts
from symppa.calibration.fitting.calibrate import Key, fit
from symppa.calibration.measurement import Measurement, Measurements
from symppa.calibration.profiles.borrow import borrow, leaving_one_out
from symppa.calibration.readers import read

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
GEMM = (
    ("a100_sxm", "a100_sxm_80gb", 8), ("h100_sxm", "h100_sxm_80gb", 8), ("h200_sxm", "h200_sxm", 8),
    ("l40s", "l40s", 17),
)  # fmt: skip
FEWER = {80: 12, 20: 16}
ATTENTION = (("context", "prefill", 17), ("generation", "decode", 26))
ROWS = (("gelu", 4), ("ln", 10), ("softmax", 15), ("linear", None))
BOARDS = (
    ("i7_12700k", "fp32", (("matmul", 15), ("linear", 18), ("vector_add", 8))),
    ("jetson_orin_nano_8gb", "fp16", (("matmul", 25), ("linear", 20), ("vector_add", 12))),
)
LAYERS = (("a100_sxm_80gb", 7), ("h100_sxm_80gb", 9), ("a40", 8))
# Devices of the operator tables that the registry lacks: a similar one's units with the bandwidth of the PCIe card.
CARDS = {"a100_pcie_40gb": ("a100_sxm_80gb", 1555e9), "v100_pcie_32gb": ("v100", 900e9), "t4": ("t4", 320e9)}


def folder() -> Path:
    """Where the measurements lie."""
    return Path(os.environ.get("SYMPPA_MEASUREMENTS", BESIDE))


def run() -> list[Figure]:
    """Errors in percent of the measured time, rows set apart by weights, networks, models or whole shapes."""
    if not folder().is_dir():
        return []
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        return [figure for found in pool.map(section, range(len(SECTIONS))) for figure in found]


def section(place: int) -> list[Figure]:
    """The figures of one part of it."""
    return list(SECTIONS[place]())


def _gemm() -> Iterator[Figure]:
    for file, device, goal in GEMM:
        rows, chip = read(folder() / f"gemm_{file}.csv"), facts(device, "bf16")
        yield from figures(f"{device}_gemm_320", tried(rows, chip, points=320), goal, covered=True)
        for points, few in FEWER.items():
            wanted = few if device != "l40s" else None
            yield from figures(f"{device}_gemm_{points}", tried(rows, chip, points=points), wanted)


def _heads(row: Measurement) -> Key:
    return tuple(row.shape[name] for name in ("heads", "kv_heads", "width", "window"))


def _attention() -> Iterator[Figure]:
    for file, phase, goal in ATTENTION:
        for name, device, _ in GEMM[:2]:
            rows, chip = read(folder() / f"{file}_attention_{name}.csv"), facts(device, "bf16")
            yield from figures(f"{device}_attention_{phase}_266", tried(rows, chip, count=3), goal, covered=True)
            apart = tried(rows, chip, key=_heads, count=3)
            yield from figures(f"{device}_attention_{phase}_other_heads", apart, goal)


def _rowwise() -> Iterator[Figure]:
    for name, goal in ROWS:
        rows = read(folder() / f"neusight_{name}.csv")
        for device in sorted(set(rows.of("device")) & set(CARDS)):
            own = rows.where(device=device)
            yield from figures(f"{device}_{own.ops[0]}_400", tried(own, _card(device), count=3), goal, covered=True)


def _card(device: str) -> Facts:
    like, bandwidth = CARDS[device]
    return replace(facts(like, "fp32"), name=device, bandwidth=bandwidth)


def _whole(row: Measurement) -> Key:
    return tuple(sorted(row.shape.items()))


def _boards() -> Iterator[Figure]:
    for device, dtype, tables in BOARDS:
        for op, goal in tables:
            rows = read(folder() / f"{device}_{op}.csv")
            found = tried(rows, facts(device, dtype), count=len(rows), key=_whole)
            yield from figures(f"{device}_{op}_{len(rows) - 1}", found, goal)


def _layers() -> Iterator[Figure]:
    rows = read(folder() / "vidur_layers.csv").where(op="gemm")
    for device, goal in LAYERS:
        own = rows.where(device=device)
        own = own.take(np.random.default_rng(0).permutation(len(own))[:1500])
        yield from figures(f"{device}_llm_layers_1000", tried(own, facts(device, "fp16"), count=3), goal, covered=True)


def _far() -> Iterator[Figure]:
    """Outside what was fitted: small products fitted and large ones asked, and the other way round."""
    for file, device, _ in GEMM:
        rows, chip = read(folder() / f"gemm_{file}.csv"), facts(device, "bf16")
        work = rows.work.ops
        yield from _outside(f"{device}_gemm_larger", rows, work <= np.quantile(work, 0.7), chip)
        yield from _outside(f"{device}_gemm_smaller", rows, work > np.quantile(work, 0.3), chip)


def _outside(name: str, rows: Measurements, inside: Array, chip: Facts) -> Iterator[Figure]:
    known, asked = rows.take(inside), rows.take(~inside)
    made = fit(known, chip)
    half, error = made.half(asked), np.abs(np.log(asked.latency / made.seconds(asked)))
    told = np.isfinite(half)
    yield Figure(name, mape(made.seconds(asked), asked.latency), "percent")
    yield from simpler(name, chip, known, asked, range(len(asked)))
    yield Figure(f"{name}_with_interval", 100 * float(told.mean()), "percent")
    yield Figure(f"{name}_coverage_90", 100 * float((error <= half)[told].mean()), "percent")


def _borrowed() -> Iterator[Figure]:
    """Coefficients of another device; and of the nearest, each device left out in turn."""
    tables = {device: read(folder() / f"gemm_{file}.csv") for file, device, _ in GEMM}
    fits = {device: fit(rows, facts(device, "bf16")) for device, rows in tables.items()}
    donor = fits[GEMM[0][1]]
    for device, rows in tables.items():
        if fits[device] is not donor:
            chip = facts(device, "bf16")
            name = f"{device}_gemm_borrowed_from_a100"
            yield Figure(name, mape(borrow(chip, donor, 0.0).fitted.seconds(rows), rows.latency), "percent")
            yield from simpler(name, chip, tables[GEMM[0][1]], rows, range(len(rows)))
    yield Figure("gemm_leaving_one_device_out_90", _percent(leaving_one_out(list(fits.values()), tables)), "percent")
    for file, phase, _ in ATTENTION:
        own = {device: read(folder() / f"{file}_attention_{name}.csv") for name, device, _ in GEMM[:2]}
        both = [fit(rows, facts(device, "bf16")) for device, rows in own.items()]
        yield Figure(f"{phase}_leaving_one_device_out_90", _percent(leaving_one_out(both, own)), "percent")


def _percent(logarithm: float) -> float:
    return float(100 * np.expm1(logarithm))


def _whole_networks() -> Iterator[Figure]:
    yield from _networks.run(folder())


SECTIONS: tuple[Callable[[], Iterator[Figure]], ...] = (
    _gemm, _attention, _layers, _boards, _rowwise, _whole_networks, _far, _borrowed, _networks.own,
)  # fmt: skip
