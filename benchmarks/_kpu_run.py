"""One network simulated, or run on numbers, in a process of its own: `python -m benchmarks._kpu_run simulated NAME`."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from symppa.kpu import KPUCompiler, KPUConfig, KPUProgram
from symppa.kpu.sources import source

ROUNDS = 5
SAMPLES = 100


def simulated(name: str) -> dict[str, Any]:
    """What a run takes, how it compares with the bound, and how long the simulation took."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "net.kpu"
        _compile_apart(name, path)
        program = KPUProgram.load(path)
    return _simulated(program)


def _simulated(program: KPUProgram) -> dict[str, Any]:
    from symppa.kpu.simulator import KPUSimulator

    KPUSimulator(program).metrics()  # compiled formulas are loaded once
    taken = []
    for _ in range(ROUNDS):
        start = perf_counter()
        run = KPUSimulator(program)
        cycles = run.run_until_complete()
        taken.append(perf_counter() - start)
    tiles = sum(len(one.course.tiles) for one in run.timeline.operators if one.course is not None)
    told = {key: value for key, value in asdict(run.metrics()).items() if key != "op_metrics"}
    return {**told, "seconds": median(taken), "tiles": tiles, "over_bound": cycles / program.estimated_total_cycles,
            "peak_memory": peak_memory()}  # fmt: skip


def _compile_apart(name: str, path: Path) -> None:
    """Compile in another process: its memory is not counted."""
    import subprocess

    subprocess.run([sys.executable, "-m", "benchmarks._kpu_run", "compile", f"{name}={path}"], check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip


def compile_to(told: str) -> dict[str, Any]:
    """A network without scales, written to a file."""
    name, _, path = told.partition("=")
    found, how = source(name)
    KPUCompiler().compile(found, KPUConfig(), "int8", None, **how).save(Path(path))
    return {}


def numbers(name: str) -> dict[str, Any]:
    """Seconds of the runtime and of eager torch on the same image, turn by turn."""
    import torch

    from symppa.kpu.runtime import KPURuntime

    found, how = source(name)
    shape = how["input_shape"]
    rng = np.random.default_rng(0)
    samples = (rng.normal(size=shape).astype(np.float32) for _ in range(SAMPLES))
    program = KPUCompiler().compile(found, KPUConfig(), "int8", samples, **how)
    runtime = KPURuntime()
    runtime.load_program(program)
    image = rng.normal(size=shape).astype(np.float32)
    given = {program.input_ids[0]: image}
    tensor = torch.from_numpy(image)
    with torch.no_grad():
        turns = [
            (_seconds(lambda: runtime.execute(given)), _seconds(lambda: found(tensor))) for _ in range(ROUNDS + 1)
        ][1:]
    mine, eager = (median(one) for one in zip(*turns, strict=True))
    return {"functional": mine, "eager": eager, "ratio": mine / eager, "peak_memory": peak_memory()}


def _seconds(what: Callable[[], Any]) -> float:
    start = perf_counter()
    what()
    return perf_counter() - start


def peak_memory() -> int:
    """The most memory that this process had, in byte."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    asked = {"simulated": simulated, "compile": compile_to, "numbers": numbers}
    print(json.dumps(asked[sys.argv[1]](sys.argv[2])))
