"""Heat through one resistance."""

from __future__ import annotations

import pytest

from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.errors import UndefinedResultError, UnitError
from symppa.library.laws.thermal import HeatBudget, Junction
from symppa.studies.evaluate import evaluate

JUNCTION = compile(Junction(), "temperature")
BUDGET = compile(HeatBudget(), "power")


def test_four_hundred_watts_over_a_tenth_of_a_kelvin_a_watt_are_forty_kelvin():
    told = {"ambient": "25 degC", "resistance": "0.1 K/W", "power": "400 W"}
    assert float(run(JUNCTION, told)["temperature"]) == pytest.approx(273.15 + 65)


def test_the_budget_is_the_power_that_meets_the_limit():
    cooled = {"ambient": "35 degC", "resistance": "0.08 K/W"}
    watts = float(run(BUDGET, cooled | {"limit": "85 degC"})["power"])
    assert watts == pytest.approx(50 / 0.08)
    assert float(run(JUNCTION, cooled | {"power": watts})["temperature"]) == pytest.approx(273.15 + 85)


def test_a_resistance_in_degrees_celsius_is_refused():
    with pytest.raises(UnitError, match="degC is accepted only as a whole value"):
        run(JUNCTION, {"ambient": "25 degC", "resistance": "0.1 degC/W", "power": "400 W"})


def test_an_ambient_above_the_limit_leaves_no_power():
    told = {"limit": "300 K", "resistance": "0.1 K/W"}
    assert float(evaluate(HeatBudget(), told | {"ambient": "300 K"}, outputs=["power"])["power"]) == 0
    with pytest.raises(UndefinedResultError, match="headroom"):
        evaluate(HeatBudget(), told | {"ambient": "310 K"}, outputs=["power"])
