"""The page of givens: what a user types, what may be typed, and what it is worth in base units."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from symppa import units
from symppa.exports.content import Content, Parameter
from symppa.exports.heading import brief
from symppa.exports.sheet.cells import COUNTS, DIGITS
from symppa.exports.sheet.pages import MEMBERS, Check, Entry, Names, Page, Spot, fixed, letters, literal, span
from symppa.exports.sheet.sets import Extent

HEAD = ("name", "value", "unit", "meaning", "domain", "source", "in base units", "base unit", "one unit, in base units")
WIDTHS: dict[int, float] = {1: 34, 2: 14, 3: 14, 4: 44, 5: 24, 6: 30, 7: 14, 8: 14, 9: 13}
VALUE, BASE, WORTH = 2, 7, 9


class Givens:
    """Fills the page; `homes` are the cells in base units of givens without sets, by step."""

    def __init__(self, content: Content, sets: dict[int, Extent], names: Names, lists: Page) -> None:
        self.content, self.sets, self.names, self.lists = content, sets, names, lists
        self.axis = {extent.described.name: axis for axis, extent in sets.items()}
        self.page = Page("givens", dict(WIDTHS))
        self.homes: dict[int, Spot] = {}
        self.inputs: dict[int, Spot] = {}  # the first input cell of every parameter
        self.labels: dict[str, tuple[Spot, Spot]] = {}

    def fill(self) -> Page:
        """Every given and every set."""
        page, plain = self.page, [p for p in self.content.parameters if not p.sets]
        page.line([f"{self.content.title}: givens"], "title")
        page.line(
            ["Yellow cells are yours to change; an empty one is not told, and what depends on it is #N/A."], "note"
        )
        page.heads = page.line(HEAD, "head")
        first = page.row
        page.row += len(plain)
        self._sets()
        for row, p in enumerate(plain, first):
            self._plain(p, row)
        return page

    def _plain(self, p: Parameter, row: int) -> None:
        self._said(p, p.name, row)
        cell = self._input(p, p.value, self.page.name, row, VALUE)
        self.names.add(p.name, fixed(cell, cell))
        self.inputs[p.step] = cell
        formula = self.base(p, cell, Spot("givens", row, WORTH), "givens")
        digits = COUNTS if p.kind in ("label", "integers") and p.scale == 1.0 else DIGITS
        self.homes[p.step] = self.page.put(row, BASE, Entry(f"={formula}", "formula", digits))

    def _said(self, p: Parameter, name: str, row: int) -> None:
        """Everything about a given but its value."""
        base = units.base_unit(units.dimension(p.unit))
        texts = {1: (name, "name"), 3: (unit(p.unit), "text"), 4: (p.meaning, "text"), 5: (domain(p), "text")}
        texts |= {6: (p.source, "text"), 8: (unit(base), "text")}
        for column, (text, style) in texts.items():
            self.page.put(row, column, Entry(text, style))
        self.page.put(row, WORTH, Entry(p.scale, "fixed"))

    def _input(self, p: Parameter, value: float | None, page: str, row: int, column: int) -> Spot:
        """A cell to type into; a label is written as such."""
        shown: float | str | None = value
        if value is not None and p.kind == "label":
            shown = p.labels[int(value)] if p.labels else str(int(value))
        spot = self.page.put(row, column, Entry(shown, "input"))
        check = self._check(p, f"{letters(column)}{row}")
        if check is not None:
            self.page.checks.append(check)
        return spot

    # sets and what stands over them

    def _sets(self) -> None:
        vectors: dict[str, list[Parameter]] = {}
        for p in self.content.parameters:
            if p.sets:
                vectors.setdefault(p.sets[-1], []).append(p)
        for axis, extent in self.sets.items():
            self.page.row += 1
            self.sets[axis] = extent._replace(row=self.page.row)
            self._set(self.sets[axis])
            for p in vectors.get(extent.described.name, []):
                self._vector(p)

    def _set(self, extent: Extent) -> None:
        """The row of a set: its labels, and how many members it has."""
        page, index, row = self.page, extent.described, self.page.row
        texts = [f"set {index.name}", None, "members", index.meaning, f"room for {extent.room}"]
        for column in range(1, MEMBERS):
            page.put(row, column, Entry("", "head"))
        page.line([*texts, None, None, None, "labels"], "head")
        for m in range(extent.room):
            own = index.labels[m] if index.labels and m < len(index.labels) else None
            told = own if own is not None else str(m) if index.sizes or index.length else None
            page.put(row, MEMBERS + m, Entry(told, "label" if index.sizes else "key"))
            page.widths[MEMBERS + m] = max(page.widths.get(MEMBERS + m, 13), min(len(told or "") + 2, 28))
        value = f"B{row}"
        if not extent.open:
            page.put(row, VALUE, Entry(float(extent.room), "fixed"))
        elif not index.sizes:
            page.put(row, VALUE, Entry(None, "input"))
            message = f"how many members {index.name} has: a whole number from 1 to {extent.room}"
            page.checks.append(Check(value, "whole", "1", str(extent.room), message))
        least = 0 if index.sizes else 1
        fits = f"AND({value}=INT({value}),{value}>={least},{value}<={extent.room})"
        page.put(row, BASE, Entry(f"=IF(ISNUMBER({value}),IF({fits},{value},NA()),NA())", "formula", COUNTS))

    def size(self, extent: Extent, cells: list[str]) -> None:
        """The number of members of a set with a size: a computed one."""
        made = cells[0] if len(cells) == 1 and ":" not in cells[0] else f"MAX({','.join(cells)})"
        self.page.put(extent.row, VALUE, Entry(f"={made}", "formula", COUNTS))

    def _vector(self, p: Parameter) -> None:
        *down, across = (self.sets[self.axis[name]] for name in p.sets)
        first = self.page.row
        for place in product(*(range(extent.room) for extent in down)):
            row, value = self.page.row, p.value
            for m in place:
                value = _member(value, m)
            self._said(p, p.name + "".join(f"[{_label(e, m)}]" for e, m in zip(down, place, strict=True)), row)
            for m in range(across.room):
                self._input(p, _member(value, m), "givens", row, MEMBERS + m)
            self.page.row += 1
        start = Spot("givens", first, MEMBERS)
        self.inputs[p.step] = start
        self.names.add(p.name, fixed(start, start.moved(self.page.row - 1 - first, across.room - 1)))

    # what a value is worth, and what it may be

    def base(self, p: Parameter, cell: Spot, worth: Spot, page: str) -> str:
        """The formula of a value in base units; not available where nothing, or nothing allowed, is told."""
        a = cell.seen_from(page)
        if p.kind == "label":
            values = self.choices(p, page)
            place = f"SUMPRODUCT(EXACT({a},{values})*(COLUMN({values})-{self._first(p)}))"
            return f'IF({a}="",NA(),IF(SUMPRODUCT(--EXACT({a},{values}))=1,{place},NA()))'
        made = a if p.scale == 1.0 else f"{a}*{worth.seen_from(page)}"
        limits = _limits(p, a)
        allowed = f"IF(AND({','.join(limits)}),{made},NA())" if limits else made
        return f"IF(ISNUMBER({a}),{allowed},NA())"

    def choices(self, p: Parameter, page: str) -> str:
        """The range of the labels of a given."""
        if p.member_of:
            return self.sets[self.axis[p.member_of]].labels(page)
        first, last = self._listed(p)
        return span(first, last, page)

    def _first(self, p: Parameter) -> int:
        return MEMBERS if p.member_of else 2

    def _listed(self, p: Parameter) -> tuple[Spot, Spot]:
        """The cells that hold the labels, or the numbers, that a given is one of."""
        if p.name not in self.labels:
            found: tuple[str | float, ...] = p.labels or p.choices
            row = self.lists.line([p.name, *found])
            self.labels[p.name] = Spot("lists", row, 2), Spot("lists", row, 1 + len(found))
        return self.labels[p.name]

    def _check(self, p: Parameter, cell: str) -> Check | None:
        said = f"{p.name}: {domain(p)}"
        if p.member_of:
            extent = self.sets[self.axis[p.member_of]]
            return Check(cell, "list", f"={fixed(extent.label(0), extent.label(extent.room - 1))}", "", said)
        if p.labels or p.choices:
            return Check(cell, "list", f"={fixed(*self._listed(p))}", "", said)
        if p.stride is not None:
            return Check(cell, "custom", f"=AND({','.join(_limits(p, cell))})", "", said)
        if p.low is None and p.high is None:
            return Check(cell, "decimal", "-1E+300", "1E+300", f"{p.name}: a number of {unit(p.unit) or 'no unit'}")
        kind = "whole" if p.kind == "integers" and abs(p.high or 0) < 2**31 and p.scale == 1.0 else "decimal"
        low = "-1E+300" if p.low is None else _number(p.low).strip("()")
        high = "1E+300" if p.high is None else _number(p.high).strip("()")
        if kind == "whole":
            low, high = low.replace("-1E+300", "-2147483648"), high.replace("1E+300", "2147483647")
        return Check(cell, kind, low, high, said)


def _limits(p: Parameter, a: str) -> list[str]:
    """Conditions of a domain on a cell."""
    found = [f"{a}>={_number(p.low)}"] if p.low is not None else []
    found += [f"{a}<={_number(p.high)}"] if p.high is not None else []
    if p.kind == "integers":
        found.append(f"{a}=INT({a})" if p.scale == 1.0 else f"{a}*{_number(p.scale)}=INT({a}*{_number(p.scale)})")
    if p.stride is not None:
        steps = f"({a}-{_number(p.low or 0.0)})/{_number(p.stride)}"
        found.append(f"ABS({steps}-ROUND({steps},0))<=1E-9")
    if p.choices:
        found.append(f"OR({','.join(f'{a}={_number(c)}' for c in p.choices)})")
    return found


def _number(value: float) -> str:
    """A number in a formula, in two parts where it has more digits than a formula keeps."""
    most = float(f"{value:.15G}")
    return literal(value) or f"({most:.15G}+{value - most:.15G})".replace("+-", "-")


def _member(value: object, m: int) -> float | None:
    """One member of a vector; a single value stands for every member."""
    if isinstance(value, list):
        return value[m] if m < len(value) else None
    return value  # type: ignore[return-value]


def _label(extent: Extent, m: int) -> str:
    return extent.described.labels[m] if extent.described.labels and m < len(extent.described.labels) else str(m)


def unit(text: str) -> str:
    """A unit as it is shown: a pure number has none."""
    return "" if text == "1" else text


def domain(p: Parameter) -> str:
    """A domain in words."""
    if p.kind == "label":
        return f"a member of {p.member_of}" if p.member_of else " | ".join(p.labels or ())
    if p.choices:
        return " | ".join(map(brief, p.choices))
    whole = "whole number" if p.kind == "integers" else ""
    ends = {"at least": p.low, "at most": p.high}
    told = [f"{word} {brief(end)}" for word, end in ends.items() if end is not None]
    told += [f"in steps of {brief(p.stride)}"] if p.stride is not None else []
    return " ".join([*filter(None, [whole]), *([", ".join(told)] if told else [])])


def indexed(sets: Mapping[int, Extent], axes: tuple[int, ...]) -> str:
    """The sets that a value stands over, in words."""
    return "over " + ", ".join(sets[axis].described.name for axis in axes)
