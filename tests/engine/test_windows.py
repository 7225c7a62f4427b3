"""Windows are ranges of design numbers that follow one another and hold every design once."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from hypothesis import assume, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.engine.grid import Grid
from symppa.engine.reducers import Store
from symppa.engine.walk import reduce, run
from symppa.engine.windows import Windows, room
from symppa.errors import QuestionError
from symppa.language import Model, formula, given, index, total
from tests.engine.models import cases, values
from tests.engine.test_conformance import SWEPT, known, program_of


def shape_of(window):
    return tuple(last - first for first, last in window)


shapes = st.lists(st.integers(1, 7), max_size=5).map(tuple)


@drawn(shapes, st.integers(1, 400))
def test_the_windows_hold_every_design_once_and_in_order(shape, most):
    windows = Windows(shape, most)
    numbers = np.arange(prod(shape)).reshape(shape)
    seen = [numbers[tuple(slice(*ends) for ends in window)].ravel() for window in windows]
    np.testing.assert_array_equal(np.concatenate(seen), numbers.ravel())
    assert all(len(part) <= most for part in seen)
    assert len(seen) == len(windows)


@drawn(shapes, st.integers(1, 400))
def test_windows_are_the_chunks_of_a_regular_store(shape, most):
    windows = Windows(shape, most)
    for number, window in enumerate(windows):
        place = windows.place(number)
        assert [first for first, _ in window] == [k * n for k, n in zip(place, windows.chunk, strict=True)]
        assert all(k < count for k, count in zip(place, windows.counts, strict=True))
        assert all(length <= whole for length, whole in zip(shape_of(window), windows.chunk, strict=True))


@drawn(shapes, st.integers(1, 400))
def test_no_window_could_take_a_whole_axis_more(shape, most):
    windows = Windows(shape, most)
    axis = windows.cut.axis
    assert windows.chunk[:axis] == (1,) * axis
    assert windows.chunk[axis + 1 :] == shape[axis + 1 :]
    assert len(windows) == 1 or prod(shape[axis:]) > most


def test_the_cut_axis_is_cut_evenly():
    windows = Windows((3, 7, 10), most=59)  # 5 of 7 would fit: 4 and 3 are more alike
    assert [shape_of(window) for window in windows] == [(1, 4, 10), (1, 3, 10)] * 3


def test_a_single_design_is_one_window():
    assert list(Windows((), 5)) == [()]


def test_an_endless_grid_is_cut_at_once():
    windows = Windows((10**6, 10**6, 10**6), 10**6)
    assert prod(windows.counts) == 10**12
    assert windows[10**11 + 3] == ((10**5, 10**5 + 1), (3, 4), (0, 10**6))


def test_a_window_beyond_the_last_is_an_index_error():
    with pytest.raises(IndexError):
        Windows((2, 2), 1)[4]


def test_a_window_holds_at_least_one_design():
    with pytest.raises(QuestionError, match="a window of 0 designs holds nothing"):
        Windows((2,), 0)


@pytest.mark.parametrize(("each", "memory", "found"), [(80, 800, 10), (80, 79, 1), (1, 10**9, 1000), (0, 5, 5)])
def test_the_room_for_designs_is_within_memory_and_most(each, memory, found):
    assert room(each, memory, 1000) == found


class Chip(Model):
    """Sums over a set and over nothing."""

    parts = index("parts")
    rate = given("1", "rate", over=parts)
    rows = given("1", "rows")
    cols = given("1", "columns")
    clock = given("GHz", "clock")
    speed = formula("GHz", total(rate * rows, over=parts) / cols * clock, derived=True)
    each = formula("GHz", rate * clock / 3, derived=True)


VALUES = {
    "rate": [0.1, 0.2, 0.7], "rows": np.arange(1.0, 8.0), "cols": np.arange(1.0, 6.0), "clock": np.linspace(1, 2, 4),
}  # fmt: skip


@pytest.mark.parametrize("most", [1, 3, 20, 33, 140])
@pytest.mark.parametrize("block", [1, 6, 1000])
def test_the_numbers_of_a_window_are_those_of_the_whole(most, block):
    program = compile(Chip(), ["speed", "each"], ["rows", "cols", "clock"])
    whole = Store(["speed", "each"])
    reduce(Grid(program, VALUES), [whole])
    for window in Windows((7, 5, 4), most):
        cut = tuple(slice(*ends) for ends in window)
        for grid in (
            Grid(program, VALUES, block=block, window=window),
            Grid(program, VALUES, block=block).part(window),
        ):
            part = Store(["speed", "each"])
            reduce(grid, [part])
            for name, found in part.result().items():
                np.testing.assert_array_equal(found, whole.result()[name][cut])


@settings(max_examples=60)
@drawn(case=cases(), data=st.data())
def test_any_model_has_the_same_bits_in_windows(case, data):
    full = program_of(case)
    used = [name for name in SWEPT if name in full.givens]
    assume(used)
    axes = data.draw(st.lists(st.sampled_from(used), min_size=1, max_size=3, unique=True))
    program, told = program_of(case, axes), data.draw(values(axes, data.draw(st.integers(2, 5))))
    grid, whole = Grid(program, known(program, told)), run(program, known(program, told))
    for window in Windows(grid.whole, data.draw(st.integers(1, 7))):
        part = Store(list(program.outputs))
        reduce(grid.part(window), [part])
        for name, found in part.result().items():
            np.testing.assert_array_equal(found, whole[name][tuple(slice(*ends) for ends in window)])


def test_a_part_leaves_the_whole_as_it_is():
    program = compile(Chip(), ["speed"], ["rows", "cols", "clock"])
    grid = Grid(program, VALUES, block=7)
    before, stored = grid.cuts, Store(["speed"])
    part = grid.part(((2, 4), (0, 5), (1, 2)))
    assert (part.shape, part.whole, part.origin) == ((2, 5, 1), (7, 5, 4), (2, 0, 1))
    assert (grid.shape, grid.origin, grid.cuts) == ((7, 5, 4), (0, 0, 0), before)
    reduce(grid, [stored])
    np.testing.assert_allclose(stored.result()["speed"], whole_speed(), rtol=1e-14)


def whole_speed():
    rows, cols, clock = np.ix_(VALUES["rows"], VALUES["cols"], VALUES["clock"])
    return (0.1 * rows + 0.2 * rows + 0.7 * rows) / cols * clock
