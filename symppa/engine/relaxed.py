"""The relaxed reading: second enclosures from the program alone, for the interval reading.

Every maximal sum of nonnegative products is expanded into monomials over atoms, where quotients cancel and ceilings
give way to their arguments, and meets the natural interval at that value. Nothing is refused: where the expansion
does not apply the natural interval stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from symppa.engine.border import Values
from symppa.engine.interval import Box, Intervals
from symppa.engine.interval_facts import Fact
from symppa.engine.program import Program, Step
from symppa.language.operations import MARK, REDUCING, SYMMETRIC

Factors = tuple[tuple[int, float], ...]  # (step, exponent)
Monomial = tuple[float, Factors]
Sum = list[Monomial]

MOST, DEPTH = 48, 3  # monomials of one expansion; maxima distributed inside one another
SMALLEST = 1e-40  # of a divisor: below, a product could underflow before it is divided
POLYNOMIAL = frozenset({"add", "multiply", "divide", "power", "sqrt", MARK})
ROUNDS, BRANCHES = {"ceil_div": 1, "floor_div": -1}, ("maximum", "minimum")


def relaxed(program: Program, values: Values, box: Box | None = None) -> Program:
    """The program with second enclosures, valid for every box inside this one; only the interval reading reads it.

    >>> from symppa.engine.compile import compile
    >>> from symppa.engine.interval import bounds
    >>> from symppa.language import Model, ceil_div, formula, given
    >>> class Tiles(Model):
    ...     rows = given("1", "rows")
    ...     tile = given("1", "rows of a tile")
    ...     work = formula("1", ceil_div(rows, tile) * tile, "rows with padding", derived=True)
    >>> exact, values, box = compile(Tiles(), "work"), {"rows": 100}, {"tile": (1, 64)}
    >>> [round(float(end)) for end in bounds(exact, values, box)["work"]]
    [2, 6400]
    >>> [round(float(end)) for end in bounds(relaxed(exact, values, box), values, box)["work"]]
    [100, 164]
    """
    return Relaxation(program, Intervals(program, values, box).facts).program()


class Relaxation:
    """One program being rewritten; `new[n]` is the step that stands for step n of the old one."""

    def __init__(self, program: Program, facts: Mapping[int, Fact]) -> None:
        self.old, self.facts = program, facts
        self.steps, self.masks = list(program.steps), list(program.masks)
        self.numbers = {s: n for n, s in enumerate(program.steps)}
        self.new: dict[int, int] = {}
        self.support: dict[int, frozenset[int]] = {}
        self.sums: dict[int, Sum] = {}
        self.up: dict[int, frozenset[int]] = {}
        self.down: dict[int, frozenset[int]] = {}
        for n in program.live:
            self._survey(n, program.steps[n])

    def program(self) -> Program:
        """The rewritten program."""
        old, new, roots = self.old, self.new, self._roots()
        for n in old.live:
            step = old.steps[n]
            new[n] = self.emit(step.operation, [new[a] for a in step.arguments], step.detail)
            if n in roots and self._gains(n):
                second = self.expansion(self.sums[n], DEPTH)
                if second is not None and second != new[n]:
                    new[n] = self.emit("meet", [new[n], second], self.facts[n].whole)
        return replace(
            old,
            steps=tuple(self.steps),
            masks=tuple(self.masks),
            axes=tuple(replace(a, sizes=tuple(new[s] for s in a.sizes)) for a in old.axes),
            outputs={name: replace(d, step=new[d.step]) for name, d in old.outputs.items()},
            definitions=tuple(replace(d, step=new.get(d.step, d.step)) for d in old.definitions),
            kept={name: new.get(n, n) for name, n in old.kept.items()},
        )

    # what is known of the old program

    def _survey(self, n: int, step: Step) -> None:
        """Free givens a step depends on, its monomials, and what makes these rise and fall."""
        own = frozenset([n]) if step.operation == "given" and not self.facts[n].fixed else frozenset()
        self.support[n] = own.union(*(self.support[a] for a in step.arguments))
        found = self._monomials(n, step)
        self.sums[n] = [(1.0, ((n, 1.0),))] if found is None else found
        self.up[n], self.down[n] = self.support[n], frozenset()
        if found and not self.facts[n].fixed:
            above, below = step.arguments[0], step.arguments[-1]
            swap = step.operation == "divide"
            self.up[n] = self.up[above] | (self.down if swap else self.up)[below]
            self.down[n] = self.down[above] | (self.up if swap else self.down)[below]

    def _monomials(self, n: int, step: Step) -> Sum | None:
        """The sum of monomials a step is, when everything in it is finite and never negative."""
        fact, facts = self.facts[n], [self.facts[a] for a in step.arguments]
        if fact.fixed and fact.low == fact.high and fact.natural:
            return [(fact.low, ())] if fact.low else []
        if step.operation not in POLYNOMIAL or not all(f.natural and f.finite for f in (fact, *facts)):
            return None
        sums = [self.sums[a] for a in step.arguments]
        match step.operation:
            case "add" if len(sums[0]) + len(sums[1]) <= MOST:
                return collected([*sums[0], *sums[1]])
            case "multiply" if len(sums[0]) * len(sums[1]) <= MOST:
                return multiplied(*sums)
            case "divide" if len(sums[1]) == 1 and facts[1].low >= SMALLEST:
                return multiplied(sums[0], [raised(sums[1][0], -1.0)])
            case "sqrt" if len(sums[0]) == 1:
                return [raised(sums[0][0], 0.5)]
            case "power" if len(sums[0]) == 1 and facts[1].fixed and facts[1].low == facts[1].high:
                return [raised(sums[0][0], facts[1].low)] if facts[0].low >= SMALLEST else None
        return sums[0] if step.operation == MARK else None

    def _is_atom(self, n: int) -> bool:
        return self.sums[n] == [(1.0, ((n, 1.0),))]

    def _roots(self) -> set[int]:
        """Values that something else than a larger sum of products reads."""
        roots = {d.step for d in self.old.outputs.values()} | {s for a in self.old.axes for s in a.sizes}
        for n in self.old.live:
            if self._is_atom(n):
                roots.update(self.old.steps[n].arguments)
        return roots

    def _gains(self, n: int) -> bool:
        """Whether a value's monomials promise tighter bounds than its steps."""
        if self._is_atom(n) or self.facts[n].fixed:
            return False
        heads = {self._head(x) for _, factors in self.sums[n] for x, _ in factors}
        reduced = any(self._reduced(factors) is not None for _, factors in self.sums[n])
        return bool(heads & {*ROUNDS, *BRANCHES} or self.up[n] & self.down[n]) or reduced

    def _reduced(self, factors: Factors) -> int | None:
        """A reduction over a set that shares a free given with the factors outside it."""
        for x, power in factors:
            outside = frozenset().union(*(self.support[y] for y, _ in factors if y != x))
            if self._head(x) in REDUCING and power == 1.0 and self.support[x] & outside:
                return x
        return None

    # second enclosures

    def expansion(self, terms: Sum, depth: int) -> int | None:
        """The step of a sum of monomials, each group of factors bounded alone; maxima become maxima of sums."""
        for x in sorted({x for _, factors in terms for x, _ in factors if self._head(x) in BRANCHES}):
            powers = {p for _, factors in terms for y, p in factors if y == x}
            if depth and powers == {1.0}:
                branches = [self._branch(terms, x, y, depth - 1) for y in self.old.steps[x].arguments]
                if None not in branches:
                    return self.emit(self._head(x), [b for b in branches if b is not None])
        found = [self._monomial(coefficient, factors) for coefficient, factors in terms]
        return self.folded("add", found) if found else self.constant(0.0)

    def _branch(self, terms: Sum, x: int, choice: int, depth: int) -> int | None:
        """The expansion with one term of a maximum in its place."""
        found: Sum = []
        for coefficient, factors in terms:
            rest = [(coefficient, tuple(f for f in factors if f[0] != x))]
            found += multiplied(rest, self.sums[choice]) if (x, 1.0) in factors else rest
        found = collected(found)
        natural = self.facts[choice].natural and self.facts[choice].finite
        return self.expansion(found, depth) if natural and len(found) <= MOST else None

    def _monomial(self, coefficient: float, factors: Factors) -> int:
        found = [self._group(group) for group in self.groups(factors)]
        x = self._reduced(factors)
        inside = None if x is None else self._moved_in(x, tuple(f for f in factors if f[0] != x))
        if inside is not None:
            found = [self.emit("meet", [self.folded("multiply", found), inside], False)]
        if coefficient != 1.0 or not found:
            found.append(self.constant(coefficient))
        return self.folded("multiply", found)

    def groups(self, factors: Factors) -> list[Factors]:
        """Factors that share a free given are together."""
        found: list[tuple[frozenset[int], Factors]] = []
        for factor in factors:
            support = self.support[factor[0]]
            mine: Factors = (factor,)
            for other in [g for g in found if g[0] & support]:
                found.remove(other)
                support, mine = support | other[0], (*other[1], *mine)
            found.append((support, mine))
        return [tuple(sorted(group)) for _, group in found]

    def _moved_in(self, x: int, outside: Factors) -> int | None:
        """A reduction with the factors outside it at every member: what left a sum may cancel there."""
        operation, (term,), axis = self.old.steps[x]
        condition = None
        if operation == "total" and self._head(term) == "where":  # members beyond the size of a set count 0
            condition, term, other = self.old.steps[term].arguments
            if self.old.steps[other] != Step("constant", (), 0.0):
                return None
        terms = multiplied(self.sums[term], [(1.0, outside)])
        varies = any(self.masks[y] >> axis & 1 for y, _ in outside)
        if varies or not (self.facts[term].natural and self.facts[term].finite) or len(terms) > MOST:
            return None
        body = self.expansion(terms, DEPTH)
        if body is not None and condition is not None:
            body = self.emit("where", [self.new[condition], body, self.constant(0.0)])
        if body is None or self.masks[body] >> axis & 1:
            return None if body is None else self.emit(operation, [body], axis)
        return self.emit("multiply", [body, self.emit("count", [], axis)]) if operation == "total" else body

    def _group(self, factors: Factors) -> int:
        """A product beside its relaxations."""
        natural = self.product((1.0, factors))
        below, above = self.side((1.0, factors), 1), self.side((1.0, factors), -1)
        bounds = [self.product(below)] if below[1] != factors else [natural]
        bounds += [self.product(above)] if above[1] != factors else []
        ceilings = [f for f in factors if self._head(f[0]) == "ceil_div" and f[1] > 0]
        if len(ceilings) == 1 and ceilings[0][1] == 1.0:  # ceil(a / b) r <= a r / b + r
            rest = tuple(f for f in factors if f != ceilings[0])
            once = self.side((1.0, factors), 1, deep=False)
            if once[1] != factors:
                bounds.append(self.emit("add", [self.product(once), self.product((1.0, rest))]))
        if bounds == [natural]:
            return natural
        whole = all(self.facts[x].whole and p > 0 and p % 1 == 0 for x, p in factors)
        return self.emit("relax", [natural, *bounds], whole)

    def side(self, monomial: Monomial, side: int, deep: bool = True) -> Monomial:
        """A bound of a monomial, below (1) or above (-1), with a / b for every ceiling or floor that allows it."""
        found: Sum = [(monomial[0], ())]
        for x, power in monomial[1]:
            rounds = ROUNDS.get(self._head(x), 0) * (1 if power > 0 else -1)
            quotient = self._quotient(x) if rounds == side else None
            if quotient is None:
                found = multiplied(found, [(1.0, ((x, power),))])
                continue
            above, below = quotient
            above = self.side(above, side if power > 0 else -side) if deep else above
            found = multiplied(found, [raised(above, power)])
            found = multiplied(found, [raised(below, -power)])
        return found[0]

    def _quotient(self, x: int) -> tuple[Monomial, Monomial] | None:
        """What a ceiling or floor rounds, as two monomials."""
        above, below = self.old.steps[x].arguments
        safe = self.facts[above].natural and self.facts[above].finite and self.facts[below].low >= SMALLEST
        if not safe or len(self.sums[above]) != 1 or len(self.sums[below]) != 1:
            return None
        return self.sums[above][0], self.sums[below][0]

    # steps

    def _head(self, n: int) -> str:
        return self.old.steps[n].operation

    def product(self, monomial: Monomial) -> int:
        """The step of one monomial."""
        coefficient, factors = monomial
        above = [self._power(x, p) for x, p in factors if p > 0]
        below = [self._power(x, -p) for x, p in factors if p < 0]
        if coefficient != 1.0 or not above:
            above.append(self.constant(coefficient))
        top = self.folded("multiply", above)
        return self.emit("divide", [top, self.folded("multiply", below)]) if below else top

    def _power(self, x: int, exponent: float) -> int:
        n = self.new[x]
        if exponent in (1.0, 2.0, 3.0, 4.0):
            return self.folded("multiply", [n] * int(exponent))
        if exponent == 0.5:
            return self.emit("sqrt", [n])
        return self.emit("power", [n, self.constant(exponent)])

    def folded(self, operation: str, values: Sequence[int]) -> int:
        """Two at a time."""
        return reduce(lambda a, b: self.emit(operation, [a, b]), values)

    def constant(self, number: float) -> int:
        """The step of a constant."""
        return self.emit("constant", [], number)

    def emit(self, operation: str, arguments: Sequence[int], detail: Any = None) -> int:
        """The number of a step; equal steps share one."""
        step = Step(operation, tuple(sorted(arguments) if operation in SYMMETRIC else arguments), detail)
        if step not in self.numbers:
            mask = 0
            for a in arguments:
                mask |= self.masks[a]
            self.numbers[step] = len(self.steps)
            self.steps.append(step)
            self.masks.append(mask & ~(1 << detail) if operation in REDUCING else mask)
        return self.numbers[step]


def collected(terms: Sum) -> Sum:
    """Equal products added up."""
    found: dict[Factors, float] = {}
    for coefficient, factors in terms:
        found[factors] = found.get(factors, 0.0) + coefficient
    return [(coefficient, factors) for factors, coefficient in found.items()]


def multiplied(a: Sum, b: Sum) -> Sum:
    """Every product of two sums, factors cancelled."""
    found: Sum = []
    for one, mine in a:
        for other, yours in b:
            powers = dict(mine)
            for x, p in yours:
                powers[x] = powers.get(x, 0.0) + p
            found.append((one * other, tuple(sorted((x, p) for x, p in powers.items() if p))))
    return collected(found)


def raised(monomial: Monomial, power: float) -> Monomial:
    """A monomial to a power."""
    coefficient = monomial[0] if power == 1.0 else monomial[0] ** power
    return coefficient, tuple((x, p * power) for x, p in monomial[1])
