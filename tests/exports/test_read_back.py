"""The mathematics that is printed, read back: every right side, and the numbers put in, give what the engine gives."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from symppa import units
from symppa.exports.content import Content
from symppa.exports.latex import Options, write
from symppa.exports.markdown import measured
from symppa.exports.paper import Paper, Setting
from symppa.language import (
    Model,
    exp,
    formula,
    geometric_sum,
    given,
    largest,
    log,
    power,
    smooth_largest,
    sqrt,
    where,
)
from symppa.language.glyphs import canonical
from tests.exports.reading import UnreadError, value
from tests.exports.systems import SHIPPED, contents

WAYS = {
    "plain": {},
    "inline": {"inline": True},
    "substitute": {"substitute": True},
    "both": {"inline": True, "substitute": True},
}


class Signed(Model):
    """Values of either sign, with units, under powers, signs and functions."""

    V = given("V", "a voltage", default=-0.5)
    U = given("V", "another", default=0.75)
    d = given("1", "a negative number", default=-0.12)
    q = given("percent", "a share", default=99)
    K = given("1", "a best length", default=3, symbol="K^*")
    x = given("1", "a primed one", default=-1.5, symbol="x'")
    t = given("µs", "a short time", default=2)
    k = given("W/(m*K)", "conductivity", default=150)
    w = given("%/K", "drift", default=2)

    squares = formula("V**2", power(V, 2) + power(U, 2) - V * U, "squares", derived=True)
    far = formula("V", U + V, "sum", derived=True)
    less = formula("V", U - V + 2 * V, "difference", derived=True)
    grown = formula("1", power(q, K) + power(d, 2) - d, "powers", derived=True)
    marked = formula("1", power(K, 2) + power(x, 2) * K + power(K, x), "powers of what has a mark", derived=True)
    logs = formula("1", power(log(K), 2) + power(exp(d), 3) + power(largest(d, x), 2), "functions", derived=True)
    kinks = formula("1", where(d < 0, d, x) + K, "cases and a sum", derived=True)
    twice = formula("1", power(where(d < x, d, x), 2) * where(d < 0, K, x), "cases and a product", derived=True)
    soft = formula("1", smooth_largest(K + q, q, 2 * K), "a composed exponent", derived=True)
    series = formula("1", geometric_sum(1 + d, K) + geometric_sum(d, K), "series", derived=True)
    sizes = formula("1", abs(d) + abs(x - d) * power(abs(d), 2) + sqrt(abs(x)), "sizes", derived=True)
    flow = formula("W*us/(m*K)", k * t * -d, "units in brackets", derived=True)
    drift = formula("%/K**2", power(w, 2), "a square of a drift", derived=True)


def systems():
    return {name: contents()[name] for name in SHIPPED} | {"signed": Content(Signed)}


def symbols(paper):
    """Values in base units by the normal form of each symbol that has one value."""
    found = {}
    for term in paper.terms():
        one = paper.values.get(term.name)
        if one is None and term.name in paper.parameters:
            one = paper.parameters[term.name].value
        if one is not None and np.ndim(one) == 0:
            found[canonical(term.symbol)] = float(one) * units.measure(term.unit).worth
    return found


def lines(text):
    """Formula, numbers and result of every equation, by the name in its comment."""
    for name, _, body in re.findall(r"^% (\S+)( \[[^\]]*\])?: .*\n(.*)$", text, re.MULTILINE):
        right = body.partition("&= ")[2].partition(r" \label")[0]
        parts = [""]
        for piece in re.split("( = )", right):
            joined = "".join(parts[-1:])
            outside = all(joined.count(a) == joined.count(b) for a, b in ((r"\left", r"\right"), (r"\begin", r"\end")))
            if piece == " = " and outside:
                parts.append("")
            else:
                parts[-1] += piece
        yield name, parts


LARGE = ("puma_like_v1", "science_adi9405_v1_neurosim_packed")
EACH = [(name, way) for name in (*SHIPPED, "signed") for way in WAYS if name not in LARGE or way in ("plain", "both")]


@pytest.mark.parametrize(("name", "way"), EACH)
def test_what_is_printed_gives_what_the_engine_gives(name, way):
    content = systems()[name]
    paper = Paper(content, Setting(measured, numbers=True, digits=15))
    known = symbols(paper)
    text = write(content, Options(fragment=True, numbers=True, digits=15, width="90 m", **WAYS[way]))
    read = unread = 0
    for label, parts in lines(text):
        if label not in paper.values or np.ndim(paper.values[label]):
            continue
        want = float(paper.values[label]) * units.measure(paper.reached[label][1].unit_text).worth
        for part in parts:
            try:
                found = value(part, known)
            except UnreadError:
                unread += 1
            else:
                read += 1
                assert math.isclose(found, want, rel_tol=1e-8), f"{label}: {part} is {found}, not {want}"
    assert read >= unread
