"""What a solved convex problem says beside its answer: the point of its relaxation and shadow prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from symppa.engine.reducers.limits import Limit
from symppa.engine.search.problem import Outcome, Problem


class Price(NamedTuple):
    """How the objective moves with the bound of a limit: in base units, and percent by percent."""

    limit: Limit
    slope: float
    elasticity: float


class Solution(NamedTuple):
    """An outcome, with a price for every limit where no given is whole, and the point of a relaxation."""

    outcome: Outcome
    prices: tuple[Price, ...] = ()
    relaxed: Mapping[str, float] | None = None


def prices_of(problem: Problem, slopes: Mapping[int, float], value: float) -> tuple[Price, ...]:
    """A price for every limit, from the slopes of some in base units."""
    found = []
    for number, limit in enumerate(problem.limits):
        slope = slopes.get(number, 0.0) + 0.0
        found.append(Price(limit, slope, slope * limit.bound / value if value else float("nan")))
    return tuple(found)
