"""Units that do matrix products: what share of their peak a shape reaches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.library.components.matrix_unit import Cores, Multiprocessors, SystolicArrays, Unit
from tests.library.analog import answer

SHAPE = {"rows": 300, "columns": 200, "depth": 64, "repeats": 1, "units": 4}
MENU = {"tile_rows": [128, 64], "tile_columns": [128, 64]}
ARRAY = {"array_rows": 32, "array_columns": 16}
LAWS = [(Cores, {}), (Multiprocessors, MENU), (SystolicArrays, ARRAY)]
SIZE = st.integers(1, 5000)


def test_elements_are_dealt_out_to_cores():
    found = answer(Cores, SHAPE | {"rows": 10, "columns": 1}, ["elements", "occupancy"])
    assert found["elements"] == 10
    assert found["occupancy"] == pytest.approx(10 / 12)


def test_a_vector_times_a_matrix_keeps_every_core_busy():
    assert answer(Cores, SHAPE | {"rows": 1, "columns": 4096}, ["occupancy"])["occupancy"] == 1


def test_tiles_are_taken_in_waves_and_the_best_of_the_menu_counts():
    found = answer(Multiprocessors, SHAPE | MENU, ["count", "waves", "occupancy"])
    assert found["count"].tolist() == [3 * 2, 5 * 4]
    assert found["waves"].tolist() == [2, 5]
    shares = [300 * 200 / (2 * 4 * 128 * 128), 300 * 200 / (5 * 4 * 64 * 64)]
    assert found["occupancy"] == pytest.approx(max(shares))


def test_an_array_is_filled_and_rows_stream_through():
    told = SHAPE | ARRAY | {"rows": 100, "columns": 40, "depth": 60, "repeats": 2, "units": 3}
    found = answer(SystolicArrays, told, ["passes", "filling", "length", "occupancy"])
    passes, length = 4, 32 + 4 * 100 + 32 + 16 - 2  # 2 by 3 fillings, twice, on 3 arrays
    assert (found["passes"], found["filling"], found["length"]) == (passes, 100, length)
    assert found["occupancy"] == pytest.approx(100 * 40 * 60 * 2 / (length * 32 * 16 * 3))


def test_one_filling_takes_loading_rows_and_skew():
    """As in samajdar2018, equation 3 for held weights: 2 R + C + M - 2."""
    told = SHAPE | ARRAY | {"rows": 100, "columns": 16, "depth": 32, "repeats": 1, "units": 1}
    assert answer(SystolicArrays, told, ["length"])["length"] == 2 * 32 + 16 + 100 - 2


def test_few_rows_wait_for_the_next_weights():
    told = SHAPE | ARRAY | {"rows": 1, "columns": 16 * 10, "depth": 32, "repeats": 1, "units": 1}
    found = answer(SystolicArrays, told, ["passes", "filling", "length"])
    assert (found["passes"], found["filling"]) == (10, 32)
    assert found["length"] == 32 + 9 * 32 + 1 + 32 + 16 - 2


def test_many_rows_hide_the_next_weights():
    """jouppi2017, section 2: a matrix unit of 256 x 256 runs at its peak once rows hide 256 cycles of loading."""
    told = {
        "array_rows": 256, "array_columns": 256, "rows": 2048, "columns": 256 * 16, "depth": 256 * 16, "repeats": 1,
        "units": 1,
    }  # fmt: skip
    assert answer(SystolicArrays, told, ["occupancy"])["occupancy"] > 0.998


@pytest.mark.parametrize(("law", "told"), LAWS)
@given(SIZE, SIZE, SIZE, st.integers(1, 64), st.integers(1, 200))
def test_nothing_is_busier_than_all_of_it(law, told, rows, columns, depth, repeats, units):
    shape = {"rows": rows, "columns": columns, "depth": depth, "repeats": repeats, "units": units}
    assert 0 < answer(law, shape | told, ["occupancy"])["occupancy"] <= 1 + 1e-12
    assert issubclass(law, Unit)


@pytest.mark.parametrize(("law", "told"), LAWS)
def test_without_a_product_nothing_is_lost(law, told):
    nothing = {"rows": 0, "columns": 0, "depth": 0, "repeats": 0, "units": 4}
    assert answer(law, nothing | told, ["occupancy"])["occupancy"] == 1


@pytest.mark.parametrize(("law", "told"), LAWS)
def test_a_product_of_any_size_comes_close_to_the_peak(law, told):
    large = {"rows": 2**20, "columns": 2**12, "depth": 2**12, "repeats": 1, "units": 4}
    assert answer(law, large | told, ["occupancy"])["occupancy"] > 0.999


@given(SIZE, SIZE)
def test_a_richer_menu_never_hurts(rows, columns):
    shape = SHAPE | {"rows": rows, "columns": columns}
    poor = answer(Multiprocessors, shape | {"tile_rows": [128], "tile_columns": [128]}, ["occupancy"])
    assert answer(Multiprocessors, shape | MENU, ["occupancy"])["occupancy"] >= poor["occupancy"]
    assert np.isfinite(poor["occupancy"])
