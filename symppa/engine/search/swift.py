"""The interval reading for thousands of boxes at once: the same bounds, but for points, with fewer passes.

A point is rounded outwards like any box; the search evaluates points exactly anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from symppa.engine.border import Values
from symppa.engine.interval import Box, Intervals, Pair
from symppa.engine.interval_facts import CORRECT, LEAST, NORMAL, Interval
from symppa.engine.interval_rules import NEAR, SLACK, TINY
from symppa.engine.program import Program, Step

Known = Mapping[int, Interval]
Rule = Callable[[Known], Interval]


class SwiftIntervals(Intervals):
    """An interval reading whose steps on finite values that are never negative take a short way."""

    def __init__(self, program: Program, values: Values, box: Box | None = None) -> None:
        super().__init__(program, values, box)
        made = {n: self._swift(n, program.steps[n]) for n in program.live if not self.facts[n].fixed}
        self.swift = {n: rule for n, rule in made.items() if rule is not None}

    def _enclosed(self, n: int, step: Step, known: Known, ends: Mapping[int, Pair]) -> Interval:
        rule = self.swift.get(n)
        return rule(known) if rule is not None else super()._enclosed(n, step, known, ends)

    def _swift(self, n: int, step: Step) -> Rule | None:
        """The short way of a step, if it has one."""
        own, facts = self.facts[n], [self.facts[a] for a in step.arguments]
        if not facts or not all(f.natural and f.tame for f in (own, *facts)):
            return None
        room = None if own.whole else (CORRECT, own.low > NORMAL)
        match step.operation:
            case "add" if step.arguments[0] != step.arguments[1]:
                return _pairwise(np.add, step.arguments, None if room is None else (CORRECT, True))
            case "multiply":
                return _pairwise(np.multiply, step.arguments, room)
            case "divide" if facts[1].low > 0.0 and step.arguments[0] != step.arguments[1]:
                return _quotient(step.arguments, room, None)
            case "ceil_div" | "floor_div" if facts[1].low > 0.0 and step.arguments[0] != step.arguments[1]:
                return _quotient(step.arguments, None, np.ceil if step.operation == "ceil_div" else np.floor)
            case "total":
                axis, length = self.places[step.detail], self.lengths[step.detail]
                return _total(step.arguments[0], axis, length, own.whole)
            case "relax" | "meet":
                above = step.arguments[2:] if step.operation == "relax" else step.arguments[1:]
                return _relax(step.arguments[0], step.arguments[1], above, bool(step.detail))
        return None


def _widened(low: Any, high: Any, room: tuple[float, bool] | None) -> Interval:
    """Fresh bounds moved outwards in place; nothing to add where a product cannot be too small for its digits."""
    if room is None:
        return Interval(low, high)
    relative, large = room
    low *= 1.0 - relative
    high *= 1.0 + relative
    if not large:
        low = np.maximum(low - LEAST, 0.0)
        high = high + LEAST
    return Interval(low, high)


def _pairwise(ufunc: Any, arguments: tuple[int, ...], room: tuple[float, bool] | None) -> Rule:
    first, second = arguments

    def rule(known: Known) -> Interval:
        a, b = known[first], known[second]
        return _widened(ufunc(a.low, b.low), ufunc(a.high, b.high), room)

    return rule


def _quotient(arguments: tuple[int, ...], room: tuple[float, bool] | None, rounds: Any) -> Rule:
    first, second = arguments

    def rule(known: Known) -> Interval:
        a, b = known[first], known[second]
        low, high = np.divide(a.low, b.high), np.divide(a.high, b.low)
        return Interval(rounds(low), rounds(high)) if rounds is not None else _widened(low, high, room)

    return rule


def _total(term: int, axis: int, length: int, whole: bool) -> Rule:
    room = None if whole else ((length + 2) * CORRECT, True)

    def rule(known: Known) -> Interval:
        low, high = (np.add.reduce(v, axis=axis, keepdims=True) for v in known[term][:2])
        return _widened(low, high, room)

    return rule


def _relax(natural: int, below: int, above: tuple[int, ...], whole: bool) -> Rule:
    def rule(known: Known) -> Interval:
        mine = known[natural]
        low = known[below].low * (1.0 - SLACK) - TINY
        if whole:
            low = np.ceil(low * (1.0 - NEAR))
        high = mine.high
        for n in above:
            most = known[n].high * (1.0 + SLACK) + TINY
            high = np.minimum(high, np.floor(most * (1.0 + NEAR)) if whole else most)
        return Interval(np.maximum(mine.low, low), high)

    return rule
