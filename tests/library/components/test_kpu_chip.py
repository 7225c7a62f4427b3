"""A KPU as its configuration has it: worked by hand, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.library.components.kpu_chip import KpuChip, SramEnergy
from tests.library.analog import answer

PUBLISHED = {"small": "32 KiB", "small_energy": "1 pJ/byte", "large": "2 MiB", "large_energy": "4 pJ/byte"}
SMALL = PUBLISHED | {
    "formats": ["INT8", "FP16"], "precision": "INT8", "supported": {"INT8": 1, "FP16": 1},
    "element": {"INT8": "1 byte", "FP16": "2 byte"}, "rate": {"INT8": 1, "FP16": 0.5},
    "arrays": 2, "array_rows": 4, "array_columns": 8, "lanes": 4, "clock": "1 GHz", "l1": "32 KiB", "l2": "256 KiB",
    "capacity": "1 GiB", "dram_bandwidth": "10 GB/s", "l2_bandwidth": "100 GB/s", "idle_power": "0.5 W",
    "power_limit": "5 W", "mac_energies": {"INT8": "1 pJ/mac", "FP16": "3 pJ/mac"}, "lane_energy": "2 pJ/op",
    "dram_access": "50 pJ/byte",
}  # fmt: skip


def chip(*outputs, **told):
    return answer(KpuChip, SMALL | told, list(outputs))


def test_the_energy_of_a_byte_rises_straight_between_two_published_ones():
    assert answer(SramEnergy, PUBLISHED | {"capacity": "32 KiB"}, ["slope", "energy"]) == pytest.approx(
        {"slope": np.log(4) / np.log(64), "energy": 1}
    )
    assert answer(SramEnergy, PUBLISHED | {"capacity": "256 KiB"}, ["energy"])["energy"] == pytest.approx(2)
    assert answer(SramEnergy, PUBLISHED | {"capacity": "2 MiB"}, ["energy"])["energy"] == pytest.approx(4)


def test_rates_by_hand():
    found = chip("number", "speed", "cells", "peak", "dram_rate", "l2_rate", "feed")
    # 64 cells, a number a cycle; 24 numbers enter both arrays at their edges
    assert found == pytest.approx({"number": 1, "speed": 1, "cells": 64, "peak": 0.128, "dram_rate": 10,
                                   "l2_rate": 100, "feed": 24})  # fmt: skip
    half = chip("number", "speed", "peak", "feed", precision="FP16")
    assert half == pytest.approx({"number": 2, "speed": 0.5, "peak": 0.064, "feed": 24})


def test_a_format_that_the_arrays_do_not_take_has_no_rate():
    assert chip("speed", "peak", precision="FP16", supported={"INT8": 1, "FP16": 0}) == {"speed": 0, "peak": 0}


def test_energies_by_hand():
    names = ("mac_energy", "vector_energy", "l1_energy", "l2_energy", "dram_energy")
    told = {"mac_energy": 1, "vector_energy": 2, "l1_energy": 1, "l2_energy": 3, "dram_energy": 52}
    assert chip(*names) == pytest.approx(told)
    # in another node all but the memory beside the chip scales
    scaled = {"mac_energy": 6, "vector_energy": 4, "l1_energy": 2, "l2_energy": 6, "dram_energy": 54}
    assert chip(*names, scale=2, precision="FP16") == pytest.approx(scaled)


def test_full_power_is_everything_at_once():
    found = chip("arithmetic_power", "transfer_power", "full_power", "margin")
    arithmetic = 64e9 * 1e-12 + 8e9 * 2e-12
    transfers = 10e9 * 52e-12 + 100e9 * 3e-12 + 24e9 * 1e-12
    assert found == pytest.approx({"arithmetic_power": arithmetic, "transfer_power": transfers,
                                   "full_power": 0.5 + arithmetic + transfers,
                                   "margin": 4.5 - arithmetic - transfers})  # fmt: skip


@given(st.floats(1, 1e6), st.floats(1, 1e6))
def test_a_larger_store_never_costs_less_a_byte(one, other):
    small, large = (
        answer(SramEnergy, PUBLISHED | {"capacity": size}, ["energy"])["energy"] for size in sorted((one, other))
    )
    assert small <= large * (1 + 1e-12)
