"""How fast the best design is found and proved, beside trying every design.

The problems are chips, networks and tilings whose equations have the shape of real ones. A time is that of a whole
call, compiling the model included. Where every design can be tried, the answers must agree.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks import _design_problems as problems
from benchmarks import _scip as _scip_chip
from benchmarks._report import Figure
from symppa.engine.compile import compile
from symppa.engine.grid import Grid
from symppa.engine.native.compiler import find
from symppa.engine.reducers import Best
from symppa.engine.search import Choices, Outcome, Problem, search
from symppa.engine.walk import reduce
from symppa.errors import NoCompilerError
from symppa.studies.design.convex import branch_geometric
from symppa.studies.design.explain.conflict import conflict

ROUNDS = 5
PATIENCE = 60.0  # seconds
SLICE = 100_000_000  # designs from which an exhaustive search is extrapolated
GAP_AFTER = 4.0  # seconds
TIGHTER = 40.0  # so many times less power and time fit nothing


def run() -> list[Figure]:
    """Medians of whole calls; every answer is proved, or the figure says how far it is."""
    best, figures = _lattices()
    return [*figures, *_others(), *_infeasible(), *_scip(best)]


def _lattices() -> tuple[float, list[Figure]]:
    """The best density of the six-knob chip, and how much faster it is found than by trying every design."""
    lattice, six = _timed(problems.chip)
    tried, best = _exhaustive(problems.chip(), "numpy")
    _same(best, six)
    large, _ = _timed(problems.large_chip)
    slice_, _ = _exhaustive(problems.large_chip(), _fastest(), SLICE)
    return best, [
        Figure("lattice_designs", problems.designs(problems.chip()), "designs", ">= 1e9"),
        Figure("lattice_1e9_s", lattice, "s", "<= 0.1"),
        Figure("exhaustive_numpy_s", tried, "s"),
        Figure("lattice_over_exhaustive_numpy", tried / lattice, "times as fast", ">= 100"),
        Figure("lattice_2e10_s", large, "s"),
        Figure("lattice_2e10_over_exhaustive_native", slice_ / large, "times as fast", ">= 50"),
    ]


def _others() -> list[Figure]:
    """Integers on geometric relaxations, reals, many knobs, networks."""
    interior, _ = _timed(lambda: problems.chip("edp", real=True))
    knobs = [_timed(lambda name=name: problems.package(14, name), 3)[0] for name in problems.named()]  # type: ignore[misc]
    network, _ = _timed(lambda: problems.network(20), 3)
    fifty = search(problems.network(50, "edap"), time_limit=GAP_AFTER)
    return [
        Figure("gp_integer_s", _geometric(), "s", "<= 0.5"),
        Figure("interior_edp_s", interior, "s", "<= 0.2"),
        Figure("knobs_14_s", max(knobs), "s", "<= 5"),
        Figure("network_20_layers_s", network, "s", "<= 2"),
        Figure("network_50_layers_gap", fifty.gap, "of the value, after 4 s at most"),
        Figure("network_50_layers_s", fifty.seconds, "s"),
    ]


def _infeasible() -> list[Figure]:
    """Why nothing fits."""
    six, twelve = (_explained(asked) for asked in (problems.chip(), problems.package(12)))
    return [
        Figure("infeasible_explained_s", six[0], "s", "<= 1"),
        Figure("infeasible_12_knobs_s", twelve[0], "s", "<= 3"),
        Figure("infeasible_12_knobs_minimal", float(twelve[1]), "of 1", ">= 1"),
    ]


def _timed(made: Callable[[], Problem], rounds: int = ROUNDS) -> tuple[float, Outcome]:
    """The median time to build a problem and to prove its best design."""
    taken, found = [], []
    for _ in range(rounds):
        start = perf_counter()
        found.append(search(made(), time_limit=PATIENCE))
        taken.append(perf_counter() - start)
    if any(outcome.status != "optimal" for outcome in found):
        raise RuntimeError(f"not proved: {found[0]}")
    return median(taken), found[-1]


def _explained(asked: Problem) -> tuple[float, bool]:
    """Seconds to find that limits fit nothing and to say why; whether the conflict is minimal."""
    tight = {"power": TIGHTER, "latency": TIGHTER}
    hard = [limit._replace(bound=limit.bound / tight.get(limit.output, 1.0)) for limit in asked.limits]
    taken, found = [], None
    for _ in range(3):
        start = perf_counter()
        problem = replace(asked, limits=hard)
        if search(problem, time_limit=PATIENCE).status != "infeasible":
            raise RuntimeError("the tighter limits fit something")
        found = conflict([problem], PATIENCE)
        taken.append(perf_counter() - start)
    return median(taken), bool(found and found.minimal)


def _scip(best: float) -> list[Figure]:
    """SCIP on the same chip, where it is installed."""
    found = _scip_chip.densest()
    if found is None:
        print("pyscipopt is not installed: SCIP is left out", file=sys.stderr)
        return []
    seconds, density, proved = found
    right = proved and abs(density / best - 1) <= 1e-6
    return [Figure("scip_s", seconds, "s"), Figure("scip_right", float(right), "of 1")]


def _geometric() -> float:
    taken = []
    for _ in range(ROUNDS):
        start = perf_counter()
        found = branch_geometric(problems.chip("edp"))
        taken.append(perf_counter() - start)
    if found.status != "optimal":
        raise RuntimeError(f"not proved: {found}")
    return median(taken)


def _fastest() -> str:
    try:
        find()
    except NoCompilerError:
        return "numpy"
    return "native"


def _exhaustive(asked: Problem, engine: str, most: int | None = None) -> tuple[float, float]:
    """Seconds to try every chip, extrapolated where only some are tried; and the best value."""
    free: dict[str, Any] = {}
    for name, domain in asked.free.items():
        if not isinstance(domain, Choices):
            raise TypeError(f"{name} has no finite domain: nothing can be tried exhaustively")
        free[name] = np.array(domain.values)
    whole = problems.designs(asked)
    for name in sorted(free, key=lambda n: -len(free[n])):
        size = float(np.prod([float(len(v)) for v in free.values()]))
        if most is not None and size > most:
            free[name] = free[name][: max(1, int(len(free[name]) * most / size))]
    size = float(np.prod([float(len(v)) for v in free.values()]))
    output, sense = asked.objective or ("", "min")
    axes = list(free)
    reducer = Best(1, output, asked.limits, largest=sense == "max")
    grid = Grid(compile(problems.Chip(), asked.outputs, axes), free)
    start = perf_counter()
    reduce(grid, [reducer], engine=engine)
    taken = perf_counter() - start
    _, rows = reducer.result()
    return taken * whole / size, float(rows[output][0]) if len(rows[output]) else np.nan


def _same(tried: float, found: Outcome) -> None:
    if found.value is None or not abs(found.value / tried - 1) <= 1e-9:
        raise RuntimeError(f"trying every design finds {tried}, the search {found.value}")
