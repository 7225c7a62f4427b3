"""The runs that the sweep benchmark compares: each method evaluates all its designs, in memory of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _usual
from benchmarks._analog_model import GRID, LARGE, LIMIT, OUTPUTS, AnalogAccelerator, Array
from benchmarks._floor import floor
from symppa import units
from symppa.engine.compile import compile
from symppa.engine.grid import Grid
from symppa.engine.points import over_points
from symppa.engine.program import Program
from symppa.engine.reducers import TOLERANCE, Best, Limit
from symppa.engine.walk import reduce, run

LOOPED = 10_000
LISTED = 4_000_000
THINNED = {"array.clock": 2, "burst": 5}
EQUAL = 1e-12
Axes = Mapping[str, Array]
Method = tuple[int, Callable[[], Any]]


def program() -> Program:
    """All outputs of the model on all axes of the grid."""
    return compile(AnalogAccelerator(), OUTPUTS, list(GRID))


def best(made: Program, axes: Axes, engine: str, threads: int = 1) -> int:
    """The number of the densest design within the power limit."""
    reducer = Best(1, "density", [Limit("power", "<=", LIMIT)])
    reduce(Grid(made, axes), [reducer], engine=engine, threads=threads)
    flat, _ = reducer.result()
    return int(flat[0])


def size(axes: Axes) -> int:
    """Designs of a grid."""
    return int(np.prod([len(v) for v in axes.values()]))


class Contest:
    """One program and all methods to evaluate it, on grids and on a list of designs drawn from one."""

    def __init__(self, folder: Path) -> None:
        self.program = program()
        self.listed = over_points(compile(AnalogAccelerator(), OUTPUTS), list(GRID))
        self.sample = {name: values[:: THINNED.get(name, 1)] for name, values in GRID.items()}
        self.by_point, self.by_array = _usual.functions(AnalogAccelerator(), self.program)
        self.limit = LIMIT * (1 + TOLERANCE)
        lengths = [len(values) for values in GRID.values()]
        rng = np.random.default_rng(1)
        self.places = rng.integers(size(GRID), size=LOOPED)
        columns = zip(_usual.axes(self.program, GRID), np.unravel_index(self.places, lengths), strict=True)
        self.points = np.stack([values[k] for values, k in columns], 1).tolist()
        drawn = np.unravel_index(rng.integers(size(GRID), size=LISTED), lengths)
        self.list = {name: values[k] for (name, values), k in zip(GRID.items(), drawn, strict=True)}
        self.floors = {
            "": floor(self.program, lengths, folder / "grid"),
            "_1e8": floor(self.program, [len(values) for values in LARGE.values()], folder / "large"),
            "_points": floor(self.listed, [LISTED], folder / "points"),
        }

    def usual(self) -> dict[str, Method]:
        """What one writes without symppa, on samples."""
        sampled, values = size(self.sample), _usual.axes(self.program, self.sample)
        return {
            "python_ns": (LOOPED, partial(_usual.loop, self.by_point, self.points, self.limit)),
            "meshgrid_ns": (sampled, partial(_usual.mesh, self.by_array, values, self.limit)),
            "open_mesh_ns": (sampled, partial(_usual.mesh, self.by_array, values, self.limit, sparse=True)),
        }

    def ours(self, engine: str) -> dict[str, Method]:
        """One reading on the grid, on a larger one, and on the list."""
        made, listed = self.program, self.listed
        found: dict[str, Method] = {
            f"{engine}_reduce_ns": (size(GRID), partial(best, made, GRID, engine)),
            f"{engine}_store_ns": (size(GRID), partial(run, made, GRID, engine=engine)),
            f"{engine}_reduce_1e8_ns": (size(LARGE), partial(best, made, LARGE, engine)),
            f"{engine}_points_ns": (LISTED, partial(best, listed, self.list, engine)),
        }
        if engine == "native":
            found["native_2_threads_1e8_ns"] = (size(LARGE), partial(best, made, LARGE, engine, 2))
        return found

    def floor(self) -> dict[str, Method]:
        """What the machine allows; nothing without a C compiler that takes the flags."""
        sizes = {"": size(GRID), "_1e8": size(LARGE), "_points": LISTED}
        found: dict[str, Method] = {}
        for name, made in self.floors.items():
            if made is not None:
                found[f"moved{name}"] = sizes[name], made.keep
                found[f"computed{name}"] = sizes[name], made.arithmetic
        made = self.floors[""]
        return found | ({} if made is None else {"stored": (size(GRID), made.store)})

    def check(self, engine: str) -> None:
        """Refuse to report when two methods differ."""
        densest, arrays = _usual.mesh(self.by_array, _usual.axes(self.program, self.sample), self.limit)
        stored = run(self.program, self.sample, engine=engine)
        for name, array in zip(OUTPUTS, arrays, strict=True):
            self._equal(f"{name} on a mesh", array, stored[name])
        self._same("densest on a mesh", densest, best(self.program, self.sample, engine))
        stored = run(self.program, GRID, engine=engine)
        _, rows = _usual.loop(self.by_point, self.points, self.limit)
        for name, column in zip(OUTPUTS, zip(*rows, strict=True), strict=True):
            self._equal(f"{name} in a loop", np.array(column), stored[name].ravel()[self.places])
        kept = np.where(stored["power"] <= self.limit, stored["density"], -np.inf)
        self._same("densest of all stored", int(np.argmax(kept)), best(self.program, GRID, engine))
        listed = run(self.listed, self.list, engine=engine)
        kept = np.where(listed["power"] <= self.limit, listed["density"], -np.inf)
        self._same("densest of the list", int(np.argmax(kept)), best(self.listed, self.list, engine))

    def _equal(self, what: str, base: Array, declared: Array) -> None:
        mine = declared * units.measure(self.program.output(what.split()[0]).unit).worth
        worst = float(np.max(np.abs(mine / base - 1.0)))
        if not worst <= EQUAL:
            raise RuntimeError(f"{what} differs from the engine's by {worst:.3g}")

    def _same(self, what: str, other: int, mine: int) -> None:
        if other != mine:
            raise RuntimeError(f"{what} is design {other}, the engine's is {mine}")
