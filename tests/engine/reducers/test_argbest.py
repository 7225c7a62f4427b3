"""The best design for each value of some axes is what trying all gives."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.engine.grid import Grid
from symppa.engine.reducers import ArgBest, Limit
from symppa.engine.walk import reduce
from symppa.errors import QuestionError
from symppa.language import Model, formula, given, index, total
from tests.engine.reducers.walks import AXES, finite, stored, walked

GRID = {"a": np.array([0.0, 1, 2, 5]), "b": np.array([-1.0, 0, 0.5, 2]), "c": np.array([0.0, 0.1, 3])}
LIMITS = [Limit("share", "<=", 0.07)]


@pytest.mark.parametrize("block", [1, 5, 1000])
@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("axes", [["a"], ["c", "a"], ["a", "b", "c"]])
@pytest.mark.parametrize("name", ["ratio", "coarse", "flat"])
def test_each_group_has_its_first_best(name, axes, largest, block):
    found = walked(lambda: ArgBest(name, axes, LIMITS, largest=largest), GRID, block=block)
    every = stored(GRID)
    good = finite(every, name) & (every["share"] <= 7 * (1 + 1e-9))
    lengths = [len(GRID[axis]) for axis in AXES]
    best = {}
    for number, place in enumerate(product(*map(range, lengths))):
        group = tuple(place[AXES.index(axis)] for axis in axes)
        value = every[name][number] if largest else -every[name][number]
        if good[number] and (group not in best or value > best[group][0]):
            best[group] = value, number
    flat, columns = found.result()
    assert flat.shape == tuple(len(GRID[axis]) for axis in axes)
    for group in np.ndindex(flat.shape):
        assert flat[group] == best.get(group, (0, -1))[1]
        for output, column in columns.items():
            expected = every[output][best[group][1]] if group in best else np.nan
            np.testing.assert_array_equal(column[group], expected)
    empty = flat.size - len(best)
    assert found.counts() == {
        "designs": 48, "feasible": good.sum(), "invalid": (~finite(every, name)).sum(), "empty": empty
    }  # fmt: skip


def test_a_group_without_a_feasible_design_is_empty():
    found = walked(lambda: ArgBest("ratio", ["a"], [Limit("share", "<=", -0.01)]), GRID, block=5)
    flat, columns = found.result()
    assert flat.tolist() == [0, 12, 24, -1]  # a + 3 b + 7 c <= -1 with b = -1 and c = 0, but for a = 5
    np.testing.assert_array_equal(columns["ratio"], [0, -1, -2, np.nan])
    assert found.counts()["empty"] == 1


class Fleet(Model):
    """An output over a set beside one that is not."""

    chips = index("chips")
    weight = given("1", "weight", over=chips)
    clock = given("GHz", "clock")
    volts = given("V", "voltage")
    rates = formula("GHz", weight * clock, derived=True)
    loss = formula("GHz*V", total(rates, over=chips) * volts, derived=True)


def test_outputs_over_sets_come_along_with_every_member():
    program = compile(Fleet(), ["rates", "loss"], ["clock", "volts"])
    told = {"weight": [1.0, 1.0, 4.0], "clock": np.array([1.0, 2.0, 3.0]), "volts": np.array([2.0, 1.0])}
    least = ArgBest("loss", ["clock"], largest=False)
    reduce(Grid(program, told), [least])
    flat, columns = least.result()
    assert flat.tolist() == [1, 3, 5]  # 1 V each time
    assert columns["rates"].tolist() == [[1, 1, 4], [2, 2, 8], [3, 3, 12]]
    assert columns["loss"].tolist() == [6, 12, 18]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: ArgBest("share", ["d"]), "d is no axis of this sweep; there are a, b, c"),
        (lambda: ArgBest("share", []), "for each value of nothing: name axes"),
        (lambda: ArgBest("share", ["a", "a"]), "for each value of a, a: name axes, once"),
    ],
)
def test_axes_that_are_none_are_refused(made, message):
    with pytest.raises(QuestionError, match=message):
        walked(made, GRID)
