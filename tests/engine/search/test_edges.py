"""What the random targets hold: every edge that a search could be wrong about, at some design."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from symppa.engine.search.ground import Ground
from symppa.engine.search.points import Points
from tests.engine.search.edges import edge_targets
from tests.engine.search.targets import language_targets, tiling_targets

QUOTIENTS = {"divide", "ceil_div", "floor_div"}
CONDITIONS = {"less", "at_most", "equal"}
EVERYWHERE = {"ceil_div", "where", "lookup", "a design that is none", "a limit exactly attained", "nothing fits"}
MISSING = {"missing key", "zero divisor", "nested ceiling", "floor_div", "total", "largest_over"}
WANTED = {
    "tilings": EVERYWHERE | MISSING,
    "language": EVERYWHERE | {"count", "coordinate", "power", "exp", "log", "sqrt", "total"},
    "edges": EVERYWHERE
    | MISSING
    | {"smallest_over", "coordinate", "condition without a value", "equality that holds and does not"}
    | {"a limit almost attained", "an equality to be met", "no objective"},
}
FOUND = {"tilings": tiling_targets, "language": language_targets, "edges": edge_targets}


def edges_of(target):
    """The kinds of edges of a target, as its designs have them."""
    ground = Ground(target.problem)
    program, steps = ground.program, ground.program.steps
    found = {steps[n].operation for n in program.live}
    if ground.names:
        places = np.indices([len(t) for t in ground.tables]).reshape(len(ground.names), -1).T.astype(float)
        values = Points(ground.natural, ground.names, program.live).at(ground.columns(places), len(places))
        found |= {kind for n in program.live for kind in at_step(program, values, n)}
        found |= {kind for limit in target.problem.limits for kind in at_limit(limit, values, program)}
        if np.isinf(target.costs).any():
            found.add("a design that is none")
    if np.isinf(target.costs).all():
        found.add("nothing fits")
    if target.problem.objective is None:
        found.add("no objective")
    return found


def at_step(program, values, n):
    step = program.steps[n]
    arguments = [values[a] for a in step.arguments]
    if step.operation in QUOTIENTS and (arguments[1] == 0).any():
        yield "zero divisor"
    if step.operation == "lookup" and (np.isnan(values[n]) & np.isfinite(arguments[0])).any():
        yield "missing key"
    if step.operation in CONDITIONS and any(np.isnan(a).any() for a in arguments):
        yield "condition without a value"
    if step.operation == "equal" and {0.0, 1.0} <= set(np.unique(values[n])):
        yield "equality that holds and does not"
    if step.operation == "ceil_div":
        below = program.needed(step.arguments)
        if any(program.steps[m].operation == "ceil_div" for m in below):
            yield "nested ceiling"


def at_limit(limit, values, program):
    value = values[program.output(limit.output).step]
    off = np.abs(value - limit.bound)
    if (off == 0.0).any():
        yield "a limit exactly attained"
    if ((off > 0.0) & (off <= 3e-9 * abs(limit.bound))).any():
        yield "a limit almost attained"
    if limit.relation == "==" and (off == 0.0).any():
        yield "an equality to be met"


@pytest.mark.parametrize("kind", FOUND)
def test_the_targets_that_are_tried_have_every_edge(kind):
    counted = Counter()

    @settings(
        max_examples=200, derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=HealthCheck
    )
    @given(FOUND[kind]())
    def every(target):
        counted.update(edges_of(target) if target is not None else ())

    every()
    assert not {edge: counted[edge] for edge in WANTED[kind] if counted[edge] < 3}, counted
