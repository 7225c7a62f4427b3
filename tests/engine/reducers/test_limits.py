"""What a limit says of two ends, it says of every value between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.engine.reducers import RELATIONS, Limit

FLOATS = st.floats(-1e3, 1e3)


@pytest.mark.parametrize("relation", RELATIONS)
@given(bound=FLOATS, ends=st.tuples(FLOATS, FLOATS).map(sorted), parts=st.lists(st.floats(0, 1)))
def test_what_is_settled_holds_for_all_or_for_none(relation, bound, ends, parts):
    limit, (low, high) = Limit("x", relation, bound), ends
    settled = limit.settled(low, high)
    if settled is not None:
        between = np.clip([low, high, *(low + part * (high - low) for part in parts)], low, high)
        assert set(limit.holds(between).tolist()) == {settled}


@pytest.mark.parametrize("relation", ["<=", ">="])
def test_far_ends_settle_a_limit(relation):
    limit = Limit("x", relation, 5.0)
    assert {limit.settled(1.0, 2.0), limit.settled(7.0, 9.0)} == {True, False}
    assert limit.settled(1.0, 9.0) is None
    assert limit.settled(np.nan, np.nan) is None
