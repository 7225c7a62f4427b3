"""design: the best design within some limits, with its proof, or that there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from symppa import units
from symppa.descriptions.target import Target
from symppa.engine.search import Outcome, exact, search
from symppa.errors import QuestionError, UnsupportedError
from symppa.studies.design.asking import Asking, Limits, Names, asking
from symppa.studies.design.explain import explained
from symppa.studies.design.front import fronts
from symppa.studies.design.problem import Question, questions
from symppa.studies.design.relax import limit_named, trade_off
from symppa.studies.design.robust import nominally, robust
from symppa.studies.design.shadow import LEAST, shadow_prices, steepness
from symppa.studies.design.told import Answer, result_of
from symppa.studies.design.told_front import front_result
from symppa.studies.design.told_robust import robust_result
from symppa.studies.result import Result
from symppa.studies.subject import System

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
    progress: Progress | None = None,
) -> Result:
    """The best design of a target, or of a system within limits; `facts["status"]` says what is proved.

    "optimal" and "infeasible" are proved; "feasible" and "unknown" were stopped, and `facts["certificate"]` has the
    bound that was reached. `free` is written as in a target's file. To `explain` an answer takes as long again
    at most, and so does the trade-off along the limit that is to `relax`. Several objectives make a front: the designs
    that no other beats in all of them.

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
    if asked.uncertain:
        return _held(asked, time_limit, relax, explain)
    found = questions(asked)
    place = None if relax is None else limit_named(found, relax)
    every = _searched(found, time_limit, gap, progress)
    best = _best(every, asked)
    status = _status(asked, every, best)
    said: dict[str, Any] = {"status": status}
    if len(asked.objectives) > 1 and best is not None:
        return front_result(asked, found, fronts(found, time_limit))
    if explain and not any(one.outcome.interrupted for one in every):
        said |= _explained(every, best, status, time_limit)
    if place is not None:
        said["trade_off"] = trade_off(found, place, time_limit)
    return result_of(asked, every, best, said)


def _held(asked: Asking, time_limit: float, relax: str | None, explain: bool) -> Result:
    """A design whose limits hold for what is uncertain; refused where that is not answered."""
    names = ", ".join(asked.uncertain)
    if relax is not None:
        raise UnsupportedError(f"there is no trade-off along a limit that holds for what is uncertain: fix {names}")
    if len(asked.objectives) > 1:
        raise UnsupportedError(f"there is no front of designs that hold for what is uncertain: fix {names}")
    found = questions(asked)
    made = robust(found, time_limit)
    none = explain and made.found.verdict == "none" and not nominally(found, time_limit)
    return robust_result(asked, found, made, explained(found, time_limit) if none else {})


def _explained(every: Sequence[Answer], best: Answer | None, status: str, time_limit: float) -> dict[str, Any]:
    """Why nothing fits, or what each limit of a proved answer costs."""
    if status == "infeasible":
        return explained([one.question for one in every], time_limit)
    if status != "optimal" or best is None:
        return {}
    problem, point = best.question.problem(), best.outcome.point or {}
    value, margins = exact(problem, point)
    left = min(time_limit, LEAST + 2 * sum(one.outcome.seconds for one in every))
    prices = shadow_prices([one.question.problem() for one in every], value or 0.0, margins, left)
    return {"prices": prices, "steepness": steepness(problem, point)}


def _searched(
    found: Sequence[Question], time_limit: float, gap: float, progress: Progress | None
) -> tuple[Answer, ...]:
    """Every choice of classes in turn, each with its share of what time is left."""
    end, answers = perf_counter() + time_limit, []
    for k, question in enumerate(found):
        left = max((end - perf_counter()) / (len(found) - k), 0.0)
        outcome = search(question.problem(), time_limit=left, gap=gap, progress=_in_unit(question, progress))
        answers.append(Answer(question, outcome))
        if outcome.interrupted:
            break
    unasked = [
        Answer(q, Outcome("unknown", None, None, None, float("inf"), 0, 0.0, "not begun", 0, True))
        for q in found[len(answers) :]
    ]
    return (*answers, *unasked)


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
    if not with_design or not asked.objectives:
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
