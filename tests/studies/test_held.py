"""Where limits cannot hold for all that is uncertain: which limits, ends and uncertain givens exclude each other."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, settings
from hypothesis import given as cases
from hypothesis import strategies as st

from symppa import Model, ceil_div, formula, given, integers
from symppa.descriptions.free import free
from symppa.descriptions.vary import vary
from symppa.language import reals
from symppa.reports.contents import report
from symppa.reports.text import as_text
from symppa.studies.design import design
from symppa.studies.design.asking import Asking
from symppa.studies.design.explain.explained import explained_held
from symppa.studies.design.problem import questions


@pytest.fixture
def goal(tmp_path):
    def written(uncertain, more="extends: soc_500w"):
        file = tmp_path / "goal.yaml"
        file.write_text(f"{more}\nuncertain:\n  {uncertain}\n")
        return file

    return written


def members(found):
    return {(row["kind"], row["text"]): row for row in found["conflict"]["members"]}


def test_an_uncertain_given_and_a_limit_exclude_each_other(goal):
    found = design(goal("sm_power: [5 W, 16 W]"))
    rows = members(found.facts)
    assert found.facts["conflict"]["minimal"]
    assert set(rows) == {
        ("limit", "power <= 500 W"), ("lower", "chiplet.sms, lower end"), ("uncertain", "sm_power varies"),
    }  # fmt: skip
    # 171.2 W beside 64 times the power of a multiprocessor, 16 of them on each of 4 chiplets
    assert rows["limit", "power <= 500 W"]["reached"] == pytest.approx(171.2 + 64 * 16)
    assert rows["lower", "chiplet.sms, lower end"]["reached"] == 5  # 171.2 + 4 x 5 x 16 = 491.2
    low, high = rows["uncertain", "sm_power varies"]["reached"]
    assert high == pytest.approx((500 - 171.2) / 64, rel=2e-3)
    assert high <= (500 - 171.2) / 64
    assert 1.5 <= low <= high


def test_a_screen_tells_what_would_have_to_vary_less(goal):
    words = " ".join(as_text(report(design(goal("sm_power: [1 W, 16 W]")))).split())
    assert "no design has power <= 500 W for all that is uncertain, proved" in words
    assert "sm_power varies 1 to 16 W 1.375 to 5.1" in words
    assert "its limits, where what is uncertain is worst" in words
    assert "power <= 500 W 1195 W -695.2 W missed by 139 %" in words
    assert "with all else that is uncertain at its value" in words


def test_what_nothing_fits_anyway_is_not_laid_to_what_is_uncertain(goal):
    found = design(goal("sm_power: [1.4 W, 1.6 W]", "extends: soc_prd"))
    assert not found.facts["conflict"]["held"]
    assert all(row["kind"] != "uncertain" for row in found.facts["conflict"]["members"])


def test_what_is_not_asked_for_is_not_explained(goal):
    assert "conflict" not in design(goal("sm_power: [5 W, 16 W]"), explain=False).facts


class Bridge(Model):
    """A bridge with a load somewhere on it."""

    size = given("1", "size", domain=integers(1, 20))
    place = given("1", "place of the load", default=2, domain=reals(0))
    loads = given("1", "loads", default=1, domain=integers(1, 9))

    strain = formula("1", place * (6 - place) - size, "strain of the middle", derived=True)
    wear = formula("1", size + ceil_div(7, loads) * loads, "wear", derived=True)


def asked(limits, uncertain, sizes=(1, 20)):
    held = {name: vary(name, ends) for name, ends in uncertain.items()}
    return questions(Asking(Bridge, {}, {}, {}, tuple(limits), {"size": free("size", list(sizes))}, {}, held))


def test_the_worst_may_lie_inside_of_what_varies():
    # 3 (6 - 3) = 9 in the middle, 8 at the ends and at its value: a strain of 5 takes 4, a wear of 10 allows 3
    found = explained_held(asked(["strain <= 5", "wear <= 10"], {"place": ["2", "4"]}), 60.0)
    rows = members(found)
    assert found["conflict"]["minimal"]
    assert set(rows) == {("limit", "strain <= 5"), ("limit", "wear <= 10"), ("uncertain", "place varies")}
    assert rows["limit", "strain <= 5"]["reached"] == pytest.approx(6, rel=1e-5)
    assert rows["limit", "wear <= 10"]["reached"] == pytest.approx(11)
    low, high = rows["uncertain", "place varies"]["reached"]
    assert low == 2
    assert high == pytest.approx(2, abs=2e-3)  # any more of it makes it worse
    near = found["nearest"]
    assert [row["met"] for row in near["limits"]].count(False) == 1


def test_whole_numbers_vary_by_whole_numbers():
    # 7, 8, 9, 8 and 10 for 1 to 5 loads
    found = explained_held(asked(["wear <= 9"], {"loads": ["1", "5"]}, (1, 4)), 60.0)
    rows = members(found)
    assert rows["limit", "wear <= 9"]["reached"] == 11
    assert rows["uncertain", "loads varies"]["reached"] == [1, 2]


def test_a_filter_without_time_keeps_everything_and_says_so():
    found = explained_held(asked(["wear <= 9"], {"loads": ["1", "5"]}, (1, 4)), 1e-9)
    assert found["conflict"]["over"]
    assert not found["conflict"]["minimal"]


def power(sms, sm, chiplet):
    return 151.2 + 4 * (sm * sms + chiplet)


@settings(max_examples=15)
@cases(st.integers(240, 330), st.floats(0.0, 0.4), st.floats(0.05, 2.0), st.floats(0.0, 1.0), st.floats(0.1, 6.0))
def test_a_conflict_is_that_of_trying_all_corners(tmp_path_factory, most, low, wide, idle, more):
    ends = {"sm_power": (1.5 - low, 1.5 + wide), "chiplet_power": (5 - idle, 5 + more)}
    file = tmp_path_factory.mktemp("held") / "goal.yaml"
    file.write_text(
        "base: nexgen_baseline\nmaximize: compute_density\n"
        f"subject_to: {{power: '<= {most} W', compute_density: '>= 0.05 TFLOPS/mm2'}}\n"
        "free: {chiplet.sms: [16, 24]}\n"
        f"uncertain:\n  sm_power: [{ends['sm_power'][0]!r} W, {ends['sm_power'][1]!r} W]\n"
        f"  chiplet_power: [{ends['chiplet_power'][0]!r} W, {ends['chiplet_power'][1]!r} W]\n"
    )
    nominal = {"sm_power": 1.5, "chiplet_power": 5.0}

    def fits(kept, bound=most):
        """Whether some number of multiprocessors fits; 0.05 TFLOPS/mm2 takes 20 of them, 16 times as many are 384."""
        first = 1 if "lower" in kept else None
        least = 20 if "density" in kept else 16 if first else 1
        corner = [ends[n][1] if n in kept else nominal[n] for n in nominal]
        return "power" not in kept or power(least, *corner) <= bound

    every = {"power", "density", "lower", *nominal}
    assume(abs(power(20, *(end[1] for end in ends.values())) - most) > 1e-3)
    found = design(file)
    assert (found.facts["status"] == "infeasible") == (not fits(every))
    assume(found.facts["status"] == "infeasible" and found.facts.get("conflict", {}).get("held"))
    kept = set()
    for row in found.facts["conflict"]["members"]:
        name = row["text"].split()[0].rstrip(",")
        kept.add({"compute_density": "density", "chiplet.sms": row["kind"]}.get(name, name))
    assert found.facts["conflict"]["minimal"]
    assert not fits(kept)
    for subset in itertools.combinations(sorted(kept), len(kept) - 1):
        assert fits(subset)
    reached = {row["limit"].split()[0]: row["reached"] for row in found.facts["repairs"]}
    assert reached["power"] == pytest.approx(power(20, *(end[1] for end in ends.values())), rel=1e-5)
