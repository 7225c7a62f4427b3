"""Where the power goes: one package worked by hand, and its laws."""

from __future__ import annotations

import math

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.errors import WrongUnitError
from symppa.library.systems.chiplet_power import Consumption, Events

PACKAGE = {
    "ops_per_cycle": "512 op/cycle",
    "op_energy": "0.36 pJ/op",
    "element": "16 bit",
    "tensor_cores": 432,
    "utilisation": 1,
    "clock": "1.41 GHz",
    "nominal_clock": "1.41 GHz",
    "die_area": "900 mm2",
    "area": "900 mm2",
    "memory_bandwidth": "2 TB/s",
    "stacks": 5,
    "remote_share": 0.75,
    "bridges": "2 TB/s",
    "ports": "50 W",
    "ambient": "25 degC",
    "thermal_resistance": "0.1 K/W",
}
CONSUMERS = [f"consumers.{name}.power" for name in ("arithmetic", "local_memory", "cache", "wires")]
WATTS = [
    *CONSUMERS, "memory_power", "bridge_power", "port_power", "standby_power", "leakage.power",
    "dynamic_power", "static_power", "power",
]  # fmt: skip
EVERY = compile(
    Consumption(),
    [*WATTS, "operations", "local_traffic", "cache_traffic", "distance", "memory_traffic", "supply.voltage"],
)


def package(**changes):
    return {name: float(np.squeeze(v)) for name, v in run(EVERY, PACKAGE | changes).items()}


def test_events_cost_what_they_are_published_to_cost():
    program = compile(Events(), "power")
    told = {"rate": "100 1/cycle", "energy": "2 pJ"}
    supply = {"clock": "1 GHz", "nominal_clock": "1 GHz", "nominal_voltage": "0.75 V", "threshold": "0.3 V"}
    supply |= {"saturation": 1.3, "minimum_voltage": "0.5 V"}
    watts = run(program, told | {f"supply.{k}": v for k, v in supply.items()})["power"]
    assert float(watts) == pytest.approx(0.2)  # 100 x 2 pJ a nanosecond


def test_a_package_by_hand():
    found = package()
    ops = 512 * 432  # a cycle
    rate = ops * 1.41e9
    assert found["operations"] == pytest.approx(ops)
    assert found["consumers.arithmetic.power"] == pytest.approx(rate * 0.36e-12 * 1.22)  # 137.0 W
    assert found["local_traffic"] == pytest.approx(ops / 2 * 2 * (1 / 64 + 1 / 64))
    assert found["consumers.local_memory.power"] == pytest.approx(rate * 2 / 64 * 1.06e-12)
    cached = rate * (1 / 128 + 1 / 256)  # byte/s
    assert found["cache_traffic"] == pytest.approx(cached / 1.41e9)
    assert found["consumers.cache.power"] == pytest.approx(cached * 1.75e-12)
    assert found["distance"] == pytest.approx(20)  # two thirds of 30 mm
    assert found["consumers.wires.power"] == pytest.approx(cached * 8 * 20 * 100e-15)
    assert found["memory_traffic"] == pytest.approx(2)
    assert found["memory_power"] == pytest.approx(2e12 * 8 * 3.92e-12)
    assert found["bridge_power"] == pytest.approx(1e12 * 8 * 0.25e-12)  # held by the bridges, not by 1.5 TB/s
    assert found["port_power"] == pytest.approx(50)
    assert found["standby_power"] == pytest.approx(10)
    moved = sum(found[name] for name in WATTS[:7])
    assert found["dynamic_power"] == pytest.approx(moved)
    assert found["static_power"] == pytest.approx(10 + found["leakage.power"])
    assert found["power"] == pytest.approx(moved + found["static_power"])


def test_leakage_is_that_of_the_temperature_it_makes():
    found = package()
    kelvin = 0.1 * found["power"]  # above 25 degC, where 0.03 W/mm2 leak
    assert found["leakage.power"] == pytest.approx(27 * math.exp(0.02 * kelvin))


def test_an_idle_package_leaks_and_stands_by():
    found = package(utilisation=0)
    assert found["dynamic_power"] == 0
    assert found["power"] == pytest.approx(10 + found["leakage.power"])


def test_circuits_follow_clock_and_voltage_links_do_not():
    slow, fast = package(), package(clock="1.692 GHz")  # 1.2 times: 0.8912 V are where the law reaches it
    volts = fast["supply.voltage"] / slow["supply.voltage"]
    assert volts == pytest.approx(0.8912 / 0.75, rel=5e-4)
    for name in CONSUMERS:
        assert fast[name] == pytest.approx(1.2 * volts**2 * slow[name])
    for name in ("memory_power", "bridge_power", "port_power", "standby_power"):
        assert fast[name] == pytest.approx(slow[name])


def test_a_better_node_switches_for_less_but_wires_stay():
    before, after = package(), package(**{"node.energy": 0.5})
    for name in CONSUMERS[:3]:
        assert after[name] == pytest.approx(before[name] / 2)
    assert after["consumers.wires.power"] == pytest.approx(before["consumers.wires.power"])


def test_larger_tiles_fetch_less():
    found = package(tile_rows=256)
    assert found["cache_traffic"] == pytest.approx(package()["cache_traffic"] * 2 / 3)


@pytest.mark.parametrize("name", ["utilisation", "tensor_cores", "stacks", "thermal_resistance"])
def test_more_of_anything_never_uses_less(name):
    low, high = {"utilisation": (0.5, 1)}.get(name, (1, 2))
    if name == "thermal_resistance":
        low, high = "0.05 K/W", "0.1 K/W"
    assert package(**{name: high})["power"] > package(**{name: low})["power"]


def test_an_energy_for_a_byte_is_none_for_an_operation():
    with pytest.raises(WrongUnitError, match="op_energy"):
        package(op_energy="0.36 pJ/byte")
