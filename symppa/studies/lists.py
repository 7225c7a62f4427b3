"""Lists of designs: several givens, or members of vectors, move together along one axis more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symppa.descriptions.bind import Value
from symppa.engine.points import over_points
from symppa.engine.program import Known, Program
from symppa.errors import QuestionError, UnknownValueError
from symppa.studies.result import Array
from symppa.studies.subject import Subject

Columns = Mapping[str, Array]  # base values, or places of labels, by given or member


class Listed:
    """Some designs: which givens move, and their values once the program tells what these are."""

    axis = "point"
    names: tuple[str, ...]

    def columns(self, program: Program, told: Mapping[str, Value]) -> dict[str, Array]:
        """Values of every column in base units, labels as their places."""
        raise NotImplementedError

    @property
    def facts(self) -> dict[str, Any]:
        """How the designs came about, so that they can be made again."""
        raise NotImplementedError

    @property
    def question(self) -> dict[str, Any]:
        """What to ask for once more, where the axes and the sampler do not say it."""
        return {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of them."""
        return ()


def owner(known: Mapping[str, Known], name: str, model: str) -> str:
    """The given that a column moves: the one named, or the vector that a name is a member of."""
    if name in known and known[name].kind == "given":
        if known[name].sets:
            raise QuestionError(f"{name} is a vector over {', '.join(known[name].sets)}: a column is one member of it")
        return name
    if name in known:
        raise QuestionError(f"{name} is a {known[name].kind}, no given: it cannot move from design to design")
    vectors = [n for n, k in known.items() if k.kind == "given" and name.startswith(f"{n}.") and len(k.sets) == 1]
    if not vectors:
        raise UnknownValueError(model, name, [n for n, k in known.items() if k.kind == "given"])
    return max(vectors, key=len)


def program_over(
    subject: Subject, outputs: Sequence[str], axes: Iterable[str], lists: Sequence[Listed], known: Mapping[str, Known]
) -> Program:
    """The program of some outputs over the axes of some lists, then over a grid."""
    axes = list(axes)
    subject.refuse_settled(name for one in lists for name in one.names)
    moved = [{name: owner(known, name, subject.system) for name in one.names} for one in lists]
    program = subject.program(outputs, axes)
    idle = [name for one in moved for name in one.values() if name not in program.givens]
    if idle:  # what no output follows is listed all the same, and must lie within its domain
        program = subject.program([*outputs, *idle], axes)
        program = replace(program, outputs={n: d for n, d in program.outputs.items() if n not in idle})
    for one, columns in zip(reversed(lists), reversed(moved), strict=True):
        program = over_points(program, columns, one.axis)
    return program


def digest(columns: Columns) -> str:
    """What identifies some columns."""
    found = hashlib.sha256()
    for name, values in columns.items():
        found.update(name.encode() + b"\0" + np.ascontiguousarray(values, "<f8").tobytes())
    return found.hexdigest()
