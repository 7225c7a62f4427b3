"""A geometric program as a table: every row a monomial in the logarithms of its columns.

A group of rows says that the sum of its monomials is at most 1, or at most what a linear row of logarithms is
(`exp` and `log`). An auxiliary column stands for a value from the side on which it matters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, fsum, inf, log
from typing import Literal, NamedTuple

from symppa.engine.convex import AFFINE, CONCAVE, CONVEX, Substituted
from symppa.errors import UnsupportedError

Factors = tuple[tuple[int, float], ...]  # (column, exponent), by column
SHAPES = {AFFINE: "a monomial", CONVEX: "log-convex", CONCAVE: "log-concave"}


class Term(NamedTuple):
    """A monomial: the logarithm of its coefficient, and its factors."""

    constant: float
    factors: Factors = ()

    def times(self, other: Term) -> Term:
        """The product of two."""
        found = dict(self.factors)
        for column, exponent in other.factors:
            found[column] = found.get(column, 0.0) + exponent
        return Term(self.constant + other.constant, tuple(sorted((c, e) for c, e in found.items() if e)))

    def to(self, power: float) -> Term:
        """A power of it."""
        return Term(self.constant * power, tuple((c, e * power) for c, e in self.factors))


class Entry(NamedTuple):
    """A value: a sum of monomials; its logarithm is affine, convex or concave in the logarithms of the givens."""

    terms: tuple[Term, ...]
    shape: int


class Column(NamedTuple):
    """A free given, the result of a rounding (with its step and member of sets), or an auxiliary value."""

    kind: Literal["given", "rounded", "auxiliary"]
    name: str
    step: int = -1
    place: tuple[int, ...] = ()


class Group(NamedTuple):
    """Monomials whose sum is at most 1 ("sum"), or whose exponentials, or logarithm, the row `most` bounds.

    "exp": the exponential of the sum is at most the monomial `most`. "log": the sum is at most the logarithm of it.
    """

    terms: tuple[Term, ...]
    kind: Literal["sum", "exp", "log"] = "sum"
    most: Term = Term(0.0)
    defines: int = -1
    limit: int = -1


@dataclass
class Table:
    """Columns and groups as the rules make them."""

    asked: Substituted
    relax_rounding: bool
    columns: list[Column] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    def column(self, kind: Literal["given", "rounded", "auxiliary"], name: str, step: int = -1) -> Term:
        """A new column, as a monomial."""
        self.columns.append(Column(kind, name, step, self.asked.member() if step >= 0 else ()))
        return Term(0.0, ((len(self.columns) - 1, 1.0),))

    def above(self, *parts: tuple[Term, ...], kind: Literal["sum", "exp"] = "sum") -> Entry:
        """An auxiliary value at least as large as each sum; convex."""
        mine = self.column("auxiliary", "")
        own = len(self.columns) - 1
        for terms in parts:
            if kind == "exp":
                self.groups.append(Group(terms, "exp", mine, own))
            else:
                self.groups.append(Group(tuple(t.times(mine.to(-1.0)) for t in terms), "sum", defines=own))
        return Entry((mine,), CONVEX)

    def below(self, *parts: tuple[Term, tuple[Term, ...]]) -> Entry:
        """An auxiliary value that is, with other terms, at most each monomial; concave."""
        mine = self.column("auxiliary", "")
        own = len(self.columns) - 1
        for most, others in parts:
            terms = tuple(t.times(most.to(-1.0)) for t in (mine, *others))
            self.groups.append(Group(terms, "sum", defines=own))
        return Entry((mine,), CONCAVE)

    def below_log(self, of: Term) -> Entry:
        """An auxiliary value at most the logarithm of a monomial; concave."""
        mine = self.column("auxiliary", "")
        self.groups.append(Group((mine,), "log", of, len(self.columns) - 1))
        return Entry((mine,), CONCAVE)

    def one(self, entry: Entry) -> Entry:
        """The entry as a single monomial."""
        return entry if len(entry.terms) == 1 else self.above(entry.terms)


def constant(value: float) -> Entry:
    """A positive number."""
    if not 0.0 < value < inf:
        raise UnsupportedError(f"{value:g} is not a positive number")
    return Entry((Term(log(value)),), AFFINE)


def entry(value: float | Entry) -> Entry:
    """A number as an entry."""
    return value if isinstance(value, Entry) else constant(value)


def summed(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """Like terms together."""
    found: dict[Factors, list[float]] = {}
    for term in terms:
        found.setdefault(term.factors, []).append(term.constant)
    return tuple(Term(_log_sum(constants), factors) for factors, constants in found.items())


def _log_sum(constants: list[float]) -> float:
    if len(constants) == 1:
        return constants[0]
    most = max(constants)
    return most + log(fsum(exp(c - most) for c in constants))
