"""Several objectives: the front is that of trying everything, by either way to it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st

from symppa import Model, ceil_div, choices, formula, given, integers, part, where
from symppa.errors import QuestionError, UnsupportedError
from symppa.language import equal, reals
from symppa.studies.design import design
from symppa.studies.design.asking import asking
from symppa.studies.design.fronts.front import fronts
from symppa.studies.design.problem import questions


class Frame(Model):
    """What holds the heads."""

    heads = given("1", "heads", domain=integers(1, 99))
    unit_price = given("USD", "price for a head", default="1 USD")
    price = formula("USD", ..., "price")
    slack = formula("1", ..., "slack")


class Steel(Frame):
    """Heavy, and stiff."""

    price = formula("USD", 10 * Frame.unit_price + 2 * Frame.heads * Frame.unit_price, derived=True)
    slack = formula("1", Frame.heads, derived=True)


class Wood(Frame):
    """Cheap, and soft."""

    price = formula("USD", 3 * Frame.heads * Frame.unit_price, derived=True)
    slack = formula("1", 2 * Frame.heads + 1, derived=True)


class Framed(Model):
    """Heads in a frame."""

    heads = given("1", "heads", domain=integers(1, 99))
    frame = part(Frame, default=Steel, heads=heads)

    price = formula("USD", frame.price, "price", derived=True)
    slack = formula("1", frame.slack, "slack", derived=True)


class Press(Model):
    """A press with heads, each of some width."""

    heads = given("1", "heads", domain=integers(1, 99))
    width = given("1", "width of a head", domain=integers(1, 99))
    scale = given("1", "scale of all", default=1, domain=reals(0))
    head_price = given("USD", "price of a head", default="3 USD")
    finish = given("1", "finish", default="raw", domain=choices("raw", "fine"))

    passes = formula(
        "1", ceil_div(60, heads * width) + where(equal(finish, 0), 2, 0), "passes of a sheet", derived=True
    )
    price = formula("USD", head_price * heads * (1 + width * width / 8), "price", derived=True)
    noise = formula("1", heads * 5 - width * 3, "noise", derived=True)
    speed = formula("1", heads * scale, "speed", derived=True)
    wear = formula("1", 4 + (scale - 3) * (scale - 3) * heads, "wear", derived=True)


FREE = {"heads": [1, 9], "width": [1, 7]}
OBJECTIVES = ("passes", "price", "noise")


def by_hand(heads, width):
    return {
        "passes": math.ceil(60 / (heads * width)) + 2,
        "price": 3 * heads * (1 + width**2 / 8),
        "noise": heads * 5 - width * 3,
    }


def unbeaten(senses, price=1e9, heads=range(1, 10), widths=range(1, 8)):
    """Every different front point by comparing all pairs."""
    made = [by_hand(h, w) for h, w in itertools.product(heads, widths)]
    signs = {name: 1 if sense == "min" else -1 for name, sense in senses.items()}
    points = {tuple(signs[n] * one[n] for n in senses) for one in made if one["price"] <= price}
    return {
        point
        for point in points
        if not any(other != point and all(a <= b for a, b in zip(other, point, strict=True)) for other in points)
    }


def arguments(senses):
    found = {"minimize": [n for n, s in senses.items() if s == "min"]}
    return found | {"maximize": [n for n, s in senses.items() if s == "max"]}


def points_of(found, senses):
    columns = [found[name] * (1 if sense == "min" else -1) for name, sense in senses.items()]
    return set(zip(*(column.tolist() for column in columns), strict=True))


pairs = st.permutations(OBJECTIVES).flatmap(
    lambda names: st.lists(st.sampled_from(["min", "max"]), min_size=2, max_size=3).map(
        lambda senses: dict(sorted(zip(names, senses, strict=False), key=lambda one: one[1] == "max"))
    )
)


@settings(max_examples=30)
@cases(pairs, st.integers(4, 200))
def test_the_front_of_a_lattice_is_that_of_comparing_all(senses, price):
    ask = {"system": Press, "free": FREE, "subject_to": {"price": f"<= {price} USD"}, **arguments(senses)}
    found = design(**ask)
    assert found.facts["status"] == "optimal"
    assert points_of(found, senses) == unbeaten(senses, price)
    for k in range(len(found["heads"])):
        told = by_hand(found["heads"][k], found["width"][k])
        assert all(found[name][k] == told[name] for name in senses)
    assert np.all(np.diff(found[next(iter(found.facts["objectives"]))]) * (1 if "min" in senses.values() else -1) >= 0)
    stepped = fronts(questions(asking(**ask)), 60.0, few=0)
    assert stepped.whole
    assert stepped.searches >= len(senses) * len(stepped.places)
    again = {tuple(_signed(senses, by_hand(p.point["heads"], p.point["width"]))) for p in stepped.places}
    assert again == unbeaten(senses, price)


def _signed(senses, one):
    return [one[name] * (1 if sense == "min" else -1) for name, sense in senses.items()]


def test_classes_to_choose_from_stand_along_a_front():
    # wood of 2, 3, 4 heads: 6, 9, 12 USD and a slack of 5, 7, 9; steel: 14, 16, 18 USD and 2, 3, 4
    found = design(
        system=Framed, minimize=["price", "slack"], free={"heads": [2, 4]}, slots={"frame": ["Steel", "Wood"]}
    )
    assert found["frame"].tolist() == ["Wood", "Steel"]
    assert found["price"].tolist() == [6, 14]
    assert found["slack"].tolist() == [5, 2]


def test_labels_stand_along_a_front():
    free = {"finish": {"choices": ["raw", "fine"]}, "heads": {"choices": [2, 5]}}
    found = design(system=Press, values={"width": 3}, minimize=["passes", "price"], free=free)
    assert found["finish"].tolist() == ["fine", "fine"]  # two passes less, at no price
    assert found["passes"].tolist() == [4, 10]
    assert found["heads"].tolist() == [5, 2]


def test_a_front_of_reals_has_points_that_none_beats():
    # speed = 4 s, wear = 4 + 4 (s - 3)^2: from s = 3 on less wear is less speed
    found = design(
        system=Press, values={"heads": 4, "width": 3}, maximize="speed", minimize="wear", free={"scale": [1, 5]}
    )
    assert found.facts["status"] == "feasible"
    certificate = found.facts["certificate"]
    assert (certificate["proved"], certificate["whole"]) == (True, False)
    assert len(found["speed"]) >= 15
    assert found["wear"].min() == pytest.approx(4, abs=1e-4)
    assert found["speed"].max() == pytest.approx(20, rel=1e-5)
    np.testing.assert_allclose(found["wear"], 4 + 4 * (found["speed"] / 4 - 3) ** 2, rtol=1e-4)
    assert found["scale"].min() > 3 - 1e-2


def test_a_front_that_does_not_exist_is_explained():
    found = design(system=Press, minimize=["passes", "price"], subject_to={"price": "<= 1 USD"}, free=FREE)
    assert (found.study, found.facts["status"]) == ("design", "infeasible")
    assert found.facts["conflict"]["minimal"]


def test_a_front_has_units_confidence_and_plain_data():
    found = design(system=Press, minimize=["passes", "price"], free=FREE)
    assert found.unit("price") == "USD"
    assert '"study": "front"' in found.to_json()
    assert found.facts["certificate"]["designs"] == 63


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        (
            {"minimize": ["wear", "price", "noise", "passes"], "maximize": "speed", "free": FREE},
            UnsupportedError, "2 to 4 objectives, not 5",
        ),
        ({"minimize": ["wear", "price"], "free": FREE, "steps": 9}, QuestionError, "among finitely many designs"),
        ({"minimize": "wear", "free": {"scale": [1, 5]}, "steps": 9}, QuestionError, "there is 1 objective"),
        (
            {"minimize": "wear", "maximize": "speed", "free": {"scale": [1, 5]}, "steps": 2},
            QuestionError, "3 steps or more along an objective",
        ),
        (
            {"minimize": ["wear", "price"], "subject_to": "price <= 9 USD", "free": FREE, "relax": "price"},
            QuestionError, "wear, price make a front",
        ),
    ],
)  # fmt: skip
def test_a_front_that_is_out_of_reach_is_refused(more, error, words):
    values = {"heads": 4, "width": 3}
    with pytest.raises(error, match=words):
        design(system=Press, values={n: v for n, v in values.items() if n not in more["free"]}, **more)
