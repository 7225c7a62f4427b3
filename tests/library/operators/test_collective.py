"""What devices tell one another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.library.operators.collective import AllGather, AllReduce, AllToAll, Collective, ReduceScatter
from tests.library.analog import answer

ASKED = ["sent", "steps", "ops", "read", "weights", "written"]


@pytest.mark.parametrize(
    ("law", "sent", "steps", "ops", "written"),
    [
        (AllReduce, 2 * 3 * 25, 6, 75, 100),  # a quarter of the message in each of 3 + 3 steps
        (AllGather, 3 * 100, 3, 0, 400),
        (ReduceScatter, 3 * 25, 3, 75, 25),
        (AllToAll, 3 * 25, 3, 0, 100),
    ],
)
def test_a_hundred_elements_of_four_devices_by_hand(law, sent, steps, ops, written):
    found = answer(law, {"elements": 100, "ranks": 4}, ASKED)
    moved = {"read": 100, "weights": 0, "written": written}
    assert found == moved | {"sent": sent, "steps": steps, "ops": ops}
    assert issubclass(law, Collective)


@given(st.integers(0, 10**9), st.integers(1, 512))
def test_a_sum_told_to_all_is_a_part_for_each_told_to_all(elements, ranks):
    told = {"ranks": ranks}
    whole = answer(AllReduce, told | {"elements": elements * ranks}, ["sent", "steps"])
    parts = answer(ReduceScatter, told | {"elements": elements * ranks}, ["sent", "steps"])
    gather = answer(AllGather, told | {"elements": elements}, ["sent", "steps"])
    assert whole["sent"] == pytest.approx(parts["sent"] + gather["sent"])
    assert whole["steps"] == parts["steps"] + gather["steps"]


@pytest.mark.parametrize("law", [AllReduce, AllGather, ReduceScatter, AllToAll])
def test_a_device_alone_tells_nobody(law):
    found = answer(law, {"elements": 100, "ranks": 1}, ["sent", "steps", "ops"])
    assert found == {"sent": 0, "steps": 0, "ops": 0}
