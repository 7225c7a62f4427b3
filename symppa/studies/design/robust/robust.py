"""Limits that hold for whatever is uncertain: for all its values, proved, or with a probability, sampled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, isfinite
from time import perf_counter
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.free import RANGE, Free, domain
from symppa.descriptions.vary import Vary
from symppa.engine.border import Array
from symppa.engine.reducers import Limit
from symppa.engine.search import Domain, Outcome, Problem, Real, search
from symppa.engine.search.problem import in_base
from symppa.errors import UnsupportedError
from symppa.studies.design.asking import Asking
from symppa.studies.design.explain.loose import SENSES, Found, Loose
from symppa.studies.design.problem import Question
from symppa.studies.design.robust.cases import Case, at_cases, follows
from symppa.studies.design.robust.defined import undefined
from symppa.studies.sampling import sampler_of
from symppa.studies.uncertain import Uncertain

DRAWS, FRESH, SEED = 4096, 16384, 0  # draws that a design is made for, and others that it is judged by
ROUNDS = 60
SURE = 0.95  # of the lower end of the share of fresh draws
NEAR = 1e-6  # relative, within which the worst value is found


@dataclass
class Robust:
    """A design whose limits hold, and how that is known; `worst` has for each limit its value and where."""

    found: Found
    holds: bool
    cases: list[Case] = field(default_factory=list)
    worst: list[dict[str, Any]] = field(default_factory=list)
    how: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    stopped: bool = False


def share_of(asked: Asking) -> float:
    """For how much of what may happen limits hold; refused where that is not one number."""
    shares = {one.share for one in asked.uncertain.values()}
    if len(shares) > 1:
        said = ", ".join(f"{name} {one}" for name, one in asked.uncertain.items())
        raise UnsupportedError(f"limits hold either always or with one probability, not {said}: state one `hold`")
    return shares.pop()


def robust(every: Sequence[Question], time_limit: float, progress: Callable[[int], None] | None = None) -> Robust:
    """The best design whose limits hold for what is uncertain; its objective counts where nothing varies."""
    start, share = perf_counter(), share_of(every[0].asking)
    for one in every:
        _refuse_vectors(one)
    loop = (Always if share == 1 else Often)(every, start + time_limit, share)
    loop.progress = progress
    try:
        made = loop.run()
    except KeyboardInterrupt:
        made = Robust(Found("open"), False, loop.cases, stopped=True)
    made.seconds = perf_counter() - start
    return made


def nominally(every: Sequence[Question], time_limit: float) -> bool:
    """Whether there may be a design where nothing varies."""
    loose = Loose([one.problem() for one in every], time_limit, share=1.0)
    return loose.any_design((*loose.limits, *loose.ends)).verdict != "none"


def _refuse_vectors(question: Question) -> None:
    for name in question.asking.uncertain:
        given = question.program.givens.get(name)
        if given is None and name not in question.program.known:
            raise UnsupportedError(f"{name} is a member of a vector: limits hold for uncertain givens of one number")
        if given is not None and given.over:
            raise UnsupportedError(f"{name} is a vector: limits hold for uncertain givens of one number")


class _Loop:
    """Cases are added where the best design so far breaks a limit, until it breaks none."""

    def __init__(self, every: Sequence[Question], until: float, share: float, also: Sequence[Limit] = ()) -> None:
        self.every, self.until, self.share, self.also = every, until, share, tuple(also)
        self.problems = [one.problem() for one in every]
        self.names = [n for n in every[0].asking.uncertain if any(n in one.program.number_of for one in every)]
        self.cases: list[Case] = []
        self.stopped = False
        self.progress: Callable[[int], None] | None = None

    def best(self) -> Found:
        """The best design in all cases."""
        made = [at_cases(one, self.names, self.cases) for one in self.problems]
        if self.also:
            made = [replace(one, objective=None, limits=(*one.limits, *self.also)) for one in made]
        loose = Loose(made, max(self.until - perf_counter(), 0.0), share=1.0)
        loose.progress = self.progress
        sense = made[0].objective[1] if made[0].objective else "min"
        found = loose.of(made, sense)
        self.stopped |= loose.stopped
        return found

    def moving(self, problem: Problem) -> list[int]:
        """Places of the limits that something uncertain moves."""
        return [k for k, one in enumerate(problem.limits) if follows(problem.program, one.output, self.names)]


class Always(_Loop):
    """Limits hold for all values, which a search over them proves."""

    def run(self) -> Robust:
        """Until an interval search proves that no value breaks a limit."""
        for _ in range(ROUNDS):
            found = self.best()
            if found.point is None:
                return Robust(found, False, self.cases, stopped=self.stopped)
            judged = [self.judged(found, k) for k in self.moving(self.problems[found.choice])]
            broken = [Case(k, point) for k, point, holds in judged if holds is False and point is not None]
            if not broken:
                holds = all(one[2] for one in judged)
                how = {"hold": 1.0, "method": "interval search", "cases": len(self.cases)}
                return Robust(found, holds, self.cases, list(self.worst(found)), how, stopped=self.stopped)
            self.cases += broken
        return Robust(found, False, self.cases, stopped=self.stopped)

    def judged(self, found: Found, k: int) -> tuple[int, Mapping[str, float] | None, bool | None]:
        """Whether a limit holds for all values: proved, or refuted by the worst of them; None where it stayed open."""
        limit, problem = self.problems[found.choice].limits[k], self._varied(found)
        for broken in breaches(limit):
            seen = self._search(replace(problem, objective=None, limits=(broken,)))
            if seen.point is None:
                if seen.status != "infeasible":
                    return k, None, None
                continue
            sense = "max" if broken.relation == ">" else "min"
            worst = self._search(replace(problem, objective=(limit.output, sense)))
            return k, worst.point or seen.point, False
        nowhere, point = undefined(problem, limit.output)
        return k, point, None if nowhere is None else not nowhere

    def _varied(self, found: Found) -> Problem:
        """What is uncertain is free, at a design that is fixed."""
        question, problem = self.every[found.choice], self.problems[found.choice]
        point = {name: (found.point or {})[name] for name in problem.free}
        values = problem.told(point)
        program = problem.program
        free = {name: varied_domain(question, name) for name in self.names if name in program.number_of}
        return Problem(program, {n: v for n, v in values.items() if n not in free}, None, (), free)

    def _search(self, problem: Problem) -> Outcome:
        found = search(problem, time_limit=max(self.until - perf_counter(), 1e-3))
        self.stopped |= found.interrupted
        return found

    def worst(self, found: Found) -> Iterator[dict[str, Any]]:
        """The worst value of every limited output and where it is."""
        problem = self.problems[found.choice]
        for k, limit in enumerate(problem.limits):
            sense = {"min": "max", "max": "min"}[SENSES.get(limit.relation, "min")]
            varied = self._varied(found)
            if k not in self.moving(problem):
                varied = replace(varied, free={})
            seen = self._search(replace(varied, objective=(limit.output, sense)))
            yield {"value": seen.value, "at": dict(seen.point or {})}


def breaches(limit: Limit) -> Iterator[Limit]:
    """What a value that breaks a limit satisfies."""
    end, slack = limit.ends
    if limit.relation in ("<=", "<", "=="):
        yield Limit(limit.output, ">" if limit.relation != "<" else ">=", end + slack)
    if limit.relation in (">=", ">", "=="):
        yield Limit(limit.output, "<" if limit.relation != ">" else "<=", end - slack)


def varied_domain(question: Question, name: str) -> Domain:
    """What an uncertain given may be, in base units."""
    vary, given = question.asking.uncertain[name], question.program.givens[name]
    if vary.ends is not None:
        return domain(Free(RANGE, vary.ends), given, name)
    return _bounded(vary, given.unit, name)


def _bounded(vary: Vary, unit: str, name: str) -> Domain:
    found = vary.measured(unit, name)
    numbers = found if isinstance(found, tuple) else found.numbers
    return Real(numbers[-2] if len(numbers) == 4 else numbers[0], numbers[-1])


class Often(_Loop):
    """Limits hold in enough of fresh draws."""

    def __init__(self, every: Sequence[Question], until: float, share: float) -> None:
        super().__init__(every, until, share)
        self.texts = {name: one.distribution for name, one in every[0].asking.uncertain.items() if name in self.names}
        self.draws = [self._drawn(one, DRAWS, SEED) for one in every]

    def run(self) -> Robust:
        """Until limits hold in enough of the draws, and of fresh ones."""
        wanted, fresh = self.share, 1
        for _ in range(ROUNDS):
            found = self.best()
            if found.point is None:
                return Robust(_open(found), False, self.cases, stopped=self.stopped)
            draws = self.draws[found.choice]
            misses = self._misses(found, draws)
            if (misses <= 0).mean() < wanted:
                self._add(found, draws, misses, wanted)
                continue
            held = self._misses(found, self._drawn(self.every[found.choice], FRESH, SEED + fresh)) <= 0
            share = float(held.mean())
            if share >= self.share:
                return Robust(
                    found, True, self.cases, self.quantiles(found, SEED + fresh), self._how(share, SEED + fresh)
                )
            wanted, fresh = min(1.0, wanted + (self.share - share) + 1 / DRAWS), fresh + 1
        return Robust(found, False, self.cases, stopped=self.stopped)

    def _add(self, found: Found, draws: Mapping[str, Array], misses: Array, wanted: float) -> None:
        """The draw that would just have to hold is a case from now on."""
        at = np.argsort(misses, kind="stable")[ceil(wanted * len(misses)) - 1]
        values = {name: float(column[at]) for name, column in draws.items()}
        self.cases += [Case(k, values) for k in self.moving(self.problems[found.choice])]

    def _drawn(self, question: Question, count: int, seed: int) -> dict[str, Array]:
        texts = {name: text for name, text in self.texts.items() if name in question.program.number_of}
        return Uncertain(texts, sampler_of(f"random:{count}", seed)).columns(question.program, question.told)

    def _values(self, found: Found, draws: Mapping[str, Array]) -> dict[str, Array]:
        """Every limited output in base units, draw by draw."""
        problem = self.problems[found.choice]
        program = replace(problem, objective=None).reduced()
        point = {name: (found.point or {})[name] for name in problem.free}
        told = {**problem.told(point), **{name: in_base(program, name, column) for name, column in draws.items()}}
        values = program({n: v for n, v in told.items() if n in program.known})
        count = len(next(iter(draws.values())))
        return {n: np.broadcast_to(v, count) * units.measure(program.output(n).unit).worth for n, v in values.items()}

    def _misses(self, found: Found, draws: Mapping[str, Array]) -> Array:
        """The largest miss of a limit, relative; none is above 0 where all hold."""
        values, limits = self._values(found, draws), self.problems[found.choice].limits
        worst = np.full(len(next(iter(draws.values()))), -np.inf)
        for limit in limits:
            value = values[limit.output]
            far = np.abs(value - limit.bound) / (abs(limit.bound) or 1.0)
            worst = np.maximum(worst, np.where(limit.holds(value), -far, np.maximum(far, np.finfo(float).tiny)))
        return np.where(np.isnan(worst), np.inf, worst)

    def judged(self, found: Found, seed: int) -> dict[str, Any]:
        """How often the limits of a design hold in the draws of a seed."""
        held = self._misses(found, self._drawn(self.every[found.choice], FRESH, seed)) <= 0
        return self._how(float(held.mean()), seed)

    def quantiles(self, found: Found, seed: int) -> list[dict[str, Any]]:
        values = self._values(found, self._drawn(self.every[found.choice], FRESH, seed))
        rows: list[dict[str, Any]] = []
        for limit in self.problems[found.choice].limits:
            low = SENSES.get(limit.relation) == "max"
            value = float(np.quantile(values[limit.output], 1 - self.share if low else self.share))
            rows.append({"value": value if isfinite(value) else None, "at": {}})
        return rows

    def _how(self, share: float, seed: int) -> dict[str, Any]:
        from scipy import stats

        failed = round((1 - share) * FRESH)
        sure = float(stats.beta.ppf(1 - SURE, FRESH - failed, failed + 1))
        return {
            "hold": self.share, "method": "draws", "cases": len(self.cases), "draws": DRAWS, "fresh": FRESH,
            "seed": seed, "share": share, "at_least": sure, "confidence": SURE,
        }  # fmt: skip


def _open(found: Found) -> Found:
    """Cases of draws that nothing fits prove nothing: other draws might do."""
    return found._replace(verdict="open", proved=False)
