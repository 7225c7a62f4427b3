"""What is asked of a design, from a target's file or from arguments in Python: one form of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from symppa.descriptions.free import Free, free
from symppa.descriptions.ranges import split_limit
from symppa.descriptions.target import Target, load_target
from symppa.descriptions.vary import Vary
from symppa.errors import QuestionError
from symppa.studies.subject import Subject, System

Names = str | Sequence[str]
Limits = Mapping[str, Names] | Sequence[str]


@dataclass(frozen=True)
class Asking:
    """Objectives with their sense, limits as texts, what is free, and classes to choose from."""

    system: System
    values: Mapping[str, Any]
    parts: Mapping[str, str]
    objectives: Mapping[str, str]
    limits: tuple[str, ...]
    free: Mapping[str, Free]
    slots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    uncertain: Mapping[str, Vary] = field(default_factory=dict)
    target: Target | None = None

    @property
    def name(self) -> str:
        """What a report calls it."""
        return self.target.name if self.target else Subject(self.system).name

    @contextmanager
    def says(self, *path: str) -> Iterator[None]:
        """An error stands where a file says what was asked, if one does."""
        if self.target is None:
            yield
            return
        with self.target.says(*path):
            yield

    def place(self, output: str) -> tuple[str, ...]:
        """Where a file names an output."""
        if any(split_limit(text)[0] == output for text in self.limits):
            return ("subject_to", output)
        return ("minimize" if self.objectives.get(output) == "min" else "maximize",)


def asking(
    target: Target | str | Path | None = None,
    *,
    system: System = None,
    values: Mapping[str, Any] | None = None,
    parts: Mapping[str, str] | None = None,
    minimize: Names = (),
    maximize: Names = (),
    subject_to: Limits = (),
    free: Mapping[str, Any] | None = None,
    slots: Mapping[str, Names] | None = None,
) -> Asking:
    """A target with some values replaced, or a system with objectives, limits and free givens; refused where both."""
    asked = {"system": system is not None, "minimize": bool(minimize), "maximize": bool(maximize)}
    asked |= {"subject_to": bool(subject_to), "free": bool(free), "slots": bool(slots)}
    if target is None:
        if system is None:
            raise QuestionError("a design is of a target, or of a system with what is free: name one of both")
        return _of_arguments(system, values or {}, parts or {}, minimize, maximize, subject_to, free or {}, slots or {})
    twice = [name for name, said in asked.items() if said]
    if twice:
        raise QuestionError(f"the target says what is asked: {', '.join(twice)} cannot be stated beside it")
    return _of_target(target if isinstance(target, Target) else load_target(target), values or {}, parts or {})


def _of_target(target: Target, values: Mapping[str, Any], parts: Mapping[str, str]) -> Asking:
    _refuse_twice(values, target.free, parts, target.slots)
    limits = tuple(f"{name} {relation}" for name, relations in target.limits.items() for relation in relations)
    return Asking(
        system=target.description,
        values=values,
        parts=parts,
        objectives=target.objectives,
        limits=limits,
        free=target.free,
        slots=target.slots,
        uncertain=target.uncertain,
        target=target,
    )


def _of_arguments(
    system: System,
    values: Mapping[str, Any],
    parts: Mapping[str, str],
    minimize: Names,
    maximize: Names,
    subject_to: Limits,
    frees: Mapping[str, Any],
    slots: Mapping[str, Names],
) -> Asking:
    both = set(_names(minimize)) & set(_names(maximize))
    if both:
        raise QuestionError(f"{', '.join(sorted(both))} cannot be minimized and maximized at once")
    objectives = dict.fromkeys(_names(minimize), "min") | dict.fromkeys(_names(maximize), "max")
    limits = tuple(_limits(subject_to))
    if not objectives and not limits:
        raise QuestionError("nothing is asked: state minimize, maximize or subject_to")
    if not frees and not slots:
        raise QuestionError("nothing is free: there is no design to choose")
    classes = {path: _names(told) for path, told in slots.items()}
    made = {name: free(name, raw) for name, raw in frees.items()}
    _refuse_twice(values, made, parts, classes)
    return Asking(system, values, parts, objectives, limits, made, classes)


def _names(told: Names) -> tuple[str, ...]:
    return (told,) if isinstance(told, str) else tuple(told)


def _limits(told: Limits) -> Iterator[str]:
    if isinstance(told, Mapping):
        for name, relations in told.items():
            yield from (f"{name} {relation}" for relation in _names(relations))
    else:
        yield from _names(told)


def _refuse_twice(
    values: Mapping[str, Any], frees: Iterable[str], parts: Mapping[str, str], slots: Iterable[str]
) -> None:
    fixed = [name for name in frees if name in values]
    if fixed:
        raise QuestionError(f"{fixed[0]} is set to {values[fixed[0]]} and free: it is one of both")
    chosen = [path for path in slots if path in parts]
    if chosen:
        raise QuestionError(f"{chosen[0]} is set to {parts[chosen[0]]} and has a choice of classes: it is one of both")
