"""What four networks take on the simulated KPU, and how fast the simulator and the runtime are on this machine.

INT8, weights drawn by chance: what a run takes does not depend on them. Each network is simulated in a process of its
own. The runtime and eager torch run the same ResNet-18 on the same image, the runtime tile by tile; both times are of
this machine, and have nothing to do with those of the KPU.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks._report import Figure
from symppa.errors import SymppaError

NETWORKS = ("resnet18", "mobilenet_v2", "yolov8n", "vit_b_16")
TIMED = "resnet18"


def run() -> list[Figure]:
    """Figures of every network, and of numbers through the runtime."""
    figures = [figure for name in NETWORKS for figure in _figures(name, _measured("simulated", name))]
    numbers = _measured("numbers", TIMED)
    return [
        *figures,
        Figure(f"{TIMED}_functional_s", numbers["functional"], "s"),
        Figure(f"{TIMED}_eager_s", numbers["eager"], "s"),
        Figure(f"{TIMED}_functional_over_eager", numbers["ratio"], "1", "<= 10"),
        Figure(f"{TIMED}_functional_peak_memory", numbers["peak_memory"] / 2**20, "MiB"),
    ]


def _figures(name: str, told: Mapping[str, Any]) -> Iterator[Figure]:
    yield Figure(f"{name}_cycles", told["total_cycles"], "cycle")
    yield Figure(f"{name}_time", told["total_time_us"] / 1000, "ms")
    yield Figure(f"{name}_power", told["average_power_watts"], "W", "<= 5")
    yield Figure(f"{name}_energy", told["total_energy_uj"] / 1000, "mJ")
    yield Figure(f"{name}_utilisation", told["compute_utilization"], "1")
    yield Figure(f"{name}_stall_share", told["memory_stall_cycles"] / told["total_cycles"], "1")
    yield Figure(f"{name}_over_closed_form", told["over_bound"], "1", "<= 1.1")
    yield Figure(f"{name}_closed_form_over_simulated", 1 / told["over_bound"], "1", "<= 1")
    yield Figure(f"{name}_simulation_s", told["seconds"], "s")
    yield Figure(f"{name}_simulated_tiles", told["tiles"] / told["seconds"], "tile/s")
    yield Figure(f"{name}_simulated_cycles", told["total_cycles"] / told["seconds"], "cycle/s")
    yield Figure(f"{name}_peak_memory", told["peak_memory"] / 2**20, "MiB")


def _measured(what: str, name: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks._kpu_run", what, name], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SymppaError(f"{name} was not measured: {done.stderr.strip()[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
