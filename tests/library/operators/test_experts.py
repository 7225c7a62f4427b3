"""Experts and the choice of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.library.operators.experts import Experts, Router
from tests.library.analog import answer

PRODUCT = ["rows", "columns", "depth", "repeats", "read", "weights", "written", "workspace"]
MIXTURE = {"tokens": 1, "width": 16, "hidden": 32, "experts": 8, "active": 2}


def test_one_token_meets_as_many_experts_as_it_chooses():
    found = answer(Experts, MIXTURE, ["met", "macs", "ops", *PRODUCT])
    assert found["met"] == pytest.approx(2)
    assert found["macs"] == 2 * 3 * 16 * 32
    assert found["ops"] == 2 * found["macs"] + 2 * (32 * 5 + 2 * 16)  # what bends, and the weighted sum
    assert found["weights"] == pytest.approx(2 * 3 * 16 * 32)
    assert (found["read"], found["written"]) == (16, 16)
    assert found["workspace"] == 2 * (2 * 32 + 16)
    assert (found["columns"], found["depth"]) == (32, 3 * 16)
    assert (found["rows"], found["repeats"]) == (pytest.approx(1), pytest.approx(2))


def test_experts_without_a_gate_have_two_matrices():
    found = answer(Experts, MIXTURE | {"matrices": 2, "bend": "1 op"}, ["macs", "ops"])
    assert found == {"macs": 2 * 2 * 16 * 32, "ops": 2 * 2 * 2 * 16 * 32 + 2 * (32 + 32)}


def test_experts_met_are_those_of_a_draw():
    rng = np.random.default_rng(1)
    draws = [len({e for _ in range(6) for e in rng.choice(8, 2, replace=False)}) for _ in range(4000)]
    assert answer(Experts, MIXTURE | {"tokens": 6}, ["met"])["met"] == pytest.approx(np.mean(draws), rel=0.01)


@given(st.integers(1, 500), st.integers(1, 64), st.integers(1, 64))
def test_experts_met_lie_between_those_of_a_token_and_all(tokens, experts, active):
    active = min(active, experts)
    told = MIXTURE | {"tokens": tokens, "experts": experts, "active": active}
    found = answer(Experts, told, ["met", "rows", "columns", "depth", "repeats", "macs"])
    assert active * (1 - 1e-12) <= found["met"] <= experts
    product = found["rows"] * found["columns"] * found["depth"] * found["repeats"]
    assert product == pytest.approx(found["macs"])


def test_a_router_scores_every_expert():
    told = {"tokens": 5, "width": 16, "experts": 8, "active": 2}
    found = answer(Router, told, ["macs", "ops", *PRODUCT])
    sizes = {"rows": 5, "columns": 8, "depth": 16, "repeats": 1}
    moved = {"read": 5 * 16, "weights": 8 * 16, "written": 5 * 2, "workspace": 5 * 8}
    assert found == sizes | moved | {"macs": 5 * 8 * 16, "ops": 2 * 5 * 8 * 16 + 3 * 5 * 8}
