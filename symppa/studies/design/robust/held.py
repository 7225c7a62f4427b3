"""Problems whose limits hold for all that is uncertain, searched with some of it at its value, or varying less."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import NamedTuple

import numpy as np

from symppa.engine.program import Program, Step
from symppa.engine.reducers import Limit
from symppa.engine.search import Choices, Domain, Outcome, Problem, Real
from symppa.engine.search.problem import exact, margin
from symppa.studies.design.explain.loose import SENSES, SHARE, Found, Loose, Member, with_given
from symppa.studies.design.problem import Question
from symppa.studies.design.robust.cases import Case, at_cases, follows
from symppa.studies.design.robust.defined import undefined
from symppa.studies.design.robust.robust import NEAR, ROUNDS, breaches, varied_domain

WORST = "worst case"
HALVINGS = 12  # of how far a given may vary
OPPOSITE = {"min": "max", "max": "min"}


class Span(NamedTuple):
    """What an uncertain given may be, and what it is where it does not vary, in base units."""

    domain: Domain
    value: float

    def drawn_in(self, share: float) -> Span:
        """The same with its ends nearer to the value; with a share of 0 the value alone."""
        low, high = (self.value + share * (end - self.value) for end in (self.domain.low, self.domain.high))
        if isinstance(self.domain, Real):
            return Span(Real(low, high), self.value)
        inside = [one for one in self.domain.values if low <= one <= high]
        return Span(Choices(inside or [min(self.domain.values, key=lambda one: abs(one - self.value))]), self.value)

    @property
    def around(self) -> bool:
        """Whether the value is one of those that it may be."""
        return self.domain.low <= self.value <= self.domain.high


class Held(Loose):
    """Limits that hold in all cases; that an uncertain given varies is a member like a limit or an end.

    Its searches add the case that breaks a limit at the best design so far, until no value of what varies breaks one.
    """

    def __init__(self, every: Sequence[Question], time_limit: float, share: float = SHARE) -> None:
        super().__init__([one.problem() for one in every], time_limit, share)
        names = [n for n in every[0].asking.uncertain if any(n in one.program.number_of for one in every)]
        self.uncertain = tuple(Member("uncertain", name) for name in names)
        self.spans = {name: _span(every, name) for name in names}
        self.varied = frozenset(names)

    @property
    def members(self) -> tuple[Member, ...]:
        """All that is asked for: limits, ends of ranges, and that givens vary."""
        return (*super().members, *self.uncertain)

    @property
    def nested(self) -> bool:
        """Whether less of what is asked for always allows more: where a given may also be what it is."""
        return all(one.around for one in self.spans.values())

    def any_design(self, kept: Collection[Member]) -> Found:
        """A design within the members that are kept."""
        self._vary(kept)
        return super().any_design(kept)

    def best(self, kept: Collection[Member], output: str, sense: str, also: Sequence[Limit] = ()) -> Found:
        """The design with the best of an output where that is worst, within the members that are kept."""
        self._vary(kept)
        return super().best(kept, output, sense, also)

    def nearest_end(self, kept: Collection[Member], end: Member) -> Found:
        """The design whose given lies the least beyond an end, or for which a given varies the most, as a share."""
        self._vary(kept)
        return self._widest(kept, end) if end.kind == "uncertain" else super().nearest_end(kept, end)

    def least_miss(self) -> Found:
        """The design whose largest miss of a limit is least where that is worst."""
        self._vary(self.members)
        return super().least_miss()

    def of(self, problems: Sequence[Problem | None], sense: str) -> Found:
        """The best of problems whose limits hold for all that varies; its value is that where this is worst."""
        cases = [_first(one, self.varied, self.spans) for one in problems]
        for _ in range(ROUNDS):
            made = [one and _cased(one, self.varied, told, sense) for one, told in zip(problems, cases, strict=True)]
            found = super().of(made, sense)
            problem = problems[found.choice] if found.point is not None else None
            if problem is None:
                return found
            broken = [self._broken_at(problem, found, k, one) for k, one in _judged(problem, found.value, self.varied)]
            if any(one is None for one in broken):
                return Found("open", nodes=found.nodes)
            more = [case for one in broken for case in one or ()]
            if not more:
                return found
            for told, one in zip(cases, problems, strict=True):
                told += more if one is not None else ()
        return Found("open")

    def worst(self, found: Found) -> list[float | None]:
        """Every limited output at a design, where what is uncertain is worst for it; None where time is over."""
        self._vary(self.members)
        problem = self.problems[found.choice]
        return [self._worst(problem, found, limit) for limit in problem.limits]

    def margins(self, found: Found, repaired: Member) -> tuple[float, ...]:
        """How far every limit is on its good side where it is worst."""
        limits, span = self.problems[found.choice].limits, self.spans.get(repaired.name)
        if repaired.kind == "uncertain" and span is not None:
            self.spans[repaired.name] = span.drawn_in(found.value or 0.0)
        worst = self.worst(found)
        if span is not None:
            self.spans[repaired.name] = span
        return tuple(margin(one, float("nan") if v is None else v) for one, v in zip(limits, worst, strict=True))

    def _worst(self, problem: Problem, found: Found, limit: Limit) -> float | None:
        moved = follows(problem.program, limit.output, self.varied)
        senses = [OPPOSITE[SENSES[limit.relation]]] if limit.relation in SENSES else ["min", "max"]
        asked = [replace(self._at(problem, found, varies=moved), objective=(limit.output, sense)) for sense in senses]
        values = [one.value for one in map(self._search, asked)]
        known = [one for one in values if one is not None]
        return max(known, key=lambda one: abs(one - limit.bound)) if len(known) == len(values) else None

    def _vary(self, kept: Collection[Member]) -> None:
        self.varied = frozenset(member.name for member in kept if member.kind == "uncertain")

    def _widest(self, kept: Collection[Member], end: Member) -> Found:
        """By halving: the largest share of its span for which a design is found."""
        asked, base = self.spans[end.name], [m for m in kept if m != end]
        best = self.any_design(base)
        if best.verdict != "found":
            return best
        low, high, proved = 0.0, 1.0, self.nested
        try:
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                self.spans[end.name] = asked.drawn_in(middle)
                found = self.any_design([*base, end])
                best, low, high = (found, middle, high) if found.verdict == "found" else (best, low, middle)
                proved &= found.verdict != "open"
        finally:
            self.spans[end.name] = asked
        return best._replace(value=low, proved=proved)

    def _broken_at(self, problem: Problem, found: Found, k: int, limit: Limit) -> list[Case] | None:
        """Where a limit is broken at a design, at worst; none where that is proved, None where time is over."""
        for broken in breaches(limit):
            at = self._at(problem, found, varies=True)
            seen = self._search(replace(at, limits=(broken,)))
            if seen.point is not None:
                sense = "max" if broken.relation in (">", ">=") else "min"
                worst: Outcome = self._search(replace(at, objective=(limit.output, sense)))
                return [Case(k, worst.point or seen.point)]
            if seen.status != "infeasible":
                return None
        nowhere, point = undefined(self._at(problem, found, varies=True), limit.output)
        return None if nowhere is None else [Case(k, point)] if point is not None else []

    def _at(self, problem: Problem, found: Found, *, varies: bool) -> Problem:
        """A design that is fixed, and all that varies free."""
        point = {name: (found.point or {})[name] for name in problem.free}
        here = [name for name in self.varied if varies and name in problem.program.number_of]
        values = {name: value for name, value in problem.told(point).items() if name not in here}
        return Problem(problem.program, values, None, (), {name: self.spans[name].domain for name in here})


def _span(every: Sequence[Question], name: str) -> Span:
    question = next(one for one in every if name in one.program.number_of)
    problem = question.problem()
    corner = {n: one.low for n, one in problem.free.items()}
    alone = replace(problem, program=with_given(problem.program, name), objective=(name, "min"), limits=())
    return Span(varied_domain(question, name), exact(alone, corner)[0] or 0.0)


def _first(problem: Problem | None, names: Collection[str], spans: Mapping[str, Span]) -> list[Case]:
    """A case for every limit, and for the objective, where all that varies is at its lower end."""
    if problem is None:
        return []
    low = {name: spans[name].domain.low for name in names if name in problem.program.number_of}
    return [Case(k, low) for k, _ in _moved(_with_objective(problem, 0.0), names)]


def _judged(problem: Problem, value: float | None, names: Collection[str]) -> Iterator[tuple[int, Limit]]:
    """Limits that something varying moves; the objective among them: not worse than was found."""
    moved = _moved(_with_objective(problem, value or 0.0), names)
    return ((k, one) for k, one in moved if np.isfinite(one.bound))


def _moved(problem: Problem, names: Collection[str]) -> Iterator[tuple[int, Limit]]:
    return ((k, one) for k, one in enumerate(problem.limits) if follows(problem.program, one.output, names))


def _with_objective(problem: Problem, value: float) -> Problem:
    """The objective as a last limit."""
    if problem.objective is None:
        return problem
    output, sense = problem.objective
    worse = NEAR * abs(value)
    last = Limit(output, "<=", value + worse) if sense == "min" else Limit(output, ">=", value - worse)
    return replace(problem, objective=None, limits=(*problem.limits, last))


def _cased(problem: Problem, names: Collection[str], cases: Sequence[Case], sense: str) -> Problem:
    """Limits in their cases, and as the objective the worst of its cases where something varying moves it."""
    if problem.objective is None or not follows(problem.program, problem.objective[0], names):
        return at_cases(problem, names, cases)
    made = at_cases(_with_objective(problem, 0.0), names, cases)
    last, start = len(problem.limits), len(made.limits) - len(cases)
    mine = [made.limits[start + n].output for n, case in enumerate(cases) if case.place == last]
    limits = [one for one in made.limits if one.output not in mine]
    program = _with_worst(made.program, mine, "maximum" if sense == "min" else "minimum")
    return replace(made, program=program, objective=(WORST, sense), limits=tuple(limits))


def _with_worst(program: Program, outputs: Sequence[str], operation: str) -> Program:
    """The program with the largest, or least, of some outputs as an output."""
    steps, masks = list(program.steps), list(program.masks)

    def put(first: int, second: int) -> int:
        steps.append(Step(operation, (first, second)))
        masks.append(masks[first] | masks[second])
        return len(steps) - 1

    step: Callable[[int, int], int] = put
    shown = program.output(outputs[0])
    made = replace(shown, name=WORST, step=reduce(step, [program.output(name).step for name in outputs]))
    return replace(program, steps=tuple(steps), masks=tuple(masks), outputs={**program.outputs, WORST: made})
