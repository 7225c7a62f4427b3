"""break_even: where two outputs are equal along one given, exactly or with a certificate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.bind import Value
from symppa.descriptions.ranges import values_of
from symppa.engine.degree import degree
from symppa.engine.interval import Intervals
from symppa.engine.program import Given, Program
from symppa.engine.reducers import Store
from symppa.engine.walk import reduce
from symppa.errors import QuestionError, UndefinedResultError, UnknownValueError
from symppa.studies.evaluate import grid_of, notes_of
from symppa.studies.result import Array, Coordinate, Output, Result
from symppa.studies.subject import Subject, System

SCANNED = 1_000_000  # whole numbers that are all tried
BOXES = 64  # the first cut of a range
ROUNDS = 60
MOST_BOXES = 200_000


@dataclass(frozen=True)
class Crossing:
    """Where the outputs change places: the best guess between two certified ends, in base units."""

    at: float
    low: float
    high: float
    certain: bool = True  # the sign changes; else bounds are too wide to tell, or the outputs only touch


def break_even(
    system: System,
    output_a: str,
    output_b: str,
    given: str,
    values: Mapping[str, Any] | None = None,
    *,
    within: str | None = None,
    parts: Mapping[str, str] | None = None,
) -> Result:
    """Values of one given at which two outputs are equal, within `LOW:HIGH` or the given's own range.

    Two outputs that are affine in the given meet at a quotient, which is checked. A given of whole numbers is tried
    at every one of them. Otherwise the range is bisected, and interval bounds tell where neither can be the smaller.

    >>> break_even("analog_soc", "energy", "plain_energy", "prompt").facts["smaller"]
    [{'from': 64.0, 'to': 4096.0, 'output': 'plain_energy'}]
    """
    subject = Subject.of(system, values, parts)
    if output_a == output_b:
        raise QuestionError(f"{output_a} equals itself everywhere: a break-even needs two outputs")
    program = subject.program([output_a, output_b, f"{output_a} - ({output_b})"], [given])
    line = _Line(program, subject.bound(program), given, (output_a, output_b))
    text = within or (subject.description.ranges.get(given) if subject.description else None)
    low, high = line.ends(text)
    method, crossings = _solved(line, low, high)
    found = line.result(subject, method, crossings, (low, high))
    return replace(found, question=subject.question(outputs=[output_a, output_b], given=given, within=text))


class _Line:
    """Both outputs along one given, and their difference."""

    def __init__(self, program: Program, told: Mapping[str, Value], given: str, names: tuple[str, str]) -> None:
        if given not in program.givens:
            raise UnknownValueError(program.model, given, program.givens)
        self.program, self.given, self.names = program, program.givens[given], names
        self.told = told
        self.outputs = list(program.outputs)
        for name in self.outputs[:2]:
            if program.sets(program.output(name).step):
                raise QuestionError(f"{name} stands over a set: a break-even is between single numbers")
        if self.given.over or self.given.labels is not None or _kind(self.given) in ("choices", "member"):
            raise QuestionError(f"{given} is no single number that moves: a break-even needs one")

    @property
    def whole(self) -> bool:
        """Whether the given counts."""
        return _kind(self.given) == "integers"

    @property
    def affine(self) -> bool:
        """Whether the difference is proved affine in the given."""
        return degree(self.program, self.outputs[2], self.given.name) in (0, 1)

    def ends(self, text: str | None) -> tuple[float, float]:
        """The ends to search between: those of a text, else of the domain."""
        if text is not None:
            if ":" in text and not self.whole:
                text = ":".join([*text.split(":")[:2], "2"])
            found = np.asarray(values_of(text, self.given), float)
            return float(found.min()), float(found.max())
        ends = self.given.domain[1][:2] if self.given.domain else (None, None)
        if None in ends:
            raise QuestionError(f"{self.given.name} has no range of its own: say which, as in --range 1:4096")
        return float(ends[0]), float(ends[1])

    def differences(self, along: Array) -> Array:
        """First output less second, in base units, at values in base units."""
        base = units.base_unit(units.dimension(self.given.unit))
        told = {n: v for n, v in self.told.items() if n != self.given.name}
        grid = grid_of(self.program, told, {self.given.name: (np.asarray(along, float), base)})
        store = Store(self.outputs)
        reduce(grid, [store])
        found = np.broadcast_to(np.asarray(store.result()[self.outputs[2]], float), np.shape(along))
        if not np.isfinite(found).all():
            at = np.asarray(along)[~np.isfinite(found)][0] / units.measure(self.given.unit).worth
            raise UndefinedResultError(
                f"{' or '.join(self.names)} is undefined at {self.given.name} = {at:g} {self.given.unit}"
            )
        return found

    def intervals(self, low: float, high: float) -> Intervals:
        """Bounds over boxes between two ends."""
        base = units.base_unit(units.dimension(self.given.unit))
        told = {n: v.raw for n, v in self.told.items() if n != self.given.name}
        box = {self.given.name: ((np.array([low]), base), (np.array([high]), base))}
        return Intervals(self.program, told, box)

    def signs(self, reading: Intervals, lows: Array, highs: Array) -> Array:
        """-1 or 1 where one output is certainly the smaller one in a box, else 0."""
        step = self.program.output(self.outputs[2]).step
        found = reading.read({self.given.name: (lows, highs)}, keep=[step]).values[step]
        below = np.broadcast_to(np.ravel(found.high < 0), lows.shape)
        above = np.broadcast_to(np.ravel(found.low > 0), lows.shape)
        signs: Array = above.astype(int) - below.astype(int)
        return signs

    def result(self, subject: Subject, method: str, crossings: list[Crossing], ends: tuple[float, float]) -> Result:
        """Crossings, what certifies them, and who is the smaller one between them."""
        worth, unit = units.measure(self.given.unit).worth, self.given.unit
        columns = {
            "break_even": ([c.at for c in crossings], f"{self.given.meaning} at which both are equal"),
            "low": ([c.low for c in crossings], "certified to lie at or above"),
            "high": ([c.high for c in crossings], "certified to lie at or below"),
        }
        made = {
            n: Output(np.array(v, float) / worth, ("crossing",), unit, meaning) for n, (v, meaning) in columns.items()
        }
        cuts = [ends[0], *(c.at for c in crossings), ends[1]]
        smaller = [
            {"from": a / worth, "to": b / worth, "output": self._smaller((a + b) / 2)}
            for a, b in pairwise(cuts)
            if b > a
        ]
        facts = {"outputs": list(self.names), "given": self.given.name, "method": method, "smaller": smaller}
        notes = [
            f"{c.low / worth:g} to {c.high / worth:g}: equal or nearly so, without a change of sides"
            for c in crossings
            if not c.certain
        ]
        numbers = Coordinate(np.arange(len(crossings)), "1", "number of the crossing")
        inputs = {n: i for n, i in subject.inputs(self.program, self.told).items() if n != self.given.name}
        return Result(
            study="break_even",
            system=subject.system,
            name=subject.name,
            outputs=made,
            coordinates={"crossing": numbers},
            inputs=inputs,
            notes=(*notes_of(self.told), *notes),
            facts=facts,
            hashes=subject.hashes(self.program, inputs),
        )

    def _smaller(self, at: float) -> str:
        sign = self.differences(np.array([np.round(at) if self.whole else at]))[0]
        return "equal" if sign == 0 else self.names[0] if sign < 0 else self.names[1]


def _kind(given: Given) -> str:
    return given.domain[0] if given.domain is not None else ""


def _solved(line: _Line, low: float, high: float) -> tuple[str, list[Crossing]]:
    """The method that answers, and its crossings within the range."""
    if line.affine:
        return "exact: both are affine", _affine(line, low, high)
    if line.whole and high - low < SCANNED:
        return "exact: every whole number tried", _scanned(line, low, high)
    return "certified: bisected by interval bounds", _bisected(line, low, high)


def _affine(line: _Line, low: float, high: float) -> list[Crossing]:
    """Where two lines meet. The ends of the range fix them; an equal line meets everywhere, which is no crossing."""
    first, last = line.differences(np.array([low, high]))
    if first == last or ((first > 0) == (last > 0) and first != 0 and last != 0):
        return []
    at = float(low - first * (high - low) / (last - first))
    return [Crossing(at, at, at)]


def _scanned(line: _Line, low: float, high: float) -> list[Crossing]:
    """Between which neighbours the sign changes; what is equal at a whole number is met there."""
    along = np.arange(low, high + 1)
    signs = np.sign(line.differences(along))
    found = [Crossing(float(along[k]), float(along[k]), float(along[k])) for k in np.flatnonzero(signs == 0)]
    turns = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    found += [Crossing(float(along[k + 1]), float(along[k]), float(along[k + 1])) for k in turns]
    return sorted(found, key=lambda c: c.at)


def _bisected(line: _Line, low: float, high: float) -> list[Crossing]:
    """Cut the range until bounds decide every piece, or it is as narrow as numbers are."""
    reading = line.intervals(low, high)
    edges = np.linspace(low, high, BOXES + 1)
    lows, highs = edges[:-1], edges[1:]
    for _ in range(ROUNDS):
        open_ = line.signs(reading, lows, highs) == 0
        lows, highs = lows[open_], highs[open_]
        narrow = highs - lows <= 1e-12 * np.maximum(np.abs(lows), np.abs(highs))
        if not len(lows) or narrow.all() or len(lows) > MOST_BOXES:
            break
        middle = (lows + highs) / 2
        lows, highs = np.ravel([lows, middle], "F"), np.ravel([middle, highs], "F")
    return [_crossing(line, a, b) for a, b in _joined(lows, highs)]


def _joined(lows: Array, highs: Array) -> list[tuple[float, float]]:
    """Neighbouring boxes as one."""
    found: list[tuple[float, float]] = []
    for a, b in sorted(zip(lows.tolist(), highs.tolist(), strict=True)):
        if found and a <= found[-1][1]:
            found[-1] = found[-1][0], max(b, found[-1][1])
        else:
            found.append((a, b))
    return found


def _crossing(line: _Line, low: float, high: float) -> Crossing:
    """The point between two undecided ends where the sign changes, as near as numbers come."""
    a, b = low, high
    signs = np.sign(line.differences(np.array([a, b])))
    while signs[0] * signs[1] < 0 and np.nextafter(a, b) < b:
        middle = (a + b) / 2
        if middle in (a, b):
            break
        if np.sign(line.differences(np.array([middle]))[0]) == signs[0]:
            a = middle
        else:
            b = middle
    return Crossing((a + b) / 2, low, high, certain=bool(signs[0] * signs[1] < 0))
