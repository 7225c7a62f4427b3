"""Keys and values: what a token takes, and what moving it costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.errors import WiringError
from symppa.library.components.kv_cache import (
    Cache,
    LocalCache,
    MemoryCache,
    OverlappedTraffic,
    SerialTraffic,
    StepwiseTraffic,
    Traffic,
)
from tests.library.analog import MEMORY, NET, answer, under

TOLD = under("memory", MEMORY) | {
    "near_read": "6 byte",
    "near_write": "4 byte",
    "far_read": "20 byte",
    "far_write": "8 byte",
    "steps": 3,
}
STORES = ("sram", "hbm", "fabric")


def test_a_token_in_memory_by_hand():
    # 2 layers of 8 values of a byte, and 2 heads with 2 scales of 2 bytes; on the chip half a byte a value
    told = under("net", NET) | {"near_value_size": "0.5 byte"}
    found = answer(MemoryCache, told, ["far_token", "near_token", "update_work"], {"net": "PlainTransformer"})
    assert found == {"far_token": 2 * (8 + 2 * 2 * 2), "near_token": 2 * (4 + 8), "update_work": 0}


def test_a_cache_without_a_memory_is_work_for_a_digital_unit():
    found = answer(LocalCache, under("net", NET), ["far_token", "near_token", "update_work"])
    assert found == {"far_token": 0, "near_token": 0, "update_work": 4}


@pytest.mark.parametrize("kind", [SerialTraffic, OverlappedTraffic, StepwiseTraffic])
def test_energy_is_that_of_every_byte_and_of_the_fabric_again(kind):
    found = answer(kind, TOLD, ["energy", *(f"{store}_energy" for store in STORES)])
    assert found == pytest.approx({"energy": 76, "sram_energy": 10, "hbm_energy": 28, "fabric_energy": 38})


def test_one_transfer_after_another_by_hand():
    # each of six transfers waits 100 ns once, then a byte takes a nanosecond
    found = answer(SerialTraffic, TOLD, ["accesses", "latency", *(f"{store}_latency" for store in STORES)])
    assert found == pytest.approx(
        {"accesses": 1, "latency": 676, "sram_latency": 210, "hbm_latency": 228, "fabric_latency": 238}
    )


def test_memories_side_by_side_take_the_slowest_read_and_the_slowest_write():
    found = answer(OverlappedTraffic, TOLD, ["accesses", "latency"])
    assert found == pytest.approx({"accesses": 1, "latency": (100 + 26) + (100 + 12)})


def test_steps_that_need_one_another_wait_for_their_own_access():
    found = answer(StepwiseTraffic, TOLD, ["accesses", "latency"])
    # commits leave in one access; what the steps read and write waits three times
    assert found == pytest.approx({"accesses": 3, "latency": (300 + 26) + (300 + 12)})


@given(st.integers(1, 64))
def test_one_access_for_a_phase_is_too_few_by_all_steps_but_one(steps):
    told = TOLD | {"steps": steps}
    once = answer(OverlappedTraffic, told, ["latency"])["latency"]
    assert answer(StepwiseTraffic, told, ["latency"])["latency"] == pytest.approx(once + 200 * (steps - 1))


def test_a_cache_and_a_traffic_of_no_kind_leave_their_formulas_open():
    for model, name in ((Cache, "far_token"), (Traffic, "accesses"), (Traffic, "latency")):
        with pytest.raises(WiringError, match="subclass"):
            model().expression(name)
