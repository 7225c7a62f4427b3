"""What a recorded answer says: its target, and its designs in base units."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from symppa import units
from symppa.descriptions.target import Target
from symppa.engine.search import Choices, Domain
from symppa.errors import QuestionError
from symppa.studies.design.asking import Asking, asking
from symppa.studies.design.problem import Question
from symppa.studies.design.verification.fields import FORMS, check

NEAR = 1e-9  # relative, between a recorded number and what it was
STUDIES = ("design", "front")
Data = Mapping[str, Any]


def read(path: Path) -> Data:
    """The JSON of an answer; refused where it is none."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise QuestionError(f"not JSON: {error}", file=str(path)) from None
    if not isinstance(data, dict) or data.get("study") not in STUDIES or not {"facts", "outputs"} <= set(data):
        raise QuestionError("this is no answer that `symppa design --json` wrote", file=str(path))
    try:
        check(data, FORMS[data["study"]])
    except QuestionError as error:
        raise error.at(str(path), None) from None
    return data


def target_of(
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
        values, parts = {**(question.get("set") or {}), **values}, {**(question.get("parts") or {}), **parts}
    return asking(target, values=values, parts=parts)


def chosen(every: Sequence[Question], slots: Mapping[str, str]) -> int:
    """The place of the question of some classes."""
    for k, one in enumerate(every):
        if dict(one.slots) == dict(slots):
            return k
    raise QuestionError(f"the target has no choice of classes {dict(slots)}")


def point_of(question: Question, outputs: Data) -> dict[str, float]:
    """A recorded design in base units, its numbers rounded to the candidates they are."""
    point = {}
    for name, one in question.free.items():
        if name not in outputs:
            raise QuestionError(f"the answer says nothing of {name}, which is free: it is of another target")
        recorded = outputs[name]
        if one.labels is not None:
            point[name] = float(one.labels.index(recorded["values"])) if recorded["values"] in one.labels else -1.0
        elif isinstance(recorded["values"], str):
            raise QuestionError(f"outputs.{name}.values is {recorded['values']!r}, where a number should be")
        else:
            point[name] = _nearest(one.domain, in_base(recorded))
    return point


def in_base(recorded: Data) -> float:
    """A recorded number in base units; NaN where none is recorded."""
    value = recorded["values"]
    if isinstance(value, str):
        raise QuestionError(f"a value of the outputs is {value!r}, where a number should be")
    return float("nan") if value is None else float(units.measure(recorded["unit"]).worth * value)


def _nearest(domain: Domain, value: float) -> float:
    near = min(domain.values, key=lambda v: abs(v - value)) if isinstance(domain, Choices) else value
    return near if abs(near - value) <= NEAR * abs(value) else value


def outside(question: Question, point: Mapping[str, float], outputs: Data) -> list[str]:
    """Givens of a recorded design that may not be what they are."""
    found = []
    for name, one in question.free.items():
        at, allowed = point[name], one.domain
        inside = at in allowed.values if isinstance(allowed, Choices) else allowed.low <= at <= allowed.high
        if not inside:
            found.append(f"{name} = {outputs[name]['values']} is not among what is free")
    return found


def differs(recorded: float, found: float, near: float = NEAR) -> bool:
    """Whether two numbers are not the same."""
    return not abs(recorded - found) <= near * max(abs(recorded), abs(found))


def along(data: Data) -> Iterator[Data]:
    """The outputs of one design of a recorded front after the other; refused where they are not side by side."""
    columns = {name: one["values"] for name, one in data["outputs"].items()}
    lengths = {len(column) if isinstance(column, list) else -1 for column in columns.values()}
    if len(lengths) != 1 or not lengths.isdisjoint({0, -1}):
        raise QuestionError("the outputs of the recorded front do not stand side by side, one value for each design")
    for k in range(lengths.pop()):
        yield {name: {**one, "values": columns[name][k]} for name, one in data["outputs"].items()}
