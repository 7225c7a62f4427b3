"""What a limit costs: the best design with the limit moved a little either way, and how steep the objective is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from symppa.engine.derivative import elasticities
from symppa.engine.reducers import Limit
from symppa.engine.search import Problem
from symppa.studies.design.loose import SENSES, Found, Loose

STEP = 0.01  # of a bound
LEAST = 1.0  # s that prices may take beside an answer that took none
LOOSER, TIGHTER = "looser", "tighter"


def shadow_prices(problems: Sequence[Problem], value: float, margins: Sequence[float], time_limit: float) -> list[Any]:
    """For every limit how the best objective moves, relative, with its bound 1 % looser and 1 % tighter.

    None where a bound has no looser side: at zero, and for an equality.
    """
    movable = [_moved(limit, 1.0) is not None for limit in problems[0].limits]
    share = time_limit / max(1, 2 * sum(movable))
    return [_price(problems, k, value, margins[k], share) if movable[k] else None for k in range(len(movable))]


def _price(problems: Sequence[Problem], k: int, value: float, margin: float, time_limit: float) -> dict[str, Any]:
    looser = _side(_resolved(problems, k, 1.0, time_limit), value)
    tighter = {"change": 0.0, "proved": True}
    if margin < STEP * abs(problems[0].limits[k].bound):  # else the best design keeps the tighter limit as well
        tighter = _side(_resolved(problems, k, -1.0, time_limit), value)
    return {"step": STEP, LOOSER: looser, TIGHTER: tighter}


def _side(found: Found, value: float) -> dict[str, Any]:
    """The relative change of the objective; None where no design is left, or where none was found in time."""
    if found.value is None:
        return {"change": None, "proved": found.verdict == "none"}
    change = (found.value - value) / abs(value) if value else None
    return {"change": change, "proved": found.proved}


def _resolved(problems: Sequence[Problem], k: int, way: float, time_limit: float) -> Found:
    moved = [replace(one, limits=_with(one.limits, k, _moved(one.limits[k], way))) for one in problems]
    loose = Loose(moved, time_limit, share=1.0)
    output, sense = problems[0].objective or ("", "min")
    return loose.best((*loose.limits, *loose.ends), output, sense)


def _with(limits: Sequence[Limit], k: int, limit: Limit | None) -> tuple[Limit, ...]:
    return tuple(limit if n == k and limit is not None else one for n, one in enumerate(limits))


def _moved(limit: Limit, way: float) -> Limit | None:
    """A limit looser by a step, or tighter where the way is negative."""
    sense = SENSES.get(limit.relation)
    if sense is None or limit.bound == 0:
        return None
    side = way if sense == "min" else -way
    return limit._replace(bound=limit.bound + side * STEP * abs(limit.bound))


def steepness(problem: Problem, point: Mapping[str, float]) -> dict[str, float]:
    """By how many percent the objective moves for one percent of each free given, at a design; where that is defined.

    Rounding counts as its quotient, as in a sensitivity.
    """
    if problem.objective is None:
        return {}
    name = problem.objective[0]
    program = replace(problem.program, outputs={name: problem.program.output(name)})
    told = {n: v for n, v in problem.told(point).items() if n in program.known}
    found = elasticities(program, told, name).values
    numbers = {n: float(found[n].ravel()[0]) for n in problem.free if n in found and found[n].size == 1}
    return {n: v for n, v in numbers.items() if isfinite(v)}
