"""Sums are exact: rounded once, whatever the order."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.engine.reducers import sums
from symppa.engine.reducers.sums import Exact

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def exactly(terms, times=1):
    return sum(map(Fraction, np.ravel(terms).tolist())) * times


@settings(max_examples=300)
@given(terms=st.lists(FLOATS, min_size=1, max_size=40), times=st.integers(1, 5), few=st.sampled_from([0, 64]))
def test_a_sum_is_that_of_fractions(terms, times, few):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sums, "FEW", few)
        found = Exact()
        found.add(np.array(terms), times)
    assert Fraction(found.units, 2**sums.LEAST) == exactly(terms, times)


@pytest.mark.parametrize("spread", [0, 3, 19, 40, 600])
@pytest.mark.parametrize("signed", [False, True])
def test_a_block_adds_up_without_rounding_however_far_its_terms_lie_apart(spread, signed):
    rng = np.random.default_rng(1)
    terms = rng.uniform(1, 2, 30_000) * 2.0 ** rng.integers(-spread, spread + 1, 30_000)
    terms[::7] *= -1 if signed else 1
    found = Exact()
    found.add(terms)
    assert Fraction(found.units, 2**sums.LEAST) == exactly(terms)


def test_what_cancels_leaves_the_rest():
    found = Exact()
    found.add(np.array([1e300, 1.0, -1e300] * 100))
    assert found.over(300) == 1 / 3


def test_a_mean_is_rounded_once():
    found = Exact()
    found.add(np.full(100_000, 0.1))
    assert found.over(100_000) == 0.1
    assert np.full(100_000, 0.1).cumsum()[-1] / 100_000 != 0.1


@given(terms=st.lists(FLOATS, min_size=2, max_size=20), cut=st.integers(1, 19))
def test_parts_join_to_the_whole(terms, cut):
    first, second, whole = Exact(), Exact(), Exact()
    first.add(np.array(terms[:cut]))
    second.add(np.array(terms[cut:]))
    whole.add(np.array(terms))
    first.merge(second)
    assert first.units == whole.units
