"""The interval reading: certified bounds of every value over boxes of designs.

A box is a low and a high end of every free given; many boxes are read at once along a swept axis. Bounds contain
what the numpy reading gives at every point of a box, and are rounded outwards; what does not vary is its value as
the numpy reading gives it when it does not merge equal members of a set (`Grid(..., merge=False)`). Where a value
may be undefined `maybe` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any, NamedTuple, Self

import numpy as np

from symppa import units
from symppa.engine.border import Array, Border, Values, placed
from symppa.engine.evaluate import Evaluator
from symppa.engine.interval_facts import EXACT, RELAXED, ROUNDING, Call, Extremes, Fact, Interval, fact, outward
from symppa.engine.interval_rules import RULES
from symppa.engine.program import Given, Program, Step
from symppa.errors import QuestionError
from symppa.language.operations import LEAVES, REDUCING

Box = Mapping[str, tuple[Any, Any]]
Ends = Mapping[str, tuple[Array, Array]]
Pair = tuple[Array, Array]
Clamps = Mapping[int, tuple[Any, Any]]


class _Pair(NamedTuple):
    low: Any
    high: Any


class Bounds(_Pair):
    """(low, high) in the declared unit, NaN where no point has a value; `undefined` where some point may have none."""

    undefined: Any

    def __new__(cls, low: Any, high: Any, undefined: Any = False) -> Bounds:
        made = super().__new__(cls, low, high)
        made.undefined = undefined
        return made


class Reading(NamedTuple):
    """Intervals by step, as later steps read them, and those of clamped steps before their clamp."""

    values: dict[int, Interval]
    unclamped: dict[int, Interval]


class Intervals(Evaluator):
    """A program on one root box. `facts` hold on all of it; `read` encloses any boxes inside it."""

    ordered = False  # whether equal members of a set are counted, as the numpy reading does, and added in its order

    def __init__(self, program: Program, values: Values, box: Box | None = None) -> None:
        ends = [{**values, **{name: pair[k] for name, pair in (box or {}).items()}} for k in (0, 1)]
        below, self.above = (Border(program, e, merge=self.ordered) for e in ends)
        self.facts: dict[int, Fact] = {}
        self._root: dict[int, Interval] = {}
        self.ends = {n: (below.arrays[n] + 0.0, self.above.arrays[n] + 0.0) for n in below.arrays}
        for name in box or {}:
            low, high = self.ends.get(program.number_of.get(name, -1), (0.0, 0.0))
            if not np.all(low <= high):
                raise QuestionError(f"the box of {name} needs a low end not above its high end")
        self._tables: dict[int, Extremes] = {}
        self._calls: dict[int, Call] = {}
        super().__init__(program, below)
        for k in range(program.swept):
            self.lengths[k] = max((v.shape[k] for pair in self.ends.values() for v in pair), default=1)
        self._calls.clear()  # lengths are final by now
        self._learn(program.live)
        self._ended = _ended(program)

    def rewritten(self, program: Program) -> Self:
        """This root box for a program of which the steps of this one are the first: what is known of them stays."""
        made = copy(self)
        made.program, made.facts, made._root = program, {**self.facts}, {**self._root}
        made._tables, made._calls = {**self._tables}, {**self._calls}
        made._learn(program.live)
        made._ended = _ended(program)
        return made

    def _largest_size(self, sizes: Sequence[int]) -> float:
        """On the root box; members beyond a smaller size are optional."""
        self._learn(self.program.needed(sizes))
        return float(np.floor(max(self.facts[s].high for s in sizes)))

    def _learn(self, steps: Iterable[int]) -> None:
        """Facts of steps on the root box, all boxes as one."""
        swept = tuple(range(self.program.swept))
        with np.errstate(all="ignore"):
            for n in steps:
                if n in self.facts:
                    continue
                step = self.program.steps[n]
                if step.operation in LEAVES:
                    found = self._leaf_interval(n, step, {}, swept)
                    fixed = bool(np.all((found.low == found.high) | np.isnan(found.low)))
                    self.facts[n] = fact(Call(step, ()), found, fixed, self._counts_wholly(step, found, fixed))
                else:
                    call, arguments = self._call(n, step), tuple(self._root[a] for a in step.arguments)
                    found = RULES[step.operation](call, *arguments)
                    known = fact(call, found, all(f.fixed for f in call.facts))
                    if step.operation in ROUNDING and not known.whole:
                        found = self._outward(step.operation, found, arguments)
                        known = fact(call, found, known.fixed)
                    self.facts[n] = known
                self._root[n] = found

    def _counts_wholly(self, step: Step, found: Interval, fixed: bool) -> bool:
        """Whether a leaf is a whole number on the whole root box."""
        low, high = np.asarray(found.low), np.asarray(found.high)
        if not np.all(np.maximum(np.abs(low), np.abs(high)) < EXACT):
            return False
        if fixed or step.operation != "given":
            return bool(np.all(low % 1 == 0))
        return is_whole(self.program.givens[step.detail])

    def _call(self, n: int, step: Step) -> Call:
        found = self._calls.get(n)
        if found is None:
            facts = tuple(self.facts[a] for a in step.arguments)
            if step.operation in REDUCING:
                times = self.border.times.get(step.detail) if step.operation == "total" else None
                axis, length = self.places[step.detail], self.lengths[step.detail]
                found = Call(step, facts, axis, length, times=times, ordered=self.ordered)
            elif step.operation in RELAXED:
                found = Call(step, facts, length=sum(self.lengths[self.program.swept :]))
            elif step.operation == "lookup":
                found = Call(step, facts, table=self._table(n, step))
            else:
                found = Call(step, facts)
            self._calls[n] = found
        return found

    def _table(self, n: int, step: Step) -> Extremes:
        if n not in self._tables:
            keys, column = self.border.tables[step.detail]
            asked = self.program.steps[step.arguments[0]]
            domain = self.program.givens[asked.detail].domain if asked.operation == "given" else None
            complete = domain is not None and domain[0] == "choices" and bool(np.isin(domain[1], keys).all())
            self._tables[n] = Extremes(keys, column, complete)
        return self._tables[n]

    def _leaf_interval(self, n: int, step: Step, ends: Mapping[int, Pair], along: tuple[int, ...] = ()) -> Interval:
        """A leaf over boxes, those along some axes taken as one."""
        if step.operation != "given":
            value = self._leaf(n, step)
            return Interval(value, value)
        over = self.program.givens[step.detail].over
        low, high = ends.get(n, self.ends[n])
        if over:
            low, high = self._spread(low, over), self._spread(high, over)
        gone = np.isnan(low)
        maybe = np.any(gone, axis=along, keepdims=True) if gone.any() else False
        if not along:
            return Interval(low, high, maybe)
        return Interval(np.fmin.reduce(low, along, keepdims=True), np.fmax.reduce(high, along, keepdims=True), maybe)

    def read(self, box: Ends | None = None, clamps: Clamps | None = None, keep: Iterable[int] | None = None) -> Reading:
        """Intervals of the steps to keep (all, if not told) over boxes inside the root, in base units.

        `box` gives ends of free givens as arrays along their swept axis. `clamps` narrows values before later
        steps read them: only designs whose value lies there are enclosed by those.
        """
        ends, clamps = self._placed(box or {}), clamps or {}
        kept, program = set(self.program.live if keep is None else keep), self.program
        known: dict[int, Interval] = {}
        unclamped: dict[int, Interval] = {}
        with np.errstate(all="ignore"):
            for n in program.live:
                known[n] = self._enclosed(n, program.steps[n], known, ends)
                if n in clamps:
                    unclamped[n] = known[n]
                    low, high = clamps[n]
                    known[n] = Interval(np.maximum(known[n].low, low), np.minimum(known[n].high, high), known[n].maybe)
                for a in self._ended.get(n, ()):
                    if a not in kept:
                        del known[a]
        return Reading({n: v for n, v in known.items() if n in kept}, unclamped)

    def _enclosed(self, n: int, step: Step, known: Mapping[int, Interval], ends: Mapping[int, Pair]) -> Interval:
        if self.facts[n].fixed:
            return self._root[n]
        if step.operation in LEAVES:
            return self._leaf_interval(n, step, ends)
        arguments = tuple(known[a] for a in step.arguments)
        found = RULES[step.operation](self._call(n, step), *arguments)
        if step.operation in ROUNDING and not self.facts[n].whole:
            found = self._outward(step.operation, found, arguments, self.facts[n].low)
        return found._replace(maybe=False) if self.facts[n].defined else found

    def _outward(
        self, operation: str, found: Interval, arguments: tuple[Interval, ...], floor: float = -np.inf
    ) -> Interval:
        """Bounds that hold for the real numbers too, of which an operation gives the nearest."""
        return outward(operation, found, arguments, floor)

    def _placed(self, box: Ends) -> dict[int, Pair]:
        """New ends on their axes; those outside the root box are refused."""
        found = {}
        for name, ends in box.items():
            n = self.program.number_of[name]
            known = self.facts[n]
            low, high = (placed(self.program, self.program.givens[name], end)[0] + 0.0 for end in ends)
            if not (np.all(known.low <= low) and np.all(low <= high) and np.all(high <= known.high)):
                raise QuestionError(
                    f"a box of {name} lies outside the root box, {known.low:g} to {known.high:g} in base units"
                )
            found[n] = low, high
        return found

    def declared(self, name: str, found: Interval) -> Bounds:
        """Bounds of an output in its unit: swept axes first, then the sets it stands over."""
        definition = self.program.output(name)
        worth = units.measure(definition.unit).worth
        low, high, maybe = (self._shaped(v, definition.step) for v in found)
        return Bounds(low / worth, high / worth, maybe)

    def _shaped(self, value: Any, step: int) -> Array:
        swept, sets = self.program.swept, self.program.sets(step)
        shape = [n if k < swept or k in sets else 1 for k, n in enumerate(self.lengths)]
        return np.broadcast_to(value, shape).reshape([n for k, n in enumerate(shape) if k < swept or k in sets])


def bounds(program: Program, values: Values, box: Box | None = None) -> dict[str, Bounds]:
    """Certified (low, high) of every output over a box of givens, in declared units.

    An end is whatever a value may be; arrays along a swept axis are a batch of boxes.

    >>> from symppa.engine.compile import compile
    >>> from symppa.language import Model, formula, given
    >>> class Square(Model):
    ...     side = given("m", "side")
    ...     area = formula("m**2", side * side, "area", derived=True)
    >>> low, high = bounds(compile(Square(), "area"), {}, {"side": (-1, "200 cm")})["area"]
    >>> float(low), float(high) >= 4
    (0.0, True)
    """
    reading = Intervals(program, values, box)
    found = reading.read(keep={d.step for d in program.outputs.values()})
    return {name: reading.declared(name, found.values[d.step]) for name, d in program.outputs.items()}


def is_whole(given: Given) -> bool:
    """Whether the domain of a given holds whole numbers only."""
    if given.domain is None or given.labels is not None:
        return given.labels is not None
    kind, ends = given.domain
    if kind == "choices":
        return bool(np.all(np.asarray(ends) % 1 == 0))
    return kind in ("integers", "member")  # steps of reals are met to a billionth only


def _ended(program: Program) -> dict[int, tuple[int, ...]]:
    """By step, the values that no later step reads."""
    found: dict[int, tuple[int, ...]] = {}
    last = {a: n for n in program.live for a in program.steps[n].arguments}
    for a, n in last.items():
        found[n] = (*found.get(n, ()), a)
    return found
