"""Intervals, what is known of steps on a whole box, and the outward rounding of their bounds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from symppa.engine.program import Step
from symppa.language.operations import MARK

INF, EXACT = np.inf, 2.0**53
LEAST, NORMAL = 2.2250738585072014e-308, 1e-290
CORRECT = 2.0**-52  # correctly rounded operations
ROUNDING = {  # relative error, with room to spare; what is not here is exact
    "add": CORRECT,
    "subtract": CORRECT,
    "multiply": CORRECT,
    "divide": CORRECT,
    "sqrt": CORRECT,
    "exp": 2.0**-48,
    "log": 2.0**-48,
    "power": 2.0**-48,
    "lambert_w": 2.0**-44,
    "geometric_sum": 2.0**-40,
    "smooth_largest": 2.0**-40,
}
NO_UNDERFLOW = frozenset({"add", "subtract"})
COUNTS = frozenset({"ceil_div", "floor_div", "less", "at_most", "equal", "coordinate", "count"})
KEEPS_WHOLE = frozenset(
    {"add", "subtract", "multiply", "maximum", "minimum", "total", "largest_over", "smallest_over", MARK}
)
RELAXED = frozenset({"relax", "meet"})
NEVER_MINUS_ZERO = frozenset({"exp", "log", "less", "at_most", "equal", "given", "coordinate", "count", "lookup"})
SIGNED = frozenset({"multiply", "divide", "ceil_div", "floor_div", "power", "lambert_w", "geometric_sum"})


class Interval(NamedTuple):
    """Where the defined values of a step lie, box by box; `maybe` where it may have none."""

    low: Any
    high: Any
    maybe: Any = False


class Fact(NamedTuple):
    """What holds for a step on the whole root box.

    `whole`: integers below 2**53. `plain`: a zero is never -0.0. `fixed`: no free given reaches it.
    """

    low: float
    high: float
    whole: bool
    plain: bool
    defined: bool
    fixed: bool

    @property
    def natural(self) -> bool:
        """Never below zero, nor -0.0."""
        return self.low >= 0.0 and self.plain

    @property
    def finite(self) -> bool:
        """Never infinite."""
        return self.low > -INF and self.high < INF

    @property
    def tame(self) -> bool:
        """Finite and defined."""
        return self.defined and self.finite


class Call(NamedTuple):
    """A step with what is known of its arguments; `axis` and `length` of its reduction, the table of its lookup.

    `times` is how often every member of a total counts, all once where it is None; `ordered`: they are added in the
    order of the numpy reading. The `length` of a relaxed value is how many members its sets have.
    """

    step: Step
    facts: tuple[Fact, ...]
    axis: int = 0
    length: int = 1
    table: Any = None
    times: Any = None
    ordered: bool = False

    @property
    def tame(self) -> bool:
        """Whether every argument is."""
        return all(f.tame for f in self.facts)

    @property
    def members(self) -> float:
        """How many members a total has, equal ones counted."""
        return float(self.length) if self.times is None else float(np.sum(self.times))

    @property
    def same(self) -> bool:
        """Whether both arguments are one value."""
        return self.step.arguments[0] == self.step.arguments[1]


class Extremes:
    """Least and greatest entry of a column between any two places, each from two overlapping windows."""

    def __init__(self, keys: Any, column: Any, complete: bool) -> None:
        self.keys, self.complete = keys, complete  # complete: no other key is ever asked for
        self.low, self.high = [column], [column]
        span = 1
        while 2 * span <= len(keys):
            self.low.append(np.minimum(self.low[-1][:-span], self.low[-1][span:]))
            self.high.append(np.maximum(self.high[-1][:-span], self.high[-1][span:]))
            span *= 2

    def between(self, first: Any, last: Any) -> tuple[Any, Any]:
        """The extremes from place `first` to `last`, both included."""
        level = np.log2(last - first + 1).astype(int)
        low = np.empty(level.shape)
        high = np.empty(level.shape)
        for k in np.unique(level):
            here = level == k
            a, b = first[here], last[here] - (1 << int(k)) + 1
            low[here] = np.minimum(self.low[k][a], self.low[k][b])
            high[here] = np.maximum(self.high[k][a], self.high[k][b])
        return low, high


def outward(operation: str, found: Interval, arguments: tuple[Interval, ...], floor: float = -INF) -> Interval:
    """Bounds moved away from each other by more than the operation rounds; where it is one number they stay.

    No bound lies below `floor`.
    """
    relative = ROUNDING[operation]
    low, high, maybe = found
    point: Any = low == high
    if relative != CORRECT:  # a rounded function may have one value at both ends and others between
        for a in arguments:
            point = point & (a.low == a.high)
    least = 0.0 if operation in NO_UNDERFLOW else LEAST
    if floor > NORMAL:
        lower, upper = low * (1.0 - relative), high * (1.0 + relative)
    elif floor >= 0.0:
        lower = np.maximum(low * (1.0 - relative) - least, 0.0)
        upper = high * (1.0 + relative) + least
    else:
        lower = low * np.where(low < 0.0, 1.0 + relative, 1.0 - relative) - least
        upper = high * np.where(high < 0.0, 1.0 - relative, 1.0 + relative) + least
        lower = np.where((low >= 0.0) & (lower < 0.0), 0.0, lower)  # rounding never changes a sign
        upper = np.where((high <= 0.0) & (upper > 0.0), 0.0, upper)
    return Interval(np.where(point, low, lower), np.where(point, high, upper), maybe)


def whole(call: Call, found: Interval) -> bool:
    """Whether a step gives integers below 2**53, computed exactly."""
    operation, facts = call.step.operation, call.facts
    if operation in COUNTS:
        facts = ()
    elif operation == "where":
        facts = facts[1:]
    elif operation in RELAXED:
        facts = facts[:1]
    elif operation not in KEEPS_WHOLE:
        return False
    low, high = (facts[0].low, facts[0].high) if operation == "total" else ends(found)
    times = call.members if operation == "total" else 1  # no partial sum is rounded
    return all(f.whole for f in facts) and times * max(abs(low), abs(high)) < EXACT


def plain(call: Call, found: Interval) -> bool:
    """Whether a step never gives -0.0."""
    operation, facts = call.step.operation, call.facts
    if operation in NEVER_MINUS_ZERO:
        return True
    match operation:
        case "multiply" if call.same:
            return True
        case "add":
            return any(f.plain for f in facts)
        case "subtract":
            return facts[0].plain
        case "where":
            return all(f.plain for f in facts[1:])
        case "relax" | "meet":
            return facts[0].plain
    return all(f.plain for f in facts) and (operation not in SIGNED or all(f.low >= 0.0 for f in facts))


def ends(found: Interval) -> tuple[float, float]:
    """The lowest and the highest bound of all boxes."""
    low, high = _end(np.fmin, found.low), _end(np.fmax, found.high)
    return (low, high) if low <= high else (-INF, INF)


def _end(ufunc: Any, value: Any) -> float:
    if isinstance(value, np.ndarray) and value.size > 1:
        return float(ufunc.reduce(value, axis=None))
    return float(value.item()) if isinstance(value, np.ndarray) else float(value)


def fact(call: Call, found: Interval, fixed: bool, whole_values: bool | None = None) -> Fact:
    """What holds for a step whose values on the root box are known."""
    low, high = ends(found)
    counts = whole(call, found) if whole_values is None else whole_values
    is_plain = plain(call, found) if call.step.operation != "constant" else not np.signbit(low)
    return Fact(low, high, counts, is_plain, not np.any(found.maybe), fixed)
