"""The limits of a target on a page: what each output must keep to, in its declared unit."""

from __future__ import annotations

from typing import Any

from symppa.descriptions.target import Target, load_target
from symppa.errors import QuestionError, SymppaError
from symppa.exports.content import Content, told_as
from symppa.exports.heading import brief
from symppa.language.written_units import pretty as unit_shown

WORDS = {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than", "==": "exactly"}
SENSES = {"min": "the least", "max": "the most"}


def named(name: str) -> Target | None:
    """The target of a name or file, where one is asked for."""
    return load_target(name) if name else None


def widened(content: Content, target: Target | None) -> Content:
    """The content with every output that the target limits or is to optimise."""
    if target is None:
        return content
    shown = {output.name for output in content.outputs}
    more = [name for name in dict.fromkeys((*target.limits, *target.objectives)) if name not in shown]
    if not more:
        return content
    try:
        return Content(content.subject, (*content.asked, *more))
    except SymppaError as error:
        raise QuestionError(
            f"the target {target.name} is one of {target.description.system}, and {content.subject.system} "
            f"does not have what it limits: {error.message}"
        ) from None


def limits(content: Content, target: Target | None) -> list[dict[str, Any]]:
    """Each limit: its output, relation and bound, and the same in words."""
    if target is None:
        return []
    told = [f"{name} {relation}" for name, relations in target.limits.items() for relation in relations]
    scales = {output.name: (output.scale, output.unit) for output in content.outputs}
    found = []
    for limit in content.subject.limits(told, content.program):
        scale, unit = scales[limit.output]
        bound = told_as(limit.bound, scale)
        words = f"{WORDS[limit.relation]} {brief(bound)} {unit_shown(unit)}".strip()
        found.append({"output": limit.output, "relation": limit.relation, "bound": bound, "words": words})
    return found


def sought(target: Target) -> str:
    """What a target looks for, in words."""
    found = [f"{SENSES[sense]} {name}" for name, sense in target.objectives.items()]
    base = f"{target.meaning or target.name} ({target.name}, based on {target.base})"
    text = f"{base}; it looks for {' and '.join(found)}" if found else base
    fixed = f". It also fixes {', '.join(target.fixed)}: here these are what the givens say" if target.fixed else ""
    return text + fixed
