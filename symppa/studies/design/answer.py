"""design: the best design within some limits, with its proof, or that there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from symppa import units
from symppa.descriptions.target import Target
from symppa.engine.search import Outcome, Real
from symppa.errors import QuestionError, UnsupportedError
from symppa.studies.design.asking import Asking, Limits, Names, asking
from symppa.studies.design.budget import Budget
from symppa.studies.design.crosscheck import Said, as_fact, ask, crosschecked, disagreement, readable
from symppa.studies.design.explain.explained import explained, explained_held
from symppa.studies.design.explain.loose import NOT_BEGUN, searched
from symppa.studies.design.explain.relax import limit_named, trade_off
from symppa.studies.design.explain.shadow import LOOSER, TIGHTER, Design, Prices, slack_of, steepness
from symppa.studies.design.fronts.front import fronts, refuse
from symppa.studies.design.fronts.places import Place
from symppa.studies.design.fronts.told import front_result
from symppa.studies.design.problem import Question, questions
from symppa.studies.design.robust.robust import nominally, robust
from symppa.studies.design.robust.told import robust_result
from symppa.studies.design.told import Answer, result_of
from symppa.studies.result import Result
from symppa.studies.subject import System

LONG = 6.0  # s of a search, from which on a convex reading may be asked in half of them
LEAST = 10.0  # s for the duals of a continuous problem, at most
Method = tuple[Question, Outcome, Said]
Progress = Callable[[float | None, float | None, int], None]  # bound and incumbent in the unit of the objective, nodes


def design(
    target: Target | str | Path | None = None,
    *,
    system: System = None,
    values: Mapping[str, Any] | None = None,
    parts: Mapping[str, str] | None = None,
    minimize: Names = (),
    maximize: Names = (),
    subject_to: Limits = (),
    free: Mapping[str, Any] | None = None,
    slots: Mapping[str, Names] | None = None,
    time_limit: float = 60.0,
    gap: float = 0.0,
    relax: str | None = None,
    explain: bool = True,
    steps: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """The best design of a target, or of a system within limits; `facts["status"]` says what is proved.

    "optimal" and "infeasible" are proved; "feasible" and "unknown" were stopped, and `facts["certificate"]` has the
    bound that was reached. `free` is written as in a target's file. `time_limit` is for all of a call: to `explain`
    an answer and to draw the trade-off along the limit that is to `relax` is done in what the search leaves of it, and
    `facts["explanation"]` says whether that was enough. Several objectives make a front: the designs that no other
    beats in all of them, or among ranges of reals points of it, in so many `steps` along each objective but the first.

    >>> found = design(
    ...     system="nexgen_baseline",
    ...     maximize="compute_density",
    ...     subject_to={"power": "<= 300 W"},
    ...     free={"chiplet.sms": [16, 64]},
    ... )
    >>> found.facts["status"], found["chiplet.sms"]
    ('optimal', 21.0)
    """
    asked = asking(
        target, system=system, values=values, parts=parts, minimize=minimize, maximize=maximize,
        subject_to=subject_to, free=free, slots=slots,
    )  # fmt: skip
    if not time_limit > 0 or not 0 <= gap < 1:
        raise QuestionError(f"a time limit is above 0 s and a gap from 0 to 1, not {time_limit:g} s and {gap:g}")
    budget = Budget(time_limit)
    if asked.uncertain:
        _refuse_gap(gap, "limits that hold for what is uncertain")
        return _held(asked, budget, relax, explain, steps, progress)
    found = questions(asked)
    refuse(found, steps)
    place = None if relax is None else limit_named(found, relax)
    if len(asked.objectives) > 1:
        _refuse_gap(gap, "a front")
        return _fronted(asked, found, budget, steps, explain, progress)
    every, methods = _searched(found, budget, gap, progress)
    best = _best(every, asked)
    said: dict[str, Any] = {"status": _status(asked, every, best)}
    if explain and not any(one.outcome.interrupted for one in every):
        said |= _explained(every, best, said["status"], budget, budget.left / (1 if place is None else 2), methods)
    if place is not None:
        said["trade_off"] = trade_off(found, place, budget.left)
    return _signed(result_of(asked, every, best, said), methods, gap)


def _refuse_gap(gap: float, what: str) -> None:
    if gap:
        raise QuestionError(f"a gap is for one objective that counts at given values: {what} cannot have one; leave it")


def _fronted(
    asked: Asking, found: Sequence[Question], budget: Budget, steps: int | None, explain: bool,
    progress: Progress | None,
) -> Result:  # fmt: skip
    """The front, or that there is none: only where none was found is it asked whether there is any design at all."""
    made = fronts(found, budget.left, steps=steps, progress=_of_boxes(progress))
    if made.places:
        return front_result(asked, found, made)
    any_of = [replace(one.problem(), objective=None, limits=(*one.limits, *one.defined)) for one in found]
    every = [Answer(one, searched(asks, budget.left)) for one, asks in zip(found, any_of, strict=True)]
    best = next((one for one in every if one.outcome.point is not None), None)
    if best is not None:
        place = Place(found.index(best.question), best.outcome.point or {})
        return front_result(asked, found, replace(made, places=(place,), proved=False, whole=False))
    said: dict[str, Any] = {"status": _status(asked, every, best)}
    if explain and said["status"] == "infeasible" and not nominally(found, budget.left):
        said |= _explained(every, best, said["status"], budget, budget.left, [])
    return result_of(asked, every, best, said)


def _of_boxes(progress: Progress | None) -> Callable[[int], None] | None:
    """A progress that is told boxes only: of searches whose objectives change, no bound says anything."""
    return None if progress is None else lambda boxes: progress(None, None, boxes)


def _held(
    asked: Asking, budget: Budget, relax: str | None, explain: bool, steps: int | None, progress: Progress | None
) -> Result:
    """A design whose limits hold for what is uncertain; refused where that is not answered."""
    names = ", ".join(asked.uncertain)
    if relax is not None:
        raise UnsupportedError(f"there is no trade-off along a limit that holds for what is uncertain: fix {names}")
    if len(asked.objectives) > 1:
        raise UnsupportedError(f"there is no front of designs that hold for what is uncertain: fix {names}")
    found = questions(asked)
    refuse(found, steps)
    made = robust(found, budget.left, _of_boxes(progress))
    why: dict[str, Any] = {}
    if explain and made.found.verdict == "none":
        left = budget.left
        nothing = nominally(found, left)
        why = (explained_held if nothing else explained)(found, budget.left)
        why |= {"explanation": _explanation(budget, left, why["conflict"])}
    return robust_result(asked, found, made, why)


def _explained(
    every: Sequence[Answer], best: Answer | None, status: str, budget: Budget, left: float, methods: list[Method]
) -> dict[str, Any]:
    """Why nothing fits, or what each limit of a proved answer costs, in what is left of the time."""
    until = perf_counter() + left
    try:
        if status == "infeasible":
            why = explained([one.question for one in every], left)
            return {**why, "explanation": _explanation(budget, left, why["conflict"])}
        if status != "optimal" or best is None:
            return {}
        return _priced(every, best, budget, until, methods)
    except KeyboardInterrupt:
        return {"explanation": _explanation(budget, left, {"over": False, "interrupted": True})}


def _priced(
    every: Sequence[Answer], best: Answer, budget: Budget, until: float, methods: list[Method]
) -> dict[str, Any]:
    """Shadow prices of the best design, which a gap may have left unfound, and how steep the objective is."""
    left, problem, point = until - perf_counter(), best.question.problem(), best.outcome.point or {}
    base = Design(
        next(k for k, one in enumerate(every) if one is best), point, best.outcome.value or 0.0, best.outcome.absolute
    )
    duals = _duals(best, methods)
    made = Prices([one.question.problem() for one in every], base, until - perf_counter())
    open_gap = best.outcome.gap > 2 * slack_of(problem)
    said: dict[str, Any] = {"priced": made.of_gap()} if open_gap else {}
    prices = made.run() if said.get("priced", {"proved": True})["proved"] else [None] * len(problem.limits)
    for price, dual in zip(prices, duals or [], strict=False):
        if price is not None:
            price["dual"] = dual
    sides = [price[side] for price in prices if price for side in (LOOSER, TIGHTER)]
    known = all(one["proved"] for one in sides) and said.get("priced", {"proved": True})["proved"]
    whole = _explanation(budget, left, {"over": not known, "interrupted": made.stopped})
    return {**said, "prices": prices, "steepness": steepness(problem, point), "explanation": whole}


def _duals(best: Answer, methods: list[Method]) -> list[float] | None:
    """By how many percent the objective moves for one of each limit, as a convex reading of real givens says."""
    problem = best.question.problem()
    if not problem.limits or not all(isinstance(one, Real) for one in problem.free.values()):
        return None
    reading = readable(problem)
    if reading is None:
        return None
    said = ask(problem, reading, LEAST)
    methods.append((best.question, best.outcome, said))
    return [one.elasticity for one in said.prices] if said.prices else None


def _signed(result: Result, methods: Sequence[Method], gap: float) -> Result:
    """With the gap that was asked for, and what each other method said, in its certificate."""
    told, notes = [], list(result.notes)
    for question, outcome, said in methods:
        otherwise = disagreement(question.problem(), outcome, said)
        name = next(iter(question.objectives))
        told.append(as_fact(said, units.measure(question.program.output(name).unit).worth, otherwise))
        if otherwise:
            notes.append(f"DISAGREEMENT: {otherwise}; what is told is what the interval search proved")
    certificate = {**result.facts["certificate"], "asked_gap": gap, "methods": told}
    return replace(result, notes=tuple(notes), facts={**result.facts, "certificate": certificate})


def _explanation(budget: Budget, left: float, said: Mapping[str, Any]) -> dict[str, Any]:
    """Whether all was explained in the time there was, and how much that was."""
    whole = not said["over"] and not said["interrupted"]
    return {"whole": whole, "interrupted": said["interrupted"], "seconds": left, "time_limit": budget.seconds}


def _searched(
    found: Sequence[Question], budget: Budget, gap: float, progress: Progress | None
) -> tuple[tuple[Answer, ...], list[Method]]:
    """Every choice of classes in turn, each with its share of what time is left, and what other methods said."""
    answers: list[Answer] = []
    methods: list[Method] = []
    for k, question in enumerate(found):
        left = budget.left / (len(found) - k)
        outcome, said = _one(question, left, gap, _in_unit(question, progress))
        answers.append(Answer(question, outcome))
        if said is not None:
            methods.append((question, outcome, said))
        if outcome.interrupted:
            break
    unasked = [Answer(q, NOT_BEGUN._replace(interrupted=True)) for q in found[len(answers) :]]
    return (*answers, *unasked), methods


def _one(question: Question, left: float, gap: float, progress: Progress | None) -> tuple[Outcome, Said | None]:
    """One search; with time enough for it, beside a convex reading."""
    if left < LONG or not question.objectives:
        return searched(question.problem(), left, gap, progress), None
    return crosschecked(question.problem(), left, gap, progress)


def _in_unit(question: Question, progress: Progress | None) -> Progress | None:
    """A progress that is told numbers in the unit of the objective, from a search in base units."""
    name = next(iter(question.objectives), None)
    if progress is None or name is None:
        return progress
    worth = units.measure(question.program.output(name).unit).worth

    def told(bound: float | None, incumbent: float | None, nodes: int) -> None:
        progress(None if bound is None else bound / worth, None if incumbent is None else incumbent / worth, nodes)

    return told


def _best(every: Sequence[Answer], asked: Asking) -> Answer | None:
    """The answer with the best design, if any has one."""
    with_design = [one for one in every if one.outcome.point is not None]
    if not with_design or len(asked.objectives) != 1:
        return with_design[0] if with_design else None
    sign = _sign(asked)
    return min(with_design, key=lambda one: sign * (one.outcome.value or 0.0))


def _status(asked: Asking, every: Sequence[Answer], best: Answer | None) -> str:
    """What is proved of all choices of classes together: one that is not finished may still be ruled out."""
    if best is None:
        return "infeasible" if all(one.outcome.status == "infeasible" for one in every) else "unknown"
    value = best.outcome.value
    if value is None:
        return "feasible"
    sign = _sign(asked)
    unfinished = [one.outcome.bound for one in every if one.outcome.status in ("feasible", "unknown")]
    closed = best.outcome.status == "optimal" and all(b is not None and sign * b >= sign * value for b in unfinished)
    return "optimal" if closed else "feasible"


def _sign(asked: Asking) -> float:
    return 1.0 if next(iter(asked.objectives.values())) == "min" else -1.0
