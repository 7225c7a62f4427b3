"""A matrix product in two levels of tiles: worked cases, the simulator's cycles, and laws."""

from __future__ import annotations

import csv
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.library.systems.tiling import Reuse, SystolicPass, Tile, TiledGemm
from symppa.studies.evaluate import evaluate
from tests.house.tree import ROOT
from tests.library.analog import answer

SIMULATED = ROOT.parent / "shared" / "golden" / "systolic" / "scalesim_cycles.csv"
SMALL = {
    "rows": 10, "columns": 6, "depth": 8, "repeats": 3, "element": "1 byte", "sum_size": "4 byte", "copies": 2,
    "l2_capacity": "1 KiB", "l1_capacity": "512 byte", "memory_bandwidth": "2 byte/cycle",
    "l2_bandwidth": "4 byte/cycle", "clock": "1 GHz", "mac_energy": "1 pJ/mac", "memory_energy": "10 pJ/byte",
    "l2_energy": "2 pJ/byte", "cell_leakage": "1 mW", "buffer_leakage": "2 mW/KiB",
    "array.rows": 2, "array.columns": 3,
    "outer.rows": 4, "outer.columns": 6, "outer.depth": 4, "inner.rows": 2, "inner.columns": 3, "inner.depth": 4,
}  # fmt: skip


def small(*outputs, **told):
    return answer(TiledGemm, SMALL | told, list(outputs))


def test_a_tile_takes_the_room_of_two_copies_of_its_operands_and_its_sums():
    told = {"rows": 4, "columns": 6, "depth": 5, "element": "2 byte", "sum_size": "4 byte", "copies": 2}
    found = answer(Tile, told, ["left", "right", "sums", "footprint"])
    assert found == {"left": 40, "right": 60, "sums": 96, "footprint": 2 * 100 + 96}


def test_an_array_takes_a_filling_for_each_of_its_shares_of_a_tile():
    told = {"rows": 16, "columns": 16, "tile_rows": 17, "tile_columns": 16, "tile_depth": 128}
    found = answer(SystolicPass, told, ["cells", "passes", "length", "cycles"])
    assert found == {"cells": 256, "passes": 2, "length": 128 + 30, "cycles": 2 * 158}


@pytest.mark.parametrize(
    ("kept", "formula", "moved"),
    [
        ("sums", "keeping_sums", 100 * 3 + 10 * 2 + 7),
        ("left", "keeping_left", 100 + 10 * 2 + 1000),
        ("right", "keeping_right", 100 * 3 + 10 + 1000),
    ],
)
def test_what_stays_comes_once(kept, formula, moved):
    told = {
        "kept": kept,
        "left": 100,
        "right": 10,
        "left_loads": 3,
        "right_loads": 2,
        "finished": 7,
        "unfinished": 1000,
    }
    found = answer(Reuse, told, ["moved", formula])
    assert found == {"moved": moved, formula: moved}


def test_a_small_product_by_hand():
    # 3 x 1 x 2 outer tiles, each 2 x 2 x 1 inner ones of one filling with 4 + 2 + 3 - 2 cycles
    found = small("row_trips", "column_trips", "depth_trips", "trips", "compute_cycles", "macs")
    assert (found["row_trips"], found["column_trips"]) == (3, 1)
    assert (found["depth_trips"], found["trips"]) == (2, 6)
    assert found["compute_cycles"] == 6 * 4 * 7
    assert found["macs"] == pytest.approx(2 * 10 * 6 * 8 / 1e9)
    inner = small("inner_row_trips", "inner_column_trips", "inner_depth_trips")
    assert list(inner.values()) == [2, 2, 1]
    # memory: the left operand once, the right one for each row of tiles, the result once
    assert small("memory_traffic", "memory_cycles") == {"memory_traffic": 80 + 3 * 48 + 60, "memory_cycles": 142}
    # between the buffers: 16 bytes twice, 24 bytes twice, 96 bytes of sums there and back
    assert small("l2_traffic", "l2_cycles") == {"l2_traffic": 6 * (32 + 48 + 192), "l2_cycles": 408}
    assert small("cycles", "latency") == pytest.approx({"cycles": 408, "latency": 3 * 408e-6})


@pytest.mark.parametrize(
    ("told", "memory", "between"),
    [
        # sums leave and return once, being cut in two along the depth
        ({"memory.kept": "left"}, 80 + 3 * 48 + 2 * 240 + 60, 6 * 272),
        ({"memory.kept": "right"}, 80 + 48 + 2 * 240 + 60, 6 * 272),
        ({"buffer.kept": "left"}, 284, 6 * (16 + 2 * 24 + 192)),
        ({"buffer.kept": "right"}, 284, 6 * (2 * 16 + 24 + 192)),
    ],
)
def test_the_order_of_the_loops_decides_what_moves(told, memory, between):
    found = small("memory_traffic", "l2_traffic", **told)
    assert found == {"memory_traffic": memory, "l2_traffic": between}


def test_room_power_and_energy_of_the_small_product():
    found = small("l2_filling", "l1_filling", "sram", "static_power", "energy", "power", "utilisation")
    outer, inner = 2 * (16 + 24) + 96, 2 * (8 + 12) + 24
    assert found["l2_filling"] == pytest.approx(100 * outer / 1024)
    assert found["l1_filling"] == pytest.approx(100 * inner / 512)
    assert found["sram"] == pytest.approx((outer + inner) / 1024)
    assert found["static_power"] == pytest.approx(6 * 1 + 1.5 * 2)
    seconds = 3 * 408e-9
    joules = 3 * (480 + 284 * 10 + 1632 * 2) * 1e-12 + 9e-3 * seconds
    assert found["energy"] == pytest.approx(joules * 1e3)
    assert found["power"] == pytest.approx(joules / seconds)
    assert found["utilisation"] == pytest.approx(100 * 480 / (6 * 408))


@pytest.mark.skipif(not SIMULATED.exists(), reason="the simulator's cycles are not here")
def test_the_array_takes_the_cycles_of_a_simulator():
    rows = [
        r
        for r in csv.DictReader(SIMULATED.read_text("utf-8").splitlines())
        if r["kind"] == "gemm" and r["dataflow"] == "os"
    ]
    assert len(rows) > 10
    program = compile(SystolicPass(), "cycles")
    for row in rows:
        names = {
            "rows": "array_rows",
            "columns": "array_cols",
            "tile_rows": "M",
            "tile_columns": "N",
            "tile_depth": "K",
        }
        found = program({name: float(row[column]) for name, column in names.items()})["cycles"]
        assert found == float(row["total_cycles"]) + 1  # the simulator counts from 0


def loads(order, trips, indexes):
    """Times that a tile is fetched when its place changes from one step to the next, by walking the loops."""
    count, before = 0, None
    for step in itertools.product(*(range(trips[axis]) for axis in order)):
        here = tuple(step[order.index(axis)] for axis in indexes)
        count += here != before
        before = here
    return count


@given(st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)))
def test_the_best_of_the_three_orders_is_the_best_of_all_six(counts):
    trips = dict(zip("mnk", counts, strict=True))
    m, n, k = counts
    walked = []
    for order in itertools.permutations("mnk"):
        sums = loads(order, trips, "mn")
        left, right = loads(order, trips, "mk") / (m * k), loads(order, trips, "kn") / (k * n)
        walked.append(100 * left + 70 * right + 30 * (2 * (sums / (m * n) - 1) + 1))
    told = {
        "left": 100,
        "right": 70,
        "left_loads": n,
        "right_loads": m,
        "finished": 30,
        "unfinished": 60 * (k - 1) + 30,
    }
    ours = [answer(Reuse, told | {"kept": kept}, ["moved"])["moved"] for kept in ("sums", "left", "right")]
    assert min(ours) == pytest.approx(min(walked))


@given(st.integers(1, 10), st.integers(1, 6), st.integers(1, 8))
def test_no_tiling_beats_the_array_or_moves_less_than_every_byte_once(rows, columns, depth):
    told = {"outer.rows": rows, "outer.columns": columns, "outer.depth": depth}
    found = small("compute_cycles", "memory_traffic", "cycles", "utilisation", **told)
    assert found["compute_cycles"] >= 480 / 6
    assert found["memory_traffic"] >= 80 + 48 + 60
    assert 0 < found["utilisation"] <= 100


def test_the_shipped_product_is_bound_by_its_array():
    found = evaluate("gemm_tiler")
    assert found["cycles"] == found["compute_cycles"] == 1024 * 16 * 64 * (256 + 30)
    assert np.all(np.array([found["l2_filling"], found["l1_filling"]]) <= 100)
