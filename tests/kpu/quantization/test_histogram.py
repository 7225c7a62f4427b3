"""Counts of values in bins that grow with their range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.errors import QuantizationError
from symppa.kpu.quantization.histogram import Histogram


def counted(*parts, most=64):
    found = Histogram(most)
    for part in parts:
        found = found.add(np.asarray(part, np.float32))
    return found


@given(st.integers(0, 10**6), st.sampled_from([2, 3, 64, 1000]))
@settings(max_examples=60, deadline=None)
def test_a_histogram_does_not_depend_on_the_order_of_values_or_on_how_many_come_at_a_time(seed, most):
    rng = np.random.default_rng(seed)
    values = (rng.normal(size=200) * 10.0 ** rng.uniform(-6, 6, 200)).astype(np.float32)
    values[rng.integers(0, 200, 20)] = 0
    whole = counted(values, most=most)
    cut = counted(*np.split(rng.permutation(values), np.sort(rng.integers(0, 200, 5))), most=most)
    assert (whole.low, whole.high, whole.exponent, whole.first, whole.zeros) == (
        cut.low, cut.high, cut.exponent, cut.first, cut.zeros,
    )  # fmt: skip
    np.testing.assert_array_equal(whole.counts, cut.counts)
    assert whole.total == 200
    assert whole.counts.size <= most


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_counts_are_those_of_numpy_over_the_same_bins_and_at_least_half_of_the_bins_are_used(seed):
    values = np.random.default_rng(seed).normal(size=500).astype(np.float32) * 7
    found = counted(values, most=256)
    edges = (found.first + np.arange(found.counts.size + 1)) * found.width
    np.testing.assert_array_equal(found.counts, np.histogram(values.astype(float), edges)[0])
    assert 128 <= found.counts.size + 1 <= 257


def test_zeros_are_counted_by_themselves_and_lose_nothing():
    found = counted([0.0, 0.0, 1.0, -0.0], [0.0])
    assert (found.zeros, found.counts.sum()) == (4, 1)


def test_without_bins_only_the_ends_are_kept():
    found = counted([3.0], [-1.0, 2.0], most=0)
    assert (found.low, found.high, found.total) == (-1.0, 3.0, 0)


def test_values_that_are_none_are_refused_and_no_values_change_nothing():
    with pytest.raises(QuantizationError, match="not finite"):
        counted([1.0, np.nan])
    assert counted([], [1.0]).total == 1
