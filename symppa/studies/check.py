"""check: whether everything that a description says fits its system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from symppa.descriptions.bind import Value, overridden
from symppa.descriptions.load import Description, load
from symppa.descriptions.ranges import values_of
from symppa.engine.program import Given, Known, Program
from symppa.errors import MissingValueError, QuestionError, SymppaError, UnknownValueError
from symppa.studies.evaluate import evaluate, grid_of
from symppa.studies.result import Result
from symppa.studies.subject import DEFAULT, Subject, System
from symppa.studies.targets import met

Told = Mapping[str, Value]


def checked(
    system: System, values: Mapping[str, Any] | None = None, parts: Mapping[str, str] | None = None
) -> Result:
    """The result of a description whose parts, values, targets and ranges all fit; errors carry file and line."""
    description = system if isinstance(system, Description) else load(system)
    for path in description.parts:
        one = {p: cls for p, cls in description.parts.items() if p == path or path.startswith(f"{p}.")}
        _placed(description, ("parts", path), lambda one=one: Subject(description, parts=one).root)  # type: ignore[misc]
    try:
        result = evaluate(description, values, parts=parts)
    except MissingValueError as error:
        node = description.node("values")
        raise error.at(node.file, node.line) from None
    for name, goal in description.targets.items():
        _placed(description, ("targets", name), lambda name=name, goal=goal: _target(name, goal, result))  # type: ignore[misc]
    subject = Subject(description, values, parts)
    program = subject.program(DEFAULT)
    told = subject.bound(program)
    for name, text in description.ranges.items():
        _placed(
            description,
            ("ranges", name),
            lambda name=name, text=text: _range(name, text, subject, program, told),  # type: ignore[misc]
        )
    return result


def _placed(description: Description, path: tuple[str, str], ask: Callable[[], Any]) -> None:
    """Ask; an error stands where the description says what was asked."""
    try:
        ask()
    except SymppaError as error:
        node = description.node(*path)
        raise error.at(node.file, node.line) from None


def _target(name: str, goal: str, result: Result) -> None:
    single = {n: o for n, o in result.outputs.items() if o.values.ndim == 0}
    if name in result and name not in single:
        raise QuestionError(f"the target {name} is on many numbers, over {', '.join(result.output(name).dims)}")
    met(name, goal, single)


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
