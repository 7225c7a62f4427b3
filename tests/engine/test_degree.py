"""The degree reading: affine is proved, everything else is left open."""

from __future__ import annotations

import pytest

from symppa.engine.compile import compile
from symppa.engine.degree import degree
from symppa.language import Model, ceil_div, formula, given, index, largest, sqrt, total, where


class Shapes(Model):
    """One given in every position."""

    x = given("1", "what moves")
    a = given("1", "what does not")
    members = index("members")
    grown = index("as many members as x", size=x)
    weight = given("1", "weight", over=members)

    constant = formula("1", a * a + 1, "no x", derived=True)
    line = formula("1", (3 * x + a) / a - x * a, "a line", derived=True)
    summed = formula("1", total(weight * x, over=members), "lines over a set", derived=True)
    chosen = formula("1", where(a > 1, x, 2 * x), "one of two lines", derived=True)
    cancelled = formula("1", a * sqrt(a) + x, "a line beside a root", derived=True)

    square = formula("1", x * x, "a square", derived=True)
    inverse = formula("1", a / x, "an inverse", derived=True)
    broken = formula("1", where(x > 1, x, 2 * x), "two lines, broken", derived=True)
    top = formula("1", largest(x, a), "a line with a floor", derived=True)
    steps = formula("1", ceil_div(x, a), "steps", derived=True)
    grows = formula("1", total(grown, over=grown), "a sum that grows", derived=True)


@pytest.mark.parametrize(
    ("name", "found"),
    [("constant", 0), ("line", 1), ("summed", 1), ("chosen", 1), ("cancelled", 1)]
    + [(name, None) for name in ("square", "inverse", "broken", "top", "steps", "grows")],
)
def test_the_degree_of_every_shape(name, found):
    assert degree(compile(Shapes(), name), name, "x") == found
