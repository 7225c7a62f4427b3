"""The formulas as one Python file that needs numpy only: a function with a keyword for every given."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from symppa.exports.bodies import WHOLE
from symppa.exports.content import Content, Index, Parameter, Shown
from symppa.exports.heading import brief, heading, named, plain, tables
from symppa.exports.loops import Columns, Dialect, Round, Steps, described, figure
from symppa.exports.names import function, identifier, identifiers
from symppa.exports.rules import functions, needed
from symppa.language.operations import BY_NAME, REDUCING

DIALECT = Dialect("python", "np.nan", "np.inf", "{}", "float({})")
WIDE = 116
KEPT = (
    "Any",
    "Array",
    "Label",
    "Mapping",
    "Members",
    "Number",
    "Sequence",
    "Set",
    "Table",
    "UNITS",
    "Vector",
    "annotations",
)
IMPORTS = """\
from __future__ import annotations

{abstract}from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Number = float | Array  # a number, or an array of designs
"""
VECTOR = "Vector = Sequence[Any] | Mapping[str, Any] | float | Array  # sets are the last axes; or a mapping by label\n"
LABEL = "Label = str | float | Sequence[Any] | Array  # a label, or its place from 0\n"
TABLE = "Table = Mapping[float, Mapping[str, float]]  # rows by key\n"
SET = "Set = Sequence[str] | int | None  # labels, or how many; None: as many as the vectors have\n"
MEMBERS = "Members = tuple[Sequence[str] | None, int | None]  # labels and length of a set\n"
RUN = """
if __name__ == "__main__":
    for name, value in {function}().items():
        print(f"{{name}} = {{np.array2string(np.asarray(value), precision=6)}} {{UNITS[name]}}")
"""
MISSING = """
if __name__ == "__main__":
    raise SystemExit(
{text}
    )
"""


@dataclass(frozen=True)
class Options:
    """Python has one form."""


def write(content: Content, options: Options) -> str:
    """A file that needs numpy only."""
    return _File(content).text()


class _File:
    """The text of one file."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.function = function("python", content.title)
        self.tables = tables(content)
        own = [*functions("python"), *KEPT]
        own += ["sets", self.function]
        brought = [*self.tables, *(index.name for index in content.indexes)]
        names = identifiers("python", [*(p.name for p in content.parameters), *brought], own)
        self.keywords = {name: names[name] for name in brought}
        taken = [*own, *self.keywords.values()]
        self.columns = {c.name: f"{names[_table(c.name)]}_{self._short(c.name)}" for c in content.columns}
        taken += [*self.columns.values(), *(f"{names[name]}_keys" for name in self.tables)]
        self.steps = Steps(content, DIALECT, taken, self._columns())
        self.known: set[int] = set()

    @staticmethod
    def _short(column: str) -> str:
        return identifier("python", column.rpartition(".")[2]).rstrip("_")

    def _columns(self) -> Columns:
        found = {}
        for column in self.content.columns:
            keys = f"{self.keywords[_table(column.name)]}_keys"
            found[column.name] = (f"{keys}, {self.columns[column.name]}", "", column.scale)
        return found

    # the whole

    def text(self) -> str:
        """Heading, constants, the function, what it calls, and what a run prints."""
        body = "\n".join(['@np.errstate(all="ignore")', *self._signature(), *self._documentation(), *self._body()])
        helpers = needed("python", body)
        everything = body + "".join(helpers.values())
        kinds = [
            k for k in (VECTOR, LABEL, TABLE, SET, MEMBERS) if re.search(rf"[:,>] {k.split(' =')[0]}\b", everything)
        ]
        wanted = [word for word in ("Mapping", "Sequence") if re.search(rf"\b{word}\b", everything + "".join(kinds))]
        abstract = f"from collections.abc import {', '.join(wanted)}\n" if wanted else ""
        opening = [*self._heading(), "", IMPORTS.format(abstract=abstract) + "".join(kinds), *self._constants()]
        return "\n\n\n".join(["\n".join(opening), body, *helpers.values(), self._run().strip("\n")]) + "\n"

    def _heading(self) -> list[str]:
        return [line.rstrip() for line in _document(heading(self.content))]

    def _constants(self) -> list[str]:
        units = {o.name: o.unit for o in self.content.outputs}
        lines = [f"UNITS = {_pretty(units)}"]
        for name, columns in self.tables.items():
            if columns[0].keys:
                rows: dict[float, dict[str, float]] = {}
                for column in columns:
                    for key, entry in zip(column.keys, column.entries, strict=True):
                        rows.setdefault(key, {})[column.name.rpartition(".")[2]] = entry
                for column in columns:
                    lines += _comment(f"{column.name}: {described(column.unit, column.meaning, column.source)}")
                lines.append(f"{self.keywords[name].upper()}_ROWS: Table = {_pretty(rows)}")
        return lines

    def _run(self) -> str:
        if not self.content.missing:
            return RUN.format(function=self.function)
        lines = wrap(plain("values are needed: " + "; ".join(self.content.missing)), WIDE - 20, **WHOLE)
        return MISSING.format(text="\n".join(f"        {_string(line + ' ')}" for line in lines))

    # the function

    def _signature(self) -> list[str]:
        lines = [f"def {self.function}(", "    *,"] if self._arguments() else [f"def {self.function}("]
        for keyword, kind, default in self._arguments():
            lines += f"    {keyword}: {kind}{f' = {default}' if default else ''},".splitlines()
        return [*lines, ") -> dict[str, Array]:"]

    def _arguments(self) -> list[tuple[str, str, str]]:
        found = []
        for p in self.content.parameters:
            value = named(p.value, p.labels)
            kind = "Vector" if p.sets else "Label" if p.kind == "label" else "Number"
            default = "" if value is None else _pretty(value, 4)
            found.append((self.steps.names[p.step], kind, default))
        for name, columns in self.tables.items():
            default = f"{self.keywords[name].upper()}_ROWS" if columns[0].keys else ""
            found.append((self.keywords[name], "Table", default))
        for index in self.content.indexes:
            if self._told(index):
                counted = None if self._vectors(index) else index.length
                members = index.labels if index.labels is not None else counted
                found.append((self.keywords[index.name], "Set", _pretty(members, 4)))
        return found

    def _told(self, index: Index) -> bool:
        """Whether a set's members are told: one with a size and no vectors counts itself."""
        return not index.sizes or bool(self._vectors(index))

    def _vectors(self, index: Index) -> list[Parameter]:
        return [p for p in self.content.parameters if index.name in p.sets]

    def _documentation(self) -> list[str]:
        meaning = plain(self.content.meaning).rstrip(".") or "Its outputs in declared units, by name"
        lines = [*wrap(f"{meaning}.", WIDE - 8), "", "Parameters", "----------"]
        for p in self.content.parameters:
            lines += self._parameter(p)
        for name, columns in self.tables.items():
            told = "; ".join(f"{c.name.rpartition('.')[2]} [{c.unit}], {plain(c.meaning)}" for c in columns)
            lines += self._entry(self.keywords[name], f"rows by key: {told}")
        for index in self.content.indexes:
            if self._told(index):
                lines += self._entry(self.keywords[index.name], f"set: {index.meaning}")
        lines += ["", "Returns", "-------"]
        for o in self.content.outputs:
            over = f", over {', '.join(o.sets)}" if o.sets else ""
            lines += self._entry(f'"{o.name}"', f"{described(o.unit, o.meaning, o.source)}{over}")
        return [f"    {line}".rstrip() for line in _document(lines)]

    def _parameter(self, p: Parameter) -> list[str]:
        ends = "" if p.low is None and p.high is None else f"; {_end(p.low)} to {_end(p.high)}"
        ends += f" in steps of {brief(p.stride)}" if p.stride is not None else ""
        ends += f"; {', '.join(map(brief, p.choices))}" if p.choices else ""
        ends += f"; {' | '.join(p.labels)}" if p.labels else ""
        over = f", over {', '.join(p.sets)}" if p.sets else ""
        return self._entry(self.steps.names[p.step], f"{described(p.unit, p.meaning, p.source)}{over}{ends}")

    def _entry(self, name: str, text: str) -> list[str]:
        return [f"{name} :", *wrap(plain(text), WIDE - 8, initial_indent="    ", subsequent_indent="    ")]

    # its statements

    def _body(self) -> list[str]:
        lines = self._tables() + self._members()
        for p in self.content.parameters:
            lines += self._read(p)
        for one in self.steps.rounds:
            lines += self._round(one)
        for o in self.content.outputs:
            lines += self._extents(self.content.program.sets(o.step))
        shown = [f"    {_string(o.name)}: {self._shown(o)}," for o in self.content.outputs]
        lines = [*lines, "return {", *shown, "}"]
        text = "\n".join(lines)
        counted = [*self.steps.lengths.values(), *self.steps.places.values()]  # not everything counted is read
        for word in (word for word in counted if len(re.findall(rf"\b{word}\b", text)) == 1):
            lines = [line for line in lines if not line.startswith(f"{word} = ")]
        return [f"    {line}" for line in lines]

    def _tables(self) -> list[str]:
        lines = []
        for name, columns in self.tables.items():
            word, short = self.keywords[name], [c.name.rpartition(".")[2] for c in columns]
            lines.append(f"{word}_keys = _keys({_string(name)}, {word})")
            for one, column in zip(short, columns, strict=True):
                lines.append(f"{self.columns[column.name]} = _column({_string(name)}, {word}, {_string(one)})")
        return lines

    def _members(self) -> list[str]:
        """The sets, in the order of the last axes."""
        if not self.content.indexes:
            return []
        lines = ["sets: dict[str, Members] = {"]
        for index in self.content.indexes:
            over = self._vectors(index)
            told = ", ".join(f"({self.steps.names[p.step]}, {p.sets.index(index.name)}, {len(p.sets)})" for p in over)
            stated = self.keywords[index.name] if self._told(index) else "None"
            sized = ", sized=True" if index.sizes else ""
            call = f"_members({_string(index.name)}, {stated}, [{told}]{sized}),"
            lines += wrap(f"    {_string(index.name)}: {call}", WIDE - 8, subsequent_indent=" " * 8, **WHOLE)
        lines.append("}")
        for index in self.content.indexes:
            if not index.sizes:
                lines += [
                    f"{self.steps.lengths[index.axis]} = sets[{_string(index.name)}][1] or 0",
                    *self._place(index),
                ]
        return lines

    def _place(self, index: Index) -> list[str]:
        """The places of a set's members, where something counts them."""
        steps = (self.content.program.steps[n] for n in self.content.program.live)
        if not any(step.operation == "coordinate" and step.detail == index.axis for step in steps):
            return []
        after = len(self.content.indexes) - 1 - self.content.indexes.index(index)
        shape = ", ".join(["-1", *["1"] * after])
        length = self.steps.lengths[index.axis]
        return [f"{self.steps.places[index.axis]} = np.arange({length}, dtype=float).reshape({shape})"]

    def _read(self, p: Parameter) -> list[str]:
        name = self.steps.names[p.step]
        told = [_string(p.name), name]
        told += [figure(p.scale)] if p.scale != 1 or p.sets else []
        if p.sets:
            told += [f"({', '.join(map(_string, p.sets))},)", "sets"]
        elif self.content.indexes:
            told.append(f"sets={len(self.content.indexes)}")
        line = f"{name} = {'_vector' if p.sets else '_number'}({', '.join([*told, *self._domain(p)])})"
        comment = f"  # {described(p.unit, p.meaning)}"
        return [line + comment] if len(line + comment) <= WIDE - 4 else [*_comment(comment[4:]), *_folded(line)]

    def _domain(self, p: Parameter) -> list[str]:
        found = [f"{word}={figure(end)}" for word, end in (("low", p.low), ("high", p.high)) if end is not None]
        found += [f"step={figure(p.stride)}"] if p.stride is not None else []
        found += ["whole=True"] if p.kind == "integers" else []
        found += [f"choices=({', '.join(figure(c) for c in p.choices)},)"] if p.choices else []
        if p.member_of:
            found.append(f"labels=_labels(sets[{_string(p.member_of)}])")
        elif p.labels:
            found.append(f"labels=({', '.join(map(_string, p.labels))},)")
        return found

    def _extents(self, axes: tuple[int, ...]) -> list[str]:
        lines = []
        for axis in axes:
            index = self.steps.indexes[axis]
            if index.sizes and axis not in self.known:
                self.known.add(axis)
                sizes = ", ".join(self.steps.value(s).text for s in index.sizes)
                name = _string(index.name)
                lines.append(f"{self.steps.lengths[axis]} = _extent({name}, sets[{name}], {sizes})")
                lines += self._place(index)
        return lines

    def _round(self, one: Round) -> list[str]:
        lines = self._extents(one.axes)
        for n in self.steps.lines(one):
            step, text = self.content.program.steps[n], self.steps.expression(n)
            if step.operation in REDUCING:
                place = [i.axis for i in self.content.indexes].index(step.detail) - len(self.content.indexes)
                text = BY_NAME[step.operation].python.format(text, k=place)
            note = self.steps.note(n)
            line = f"{self.steps.names[n]} = {text}"
            if note and len(line) + len(note) + 4 <= WIDE - 4:
                lines.append(f"{line}  # {note}")
            else:
                lines += [*(_comment(note) if note else []), *_folded(line)]
        return lines

    def _shown(self, o: Shown) -> str:
        value = self.steps.value(o.step).text
        if not self.content.indexes:
            return f"_shown({value}, {figure(o.scale)})"
        over = self.content.program.sets(o.step)
        lengths = [self.steps.lengths[i.axis] if i.axis in over else "None" for i in self.content.indexes]
        return f"_shown({value}, {figure(o.scale)}, ({', '.join(lengths)},))"


def _table(column: str) -> str:
    return column.rpartition(".")[0]


def _pretty(value: Any, deep: int = 0) -> str:
    """A constant in one line, or in one line for each entry; a vector is a tuple."""
    if isinstance(value, str):
        return _string(value)
    if not isinstance(value, list | tuple | dict):
        return figure(value) if isinstance(value, float) else repr(value)
    if isinstance(value, dict):
        opening, closing = "{", "}"
        entries = [f"{_pretty(key)}: {_pretty(one, deep + 4)}" for key, one in value.items()]
    else:
        opening, closing = "(", ",)" if len(value) == 1 else ")"
        entries = [_pretty(one, deep + 4) for one in value]
    text = ", ".join(entries)
    if len(text) < WIDE - deep - 40 and "\n" not in text:
        return f"{opening}{text}{closing}"
    numbers = isinstance(value, list | tuple) and isinstance(value[0], float)
    lines = wrap(f"{text},", WIDE - deep - 8, **WHOLE) if numbers else [f"{entry}," for entry in entries]
    inside = "".join(f"\n{' ' * (deep + 4)}{line}" for line in lines)
    return f"{opening}{inside}\n{' ' * deep}{closing[-1]}"


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _document(lines: list[str]) -> list[str]:
    """A documentation string that reads as the lines do; a backslash stands as it is where nothing needs another."""
    raw = any("\\" in line for line in lines) and not any('"""' in line for line in lines)
    first, *rest = lines if raw else [line.replace("\\", "\\\\").replace('"""', r"\"\"\"") for line in lines]
    return [f'{"r" if raw else ""}"""{first}', *rest, '"""']


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in wrap(plain(text), WIDE - 8, break_on_hyphens=False)]


def _folded(line: str) -> list[str]:
    """A statement in several lines, if it is long."""
    if len(line) <= WIDE - 4 or " = " not in line:
        return [line]
    name, _, text = line.partition(" = ")
    pieces = wrap(text, WIDE - 8, **WHOLE)
    return [f"{name} = (", *(f"    {piece}" for piece in pieces), ")"]


def _end(end: float | None) -> str:
    return "..." if end is None else brief(end)
