"""The affine reading: hand answers through HiGHS, choices as booleans, what is refused and by which name."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest

from symppa.engine.affine import affine, as_cvxpy
from symppa.engine.reducers import Limit
from symppa.engine.search import Choices, Real
from symppa.errors import UnsupportedError
from tests.engine.convex_models import Line, Network, problem_of

PLANE = {"x": Real(0.0, 10.0), "y": Real(0.0, 10.0)}
LATTICE = {"x": Choices(range(11)), "y": Choices(range(11))}
MENU = {k: {"price": price} for k, price in ((1, 7.0), (2, 1.0), (4, 3.0))}
ENOUGH, LITTLE = [Limit("cost", ">=", 20.0)], [Limit("cost", "<=", 20.0)]


def solved(problem):
    handed = as_cvxpy(affine(problem))
    handed.problem.solve(solver=cp.HIGHS)
    assert handed.problem.status == "optimal"
    return handed


@pytest.mark.parametrize(
    ("objective", "limits", "free", "value"),
    [
        # x + 2 y = 4 x and 3 x + 2 y = 20: x = 10 / 3
        (("worst", "min"), ENOUGH, PLANE, 40.0 / 3.0),
        # x = 3, y = 6 costs 21 and is 15; x = 4, y = 4 is 16, x = 2, y = 7 is 16
        (("worst", "min"), ENOUGH, LATTICE, 15.0),
        # 3 x + 2 y <= 20 with x + 2 y = 4 x
        (("least", "max"), LITTLE, PLANE, 40.0 / 3.0),
        # x = 6, y = 1 costs 20: two tiles and one
        (("tiles", "min"), ENOUGH, LATTICE, 3.0),
        (("whole", "max"), LITTLE, LATTICE, 2.0),
        # q = 4: 16 and x = 6
        (("square", "max"), LITTLE, LATTICE | {"q": Choices([-2.0, 1.0, 4.0])}, 22.0),
        # q = 2 costs 1; x = 0, y = 10 costs 20
        (("priced", "min"), ENOUGH, LATTICE | {"q": Choices([1.0, 2.0, 4.0])}, 1.0),
        # q = 3 is not on the menu
        (("priced", "min"), ENOUGH, LATTICE | {"q": Choices([3.0, 4.0])}, 3.0),
        # y <= x + 1 holds at x = y = 10
        (("cost", "max"), [Limit("ratio", "<=", 1.5)], PLANE, 50.0),
        # x = 0, y = 10
        (("back", "max"), LITTLE, PLANE, 21.0),
    ],
)
def test_answers_are_those_worked_by_hand(objective, limits, free, value):
    values = {"x": 1.0, "y": 1.0, "q": 1.0, "menu": MENU}
    assert solved(problem_of(Line, objective, limits, free, values)).objective.value == pytest.approx(value, rel=1e-7)


def test_integers_are_whole_and_come_by_name():
    handed = solved(problem_of(Line, ("worst", "min"), ENOUGH, LATTICE))
    assert {name: float(v.value) for name, v in handed.givens.items()} == pytest.approx({"x": 3.0, "y": 6.0})


def test_the_default_solver_is_never_trusted_with_integers():
    """Every integer of the program is one to cvxpy: its own list says so."""
    handed = as_cvxpy(affine(problem_of(Line, ("worst", "min"), ENOUGH, LATTICE)))
    assert [v.attributes["integer"] for v in handed.columns if v.name() in LATTICE] == [True, True]


def test_equal_steps_that_are_no_whole_numbers_are_counted():
    steps = {"x": Choices(0.25 * k for k in range(41)), "y": Real(0.0, 10.0)}
    # x = 3.25: y = 5.125 gives 13.5; x = 3.5: 14; 3 x + 2 y = 20, x + 2 y = 20 - 2 x
    assert solved(problem_of(Line, ("worst", "min"), ENOUGH, steps)).objective.value == pytest.approx(13.5)


def test_a_quotient_is_quasi_convex():
    handed = as_cvxpy(affine(problem_of(Line, ("ratio", "max"), LITTLE, PLANE)))
    assert not handed.problem.is_dcp()
    handed.problem.solve(qcp=True, solver=cp.HIGHS)
    assert handed.objective.value == pytest.approx(21.0 / 11.0, rel=1e-5)  # x = 0, y = 10


def test_rows_are_scaled_by_their_limits():
    problem = problem_of(Line, ("worst", "min"), [Limit("cost", ">=", 2e-9)], {"x": Real(0, 1e-9), "y": Real(0, 1e-9)})
    assert solved(problem).objective.value == pytest.approx(4e-9 / 3.0, rel=1e-6)


def test_lines_over_a_set_are_summed_with_equal_members_counted():
    values = {"layers": 3, "work": np.array([2.0, 5.0, 2.0]), "clock": 1.0}
    free = {"rows": Choices(range(1, 9)), "clock": Real(0.5, 2.0)}
    problem = problem_of(Network, ("linear", "max"), [Limit("slowest", "<=", 22.0)], free, values)
    # 5 rows + clock <= 22: rows = 4, clock = 2; 9 * 4 + 3 * 2
    assert solved(problem).objective.value == pytest.approx(42.0)


@pytest.mark.parametrize(
    ("objective", "limits", "said"),
    [
        (("product", "min"), [], r"refuses multiply: a product of values that both vary.*in product \(product\)"),
        (("worst", "max"), [], r"cannot maximise worst, which is convex"),
        (("least", "min"), [], r"cannot minimise least, which is concave"),
        (("cost", "min"), [Limit("worst", ">=", 3.0)], r"the limit worst >= 3: it does not hold on a convex set"),
        (("cost", "min"), [Limit("square", ">=", 3.0)], r"refuses multiply: .*in square \(a square and a line\)"),
        (("priced", "min"), [], r"refuses lookup: a table is not convex; enumerate its keys, in priced"),
    ],
)
def test_what_is_not_affine_is_refused_by_name(objective, limits, said):
    free = PLANE | {"q": Choices([float(k) for k in range(1, 99)])}
    with pytest.raises(UnsupportedError, match=said):
        affine(problem_of(Line, objective, limits, free, {"menu": MENU}))


def test_a_fixed_infinite_value_is_no_part_of_a_line():
    from symppa.engine.compile import compile
    from symppa.engine.search import Problem
    from symppa.language import Model, formula, given, log

    class Endless(Model):
        """A line beside the logarithm of zero."""

        x = given("1", "free")
        z = given("1", "fixed")
        y = formula("1", 3 * x + log(z), "a line and a logarithm", derived=True)

    with pytest.raises(UnsupportedError, match="refuses an output that a fixed infinite value reaches"):
        affine(Problem(compile(Endless(), "y"), {"z": 0.0}, ("y", "min"), [], {"x": Real(0.0, 1.0)}))


def test_a_set_that_grows_with_a_free_given_is_refused_by_both():
    from symppa.engine.compile import compile
    from symppa.engine.geometric import geometric
    from symppa.engine.search import Problem
    from symppa.language import Model, formula, given, index, integers, total

    class Burst(Model):
        """Steps of a burst."""

        size = given("1", "steps of a burst", domain=integers(1, 9))
        step = index("steps", size=size)
        cost = given("1", "cost of a step")
        sum = formula("1", total(cost * (step + 1), over=step), "cost of all steps", derived=True)

    problem = Problem(compile(Burst(), "sum"), {"cost": 1.0}, ("sum", "min"), [], {"size": Choices(range(1, 10))})
    for reading in (affine, lambda p: geometric(p, ["integers"])):
        with pytest.raises(UnsupportedError, match="the set step grows with size; fix these"):
            reading(problem)
