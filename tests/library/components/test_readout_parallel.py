"""Crossbars priced by their cells, read side by side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.errors import WiringError
from symppa.library.components.readout_parallel import CellCrossbar, Layout, OneByOne, ParallelRead, SideBySide
from tests.library.analog import CROSSBAR, NET, answer, under

CELLS = {name: value for name, value in CROSSBAR.items() if not name.startswith("array.")} | {
    "cell.energy": "0.0625 pJ",
    "cell.latency": "10 ns",
    "cell.area": "0.03125 mm2",
    "adder.energy": "0.4 pJ",
    "adder.latency": "4 ns",
    "adder.area": "0.25 mm2",
    "write_drivers.area": "0.01 mm2",
    "tia.area": "0.125 mm2",
}
READ = under("crossbar", CELLS)
ROUNDS = ["layer_rounds", "full_rounds", "head_rounds", "sites"]


def read(outputs, arrays, draft, residual, **changes):
    return answer(ParallelRead, READ | {"arrays": arrays, "draft": draft, "residual": residual} | changes, outputs)


def test_a_crossbar_by_hand():
    names = ["chain_energy", "chain_period", "chain_area", "line_energy", "site_area", "cells_area"]
    found = answer(CellCrossbar, CELLS, [*names, "lossless_bits", "lost_bits"])
    assert [found[n] for n in names[:4]] == pytest.approx([0.1 + 0.4, 4, 0.125 + 0.25, 0.5])
    # 4 lines, and two converters of each kind with what stands around them
    assert found["site_area"] == pytest.approx(4 * (0.1 + 0.01) + 2 * (1 + 2 + 2 * 0.375))
    assert found["cells_area"] == pytest.approx(4 * 16 * 0.03125)
    assert found["lossless_bits"] == pytest.approx(2 + 1 + 2 - 1)  # 2-bit cells, 1-bit inputs, 4 rows
    assert answer(CellCrossbar, CELLS | {"dac_bits": 2}, ["lossless_bits"])["lossless_bits"] == pytest.approx(2 + 2 + 2)
    assert found["lost_bits"] == 0


@pytest.mark.parametrize(
    ("arrays", "draft", "residual", "period", "energy"),
    [
        (1, 1, 0, 4, 1 + 0.25 + 4 * (0.5 + 2.5)),  # the adder is slower than the 3 ns of the converter
        (3, 0, 1, 5, 3.75 + 4 * (0.5 + 4.5)),
        (4, 1, 1, 5, 5 + 4 * (0.5 + 2.5 + 4.5)),
    ],
)
def test_a_read_by_hand(arrays, draft, residual, period, energy):
    found = read(["period", "latency", "energy"], arrays, draft, residual)
    assert found["period"] == period
    assert found["latency"] == pytest.approx(1 + 10 + 2 * period)
    assert found["energy"] == pytest.approx(energy)


@given(st.floats(0, 3))
def test_a_periphery_faster_than_its_converter_costs_no_time(latency):
    # the original would add the product of the two times
    slow = read(["latency"], 4, 1, 1, **{"crossbar.tia.latency": latency})
    assert slow["latency"] == 21


def test_a_larger_crossbar_is_neither_free_nor_lossless():
    sizes = (4, 64, 1024)
    found = [read(["energy", "crossbar.array.energy"], 4, 1, 1, **{"crossbar.size": n}) for n in sizes]
    assert [f["crossbar.array.energy"] for f in found] == pytest.approx([0.0625 * n**2 for n in sizes])
    lost = [answer(CellCrossbar, CELLS | {"size": n}, ["lost_bits"])["lost_bits"] for n in sizes]
    assert lost == pytest.approx([0, 2, 6])


def test_rounds_and_sites_by_hand():
    told = under("net", NET) | {"layer_tiles": 8, "full_tiles": 3, "head_tiles": 5}
    assert list(answer(SideBySide, told, ROUNDS).values()) == [4, 1, 1, 2 * 8 + 5]
    assert list(answer(OneByOne, told, ROUNDS).values()) == [8, 3, 5, 2 * 4 + 1]


def test_a_network_without_a_head_reads_none():
    told = under("net", NET) | {"layer_tiles": 8, "full_tiles": 3, "head_tiles": 0}
    for layout in (SideBySide, OneByOne):
        assert answer(layout, told, ["head_rounds"])["head_rounds"] == 0


@given(st.integers(1, 100), st.integers(0, 100))
def test_time_is_bought_with_area(layer, head):
    told = under("net", NET) | {"layer_tiles": 4 * layer, "full_tiles": 0, "head_tiles": head}
    wide, narrow = (answer(layout, told, ROUNDS) for layout in (SideBySide, OneByOne))
    assert wide["layer_rounds"] <= narrow["layer_rounds"]
    assert wide["sites"] >= narrow["sites"]
    # a set of converters in every read of the network, whichever way round
    assert narrow["layer_rounds"] * 2 + narrow["head_rounds"] == wide["sites"]


@pytest.mark.parametrize("name", ROUNDS)
def test_a_layout_of_no_kind_leaves_its_rounds_open(name):
    with pytest.raises(WiringError, match="subclass"):
        Layout().expression(name)
