"""Memories seen from their ports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.errors import DomainError, MissingValueError
from symppa.language import Model, formula
from symppa.library.components.memory import Hierarchy, Port, StatedHierarchy, StatedPort, StatedStore, Store, Transfer
from tests.library.analog import PORTS, answer, under

OUTPUTS = ["moved", "energy", "streaming", "latency"]
PORT = under("port", PORTS)


def test_fifty_bytes_through_a_port_by_hand():
    found = answer(Transfer, PORT | {"traffic": "50 byte", "accesses": 3}, OUTPUTS)
    assert found == pytest.approx({"moved": 50, "energy": 50, "streaming": 50, "latency": 3 * 100 + 50})


def test_nothing_moved_takes_no_time():
    found = answer(Transfer, PORT | {"traffic": "0 byte"}, OUTPUTS)
    assert found == {"moved": 0, "energy": 0, "streaming": 0, "latency": 0}


def test_a_port_without_a_bandwidth_only_waits():
    found = answer(Transfer, PORT | {"traffic": "1 MB", "port.bandwidth": "0 GB/s"}, OUTPUTS)
    assert found["latency"] == 100


@given(st.floats(1, 1e9), st.floats(0.1, 1e3), st.floats(1.1, 10))
def test_a_faster_port_is_never_slower(traffic, bandwidth, factor):
    told = PORT | {"traffic": traffic, "port.bandwidth": bandwidth}
    slow = answer(Transfer, told, ["latency"])["latency"]
    assert answer(Transfer, told | {"port.bandwidth": factor * bandwidth}, ["latency"])["latency"] <= slow


def test_the_area_of_a_byte_needs_a_capacity():
    assert answer(Store, {"area": "2 mm2", "capacity": "4 byte"}, ["density"])["density"] == 0.5
    assert answer(Store, {"area": "2 mm2"}, ["density"])["density"] == 0


def test_a_port_that_is_not_told_its_costs_has_none():
    class Free(Model):
        port = Port()
        memory = Hierarchy()
        energy = formula("pJ/byte", port.energy + memory.hbm.read.energy, "sum", derived=True)

    assert answer(Free, {}, ["energy"])["energy"] == 0


def test_a_stated_port_moves_nothing_for_free():
    class Stated(Model):
        memory = StatedHierarchy()
        energy = formula("pJ/byte", memory.hbm.read.energy + memory.sram.write.energy, "sum", derived=True)

    with pytest.raises(MissingValueError, match=r"memory\.sram\.write\.energy"):
        answer(Stated, {"memory.hbm.read.energy": "1 pJ/byte"}, ["energy"])
    assert issubclass(StatedStore, Store)


def test_a_stated_port_has_a_bandwidth():
    class Stated(Model):
        port = StatedPort()
        time = formula("ns/byte", 1 / port.bandwidth, "time of a byte", derived=True)

    with pytest.raises(DomainError, match="bandwidth"):
        answer(Stated, {"port.bandwidth": "0 GB/s"}, ["time"])
