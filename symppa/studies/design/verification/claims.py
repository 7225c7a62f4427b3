"""What an answer of one design says of its target: the design on the model, its bound, and each choice of classes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from symppa import units
from symppa.engine.search import Outcome
from symppa.engine.search.problem import judged
from symppa.studies.design.explain.shadow import better, slack_of, steepness
from symppa.studies.design.problem import Question, subject_at
from symppa.studies.design.told import Answer, result_of
from symppa.studies.design.verification.compared import differences
from symppa.studies.design.verification.proofs import Nothing, Proof
from symppa.studies.design.verification.recorded import NEAR, Data, along, chosen, differs, in_base, outside, point_of
from symppa.studies.evaluate import evaluate
from symppa.studies.result import Result

STEEP = 1e-6  # relative, between slopes


def shared(data: Data, every: Sequence[Question]) -> Iterator[str]:
    """What a record says was asked that the target does not ask; and how many designs there are."""
    asked, facts = every[0].asking, data["facts"]
    counts = [one.designs for one in every]
    said = {"objectives": dict(asked.objectives), "limits": list(asked.limits)}
    meaning = asked.target.meaning if asked.target else ""
    yield from differences(facts.get("meaning"), meaning, "facts.meaning")
    yield from differences(facts["asked"], said, "facts.asked")
    yield from differences(facts["free"], {name: str(one) for name, one in asked.free.items()}, "facts.free")
    designs = None if None in counts else sum(c for c in counts if c is not None)
    yield from differences(facts["certificate"]["designs"], designs, "facts.certificate.designs")


def contradicts(data: Data) -> list[str]:
    """An answer that says that it has a design has one."""
    status, has = data["facts"]["status"], bool(data["facts"].get("design"))
    if status not in ("optimal", "feasible", "infeasible", "unknown") or has != (status in ("optimal", "feasible")):
        return [f"it says {status} and has {'a' if has else 'no'} design"]
    return []


def inconsistent(data: Data, every: Sequence[Question]) -> Iterator[str]:
    """Numbers of a record that do not fit each other, and what is told of a design where there is none."""
    facts = data["facts"]
    if not facts.get("design"):
        odd = [name for name in ("objective", "limits", "at_end", "steepness", "priced") if facts.get(name)]
        yield from (f"facts.{name} is told of no design" for name in odd)
        yield from (f"outputs.{name} is told of no design" for name in data["outputs"])
    yield from _bounded(data, every)


def _bounded(data: Data, every: Sequence[Question]) -> Iterator[str]:
    """The bound lies on the good side of the objective, and the gap is what lies between them."""
    facts, said = data["facts"], data["facts"]["certificate"]
    objective = next(iter(every[0].objectives.items()), None)
    unit = None if objective is None else every[0].program.output(objective[0]).unit
    yield from differences(said["unit"], unit, "facts.certificate.unit")
    value = facts.get("objective", {}).get("value")
    bound, gap = said["bound"], said["gap"]
    if objective is None or value is None or bound is None:
        if facts["status"] == "infeasible" and bound is not None:
            yield f"facts.certificate.bound is {bound!r}, and there is said to be no design"
        if gap is not None or (bound is not None and objective is None):
            yield f"facts.certificate.gap is {gap!r}, with no bound of an objective"
        if facts["status"] == "optimal":
            yield "it says optimal, and no bound of the objective is recorded"
        return
    sign, size = (1.0 if objective[1] == "min" else -1.0), max(abs(value), abs(bound))
    if sign * bound > sign * value + NEAR * size:
        yield f"facts.certificate.bound is {bound!r}, and the design is better than that"
    far = 0.0 if value == bound else abs(value - bound) / size
    if gap is None or abs(gap - far) > NEAR:
        yield f"facts.certificate.gap is {gap!r}, and {far!r} lies between the bound and the design"
    asked = max(float(said.get("asked_gap") or 0.0), max(slack_of(one.problem()) for one in every))
    near = abs(value - bound) <= float(said.get("absolute_gap") or 0.0) * (1 + 1e-6)
    if facts["status"] == "optimal" and far > asked * (1 + 1e-6) and not near:
        yield f"it says optimal with a gap of {far:.3g}, where {asked:.3g} was asked for"


class Told(NamedTuple):
    """What of a recorded design is not so, its outputs on the model, and whether it is a design at all."""

    reasons: list[str]
    outputs: Mapping[str, Any]
    sound: bool


def design(data: Data, every: Sequence[Question]) -> Told:
    """A recorded design on the model."""
    facts = data["facts"]
    question = every[chosen(every, facts.get("slots", {}))]
    point = point_of(question, data["outputs"])
    reasons = outside(question, point, data["outputs"])
    if reasons:
        return Told(reasons, {}, False)
    problem = question.problem()
    checked = judged(problem, point)
    if not checked.feasible:
        return Told(["the design breaks a limit"], {}, False)
    if problem.objective is not None and checked.value is not None:
        recorded = data["outputs"].get(problem.objective[0])
        if recorded is None or isinstance(recorded["values"], str) or differs(in_base(recorded), checked.value):
            said = "said" if recorded is None else f"{recorded['values']} {recorded['unit']}"
            return Told([f"{problem.objective[0]} is not {said} for this design"], {}, False)
    result = told_anew(question, point, checked.value)
    reasons = list(otherwise(data, result))
    rows = json.loads(result.to_json())["facts"].get("limits", [])
    reasons += _rows(facts.get("limits") or [], rows)
    if "steepness" in facts:
        reasons += differences(facts["steepness"], steepness(problem, point), "facts.steepness", STEEP)
    return Told(reasons, result.outputs, True)


def told_anew(question: Question, point: Mapping[str, float], value: float | None) -> Result:
    """A design as an answer would tell it."""
    outcome = Outcome("feasible", dict(point), value, None, float("inf"), 0, 0.0, "")
    return result_of(question.asking, [Answer(question, outcome)], Answer(question, outcome), {})


def otherwise(data: Data, result: Result) -> Iterator[str]:
    """Fields of a record that are other ones on the model."""
    found, facts = json.loads(result.to_json()), data["facts"]
    for name in ("outputs", "inputs", "system", "confidence", "sources"):
        yield from differences(data.get(name), found[name], name)
    for name in ("meaning", "design", "objective", "at_end", "slots"):
        if name in found["facts"] or name in facts:
            yield from differences(facts.get(name), found["facts"].get(name), f"facts.{name}")


def _rows(recorded: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Limits as they are told; one binds also where a looser bound is proved to pay."""
    plain = [{name: value for name, value in row.items() if name != "price"} for row in recorded]
    wanted = [dict(row) for row in found]
    for row, one in zip(recorded, wanted, strict=False):
        looser = (row.get("price") or {}).get("looser", {})
        one["binds"] = bool(one["binds"] or looser.get("change"))
    yield from differences(plain, wanted, "facts.limits")


def hashes(data: Data, every: Sequence[Question]) -> Mapping[str, str]:
    """The hashes that an answer with the recorded design would have now; none where it has no design."""
    facts = data["facts"]
    if data["study"] == "front":
        outputs = next(along(data))
        slots = {path: outputs[path]["values"] for path in every[0].slots if path in outputs}
    elif facts.get("design"):
        outputs, slots = data["outputs"], facts.get("slots", {})
    else:
        return {}
    question = every[chosen(every, slots)]
    subject = subject_at(question, point_of(question, outputs))
    return evaluate(subject, outputs=list(question.program.outputs)).hashes


def proved(data: Data, every: Sequence[Question], nothing: Nothing) -> Proof:
    """That no design is better than the recorded bound, or that there is none."""
    facts, objective = data["facts"], next(iter(every[0].objectives.items()), None)
    if facts["status"] == "infeasible":
        return nothing.better(None)
    bound = facts["certificate"]["bound"]
    if objective is None or bound is None:
        return Proof(False, True, ())
    worth = units.measure(every[0].program.output(objective[0]).unit).worth
    slack = max(slack_of(one.problem()) for one in every)
    absolute = float(facts["certificate"].get("absolute_gap") or 0.0) * worth
    return nothing.better(better(*objective, bound * worth, slack, min(absolute, slack * abs(bound * worth))))


def choices(data: Data, every: Sequence[Question], nothing: Nothing) -> tuple[list[str], list[str]]:
    """What of each choice of classes is not so, and what of it stayed open."""
    rows, reasons, open_ = data["facts"]["certificate"]["choices"], list[str](), list[str]()
    slots = [dict(one.slots) for one in every if one.slots]
    if [row["slots"] for row in rows] != slots:
        return ["facts.certificate.choices are not those of the target"], []
    for row, question in zip(rows, every, strict=False):
        wrong, left = _choice(row, question, nothing)
        text = ", ".join(f"{path} = {name}" for path, name in row["slots"].items())
        reasons += [f"{text} is {row['status']}: {wrong}"] if wrong else []
        open_ += [f"what {text} comes to"] if left else []
    return reasons, open_


def _choice(row: Mapping[str, Any], question: Question, nothing: Nothing) -> tuple[str, bool]:
    """Why what is said of one choice is wrong, or whether it stayed open."""
    if row["status"] not in ("optimal", "feasible", "infeasible", "unknown"):
        return "no such status", False
    if row["status"] == "infeasible":
        seen = nothing.better(None, question)
        return ("there is a design" if seen.found else "", not seen.proved)
    objective = next(iter(question.objectives.items()), None)
    if objective is None or row["value"] is None:
        return "", False
    value = row["value"] * units.measure(question.program.output(objective[0]).unit).worth
    slack = slack_of(question.problem())
    if row["status"] == "optimal":
        seen = nothing.better(better(*objective, value, slack), question)
        if seen.found or not seen.proved:
            return ("a better one is found" if seen.found else "", not seen.found)
    opposite = "max" if objective[1] == "min" else "min"
    as_good = better(objective[0], objective[1], better(objective[0], opposite, value, slack).bound, 0.0)
    there = nothing.better(as_good, question)
    return ("no design is as good" if there.proved else "", not there.found and not there.proved)
