"""The physical package: it answers what the first-order one answers, and its parts agree."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.errors import UndefinedResultError
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
    slow, fast = (one("consumption.consumers.arithmetic.power", clock=f"{g} GHz") for g in (2.0, 2.2))
    # 1 + 2 * 0.857: linear in the clock, quadratic in a voltage that follows it
    assert np.log(fast / slow) / np.log(1.1) == pytest.approx(1 + 2 / (1.3 * 0.75 / 0.45 - 1))


def test_chiplets_save_more_the_larger_they_are():
    saved = [one("chiplet_saving", **{"chiplet.sms": n}) for n in (16, 64, 128)]
    assert saved[0] < saved[1] < saved[2]


def test_a_chiplet_alone_saves_nothing():
    assert one("chiplet_saving", chiplets=1) == pytest.approx(0)


def test_a_chip_that_is_not_cooled_runs_away():
    with pytest.raises(UndefinedResultError, match="thermal runaway"):
        one("power", thermal_resistance="2 K/W")
