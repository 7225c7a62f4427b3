"""Laws of speculative decoding: worked cases, measured ones, and the best burst against a search."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.errors import DomainError, UndefinedResultError, WiringError
from symppa.library.laws.speculation import (
    Acceptance,
    CountedAcceptance,
    IndependentAcceptance,
    MeasuredAcceptance,
    OptimalBurst,
    SpeculationGain,
)
from symppa.studies.evaluate import evaluate
from tests.library.analog import answer

BOARD = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "spec_bench_leaderboard.csv"
BEST = compile(OptimalBurst(), ["burst", "gain", "stationary", "below", "gain_below", "gain_above", "least_acceptance"])


def committed(rate, burst):
    return answer(IndependentAcceptance, {"rate": rate, "burst": burst}, ["committed"])["committed"]


def best(rate, cost):
    return {name: float(value) for name, value in run(BEST, {"rate": rate, "draft_cost": cost}).items()}


def gain(rate, cost, burst):
    return sum(rate**i for i in range(burst + 1)) / (1 + burst * cost)


@pytest.mark.parametrize(
    ("rate", "burst", "tokens"), [(0.5, 1, 1.5), (0.5, 2, 1.75), (0.8, 5, 3.68928), (1, 7, 8), (0, 4, 1)]
)
def test_independent_acceptance_by_hand(rate, burst, tokens):
    assert committed(rate, burst) == pytest.approx(tokens)


@given(st.floats(0, 1), st.integers(0, 12))
def test_independent_acceptance_is_a_histogram(rate, burst):
    # all but the last count end at the first token that is not accepted
    counts = [rate**a * (1 - rate) for a in range(burst)] + [rate**burst]
    told = {"burst": burst, "accepted": list(range(burst + 1)), "probability": counts}
    assert answer(CountedAcceptance, told, ["committed"])["committed"] == pytest.approx(committed(rate, burst))


@pytest.mark.parametrize(("burst", "tokens", "wasted"), [(5, 4.5, 1.5), (2, 1 + 22 / 14, 6 / 14), (0, 1, 0)])
def test_a_histogram_by_hand(burst, tokens, wasted):
    # the seed's statistics: 2, 2, 1 and 9 of 14 bursts accepted 0, 1, 2 and 5 tokens; shorter bursts cut them off
    told = {"burst": burst, "accepted": [0, 1, 2, 5], "probability": [2 / 14, 2 / 14, 1 / 14, 9 / 14]}
    found = answer(CountedAcceptance, told, ["committed", "wasted"])
    assert found == pytest.approx({"committed": tokens, "wasted": wasted})


@pytest.mark.parametrize(("measured", "tokens"), [(1.73, 1.73), (9, 4)])
def test_no_burst_commits_more_than_it_drafts_and_one(measured, tokens):
    assert answer(MeasuredAcceptance, {"measured": measured, "burst": 3}, ["committed"])["committed"] == tokens


def test_a_gain_by_hand():
    # 5 drafted tokens at a tenth of a step each: 3.689 tokens in 1.5 steps
    told = {"burst": 5, "committed": 3.68928, "draft_cost": 0.1}
    found = answer(SpeculationGain, told, ["cycle_cost", "gain"])
    assert found == pytest.approx({"cycle_cost": 1.5, "gain": 2.45952})


@pytest.mark.parametrize(
    ("rate", "cost", "burst"),
    [(0.8, 0.05, 8), (0.9, 0.02, 19), (0.6, 0.1, 3), (0.75, 0.02, 9), (0.5, 0.6, 0)],
)
def test_the_best_burst_is_that_of_a_search(rate, cost, burst):
    found = best(rate, cost)
    assert found["burst"] == burst == max(range(200), key=lambda k: gain(rate, cost, k))
    assert found["gain"] == pytest.approx(gain(rate, cost, burst))
    assert found["gain_below"] == pytest.approx(gain(rate, cost, int(found["below"])))
    assert found["gain_above"] == pytest.approx(gain(rate, cost, int(found["below"]) + 1))


@given(st.floats(0.05, 0.95), st.floats(0.01, 2))
def test_no_other_burst_gains_more(rate, cost):
    found = best(rate, cost)
    others = np.array([gain(rate, cost, k) for k in range(400)])
    assert found["gain"] >= others.max() * (1 - 1e-9)
    assert found["below"] <= max(found["stationary"], 0) <= found["below"] + 1


@given(st.floats(0.05, 0.95), st.floats(0.01, 2))
def test_some_burst_gains_exactly_where_acceptance_exceeds_the_cost_of_a_draft(rate, cost):
    found = best(rate, cost)
    assert found["least_acceptance"] == cost
    if abs(rate - cost) > 1e-9:
        assert (found["gain"] > 1 + 1e-12) == (rate > cost)


def test_free_drafts_have_no_best_burst():
    with pytest.raises(UndefinedResultError, match="division by zero"):
        evaluate(OptimalBurst, {"rate": 0.8, "draft_cost": 0})


def test_an_acceptance_above_one_is_refused():
    with pytest.raises(DomainError, match="rate"):
        committed(1.2, 3)


def test_an_acceptance_of_no_kind_commits_nothing():
    with pytest.raises(WiringError, match="subclass"):
        Acceptance().expression("committed")


@pytest.mark.skipif(not BOARD.exists(), reason="the leaderboard lies in shared/data beside a checkout")
class TestSpecBench:
    def rows(self):
        with BOARD.open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def test_measured_tokens_of_a_cycle_give_the_measured_speed(self):
        for row in self.rows():
            # step_cost is the cycle in plain steps, draft and verification together
            told = {"burst": 99, "measured": float(row["mat"])}
            tokens = answer(MeasuredAcceptance, told, ["committed"])["committed"]
            told = {"burst": 0, "committed": tokens, "draft_cost": 0, "verify_cost": float(row["step_cost"])}
            assert answer(SpeculationGain, told, ["gain"])["gain"] == pytest.approx(float(row["overall"]), rel=1e-9)

    def test_every_method_accepts_more_than_its_drafts_cost(self):
        assert all(float(row["mat"]) > float(row["step_cost"]) > 1 for row in self.rows())
