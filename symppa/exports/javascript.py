"""The formulas as an ES module: metadata of every given and output, and `compute(values)`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from symppa.exports.bodies import Body, Syntax
from symppa.exports.content import Content, Index, Parameter, Shown
from symppa.exports.heading import hashes, heading, named, tables
from symppa.exports.loops import Columns, Dialect, Steps, described, per, times
from symppa.exports.rules import functions, needed
from symppa.version import __version__

DIALECT = Dialect("javascript", "NaN", "Infinity", "{}", "{}")
OWN = ("about", "compute", "defaults", "given", "givens", "hasOwn", "outputs", "sets", "tables", "values")


@dataclass(frozen=True)
class Options:
    """JavaScript has one form."""


def write(content: Content, options: Options) -> str:
    """An ES module that needs nothing: it runs in a page and in node."""
    body = _Module(content).compute()
    calls = "\n".join(body)
    brought = needed("javascript", calls + "refusal(")
    return _harmless(
        "\n".join(
            [
                "/**",
                *(f" * {_comment(line)}".rstrip() for line in heading(content)),
                " */",
                "",
                *_metadata(content),
                "",
                *_defaults(),
                "",
                *body,
                *(line for block in brought.values() for line in ("", block)),
                "",
            ]
        )
    )


def _harmless(text: str) -> str:
    """A module that may stand inside a page: nothing in it closes or opens a script."""
    return text.replace("</", "<\\/").replace("<!--", "<\\!--").replace("<script", "<\\script")


def _comment(text: str) -> str:
    return text.replace("*/", "* /").replace("</", "< /").replace("<!--", "< !--").replace("<script", "< script")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def _metadata(content: Content) -> list[str]:
    """Constants that say what goes in and what comes out."""
    about: dict[str, Any] = {"title": content.title, "meaning": content.meaning, "model": content.program.model}
    about |= {"version": __version__, **hashes(content), "sources": content.sources}
    lines = [f"export const about = {_json(about)};"]
    lines += _list("Inputs: `value` is what comes along, null where nobody tells it.", "givens", _givens(content))
    lines += _list("Sets that vectors stand over.", "sets", [_set(i) for i in content.indexes])
    lines += _list("Tables by key; entries in the units of their columns.", "tables", _tables(content))
    return lines + _list("What comes out.", "outputs", [_output(o) for o in content.outputs])


def _list(what: str, name: str, rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return ["", f"/** {what} */", f"export const {name} = [];"]
    return ["", f"/** {what} */", f"export const {name} = [", *(f"  {_json(row)}," for row in rows), "];"]


def _givens(content: Content) -> list[dict[str, Any]]:
    return [_given(p) for p in content.parameters]


def _given(p: Parameter) -> dict[str, Any]:
    return {
        "name": p.name,
        "value": named(p.value, p.labels),
        "unit": p.unit,
        "meaning": p.meaning,
        "source": p.source,
        "symbol": p.symbol,
        "kind": p.kind,
        "low": p.low,
        "high": p.high,
        "step": p.stride,
        "choices": p.choices,
        "labels": p.labels,
        "memberOf": p.member_of or None,
        "sets": p.sets,
    }


def _set(index: Index) -> dict[str, Any]:
    facts = {"name": index.name, "meaning": index.meaning, "labels": index.labels}
    return facts | {"length": index.length, "sized": bool(index.sizes)}


def _tables(content: Content) -> list[dict[str, Any]]:
    found = []
    for name, columns in tables(content).items():
        short = [c.name.rpartition(".")[2] for c in columns]
        facts = [{"name": s, "unit": c.unit, "meaning": c.meaning} for s, c in zip(short, columns, strict=True)]
        rows: dict[str, dict[str, float]] = {}
        for s, c in zip(short, columns, strict=True):
            for key, entry in zip(c.keys, c.entries, strict=True):
                rows.setdefault(f"{key:.0f}", {})[s] = entry
        found.append({"name": name, "source": columns[0].source, "columns": facts, "rows": rows or None})
    return found


def _output(o: Shown) -> dict[str, Any]:
    facts = {"name": o.name, "unit": o.unit, "meaning": o.meaning, "source": o.source}
    return facts | {"symbol": o.symbol, "sets": o.sets}


def _defaults() -> list[str]:
    return [
        "/**",
        " * Every value that comes along, by name: numbers in declared units, labels, lists over sets, tables by key.",
        " * @returns {Object<string, any>}",
        " */",
        "export function defaults() {",
        "  const found = [];",
        "  for (const { name, value } of givens) if (value !== null) found.push([name, value]);",
        "  for (const { name, labels } of sets) if (labels !== null) found.push([name, labels]);",
        "  for (const { name, rows } of tables) if (rows !== null) found.push([name, rows]);",
        "  return Object.fromEntries(found);",
        "}",
    ]


class _Module:
    """The text of `compute`."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.tables = list(tables(content))
        taken = [*OWN, *functions("javascript"), *(f"rows{k}" for k in range(len(self.tables)))]
        taken += [f"members{k}" for k in range(len(content.indexes))]
        self.steps = Steps(content, DIALECT, taken, self._columns())
        self.body = Body(self.steps, self._syntax())

    def _columns(self) -> Columns:
        """A column is read in its own unit; its scale is part of the step that reads it."""
        found = {}
        for column in self.content.columns:
            table, _, short = column.name.rpartition(".")
            rows = f"rows{self.tables.index(table)}"
            found[column.name] = (f"{rows}.keys, {rows}[{_json(short)}]", f"{rows}.keys.length", column.scale)
        return found

    def _syntax(self) -> Syntax:
        return Syntax(
            constant="const {name} = {text};",
            running="let {name} = {text};",
            loop="for (let {place} = 0; {place} < {length}; {place}++) {{",
            comment="// {text}",
            safe=_comment,
            array=lambda name, length: [f"const {name} = new Float64Array({length});"],
            filled=lambda name, length, start: [f"const {name} = new Float64Array({length}).fill({start});"],
            extent=self._extent,
            product=" * ".join,
            member=lambda n, offset: f"{self.steps.arrays[n]}[{offset}]{times(self.steps.scales[n])}",
        )

    def _extent(self, index: Index, name: str, single: list[str], several: list[tuple[str, str]]) -> list[str]:
        k = self.content.indexes.index(index)
        sizes = ", ".join([*single, *(f"...{one}" for one, _ in several)])
        lines = [f"const {name} = extent({_json(index.name)}, members{k}.length, [{sizes}]);"]
        ready = self.body.known | {i.axis for i in self.content.indexes if not i.sizes}
        for j, p in enumerate(self.content.parameters):
            over = self.content.program.givens[p.name].over
            if index.axis in over and ready.issuperset(over):
                lines.append(self._vector(j, p))
        return lines

    def _labels(self, p: Parameter) -> str:
        """Where a member's labels come from: the set as it is told, not as it came along."""
        found = next((k for k, i in enumerate(self.content.indexes) if i.name == p.member_of), None)
        return "" if found is None else f", members{found}.labels"

    def _vector(self, j: int, p: Parameter) -> str:
        by_name = {i.name: (k, i) for k, i in enumerate(self.content.indexes)}
        sets = []
        for name in p.sets:
            k, index = by_name[name]
            length = f"members{k}.length ?? {self.steps.lengths[index.axis]}" if index.sizes else f"members{k}.length"
            sets.append(f"{{ labels: members{k}.labels, length: {length} }}")
        array = self.steps.arrays[p.step]
        return f"const {array} = vector(values, givens[{j}], [{', '.join(sets)}]{self._labels(p)});"

    def compute(self) -> list[str]:
        """The function, its documentation first."""
        lines = ["refuseUnknown(values, [...givens, ...sets, ...tables]);"]
        for k, index in enumerate(self.content.indexes):
            lines.append(f"const members{k} = membersOf(values, sets[{k}], givens);")
            if not index.sizes:
                lines.append(f"const {self.steps.lengths[index.axis]} = members{k}.length;")
        lines += [f"const rows{k} = rowsOf(values, tables[{k}]);" for k in range(len(self.tables))]
        sized = {i.name for i in self.content.indexes if i.sizes}
        for j, p in enumerate(self.content.parameters):
            if not p.sets:
                text = f"number(values, givens[{j}]{self._labels(p)}){times(p.scale)}"
                lines += self._described(f"const {self.steps.names[p.step]} = {text};", p)
            elif not sized & set(p.sets):
                lines += self._described(self._vector(j, p), p)
        lines += ["", *self.body.lines()]
        extents = [self.body.extents(self.content.program.sets(o.step)) for o in self.content.outputs]
        lines += [line for one in extents for line in one]
        lines += [line for o in self.content.outputs if o.sets for line in self._collected(o)]
        lines += ["", "return Object.fromEntries([", *(self._shown(o) for o in self.content.outputs), "]);"]
        return [*DOCUMENTED, *(f"  {line}".rstrip() for line in lines), "}"]

    def _described(self, line: str, p: Parameter) -> list[str]:
        comment = f"// {_comment(described(p.unit, p.meaning))}"
        return [f"{line} {comment}"] if len(line) + len(comment) <= 112 else [comment, line]

    def _collected(self, o: Shown) -> list[str]:
        """An output over sets in one row."""
        axes = self.content.program.sets(o.step)
        name = f"shown_{self.content.outputs.index(o)}_"
        inside = [*self.body.loads([o.step])]
        inside.append(f"{name}[{self.body.offset(o.step)}] = {self.steps.value(o.step).text}{per(o.scale)};")
        made = f"const {name} = new Float64Array({self.body.length(o.step)});"
        return [made, *self.body.loop(axes, inside)]

    def _shown(self, o: Shown) -> str:
        if not o.sets:
            return f"  [{_json(o.name)}, {self.steps.value(o.step).text}{per(o.scale)}], // {o.unit}"
        lengths = ", ".join(self.steps.lengths[axis] for axis in self.content.program.sets(o.step))
        return f"  [{_json(o.name)}, nested(shown_{self.content.outputs.index(o)}_, [{lengths}])], // {o.unit}"


DOCUMENTED = (
    "/**",
    " * Every output in its declared unit, by name; one over sets is an array, the last set innermost.",
    " * What `values` leaves out is as it came along; a value outside its domain throws a RangeError.",
    " * @param {Object<string, any>} [values] numbers in declared units, labels, arrays or objects by label over sets",
    " * @returns {Object<string, any>}",
    " */",
    "export function compute(values = {}) {",
)
