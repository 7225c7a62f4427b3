"""Problems searched with some limits lifted and some ranges longer than asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from time import perf_counter
from typing import Literal, NamedTuple

from symppa.engine.program import Definition, Program, Step
from symppa.engine.reducers import Limit
from symppa.engine.search import Domain, Outcome, Problem, search
from symppa.engine.search.problem import judged
from symppa.studies.design.explain.widen import SIDES, Side, beyond, without

SHARE = 0.1  # of all time, for one search
Verdict = Literal["found", "none", "open"]
SENSES = {"<=": "min", "<": "min", ">=": "max", ">": "max"}
MISS = "largest miss of a limit"
NOT_BEGUN = Outcome("unknown", None, None, None, float("inf"), 0, 0.0, "not begun")
Progress = Callable[[float | None, float | None, int], None]


class Member(NamedTuple):
    """A limit, by its place, or by its name an end of the range of a free given, or that a given varies."""

    kind: Literal["limit", "lower", "upper", "uncertain"]
    name: str
    place: int = -1


class Found(NamedTuple):
    """What a search over all choices of classes came to; `choice` is the place of the problem of the best design."""

    verdict: Verdict
    proved: bool = False
    choice: int = -1
    point: Mapping[str, float] | None = None
    value: float | None = None
    bound: float | None = None
    nodes: int = 0


class Loose:
    """Problems that differ in their classes, searched with some limits lifted and some ranges longer."""

    def __init__(self, problems: Sequence[Problem], time_limit: float, share: float = SHARE) -> None:
        self.problems = tuple(problems)
        self.until = perf_counter() + time_limit
        self.most = share * time_limit
        self.searches, self.stopped, self.over = 0, False, False
        self.gap = 0.0  # how much better than what is found another design may be
        self.boxes = 0
        self.progress: Callable[[int], None] | None = None  # told the boxes of all searches so far
        self.limits = tuple(Member("limit", one.output, k) for k, one in enumerate(problems[0].limits))
        names = dict.fromkeys(name for one in problems for name in one.free)
        self.ends = tuple(Member(side, name) for name in names for side in SIDES if self._movable(name, side))

    @property
    def members(self) -> tuple[Member, ...]:
        """All that is asked for: limits and ends of ranges."""
        return (*self.limits, *self.ends)

    @property
    def nested(self) -> bool:
        """Whether less of what is asked for always allows more."""
        return True

    def _movable(self, name: str, side: Side) -> bool:
        return any(_beyond(one, name, side) is not None for one in self.problems)

    def limit(self, member: Member) -> Limit:
        """The limit that a member stands for."""
        return self.problems[0].limits[member.place]

    def any_design(self, kept: Collection[Member]) -> Found:
        """A design within the members that are kept."""
        return self.of([replace(p, objective=None) for p in self._within(kept)], "min")

    def best(self, kept: Collection[Member], output: str, sense: str, also: Sequence[Limit] = ()) -> Found:
        """The design with the best of an output within the members that are kept."""
        made = [replace(p, objective=(output, sense), limits=(*p.limits, *also)) for p in self._within(kept)]
        return self.of(made, sense)

    def nearest_end(self, kept: Collection[Member], end: Member) -> Found:
        """The design whose given lies the least beyond an end."""
        sense = "min" if end.kind == "upper" else "max"
        return self.of(list(self._past(kept, end, sense)), sense)

    def _past(self, kept: Collection[Member], end: Member, sense: str) -> Iterator[Problem | None]:
        for problem, whole in zip(self.problems, self._within(kept), strict=True):
            more = _beyond(problem, end.name, _side(end))
            if more is None or end.name not in problem.program.number_of:
                yield None
                continue
            program = with_given(problem.program, end.name)
            free = {**whole.free, end.name: more}
            yield replace(whole, program=program, objective=(end.name, sense), free=free)

    def least_miss(self) -> Found:
        """The design whose largest miss of a limit, relative to its bound, is least; bounds of zero are kept."""
        made = []
        for one in self.problems:
            program = with_miss(one.program, one.limits)
            kept = [limit for limit in one.limits if limit.bound == 0]
            valid = _defined(one, kept)
            made.append(replace(one, program=program, objective=(MISS, "min"), limits=(*kept, *valid)))
        return self.of(made, "min")

    @staticmethod
    def with_limits(problem: Problem, also: Sequence[Limit]) -> Problem:
        """Any design of a problem within more limits."""
        return replace(problem, objective=None, limits=(*problem.limits, *also))

    def margins(self, found: Found, repaired: Member) -> tuple[float, ...]:
        """How far every limit is on its good side at the design of a repair."""
        problem = self.problems[found.choice]
        return judged(replace(problem, free={}, objective=None), found.point or {}).margins

    def _within(self, kept: Collection[Member]) -> Iterator[Problem]:
        """Every problem with fewer limits; what they were on is defined all the same."""
        places = {m.place for m in kept if m.kind == "limit"}
        for one in self.problems:
            limits = [limit for k, limit in enumerate(one.limits) if k in places]
            yield replace(
                one, limits=(*limits, *_defined(one, limits)), free={n: self._range(one, n, kept) for n in one.free}
            )

    def _range(self, problem: Problem, name: str, kept: Collection[Member]) -> Domain:
        domain, given = problem.free[name], problem.program.givens.get(name)
        for side in SIDES:
            if given is not None and Member(side, name) not in kept:
                domain = without(domain, given, side)
        return domain

    def of(self, problems: Sequence[Problem | None], sense: str) -> Found:
        """The best of problems that differ in their classes; none where a class has no such problem."""
        outcomes = []
        for one in problems:
            outcomes.append(None if one is None else self._search(one))
            if one is not None and one.objective is None and outcomes[-1] and outcomes[-1].point is not None:
                break
        done, nodes = [o for o in outcomes if o is not None], sum(o.nodes for o in outcomes if o is not None)
        best = [(o.value, k) for k, o in enumerate(outcomes) if o is not None and o.point is not None]
        if not best:
            none = all(o.status == "infeasible" for o in done)
            return Found("none" if none else "open", none, nodes=nodes)
        choose = min if sense == "min" else max
        value, choice = choose(best, key=lambda one: one[0] or 0.0)
        bounds = [o.bound for o in done if o.status != "infeasible"]
        known = [b for b in bounds if b is not None]
        bound = choose(known) if known and len(known) == len(bounds) else None
        proved = all(o.status in ("optimal", "infeasible") for o in done)
        chosen = outcomes[choice]
        return Found("found", proved, choice, chosen.point if chosen else None, value, bound, nodes)

    def _search(self, problem: Problem) -> Outcome:
        left = min(self.until - perf_counter(), self.most)
        if self.stopped or left <= 0:
            self.over |= not self.stopped
            return NOT_BEGUN
        self.searches += 1
        found = searched(problem, left, self.gap, self._told)
        self.boxes += found.nodes
        self.stopped |= found.interrupted
        cut = found.status == "unknown" or (found.status == "feasible" and problem.objective is not None)
        self.over |= cut and not found.interrupted
        return found

    def _told(self, bound: float | None, incumbent: float | None, nodes: int) -> None:
        if self.progress is not None:
            self.progress(self.boxes + nodes)


def searched(problem: Problem, time_limit: float, gap: float = 0.0, progress: Progress | None = None) -> Outcome:
    """A search that is interrupted wherever it is, also while it begins."""
    try:
        return search(problem, time_limit=time_limit, gap=gap, progress=progress)
    except KeyboardInterrupt:
        return NOT_BEGUN._replace(interrupted=True)


def _defined(problem: Problem, limits: Sequence[Limit]) -> list[Limit]:
    """Limits that every number keeps, on outputs that have no other: a design in which one is undefined is none."""
    limited = {limit.output for limit in limits}
    return [Limit(name, ">=", float("-inf")) for name in problem.outputs if name not in limited]


def _side(member: Member) -> Side:
    return "lower" if member.kind == "lower" else "upper"


def _beyond(problem: Problem, name: str, side: Side) -> Domain | None:
    given = problem.program.givens.get(name)
    return None if given is None or name not in problem.free else beyond(problem.free[name], given, side)


def with_given(program: Program, name: str) -> Program:
    """The program with one of its givens as an output."""
    given = program.givens[name]
    shown = Definition(name, given.unit, given.meaning, "", True, "", program.number_of[name])
    return replace(program, outputs={**program.outputs, name: shown})


def with_miss(program: Program, limits: Sequence[Limit]) -> Program:
    """The program with the largest relative miss of its limits as an output."""
    steps, masks = list(program.steps), list(program.masks)

    def put(operation: str, *arguments: int, detail: float | None = None) -> int:
        steps.append(Step(operation, arguments, detail))
        masks.append(0)
        return len(steps) - 1

    misses = []
    for limit in limits:
        if limit.bound != 0:
            far = put("subtract", program.output(limit.output).step, put("constant", detail=limit.bound))
            size = abs(limit.bound) * (-1.0 if limit.relation in (">=", ">") else 1.0)
            misses.append(put("divide", far, put("constant", detail=size)))
            if limit.relation == "==":
                misses.append(put("divide", far, put("constant", detail=-size)))
    worst = reduce(lambda a, b: put("maximum", a, b), misses)
    shown = Definition(MISS, "1", MISS, "", True, "", worst)
    outputs = {**program.outputs, MISS: shown}
    return replace(program, steps=tuple(steps), masks=tuple(masks), outputs=outputs)
