"""One time limit is for all of a call: the search, the explanation and the trade-off."""

from __future__ import annotations

from time import perf_counter

import pytest

from symppa.reports.contents import report
from symppa.reports.text import as_text
from symppa.studies.design import design
from symppa.studies.design.budget import Budget


def told(found):
    return " ".join(as_text(report(found)).split())


@pytest.mark.parametrize("limit", [0.3, 1.0])
def test_search_explanation_and_trade_off_share_the_time(limit):
    start = perf_counter()
    found = design("soc_prd", time_limit=limit, relax="power")
    assert perf_counter() - start < limit + 2.0  # building is not interrupted, nor is a step of a search
    assert found.facts["status"] == "infeasible"
    assert found.facts["explanation"]["time_limit"] == limit
    assert found.facts["explanation"]["seconds"] <= limit / 2


def test_what_could_not_be_explained_in_time_says_so():
    found = design("soc_prd", time_limit=0.02)
    assert found.facts["status"] == "infeasible"
    said = found.facts["explanation"]
    assert (said["whole"], said["interrupted"]) == (False, False)
    assert said["seconds"] < 0.02
    assert "in part why nothing fits is not all known: it had" in told(found)
    assert "of the time limit of 0.02 s" in told(found)


@pytest.mark.parametrize("target", ["soc_prd", "soc_500w"])
def test_what_is_explained_in_time_says_nothing_of_it(target):
    found = design(target)
    assert found.facts["explanation"]["whole"]
    assert "in part" not in told(found)


def test_a_budget_is_spent_once():
    budget = Budget(0.5)
    first = budget.left
    assert 0 < budget.left <= first <= 0.5
    assert Budget(1e-12).left == 0
