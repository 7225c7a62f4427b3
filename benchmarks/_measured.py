"""How far uncalibrated estimates are from measurements, where the folder of measurements lies beside the checkout."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._report import Figure
from symppa.studies.evaluate import evaluate
from symppa.studies.network import analyze
from symppa.workloads import reading

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
GEMM = {  # file: device, and how many bytes an element has in the format that was measured
    "gemm_a100_sxm.csv": ("a100_sxm_80gb", "BF16"),
    "gemm_h100_sxm.csv": ("h100_sxm_80gb", "BF16"),
    "gemm_h200_sxm.csv": ("h200_sxm", "BF16"),
    "gemm_l40s.csv": ("l40s", "BF16"),
}
SQUARE = {
    "i7_12700k_matmul.csv": ("i7_12700k", {"fp32": "FP32"}),
    "jetson_orin_nano_8gb_matmul.csv": ("jetson_orin_nano_8gb", {"fp16": "FP16", "fp32": "FP32"}),
}
CHECKED = ("mobilenet_v2", "resnet18", "resnet50", "vgg16")


def run() -> list[Figure]:
    """Mean absolute errors in percent of what was measured; nothing where there are no measurements."""
    if not DATA.is_dir():
        return []
    return [*_products(), *_squares(), *_subgraphs(), *_networks()]


def _rows(name: str) -> Iterator[Mapping[str, str]]:
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _figure(name: str, told: Any, measured: Any) -> Figure:
    error = 100 * np.abs(np.asarray(told) / np.asarray(measured) - 1)
    return Figure(f"uncalibrated_{name}_mape", float(error.mean()), "percent")


def _products() -> Iterator[Figure]:
    for file, (device, precision) in GEMM.items():
        rows = [row for row in _rows(file) if row["dtype"] == "bfloat16"]
        sizes = np.array([[float(row[key]) for key in "mnk"] for row in rows])
        measured = np.array([float(row["latency_ms"]) for row in rows])
        yield _figure(f"gemm_{device}", _times(device, precision, sizes), measured)


def _squares() -> Iterator[Figure]:
    for file, (device, precisions) in SQUARE.items():
        told, measured = [], []
        for row in _rows(file):
            if row["dtype"] in precisions:
                m, k, n = map(float, row["shape"].split("x"))
                told.append(_times(device, precisions[row["dtype"]], np.array([[m, n, k]]))[0])
                measured.append(float(row["latency_s"]) * 1e3)
        yield _figure(f"matmul_{device}", told, measured)


def _times(device: str, precision: str, sizes: Any) -> Any:
    """Milliseconds of matrix products, [m, n, k] a row."""
    m, n, k = sizes.T
    none = np.zeros(len(m))
    values = {
        "net.subgraphs": len(m), "net.macs": m * n * k, "net.vector_ops": none, "net.activations": m * k + m * n,
        "net.weights": n * k, "net.unscaled": none, "net.rows": m, "net.columns": n, "net.depth": k,
        "net.repeats": none + 1, "net.count": none + 1, "chip.precision": precision,
    }  # fmt: skip
    told = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()}
    return evaluate(device, told, outputs=["time"])["time"] * 1e-3


def _subgraphs() -> Iterator[Figure]:
    """Fused subgraphs of four networks, one by one and summed."""
    measured: dict[tuple[str, int], list[float]] = {}
    for row in _rows("i7_12700k_subgraphs_fp32.csv"):
        measured.setdefault((row["model"], int(row["batch"])), []).append(float(row["lat_mean_ms"]))
    single: dict[str, list[Any]] = {"told": [], "measured": []}
    whole: dict[str, list[float]] = {"told": [], "measured": []}
    for (name, batch), times in measured.items():
        plain = analyze(name, "i7_12700k", precision="FP32", sizes={"batch": batch}, calibration="none")
        found = plain.facts["network"]["subgraphs"]
        if len(found) != len(times):
            continue
        told = np.array([row["latency"] for row in found]) * 1e-3
        run = np.array([row["bottleneck"] != "none" for row in found])  # views take no time here
        single["told"].append(told[run])
        single["measured"].append(np.array(times)[run])
        whole["told"].append(float(told.sum()))
        whole["measured"].append(float(np.sum(times)))
    yield _figure("subgraphs_i7_12700k", np.concatenate(single["told"]), np.concatenate(single["measured"]))
    yield _figure("networks_i7_12700k", whole["told"], whole["measured"])


def _networks() -> Iterator[Figure]:
    known, told, measured = reading.networks(), [], []
    for row in _rows("orin_agx_50w_models.csv"):
        if row["model"] in known:
            found = analyze(
                row["model"], "jetson_orin_agx_64gb", precision="TF32", profile="50W", sizes={"batch": 1},
                calibration="none",
            )  # fmt: skip
            told.append(found["latency"])
            measured.append(float(np.median([float(row[f"measured_ms_run{k}"]) for k in (1, 2, 3)])))
    yield _figure("networks_jetson_orin_agx_64gb", told, measured)
