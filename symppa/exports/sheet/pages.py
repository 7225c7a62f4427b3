"""A workbook before it is written: pages of entries, checks on what is typed, names for cells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from symppa.errors import QuestionError

MEMBERS = 10  # the column of a set's first member
COLUMNS = 16384 - MEMBERS
CELL_LIKE = re.compile(r"[a-z]{1,3}\d+|r\d*(c\d*)?|c\d*|true|false", re.IGNORECASE)


class Entry(NamedTuple):
    """What stands in a cell: a text, a number or a formula, which begins with `=`; how it looks, how it prints."""

    value: str | float | None
    style: str = "text"
    digits: str = "count"


class Check(NamedTuple):
    """What may be typed into a cell; `kind`, `first` and `second` are those of a data validation."""

    cell: str
    kind: str
    first: str
    second: str
    message: str


class Spot(NamedTuple):
    """A cell: page, row, column."""

    page: str
    row: int
    column: int

    def seen_from(self, page: str) -> str:
        """Its address in a formula of a page."""
        own = f"{letters(self.column)}{self.row}"
        return own if page == self.page else f"{quoted(self.page)}!{own}"

    def moved(self, down: int, right: int) -> Spot:
        """The cell so many rows below and columns to the right."""
        return Spot(self.page, self.row + down, self.column + right)


def span(first: Spot, last: Spot, page: str) -> str:
    """A range of cells of one page, as a formula of another writes it."""
    return f"{first.seen_from(page)}:{letters(last.column)}{last.row}"


def fixed(first: Spot, last: Spot) -> str:
    """A range by its absolute address."""
    ends = [f"${letters(spot.column)}${spot.row}" for spot in (first, last)]
    return f"{quoted(first.page)}!{ends[0] if first == last else ':'.join(ends)}"


def quoted(page: str) -> str:
    """A page's name in an address."""
    return page if page.isalpha() else f"'{page}'"


def letters(column: int) -> str:
    """A column's letters.

    >>> letters(1), letters(28)
    ('A', 'AB')
    """
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


@dataclass
class Page:
    """One sheet while it is filled."""

    name: str
    widths: dict[int, float]
    heads: int = 0  # rows that stay in sight
    cells: dict[tuple[int, int], Entry] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    row: int = 1  # the next free one

    def put(self, row: int, column: int, entry: Entry) -> Spot:
        """Fill a cell."""
        self.cells[row, column] = entry
        return Spot(self.name, row, column)

    def line(self, values: Iterable[str | float | None], style: str = "text") -> int:
        """A row of texts, the next free one; its number."""
        for column, value in enumerate(values, 1):
            if value is not None and value != "":
                self.put(self.row, column, Entry(value, style))
        self.row += 1
        return self.row - 1


class Names:
    """Names for cells that every spreadsheet takes: none looks like an address, no two differ in case alone."""

    def __init__(self) -> None:
        self.given: dict[str, str] = {}
        self._taken: set[str] = set()

    def add(self, name: str, where: str) -> str:
        """The name that a range gets."""
        plain = re.sub(r"[^A-Za-z0-9_.]", "_", name)[:200]
        if not re.match(r"[A-Za-z_]", plain) or CELL_LIKE.fullmatch(plain):
            plain = f"_{plain}"
        tried, number = plain, 2
        while tried.lower() in self._taken:
            tried, number = f"{plain}_{number}", number + 1
        self._taken.add(tried.lower())
        self.given[tried] = where
        return tried


def literal(number: float) -> str | None:
    """A number in a formula, which keeps 15 digits; None where it has more, or is not finite.

    >>> literal(0.5), literal(-2.0), literal(1e-9), literal(0.1 + 0.2)
    ('0.5', '(-2)', '1E-09', None)
    """
    text = f"{number:.15G}"
    if number in (float("inf"), float("-inf")) or float(text) != number:
        return None
    return f"({text})" if number < 0 else text


def fitting(name: str, members: int) -> int:
    """A number of members that fits beside one another."""
    if members > COLUMNS:
        raise QuestionError(f"the set {name} has {members} members; beside one another a sheet holds {COLUMNS}")
    return members
