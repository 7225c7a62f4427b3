"""What would not fit the memory is refused: at the start where that is known, else while it grows."""

from __future__ import annotations

import time

import numpy as np
import pytest

from symppa.engine.grid import Grid
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
    kept,
    memory,
)  # fmt: skip
from symppa.engine.walk import reduce
from symppa.errors import QuestionError
from tests.engine.reducers.walks import OUTPUTS, PROGRAM

HUGE = {name: np.linspace(1, 2, 100_000) for name in "abc"}


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A container with 1 MB left, and files of which half a megabyte gives way."""
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.current").write_text("2500000\n")
    (tmp_path / "memory.stat").write_text("anon 2000000\ninactive_file 500000\n")
    monkeypatch.setattr(memory, "CONTROL", tmp_path)


@pytest.mark.parametrize(
    ("reducer", "said"),
    [
        (Store(OUTPUTS), r"storing 1e\+15 designs needs 1.49e\+07 GiB, .* GiB are free: keep less"),
        (Feasible([], [Limit("share", "<=", 1.0)]), r"keeping as few as 1e\+11 of 1e\+15 designs needs \d+ GiB"),
        (Best(10**12, "share"), r"keeping the 1e\+12 best designs needs"),
        (ArgBest("share", ["a", "b"]), r"keeping the best of 1e\+10 groups needs"),
    ],
)
def test_a_grid_of_1e15_designs_is_refused_at_once(reducer, said):
    begun = time.perf_counter()
    with pytest.raises(QuestionError, match=said):
        reduce(Grid(PROGRAM, HUGE), [reducer])
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    "reducer",
    [Count(["share"]), Best(5, "share"), Range(["share"]), Pareto({"share": "min", "ratio": "max"}),
     ArgBest("share", ["a"]), Histogram("share"), Quantiles(["share"], [0.5])],
)  # fmt: skip
def test_what_stays_small_may_begin(reducer):
    reducer.start(Grid(PROGRAM, HUGE))
    assert sum(getattr(v, "nbytes", 0) for v in vars(reducer).values()) < 10_000_000


def test_the_memory_of_a_container_counts(small):
    assert memory.free() == 1_000_000


def test_a_container_without_a_limit_leaves_the_machine(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("2500000\n")
    monkeypatch.setattr(memory, "CONTROL", tmp_path)
    assert 2**24 < memory.free() < np.inf


def test_designs_that_are_kept_are_refused_when_they_outgrow_the_memory(small, monkeypatch):
    monkeypatch.setattr(kept, "LOOK", 100_000)
    values = {name: np.linspace(1, 2, 30) for name in "abc"}
    with pytest.raises(QuestionError, match=r"putting the .* feasible designs found so far in order needs"):
        reduce(Grid(PROGRAM, values, block=1000), [Feasible([], [Limit("share", "<=", 1.0)])])
    reduce(Grid(PROGRAM, values, block=1000), [Feasible([], [Limit("share", "<=", 0.15)])])


def test_more_designs_than_can_be_numbered_are_only_counted():
    grid = Grid(PROGRAM, {name: np.linspace(1, 2, 3_000_000) for name in "abc"})
    with pytest.raises(QuestionError, match=r"2.7e\+19 designs are more than can be numbered: count them"):
        Best(1, "share").start(grid)
