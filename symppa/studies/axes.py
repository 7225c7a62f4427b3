"""Axes of a sweep: from what a user writes to arrays, and from designs back to values along each axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.bind import Value
from symppa.descriptions.ranges import values_of
from symppa.engine.grid import Grid
from symppa.engine.program import Axis, Given, Program
from symppa.errors import QuestionError
from symppa.studies.result import Array, Coordinate


def axis_values(program: Program, told: Mapping[str, Value], axes: Mapping[str, Any]) -> dict[str, Any]:
    """Values of every swept given; a vector moves along the axes of its members."""
    found: dict[str, Any] = {}
    for axis in program.axes[: program.swept]:
        name = axis.swept[0]
        given = program.givens[name]
        if axis.name == name:
            found[name] = _single(given, axes[name])
        else:
            found |= _vector(program, told, given, axes)
    return found


def swept(program: Program) -> list[str]:
    """Every given that a sweep sets."""
    return [name for axis in program.axes[: program.swept] for name in axis.swept]


def _single(given: Given, written: Any) -> Any:
    if given.over:
        raise QuestionError(f"{given.name} is a vector over a set: an axis is one given, or one member of a vector")
    value = _along(given, given.name, written)
    return value if np.ndim(value[0] if isinstance(value, tuple) else value) else [value]


def _along(given: Given, name: str, written: Any) -> Any:
    value = values_of(written, given) if isinstance(written, str) else written
    if isinstance(value, np.ndarray) and isinstance(written, str):
        value = (value, units.base_unit(units.dimension(given.unit)))
    if not np.size(value[0] if isinstance(value, tuple) else value):
        raise QuestionError(f"the axis {name} is empty")
    return value


def _vector(program: Program, told: Mapping[str, Value], given: Given, axes: Mapping[str, Any]) -> dict[str, Any]:
    """A vector by members, some of them along axes; and the labels of its set."""
    raw = told[given.name].raw if given.name in told else None
    if not isinstance(raw, Mapping):
        raise QuestionError(f"{given.name} has no members by label: an axis needs {{label: value}}")
    labels = [str(label) for label in raw]
    members = [axis.name for axis in program.axes[: program.swept] if axis.swept == (given.name,)]
    base = np.array([units.worth(v, given.unit, given.name, given.meaning) for v in raw.values()], float)
    moved = [_base(given, name, axes[name]) for name in members]
    whole = np.empty((len(labels), *[len(m) for m in moved]))
    whole[...] = base.reshape(-1, *[1] * len(moved))
    for k, (name, values) in enumerate(zip(members, moved, strict=True)):
        whole[place(given, name, labels)] = values.reshape([-1 if j == k else 1 for j in range(len(moved))])
    set_name = program.axes[given.over[0]].name
    return {given.name: (whole, units.base_unit(units.dimension(given.unit))), set_name: labels}


def _base(given: Given, name: str, written: Any) -> Array:
    value = _along(given, name, written)
    if isinstance(value, list):
        value = [units.worth(v, given.unit, name, given.meaning) for v in value]
        return np.atleast_1d(np.asarray(value, float))
    return np.atleast_1d(np.asarray(units.worth(value, given.unit, name, given.meaning), float))


def place(given: Given, name: str, labels: list[str]) -> int:
    """Where a member stands in its vector."""
    label = name[len(given.name) + 1 :]
    if label not in labels:
        raise QuestionError(f"{label!r} is no member of {given.name}; there are {', '.join(labels)}")
    return labels.index(label)


def coordinates(grid: Grid, flat: Array | None = None) -> dict[str, Coordinate]:
    """Values along each axis, or at designs by number; labels where a given has some."""
    where = None if flat is None else np.unravel_index(flat, grid.shape) if grid.shape else ()
    found = {}
    for k, axis in enumerate(grid.program.axes[: grid.program.swept]):
        for name in axis.swept:
            given, base = grid.program.givens[name], _moved(grid, axis, name)
            base = base if where is None else base[where[k]]
            found[axis.name if axis.name.startswith(f"{name}.") else name] = _coordinate(grid, given, base)
    return found


def _moved(grid: Grid, axis: Axis, name: str) -> Array:
    """Base values of a given, or of one member of it, along its axis."""
    given, array = grid.program.givens[name], grid.border.arrays[grid.program.number_of[name]]
    if not given.over:
        moved: Array = array.ravel()
        return moved
    k = next(n for n, a in enumerate(grid.program.axes) if a.name == axis.name)
    index: list[Any] = [0] * array.ndim
    index[given.over[0]] = place(given, axis.name, grid.border.members(given.over[0]))
    index[k] = slice(None)
    return np.asarray(array[tuple(index)])


def _coordinate(grid: Grid, given: Given, base: Array) -> Coordinate:
    labels = given.labels
    if given.domain is not None and given.domain[0] == "member":
        labels = tuple(grid.border.members(given.domain[1][0]))
    if labels is not None:
        return Coordinate(np.array(labels, dtype=str)[base.astype(int)], "1", given.meaning)
    return Coordinate(base / units.measure(given.unit).worth, given.unit, given.meaning)
