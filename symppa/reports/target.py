"""What a target asks: its objectives, its limits, and what may be chosen."""

from __future__ import annotations

from typing import Any

from symppa.descriptions.target import Target
from symppa.engine.search import Choices
from symppa.language.written_units import plain as unit_shown
from symppa.reports.number import shown
from symppa.reports.report import Column, Line, Report, Table
from symppa.studies.design.check import designs
from symppa.studies.design.problem import Question

SENSES = {"min": "minimize", "max": "maximize"}


def asked(target: Target, found: tuple[Question, ...]) -> dict[str, Any]:
    """The target as plain data."""
    return {
        "target": target.name,
        "base": target.base,
        "system": target.description.system,
        "meaning": target.meaning,
        "source": target.source,
        "objectives": {name: SENSES[sense] for name, sense in target.objectives.items()},
        "subject_to": {name: list(relations) for name, relations in target.limits.items()},
        "free": {name: {"choice": str(one), "candidates": _count(found, name)} for name, one in target.free.items()},
        "slots": {path: list(classes) for path, classes in target.slots.items()},
        "uncertain": {name: str(one) for name, one in target.uncertain.items()},
        "values": list(target.fixed),
        "designs": designs(found),
        "notes": _notes(found),
    }


def report(target: Target, found: tuple[Question, ...]) -> Report:
    """The same as tables."""
    goals = [(SENSES[sense], name, *_of(found, name)) for name, sense in target.objectives.items()]
    goals += [
        ("limit", f"{name} {relation}", *_of(found, name))
        for name, relations in target.limits.items()
        for relation in relations
    ]
    rows = [(name, str(one), _candidates(found, name), *_given(found, name)) for name, one in target.free.items()]
    rows += [(path, ", ".join(classes), str(len(classes)), "", "class") for path, classes in target.slots.items()]
    free = (
        Column("free"),
        Column("chosen from"),
        Column("candidates", numeric=True),
        Column("unit"),
        Column("meaning"),
    )
    tables = (
        Table("", (Column("asked"), Column("of"), Column("unit"), Column("meaning")), tuple(goals)),
        Table("", free, tuple(rows)),
    )
    return Report(f"{target.name} ({target.base})", target.meaning, tables, tuple(_lines(target, found)))


def _lines(target: Target, found: tuple[Question, ...]) -> list[Line]:
    count = designs(found)
    lines = [Line("uncertain", f"{name}: {one}") for name, one in target.uncertain.items()]
    lines += [Line("values", ", ".join(target.fixed))] if target.fixed else []
    lines.append(Line("designs", "a range of reals is free" if count is None else shown(float(count))))
    lines += [Line("source", target.source)] if target.source else []
    return [*lines, *(Line("note", note) for note in _notes(found))]


def _notes(found: tuple[Question, ...]) -> list[str]:
    return list(dict.fromkeys(note for one in found for note in one.notes))


def _of(found: tuple[Question, ...], name: str) -> tuple[str, str]:
    definition = found[0].program.output(name)
    return unit_shown(definition.unit), definition.meaning


def _given(found: tuple[Question, ...], name: str) -> tuple[str, str]:
    givens = (one.program.givens[name] for one in found if name in one.program.givens)
    return next(((unit_shown(given.unit), given.meaning) for given in givens), ("", ""))


def _count(found: tuple[Question, ...], name: str) -> int | None:
    """Candidates of a given; None for a range of reals, and where nothing depends on it."""
    chosen = next((one.free[name] for one in found if name in one.free), None)
    return len(chosen.domain.values) if chosen is not None and isinstance(chosen.domain, Choices) else None


def _candidates(found: tuple[Question, ...], name: str) -> str:
    count = _count(found, name)
    return "" if count is None else str(count)
