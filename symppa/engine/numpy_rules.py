"""The numpy rule of every operation: `rule(out, *arguments)` writes into `out`, or makes a new array.

A comparison is 1.0 or 0.0, and NaN where an argument is: an undefined condition makes a design invalid.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Rule = Callable[..., Any]
IN_PLACE = frozenset(
    [
        "add",
        "subtract",
        "multiply",
        "divide",
        "power",
        "sqrt",
        "exp",
        "log",
        "maximum",
        "minimum",
        "ceil_div",
        "floor_div",
    ]
)
FEW = 2000  # elements of a sum that are added in one call
REST_OF_1_BY_E = -1.2428753672788363e-17
AT_BRANCH_POINT = (  # of W in sqrt(2 (e x + 1)), Corless et al. 1996, equation 4.22
    -1.0,
    1.0,
    -1 / 3,
    11 / 72,
    -43 / 540,
    769 / 17280,
    -221 / 8505,
    680863 / 43545600,
    -1963 / 204120,
    226287557 / 37623398400,
)


def _compare(ufunc: Any) -> Rule:
    def rule(out: Any, a: Any, b: Any) -> Any:
        unknown = np.isnan(a) | np.isnan(b)
        result = ufunc(a, b, out=np.empty(unknown.shape) if out is None else out)
        if unknown.any():
            np.copyto(result, np.nan, where=unknown)
        return result

    return rule


def _where(out: Any, condition: Any, then: Any, otherwise: Any) -> Any:
    if out is None:
        out = np.empty(np.broadcast_shapes(*map(np.shape, (condition, then, otherwise))))
    unknown = np.isnan(condition)
    np.copyto(out, otherwise)
    np.copyto(out, then, where=np.not_equal(condition, 0.0))
    if unknown.any():
        np.copyto(out, np.nan, where=unknown)
    return out


def _ceil_div(out: Any, a: Any, b: Any) -> Any:
    quotient = np.divide(a, b, out=out)
    return np.ceil(quotient, out=quotient if isinstance(quotient, np.ndarray) else None)


def _floor_div(out: Any, a: Any, b: Any) -> Any:
    quotient = np.divide(a, b, out=out)
    return np.floor(quotient, out=quotient if isinstance(quotient, np.ndarray) else None)


def _power(out: Any, base: Any, exponent: Any) -> Any:
    if type(base) is float and base == 2.0:  # a constant, in every layout
        return np.exp2(exponent, out=out)
    if np.size(base) == 1 and np.size(exponent) > FEW:  # numpy's vectors step along both
        base = np.full(np.shape(exponent), base)
    return np.power(base, exponent, out=out)


def _geometric_sum(out: Any, a: Any, n: Any) -> Any:
    a = np.asarray(a, float)
    with np.errstate(all="ignore"):
        near = np.expm1(n * np.log1p(a - 1.0)) / (a - 1.0)  # keeps its digits close to a = 1
        far = (np.power(a, n) - 1.0) / (a - 1.0)
    closed = np.where(np.abs(a - 1.0) < 0.5, near, far)
    return _into(out, np.where(np.asarray(n) == 0, 0.0 * a, np.where(a == 1.0, n, closed)))


def _smooth_largest(out: Any, p: Any, *terms: Any) -> Any:
    top = np.array(terms[0], float) if len(terms) == 1 else np.maximum.reduce(np.broadcast_arrays(*terms))
    plain = np.isinf(top) | (top == 0.0)
    with np.errstate(all="ignore"):
        scaled = sum(np.power(np.divide(t, top), p) for t in terms)
        result = np.where(plain, top, top * np.power(scaled, np.divide(1.0, p)))
    return _into(out, result)


def lambert_w(out: Any, x: Any, branch: int) -> Any:
    """Real branch of the Lambert W function; NaN below -1/e, and from 0 on in branch -1.

    Fifteen digits everywhere; scipy's complex one loses half of them next to the branch point.
    """
    x = np.asarray(x, float)
    with np.errstate(all="ignore"):
        beyond = (x + np.exp(-1.0)) + REST_OF_1_BY_E
        root = np.sqrt(np.maximum(2.0 * np.e * beyond, 0.0)) * (-1.0 if branch == -1 else 1.0)
        near = np.polynomial.polynomial.polyval(np.clip(root, -1.0, 1.0), AT_BRANCH_POINT)
        far = _principal(x, near) if branch == 0 else _lower(x, np.where(root > -1.0, near, _asymptote(-x)))
        values = np.where(np.abs(root) < 0.05, near, far)
        outside = (x < -np.exp(-1.0)) | np.isnan(x) | ((x >= 0.0) & (branch == -1))
    return _into(out, np.where(outside, np.nan, values))


def _asymptote(x: Any) -> Any:
    once = np.log(x)
    twice = np.log(np.abs(once))
    return once - twice + twice / once


def _principal(x: Any, near: Any) -> Any:
    """Branch 0: Halley's iteration on w exp(w) = x."""
    once = np.log1p(x)
    middle = once * (1.0 - np.log1p(once) / (2.0 + once))
    w = np.where(x < -0.25, near, np.where(x > 3.0, _asymptote(x), middle))
    for _ in range(3):
        grown = np.exp(w)
        off = w * grown - x
        w = w - off / (grown * (w + 1.0) - (w + 2.0) * off / (2.0 * w + 2.0))
    return np.where(x == np.inf, np.inf, w)


def _lower(x: Any, w: Any) -> Any:
    """Branch -1: Fritsch's iteration on log(x / w) = w."""
    for _ in range(3):
        off = np.log(x / w) - w
        step = 2.0 * (1.0 + w) * (1.0 + w + 2.0 * off / 3.0)
        w = w * (1.0 + off / (1.0 + w) * (step - off) / (step - 2.0 * off))
    return w


def lookup(out: Any, key: Any, keys: Any, column: Any) -> Any:
    """Entries at known keys, NaN elsewhere."""
    place = np.searchsorted(keys, key).clip(0, len(keys) - 1)
    return _into(out, np.where(keys[place] == key, column[place], np.nan))


def _into(out: Any, result: Any) -> Any:
    if out is None:
        return result
    np.copyto(out, result)
    return out


def _ufunc(ufunc: Any) -> Rule:
    return lambda out, *arguments: ufunc(*arguments, out=out)


def _reduce(ufunc: Any) -> Rule:
    return lambda out, term, axis: ufunc.reduce(term, axis=axis, keepdims=True, out=out)


def _total(out: Any, term: Any, axis: int) -> Any:
    """One member after another in every layout: numpy's own order depends on strides, and a ceiling shows it."""
    members = np.moveaxis(term, axis, 0)
    if members[0].size < FEW:
        return _into(out, np.add.accumulate(term, axis=axis).take([-1], axis=axis))
    if out is None:
        out = np.empty([1 if k == axis else n for k, n in enumerate(term.shape)])
    running = np.moveaxis(out, axis, 0)[0]
    np.copyto(running, members[0])
    for member in members[1:]:
        np.add(running, member, out=running)
    return out


RULES: dict[str, Rule] = {
    "add": _ufunc(np.add),
    "subtract": _ufunc(np.subtract),
    "multiply": _ufunc(np.multiply),
    "divide": _ufunc(np.divide),
    "power": _power,
    "sqrt": _ufunc(np.sqrt),
    "exp": _ufunc(np.exp),
    "log": _ufunc(np.log),
    "maximum": _ufunc(np.maximum),
    "minimum": _ufunc(np.minimum),
    "ceil_div": _ceil_div,
    "floor_div": _floor_div,
    "less": _compare(np.less),
    "at_most": _compare(np.less_equal),
    "equal": _compare(np.equal),
    "where": _where,
    "lookup": lookup,
    "lambert_w": lambert_w,
    "geometric_sum": _geometric_sum,
    "smooth_largest": _smooth_largest,
    "total": _total,
    "largest_over": _reduce(np.maximum),
    "smallest_over": _reduce(np.minimum),
}
