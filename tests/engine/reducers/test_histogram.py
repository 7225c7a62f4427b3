"""Histograms are those of numpy on the stored array, and nothing is lost beside the bins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.engine.reducers import Histogram, Limit
from symppa.engine.reducers.histogram import bin_numbers
from symppa.engine.reducers.scratch import Scratch
from symppa.errors import QuestionError
from tests.engine.reducers.walks import finite, stored, walked

GRID = {"a": np.array([0.0, 1, 2, 5]), "b": np.array([-1.0, 0, 0.5, 2]), "c": np.array([0.0, 0.1, 3])}


@pytest.mark.parametrize("block", [1, 5, 1000])
@pytest.mark.parametrize("bins", [1, 4, 7])
@pytest.mark.parametrize("name", ["ratio", "coarse", "share"])
def test_bins_without_ends_reach_from_the_least_to_the_most(name, bins, block):
    found = walked(lambda: Histogram(name, bins), GRID, block=block)
    every = stored(GRID)
    values = every[name][finite(every, name)]
    counts, edges = np.histogram(values, bins)
    edges_found, counts_found, below, above = found.result()
    assert counts_found.tolist() == counts.tolist()
    assert edges_found.tolist() == edges.tolist()
    assert (below, above) == (0, 0)
    assert found.counts() == {"designs": 48, "feasible": len(values), "invalid": 48 - len(values)}


def test_what_lies_beside_the_ends_is_counted():
    found = walked(lambda: Histogram("share", 3, 2.0, 8.0, [Limit("coarse", "<=", 3.0)]), GRID, block=5)
    every = stored(GRID)
    values = every["share"][every["coarse"] <= 3]
    edges, counts, below, above = found.result()
    assert counts.tolist() == np.histogram(values, 3, (2.0, 8.0))[0].tolist()
    assert edges.tolist() == [2, 4, 6, 8]
    assert (below, above) == (np.count_nonzero(values < 2), np.count_nonzero(values > 8))
    assert below
    assert above
    assert counts.sum() + below + above == found.feasible


@settings(max_examples=300)
@given(
    ends=st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)).filter(lambda e: e[0] < e[1]),
    bins=st.integers(1, 60),
    places=st.lists(st.tuples(st.integers(0, 60), st.integers(-2, 2)), min_size=1),
    others=st.lists(st.floats(-2e6, 2e6)),
    worth=st.sampled_from([1.0, 0.01, 3.0]),
)
def test_a_value_next_to_an_edge_falls_into_the_bin_that_numpy_puts_it_in(ends, bins, places, others, worth):
    edges = np.linspace(*ends, bins + 1)
    if (edges[:-1] >= edges[1:]).any():
        return
    at = edges[[k % (bins + 1) for k, _ in places]]
    near = at + np.array([step for _, step in places]) * np.spacing(np.abs(at))
    base = np.array([*near, *others]) * worth
    values = base / worth
    counts = np.bincount(bin_numbers(base, worth, edges, Scratch()), minlength=bins + 2)
    assert counts[1:-1].tolist() == np.histogram(values, bins, ends)[0].tolist()
    assert counts[0] == np.count_nonzero(values < ends[0])
    assert counts[-1] == np.count_nonzero(values > ends[1])


def test_bins_as_narrow_as_floats_are_told_apart():
    edges = np.linspace(1.0, 1.0 + 8 * np.spacing(1.0), 9)
    values = np.concatenate([edges, [0.5, 2.0]])
    numbers = bin_numbers(values, 1.0, edges, Scratch())
    assert numbers.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 8, 0, 9]


def test_equal_values_stand_in_the_middle():
    flat = {"a": np.array([1.0]), "b": np.array([2.0, 2.0]), "c": np.array([0.0])}
    edges, counts, _, _ = walked(lambda: Histogram("flat", 4), flat).result()
    assert edges.tolist() == np.histogram([4.0, 4.0], 4)[1].tolist()
    assert counts.tolist() == [0, 0, 2, 0]
    large = {**flat, "b": np.array([1e20])}
    edges, counts, _, _ = walked(lambda: Histogram("flat", 4), large).result()
    assert counts.tolist() == [0, 0, 1, 0]
    assert edges[0] < 2e20 < edges[-1]


def test_without_a_feasible_design_there_are_no_bins_but_told_ones():
    none = [Limit("coarse", "<", -1e9)]
    assert [len(part) for part in walked(lambda: Histogram("share", 4, limits=none), GRID).result()[:2]] == [0, 0]
    edges, counts, _, _ = walked(lambda: Histogram("share", 2, 0.0, 1.0, none), GRID).result()
    assert (edges.tolist(), counts.tolist()) == ([0, 0.5, 1], [0, 0])


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Histogram("share", 0), "1 to 1000000 bins, not 0"),
        (lambda: Histogram("share", 3, 1.0), "two ends or none"),
        (lambda: Histogram("share", 3, 2.0, 1.0), "from a smaller to a larger end, not 2.0 to 1.0"),
        (lambda: Histogram("share", 3, -1e308, 1e308), "from a smaller to a larger end"),
        (lambda: Histogram("share", 30, 1.0, 1.0 + 1e-15), "there are no 30 bins of share: ask for fewer"),
    ],
)
def test_bins_that_cannot_be_are_refused(made, message):
    with pytest.raises(QuestionError, match=message):
        walked(made, GRID)
