"""Points: designs one after the other, from a file, a DataFrame or columns in Python."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.bind import Value
from symppa.engine.border import domain_text, outside
from symppa.engine.program import Given, Program
from symppa.errors import QuestionError, SymppaError, suggest
from symppa.studies.axes import labels_of
from symppa.studies.lists import Listed, owner
from symppa.studies.pointfiles import Column, Table, table
from symppa.studies.result import Array
from symppa.studies.subject import DEFAULT, Subject

NUMBERS = ("point", "draw", "design")  # columns of our own files that count rows
INDEX = "__index_level_"  # columns in which pandas keeps its index
Reader = Callable[[Any], float]


class Points(Listed):
    """Designs as listed: a column for each given that moves, or member of a vector."""

    def __init__(self, source: Any, subject: Subject) -> None:
        self.table = table(source)
        program = subject.program(DEFAULT)
        computed = {d.name for d in program.definitions} | {*program.outputs}
        self.told: dict[str, Column] = {}
        self.left: list[str] = []
        for column in self.table.columns:
            if column.name not in program.known and (column.name in computed or _counts(column.name)):
                self.left.append(column.name)
                continue
            try:
                subject.refuse_settled([column.name])
                owner(program.known, column.name, subject.system)
            except SymppaError as error:
                raise error.at(self.table.file, None) from None
            self.told[column.name] = column
        self.names = tuple(self.told)
        if not self.names:
            raise self.table.error(f"no column is a given of {subject.system}: {', '.join(self.left)}")

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"columns that are no givens, left out: {', '.join(self.left)}",) if self.left else ()

    @property
    def question(self) -> dict[str, Any]:
        return {"points": self.file or {"columns": recorded(self)}}

    @property
    def facts(self) -> dict[str, Any]:
        return {"points": {"rows": self.table.rows, "columns": list(self.names), **self.file}}

    @cached_property
    def file(self) -> dict[str, str]:
        """The file and what it held; nothing for what came from Python."""
        if self.table.file is None:
            return {}
        return {"file": self.table.file, "sha256": hashlib.sha256(Path(self.table.file).read_bytes()).hexdigest()}

    def columns(self, program: Program, told: Mapping[str, Value]) -> dict[str, Array]:
        found = {}
        for name, column in self.told.items():
            given = program.givens[owner(program.known, name, program.model)]
            found[name] = _Reading(self.table, column, given, labels_of(program, told, given)).values()
        return found


def _counts(name: str) -> bool:
    return name in NUMBERS or name.startswith(INDEX)


class _Reading:
    """One column, on its way to base values."""

    def __init__(self, where: Table, column: Column, given: Given, labels: tuple[str, ...] | None) -> None:
        self.where, self.column, self.given, self.labels = where, column, given, labels

    def values(self) -> Array:
        """Base values, or places of labels."""
        self._refuse_missing()
        if self.labels is not None:
            return self._each(self._label)
        cells = self.column.cells
        found = self._measured(cells) if isinstance(cells, np.ndarray) else self._each(self._worth)
        bad = outside(self.given, found)
        if bad.any():
            raise self._wrong(
                int(np.argmax(bad)), f"outside the domain of {self.given.name}, {domain_text(self.given)}"
            )
        return found

    def _measured(self, numbers: Array) -> Array:
        """Numbers in the unit of the head; in Python without one, in the declared unit."""
        odd = ~np.isfinite(numbers)
        if odd.any():
            raise self._wrong(int(np.argmax(odd)), "not a finite number")
        name, given, unit = self.column.name, self.given, self.column.unit
        if unit is None and self.where.file is not None and units.dimension(given.unit) != units.PURE:
            raise self.where.error(
                f"{name} has no unit; write it in the head, as in `{name} [{given.unit}]`, or in the cells, as in "
                f"{units.example(given.unit, float(numbers[0]))} ({given.meaning})"
            )
        try:
            return np.asarray(units.worth((numbers, unit or given.unit), given.unit, name, given.meaning), float)
        except SymppaError as error:
            raise error.at(self.where.file, None) from None

    def _refuse_missing(self) -> None:
        cells = self.column.cells
        if isinstance(cells, np.ndarray):
            absent = np.isnan(cells)
            row = int(np.argmax(absent)) if absent.any() else None
        else:
            row = next((k for k, v in enumerate(cells) if v is None or v != v or v == ""), None)
        if row is not None:
            raise self.where.at(row, self.column.name, "the cell holds no value")

    def _each(self, read: Reader) -> Array:
        """Every distinct cell is read once."""
        cells = self.column.cells
        cells = cells.tolist() if isinstance(cells, np.ndarray) else cells
        for kind in dict.fromkeys(map(type, cells)):
            if kind not in (str, int, float):
                row = next(k for k, v in enumerate(cells) if type(v) is kind)
                raise self._wrong(row, "neither a number nor a text")
        numbers: dict[Any, int] = {}
        codes = np.fromiter((numbers.setdefault(v, len(numbers)) for v in cells), np.intp, len(cells))
        found = np.empty(len(numbers))
        for cell, k in numbers.items():
            try:
                found[k] = read(cell)
            except SymppaError as error:
                raise self.where.at(int(np.argmax(codes == k)), self.column.name, error.message) from None
        return found[codes]

    def _worth(self, cell: Any) -> float:
        """A text with a unit, or a number in the unit of the head."""
        name, given, unit = self.column.name, self.given, self.column.unit
        if unit is not None:
            number = units.split(cell) if isinstance(cell, str) else (cell, "")
            if number is None or number[1]:
                raise QuestionError(f"{cell!r} is not a plain number, as the unit in the head asks: {unit}")
            return float(units.worth((np.asarray(number[0]), unit), given.unit, name, given.meaning))
        strict = isinstance(cell, str) or self.where.file is not None
        return float(units.worth(str(cell) if strict else cell, given.unit, name, given.meaning))

    def _label(self, cell: Any) -> float:
        text = cell.strip() if isinstance(cell, str) else f"{cell:g}"
        labels = self.labels or ()
        if text not in labels:
            raise QuestionError(f"{text!r} is no choice{suggest(text, labels)}")
        return float(labels.index(text))

    def _wrong(self, row: int, what: str) -> SymppaError:
        cell = self.column.cells[row]
        shown = f"{cell:g} {self.column.unit or ''}".strip() if isinstance(cell, float) else repr(cell)
        return self.where.at(row, self.column.name, f"{shown} is {what}")


def recorded(points: Points) -> dict[str, Any]:
    """The columns as they were told, with their units; copies, since a caller may change his."""
    return {c.name: {"unit": c.unit, "values": c.cells.copy()} for c in points.told.values()}
