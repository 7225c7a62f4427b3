"""Quantiles are those of numpy on the stored array, to the last digit, in bounded memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.engine.grid import Grid
from symppa.engine.reducers import Limit, Quantiles, selection
from symppa.engine.walk import reduce, run
from symppa.errors import QuestionError
from symppa.language import Model, ceil_div, formula, given, log
from tests.engine.reducers.walks import finite, stored, walked

GRID = {"a": np.array([0.0, 1, 2, 5]), "b": np.array([-1.0, 0, 0.5, 2]), "c": np.array([0.0, 0.1, 3])}
CHANCES = [0.0, 0.01, 0.05, 1 / 3, 0.5, 0.9, 0.999, 1.0]


@pytest.mark.parametrize("block", [1, 5, 1000])
def test_few_designs_are_sorted(block):
    limits = [Limit("coarse", "<=", 3.0)]
    found = walked(lambda: Quantiles(["ratio", "share"], CHANCES, limits), GRID, block=block).result()
    every = stored(GRID)
    good = finite(every, "ratio", "share") & (every["coarse"] <= 3)
    for name in ("ratio", "share"):
        assert found[name].quantiles.tolist() == np.quantile(every[name][good], CHANCES).tolist()
        assert found[name].mean == pytest.approx(every[name][good].mean(), rel=1e-14)
        assert found[name].std == pytest.approx(every[name][good].std(), rel=1e-14)


class Wide(Model):
    """Outputs over many powers of ten, with both signs, and in few different values."""

    x = given("1", "x")
    y = given("1", "y")
    wide = formula("1", 10 ** (x * y / 40), derived=True)
    signed = formula("percent", log(x / y) / 100, derived=True)
    steps = formula("1", ceil_div(x, 30) - 2, derived=True)
    narrow = formula("1", 1 + (x + y) / 10**13, derived=True)


WIDE = compile(Wide(), ["wide", "signed", "steps", "narrow"], ["x", "y"])
AXES = {"x": np.linspace(1, 90, 301), "y": np.linspace(0.5, 60, 200)}


@pytest.mark.parametrize("most", [100, 3_000, 10**9])
@pytest.mark.parametrize("bits", [(14, 16, 20), (2, 3, 5)])
@pytest.mark.parametrize("threads", [1, 3])
def test_many_designs_are_closed_in_on(most, bits, threads, monkeypatch):
    monkeypatch.setattr(selection, "MOST_VALUES", most)
    monkeypatch.setattr("symppa.engine.reducers.quantiles.MOST_VALUES", most)
    for name, count in zip(("radix.HEAD", "selection.NEXT", "selection.ALL"), bits, strict=True):
        monkeypatch.setattr(f"symppa.engine.reducers.{name}", count)
    asked = Quantiles(list(WIDE.outputs), CHANCES)
    reduce(Grid(WIDE, AXES, block=5_000), [asked], engine="numpy", threads=threads)
    for name, values in run(WIDE, AXES, engine="numpy").items():
        found = asked.result()[name]
        assert found.quantiles.tolist() == np.quantile(values, CHANCES).tolist()
        assert found.mean == pytest.approx(values.mean(), rel=1e-12)
        spread = np.std(values - values.mean()) if name == "narrow" else values.std()
        assert found.std == pytest.approx(spread, rel=1e-12 if name != "narrow" else 1e-3)


def test_the_moments_are_the_same_whatever_the_blocks(monkeypatch):
    monkeypatch.setattr(selection, "MOST_VALUES", 100)
    monkeypatch.setattr("symppa.engine.reducers.quantiles.MOST_VALUES", 100)
    found = []
    for block in (300, 7_000, 100_000):
        asked = Quantiles(list(WIDE.outputs), [0.5])
        reduce(Grid(WIDE, AXES, block=block), [asked], engine="numpy")
        found.append({name: (spread.mean, spread.std) for name, spread in asked.result().items()})
    assert found[0] == found[1] == found[2]


def test_memory_does_not_grow_with_the_grid(monkeypatch):
    monkeypatch.setattr(selection, "MOST_VALUES", 50_000)
    monkeypatch.setattr("symppa.engine.reducers.quantiles.MOST_VALUES", 50_000)
    program = compile(Wide(), ["narrow"], ["x", "y"])
    peaks = []
    for length in (500, 2_000):
        grid = Grid(program, {"x": np.linspace(1, 2, length), "y": np.linspace(1, 5, length) ** 2})
        tracemalloc.start()
        reduce(grid, [Quantiles(["narrow"], [0.05, 0.5, 0.95])], engine="numpy")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] + 2**20
    assert peaks[1] < 8 * 2_000**2 / 3  # of what storing takes


def test_without_a_feasible_design_all_is_unknown():
    found = walked(lambda: Quantiles(["share"], [0.5], [Limit("coarse", "<", -1e9)]), GRID).result()["share"]
    assert np.isnan([*found.quantiles, found.mean, found.std]).all()


@pytest.mark.parametrize(
    ("chances", "message"),
    [([], "at 1 to 10000 probabilities, not 0"), ([0.5, 1.5], "between 0 and 1: 1.5 does not"),
     ([float("nan")], "between 0 and 1: nan does not")],
)  # fmt: skip
def test_probabilities_that_are_none_are_refused(chances, message):
    with pytest.raises(QuestionError, match=message):
        Quantiles(["share"], chances)
