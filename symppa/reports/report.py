"""A report: tables of texts and labelled lines, before anyone decides what they look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

# Cells that are a verdict, by what colour says of them too: the word is always there.
HUES: Mapping[str, str] = MappingProxyType({
    "met": "good", "CALIBRATED": "good", "LOW": "good", "APPROX": "fair", "MEDIUM": "fair",
    "not met": "bad", "MISSING": "bad", "HIGH": "bad", "FREE": "idle",
})  # fmt: skip


class Column(NamedTuple):
    """A head, a unit below it, and whether numbers stand in it (right-aligned, never cut)."""

    head: str
    unit: str = ""
    numeric: bool = False

    @property
    def title(self) -> str:
        """Head and unit on one line."""
        return f"{self.head} [{self.unit}]" if self.unit else self.head


@dataclass(frozen=True)
class Table:
    """Rows of texts. `turns`: may stand on its side where it is too wide; `drops`: may lose its last columns."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    more: str = ""
    turns: bool = False
    drops: bool = False

    def turned(self) -> Table:
        """Rows as columns."""
        heads = tuple(Column(str(k + 1), numeric=True) for k in range(len(self.rows)))
        rows = tuple((c.title, *(row[k] for row in self.rows)) for k, c in enumerate(self.columns))
        return Table(self.title, (Column(""), *heads), rows, self.more)

    def first(self, count: int) -> Table:
        """The first columns only."""
        left = len(self.columns) - count
        more = "; ".join(filter(None, [self.more, f"{left} more columns: --csv or --json has them"]))
        return Table(self.title, self.columns[:count], tuple(row[:count] for row in self.rows), more)


class Line(NamedTuple):
    """A label and a text."""

    label: str
    text: str


@dataclass(frozen=True)
class Report:
    """What is said of one answer: a title, tables, then lines."""

    title: str
    meaning: str
    tables: tuple[Table, ...]
    lines: tuple[Line, ...]


def listed(names: Sequence[str], most: int = 8) -> str:
    """Names on one line, the first of many.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"
