"""A step of a language model by hand: what grows with tokens, sequences and pairs, and what devices exchange."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.library.systems.serving_steps import Exchange, Growth, Step
from symppa.studies.evaluate import evaluate


def asked(model, told, outputs):
    """Some outputs of a model, in the units that they declare."""
    found = evaluate(model, told, outputs=outputs.split())
    return [np.asarray(found[name], float).tolist() for name in outputs.split()]


GROWN = {"fixed": 1000, "by_place": 100, "by_sequence": 10, "by_token": 1, "by_pair": 0.5}
STEP = {
    "subgraphs": ["fc", "far", "near", "moe"],
    "batch": 2,
    "tokens": 1,
    "past": 10,
    "steps": 1,
    "count": {"fc": 3, "far": 2, "near": 1, "moe": 1},
    "window": {"fc": 2**40, "far": 2**40, "near": 8, "moe": 2**40},
    "kept_key": {"fc": 0, "far": 100, "near": 100, "moe": 0},
    "columns": {"fc": 64, "far": 0, "near": 0, "moe": 32},
    "columns_seen": {"fc": 0, "far": 1, "near": 1, "moe": 0},
    "experts": {"fc": 1, "far": 1, "near": 1, "moe": 8},
    "active": {"fc": 1, "far": 1, "near": 1, "moe": 2},
    "expert": {"fc": 0, "far": 0, "near": 0, "moe": 1000},
    "routed": {"fc": 0, "far": 0, "near": 0, "moe": 1},
    "weight.fixed": {"fc": 500, "far": 0, "near": 0, "moe": 0},
    "row.by_token": {"fc": 1, "far": 0, "near": 0, "moe": 1},
    "row.by_place": {"fc": 0, "far": 1, "near": 1, "moe": 0},
    "repeat.fixed": {"fc": 1, "far": 0, "near": 0, "moe": 0},
    "repeat.by_sequence": {"fc": 0, "far": 4, "near": 4, "moe": 0},
    "live_start": 50,
    "live_token": 20,
    "live_offset": 5,
    "keys_kept": 30,
}


def test_a_growth_is_the_sum_of_its_terms():
    told = {name: {"a": value, "b": 0} for name, value in GROWN.items()}
    told |= {"subgraphs": ["a", "b"], "batch": 2, "tokens": 3, "pairs": {"a": 6, "b": 6}}
    assert asked(Growth, told, "value") == [[1000 + 300 + 2 * (10 + 3 + 3), 0]]


def test_a_token_sees_those_before_it_or_a_window_of_them():
    assert asked(Step, STEP, "pairs keys width") == [[11, 11, 8, 11], [11, 11, 8, 11], [64, 11, 8, 32]]
    pairs, keys = asked(Step, STEP | {"tokens": 4}, "pairs keys")
    assert pairs == [11 + 12 + 13 + 14, 50, 32, 50]
    assert keys == [14, 14, 8 + 4 - 1, 14]


def test_the_mean_step_sees_the_mean_of_what_the_steps_see():
    pairs, keys = asked(Step, STEP | {"past": 5, "steps": 5}, "pairs keys")
    assert pairs == keys == [8, 8, (6 + 7 + 8 + 8 + 8) / 5, 8]


def test_experts_are_met_by_chance():
    met, weights, rows, repeats = asked(Step, STEP, "met weights rows repeats")
    assert met == pytest.approx([1, 1, 1, 8 * (1 - 0.75**2)])
    assert weights == pytest.approx([500, 0, 0, 1000 * met[3]])
    assert rows == pytest.approx([2, 1, 1, 2 * 2 / met[3]])
    assert repeats == pytest.approx([1, 8, 8, met[3]])


def test_keys_and_values_take_room_by_token_and_by_window():
    found = asked(Step, STEP, "kept kept_token kept_everywhere kept_sequence")
    assert found == [[0, 100 * 2 * 11, 100 * 2 * 8, 0], 300, 200, 2 * 100 * 30 + 100 * 8]


def test_activations_alive_are_those_of_the_fullest_moment():
    assert asked(Step, STEP, "live") == [2 * 50]
    assert asked(Step, STEP | {"tokens": 10}, "live") == [2 * 205]


RING = {
    "ranks": 4, "tokens": 8, "width": 100, "sums": 3, "said": 2, "scores": 50, "number": "2 byte",
    "bandwidth": "1 GB/s", "latency": "1 us",
}  # fmt: skip


def test_devices_pass_sums_twice_around_a_ring():
    rate, sent, messages, time = asked(Exchange, RING, "rate sent messages time")
    assert rate == 1
    assert sent == 2 * (3 * 2 * 3 / 4 * 800 + 3 * 100)
    assert messages == 3 * 6 + 3
    assert time == pytest.approx(sent * 1e-3 + messages)


def test_a_device_alone_tells_nothing():
    assert asked(Exchange, RING | {"ranks": 1, "bandwidth": "0 GB/s"}, "sent messages time") == [0, 0, 0]


@given(st.integers(1, 64), st.integers(0, 5000), st.integers(1, 300), st.integers(1, 4000))
def test_the_mean_over_steps_is_what_the_steps_see_one_by_one(batch, past, steps, window):
    told = STEP | {"batch": batch, "past": past, "steps": steps}
    told["window"] = STEP["window"] | {"near": window}
    (pairs,) = asked(Step, told, "pairs")
    seen = [min(past + k, window) for k in range(1, steps + 1)]
    assert pairs[2] == pytest.approx(sum(seen) / steps)
