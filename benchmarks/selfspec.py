"""How long the speculating analog chip takes: 1000 prompts as a process and inside, and a sweep of its hardware.

The original's calculator takes 434 s for the 1000 prompts of Qwen3-0.6B (2 cores, Python 3.11).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from benchmarks._report import Figure
from symppa.engine.grid import Grid
from symppa.engine.reducers import Best, Limit
from symppa.engine.walk import blocks, reduce
from symppa.studies.speculate import OUTPUTS
from symppa.studies.subject import Subject

ROUNDS = 7
INSIDE = 51
SWEEPS = 3
ROOT = Path(__file__).resolve().parents[1]
PROMPTS = np.arange(1.0, 1001.0)
SPECULATE = ("-m", "symppa", "speculate", "qwen3_0p6b", "analog_soc", "--prompt", "1:1000", "--burst", "5", "--csv")
SWEPT = {
    "chip.crossbar.size": [64, 96, 128, 192, 256, 320, 384, 448, 512, 640.0],
    "chip.crossbar.columns": [1, 2, 3, 4, 6, 8, 12, 16, 24, 32.0],
    "chip.crossbar.residual_bits": np.arange(5, 15.0).tolist(),
    "chip.crossbar.draft_bits": np.arange(2, 12.0).tolist(),
    "chip.units.lanes": (2.0 ** np.arange(4, 14)).tolist(),
    "burst": np.arange(1, 11.0).tolist(),
    "prompt": np.geomspace(16, 8192, 10).round().tolist(),
}
MODEL = "n_layers: 28\nd_model: 1024\nn_heads: 16\nactivation_bits: 12\nffn_type: swiglu\nd_ff: 3072\n"


def run() -> list[Figure]:
    """Medians; the report of the original's command line where it is built."""
    with TemporaryDirectory() as kept:
        seconds = _process(SPECULATE, kept)
        report = _report(Path(kept))
    found = [
        Figure("speculate_1000_process_s", seconds, "s", "<= 0.8"),
        Figure("speculate_1000_inside_ms", 1e3 * _inside(), "ms", "<= 5"),
        Figure("hardware_sweep_ns_per_point", 1e9 * _sweep(), "ns"),
    ]
    return found + ([] if report is None else [Figure("report_1000_process_s", report, "s", "<= 2.5")])


def _process(arguments: Sequence[str], cache: str) -> float:
    """A whole process, its program compiled and kept by the run before."""
    environment = os.environ | {"SYMPPA_CACHE_DIR": cache, "PYTHONPATH": str(ROOT)}
    taken = []
    for _ in range(ROUNDS + 1):
        start = perf_counter()
        subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        taken.append(perf_counter() - start)
    return median(taken[1:])


def _inside() -> float:
    """All outputs at 1000 prompts, values in, arrays out."""
    subject = Subject("analog_soc")
    program = subject.program(OUTPUTS, ["prompt"])
    values = {name: value.raw for name, value in subject.bound(program).items()} | {"prompt": PROMPTS}
    taken = []
    for _ in range(INSIDE):
        start = perf_counter()
        block = next(blocks(Grid(program, values)))
        taken.append(perf_counter() - start)
    if any(not np.isfinite(found).all() for found in block.values.values()):
        raise SystemExit("an output is not finite")
    return median(taken)


def _sweep() -> float:
    """The fastest chip within a power, an area and a loss, over 1e6 chips at 10 prompts."""
    outputs = ("throughput", "power", "area", "lost_bits")
    subject = Subject("analog_soc")
    program = subject.program(outputs, list(SWEPT))
    values = {name: value.raw for name, value in subject.bound(program).items() if name not in SWEPT}
    grid = Grid(program, values | {name: np.array(along) for name, along in SWEPT.items()})
    limits = [Limit("power", "<=", 40.0), Limit("area", "<=", 0.05), Limit("lost_bits", "<=", 0.0)]
    taken = []
    for _ in range(SWEEPS):
        start = perf_counter()
        reduce(grid, [Best(5, "throughput", limits)])
        taken.append(perf_counter() - start)
    return median(taken) / grid.size


def _report(folder: Path) -> float | None:
    """The original's command line at 1000 prompts, where this checkout has it."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    files = {"hardware": ROOT / "examples" / "hardware.yaml", "stats": ROOT / "examples" / "stats.json"}
    if "ppa-calculator" not in scripts or not all(path.exists() for path in files.values()):
        return None
    module, function = scripts["ppa-calculator"].split(":")
    files["model"] = folder / "model.yaml"
    files["model"].write_text(MODEL, "utf-8")
    told = [text for name, path in files.items() for text in (f"--{name}", str(path))]
    start = f"import sys; from {module} import {function}; sys.exit({function}())"
    return _process(["-c", start, *told, "--prompt-lengths", *(f"{n:.0f}" for n in PROMPTS)], str(folder))
