"""Value numbering: expressions become steps, each with the axes it varies along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from symppa import units
from symppa.engine.needs import STRICT, inner_first
from symppa.engine.program import Axis, Definition, Step
from symppa.engine.simplify import simplified
from symppa.errors import WiringError
from symppa.language import functions as f
from symppa.language.declarations import CONSTANT, FORMULA, INDEX, Name
from symppa.language.model import descendants, join
from symppa.language.operations import MARK, REDUCING, SYMMETRIC
from symppa.language.scope import Scope, matches

NARY = {f.Largest: "maximum", f.Smallest: "minimum"}
SIMPLE = {
    f.CeilDiv: "ceil_div",
    f.FloorDiv: "floor_div",
    f.Less: "less",
    f.AtMost: "at_most",
    f.Equal: "equal",
    f.Where: "where",
    f.GeometricSum: "geometric_sum",
    f.SmoothLargest: "smooth_largest",
    sp.exp: "exp",
    sp.log: "log",
}
REDUCED = {getattr(f, head): name for name, head in REDUCING.items()}
EMPTY = {"total": 0.0, "largest_over": float("-inf"), "smallest_over": float("inf")}
Signed = tuple[int, bool]


class Lowering:
    """Grows the steps of one program. `strict` values keep their author's order of operations."""

    def __init__(self, root: Scope, axes: list[Axis], keep: Sequence[str] = ()) -> None:
        self.root, self.axes, self.swept, self.keep = root, axes, len(axes), keep
        self.steps: list[Step] = []
        self.masks: list[int] = []
        self.sizes: dict[int, list[int]] = {}
        self.definitions: dict[tuple[str, int], Definition] = {}
        self.inputs: dict[str, tuple[Scope, Name]] = {}
        self.columns: dict[str, Name] = {}
        self.kept: dict[str, int] = {}
        self._numbers: dict[Step, int] = {}
        self._memo: dict[tuple[Any, ...], int] = {}
        self._open: list[tuple[Any, ...]] = []

    # names

    def value(self, scope: Scope, symbol: Name, strict: bool) -> int:
        """The step of a name, as seen from a scope."""
        if symbol.role == CONSTANT:
            return self.constant(units.measure(symbol.unit_text).worth)
        scope, declared = scope.resolve(symbol)
        key = (id(scope), declared.attr, strict)
        if key in self._memo:
            return self._memo[key]
        if not self._open:
            for where, below, exact in inner_first(scope, declared, strict):  # a long chain is no deep recursion
                if below is not declared or where is not scope:
                    self._one(where, below, exact)
        return self._one(scope, declared, strict)

    def _one(self, scope: Scope, declared: Name, strict: bool) -> int:
        key = (id(scope), declared.attr, strict)
        if key in self._memo:
            return self._memo[key]
        if key in self._open:
            loop = [k[1] for k in self._open[self._open.index(key) :]]
            raise WiringError(f"{join(scope.path, declared.attr)} depends on itself: {' -> '.join([*loop, loop[0]])}")
        self._open.append(key)
        self._memo[key] = self._value(scope, declared, strict)
        self._open.pop()
        return self._memo[key]

    def _value(self, scope: Scope, declared: Name, strict: bool) -> int:
        if declared.role == INDEX:
            return self.step("coordinate", (), self.axis(scope, declared))
        wire = scope.wires.get(declared.attr)
        if wire is not None:
            return self._wired(scope, declared, wire, strict)
        if declared.role == FORMULA:
            return self._formula(scope, declared, strict)
        return self._input(scope, declared)

    def _formula(self, scope: Scope, declared: Name, strict: bool) -> int:
        full = join(scope.path, declared.attr)
        if declared.expr is ...:
            family = ", ".join(c.__name__ for c in descendants(scope.cls)) or "none yet"
            raise WiringError(f"{full}: {scope.cls.__name__} leaves it to a subclass; choose one of {family}")
        result = self.walk(declared.expr, scope, strict)
        if any(matches(full, pattern) for pattern in self.keep):
            result = self.kept[full] = self.step(MARK, (result,), full)
        d = declared
        known = Definition(full, d.unit_text, d.meaning, d.source, d.derived, d.symbol, result)
        self.definitions.setdefault((full, result), known)
        return result

    def _wired(self, scope: Scope, declared: Name, wire: Any, strict: bool) -> int:
        full = join(scope.path, declared.attr)
        if not isinstance(wire, sp.Basic):
            return self.constant(float(units.worth(wire, declared.unit_text, full, declared.meaning)))
        if scope.parent is None:
            raise WiringError(f"{full} is given {wire}: the outermost model takes values, not expressions")
        value = self.walk(wire, scope.parent, strict)
        sets = self.masks[value] >> self.swept << self.swept
        over = {self.axis(scope, i) for i in declared.over}
        if over and sets and not any(sets >> a & 1 for a in over):
            mine = ", ".join(self.axes[a].name for a in sorted(over))
            brought = ", ".join(a.name for k, a in enumerate(self.axes) if sets >> k & 1)
            raise WiringError(f"{full} stands over {mine}, its wire over {brought}: wire the set as well")
        return value

    def _input(self, scope: Scope, declared: Name) -> int:
        name = join(scope.shared, declared.attr)
        self.inputs.setdefault(name, (scope, declared))
        mask = sum(1 << a for a in {self.axis(scope, i) for i in declared.over})
        for k, axis in enumerate(self.axes[: self.swept]):
            mask |= (name in axis.swept) << k
        return self.step("given", (), name, mask)

    def axis(self, scope: Scope, symbol: Name) -> int:
        """The number of a set's axis; sets are compared by identity, wires followed."""
        scope, declared = scope.settled(symbol)
        name = join(scope.shared, declared.attr)
        found = (k for k, a in enumerate(self.axes) if k >= self.swept and a.name == name)
        number = next(found, len(self.axes))
        if number == len(self.axes):
            self.axes.append(Axis(name, declared.meaning))
        return number

    def extent(self, scope: Scope, symbol: Name) -> int | None:
        """The step that sizes a set in this scope, if one does."""
        where, declared = scope.settled(symbol)
        if declared.size is None:
            return None
        value = self.walk(declared.size, where, True)
        sizes = self.sizes.setdefault(self.axis(scope, symbol), [])
        if value not in sizes:
            sizes.append(value)
        return value

    # expressions

    def walk(self, expr: Any, scope: Scope, strict: bool) -> int:
        """The step of an expression."""
        if isinstance(expr, Name):
            return self.value(scope, expr, strict)
        if expr.is_number and not expr.has(f.Opaque):
            return self.constant(_real(expr))
        key = (expr, id(scope), strict)
        if key not in self._memo:
            self._memo[key] = self._operate(expr, scope, strict or isinstance(expr, STRICT))
        return self._memo[key]

    def _operate(self, expr: Any, scope: Scope, strict: bool) -> int:
        head = expr.func

        def walk(e: Any) -> int:
            return self.walk(e, scope, strict)

        if head is sp.Add:
            return self._sum(expr, walk, strict)
        if head in NARY:
            return self._nary(NARY[head], [walk(a) for a in expr.args], strict)
        if head is sp.Mul:
            return self._product(expr.args, walk, strict)
        if head is sp.Pow:
            base, exponent = expr.args
            return self._power(base, exponent, walk)
        if head is sp.Abs:
            value = walk(expr.args[0])
            return self.step("maximum", (value, self.step("multiply", (self.constant(-1.0), value))))
        if head in SIMPLE:
            return self.step(SIMPLE[head], tuple(walk(a) for a in expr.args))
        if head in REDUCED:
            return self._reduction(REDUCED[head], expr, scope, strict)
        if head is f.Lookup:
            return self._lookup(expr, scope, walk)
        if head is f.LambertW:
            return self.step("lambert_w", (walk(expr.args[0]),), int(expr.args[1]))
        raise WiringError(f"{head.__name__} in {expr} is not an operation of the language")

    def _lookup(self, expr: Any, scope: Scope, walk: Callable[[Any], int]) -> int:
        owner, column = scope.column(expr.args[0])
        name = join(owner.shared, column.attr)
        self.columns[name] = column
        return self.step("lookup", (walk(expr.args[1]),), name)

    def _product(self, factors: Sequence[Any], walk: Callable[[Any], int], strict: bool) -> int:
        above, below = [], []
        for factor in factors:
            base, exponent = factor.as_base_exp()
            if factor.is_Rational and not factor.is_Integer:  # one division, so that ceilings see exact quotients
                above.append(self.constant(float(factor.p)))
                below.append(self.constant(float(factor.q)))
            elif factor.is_Pow and exponent.is_number and exponent.is_negative:
                below.append(walk(base**-exponent))
            else:
                above.append(walk(factor))
        top = self._nary("multiply", above, strict)
        return self.step("divide", (top, self._nary("multiply", below, strict))) if below else top

    def _power(self, base: Any, exponent: Any, walk: Callable[[Any], int]) -> int:
        if exponent.is_number and exponent.is_negative:
            return self.step("divide", (self.constant(1.0), walk(base**-exponent)))
        number = _real(exponent) if exponent.is_number and not exponent.has(f.Opaque) else None
        value = walk(base)
        if number == 0.5:
            return self.step("sqrt", (value,))
        if number in (2.0, 3.0, 4.0):
            square = self.step("multiply", (value, value))
            return square if number == 2 else self.step("multiply", (square, value if number == 3 else square))
        return self.step("power", (value, walk(exponent)))

    def _sum(self, expr: Any, walk: Callable[[Any], int], strict: bool) -> int:
        terms: list[Signed] = []
        for term in expr.args:
            negative = bool(term.as_coeff_Mul()[0].is_negative)
            terms.append((walk(-term if negative else term), negative))
        value, negative = self._folded(terms, self._signed_sum, strict)
        return self.step("multiply", (self.constant(-1.0), value)) if negative else value

    def _signed_sum(self, a: Signed, b: Signed) -> Signed:
        if a[1] == b[1]:
            return self.step("add", (a[0], b[0])), a[1]
        first, second = (a, b) if not a[1] else (b, a)
        return self.step("subtract", (first[0], second[0])), False

    def _nary(self, operation: str, values: Sequence[int], strict: bool) -> int:
        terms: list[Signed] = [(v, False) for v in values] or [(self.constant(1.0), False)]
        return self._folded(terms, lambda a, b: (self.step(operation, (a[0], b[0])), False), strict)[0]

    def _folded(self, terms: list[Signed], join_two: Callable[[Signed, Signed], Signed], strict: bool) -> Signed:
        """Two at a time; unless strict, those along the fewest axes first."""
        if strict:
            result = terms[0]
            for term in terms[1:]:
                result = join_two(result, term)
            return result
        buckets: dict[int, Signed] = {}
        for term in sorted(terms, key=lambda t: self.masks[t[0]].bit_count()):
            mask = self.masks[term[0]]
            buckets[mask] = join_two(buckets[mask], term) if mask in buckets else term
        while len(buckets) > 1:
            pairs = [(a, b) for i, a in enumerate(buckets) for b in list(buckets)[:i]]
            a, b = min(pairs, key=lambda p: ((p[0] | p[1]).bit_count(), p[0] | p[1]))
            joined = join_two(buckets.pop(b), buckets.pop(a))
            mask = self.masks[joined[0]]
            buckets[mask] = join_two(buckets[mask], joined) if mask in buckets else joined
        return next(iter(buckets.values()))

    def _reduction(self, name: str, expr: Any, scope: Scope, strict: bool) -> int:
        term, over = expr.args
        axis, size = self.axis(scope, over), self.extent(scope, over)
        outside, inside = self.constant(1.0), self.walk(term, scope, strict)
        if name == "total" and not strict:  # what does not vary over the set leaves the sum
            outside, inside = self._split(term, axis, scope)
        varies = bool(self.masks[inside] >> axis & 1)
        if name == "total" and not varies:
            members = size if size is not None else self.step("count", (), axis)
            return self._nary("multiply", [outside, inside, members], strict)
        if size is not None:
            first = self.step("coordinate", (), axis) if varies else self.constant(0.0)
            there = self.step("less", (first, size))
            inside = self.step("where", (there, inside, self.constant(EMPTY[name])))
        if not varies:
            return inside
        return self._nary("multiply", [outside, self.step(name, (inside,), axis)], strict)

    def _split(self, term: Any, axis: int, scope: Scope) -> tuple[int, int]:
        """A product as (what is constant over the set, what varies)."""
        outside: list[int] = []
        inside: list[int] = []
        for factor in term.args if term.is_Mul else [term]:
            value = self.walk(factor, scope, False)
            (inside if self.masks[value] >> axis & 1 else outside).append(value)
        return self._nary("multiply", outside, False), self._nary("multiply", inside, False)

    # steps

    def constant(self, number: float) -> int:
        """The step of a constant."""
        return self.step("constant", (), float(number))

    def step(self, operation: str, arguments: tuple[int, ...], detail: Any = None, mask: int = 0) -> int:
        """The number of a step; equal steps share one."""
        constants = [self.steps[a].detail if self.steps[a].operation == "constant" else None for a in arguments]
        simple = simplified(operation, arguments, constants)
        if simple is not None:
            return simple if isinstance(simple, int) else self.constant(simple)
        if operation in SYMMETRIC:
            arguments = tuple(sorted(arguments))
        made = Step(operation, arguments, detail)
        if made not in self._numbers:
            for a in arguments:
                mask |= self.masks[a]
            if operation == "coordinate":
                mask |= 1 << detail
            if operation in REDUCING:
                mask &= ~(1 << detail)
            self._numbers[made] = len(self.steps)
            self.steps.append(made)
            self.masks.append(mask)
        return self._numbers[made]


def _real(expr: Any) -> float:
    try:
        return float(expr)
    except TypeError:
        raise WiringError(f"{expr} is not a real number") from None
