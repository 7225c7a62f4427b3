"""How fast a sweep is, beside what one writes without symppa and beside what the machine allows.

One accelerator on a grid of 1e7 designs, one of 1e8, and a list of designs, all evaluated, and stored or reduced to
the densest within a power limit. A plain loop and a mesh see samples. Where two methods see the same designs, they
must agree. Compiled code is made and kept before anything is timed. Each run gets its memory anew.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks._analog_model import GRID, LARGE
from benchmarks._contest import Contest, Method, best, program, size
from benchmarks._report import Figure
from benchmarks._roofline import counts, draw
from symppa.engine.native.compiler import find
from symppa.errors import NoCompilerError

ROUNDS = 7
PROCESSES = 3
ROOT = Path(__file__).resolve().parents[1]
STATUS = Path("/proc/self/status")


def run() -> list[Figure]:
    """Medians of rounds in which every method runs once, so that a slow moment meets all alike."""
    engines = ["numpy", "native"] if _compiler() else ["numpy"]
    with TemporaryDirectory() as folder:
        contest = Contest(Path(folder))
        for engine in engines:
            contest.check(engine)
        methods = contest.usual() | contest.floor()
        for engine in engines:
            methods |= contest.ours(engine)
        ns = _timed(methods)
    return [*_context(contest), *_times(ns), *_ratios(ns), *_alone(engines[-1]), *_cluster(engines[-1])]


def plot(figures: Sequence[Figure], folder: Path) -> Path | None:
    """The engine's own roofline, where there is native code."""
    if not any(figure.name == "native_points_ns" for figure in figures):
        return None
    draw(figures, folder / "engine-roofline.png")
    return folder / "engine-roofline.png"


def _compiler() -> bool:
    try:
        find()
    except NoCompilerError as error:
        print(f"{error}: native code and the floor are left out", file=sys.stderr)
        return False
    return True


def _timed(methods: Mapping[str, Method]) -> dict[str, float]:
    """Nanoseconds a point."""
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(ROUNDS):
        for name, (_, method) in methods.items():
            start = perf_counter()
            method()
            seconds[name].append(perf_counter() - start)
    return {name: median(seconds[name]) / methods[name][0] * 1e9 for name in methods}


def _context(contest: Contest) -> list[Figure]:
    """How large the model and its grid are; values that do not vary are not counted."""
    made = contest.program
    varying = Counter(made.steps[n].operation for n in made.live if made.masks[n] and made.steps[n].arguments)
    grid, points = contest.floors[""], contest.floors["_points"]
    traffic = counts(grid, points) if grid and points else []
    return [
        *traffic,
        Figure("points", size(GRID), "designs", ">= 1e7"),
        Figure("points_large", size(LARGE), "designs", ">= 1e8"),
        Figure("operations", varying.total(), "steps", ">= 150"),
        Figure("ceil_div", varying["ceil_div"], "steps", ">= 10"),
        Figure("largest", varying["maximum"], "steps", ">= 5"),
    ]


def _times(ns: Mapping[str, float]) -> list[Figure]:
    """Times a point; a floor is the slower of moving as much and computing as much."""
    wanted = {"numpy_reduce_ns": "<= 20"}
    found = [Figure(n, value, "ns/point", wanted.get(n, "")) for n, value in ns.items() if n.endswith("_ns")]
    parts = [n for n in ns if n.startswith(("moved", "computed", "stored"))]
    found += [Figure(f"{name}_ns", ns[name], "ns/point") for name in parts]
    return found + [Figure(f"{name}_ns", value, "ns/point") for name, value in _floors(ns).items()]


def _floors(ns: Mapping[str, float]) -> dict[str, float]:
    if "stored" not in ns:
        return {}
    return {
        "floor_reduce": max(ns["moved"], ns["computed"]),
        "floor_store": max(ns["stored"], ns["computed"]),
        "floor_reduce_1e8": max(ns["moved_1e8"], ns["computed_1e8"]),
        "floor_points": max(ns["moved_points"], ns["computed_points"]),
    }


def _ratios(ns: Mapping[str, float]) -> list[Figure]:
    numpy = ns["numpy_reduce_ns"]
    found = [
        Figure("numpy_over_meshgrid", ns["meshgrid_ns"] / numpy, "times as fast", ">= 25"),
        Figure("numpy_over_python", ns["python_ns"] / numpy, "times as fast"),
    ]
    floors = _floors(ns)
    if not floors or "native_reduce_ns" not in ns:
        return found
    native = ns["native_reduce_1e8_ns"]
    times = "times the floor"
    return [
        *found,
        Figure("native_reduce_over_floor", native / floors["floor_reduce_1e8"], times, "<= 1.5"),
        Figure("native_reduce_1e7_over_floor", ns["native_reduce_ns"] / floors["floor_reduce"], times),
        Figure("native_store_over_floor", ns["native_store_ns"] / floors["floor_store"], times, "<= 2"),
        Figure("native_points_over_floor", ns["native_points_ns"] / floors["floor_points"], times, "<= 1.6"),
        Figure("native_over_meshgrid", ns["meshgrid_ns"] / native, "times as fast", ">= 150"),
        Figure("native_over_python", ns["python_ns"] / native, "times as fast", ">= 1000"),
        Figure("threads_2_speedup", native / ns["native_2_threads_1e8_ns"], "times as fast", ""),
    ]


def alone(engine: str) -> str:
    """What a process of its own needs to compile and to reduce: milliseconds, and MB above its start."""
    start = perf_counter()
    made = program()
    facts = {"compile_ms": (perf_counter() - start) * 1e3}
    before = _resident("VmRSS")
    for name, axes in (("memory_reduce_MB", GRID), ("memory_reduce_1e8_MB", LARGE)):
        best(made, axes, engine)
        if before is not None:
            facts[name] = ((_resident("VmHWM") or 0.0) - before) / 1e6
    return json.dumps(facts)


def _resident(what: str) -> float | None:
    """Memory of this process in bytes, now or at its peak; None where the system does not tell."""
    lines = STATUS.read_text("utf-8").splitlines() if STATUS.exists() else []
    found = [float(line.split()[1]) * 1024 for line in lines if line.startswith(what)]
    return found[0] if found else None


def _alone(engine: str) -> list[Figure]:
    facts = [_process(f"from benchmarks import sweep; print(sweep.alone({engine!r}))") for _ in range(PROCESSES)]
    if "memory_reduce_MB" not in facts[0]:
        print("this system does not tell the memory of a process: left out", file=sys.stderr)
    kinds = {"compile_ms": ("ms", "")}
    return [Figure(name, median(f[name] for f in facts), *kinds.get(name, ("MB", "<= 100"))) for name in facts[0]]


def _cluster(engine: str) -> list[Figure]:
    """Two workers against one, in a process of its own; left out where no cluster can be had."""
    if find_spec("distributed") is None:
        print("distributed is not installed (pip install 'symppa[cluster]'): the cluster is left out", file=sys.stderr)
        return []
    code = f"from benchmarks import _cluster\nif __name__ == '__main__': _cluster.main({engine!r})"
    facts = _process(code)
    return [
        *(Figure(name, value, "s") for name, value in facts.items()),
        Figure("cluster_2_speedup", facts["cluster_1_s"] / facts["cluster_2_s"], "times as fast"),
    ]


def _process(code: str) -> dict[str, Any]:
    """The JSON that a Python of its own prints."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
