"""What is told of a design that holds its limits for what is uncertain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from symppa import units
from symppa.engine.reducers import Limit
from symppa.engine.search import Outcome
from symppa.engine.search.problem import margin
from symppa.studies.design.asking import Asking
from symppa.studies.design.problem import Question
from symppa.studies.design.robust.robust import Robust
from symppa.studies.design.told import Answer, result_of
from symppa.studies.result import Result

EQUAL = 1e-6  # of a bound, within which a limit is met exactly


def robust_result(asked: Asking, every: Sequence[Question], made: Robust, why: Mapping[str, Any]) -> Result:
    """A robust design as the answer of a design; its limits are told where what is uncertain is worst for them."""
    status, found = _status(made), made.found
    shown = status in ("optimal", "feasible")
    outcome = Outcome(
        status,
        dict(found.point) if shown and found.point is not None else None,
        found.value if shown else None,
        found.bound if status == "optimal" else None,
        0.0, found.nodes, made.seconds, _method(made), 0, made.stopped,
    )  # fmt: skip
    answers = [Answer(replace(one, limits=()), outcome) for one in every]
    best = answers[found.choice] if shown else None
    told = [best] if best is not None else answers[:1]
    said = {
        "status": status,
        "robust": {"uncertain": {n: str(v) for n, v in asked.uncertain.items()}, **made.how},
        **why,
    }
    result = result_of(asked, told, best, said)
    counts = [one.designs for one in every]
    certificate = {
        **result.facts["certificate"],
        "designs": None if None in counts else sum(n for n in counts if n is not None),
    }
    limits = _limits(every[found.choice], result, made) if shown else []
    nominal = "the objective counts where nothing varies from its value" if asked.objectives else ""
    notes = (*result.notes, *([nominal] if shown and nominal else _why(status)))
    return replace(result, notes=notes, facts={**result.facts, "limits": limits, "certificate": certificate})


def _status(made: Robust) -> Literal["optimal", "feasible", "infeasible", "unknown"]:
    if made.found.verdict == "none":
        return "infeasible"
    if made.found.point is None or not made.holds:
        return "unknown"
    sure = made.found.proved and made.found.value is not None and made.how.get("hold") == 1.0
    return "optimal" if sure else "feasible"


def _why(status: str) -> tuple[str, ...]:
    if status == "infeasible":
        return ("no design holds its limits for all of these values of what is uncertain",)
    return ("no design was found whose limits are known to hold for what is uncertain",)


def _method(made: Robust) -> str:
    return f"interval branch and bound with {len(made.cases)} case{'' if len(made.cases) == 1 else 's'} of limits"


def _limits(question: Question, result: Result, made: Robust) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    for text, limit, worst in zip(question.asking.limits, question.limits, made.worst, strict=True):
        unit = question.program.output(limit.output).unit
        worth = units.measure(unit).worth
        far = margin(limit, worst["value"])
        at = {n: v / units.measure(question.program.givens[n].unit).worth for n, v in worst["at"].items()}
        rows.append(
            {
                "limit": text, "output": limit.output, "relation": limit.relation, "bound": limit.bound / worth,
                "value": worst["value"] / worth, "nominal": float(result[limit.output]), "at": at,
                "margin": far / worth, "unit": unit, "binds": _binds(limit, far),
            }
        )  # fmt: skip
    return rows


def _binds(limit: Limit, far: float) -> bool:
    return abs(far) <= EQUAL * abs(limit.bound)
