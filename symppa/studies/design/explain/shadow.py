"""What a limit costs: the best design with the limit moved a little either way, and how steep the objective is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from time import perf_counter
from typing import Any, NamedTuple

from symppa import units
from symppa.engine.derivative import elasticities
from symppa.engine.reducers import Limit
from symppa.engine.search import Choices, Problem
from symppa.engine.search.problem import judged
from symppa.studies.design.explain.loose import SENSES, Found, Loose

STEP = 0.01  # of a bound
LATTICE, REALS = 2e-9, 2e-6  # relative, by which designs differ at least: what a search leaves open
LOOSER, TIGHTER = "looser", "tighter"


class Design(NamedTuple):
    """A design that is known: the place of its classes, its values in base units, and its objective."""

    choice: int
    point: Mapping[str, float]
    value: float
    absolute: float = 0.0  # by how much the objective may differ all the same


class Prices:
    """The best design with one limit moved, for each limit of problems that differ in their classes.

    A known design that still fits is where a search begins: it looks for a better one. So a looser limit never makes
    anything worse, and what is not settled in time lies between that design and what is proved to be out of reach.
    """

    def __init__(self, problems: Sequence[Problem], best: Design, time_limit: float) -> None:
        self.problems, self.base, self.known = tuple(problems), best, [best]
        self.until = perf_counter() + time_limit
        self.stopped = False
        self.output, self.sense = problems[0].objective or ("", "min")
        self.sign = 1.0 if self.sense == "min" else -1.0
        self.slack = max(slack_of(one) for one in problems)
        self.worth = units.measure(problems[0].program.output(self.output).unit).worth

    def of_gap(self) -> dict[str, Any]:
        """The best design itself, where only one within a gap of it is known: prices are of that."""
        found = self._better(self.problems, self.base, self.until - perf_counter())
        proved = found.proved
        if found.value is not None:
            self.base = self.known[-1]
        return {"value": self.base.value / self.worth, "proved": proved}

    def run(self) -> list[dict[str, Any] | None]:
        """For every limit its price; None where a bound has no looser side: at zero, and for an equality."""
        limits = self.problems[0].limits
        asked = [(k, side) for k, one in enumerate(limits) if _moved(one, 1.0) for side in (LOOSER, TIGHTER)]
        sides = {}
        for n, (k, side) in enumerate(asked):
            left = max(self.until - perf_counter(), 0.0)
            sides[k, side] = self._side(k, side, left / (len(asked) - n))
        return [
            {"step": STEP, LOOSER: sides[k, LOOSER], TIGHTER: sides[k, TIGHTER]} if (k, LOOSER) in sides else None
            for k in range(len(limits))
        ]

    def _side(self, k: int, side: str, seconds: float) -> dict[str, Any]:
        way = 1.0 if side == LOOSER else -1.0
        moved = [replace(one, limits=_with(one.limits, k, _moved(one.limits[k], way))) for one in self.problems]
        best = self._fitting(moved)
        if best is not None and best.value == self.base.value and side == TIGHTER:
            found = Found("none", True)  # the best design keeps the tighter limit as well: nothing is better
        else:
            found = self._better(moved, best, seconds)
        return {"bound": self._declared(moved[0].limits[k]), **self._told(found, best, side)}

    def _told(self, found: Found, best: Design | None, side: str) -> dict[str, Any]:
        """What is known: the best objective where that is proved, else between what it lies; and whether it is any."""
        value = found.value if found.value is not None else None if best is None else best.value
        beyond = found.bound if side == LOOSER else self.base.value
        if value is not None and side == LOOSER:
            value = self.sign * min(self.sign * value, self.sign * self.base.value)
        if value is not None and side == TIGHTER:
            value = self.sign * max(self.sign * value, self.sign * self.base.value)
        if found.proved:
            verdict = "none" if value is None else "found"
            told = {"verdict": verdict, "proved": True, "change": None, "value": None, "between": None}
            return told if value is None else {**told, "change": self._change(value), "value": value / self.worth}
        between = [None if one is None else self._change(one) for one in (value, beyond)]
        return {"verdict": "open", "proved": False, "change": None, "value": None, "between": between}

    def _change(self, value: float) -> float | None:
        base = self.base.value
        return (value - base) / abs(base) if base else 0.0 if value == base else None

    def _declared(self, limit: Limit) -> float:
        return limit.bound / units.measure(self.problems[0].program.output(limit.output).unit).worth

    def _fitting(self, problems: Sequence[Problem]) -> Design | None:
        """The best of the known designs that keeps some limits."""
        good = [one for one in self.known if judged(problems[one.choice], one.point).feasible]
        return min(good, key=lambda one: self.sign * one.value, default=None)

    def _better(self, problems: Sequence[Problem], best: Design | None, seconds: float) -> Found:
        """The best design of problems that is better than a known one; none where the known one is the best."""
        loose = Loose(problems, max(seconds, 0.0), share=1.0)
        loose.stopped = self.stopped
        also = [] if best is None else [better(self.output, self.sense, best.value, self.slack, self.base.absolute)]
        found = loose.best((*loose.limits, *loose.ends), self.output, self.sense, also)
        self.stopped |= loose.stopped
        if found.point is not None and found.value is not None:
            point = {name: found.point[name] for name in problems[found.choice].free}
            self.known.append(Design(found.choice, point, found.value))
        return found


def slack_of(problem: Problem) -> float:
    """By how much, relative, designs differ at least."""
    return LATTICE if all(isinstance(one, Choices) for one in problem.free.values()) else REALS


def better(output: str, sense: str, value: float, slack: float, absolute: float = 0.0) -> Limit:
    """The limit that only designs keep whose objective is better than a value, by more than a share of it."""
    far = max(slack * abs(value), 2 * absolute)
    return Limit(output, "<", value - far) if sense == "min" else Limit(output, ">", value + far)


def _with(limits: Sequence[Limit], k: int, limit: Limit | None) -> tuple[Limit, ...]:
    return tuple(limit if n == k and limit is not None else one for n, one in enumerate(limits))


def moved_limits(problem: Problem, k: int, side: str) -> tuple[Limit, ...]:
    """The limits of a problem with one of them moved by a step."""
    return _with(problem.limits, k, _moved(problem.limits[k], 1.0 if side == LOOSER else -1.0))


def _moved(limit: Limit, way: float) -> Limit | None:
    """A limit looser by a step, or tighter where the way is negative."""
    sense = SENSES.get(limit.relation)
    if sense is None or limit.bound == 0:
        return None
    side = way if sense == "min" else -way
    return limit._replace(bound=limit.bound + side * STEP * abs(limit.bound))


def steepness(problem: Problem, point: Mapping[str, float]) -> dict[str, float]:
    """By how many percent the objective moves for one percent of each free given, at a design; where that is defined.

    Rounding counts as its quotient, as in a sensitivity.
    """
    if problem.objective is None:
        return {}
    name = problem.objective[0]
    program = replace(problem.program, outputs={name: problem.program.output(name)})
    told = {n: v for n, v in problem.told(point).items() if n in program.known}
    found = elasticities(program, told, name).values
    numbers = {n: float(found[n].ravel()[0]) for n in problem.free if n in found and found[n].size == 1}
    return {n: v for n, v in numbers.items() if isfinite(v)}
