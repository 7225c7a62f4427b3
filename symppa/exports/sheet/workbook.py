"""The pages of a workbook: outputs, givens, formulas, steps, tables, lists, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from symppa import units
from symppa.exports.content import Column, Content, Parameter
from symppa.exports.sheet.cells import COUNTS, DIGITS, Cells
from symppa.exports.sheet.givens import BASE, HEAD, VALUE, WIDTHS, WORTH, Givens, indexed, unit
from symppa.exports.sheet.pages import MEMBERS, Check, Entry, Names, Page, Spot, fixed, span
from symppa.exports.sheet.sets import extents
from symppa.version import __version__

WITHOUT = ("constant", "given", "coordinate", "count")  # steps that a formula's row only shows
NOTES = (
    "Yellow cells on the page of givens are inputs; everything else is computed from them, in base units.",
    (
        "A value that is not told or lies outside its domain, a key that a table has not, 1/0 and the logarithm of 0"
        " give an error such as #N/A, and so does everything that depends on them. There is no infinite value."
    ),
    (
        "Rounding up and down, comparisons and differences keep every bit of their operands; other sums of opposite"
        " numbers may be taken as 0 by a spreadsheet where they agree to 14 digits."
    ),
)


class Row(NamedTuple):
    """A row of the formulas: a definition, or an output that is none."""

    name: str
    unit: str
    meaning: str
    source: str
    step: int


class Workbook:
    """Every page, filled."""

    def __init__(self, content: Content, rows: int) -> None:
        self.content, self.names = content, Names()
        self.sets = extents(content, rows)
        self.lists = Page("lists", {1: 34})
        self.lists.heads = self.lists.line(["given", "what it is one of"], "head")
        self.steps = Page("steps", {1: 44, 2: 15, 3: 3, 4: 44, **dict.fromkeys(range(5, MEMBERS), 2.0)})
        self.formulas = Page("formulas", {**WIDTHS, 5: 60.0})
        self.outputs = Page("outputs", {1: 34, 2: 15, 3: 15, 4: 60, 5: 34})
        self.tables: list[Page] = []
        self.givens = Givens(content, self.sets, self.names, self.lists)
        self.givens.fill()
        self.columns = self._tables(rows)
        self.cells = Cells(content, self.sets, self.columns, self.steps)
        self._before: dict[int, Spot] = {}  # the first cell on the way to a formula
        self.shown: dict[str, Spot] = {}  # the first cell of each formula in its declared unit
        self._fill()

    @property
    def pages(self) -> list[Page]:
        """The pages in their order; those without a row are left out."""
        found = [self.outputs, self.givens.page, self.formulas, self.steps, *self.tables]
        return [*found, *([self.lists] if self.lists.row > 2 else []), self.about]

    # tables

    def _tables(self, rows: int) -> dict[str, tuple[Spot, Spot, Spot, int]]:
        by_table: dict[str, list[Column]] = {}
        for c in self.content.columns:
            by_table.setdefault(c.name.rpartition(".")[0], []).append(c)
        found = {}
        for number, (name, columns) in enumerate(by_table.items(), 1):
            page = Page(f"table {number}", {1: 18})
            page.line([f"table {name}"], "title")
            page.line(["unit", *(unit(c.unit) for c in columns)])
            for column, c in enumerate(columns, 2):
                page.put(3, column, Entry(c.meaning, "text"))
                page.put(4, column, Entry(c.source, "text"))
                page.put(5, column, Entry(c.scale, "fixed"))
                page.widths[column] = 30
            for row, text in enumerate(("meaning", "source", "one unit, in base units"), 3):
                page.put(row, 1, Entry(text, "text"))
            page.row = 6
            page.heads = page.line(["key", *(c.name.rpartition(".")[2] for c in columns)], "head")
            keys = columns[0].keys or (None,) * rows
            for k, key in enumerate(keys):
                page.put(7 + k, 1, Entry(key, "input"))
                page.checks.append(Check(f"A{7 + k}", "whole", "-2147483648", "2147483647", "a key: a whole number"))
                for column, c in enumerate(columns, 2):
                    page.put(7 + k, column, Entry(c.entries[k] if c.entries else None, "input"))
            for column, c in enumerate(columns, 2):
                places = Spot(page.name, 7, column), Spot(page.name, 7, 1), Spot(page.name, 5, column)
                found[c.name] = (*places, len(keys))
                self.names.add(c.name, fixed(places[0], places[0].moved(len(keys) - 1, 0)))
            self.tables.append(page)
        return found

    # formulas and steps

    @cached_property
    def rows(self) -> list[Row]:
        """Definitions in order of dependence, then outputs that have no name of their own."""
        found = [
            Row(d.name, d.unit, d.meaning, "derived" if d.derived else d.source, d.step)
            for d in self.content.definitions
        ]
        known = {row.name for row in found}
        more = (Row(o.name, o.unit, o.meaning, o.source, o.step) for o in self.content.outputs if o.name not in known)
        return [*found, *more]

    def _fill(self) -> None:
        program, cells = self.content.program, self.cells
        self.steps.line([f"{self.content.title}: steps on the way to the formulas, in base units"], "title")
        self.steps.heads = self.steps.line(["step", "value", " ", "for", *[" "] * 5], "head")
        self.formulas.line([f"{self.content.title}: formulas"], "title")
        self.formulas.heads = self.formulas.line((*HEAD[:4], "formula in words", *HEAD[5:]), "head")
        cells.homes.update(self.givens.homes)
        named = self._reserve()
        self.owners = self._owners(named)
        for n in program.live:
            if program.steps[n].operation == "given" and n not in cells.homes:
                self._vector(n)
            elif n not in named and n not in cells.homes and not cells.inline(n):
                cells.place(n, program.steps[n].operation.replace("_", " "), self.owners.get(n, ""))
            elif n in named and (cells.lines(n) > 1 or program.sets(n)):
                self._on_the_way(n, named[n])
        for row in self.rows:
            self._row(row)
        across = {column: width for column, width in self.givens.page.widths.items() if column >= MEMBERS}
        self.steps.widths.update(across)
        for axis, extent in self.sets.items():
            if extent.described.sizes:
                texts = [cells.everywhere(s, "givens") for s in program.axes[axis].sizes]
                self.givens.size(self.sets[axis], texts)
        self._outputs()

    def _reserve(self) -> dict[int, str]:
        """Rows for the formulas; a step with a name and without sets is computed there."""
        named: dict[int, str] = {}
        for row in self.rows:
            operation = self.content.program.steps[row.step].operation
            sets = self.content.program.sets(row.step)
            if row.step not in named and operation not in WITHOUT:
                named[row.step] = row.name
                if not sets:
                    self.cells.homes[row.step] = Spot("formulas", self.formulas.row, BASE)
            self.shown[row.name] = Spot("formulas", self.formulas.row + bool(sets), MEMBERS if sets else VALUE)
            self.formulas.row += 1 + (self.cells.rows(row.step) if sets else 0)
        return named

    def _owners(self, named: dict[int, str]) -> dict[int, str]:
        """The formula that each unnamed step is first for."""
        found: dict[int, str] = dict(named)
        steps = self.content.program.steps
        for n in reversed(self.content.program.live):
            if n in found:
                for a in steps[n].arguments:
                    if a not in named:
                        found[a] = found[n]
        return found

    def _on_the_way(self, n: int, name: str) -> None:
        """Cells that a named step needs on the page of steps."""
        cells = self.cells
        if self.content.program.sets(n):
            cells.place(n, name, f"{name}, in base units")
            return
        spot = Spot("steps", self.steps.row, VALUE)
        self._before[n] = spot
        cells.fill(n, spot, name, name, cells.lines(n) - 1)

    def _vector(self, n: int) -> None:
        """A given over sets in base units."""
        p = next(p for p in self.content.parameters if p.step == n)
        start, row = self.givens.inputs[n], self.steps.row
        self.cells.homes[n] = Spot("steps", row, MEMBERS)
        for where in self.cells.members(n):
            down, right = self.cells.offset(n, where)
            cell = start.moved(down, right)
            formula = self.givens.base(p, cell, Spot("givens", cell.row, WORTH), "steps")
            self.steps.put(row + down, MEMBERS + right, Entry(f"={formula}", "formula", DIGITS))
        self.steps.put(row, 1, Entry(p.name, "name"))
        self.steps.put(row, 4, Entry(f"{p.name}, in base units", "text"))
        self.steps.row += self.cells.rows(n)

    def _row(self, row: Row) -> None:
        """A formula: its value in its declared unit, what it means, and how it is computed."""
        first, sets = self.shown[row.name], self.content.program.sets(row.step)
        page, at, scale = self.formulas, first.row - bool(sets), units.measure(row.unit).worth
        texts = (row.name, None, unit(row.unit), row.meaning, self.words.get(row.name, ""), row.source)
        base = units.base_unit(units.dimension(row.unit))
        for column, text in enumerate((*texts, None, unit(base)), 1):
            if text:
                page.put(at, column, Entry(text, "name" if column == 1 else "text"))
        page.put(at, WORTH, Entry(scale, "fixed"))
        if sets:
            self._over(row, first, scale)
            return
        home, steps = self.cells.homes.get(row.step), self.content.program.steps
        if home == Spot("formulas", at, BASE):
            spot = self._before.get(row.step)
            text = self.cells.formula(row.step, {}, "formulas", spot)[-1]
        elif steps[row.step].operation == "constant" and home is None:
            text = self.cells.formula(row.step, {}, "formulas")[-1]
        else:
            text = self.cells.text(row.step, {}, "formulas")[0]
        digits = COUNTS if self.cells.whole(row.step) and scale == 1.0 else DIGITS
        page.put(at, BASE, Entry(f"={text}", "formula", digits))
        value = f"=G{at}" if scale == 1.0 else f"=G{at}/I{at}"
        page.put(at, VALUE, Entry(value, "formula", digits))
        self.names.add(row.name, fixed(first, first))

    def _over(self, row: Row, first: Spot, scale: float) -> None:
        """A formula over sets: its members beside one another, under their labels."""
        axes, page, cells = self.content.program.sets(row.step), self.formulas, self.cells
        across = self.sets[axes[-1]]
        page.put(first.row - 1, VALUE, Entry(indexed(self.sets, axes), "note"))
        for m in range(across.room):
            page.put(first.row - 1, MEMBERS + m, Entry(self._label((axes[-1],), {axes[-1]: m}, "formulas"), "label"))
            page.widths[MEMBERS + m] = self.givens.page.widths[MEMBERS + m]
        for where in cells.members(row.step):
            down, right = cells.offset(row.step, where)
            text, worth = cells.text(row.step, where, "formulas")[0], f"$I${first.row - 1}"
            made = text if scale == 1.0 else f"{text}/{worth}"
            for extent in (
                self.sets[k] for k in axes if self.sets[k].open and where[k] >= (self.sets[k].described.length or 0)
            ):
                made = f'IF({extent.counted.seen_from("formulas")}>{where[extent.described.axis]},{made},"")'
            page.put(first.row + down, MEMBERS + right, Entry(f"={made}", "formula", DIGITS))
            if not right and len(axes) > 1:
                page.put(first.row + down, WORTH, Entry(self._label(axes[:-1], where, "formulas"), "label"))
        last = first.moved(cells.rows(row.step) - 1, across.room - 1)
        self.names.add(row.name, fixed(first, last))

    def _label(self, axes: Sequence[int], where: Mapping[int, int], page: str) -> str:
        """The labels of a member, as a formula; nothing where they are not told."""
        return "=" + '&", "&'.join(self.sets[k].label(where[k]).seen_from(page) for k in axes) + '&""'

    @cached_property
    def words(self) -> dict[str, str]:
        """Formulas in words by name; a part that repeats another reads as that one."""
        from symppa.language.document import Document

        document = Document(self.content.subject.model, self.content.subject.parts)
        found = dict(document.texts())
        for row in self.rows:
            for again in document.repeated:
                if row.name.startswith(f"{again.path}.") and row.name not in found:
                    found[row.name] = f"as {again.like}{row.name[len(again.path) :]}"
        return found

    # what was asked for

    def _outputs(self) -> None:
        page, content = self.outputs, self.content
        page.line([content.title], "title")
        page.line([content.meaning], "note")
        page.line([None, None, None, "givens whose value is missing or lies outside its domain"])
        page.cells[3, VALUE] = Entry(self._untold(), "formula", COUNTS)
        page.heads = page.line(["output", "value", "unit", "meaning", "source"], "head")
        for output in content.outputs:
            first, axes = self.shown[output.name], content.program.sets(output.step)
            row = page.line([output.name, None, unit(output.unit), output.meaning, output.source])
            page.cells[row, 1] = Entry(output.name, "name")
            if not axes:
                digits = self.formulas.cells[first.row, first.column].digits
                page.put(row, VALUE, Entry(f"={first.seen_from('outputs')}", "result", digits))
                continue
            page.put(row, VALUE, Entry(indexed(self.sets, axes), "note"))
            for where in self.cells.members(output.step):
                down, right = self.cells.offset(output.step, where)
                label = self._label(axes, where, "outputs")
                page.put(page.row, 1, Entry(label, "label"))
                page.put(page.row, VALUE, Entry(f"={first.moved(down, right).seen_from('outputs')}", "result", DIGITS))
                page.put(page.row, 3, Entry(unit(output.unit), "text"))
                page.row += 1

    def _untold(self) -> str:
        """How many givens have no value that counts."""
        plain = [s for p in self.content.parameters if (s := self.givens.homes.get(p.step)) is not None]
        found = [f"SUMPRODUCT(--ISERROR({span(plain[0], plain[-1], 'outputs')}))"] if plain else []
        for extent in self.sets.values():
            if extent.open:
                found.append(f"IF(ISERROR({extent.counted.seen_from('outputs')}),1,0)")
        for p in self.content.parameters:
            if p.sets:
                found.append(self._untold_of(p))
        return f"={'+'.join(found) or '0'}"

    def _untold_of(self, p: Parameter) -> str:
        """How many members of a vector have no value that counts, among those that there are."""
        first, axes = self.cells.homes[p.step], self.content.program.sets(p.step)
        extents = [self.sets[k] for k in axes]
        cells = span(first, first.moved(self.cells.rows(p.step) - 1, extents[-1].room - 1), "outputs")
        wrong = f"ISERROR({cells})"
        if extents[-1].open:
            wrong += f"*(COLUMN({cells})-{MEMBERS}<{extents[-1].counted.seen_from('outputs')})"
        if len(extents) == 2 and extents[0].open:
            wrong += f"*(ROW({cells})-{first.row}<{extents[0].counted.seen_from('outputs')})"
        known = [f"ISNUMBER({e.counted.seen_from('outputs')})" for e in extents if e.open]
        made = f"SUMPRODUCT({wrong}*1)"
        return f"IF(AND({','.join(known)}),{made},0)" if known else made

    @cached_property
    def about(self) -> Page:
        """What the workbook is, how it computes, and what it stands on."""
        content, page = self.content, Page("about", {1: 24, 2: 110})
        hashes = content.subject.hashes(content.program, content.subject.inputs(content.program, content.told))
        page.line(["about", content.title], "title")
        facts = {"meaning": content.meaning, "system": content.subject.system, "symppa": __version__}
        facts |= {"program (SHA-256)": hashes["program"], "values (SHA-256)": hashes["inputs"]}
        for fact in facts.items():
            page.line(fact)
        for note in NOTES:
            page.line(["how to read it", note])
        for extent in self.sets.values():
            if extent.open:
                said = (
                    f"{extent.described.name} has room for {extent.room} members; with more, what depends on it is #N/A"
                )
                page.line(["limit", said])
        for missing in content.missing:
            page.line(["not told", missing])
        page.line(["sources"], "head")
        for source in content.sources:
            page.line(["cited as", source])
        for key, entry in content.bibliography.items():
            page.line([key, entry], "wrapped")
        return page
