"""The order of steps that takes the least room."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.workloads.orders import Board, Step, bits, least_peak


def drawn(seed, length, span):
    """Steps that each read some of the last tensors and write one."""
    rng = np.random.default_rng(seed)
    names, sizes, steps = ["x"], {"x": int(rng.integers(1, 50))}, []
    for number in range(length):
        last = names[-span:]
        reads = tuple(dict.fromkeys(str(rng.choice(last)) for _ in range(rng.integers(1, 4))))
        steps.append(Step(reads, (f"t{number}",)))
        names.append(f"t{number}")
        sizes[f"t{number}"] = int(rng.integers(1, 50))
    read = {name for step in steps for name in step.reads}
    return steps, sizes, ["x"], [name for name in names if name not in read]


def peak_of(case, order):
    board = Board(tuple(case[0]), *case[1:])
    state = board.start
    for number in order:
        assert state.ready >> number & 1, "a step runs before what it needs"
        state = board.after(state, number)
    return state.peak


def best_of_all(case):
    board, best = Board(tuple(case[0]), *case[1:]), [10**9]

    def go(state):
        if state.peak < best[0]:
            if state.done.bit_count() == len(case[0]):
                best[0] = state.peak
            for number in bits(state.ready):
                go(board.after(state, number))

    go(board.start)
    return best[0]


@given(st.integers(0, 10**6), st.integers(1, 8), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_no_order_of_a_small_graph_takes_less_than_the_one_that_is_found(seed, length, span):
    case = drawn(seed, length, span)
    found = least_peak(*case)
    assert sorted(found.steps) == list(range(length))
    assert peak_of(case, found.steps) == found.peak == found.bound == best_of_all(case)
    assert found.proved


@pytest.mark.parametrize(("seed", "span"), [(seed, span) for seed in range(4) for span in (3, 6)])
def test_sixty_steps_are_ordered_with_a_proof(seed, span):
    case = drawn(seed, 60, span)
    found = least_peak(*case)
    assert peak_of(case, found.steps) == found.peak
    assert found.proved
    assert found.peak <= Board(tuple(case[0]), *case[1:]).told.peak


def test_a_search_that_is_stopped_says_how_much_better_an_order_might_be():
    case = drawn(1, 60, 60)
    found = least_peak(*case, states=50)
    assert peak_of(case, found.steps) == found.peak
    assert 0 < found.bound < found.peak
    assert not found.proved
    assert found.peak <= Board(tuple(case[0]), *case[1:]).told.peak


def test_the_branch_that_shrinks_comes_first_and_what_is_kept_lives_to_the_end():
    steps = [Step(("x",), ("big",)), Step(("x",), ("small",)), Step(("big",), ("less",)), Step(("small",), ("y",))]
    found = least_peak(steps, {"x": 10, "big": 100, "small": 20, "less": 1, "y": 5}, ["x"], ["less", "y"])
    # x, big and less: 111; the other way round x and y beside big: 115.
    assert (found.peak, found.steps[:2]) == (111, (0, 2))
