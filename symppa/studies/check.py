"""check: whether everything that a description says fits its system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from symppa.descriptions.bind import Value, overridden
from symppa.descriptions.load import Description, load
from symppa.descriptions.ranges import values_of
from symppa.engine.program import Given, Known, Program
from symppa.errors import MissingValueError, QuestionError, SymppaError, UnknownValueError, suggest
from symppa.studies.evaluate import evaluate, grid_of
from symppa.studies.result import Result
from symppa.studies.subject import DEFAULT, Subject, System
from symppa.studies.targets import bound

Told = Mapping[str, Value]


def checked(system: System, values: Mapping[str, Any] | None = None, parts: Mapping[str, str] | None = None) -> Result:
    """The result of a description whose parts, values, targets and ranges all fit; errors carry file and line."""
    description = system if isinstance(system, Description) else load(system)
    subject = Subject(description, values, parts)
    for path in description.parts:
        with _said(description, "parts", path):
            _part(subject, path, description.parts)
    program = subject.program(DEFAULT)
    for name, goal in description.targets.items():
        with _said(description, "targets", name):
            _target(name, goal, program)
    with _said(description, "values", kind=MissingValueError):
        result = evaluate(description, values, parts=parts)
    told = subject.bound(program)
    for name, text in description.ranges.items():
        with _said(description, "ranges", name):
            _range(name, text, subject, program, told)
    return result


@contextmanager
def _said(description: Description, *path: str, kind: type[SymppaError] = SymppaError) -> Iterator[None]:
    """An error stands where the description says what was asked."""
    try:
        yield
    except kind as error:
        node = description.node(*path)
        raise error.at(node.file, node.line) from None


def _part(subject: Subject, path: str, parts: Mapping[str, str]) -> None:
    """A part is there, and may be of its class, those around it being chosen."""
    from symppa.language.scope import Scope

    Scope.root(subject.model, {p: cls for p, cls in parts.items() if p == path or path.startswith(f"{p}.")})


def _target(name: str, goal: str, program: Program) -> None:
    """A target is on an output that is one number, and its bound has the output's unit."""
    single = {n: d for n, d in program.outputs.items() if not program.sets(d.step)}
    if name not in single:
        many = "many numbers" if name in program.outputs else "no output of this system"
        raise QuestionError(f"the target {name} {goal} is on {many}{suggest(name, single)}")
    bound(name, goal, single[name].unit, single[name].meaning)


def _range(name: str, text: str, subject: Subject, program: Program, told: Told) -> None:
    """A range is of a given, has values of its unit, and both its ends are in the given's domain."""
    owner = max((n for n in program.known if name == n or name.startswith(f"{n}.")), key=len, default="")
    if not owner:
        raise UnknownValueError(subject.system, name, program.known)
    known = program.known[owner]
    if known.kind != "given":
        raise QuestionError(f"{name} is a {known.kind}: a range is of a given")
    along = values_of(text, program.givens.get(owner) or _as_given(owner, known))
    if not len(along):
        raise QuestionError(f"the range {name} is empty")
    for end in dict.fromkeys((along[0], along[-1])):
        point = end if isinstance(end, str) else _in_unit(end, known.unit)
        moved = overridden(told, program.known, name, point, "range", subject.system)
        grid_of(program, moved)


def _as_given(name: str, known: Known) -> Given:
    """A given that no output follows, as far as it is known."""
    labels = ("choices", ("",)) if known.labelled else None
    return Given(name, known.unit, known.meaning, domain=labels)


def _in_unit(worth: float, unit: str) -> str:
    from symppa import units

    base = units.base_unit(units.dimension(unit))
    return f"{float(worth)!r} {'' if base == '1' else base}".strip()
