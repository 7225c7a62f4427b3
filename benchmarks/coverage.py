"""How long it takes to tell what calibration covers of a network, split into the graph, the look-up and the report."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks._report import Figure

ROOT = Path(__file__).resolve().parents[1]
NETWORKS, DEVICE, PRECISION = ("resnet50", "vit_b_16"), "a100_sxm_80gb", "fp16"
STEPS = ("graph", "lookup", "report")
COLD, REPEATED, ROUNDS = 5.0, 1.0, 3
# Prints seconds of imports, then of every step of a first and of a second answer in one process.
ASKED = "import json, sys; from benchmarks.coverage import answers; print(json.dumps(answers(sys.argv[1])))"


def run() -> list[Figure]:
    """Seconds of new processes without anything kept, of new processes with it, and of repeated answers."""
    found: dict[str, list[dict[str, float]]] = {}
    for network in NETWORKS:
        with TemporaryDirectory() as kept:
            cold = _asked(network, kept)
            warm = [_asked(network, kept) for _ in range(ROUNDS)]
        found[network] = [cold[0], _median([one[0] for one in warm]), _median([one[1] for one in warm])]
    worst = [max(sum(told[k].values()) for told in found.values()) for k in range(3)]
    return [
        Figure("cold_s", worst[0], "s", f"<= {COLD:g}"),
        Figure("repeated_s", worst[2], "s", f"<= {REPEATED:g}"),
        Figure("new_process_s", worst[1], "s"),
        *(figure for network, told in found.items() for figure in _split(network, told)),
    ]


def _split(network: str, told: list[dict[str, float]]) -> Iterator[Figure]:
    for name, times in zip(("cold", "new_process", "repeated"), told, strict=True):
        yield Figure(f"{network}_{name}_s", sum(times.values()), "s")
        for step, seconds in times.items():
            yield Figure(f"{network}_{name}_{step}_s", seconds, "s")


def _median(several: list[dict[str, float]]) -> dict[str, float]:
    return {step: median(one[step] for one in several) for step in several[0]}


def _asked(network: str, cache: str) -> list[dict[str, float]]:
    environment = os.environ | {"SYMPPA_CACHE_DIR": cache, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", ASKED, network]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    found: list[dict[str, float]] = json.loads(done.stdout)
    return found


def answers(network: str) -> list[dict[str, float]]:
    """Seconds of each step of two answers one after the other; imports count for the first."""
    start = perf_counter()
    importlib.import_module("symppa.calibration.coverage.coverage")
    importlib.import_module("symppa.reports.coverage")
    importlib.import_module("symppa.reports.text")
    imports = perf_counter() - start
    first, second = (_answer(network) for _ in range(2))
    return [{"import": imports, **first}, second]


def _answer(network: str) -> dict[str, float]:
    from symppa.calibration.coverage.coverage import coverage
    from symppa.reports.coverage import report
    from symppa.reports.text import as_text
    from symppa.workloads import reading

    times = [perf_counter()]
    graph = reading.network(reading.found(network))
    times.append(perf_counter())
    found = coverage(graph, DEVICE, precision=PRECISION)
    times.append(perf_counter())
    as_text(report(found))
    times.append(perf_counter())
    return {step: after - before for step, before, after in zip(STEPS, times[:-1], times[1:], strict=True)}
