"""How long a user waits for help and for a first answer: medians over whole processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks._report import Figure

ROUNDS = 11
ROOT = Path(__file__).resolve().parents[1]
ANALYZE = ("-m", "symppa", "analyze", "nexgen_baseline")


def run() -> list[Figure]:
    """Interleaved, so that a slow moment of the machine meets every figure alike."""
    seconds: dict[str, list[float]] = {}
    with TemporaryDirectory() as kept:
        _round(kept)  # bytecode, file cache and the kept cache are warm from here on
        for _ in range(ROUNDS):
            for name, taken in _round(kept).items():
                seconds.setdefault(name, []).append(taken)
    wanted = {"help_s": "<= 0.25", "analyze_first_s": "<= 1.0", "analyze_cached_s": "<= 0.5"}
    return [Figure(name, median(taken), "s", wanted.get(name, "")) for name, taken in seconds.items()]


def _round(kept: str) -> dict[str, float]:
    with TemporaryDirectory() as empty:
        return {
            "help_s": _seconds(("-m", "symppa", "--help"), kept),
            "analyze_first_s": _seconds(ANALYZE, empty),
            "analyze_cached_s": _seconds(ANALYZE, kept),
            "bare_python_s": _seconds(("-c", "pass"), kept),
            "import_numpy_s": _seconds(("-c", "import numpy"), kept),
        }


def _seconds(arguments: Sequence[str], cache: str) -> float:
    environment = os.environ | {"SYMPPA_CACHE_DIR": cache}
    start = perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start
