"""What a search learns on the way: facts of a smaller box, and what an objective that is itself free says."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given as example
from hypothesis import settings
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.engine.reducers.limits import Limit
from symppa.engine.search import Choices, Effort, Problem, Real, search
from symppa.engine.search.engine import Search
from symppa.engine.search.ground import Ground
from symppa.engine.search.incumbent import PACES, Incumbent
from symppa.engine.search.lists import candidates
from symppa.engine.search.swift import SwiftIntervals
from symppa.language import Model, ceil_div, formula, given, largest
from symppa.studies.design.explain.loose import with_given

KEEN = Effort(batch=16, few=1, small=0, sample=4, starts=1, descent=1, learns=16)


class Amplifier(Model):
    """Stages whose speed vanishes at a threshold of the supply, where the strain has no bound."""

    supply = given("1", "supply")
    stages = given("1", "stages")
    width = given("1", "width")
    load = given("1", "load")
    clock = given("1", "clock")

    above = formula("1", supply - 0.35, "supply above the threshold", derived=True)
    strain = formula("1", clock / (1.4 * above * stages / supply), "clock over the fastest", derived=True)
    delay = formula("1", largest(load / (width * clock), stages / clock), "delay", derived=True)
    power = formula("1", supply * supply * width * clock * stages, "power", derived=True)


def amplifier(objective, sense, supply, limits=(("strain", 1.0), ("delay", 0.5), ("power", 40.0)), size=60):
    """Limits that want a fast clock and a slow one; only far below the threshold is the strain below 1."""
    program = compile(Amplifier(), ["strain", "delay", "power"])
    if objective in program.givens:
        program = with_given(program, objective)
    free = {
        "supply": supply,
        "stages": Choices(range(1, 13)),
        "width": Choices(range(1, size + 1)),
        "load": Choices(range(20, 20 + size)),
        "clock": Choices(np.linspace(1.0, 3.0, 41)),
    }
    return Problem(program, {}, (objective, sense), [Limit(name, "<=", most) for name, most in limits], free)


STEPS = Choices(np.arange(2, 20) / 40)  # 0.05 to 0.475, the threshold 0.35 among them, to the bit


def by_hand(problem):
    """The best supply, every design tried."""
    tables = [domain.table for domain in problem.free.values()]
    supply, stages, width, load, clock = np.meshgrid(*tables, indexing="ij", sparse=True)
    with np.errstate(all="ignore"):
        strain = clock / (1.4 * (supply - 0.35) * stages / supply)
        delay = np.maximum(load / (width * clock), stages / clock)
        power = supply * supply * width * clock * stages
        bounds = {limit.output: limit.bound for limit in problem.limits}
        good = np.isfinite(strain) & (strain <= bounds["strain"])
        good = good & (delay <= bounds["delay"]) & (power <= bounds["power"])
    found = np.flatnonzero(good.any(axis=(1, 2, 3, 4)))
    return tables[0][found] if len(found) else None


def test_the_threshold_where_a_divisor_vanishes_holds_nobody_up():
    """Below 0.35 the strain is negative, at 0.35 infinite: no design, though all 19 680 000 keep the other limits."""
    limits = (("strain", 1.0), ("delay", 300.0), ("power", 1e6))
    supply = Choices([v for v in STEPS.values if v < 0.36])
    found = search(amplifier("supply", "max", supply, limits, size=200), time_limit=60.0, effort=Effort(small=0, few=1))
    assert (found.status, found.value) == ("optimal", 0.325)
    assert found.nodes < 100_000  # 195 000 without what holds at the threshold


@settings(max_examples=40, deadline=None)
@example(
    sense=st.sampled_from(["min", "max"]),
    strain=st.sampled_from([-20.0, -1.0, 1.0, 8.0, 40.0]),
    delay=st.sampled_from([0.4, 1.0, 3.0]),
    power=st.sampled_from([0.5, 4.0, 40.0]),
    learns=st.sampled_from([1, 64, 10**9]),
)
def test_an_objective_that_is_free_itself_is_answered_as_every_design_says(sense, strain, delay, power, learns):
    limits = (("strain", strain), ("delay", delay), ("power", power))
    asked = amplifier("supply", sense, STEPS, limits, size=5)
    best = by_hand(asked)
    found = search(asked, time_limit=30.0, effort=KEEN._replace(learns=learns))
    if best is None:
        assert found.status == "infeasible"
        return
    assert found.status == "optimal"
    assert found.value == (best[0] if sense == "min" else best[-1])
    sign = 1.0 if sense == "min" else -1.0
    assert sign * found.bound <= sign * found.value


class Range(Model):
    """A number that two limits alone decide."""

    x = given("1", "number")
    y = given("1", "another")
    low = formula("1", x + 0 * y, "number", derived=True)
    high = formula("1", x * (y + 1) / (y + 1), "number", derived=True)


@pytest.mark.parametrize(("sense", "end"), [("min", 2.0), ("max", 7.0)])
def test_the_best_of_a_range_of_reals_is_within_the_gap(sense, end):
    program = with_given(compile(Range(), ["low", "high"]), "x")
    bounds = [Limit("low", ">=", 2.0), Limit("high", "<=", 7.0)]
    asked = Problem(program, {}, ("x", sense), bounds, {"x": Real(0.5, 40.0), "y": Real(1.0, 9.0)})
    found = search(asked, time_limit=30.0, effort=KEEN._replace(learns=1))
    assert found.status == "optimal"
    assert found.value == pytest.approx(end, rel=2e-6)


# facts


def test_a_smaller_box_settles_a_sign():
    ground = Ground(amplifier("power", "min", STEPS))
    ground.relax()
    above = ground.program.outputs["strain"].step
    assert not ground.plain
    assert ground.natural.facts[above].low == -np.inf
    low, high = ground.root
    low[0, 0] = 13.0  # the supply, from 0.375
    ground.learn(low[0], high[0])
    assert ground.plain
    assert ground.natural.facts[above].low > 0.0
    ends = dict(zip(ground.names, zip(low[0], high[0], strict=True), strict=True))
    assert ends["supply"] == (13.0, 17.0)


@pytest.mark.parametrize("sense", ["min", "max"])
def test_a_rewritten_reading_knows_what_a_fresh_one_does(sense):
    ground = Ground(amplifier("delay", sense, STEPS))
    ground.relax()
    fresh = SwiftIntervals(ground.relaxed, ground.values, ground.box)
    assert ground.intervals.facts.items() >= fresh.facts.items()
    assert ground.intervals.swift.keys() == fresh.swift.keys()
    low, high = ground.root
    here, there = (r.read(ground.ends(low, high, r)).values for r in (ground.intervals, fresh))
    for n in ground.relaxed.live:
        assert [np.ravel(end).tolist() for end in here[n][:2]] == [np.ravel(end).tolist() for end in there[n][:2]]
    assert ground.natural.program is ground.program  # what it was made from is as it was


@pytest.mark.parametrize(
    ("sense", "target", "left"),
    [("min", 0.3, (0.05, 0.275)), ("max", -0.3, (0.325, 0.475))],
)
def test_only_what_is_better_than_the_target_is_left_of_a_box(sense, target, left):
    ground = Ground(amplifier("supply", sense, STEPS))
    k = ground.names.index("supply")
    low, high = ground.better(*ground.root, target)
    assert (ground.tables[k][int(low[0, k])], ground.tables[k][int(high[0, k])]) == left
    assert ground.root[0].tolist() == [[0.0] * len(ground.names)]


def test_where_a_first_look_closes_everything_no_descent_is_made():
    asked = amplifier("power", "min", STEPS, (("strain", 1.0), ("delay", 1e-3), ("power", 40.0)))
    made = Search(asked, 0.0, Effort())
    made.run(np.inf, None)
    assert made.outcome(0.0, False).status == "infeasible"
    assert made.best.designs <= 1024 + 3 * 2 * made.nodes  # the sample, and ends and middles of boxes


# candidate lists


class Nested(Model):
    """Tiles in tiles."""

    outer = given("1", "outer tile")
    inner = given("1", "inner tile")
    passes = formula("1", ceil_div(outer, inner) * inner, "padded", derived=True)
    limit = formula("1", outer * 1.0, "outer", derived=True)


def test_break_points_are_those_of_every_value_of_the_list_beside():
    """Looked at in parts: the largest tile of each run of equal roundings, for all 300 outer tiles at once."""
    free = {"outer": Choices(range(1, 301)), "inner": Choices(range(1, 501))}
    program = compile(Nested(), ["passes", "limit"])
    ground = Ground(Problem(program, {}, ("passes", "min"), [Limit("limit", ">=", 1.0)], free))
    found = candidates(ground.natural, ground.goal, ground.names, ground.tables, ground.nominal)
    outer, inner = np.arange(1.0, 301.0), np.arange(1.0, 501.0)
    rounded = np.ceil(outer[:, None] / inner)
    moves = (rounded[:, 1:] != rounded[:, :-1]).any(axis=0)
    kept = found[ground.names.index("inner")]
    assert kept.tolist() == inner[np.concatenate([[True], moves])].tolist()


def test_every_pair_of_columns_moves_by_every_pair_of_paces():
    ground = Ground(amplifier("power", "min", STEPS))
    made = Incumbent(ground)
    here = np.array([8.0, 6.0, 30.0, 30.0, 20.0])
    moved = {tuple(row - here) for row in made._pairs(here)}
    expected = set()
    for a, b in product(range(5), range(5)):
        if a < b:
            for one, other in product(PACES, PACES):
                row = np.zeros(5)
                row[a], row[b] = one, other
                expected.add(tuple(row))
    assert moved == expected
