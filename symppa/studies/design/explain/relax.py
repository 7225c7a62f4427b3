"""The trade-off along a limit: the best design for its bound from where the first fits to where it costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.ranges import split_limit
from symppa.engine.reducers import Limit
from symppa.engine.search import Problem
from symppa.engine.search.problem import judged
from symppa.errors import QuestionError, suggest
from symppa.studies.design.explain.loose import SENSES, Found, Loose
from symppa.studies.design.problem import Question, values_at

POINTS = 9


def limit_named(every: Sequence[Question], text: str) -> int:
    """The place of the one limit on an output, or of the limit that is written so; others are refused."""
    limits = every[0].asking.limits
    outputs = [split_limit(one)[0] for one in limits]
    found = [k for k, one in enumerate(limits) if text in (one, outputs[k])]
    if not found:
        those = f": relax one of {', '.join(outputs)}" if outputs else ""
        raise QuestionError(f"there is no limit on {text}{suggest(text, outputs)}{those}")
    if len(found) > 1:
        both = " or ".join(f"'{limits[k]}'" for k in found)
        raise QuestionError(f"{text} has {len(found)} limits: relax {both}")
    if not every[0].objectives:
        raise QuestionError(f"nothing is to be best: there is no trade-off along {text}; state minimize or maximize")
    if len(every[0].objectives) > 1:
        names = ", ".join(every[0].objectives)
        raise QuestionError(f"{names} make a front: a trade-off along {text} is of one objective")
    if every[0].limits[found[0]].relation not in SENSES:
        raise QuestionError(f"{limits[found[0]]} is no bound to one side: write two limits, and relax one of them")
    return found[0]


def trade_off(every: Sequence[Question], k: int, time_limit: float) -> dict[str, Any]:
    """Bounds of one limit from tight to idle, the asked one among them, and the best design for each."""
    curve = _Curve(every, k, time_limit)
    rows: list[dict[str, Any]] = []
    try:
        rows += (curve.row(bound) for bound in curve.bounds())
    except KeyboardInterrupt:
        curve.loose.stopped = True
    limit, (objective, sense) = every[0].limits[k], next(iter(every[0].objectives.items()))
    return {
        "limit": every[0].asking.limits[k],
        "output": limit.output,
        "relation": limit.relation,
        "unit": every[0].program.output(limit.output).unit,
        "objective": objective,
        "sense": sense,
        "objective_unit": every[0].program.output(objective).unit,
        "interrupted": curve.loose.stopped,
        "rows": rows,
    }


class _Curve:
    def __init__(self, every: Sequence[Question], k: int, time_limit: float) -> None:
        self.every, self.k, self.limit = every, k, every[0].limits[k]
        self.problems = [one.problem() for one in every]
        self.objective, self.sense = self.problems[0].objective or ("", "min")
        self.loose = Loose(self.problems, time_limit, share=1.0 / (POINTS + 4))
        self.all = (*self.loose.limits, *self.loose.ends)
        self.others = tuple(m for m in self.all if m.place != k)

    def bounds(self) -> list[float]:
        """From the best value that the limited output has at all to where the objective is as good as without it."""
        output, side = self.limit.output, SENSES[self.limit.relation]
        tight = self.loose.best(self.others, output, side)
        free = self.loose.best(self.others, self.objective, self.sense)
        if tight.value is None or free.value is None:
            return []
        as_good = Limit(self.objective, "<=" if self.sense == "min" else ">=", free.value)
        idle = self.loose.best(self.others, output, side, [as_good])
        last = idle.value if idle.value is not None else self._worth(free)
        first = tight.value
        spaced = np.geomspace if first > 0 and last > 0 else np.linspace
        between = spaced(first, last, POINTS)[1:-1].tolist() if first != last else []
        asked = [self.limit.bound] if min(first, last) < self.limit.bound < max(first, last) else []
        return sorted({first, last, *between, *asked}, reverse=first > last)

    def _worth(self, found: Found) -> float:
        """The limited output of a design."""
        problem = self.problems[found.choice]
        value = judged(replace(problem, objective=(self.limit.output, "min")), found.point or {}).value
        return float("nan") if value is None else value

    def _moved(self, problem: Problem, bound: float) -> Problem:
        limits = [one._replace(bound=bound) if n == self.k else one for n, one in enumerate(problem.limits)]
        return replace(problem, limits=tuple(limits))

    def row(self, bound: float) -> dict[str, Any]:
        """The best design with one bound, in declared units."""
        found = self.loose.of([self._moved(one, bound) for one in self.problems], self.sense)
        worth = units.measure(self.every[0].program.output(self.limit.output).unit).worth
        of = units.measure(self.every[0].program.output(self.objective).unit).worth
        row: dict[str, Any] = {"bound": bound / worth, "asked": bound == self.limit.bound, "proved": found.proved}
        if found.point is None or found.value is None:
            return {**row, "value": None, "uses": None, "design": {}, "slots": {}}
        question = self.every[found.choice]
        return {
            **row,
            "value": found.value / of,
            "uses": self._worth(found) / worth,
            "design": values_at(question, found.point),
            "slots": dict(question.slots),
        }
