"""A program over a list of points: some givens move together along one axis more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symppa.engine.program import Axis, Given, Program, Step
from symppa.language.operations import REDUCING

POINT = "point"


def moving(program: Program, values: Mapping[str, Any]) -> list[str]:
    """Single givens that are told several values, though no axis is theirs."""
    swept = {name for axis in program.axes for name in axis.swept}
    single = [n for n, given in program.givens.items() if not given.over and n not in swept]
    return [name for name in single if name in values and _several(values[name])]


def _several(value: Any) -> bool:
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], str):
        value = value[0]
    return not isinstance(value, str | Mapping) and np.ndim(getattr(value, "magnitude", value)) == 1


def over_points(program: Program, moved: Iterable[str] | Mapping[str, str], axis: str = POINT) -> Program:
    """The same steps with one swept axis more, the first, along which the named givens move together.

    A mapping names the columns of a list, which may be members of a vector, and the given that moves with each.
    """
    columns = moved if isinstance(moved, Mapping) else {name: name for name in moved}
    names = tuple(dict.fromkeys(columns.values()))
    steps = tuple(_shifted(step) for step in program.steps)
    masks: list[int] = []
    for step, mask in zip(program.steps, program.masks, strict=True):
        along = step.operation == "given" and step.detail in names
        masks.append(mask << 1 | int(along or any(masks[a] & 1 for a in step.arguments)))
    return replace(
        program,
        steps=steps,
        masks=tuple(masks),
        axes=(Axis(axis, "design", names, columns=tuple(columns)), *program.axes),
        swept=program.swept + 1,
        givens={name: _moved(given) for name, given in program.givens.items()},
    )


def _shifted(step: Step) -> Step:
    """Axes are counted one further."""
    counts = step.operation in REDUCING or step.operation in ("coordinate", "count")
    return step._replace(detail=step.detail + 1) if counts else step


def _moved(given: Given) -> Given:
    domain = given.domain
    if domain is not None and domain[0] == "member":
        domain = ("member", (domain[1][0] + 1,))
    return replace(given, over=tuple(a + 1 for a in given.over), domain=domain)
