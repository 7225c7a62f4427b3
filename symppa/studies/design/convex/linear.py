"""Affine problems by HiGHS: the point is evaluated exactly, the bound of a linear program follows from its duals."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from symppa.engine.affine import Affine, affine, as_cvxpy
from symppa.engine.border import Array
from symppa.engine.convex import Designs, Handed
from symppa.engine.lines import Line, Ratio, Row, added
from symppa.engine.search.domains import Choices
from symppa.engine.search.problem import Outcome, Problem
from symppa.studies.design.convex.prices import Price, Solution, prices_of

INSIDE = 1e-9  # relative: how far inside the limits the point of a linear program is looked for
GAP, ROUNDS, SAFETY = 1e-7, 40, 1e-13
NONE = 1e-9  # the least violation, relative to the limits, that proves that nothing fits
METHOD = "HiGHS"


class Answer(NamedTuple):
    """What one linear problem gave: whether there is a point, the point, a bound of the objective, duals of rows."""

    solved: bool
    columns: Array
    bound: float
    duals: Array


@contextmanager
def told_otherwise() -> Iterator[None]:
    """Statuses are read, so that the warning beside them says nothing new."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Solution may be inaccurate", category=UserWarning)
        yield


def solve_affine(problem: Problem, *, time_limit: float = 60.0, gap: float = GAP) -> Solution:
    """The answer of an affine problem, or of the quotient of two lines, with shadow prices where nothing is whole.

    HiGHS finds the point; it is rounded to the domains and evaluated exactly. Refuses by name what is not affine.
    """
    start = perf_counter()
    search = _Linear(affine(problem), start + time_limit)
    answer, bound = search.run()
    designs = search.found.table.asked.designs
    points = [_point(search, designs, a) for a in (answer, search.cautious()) if a is not None and a.solved]
    if not points:
        status: Any = "infeasible" if not answer.solved and search.nothing_fits() else "unknown"
        return Solution(_outcome(status, None, None, None, np.inf, search, start))
    values, feasible = designs.at(np.stack(points))
    sense = search.found.sense
    if not feasible.any():
        shown = None if problem.objective is None else bound * sense
        return Solution(_outcome("unknown", None, None, shown, np.inf, search, start))
    first = int(np.argmin(np.where(feasible, values * sense, np.inf)))
    value = float(values[first])
    point = {n: d.low for n, d in problem.free.items()} | dict(zip(designs.free, points[first].tolist(), strict=True))
    if problem.objective is None:
        return Solution(_outcome("feasible", point, None, None, 0.0, search, start))
    open_gap = max(value * sense - bound, 0.0) / (abs(value) or 1.0)
    status = "optimal" if open_gap <= max(gap, GAP) else "feasible"
    proven = value if value * sense <= bound else bound * sense
    priced = status == "optimal" and not search.found.whole
    prices = search.prices(answer, value) if priced else ()
    return Solution(_outcome(status, point, value, proven, open_gap, search, start), prices)


def _outcome(
    status: Any, point: Any, value: float | None, bound: float | None, gap: float, search: _Linear, start: float
) -> Outcome:
    shown = None if bound is None or not np.isfinite(bound) else float(bound)
    return Outcome(status, point, value, shown, gap, search.solves, perf_counter() - start, METHOD)


def _point(search: _Linear, designs: Designs, answer: Answer) -> Array:
    """The givens of an answer, each in its domain."""
    found = []
    for name in designs.free:
        line, domain = search.found.table.given[name], designs.problem.free[name]
        value = line.constant + sum(s * answer.columns[c] for c, s in line.slopes)
        if isinstance(domain, Choices):
            value = domain.values[int(np.argmin(np.abs(domain.table - value)))]
        found.append(min(max(float(value), domain.low), domain.high))
    return np.array(found)


class _Linear:
    """One problem on its way through the solver."""

    def __init__(self, found: Affine, deadline: float) -> None:
        self.found, self.deadline, self.solves = found, deadline, 0
        self.goal = found.objective if isinstance(found.objective, Line) else Line(0.0)
        self.below = 1.0

    def run(self) -> tuple[Answer, float]:
        """The last answer, and the proven bound of the objective, times its sense."""
        inside = 0.0 if self.found.whole else INSIDE
        if isinstance(self.found.objective, Line):
            self.goal = self.found.objective.times(self.found.sense)
            answer = self.solve(self.goal, inside)
            return answer, answer.bound
        return self._quotient(self.found.objective, inside)

    def _quotient(self, ratio: Ratio, inside: float) -> tuple[Answer, float]:
        """Dinkelbach: the quotient is at least t where above - t below is nowhere negative."""
        sense, asked = self.found.sense, self.found.table.asked
        step = asked.program.output(asked.problem.objective[0]).step if asked.problem.objective else -1
        least = asked.facts[asked.program.steps[step].arguments[1]].low if step >= 0 else 1.0
        answer = self.solve(Line(0.0), inside)
        bound = -np.inf
        for _ in range(ROUNDS):
            if not answer.solved:
                break
            self.below = _value(ratio.below, answer.columns)
            reached = _value(ratio.above, answer.columns) / self.below
            self.goal = added([ratio.above.times(sense), ratio.below.times(-sense * reached)])
            answer = self.solve(self.goal, inside)
            bound = max(bound, sense * reached + min(answer.bound, 0.0) / min(least, self.below))
            if sense * reached - bound <= 1e-12 * abs(reached) or answer.bound >= -1e-13 * self.below * abs(reached):
                break
        return answer, bound

    def cautious(self) -> Answer | None:
        """A whole-number problem once more, a little inside its limits: rounding breaks no limit there."""
        return self.solve(self.goal, 2.0 * INSIDE) if self.found.whole else None

    def solve(self, goal: Line, inside: float) -> Answer:
        """The least value of a line under all rows."""
        import cvxpy as cp

        scale = max((abs(s) for _, s in goal.slopes), default=1.0)
        plain = goal._replace(constant=0.0).times(1.0 / scale)
        rows = [self._moved(row, inside) for row in self.found.table.rows]
        moved = replace(self.found, table=replace(self.found.table, rows=rows), objective=plain, sense=1.0)
        handed = as_cvxpy(moved)
        left = max(self.deadline - perf_counter(), 0.01)
        options: dict[str, float] = {"time_limit": left, "primal_feasibility_tolerance": 1e-9}
        if self.found.whole:
            options |= {"mip_rel_gap": 0.0, "mip_abs_gap": 0.0, "mip_feasibility_tolerance": 1e-9}
        self.solves += 1
        try:
            with told_otherwise():
                handed.problem.solve(solver=cp.HIGHS, **options)
        except cp.error.SolverError:
            return Answer(False, np.zeros(0), -np.inf, np.zeros(len(rows)))
        return self._read(handed, plain, scale, goal.constant)

    def _moved(self, row: Row, inside: float) -> Row:
        if row.limit < 0 or row.equal:
            return row
        line = row.line
        return row._replace(line=line._replace(constant=line.constant + inside * self.found.scale(row)))

    def _read(self, handed: Handed, goal: Line, scale: float, constant: float) -> Answer:
        problem, count = handed.problem, len(self.found.table.rows)
        solved = problem.status in ("optimal", "optimal_inaccurate")
        if not solved:
            return Answer(False, np.zeros(0), -np.inf, np.zeros(count))
        columns = np.array([float(np.ravel(v.value)[0]) for v in handed.columns])
        if self.found.whole:
            info = problem.solver_stats.extra_stats
            return Answer(True, columns, float(info.mip_dual_bound) * scale + constant, np.zeros(count))
        duals = np.array([float(np.ravel(c.dual_value)[0]) for c in problem.constraints[2:]])
        return Answer(True, columns, self._proved(goal, duals) * scale + constant, duals * scale)

    def _proved(self, goal: Line, duals: Array) -> float:
        """What weights of rows prove: every column lies between its ends, whatever the solver did."""
        slopes, constant, size = np.zeros(len(self.found.columns)), goal.constant, 1.0
        for column, slope in goal.slopes:
            slopes[column] += slope
        for row, dual in zip(self.found.table.rows, duals, strict=True):
            weight = (dual if row.equal else max(dual, 0.0)) / self.found.scale(row)
            constant += weight * row.line.constant
            size += abs(weight * row.line.constant)
            for column, slope in row.line.slopes:
                slopes[column] += weight * slope
        ends = np.array([c.low if s > 0.0 else c.high for c, s in zip(self.found.columns, slopes, strict=True)])
        return float(constant + slopes @ ends - SAFETY * (size + np.abs(slopes * ends).sum()))

    def nothing_fits(self) -> bool:
        """Whether even the least violation of the limits, all rows moved by it, is proved to be above 0."""
        table = self.found.table
        rows = [r for r in table.rows if r.limit >= 0]
        if not rows:
            return False
        most = max(_largest(row.line, self.found) / self.found.scale(row) for row in rows)
        columns = [*table.columns, table.columns[0]._replace(kind="real", name="", low=0.0, high=max(most, 1.0))]
        last = len(table.columns)
        loose = [
            row._replace(line=row.line._replace(slopes=(*row.line.slopes, (last, -self.found.scale(row)))))
            if row.limit >= 0
            else row
            for row in table.rows
        ]
        wider = replace(self.found, table=replace(table, rows=loose, columns=columns))
        answer = _Linear(wider, self.deadline).solve(Line(0.0, ((last, 1.0),)), 0.0)
        self.solves += 1
        return answer.solved and answer.bound > NONE

    def prices(self, answer: Answer, value: float) -> tuple[Price, ...]:
        """What one more of every limit's bound is worth."""
        weights: dict[int, float] = {}
        for row, dual in zip(self.found.table.rows, answer.duals, strict=True):
            if row.limit >= 0:
                slope = -max(dual, 0.0) * self.found.sense / self.found.scale(row) / self.below
                below = self.found.table.asked.problem.limits[row.limit].relation in ("<=", "<")
                weights[row.limit] = weights.get(row.limit, 0.0) + (slope if below else -slope)
        return prices_of(self.found.table.asked.problem, weights, value)


def _value(line: Line, columns: Array) -> float:
    return float(line.constant + sum(s * columns[c] for c, s in line.slopes))


def _largest(line: Line, found: Affine) -> float:
    ends = (s * (found.columns[c].high if s > 0.0 else found.columns[c].low) for c, s in line.slopes)
    return line.constant + sum(ends)
