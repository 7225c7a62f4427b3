"""The designs that no other beats in every objective: all of a lattice, or points of a front of reals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

import numpy as np

from symppa.engine.reducers import Limit
from symppa.engine.reducers.front import front
from symppa.engine.search import Problem
from symppa.engine.search.problem import judged
from symppa.errors import UnsupportedError
from symppa.studies.design.loose import Found, Loose
from symppa.studies.design.problem import Question, axis_of, place_of
from symppa.studies.pareto import pareto

FEW = 1_000_000  # designs that are all tried where two objectives could be searched
MANY = 100_000_000  # designs that are all tried where there are more objectives
ALIKE = 2e-9  # relative, by which designs of a lattice differ at least
NEAR = 2e-6  # the same among reals
POINTS = 17  # of a front of reals
MOST = 4  # objectives


class Place(NamedTuple):
    """A design of a front: its choice of classes, and its values in base units."""

    choice: int
    point: Mapping[str, float]


@dataclass(frozen=True)
class Front:
    """Designs in the order of the first objective; `proved`: none is beaten; `whole`: there is no other."""

    places: tuple[Place, ...]
    proved: bool
    whole: bool
    method: str
    searches: int
    seconds: float
    stopped: bool = False


def fronts(every: Sequence[Question], time_limit: float, few: int = FEW) -> Front:
    """The front of a question with several objectives; refused where it is out of reach. At most `few` are tried."""
    names, counts = list(every[0].objectives), [one.designs for one in every]
    total = None if None in counts else sum(n for n in counts if n is not None)
    if len(names) > MOST:
        raise UnsupportedError(f"a front has 2 to {MOST} objectives, not {len(names)}: limit some instead")
    if total is not None and total <= (few if len(names) == 2 else MANY):
        return _listed(every)
    if len(names) == 2:
        return _Steps(every, time_limit).run()
    what = f"{total:.3g} designs" if total is not None else "ranges of reals"
    raise UnsupportedError(
        f"a front of {', '.join(names)} among {what} is out of reach: keep two objectives and limit the others, "
        f"or leave at most {MANY:.0e} designs"
    )


def _listed(every: Sequence[Question]) -> Front:
    """The front by trying everything."""
    start = perf_counter()
    tried = list(map(_tried, every))
    places = [Place(k, point) for k, (points, _) in enumerate(tried) for point in points]
    whole = all(complete for _, complete in tried)
    seconds = perf_counter() - start
    return Front(_unbeaten(every, places, 0.0), whole, whole, "every design", 0, seconds, not whole)


def _tried(question: Question) -> tuple[list[dict[str, float]], bool]:
    """The front of one choice of classes, of designs with equal objectives the first; whether all were tried."""
    asked, domains = question.asking, {n: one.domain for n, one in question.free.items()}
    if not domains:
        return ([{}] if judged(question.problem(), {}).feasible else []), True
    found = pareto(
        asked.system,
        asked.values,
        objectives=question.objectives,
        axes={name: axis_of(question, name) for name in domains},
        where=list(asked.limits),
        parts={**asked.parts, **question.slots},
    )
    complete = bool(found.facts.get("complete", True))
    if not found.outputs:
        return [], complete
    columns = {name: found[name] for name in domains}
    goals = np.stack([found[name] for name in question.objectives], 1)
    first = np.unique(goals, axis=0, return_index=True)[1]
    return [{name: place_of(question, name, column[k]) for name, column in columns.items()} for k in first], complete


def _goals(every: Sequence[Question], place: Place) -> list[float]:
    """The objectives of a design, each to be as small as possible."""
    question = every[place.choice]
    values = []
    for name, sense in question.objectives.items():
        value = judged(question.problem(name), place.point).value
        values.append((value if value is not None else np.nan) * (1.0 if sense == "min" else -1.0))
    return values


def _unbeaten(every: Sequence[Question], places: Sequence[Place], near: float) -> tuple[Place, ...]:
    """The places that no other beats, sorted; one of those that are alike."""
    if not places:
        return ()
    goals = np.array([_goals(every, one) for one in places])
    kept = front(goals)
    kept = kept[np.lexsort(goals[kept].T[::-1])]
    chosen: list[int] = []
    for k in kept:
        same = chosen and np.all(np.abs(goals[k] - goals[chosen[-1]]) <= near * np.abs(goals[k]))
        chosen += [] if same else [int(k)]
    return tuple(places[k] for k in chosen)


class _Steps:
    """Two objectives by steps: the best of the first for every bound on the second that changes it."""

    def __init__(self, every: Sequence[Question], time_limit: float) -> None:
        self.every, self.start = every, perf_counter()
        self.finite = all(one.is_finite for one in every)
        self.near = ALIKE if self.finite else NEAR
        self.loose = Loose([one.problem() for one in every], time_limit, share=1.0)
        self.all = (*self.loose.limits, *self.loose.ends)
        (self.first, self.one), (self.second, self.other) = every[0].objectives.items()
        self.proved = True

    def run(self) -> Front:
        places = list(self._lattice() if self.finite else self._reals())
        method = "a search for each step of the second objective"
        return Front(
            _unbeaten(self.every, places, self.near), self.proved, self.finite and self.proved, method,
            self.loose.searches, perf_counter() - self.start, self.loose.stopped,
        )  # fmt: skip

    def _lattice(self) -> Iterator[Place]:
        also: tuple[Limit, ...] = ()
        while (place := self._corner(also)) is not None:
            yield place
            second = self._value(place, self.second)
            sign = 1.0 if self.other == "min" else -1.0
            also = (Limit(self.second, "<" if sign > 0 else ">", second - sign * self.near * abs(second)),)

    def _reals(self) -> Iterator[Place]:
        """Between the ends of the front, at even steps of the second objective."""
        ends = [self._corner(()), self._corner((), turned=True)]
        places = [one for one in ends if one is not None]
        yield from places
        if len(places) == 2:
            low, high = (self._value(one, self.second) for one in places)
            for bound in np.linspace(low, high, POINTS)[1:-1].tolist() if low != high else []:
                place = self._corner((Limit(self.second, "<=" if self.other == "min" else ">=", bound),))
                if place is not None:
                    yield place

    def _corner(self, also: tuple[Limit, ...], *, turned: bool = False) -> Place | None:
        """The best of one objective within some limits, and the best of the other with as good a one."""
        (first, one), (second, other) = (self.first, self.one), (self.second, self.other)
        if turned:
            (first, one), (second, other) = (second, other), (first, one)
        best = self._searched(first, one, also)
        if best.value is None:
            return None
        slack = 0.0 if self.finite else self.near * abs(best.value)
        held = Limit(first, "<=", best.value + slack) if one == "min" else Limit(first, ">=", best.value - slack)
        found = self._searched(second, other, (*also, held))
        chosen = found if found.point is not None else best
        return Place(chosen.choice, self._point(chosen))

    def _searched(self, output: str, sense: str, also: tuple[Limit, ...]) -> Found:
        found = self.loose.best(self.all, output, sense, also)
        self.proved &= found.proved
        return found

    def _point(self, found: Found) -> dict[str, float]:
        problem: Problem = self.loose.problems[found.choice]
        return {name: (found.point or {})[name] for name in problem.free}

    def _value(self, place: Place, name: str) -> float:
        value = judged(self.every[place.choice].problem(name), place.point).value
        return float("nan") if value is None else value
