"""What an export says: a program with its inputs and outputs in declared units, their values and sources."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.bind import NO_SOURCE, Value
from symppa.engine.program import Definition, Given, Program
from symppa.studies import named
from symppa.studies.references import entries, parts_of
from symppa.studies.subject import Subject, System

Number = Any  # a float, or lists of them in the order of the sets


@dataclass(frozen=True)
class Parameter:
    """A given that the program needs, in its declared unit: `value * scale` is its worth in base units.

    `value` is None where none is told; over sets it is nested lists, in the order of `sets`. Where `labels` are known
    a value counts among them from 0. `low`, `high` and `step` are the ends of its domain, where it has some.
    """

    name: str
    unit: str
    scale: float
    meaning: str
    source: str
    symbol: str
    step: int
    value: Number = None
    sets: tuple[str, ...] = ()
    labels: tuple[str, ...] | None = None
    member_of: str = ""
    kind: str = "real"  # real, integers, choices, label
    low: float | None = None
    high: float | None = None
    stride: float | None = None
    choices: tuple[float, ...] = ()


@dataclass(frozen=True)
class Index:
    """A set: its place among the program's axes; members where they are told; `sizes` are steps that bound it."""

    name: str
    meaning: str
    axis: int
    labels: tuple[str, ...] | None
    length: int | None
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Column:
    """One column of a table, in its declared unit; keys ascend. Nothing is told: both are empty."""

    name: str
    unit: str
    scale: float
    meaning: str
    source: str
    keys: tuple[float, ...]
    entries: tuple[float, ...]


@dataclass(frozen=True)
class Shown:
    """An output: its step gives base units, `base / scale` is what is shown."""

    name: str
    unit: str
    scale: float
    meaning: str
    source: str
    symbol: str
    step: int
    sets: tuple[str, ...]


class Content:
    """A system, with or without values, and the outputs that are exported.

    >>> content = Content("gemm_tiler", ("cycles",))
    >>> content.title, [output.name for output in content.outputs]
    ('gemm_tiler', ['cycles'])
    """

    def __init__(
        self,
        system: System,
        outputs: Sequence[str] = ("*",),
        values: Mapping[str, Any] | None = None,
        parts: Mapping[str, str] | None = None,
    ) -> None:
        told = (system, values, parts)
        self.subject = named.subject(*told) if isinstance(system, str) else Subject.of(*told)
        self.asked = tuple(outputs)
        self.program: Program = self.subject.program(self.asked)
        self.told: dict[str, Value] = self.subject.bound(self.program)

    @property
    def title(self) -> str:
        """What it is called: the description, or else the system."""
        return self.subject.name

    @property
    def meaning(self) -> str:
        """One line about it."""
        described = self.subject.description.meaning if self.subject.description is not None else ""
        return described or (inspect.getdoc(type(self.subject.model)) or "").partition("\n")[0]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The givens that the outputs need, in the program's order."""
        steps = self.program.number_of
        live = set(self.program.live)
        return tuple(self._parameter(g, steps[n]) for n, g in self.program.givens.items() if steps[n] in live)

    @cached_property
    def indexes(self) -> tuple[Index, ...]:
        """The sets that live values stand over or count."""
        program = self.program
        used = {k for n in program.live for k in program.sets(n)}
        used |= {program.steps[n].detail for n in program.live if program.steps[n].operation in ("coordinate", "count")}
        used |= {a for p in program.givens.values() if p.name in self._live_names for a in p.over}
        return tuple(self._index(k) for k in sorted(used))

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns that the outputs look up."""
        live = {self.program.steps[n].detail for n in self.program.live if self.program.steps[n].operation == "lookup"}
        return tuple(self._column(name) for name in self.program.columns if name in live)

    @cached_property
    def outputs(self) -> tuple[Shown, ...]:
        """What is exported, in the order asked for."""
        found = []
        for name, d in self.program.outputs.items():
            sets = tuple(self.program.axes[k].name for k in self.program.sets(d.step))
            scale = units.measure(d.unit).worth
            found.append(Shown(name, d.unit, scale, d.meaning, _said(d), d.symbol, d.step, sets))
        return tuple(found)

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """Named values on the way to the outputs, in order of dependence."""
        live = set(self.program.live)
        return tuple(sorted((d for d in self.program.definitions if d.step in live), key=lambda d: d.step))

    @cached_property
    def sources(self) -> list[str]:
        """Every reference that the formulas and the values told stand on."""
        found = [d.source for d in self.definitions] + [p.source for p in self.parameters]
        return parts_of([*found, *(c.source for c in self.columns)])

    @cached_property
    def bibliography(self) -> dict[str, str]:
        """BibTeX entries of what is cited, by key."""
        known = entries()
        keys = dict.fromkeys(part.partition(",")[0].strip() for part in self.sources)
        return {key: known[key] for key in sorted(keys) if key in known}

    @cached_property
    def missing(self) -> list[str]:
        """Parameters and tables whose values nobody tells, with their units."""
        found = [f"{p.name} [{p.unit}] ({p.meaning})" for p in self.parameters if p.value is None]
        tables = dict.fromkeys(c.name.rpartition(".")[0] for c in self.columns if not c.keys)
        return found + [f"the table {name}" for name in tables]

    @property
    def _live_names(self) -> set[str]:
        return {self.program.steps[n].detail for n in self.program.live if self.program.steps[n].operation == "given"}

    # one by one

    def _parameter(self, given: Given, step: int) -> Parameter:
        member = self.program.member_of(given)
        index = self._index(given.domain[1][0]) if member and given.domain else None
        labels = index.labels if index else given.labels
        value = self.told.get(given.name)
        scale = units.measure(given.unit).worth
        kind, ends = given.domain or ("real", ())
        if labels is not None or member:
            kind, ends = "label", ()
        return Parameter(
            name=given.name,
            unit=given.unit,
            scale=scale,
            meaning=given.meaning,
            source="; ".join(value.sources) if value else given.source or NO_SOURCE,
            symbol=given.symbol,
            step=step,
            value=self._worth(given, value.raw if value else given.default, labels, scale),
            sets=tuple(self.program.axes[a].name for a in given.over),
            labels=labels,
            member_of=member,
            kind={"reals": "real"}.get(kind, kind),
            choices=tuple(told_as(end, scale) for end in ends) if kind == "choices" else (),
            **_ends(kind, ends, scale),
        )

    def _worth(self, given: Given, raw: Any, labels: tuple[str, ...] | None, scale: float) -> Number:
        """A value as a number of its declared unit, or a label as its place."""
        if raw is None:
            return None
        if isinstance(raw, Mapping):
            order = self._index(given.over[0]).labels or ()
            written_by = {str(label): one for label, one in raw.items()}
            return [self._worth(given, written_by[label], labels, scale) for label in order]
        if isinstance(raw, str) and (labels is not None or self.program.member_of(given)):
            return float(labels.index(raw)) if labels else None  # a member of a set that nobody has told
        if isinstance(raw, list) or (isinstance(raw, np.ndarray) and raw.ndim):
            return [self._worth(given, one, labels, scale) for one in raw]
        written = units.split(raw) if isinstance(raw, str) else None
        if written is not None and written[1] == given.unit:
            return written[0]
        if isinstance(raw, int | float):
            return float(raw)
        worth = np.divide(units.worth(raw, given.unit, given.name, given.meaning), scale)
        return worth.tolist()

    def _index(self, axis: int) -> Index:
        found = self.program.axes[axis]
        labels, length = self._members(axis)
        return Index(found.name, found.meaning, axis, labels, length, found.sizes)

    def _members(self, axis: int) -> tuple[tuple[str, ...] | None, int | None]:
        """Labels of a set and its length, as the values tell them."""
        stated = self.told.get(self.program.axes[axis].name)
        if stated is not None and isinstance(stated.raw, Sequence) and not isinstance(stated.raw, str):
            return tuple(str(v) for v in stated.raw), len(stated.raw)
        if stated is not None:
            return None, int(stated.raw)
        for given in self.program.givens.values():
            value = self.told.get(given.name)
            raw = value.raw if value is not None else given.default
            if axis in given.over and isinstance(raw, Mapping):
                return tuple(map(str, raw)), len(raw)
            length = _along(raw, given.over, axis)
            if length is not None:
                return None, length
        return None, None

    def _column(self, name: str) -> Column:
        unit, meaning = self.program.columns[name]
        table, _, short = name.rpartition(".")
        value, scale = self.told.get(table), units.measure(unit).worth
        rows = {float(key): row[short] for key, row in value.raw.items()} if value else {}
        keys = tuple(sorted(rows))
        entries_ = tuple(float(units.worth(rows[k], unit, f"{name}[{k:g}]", meaning)) / scale for k in keys)
        return Column(name, unit, scale, meaning, "; ".join(value.sources) if value else NO_SOURCE, keys, entries_)


def _along(raw: Any, over: tuple[int, ...], axis: int) -> int | None:
    """How many members a vector brings along one of its sets, if it has them all."""
    if isinstance(raw, tuple) and len(raw) == 2 and isinstance(raw[1], str):
        raw = raw[0]  # an array with its unit
    if axis not in over or isinstance(raw, str | Mapping) or raw is None:
        return None
    shape = np.shape(getattr(raw, "magnitude", raw))
    return shape[over.index(axis)] or None if len(shape) == len(over) else None


def _ends(kind: str, ends: tuple[Any, ...], scale: float) -> dict[str, float | None]:
    """The ends of a range in its declared unit."""
    if kind not in ("reals", "integers"):
        return {}
    low, high, stride = (None if end is None else told_as(end, scale) for end in (*ends, None)[:3])
    return {"low": low, "high": high, "stride": stride}


def told_as(worth: float, scale: float) -> float:
    """A number of base units in a unit, as it was written: the fewest digits that are worth the same.

    >>> told_as(1.1 * 1e9, 1e9), told_as(1 / 3, 1.0), told_as(2.0**53, 1.0)
    (1.1, 0.3333333333333333, 9007199254740992.0)
    """
    plain = worth / scale  # dividing may leave noise in the last digit
    written = (float(f"{plain:.{digits}g}") for digits in range(1, 18))
    return next((one for one in written if one * scale == worth), plain)


def _said(definition: Definition) -> str:
    return "derived" if definition.derived else definition.source
