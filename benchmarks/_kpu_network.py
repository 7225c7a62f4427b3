"""One network through the compiler of the KPU in a process of its own: `python -m benchmarks._kpu_network resnet18`."""

from __future__ import annotations

import json
import resource
import sys
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks import _kpu_tilings
from symppa.kpu import KPUConfig, KPUProgram

ROUNDS = 3
PRECISIONS = ("int8", "fp16")


def measured(name: str) -> dict[str, Any]:
    """Seconds after capture, peak memory, and how good the tilings are."""
    from symppa.kpu.compiler import compiled

    captured = _captured(name)
    taken: dict[str, list[float]] = {precision: [] for precision in PRECISIONS}
    made: dict[str, KPUProgram] = {}
    for precision in PRECISIONS:
        for _ in range(ROUNDS):
            start = perf_counter()
            made[precision] = compiled(captured, precision)
            taken[precision].append(perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    tiles = [op.tiling for one in made.values() for op in one.ops if op.tiling is not None]
    other = _kpu_tilings.totals(made["int8"])
    return {
        "seconds": {precision: median(times) for precision, times in taken.items()}, "peak_memory": peak,
        "tilings": len(tiles), "proved": sum(bool(one.certificate["proved"]) for one in tiles),
        "searches": made["int8"].facts["tile"]["searches"], "cycles": made["int8"].estimated_total_cycles,
        "over_divisors": other["chosen"] / other["divisors"], "over_fixed": other["chosen"] / other["fixed"],
    }  # fmt: skip


def _captured(name: str) -> KPUProgram:
    import torch

    from symppa.kpu.capture import captured
    from symppa.kpu.networks import SIDES, network

    torch.manual_seed(0)
    image = torch.zeros(1, 3, SIDES[name], SIDES[name])
    return captured(network(name), KPUConfig(), example_inputs=(image,))


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1])))
