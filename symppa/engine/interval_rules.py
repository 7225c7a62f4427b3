"""The interval rule of every operation: where its defined values lie, from where those of its arguments lie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symppa.engine import numpy_rules
from symppa.engine.interval_facts import Call, Interval

NOWHERE, INF = np.nan, np.inf
EDGE = -float(np.exp(-1.0))
SLACK, TINY = 1e-12, 1e-280  # what a sum of products may gain or lose by another order of operations
ROUNDED = 2.0**-50  # and that for every member of its sets
NEAR = 1e-9  # of a whole number
Rule = Callable[..., Interval]


def _gone(*arguments: Interval) -> Any:
    """Where an argument has no value at all."""
    found: Any = False
    for a in arguments:
        found = found | np.isnan(a.low)
    return found


def _point(*arguments: Interval) -> Any:
    """Where every argument is one number."""
    found: Any = True
    for a in arguments:
        found = found & (a.low == a.high)
    return found


def _zero(a: Interval) -> Any:
    return (a.low <= 0.0) & (a.high >= 0.0)


def _infinite(a: Interval) -> Any:
    return (a.low == -INF) | (a.high == INF)


def _either(*arguments: Interval) -> Any:
    maybe: Any = False
    for a in arguments:
        maybe = maybe | a.maybe
    return maybe


def _but(gone: Any, found: Interval) -> Interval:
    """The same, with no value somewhere."""
    return Interval(np.where(gone, NOWHERE, found.low), np.where(gone, NOWHERE, found.high), found.maybe)


def _within(low: Any, high: Any, maybe: Any, *arguments: Interval) -> Interval:
    """The same, with no value where an argument has none."""
    return _but(_gone(*arguments), Interval(low, high, maybe))


def _hull(corners: list[Any]) -> tuple[Any, Any]:
    low = high = corners[0]
    for corner in corners[1:]:
        low, high = np.minimum(low, corner), np.maximum(high, corner)
    return low, high


def _known(corners: list[Any]) -> list[Any]:
    """Undefined corners as 0: next to one of 0 * inf, 0 / 0 or inf / inf lie values of one sign only."""
    return [np.where(np.isnan(c), 0.0, c) for c in corners]


def _add(call: Call, a: Interval, b: Interval) -> Interval:
    low, high, maybe = a.low + b.low, a.high + b.high, _either(a, b)
    if call.tame:
        return Interval(low, high, maybe)
    clash = (a.low == -INF) & (b.high == INF) | (a.high == INF) & (b.low == -INF)
    none = np.isnan(low) & _point(a, b)
    low, high = np.where(np.isnan(low), -INF, low), np.where(np.isnan(high), INF, high)
    return _but(none, _within(low, high, maybe | clash, a, b))


def _subtract(call: Call, a: Interval, b: Interval) -> Interval:
    if call.tame and call.same:
        return Interval(np.zeros(np.shape(a.low)), np.zeros(np.shape(a.low)), a.maybe)
    return _add(call, a, Interval(-b.high, -b.low, b.maybe))


def _multiply(call: Call, a: Interval, b: Interval) -> Interval:
    if call.same:
        low, high = _hull([a.low * a.low, a.high * a.high])
        return Interval(np.where((a.low < 0.0) & (a.high > 0.0), 0.0, low), high, a.maybe)
    if call.tame and all(f.natural for f in call.facts):
        return Interval(a.low * b.low, a.high * b.high, _either(a, b))
    corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]
    if call.tame:
        return Interval(*_hull(corners), _either(a, b))
    clash = _zero(a) & _infinite(b) | _infinite(a) & _zero(b)
    none = np.isnan(corners[0]) & _point(a, b)
    return _but(none, _within(*_hull(_known(corners)), _either(a, b) | clash, a, b))


def _divide(call: Call, a: Interval, b: Interval) -> Interval:
    if call.same:
        return _same_quotient(a)
    above, below = call.facts
    if call.tame and above.natural and below.low > 0.0:
        return Interval(a.low / b.high, a.high / b.low, _either(a, b))
    lowest, highest = (np.where(v == 0.0, 0.0, v) for v in b[:2]) if below.plain else b[:2]
    corners = [a.low / lowest, a.low / highest, a.high / lowest, a.high / highest]
    if call.tame and (below.low > 0.0 or below.high < 0.0):
        return Interval(*_hull(corners), _either(a, b))
    low, high = _hull(_known(corners))
    across = ((b.low < 0.0) if below.plain else (b.low <= 0.0)) & (b.high >= 0.0)
    clash = _zero(a) & _zero(b) | _infinite(a) & _infinite(b)
    low, high = np.where(across, -INF, low), np.where(across, INF, high)
    none = np.isnan(corners[0]) & _point(a, b)
    return _but(none, _within(low, high, _either(a, b) | clash, a, b))


def _same_quotient(a: Interval) -> Interval:
    none = _point(a) & (_zero(a) | _infinite(a))
    return _but(none, _within(1.0, 1.0, a.maybe | _zero(a) | _infinite(a), a))


def _ceil_div(call: Call, a: Interval, b: Interval) -> Interval:
    low, high, maybe = _divide(call, a, b)
    return Interval(np.ceil(low), np.ceil(high), maybe)


def _floor_div(call: Call, a: Interval, b: Interval) -> Interval:
    low, high, maybe = _divide(call, a, b)
    return Interval(np.floor(low), np.floor(high), maybe)


def _at_points(name: str, found: Interval, *arguments: Interval) -> Interval:
    """The numpy value where every argument is one number."""
    point = _point(*arguments)
    value = numpy_rules.RULES[name](None, *(a.low for a in arguments))
    low, high = np.where(point, value, found.low), np.where(point, value, found.high)
    maybe = np.where(point, _either(*arguments) | np.isnan(value), found.maybe)
    return _within(low, high, maybe, *arguments)


def _power(call: Call, base: Interval, exponent: Interval) -> Interval:
    maybe = _either(base, exponent)
    if call.facts[0].natural:
        return _within(*_hull(_powers(base.low, base.high, exponent)), maybe, base, exponent)
    endless = np.isinf(exponent.low)
    fixed = (exponent.low == exponent.high) & ((exponent.low % 1 == 0) | endless)
    even = fixed & ((exponent.low % 2 == 0) | endless)
    above = _hull(_powers(np.maximum(base.low, 0.0), np.maximum(base.high, 0.0), exponent))
    below = _hull(_powers(np.maximum(-base.high, 0.0), np.maximum(-base.low, 0.0), exponent))
    low = np.where(even, below[0], -below[1])
    high = np.where(even, below[1], np.where(fixed, -below[0], below[1]))
    some = fixed | (exponent.low != exponent.high) | (base.low == -INF)  # else a negative base has no power
    low = np.where((base.low < 0.0) & some, low, INF), np.where(base.high >= 0.0, above[0], INF)
    high = np.where((base.low < 0.0) & some, high, -INF), np.where(base.high >= 0.0, above[1], -INF)
    found, top = np.minimum(*low), np.maximum(*high)
    odd = (base.low < 0.0) & (False if call.facts[1].whole else ~fixed)
    none = found > top
    found, top = np.where(none, NOWHERE, found), np.where(none, NOWHERE, top)
    return _at_points("power", Interval(found, top, maybe | odd), base, exponent)


def _powers(low: Any, high: Any, exponent: Interval) -> list[Any]:
    rule = numpy_rules.RULES["power"]
    return [rule(None, b, e) for b in (low, high) for e in (exponent.low, exponent.high)]


def _sqrt(call: Call, a: Interval) -> Interval:
    low, high = np.sqrt(np.maximum(a.low, 0.0)), np.sqrt(a.high)
    return Interval(np.where(np.isnan(high), NOWHERE, low), high, a.maybe | (a.low < 0.0))


def _exp(call: Call, a: Interval) -> Interval:
    return Interval(np.exp(a.low), np.exp(a.high), a.maybe)


def _log(call: Call, a: Interval) -> Interval:
    low, high = np.log(np.maximum(a.low, 0.0)), np.log(a.high)
    return Interval(np.where(np.isnan(high), NOWHERE, low), high, a.maybe | (a.low < 0.0))


def _maximum(call: Call, a: Interval, b: Interval) -> Interval:
    return Interval(np.maximum(a.low, b.low), np.maximum(a.high, b.high), _either(a, b))


def _minimum(call: Call, a: Interval, b: Interval) -> Interval:
    return Interval(np.minimum(a.low, b.low), np.minimum(a.high, b.high), _either(a, b))


def _truth(surely: Any, perhaps: Any, a: Interval, b: Interval) -> Interval:
    return _within(np.where(surely, 1.0, 0.0), np.where(perhaps, 1.0, 0.0), _either(a, b), a, b)


def _less(call: Call, a: Interval, b: Interval) -> Interval:
    surely, perhaps = a.high < b.low, a.low < b.high
    return _truth(surely, perhaps & (not call.same), a, b)


def _at_most(call: Call, a: Interval, b: Interval) -> Interval:
    surely, perhaps = a.high <= b.low, a.low <= b.high
    return _truth(surely | call.same, perhaps, a, b)


def _equal(call: Call, a: Interval, b: Interval) -> Interval:
    surely = (a.low == a.high) & (b.low == b.high) & (a.low == b.low)
    return _truth(surely | call.same, (a.low <= b.high) & (b.low <= a.high), a, b)


def _where(call: Call, condition: Interval, then: Interval, otherwise: Interval) -> Interval:
    yes = (condition.low > 0.0) | (condition.high < 0.0)
    no = (condition.low == 0.0) & (condition.high == 0.0)

    def chosen(x: Any, y: Any, both: Any) -> Any:
        return np.where(yes, x, np.where(no, y, both))

    low = chosen(then.low, otherwise.low, np.fmin(then.low, otherwise.low))
    high = chosen(then.high, otherwise.high, np.fmax(then.high, otherwise.high))
    maybe = _either(then, otherwise)
    if maybe is not False:
        maybe = chosen(then.maybe, otherwise.maybe, maybe)
    return _within(low, high, condition.maybe | maybe, condition)


def _lookup(call: Call, key: Interval) -> Interval:
    keys = call.table.keys
    low, high = np.asarray(key.low), np.asarray(key.high)
    first = np.searchsorted(keys, low, "left")
    last = np.searchsorted(keys, high, "right") - 1
    none = (first > last) | np.isnan(low)
    found = call.table.between(np.where(none, 0, first), np.where(none, 0, last))
    asked = high - low + 1 if call.facts[0].whole else np.where(low == high, 1, INF)
    every = call.table.complete | (last - first + 1 == asked)
    return _but(none, Interval(found[0], found[1], key.maybe | none | ~every))


def _lambert_w(call: Call, x: Interval) -> Interval:
    branch = call.step.detail

    def at(value: Any) -> Any:
        return numpy_rules.lambert_w(None, value, branch)

    maybe = x.maybe | (x.low < EDGE)
    start = np.maximum(x.low, EDGE)
    if branch == 0:
        low, high = at(start), at(x.high)
    else:
        maybe = maybe | (x.high >= 0.0)
        low, high = np.where(x.high >= 0.0, -INF, at(x.high)), at(start)
    none = (x.high < EDGE) | np.isnan(high) | np.isnan(low)
    return _but(none, Interval(low, high, maybe | none))


def _geometric_sum(call: Call, a: Interval, n: Interval) -> Interval:
    rule = numpy_rules.RULES["geometric_sum"]
    corners = [rule(None, x, y) for x in (a.low, a.high) for y in (n.low, n.high)]
    low, high = _hull(corners)
    clash = np.isnan(low) | np.isnan(high)
    if not call.facts[0].natural:
        bound = rule(None, np.maximum(-a.low, a.high), np.maximum(n.high, 0.0))
        bound = np.where((n.low < 0.0) | np.isnan(bound), INF, np.maximum(bound, 1.0))
        low, high = np.where(a.low < 0.0, -bound, low), np.where(a.low < 0.0, bound, high)
        clash = clash | (a.low < 0.0) & (not call.facts[1].whole)
    if not call.facts[1].whole:  # below n = 1 it may be so small that only its absolute error is
        low, high = low - 2.0**-40, high + 2.0**-40
    low, high = np.where(np.isnan(low), -INF, low), np.where(np.isnan(high), INF, high)
    return _at_points("geometric_sum", Interval(low, high, _either(a, n) | clash), a, n)


def _smooth_largest(call: Call, p: Interval, *terms: Interval) -> Interval:
    rule = numpy_rules.RULES["smooth_largest"]
    low = rule(None, p.high, *[t.low for t in terms])
    high = rule(None, p.low, *[t.high for t in terms])
    # it falls as p grows on either side of p = 0; below, it is less than every term and may overflow to 0
    least = np.minimum.reduce(np.broadcast_arrays(*[t.high for t in terms]))
    low, high = np.where(p.low <= 0.0, 0.0, low), np.where(p.low < 0.0, np.maximum(high, least), high)
    high = np.where((p.low <= 0.0) & (p.high >= 0.0), INF, high)
    negative: Any = False
    for t in terms:
        negative = negative | (t.low < 0.0)
    odd = negative | np.isnan(low) | np.isnan(high)
    low, high = np.where(odd, -INF, low), np.where(odd, INF, high)
    return _at_points("smooth_largest", Interval(low, high, _either(p, *terms) | odd), p, *terms)


def _total(call: Call, a: Interval) -> Interval:
    def over(ufunc: Any, value: Any) -> Any:
        return ufunc.reduce(value, axis=call.axis, keepdims=True)

    if call.times is not None:
        a = Interval(a.low * call.times, a.high * call.times, a.maybe)
    low, high = (numpy_rules.RULES["total"](None, v, call.axis) for v in a[:2])
    point = over(np.logical_and, _point(a))
    if not call.ordered and not call.facts[0].whole and call.length > 1:  # of other orders too
        below, above = ((call.length - 1) * 2.0**-52 * over(np.add, np.abs(v)) for v in a[:2])
        low, high = np.where(point, low, low - below), np.where(point, high, high + above)
    maybe = over(np.logical_or, a.maybe) if np.ndim(a.maybe) else a.maybe
    if call.tame:
        return Interval(low, high, maybe)
    clash = over(np.logical_or, a.low == -INF) & over(np.logical_or, a.high == INF)
    none = over(np.logical_or, _gone(a)) | (clash & point)
    low, high = np.where(np.isnan(low), -INF, low), np.where(np.isnan(high), INF, high)
    return _but(none, Interval(low, high, maybe | clash))


def _over(ufunc: Any) -> Rule:
    def rule(call: Call, a: Interval) -> Interval:
        low, high = (ufunc.reduce(v, axis=call.axis, keepdims=True) for v in a[:2])
        maybe = np.any(a.maybe, axis=call.axis, keepdims=True) if np.ndim(a.maybe) else a.maybe
        return Interval(low, high, maybe)

    return rule


def _mark(call: Call, a: Interval) -> Interval:
    return a


def slack_of(members: int) -> float:
    """What another order of operations may change, of a value made of sets with so many members."""
    return SLACK + members * ROUNDED


def _relax(call: Call, natural: Interval, below: Interval, *above: Interval) -> Interval:
    """A value beside bounds of it, below and above; `detail` says that it is a whole number."""
    slack = slack_of(call.length)
    low, high = below.low * (1.0 - slack) - TINY, natural.high
    low = np.ceil(low * (1.0 - NEAR)) if call.step.detail else low
    for a in above:
        most = a.high * (1.0 + slack) + TINY
        most = np.floor(most * (1.0 + NEAR)) if call.step.detail else most
        high = np.where(most < high, most, high)
    return Interval(np.where(low > natural.low, low, natural.low), high, natural.maybe)


def _meet(call: Call, natural: Interval, other: Interval) -> Interval:
    """The same value, computed in another order."""
    return _relax(call, natural, other, other)


RULES: dict[str, Rule] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "power": _power,
    "sqrt": _sqrt,
    "exp": _exp,
    "log": _log,
    "maximum": _maximum,
    "minimum": _minimum,
    "ceil_div": _ceil_div,
    "floor_div": _floor_div,
    "less": _less,
    "at_most": _at_most,
    "equal": _equal,
    "where": _where,
    "lookup": _lookup,
    "lambert_w": _lambert_w,
    "geometric_sum": _geometric_sum,
    "smooth_largest": _smooth_largest,
    "total": _total,
    "largest_over": _over(np.maximum),
    "smallest_over": _over(np.minimum),
    "mark": _mark,
    "relax": _relax,
    "meet": _meet,
}
