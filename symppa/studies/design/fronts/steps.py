"""Fronts by repeated search: the best of the first objective for bounds on the others, each answer proved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from time import perf_counter

import numpy as np

from symppa.engine.reducers import Limit
from symppa.studies.design.explain.loose import Found, Loose
from symppa.studies.design.fronts.places import ALIKE, NEAR, TIE, Front, Place, goals, unbeaten
from symppa.studies.design.fronts.regions import Bounds, Regions
from symppa.studies.design.problem import Question

STEPS = {2: 17, 3: 6, 4: 4}  # along every objective but the first of a front of reals, by their number
SHARE = 0.25  # of all time, for one search among reals


class _Searched:
    """Designs that are best in one objective after the other."""

    near = ALIKE
    slack = 0.0
    tie = 0.0
    share = 1.0

    def __init__(
        self, every: Sequence[Question], time_limit: float, progress: Callable[[int], None] | None = None
    ) -> None:
        self.every, self.start = every, perf_counter()
        self.loose = Loose([one.problem() for one in every], time_limit, share=self.share)
        self.loose.progress = progress
        self.all = (*self.loose.limits, *self.loose.ends)
        self.objectives = list(every[0].objectives.items())
        self.proved, self.last = True, Found("open")

    def corner(self, also: Sequence[Limit], first: int = 0) -> Place | None:
        """The best of one objective within some limits, then the best of each other with all before as good."""
        held, chosen = list(also), None
        order = [self.objectives[first], *(one for k, one in enumerate(self.objectives) if k != first)]
        for name, sense in order:
            self.loose.gap = 0.0 if chosen is None else self.tie
            best = self._best(name, sense, held)
            if best.value is None:
                break
            chosen, slack = best, self.slack * abs(best.value)
            held.append(
                Limit(name, "<=", best.value + slack) if sense == "min" else Limit(name, ">=", best.value - slack)
            )
        return None if chosen is None else Place(chosen.choice, self._point(chosen))

    def values(self, place: Place) -> list[float]:
        """The objectives of a design, each to be as small as possible."""
        return goals(self.every[place.choice], place)

    def limit(self, k: int, bound: float, *, strict: bool) -> Limit:
        """An objective below a bound, which is told as if it were to be least."""
        name, sense = self.objectives[k]
        relation = ("<" if strict else "<=") if sense == "min" else (">" if strict else ">=")
        return Limit(name, relation, bound if sense == "min" else -bound)

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """What was found stays where an interrupt comes between two searches."""
        try:
            yield
        except KeyboardInterrupt:
            self.loose.stopped, self.proved = True, False

    def _best(self, output: str, sense: str, also: Sequence[Limit]) -> Found:
        self.last = self.loose.best(self.all, output, sense, (*also, *self.every[0].defined))
        self.proved &= self.last.proved
        return self.last

    def _point(self, found: Found) -> dict[str, float]:
        problem = self.loose.problems[found.choice]
        return {name: (found.point or {})[name] for name in problem.free}

    def _front(self, places: Sequence[Place], method: str, *, whole: bool, asked: int | None, empty: int) -> Front:
        seconds, loose = perf_counter() - self.start, self.loose
        over = not self.proved and not loose.stopped
        return Front(
            unbeaten(self.every, places, self.near), self.proved, whole and self.proved, method, loose.searches,
            seconds, loose.stopped, over, asked, empty, self.tie,
        )  # fmt: skip


class Lattice(_Searched):
    """All of a front among finitely many designs: what is found leaves regions, until none has another design."""

    def run(self) -> Front:
        """The whole front, or what of it was found in time."""
        regions, places = Regions(len(self.objectives) - 1), list[Place]()
        with self._kept():
            while (region := regions.take()) is not None:
                place = self.corner(list(self._below(region)))
                if place is None:
                    regions.none(region)
                    continue
                places.append(place)
                regions.found(region, tuple(self.values(place)[1:]))
        return self._front(places, "a search for each region of the front", whole=True, asked=None, empty=0)

    def _below(self, region: Bounds) -> Iterator[Limit]:
        for k, bound in enumerate(region, start=1):
            if np.isfinite(bound):
                yield self.limit(k, bound - self.near * abs(bound), strict=True)


class Reals(_Searched):
    """Points of a front: the best of the first objective for even steps of each other, between its ends."""

    near = NEAR
    slack = NEAR
    tie = TIE
    share = SHARE

    def run(self, steps: int | None) -> Front:
        """The ends of the front, and a point for every bound that some design meets."""
        number, places = len(self.objectives), list[Place]()
        asked, empty = number, 0
        with self._kept():
            places += (one for one in (self.corner((), first=k) for k in range(number)) if one is not None)
            for also in self._bounds(list(places), steps or STEPS[number]) if len(places) == number else ():
                asked += 1
                place = self.corner(also)
                if place is not None:
                    places.append(place)
                else:
                    empty += self.last.verdict == "none"
        return self._front(places, "a search for each bound", whole=False, asked=asked, empty=empty)

    def _bounds(self, ends: Sequence[Place], steps: int) -> Iterator[list[Limit]]:
        """Every combination of steps inside the ends; of three objectives and more also without some of the bounds."""
        columns = np.array([self.values(one) for one in ends])
        along: list[list[float | None]] = []
        for k in range(1, len(self.objectives)):
            low, high = columns[:, k].min(), columns[:, k].max()
            inner: list[float | None] = list(np.linspace(low, high, steps)[1:-1].tolist()) if low != high else []
            along.append([*inner, None] if len(self.objectives) > 2 else inner)
        for chosen in product(*along):
            if any(bound is not None for bound in chosen):
                yield [self.limit(k, b, strict=False) for k, b in enumerate(chosen, start=1) if b is not None]
