"""Random targets against exhaustive search: never a wrong optimum, a wrong "infeasible", a false accept."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.engine.search import Effort, Real, exact, search
from symppa.engine.search.ground import Ground
from symppa.engine.search.points import Points
from symppa.engine.search.pool import Boxes
from symppa.engine.search.problem import judged
from symppa.engine.search.race import Reader
from symppa.engine.search.tangents import Rows
from tests.engine.search.edges import edge_targets
from tests.engine.search.targets import language_targets, tiling_targets

TARGETS = {"tilings": tiling_targets, "language": language_targets, "edges": edge_targets}
CASES = int(os.environ.get("SYMPPA_SEARCH_CASES", "60"))
KEEN = Effort(batch=32, few=1, small=0, sample=4, starts=1, descent=1, learns=16)  # everything by splitting
PLAIN = Effort()


def is_answered(target, effort):
    """The answer of a search is what the exhaustive one says."""
    best, problem = target.best, target.problem
    found = search(problem, time_limit=60.0, effort=effort)
    if best is None:
        assert found.status == "infeasible", (found, best)
        assert found.point is None
        return
    assert found.status == ("feasible" if problem.objective is None else "optimal"), (found, best)
    seen = judged(problem, found.point)
    assert seen.feasible, (found, seen)
    if problem.objective is None:
        return
    assert found.value == exact(problem, found.point)[0]
    assert abs(found.value - best) <= 1.001e-9 * abs(best), (found, best)
    sign = 1.0 if problem.objective[1] == "min" else -1.0
    assert sign * found.bound <= sign * best, "a bound beyond the best design"


@pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("effort", [KEEN, PLAIN], ids=["split", "usual"])
def test_the_answer_is_that_of_exhaustive_search(targets, effort):
    @settings(max_examples=CASES)
    @given(targets())
    def every(target):
        if target is not None:
            is_answered(target, effort)

    every()


def is_honest(target, low, high, seed):
    """With a range of reals nothing sampled contradicts what is claimed."""
    problem = replace(target.problem, free={**target.problem.free, "x3": Real(low, high)})
    found = search(problem, time_limit=1.0, effort=KEEN)
    rng, ground = np.random.default_rng(seed), Ground(problem)
    first, last = ground.root
    places = first + rng.random((4000, first.shape[1])) * (last - first)
    listed = np.array([t is not None for t in ground.tables])
    places = np.where(listed, np.rint(places), places)
    costs = ground.costs(places)
    least = float(costs.min())
    if not np.isfinite(least):
        return
    assert found.status != "infeasible"
    if problem.objective is None or found.bound is None:
        return
    sign = 1.0 if problem.objective[1] == "min" else -1.0
    assert sign * found.bound <= least
    if found.status == "optimal":
        assert judged(problem, found.point).feasible
        assert sign * found.value <= least + 1.01e-6 * abs(least)
        assert found.gap <= 1.01e-6


@settings(max_examples=CASES)
@given(tiling_targets(), st.sampled_from([0.0, 0.1, 1.0]), st.sampled_from([1.5, 4.0]), st.integers(0, 999))
def test_reals_are_answered_honestly(target, low, high, seed):
    if target is not None:
        is_honest(target, low, high, seed)


def boxes_of(ground, rng, count):
    low, high = ground.root
    ends = np.floor(rng.random((2, count, low.shape[1])) * (high - low + 1.0) + low)
    return np.sort(ends, axis=0)


def inside(ends, rng):
    low, high = ends
    return np.floor(rng.random(low.shape) * (high - low + 1.0) + low)


def grounded(target):
    ground = Ground(target.problem)
    ground.relax()
    return ground


def readers(ground):
    """The plain reading, and both that the search has."""
    plain = Reader(ground.natural, ground.goal, {n: n for n in ground.program.live})
    return {"plain": plain, **dict(zip(("natural", "relaxed"), ground.readers(), strict=True))}


def holds_every_value(target, seed):
    """Every value of every design in a box, by each reading and, with clamps, of those worth finding."""
    ground, rng = grounded(target), np.random.default_rng(seed)
    if not ground.names:
        return
    ends = boxes_of(ground, rng, 24)
    cost = float(rng.choice(target.costs))
    found = []
    for name, reader in readers(ground).items():
        box, keep = ground.ends(*ends, reader.intervals), set(reader.steps.values())
        clamps = reader.goal.clamps(cost)
        found.append((name, reader.steps, reader.intervals.read(box, keep=keep).values, None))
        found.append((name, reader.steps, reader.intervals.read(box, clamps=clamps, keep=keep).values, cost))
    everything = Points(ground.natural, ground.names, ground.program.live)
    for _ in range(6):
        places = inside(ends, rng)
        values, costs = everything.at(ground.columns(places), 24), ground.costs(places)
        for name, steps, intervals, most in found:
            worth = np.ones(24, bool) if most is None else np.isfinite(costs) & (costs <= most)
            for n in ground.program.live:
                fine = encloses(intervals[steps[n]], values[n], nowhere=name == "plain")
                assert fine[worth].all(), (ground.program.steps[n], name, most)


def encloses(interval, value, nowhere):
    """Where a value lies in its interval, designs in front; one without a value only where there may be `nowhere`."""
    low, high, maybe = (v if np.ndim(v) <= 1 else np.reshape(v, -1) if value.ndim == 1 else v for v in interval)
    undefined = np.isnan(value) & (maybe | np.isnan(low) | ~np.bool_(nowhere))
    return np.broadcast_to(undefined | (low <= value) & (value <= high), (24, *value.shape[1:]))


def keeps_what_is_better(target, seed):
    """Rows never cut off a design that is better than the target, nor claim a bound above one in the box."""
    ground, rng = grounded(target), np.random.default_rng(seed)
    rows = Rows.of(ground) if ground.names else None
    if rows is None:
        return
    goal = float(rng.choice(target.costs))
    low, high = boxes_of(ground, rng, 40)
    clamps = ground.bound_goal.clamps(goal)
    new = {x: ground.relaxation.new[x] for x in rows.system.atoms}
    reading = ground.intervals.read(ground.ends(low, high, ground.intervals), clamps=clamps, keep=new.values())
    boxes = Boxes(low.copy(), high.copy(), np.full(40, -np.inf), np.zeros(40, np.int64))
    found = rows.tighten(boxes, {x: reading.values[n] for x, n in new.items()}, np.ones(40, bool), goal)
    for _ in range(6):
        places = inside((low, high), rng)
        costs = ground.costs(places)
        worth = np.isfinite(costs) & (costs < goal)
        if ground.goal.objective is None:
            worth = np.isfinite(costs)
        kept = found.open & ((found.boxes.low <= places) & (places <= found.boxes.high)).all(axis=1)
        assert kept[worth].all()
        assert np.all(found.boxes.bound[worth] <= costs[worth])


@pytest.mark.parametrize("check", [holds_every_value, keeps_what_is_better], ids=["values", "rows"])
@pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS)
def test_what_bounds_say_is_true(targets, check):
    @settings(max_examples=CASES)
    @given(targets(), st.integers(0, 999))
    def every(target, seed):
        if target is not None:
            check(target, seed)

    every()
