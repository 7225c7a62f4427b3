"""Attention: pairs of queries and keys counted one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.library.operators.attention import Attention, MultiheadAttention
from tests.library.analog import answer

ASKED = ["macs", "ops", "softmax_ops", "read", "weights", "written", "rows", "columns", "depth", "repeats"]
SELF = {"batch": 2, "queries": 4, "context": 4, "heads": 6, "shared_heads": 2, "width": 8, "value_width": 8}


def test_everybody_sees_everybody():
    found = answer(Attention, SELF, [*ASKED, "pairs", "keys"])
    pairs = 4 * 4
    assert (found["pairs"], found["keys"]) == (pairs, 4)
    assert found["macs"] == 2 * 6 * pairs * (8 + 8)  # a product for the score, one for the value, of each width
    assert found["softmax_ops"] == 2 * 6 * pairs * 3
    assert found["ops"] == 2 * found["macs"] + found["softmax_ops"]
    assert found["read"] == 2 * 4 * 6 * 8 + 2 * 4 * 2 * 16  # queries of 6 heads, keys and values of 2
    assert (found["weights"], found["written"]) == (0, 2 * 4 * 6 * 8)
    assert (found["rows"], found["columns"], found["depth"], found["repeats"]) == (4, 4, 16, 12)


def test_a_mask_halves_the_work_of_a_prompt():
    found = answer(Attention, SELF | {"mask": "past"}, ["pairs", "past", "growing", "keys"])
    assert found == {"pairs": 1 + 2 + 3 + 4, "past": 0, "growing": 4, "keys": 4}


def test_a_token_that_is_generated_sees_all_before_it():
    told = SELF | {"queries": 1, "context": 100, "mask": "past"}
    found = answer(Attention, told, ["pairs", "past", "read", "macs"])
    assert (found["pairs"], found["past"]) == (100, 99)
    assert found["read"] == 2 * 6 * 8 + 2 * 100 * 2 * 16
    assert found["macs"] == 2 * 6 * 100 * 16


def test_fewer_key_heads_are_read_and_the_work_stays():
    many, few = (answer(Attention, SELF | {"shared_heads": h}, ["macs", "read"]) for h in (6, 1))
    assert many["macs"] == few["macs"]
    assert many["read"] - few["read"] == 5 * 2 * 4 * 16


@given(st.integers(1, 40), st.integers(0, 40), st.integers(1, 60))
def test_pairs_are_those_counted_one_by_one(queries, past, window):
    context = queries + past
    told = SELF | {"queries": queries, "context": context, "window": window, "mask": "past"}
    found = answer(Attention, told, ["pairs", "keys"])
    seen = [range(max(0, past + i + 1 - window), past + i + 1) for i in range(queries)]
    assert found == {"pairs": sum(map(len, seen)), "keys": len(set().union(*seen))}


@given(st.integers(1, 64), st.integers(1, 64))
def test_a_wider_window_is_never_less_work(queries, window):
    told = SELF | {"queries": queries, "context": 64, "mask": "past"}
    narrow, wide = (answer(Attention, told | {"window": w}, ["ops", "read"]) for w in (window, window + 1))
    assert narrow["ops"] <= wide["ops"]
    assert narrow["read"] <= wide["read"]


def test_attention_with_its_matrices_is_four_matrices_and_the_scores():
    told = {"batch": 2, "tokens": 4, "width": 48, "heads": 6}
    found = answer(MultiheadAttention, told, [*ASKED[:2], *ASKED[3:], "workspace", "scores.macs"])
    assert found["scores.macs"] == answer(Attention, SELF | {"shared_heads": 6}, ["macs"])["macs"]
    assert found["macs"] == 4 * 2 * 4 * 48 * 48 + found["scores.macs"]
    assert found["ops"] == 2 * found["macs"] + 3 * 2 * 6 * 16
    assert (found["weights"], found["read"], found["written"]) == (4 * 48 * 48 + 4 * 48, 2 * 4 * 48, 2 * 4 * 48)
    assert found["workspace"] == 4 * 2 * 4 * 48
    assert (found["rows"], found["columns"], found["depth"], found["repeats"]) == (8, 192, 48, 1)


@pytest.mark.parametrize("bias", [0, 1])
def test_biases_are_counted_where_they_are(bias):
    told = {"batch": 1, "tokens": 1, "width": 8, "heads": 2, "bias": bias}
    assert answer(MultiheadAttention, told, ["weights"])["weights"] == 256 + bias * 32


def test_values_that_are_parts_of_the_keys_are_not_read_again():
    apart, inside = (answer(Attention, SELF | {"inside": k}, ["read", "macs"]) for k in (0, 1))
    assert apart["read"] - inside["read"] == 2 * 4 * 2 * 8
    assert apart["macs"] == inside["macs"]
