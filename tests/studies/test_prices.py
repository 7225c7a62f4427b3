"""What a limit costs, where time is short, where a gap is asked for, and where bounds are negative."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symppa import Model, formula, given, integers, where
from symppa.engine.search.problem import judged
from symppa.errors import QuestionError
from symppa.language import equal
from symppa.reports.contents import report
from symppa.reports.text import as_text
from symppa.studies.design import design
from symppa.studies.design.asking import asking
from symppa.studies.design.explain.shadow import LOOSER, TIGHTER, Design, Prices
from symppa.studies.design.problem import place_of, questions


class Needle(Model):
    """One pair is far better than all others."""

    a = given("1", "first", domain=integers(1, 20_000))
    b = given("1", "second", domain=integers(1, 20_000))
    cost = formula("1", where(equal(a, 7919), where(equal(b, 10477), 8, 10), 10) + 1e-12 * a * b, "cost", derived=True)
    area = formula("1", a + b, "area", derived=True)
    debt = formula("1", -a - b, "debt", derived=True)


PAIRS = {"system": Needle, "minimize": "cost", "free": {"a": [1, 20_000], "b": [1, 20_000]}}
NEEDLE = {**PAIRS, "subject_to": {"area": "<= 18500"}}


def sides(found):
    return [row["price"][side] for row in found.facts["limits"] if row["price"] for side in (LOOSER, TIGHTER)]


def test_with_a_gap_prices_are_of_the_best_design():
    # within 18500: 8.00008; within 18315 the pair does not fit, and 10 is the best
    exact, near = (design(**NEEDLE, gap=gap) for gap in (0.0, 0.3))
    assert near["cost"] > 9
    assert near.facts["priced"] == {"value": exact["cost"], "proved": True}
    assert [one["change"] for one in sides(near)] == pytest.approx([one["change"] for one in sides(exact)])
    assert [one["change"] for one in sides(near)] == pytest.approx([0.0, 10.000000000001 / exact["cost"] - 1])
    words = " ".join(as_text(report(near)).split())
    assert "prices of the best design, of 8, which the gap left unfound" in words


@pytest.mark.parametrize("target", ["tile_gemm_orders", "edge_5w", "sram_fit"])
@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.4])
def test_a_price_that_is_not_settled_is_no_number_and_none_has_the_wrong_sign(target, seconds):
    found = design(target, explain=False)
    (question,) = questions(asking(target))
    problem = question.problem()
    point = {name: place_of(question, name, found[name]) for name in question.free}
    value = judged(problem, point).value
    made = Prices([problem], Design(0, point, value), seconds).run()
    sign = 1.0 if problem.objective[1] == "min" else -1.0
    for price in made:
        for side, way in ((LOOSER, -1.0), (TIGHTER, 1.0)):
            one = price[side]
            known = [one["change"]] if one["proved"] else one["between"]
            assert all(way * sign * change >= 0 for change in known if change is not None)
            assert one["proved"] or one["change"] is None


def test_what_is_not_settled_is_said():
    (question,) = questions(asking(**NEEDLE))
    base = Design(0, {"a": 7919.0, "b": 10477.0}, 8 + 1e-12 * 7919 * 10477)
    (price,) = Prices([question.problem()], base, 0.0).run()
    assert price[LOOSER]["between"][0] == 0.0  # the design that is known still fits
    assert price[TIGHTER] | {"bound": 0} == {
        "bound": 0, "verdict": "open", "proved": False, "change": None, "value": None, "between": [None, 0.0],
    }  # fmt: skip
    found = design(**NEEDLE)
    row = {**found.facts["limits"][0], "price": price}
    told = replace(found, facts={**found.facts, "limits": [row]})
    assert "not settled in time" in as_text(report(told))


def test_a_price_says_the_bound_that_it_is_of():
    # 18396 = 7919 + 10477 are out of 18300 and within 1 % more of it: 8.00008 for 10
    found = design(**PAIRS, subject_to={"debt": ">= -18300"})
    (row,) = found.facts["limits"]
    assert row["price"][LOOSER]["bound"] == -18483
    assert row["price"][TIGHTER]["bound"] == -18117
    words = " ".join(as_text(report(found)).split())
    assert "price debt >= -18483 buys 20 % less cost, proved" in words, words


def test_a_gap_is_refused_where_it_means_nothing(tmp_path):
    goal = tmp_path / "goal.yaml"
    goal.write_text("extends: soc_500w\nuncertain: {sm_power: [1.4 W, 1.6 W]}\n")
    with pytest.raises(QuestionError, match="limits that hold for what is uncertain cannot have one"):
        design(goal, gap=0.1)
    goal.write_text("extends: soc_500w\nmaximize: compute_density\nminimize: power\n")
    with pytest.raises(QuestionError, match="a front cannot have one"):
        design(goal, gap=0.1)


def test_a_front_shows_its_progress():
    seen = []
    design(
        system=Needle, minimize=["cost", "area"], free={"a": [1, 20_000], "b": [1, 20_000]}, time_limit=3.0,
        progress=lambda bound, best, boxes: seen.append((bound, best, boxes)),
    )  # fmt: skip
    assert seen
    assert {one[:2] for one in seen} == {(None, None)}
    assert [one[2] for one in seen] == sorted(one[2] for one in seen)
