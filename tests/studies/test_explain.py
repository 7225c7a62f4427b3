"""Why nothing fits: the conflict is one, is minimal, and each repair is the nearest that would do, as by trying all."""

from __future__ import annotations

import itertools
import operator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, settings
from hypothesis import given as cases
from hypothesis import strategies as st

from symppa import Model, ceil_div, choices, formula, given, integers, part, where
from symppa.engine.compile import compile
from symppa.engine.reducers import Limit
from symppa.engine.search import Choices, Problem, Real
from symppa.language import equal, reals, sqrt
from symppa.reports.contents import report
from symppa.reports.text import as_text
from symppa.studies.design import design
from symppa.studies.design.explain.conflict import conflict
from symppa.studies.design.explain.loose import Member
from symppa.studies.design.explain.widen import beyond, without


class Crate(Model):
    """Boxes in a crate."""

    wide = given("1", "boxes side by side", domain=integers(1, 40))
    high = given("1", "boxes on each other", domain=integers(1, 40))
    weight = given("kg", "weight of a box", domain=reals("0 kg"))
    shape = given("1", "shape", default="round", domain=choices("round", "square"))
    gauge = given("1", "gauge", default=4, domain=choices(1, 2, 4, 16))

    count = formula("1", wide * high, "boxes", derived=True)
    rows = formula("1", ceil_div(wide, 3) + high, "rows", derived=True)
    mass = formula("kg", wide * high * weight, "mass of them all", derived=True)
    plate = formula("kg", wide * high * gauge * weight * where(equal(shape, 0), 1, 2), "mass of a plate", derived=True)
    spread = formula("1", wide - high, "how much wider than high", derived=True)


TOLD = {"wide": 2, "high": 2, "weight": "2 kg"}
FREE = {"wide": [1, 4], "high": [1, 3]}


def asked(limits, free=FREE, **more):
    values = {name: value for name, value in TOLD.items() if name not in free}
    return design(system=Crate, values=values, subject_to=limits, free=free, **more)


def told(found):
    return {row["text"]: row["reached"] for row in found.facts["conflict"]["members"]}


def test_each_member_of_a_conflict_is_told_what_it_would_have_to_be():
    # no more than 4 x 3 boxes: for 20 of them 7 wide, or 5 high; what they weigh does not matter
    found = asked({"count": ">= 20", "mass": "<= 100 kg"})
    assert told(found) == {"count >= 20": 12, "wide, upper end": 7, "high, upper end": 5}
    assert found.facts["conflict"]["minimal"]
    assert all(row["proved"] and not row["breaks"] for row in found.facts["conflict"]["members"])


def test_a_repair_that_another_limit_forbids_says_which():
    # 7 wide and 3 high are 3 + 3 rows; 5 high and 4 wide are 2 + 5, and less wide is higher still
    found = asked({"count": ">= 20", "rows": "<= 6"})
    rows = {row["text"]: row for row in found.facts["conflict"]["members"]}
    assert (rows["wide, upper end"]["reached"], rows["wide, upper end"]["breaks"]) == (7, [])
    assert (rows["high, upper end"]["reached"], rows["high, upper end"]["breaks"]) == (5, ["rows <= 6"])
    assert [row["reached"] for row in found.facts["repairs"]] == [12, None]


def test_a_strict_limit_is_broken_where_it_is_met_exactly():
    found = asked(["count < 1", "count <= 0"])
    (row,) = found.facts["conflict"]["members"]
    assert (row["text"], row["reached"], row["breaks"]) == ("count <= 0", 1, ["count < 1"])


def test_limits_alone_may_exclude_each_other():
    # 20 boxes of 2 kg weigh 40 kg; a crate may be at most 40 by 40
    found = asked({"count": ">= 10", "mass": "<= 19 kg"})
    assert told(found) == {"count >= 10": 9, "mass <= 19 kg": 24}  # 3 x 3 weigh 18 kg, 4 x 3 weigh 24
    assert found.facts["conflict"]["minimal"]


def test_the_nearest_design_breaks_one_limit_the_least():
    found = asked({"count": ">= 20", "mass": "<= 100 kg"}).facts["nearest"]
    assert {name: one["value"] for name, one in found["design"].items()} == {"wide": 4, "high": 3}
    assert [(row["output"], row["value"], row["margin"], row["met"]) for row in found["limits"]] == [
        ("count", 12, -8, False), ("mass", 24, 76, True),
    ]  # fmt: skip
    assert found["at_end"] == {"wide": "upper", "high": "upper"}
    assert found["proved"]


def test_where_breaking_one_limit_is_not_enough_the_largest_miss_is_least():
    # many boxes, light and far wider than high: no two of these are met at once
    found = asked({"count": ">= 24", "mass": "<= 8 kg", "spread": ">= 6"})
    assert all(row["reached"] is None for row in found.facts["repairs"])
    by_hand = {
        (wide, high): max((24 - wide * high) / 24, (2 * wide * high - 8) / 8, (6 - wide + high) / 6)
        for wide, high in itertools.product(range(1, 5), range(1, 4))
    }
    near = found.facts["nearest"]
    chosen = near["design"]["wide"]["value"], near["design"]["high"]["value"]
    assert by_hand[chosen] == min(by_hand.values())
    assert near["proved"]


def test_an_equality_is_repaired_on_its_nearer_side():
    found = asked({"count": "== 7"})  # 6 = 2 x 3 and 8 = 4 x 2: 6 comes to be as near
    assert told(found)["count == 7"] in (6, 8)
    far = asked({"count": "== 11"}, {"wide": {"choices": [1, 2, 4]}, "high": {"integers": [1, 3]}})
    assert told(far)["count == 11"] == 12


def test_a_range_of_reals_moves_as_far_as_it_must():
    found = asked({"mass": ">= 60 kg"}, {"wide": [1, 4], "high": [1, 3], "weight": ["1 kg", "3 kg"]})
    moved = told(found)
    assert moved["weight, upper end"] == pytest.approx(5, rel=1e-5)  # 12 boxes
    assert moved["mass >= 60 kg"] == pytest.approx(36, rel=1e-5)
    assert moved["wide, upper end"] == 7  # 7 x 3 x 3 kg
    assert found.facts["conflict"]["minimal"]


def test_what_has_no_ends_to_move_stands():
    free = {"wide": [1, 4], "shape": {"choices": ["round", "square"]}, "high": {"choices": [1, 5, 6]}}
    found = asked({"count": ">= 20", "spread": ">= 2"}, free)
    assert found.facts["conflict"]["standing"] == ["high"]  # nothing follows the shape
    assert set(told(found)) <= {"count >= 20", "spread >= 2", "wide, upper end"}


def test_classes_to_choose_from_are_all_excluded():
    class Lid(Model):
        """What closes a box."""

        size = given("1", "size", domain=integers(1, 100))
        cost = formula("1", 3 * size, "cost", derived=True)

    class Tight(Lid):
        """It costs more."""

        cost = formula("1", 4 * Lid.size, derived=True)

    class Chest(Model):
        """A box with a lid."""

        size = given("1", "size", domain=integers(1, 100))
        lid = part(Lid, default=Lid, size=size)
        cost = formula("1", lid.cost + 2, "cost", derived=True)

    found = design(system=Chest, subject_to={"cost": "<= 10"}, free={"size": [5, 9]}, slots={"lid": ["Lid", "Tight"]})
    assert told(found) == {"cost <= 10": 17, "size, lower end": 2}
    assert found.facts["nearest"]["slots"] == {"lid": "Lid"}
    assert found.facts["conflict"]["minimal"]


def test_where_no_design_is_valid_nothing_that_is_asked_is_to_blame():
    class Undefined(Model):
        """A root of less than nothing, whatever is chosen."""

        wide = given("1", "width", domain=integers(1, 40))
        nothing = given("1", "nothing", default=0)
        root = formula("1", sqrt(nothing - wide), "root", derived=True)

    found = design(system=Undefined, minimize="root", subject_to="root <= 4", free={"wide": [1, 4]})
    assert found.facts["status"] == "infeasible"
    assert found.facts["conflict"]["members"] == []
    assert "no design is valid" in as_text(report(found))


def test_what_is_not_asked_for_is_not_explained():
    assert "conflict" not in asked({"count": ">= 20"}, explain=False).facts


def test_a_filter_without_time_keeps_everything_and_says_so():
    problem = small(["count >= 20"], [[1, 2, 3, 4], [1, 2, 3]])
    found = conflict([problem], time_limit=1e-9)
    assert not found.minimal
    assert found.searches == 0
    assert Member("limit", "count", 0) in found.members
    assert not any(repair.proved for repair in found.limits.values())


HOLDS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "==": operator.eq}
OUTPUTS = ("count", "rows", "mass", "spread")


def small(limits, lists):
    program = compile(Crate(), OUTPUTS)
    parted = (text.split() for text in limits)
    free = {"wide": Choices(lists[0]), "high": Choices(lists[1])}
    values = {"weight": 2}
    return Problem(program, values, None, [Limit(a, b, float(c)) for a, b, c in parted], free)


def tried(problem):
    """Every design within the limits, with its outputs by hand."""
    grid = np.meshgrid(*(domain.values for domain in problem.free.values()), indexing="ij")
    wide, high = (axis.ravel() for axis in grid)
    found = {"wide": wide, "high": high, "count": wide * high, "rows": np.ceil(wide / 3) + high}
    found |= {"mass": 2 * wide * high, "spread": wide - high}
    good = np.ones(len(wide), bool)
    for output, relation, bound in problem.limits:
        good &= HOLDS[relation](found[output], bound)
    return {name: values[good] for name, values in found.items()}


def fits(problem):
    return len(tried(problem)["wide"]) > 0


def loosened(problem, members):
    places = {m.place for m in members if m.kind == "limit"}
    limits = [limit for k, limit in enumerate(problem.limits) if k in places]
    free = {}
    for name, domain in problem.free.items():
        for side in ("lower", "upper"):
            if Member(side, name) not in members:
                domain = without(domain, problem.program.givens[name], side)
        free[name] = domain
    return replace(problem, limits=limits, free=free)


ranges = st.tuples(st.integers(1, 6), st.integers(1, 3)).map(lambda t: list(range(t[0], t[0] + t[1] + 1)))
relations = st.tuples(st.sampled_from(OUTPUTS), st.sampled_from(["<=", ">=", "<", ">", "=="]), st.integers(-3, 60))


@settings(max_examples=60)
@cases(st.lists(relations.map(lambda t: "{} {} {}".format(*t)), min_size=1, max_size=3), ranges, ranges)
def test_a_conflict_is_that_of_trying_everything(limits, wide, high):
    problem = small(limits, [wide, high])
    assume(not fits(problem))
    found = conflict([problem])
    assert not fits(loosened(problem, found.members))
    assert found.minimal
    for member in found.members:
        assert fits(loosened(problem, [m for m in found.members if m != member]))
    for member, repair in (found.limits | found.ends).items():
        if repair.reached is not None and not repair.breaks:
            (check_limit if member.kind == "limit" else check_end)(problem, member, repair.reached)
        elif repair.reached is None and member.kind != "limit":
            assert not fits(moved(problem, member))


def check_limit(problem, member, reached):
    others = replace(problem, limits=[o for k, o in enumerate(problem.limits) if k != member.place])
    limit = problem.limits[member.place]
    assert np.abs(tried(others)[limit.output] - limit.bound).min() == pytest.approx(abs(reached - limit.bound))


def check_end(problem, member, reached):
    places = tried(moved(problem, member))[member.name]
    assert reached == (places.min() if member.kind == "upper" else places.max())


def moved(problem, member):
    more = beyond(problem.free[member.name], problem.program.givens[member.name], member.kind)
    return replace(problem, free={**problem.free, member.name: more})


@pytest.mark.parametrize(
    ("domain", "name", "side", "more"),
    [
        (Choices([2, 3]), "wide", "lower", [1]),
        (Choices([2, 3]), "wide", "upper", range(4, 41)),  # as far as its own domain goes
        (Choices([1, 2]), "wide", "lower", None),
        (Choices([0.5, 1, 1.5]), "weight", "lower", None),  # a sixteenth of 0.5 is less than one step away from 0
        (Choices([2, 3, 4]), "weight", "lower", [1]),
        (Choices([1, 2, 4]), "weight", "upper", [8, 16, 32, 64]),
        (Choices([1, 2, 4]), "weight", "lower", [0.0625, 0.125, 0.25, 0.5]),
        (Choices([1, 2, 5]), "weight", "upper", None),
        (Choices([3]), "weight", "upper", None),
        (Choices([2, 4]), "gauge", "upper", [16]),
        (Choices([0, 1]), "shape", "upper", None),
    ],
)
def test_a_list_goes_on_as_its_steps_do_within_its_own_domain(domain, name, side, more):
    found = beyond(domain, compile(Crate(), "plate").givens[name], side)
    assert (found and found.values) == (None if more is None else pytest.approx(tuple(map(float, more))))


@pytest.mark.parametrize(
    ("low", "high", "side", "more"),
    [(2, 3, "upper", (3, 48)), (2, 3, "lower", (0.125, 2)), (0, 3, "lower", None), (0, 0, "upper", None)],
)
def test_a_range_of_reals_keeps_its_sign(low, high, side, more):
    found = beyond(Real(low, high), compile(Crate(), OUTPUTS).givens["weight"], side)
    assert (found and (found.low, found.high)) == more


def test_a_range_of_one_whole_number_is_moved_too():
    # 4 x 3 boxes are 12: for 20 it takes 7 wide, which was asked to be 4
    found = asked({"count": ">= 20"}, free={"wide": [4, 4], "high": [1, 3]})
    assert told(found)["wide, upper end"] == 7
    assert found.facts["conflict"]["standing"] == []


def test_what_has_no_ends_to_move_is_told_beside_the_conflict():
    found = asked({"plate": ">= 200 kg"}, free={"wide": [1, 4], "shape": {"choices": ["round", "square"]}})
    words = " ".join(as_text(report(found)).split())
    assert "however far the other limits and ends move (up to 16 times), but for what is kept" in words
    assert "kept shape: what these may be has no ends to move" in words
