"""How far the end of a range would have to move, where the way there passes values that are not defined."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.engine.reducers.limits import Limit
from symppa.engine.search import Choices, Problem
from symppa.language import Model, formula, given
from symppa.studies.design.explain.conflict import conflict
from symppa.studies.design.explain.loose import Loose, Member


class Stage(Model):
    """A stage whose speed falls with its supply to nothing at a threshold."""

    supply = given("1", "supply")
    clock = given("1", "clock")
    width = given("1", "width")
    length = given("1", "length")

    strain = formula("1", clock * supply / (supply - 0.35), "clock over the fastest", derived=True)
    power = formula("1", supply * supply * width * clock, "power", derived=True)
    work = formula("1", width * clock * length, "work", derived=True)


def stage(power):
    """Power over work is supply squared over length: 0.25 / 100 at the least."""
    free = {
        "supply": Choices(np.arange(20, 45) / 40),
        "clock": Choices(np.arange(10, 61) / 20),
        "width": Choices(range(1, 101)),
        "length": Choices(range(1, 101)),
    }
    limits = [Limit("strain", "<=", 8.0), Limit("power", "<=", power), Limit("work", ">=", 10_000.0)]
    return Problem(compile(Stage(), ["strain", "power", "work"]), {}, ("power", "min"), limits, free)


@pytest.mark.parametrize(("power", "reached"), [(24.5, 0.475), (18.5, 0.425), (12.0, 0.325)])
def test_the_nearest_supply_below_the_range_is_proved(power, reached):
    """It is at most sqrt(power / 100) = 0.495, 0.430, 0.346; at 0.375 the strain would be 8 with a clock of 0.53."""
    problem = stage(power)
    loose = Loose([problem], 60.0)
    found = loose.nearest_end([*loose.limits, *loose.ends], Member("lower", "supply"))
    assert (found.verdict, found.proved) == ("found", True)
    assert found.value == pytest.approx(reached, rel=1e-12)


def test_an_end_past_a_threshold_is_in_a_minimal_conflict():
    found = conflict([stage(12.0)])
    assert found.minimal
    repair = found.ends[Member("lower", "supply")]
    assert repair.proved
    assert repair.reached == pytest.approx(0.325, rel=1e-12)
