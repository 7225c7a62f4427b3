"""From what is asked of a design to problems for the search: one for each choice of classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any, NamedTuple

from symppa.descriptions.bind import Value
from symppa.descriptions.free import domain
from symppa.engine.border import Border
from symppa.engine.program import Program
from symppa.engine.reducers import Limit
from symppa.engine.search import Choices, Domain, Problem
from symppa.engine.search.problem import in_base
from symppa.errors import MissingValueError, QuestionError, SymppaError, UnknownValueError
from symppa.studies.axes import labels_of
from symppa.studies.design.asking import Asking
from symppa.studies.design.members import apart
from symppa.studies.lists import owner
from symppa.studies.subject import Subject, located


class Chosen(NamedTuple):
    """A free given: what it may be in base units, and its labels where it has some."""

    domain: Domain
    labels: tuple[str, ...] | None


@dataclass(frozen=True)
class Question:
    """One choice of classes with all that is free beside it, ready to be searched."""

    asking: Asking
    subject: Subject
    slots: Mapping[str, str]
    program: Program
    told: Mapping[str, Value]
    objectives: Mapping[str, str]
    limits: tuple[Limit, ...]
    free: Mapping[str, Chosen]
    idle: tuple[str, ...] = ()

    @property
    def designs(self) -> int | None:
        """How many designs there are; None where a range of reals is free."""
        domains = [one.domain for one in self.free.values()]
        return prod(len(d.values) for d in domains if isinstance(d, Choices)) if self.is_finite else None

    @property
    def is_finite(self) -> bool:
        """Whether every free given has finitely many candidates."""
        return all(isinstance(one.domain, Choices) for one in self.free.values())

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of it."""
        idle = ", ".join(self.idle)
        verb = (
            "is free, but nothing asked depends on it"
            if len(self.idle) == 1
            else "are free, but nothing asked depends on them"
        )
        return (f"{idle} {verb}",) if self.idle else ()

    @property
    def defined(self) -> tuple[Limit, ...]:
        """Limits that every number keeps: a design of a front has a value of each objective."""
        return tuple(Limit(name, ">=", float("-inf")) for name in self.objectives)

    def problem(self, objective: str | None = None) -> Problem:
        """What is searched for: the best of one objective, the first if not told; any design where there is none."""
        name = objective or next(iter(self.objectives), None)
        sense = None if name is None else (name, self.objectives[name])
        values = {name: value.raw for name, value in self.told.items()}
        return Problem(self.program, values, sense, self.limits, {n: one.domain for n, one in self.free.items()})


def questions(asked: Asking) -> tuple[Question, ...]:
    """One question for each choice of classes; errors carry the place where a file says what is wrong.

    A given that only some classes have is free where it is there.
    """
    combinations = [dict(zip(asked.slots, found, strict=True)) for found in product(*asked.slots.values())]
    found = tuple(_question(asked, slots, alone=len(combinations) == 1) for slots in combinations)
    known = {n for one in found for n, it in one.program.known.items() if it.kind == "given"}
    for name in asked.free:
        if all(name not in one.free and name not in one.idle for one in found):
            with asked.says("free", name):
                raise UnknownValueError(found[0].subject.system, name, known)
    return found


def _question(asked: Asking, slots: Mapping[str, str], alone: bool) -> Question:
    subject = Subject(asked.system, asked.values, {**asked.parts, **slots})
    outputs = tuple(dict.fromkeys([*asked.objectives, *(text for text in _limited(asked))]))
    program = _program(asked, subject, outputs, slots)
    told = subject.bound(program)
    owners = dict(_owners(asked, program, subject, told, alone))
    idle = [one for one in owners.values() if one not in program.givens]
    if idle:
        program = subject.program([*outputs, *dict.fromkeys(idle)])
        program = replace(program, outputs={n: d for n, d in program.outputs.items() if n in outputs})
    limits = tuple(_bounds(asked, subject, program))
    free = {}
    for name, own in owners.items():
        with asked.says("free", name):
            program, free[name] = _chosen(asked, program, told, name, own)
    _check_uncertain(asked, program, subject)
    follows = {name: _follows(program, name, outputs) for name in free}
    idle = [name for name, outputs_of in follows.items() if not outputs_of]
    live = {name: one for name, one in free.items() if name not in idle}
    made = Question(asked, subject, slots, program, told, asked.objectives, limits, live, tuple(idle))
    if alone:
        _refuse_settled(asked, made, outputs, {n for every in follows.values() for n in every})
    _check_values(made, free)
    return made


def _limited(asked: Asking) -> Iterator[str]:
    from symppa.descriptions.ranges import split_limit

    return (split_limit(text)[0] for text in asked.limits)


def _program(asked: Asking, subject: Subject, outputs: Sequence[str], slots: Mapping[str, str]) -> Program:
    """The program of every output that is asked about; one that is none is told at its place."""
    for path in slots:
        with asked.says("slots", path):
            subject.root.find_part(path)
    for name in outputs:
        with asked.says(*asked.place(name)):
            if subject.is_pattern(name):
                raise QuestionError(f"{name} is a pattern: an objective or a limit is on one output")
    try:
        program = subject.program(outputs)
    except SymppaError as error:
        for path in slots:
            if error.message.startswith(f"{path}."):  # what the class leaves open, not what is asked of it
                with asked.says("slots", path):
                    raise
        for name in outputs:
            with asked.says(*asked.place(name)):
                subject.program([name])
        raise
    for name in outputs:
        sets = [program.axes[k] for k in program.sets(program.output(name).step)]
        if sets:
            over = ", ".join(f"{axis.name} ({axis.meaning})" for axis in sets)
            with asked.says(*asked.place(name)):
                raise QuestionError(f"{name} is many numbers, over {over}: an objective or a limit is on one number")
    return program


def _owners(
    asked: Asking, program: Program, subject: Subject, told: Mapping[str, Value], alone: bool
) -> Iterator[tuple[str, str]]:
    """The given behind every free name; names that only other classes have are left out."""
    for name in asked.free:
        with asked.says("free", name):
            subject.refuse_settled([name])
            try:
                yield name, owner(program.known, name, subject.system)
            except UnknownValueError:
                if alone:
                    raise


def _bounds(asked: Asking, subject: Subject, program: Program) -> Iterator[Limit]:
    for text, name in zip(asked.limits, _limited(asked), strict=True):
        with asked.says("subject_to", name):
            yield from subject.limits([text], program)


def _chosen(asked: Asking, program: Program, told: Mapping[str, Value], name: str, own: str) -> tuple[Program, Chosen]:
    """What a free given may be, and the program in which it stands alone."""
    given = program.givens[own]
    labels = labels_of(program, told, given) if given.labels is not None or program.member_of(given) else None
    found = Chosen(domain(asked.free[name], given, name, labels), labels)
    if name == own:
        return program, found
    label = name[len(own) + 1 :]
    members = told[own].raw if own in told and isinstance(told[own].raw, Mapping) else {}
    over = program.axes[given.over[0]].name
    listed = told[over].raw if over in told and isinstance(told[over].raw, list) else list(members)
    if label not in members:
        raise UnknownValueError(own, label, members, "member")
    return apart(program, own, label, [str(one) for one in listed].index(label)), found


def _check_uncertain(asked: Asking, program: Program, subject: Subject) -> None:
    for name, vary in asked.uncertain.items():
        with asked.says("uncertain", name):
            known = program.known[owner(program.known, name, subject.system)]
            if known.labelled:
                raise QuestionError(f"{name} is chosen by label: it does not vary")
            vary.measured(known.unit, name, known.meaning)


def _follows(program: Program, name: str, outputs: Sequence[str]) -> tuple[str, ...]:
    """The outputs asked about that depend on a given."""
    return tuple(one for one in outputs if name in program.support(program.output(one).step))


def _refuse_settled(asked: Asking, made: Question, outputs: Sequence[str], moving: set[str]) -> None:
    """An objective or a limit that every design meets alike, or none, is no question."""
    for name in outputs:
        if name in moving:
            continue
        followed = [n for n in made.program.support(made.program.output(name).step) if n in made.program.givens]
        many = ", ..." if len(followed) > 6 else ""
        hint = (
            f"it follows {', '.join(followed[:6])}{many}, and none of that is free"
            if followed
            else "it follows nothing"
        )
        with asked.says(*asked.place(name)):
            raise QuestionError(f"{name} is the same for every design: {hint}")


def _check_values(made: Question, free: Mapping[str, Chosen]) -> None:
    """What is fixed fits its givens: looked at in one corner of what is free."""
    corner = {name: one.domain.low for name, one in free.items()}
    problem = made.problem()
    values = {n: v for n, v in problem.told(corner).items() if n in made.program.known}
    try:
        Border(made.program, values, merge=False)
    except MissingValueError as error:
        target = made.asking.target
        node = target.node("base") if target is not None else None
        raise error.at(node.file, node.line) if node else error from None
    except SymppaError as error:
        named = next((n for n in made.told if error.message.startswith(f"{n} ")), "")
        raise located(error, named, made.told) from None


def subject_at(question: Question, point: Mapping[str, float]) -> Subject:
    """The system with a design set, the numbers of which are those of the search."""
    asked, told = question.asking, {}
    for name, value in point.items():
        labels = question.free[name].labels
        told[name] = labels[int(value)] if labels is not None else in_base(question.program, name, value)
    return Subject(asked.system, {**asked.values, **told}, {**asked.parts, **question.slots})


def values_at(question: Question, point: Mapping[str, float]) -> dict[str, Any]:
    """A design as one would set it: labels as texts, numbers in the unit of their given."""
    from symppa import units

    found: dict[str, Any] = {}
    for name, value in point.items():
        labels, given = question.free[name].labels, question.program.givens[name]
        found[name] = labels[int(value)] if labels is not None else value / units.measure(given.unit).worth
    return found


def axis_of(question: Question, name: str) -> list[Any]:
    """The candidates of a free given as the axis of a sweep: labels, or numbers in the given's unit."""
    from symppa import units

    chosen, given = question.free[name], question.program.givens[name]
    candidates = chosen.domain.values if isinstance(chosen.domain, Choices) else ()
    if chosen.labels is not None:
        return [chosen.labels[int(value)] for value in candidates]
    return [value / units.measure(given.unit).worth for value in candidates]


def place_of(question: Question, name: str, written: Any) -> float:
    """The candidate that a value of such an axis stands for."""
    chosen = question.free[name]
    candidates = chosen.domain.values if isinstance(chosen.domain, Choices) else ()
    return candidates[axis_of(question, name).index(written)]
