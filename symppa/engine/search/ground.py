"""A problem made ready to be searched: its free givens move together, its values are bounded in two ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from symppa.engine.border import Array
from symppa.engine.interval import Ends, Intervals
from symppa.engine.points import over_points
from symppa.engine.program import Program
from symppa.engine.relaxed import Relaxation
from symppa.engine.search.domains import Choices, Domain
from symppa.engine.search.goal import Goal
from symppa.engine.search.lists import candidates
from symppa.engine.search.points import Points
from symppa.engine.search.problem import Problem
from symppa.engine.search.race import Reader
from symppa.engine.search.swift import SwiftIntervals

MANY = 4096  # candidates that are looked up one by one
Table = Array | None  # candidates, None for a range of reals


class Ground:
    """The columns of a search (`names`, candidates in `tables`, ends in `low` and `high`) and its readings.

    `idle` are free givens that nothing depends on, at their first candidate.
    """

    def __init__(self, problem: Problem) -> None:
        program = problem.reduced()
        self.problem = problem
        used = {program.steps[n].detail for n in program.live if program.steps[n].operation == "given"}
        self.names = tuple(name for name in problem.free if name in used)
        domains = [problem.free[name] for name in self.names]
        self.idle = {n: float(d.low) for n, d in problem.free.items() if n not in used}
        self.program = narrowed(over_points(program, self.names), problem.free)
        values = {n: v for n, v in problem.told({}).items() if n in program.known and n not in self.idle}
        ends = [problem.told({n: d[k] for n, d in zip(self.names, map(_span, domains), strict=True)}) for k in (0, 1)]
        self.box = {n: (ends[0][n], ends[1][n]) for n in self.names}
        self.values = values
        self.natural = SwiftIntervals(self.program, values, self.box)
        self.goal = Goal(problem, self.program)
        self.points = Points(self.natural, self.names, self.goal.steps.values())
        self.tables: list[Table] = [_table(d) for d in domains]
        self.nominal = [self._is_nominal(name) for name in self.names]
        self.spans = list(map(_span, domains))
        sought = [i for i, name in enumerate(self.names) if self.program.number_of[name] == self.goal.objective]
        self.sought = sought[0] if sought and not self.nominal[sought[0]] else None  # the objective is this column

    def _is_nominal(self, name: str) -> bool:
        return self.program.known[name].labelled

    def shorten(self, until: float) -> None:
        """Keep the candidates only that can be best, of as many columns as there is time for."""
        self.tables = candidates(self.natural, self.goal, self.names, self.tables, self.nominal, until)

    def learn(self, low: Array, high: Array) -> None:
        """Facts of a smaller box, as places among candidates or numbers; boxes outside it are read no more."""
        ends = [
            self.problem.told({n: float(c[0]) for n, c in zip(self.names, self.columns(end[None]), strict=True)})
            for end in (low, high)
        ]
        self.box = {n: (ends[0][n], ends[1][n]) for n in self.names}
        self.natural = SwiftIntervals(self.program, self.values, self.box)
        self.relax()

    def relax(self) -> None:
        """Second enclosures beside the natural ones."""
        self.relaxation = Relaxation(self.program, self.natural.facts)
        self.relaxed: Program = self.relaxation.program()
        self.intervals = self.natural.rewritten(self.relaxed)
        self.bound_goal = Goal(self.problem, self.relaxed)

    def readers(self) -> tuple[Reader, Reader]:
        """The natural and the relaxed reading."""
        same = {n: n for n in self.program.live}
        return Reader(self.natural, self.goal, same), Reader(self.intervals, self.bound_goal, self.relaxation.new)

    @property
    def plain(self) -> bool:
        """Whether every value is finite, defined and never negative: a smaller box has no better facts."""
        return all(f.natural and f.tame for f in (self.natural.facts[n] for n in self.program.live))

    @property
    def finite(self) -> bool:
        """Whether there are finitely many designs."""
        return all(t is not None for t in self.tables)

    @property
    def root(self) -> tuple[Array, Array]:
        """The ends of the whole box, as places among candidates or numbers."""
        pairs = [s if t is None else (0.0, len(t) - 1.0) for s, t in zip(self.spans, self.tables, strict=True)]
        low, high = np.array(pairs, float).reshape(-1, 2).T
        return low[None].copy(), high[None].copy()

    def better(self, low: Array, high: Array, target: float) -> tuple[Array, Array]:
        """Boxes without what costs no less than a target, where the objective is a column itself; some are empty."""
        if self.sought is None:
            return low, high
        table, value, falls = self.tables[self.sought], self.goal.sign * target, self.goal.sign < 0
        if table is not None:
            value = float(np.searchsorted(table, value, "right" if falls else "left")) - (not falls)
        low, high = low.copy(), high.copy()
        cut, worst = (low, np.maximum) if falls else (high, np.minimum)
        worst(cut[:, self.sought], value, out=cut[:, self.sought])
        return low, high

    def columns(self, places: Array) -> list[Array]:
        """Numbers in base units from places among candidates."""
        return [
            places[:, i] if table is None else table[places[:, i].astype(np.int64)]
            for i, table in enumerate(self.tables)
        ]

    def costs(self, places: Array) -> Array:
        """The cost of designs, exactly; infinite where one is no design."""
        return self.goal.costs(self.points.at(self.columns(places), len(places)), len(places))

    def objectives(self, places: Array) -> Array:
        """The objective of designs, limits aside; without one there are none."""
        if self.goal.objective is None:
            return np.empty(0)
        return self.points.at(self.columns(places), len(places))[self.goal.objective]

    def breaches(self, places: Array) -> Array:
        """How far designs break limits; infinite where one is invalid."""
        return self.goal.breaches(self.points.at(self.columns(places), len(places)), len(places))

    def ends(self, low: Array, high: Array, reading: Intervals) -> Ends:
        """Boxes as an interval reading takes them; every member of a set has the one value of its given."""
        found = {}
        for name, a, b in zip(self.names, self.columns(low), self.columns(high), strict=True):
            over = reading.program.givens[name].over
            shape = (*(reading.lengths[k] for k in over), len(a))
            found[name] = (np.broadcast_to(a, shape), np.broadcast_to(b, shape)) if over else (a, b)
        return found

    def point(self, places: Array) -> dict[str, float]:
        """A design by name."""
        found = dict(zip(self.names, (float(c[0]) for c in self.columns(places[None])), strict=True))
        return {name: found.get(name, self.idle.get(name, 0.0)) for name in self.problem.free}


def narrowed(program: Program, free: Mapping[str, Domain]) -> Program:
    """The program whose free givens have their candidates as domain: whole numbers and keys of tables are seen.

    Of many candidates the domain tells no more than that they are whole numbers: looking them up takes time.
    """
    givens = dict(program.givens)
    for name, domain in free.items():
        if name not in givens or not isinstance(domain, Choices) or program.known[name].labelled:
            continue
        if len(domain.values) <= MANY:
            givens[name] = replace(givens[name], domain=("choices", domain.values))
        elif domain.is_whole:
            givens[name] = replace(givens[name], domain=("integers", (domain.low, domain.high, None)))
        else:
            givens[name] = replace(givens[name], domain=None)
    return replace(program, givens=givens)


def count(tables: Sequence[Table]) -> float:
    """Designs there are."""
    return float(np.prod([np.inf if t is None else float(len(t)) for t in tables]))


def _span(domain: Domain) -> tuple[float, float]:
    return domain.low, domain.high


def _table(domain: Domain) -> Table:
    if isinstance(domain, Choices):
        return domain.table
    return np.array([domain.low]) if domain.low == domain.high else None
