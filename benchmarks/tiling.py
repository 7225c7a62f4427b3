"""How fast the best tiles of a product of matrices are found and proved, in one order of the loops and in all six.

An array of 16 x 16 with 256 KiB and 2 MiB; the best tiles whose sides divide the product stand beside.
"""

from __future__ import annotations

from statistics import median
from time import perf_counter

from benchmarks import _design_problems as problems
from benchmarks._report import Figure
from symppa.engine.search import Choices, Outcome, Problem, search

GEMM = "4096x4096x4096"
ROUNDS = 5
PATIENCE = 60.0  # seconds


def run(gemm: str = GEMM) -> list[Figure]:
    """Medians of whole calls, the model compiled in each."""
    m, n, k = map(int, gemm.split("x"))
    fixed, found = _timed(m, n, k, orders=False)
    every, best = _timed(m, n, k, orders=True)
    divisors = search(_divided(problems.tiling(m, n, k), m, n, k), time_limit=PATIENCE)
    proved = found.status == best.status == divisors.status == "optimal"
    return [
        Figure("seconds_fixed_order", fixed, "s", "<= 0.1"),
        Figure("seconds_all_orders", every, "s", "<= 0.3"),
        Figure("proved", float(proved), "of 1", ">= 1"),
        Figure("lattice", problems.designs(problems.tiling(m, n, k)), "tilings"),
        Figure("cycles", _value(found), "cycles"),
        Figure("cycles_all_orders", _value(best), "cycles"),
        Figure("cycles_best_divisors", _value(divisors), "cycles"),
    ]


def _timed(m: int, n: int, k: int, *, orders: bool) -> tuple[float, Outcome]:
    taken, found = [], []
    for _ in range(ROUNDS):
        start = perf_counter()
        found.append(search(problems.tiling(m, n, k, orders), time_limit=PATIENCE))
        taken.append(perf_counter() - start)
    return median(taken), found[-1]


def _divided(asked: Problem, m: int, n: int, k: int) -> Problem:
    """Only tiles whose sides divide the product's."""
    sides = {"m": m, "n": n, "k": k}
    free = {}
    for name, domain in asked.free.items():
        side = sides.get(name[0])
        values = domain.values if isinstance(domain, Choices) else ()
        free[name] = Choices([v for v in values if side is None or side % v == 0])
    return Problem(asked.program, asked.values, asked.objective, asked.limits, free)


def _value(outcome: Outcome) -> float:
    return float("nan") if outcome.value is None else outcome.value
