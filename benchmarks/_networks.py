"""Whole networks, layers and stacks of layers, by fits that never saw them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from benchmarks._held_out import mape, roofline, simpler
from benchmarks._report import Figure
from symppa.calibration.device import Facts, facts
from symppa.calibration.fitting.calibrate import Fitted, fit
from symppa.calibration.fitting.networks import Size, fit_networks, network_seconds
from symppa.calibration.measurement import Measurement, Measurements
from symppa.calibration.readers import read
from symppa.descriptions import shipped
from symppa.errors import SymppaError
from symppa.studies.network import analyze
from symppa.workloads import reading

AGX, A100, EPYC = "jetson_orin_agx_64gb", "a100_sxm_80gb", "amd_epyc"
START = 3.8  # us until a sum over links begins: assumed, no source states it and no row is fitted to
MOST = 1500  # rows of one operation of LLM layers


def run(folder: Path) -> list[Figure]:
    """Mean absolute errors of totals, in percent of the measured time."""
    return [*_board(folder), *_totals(folder), *_layer(folder), *_stacks(folder)]


def own() -> Iterator[Figure]:
    """Whole networks on the CPU whose measurements are shipped, by profiles of its operations that saw no network."""
    rows = read(shipped.folder("models") / "measurements" / EPYC / "cnn.csv").where(op="network")
    for batch in sorted(set(rows.column("batch"))):
        part = rows.take(rows.column("batch") == batch)
        for ending, calibration in (("", None), ("_roofline", "none")):
            told = [
                analyze(row.network, EPYC, precision="FP32", sizes={"batch": int(batch)}, calibration=calibration)
                for row in part
            ]
            seconds = np.array([float(one["latency"]) * 1e-3 for one in told])
            name = f"{EPYC}_networks_{len(part)}_batch_{batch:g}{ending}"
            yield Figure(name, mape(seconds, part.latency), "percent")
            if not ending:
                middle = float(np.median(np.abs(seconds / part.latency - 1)))
                yield Figure(f"{name}_median", 100 * middle, "percent")


@lru_cache(maxsize=32)
def size_of(network: str) -> Size:
    """What a shipped network launches, computes and moves, one image at a time."""
    found = analyze(network, AGX, precision="FP32", sizes={"batch": 1}).facts["network"]["subgraphs"]
    run = [row for row in found if row["bottleneck"] != "none"]
    convolved = sum(row["ops"] for row in run if "CONV2D" in "".join(row["operator_types"]))
    moved = sum(row["input_bytes"] + row["output_bytes"] + row["weight_bytes"] for row in run)
    total = sum(row["ops"] for row in run)
    return Size(float(sum(len(row["kinds"]) for row in run)), float(convolved), float(total - convolved), float(moved))


def _board(folder: Path) -> Iterator[Figure]:
    """Whole networks on a board, one left out at a time; medians of its runs."""
    rows = read(folder / "orin_agx_50w_models.csv")
    known = reading.networks()
    names = sorted({row.network for row in rows} & set(known))
    seconds = np.array([np.median(rows.where(network=name).latency) for name in names])
    sizes = [size_of(name) for name in names]
    chip, tensor = facts(AGX, "fp32", "50W"), facts(AGX, "tf32", "50W").peak
    told = []
    for left in range(len(names)):
        others = [n for n in range(len(names)) if n != left]
        made = fit_networks([sizes[n] for n in others], seconds[others], chip, tensor)
        told.append(network_seconds(made, [sizes[left]], tensor)[0])
    yield Figure(f"{AGX}_networks_{len(names) - 1}", mape(np.array(told), seconds), "percent", "<= 12")
    peak = np.array([(s.convolved + s.other) / chip.peak + s.traffic / chip.bandwidth for s in sizes])
    yield Figure(f"{AGX}_networks_{len(names) - 1}_roofline", mape(peak, seconds), "percent")
    ratio = seconds / peak
    constant = np.array([np.median(np.delete(ratio, left)) for left in range(len(names))])
    yield Figure(f"{AGX}_networks_{len(names) - 1}_constant", mape(peak * constant, seconds), "percent")


def _totals(folder: Path) -> Iterator[Figure]:
    """CNNs on a CPU, summed over fused subgraphs, one network left out at a time."""
    rows, chip = read(folder / "i7_12700k_subgraphs_fp32.csv"), facts("i7_12700k", "fp32")
    found: dict[float, list[tuple[float, ...]]] = {}
    for name in sorted(set(rows.of("network"))):
        others, own = rows.take([row.network != name for row in rows]), rows.where(network=name)
        made = fit(others, chip)
        constant = float(np.median(others.latency / roofline(chip, others)))
        for batch in sorted(set(own.column("batch"))):
            part = own.take(own.column("batch") == batch)
            plain = float(roofline(chip, part).sum())
            sums = (float(part.latency.sum()), float(made.seconds(part).sum()), plain, plain * constant)
            found.setdefault(batch, []).append(sums)
    for batch, sums_of in sorted(found.items()):
        measured, *told = np.array(sums_of).T
        goal, name = "<= 20" if batch <= 16 else "", f"i7_12700k_cnn_totals_batch_{batch:g}"
        for ending, estimated in zip(("", "_roofline", "_constant"), told, strict=True):
            yield Figure(name + ending, mape(estimated, measured), "percent", goal if not ending else "")


def _layer(folder: Path) -> Iterator[Figure]:
    """A GPT-3 layer on four A100 by fits to single operators of the same campaign; the sum over links by data sheet."""
    inside, chip = folder / "llmcompass", facts(A100, "fp16")
    tables = {"gemm": "matmul", "softmax": "softmax", "layernorm": "layernorm", "gelu": "gelu"}
    fits = {op: fit(read(inside / f"{name}_A100.csv", device=A100), chip) for op, name in tables.items()}
    layer = read(inside / "gpt3_layer_a100.json", device=A100)
    for phase in ("prefill", "decode"):
        rows = [row for row in layer if row.network.endswith(phase)]
        told = sum(_part(row, fits, chip) for row in rows)
        measured = sum(row.latency for row in rows)
        yield Figure(f"gpt3_layer_{phase}", 100 * abs(told / measured - 1), "percent", "<= 15")
        shared = [row for row in rows if row.op == "all_reduce"]
        single = Measurements(tuple(row for row in rows if row.op != "all_reduce"))
        plain, links = float(roofline(chip, single).sum()), sum(_ring(row, chip) for row in shared)
        known = read(inside / "matmul_A100.csv", device=A100)
        constant = float(np.median(known.latency / roofline(chip, known)))
        for ending, factor in (("roofline", 1.0), ("constant", constant)):
            error = 100 * abs((plain * factor + links) / measured - 1)
            yield Figure(f"gpt3_layer_{phase}_{ending}", error, "percent")


def _part(row: Measurement, fits: Mapping[str, Fitted], chip: Facts) -> float:
    if row.op == "all_reduce":
        return _ring(row, chip)
    fitted = fits["gemm" if row.op == "bmm" else row.op]
    return float(fitted.seconds(Measurements((row,)))[0])


def _ring(row: Measurement, chip: Facts) -> float:
    """A sum over links at the data sheet's rates: nothing was measured to fit it to."""
    from symppa.engine.compile import compile as compiled
    from symppa.library.laws.measured_rows import MeasuredCollective
    from symppa.library.operators.collective import AllReduce

    ring = compiled(AllReduce(), ("sent", "steps"))({name: row.shape[name] for name in ("elements", "ranks")})
    values = {
        "sent": 2 * float(ring["sent"]), "steps": float(ring["steps"]), "start": START,
        "link_bandwidth": chip.link_bandwidth / 1e9, "link_latency": chip.link_latency * 1e6,
    }  # fmt: skip
    return float(compiled(MeasuredCollective(), ("latency",))(values)["latency"]) * 1e-6


def _stacks(folder: Path) -> Iterator[Figure]:
    """A layer of an LLM by fits to the layers of other LLMs, for every number of tokens and degree of parallelism."""
    rows = read(folder / "vidur_layers.csv").where(device=A100)
    rows = rows.take([row.part != "emb" for row in rows])
    chip = facts(A100, "fp16")
    for name in ("internlm/internlm-20b", "meta-llama/Llama-2-70b-hf"):
        own = rows.take([row.network.startswith(name) for row in rows])
        others = rows.take([not row.network.startswith(name) for row in rows])
        told: dict[tuple[str, int], float] = {}
        measured: dict[tuple[str, int], float] = {}
        for op in own.ops:
            known, asked = others.where(op=op), own.where(op=op)
            if not len(known):
                raise SymppaError(f"{op} of {name} occurs in no other model")
            known = known.take(np.random.default_rng(0).permutation(len(known))[:MOST])
            for row, seconds in zip(asked, fit(known, chip).seconds(asked), strict=True):
                stack = (row.network, row.row)
                told[stack] = told.get(stack, 0.0) + float(seconds)
                measured[stack] = measured.get(stack, 0.0) + row.latency
        both = np.array([(told[stack], measured[stack]) for stack in told]).T
        label = name.rsplit("/", 1)[-1].lower().replace("-", "_")
        yield Figure(f"{A100}_{label}_stack", mape(*both), "percent", "<= 15")
        yield from simpler(f"{A100}_{label}_stack", chip, others, own, [(row.network, row.row) for row in own])
