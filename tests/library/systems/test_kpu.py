"""A compiled network on a KPU: a small one worked by hand, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.library.systems.kpu import CompiledOperators, Kpu
from tests.library.analog import answer, under
from tests.library.components.test_kpu_chip import SMALL as CHIP

# Two operators, the second of which runs twice, in tiles for an L1 of 16 KiB, and the first once more for 64 KiB.
NET = {
    "operators": ["a", "b", "a64", "b64"], "made_for": [16, 16, 64, 64], "macs": [6400, 640, 6400, 640],
    "vector_ops": [0, 100, 0, 100], "compute_cycles": [200.0, 10.0, 150.0, 10.0],
    "dram_traffic": [1000, 500, 800, 500], "l2_traffic": [2000, 3000, 1000, 2500], "l1_traffic": [100, 0, 100, 0],
    "first_dram": [100, 10, 100, 10], "first_l2": [100, 100, 100, 100], "last_dram": [0, 10, 0, 10],
    "last_l2": [0, 100, 0, 100], "tiles": [4, 2, 4, 2], "buffers": [2, 1, 2, 1], "count": [1, 2, 1, 2],
    "cell_rate": 64, "batch": 2, "weights": "1000 byte", "peak": "1 MiB",
}  # fmt: skip
SMALL = under("chip", CHIP) | under("net", NET) | {"product_format": "INT8"}


def kpu(*outputs, **told):
    changed = {name.replace("__", "."): value for name, value in told.items()}
    return answer(Kpu, SMALL | changed, list(outputs))


def test_the_parts_of_a_compiled_network_are_givens():
    assert {declared.role for declared in CompiledOperators._declared.values()} == {"index", "given"}


def test_tiles_made_for_the_largest_buffer_that_there_is_room_for_are_taken():
    assert kpu("made_for", "fitting", "buffer") == {"made_for": 16, "fitting": 1, "buffer": 32}
    assert list(kpu("taken")["taken"]) == [1, 1, 0, 0]
    assert list(kpu("taken", chip__l1="64 KiB")["taken"]) == [0, 0, 1, 1]


def test_times_by_hand():
    # a: 10 + 1 in, 200; its buses take 100 and 20. b, in turn: 10 + 50 + 30
    found = kpu("op_cycles", "times", "cycles", "latency", "throughput")
    assert list(found["op_cycles"]) == [211, 90, 0, 0]
    assert list(found["times"]) == pytest.approx([0.211, 0.09, 0, 0])
    assert found["cycles"] == 211 + 2 * 90
    assert found["latency"] == pytest.approx(391e-6)
    assert found["throughput"] == pytest.approx(2 / 391e-9)


def test_what_takes_longer_is_told():
    assert list(kpu("memory_bound")["memory_bound"]) == [0, 1, 0, 0]


def test_energies_by_hand():
    found = kpu("arithmetic_energies", "transfer_energies", "energies", "arithmetic_energy", "transfer_energy",
                "idle_energy", "energy", "power", "power_margin")  # fmt: skip
    arithmetic = np.array([6400.0, 640 + 100 * 2])
    transfers = np.array([1000 * 52 + 2000 * 3 + 100, 500 * 52 + 3000 * 3])
    idle = 0.5 * np.array([211.0, 90]) * 1e3
    assert list(found["arithmetic_energies"]) == pytest.approx([*arithmetic / 1e6, 0, 0])
    assert list(found["transfer_energies"]) == pytest.approx([*transfers / 1e6, 0, 0])
    assert list(found["energies"]) == pytest.approx([*(arithmetic + transfers + idle) / 1e6, 0, 0])
    count = np.array([1, 2])
    parts = [float(count @ one) / 1e9 for one in (arithmetic, transfers, idle)]
    assert found["arithmetic_energy"] == pytest.approx(parts[0])
    assert found["transfer_energy"] == pytest.approx(parts[1])
    assert found["idle_energy"] == pytest.approx(parts[2])
    assert found["energy"] == pytest.approx(sum(parts))
    assert found["power"] == pytest.approx(sum(parts) * 1e-3 / 391e-9)
    assert found["power_margin"] == pytest.approx(5 - found["power"])


def test_shares_and_sums_by_hand():
    found = kpu("work", "utilisation", "dram_traffic", "l2_traffic", "memory_utilisation", "memory_fill",
                "weight_memory")  # fmt: skip
    macs = 6400 + 2 * 640
    assert found["work"] == pytest.approx(2 * macs / 1e9)
    assert found["utilisation"] == pytest.approx(100 * macs / (64 * 391))
    assert found["dram_traffic"] == pytest.approx(2000 / 1e6)
    assert found["l2_traffic"] == pytest.approx(8000 / 1e6)
    assert found["memory_utilisation"] == pytest.approx(100 * 2000 / (10 * 391))
    assert found["memory_fill"] == pytest.approx(100 / 1024)
    assert found["weight_memory"] == pytest.approx(1e-3)


def test_products_of_another_format_cost_what_that_costs():
    wide = kpu("arithmetic_energies", product_format=["FP16", "INT8", "INT8", "INT8"])["arithmetic_energies"]
    assert list(wide) == pytest.approx([3 * 6400e-6, 840e-6, 0, 0])


@pytest.mark.parametrize("told", [{"chip__l1": "8 KiB"}, {"chip__arrays": 4}, {"chip__precision": "FP16"}])
def test_for_another_chip_than_tiles_were_made_for_nothing_is_told(told):
    found = kpu("fitting", "latency", "energy", **told)
    assert found["fitting"] == 0
    assert not np.isfinite([found["latency"], found["energy"]]).any()


PROGRAM = compile(Kpu(), ["latency", "energy"], axes=["chip.dram_bandwidth"])


@given(st.floats(1, 1e3), st.floats(1, 1e3))
def test_more_bandwidth_never_slows_a_network(one, other):
    found = PROGRAM(SMALL | {"chip.dram_bandwidth": np.array(sorted([one, other]))})
    assert found["latency"][0] >= found["latency"][1]
    assert found["energy"][0] >= found["energy"][1] * (1 - 1e-12)
