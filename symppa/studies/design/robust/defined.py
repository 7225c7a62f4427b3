"""Whether an output has a value wherever what is uncertain may lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from math import isnan

import numpy as np

from symppa import units
from symppa.engine.interval import bounds
from symppa.engine.search import Choices, Domain, Problem
from symppa.engine.search.problem import exact

TRIED = 256  # places, for one where it has none


def undefined(problem: Problem, output: str) -> tuple[bool | None, Mapping[str, float] | None]:
    """Whether an output has no value somewhere in what is free, and where; None where that cannot be told.

    That it has one everywhere is proved by an interval reading.
    """
    program = replace(problem.program, outputs={output: problem.program.output(output)})
    free = {name: one for name, one in problem.free.items() if name in program.support(program.output(output).step)}
    worth = {name: units.measure(program.givens[name].unit).worth for name in free}
    box = {name: (one.low / worth[name], one.high / worth[name]) for name, one in free.items()}
    values = {name: value for name, value in problem.values.items() if name in program.known}
    if not np.any(bounds(program, values, box)[output].undefined):
        return False, None
    single = replace(problem, program=program, objective=(output, "min"), limits=(), free=free)
    for point in _places(free):
        value = exact(single, point)[0]
        if value is None or isnan(value):
            return True, point
    return None, None


def _places(free: Mapping[str, Domain]) -> Iterator[dict[str, float]]:
    """Ends and what lies between, evenly in each."""
    count = max(2, int(TRIED ** (1 / max(1, len(free)))))
    for chosen in product(*(_spread(one, count) for one in free.values())):
        yield dict(zip(free, chosen, strict=True))


def _spread(domain: Domain, count: int) -> list[float]:
    if isinstance(domain, Choices):
        places = np.unique(np.linspace(0, len(domain.values) - 1, count).round().astype(int))
        return [domain.values[k] for k in places]
    return list(np.linspace(domain.low, domain.high, count).tolist())
