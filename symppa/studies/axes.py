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

Lists = Mapping[str, Mapping[str, Array]]  # base values of the columns of each list of designs, by its axis


def axis_values(
    program: Program, told: Mapping[str, Value], axes: Mapping[str, Any], lists: Lists | None = None
) -> dict[str, Any]:
    """Values of every swept given; a vector moves along the axes of its members."""
    lists = lists or {}
    found: dict[str, Any] = {}
    for name in swept(program):
        given = program.givens[name]
        column = next((columns[name] for columns in lists.values() if name in columns), None)
        if column is not None:
            found[name] = column if is_labelled(given) else (column, _base_unit(given))
        elif name in axes:
            found[name] = _single(given, axes[name])
        else:
            found |= _vector(program, told, given, axes, lists)
    return found


def labels_of(program: Program, told: Mapping[str, Value], given: Given) -> tuple[str, ...] | None:
    """The labels that a given is chosen from, or None where it is a number."""
    over = program.member_of(given)
    if not over:
        return given.labels
    if over in told and isinstance(told[over].raw, list):
        return tuple(map(str, told[over].raw))
    vectors = (v.raw for n, v in told.items() if program.known[n].sets == (over,) and isinstance(v.raw, Mapping))
    return next((tuple(map(str, raw)) for raw in vectors), None)


def swept(program: Program) -> list[str]:
    """Every given that a sweep sets."""
    return list(dict.fromkeys(name for axis in program.axes[: program.swept] for name in axis.swept))


def replaced(program: Program) -> list[str]:
    """Givens whose told value a sweep does not use; a vector that moves by members keeps the others."""
    return [
        name for axis in program.axes[: program.swept] for name in axis.swept if name in (axis.columns or [axis.name])
    ]


def is_labelled(given: Given) -> bool:
    """Whether a given is chosen by label."""
    return given.labels is not None or (given.domain is not None and given.domain[0] == "member")


def _base_unit(given: Given) -> str:
    return units.base_unit(units.dimension(given.unit))


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


def _vector(
    program: Program, told: Mapping[str, Value], given: Given, axes: Mapping[str, Any], lists: Lists
) -> dict[str, Any]:
    """A vector by members, some of them along axes; and the labels of its set."""
    raw = told[given.name].raw if given.name in told else None
    if not isinstance(raw, Mapping):
        raise QuestionError(f"{given.name} has no members by label: an axis needs {{label: value}}")
    labels = [str(label) for label in raw]
    moved = [
        {name: lists[axis.name][name] for name in axis.columns if name.startswith(f"{given.name}.")}
        if axis.columns
        else {axis.name: _base(given, axis.name, axes[axis.name])}
        for axis in program.axes[: program.swept]
        if given.name in axis.swept
    ]
    base = np.array([units.worth(v, given.unit, given.name, given.meaning) for v in raw.values()], float)
    whole = np.empty((len(labels), *[len(next(iter(columns.values()))) for columns in moved]))
    whole[...] = base.reshape(-1, *[1] * len(moved))
    for k, columns in enumerate(moved):
        for name, values in columns.items():
            whole[place(given, name, labels)] = values.reshape([-1 if j == k else 1 for j in range(len(moved))])
    return {given.name: (whole, _base_unit(given)), program.axes[given.over[0]].name: labels}


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
    where = None if flat is None else _places(grid, flat)
    found = {}
    for k, axis in enumerate(grid.program.axes[: grid.program.swept]):
        if axis.columns:
            numbers = np.arange(grid.lengths[k]) if where is None else where[k]
            found[axis.name] = Coordinate(
                numbers + grid.origin[k], "1", f"number of the {axis.name} in its list, from 0"
            )
            found |= {} if where is None else _columns(grid, axis, where[k])
            continue
        given, base = grid.program.givens[axis.swept[0]], _moved(grid, axis, axis.name)
        found[axis.name] = _coordinate(grid, given, base if where is None else base[where[k]])
    return found


def _places(grid: Grid, flat: Array) -> list[Array]:
    """Where designs lie along each axis of a grid, which may be a window, from their numbers in the whole."""
    whole = np.unravel_index(flat, grid.whole) if grid.whole else ()
    return [places - first for places, first in zip(whole, grid.origin, strict=True)]


def listed(grid: Grid) -> dict[str, tuple[str, Coordinate]]:
    """Columns of every list of designs, each with the axis it stands along."""
    axes = [axis for axis in grid.program.axes[: grid.program.swept] if axis.columns]
    return {name: (axis.name, c) for axis in axes for name, c in _columns(grid, axis).items()}


def _columns(grid: Grid, axis: Axis, where: Any = slice(None)) -> dict[str, Coordinate]:
    """Values of a list of designs, some or all of them, by column."""
    found = {}
    for name in axis.columns:
        given = next(grid.program.givens[n] for n in axis.swept if name == n or name.startswith(f"{n}."))
        found[name] = _coordinate(grid, given, _moved(grid, axis, name)[where])
    return found


def _moved(grid: Grid, axis: Axis, name: str) -> Array:
    """Base values of a given, or of one member of it, along its axis."""
    given = next(grid.program.givens[n] for n in axis.swept if name == n or name.startswith(f"{n}."))
    array = grid.border.arrays[grid.program.number_of[given.name]]
    if not given.over:
        moved: Array = array.ravel()
        return moved
    k = next(n for n, a in enumerate(grid.program.axes) if a.name == axis.name)
    index: list[Any] = [0] * array.ndim
    index[given.over[0]] = place(given, name, grid.border.members(given.over[0]))
    index[k] = slice(None)
    return np.asarray(array[tuple(index)])


def _coordinate(grid: Grid, given: Given, base: Array) -> Coordinate:
    labels = given.labels
    if given.domain is not None and given.domain[0] == "member":
        labels = tuple(grid.border.members(given.domain[1][0]))
    if labels is not None:
        return Coordinate(np.array(labels, dtype=str)[base.astype(int)], "1", given.meaning)
    return Coordinate(base / units.measure(given.unit).worth, given.unit, given.meaning)
