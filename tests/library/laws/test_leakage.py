"""Leakage that heats itself: the closed form against the loop it closes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.errors import UndefinedResultError
from symppa.library.laws.leakage import Leakage, LeakageAtVoltage
from symppa.studies.evaluate import evaluate

SETTLED = compile(Leakage(), ["power", "temperature", "runaway", "feedback"])
CHIP = {
    "reference_power": "20 W",
    "reference_temperature": "25 degC",
    "growth": "0.02 1/K",
    "ambient": "25 degC",
    "resistance": "0.1 K/W",
    "heat": "300 W",
}


def settled(**changes):
    return {name: float(value) for name, value in run(SETTLED, CHIP | changes).items()}


def test_three_hundred_watts_make_a_leaking_chip_leak_twice_as_much():
    found = settled()
    # by iteration from P = 20 W: T = 298.15 + 0.1 (300 + P), P = 20 exp(0.02 (T - 298.15)); settles at 39.433 W
    watt = 20.0
    for _ in range(200):
        watt = 20 * math.exp(0.02 * 0.1 * (300 + watt))
    assert found["power"] == pytest.approx(watt, rel=1e-12)
    assert found["power"] == pytest.approx(39.433, abs=1e-3)
    assert found["temperature"] - 273.15 == pytest.approx(25 + 0.1 * (300 + watt))


@given(st.floats(1, 60), st.floats(0.001, 0.03), st.floats(0.01, 0.2), st.floats(0, 500))
def test_the_closed_form_is_the_fixed_point(leak, growth, resistance, heat):
    found = settled(reference_power=leak, growth=growth, resistance=resistance, heat=heat)
    assert (found["runaway"] <= 100) == math.isfinite(found["power"])
    if math.isfinite(found["power"]):
        again = leak * math.exp(growth * (found["temperature"] - 298.15))
        assert found["power"] == pytest.approx(again, rel=1e-6)
        assert found["power"] * growth * resistance <= 1 + 1e-6  # the stable one of the two solutions


def test_the_way_to_runaway_is_e_times_the_feedback():
    found = settled()
    assert found["feedback"] == pytest.approx(0.02 * 0.1 * 20 * math.exp(0.02 * 0.1 * 300))
    assert found["runaway"] == pytest.approx(100 * math.e * found["feedback"])


def test_perfect_cooling_leaves_the_reference_leakage():
    assert settled(resistance="1e-9 K/W")["power"] == pytest.approx(20, rel=1e-6)


def test_more_heat_never_leaks_less():
    watts = [settled(heat=h)["power"] for h in np.linspace(0, 1000, 21)]
    assert np.all(np.diff(watts) > 0)


def test_thermal_runaway_is_refused_by_name():
    with pytest.raises(UndefinedResultError, match="thermal runaway"):
        evaluate(Leakage(), CHIP | {"resistance": "1 K/W"}, outputs=["power"])


def test_leakage_at_the_reference_voltage_is_the_reference():
    program = compile(LeakageAtVoltage(), "power", axes=["voltage"])
    told = {"reference_power": "20 W", "reference_voltage": "0.75 V", "barrier_lowering": "1 1/V"}
    watts = run(program, told | {"voltage": np.array([0.75, 0.9])})["power"]
    assert np.asarray(watts) == pytest.approx([20, 20 * 0.9 / 0.75 * math.exp(0.15)])
