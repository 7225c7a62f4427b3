"""The interval reading of the search: the numbers that the numpy reading gives, for thousands of boxes at once.

What is correctly rounded (+ - * / sqrt, ceilings and floors, extremes, totals in their order) never falls where the
exact value does not: at the ends of a box its own rounding gives bounds of every value inside, and nothing is moved
outwards. Powers, exponentials and the like are rounded outwards as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np

from symppa.engine.border import Values
from symppa.engine.interval import Box, Intervals, Pair
from symppa.engine.interval_facts import CORRECT, ROUNDING, Call, Interval
from symppa.engine.interval_rules import NEAR, TINY, slack_of
from symppa.engine.numpy_rules import RULES
from symppa.engine.program import Program, Step

Known = Mapping[int, Interval]
Rule = Callable[[Known], Interval]


class SwiftIntervals(Intervals):
    """An interval reading whose steps on finite values that are never negative take a short way."""

    ordered = True

    def __init__(self, program: Program, values: Values, box: Box | None = None) -> None:
        super().__init__(program, values, box)
        self.swift = self._ways()

    def rewritten(self, program: Program) -> Self:
        """The same, with the short ways of the new steps too."""
        made = super().rewritten(program)
        made.swift = made._ways()
        return made

    def _ways(self) -> dict[int, Rule]:
        steps = self.program.steps
        made = {n: self._swift(n, steps[n]) for n in self.program.live if not self.facts[n].fixed}
        return {n: rule for n, rule in made.items() if rule is not None}

    def _enclosed(self, n: int, step: Step, known: Known, ends: Mapping[int, Pair]) -> Interval:
        rule = self.swift.get(n)
        return rule(known) if rule is not None else super()._enclosed(n, step, known, ends)

    def _opposite(self, first: int, second: int) -> bool:
        """Whether two values are a - b and b - a: one of them is never negative."""
        one, other = (self.program.steps[n] for n in (first, second))
        return one.operation == other.operation == "subtract" and one.arguments == other.arguments[::-1]

    def _outward(
        self, operation: str, found: Interval, arguments: tuple[Interval, ...], floor: float = -np.inf
    ) -> Interval:
        """Nothing is added to what is correctly rounded."""
        return found if ROUNDING[operation] == CORRECT else super()._outward(operation, found, arguments, floor)

    def _swift(self, n: int, step: Step) -> Rule | None:
        """The short way of a step, if it has one."""
        if step.operation == "maximum" and self._opposite(*step.arguments):
            return _distance(step.arguments)
        own, facts = self.facts[n], [self.facts[a] for a in step.arguments]
        if not facts or not all(f.natural and f.tame for f in (own, *facts)):
            return None
        once = len(step.arguments) == 2 and step.arguments[0] != step.arguments[1]
        match step.operation:
            case "add" if once:
                return _pairwise(np.add, step.arguments)
            case "multiply":
                return _pairwise(np.multiply, step.arguments)
            case "divide" if facts[1].low > 0.0 and once:
                return _quotient(step.arguments, None)
            case "ceil_div" | "floor_div" if facts[1].low > 0.0 and once:
                return _quotient(step.arguments, np.ceil if step.operation == "ceil_div" else np.floor)
            case "total":
                return _total(step.arguments[0], self._call(n, step), own.whole)
            case "relax" | "meet":
                above = step.arguments[2:] if step.operation == "relax" else step.arguments[1:]
                slack = slack_of(self._call(n, step).length)
                return _relax(step.arguments[0], step.arguments[1], above, bool(step.detail), slack)
        return None


def _distance(arguments: tuple[int, ...]) -> Rule:
    first, second = arguments

    def rule(known: Known) -> Interval:
        a, b = known[first], known[second]
        return Interval(np.maximum(np.maximum(a.low, b.low), 0.0), np.maximum(a.high, b.high), a.maybe | b.maybe)

    return rule


def _pairwise(ufunc: Any, arguments: tuple[int, ...]) -> Rule:
    first, second = arguments

    def rule(known: Known) -> Interval:
        a, b = known[first], known[second]
        return Interval(ufunc(a.low, b.low), ufunc(a.high, b.high))

    return rule


def _quotient(arguments: tuple[int, ...], rounds: Any) -> Rule:
    first, second = arguments

    def rule(known: Known) -> Interval:
        a, b = known[first], known[second]
        low, high = np.divide(a.low, b.high), np.divide(a.high, b.low)
        return Interval(low, high) if rounds is None else Interval(rounds(low), rounds(high))

    return rule


def _total(term: int, call: Call, whole: bool) -> Rule:
    def added(value: Any) -> Any:
        counted = value if call.times is None else value * call.times
        if whole:  # in any order
            return np.add.reduce(counted, axis=call.axis, keepdims=True)
        return RULES["total"](None, counted, call.axis)

    def rule(known: Known) -> Interval:
        return Interval(*map(added, known[term][:2]))

    return rule


def _relax(natural: int, below: int, above: tuple[int, ...], whole: bool, slack: float) -> Rule:
    def rule(known: Known) -> Interval:
        mine = known[natural]
        low = known[below].low * (1.0 - slack) - TINY
        if whole:
            low = np.ceil(low * (1.0 - NEAR))
        high = mine.high
        for n in above:
            most = known[n].high * (1.0 + slack) + TINY
            high = np.minimum(high, np.floor(most * (1.0 + NEAR)) if whole else most)
        return Interval(np.maximum(mine.low, low), high)

    return rule
