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
    found = answer(SystolicArrays, told, ["passes", "length", "occupancy"])
    passes, length = 4, 2 * 32 + 16 + 100 - 2  # 2 by 3 fillings, twice, on 3 arrays
    assert (found["passes"], found["length"]) == (passes, length)
    assert found["occupancy"] == pytest.approx(100 * 40 * 60 * 2 / (passes * length * 32 * 16 * 3))


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
