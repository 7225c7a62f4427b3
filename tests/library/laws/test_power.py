"""Dynamic power and supply voltage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.errors import DomainError, UndefinedResultError, WrongUnitError
from symppa.library.laws.power import AlphaPowerLaw, SupplyVoltage, SwitchedCapacitance, Switching, VoltageTangent
from symppa.studies.evaluate import evaluate

SWITCHING = compile(Switching(), "power")
NOMINAL = {"threshold": "0.3 V", "saturation": 1.3, "nominal_voltage": "0.75 V", "nominal_clock": "2 GHz"}
LAW = compile(AlphaPowerLaw(), "clock", axes=["voltage"])
SUPPLY = compile(
    SupplyVoltage(), ["voltage", "estimate", "first.slope", "first.headroom", "first.rise"], axes=["clock"]
)


def switching(activity, capacitance, voltage, clock):
    told = {"activity": activity, "capacitance": capacitance, "voltage": voltage, "clock": clock}
    return float(run(SWITCHING, told)["power"])


def supply(clock, minimum="0.01 V"):
    return run(SUPPLY, NOMINAL | {"clock": np.atleast_1d(clock), "minimum_voltage": minimum})


def test_half_a_nanofarad_at_one_volt_and_two_gigahertz_is_one_watt():
    assert switching(1, "0.5 nF", "1 V", "2 GHz") == pytest.approx(1.0)
    assert switching(0.1, "0.5 nF", "0.8 V", "2 GHz") == pytest.approx(0.064)


@given(st.floats(0.01, 1), st.floats(0.01, 100), st.floats(0.3, 1.2), st.floats(0.1, 5))
def test_power_is_linear_in_activity_and_clock_and_quadratic_in_voltage(activity, farad, volt, clock):
    once = switching(activity, farad, volt, clock)
    assert switching(activity, farad, 2 * volt, clock) == pytest.approx(4 * once)
    assert switching(activity, farad, volt, 3 * clock) == pytest.approx(3 * once)
    assert switching(activity, 5 * farad, volt, clock) == pytest.approx(5 * once)


def test_a_published_energy_comes_back_at_its_voltage():
    program = compile(SwitchedCapacitance(), "capacitance")
    farad = float(run(program, {"energy": "1 pJ", "reference_voltage": "0.5 V"})["capacitance"])
    assert farad == pytest.approx(4e-3)  # 1 pJ / (0.5 V)^2 = 4 pF
    assert switching(1, farad, "0.5 V", "1 GHz") == pytest.approx(1e-3)  # 1 pJ a nanosecond


def test_the_known_point_of_the_alpha_power_law_is_met():
    clock = np.asarray(run(LAW, NOMINAL | {"voltage": np.array([0.75, 0.9])})["clock"])
    # (0.6 / 0.45)^1.3 * 0.75 / 0.9 = 1.211
    assert clock == pytest.approx([2.0, 2 * (0.6 / 0.45) ** 1.3 * 0.75 / 0.9])


def test_the_slope_of_the_supply_is_that_of_the_law():
    # d ln f / d ln V = a V / (V - Vt) - 1 = 1.3 * 0.75 / 0.45 - 1 = 1.1667
    assert float(np.squeeze(supply(2.0)["first.slope"])) == pytest.approx(1 / (1.3 * 0.75 / 0.45 - 1))


def law_voltage(clock):
    """The voltage at which the alpha-power law reaches a clock, read off the law itself."""
    volts = np.linspace(0.31, 3, 100001)
    clocks = np.asarray(run(LAW, NOMINAL | {"voltage": volts})["clock"])
    return np.interp(clock, clocks, volts)


def test_a_tangent_by_hand():
    told = {"threshold": "0.3 V", "saturation": 1.3, "point_voltage": "0.75 V", "point_clock": "2 GHz"}
    found = evaluate(VoltageTangent(), told | {"clock": "2.4 GHz"}, outputs=["*"])
    assert float(found["headroom"]) == pytest.approx(np.log(0.45 / 0.75))
    assert float(found["slope"]) == pytest.approx(6 / 7)
    assert float(found["rise"]) == pytest.approx(6 / 7 * np.log(1.2))
    assert float(found["voltage"]) == pytest.approx(0.75 * 1.2 ** (6 / 7))


def test_one_tangent_errs_by_what_the_documentation_says():
    ratio = np.asarray(supply([1.4, 2.5, 3.0, 4.0])["estimate"]) / law_voltage([1.4, 2.5, 3.0, 4.0])
    assert 100 * (ratio - 1) == pytest.approx([-4.9, -2.5, -8.4, -25.0], abs=0.1)


def test_two_tangents_invert_the_law():
    clock = np.linspace(1.4, 4, 201)  # 0.7 to 2 times the nominal clock
    ratio = np.asarray(supply(clock)["voltage"]) / law_voltage(clock)
    assert np.all(ratio <= 1 + 1e-6)  # the law bends away: no tangent asks too much
    assert np.all(ratio[clock <= 3] >= 0.996)
    assert np.all(ratio >= 0.974)


def test_the_floor_of_memory_cells_is_where_the_law_meets_it():
    # 0.55 V allow (0.25 / 0.45)^1.3 * 0.75 / 0.55 = 0.635 of the clock: below it the voltage stays
    edge = 2 * (0.25 / 0.45) ** 1.3 * 0.75 / 0.55
    volts = np.asarray(supply([0.0, 1.0, edge, 1.05 * edge], minimum="0.55 V")["voltage"])
    assert volts[:3] == pytest.approx(0.55)
    assert volts[3] > 0.56


@pytest.mark.parametrize("clock", ["1 GHz", "2 GHz", "3 GHz"])
@pytest.mark.parametrize("threshold", ["0.75 V", "0.8 V"])
def test_a_threshold_that_is_not_below_the_supply_has_no_voltage(clock, threshold):
    told = NOMINAL | {"clock": clock, "threshold": threshold, "minimum_voltage": "0.55 V"}
    with pytest.raises(UndefinedResultError, match="logarithm"):
        evaluate(SupplyVoltage(), told, outputs=["voltage"])


@pytest.mark.parametrize(("voltage", "threshold"), [("0.2 V", "0.3 V"), ("0.7 V", "0.9 V"), ("0.95 V", "0.9 V")])
def test_the_law_has_no_clock_below_the_threshold(voltage, threshold):
    with pytest.raises(UndefinedResultError, match="overdrive"):
        evaluate(AlphaPowerLaw(), NOMINAL | {"voltage": voltage, "threshold": threshold}, outputs=["clock"])


@pytest.mark.parametrize(("name", "value"), [("saturation", 0.5), ("clock", "-2 GHz"), ("nominal_voltage", "-1 V")])
def test_a_supply_outside_physics_is_refused(name, value):
    told = NOMINAL | {"clock": "2 GHz", "minimum_voltage": "0.55 V"} | {name: value}
    with pytest.raises(DomainError, match=name):
        evaluate(SupplyVoltage(), told)


def test_memory_cells_keep_the_voltage_up():
    assert float(np.squeeze(supply(0.5, minimum="0.55 V")["voltage"])) == pytest.approx(0.55)
    assert np.all(np.diff(np.asarray(supply(np.linspace(0.2, 3, 50), "0.55 V")["voltage"])) >= 0)


def test_activity_counts_events_in_a_cycle():
    with pytest.raises(WrongUnitError, match="activity"):
        switching("0.5 1/s", "1 nF", "1 V", "1 GHz")
