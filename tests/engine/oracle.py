"""A slow exact evaluator of expression trees, with fractions and 60 digits: nothing of symppa is used here.

Each value carries a bound of what double precision may make of it. `Undefined` is no value, `Unclear` one so close
to a jump that rounding decides.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import mpmath as mp

mp.mp.prec = 700
U = 2.0**-53


class UndefinedError(Exception):
    """No value: a quotient by zero, a logarithm of a negative number, a missing key."""


class UnclearError(Exception):
    """Rounding decides which side of a jump this is on, or how it overflows."""


class Node(NamedTuple):
    """An operation on nodes; `detail` is a number, a name, a set or a branch."""

    operation: str
    arguments: tuple[Any, ...] = ()
    detail: Any = None


class Value(NamedTuple):
    """A number and how far double precision may be from it; 0 for whole numbers computed exactly."""

    number: Fraction
    error: float

    @property
    def exact(self) -> bool:
        return self.error == 0.0


def exact(number: Any) -> Value:
    """A double, as it is."""
    return Value(Fraction(number), 0.0)


def close(number: Any, error: float) -> Value:
    """A rounded value; exact where it is a whole number that came from whole numbers."""
    number = fraction(number)
    if abs(number) > 2**900:
        raise UnclearError("overflow")
    return Value(number, error + 2 * U * abs(float(number)) + 1e-300)


def fraction(number: Any) -> Fraction:
    if isinstance(number, Fraction | int):
        return Fraction(number)
    sign, mantissa, exponent, _ = mp.mpf(number)._mpf_
    return (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def real(number: Fraction) -> Any:
    return mp.mpf(number.numerator) / number.denominator


def whole(*values: Value) -> bool:
    return all(v.exact and v.number.denominator == 1 and abs(v.number) < 2**52 for v in values)


def rounded(number: Fraction, error: float, *sources: Value) -> Value:
    """A sum, difference or product: exact among whole numbers."""
    if whole(*sources) and abs(number) < 2**52:
        return Value(number, 0.0)
    return close(number, error)


class Oracle:
    """Values of trees over givens, each a number or a mapping from places in its sets; tables and set sizes."""

    def __init__(self, givens: dict[str, Any], tables: dict[str, dict[int, float]], sizes: dict[str, Any]) -> None:
        self.givens, self.tables, self.sizes = givens, tables, sizes
        self.slack: dict[Any, Fraction] | None = None
        self.smooth = True
        self.seen: dict[Any, Fraction] = {}

    def members(self, name: str) -> int:
        size = self.sizes[name]
        if not isinstance(size, Node):
            return int(size)
        found = self.value(size, {})
        if not whole(found) or found.number < 0:
            raise UndefinedError("size")
        return int(found.number)

    def array(self, node: Node, sets: list[str]) -> dict[tuple[int, ...], Any]:
        """The value for each place in the sets it stands over; an error where there is none."""
        found = {}
        for place in product(*[range(self.members(s)) for s in sets]):
            try:
                found[place] = self.value(node, dict(zip(sets, place, strict=True)))
            except (UndefinedError, UnclearError) as error:
                found[place] = error
        return found

    def value(self, node: Node, at: dict[str, int]) -> Value:
        return getattr(self, node.operation)(node, at)

    def arguments(self, node: Node, at: dict[str, int]) -> list[Value]:
        return [self.value(a, at) for a in node.arguments]

    # leaves

    def constant(self, node: Node, at: dict[str, int]) -> Value:
        number = Fraction(node.detail)
        return exact(number) if Fraction(float(number)) == number else close(number, 0.0)

    def given(self, node: Node, at: dict[str, int]) -> Value:
        name, over = node.detail
        value = self.givens[name]
        if over:
            value = value[tuple(at[s] for s in over)]
        return value

    def position(self, node: Node, at: dict[str, int]) -> Value:
        return exact(at[node.detail])

    # arithmetic

    def add(self, node: Node, at: dict[str, int]) -> Value:
        a, b = self.arguments(node, at)
        error = a.error + b.error + 2 * U * (abs(float(a.number)) + abs(float(b.number)))
        return rounded(a.number + b.number, error, a, b)

    def subtract(self, node: Node, at: dict[str, int]) -> Value:
        a, b = self.arguments(node, at)
        error = a.error + b.error + 2 * U * (abs(float(a.number)) + abs(float(b.number)))
        return rounded(a.number - b.number, error, a, b)

    def multiply(self, node: Node, at: dict[str, int]) -> Value:
        a, b = self.arguments(node, at)
        error = abs(float(a.number)) * b.error + abs(float(b.number)) * a.error + a.error * b.error
        return rounded(a.number * b.number, error, a, b)

    def divide(self, node: Node, at: dict[str, int]) -> Value:
        a, b = self.arguments(node, at)
        quotient = self.quotient(a, b)
        return rounded(quotient.number, quotient.error, a, b) if quotient.number.denominator == 1 else quotient

    def quotient(self, a: Value, b: Value) -> Value:
        if b.number == 0 and b.exact:
            raise UndefinedError("division by zero")
        if abs(float(b.number)) <= 8 * b.error:
            raise UnclearError("division by almost zero")
        number = a.number / b.number
        error = (a.error + abs(float(number)) * b.error) / abs(float(b.number)) * 1.2
        return close(number, error)

    def formula(self, node: Node, at: dict[str, int]) -> Value:
        return self.value(node.arguments[0], at)

    def power(self, node: Node, at: dict[str, int]) -> Value:
        base, exponent = node.arguments
        if exponent.operation == "constant" and exponent.detail in (2, 3):
            square = Node("multiply", (base, base))
            return self.value(square if exponent.detail == 2 else Node("multiply", (square, base)), at)
        a, b = self.arguments(node, at)
        if a.number < 0 or (a.number == 0 and b.number <= 0):
            raise UndefinedError("power")
        if a.number == 0 or a.error > 1e-3 * float(a.number):
            raise UnclearError("power of almost zero")
        if abs(float(mp.log(real(a.number)) * real(b.number))) > 200:
            raise UnclearError("overflow")
        number = mp.power(real(a.number), real(b.number))
        relative = abs(float(b.number)) * a.error / float(a.number) + abs(float(mp.log(real(a.number)))) * b.error
        return close(number, abs(float(number)) * (1.2 * relative + 40 * U))

    def sqrt(self, node: Node, at: dict[str, int]) -> Value:
        (a,) = self.arguments(node, at)
        if a.exact and a.number == 0:
            return exact(0)
        if abs(float(a.number)) <= 8 * a.error:
            raise UnclearError("sqrt of almost zero")
        if a.number < 0:
            raise UndefinedError("sqrt")
        number = mp.sqrt(real(a.number))
        return close(number, 0.6 * a.error / float(number))

    def exp(self, node: Node, at: dict[str, int]) -> Value:
        (a,) = self.arguments(node, at)
        if abs(a.number) > 100:
            raise UnclearError("overflow")
        number = mp.exp(real(a.number))
        return close(number, float(number) * (1.2 * a.error + 8 * U))

    def log(self, node: Node, at: dict[str, int]) -> Value:
        (a,) = self.arguments(node, at)
        if a.number <= 0 and a.exact:
            raise UndefinedError("log")
        if float(a.number) <= 8 * a.error:
            raise UnclearError("log of almost zero")
        number = mp.log(real(a.number))
        return close(number, 1.2 * a.error / float(a.number) + 8 * U * abs(float(number)))

    # jumps

    def order(self, a: Value, b: Value) -> int:
        """-1, 0 or 1; refused where rounding decides."""
        if not (a.exact and b.exact) and abs(float(a.number - b.number)) <= 16 * (a.error + b.error):
            raise UnclearError("comparison")
        return (a.number > b.number) - (a.number < b.number)

    def maximum(self, node: Node, at: dict[str, int]) -> Value:
        return self.extreme(self.arguments(node, at), max)

    def minimum(self, node: Node, at: dict[str, int]) -> Value:
        return self.extreme(self.arguments(node, at), min)

    def extreme(self, values: list[Value], which: Any) -> Value:
        if not values:
            raise UndefinedError("empty set")
        if self.slack is not None:
            for k, a in enumerate(values):
                if any(self.order(a, b) == 0 for b in values[:k]):
                    raise UnclearError("a slope at a tie")
        chosen = which(values, key=lambda v: v.number)
        return Value(chosen.number, 0.0 if whole(*values) else max(v.error for v in values))

    def ceil_div(self, node: Node, at: dict[str, int]) -> Value:
        return self.rounding(node, at, lambda q: -((-q.numerator) // q.denominator))

    def floor_div(self, node: Node, at: dict[str, int]) -> Value:
        return self.rounding(node, at, lambda q: q.numerator // q.denominator)

    def rounding(self, node: Node, at: dict[str, int], rule: Any) -> Value:
        a, b = self.arguments(node, at)
        quotient = self.quotient(a, b)
        key = (id(node), tuple(sorted(at.items())))
        if self.slack is not None and self.smooth:  # the line of slope a / b through the value at the point
            if key not in self.slack:
                raise UnclearError("another branch")
            return close(quotient.number + self.slack[key], quotient.error)
        nearest = round(quotient.number)
        if abs(quotient.number) > 2**50:
            raise UnclearError("no longer whole")
        if not whole(a, b) and abs(float(quotient.number - nearest)) <= 16 * quotient.error + 4 * U * abs(nearest):
            raise UnclearError("rounding")
        found = Fraction(rule(quotient.number))
        self.seen[key] = found - quotient.number
        return Value(found, 0.0)

    def truth(self, node: Node, at: dict[str, int]) -> bool:
        a, b = self.arguments(node, at)
        order = self.order(a, b)
        if self.slack is not None and order == 0 and node.operation != "equal":
            raise UnclearError("a slope at a jump")
        return {"less": order < 0, "at_most": order <= 0, "equal": order == 0}[node.operation]

    def where(self, node: Node, at: dict[str, int]) -> Value:
        condition, then, otherwise = node.arguments
        return self.value(then if self.truth(condition, at) else otherwise, at)

    def lookup(self, node: Node, at: dict[str, int]) -> Value:
        (key,) = self.arguments(node, at)
        if not whole(key):
            raise UnclearError("key")
        if int(key.number) not in self.tables[node.detail]:
            raise UndefinedError("key")
        number = self.tables[node.detail][int(key.number)]
        return exact(number) if float(number).is_integer() else close(Fraction(number), 0.0)

    # special functions

    def lambert_w(self, node: Node, at: dict[str, int]) -> Value:
        (a,) = self.arguments(node, at)
        x = real(a.number)
        beyond = x + mp.exp(-1)
        if beyond < 0 or (node.detail == -1 and x >= 0):
            raise UndefinedError("lambert_w")
        if float(beyond) <= 1e3 * (a.error + U) or (node.detail == -1 and -float(x) <= 8 * a.error):
            raise UnclearError("branch point")
        number = mp.lambertw(x, node.detail).real
        slope = float(1 / (mp.exp(number) * (1 + number)))
        return close(number, 2 * abs(slope) * (a.error + 4 * U * abs(float(x))) + 64 * U * abs(float(number)))

    def geometric_sum(self, node: Node, at: dict[str, int]) -> Value:
        a, n = self.arguments(node, at)
        if not whole(n) or n.number < 0:
            raise UndefinedError("length")
        count, number, size, slope = int(n.number), Fraction(0), 0.0, 0.0
        for k in range(count):
            number += a.number**k
            size += abs(float(a.number)) ** k
            slope += k * abs(float(a.number)) ** max(k - 1, 0)
        return close(number, 1.2 * slope * a.error + 200 * U * size)

    def smooth_largest(self, node: Node, at: dict[str, int]) -> Value:
        p, *terms = self.arguments(node, at)
        if any(t.number < 0 for t in terms):
            raise UndefinedError("negative term")
        if any(float(t.number) <= 8 * t.error and not t.exact for t in terms) or all(t.number == 0 for t in terms):
            raise UnclearError("almost zero")
        number = mp.power(sum(mp.power(real(t.number), real(p.number)) for t in terms), 1 / real(p.number))
        return close(number, 2 * sum(t.error for t in terms) + (100 * U + 8 * p.error) * abs(float(number)))

    # sets

    def inside(self, node: Node, at: dict[str, int]) -> list[Value]:
        members = self.members(node.detail)
        if not members:  # a factor that does not vary has left the sum, and may be undefined all the same
            self.value(node.arguments[0], {**at, node.detail: 0})
        return [self.value(node.arguments[0], {**at, node.detail: k}) for k in range(members)]

    def total(self, node: Node, at: dict[str, int]) -> Value:
        values = self.inside(node, at)
        error = sum(v.error + 2 * len(values) * U * abs(float(v.number)) for v in values)
        return rounded(sum((v.number for v in values), Fraction(0)), error, *values)

    def largest_over(self, node: Node, at: dict[str, int]) -> Value:
        return self.extreme(self.inside(node, at), max)

    def smallest_over(self, node: Node, at: dict[str, int]) -> Value:
        return self.extreme(self.inside(node, at), min)
