"""What is searched is what the model computes: ends of boxes, equal members, limits that only ask for a value."""

from __future__ import annotations

import os
from dataclasses import replace
from time import process_time

import numpy as np
import pytest
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.engine.reducers.limits import Limit
from symppa.engine.search import Choices, Effort, Problem, Real, search
from symppa.engine.search.ground import MANY, Ground
from symppa.engine.search.points import Points
from symppa.engine.search.problem import judged
from symppa.errors import UndefinedResultError
from symppa.language import (
    Model,
    ceil_div,
    floor_div,
    formula,
    given,
    index,
    integers,
    largest,
    log,
    sqrt,
    total,
)
from symppa.studies.design import design
from symppa.studies.evaluate import evaluate
from tests.engine.search.edges import edge_targets
from tests.engine.search.targets import tiling_targets

SPLIT = Effort(batch=16, few=1, small=0, sample=4, starts=1, descent=1)
LISTED = Effort(small=0, few=1)
INF = float("inf")
CASES = int(os.environ.get("SYMPPA_SEARCH_CASES", "60"))
SEVERAL = (Effort(), LISTED, SPLIT)


def asked(model, objective, limits=(), values=None, **free):
    names = dict.fromkeys([*([objective[0]] if objective else []), *(limit.output for limit in limits)])
    return Problem(compile(model(), list(names)), values or {}, objective, limits, free)


# limits that only ask for a value


class Hyperbola(Model):
    """A quotient that some designs do not have."""

    x = given("1", "one side", domain=integers(1, 60))
    y = given("1", "other side", domain=integers(1, 60))
    area = formula("1", x * y, "area", derived=True)
    pole = formula("1", 100 / (y - x), "quotient", derived=True)
    depth = formula("1", log(y - x), "logarithm", derived=True)
    root = formula("1", sqrt(y - x - 1), "root", derived=True)


@pytest.mark.parametrize("effort", SEVERAL, ids=["usual", "listed", "split"])
@pytest.mark.parametrize("output", ["pole", "depth", "root"])
@pytest.mark.parametrize(("relation", "bound"), [(">=", -INF), ("<=", INF), (">=", -1e300), (">", -1e300), ("<", INF)])
def test_a_limit_that_anything_meets_still_asks_for_a_value(effort, output, relation, bound):
    """The smallest area with a quotient is 1 * 2; that of x = y = 1 is smaller, and has none."""
    whole = {"x": Choices(range(1, 61)), "y": Choices(range(1, 61))}
    limits = [Limit("area", "<=", 17.0), Limit(output, relation, bound)]
    assert search(asked(Hyperbola, None, limits, **whole), effort=effort).status == "feasible"
    found = search(asked(Hyperbola, ("area", "min"), limits[1:], **whole), effort=effort)
    assert (found.status, found.value) == ("optimal", 2.0)


# members that are equal are counted


class Layers(Model):
    """A sum of tenths, rounded: added one by one ten of them are less than 1."""

    layer = index("layers")
    width = given("1", "width", over=layer)
    count = given("1", "count", domain=integers(1, 100))
    share = given("1", "share", default=1)
    worn = formula("1", total(ceil_div(width * count * share, 7), over=layer), "sevens", derived=True)
    whole = formula("1", floor_div(total(width, over=layer) * count * share, 1), "whole widths", derived=True)


TENTHS = {"layer": [f"l{k}" for k in range(10)], "width": [0.1] * 10}


@pytest.mark.parametrize("effort", SEVERAL, ids=["usual", "listed", "split"])
def test_a_design_is_judged_as_it_is_evaluated(effort):
    assert sum(TENTHS["width"]) < 1 == evaluate(Layers(), TENTHS | {"count": 1}, outputs=["whole"])["whole"]
    free = {"count": Choices([1, 2])}
    found = search(asked(Layers, ("whole", "max"), [Limit("whole", "<=", 1.0)], TENTHS, **free), effort=effort)
    assert (found.status, found.value, found.point) == ("optimal", 1.0, {"count": 1.0})
    nothing = asked(Layers, None, [Limit("whole", "<=", 0.5)], TENTHS, **free)
    assert search(nothing, effort=effort).status == "infeasible"


def test_a_design_shows_what_it_was_found_for():
    found = design(
        system=Layers(), values=TENTHS, maximize="whole", subject_to={"whole": "<= 1"}, free={"count": [1, 3]}
    )
    assert (found.facts["status"], found["count"], found["whole"]) == ("optimal", 1.0, 1.0)
    assert found.facts["limits"][0]["value"] == 1.0


def test_a_design_that_the_model_computes_otherwise_is_refused_with_both_numbers():
    """A free member stands alone in the search; the model counts it with its equals."""
    values = {"layer": TENTHS["layer"], "width": dict.fromkeys(TENTHS["layer"], 0.1)}
    free = {"width.l0": {"choices": [0.1, 2.0]}}
    with pytest.raises(UndefinedResultError, match=r"whole is 1\.0 1 on the model, but 0\.0 in the search"):
        design(system=Layers(), values=values | {"count": 1}, minimize="whole", free=free)


@settings(max_examples=60)
@cases(st.lists(st.sampled_from([0.1, 0.3, 0.7, 1e-3]), min_size=1, max_size=40), st.integers(0, 999))
def test_totals_enclose_what_counting_equal_members_gives(widths, seed):
    values = {"layer": [f"l{k}" for k in range(len(widths))], "width": widths}
    problem = asked(Layers, ("whole", "max"), (), values, count=Choices(range(1, 101)), share=Real(0.1, 1.9))
    ground, rng = Ground(problem), np.random.default_rng(seed)
    ends = np.sort(rng.random((2, 20, 2)) * [99, 1.8] + [0, 0.1], axis=0)
    k = ground.names.index("count")
    if k:
        ends = ends[:, :, ::-1].copy()
    ends[:, :, k] = np.floor(ends[:, :, k])
    for chosen in ends:
        found = ground.natural.read(ground.ends(*ends, ground.natural)).values[ground.goal.objective]
        shown = [judged(problem, ground.point(row)).value for row in chosen]
        assert (np.ravel(found.low) <= shown).all()
        assert (shown <= np.ravel(found.high)).all()


# ends of boxes are attained


class Corner(Model):
    """A ceiling whose argument lies on a whole number at an end of a range, by the rounding of the model."""

    u = given("1", "one factor")
    v = given("1", "other factor")
    f = formula("1", ceil_div(u * 40, 1) * v, "ceiling", derived=True)
    g = formula("1", sqrt(u) * v - v / (u + 1) + largest(u, v) / 3, "rises with both", derived=True)


@pytest.mark.parametrize("high", [1.3, 1.29, 1.2877, 0.9])
def test_the_best_corner_is_proved_best(high):
    assert 1.3 * 40 == 52  # the real product is a little more
    found = search(asked(Corner, ("f", "max"), u=Real(0.8, high), v=Real(1.9, 2.5)), time_limit=5.0)
    assert found.status == "optimal"
    assert found.value == found.bound == np.ceil(high * 40) * 2.5


@pytest.mark.parametrize(("relation", "fits"), [(">", False), (">=", True)])
def test_a_limit_attained_in_a_corner_only_is_told_from_one_just_missed(relation, fits):
    free = {"u": Real(0.8, 1.3), "v": Real(1.9, 2.5)}
    found = search(asked(Corner, None, [Limit("f", relation, 130.0)], **free), time_limit=5.0, effort=SPLIT)
    assert found.status == ("feasible" if fits else "infeasible")


@settings(max_examples=60)
@cases(st.floats(0.01, 9), st.floats(0.01, 9), st.floats(0, 5), st.floats(0, 5), st.floats(0, 1), st.floats(0, 1))
def test_bounds_are_those_of_floating_point_numbers_and_no_wider(u, v, wide, high, a, b):
    free = {"u": Real(u, u + wide), "v": Real(v, v + high)}
    for name in "fg":
        problem = asked(Corner, (name, "min"), **free)
        ground = Ground(problem)
        if ground.finite:
            continue
        found = ground.natural.read().values[ground.goal.objective]
        inside = {"u": min(u + a * wide, free["u"].high), "v": min(v + b * high, free["v"].high)}
        low, high_value = float(np.ravel(found.low)[0]), float(np.ravel(found.high)[0])
        assert low <= judged(problem, inside).value <= high_value
    problem = asked(Corner, ("f", "min"), **free)
    ground = Ground(problem)
    found = ground.natural.read().values[ground.goal.objective]
    corners = [judged(problem, {n: getattr(d, end) for n, d in free.items()}).value for end in ("low", "high")]
    assert [float(np.ravel(end)[0]) for end in found[:2]] == corners


def encloses_reals(target, name, seed):
    """Every value at points of boxes among reals, their ends among them, in both readings."""
    rng = np.random.default_rng(seed)
    low = float(rng.choice([0.0, 0.1, 0.3, 1.0]))
    ground = Ground(replace(target.problem, free={**target.problem.free, name: Real(low, low * 3 + 0.9)}))
    ground.relax()
    first, last = ground.root
    listed = np.array([table is not None for table in ground.tables])
    ends = np.sort(first + rng.random((2, 24, first.shape[1])) * (last - first), axis=0)
    ends = np.where(listed, np.rint(ends), ends)
    ends[1] = np.where(rng.random(ends[1].shape) < 0.3, ends[0], ends[1])
    everything = Points(ground.natural, ground.names, ground.program.live)
    for reader in ground.readers():
        box = ground.ends(*ends, reader.intervals)
        found = reader.intervals.read(box, keep=set(reader.steps.values())).values
        for share in (0.0, 1.0, *rng.random(3)):
            places = np.clip(ends[0] + share * (ends[1] - ends[0]), ends[0], ends[1])
            places = np.where(listed, np.rint(places), places)
            values = everything.at(ground.columns(places), 24)
            for n in ground.program.live:
                low_end, high_end = (np.asarray(end) for end in found[reader.steps[n]][:2])
                below, above = (e if values[n].ndim > 1 else np.reshape(e, -1) for e in (low_end, high_end))
                inside = np.isnan(values[n]) | (below <= values[n]) & (values[n] <= above)
                assert inside.all(), ground.program.steps[n]


@pytest.mark.parametrize(("targets", "name"), [(tiling_targets, "x3"), (edge_targets, "r")], ids=["tilings", "edges"])
def test_the_model_stays_in_its_bounds_among_reals(targets, name):
    @settings(max_examples=CASES)
    @cases(targets(), st.integers(0, 999))
    def every(target, seed):
        if target is not None and name in target.problem.program.number_of:
            encloses_reals(target, name, seed)

    every()


# the clock


class Long(Model):
    """Four long ranges."""

    a = given("1", "a", domain=integers(1, 10**6))
    b = given("1", "b", domain=integers(1, 10**6))
    c = given("1", "c", domain=integers(1, 10**6))
    d = given("1", "d", domain=integers(1, 10**6))
    f = formula("1", ceil_div(10**7, a) * b + ceil_div(12345678, c) * d + a * c / (b + d), "cost", derived=True)
    g = formula("1", a + b + c + d, "limited", derived=True)


def test_getting_ready_takes_little_more_than_the_time_there_is():
    long = Choices(range(1, 10**6 + 1))
    problem = asked(Long, ("f", "min"), [Limit("g", "<=", 3e6), Limit("f", ">=", 17.0)], **dict.fromkeys("abcd", long))
    start = process_time()
    search(problem, time_limit=0.02)
    assert process_time() - start < 0.32


def test_without_time_no_list_is_shortened_and_all_stays_open():
    free = dict.fromkeys("abcd", Choices(range(1, 10**6 + 1)))
    ground = Ground(asked(Long, ("f", "min"), **free))
    ground.shorten(0.0)
    assert [len(table) for table in ground.tables] == [10**6] * 4
    ground.shorten(np.inf)
    assert min(len(table) for table in ground.tables) < 10_000  # numbers of quotients that differ


def test_long_lists_are_not_looked_up_one_by_one():
    free = dict.fromkeys("abcd", Choices(range(1, MANY + 2)))
    ground = Ground(asked(Long, ("f", "min"), **free))
    assert {given.domain[0] for given in ground.program.givens.values()} == {"integers"}


def test_a_list_cut_short_by_the_clock_proves_nothing():
    """Of 20 000 designs only the last is one, and so many members are looked at 5 000 at a time."""
    widths = [1.0 + k for k in range(40)]
    values = {"layer": [f"l{k}" for k in range(40)], "width": widths}
    free = {"count": Choices(range(1, 101)), "share": Choices(range(1, 201))}
    most = sum(np.ceil(width * 100 * 200 / 7) for width in widths)
    problem = asked(Layers, None, [Limit("worn", ">=", most)], values, **free)
    assert search(problem, time_limit=0.0).status == "unknown"
    assert search(problem).status == "feasible"


# next to nothing, without end, and approached only


class Plane(Model):
    """Two numbers."""

    x = given("1", "x")
    y = given("1", "y")
    apart = formula("1", largest(x - y, y - x), "distance", derived=True)
    square = formula("1", (x - y) * (x - y), "distance squared", derived=True)
    valley = formula("1", (1 - x) ** 2 + 100 * (y - x * x) ** 2, "Rosenbrock's valley", derived=True)
    inverse = formula("1", 1 / x, "pole", derived=True)
    depth = formula("1", log(x), "logarithm", derived=True)
    both = formula("1", x + y, "sum", derived=True)


@pytest.mark.parametrize("output", ["apart", "square", "valley"])
def test_an_objective_whose_best_is_nothing_is_proved_within_a_difference(output):
    found = search(asked(Plane, (output, "min"), x=Real(-2, 2.1), y=Real(-1.9, 2.3)), time_limit=10.0)
    assert found.status == "optimal"
    assert 0.0 <= found.value - found.bound <= found.absolute < 1e-8
    assert found.gap <= 1e-6


def test_a_difference_that_counts_as_none_is_small_beside_the_values():
    """1 / x is a million million at one end; near its least, 1, a millionth of that is the gap."""
    found = search(asked(Plane, ("inverse", "min"), x=Real(1e-12, 1)), time_limit=10.0)
    assert (found.status, found.value) == ("optimal", 1.0)
    assert found.absolute < 1e-10
    shift = search(asked(Plane, ("both", "min"), x=Real(1e-9, 1), y=Real(0, 1)), time_limit=10.0)
    assert (shift.status, shift.value) == ("optimal", 1e-9)


@pytest.mark.parametrize(
    ("output", "sense", "low"), [("inverse", "max", 0.0), ("inverse", "min", -1.0), ("depth", "min", 0.0)]
)
def test_what_has_no_end_is_called_unbounded(output, sense, low):
    found = search(asked(Plane, (output, sense), x=Real(low, 1.0)), time_limit=20.0)
    assert (found.status, found.bound) == ("feasible", None)
    assert f"{output} is unbounded as far as can be told: near x = " in found.remark
    assert found.seconds < 10


def test_what_is_unbounded_is_said_with_the_design():
    found = design(system=Plane(), maximize="inverse", free={"x": [0.0, 1.0]}, explain=False)
    assert any("unbounded" in note for note in found.notes)


def test_a_strict_limit_among_reals_is_approached():
    found = search(asked(Plane, ("both", "min"), [Limit("both", ">", 1.0)], x=Real(0, 1), y=Real(0, 1)), time_limit=5.0)
    assert found.status == "optimal"
    assert 1.0 < found.value <= 1.0 + 1e-6
    assert "both > 1 (base units) is approached, not attained" in found.remark
    closed = search(
        asked(Plane, ("both", "min"), [Limit("both", ">=", 1.0)], x=Real(0, 1), y=Real(0, 1)), time_limit=5.0
    )
    assert (closed.status, closed.remark) == ("optimal", "")
