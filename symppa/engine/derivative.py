"""The derivative reading: slopes of an output by every given, in one pass backwards through the program.

`derivative_rules` states what a slope is at a ceiling and at a tie.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from symppa import units
from symppa.engine.border import Array, Border, Values
from symppa.engine.derivative_rules import REFUSED, RULES, Here, Rounding, tie
from symppa.engine.evaluate import Evaluator
from symppa.engine.program import Given, Program
from symppa.errors import QuestionError, UnknownValueError, UnsupportedError
from symppa.language.operations import LEAVES, REDUCING

REST = "(rest)"


@dataclass(frozen=True)
class Slopes:
    """Slopes or elasticities by given: swept axes first, then the sets of the output, then those of the given.

    `ties` names the definitions with a tie at some point: slopes on its two sides differ. `refused` says why a
    given has none, where no given was asked for by name.
    """

    values: Mapping[str, Array]
    ties: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        if name in self.refused:
            raise UnsupportedError(self.refused[name])
        return self.values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)


def slopes(
    program: Program,
    values: Values,
    output: str,
    givens: Iterable[str] | None = None,
    *,
    rounding: Rounding = "smooth",
) -> Slopes:
    """Slope of an output by every given it depends on, in base units.

    >>> from symppa.engine.compile import compile
    >>> from symppa.language import Model, ceil_div, formula, given
    >>> class Waves(Model):
    ...     blocks = given("1", "blocks")
    ...     wave = given("s", "time of one wave")
    ...     time = formula("s", ceil_div(blocks, 100) * wave, "time", derived=True)
    >>> waves, values = compile(Waves(), "time"), {"blocks": 250, "wave": "2 s"}
    >>> {name: float(slope) for name, slope in slopes(waves, values, "time").values.items()}
    {'blocks': 0.02, 'wave': 3.0}
    >>> float(slopes(waves, values, "time", rounding="exact")["blocks"])
    0.0
    """
    reverse = _Reverse(program, values, output, rounding)
    asked, refused = reverse.asked(givens)
    found = reverse.back(asked)
    return Slopes({name: found[name] for name in asked}, reverse.ties(), refused)


def elasticities(
    program: Program,
    values: Values,
    output: str,
    givens: Iterable[str] | None = None,
    *,
    rounding: Rounding = "smooth",
) -> Slopes:
    """Relative change of an output per relative change of every given; a temperature written in degC has none."""
    reverse = _Reverse(program, values, output, rounding)
    asked, refused = reverse.asked(givens, offset=True)
    found = reverse.back(asked)
    with np.errstate(all="ignore"):
        relative = {name: reverse.relative(name, found[name]) for name in asked}
    return Slopes(relative, reverse.ties(), refused)


def shares(program: Program, values: Values, output: str, *, rounding: Rounding = "smooth") -> dict[str, Array]:
    """What each kept name contributes to an output: value x slope, the others held; in the output's unit.

    Sets are summed over. Wherever the output is homogeneous of degree one in them (sums, weights, maxima, totals)
    they add up to it, by Euler's theorem; what they leave is "(rest)".
    """
    reverse = _Reverse(program, values, output, rounding)
    if not program.kept:
        raise QuestionError(f"shares of {output} need kept names: compile with keep=[...]")
    found = reverse.by_mark()
    found[REST] = reverse.whole() - sum(found.values())
    return found


class _Reverse:
    """The values of everything an output needs, and the passes back from it."""

    def __init__(self, program: Program, values: Values, output: str, rounding: Rounding) -> None:
        if rounding not in ("smooth", "exact"):
            raise QuestionError(f"the slope of a rounding is 'smooth' or 'exact', not {rounding!r}")
        self.program, self.values, self.rounding = program, values, rounding
        self.definition = program.output(output)
        self.evaluator = Evaluator(program, Border(program, values, merge=False))
        self.lengths, self.swept = self.evaluator.lengths, program.swept
        self.needed = program.needed([self.definition.step])
        self.known = self.evaluator.compute(self.needed, {}, keep=self.needed)
        self.sets = program.sets(self.definition.step)
        self.tied: set[int] = set()

    # what is asked

    def asked(self, givens: Iterable[str] | None, *, offset: bool = False) -> tuple[list[str], dict[str, str]]:
        """Givens to find slopes of, and why others have none; one asked for by name is refused."""
        program, steps = self.program, self.program.steps
        if givens is None:
            names = [steps[n].detail for n in self.needed if steps[n].operation == "given"]
        else:
            names = list(givens)
        found, refused = [], {}
        for name in names:
            if name not in program.givens:
                raise UnknownValueError(program.model, name, program.givens)
            reason = self._reason(program.givens[name], offset)
            if reason and givens is not None:
                raise UnsupportedError(reason)
            if reason:
                refused[name] = reason
            else:
                found.append(name)
        return found, refused

    def _reason(self, given: Given, offset: bool) -> str:
        if given.labels is not None or (given.domain is not None and given.domain[0] == "member"):
            return f"{given.name} is chosen by label: it has no slope"
        if offset and _in_celsius(self.values.get(given.name, given.default)):
            return f"{given.name} is written in degC, whose zero is arbitrary: write it in K, or ask for its slope"
        above = self._above([self.program.number_of[given.name]])
        for n in self.needed:
            step = self.program.steps[n]
            if step.operation in REFUSED and step.arguments[0] in above:
                where = nearest(self.program, n)
                return f"formula {where!r} looks {step.detail} up by {given.name}: {REFUSED[step.operation]}"
        return ""

    def _above(self, sources: Iterable[int]) -> set[int]:
        """Steps that depend on some steps, themselves included."""
        found = set(sources)
        for n in self.needed:
            if not found.isdisjoint(self.program.steps[n].arguments):
                found.add(n)
        return found

    # the pass

    def back(self, givens: Sequence[str]) -> dict[str, Array]:
        """Slopes by given, each member of an output over sets apart."""
        numbers = {name: self.program.number_of[name] for name in givens}
        active = self._above(n for n in numbers.values() if n in self.known)
        passes = [self._pass(seed, active) for seed in self._seeds()]
        shape = [self.lengths[k] for k in self.sets]
        found = {}
        for name, n in numbers.items():
            over = self.program.givens[name].over
            rows = [self._laid(p.get(n, np.zeros(())), over) for p in passes]
            swept = rows[0].shape[: self.swept]
            stacked = np.stack(rows, axis=self.swept)
            found[name] = stacked.reshape((*swept, *shape, *[self.lengths[k] for k in over]))
        return found

    def _seeds(self) -> Iterator[Array]:
        """One for each member of the output."""
        rank = len(self.program.axes)
        shape = [self.lengths[k] if k in self.sets else 1 for k in range(rank)]
        for place in product(*[range(n) for n in shape]):
            seed = np.zeros(shape)
            seed[place] = 1.0
            yield seed

    def _pass(self, seed: Array, active: set[int], cut: frozenset[int] = frozenset()) -> dict[int, Array]:
        """The slope of the output by every active step; nothing passes a step of the cut."""
        slope = {self.definition.step: seed}
        with np.errstate(all="ignore"):
            for n in reversed(self.needed):
                step = self.program.steps[n]
                if n not in slope or n not in active or n in cut or step.operation in LEAVES:
                    continue
                here = self._here(n)
                if np.any(tie(step.operation, here) & (slope[n] != 0.0)):
                    self.tied.add(n)
                for a, local in zip(step.arguments, self._local(n, here), strict=True):
                    if local is not None and a in active:
                        slope[a] = slope.get(a, 0.0) + self._down(slope[n], local, a)
        return slope

    def _here(self, n: int) -> Here:
        step = self.program.steps[n]
        place = step.detail if step.operation in REDUCING else 0
        return Here(self.known[n], tuple(self.known[a] for a in step.arguments), place, self.rounding)

    def _local(self, n: int, here: Here) -> Sequence[Any]:
        operation = self.program.steps[n].operation
        if operation not in RULES:
            reason = REFUSED.get(operation, "it has no rule")
            raise UnsupportedError(f"formula {nearest(self.program, n)!r}: no slope of {operation}: {reason}")
        return RULES[operation](here)

    def _down(self, slope: Array, local: Any, a: int) -> Array:
        """What reaches an argument: summed over the sets it does not stand over, by design elsewhere."""
        wide = np.where(slope == 0.0, 0.0, slope * local)
        shape = np.shape(self.known[a])
        wide = np.broadcast_to(wide, np.broadcast_shapes(wide.shape, shape))
        gone = tuple(k for k in range(self.swept, wide.ndim) if wide.shape[k] > 1 and shape[k] == 1)
        return np.asarray(np.sum(wide, axis=gone, keepdims=True))

    # results

    def _laid(self, value: Any, over: Sequence[int]) -> Array:
        """Swept axes first, then some sets in their order."""
        rank = len(self.program.axes)
        shape = [n if k < self.swept or k in over else 1 for k, n in enumerate(self.lengths)]
        wide = np.broadcast_to(value, shape)
        rest = [k for k in range(self.swept, rank) if k not in over]
        order = [*range(self.swept), *over, *rest]
        return wide.transpose(order).reshape([shape[k] for k in order if k not in rest])

    def relative(self, name: str, slope: Array) -> Array:
        """The elasticity that belongs to a slope."""
        over, swept = self.program.givens[name].over, self.swept
        if not np.any(slope):
            return np.zeros(slope.shape)
        x = self._laid(self.known[self.program.number_of[name]], over)
        x = x.reshape((*x.shape[:swept], *[1] * len(self.sets), *x.shape[swept:]))
        y = self._laid(self.known[self.definition.step], self.sets)
        y = y.reshape((*y.shape, *[1] * len(over)))
        return np.where(slope == 0.0, 0.0, slope * x / y)

    def ties(self) -> tuple[str, ...]:
        """Definitions in which two terms of a maximum or minimum were equal."""
        return tuple(dict.fromkeys(nearest(self.program, n) for n in sorted(self.tied)))

    def whole(self) -> Array:
        """The output in its unit, its sets summed."""
        return self._summed(self.known[self.definition.step])

    def _summed(self, value: Any) -> Array:
        worth = units.measure(self.definition.unit).worth
        over = [k for k in range(self.swept, len(self.lengths)) if np.ndim(value) and np.shape(value)[k] > 1]
        inner = tuple(range(self.swept, self.swept + len(over)))
        return np.asarray(np.sum(self._laid(value, over), axis=inner) / worth)

    def by_mark(self) -> dict[str, Array]:
        """Value x slope of every kept name, the other kept names held."""
        marks = {name: n for name, n in self.program.kept.items() if n in self.known}
        active, cut = self._above(marks.values()), frozenset(marks.values())
        shape = np.shape(self.known[self.definition.step])
        ones = np.ones([n if k >= self.swept else 1 for k, n in enumerate(shape)])
        slope = self._pass(ones, active, cut)
        return {name: self._summed(self.known[n] * slope.get(n, 0.0)) for name, n in marks.items()}


def nearest(program: Program, step: int) -> str:
    """The innermost definition that a step belongs to."""
    known = sorted({(d.step, d.name) for d in (*program.definitions, *program.outputs.values()) if d.step >= step})
    return next((name for n, name in known if step in program.needed([n])), program.model)


def _in_celsius(value: Any) -> bool:
    """Whether a value is written as a temperature with an arbitrary zero."""
    if isinstance(value, str):
        found = units.split(value)
        return found is not None and found[1] in units.CELSIUS
    if isinstance(value, Mapping):
        return any(_in_celsius(v) for v in value.values())
    if isinstance(value, list | tuple):
        return any(_in_celsius(v) or v in units.CELSIUS for v in value if isinstance(v, str))
    return str(getattr(value, "units", "")) in ("degree_Celsius", *units.CELSIUS)
