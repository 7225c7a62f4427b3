"""The interval reading on worked boxes, and what a search needs of it."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.engine.interval import Intervals, bounds
from symppa.engine.interval_rules import RULES
from symppa.engine.walk import run
from symppa.errors import DomainError, MissingValueError, QuestionError, UnknownValueError
from symppa.language import (
    Model,
    ceil_div,
    choices,
    equal,
    formula,
    given,
    index,
    integers,
    largest,
    lookup,
    member,
    smallest,
    sqrt,
    table,
    total,
    where,
)
from symppa.language.operations import MARK, ROWS


def test_every_operation_has_a_rule():
    assert {row.name for row in ROWS} | {MARK, "relax", "meet"} == set(RULES)


class Tiles(Model):
    """A tiled loop."""

    rows = given("1", "rows", domain=integers(1))
    tile = given("1", "rows of a tile", domain=integers(1, 512))
    clock = given("GHz", "clock")
    cycles = formula("1", ceil_div(rows, tile) * (tile + 10), derived=True)
    speed = formula("GHz", clock * 2, derived=True)


def interval(model, output, values=None, box=None, axes=()):
    return bounds(compile(model, output, axes), values or {}, box)[output]


def test_counts_are_not_widened():
    low, high = interval(Tiles(), "cycles", {"rows": 100}, {"tile": (8, 32)})
    assert (low, high) == (4 * 18, 13 * 42)  # ceil(100/32)=4, ceil(100/8)=13


def test_reals_are_rounded_outwards_in_the_declared_unit():
    low, high = interval(Tiles(), "speed", {}, {"clock": ("1 GHz", 3)})
    assert 2 * (1 - 1e-15) < low < 2
    assert 6 < high < 6 * (1 + 1e-15)


def test_a_point_is_its_value():
    program = compile(Tiles(), ["cycles", "speed"])
    values = {"rows": 100, "tile": 7, "clock": "1.1 GHz"}
    for name, (low, high) in bounds(program, values).items():
        assert low == high == run(program, values)[name]


def test_many_boxes_lie_along_a_swept_axis():
    low, high = interval(
        Tiles(), "cycles", {"rows": 100}, {"tile": (np.array([8, 16, 100]), np.array([8, 32, 100]))}, {"box": ["tile"]}
    )
    np.testing.assert_array_equal(low, [13 * 18, 4 * 26, 110])
    np.testing.assert_array_equal(high, [13 * 18, 7 * 42, 110])


@pytest.mark.parametrize(
    ("box", "error", "message"),
    [
        ({"tile": (9, 8)}, QuestionError, "the box of tile needs a low end not above its high end"),
        ({"tile": (np.nan, 8)}, QuestionError, "the box of tile needs a low end"),
        ({"tile": (0, 8)}, DomainError, "tile = 0 is outside its domain"),
        ({"tile": (1.5, 8)}, DomainError, "tile = 1.5 is outside its domain"),
        ({"tle": (1, 8)}, UnknownValueError, "did you mean tile"),
        ({}, MissingValueError, "no value for tile"),
    ],
)
def test_a_box_is_checked(box, error, message):
    with pytest.raises(error, match=message):
        interval(Tiles(), "cycles", {"rows": 100}, box)


# one rule after another


class Rules(Model):
    """Small formulas with a single trap each."""

    x = given("1", "number")
    y = given("1", "other number")
    square = formula("1", x**2, derived=True)
    quotient = formula("1", y / x, derived=True)
    root = formula("1", sqrt(x), derived=True)
    guarded = formula("1", where(x > 0, sqrt(x), 0), derived=True)
    rate = formula("1", where(x > 0, y / x, 0), derived=True)
    capped = formula("1", smallest(1 / x, y), derived=True)
    sure = formula("1", where(x < 10, 1, y), derived=True)


def test_a_square_is_never_negative():
    assert interval(Rules(), "square", {}, {"x": (-2, 1)}) == (0, pytest.approx(4, rel=1e-15))


@pytest.mark.parametrize(
    ("low", "high", "want", "undefined"),
    [
        (1, 4, (2.5, 10), False),
        (0, 4, (2.5, np.inf), False),  # y / 0 is infinite, not undefined: y is not 0
        (-1, 4, (-np.inf, np.inf), False),
        (-4, -1, (-10, -2.5), False),
        (0, 0, (np.inf, np.inf), False),
    ],
)
def test_division_by_an_interval_with_zero(low, high, want, undefined):
    found = interval(Rules(), "quotient", {"y": 10}, {"x": (low, high)})
    assert tuple(found) == pytest.approx(want, rel=1e-14)
    assert found.undefined == undefined


def test_zero_by_zero_may_be_undefined():
    assert interval(Rules(), "quotient", {}, {"x": (0, 1), "y": (0, 1)}).undefined


def test_a_root_partly_outside_its_domain():
    found = interval(Rules(), "root", {}, {"x": (-1, 4)})
    assert (found.low, found.undefined) == (0, True)
    assert found.high == pytest.approx(2, rel=1e-15)
    found = interval(Rules(), "root", {}, {"x": (-2, -1)})
    assert np.isnan(found.low)
    assert np.isnan(found.high)
    assert found.undefined


def test_an_undecided_condition_is_the_hull_of_both_terms():
    found = interval(Rules(), "guarded", {}, {"x": (-1, 4)})
    assert found.low == 0
    assert found.high == pytest.approx(2, rel=1e-15)
    assert interval(Rules(), "sure", {"y": 100}, {"x": (1, 9)}) == (1, 1)
    assert interval(Rules(), "sure", {"y": 100}, {"x": (1, 10)}) == (1, 100)


def test_infinite_values_do_not_hide_finite_ones():
    found = interval(Rules(), "capped", {"y": 3}, {"x": (0, 1)})  # at x = 0 it is 3
    assert found.low == pytest.approx(1, rel=1e-15)
    assert found.high == 3


# tables and sets


class Converter(Model):
    """A cost by resolution."""

    adc = table("bits", energy="pJ")
    bits = given("1", "resolution", domain=integers(1, 12))
    used = given("1", "resolution in use", domain=choices(4, 6, 8))
    energy = formula("pJ", lookup(adc.energy, bits), derived=True)
    own = formula("pJ", lookup(adc.energy, used), derived=True)


ROWS_OF = {4: {"energy": 7}, 6: {"energy": 3}, 8: {"energy": 5}, 10: {"energy": 20}}


@pytest.mark.parametrize(
    ("low", "high", "want", "undefined"),
    [
        (4, 8, (3, 7), True),  # 5 and 7 are no keys
        (6, 6, (3, 3), False),
        (5, 9, (3, 5), True),
        (5, 5, (np.nan, np.nan), True),
        (11, 12, (np.nan, np.nan), True),
        (1, 12, (3, 20), True),
    ],
)
def test_a_lookup_takes_the_extremes_over_the_keys_in_the_box(low, high, want, undefined):
    found = interval(Converter(), "energy", {"adc": ROWS_OF}, {"bits": (low, high)})
    assert tuple(found) == pytest.approx(want, nan_ok=True, rel=1e-15)
    assert found.undefined == undefined


def test_keys_that_are_all_there_are_certain():
    found = interval(Converter(), "own", {"adc": ROWS_OF}, {"used": (4, 8)})
    assert tuple(found) == pytest.approx((3, 7), rel=1e-15)
    assert not found.undefined


class Burst(Model):
    """A set whose size is free."""

    burst = given("1", "steps", domain=integers(0, 8))
    step = index("steps", size=burst)
    chance = given("1", "weight", over=step)
    sum = formula("1", total(chance, over=step), derived=True)
    best = formula("1", largest(chance, over=step), derived=True)
    count = formula("1", total(1, over=step), derived=True)


@pytest.mark.parametrize(
    ("low", "high", "sums", "best"),
    [
        (2, 2, (3, 3), (5, 5)),
        (1, 3, (5 - 2, 5 + 4), (5, 5)),  # the second and the third count or not
        (0, 1, (0, 5), (-np.inf, 5)),
    ],
)
def test_members_beyond_the_lower_size_are_optional(low, high, sums, best):
    values = {"chance": [5, -2, 4]}
    program = compile(Burst())
    found = bounds(program, values, {"burst": (low, high)})
    assert tuple(found["sum"]) == pytest.approx(sums, rel=1e-14)
    assert tuple(found["best"]) == best
    assert tuple(found["count"]) == (low, high)
    for burst in range(low, high + 1):
        got = run(program, values | {"burst": burst})
        assert found["sum"].low <= got["sum"] <= found["sum"].high


def test_an_empty_burst_needs_no_values():
    found = bounds(compile(Burst()), {"chance": [], "burst": 0})
    assert tuple(found["sum"]) == (0, 0)
    assert tuple(found["best"]) == (-np.inf, -np.inf)
    assert not found["sum"].undefined


def test_a_value_that_is_no_number_undefines_what_it_reaches():
    found = bounds(compile(Rules(), ["square", "sure"]), {"y": np.nan}, {"x": (1, 20)})
    assert tuple(found["square"]) == pytest.approx((1, 400))
    assert tuple(found["sure"]) == (1, 1)
    assert found["sure"].undefined


class Layers(Model):
    """A vector over a set is free, member by member."""

    layer = index("layers")
    width = given("1", "width", over=layer, domain=integers(1, 64))
    choice = given("1", "chosen layer", domain=member(layer))
    work = formula("1", total(ceil_div(100, width), over=layer), derived=True)
    each = formula("1", ceil_div(100, width), derived=True)
    chosen = formula("1", total(where(equal(layer, choice), width, 0), over=layer), derived=True)


def test_vectors_may_be_free():
    values, box = {"layer": ["a", "b", "c"]}, {"width": ([1, 10, 7], [10, 10, 64])}
    assert interval(Layers(), "work", values, box) == (10 + 10 + 2, 100 + 10 + 15)
    low, high = interval(Layers(), "each", values, box)
    np.testing.assert_array_equal([low, high], [[10, 10, 2], [100, 10, 15]])


def test_equal_members_are_not_merged():
    """Each layer may take another width of the box."""
    values, box = {"layer": ["a", "b"]}, {"width": ([10, 10], [20, 20])}
    assert interval(Layers(), "work", values, box) == (10, 20)


def test_labels_may_be_free():
    values = {"layer": ["a", "b", "c"], "width": [3, 5, 7]}
    assert interval(Layers(), "chosen", values, {"choice": ("b", "b")}) == (5, 5)
    low, high = interval(Layers(), "chosen", values, {"choice": ("b", "c")})
    assert low <= 5
    assert high >= 7


# what a search needs


def test_boxes_are_read_again_and_again_from_one_root():
    program = compile(Tiles(), "cycles", {"box": ["tile"]})
    reading = Intervals(program, {"rows": 100}, {"tile": (1, 512)})
    step = program.outputs["cycles"].step
    found = reading.read({"tile": (np.array([8.0, 16]), np.array([8.0, 32]))}).values
    np.testing.assert_array_equal(found[step].low, [13 * 18, 4 * 26])
    assert set(found) == set(program.live)
    with pytest.raises(QuestionError, match=r"a box of tile lies outside the root box, 1 to 512"):
        reading.read({"tile": (np.array([8.0]), np.array([513.0]))})


def test_clamped_values_narrow_what_reads_them():
    program = compile(Tiles(), ["cycles", "speed"], keep=["cycles"])
    reading = Intervals(program, {"rows": 100}, {"tile": (8, 32), "clock": (1, 2)})
    tiles = program.number_of["tile"]
    found = reading.read(clamps={tiles: (16, 20)})
    step = program.outputs["cycles"].step
    assert (found.values[step].low, found.values[step].high) == (5 * 26, 7 * 30)
    assert (found.unclamped[tiles].low, found.unclamped[tiles].high) == (8, 32)


def test_facts_tell_what_holds_on_the_root_box():
    program = compile(Tiles(), ["cycles", "speed"])
    facts = Intervals(program, {"rows": 100}, {"tile": (8, 32), "clock": (1, 2)}).facts
    cycles = facts[program.outputs["cycles"].step]
    assert cycles.whole
    assert cycles.defined
    assert cycles.natural
    assert not cycles.fixed
    assert facts[program.number_of["rows"]].fixed
    assert not facts[program.outputs["speed"].step].whole
