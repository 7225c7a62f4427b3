"""Time of systolic arrays: worked by hand from the published formula, against a public simulator, and laws."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.engine.points import over_points
from symppa.engine.walk import run
from symppa.errors import DomainError
from symppa.library.laws.systolic import ConvolutionAsProduct, Fold, SystolicProduct
from tests.house.tree import ROOT
from tests.library.analog import answer

SIMULATED = ROOT.parent / "shared" / "golden" / "systolic" / "scalesim_cycles.csv"
FLOWS = ("os", "ws", "is")
SIDES = st.integers(1, 5000)
ARRAYS = st.integers(1, 256)
# A product of 20 x 30 x 100 on an array of 16 rows and 8 columns, worked by hand.
HAND = {
    "os": {"high": 20, "wide": 30, "streamed": 100, "folds": 2 * 4, "skewed": 16 + 8 + 100 - 2},
    "ws": {"high": 100, "wide": 30, "streamed": 20, "folds": 7 * 4, "skewed": 16 + 8 + 20 - 2},
    "is": {"high": 100, "wide": 20, "streamed": 30, "folds": 7 * 3, "skewed": 16 + 8 + 30 - 2},
}


def product(rows, columns, depth, dataflow, high, wide, *outputs, **told):
    asked = {"rows": rows, "columns": columns, "depth": depth, "dataflow": dataflow}
    return answer(SystolicProduct, asked | {"fold.rows": high, "fold.columns": wide} | told, list(outputs))


@pytest.mark.parametrize("dataflow", FLOWS)
def test_a_small_product_by_hand(dataflow):
    hand = HAND[dataflow]
    found = product(20, 30, 100, dataflow, 16, 8, "high", "wide", "streamed", "folds", "fold.skewed")
    assert found.pop("fold.skewed") == hand["skewed"]
    assert found == {name: hand[name] for name in found}


@pytest.mark.parametrize("dataflow", FLOWS)
def test_the_two_counts_differ_by_the_last_cycle_and_by_the_drains_of_sums(dataflow):
    hand = HAND[dataflow]
    found = product(20, 30, 100, dataflow, 16, 8, "cycles", "simulated")
    assert found["cycles"] == hand["folds"] * (hand["skewed"] + 16)
    assert found["simulated"] == hand["folds"] * (hand["skewed"] + (0 if dataflow == "os" else 16)) - 1


def test_a_fold_streams_as_fast_as_its_cells_take_operands():
    told = {"rows": 16, "columns": 8, "length": 101}
    assert answer(Fold, told, ["streaming", "cycles"]) == {"streaming": 101, "cycles": 2 * 16 + 8 + 101 - 2}
    assert answer(Fold, told | {"rate": 2}, ["streaming", "skewed"]) == {"streaming": 51, "skewed": 16 + 8 + 51 - 2}
    assert answer(Fold, told | {"rate": 0.5}, ["streaming"]) == {"streaming": 202}
    assert answer(Fold, told | {"length": 3, "rate": 0.75}, ["streaming"]) == {"streaming": 4}


def test_arrays_side_by_side_take_folds_in_waves():
    found = product(20, 30, 100, "os", 16, 8, "waves", "cycles", arrays=3)  # 8 folds for 3 arrays
    assert found == {"waves": 3, "cycles": 3 * (2 * 16 + 8 + 100 - 2)}


def test_occupancy_is_the_share_of_cells_and_cycles_that_multiply():
    found = product(16, 8, 1000, "os", 16, 8, "occupancy", "cycles")
    assert found["cycles"] == 2 * 16 + 8 + 1000 - 2
    assert found["occupancy"] == pytest.approx(1000 / found["cycles"])
    halved = product(16, 8, 1000, "os", 16, 8, "occupancy", **{"fold.rate": 0.5})
    assert halved["occupancy"] == pytest.approx(16 * 8 * 1000 / ((2 * 16 + 8 + 2000 - 2) * 16 * 8 * 0.5))


def test_a_convolution_becomes_a_product():
    told = {"height": 32, "width": 30, "kernel_height": 5, "kernel_width": 3, "channels": 4, "filters": 6}
    found = answer(ConvolutionAsProduct, told, ["down", "across", "rows", "columns", "depth"])
    assert found == {"down": 28, "across": 28, "rows": 784, "columns": 6, "depth": 60}
    strided = answer(ConvolutionAsProduct, told | {"stride": 2}, ["down", "across", "rows"])
    assert strided == {"down": 14, "across": 14, "rows": 196}


def test_a_kernel_larger_than_its_input_has_no_place():
    told = {"height": 2, "width": 1, "kernel_height": 5, "kernel_width": 3, "channels": 4, "filters": 6}
    assert answer(ConvolutionAsProduct, told, ["rows"]) == {"rows": 0}


@given(SIDES, SIDES, SIDES, st.sampled_from(FLOWS), ARRAYS, ARRAYS, st.integers(1, 32))
def test_no_dataflow_beats_the_cells(rows, columns, depth, dataflow, high, wide, arrays):
    found = product(rows, columns, depth, dataflow, high, wide, "occupancy", "cycles", arrays=arrays)
    assert 0 < found["occupancy"] <= 1
    alone = product(rows, columns, depth, dataflow, high, wide, "cycles")
    assert alone["cycles"] / arrays <= found["cycles"] * (1 + 1e-12) <= alone["cycles"] * (1 + 1e-12)


@given(SIDES, SIDES, SIDES, ARRAYS, ARRAYS)
def test_keeping_inputs_is_keeping_the_weights_of_the_product_turned_around(rows, columns, depth, high, wide):
    turned = product(columns, rows, depth, "ws", high, wide, "cycles", "simulated")
    assert product(rows, columns, depth, "is", high, wide, "cycles", "simulated") == turned


@given(SIDES, SIDES, SIDES, st.sampled_from(FLOWS), ARRAYS)
def test_a_larger_product_takes_no_less(rows, columns, depth, dataflow, side):
    once = product(rows, columns, depth, dataflow, side, side, "cycles")["cycles"]
    for more in ((rows + 1, columns, depth), (rows, columns + 1, depth), (rows, columns, depth + 1)):
        assert product(*more, dataflow, side, side, "cycles")["cycles"] >= once


def test_there_is_no_fourth_dataflow():
    with pytest.raises(DomainError, match="dataflow"):
        product(1, 1, 1, "rs", 16, 16, "cycles")


@pytest.mark.skipif(not SIMULATED.is_file(), reason="the simulator's cycles are not here")
def test_the_count_is_that_of_a_public_simulator_exactly():
    with SIMULATED.open(encoding="utf-8", newline="") as file:
        cases = list(csv.DictReader(file))
    told = {
        "rows": "M", "columns": "N", "depth": "K", "fold.rows": "array_rows", "fold.columns": "array_cols",
    }  # fmt: skip
    values = {name: np.array([int(case[key]) for case in cases], float) for name, key in told.items()}
    values["dataflow"] = np.array([FLOWS.index(case["dataflow"]) for case in cases], float)
    found = run(over_points(compile(SystolicProduct(), "simulated"), list(values)), values)["simulated"]
    expected = [int(case["total_cycles"]) - int(case["stall_cycles"]) for case in cases]
    assert found.tolist() == expected
    assert len(expected) > 50


@pytest.mark.skipif(not SIMULATED.is_file(), reason="the simulator's cycles are not here")
def test_convolutions_become_the_products_that_the_simulator_makes():
    with SIMULATED.open(encoding="utf-8", newline="") as file:
        cases = [case for case in csv.DictReader(file) if case["kind"] == "conv"]
    keys = {
        "height": "ifh", "width": "ifw", "kernel_height": "fh", "kernel_width": "fw", "channels": "C", "filters": "F",
        "stride": "stride",
    }  # fmt: skip
    values = {name: np.array([int(case[key]) for case in cases], float) for name, key in keys.items()}
    found = run(over_points(compile(ConvolutionAsProduct(), ["rows", "columns", "depth"]), list(values)), values)
    for output, key in (("rows", "M"), ("columns", "N"), ("depth", "K")):
        assert np.asarray(found[output]).tolist() == [int(case[key]) for case in cases]
