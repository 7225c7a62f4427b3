"""Small models with hand answers, for the convex readings and what solves them."""

from __future__ import annotations

from symppa.engine.compile import compile
from symppa.engine.search import Problem
from symppa.language import (
    Model,
    ceil_div,
    floor_div,
    formula,
    given,
    index,
    largest,
    log,
    lookup,
    power,
    smallest,
    sqrt,
    table,
    total,
    where,
)


class Box(Model):
    """An open box of sheet metal, and a few values that are no posynomials."""

    w = given("1", "width")
    h = given("1", "height")
    d = given("1", "depth")
    c = given("1", "cost of a unit of wall", default=1.0)
    slack = given("1", "a coefficient that may be zero", default=0.0)

    volume = formula("1", w * h * d, "volume", derived=True)
    wall = formula("1", 2 * h * (w + d) + slack * w, "wall", derived=True)
    floor = formula("1", w * d, "floor", derived=True)
    cost = formula("1", c * wall + floor, "cost", derived=True)
    longest = formula("1", largest(w, h * d, 2), "longest side", derived=True)
    shortest = formula("1", smallest(w, h), "shortest side", derived=True)
    worth = formula("1", volume / cost, "volume for its cost", derived=True)
    sheets = formula("1", ceil_div(wall, 3) * w, "whole sheets", derived=True)
    cuts = formula("1", floor_div(10 * w, d) / w, "whole cuts", derived=True)
    bits = formula("1", w * power(2.0, h), "levels", derived=True)
    room = formula("1", 20 - w * d, "what is left", derived=True)
    gap = formula("1", w - d, "difference", derived=True)
    nats = formula("1", log(w) * h, "logarithm of the width", derived=True)
    bent = formula("1", where(w <= h, w, h * h), "case distinction", derived=True)
    rooted = formula("1", sqrt(w * d) + h**1.5, "roots", derived=True)


class Line(Model):
    """Values affine in x and y, and what is made of them."""

    x = given("1", "first")
    y = given("1", "second")
    q = given("1", "a choice", default=1.0)
    menu = table("q", price="1")

    cost = formula("1", 3 * x + 2 * y, "cost", derived=True)
    worst = formula("1", largest(x + 2 * y, 4 * x), "worst", derived=True)
    least = formula("1", smallest(x + 2 * y, 4 * x), "least", derived=True)
    ratio = formula("1", (x + 2 * y + 1) / (x + y + 1), "ratio", derived=True)
    share = formula("1", x / (x + y + 1), "share of x", derived=True)
    tiles = formula("1", ceil_div(x, 3) + y, "tiles", derived=True)
    whole = formula("1", floor_div(x, 3), "whole tiles", derived=True)
    square = formula("1", q * q + x, "a square and a line", derived=True)
    product = formula("1", x * y, "product", derived=True)
    priced = formula("1", lookup(menu.price, q) + x, "a price and a line", derived=True)
    back = formula("1", ratio * (x + y + 1), "numerator again", derived=True)


class Network(Model):
    """Layers on an array whose rows are chosen: sums and maxima over a set."""

    layer = index("layers")
    work = given("1", "work of a layer", over=layer)
    rows = given("1", "rows")
    clock = given("1", "clock")

    time = formula("1", total(ceil_div(work, rows) / clock, over=layer), "time of all layers", derived=True)
    plain = formula("1", total(work / rows, over=layer) / clock, "time without rounding", derived=True)
    slowest = formula("1", largest(work * rows + clock, over=layer), "the slowest layer", derived=True)
    area = formula("1", rows * (1 + clock * clock), "area", derived=True)
    linear = formula("1", total(work * rows + clock, over=layer), "a line over layers", derived=True)


def program_of(model, *outputs):
    return compile(model, list(outputs))


def problem_of(model, objective, limits, free, values=None):
    names = [objective[0]] if objective else []
    names += [limit.output for limit in limits]
    return Problem(program_of(model(), *dict.fromkeys(names)), values or {}, objective, limits, free)
