"""check: whether everything that a target says fits its system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symppa.descriptions.target import Target
from symppa.studies.design.asking import asking
from symppa.studies.design.problem import Question, questions


def checked_target(
    target: Target | str | Path, values: Mapping[str, Any] | None = None, parts: Mapping[str, str] | None = None
) -> tuple[Question, ...]:
    """The questions of a target whose outputs, limits, free givens and slots all fit; errors carry file and line."""
    found = questions(asking(target, values=values, parts=parts))
    for question in found:
        question.problem()
    return found


def designs(found: tuple[Question, ...]) -> int | None:
    """How many designs all choices of classes have together; None where a range of reals is free."""
    counts = [one.designs for one in found]
    return None if None in counts else sum(count for count in counts if count is not None)
