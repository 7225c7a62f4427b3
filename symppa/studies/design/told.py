"""What is told of answers: a design by the ordinary reading, its limits, and the certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from symppa import units
from symppa.engine.search import Outcome, exact
from symppa.engine.search.problem import judged
from symppa.errors import UndefinedResultError
from symppa.studies.design.asking import Asking
from symppa.studies.design.explain.binding import binding, ends
from symppa.studies.design.explain.shadow import LOOSER
from symppa.studies.design.problem import Question, subject_at, values_at
from symppa.studies.evaluate import evaluate
from symppa.studies.result import Output, Result, as_data
from symppa.studies.subject import Subject

AGREES = 1e-9  # relative, between what the search judged and what evaluate shows: the tolerance of limits


@dataclass(frozen=True)
class Answer:
    """What the search found for one choice of classes."""

    question: Question
    outcome: Outcome


def result_of(asked: Asking, every: Sequence[Answer], best: Answer | None, said: Mapping[str, Any]) -> Result:
    """The best answer with what is said of it, or that there is none."""
    facts = {
        "meaning": asked.target.meaning if asked.target else "",
        **said,
        "asked": {"objectives": dict(asked.objectives), "limits": list(asked.limits)},
        "free": {name: str(one) for name, one in asked.free.items()},
        "certificate": certificate(asked, every, best),
    }
    first = every[0].question
    remarks = [best.outcome.remark] if best is not None and best.outcome.remark else []
    notes = tuple(dict.fromkeys([*(note for one in every for note in one.question.notes), *remarks]))
    question = asked_again(asked)
    if best is None:
        return Result(
            study="design", system=first.subject.system, name=asked.name, outputs={}, facts=facts, notes=notes,
            hashes=files_of(asked), question=question,
        )  # fmt: skip
    shown, inputs, hashes = evaluated(best.question, best.outcome.point or {}, best.outcome.value)
    prices = facts.pop("prices", None)
    facts |= _told(best, shown, prices)
    return Result(
        study="design",
        system=first.subject.system,
        name=asked.name,
        outputs=shown,
        inputs=inputs,
        notes=notes,
        facts=facts,
        hashes={**hashes, **files_of(asked)},
        question=question,
    )


def evaluated(
    question: Question, point: Mapping[str, float], value: float | None = None
) -> tuple[dict[str, Output], Mapping[str, Any], Mapping[str, str]]:
    """The design by the ordinary reading of the unchanged model; refused where that disagrees with the search."""
    import numpy as np

    problem = question.problem()
    found = evaluate(subject_at(question, point), outputs=list(question.program.outputs))
    checked = judged(problem, point)
    told = dict(checked.values)
    if problem.objective is not None and value is not None:
        told[problem.objective[0]] = value
    for name, number in told.items():
        _check_shown(question, point, name, number, found.outputs[name])
    if not checked.feasible:
        broken = [one.output for one in problem.limits if not one.holds(np.asarray(checked.values[one.output]))]
        raise UndefinedResultError(
            f"the design {values_at(question, point)} that the search found breaks "
            f"{', '.join(broken) or 'a limit'} on the model: its answer cannot be taken"
        )
    givens = {name: _given(question, name, value) for name, value in point.items()}
    return {**givens, **found.outputs}, found.inputs, found.hashes


def _check_shown(question: Question, point: Mapping[str, float], name: str, number: float, shown: Output) -> None:
    """Refuse where the model says another number than the search did."""
    worth = units.measure(shown.unit).worth
    said, known = number / worth, float(shown.values)
    if not abs(said - known) <= AGREES * max(abs(said), abs(known)):
        raise UndefinedResultError(
            f"{name} is {known!r} {shown.unit} on the model, but {said!r} in the search, for the design "
            f"{values_at(question, point)}: its answer cannot be taken"
        )


def _given(question: Question, name: str, value: float) -> Output:
    import numpy as np

    given, labels = question.program.givens[name], question.free[name].labels
    shown = labels[int(value)] if labels is not None else value / units.measure(given.unit).worth
    return Output(np.asarray(shown), (), given.unit, given.meaning)


def _told(best: Answer, shown: Mapping[str, Output], prices: Sequence[Any] | None) -> dict[str, Any]:
    """The objective, every limit with its margin and whether it binds, and givens at an end of their range."""
    question, outcome = best.question, best.outcome
    point, problem = outcome.point or {}, question.problem()
    held = set(binding(problem, point))
    if prices is not None:
        held |= {
            limit for limit, price in zip(problem.limits, prices, strict=True) if price and price[LOOSER]["change"]
        }
    at_end = {name: end for name, end in ends(problem, point).items() if question.free[name].labels is None}
    limits = []
    texts = question.asking.limits if question.limits else ()  # limits that hold in cases are told by themselves
    for text, limit, margin in zip(texts, question.limits, exact(problem, point)[1], strict=True):
        worth = units.measure(shown[limit.output].unit).worth
        limits.append(
            {
                "limit": text,
                "output": limit.output,
                "relation": limit.relation,
                "bound": limit.bound / worth,
                "value": float(shown[limit.output].values),
                "margin": margin / worth,
                "unit": shown[limit.output].unit,
                "binds": limit in held,
            }
        )
    if prices is not None:
        limits = [{**row, "price": price} for row, price in zip(limits, prices, strict=True)]
    found: dict[str, Any] = {"design": list(point), "limits": limits, "at_end": at_end}
    found["slots"] = dict(question.slots)
    if problem.objective is not None:
        name, sense = problem.objective
        found["objective"] = {
            "output": name,
            "sense": sense,
            "value": float(shown[name].values),
            "unit": shown[name].unit,
        }
    return found


def certificate(asked: Asking, every: Sequence[Answer], best: Answer | None) -> dict[str, Any]:
    """How it was proved, or how far the search came, for all choices of classes."""
    name = next(iter(asked.objectives), None)
    counts = [one.question.designs for one in every]
    bound = None if name is None else _bound(asked, every, name)
    value = None if best is None else _declared(best, name)
    return {
        "bound": bound,
        "unit": None if name is None else every[0].question.program.output(name).unit,
        "gap": None if bound is None or value is None else _gap(value, bound),
        "within": None if bound is None or value is None else abs(value - bound),
        "absolute_gap": None if best is None or name is None else best.outcome.absolute / _worth(every, name),
        "method": ", ".join(dict.fromkeys(one.outcome.method for one in every)),
        "nodes": sum(one.outcome.nodes for one in every),
        "seconds": sum(one.outcome.seconds for one in every),
        "designs": None if None in counts else sum(c for c in counts if c is not None),
        "boxes_left": sum(one.outcome.boxes_left for one in every),
        "interrupted": any(one.outcome.interrupted for one in every),
        "choices": [
            {"slots": dict(one.question.slots), "status": one.outcome.status, "value": _declared(one, name)}
            for one in every
            if one.question.slots
        ],
    }


def _gap(value: float, bound: float) -> float | None:
    """How much better than the design found the bound still is, relative."""
    return 0.0 if value == bound else _finite(abs(value - bound) / max(abs(value), abs(bound)))


def _bound(asked: Asking, every: Sequence[Answer], name: str) -> float | None:
    """What no design of any choice is better than, in the objective's unit."""
    bounds = [one.outcome.bound for one in every if one.outcome.status != "infeasible"]
    if not bounds or any(bound is None for bound in bounds):
        return None
    best = (min if asked.objectives[name] == "min" else max)(b for b in bounds if b is not None)
    return _finite(best / _worth(every, name))


def _worth(every: Sequence[Answer], name: str) -> float:
    return units.measure(every[0].question.program.output(name).unit).worth


def _declared(one: Answer, name: str | None) -> float | None:
    value = one.outcome.value
    if name is None or value is None:
        return None
    return value / units.measure(one.question.program.output(name).unit).worth


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def files_of(asked: Asking) -> dict[str, str]:
    """The hashes of a target's files."""
    return asked.target.files if asked.target else {}


def asked_again(asked: Asking) -> dict[str, Any]:
    """What was asked, so that it can be asked again."""
    if asked.target is not None:
        return {"target": asked.target.asked, "set": as_data(asked.values), "parts": as_data(asked.parts)}
    subject = Subject(asked.system, asked.values, asked.parts)
    return subject.question(
        objectives=dict(asked.objectives),
        subject_to=list(asked.limits),
        free={name: as_data(one.raw) for name, one in asked.free.items()},
        slots={path: list(classes) for path, classes in asked.slots.items()},
    )
