"""Functions of the language: opaque to sympy, so nothing is rewritten behind the author's back."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from symppa.errors import DeclarationError
from symppa.language.declarations import plain


class Opaque(sp.Function):  # type: ignore[misc]
    """Never evaluated, compared or rewritten by sympy."""

    is_real = True
    is_commutative = True

    def _eval_evalf(self, prec: int) -> None:
        return None


class CeilDiv(Opaque):
    """Smallest whole number not below a / b."""


class FloorDiv(Opaque):
    """Largest whole number not above a / b."""


class Largest(Opaque):
    """Largest of several terms."""


class Smallest(Opaque):
    """Smallest of several terms."""


class SmoothLargest(Opaque):
    """p-norm of several terms."""


class Where(Opaque):
    """One of two terms, by a comparison."""


class Less(Opaque):
    """1 where a < b, else 0."""


class AtMost(Opaque):
    """1 where a <= b, else 0."""


class Equal(Opaque):
    """1 where a = b, else 0."""


class Lookup(Opaque):
    """A column of a table at a key."""


class LambertW(Opaque):
    """A real branch of the Lambert W function."""


class GeometricSum(Opaque):
    """1 + a + ... + a**(n-1)."""


class Total(Opaque):
    """Sum over a set."""


class LargestOver(Opaque):
    """Largest over a set."""


class SmallestOver(Opaque):
    """Smallest over a set."""


CONDITIONS = (Less, AtMost, Equal)
REDUCTIONS = (Total, LargestOver, SmallestOver)


def _expression(value: Any) -> Any:
    if isinstance(value, str):
        raise DeclarationError(f"{value!r} is a text, not an expression: a constant with a unit is 3 * one('GHz')")
    return plain(value)


def _is_index(symbol: Any) -> bool:
    return getattr(symbol, "role", None) == "index"


def total(term: Any, *, over: Any) -> Any:
    """Sum of a term over a set; a term that does not vary counts once per member."""
    return Total(_expression(term), _checked_index(over))


def member_at(term: Any, chosen: Any, *, over: Any) -> Any:
    """The member of a vector at a chosen place of its set: the rate of the number format in use.

    >>> from symppa.language import index, given, member, Model, formula
    >>> class Rates(Model):
    ...     formats = index("number formats")
    ...     precision = given("1", "format in use", domain=member(formats))
    ...     peak = given("TOPS", "peak rate", over=formats)
    ...     rate = formula("TOPS", member_at(peak, precision, over=formats), "peak rate in use", derived=True)
    >>> from symppa import evaluate
    >>> evaluate(Rates(), {"peak": {"FP16": 100, "FP32": 50}, "precision": "FP32"})["rate"]
    50.0
    """
    return total(where(equal(over, chosen), term, 0), over=over)


def count(over: Any) -> Any:
    """Number of members of a set."""
    return Total(sp.S.One, _checked_index(over))


def largest(*terms: Any, over: Any = None) -> Any:
    """Largest of the terms, or of one term over a set."""
    return _extreme(Largest, LargestOver, "largest", terms, over)


def smallest(*terms: Any, over: Any = None) -> Any:
    """Smallest of the terms, or of one term over a set."""
    return _extreme(Smallest, SmallestOver, "smallest", terms, over)


def _extreme(plain: Any, reduction: Any, name: str, terms: tuple[Any, ...], over: Any) -> Any:
    expressions = [_expression(t) for t in terms]
    if over is not None:
        if len(expressions) != 1:
            raise DeclarationError(f"{name}(..., over=set) takes one term, not {len(expressions)}")
        return reduction(expressions[0], _checked_index(over))
    if not expressions:
        raise DeclarationError(f"{name}() needs at least one term")
    return expressions[0] if len(expressions) == 1 else plain(*expressions)


def _checked_index(over: Any) -> Any:
    if not _is_index(over):
        raise DeclarationError(f"over={over} is not a set: declare it with index(...)")
    return over


def ceil_div(a: Any, b: Any) -> Any:
    """Smallest whole number not below a / b, one exact division (integers up to 2**52)."""
    a, b = _expression(a), _expression(b)
    return -(-a // b) if a.is_Integer and b.is_Integer and b != 0 else CeilDiv(a, b)


def floor_div(a: Any, b: Any) -> Any:
    """Largest whole number not above a / b."""
    a, b = _expression(a), _expression(b)
    return a // b if a.is_Integer and b.is_Integer and b != 0 else FloorDiv(a, b)


def equal(a: Any, b: Any) -> Any:
    """A condition for `where`: Python's `==` on expressions is a plain bool and cannot serve."""
    return Equal(_expression(a), _expression(b))


def where(condition: Any, then: Any, otherwise: Any) -> Any:
    """`then` where the condition (a < b, a <= b, equal(a, b)) holds, else `otherwise`."""
    if isinstance(condition, bool):
        raise DeclarationError("where() got a Python bool: write equal(a, b), not a == b")
    then, otherwise = _expression(then), _expression(otherwise)
    if condition in (sp.true, sp.false):
        return then if condition == sp.true else otherwise
    if isinstance(condition, Relational):
        if condition.rel_op not in ("<", ">", "<=", ">="):
            raise DeclarationError(f"where() takes <, <=, >, >= or equal(a, b), not {condition}")
        condition = (Less if condition.rel_op in ("<", ">") else AtMost)(condition.lts, condition.gts)
    if not isinstance(condition, CONDITIONS):
        raise DeclarationError(f"where() needs a comparison, not {condition}")
    return Where(condition, then, otherwise)


def lookup(column: Any, key: Any) -> Any:
    """The entry of a table's column at a key; other keys than the table's are refused."""
    if getattr(column, "role", None) != "column":
        raise DeclarationError(f"lookup() needs a column of a table(...), not {column}")
    return Lookup(column, _expression(key))


def smooth_largest(p: Any, *terms: Any) -> Any:
    """(t1**p + t2**p + ...)**(1/p) of nonnegative terms, scaled so that it neither over- nor underflows."""
    if not terms:
        raise DeclarationError("smooth_largest(p, ...) needs at least one term after its exponent")
    return SmoothLargest(_expression(p), *map(_expression, terms))


def lambert_w(x: Any, branch: int = 0) -> Any:
    """Real branch 0 or -1 of the inverse of w exp(w); undefined below -1/e."""
    if branch not in (0, -1):
        raise DeclarationError(f"lambert_w has the real branches 0 and -1, not {branch}")
    return LambertW(_expression(x), sp.Integer(branch))


def geometric_sum(a: Any, n: Any) -> Any:
    """1 + a + ... + a**(n-1), right at a = 1; n a nonnegative whole number."""
    return GeometricSum(_expression(a), _expression(n))


def exp(x: Any) -> Any:
    """E to the power of a pure number."""
    return sp.exp(_expression(x))


def log(x: Any) -> Any:
    """Natural logarithm of a pure number."""
    return sp.log(_expression(x))


def sqrt(x: Any) -> Any:
    """Square root."""
    return sp.sqrt(_expression(x))


def power(base: Any, exponent: Any) -> Any:
    """A base to an exponent; a base with a dimension needs a fixed exponent."""
    return sp.Pow(_expression(base), _expression(exponent))
