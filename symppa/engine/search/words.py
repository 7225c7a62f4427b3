"""What an outcome says in words, where its numbers do not: that there is no bound, or no best design."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from symppa.engine.search.domains import Real
from symppa.engine.search.problem import Exact, Outcome, Problem

NAMED = 4  # free givens of a place that are named


def place(point: Mapping[str, float]) -> str:
    """A design in words, in base units."""
    shown = ", ".join(f"{name} = {value:g}" for name, value in islice(point.items(), NAMED))
    return f"{shown}, ..." if len(point) > NAMED else shown


def remark(problem: Problem, found: Outcome, seen: Exact, endless: str, gap: float) -> str:
    """What is to be said of a design that was found; `endless`: where the objective has no bound in the least box."""
    if problem.objective is None:
        return ""
    name, sense = problem.objective
    if endless:
        way = "falls" if sense == "min" else "grows"
        return f"{name} is unbounded as far as can be told: near {endless} (base units) it {way} without end"
    if found.bound is None:
        side = "below" if sense == "min" else "above"
        return f"no bound of {name} was proved: it may be unbounded {side}"
    said = [_unattained(problem, found, seen, gap), _next_to_nothing(name, found, gap)]
    return "; ".join(filter(None, said))


def _next_to_nothing(name: str, found: Outcome, gap: float) -> str:
    """That it is a difference, not a part of the value, within which a design is best."""
    if found.status != "optimal" or found.value is None or found.bound is None:
        return ""
    off = abs(found.value - found.bound)
    if off <= 1.01 * gap * abs(found.value):
        return ""
    return f"no {name} is better by more than {off:.2g} (base units), which counts as none"


def _unattained(problem: Problem, found: Outcome, seen: Exact, gap: float) -> str:
    """That a strict limit among reals has no best design."""
    if found.status != "optimal" or not any(isinstance(d, Real) and d.low < d.high for d in problem.free.values()):
        return ""
    near = [
        f"{one.output} {one.relation} {one.bound:g}"
        for one, margin in zip(problem.limits, seen.margins, strict=True)
        if one.relation in "<>" and margin <= 2 * gap * abs(one.bound)
    ]
    if not near:
        return ""
    return f"{', '.join(near)} (base units) is approached, not attained: the design is within the gap of the best"
