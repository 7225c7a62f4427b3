"""What a limit costs, and the trade-off along it: proved on both sides, and as by trying everything."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st

from symppa import Model, ceil_div, formula, given, integers
from symppa.errors import QuestionError
from symppa.language import reals
from symppa.studies.design import design


class Store(Model):
    """A store of racks."""

    boards = given("1", "boards", domain=integers(1, 100))
    chips = given("1", "chips of a board", domain=integers(1, 100))
    clock = given("GHz", "clock", default="1 GHz", domain=reals("0 GHz"))
    chip_power = given("W", "power of a chip", default="3 W")
    board_power = given("W", "power of a board without chips", default="7 W")

    speed = formula("GHz", boards * chips * clock, "clocks of all chips", derived=True)
    power = formula("W", boards * (chips * chip_power + board_power), "power of all boards", derived=True)
    units = formula("1", ceil_div(boards, 3), "units of a rack", derived=True)
    spare = formula("1", boards - chips, "boards more than chips", derived=True)


FREE = {"boards": [1, 12], "chips": [1, 9]}


def asked(limits, maximize="speed", free=FREE, **more):
    return design(system=Store, maximize=maximize, subject_to=limits, free=free, **more)


def best(power, units=99, least=-99):
    """The most chips within a power by trying all."""
    found = [
        boards * chips
        for boards, chips in itertools.product(range(1, 13), range(1, 10))
        if boards * (3 * chips + 7) <= power * (1 + 1e-9) and math.ceil(boards / 3) <= units and boards - chips >= least
    ]
    return max(found, default=None)


def told(side):
    return side["change"], side["proved"]


@settings(max_examples=40)
@cases(st.integers(1, 430), st.integers(1, 4), st.integers(-9, 11))
def test_a_price_is_that_of_trying_everything(power, units, least):
    found = asked({"power": f"<= {power} W", "units": f"<= {units}", "spare": f">= {least}"})
    here = best(power, units, least)
    if here is None:
        assert found.facts["status"] == "infeasible"
        return
    of_power, of_units, of_spare = (row["price"] for row in found.facts["limits"])
    for price, up, down in (
        (of_power, best(power * 1.01, units, least), best(power * 0.99, units, least)),
        (of_units, best(power, units * 1.01, least), best(power, units * 0.99, least)),
    ):
        assert told(price["looser"]) == (pytest.approx((up - here) / here), True)
        assert told(price["tighter"]) == (None if down is None else pytest.approx((down - here) / here), True)
    assert (of_spare is None) == (least == 0)
    if least:
        looser = best(power, units, least - 0.01 * abs(least))
        assert of_spare["looser"]["change"] == pytest.approx((looser - here) / here)


def test_a_price_along_reals_is_the_slope():
    # speed is as much as power where the clock alone is free: 1 % of each
    found = design(
        system=Store, values={"boards": 2, "chips": 3}, maximize="speed",
        subject_to={"speed": "<= 12 GHz"}, free={"clock": ["1 GHz", "9 GHz"]},
    )  # fmt: skip
    price = found.facts["limits"][0]["price"]
    assert price["looser"]["change"] == pytest.approx(0.01, abs=5e-6)
    assert price["tighter"]["change"] == pytest.approx(-0.01, abs=5e-6)
    assert found.facts["steepness"] == {"clock": pytest.approx(1)}


def test_how_steep_the_objective_is_at_the_answer():
    found = asked({"power": "<= 100 W"}, "power")
    chips, boards = found["chips"], found["boards"]
    assert found.facts["steepness"] == {"boards": 1, "chips": pytest.approx(3 * chips / (3 * chips + 7))}
    assert boards * (3 * chips + 7) == found["power"]


def test_a_limit_that_costs_something_binds():
    # 11 W are a board of one chip; two chips are 13 W, and one percent of 12.9 W is enough for them
    found = asked({"power": "<= 12.9 W"})
    assert found.facts["limits"][0]["binds"]
    assert found.facts["limits"][0]["price"]["looser"]["change"] == pytest.approx(1)


def test_what_is_not_to_be_explained_has_no_price():
    found = asked({"power": "<= 100 W"}, explain=False)
    assert "price" not in found.facts["limits"][0]
    assert "steepness" not in found.facts


@pytest.mark.parametrize("power", [5, 60, 200, 1000])
def test_a_trade_off_is_proved_from_tight_to_idle(power):
    found = asked({"power": f"<= {power} W", "spare": ">= 3"}, relax="power").facts["trade_off"]
    bounds = [row["bound"] for row in found["rows"]]
    assert bounds == sorted(bounds)
    assert bounds[0] == pytest.approx(4 * (3 * 1 + 7))  # 4 boards of one chip are the least with 3 to spare
    assert bounds[-1] == pytest.approx(12 * (3 * 9 + 7))  # 12 of 9
    assert [row["asked"] for row in found["rows"]].count(True) == (1 if 40 < power < 408 else 0)
    for row in found["rows"]:
        assert row["proved"]
        assert row["value"] == best(row["bound"], least=3)
        assert row["uses"] <= row["bound"] * (1 + 1e-9)
        assert row["design"]["boards"] * row["design"]["chips"] == row["value"]
    assert best(bounds[-1] - 1, least=3) < found["rows"][-1]["value"]  # one less is felt


def test_a_trade_off_of_what_is_to_be_least_along_a_lower_limit():
    found = design(system=Store, minimize="power", subject_to="speed >= 50 GHz", free=FREE, relax="speed")
    rows = found.facts["trade_off"]["rows"]
    assert [row["bound"] for row in rows] == sorted((row["bound"] for row in rows), reverse=True)
    assert (rows[0]["bound"], rows[0]["value"]) == (108, 408)
    assert (rows[-1]["bound"], rows[-1]["value"]) == (1, 10)  # one chip on one board is the least there is


def test_no_bound_lets_a_design_through():
    found = asked({"power": "<= 60 W", "spare": ">= 12"}, relax="power")
    assert found.facts["status"] == "infeasible"
    assert found.facts["trade_off"]["rows"] == []


@pytest.mark.parametrize(
    ("limits", "relax", "words", "more"),
    [
        ({"power": "<= 60 W"}, "powr", "there is no limit on powr; did you mean power", {}),
        ({"power": ["<= 60 W", ">= 1 W"]}, "power", "power has 2 limits: relax 'power <= 60 W' or 'power >= 1 W'", {}),
        ({"power": "== 60 W"}, "power", "no bound to one side", {}),
        ({"power": "<= 60 W"}, "power", "nothing is to be best", {"maximize": ()}),
    ],
)
def test_a_trade_off_that_is_none_is_refused(limits, relax, words, more):
    with pytest.raises(QuestionError, match=words):
        asked(limits, relax=relax, **more)


def test_one_of_two_limits_is_relaxed_by_its_text():
    found = asked({"power": ["<= 60 W", ">= 1 W"]}, relax="power <= 60 W")
    assert found.facts["trade_off"]["relation"] == "<="
