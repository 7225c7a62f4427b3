"""Geometric problems by Clarabel through cvxpy: evaluated exactly, bounded by their own dual."""

from __future__ import annotations

from collections.abc import Collection
from time import perf_counter
from typing import Any

import numpy as np

from symppa.engine.border import Array
from symppa.engine.geometric import Geometric, as_cvxpy, geometric
from symppa.engine.search.domains import Choices
from symppa.engine.search.problem import Outcome, Problem
from symppa.studies.design.convex.branch import around
from symppa.studies.design.convex.cones import INSIDE, Cones, Solved
from symppa.studies.design.convex.linear import told_otherwise
from symppa.studies.design.convex.prices import Price, Solution, prices_of

GAP = 1e-6
METHOD = "Clarabel"


def solve_geometric(problem: Problem, *, relax: Collection[str] = (), gap: float = GAP) -> Solution:
    """The answer of a geometric problem, with shadow prices where nothing is whole.

    `relax` names what may be relaxed, "integers" or "rounding": the outcome is then the best design next to the
    relaxation's point, evaluated exactly, and a bound that no design beats. Refuses by name what is not geometric.
    """
    start = perf_counter()
    found = geometric(problem, relax)
    point, free, solved, bound = _solved(found)
    if solved.infeasible and bound > 0.0:
        return Solution(Outcome("infeasible", None, None, None, np.inf, 1, perf_counter() - start, METHOD))
    limit = max(found.least(), -np.inf if solved.infeasible else bound)
    designs = found.asked.designs
    values, feasible = designs.at(point)
    logarithms = np.where(feasible, np.log(np.maximum(values, 1e-300)) * found.sense, np.inf)
    first = int(np.argmin(logarithms))
    has = problem.objective is not None
    proven = float(np.exp(limit * found.sense)) if np.isfinite(limit) and has else None
    relaxed = dict(zip(designs.free, free.tolist(), strict=True)) if relax else None
    if not feasible.any():
        return Solution(Outcome("unknown", None, None, proven, np.inf, 1, perf_counter() - start, METHOD), (), relaxed)
    best = {n: d.low for n, d in problem.free.items()} | dict(zip(designs.free, point[first].tolist(), strict=True))
    if not has:
        return Solution(Outcome("feasible", best, None, None, 0.0, 1, perf_counter() - start, METHOD), (), relaxed)
    value = float(values[first])
    if proven is not None and (proven - value) * found.sense > 0:  # by what a logarithm rounds
        proven = value
    open_gap = max(float(logarithms[first]) - limit, 0.0)
    status: Any = "optimal" if open_gap <= gap else "feasible"
    outcome = Outcome(status, best, value, proven, open_gap, 1, perf_counter() - start, METHOD)
    priced = status == "optimal" and not relax and not solved.infeasible
    return Solution(outcome, _prices(found, solved, value) if priced else (), relaxed)


def _solved(found: Geometric) -> tuple[Array, Array, Solved, float]:
    """Points to evaluate; the relaxation's; the weights of its dual; the bound they prove."""
    import cvxpy as cp

    handed = as_cvxpy(found)
    boxed = [c for c in found.columns if c.kind != "auxiliary"]
    low, high = np.log(np.array([found.bounds(c) for c in boxed])).T
    real = not any(isinstance(d, Choices) for d in found.asked.free.values())
    cones = Cones(found, INSIDE if real else 0.0)
    solved = cones.solve(low, high)
    bound = cones.bound(solved, low, high).value
    rows = [[float(np.exp(v)) for v, c in zip(solved.point, boxed, strict=True) if c.kind == "given"]]
    try:
        with told_otherwise():
            handed.problem.solve(gp=True, solver=cp.CLARABEL)
        if handed.problem.status in ("optimal", "optimal_inaccurate"):
            rows.append([float(handed.givens[c.name].value) for c in boxed if c.kind == "given"])
    except cp.error.SolverError:
        rows = rows[:1]  # its own conic form has an answer all the same
    domains = list(found.asked.free.values())
    points = [np.clip(row, [d.low for d in domains], [d.high for d in domains]) for row in rows]
    near = [
        around([d.table if isinstance(d, Choices) else p[k : k + 1] for k, d in enumerate(domains)], p) for p in points
    ]
    if any(isinstance(d, Choices) and len(d.values) > 1 for d in domains):
        return np.concatenate(near), points[-1], solved, bound
    return np.stack(points), points[-1], solved, bound


def _prices(found: Geometric, solved: Solved, value: float) -> tuple[Price, ...]:
    """The weight of a limit's monomials is the elasticity of the objective."""
    totals = np.bincount([k for k, g in enumerate(found.groups) for _ in g.terms], solved.weights)
    slopes: dict[int, float] = {}
    for group, total in zip(found.groups, totals, strict=True):
        if group.limit >= 0:
            limit = found.limits[group.limit]
            sign = -found.sense if limit.relation in ("<=", "<") else found.sense
            slopes[group.limit] = slopes.get(group.limit, 0.0) + sign * float(total) * value / limit.bound
    return prices_of(found.asked.problem, slopes, value)
