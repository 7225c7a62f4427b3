"""What a paper prints of a system: the equations its outputs need, in order of dependence, and their quantities."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from symppa import units
from symppa.descriptions.bind import NO_SOURCE
from symppa.descriptions.expression import parse
from symppa.errors import QuestionError, SymppaError, suggest
from symppa.exports.content import Content, Parameter
from symppa.language.declarations import COLUMN, CONSTANT, FORMULA, GIVEN, INDEX, Name, formula
from symppa.language.latex import scripted
from symppa.language.model import join
from symppa.language.printed import Measured, Writing, shown
from symppa.language.printed import told as written
from symppa.language.scope import Scope, matches
from symppa.language.selection import top

LONG = 30  # equations beyond which a paper has sections
NOTES = {
    r"\\left\[": "A condition in square brackets counts 1 where it holds and 0 where it does not.",
    r"\\frac\{1 - (.+?)\^\{.*?\}\}\{1 - \1\}": r"A quotient $(1-x^n)/(1-x)$ is $n$ where $x=1$.",
    r"W_\{-?\d": r"$W_k$ is branch $k$ of the Lambert function.",
    r"\\lvert\\mathcal": r"Bars around a set, $\lvert\mathcal{I}\rvert$, are the number of its members.",
}
UNTOLD = "not told"


class Equation(NamedTuple):
    """One definition: its name and part, both sides, and, where numbers are asked for, what is put in and comes out."""

    name: str
    part: str
    unit: str
    meaning: str
    source: str
    left: str
    right: str
    put_in: str
    result: str


class Term(NamedTuple):
    """One quantity of the nomenclature; `values` as told or, of a formula, as computed where numbers are asked for."""

    name: str
    role: str
    symbol: str
    meaning: str
    unit: str
    values: tuple[str, ...]
    source: str


class Section(NamedTuple):
    """Equations of one part that follow one another; `again` where some of the part came before."""

    part: str
    meaning: str
    again: bool
    equations: tuple[Equation, ...]


class Setting(NamedTuple):
    """How formulas are written."""

    measured: Measured
    numbers: bool = False
    inline: bool = False
    substitute: bool = False
    digits: int = 4
    told: tuple[str, ...] = ()


class Paper(Writing):
    """The definitions that some outputs need, with their values."""

    def __init__(self, content: Content, setting: Setting) -> None:
        self.content, self.setting = content, setting
        self.measure, self.substitute, self.digits = setting.measured, setting.substitute, setting.digits
        model = content.subject.model
        super().__init__(model, content.subject.parts, [*self._wanted()], setting.told, setting.inline)
        self._check_told()

    def _check_told(self) -> None:
        """Refuse a pattern of definitions to leave out that is of none."""
        known = {join(s.path, a) for s in self.root.walk() for a, d in s.cls._declared.items() if d.role == FORMULA}
        known |= {".".join(filter(None, kept)) for kept in self.kept}
        for pattern in self.told:
            if not any(matches(name, pattern) for name in known):
                raise QuestionError(f"{self.root.cls.__name__} has no definition {pattern!r}{suggest(pattern, known)}")

    def _wanted(self) -> Iterator[str | Name]:
        """Outputs by name; an expression as a formula that is made for it."""
        for output in self.content.outputs:
            try:
                self.content.subject.root.find(output.name)
            except SymppaError:
                made = formula(output.unit, parse(output.name, self.content.subject.model), output.meaning)
                made.attr = output.name
                yield made
            else:
                yield output.name

    def _valued(self, scope: Scope, declared: Name) -> str:
        """A quantity's value, or its symbol where it has none or several."""
        if declared.role == CONSTANT:
            return self.setting.measured("1", declared.unit_text)
        value = self._scalar(scope, declared)
        if value is None:
            return self.left(scope, declared)
        write = self.given if declared.role == GIVEN else self.measured
        return write(value, declared.unit_text)

    def _scalar(self, scope: Scope, declared: Name) -> float | None:
        name = self._label(scope, declared)
        if declared.role == GIVEN and (scope.path, declared.attr) not in self.kept:
            told = self.parameters.get(name)
            return told.value if told is not None and isinstance(told.value, float) else None
        found = self.values.get(name) if self.setting.numbers or self.is_told(name) else None
        return float(found) if found is not None and np.ndim(found) == 0 else None

    # values

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """What is told, by name."""
        return {p.name: p for p in self.content.parameters}

    @cached_property
    def values(self) -> dict[str, Any]:
        """Every definition's value in its declared unit."""
        from symppa.engine.compile import compile

        if self.content.missing:
            return {}
        subject = self.content.subject
        defined = {n: f for n, f in self.reached.items() if self._body(*f)[1] is not None}
        kept = {n: self.resolved(n) for n, (w, d) in defined.items() if d.role == GIVEN or n in self.expressions}
        made: dict[str, Any] = {}
        for asked in ([n for n in defined if n not in kept], kept):
            program = compile(subject.model, asked, (), choose=subject.parts) if asked else None
            found = program({n: v.raw for n, v in subject.bound(program).items()}) if program else {}
            for name, value in found.items():
                scale = units.measure(program.outputs[name].unit).worth if program else 1.0
                made[name] = value * scale / units.measure(defined[name][1].unit_text).worth
        return made

    @property
    def expressions(self) -> set[str]:
        """Outputs that are no definitions of the system."""
        return {w.attr for w in self.wanted if isinstance(w, Name)}

    # what is printed

    def equations(self) -> Iterator[Equation]:
        """Definitions in order of dependence."""
        for where, declared in self.order:
            name = self._label(where, declared)
            if name in self.opened:
                continue
            home, expr = self._body(where, declared)
            expr = self._settled(home, expr)
            right = self._hand(home, self._symbol).write(expr)
            put_in = result = ""
            if self.setting.numbers:
                put_in, result = self._hand(home, self._valued).write(expr), self._result(name, declared)
            source = "derived" if declared.derived or declared.role == GIVEN else declared.source
            left = self.left(where, declared)
            part = where.path
            yield Equation(name, part, declared.unit_text, declared.meaning, source, left, right, put_in, result)

    def sections(self, found: Sequence[Equation]) -> list[Section]:
        """Equations part by part, as far as their order allows; a short paper is one."""
        if len(found) <= LONG:
            return [Section("", "", False, tuple(found))]
        made, seen = [], set[str]()
        meanings = {s.path: (inspect.getdoc(s.cls) or "").partition("\n")[0] for s in self.root.walk() if s.path}
        for part, each in groupby(found, key=lambda equation: top(equation.part)):
            made.append(Section(part, meanings.get(part, ""), part in seen, tuple(each)))
            seen.add(part)
        return made

    def notes(self, found: Sequence[Equation]) -> Iterator[str]:
        """What the signs of some equations mean, and why symbols stay where numbers are put in."""
        text = "".join(e.right for e in found)
        yield from (note for sign, note in NOTES.items() if re.search(sign, text))
        values = [t.values for t in self.terms() if t.role in (GIVEN, FORMULA)]
        if self.setting.numbers and any(len(told) > 1 for told in values):
            yield "Where numbers are put in, symbols stay of what has several values: the table has them."
        if self.setting.numbers and (UNTOLD,) in values:
            yield "What is not told stays a symbol: none of the outputs follows it."

    def _result(self, name: str, declared: Name) -> str:
        values = np.ravel(self.values[name])
        shown = [self.measured(float(v), declared.unit_text) for v in values]
        return shown[0] if len(shown) == 1 else rf"\left({', '.join(shown)}\right)"

    def terms(self) -> Iterator[Term]:
        """Every quantity that stands in what is printed: told ones, sets, then definitions."""
        columns = {c.name: c for c in self.content.columns}
        defined = {name for name, (w, d) in self.reached.items() if d.role == FORMULA or (w.path, d.attr) in self.kept}
        for role in (GIVEN, COLUMN, INDEX, FORMULA):
            for name, (where, declared) in self.reached.items():
                own = GIVEN if self.is_told(name) else FORMULA if name in defined else declared.role
                if own == role and name not in self.opened:
                    yield self._term(name, own, where, declared, columns)

    def _term(self, name: str, role: str, where: Scope, declared: Name, columns: dict[str, Any]) -> Term:
        symbol, unit, source = self.left(where, declared), declared.unit_text, declared.source
        values: Sequence[str] = ()
        meaning = declared.meaning
        if role == GIVEN and name in self.parameters:
            told = self.parameters[name]
            source = told.source
            values = _labelled(told.value, told.labels) or self._entries(name, told)
            if declared.domain is not None and declared.domain.labels:
                meaning += f" ({', '.join(f'{k}: {label}' for k, label in enumerate(declared.domain.labels))})"
            values = values or ([UNTOLD] if self._some_told else [])
        elif role == GIVEN and declared.role == GIVEN and self._some_told and not self.is_told(name):
            values = [UNTOLD]
        elif role == COLUMN and name in columns:
            found, source = columns[name], columns[name].source
            values = [f"{k:g}: {written(v, unit, self.digits)}" for k, v in zip(found.keys, found.entries, strict=True)]
        elif role == INDEX:
            values, unit, source = self._members(name), "", ""
            symbol = rf"{symbol} \in {scripted(symbol)}"
            meaning += " (position in the set, from 0)"
        elif role == FORMULA or declared.role == FORMULA:
            source = "derived" if declared.derived or declared.role == GIVEN else declared.source
            if (self.setting.numbers or self.is_told(name)) and name in self.values:
                flat = np.ravel(self.values[name])
                values = [shown(float(v), unit, self.setting.digits) for v in flat]
        return Term(name, role, symbol, meaning, unit, tuple(values), "" if source == NO_SOURCE else source)

    @cached_property
    def _some_told(self) -> bool:
        return any(p.value is not None for p in self.parameters.values())

    def _entries(self, name: str, parameter: Parameter) -> list[str]:
        """Numbers as they were told; a whole one that no float holds in full."""
        raw = self.content.told[name].raw if name in self.content.told else None
        if isinstance(raw, int) and float(raw) != raw:
            return [str(raw)]
        return [written(v, parameter.unit, self.digits) for v in _flat(parameter.value)]

    def _members(self, name: str) -> list[str]:
        for index in self.content.indexes:
            if index.name == name:
                return list(index.labels or ()) or ([f"{index.length} members"] if index.length is not None else [])
        return []


def _flat(value: Any) -> list[float]:
    if value is None:
        return []
    return [x for one in value for x in _flat(one)] if isinstance(value, list) else [float(value)]


def _labelled(value: Any, labels: Sequence[str] | None) -> list[str]:
    """Labels in place of their numbers."""
    return [labels[int(v)] for v in _flat(value)] if labels else []
