"""Targets of a description: which outputs meet them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symppa import units
from symppa.descriptions.load import Description
from symppa.descriptions.ranges import split_limit
from symppa.engine.reducers import Limit
from symppa.errors import QuestionError, SymppaError, suggest
from symppa.studies.result import Array, Output


def bound(name: str, goal: str, unit: str, meaning: str = "") -> Limit:
    """A target as a limit, its bound in base units.

    >>> bound("power", "<= 0.5 kW", "W").bound
    500.0
    """
    _, relation, text = split_limit(f"{name} {goal}")
    return Limit(name, relation, units.parse(text, unit, name, meaning))


def met(name: str, goal: str, outputs: Mapping[str, Output], asker: Description | None = None) -> Array:
    """Where an output meets a target; an error stands where its asker, if it is a description, states the target."""
    try:
        if name not in outputs:
            raise QuestionError(f"the target {name} {goal} is on no output here{suggest(name, outputs)}")
        output = outputs[name]
        limit = bound(name, goal, output.unit, output.meaning)
    except SymppaError as error:
        node = asker.node("targets", name) if asker is not None else None
        raise error.at(node.file, node.line) if node else error from None
    return limit.holds(output.values * units.measure(output.unit).worth)


def goals(limits: Iterable[str]) -> dict[str, str]:
    """Targets by output, from limits as one writes them.

    >>> goals(["power <= 300 W"])
    {'power': '<= 300 W'}
    """
    found: dict[str, str] = {}
    for name, relation, text in map(split_limit, limits):
        if name in found:
            raise QuestionError(f"{name} has two targets, {found[name]} and {relation} {text}: an output has one")
        found[name] = f"{relation} {text}"
    return found
