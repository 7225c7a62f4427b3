"""verify: whether a recorded answer holds, by the model and by another search."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from symppa import units
from symppa.descriptions.target import Target
from symppa.engine.reducers import Limit
from symppa.engine.search import Choices, Domain, Problem, search
from symppa.engine.search.problem import judged
from symppa.errors import QuestionError, UnsupportedError
from symppa.studies.design.answer import Progress
from symppa.studies.design.asking import Asking, asking
from symppa.studies.design.problem import Question, questions
from symppa.studies.design.told import evaluated, files_of
from symppa.studies.result import Output, Result

CONFIRMED, REFUTED, OPEN = "confirmed", "refuted", "unconfirmed"
NEAR = 1e-9  # relative, between a recorded number and what it was
LATTICE, REALS = 2e-9, 2e-6  # relative, by which another design would have to be better to refute an answer
Data = Mapping[str, Any]


def verify(
    answer: str | Path,
    target: Target | str | Path | None = None,
    *,
    values: Mapping[str, Any] | None = None,
    parts: Mapping[str, str] | None = None,
    time_limit: float = 60.0,
    progress: Progress | None = None,
) -> Result:
    """Whether the JSON of an answer to a target holds: `facts["status"]` is confirmed, refuted or unconfirmed.

    Its design is evaluated on the model, and one that is better by more than `facts["certificate"]["gap"]` is searched
    for; the bound that was recorded is not used. Without a `target`: the one that was recorded, with what was set.
    """
    data = _read(Path(answer))
    asked = _asked(data, answer, target, values or {}, parts or {})
    every = questions(asked)
    reasons = _inconsistent(data)
    outputs: dict[str, Output] = {}
    if data["facts"].get("design") and not reasons:
        chosen = _chosen(every, data)
        point = _point(chosen, data)
        reasons += _outside(chosen, point, data) or _otherwise(chosen, point, data)
        outputs = {} if reasons else evaluated(chosen, point)[0]
    proofs = []
    if not reasons and data["facts"]["status"] in ("optimal", "infeasible"):
        proofs = [search(_better(one, data), time_limit=time_limit / len(every), progress=progress) for one in every]
        if any(one.point is not None for one in proofs):
            reasons.append(
                "there is a better design" if data["facts"].get("design") else "there is a design within all limits"
            )
    proved = data["facts"]["status"] != "unknown" and all(one.status == "infeasible" for one in proofs)
    status = REFUTED if reasons else CONFIRMED if proved else OPEN
    certificate = {
        "gap": max(_gap(one, data) for one in every) if proofs and data["facts"].get("design") else None,
        "method": ", ".join(dict.fromkeys(one.method for one in proofs)) or "evaluation of the design",
        "nodes": sum(one.nodes for one in proofs),
        "seconds": sum(one.seconds for one in proofs),
        "interrupted": any(one.interrupted for one in proofs),
    }
    return Result(
        study="verify",
        system=every[0].subject.system,
        name=asked.name,
        outputs=outputs,
        facts={"status": status, "recorded": data["facts"]["status"], "reasons": reasons, "certificate": certificate},
        notes=tuple(_changed(data, files_of(asked))),
        question={"answer": Path(answer).name, "target": asked.name},
    )


def _asked(
    data: Data,
    answer: str | Path,
    target: Target | str | Path | None,
    values: Mapping[str, Any],
    parts: Mapping[str, str],
) -> Asking:
    """The target, or else the one that a record names with what was set for it."""
    if target is None:
        question = data.get("question") or {}
        target = question.get("target")
        if not isinstance(target, str):
            raise QuestionError(f"{answer} names no target: it was asked from Python; say which target it answers")
        values, parts = {**question.get("set", {}), **values}, {**question.get("parts", {}), **parts}
    asked = asking(target, values=values, parts=parts)
    if asked.uncertain:
        names = ", ".join(asked.uncertain)
        raise UnsupportedError(
            f"limits that hold for what is uncertain ({names}) are not verified from a record: ask again"
        )
    return asked


def _read(path: Path) -> Data:
    try:
        data = json.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise QuestionError(f"not JSON: {error}", file=str(path)) from None
    if not isinstance(data, dict) or data.get("study") != "design" or not {"facts", "outputs"} <= set(data):
        raise QuestionError("this is no answer that `symppa design --json` wrote", file=str(path))
    return data


def _chosen(every: tuple[Question, ...], data: Data) -> Question:
    """The question of the recorded classes."""
    slots = data["facts"].get("slots", {})
    for one in every:
        if dict(one.slots) == slots:
            return one
    raise QuestionError(f"the target has no choice of classes {slots}")


def _point(question: Question, data: Data) -> dict[str, float]:
    """The recorded design in base units, its numbers rounded to the candidates they are."""
    point = {}
    for name, one in question.free.items():
        if name not in data["outputs"]:
            raise QuestionError(f"the answer says nothing of {name}, which is free: it is of another target")
        recorded = data["outputs"][name]
        if one.labels is not None:
            point[name] = float(one.labels.index(recorded["values"])) if recorded["values"] in one.labels else -1.0
        else:
            worth = units.measure(recorded["unit"]).worth * recorded["values"]
            point[name] = _nearest(one.domain, worth)
    return point


def _nearest(domain: Domain, value: float) -> float:
    near = min(domain.values, key=lambda v: abs(v - value)) if isinstance(domain, Choices) else value
    return near if abs(near - value) <= NEAR * abs(value) else value


def _outside(question: Question, point: Mapping[str, float], data: Data) -> list[str]:
    """Givens of the recorded design that may not be what they are."""
    found = []
    for name, one in question.free.items():
        at, allowed = point[name], one.domain
        inside = at in allowed.values if isinstance(allowed, Choices) else allowed.low <= at <= allowed.high
        if not inside:
            found.append(f"{name} = {data['outputs'][name]['values']} is not among what is free")
    return found


def _otherwise(question: Question, point: Mapping[str, float], data: Data) -> list[str]:
    """What of the recorded design is not so on the model."""
    problem = question.problem()
    checked = judged(problem, point)
    found = [] if checked.feasible else ["the design breaks a limit"]
    if problem.objective is not None and checked.value is not None:
        recorded = data["outputs"][problem.objective[0]]
        worth = units.measure(recorded["unit"]).worth * recorded["values"]
        if abs(worth - checked.value) > NEAR * max(abs(worth), abs(checked.value)):
            found.append(f"{problem.objective[0]} is not {recorded['values']} {recorded['unit']} for this design")
    return found


def _better(question: Question, data: Data) -> Problem:
    """A search for any design that is better than the recorded one, or for any at all where none was found."""
    problem = question.problem()
    objective = problem.objective
    if objective is None or not data["facts"].get("design"):
        return replace(problem, objective=None)
    recorded = data["outputs"][objective[0]]
    value = units.measure(recorded["unit"]).worth * recorded["values"]
    step = _gap(question, data) * abs(value)
    sign, worse = ("<", -step) if objective[1] == "min" else (">", step)
    limit = Limit(objective[0], sign, value + worse)
    return replace(problem, objective=None, limits=(*problem.limits, limit))


def _gap(question: Question, data: Data) -> float:
    """How much better a design may be that still does not refute an answer: rounding, and the gap the answer states."""
    least = LATTICE if question.is_finite else REALS
    return max(least, 2 * float(data["facts"].get("certificate", {}).get("gap") or 0.0))


def _inconsistent(data: Data) -> list[str]:
    """An answer that says it has a design has one, and one that says there is none has none."""
    status, has = data["facts"].get("status"), bool(data["facts"].get("design"))
    if status not in ("optimal", "feasible", "infeasible", "unknown") or has != (status in ("optimal", "feasible")):
        return [f"it says {status} and has {'a' if has else 'no'} design"]
    return []


def _changed(data: Data, files: Mapping[str, str]) -> Iterator[str]:
    recorded = data.get("hashes", {})
    for name, digest in files.items():
        if name in recorded and recorded[name] != digest:
            yield f"{name} has changed since the answer was recorded"
