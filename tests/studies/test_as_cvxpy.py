"""as_cvxpy: shipped targets and small ones as cvxpy problems, solved, and beside what is proved of them."""

from __future__ import annotations

import cvxpy
import pytest

from symppa import Model, ceil_div, evaluate, formula, given, integers
from symppa.errors import UnsupportedError
from symppa.studies import as_cvxpy
from symppa.studies.design import design

SHELF = {
    "system": "nexgen_baseline",
    "maximize": "compute_density",
    "subject_to": {"power": "<= 300 W"},
    "free": {"chiplet.sms": [16, 64]},
}


class Plate(Model):
    """Three sides."""

    wide = given("mm", "width")
    high = given("mm", "height")
    deep = given("mm", "depth")
    side = formula("mm2", wide * high, "side", derived=True)
    face = formula("mm2", high * deep, "face", derived=True)
    girth = formula("mm", wide + high + deep, "girth", derived=True)
    slim = formula("1", (wide + high) / (high + deep), "slimness", derived=True)


class Trips(Model):
    """An array that goes over what is larger than it."""

    rows = given("1", "rows", domain=integers(1, 64))
    columns = given("1", "columns", domain=integers(1, 64))
    trips = formula("1", ceil_div(1000, rows * columns), "trips", derived=True)
    area = formula("1", rows * columns, "area", derived=True)


SIDES = {name: ["1 mm", "50 mm"] for name in ("wide", "high", "deep")}
PLATE = {
    "system": Plate(), "minimize": "girth", "subject_to": {"side": ">= 8 mm2", "face": ">= 4 mm2"}, "free": SIDES,
}  # fmt: skip


def test_whole_numbers_make_a_milp_that_finds_what_is_proved():
    handed = as_cvxpy(**SHELF)
    assert handed.method == "MILP"
    assert isinstance(handed.problem, cvxpy.Problem)
    assert handed.solve() == pytest.approx(design(**SHELF)["compute_density"])
    assert handed.values == {"chiplet.sms": pytest.approx(21)}


def test_a_geometric_program_is_in_base_units_and_says_its_scale():
    # least w + h + d with w h = 8, h d = 4: h = 12 ** 0.5, so 2 * 12 ** 0.5 in all
    handed = as_cvxpy(**PLATE)
    assert handed.method == "DGP"
    assert handed.solve() == pytest.approx(2 * 12**0.5, rel=1e-5)
    assert float(handed.variables["high"].value) == pytest.approx(12**0.5 * 1e-3, rel=1e-4)
    assert handed.scale["high"] == pytest.approx(1e-3)
    assert handed.units == {"wide": "mm", "high": "mm", "deep": "mm", "girth": "mm"}
    assert set(handed.constraints) == {"side >= 8 mm2", "face >= 4 mm2"}
    again = evaluate(Plate(), handed.values, outputs=["girth"])
    assert again["girth"] == pytest.approx(2 * 12**0.5, rel=1e-4)


def test_lines_over_reals_make_an_lp_and_their_quotient_a_bisection():
    free = {"system": Plate(), "free": SIDES}
    line = as_cvxpy(minimize="girth", **free)
    assert (line.method, line.solve()) == ("LP", pytest.approx(3.0))
    ratio = as_cvxpy(minimize="slim", **free)  # (1 + h) / (h + 50), least where h is: 2 / 51
    assert (ratio.method, ratio.solve()) == ("DQCP", pytest.approx(2 / 51, rel=1e-4))


def test_more_may_be_asked_of_the_problem_that_is_handed_out():
    handed = as_cvxpy(**PLATE)
    wide = handed.variables["wide"] >= 4 * handed.scale["wide"]
    more = cvxpy.Problem(handed.problem.objective, [*handed.problem.constraints, wide])
    more.solve(gp=True, solver=cvxpy.CLARABEL)
    assert more.value == pytest.approx(4e-3 + 2e-3 + 2e-3, rel=1e-5)


def test_what_a_solver_is_told_reaches_it():
    assert as_cvxpy(**SHELF).solve(solver="SCIPY") == pytest.approx(0.05376)


def test_a_relaxed_target_says_what_it_leaves_out_and_bounds_what_is_proved():
    handed = as_cvxpy("soc_500w", relax=True)
    best = design("soc_500w", explain=False)["compute_density"]
    assert best <= handed.solve() <= 1.02 * best  # 54.8 multiprocessors for 54
    assert "chiplet.sms is any number" in handed.relaxed
    assert as_cvxpy(**SHELF).relaxed == ()


def test_rounding_that_is_left_out_is_named_by_its_formula():
    trips = {
        "system": Trips(), "minimize": "trips", "subject_to": {"area": "<= 100"},
        "free": {"rows": [1, 64], "columns": [1, 64]},
    }  # fmt: skip
    with pytest.raises(UnsupportedError, match=r"in area \(area\).*relax=True takes whole numbers and roundings"):
        as_cvxpy(**trips)
    handed = as_cvxpy(**trips, relax=True)
    assert handed.relaxed == ("rows is any number", "columns is any number", "no rounding in trips (trips)")
    assert handed.solve() == pytest.approx(10.0, rel=1e-4)  # 1000 / 100
    assert handed.solve() <= design(**trips)["trips"] * (1 + 1e-6)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("edge_5w", r"a product of values that both vary is not affine, in trips \(outer tiles\)"),
        ("tile_gemm", r"ceil_div: its divisor varies, in row_trips"),
        ("analog_schedule", "can be one of several classes"),
    ],
)
def test_a_shipped_target_that_is_not_convex_is_refused_by_formula(target, words):
    with pytest.raises(UnsupportedError, match=words):
        as_cvxpy(target)


def test_a_front_and_what_is_uncertain_are_refused(tmp_path):
    with pytest.raises(UnsupportedError, match="make a front"):
        as_cvxpy(**{**SHELF, "minimize": "power"})
    goal = tmp_path / "goal.yaml"
    goal.write_text("extends: soc_500w\nuncertain: {sm_power: [1.4 W, 1.6 W]}\n")
    with pytest.raises(UnsupportedError, match="limits that hold for sm_power make no cvxpy problem"):
        as_cvxpy(goal)


def test_nothing_fits_where_the_solver_says_so():
    handed = as_cvxpy(**{**PLATE, "subject_to": {"side": ">= 8000 mm2"}})
    assert handed.solve() is None
    assert handed.problem.status == "infeasible"
    assert handed.values == {}
