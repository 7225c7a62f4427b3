"""Where two outputs are equal: exact where both are affine, tried at whole numbers, certified elsewhere."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symppa
from symppa.errors import QuestionError, UndefinedResultError, UnknownValueError
from symppa.language import Model, ceil_div, choices, formula, integers, reals
from symppa.language import given as declared
from symppa.studies.break_even import break_even
from tests.cli.asking import data, flat, told


class Curves(Model):
    """Lines, a parabola, a cubic and a staircase."""

    x = declared("m", "place", domain=reals("-10 m", "10 m"), default="0 m")
    start = declared("m", "height at the origin", default="3 m")
    unit = declared("m", "length", default="1 m")
    n = declared("1", "count", domain=integers(0, 100), default=1)
    free = declared("1", "factor without a domain", default=1)
    slope = declared("1", "slope", default=2)
    kind = declared("1", "kind", domain=choices("a", "b"), default="a")

    line = formula("m", slope * x, "line through the origin", derived=True)
    raised = formula("m", start + x, "raised line", derived=True)
    square = formula("m", x * x / unit, "parabola", derived=True)
    cubic = formula("m", x * x * x / unit**2 - 4 * x, "cubic", derived=True)
    stairs = formula("m", 5 * unit * ceil_div(n, 10), "staircase", derived=True)
    ramp = formula("m", n * n * unit / 10, "ramp", derived=True)
    scaled = formula("m", free * start, "scaled", derived=True)
    chosen = formula("m", start * (1 + kind), "by kind", derived=True)


def crossings(first, second, moved, values=None, **more):
    return break_even(Curves, first, second, moved, values, **more)


def test_two_lines_meet_at_a_quotient():
    # 2 x = 3 + x
    found = crossings("line", "raised", "x")
    assert found["break_even"] == found["low"] == found["high"] == pytest.approx([3])
    assert found.unit("break_even") == "m"
    assert found.facts["method"] == "exact: both are affine"
    assert [piece["output"] for piece in found.facts["smaller"]] == ["line", "raised"]


@given(st.floats(-4, 0.9), st.floats(-1, 1))
def test_at_the_crossing_of_two_lines_both_are_equal(slope, start):
    values = {"slope": slope, "start": start}
    for at in crossings("line", "raised", "x", values)["break_even"]:
        both = symppa.evaluate(Curves, values | {"x": at}, outputs=["line", "raised"])
        assert both["line"] == pytest.approx(both["raised"], abs=1e-12)


def test_curves_meet_between_certified_ends():
    # x^2 = 3 + x
    found = crossings("square", "raised", "x")
    roots = (1 + np.array([-1, 1]) * np.sqrt(13)) / 2
    assert found["break_even"] == pytest.approx(roots, rel=1e-9)
    assert np.all(found["low"] <= roots)
    assert np.all(roots <= found["high"])
    assert np.all(found["high"] - found["low"] < 1e-9)
    assert [piece["output"] for piece in found.facts["smaller"]] == ["raised", "square", "raised"]


def test_every_crossing_is_found():
    # x^3 - 4 x = 2 x at 0 and at +- sqrt(6)
    assert crossings("cubic", "line", "x")["break_even"] == pytest.approx([-np.sqrt(6), 0, np.sqrt(6)], abs=1e-9)


def test_a_range_is_searched_and_nothing_else():
    assert crossings("square", "raised", "x", within="0 m:10 m")["break_even"] == pytest.approx([(1 + np.sqrt(13)) / 2])
    found = crossings("square", "raised", "x", within="3 m:10 m")
    assert not len(found["break_even"])
    assert found.facts["smaller"] == [{"from": 3, "to": 10, "output": "raised"}]


def test_whole_numbers_are_all_tried():
    # n^2 / 10 against 5 for each ten begun: equal at 0, above from 8, below again at 11, equal at 10, above from 15
    found = crossings("ramp", "stairs", "n")
    sign = np.sign([n * n / 10 - 5 * -(-n // 10) for n in range(101)])
    turns = [k + 1 for k in range(100) if sign[k] * sign[k + 1] < 0]
    assert found["break_even"].tolist() == sorted([0, *turns, *(k for k in range(1, 101) if sign[k] == 0)])
    assert found.facts["method"] == "exact: every whole number tried"


def test_lines_that_are_equal_everywhere_do_not_cross():
    found = crossings("line", "2 * x", "x")
    assert not len(found["break_even"])
    assert [piece["output"] for piece in found.facts["smaller"]] == ["equal"]


def test_curves_that_only_touch_are_told_apart():
    # x^2 and 2 x - 1 touch at 1
    found = crossings("square", "line - unit", "x", within="0 m:3 m")
    assert found["break_even"] == pytest.approx([1], abs=1e-5)
    assert any("without a change of sides" in note for note in found.notes)
    assert not any("without a change" in note for note in crossings("square", "raised", "x").notes)


def test_an_output_that_is_undefined_is_refused():
    with pytest.raises(UndefinedResultError, match=r"undefined at x = -10 m"):
        crossings("line", "unit * sqrt(x / unit)", "x")


def test_the_shipped_chip_breaks_even_at_its_closed_form():
    closed = symppa.evaluate("analog_soc")["latency_break_even"]
    found = break_even("analog_soc", "latency", "plain_latency", "prompt", within="0:4096")
    assert found["break_even"] == pytest.approx([closed])


def test_the_acceptance_that_breaks_even_is_certified():
    found = break_even("analog_soc", "latency", "plain_latency", "acceptance.rate", {"prompt": 20})
    [low], [high] = found["low"], found["high"]
    gains = [symppa.evaluate("analog_soc", {"prompt": 20, "acceptance.rate": a})["speed_up"] for a in (low, high)]
    assert gains[0] <= 1 + 1e-9
    assert gains[1] >= 1 - 1e-9
    assert high - low < 1e-9


@pytest.mark.parametrize(
    ("first", "moved", "message"),
    [
        ("line", "kind", "no single number"),
        ("scaled", "free", "--range"),
        ("line", "y", "did you mean|there are"),
    ],
)
def test_what_cannot_be_searched_is_refused(first, moved, message):
    with pytest.raises((QuestionError, UnknownValueError), match=message):
        crossings(first, "chosen", moved)


class TestVerb:
    ASK = ("break-even", "analog_soc", "latency", "plain_latency", "--in", "prompt")

    def test_a_crossing(self):
        text = flat(*self.ASK, "--range", "0:4096")
        assert "latency is smaller 0 to 39.31" in text
        assert "exact: both are affine" in text

    def test_none(self):
        text = flat("break-even", "analog_soc", "energy", "plain_energy", "--in", "prompt", code=1)
        assert "none energy and plain_energy are not equal anywhere in this range" in text

    def test_json(self):
        found = data(*self.ASK, "--range", "0:4096")
        assert found["outputs"]["break_even"]["values"] == pytest.approx([39.30795174])
        assert json.loads(told(*self.ASK, "--range", "0:4096", "--json")) == found

    def test_unlike_outputs_are_refused(self):
        assert told("break-even", "analog_soc", "latency", "energy", "--in", "prompt", code=2) == ""


def test_an_output_against_itself_is_refused():
    with pytest.raises(QuestionError, match="equals itself everywhere"):
        break_even("analog_soc", "latency", "latency", "prompt")
