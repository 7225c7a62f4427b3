"""An affine problem as a table: rows over columns, each column scaled to its range."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from symppa.engine.border import Array
from symppa.engine.convex import AFFINE, CONCAVE, CONVEX, Substituted, at_member
from symppa.engine.search.domains import Choices
from symppa.errors import UnsupportedError

EVEN, LISTED = 1e-12, 64  # relative spread of equal steps; candidates that become booleans
Kind = Literal["real", "integer", "boolean"]


class Line(NamedTuple):
    """constant + sum of coefficient times column; `banned` are choices for which it is undefined."""

    constant: float
    slopes: tuple[tuple[int, float], ...] = ()
    shape: int = AFFINE
    banned: frozenset[int] = frozenset()

    def times(self, factor: float) -> Line:
        """A multiple of it."""
        if factor == 0.0:
            return Line(0.0, banned=self.banned)
        turned = self.shape if factor > 0.0 else -self.shape
        return Line(self.constant * factor, tuple((c, s * factor) for c, s in self.slopes), turned, self.banned)


class Ratio(NamedTuple):
    """One line over another that is positive everywhere."""

    above: Line
    below: Line


class Column(NamedTuple):
    """A variable from `low` to `high`; one that is scaled counts in shares of its range."""

    kind: Kind
    name: str
    low: float
    high: float


class Row(NamedTuple):
    """A line that is at most 0, or exactly; `limit` is the number of the limit it comes from."""

    line: Line
    equal: bool = False
    limit: int = -1


def line(value: float | Line) -> Line:
    """A number as a line."""
    return value if isinstance(value, Line) else Line(float(value))


def added(values: Iterable[float | Line]) -> Line:
    """The sum of lines; of one convex and one concave it is neither."""
    constant, found, shapes, banned = 0.0, dict[int, float](), set[int](), frozenset[int]()
    for value in map(line, values):
        constant += value.constant
        banned |= value.banned
        shapes.add(value.shape)
        for column, slope in value.slopes:
            found[column] = found.get(column, 0.0) + slope
    if {CONVEX, CONCAVE} <= shapes:
        raise UnsupportedError("a convex value plus a concave one is neither")
    shape = CONVEX if CONVEX in shapes else CONCAVE if CONCAVE in shapes else AFFINE
    return Line(constant, tuple(sorted((c, s) for c, s in found.items() if s)), shape, banned)


@dataclass
class Table:
    """Columns and rows as the rules make them."""

    asked: Substituted
    columns: list[Column] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    given: dict[str, Line] = field(default_factory=dict)
    chosen: dict[str, list[int]] = field(default_factory=dict)

    def column(self, kind: Kind, name: str, low: float, high: float) -> int:
        """The number of a new column."""
        self.columns.append(Column(kind, name, low, high))
        return len(self.columns) - 1

    def variable(self, name: str) -> Line:
        """A free given: a share of a range, a count of equal steps, or a choice."""
        domain = self.asked.free[name]
        if not isinstance(domain, Choices):
            made = Line(domain.low, ((self.column("real", name, 0.0, 1.0), domain.high - domain.low),))
        else:
            made = self._stepped(name, domain.table)
        self.given[name] = made
        return made

    def _stepped(self, name: str, table: Array) -> Line:
        steps = np.diff(table)
        if not len(steps):
            return Line(float(table[0]))
        if np.ptp(steps) <= EVEN * np.abs(table).max():
            step = float((table[-1] - table[0]) / len(steps))
            return Line(float(table[0]), ((self.column("integer", name, 0.0, float(len(steps))), step),))
        columns = self.choices(name)
        return Line(0.0, tuple(zip(columns, map(float, table), strict=True)))

    def choices(self, name: str) -> list[int]:
        """A boolean for every candidate of a given, one of which is 1; they agree with the given's own column."""
        if name not in self.chosen:
            domain = self.asked.free[name]
            if not isinstance(domain, Choices) or len(domain.values) > LISTED:
                raise UnsupportedError(f"{name} has not at most {LISTED} candidates")
            columns = [self.column("boolean", name, 0.0, 1.0) for _ in domain.values]
            self.chosen[name] = columns
            self.rows.append(Row(Line(-1.0, tuple((c, 1.0) for c in columns)), equal=True))
            if name in self.given:
                own = self.given[name].times(-1.0)
                listed = Line(0.0, tuple(zip(columns, domain.values, strict=True)))
                self.rows.append(Row(added([listed, own]), equal=True))
        return self.chosen[name]

    def listed(self, n: int) -> Line:
        """A value of one finite given as a choice among its values, each by the numpy reading."""
        (name,) = self.asked.support[n]
        columns = self.choices(name)
        domain = self.asked.free[name]
        values = self._values(n, name, domain.table)  # type: ignore[union-attr]
        banned = frozenset(c for c, v in zip(columns, values, strict=True) if not np.isfinite(v))
        slopes = [(c, float(v)) for c, v in zip(columns, values, strict=True) if np.isfinite(v) and v]
        return Line(0.0, tuple(slopes), AFFINE, banned)

    def _values(self, n: int, name: str, table: Array) -> Array:
        """A step at every candidate, for the member of sets that is asked about."""
        asked = self.asked
        columns = [table if other == name else np.full(len(table), d.low) for other, d in asked.free.items()]
        found = asked.designs.steps_at(np.stack(columns, axis=1), [n])[n]
        return found if found.ndim == 1 else np.asarray(at_member(found, asked.member()))

    def auxiliary(self, n: int, shape: int, whole: bool = False) -> Line:
        """A value that a convex one is at most, or a concave one at least, between the bounds of the step."""
        fact = self.asked.facts[n]
        if not fact.finite:
            raise UnsupportedError("the value has no finite bounds in this box")
        if whole:
            return Line(0.0, ((self.column("integer", "", fact.low, fact.high), 1.0),), shape)
        scale = max(abs(fact.low), abs(fact.high)) or 1.0
        return Line(0.0, ((self.column("real", "", fact.low / scale, fact.high / scale), scale),), shape)

    def bounded(self, mine: Line, other: Line) -> None:
        """`mine` lies on the far side of `other`."""
        sign = float(mine.shape)
        plain, far = mine._replace(shape=AFFINE).times(-sign), other.times(sign)
        self.rows.append(Row(added([plain, far])))
