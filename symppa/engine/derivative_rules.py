"""The slope rule of every operation: of its result by each argument, None where it is zero.

Two rules are a choice and are made here, once. Rounding: `ceil_div` and `floor_div` are flat between jumps; their
slope is that of a / b when asked for "smooth" (what a sensitivity means), 0 when asked for "exact". Ties: where two
terms of a maximum or minimum are equal the slope goes to the first in the order of the program, and the reading says
where that happened. A comparison is flat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

Rounding = Literal["smooth", "exact"]
Slopes = Sequence[Any]
SERIES = 9  # terms next to a = 1


class Here(NamedTuple):
    """A step at a point: its value, its arguments', the place of the set it reduces, the rule of rounding."""

    value: Any
    arguments: tuple[Any, ...]
    place: int
    rounding: Rounding


Rule = Callable[[Here], Slopes]


def _divide(here: Here) -> Slopes:
    a, b = here.arguments
    return np.divide(1.0, b), -np.divide(np.divide(a, b), b)


def _rounded(here: Here) -> Slopes:
    return _divide(here) if here.rounding == "smooth" else (None, None)


def _power(here: Here) -> Slopes:
    a, b = here.arguments
    return b * np.power(a, np.subtract(b, 1.0)), np.where(here.value == 0.0, 0.0, here.value * np.log(a))


def _maximum(here: Here) -> Slopes:
    a, b = here.arguments
    return np.greater_equal(a, b) * 1.0, np.less(a, b) * 1.0


def _minimum(here: Here) -> Slopes:
    a, b = here.arguments
    return np.less_equal(a, b) * 1.0, np.greater(a, b) * 1.0


def _where(here: Here) -> Slopes:
    chosen = np.not_equal(here.arguments[0], 0.0)
    return None, chosen * 1.0, ~chosen * 1.0


def _over(here: Here) -> Slopes:
    """The first of the members that attain the value."""
    (term,) = here.arguments
    hits = np.equal(term, here.value)
    return ((hits & (np.cumsum(hits, axis=here.place) == 1)) * 1.0,)


def _lambert_w(here: Here) -> Slopes:
    return (np.exp(-here.value) / (1.0 + here.value),)


def _geometric_sum(here: Here) -> Slopes:
    a, n = (np.asarray(v, float) for v in here.arguments)
    beyond = a - 1.0
    closed = np.where(n == 0.0, 0.0, (n * np.power(a, n - 1.0) - here.value) / beyond)
    binomial, near = n * (n - 1.0) / 2.0, 0.0 * a * n
    for k in range(1, SERIES):  # k (n over k + 1) (a - 1)**(k - 1): the closed form loses its digits at a = 1
        near = near + k * binomial * beyond ** (k - 1)
        binomial = binomial * (n - k - 1.0) / (k + 2.0)
    longer = np.where(a == 1.0, 1.0, np.where(a == 0.0, 0.0, np.power(a, n) * np.log(a) / beyond))
    return np.where(np.abs(n * beyond) < 0.05, near, closed), longer


def _smooth_largest(here: Here) -> Slopes:
    p, *terms = here.arguments
    shares = [np.divide(t, here.value) for t in terms]
    weights = [np.power(s, p) for s in shares]
    logs = [np.where(w == 0.0, 0.0, w * np.log(s)) for w, s in zip(weights, shares, strict=True)]
    by_term = [np.power(s, np.subtract(p, 1.0)) for s in shares]
    return here.value * sum(logs) / p, *by_term


RULES: dict[str, Rule] = {
    "add": lambda here: (1.0, 1.0),
    "subtract": lambda here: (1.0, -1.0),
    "multiply": lambda here: here.arguments[::-1],
    "divide": _divide,
    "power": _power,
    "sqrt": lambda here: (np.divide(0.5, here.value),),
    "exp": lambda here: (here.value,),
    "log": lambda here: (np.divide(1.0, here.arguments[0]),),
    "maximum": _maximum,
    "minimum": _minimum,
    "ceil_div": _rounded,
    "floor_div": _rounded,
    "less": lambda here: (None, None),
    "at_most": lambda here: (None, None),
    "equal": lambda here: (None, None),
    "where": _where,
    "lambert_w": _lambert_w,
    "geometric_sum": _geometric_sum,
    "smooth_largest": _smooth_largest,
    "total": lambda here: (1.0,),
    "largest_over": _over,
    "smallest_over": _over,
    "mark": lambda here: (1.0,),
}
REFUSED = {"lookup": "a table has no slope between its keys"}


def tie(operation: str, here: Here) -> Any:
    """Where two terms of a maximum or minimum are equal, so that slopes differ on the two sides."""
    if operation in ("maximum", "minimum"):
        return np.equal(*here.arguments)
    if operation in ("largest_over", "smallest_over"):
        return np.count_nonzero(np.equal(here.arguments[0], here.value), axis=here.place, keepdims=True) > 1
    return False
