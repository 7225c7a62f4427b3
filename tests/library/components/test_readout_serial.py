"""Read-out in which everything waits for everything else: reads, blocks and areas by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.errors import WrongUnitError
from symppa.library.components.readout import COMPONENTS
from symppa.library.components.readout_serial import (
    SerialBlockRead,
    SerialBlockReads,
    SerialCore,
    SerialModes,
    SerialRead,
)
from tests.library.analog import CROSSBAR, NET, answer, under

READ = under("crossbar", CROSSBAR)
COUNTS = ["active", "activations", "lines", "draft_samples", "residual_samples", "samples"]
TIMES = ["draft_scan", "residual_scan", "scan", "draft_share", "residual_share", "scan_periods", "energy", "latency"]
PLAIN = {"net": "PlainTransformer"}
CORE = under("net", NET) | READ | {"buffer.energy": "0.5 pJ", "buffer.latency": "0.125 ns"}


def read(outputs, arrays, draft, residual, **changes):
    return answer(SerialRead, READ | {"arrays": arrays, "draft": draft, "residual": residual} | changes, outputs)


def test_a_full_read_by_hand():
    found = read([*COUNTS, *TIMES], 4, 1, 1)
    assert [found[n] for n in COUNTS] == [1, 4, 4, 4, 4, 8]
    # two columns a converter: 2 * 3 ns and 2 * 5 ns at the same time
    assert found["draft_scan"] == 6
    assert found["residual_scan"] == found["scan"] == found["scan_periods"] == 10
    assert found["draft_share"] == 6 / 16
    assert found["residual_share"] == 10 / 16
    # crossbars, input converters, both converters, amplifiers, switches
    assert found["energy"] == pytest.approx(4 * 1 + 4 * 0.5 + 4 * 2 + 4 * 4 + 8 * 0.1 + 4 * 0.25)
    # settle, convert, scan, the scan times the amplifier's 0.2 ns, and drive
    assert found["latency"] == pytest.approx(10 + 1 + 10 + 10 * 0.2 + 0.5)


def test_a_draft_read_by_hand():
    found = read([*COUNTS, *TIMES], 1, 1, 0)
    assert [found[n] for n in COUNTS] == [1, 1, 4, 4, 0, 4]
    assert found["energy"] == pytest.approx(1 + 2 + 8 + 0.4 + 0.25)
    assert found["latency"] == pytest.approx(10 + 1 + 6 + 6 * 0.2 + 0.5)


def test_no_read_costs_nothing():
    found = read([*COUNTS, *TIMES], 0, 0, 0)
    assert set(found.values()) == {0}


@given(st.floats(0.1, 10))
def test_the_product_of_two_times_hangs_on_the_reference_period(period):
    # the original's mistake: a time over any other period would be another latency
    found = read(["latency"], 4, 1, 1, reference_period=period)
    assert found["latency"] == pytest.approx(21.5 + 10 * 0.2 / period)


def test_a_reference_period_is_a_time():
    with pytest.raises(WrongUnitError, match="reference_period"):
        read(["latency"], 4, 1, 1, reference_period="1 pJ")


def test_energy_and_time_are_those_of_the_components():
    names = [f"components.{name}.{quantity}" for name in COMPONENTS for quantity in ("energy", "latency")]
    found = read([*names, "energy", "latency"], 4, 1, 1)
    for quantity in ("energy", "latency"):
        whole = sum(found[n] for n in names if n.endswith(quantity))
        assert found[quantity] == pytest.approx(whole)


def test_what_the_draft_leaves_out_is_a_crossbar_less():
    modes = answer(SerialModes, READ, [f"{m}.activations" for m in ("draft", "draft_full", "residual", "full", "kept")])
    assert list(modes.values()) == [1, 4, 3, 4, 0]


def test_reading_what_was_left_out_never_saves_over_reading_all():
    # draft and the rest drive the lines twice: 2 more conversions of the input, 0.5 pJ each line
    found = answer(SerialModes, READ, ["draft.energy", "residual.energy", "full.energy"])
    assert found["draft.energy"] + found["residual.energy"] == pytest.approx(found["full.energy"] + 4 * 0.5)


@pytest.mark.parametrize(("additions", "buffered"), [(0, 0), (1, 24), (2, 48)])
def test_a_block_by_hand(additions, buffered):
    # 12 x 4 weights are 3 crossbars of 4, read twice; 4 lines are buffered for each addition
    told = READ | under("read.crossbar", CROSSBAR) | {"block.rows": 12, "block.columns": 4, "block.size": 4}
    told |= {"slices": 2, "additions": additions, "buffer.energy": "0.5 pJ", "buffer.latency": "0.125 ns"}
    told |= {"read.arrays": 4, "read.draft": 1, "read.residual": 1}
    names = ["reads", "latency", "buffered", "buffer_energy", "buffer_latency"]
    found = answer(SerialBlockRead, told, names, {"block": "Matrix", "read": "SerialRead"})
    assert found["reads"] == 6
    assert found["latency"] == pytest.approx(6 * 23.5)
    assert found["buffered"] == buffered
    assert found["buffer_energy"] == pytest.approx(buffered * 0.5)
    assert found["buffer_latency"] == pytest.approx(buffered * 0.125)


def test_the_modes_of_a_block_add_as_often_as_they_merge():
    modes = ("draft", "draft_full", "residual", "full", "kept")
    for reuse, wanted in ((1, (1, 2, 2, 1, 1)), (0, (0, 1, 2, 1, 1))):
        names = [f"blocks.wo.{mode}.buffered" for mode in modes]
        found = answer(SerialCore, CORE | {"reuse": reuse}, names, PLAIN)
        assert [found[n] / 8 for n in names] == list(wanted)  # one crossbar of 4 lines, read twice
    assert set(modes) <= set(SerialBlockReads._parts)


def test_counts_and_areas_by_hand():
    names = ["size", "engine_cells", "slices", "arrays", "lines", "converters", "qkv_area", "wo_area", "ffn_area"]
    found = answer(SerialCore, CORE | {"reuse": 1, "area_arrays": 4}, names, PLAIN)
    assert [found[n] for n in names[:6]] == [4, 16, 2, 16 * 4, 16 * 4, 16 * 2]
    assert [found[n] for n in names[6:]] == pytest.approx([2 * 3 * 4 * 0.5, 2 * 4 * 0.5, 2 * 4 * 4 * 0.5])


def test_an_area_by_weight_forgets_the_copies():
    told = CORE | {"reuse": 1, "area_arrays": 4, "crossbar.array.area": 0, "crossbar.array.weight_area": "0.25 mm2"}
    assert answer(SerialCore, told, ["wo_area"], PLAIN)["wo_area"] == 2 * 16 * 0.25
