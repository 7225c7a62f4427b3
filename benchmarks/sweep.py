"""How fast a sweep is, beside what one writes without symppa and beside what the machine allows.

One accelerator on a grid of 1e7 designs, all evaluated, and stored or reduced to the densest within a power
limit. A plain loop and a mesh see samples of it. Where two methods see the same designs, they must agree.
Each run gets its memory anew.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks import _usual
from benchmarks._analog_model import GRID, LIMIT, OUTPUTS, AnalogAccelerator, Array
from benchmarks._floor import floor
from benchmarks._report import Figure
from symppa import units
from symppa.engine import grid as engine
from symppa.engine.compile import compile
from symppa.engine.program import Program
from symppa.engine.reducers import TOLERANCE, Best, Limit

ROUNDS = 7
PROCESSES = 3
LOOPED = 10_000
THINNED = {"array.clock": 2, "burst": 5}
EQUAL = 1e-12
ROOT = Path(__file__).resolve().parents[1]
STATUS = Path("/proc/self/status")
Axes = Mapping[str, Array]


class Contest:
    """One program and all methods to evaluate it; each method is one whole run."""

    def __init__(self, folder: Path) -> None:
        self.program = program()
        self.sample = {name: values[:: THINNED.get(name, 1)] for name, values in GRID.items()}
        self.by_point, self.by_array = _usual.functions(AnalogAccelerator(), self.program)
        self.limit = LIMIT * (1 + TOLERANCE)
        lengths = [len(values) for values in GRID.values()]
        self.places = np.random.default_rng(1).integers(np.prod(lengths), size=LOOPED)
        columns = zip(_usual.axes(self.program, GRID), np.unravel_index(self.places, lengths), strict=True)
        self.points = np.stack([values[k] for values, k in columns], 1).tolist()
        self.floor = floor(self.program, lengths, folder)

    def methods(self) -> dict[str, tuple[int, Callable[[], Any]]]:
        """Every method with its number of points."""
        size, sampled = (int(np.prod([len(v) for v in axes.values()])) for axes in (GRID, self.sample))
        values = _usual.axes(self.program, self.sample)
        found: dict[str, tuple[int, Callable[[], Any]]] = {
            "python_ns": (LOOPED, partial(_usual.loop, self.by_point, self.points, self.limit)),
            "meshgrid_ns": (sampled, partial(_usual.mesh, self.by_array, values, self.limit)),
            "open_mesh_ns": (sampled, partial(_usual.mesh, self.by_array, values, self.limit, sparse=True)),
            "numpy_store_ns": (size, partial(engine.run, self.program, GRID)),
            "numpy_reduce_ns": (size, partial(best, self.program, GRID)),
        }
        if self.floor is not None:
            parts = {"moved": self.floor.keep, "stored": self.floor.store, "computed": self.floor.arithmetic}
            found |= {name: (size, part) for name, part in parts.items()}
        return found

    def check(self) -> None:
        """Refuse to report when two methods differ."""
        densest, arrays = _usual.mesh(self.by_array, _usual.axes(self.program, self.sample), self.limit)
        stored = engine.run(self.program, self.sample)
        for name, array in zip(OUTPUTS, arrays, strict=True):
            self._equal(f"{name} on a mesh", array, stored[name])
        self._same("densest on a mesh", densest, best(self.program, self.sample))
        stored = engine.run(self.program, GRID)
        _, rows = _usual.loop(self.by_point, self.points, self.limit)
        for name, column in zip(OUTPUTS, zip(*rows, strict=True), strict=True):
            self._equal(f"{name} in a loop", np.array(column), stored[name].ravel()[self.places])
        kept = np.where(stored["power"] <= self.limit, stored["density"], -np.inf)
        self._same("densest of all stored", int(np.argmax(kept)), best(self.program, GRID))

    def _equal(self, what: str, base: Array, declared: Array) -> None:
        mine = declared * units.measure(self.program.output(what.split()[0]).unit).worth
        worst = float(np.max(np.abs(mine / base - 1.0)))
        if not worst <= EQUAL:
            raise RuntimeError(f"{what} differs from the engine's by {worst:.3g}")

    def _same(self, what: str, other: int, mine: int) -> None:
        if other != mine:
            raise RuntimeError(f"{what} is design {other}, the engine's is {mine}")


def program() -> Program:
    """All outputs of the model on all axes of the grid."""
    return compile(AnalogAccelerator(), OUTPUTS, list(GRID))


def best(made: Program, axes: Axes) -> int:
    """The number of the densest design within the power limit."""
    reducer = Best(1, "density", [Limit("power", "<=", LIMIT)])
    engine.reduce(engine.Grid(made, axes), [reducer])
    flat, _ = reducer.result()
    return int(flat[0])


def alone() -> str:
    """What a process of its own needs to compile and to reduce: milliseconds, and MB above its start."""
    start = perf_counter()
    made = program()
    facts = {"compile_ms": (perf_counter() - start) * 1e3}
    before = _resident("VmRSS")
    best(made, GRID)
    if before is not None:
        facts["memory_reduce_MB"] = ((_resident("VmHWM") or 0.0) - before) / 1e6
    return json.dumps(facts)


def _resident(what: str) -> float | None:
    """Memory of this process in bytes, now or at its peak; None where the system does not tell."""
    lines = STATUS.read_text("utf-8").splitlines() if STATUS.exists() else []
    found = [float(line.split()[1]) * 1024 for line in lines if line.startswith(what)]
    return found[0] if found else None


def run() -> list[Figure]:
    """Medians of rounds in which every method runs once, so that a slow moment meets all alike."""
    with TemporaryDirectory() as folder:
        contest = Contest(Path(folder))
        contest.check()
        methods = contest.methods()
        seconds: dict[str, list[float]] = {name: [] for name in methods}
        for _ in range(ROUNDS):
            for name, (_, method) in methods.items():
                start = perf_counter()
                method()
                seconds[name].append(perf_counter() - start)
    ns = {name: median(seconds[name]) / methods[name][0] * 1e9 for name in methods}
    return [*_context(contest.program), *_times(ns), *_alone()]


def _context(made: Program) -> list[Figure]:
    """How large the model and its grid are; values that do not vary are not counted."""
    size = float(np.prod([len(v) for v in GRID.values()]))
    varying = Counter(made.steps[n].operation for n in made.live if made.masks[n] and made.steps[n].arguments)
    return [
        Figure("points", size, "designs", ">= 1e7"),
        Figure("operations", varying.total(), "steps", ">= 150"),
        Figure("ceil_div", varying["ceil_div"], "steps", ">= 10"),
        Figure("largest", varying["maximum"], "steps", ">= 5"),
    ]


def _times(ns: dict[str, float]) -> list[Figure]:
    """Times per point; the floor is the slower of moving as much and computing as much."""
    measured = [Figure(name, value, "ns/point") for name, value in ns.items() if name.endswith("_ns")]
    reducing = ns["numpy_reduce_ns"]
    measured.append(Figure("numpy_over_meshgrid", ns["meshgrid_ns"] / reducing, "times as fast", ">= 20"))
    measured.append(Figure("numpy_over_python", ns["python_ns"] / reducing, "times as fast"))
    if "computed" not in ns:
        print("no C compiler that takes the flags: the floor is left out", file=sys.stderr)
        return measured
    floors = {"floor_reduce_ns": ns["moved"], "floor_store_ns": ns["stored"]}
    return [*measured, *(Figure(n, max(v, ns["computed"]), "ns/point") for n, v in floors.items())]


def _alone() -> list[Figure]:
    command = [sys.executable, "-c", "from benchmarks import sweep; print(sweep.alone())"]
    facts = [
        json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
        for _ in range(PROCESSES)
    ]
    if "memory_reduce_MB" not in facts[0]:
        print("this system does not tell the memory of a process: left out", file=sys.stderr)
    kinds = {"compile_ms": ("ms", ""), "memory_reduce_MB": ("MB", "<= 100")}
    return [Figure(name, median(f[name] for f in facts), *kinds[name]) for name in facts[0]]
