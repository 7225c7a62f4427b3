"""A program called: numbers give numbers, arrays are points that move together."""

import numpy as np
import pytest

from symppa import Model, formula, given, index, largest, lookup, table, total
from symppa.engine.compile import compile
from symppa.errors import ShapeError
from symppa.language import ceil_div, equal, member, where


class Waves(Model):
    """Blocks on processors, layer by layer, in a number format."""

    layer = index("layers")
    formats = index("formats")
    blocks = given("1", "blocks", over=layer)
    speed = given("1/s", "rounds in a second", over=formats)
    precision = given("1", "format in use", domain=member(formats), default="half")
    processors = given("1", "processors")
    bits = given("1", "bits")
    cost = table("bits", price="USD")

    rate = formula("1/s", total(where(equal(formats, precision), speed, 0), over=formats), "rate", derived=True)
    time = formula("s", total(ceil_div(blocks, processors), over=layer) / rate, "time", derived=True)
    longest = formula("1", largest(ceil_div(blocks, processors), over=layer), "rounds of a layer", derived=True)
    waves = formula("1", ceil_div(blocks, processors), "rounds", derived=True)
    price = formula("USD", lookup(cost.price, bits) * processors, "price", derived=True)


TOLD = {
    "blocks": {"a": 10, "b": 3},
    "speed": {"full": 1.0, "half": 2.0},
    "cost": {4: {"price": "1 USD"}, 8: {"price": "3 USD"}},
    "bits": 8,
    "processors": 4,
}


def test_numbers_give_numbers():
    run = compile(Waves(), ["time", "longest", "price"])
    assert {k: float(v) for k, v in run(TOLD).items()} == {"time": 2.0, "longest": 3.0, "price": 12.0}


def test_arrays_are_points():
    run = compile(Waves(), ["time", "longest", "waves", "price", "rate"])
    several = {"processors": np.array([1, 2, 5]), "bits": np.array([4, 8, 4]), "precision": ["half", "full", "half"]}
    whole = run(TOLD | several)
    for k in range(3):
        one = run(TOLD | {n: v[k] for n, v in several.items()})
        for name in ("time", "longest", "waves", "price"):
            np.testing.assert_array_equal(whole[name][k], one[name])
    assert whole["waves"].shape == (3, 2)


def test_points_stand_beside_axes():
    run = compile(Waves(), ["price"], axes=["bits"])
    found = run(TOLD | {"processors": np.array([1, 2, 5]), "bits": np.array([4.0, 8.0])})["price"]
    np.testing.assert_array_equal(found, [[1, 3], [2, 6], [5, 15]])


def test_faster_never_slower():
    run = compile(Waves(), "time")
    assert np.all(np.diff(run(TOLD | {"processors": np.arange(1, 20)})["time"]) <= 0)


def test_points_are_equally_many():
    with pytest.raises(ShapeError, match="3 values along point, which has 2"):
        compile(Waves(), "price")(TOLD | {"processors": np.array([1, 2, 5]), "bits": np.array([4, 8])})
