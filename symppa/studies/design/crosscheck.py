"""The convex readings beside the interval search: asked where that stays open, or for the duals of real givens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from symppa.engine.search import Choices, Outcome, Problem
from symppa.engine.search.problem import judged
from symppa.errors import UnsupportedError
from symppa.studies.design.explain.loose import searched
from symppa.studies.design.explain.shadow import better, slack_of

if TYPE_CHECKING:
    from symppa.studies.design.convex.prices import Price

SHARE = 0.5  # of the time of a search: what is open after it is shown to a convex reading, if one applies
LEAST = 3.0  # s that have to be left for that: the solvers take a second to load
AGREE = 1e-5  # relative, between the optimum of a solver and that of the interval search
Reading = Literal["affine", "geometric"]
Progress = Callable[[float | None, float | None, int], None]


class Said(NamedTuple):
    """What a solver said of a problem: its design is evaluated exactly, its status and bound are its own."""

    reading: Reading
    outcome: Outcome
    prices: tuple[Price, ...] = ()

    @property
    def method(self) -> str:
        """The solver, or the branch and bound that uses it."""
        return self.outcome.method


class HandOver(KeyboardInterrupt):
    """A search is stopped because a convex reading of its problem applies."""


def readable(problem: Problem) -> Reading | None:
    """The first convex reading that expresses a problem; loads no solver."""
    from symppa.engine.affine import affine
    from symppa.engine.geometric import RELAXING, geometric

    try:
        affine(problem)
        return "affine"
    except UnsupportedError:
        pass
    try:
        geometric(problem, RELAXING if _whole(problem) else ())
        return "geometric"
    except UnsupportedError:
        return None


def ask(problem: Problem, reading: Reading, time_limit: float) -> Said:
    """What the solver of a reading says; an answer that the model does not confirm is none."""
    from symppa.studies.design.convex import Solution, branch_geometric, solve_affine, solve_geometric

    if reading == "affine":
        found = solve_affine(problem, time_limit=time_limit)
    elif _whole(problem):
        found = Solution(branch_geometric(problem, time_limit=time_limit))
    else:
        found = solve_geometric(problem)
    outcome = found.outcome
    if outcome.point is not None and not judged(problem, outcome.point).feasible:
        outcome = outcome._replace(status="unknown", point=None, value=None)
    return Said(reading, outcome, found.prices)


def _whole(problem: Problem) -> bool:
    return any(isinstance(one, Choices) and len(one.values) > 1 for one in problem.free.values())


def crosschecked(
    problem: Problem, time_limit: float, gap: float, progress: Progress | None
) -> tuple[Outcome, Said | None]:
    """The interval search; where it is open after a share of its time, a convex reading gives it a design to beat."""
    start = perf_counter()
    until, watch = start + time_limit, _Watch(problem, start + SHARE * time_limit, start + time_limit, progress)
    first = searched(problem, time_limit, gap, watch)
    if watch.reading is None or not watch.over:
        return first, None
    first = first._replace(interrupted=False)
    try:
        said = ask(problem, watch.reading, (until - perf_counter()) / 2)
    except KeyboardInterrupt:
        return first._replace(interrupted=True), None
    return _resumed(problem, first, said, until, gap, progress), said


class _Watch:
    """A progress that stops a search where a convex reading applies and there is time for it."""

    def __init__(self, problem: Problem, look: float, until: float, progress: Progress | None) -> None:
        self.problem, self.look, self.until, self.progress = problem, look, until, progress
        self.reading: Reading | None = None
        self.over = self.looked = False

    def __call__(self, bound: float | None, incumbent: float | None, nodes: int) -> None:
        if self.progress is not None:
            self.progress(bound, incumbent, nodes)
        now = perf_counter()
        if self.looked or now < self.look or self.until - now < LEAST or self.problem.objective is None:
            return
        self.looked = True
        self.reading = readable(self.problem)
        if self.reading is not None:
            self.over = True
            raise HandOver


def _resumed(
    problem: Problem, first: Outcome, said: Said, until: float, gap: float, progress: Progress | None
) -> Outcome:
    """The search once more, for what is better than all that is known; its own bound decides."""
    output, sense = problem.objective or ("", "min")
    sign = 1.0 if sense == "min" else -1.0
    known = [one for one in (first, said.outcome) if one.point is not None and one.value is not None]
    best = min(known, key=lambda one: sign * (one.value or 0.0), default=None)
    slack = max(gap, slack_of(problem))
    also = [] if best is None or best.value is None else [better(output, sense, best.value, slack, first.absolute)]
    left = max(until - perf_counter(), 0.0)
    second = searched(replace(problem, limits=(*problem.limits, *also)), left, gap, progress)
    nodes, seconds = first.nodes + second.nodes, first.seconds + said.outcome.seconds + second.seconds
    if best is None or best.value is None or second.status == "optimal":
        return second._replace(nodes=nodes, seconds=seconds)
    second = second._replace(method=first.method, nodes=nodes, seconds=seconds)
    cut = also[0].bound
    if second.status == "infeasible":
        return second._replace(status="optimal", point=best.point, value=best.value, bound=cut, gap=slack, boxes_left=0)
    again = None if second.bound is None else sign * min(sign * second.bound, sign * cut)
    bound = max((b for b in (first.bound, again) if b is not None), key=lambda b: sign * b, default=None)
    value, point = (best.value, best.point) if second.value is None else (second.value, second.point)
    far = float("inf") if bound is None else abs(value - bound) / (abs(value) or 1.0)
    return second._replace(status="feasible", point=point, value=value, bound=bound, gap=far)


def disagreement(problem: Problem, proved: Outcome, said: Said) -> str | None:
    """What a solver said otherwise than the interval search proved; it is the interval proof that counts."""
    told = said.outcome
    sign = -1.0 if problem.objective is not None and problem.objective[1] == "max" else 1.0
    if proved.status == "infeasible" and told.point is not None:
        return f"{said.method} has a design where the interval search proved that there is none"
    if proved.point is None or proved.value is None:
        return None
    if told.status == "infeasible":
        return f"{said.method} says that nothing fits, and the design that is told does"
    size = AGREE * max(abs(proved.value), 1e-300)
    if told.bound is not None and sign * told.bound > sign * proved.value + size:
        return f"{said.method} says that nothing is better than {told.bound:.9g} in base units, and the design told is"
    far = 0.0 if told.value is None else abs(told.value - proved.value)
    if proved.status == told.status == "optimal" and far > size + proved.gap * abs(proved.value):
        return f"{said.method} says {told.value:.9g} is the best in base units, and not {proved.value:.9g}"
    return None


def as_fact(said: Said, worth: float, disagrees: str | None) -> dict[str, Any]:
    """An entry of a certificate, numbers in the unit of the objective."""
    told = said.outcome
    return {
        "method": said.method,
        "reading": said.reading,
        "status": told.status,
        "value": None if told.value is None else told.value / worth,
        "bound": None if told.bound is None else told.bound / worth,
        "seconds": told.seconds,
        "disagrees": disagrees,
    }
