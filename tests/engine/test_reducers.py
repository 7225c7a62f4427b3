"""Reducers keep what the whole array has, whatever the blocks; ties go to the design that comes first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from symppa.engine import grid as grids
from symppa.engine.compile import compile
from symppa.engine.grid import Grid
from symppa.engine.reducers import Best, Count, Feasible, Limit, Pareto, Range, Store, front
from symppa.engine.walk import reduce, run
from symppa.errors import QuestionError
from symppa.language import Model, ceil_div, formula, given, index, sqrt, total, where


class Chip(Model):
    """Rows and columns, coarse on purpose, so that ties are many."""

    rows = given("1", "rows")
    cols = given("1", "columns")
    speed = formula("1", ceil_div(rows * cols, 4), derived=True)
    area = formula("1", rows + cols, derived=True)
    root = formula("1", sqrt(rows - cols), derived=True)
    wrong = formula("1", where(rows > cols, 1, 2) / (rows - 2), derived=True)


OUTPUTS = ["speed", "area", "root", "wrong"]
VALUES = {"rows": np.arange(1.0, 8.0), "cols": np.arange(1.0, 6.0)}
BLOCKS = [1, 2, 7, 35, 1000]


def whole():
    return {n: v.ravel() for n, v in run(compile(Chip(), OUTPUTS, ["rows", "cols"]), VALUES).items()}


def reduced(reducers, block, values=VALUES, small=2):
    program = compile(Chip(), OUTPUTS, ["rows", "cols"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grids, "SMALL", small)
        reduce(Grid(program, values, block=block), reducers)
    return [r.result() for r in reducers]


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("n", [1, 4, 11, 100])
def test_the_best_are_the_first_of_a_sorted_list(block, largest, n):
    (flat, rows), (held, _) = reduced(
        [Best(n, "speed", largest=largest), Best(n, "speed", [Limit("area", "<=", 6)], largest=largest)], block
    )
    every = whole()
    order = sorted(range(35), key=lambda k: (-every["speed"][k] if largest else every["speed"][k], k))
    assert flat.tolist() == order[:n]
    assert held.tolist() == [k for k in order if every["area"][k] <= 6][:n]
    for name, values in rows.items():
        np.testing.assert_array_equal(values, every[name][flat])


@pytest.mark.parametrize("block", BLOCKS)
def test_undefined_designs_are_counted_and_never_kept(block):
    (flat, _), count, kept, spread = reduced(
        [Best(40, "root"), Count(["root"]), Feasible(["wrong"], [Limit("root", ">=", 1)]), Range(["root"])], block
    )
    every = whole()
    rooted, valid = np.isfinite(every["root"]), np.isfinite(every["wrong"])
    assert sorted(flat) == np.flatnonzero(rooted).tolist()
    assert count == {"designs": 35, "feasible": rooted.sum(), "invalid": 35 - rooted.sum()}
    assert kept[0].tolist() == np.flatnonzero(rooted & valid & (every["root"] >= 1)).tolist()
    values = every["root"][rooted]
    assert spread["root"].pop("unit") == "1"
    assert spread["root"] == pytest.approx({"min": values.min(), "max": values.max(), "mean": values.mean()})


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize(
    "objectives",
    [{"speed": "max", "area": "min"}, {"speed": "min", "area": "max"}, {"speed": "max", "area": "min", "root": "max"}],
)
def test_the_front_holds_what_nothing_beats(block, objectives):
    ((flat, _),) = reduced([Pareto(objectives)], block)
    every = whole()
    points = np.stack([every[n] * (1 if s == "min" else -1) for n, s in objectives.items()], 1)
    assert sorted(flat) == unbeaten(points)


def unbeaten(points):
    """By brute force."""
    valid = [k for k in range(len(points)) if np.isfinite(points[k]).all()]
    return [
        k for k in valid if not any((points[j] <= points[k]).all() and (points[j] < points[k]).any() for j in valid)
    ]


@settings(max_examples=200)
@drawn(st.integers(2, 4).flatmap(lambda d: st.lists(st.tuples(*[st.integers(0, 4)] * d), min_size=1, max_size=30)))
def test_a_front_of_points(points):
    points = np.array(points, float)
    assert front(points).tolist() == unbeaten(points)


def test_a_limit_attained_exactly_holds():
    every = whole()
    for relation, expected in (("<=", every["area"] <= 6), (">=", every["area"] >= 6), ("==", every["area"] == 6)):
        (count,) = reduced([Count(["area"], [Limit("area", relation, 6.0)])], 7)
        assert count["feasible"] == expected.sum()
    for relation, expected in (("<", every["area"] < 6), (">", every["area"] > 6)):
        (count,) = reduced([Count(["area"], [Limit("area", relation, 6.0)])], 7)
        assert count["feasible"] == expected.sum()


@pytest.mark.parametrize("bound", [500.0, -500.0, 0.0])
def test_feasible_means_within_a_billionth_of_the_limit(bound):
    slack = 1e-9 * abs(bound)
    value = np.array([bound - 3 * slack, bound - slack / 2, bound, bound + slack / 2, bound + 3 * slack, np.nan])
    inside = [True, True, True, True, bool(slack == 0), False]
    assert Limit("x", "<=", bound).holds(value).tolist() == inside
    assert Limit("x", ">=", bound).holds(value).tolist() == [bool(slack == 0), True, True, True, True, False]
    assert Limit("x", "==", bound).holds(value).tolist() == [
        bool(slack == 0),
        True,
        True,
        True,
        bool(slack == 0),
        False,
    ]
    assert not Limit("x", "<", bound).holds(value)[2]


@pytest.mark.parametrize("block", BLOCKS)
def test_storing_everything_is_one_reducer_among_others(block):
    (stored,) = reduced([Store(OUTPUTS)], block)
    for name, values in run(compile(Chip(), OUTPUTS, ["rows", "cols"]), VALUES).items():
        np.testing.assert_array_equal(stored[name], values)


class Formats(Model):
    """An output over a set."""

    formats = index("formats")
    rate = given("1", "rate", over=formats)
    clock = given("GHz", "clock")
    peak = formula("GHz", rate * clock, derived=True)
    sum = formula("GHz", total(peak, over=formats), derived=True)


def test_designs_are_judged_by_one_number_each():
    program = compile(Formats(), ["peak", "sum"], ["clock"])
    grid = Grid(program, {"rate": [1, 2], "clock": np.array([1.0, 2.0])})
    with pytest.raises(QuestionError, match="peak stands over formats: designs are kept by one number each"):
        reduce(grid, [Best(1, "peak")])
    best = Best(1, "sum")
    reduce(grid, [best])
    flat, rows = best.result()
    assert flat.tolist() == [1]
    np.testing.assert_array_equal(rows["peak"], [[2.0, 4.0]])


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Best(0, "speed"), "keeps nothing: ask for at least 1"),
        (lambda: Pareto({"speed": "max"}), "2 to 4 objectives, not 1"),
        (lambda: Pareto({"speed": "max", "area": "least"}), "an objective is 'min' or 'max', not 'least'"),
    ],
)
def test_questions_that_make_no_sense_are_refused(made, message):
    with pytest.raises(QuestionError, match=message):
        made()
