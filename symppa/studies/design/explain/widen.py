"""What a free given might be beyond the ends that are asked for: as far as its own domain and sense allow."""

from __future__ import annotations

from typing import Literal

import numpy as np

from symppa.engine.border import Array, outside
from symppa.engine.program import Given
from symppa.engine.search import Choices, Domain, Real

Side = Literal["lower", "upper"]
SIDES: tuple[Side, Side] = ("lower", "upper")
REACH = 16.0  # times the last candidate, or a share of the first; never past zero
MOST = 100_000  # candidates beyond an end
EVEN = 1e-9  # relative, within which steps are alike


def beyond(domain: Domain, given: Given, side: Side) -> Domain | None:
    """What lies beyond one end, without what is asked for; None where nothing does.

    A list goes on as its last steps do, evenly or by a constant ratio; one that does neither has no ends.
    """
    if given.labels is not None or (given.domain is not None and given.domain[0] == "member"):
        return None
    if isinstance(domain, Real):
        return _farther(domain, given, side)
    values = _listed(domain, given, side)
    values = values[~outside(given, values)]
    return Choices(values[:MOST].tolist()) if len(values) else None


def without(domain: Domain, given: Given, side: Side) -> Domain:
    """A domain without one of its ends."""
    more = beyond(domain, given, side)
    if more is None:
        return domain
    if isinstance(domain, Choices) and isinstance(more, Choices):
        return Choices((*domain.values, *more.values))
    return Real(min(domain.low, more.low), max(domain.high, more.high))


def farthest(end: float, side: Side) -> float:
    """How far an end is moved at most."""
    out = (end > 0) == (side == "upper")
    return end * REACH if out else end / REACH


def _farther(domain: Real, given: Given, side: Side) -> Domain | None:
    low, high, _ = given.domain[1] if given.domain is not None else (None, None, None)
    if side == "upper":
        end = min(farthest(domain.high, side), np.inf if high is None else high)
        return Real(domain.high, end) if end > domain.high else None
    end = max(farthest(domain.low, side), -np.inf if low is None else low)
    return Real(end, domain.low) if end < domain.low else None


def _listed(domain: Choices, given: Given, side: Side) -> Array:
    """Candidates beyond an end, the nearest first."""
    table, end = domain.table, domain.high if side == "upper" else domain.low
    last = farthest(end, side)
    if given.domain is not None and given.domain[0] == "choices":
        every = np.array(given.domain[1], float)
        inside = every[(every > end) & (every <= last) if side == "upper" else (every < end) & (every >= last)]
        return inside if side == "upper" else inside[::-1]
    steps = np.diff(table)
    whole = given.domain is not None and given.domain[0] == "integers" and bool((steps == 1).all())
    if whole or (len(table) >= 3 and np.allclose(steps, steps[0], rtol=EVEN, atol=0)):
        step = 1.0 if whole else (table[-1] - table[0]) / (len(table) - 1)
        count = int(min(abs(last - end) / step * (1 + EVEN), MOST))
        return np.asarray(end + step * np.arange(1, count + 1) * (1 if side == "upper" else -1))
    if len(table) >= 3 and (table[0] > 0 or table[-1] < 0) and np.allclose(table[1:] / table[:-1], table[1] / table[0]):
        ratio = (table[1] / table[0]) ** (1 if side == "upper" else -1)
        count = int(abs(np.log(REACH) / np.log(abs(ratio))) * (1 + EVEN))
        return np.asarray(end * ratio ** np.arange(1, count + 1))
    return np.empty(0)
