"""Posits by their values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.errors import QuantizationError
from symppa.kpu.posit import decoded, encoded, posits


@pytest.mark.parametrize(
    ("bits", "pattern", "value"),
    [
        # sign, regime, two exponent bits, fraction: 0 10 00 000; 0 10 01 000; 0 01 11 000; 0 110 10 10.
        (8, 0b01000000, 1.0), (8, 0b01001000, 2.0), (8, 0b00111000, 0.5), (8, 0b01101010, 2.0**6 * 1.5),
        (8, 0b01111110, 2.0**20), (8, 0b00000010, 2.0**-20), (16, 0x4000, 1.0), (16, 0x4C00, 3.0),
        (16, 0x0DDD, 2.0**-10 * (1 + 477 / 512)),  # 0 0001 10 111011101: regime -3, exponent 2
    ],
)  # fmt: skip
def test_a_pattern_has_the_value_of_the_standard(bits, pattern, value):
    assert posits(bits)[pattern] == value


@pytest.mark.parametrize("bits", [8, 16])
def test_every_posit_is_its_own_nearest_one(bits):
    patterns = np.arange(1 << bits, dtype=np.uint16 if bits == 16 else np.uint8)
    patterns = patterns[patterns != 1 << (bits - 1)]  # the one that is no number
    np.testing.assert_array_equal(encoded(decoded(patterns, bits).astype(float), bits), patterns)
    assert np.all(np.diff(posits(bits)) > 0)


@given(st.floats(-1e30, 1e30), st.sampled_from([8, 16]))
def test_what_is_encoded_lies_between_its_neighbours(number, bits):
    (pattern,) = encoded(np.array([number]), bits)
    table, size = posits(bits), abs(number)
    at = int(pattern) if number >= 0 else (1 << bits) - int(pattern)
    if size == 0:
        assert at == 0
        return
    assert 1 <= at < len(table)
    halves = posits(bits + 1)
    assert at == 1 or halves[2 * at - 1] <= size
    assert at == len(table) - 1 or size <= halves[2 * at + 1]


def test_ties_go_to_the_even_pattern():
    between = posits(9)[[2 * 64 + 1, 2 * 65 + 1]]
    assert encoded(between, 8).tolist() == [64, 66]


def test_what_is_no_number_is_refused():
    with pytest.raises(QuantizationError, match="2 values are not finite"):
        encoded(np.array([np.nan, np.inf, 1.0]), 8)
