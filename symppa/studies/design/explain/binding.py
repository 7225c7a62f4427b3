"""What keeps a design from being better: limits that a step to a better one breaks, and ends of ranges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from symppa.engine.reducers import Limit
from symppa.engine.search import Choices, Domain, Problem
from symppa.engine.search.problem import judged

STEP = 1e-3  # of a range of reals, for a step to a neighbour
EQUAL = 1e-6  # of a bound, within which a limit is met exactly


def binding(problem: Problem, point: Mapping[str, float]) -> tuple[Limit, ...]:
    """Limits met exactly, and those that a step of one given breaks where it would make the design better."""
    here = judged(problem, point)
    held = {k for k, (limit, far) in enumerate(zip(problem.limits, here.margins, strict=True)) if _met(limit, far)}
    if problem.objective is None or here.value is None:
        return tuple(problem.limits[k] for k in sorted(held))
    sign = 1.0 if problem.objective[1] == "min" else -1.0
    for name, value in point.items():
        for near in _neighbours(problem.free[name], value):
            there = judged(problem, {**point, name: near})
            if there.value is not None and sign * there.value < sign * here.value:
                held |= {k for k, limit in enumerate(problem.limits) if _broken(limit, there.margins[k])}
    return tuple(problem.limits[k] for k in sorted(held))


def _met(limit: Limit, margin: float) -> bool:
    return abs(margin) <= EQUAL * abs(limit.bound)


def _broken(limit: Limit, margin: float) -> bool:
    return not margin >= -EQUAL * abs(limit.bound)


def _neighbours(domain: Domain, value: float) -> Iterator[float]:
    if isinstance(domain, Choices):
        place = domain.values.index(value)
        yield from (domain.values[k] for k in (place - 1, place + 1) if 0 <= k < len(domain.values))
        return
    step = STEP * (domain.high - domain.low)
    yield from (near for near in (value - step, value + step) if domain.low <= near <= domain.high)


def ends(problem: Problem, point: Mapping[str, float]) -> dict[str, str]:
    """Givens that stand at an end of what they may be, and at which."""
    found = {}
    for name, value in point.items():
        low, high = problem.free[name].low, problem.free[name].high
        if low < high and value in (low, high):
            found[name] = "lower" if value == low else "upper"
    return found
