"""Fronts by search: of three and four objectives, among reals and too many designs to try, each point proved."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st

from symppa import Model, ceil_div, formula, given, integers
from symppa.language import reals
from symppa.reports.contents import report
from symppa.reports.plot import plot
from symppa.reports.text import as_text
from symppa.studies.design import design
from symppa.studies.design.asking import asking
from symppa.studies.design.fronts.front import fronts
from symppa.studies.design.fronts.regions import Regions, gaps
from symppa.studies.design.problem import questions


class Tank(Model):
    """A tank whose walls, lid and pumps cost in different ways."""

    wide = given("1", "width", domain=reals(0))
    deep = given("1", "depth", domain=reals(0))
    pumps = given("1", "pumps", default=1, domain=integers(1, 10**6))
    hoses = given("1", "hoses", default=1, domain=integers(1, 10**6))

    wall = formula("1", wide * wide + deep * deep, "wall", derived=True)
    lid = formula("1", (wide - 1) * (wide - 1) + deep * deep, "lid", derived=True)
    drain = formula("1", wide * wide + (deep - 1) * (deep - 1), "drain", derived=True)
    rounds = formula("1", ceil_div(60, pumps), "rounds to empty it", derived=True)
    price = formula("1", 3 * pumps + hoses, "price", derived=True)
    noise = formula("1", pumps + ceil_div(40, hoses), "noise", derived=True)
    queue = formula("1", ceil_div(30, pumps * hoses), "queue at the tap", derived=True)


REAL = {"system": Tank, "minimize": ["wall", "lid", "drain"], "free": {"wide": [0, 2], "deep": [0, 2]}}
WHOLE = ("rounds", "price", "noise", "queue")


def worth(pumps, hoses):
    up = lambda a, b: -(-a // b)  # noqa: E731
    return (up(60, pumps), 3 * pumps + hoses, pumps + up(40, hoses), up(30, pumps * hoses))


def unbeaten(points):
    every = set(points)
    return {p for p in every if not any(q != p and all(a <= b for a, b in zip(q, p, strict=True)) for q in every)}


@settings(max_examples=15)
@cases(st.integers(1, 14), st.integers(1, 14), st.sampled_from([2, 3, 4]), st.permutations(range(4)))
def test_a_searched_front_is_that_of_comparing_all(pumps, hoses, number, order):
    names = [WHOLE[k] for k in order[:number]]
    free = {"pumps": {"integers": [1, pumps]}, "hoses": {"integers": [1, hoses]}}
    ask = {"system": Tank, "values": {"wide": 1, "deep": 1}, "minimize": names, "free": free}
    found = fronts(questions(asking(**ask)), 60.0, few=0)
    assert found.whole
    made = {tuple(worth(p.point["pumps"], p.point["hoses"])[WHOLE.index(n)] for n in names) for p in found.places}
    every = product(range(1, pumps + 1), range(1, hoses + 1))
    assert made == unbeaten([tuple(worth(*one)[WHOLE.index(n)] for n in names) for one in every])


def test_a_front_of_more_designs_than_can_be_tried_is_whole():
    # nobody needs more than 60 pumps or 40 hoses: of 4e8 designs the front is that of these
    free = {"pumps": {"integers": [1, 20_000]}, "hoses": {"integers": [1, 20_000]}}
    found = design(
        system=Tank, values={"wide": 1, "deep": 1}, minimize=["rounds", "price", "noise"],
        subject_to={"price": "<= 40"}, free=free,
    )  # fmt: skip
    assert (found.facts["status"], found.facts["certificate"]["designs"]) == ("optimal", 4 * 10**8)
    few = [worth(*one)[:3] for one in product(range(1, 61), range(1, 41))]
    made = set(zip(*(found[name].tolist() for name in WHOLE[:3]), strict=True))
    assert made == unbeaten([one for one in few if one[1] <= 40])


def test_points_of_a_front_of_three_objectives_among_reals_are_best():
    # squares of the distances to (0, 0), (1, 0) and (0, 1): the front is that triangle
    found = design(**REAL)
    certificate = found.facts["certificate"]
    assert (found.facts["status"], certificate["proved"], certificate["whole"]) == ("feasible", True, False)
    assert certificate["asked"] == 3 + 5 * 5 - 1  # the ends, and four steps or none along two objectives
    assert 10 <= len(found["wide"]) <= certificate["asked"] - certificate["empty"]
    assert np.all(found["wide"] + found["deep"] <= 1 + 5e-3)
    for end in ([0, 0], [1, 0], [0, 1]):
        assert np.min(np.hypot(found["wide"] - end[0], found["deep"] - end[1])) < 5e-3
    assert "27 bounds along the front" in " ".join(as_text(report(found)).split())


def test_more_steps_ask_for_more_points():
    few, many = (design(**REAL, steps=steps) for steps in (3, 5))
    assert [one.facts["certificate"]["asked"] for one in (few, many)] == [3 + 2 * 2 - 1, 3 + 4 * 4 - 1]
    assert len(many["wide"]) > len(few["wide"])


def test_bounds_that_no_design_meets_are_counted():
    # walls of 0.5 and lids of 0.5 exclude drains of less than 0.5: nothing is near all three corners
    certificate = design(**REAL, steps=6).facts["certificate"]
    assert certificate["empty"] > 0
    assert certificate["proved"]


def test_a_front_of_which_no_point_was_found_in_time_is_a_design_that_fits():
    found = design(**REAL, time_limit=1e-3)
    assert found.facts["status"] in ("feasible", "unknown")
    if found.study == "front":
        certificate = found.facts["certificate"]
        assert not certificate["proved"]
        assert certificate["over"]
        assert "time was over before the whole front was known" in " ".join(as_text(report(found)).split())


def test_trying_every_design_stops_when_time_is_over():
    free = {"pumps": {"integers": [1, 2000]}, "hoses": {"integers": [1, 2000]}}
    ask = {"system": Tank, "values": {"wide": 1, "deep": 1}, "minimize": list(WHOLE), "free": free}
    found = fronts(questions(asking(**ask)), 1e-9)
    assert (found.whole, found.proved, found.over, found.stopped) == (False, False, True, False)


grid = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12)


@cases(grid)
def test_gaps_are_what_no_point_is_as_good_as(points):
    front = unbeaten(points)
    regions = list(gaps(sorted(front)))
    for at in product(np.arange(-0.5, 5), repeat=3):
        beaten = any(all(a <= b for a, b in zip(one, at, strict=True)) for one in front)
        inside = any(all(a < b for a, b in zip(at, region, strict=True)) for region in regions)
        assert inside != beaten


@cases(grid)
def test_regions_lead_to_every_point_of_a_front(points):
    regions, found = Regions(2), set()
    while (region := regions.take()) is not None:
        inside = [one for one in points if all(a < b for a, b in zip(one[1:], region, strict=True))]
        if inside:
            best = min(inside)
            found.add(best)
            regions.found(region, best[1:])
        else:
            regions.none(region)
    assert unbeaten(found) == unbeaten(points)


def test_four_objectives_are_all_drawn():
    free = {"pumps": {"integers": [1, 9]}, "hoses": {"integers": [1, 9]}}
    found = design(system=Tank, values={"wide": 1, "deep": 1}, minimize=list(WHOLE), free=free)
    axes, bar = plot(found).axes
    assert (axes.get_xlabel(), axes.get_ylabel(), bar.get_ylabel()) == ("rounds", "price", "noise")
    assert axes.get_legend().get_title().get_text() == "queue"
    areas = axes.collections[0].get_sizes()
    assert np.array_equal(np.argsort(areas, kind="stable"), np.argsort(found["queue"], kind="stable"))


class Lever(Model):
    """Two arms; where they are as long, their quotient is of nothing."""

    near = given("1", "near arm", domain=integers(0, 60))
    far = given("1", "far arm", domain=integers(0, 60))
    reach = formula("1", near + far, "reach", derived=True)
    lift = formula("1", 60 / (far - near) + far, "lift", derived=True)


def test_a_design_with_an_undefined_objective_is_none_of_a_front():
    # least reach alone is 0 and 0, where the lift is 60 / 0
    ask = {"system": Lever, "minimize": ["reach", "lift"], "free": {"near": [0, 9], "far": [0, 9]}}
    found = fronts(questions(asking(**ask)), 60.0, few=0)
    every = [(n + f, 60 / (f - n) + f) for n in range(10) for f in range(10) if n != f]
    points = [(p.point["near"], p.point["far"]) for p in found.places]
    assert found.whole
    assert {(n + f, 60 / (f - n) + f) for n, f in points} == unbeaten(every)
