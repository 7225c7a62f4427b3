"""Log-linear rows: a sum of products at most 1 is bounded by its tangent in the logarithms (AM-GM) at a box's middle.

In them every product is a sum: they shorten boxes, bound the cost (any multipliers will do), and tell where to split.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symppa.engine.border import Array
from symppa.engine.relaxed import Relaxation, Sum, collected, multiplied, raised
from symppa.engine.search.ground import Ground

LEAST, MOST = 1e-250, 1e250  # of a value that has a logarithm here
ONE: Sum = [(1.0, ())]


@dataclass(frozen=True)
class Row:
    """log(sum_k exp(`powers[k]` y + `logs[k]`)) <= 0 for the logarithms y of some atoms; of the objective, a bound.

    `entries` are the powers that are not zero, each with its term and atom: most are.
    """

    atoms: Array
    powers: Array
    logs: Array
    entries: tuple[tuple[int, int, float], ...]


class System:
    """The rows of a problem: what its limits, and the steps they are made of, say about the values of atoms."""

    def __init__(self, ground: Ground) -> None:
        self.relaxation: Relaxation = ground.relaxation
        self.facts, self.steps = ground.natural.facts, ground.program.steps
        self.masks = ground.program.masks
        goal = ground.goal
        self.objective = self._objective(goal.objective, goal.sign)
        sums = [row for step, (low, high) in goal.windows.items() for row in self._limited(step, low, high)]
        seen: set[int] = set()
        todo = [x for terms in [*sums, self.objective or []] for _, factors in terms for x, _ in factors]
        while todo:
            x = todo.pop()
            if x in seen:
                continue
            seen.add(x)
            new = self._meaning(x) if self._sure(x) else []
            sums += new
            todo += [y for terms in new for _, factors in terms for y, _ in factors]
        found = [self._usable(terms) for terms in sums]
        self.sums = [terms for terms in found if terms]
        self.objective = self._usable(self.objective) if self.objective else None
        used = [*self.sums, self.objective or []]
        self.atoms = sorted({x for terms in used for _, factors in terms for x, _ in factors})

    def _sure(self, n: int) -> bool:
        """Whether a value is one number a design that always has a logarithm."""
        fact = self.facts[n]
        return fact.defined and fact.low >= LEAST and fact.high <= MOST and not self.masks[n] >> 1

    def _terms(self, n: int) -> Sum:
        return self.relaxation.sums[n]

    def _quotient(self, n: int) -> tuple[Sum, Sum]:
        step = self.steps[n]
        if step.operation == "divide":
            return self._terms(step.arguments[0]), self._terms(step.arguments[1])
        return self._terms(n), ONE

    def _objective(self, n: int | None, sign: float) -> Sum | None:
        """A sum whose logarithm is no larger than that of the cost, or of 1 / objective where it is to be large."""
        if n is None or not self._sure(n):
            return None
        if sign > 0:
            above, below = self._quotient(n)
            return _over(above, below) if len(below) == 1 else self._terms(n)
        above, below = self._quotient(n)
        return _over(below, above) if len(above) == 1 else [raised((1.0, ((n, 1.0),)), -1.0)]

    def _limited(self, n: int, low: float, high: float) -> list[Sum]:
        """Sums that are at most 1 where a value keeps its limits."""
        if not self.facts[n].natural:
            return []
        above, below = self._quotient(n)
        found = []
        if LEAST <= high <= MOST and len(below) == 1:
            found.append(_scaled(_over(above, below), 1.0 / high))
        if LEAST <= low <= MOST and len(above) == 1:
            found.append(_scaled(_over(below, above), low))
        return [terms for terms in found if terms]

    def _meaning(self, x: int) -> list[Sum]:
        """What an atom is, as sums that are at most 1."""
        step, me = self.steps[x], [raised((1.0, ((x, 1.0),)), -1.0)]
        arguments = step.arguments
        if not arguments or not all(self.facts[a].natural and self.facts[a].finite for a in arguments):
            return []
        sums = [self._terms(a) for a in arguments]
        if self._terms(x) != [(1.0, ((x, 1.0),))]:
            return [multiplied(self._terms(x), me)]
        match step.operation:
            case "maximum":
                return [multiplied(terms, me) for terms in sums]
            case "minimum":
                return [_over([(1.0, ((x, 1.0),))], terms) for terms in sums if len(terms) == 1]
            case "ceil_div" if len(sums[1]) == 1 and sums[1][0][0] > 0.0:
                return [multiplied(_over(sums[0], sums[1]), me)]
            case "floor_div" if len(sums[0]) == 1 and sums[0][0][0] > 0.0:
                return [_over(multiplied([(1.0, ((x, 1.0),))], sums[1]), sums[0])]
            case "subtract" if len(sums[0]) == 1:
                return [_over(collected([*sums[1], (1.0, ((x, 1.0),))]), sums[0])]
            case "add":
                return [multiplied(collected([*sums[0], *sums[1]]), me)]
            case "multiply" | "divide" if all(self._sure(a) for a in arguments):
                power = 1.0 if step.operation == "multiply" else -1.0
                if arguments[0] == arguments[1]:
                    return []
                whole = (1.0, ((arguments[0], 1.0), (arguments[1], power), (x, -1.0)))
                return [[whole], [raised(whole, -1.0)]]
        return []

    def _usable(self, terms: Sum) -> Sum:
        """Terms that may vanish are left out; a sum is, where one of them divides."""
        found: Sum = []
        for coefficient, factors in terms:
            doubtful = [(x, p) for x, p in factors if not self._sure(x)]
            if any(p < 0 or not self.facts[x].natural for x, p in doubtful):
                return []
            if not doubtful and coefficient > 0.0:
                found.append((coefficient, tuple(factors)))
        return found

    def row(self, terms: Sum) -> Row:
        """A sum as a matrix of powers."""
        mine = sorted({x for _, factors in terms for x, _ in factors})
        powers = np.zeros((len(terms), len(mine)))
        for k, (_, factors) in enumerate(terms):
            for x, p in factors:
                powers[k, mine.index(x)] += p
        atoms = np.array([self.atoms.index(x) for x in mine], np.int64)
        entries = tuple((int(k), int(j), float(powers[k, j])) for k, j in np.argwhere(powers != 0.0))
        return Row(atoms, powers, np.log([coefficient for coefficient, _ in terms]), entries)


def _over(above: Sum, below: Sum) -> Sum:
    """A sum divided by one product."""
    if len(below) != 1 or below[0][0] <= 0.0:
        return []
    return multiplied(above, [raised(below[0], -1.0)])


def _scaled(terms: Sum, by: float) -> Sum:
    return [(coefficient * by, factors) for coefficient, factors in terms]
