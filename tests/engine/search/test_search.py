"""The search on problems worked by hand, and what it does when it is stopped or asked the impossible."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.engine.reducers.limits import Limit
from symppa.engine.search import Choices, Effort, Problem, Real, exact, search
from symppa.errors import DomainError, QuestionError, UnknownValueError
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
    log,
    lookup,
    member,
    one,
    reals,
    table,
    total,
    where,
)

SPLIT = Effort(batch=16, few=1, small=0, sample=4, starts=1, descent=1)


class Plate(Model):
    """A plate with a rim, cut from a sheet."""

    x = given("1", "length", domain=reals(0.1, 20))
    y = given("1", "width", domain=integers(0, 40))
    area = formula("1", x * y, "area", derived=True)
    rim = formula("1", 2 * (x + y), "rim", derived=True)
    cost = formula("1", x + 4 / x, "cost", derived=True)
    tiles = formula("1", ceil_div(100, y) * y, "tiles with waste", derived=True)
    share = formula("1", area / (y - 3), "share", derived=True)
    chosen = formula("1", where(1 / (y - 2) > 0, y, 50 - y), "what a condition chooses", derived=True)


def plate(objective, limits=(), **free):
    names = [objective[0]] if objective else []
    program = compile(Plate(), list(dict.fromkeys([*names, *(limit.output for limit in limits)])))
    fixed = {"x": 2, "y": 3}
    return Problem(program, {n: v for n, v in fixed.items() if n not in free}, objective, limits, free)


WHOLE = Choices(range(41))


def test_least_waste_above_thirty_is_two():
    """ceil(100 / y) y is 124 at 31, 128 and 132 at 32 and 33, 102 at 34."""
    found = search(plate(("tiles", "min"), y=Choices(range(31, 41))), effort=SPLIT)
    assert (found.status, found.value, found.point) == ("optimal", 102.0, {"y": 34.0})


def test_a_limit_exactly_attained_is_kept():
    found = search(plate(("area", "max"), [Limit("area", "<=", 14)], y=WHOLE), effort=SPLIT)
    assert (found.status, found.value) == ("optimal", 14.0)
    strict = search(plate(("area", "max"), [Limit("area", "<", 14)], y=WHOLE), effort=SPLIT)
    assert strict.value == 12.0


def test_a_limit_holds_to_a_billionth():
    """Feasible means value <= limit (1 + 1e-9)."""
    near, far = (plate(("area", "max"), [Limit("area", "<=", 14 * (1 - k * 1e-9))], y=WHOLE) for k in (0.9, 1.1))
    assert search(near, effort=SPLIT).value == 14.0
    assert search(far, effort=SPLIT).value == 12.0


def test_an_equality_is_met():
    found = search(plate(("rim", "min"), [Limit("area", "==", 26)], y=WHOLE), effort=SPLIT)
    assert found.point == {"y": 13.0}


def test_nothing_fits_is_proved():
    found = search(plate(("area", "max"), [Limit("area", "<=", 3), Limit("rim", ">=", 8)], y=WHOLE), effort=SPLIT)
    assert (found.status, found.point, found.value, found.boxes_left) == ("infeasible", None, None, 0)


def test_a_zero_divisor_makes_no_design():
    """2 y / (y - 3) is largest right above the pole: 8 at y = 4; y = 3 has no share."""
    found = search(plate(("share", "max"), y=WHOLE), effort=SPLIT)
    assert (found.value, found.point) == (8.0, {"y": 4.0})
    assert search(plate(("share", "max"), y=Choices([3])), effort=SPLIT).status == "infeasible"


def test_the_pole_of_a_condition_is_a_number_still():
    """1 / 0 is infinite and above 0: y = 2 is chosen."""
    found = search(plate(("chosen", "min"), y=WHOLE), effort=SPLIT)
    assert found.value == 2.0


def test_an_undefined_condition_makes_no_design():
    class Odd(Model):
        y = given("1", "number")
        out = formula("1", where(log(y) > -9, y, y + 1), "number", derived=True)

    free = {"y": Choices(range(-3, 4))}
    found = search(Problem(compile(Odd(), "out"), {}, ("out", "min"), [], free), effort=SPLIT)
    assert found.value == 1.0  # log(0) is minus infinity: 0 + 1; below 0 there is no logarithm


def test_missing_keys_make_no_design():
    class Store(Model):
        size = given("1", "size")
        kept = table("size", cost="1")
        cost = formula("1", lookup(kept.cost, size) * size, "cost", derived=True)

    values = {"kept": {2: {"cost": 9}, 4: {"cost": 5}, 8: {"cost": 1}}}
    asked = Problem(compile(Store(), "cost"), values, ("cost", "max"), [], {"size": Choices(range(1, 8))})
    found = search(asked, effort=SPLIT)
    assert (found.value, found.point) == (20.0, {"size": 4.0})


def test_labels_and_members_are_chosen_by_place():
    class Kinds(Model):
        layer = index("layers")
        work = given("1", "work", over=layer)
        pick = given("1", "layer", domain=member(layer))
        kind = given("1", "kind", domain=choices("slow", "fast"))
        out = formula(
            "1", total(where(equal(layer, pick), work, 0), over=layer) * where(equal(kind, 1), 2, 3), derived=True
        )

    program = compile(Kinds(), "out")
    values = {"layer": ["a", "b", "c"], "work": [4, 2, 5]}
    free = {"pick": Choices(range(3)), "kind": Choices([0, 1])}
    found = search(Problem(program, values, ("out", "min"), [], free), effort=SPLIT)
    assert (found.value, found.point) == (4.0, {"pick": 1.0, "kind": 1.0})


def test_a_label_is_known_by_its_place():
    class Kind(Model):
        kind = given("1", "kind", domain=choices("slow", "fast"))
        out = formula("1", where(equal(kind, 1), 2, 3), "number", derived=True)

    with pytest.raises(DomainError, match=r"kind is searched at 0\.5; a label is known by its place"):
        Problem(compile(Kind(), "out"), {}, ("out", "min"), [], {"kind": Choices([0, 0.5, 1])})


def test_a_vector_has_one_value_for_all_members():
    class Layers(Model):
        layer = index("layers")
        work = given("1", "work", over=layer)
        tile = given("1", "tile", over=layer)
        cycles = formula("1", total(ceil_div(work, tile) * tile, over=layer), "cycles", derived=True)

    program = compile(Layers(), "cycles")
    asked = Problem(program, {"work": [10, 15, 20]}, ("cycles", "min"), [], {"tile": Choices(range(3, 9))})
    found = search(asked, effort=SPLIT)
    assert (found.value, found.point) == (45.0, {"tile": 5.0})


def test_units_are_those_of_the_base():
    class Clocked(Model):
        clock = given("GHz", "clock")
        power = formula("W", (clock / one("GHz")) ** 2 * one("W"), "power", derived=True)

    asked = Problem(
        compile(Clocked(), "power"), {}, ("power", "max"), [Limit("power", "<=", 4.0)], {"clock": Real(1e8, 5e9)}
    )
    found = search(asked)
    assert found.status == "optimal"
    assert found.point["clock"] == pytest.approx(2e9, rel=1e-6)
    assert found.value == pytest.approx(4.0, rel=1e-6)


# reals


def test_a_real_optimum_is_met_within_its_gap():
    """The least of x + 4 / x is 4, at 2."""
    found = search(plate(("cost", "min"), x=Real(0.1, 20)))
    assert found.status == "optimal"
    assert found.bound <= 4.0 <= found.value
    assert found.gap <= 1.000001e-6
    assert found.value == pytest.approx(4.0, rel=1e-6)


def test_a_wider_gap_is_enough_where_asked_for():
    fine, rough = (search(plate(("cost", "min"), x=Real(0.1, 20)), gap=gap, effort=SPLIT) for gap in (1e-7, 0.2))
    assert rough.status == fine.status == "optimal"
    assert rough.nodes < fine.nodes
    assert rough.bound <= 4.0 <= rough.value <= 4.8


def test_reals_and_whole_numbers_mix():
    """Of area 30 the least rim: y = 5 and x = 6, or y = 6 and x = 5."""
    found = search(plate(("rim", "min"), [Limit("area", ">=", 30)], x=Real(0.1, 20), y=WHOLE))
    assert found.status == "optimal"
    assert found.value == pytest.approx(22.0, rel=2e-6)


def test_a_range_without_width_is_one_number():
    assert search(plate(("cost", "min"), x=Real(5, 5))).value == 5.8


# stopping


def chip():
    from benchmarks._design_problems import chip as made

    return made()


def test_the_chip_of_a_billion_designs_is_that_of_exhaustive_search():
    """All 1.04e9 designs through the grid give 1.380272809543398."""
    found = search(chip())
    assert found.status == "optimal"
    assert found.value == pytest.approx(1.3802728095433983, rel=1e-9)


def test_a_search_without_time_says_what_it_knows():
    found = search(chip(), time_limit=0.0)
    assert found.status == "feasible"
    assert found.boxes_left > 0
    assert found.value <= 1.3802728095433983 * (1 + 1e-12) <= found.bound * (1 + 1e-12)
    assert found.gap == pytest.approx((found.bound - found.value) / found.value)
    assert not found.interrupted


def test_progress_tells_bounds_that_close():
    told = []
    search(chip(), progress=lambda *state: told.append(state), effort=Effort(batch=64, sample=8, starts=1, descent=1))
    bounds, values, nodes = zip(*told, strict=True)
    assert len(told) > 5
    assert list(nodes) == sorted(nodes)
    assert all(b <= a * (1 + 1e-12) for a, b in pairwise(bounds))
    known = [v for v in values if v is not None]
    assert known == sorted(known)
    assert min(bounds) * (1 + 1e-12) >= max(known)


def test_an_interrupted_search_keeps_what_it_found():
    def stop(bound, value, nodes):
        if value is not None:
            raise KeyboardInterrupt

    found = search(chip(), progress=stop, effort=Effort(batch=64))
    assert found.interrupted
    assert found.status == "feasible"
    assert found.boxes_left > 0
    assert found.value <= 1.3802728095433983 * (1 + 1e-12) <= found.bound * (1 + 1e-12)
    assert exact(chip(), found.point)[0] == found.value


def test_the_same_question_has_the_same_answer():
    one, two = (search(chip())._replace(seconds=0.0) for _ in range(2))
    assert one == two


def test_little_memory_is_enough():
    found = search(chip(), effort=Effort(batch=32, room=8000))
    assert found.status == "optimal"
    assert found.value == pytest.approx(1.3802728095433983, rel=1e-9)


# what is asked


def test_any_design_will_do_without_an_objective():
    asked = plate(None, [Limit("area", "==", 26)], y=WHOLE)
    found = search(asked, effort=SPLIT)
    assert (found.status, found.point, found.value) == ("feasible", {"y": 13.0}, None)
    assert search(plate(None, [Limit("area", "==", 27)], y=WHOLE), effort=SPLIT).status == "infeasible"


def test_what_nothing_depends_on_keeps_its_first_candidate():
    found = search(plate(("cost", "min"), x=Choices([2, 3]), y=Choices([7, 9])))
    assert found.point == {"x": 2.0, "y": 7.0}


def test_nothing_free_is_one_design():
    found = search(plate(("area", "max")))
    assert (found.status, found.value, found.point) == ("optimal", 6.0, {})
    assert search(plate(("area", "max"), [Limit("rim", "<=", 9)])).status == "infeasible"


def test_margins_are_distances_to_the_bounds():
    limits = [Limit("area", "<=", 10), Limit("rim", ">=", 12), Limit("area", "==", 6.5)]
    value, margins = exact(plate(("area", "max"), limits, y=WHOLE), {"y": 3})
    assert value == 6.0
    assert margins == (4.0, -2.0, -0.5)
    undefined = exact(plate(("share", "max"), [Limit("share", "<=", 1)], y=WHOLE), {"y": 3})[1]
    assert not any(map(math.isfinite, undefined))


@pytest.mark.parametrize(
    ("values", "match"), [([], "one or more finite"), ([1, np.nan], "one or more finite"), ([np.inf], "finite")]
)
def test_choices_are_finite_numbers(values, match):
    with pytest.raises(QuestionError, match=match):
        Choices(values)


def test_a_range_goes_upwards():
    with pytest.raises(QuestionError, match=r"from a finite low end to a high end, not 2\.0 1\.0"):
        Real(2.0, 1.0)


def test_odd_questions_are_refused():
    with pytest.raises(QuestionError, match="min or max, not 'least'"):
        plate(("area", "least"), y=WHOLE)
    with pytest.raises(UnknownValueError, match="'z'"):
        plate(("area", "min"), z=WHOLE)
    with pytest.raises(DomainError, match="y is searched at 41"):
        plate(("area", "min"), y=Choices(range(42)))
    with pytest.raises(DomainError, match="every real from 1 to 2"):
        plate(("area", "min"), y=Real(1, 2))
    with pytest.raises(QuestionError, match="swept along y"):
        Problem(compile(Plate(), "area", ["y"]), {"x": 2}, ("area", "min"), [], {})
    with pytest.raises(QuestionError, match="no output 'depth'"):
        Problem(compile(Plate(), "area"), {"x": 2}, ("depth", "min"), [], {})


def test_an_objective_over_a_set_is_refused():
    class Layers(Model):
        layer = index("layers")
        work = given("1", "work", over=layer)
        twice = formula("1", 2 * work, "work", derived=True)
        most = formula("1", largest(twice, over=layer), "work", derived=True)

    program = compile(Layers(), ["twice", "most"])
    with pytest.raises(QuestionError, match="twice stands over layer; an objective or a limit is one number"):
        Problem(program, {"work": [1, 2]}, ("twice", "min"))
    assert search(Problem(program, {"work": [1, 2]}, ("most", "min"))).value == 4.0
