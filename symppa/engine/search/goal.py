"""The cost that is made least, and the limits: at points, and over boxes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from symppa.engine.border import Array
from symppa.engine.interval import Reading
from symppa.engine.interval_facts import Interval
from symppa.engine.program import Program
from symppa.engine.reducers.limits import Limit
from symppa.engine.search.problem import Problem

ROOM = 1e-12  # around what a comparison of rounded numbers lets pass
Window = tuple[float, float]


def window(limit: Limit) -> Window:
    """Where the values lie that a limit lets pass, and no farther than rounding reaches."""
    end, slack = limit.ends
    match limit.relation:
        case "<=":
            return -np.inf, end
        case ">=":
            return end, np.inf
        case "<":
            return -np.inf, float(np.nextafter(end, -np.inf))
        case ">":
            return float(np.nextafter(end, np.inf)), np.inf
    reach = slack * (1.0 + ROOM) + ROOM * abs(end) * 1e-3
    return end - reach, end + reach


class Goal:
    """Costs are objectives with their sign turned where they are to be large; without an objective every one is 0."""

    def __init__(self, problem: Problem, program: Program) -> None:
        self.problem, self.sign = problem, 1.0
        self.objective: int | None = None
        if problem.objective is not None:
            self.objective = program.output(problem.objective[0]).step
            self.sign = 1.0 if problem.objective[1] == "min" else -1.0
        self.steps = {name: program.output(name).step for name in problem.outputs}
        limited = [self.steps[limit.output] for limit in problem.limits]
        self.coupled = self.objective in program.needed(limited)  # limits feel what is asked of the objective
        self.windows: dict[int, Window] = {}
        for limit in problem.limits:
            low, high = window(limit)
            before = self.windows.get(self.steps[limit.output], (-np.inf, np.inf))
            self.windows[self.steps[limit.output]] = max(low, before[0]), min(high, before[1])

    def value(self, cost: float) -> float | None:
        """The objective that a cost stands for."""
        return None if self.objective is None else self.sign * cost + 0.0

    def costs(self, values: Mapping[int, Array], count: int) -> Array:
        """The cost of designs, infinite where one is invalid or breaks a limit."""
        good = np.ones(count, bool)
        for name in self.problem.outputs:
            good &= np.isfinite(values[self.steps[name]])
        for limit in self.problem.limits:
            good &= limit.holds(values[self.steps[limit.output]])
        cost = 0.0 if self.objective is None else self.sign * values[self.objective]
        return np.where(good, cost, np.inf)

    def breaches(self, values: Mapping[int, Array], count: int) -> Array:
        """The sum over limits of how far designs miss them, relative; infinite where one is invalid."""
        found = np.zeros(count)
        with np.errstate(all="ignore"):
            for step, (low, high) in self.windows.items():
                miss = np.fmax(np.maximum(low - values[step], values[step] - high), 0.0)
                bound = low if np.isinf(high) else high
                found += miss / max(abs(bound), 1e-300)
            for step in self.steps.values():
                found = np.where(np.isfinite(values[step]), found, np.inf)
        return found

    def clamps(self, target: float) -> dict[int, Window]:
        """Where the deciding values of a design lie that is worth finding: within limits, better than the target."""
        found = dict(self.windows)
        if self.objective is not None and np.isfinite(target):
            low, high = found.get(self.objective, (-np.inf, np.inf))
            least = target + ROOM * abs(target)
            better = (low, min(high, least)) if self.sign > 0 else (max(low, -least), high)
            found[self.objective] = better
        return found

    def bounds(self, reading: Reading, count: int) -> tuple[Array, Array]:
        """A lower bound of the cost in every box, and which boxes may hold a design within the limits."""
        keep = np.ones(count, bool)
        for step in self.steps.values():
            low, high = _ends(self._unclamped(reading, step), count)
            keep &= ~np.isnan(low) & (low < np.inf) & (high > -np.inf)
            least, most = self.windows.get(step, (-np.inf, np.inf))
            keep &= ~(low > most) & ~(high < least)
        if self.objective is None:
            return np.full(count, -1.0), keep
        low, high = _ends(self._unclamped(reading, self.objective), count)
        least, most = self.windows.get(self.objective, (-np.inf, np.inf))  # of the objective itself
        low, high = np.maximum(low, least), np.minimum(high, most)
        return np.array(low if self.sign > 0 else -high), keep

    def _unclamped(self, reading: Reading, step: int) -> Interval:
        return reading.unclamped.get(step) or reading.values[step]


def _ends(found: Interval, count: int) -> tuple[Array, Array]:
    """Both bounds of a value, one for each box."""
    low, high = (np.broadcast_to(np.reshape(v, -1), count) for v in found[:2])
    return low, high
