"""Which designs a sweep is over: a grid of axes, a list of points, a sample of ranges, draws of uncertain givens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symppa.descriptions.bind import Value
from symppa.engine.program import Known, Program
from symppa.errors import QuestionError
from symppa.studies.axes import axis_values
from symppa.studies.lists import Columns, Listed, digest, owner, program_over
from symppa.studies.points import Points
from symppa.studies.sampling import Sampled, sampler_of
from symppa.studies.subject import DEFAULT, Subject
from symppa.studies.uncertain import DRAWS, Uncertain, texts_of


@dataclass(frozen=True)
class Designs:
    """A grid of axes, and lists along which several givens move together."""

    axes: Mapping[str, Any]
    lists: tuple[Listed, ...]
    known: Mapping[str, Known]

    @property
    def uncertain(self) -> bool:
        """Whether they are draws."""
        return any(isinstance(one, Uncertain) for one in self.lists)

    @property
    def facts(self) -> dict[str, Any]:
        """How the lists came about."""
        return {key: fact for one in self.lists for key, fact in one.facts.items()}

    @property
    def question(self) -> dict[str, Any]:
        """The lists as they are asked for again."""
        return {key: asked for one in self.lists for key, asked in one.question.items()}

    def notes(self, told: Iterable[str]) -> tuple[str, ...]:
        """What a reader should know of the designs; `told` are the names of values set for all of them."""
        moving = {*self.axes, *(n for one in self.lists if not isinstance(one, Uncertain) for n in one.names)}
        twice = [n for n in told if n in moving]
        unused = [f"{n} is set, but moves along an axis: the value set is not used" for n in twice]
        return (*unused, *(note for one in self.lists for note in one.notes))

    def program(self, subject: Subject, outputs: Sequence[str]) -> Program:
        """The program of some outputs over these designs."""
        return program_over(subject, outputs, self.axes, self.lists, self.known)

    def columns(self, program: Program, told: Mapping[str, Value]) -> dict[str, Columns]:
        """Base values of every list, by its axis."""
        return {one.axis: one.columns(program, told) for one in self.lists}

    def values(self, program: Program, told: Mapping[str, Value], columns: Mapping[str, Columns]) -> dict[str, Any]:
        """What the givens that move are told."""
        return axis_values(program, told, self.axes, columns)


def designs(
    subject: Subject,
    axes: Mapping[str, Any],
    points: Any = None,
    sample: str | None = None,
    seed: int | None = None,
    uncertain: Mapping[str, str] | Iterable[str] | str | None = None,
) -> Designs:
    """The designs that a question is about; refused where it says too little or too much."""
    uncertain = None if isinstance(uncertain, Iterable) and not uncertain else uncertain
    if not axes and points is None and sample is None and uncertain is None:
        raise QuestionError("a sweep needs at least one axis, points, a sample of ranges, or uncertain givens")
    if seed is not None and sample is None and uncertain is None:
        raise QuestionError("a seed is for a sample or for uncertain givens: nothing is drawn here")
    if sample is not None and uncertain is None and points is not None:
        raise QuestionError("points are designs already: a sample draws designs of its own; choose one")
    if sample is not None and uncertain is None and not axes:
        raise QuestionError("a sample needs ranges to draw from: axes of two ends, as in clock=1GHz:3GHz")
    if points is None and sample is None and uncertain is None:
        return Designs(dict(axes), (), {})
    program = subject.program(DEFAULT)
    lists: list[Listed] = [] if points is None else [Points(points, subject)]
    if uncertain is not None:
        taken = [*axes, *(name for one in lists for name in one.names)]
        texts = texts_of(uncertain, subject.bound(program), taken)
        lists.append(Uncertain(texts, sampler_of(sample or DRAWS, seed)))
    elif sample is not None:
        lists, axes = [Sampled(axes, sampler_of(sample, seed))], {}
    _refuse_twice(subject, program.known, axes, lists)
    return Designs(dict(axes), tuple(lists), program.known)


def _refuse_twice(
    subject: Subject, known: Mapping[str, Known], axes: Mapping[str, Any], lists: Sequence[Listed]
) -> None:
    """A given moves along one axis, in one way."""
    seen = dict.fromkeys(axes, "an axis")
    for one in lists:
        if one.axis in known:
            raise QuestionError(
                f"{subject.system} has a given {one.axis!r}, which is what the axis of a list is called"
            )
        for name in one.names:
            owner(known, name, subject.system)
            if name in seen:
                raise QuestionError(f"{name} moves along {seen[name]} and along the {one.axis}s: it can have one way")
            seen[name] = f"the {one.axis}s"


def hashes(columns: Mapping[str, Columns]) -> dict[str, str]:
    """What identifies the lists: their numbers."""
    return {f"{axis}s": digest(one) for axis, one in columns.items()}
