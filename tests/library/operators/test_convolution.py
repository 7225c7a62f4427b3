"""Convolutions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.library.operators.convolution import Convolution, Filters, TransposedConvolution
from tests.library.analog import answer

ASKED = ["macs", "ops", "rows", "columns", "depth", "repeats", "read", "weights", "written"]
# Two images of 8 by 8 and 6 channels, 4 filters of 3 by 3, stride 2 and a rim of 1: 4 by 4 positions
IMAGE = {"batch": 2, "positions": 16, "pixels": 64, "taps": 9, "channels": 6, "filters": 4}


def test_a_convolution_is_a_matrix_product():
    found = answer(Convolution, IMAGE | {"bias": 1}, ASKED)
    sizes = {"rows": 32, "columns": 4, "depth": 54, "repeats": 1}
    moved = {"read": 2 * 64 * 6, "weights": 4 * 54 + 4, "written": 2 * 16 * 4}
    assert found == sizes | moved | {"macs": 32 * 4 * 54, "ops": 2 * 32 * 4 * 54}


def test_groups_divide_the_products():
    found = answer(Convolution, IMAGE | {"groups": 2}, ASKED)
    assert (found["columns"], found["depth"], found["repeats"]) == (2, 27, 2)
    assert (found["macs"], found["weights"]) == (32 * 4 * 54 / 2, 4 * 27)


def test_a_depthwise_convolution_has_a_filter_for_each_channel():
    found = answer(Convolution, IMAGE | {"filters": 6, "groups": 6}, ASKED)
    assert (found["macs"], found["columns"], found["depth"], found["weights"]) == (32 * 6 * 9, 1, 9, 54)


def test_a_transposed_convolution_spreads_every_position_of_its_input():
    told = IMAGE | {"pixels": 16, "positions": 64, "bias": 1}
    found = answer(TransposedConvolution, told, ASKED)
    sizes = {"rows": 2 * 16, "columns": 9 * 4, "depth": 6, "repeats": 1}
    moved = {"read": 2 * 16 * 6, "weights": 9 * 6 * 4 + 4, "written": 2 * 64 * 4}
    assert found == sizes | moved | {"macs": 2 * 16 * 9 * 4 * 6, "ops": 2 * 2 * 16 * 9 * 4 * 6}


def test_filters_move_the_same_whichever_product_they_are():
    asked = ["repeats", "read", "weights", "written"]
    assert all(issubclass(law, Filters) for law in (Convolution, TransposedConvolution))
    assert answer(Convolution, IMAGE, asked) == answer(TransposedConvolution, IMAGE, asked)


@pytest.mark.parametrize("law", [Convolution, TransposedConvolution])
@given(st.integers(1, 8), st.integers(1, 16), st.integers(1, 16))
def test_work_is_divided_by_the_groups(law, groups, channels, filters):
    told = IMAGE | {"channels": channels * groups, "filters": filters * groups}
    whole, parts = (answer(law, told | {"groups": g}, ["macs", "weights", "read"]) for g in (1, groups))
    assert parts == {"macs": whole["macs"] / groups, "weights": whole["weights"] / groups, "read": whole["read"]}
