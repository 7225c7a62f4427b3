"""Designs evaluated exactly, many at once, by the numpy rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from math import prod
from typing import Any

import numpy as np

from symppa.engine.border import Array
from symppa.engine.interval import Intervals
from symppa.engine.numpy_rules import RULES
from symppa.language.operations import MARK, REDUCING

AT_ONCE = 200_000  # elements of a value over a batch of designs and its sets
SPECIAL = frozenset({MARK, "lookup", "lambert_w", *REDUCING})  # rules that need more than their arguments
Rule = Callable[..., Any]


class Points:
    """The numpy reading of a program over lists of designs, given by one column for each free given."""

    def __init__(self, intervals: Intervals, names: Sequence[str], wanted: Iterable[int]) -> None:
        program = intervals.program
        self.wanted = sorted(set(wanted))
        self.givens = [program.number_of[name] for name in names]
        self.evaluator = copy(intervals)
        self.evaluator.border = copy(intervals.border)
        self.evaluator.border.arrays = dict(intervals.border.arrays)
        self.shape = (-1, *[1] * (len(program.axes) - 1))
        needed = program.needed(self.wanted)
        self.moving = [n for n in needed if program.masks[n] & 1]
        inner = {a for n in self.moving for a in program.steps[n].arguments} | set(self.wanted)
        still = [n for n in needed if not program.masks[n] & 1]
        self.fixed = self.evaluator.compute(still, {}, keep=inner)
        lengths = intervals.lengths
        widest = max(
            (prod(lengths[k] for k in range(1, len(lengths)) if program.masks[n] >> k & 1) for n in self.moving),
            default=1,
        )
        self.most = max(1, AT_ONCE // widest)
        self.plan = self._plan()

    def at(self, columns: Sequence[Array], count: int) -> dict[int, Array]:
        """The wanted values of so many designs."""
        starts = range(0, max(count, 1), self.most)
        parts = [self._some([c[k : k + self.most] for c in columns], min(self.most, count - k)) for k in starts]
        if len(parts) == 1:
            return parts[0]
        return {n: np.concatenate([part[n] for part in parts]) for n in self.wanted}

    def _some(self, columns: Sequence[Array], count: int) -> dict[int, Array]:
        known = dict(self.fixed)
        for n, column in zip(self.givens, columns, strict=True):
            known[n] = self.evaluator.border.arrays[n] = column.reshape(self.shape)
        with np.errstate(all="ignore"):
            for n, rule, arguments, gone in self.plan:
                known[n] = self.evaluator.one(n, known) if rule is None else rule(None, *[known[a] for a in arguments])
                for a in gone:
                    del known[a]
        return {n: self._flat(known[n], count) for n in self.wanted}

    def _plan(self) -> list[tuple[int, Rule | None, tuple[int, ...], tuple[int, ...]]]:
        """Every moving step with its rule (None where it needs more than its arguments), and what ends with it."""
        program, last, plan = self.evaluator.program, dict[int, int](), []
        for n in self.moving:
            last |= dict.fromkeys(program.steps[n].arguments, n)
        for n in self.moving:
            step, given = program.steps[n], program.givens.get(program.steps[n].detail)
            if step.operation == "given" and n in self.givens and given is not None and not given.over:
                continue
            plain = bool(step.arguments) and step.operation in RULES and step.operation not in SPECIAL
            gone = tuple(a for a in set(step.arguments) if last[a] == n and a not in self.wanted)
            plan.append((n, RULES[step.operation] if plain else None, step.arguments, gone))
        return plan

    def _flat(self, value: Any, count: int) -> Array:
        """One number a design; a set that is left keeps its members."""
        array = np.asarray(value)
        if array.size in (1, count):
            return np.broadcast_to(array.reshape(-1), count)
        return np.broadcast_to(array, (count, *array.shape[1:]))
