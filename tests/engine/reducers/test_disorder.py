"""No reducer's result depends on the size, the order or the owners of the blocks, nor on how parts are merged."""

from __future__ import annotations

from fractions import Fraction
from statistics import pstdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.engine.reducers import (
    ArgBest,
    Best,
    Count,
    Feasible,
    Histogram,
    Limit,
    Pareto,
    Quantiles,
    Range,
    Store,
    selection,
)
from symppa.errors import QuestionError
from tests.engine.reducers.walks import OUTPUTS, finite, stored, walked

LIMITS = [Limit("share", "<=", 0.4)]
MAKERS = {
    "store": lambda limits: Store(OUTPUTS),
    "count": lambda limits: Count(["ratio"], limits),
    "feasible": lambda limits: Feasible(["ratio"], limits),
    "best": lambda limits: Best(1, "ratio", limits),
    "best of few values": lambda limits: Best(7, "coarse", limits, largest=False),
    "best by a value along one axis": lambda limits: Best(20, "flat", limits),
    "range": lambda limits: Range(["ratio", "share"], limits),
    "front": lambda limits: Pareto({"coarse": "min", "share": "max"}, limits),
    "front of three": lambda limits: Pareto({"coarse": "min", "share": "max", "ratio": "min"}, limits),
    "best by axis": lambda limits: ArgBest("ratio", ["b"], limits),
    "least by axes": lambda limits: ArgBest("coarse", ["c", "a"], limits, largest=False),
    "histogram": lambda limits: Histogram("ratio", 5, limits=limits),
    "histogram between ends": lambda limits: Histogram("share", 4, 3.0, 20.0, limits=limits),
    "quantiles": lambda limits: Quantiles(["ratio", "flat"], [0.0, 0.3, 0.5, 0.99, 1.0], limits),
}
VALUES = st.fixed_dictionaries(
    {
        name: st.lists(st.one_of(st.integers(-3, 4).map(float), st.floats(-1e3, 1e3)), min_size=1, max_size=6).map(
            np.array
        )
        for name in "abc"
    }
)


def plain(result):
    """A result as nested lists, NaN equal to itself."""
    if isinstance(result, dict):
        return {n: plain(v) for n, v in result.items()}
    if isinstance(result, tuple):
        return [plain(v) for v in result]
    if isinstance(result, np.ndarray):
        return [result.shape, [repr(v) for v in result.ravel().tolist()]]
    return repr(result)


def told(make, values, **how):
    """A reducer that has seen all, or why it refuses: bins may be too narrow for floats."""
    try:
        return walked(make, values, **how)
    except QuestionError as error:
        return str(error)


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=60)
@given(values=VALUES, limited=st.booleans(), seed=st.integers(0, 2**32), block=st.integers(1, 40))
def test_the_result_is_that_of_one_walk_in_one_block(name, values, limited, seed, block):
    def make():
        return MAKERS[name](LIMITS if limited else [])

    whole = told(make, values)
    other = told(make, values, block=block, rng=np.random.default_rng(seed))
    if isinstance(whole, str):
        assert whole == other
        return
    assert plain(other.result()) == plain(whole.result())
    if hasattr(whole, "counts"):
        assert other.counts() == whole.counts()


@pytest.mark.parametrize("name", [n for n in MAKERS if n not in ("store", "range", "quantiles")])
@settings(max_examples=60)
@given(values=VALUES, limited=st.booleans(), seed=st.integers(0, 2**32), block=st.integers(1, 40))
def test_blocks_may_be_judged_by_their_sums(name, values, limited, seed, block):
    def make():
        return MAKERS[name](LIMITS if limited else [])

    whole = told(make, values)
    other = told(make, values, block=block, rng=np.random.default_rng(seed), skimming=True)
    if isinstance(whole, str):
        assert whole == other
        return
    assert plain(other.result()) == plain(whole.result())
    assert other.counts() == whole.counts()


@settings(max_examples=60)
@given(values=VALUES, seed=st.integers(0, 2**32), block=st.integers(1, 40))
def test_quantiles_of_many_designs_take_several_walks(values, seed, block):
    """As if a few designs were more than memory holds."""
    every = stored(values)
    good = finite(every, "ratio", "flat")
    chances = [0.0, 0.1, 0.5, 0.9, 1.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "MOST_VALUES", 3)
        patch.setattr("symppa.engine.reducers.quantiles.MOST_VALUES", 3)
        patch.setattr("symppa.engine.reducers.radix.HEAD", 3)
        patch.setattr(selection, "NEXT", 5)
        for skimming in (False, True):
            rng = np.random.default_rng(seed)
            found = walked(
                lambda: Quantiles(["ratio", "flat"], chances), values, block=block, rng=rng, skimming=skimming
            ).result()
            for name in ("ratio", "flat"):
                if not good.any():
                    assert np.isnan(found[name].quantiles).all()
                    continue
                kept = every[name][good]
                assert found[name].quantiles.tolist() == np.quantile(kept, chances).tolist()
                assert found[name].mean == float(sum(map(Fraction, kept.tolist())) / len(kept))
                assert found[name].std == pytest.approx(pstdev(kept), rel=1e-9, abs=1e-12 * np.abs(kept).max())


@settings(max_examples=60)
@given(values=VALUES, limited=st.booleans())
def test_sums_of_blocks_give_the_same_range_up_to_rounding(values, limited):
    def make():
        return Range(["ratio", "share"], LIMITS if limited else [])

    whole, other = walked(make, values), walked(make, values, block=3, skimming=True)
    assert whole.counts() == other.counts()
    for name, facts in whole.result().items():
        found = other.result()[name]
        assert plain([facts["min"], facts["max"]]) == plain([found["min"], found["max"]])
        assert found["mean"] == pytest.approx(facts["mean"], rel=1e-12, abs=1e-10, nan_ok=True)
