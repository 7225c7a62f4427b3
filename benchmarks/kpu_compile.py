"""How fast four networks compile for the KPU once they are captured, and how good their tiles are.

Each network runs in a process of its own, whose peak memory is told. Cycles are those of the cost model, INT8: the
tiles that were chosen over the best whose sides divide those of the operators, and over tiles of 32 cut to what fits.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks._report import Figure
from symppa.errors import SymppaError

NETWORKS = {"resnet18": 5, "mobilenet_v2": 5, "yolov8n": 10, "vit_b_16": 15}  # seconds, at most


def run() -> list[Figure]:
    """Figures of every network, and the share of all tilings that are proved within 1 %."""
    found = {name: _measured(name) for name in NETWORKS}
    figures = [figure for name, told in found.items() for figure in _figures(name, told)]
    tilings = sum(told["tilings"] for told in found.values())
    proved = sum(told["proved"] for told in found.values())
    return [*figures, Figure("tilings_proved_share", proved / tilings, "1", ">= 0.99")]


def _figures(name: str, told: Mapping[str, Any]) -> Iterator[Figure]:
    yield Figure(f"{name}_s", told["seconds"]["int8"], "s", f"<= {NETWORKS[name]}")
    yield Figure(f"{name}_fp16_s", told["seconds"]["fp16"], "s", f"<= {NETWORKS[name]}")
    yield Figure(f"{name}_peak_memory", told["peak_memory"] / 2**20, "MiB")
    yield Figure(f"{name}_searches", told["searches"], "tilings")
    yield Figure(f"{name}_cycles", told["cycles"], "cycle")
    yield Figure(f"cycles_over_best_divisor_tiling_{name}", told["over_divisors"], "1", "<= 1")
    yield Figure(f"cycles_over_fixed_32_{name}", told["over_fixed"], "1", "<= 1")


def _measured(name: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks._kpu_network", name], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SymppaError(f"{name} was not measured: {done.stderr.strip()[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
