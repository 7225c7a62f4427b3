"""The physical package: it answers what the first-order one answers, and its parts agree."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.errors import DomainError, UndefinedResultError
from symppa.library.systems.chiplet_soc import ChipletPackage, ChipletSoC
from symppa.library.systems.chiplet_soc_physical import ChipletSoCPhysical
from symppa.studies.evaluate import evaluate

NAME = "physical_nexgen"


def ask(*outputs, **told):
    return evaluate(NAME, told, outputs=list(outputs))


def one(output, **told):
    return float(ask(output, **told)[output])


def test_it_has_every_output_of_the_first_order_model():
    outputs = {name for name, d in ChipletSoC._declared.items() if d.role == "formula"}
    assert outputs <= {name for name, d in ChipletSoCPhysical._declared.items() if d.role == "formula"}
    assert issubclass(ChipletSoCPhysical, ChipletPackage)


def test_rates_do_not_depend_on_how_power_is_found():
    for name in ("peak_compute", "memory_bandwidth", "ridge_point"):
        assert one(name) == pytest.approx(float(evaluate("nexgen_baseline", outputs=[name])[name]))


def test_outputs_are_those_of_the_parts():
    found = ask("*", "consumption.*", "package.*", "package.die.*", "monolithic.*", "chiplet.*")
    assert found["voltage"] == pytest.approx(0.75)  # the nominal clock
    assert found["power"] == pytest.approx(found["dynamic_power"] + found["static_power"])
    assert found["power"] == pytest.approx(found["consumption.power"])
    assert found["area"] == pytest.approx(4 * found["chiplet.area"])
    assert found["monolithic_area"] == pytest.approx(4 * (found["chiplet.area"] - found["chiplet.bridge_area"]))
    assert found["cost"] == pytest.approx(found["package.cost"])
    assert found["monolithic_cost"] == pytest.approx(found["monolithic.cost"])
    assert found["chiplet_saving"] == pytest.approx(100 * (1 - found["cost"] / found["monolithic_cost"]))
    assert found["cost_per_throughput"] == pytest.approx(found["cost"] / found["peak_compute"])
    assert found["dies_per_wafer"] == pytest.approx(found["package.die.per_wafer"])
    assert found["die_yield"] == pytest.approx(found["package.die.fault_free"])
    assert found["die_cost"] == pytest.approx(found["package.die.cost"])
    assert found["reticles"] == pytest.approx(100 * found["monolithic_area"] / 858)


def test_both_ways_to_the_junction_temperature_meet():
    found = ask("junction_temperature", "consumption.leakage.temperature", "runaway")
    assert found["junction_temperature"] == pytest.approx(found["consumption.leakage.temperature"])
    assert 0 < found["runaway"] < 100


@pytest.mark.parametrize("precision", ["FP4", "INT8", "FP32"])
def test_power_by_format_is_the_power_of_each_format(precision):
    every = ask("by_format.efficiency", "consumption_by_format.power")
    place = ["FP4", "FP8", "INT8", "FP16", "BF16", "FP32"].index(precision)
    watts = np.asarray(every["consumption_by_format.power"])[place]
    assert one("power", precision=precision) == pytest.approx(watts)
    assert one("efficiency", precision=precision) == pytest.approx(np.asarray(every["by_format.efficiency"])[place])


def test_power_grows_faster_than_the_clock():
    slow, fast = (one("consumption.consumers.arithmetic.power", clock=f"{g} GHz") for g in (2.0, 2.002))
    # 1 + 2 * 0.857: linear in the clock, quadratic in a voltage that follows it
    assert np.log(fast / slow) / np.log(1.001) == pytest.approx(1 + 2 / (1.3 * 0.75 / 0.45 - 1), rel=1e-3)


def test_chiplets_save_more_the_larger_they_are():
    saved = [one("chiplet_saving", **{"chiplet.sms": n}) for n in (16, 64, 128)]
    assert saved[0] < saved[1] < saved[2]


def test_a_chiplet_alone_saves_nothing():
    assert one("chiplet_saving", chiplets=1) == pytest.approx(0)


def test_a_chip_that_is_not_cooled_runs_away():
    with pytest.raises(UndefinedResultError, match="thermal runaway"):
        one("power", thermal_resistance="2 K/W")


def test_a_clock_says_how_far_it_is_from_the_nominal_one():
    assert one("overclock") == pytest.approx(100)
    assert one("overclock", clock="2.5 GHz") == pytest.approx(125)


@pytest.mark.parametrize("output", ["cost", "monolithic_cost", "chiplet_saving", "cost_per_throughput"])
def test_a_package_that_fits_on_no_wafer_has_no_cost(output):
    with pytest.raises(UndefinedResultError, match="none fits on a wafer"):
        one(output, **{"chiplet.sms": 1024})


def test_the_links_of_the_package_are_those_of_the_calculator():
    # ngaisoc: six links of 100 GB/s and sixteen lanes of 16 GB/s, both directions, at 10 pJ/bit
    assert 4 * one("chiplet.port_power") == pytest.approx((6 * 100 + 16 * 16) * 8 * 1e9 * 10e-12)


def test_what_the_calculator_does_not_say_is_not_credited_to_it():
    inputs = ask("area", "consumption.element").inputs
    for name in ("chiplet.sm.significand", "chiplet.sm.element"):
        assert {"ieee754", "kalamkar2019"} <= {source.split(",")[0] for source in inputs[name].sources}
        assert "ngaisoc" not in inputs[name].sources


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clock", "-2 GHz"),
        ("ambient", "-300 degC"),
        ("stack_bandwidth", "-1 GB/s"),
        ("stack_area", "-1 mm2"),
        ("reticle", "-1 mm2"),
        ("node.wafer.clustering", 0),
        ("node.saturation", 0.5),
        ("node.threshold", "-0.1 V"),
        ("chiplet.memory_phy", "-1 mm2"),
    ],
)
def test_a_value_outside_physics_is_refused(name, value):
    with pytest.raises(DomainError, match="outside its domain"):
        ask("*", **{name: value})


def test_a_threshold_above_the_supply_is_refused():
    with pytest.raises(UndefinedResultError, match="headroom"):
        one("power", **{"node.threshold": "0.8 V"})


def test_nothing_moved_and_nothing_lit_stay_legal():
    assert np.all(np.asarray(ask("attained", stack_bandwidth="0 GB/s")["attained"]) == 0)
    assert one("peak_compute", clock="0 GHz") == 0
