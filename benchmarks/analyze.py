"""How long an answer about networks on devices takes, and how far uncalibrated answers are from measurements."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks import _measured
from benchmarks._report import Figure
from symppa.studies.networks.comparing import compare_networks
from symppa.workloads import on_device

ROUNDS = 5
ROOT = Path(__file__).resolve().parents[1]
ANALYZE = ("-m", "symppa", "analyze", "resnet50", "a100_sxm_80gb")
# Prints two times: that of importing torch, and that of a network, its module made, from the call to the graph.
IMPORT = (
    "from time import perf_counter\n"
    "start = perf_counter()\n"
    "import torch\n"
    "print(perf_counter() - start)\n"
    "from symppa import load_workload\n"
    "from tests.workloads.networks import ResNet\n"
    "module, start = ResNet((3, 4, 6, 3), True), perf_counter()\n"
    "assert len(load_workload(module, (torch.zeros(1, 3, 224, 224),)).operators) > 100\n"
    "print(perf_counter() - start)\n"
)
# Prints the time of the first comparison of a process, imports left out.
FIRST = "from benchmarks.analyze import compared; print(compared()[1])"
NETWORKS = (
    "resnet18", "resnet34", "resnet50", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "efficientnet_b0",
    "vgg16", "vit_b_16", "yolov8n", "bert_large", "gpt2", "llama2_7b", "llama3_8b", "mistral_7b", "mixtral_8x7b",
    "qwen2p5_7b", "qwen3_8b", "llama3_70b",
)  # fmt: skip
DEVICES, PRECISIONS, BATCHES = 45, ("FP32", "FP16", "BF16", "INT8"), (1, 2, 4, 8, 16, 32, 64, 128)


def run() -> list[Figure]:
    """Medians: of whole processes with a warm cache, and of whole calls once files have been read."""
    estimates, seconds = _compared()
    with TemporaryDirectory() as kept:
        _seconds(ANALYZE, kept)
        shipped = median(_seconds(ANALYZE, kept) for _ in range(ROUNDS))
        cold = float(_run(("-c", FIRST), kept))  # programs are made, and kept on the disk
        first = median(float(_run(("-c", FIRST), kept)) for _ in range(3))
        torch, imported = zip(*(_imported(kept) for _ in range(3)), strict=True)
    return [
        Figure("shipped_resnet50_s", shipped, "s", "<= 1"),
        Figure("import_resnet50_torch_s", median(imported), "s", "<= 5"),
        Figure("import_torch_s", median(torch), "s"),
        Figure("compare_s", seconds, "s", "<= 0.5"),
        Figure("compare_first_s", first, "s"),
        Figure("compare_cold_s", cold, "s"),
        Figure("compare_estimates", estimates, "estimates"),
        Figure("networks_per_s", estimates / seconds, "networks/s", ">= 50000"),
        *_measured.run(),
    ]


def compared() -> tuple[int, float]:
    """How many estimates there are, formats that a device lacks left out, and how long all take."""
    devices = on_device.devices()[:DEVICES]
    start = perf_counter()
    found = compare_networks(NETWORKS, devices, precisions=PRECISIONS, batches=BATCHES)
    return found.counts["estimates"], perf_counter() - start


def _compared() -> tuple[int, float]:
    """The same, once files and programs have been read."""
    taken = [compared() for _ in range(ROUNDS + 1)][1:]
    return taken[0][0], median(seconds for _, seconds in taken)


def _imported(cache: str) -> tuple[float, float]:
    """Seconds that torch takes to be imported, and a network of it after that."""
    first, second = map(float, _run(("-c", IMPORT), cache).split())
    return first, second


def _seconds(arguments: Sequence[str], cache: str) -> float:
    start = perf_counter()
    _run(arguments, cache)
    return perf_counter() - start


def _run(arguments: Sequence[str], cache: str) -> str:
    environment = os.environ | {"SYMPPA_CACHE_DIR": cache, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
