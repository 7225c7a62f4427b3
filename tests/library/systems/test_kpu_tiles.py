"""Operators of a KPU in tiles: cuts, windows and pace by hand, a convolution and a stream worked out, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.library.systems.kpu_energy import OperatorEnergy
from symppa.library.systems.kpu_product import Reload, TiledProduct
from symppa.library.systems.kpu_stream import TiledStream
from symppa.library.systems.kpu_tiles import Cut, Pace, PaceAtBest, Window
from tests.library.analog import answer

# Two images of 5 x 4 places, 6 outputs over 3 channels of 3 x 3 taps, padded by 1; tiles of 2 x 4 places, 4 outputs,
# 2 channels, on two arrays of 4 x 4.
PRODUCT = {
    "groups.whole": 1, "groups.inner": 1, "groups.wish": 1, "images.whole": 2, "images.inner": 1, "images.wish": 1,
    "lines.whole": 5, "lines.inner": 2, "lines.wish": 3, "lines.step": 1, "lines.halo": 2, "lines.before": 1,
    "lines.after": 1, "columns.whole": 4, "columns.inner": 4, "columns.wish": 4, "columns.step": 1, "columns.halo": 2,
    "columns.before": 1, "columns.after": 1, "outputs.whole": 6, "outputs.inner": 4, "outputs.wish": 4,
    "channels.whole": 3, "channels.inner": 2, "channels.wish": 3, "taps": 9, "beside": "1 byte",
    "per_output": "4 byte", "work": 2, "arrays": 2, "lanes": 8, "kept_sums.fold.rows": 4, "kept_sums.fold.columns": 4,
    "pace.dram_bandwidth": 2, "pace.l2_bandwidth": 8,
}  # fmt: skip
# 3 units of 4 x 5 positions that see windows of 3 x 1 lines, two operations each, weights of 2 byte a unit.
STREAM = {
    "units.whole": 3, "units.inner": 2, "units.wish": 2, "lines.whole": 4, "lines.inner": 2, "lines.wish": 4,
    "lines.step": 1, "lines.halo": 2, "lines.before": 1, "lines.after": 1, "columns.whole": 5, "columns.inner": 5,
    "per_unit": "2 byte", "held": "7 byte", "summary": "1 byte", "sum_element": "4 byte", "beside": "1 byte",
    "work": 2, "lanes": 8, "pace.dram_bandwidth": 2, "pace.l2_bandwidth": 8,
}  # fmt: skip


def product(*outputs, **told):
    return answer(TiledProduct, PRODUCT | {name.replace("__", "."): v for name, v in told.items()}, list(outputs))


def stream(*outputs, **told):
    return answer(TiledStream, STREAM | {name.replace("__", "."): v for name, v in told.items()}, list(outputs))


@pytest.mark.parametrize(
    ("told", "found"),
    [
        # 10 in tiles of 4, 4, 2; outer tiles of 5 become two inner ones
        ((10, 4, 5), {"trips": 3, "inside": 2, "outer": 8, "outer_trips": 2, "last": 2}),
        ((10, 5, 5), {"trips": 2, "inside": 1, "outer": 5, "outer_trips": 2, "last": 5}),
        ((10, 10, 10), {"trips": 1, "inside": 1, "outer": 10, "outer_trips": 1, "last": 10}),
    ],
)
def test_a_side_is_cut_into_tiles_twice(told, found):
    assert answer(Cut, dict(zip(("whole", "inner", "wish"), told, strict=True)), list(found)) == found


def test_a_cut_side_has_tiles_of_two_sizes():
    found = answer(Cut, {"whole": 10, "inner": 4, "ends": 2}, ["size", "number"])
    assert (list(found["size"]), list(found["number"])) == ([4, 2], [2, 1])


def test_tiles_of_a_windowed_side_share_a_halo_and_leave_padding_out():
    told = {"whole": 6, "inner": 2, "wish": 4, "step": 2, "halo": 1, "before": 1, "after": 0}
    # windows of 3, two apart: 13 elements, one of them padding; inner tiles bring 4, 5 and 5, outer ones 8 and 5
    found = answer(Window, told, ["used", "seen", "first", "outer_seen", "brought", "outer_brought"])
    assert found == {"used": 12, "seen": 5, "first": 4, "outer_seen": 9, "brought": 14, "outer_brought": 13}
    whole = answer(Window, told | {"inner": 6}, ["seen", "first", "outer_seen", "brought"])
    assert whole == {"seen": 12, "first": 12, "outer_seen": 12, "brought": 12}


def test_a_tile_of_padding_alone_brings_nothing():
    told = {"whole": 10, "inner": 2, "wish": 2, "step": 1, "halo": 2, "before": 6, "after": 5}
    # tiles see 4 each: the first and the last lie in the padding, the three between them bring zeros for theirs
    found = answer(Window, told, ["used", "first", "brought", "outer_last", "outer_brought"])
    assert found == {"used": 1, "first": 0, "brought": 12, "outer_last": 2, "outer_brought": 12}


PACED = {"dram_bandwidth": 2, "l2_bandwidth": 8, "tiles": 4, "compute_cycles": 100, "dram_traffic": 300,
         "l2_traffic": 400, "first_dram": 10, "first_l2": 16, "last_dram": 4, "last_l2": 8}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "cycles"),
    [
        ({}, 150),  # the bus of the memory
        ({"compute_cycles": 200}, 210),  # the way through the arrays
        ({"l2_traffic": 4000}, 500),  # the bus of L2
        ({"buffers": 1}, 300),  # in turn
        ({"buffers": 1, "tiles": 1}, 150),  # one tile has nothing to wait for but its own parts
    ],
)
def test_the_slowest_sets_the_pace(changed, cycles):
    assert answer(Pace, PACED | changed, ["cycles"]) == {"cycles": cycles}


def test_ways_of_the_first_and_the_last_tile():
    found = answer(Pace, PACED, ["first_in", "last_out", "path", "overlapped", "in_turn", "dram_cycles", "l2_cycles"])
    assert found == {"first_in": 7, "last_out": 3, "path": 110, "overlapped": 150, "in_turn": 300, "dram_cycles": 150,
                     "l2_cycles": 50}  # fmt: skip


def test_what_a_search_asks_of_a_pace():
    told = PACED | {"dram_least": 100, "l2_least": 80}
    found = answer(PaceAtBest, told, ["rank", "dram_least_cycles", "l2_least_cycles", "least", "least_rank"])
    assert found == pytest.approx({
        "rank": 150 + 1e-4 * 200 + 5e-3 * 4, "dram_least_cycles": 50, "l2_least_cycles": 10, "least": 110,
        "least_rank": 110 + 1e-4 * 60 + 5e-3 * 4,
    })  # fmt: skip
    assert answer(PaceAtBest, told | {"buffers": 1}, ["least"]) == {"least": 160}


@pytest.mark.parametrize(
    ("cut", "formula", "moved"),
    [
        (1, "keeping_left", 10 * 2 + 20 * 3),
        (1, "keeping_right", 80),
        (2, "keeping_sums", 10 * 5 + 20 * 3),
    ],
)
def test_one_operand_stays_unless_the_depth_is_cut(cut, formula, moved):
    told = {"left": 10, "right": 20, "places": 3, "outputs": 5, "kept_outputs": 2, "kept_places": 1.5, "is_cut": cut}
    told["kept_places"] = 3 if formula == "keeping_left" else 1
    expected = {"keeping_left": 80, "keeping_right": 10 * 5 + 20 * told["kept_places"], "keeping_sums": 110}
    found = answer(Reload, told, [*expected, "moved"])
    assert found == expected | {"moved": min(expected["keeping_left"], expected["keeping_right"]) if cut == 1 else 110}


def test_tiles_of_a_small_convolution_by_hand():
    found = product("place_trips", "outer_place_trips", "tiles", "outer_tiles", "places", "results", "repeats")
    assert found == {"place_trips": 6, "outer_place_trips": 4, "tiles": 24, "outer_tiles": 8, "places": 8,
                     "results": 32, "repeats": 2}  # fmt: skip
    # 2 channels of 4 lines of 4; 4 outputs with 18 weights and 4 byte; an operand beside 32 results
    found = product("left_tile", "right_tile", "operands", "l1_room")
    assert found == {"left_tile": 32, "right_tile": 88, "operands": 152, "l1_room": 2 * 152 + 32 * 5}
    found = product("outer_results", "outer_operands", "outer_waiting", "l2_room", "whole_room")
    assert found == {"outer_results": 64, "outer_operands": 72 + 124 + 64, "outer_waiting": 64, "l2_room": 648,
                     "whole_room": 120 + 186 + 240 * 5}  # fmt: skip


def test_kinds_of_tiles_of_a_small_convolution():
    ends = {f"{side}__ends": 2 for side in ("lines", "columns", "channels")}
    found = product("tile_places", "tile_depth", **ends)
    assert np.array_equal(np.unique(found["tile_places"]), [4, 8])
    assert list(found["tile_depth"]) == [18, 9]


def test_time_of_a_small_convolution_by_hand():
    found = product("sums_cycles", "right_cycles", "left_cycles", "array_cycles")
    # sums: 6 waves an image of 28 and 19 cycles; right: 10 waves, 18 + 18 + 14; left: 21 waves, 14 + 12
    assert found == {"sums_cycles": 12 * 47, "right_cycles": 2 * 10 * 50, "left_cycles": 2 * 21 * 26,
                     "array_cycles": 564}  # fmt: skip
    found = product("every_result", "vector_ops", "vector_cycles", "compute_cycles", "macs", "ideal_cycles")
    assert found == {"every_result": 240, "vector_ops": 480, "vector_cycles": 60, "compute_cycles": 564,
                     "macs": 240 * 27, "ideal_cycles": 202.5}  # fmt: skip
    assert product("compute_cycles", work=200)["compute_cycles"] == 6000
    assert product("pace.path", "pace.dram_cycles", "pace.cycles") == {
        "pace.path": 56 + 14 + 564 + 4 + 1, "pace.dram_cycles": 501, "pace.cycles": 639,
    }  # fmt: skip


def test_bytes_of_a_small_convolution_by_hand():
    found = product("left_once", "left_outer_once", "right_once", "left_least", "first_left", "last_result")
    assert found == {"left_once": 216, "left_outer_once": 168, "right_once": 186, "left_least": 120, "first_left": 24,
                     "last_result": 8}  # fmt: skip
    # the right operand stays in L2 while places change; in L1 nothing stays, the depth being cut
    found = product("dram_traffic", "l2_traffic", "pace.dram_least_cycles", "pace.l2_least_cycles")
    assert found == {"dram_traffic": 168 * 2 + 186 + 480, "l2_traffic": 216 * 2 + 186 * 6 + 480,
                     "pace.dram_least_cycles": 393, "pace.l2_least_cycles": (216 * 2 + 186 + 480) / 8}  # fmt: skip
    # cut between outer tiles, sums of 4 byte go to L2 and come back once
    found = product("l2_traffic", "outer_waiting", channels__wish=2)
    assert found == {"l2_traffic": min(216 * 2 + 186 * 6, 216 * 2 + 186 * 4) + 480 + 240 * 8, "outer_waiting": 256}


def test_bytes_between_l1_and_the_arrays_by_hand():
    found = product("output_folds", "place_folds", "place_folds_across", "depth_folds", "left_product", "right_product")
    assert found == {"output_folds": 2, "place_folds": 10, "place_folds_across": 10, "depth_folds": 8,
                     "left_product": 1080, "right_product": 162}  # fmt: skip
    found = product("sums_l1_traffic", "right_l1_traffic", "left_l1_traffic", "l1_traffic")
    assert found == {"sums_l1_traffic": 2160 + 1620 + 960 * 3, "right_l1_traffic": 2160 + 972 + 960 * 15,
                     "left_l1_traffic": 2160 + 1620 + 960 * 15, "l1_traffic": 6660}  # fmt: skip


def test_tiles_of_a_small_stream_by_hand():
    found = stream("tiles", "outer_tiles", "positions", "streamed", "staying", "l1_room")
    # 2 units of 4 lines of 5, and two more bytes for each of 20 positions
    assert found == {"tiles": 4, "outer_tiles": 2, "positions": 20, "streamed": 40 + 40, "staying": 7 + 2 * 7,
                     "l1_room": 2 * 80 + 21 + 2 * 3}  # fmt: skip
    found = stream("outer_positions", "l2_room", "every_position", "whole_room")
    assert found == {"outer_positions": 40, "l2_room": 2 * (2 * 4 * 5 + 80 + 6) + 7, "every_position": 60,
                     "whole_room": 60 + 120 + 3 * 7 + 7}  # fmt: skip


def test_time_and_bytes_of_a_small_stream_by_hand():
    found = stream("vector_ops", "ideal_cycles", "compute_cycles", "owned", "results")
    # two tiles of 2 units and two of 1: 40 and 20 operations on 8 lanes
    assert found == {"vector_ops": 120, "ideal_cycles": 15, "compute_cycles": 2 * 5 + 2 * 3, "owned": 13,
                     "results": 63}  # fmt: skip
    found = stream("dram_traffic", "l2_traffic", "l1_traffic", "first_input", "first_owned", "last_result")
    # lines come in tiles of 3 and 3, of 4 to L2
    assert found == {"dram_traffic": 60 + 60 + 13 + 63, "l2_traffic": 90 + 60 + 13 + 63, "l1_traffic": 226,
                     "first_input": 30, "first_owned": 11, "last_result": 11}  # fmt: skip
    assert stream("l1_traffic", "compute_cycles", work=0) == {"l1_traffic": 0, "compute_cycles": 0}


def test_energy_is_the_sum_of_what_it_is_spent_on():
    told = {"macs": 10, "vector_ops": 20, "dram_traffic": 30, "l2_traffic": 40, "l1_traffic": 50, "cycles": 1000,
            "clock": 500, "mac_cost": 2, "vector_cost": 3, "dram_cost": 100, "l2_cost": 5, "l1_cost": 1,
            "idle_power": 0.5}  # fmt: skip
    parts = {"mac_energy": 20, "vector_energy": 60, "dram_energy": 3000, "l2_energy": 200, "l1_energy": 50,
             "idle_energy": 1e6}  # fmt: skip
    found = answer(OperatorEnergy, told, [*parts, "energy"])
    assert found == pytest.approx(parts | {"energy": sum(parts.values())})


@given(lines=st.integers(1, 5), outputs=st.integers(1, 6), channels=st.integers(1, 3), wish=st.integers(1, 6))
def test_no_tiling_moves_less_or_works_faster_than_what_bounds_it(lines, outputs, channels, wish):
    found = product(
        "pace.least", "pace.cycles", "ideal_cycles", "array_cycles", "pace.rank", lines__inner=lines,
        outputs__inner=outputs, channels__inner=channels, lines__wish=wish, outputs__wish=wish, channels__wish=wish,
    )  # fmt: skip
    assert found["pace.least"] <= found["pace.cycles"] * (1 + 1e-12)
    assert found["ideal_cycles"] <= found["array_cycles"]
    assert found["pace.cycles"] <= found["pace.rank"]
