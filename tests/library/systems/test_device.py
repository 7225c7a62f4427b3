"""A network on a device: three subgraphs by hand, and laws that hold for any."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.errors import UndefinedResultError
from symppa.library.systems.device import (
    Accelerator,
    CachedActivations,
    Cpu,
    Device,
    Gpu,
    Movement,
    Resident,
    Streaming,
    Subgraphs,
)
from symppa.studies.evaluate import evaluate
from symppa.workloads.ir import Tensor
from symppa.workloads.shapes import Row, built
from symppa.workloads.table import table
from tests.library.analog import answer

# A product that fills the unit, one that waits for its weights, and a view
NET = {
    "net.macs": {"full": "1e9 mac", "thin": "1e6 mac", "view": "0 mac"},
    "net.vector_ops": {"full": "1e6 op", "thin": "0 op", "view": "0 op"},
    "net.activations": {"full": 1e6, "thin": 1e3, "view": 0},
    "net.weights": {"full": 1e5, "thin": 1e6, "view": 0},
    "net.unscaled": {"full": "0 byte", "thin": "1000 byte", "view": "0 byte"},
    "net.rows": {"full": 1000, "thin": 1, "view": 0},
    "net.columns": {"full": 1000, "thin": 1000, "view": 0},
    "net.depth": {"full": 1000, "thin": 1000, "view": 0},
    "net.repeats": {"full": 1, "thin": 1, "view": 0},
    "batch": 2,
    "net.live": 2e6,
    "net.resident": 1.1e6,
}
CHIP = {
    "units": 10,
    "start": "1 us",
    "chip.precision": "FP16",
    "chip.element": {"FP16": "2 byte", "FP32": "4 byte"},
    "chip.matrix_peak": {"FP16": "100 TOPS", "FP32": "0 TOPS"},
    "chip.sparse_peak": {"FP16": "200 TOPS", "FP32": "0 TOPS"},
    "chip.vector_peak": {"FP16": "0 TOPS", "FP32": "10 TOPS"},
    "chip.clock": "1 GHz",
    "chip.capacity": "1 GB",
    "chip.cache": "3 MB",
    "chip.cache_bandwidth": "1000 GB/s",
    "chip.profile": "high",
    "chip.profile_power": {"high": "50 W", "low": "20 W"},
    "chip.profile_clock": {"high": "1 GHz", "low": "0.5 GHz"},
    "chip.profile_share": {"high": 1, "low": 0.5},
    "chip.profile_bandwidth": {"high": "100 GB/s", "low": "50 GB/s"},
    "chip.idle_power": "5 W",
    "chip.memory_energy": "50 pJ/byte",
}


def asked(outputs, device=Device, parts=None, **changes):
    """Some outputs of the made-up network on the made-up chip, in the units that they declare."""
    told = NET | CHIP | {name.replace("__", "."): value for name, value in changes.items()}
    found = evaluate(device, told, outputs=outputs.split(), parts=parts)
    return {name: np.asarray(found[name], float).tolist() for name in outputs.split()}


def test_rates_and_power_in_use_are_those_of_format_and_profile():
    names = "power_limit running share scale bandwidth number matrix_stated vector_stated vector_spare sparse_rate"
    rates = " ".join(f"chip.{name}" for name in f"{names} matrix_rate vector_rate".split())
    found = asked(rates, chip__profile="low")
    assert [found[name] for name in rates.split()] == [20, 0.5, 0.5, 0.25, 50, 2, 25, 0, 2.5, 50, 25, 2.5]


ENERGY = " ".join(
    f"chip.{name}" for name in (
        "fastest", "budget", "budget_energy", "least_energy", "supply", "budgeted", "op_energy", "voltage",
        "fastest_voltage",
    )
)  # fmt: skip


@pytest.mark.parametrize("profile", ["high", "low"])
def test_the_energy_of_an_operation_follows_from_the_fastest_profile_in_every_profile(profile):
    found = asked(ENERGY, chip__profile=profile)
    assert [found[name] for name in ENERGY.split()] == [1, 40, pytest.approx(0.4), 0, 1, 1, pytest.approx(0.4), 0, 0]


def test_it_goes_with_the_square_of_the_supply_where_that_is_stated():
    """Of `Processor`: supply, voltage, fastest_voltage."""
    volts = {"high": "1 V", "low": "0.6 V"}
    low = asked(ENERGY, chip__profile="low", chip__profile_voltage=volts)
    assert (low["chip.voltage"], low["chip.fastest_voltage"]) == (0.6, 1)
    assert low["chip.supply"] == pytest.approx(0.36)
    assert low["chip.op_energy"] == pytest.approx(0.4 * 0.36)
    assert asked(ENERGY, chip__profile_voltage=volts)["chip.op_energy"] == pytest.approx(0.4)


def test_where_memory_takes_the_whole_limit_arithmetic_takes_what_it_must():
    least = {"FP16": "0.25 pJ/op", "FP32": "0.845 pJ/op"}
    found = asked(ENERGY, chip__memory_energy="500 pJ/byte", chip__least_op_energy=least)  # 50 W of 50 W
    assert [found[f"chip.{n}"] for n in ("budget", "budgeted", "least_energy", "op_energy")] == [0, 0, 0.25, 0.25]


def test_a_limit_that_does_not_count_memory_leaves_more_for_arithmetic():
    found = asked("chip.budget outside power power_margin", chip__memory_inside=0)
    assert found["chip.budget"] == 45
    assert found["outside"] == pytest.approx(4.203e6 * 50e-9)
    inside = asked("power power_margin")
    assert inside["power_margin"] == pytest.approx(50 - inside["power"])
    assert found["power_margin"] == pytest.approx(50 - found["power"] + found["outside"] / 44.03e-3)


def test_a_run_above_the_limit_takes_at_least_its_energy_over_the_limit():
    low = {"high": "50 W", "low": "11 W"}
    hot = {"chip__profile": "low", "chip__profile_power": low, "net__count": {"full": 1, "thin": 1, "view": 1}}
    found = asked("power power_margin latency throttled energy static_energy chip.op_energy", **hot)
    assert found["power_margin"] == pytest.approx(11 - found["power"])
    dynamic = found["energy"] - found["static_energy"]
    assert found["throttled"] == pytest.approx(max(found["latency"], dynamic / (11 - 5)))
    assert (found["throttled"] > found["latency"]) == (found["power_margin"] < 0)
    assert found["power_margin"] < 0
    cool = asked("latency throttled power_margin")
    assert cool["power_margin"] > 0
    assert cool["throttled"] == cool["latency"]


def test_messages_take_the_link_and_come_last():
    told = {"net__sent": {"full": 1e6, "thin": 0, "view": 0}, "net__messages": {"full": 6, "thin": 0, "view": 0},
            "chip__link_bandwidth": "100 GB/s", "chip__link_latency": "2 us"}  # fmt: skip
    found = asked("link_time time latency", **told)
    assert found["link_time"] == pytest.approx([20 + 12, 0, 0])  # 2 MB at 100 GB/s, and six messages
    assert found["time"] == pytest.approx([23 + 32, 21.03, 0])
    assert found["latency"] == pytest.approx(asked("latency")["latency"] + 0.032)


def test_messages_end_nowhere_without_a_link():
    messages = {"full": 6, "thin": 0, "view": 0}
    with pytest.raises(UndefinedResultError, match="latency is infinite"):
        asked("latency", net__sent={"full": 1e6, "thin": 0, "view": 0}, net__messages=messages)


def test_without_a_matrix_unit_products_take_the_other_one():
    found = asked("chip.matrix_rate chip.vector_rate", chip__precision="FP32")
    assert found == {"chip.matrix_rate": 10, "chip.vector_rate": 10}


def test_a_subgraph_takes_what_its_slower_side_takes():
    names = "matrix_time vector_time compute_time memory_time time traffic intensity compute_bound occupancy"
    found = asked(names)
    assert found["matrix_time"] == pytest.approx([20, 0.02, 0])  # elements of a row are dealt out to ten cores
    assert found["occupancy"] == pytest.approx([100, 100, 100])
    assert found["vector_time"] == pytest.approx([0.1, 0, 0])
    assert found["compute_time"] == pytest.approx([20.1, 0.02, 0])
    assert found["traffic"] == pytest.approx([2.2e6, 2.002e6 + 1000, 0])
    assert found["memory_time"] == pytest.approx([22, 20.03, 0])
    assert found["time"] == pytest.approx([23, 21.03, 0])
    assert found["intensity"] == pytest.approx([2.001e9 / 2.2e6, 2e6 / 2.003e6, 0])
    assert found["compute_bound"] == [0, 0, 0]
    assert asked("compute_bound", chip__profile_bandwidth={"high": "1000 GB/s", "low": "1 GB/s"})["compute_bound"] == [
        1, 0, 0,
    ]  # fmt: skip


def test_a_run_is_the_sum_of_its_subgraphs():
    names = "latency work moved throughput utilisation memory_utilisation"
    found = asked(names)
    latency = 44.03e-6
    assert found["latency"] == pytest.approx(1e3 * latency)
    assert found["work"] == pytest.approx(2.003)
    assert found["moved"] == pytest.approx(4.203)
    assert found["throughput"] == pytest.approx(2 / latency)
    assert found["utilisation"] == pytest.approx(100 * 2.003e9 / (100e12 * latency))
    assert found["memory_utilisation"] == pytest.approx(100 * 4.203e6 / (100e9 * latency))


def test_energy_has_three_parts():
    names = (
        "compute_energies memory_energies static_energies energies compute_energy memory_energy static_energy energy"
    )
    found = asked(f"{names} power chip.op_energy")
    op = (50 - 5 - 5) / 100e12  # J, what memory and idling leave at the peak rate
    assert found["chip.op_energy"] == pytest.approx(op * 1e12)
    assert found["compute_energies"] == pytest.approx([2.001e9 * op * 1e3, 2e6 * op * 1e3, 0])
    assert found["memory_energies"] == pytest.approx([2.2e6 * 50e-9, 2.003e6 * 50e-9, 0])
    assert found["static_energies"] == pytest.approx([5 * 23e-3, 5 * 21.03e-3, 0])
    parts = [found[name] for name in ("compute_energies", "memory_energies", "static_energies")]
    assert found["energies"] == pytest.approx(np.sum(parts, axis=0))
    for name, each in zip(("compute_energy", "memory_energy", "static_energy"), parts, strict=True):
        assert found[name] == pytest.approx(sum(each))
    assert found["energy"] == pytest.approx(sum(found["energies"]))
    assert found["power"] == pytest.approx(found["energy"] / 44.03e-3)


def test_room_is_weights_and_the_fullest_moment():
    found = asked("weight_memory activation_memory peak_memory memory_fill")
    assert [found[name] for name in found] == pytest.approx([2.2, 4, 6.2, 0.62])
    assert asked("memory_fill", chip__capacity="0 GB")["memory_fill"] == 0


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        ("Streaming", [22, 20.03]),  # everything at 100 GB/s
        ("CachedActivations", [2 + 2, 20 + 0.003]),  # activations at 1000 GB/s
        ("Resident", [2 + 2, 20 + 0.003]),  # 2.2 MB of weights and 4 MB alive are more than 3 MB
    ],
)
def test_where_bytes_come_from_is_a_part(kind, times):
    found = asked("memory_time", parts={"movement": kind})
    assert found["memory_time"] == pytest.approx([*times, 0])


@pytest.mark.parametrize(
    ("kind", "cache", "main"),
    [
        ("Streaming", "9 MB", [2.2e6, 2.003e6]),
        ("CachedActivations", "9 MB", [0.2e6, 2e6]),
        ("Resident", "6.1 MB", [0.2e6, 2e6]),  # 6.2 MB do not fit
        ("Resident", "6.3 MB", [0, 0]),
    ],
)
def test_only_bytes_of_the_main_memory_are_its_load_and_its_energy(kind, cache, main):
    names = "movement.main movement.inside main_moved memory_utilisation memory_energies moved latency"
    changed = {"chip__cache": cache, "chip__cache_energy": "2 pJ/byte"}
    found = asked(names, parts={"movement": kind}, **changed)
    whole = [2.2e6, 2.003e6]
    assert found["movement.main"] == pytest.approx([*main, 0])
    assert found["movement.inside"] == pytest.approx([*(a - b for a, b in zip(whole, main, strict=True)), 0])
    assert found["main_moved"] == pytest.approx(sum(main) / 1e6)
    assert found["moved"] == pytest.approx(4.203)
    assert found["memory_utilisation"] == pytest.approx(100 * sum(main) / (100e6 * found["latency"]))
    energies = [50e-9 * m + 2e-9 * (w - m) for w, m in zip(whole, main, strict=True)]
    assert found["memory_energies"] == pytest.approx([*energies, 0])


def test_weights_stay_only_where_the_fullest_moment_fits_beside_them():
    """Of `CachedActivations` and `Resident`: what stays, and what fits."""
    names = "movement.stays movement.fits"
    small, large = (asked(names, parts={"movement": "Resident"}, chip__cache=f"{n} MB") for n in (6.1, 6.3))
    assert small == {"movement.stays": [1, 1, 1], "movement.fits": 0}
    assert large == {"movement.stays": [1, 1, 1], "movement.fits": 1}


@pytest.mark.parametrize(("law", "rates"), [(CachedActivations, ["rate"]), (Resident, ["rate", "weight_rate"])])
@given(st.floats(0, 1e8), st.floats(0, 1e8), st.floats(0, 100))
def test_a_cache_never_slows_a_transfer(law, rates, activations, weights, cache):
    told = {
        "activations": activations, "weights": weights, "held": weights, "bandwidth": "100 GB/s",
        "cache": cache, "cache_bandwidth": "1000 GB/s",
    }  # fmt: skip
    found = answer(law, told, ["time", *rates])
    assert found["time"] <= answer(Streaming, told, ["time"])["time"] * (1 + 1e-12)
    assert all(found[rate] in (100, 1000) for rate in rates)
    assert issubclass(law, Movement)


def test_a_profile_that_switches_units_off_leaves_fewer_awake():
    assert asked("awake")["awake"] == 10
    assert asked("awake", chip__profile="low")["awake"] == 5


def test_equal_subgraphs_may_be_counted_instead_of_told():
    names = "latency energy work moved utilisation memory_utilisation"
    twice = {name: {**value, "again": value["thin"]} for name, value in NET.items() if isinstance(value, dict)}
    told = evaluate(Device, NET | CHIP | twice, outputs=names.split())
    counted = asked(names, net__count={"full": 1, "thin": 2, "view": 1})
    for name in names.split():
        assert counted[name] == pytest.approx(float(told[name]))


def test_each_class_of_device_asks_its_own_unit():
    gpu = asked("occupancy latency", Gpu, unit__tile_rows=[128], unit__tile_columns=[128])
    waves = 7  # of 8 by 8 tiles on 10 multiprocessors
    assert gpu["occupancy"][0] == pytest.approx(100 * 1e6 / (waves * 10 * 128 * 128))
    array = asked("occupancy latency", Accelerator, unit__array_rows=100, unit__array_columns=100)
    passes = 10  # of 10 by 10 on 10 arrays
    assert array["occupancy"][0] == pytest.approx(100 * 1000 * passes / (200 + 100 + 1000 * passes - 2))
    assert asked("occupancy", Cpu)["occupancy"] == asked("occupancy")["occupancy"]


def test_the_table_of_a_network_is_what_a_device_asks():
    rows = [Row("fc", "Linear", ("x",), {"out": 1000}), Row("act", "SiLU"), Row("flat", "Flatten", (), {})]
    graph = built("net", {"x": Tensor("x", ("batch", 8, 500))}, rows, symbols={"batch": 1})
    told = table(graph, [{"batch": 1}, {"batch": 10}]).values()
    assert {*told} <= {*Subgraphs._declared}
    values = {name if name == "batch" else f"net.{name}": numbers[..., 1] for name, numbers in told.items()}
    found = evaluate(Device, CHIP | values, outputs=["work", "moved", "peak_memory", "throughput", "time"])
    assert float(found["work"]) == pytest.approx((2 * 80 * 500 * 1000 + 80 * 1000 * 4) / 1e9)
    moved = 2 * (80 * 500 + 80 * 1000 + 500 * 1000 + 1000)
    assert (float(found["moved"]), float(found["peak_memory"])) == pytest.approx((moved / 1e6, moved / 1e6))
    assert np.asarray(found["time"]).tolist()[1] == 0
