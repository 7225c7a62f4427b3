"""Matrices cut into crossbars."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.library.components.crossbar import Array, Block, Crossbar, FeedForward, Matrix
from tests.library.analog import CROSSBAR, answer

OUTPUTS = ["weights", "outputs", "tiles", "output_tiles"]


def test_a_matrix_by_hand():
    # 9 x 5 in crossbars of 4: 3 of them along the outputs, 2 along the inputs, twice
    found = answer(Matrix, {"rows": 9, "columns": 5, "copies": 2, "size": 4}, OUTPUTS)
    assert found == {"weights": 90, "outputs": 18, "tiles": 12, "output_tiles": 6}


@pytest.mark.parametrize(("gates", "tiles", "outputs"), [(0, 4, 12), (1, 6, 20)])
def test_a_feed_forward_block_goes_up_and_down(gates, tiles, outputs):
    # up 8 x 4 takes 2 crossbars of 4 and again as many with a gate, down 4 x 8 takes 2
    found = answer(FeedForward, {"width": 4, "hidden": 8, "gates": gates, "size": 4}, OUTPUTS)
    assert found["tiles"] == tiles
    assert found["outputs"] == outputs
    assert found["weights"] == (2 + gates) * 32
    assert found["output_tiles"] == 2 + 2 * gates + 1


@given(st.integers(1, 500), st.integers(1, 500), st.integers(1, 128))
def test_crossbars_hold_every_weight(rows, columns, size):
    found = answer(Matrix, {"rows": rows, "columns": columns, "size": size}, OUTPUTS)
    assert found["tiles"] * size**2 >= found["weights"] == rows * columns
    assert found["tiles"] == math.ceil(rows / size) * math.ceil(columns / size)


def test_what_several_blocks_have_in_common_is_left_open():
    assert all(declared.expr is ... for name, declared in Block._declared.items() if name in OUTPUTS)


def test_a_crossbar_prices_both_kinds_of_converters():
    found = answer(Crossbar, CROSSBAR, ["adc.energy", "residual_adc.energy", "dac.energy", "residual_adc.area"])
    assert found == pytest.approx(
        {"adc.energy": 2, "residual_adc.energy": 4, "dac.energy": 0.5, "residual_adc.area": 2}
    )


def test_an_array_is_a_device_with_an_area_by_weight():
    assert {"energy", "latency", "area", "weight_area"} == set(Array._declared)
