"""The geometric reading: hand answers through cvxpy, what is refused and by which name, what relaxing means."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest

from symppa.engine.geometric import as_cvxpy, geometric
from symppa.engine.reducers import Limit
from symppa.engine.search import Choices, Real
from symppa.errors import QuestionError, UnsupportedError
from tests.engine.convex_models import Box, Network, problem_of

SIDES = {"w": Real(0.5, 10.0), "h": Real(0.5, 10.0), "d": Real(0.5, 10.0)}


def solved(problem, relax=()):
    handed = as_cvxpy(geometric(problem, relax))
    handed.problem.solve(gp=True, solver=cp.CLARABEL)
    assert handed.problem.status == "optimal"
    return handed


@pytest.mark.parametrize(
    ("objective", "limits", "free", "value"),
    [
        # 4 h w + w w with h w w = 4: w = d = 2, h = 1; 2 * 1 * 4 + 4 = 12
        (("cost", "min"), [Limit("volume", ">=", 4.0)], SIDES, 12.0),
        (("worth", "max"), [Limit("volume", "<=", 4.0)], SIDES, 4.0 / 12.0),
        # the longest side is at least 2; h d = 2 and w = 2 hold a volume of 4
        (("longest", "min"), [Limit("volume", ">=", 4.0)], SIDES, 2.0),
        # both equal, w w d = 4 with d = 0.5
        (("shortest", "max"), [Limit("volume", "<=", 4.0)], SIDES, 8.0**0.5),
        # w as small as 0.5: 0.5 * 2**2
        (("bits", "min"), [Limit("h", ">=", 2.0)], {"w": Real(0.5, 10.0), "h": Real(0.5, 10.0)}, 2.0),
        # 20 - w d is largest where both are smallest
        (("room", "max"), [], {"w": Real(0.5, 4.0), "d": Real(0.5, 4.0)}, 19.75),
        # log(4) * 3
        (("nats", "max"), [], {"w": Real(2.0, 4.0), "h": Real(1.0, 3.0)}, 3.0 * np.log(4.0)),
        (("rooted", "min"), [Limit("floor", ">=", 9.0)], SIDES, 3.0 + 0.5**1.5),
    ],
)
def test_answers_are_those_worked_by_hand(objective, limits, free, value):
    values = {"w": 1.0, "h": 1.0, "d": 1.0}
    limits = [limit for limit in limits if limit.output != "h"]
    if objective[0] == "bits":
        free = free | {"h": Real(2.0, 10.0)}
    problem = problem_of(Box, objective, limits, free, values)
    assert solved(problem).objective.value == pytest.approx(value, rel=1e-6)


def test_givens_are_handed_out_by_name():
    handed = solved(problem_of(Box, ("cost", "min"), [Limit("volume", ">=", 4.0)], SIDES))
    found = {name: float(variable.value) for name, variable in handed.givens.items()}
    assert found == pytest.approx({"w": 2.0, "d": 2.0, "h": 1.0}, rel=1e-4)


def test_a_coefficient_of_zero_is_dropped_before_it_is_judged():
    assert solved(problem_of(Box, ("wall", "min"), [], SIDES, {"slack": 0.0})).objective.value == pytest.approx(1.0)


def test_the_dual_of_a_limit_is_the_elasticity_of_the_objective():
    problem = problem_of(Box, ("cost", "min"), [Limit("volume", ">=", 4.0)], SIDES)
    ((dual,),) = [[c.dual_value for c in one] for one in solved(problem).limits]
    assert float(dual) == pytest.approx(2.0 / 3.0, rel=1e-5)  # cost grows as volume ** (2 / 3)


def test_layers_of_a_set_are_summed_equal_ones_once():
    work = np.array([8.0, 4.0, 8.0, 8.0])
    free = {"rows": Real(1.0, 100.0), "clock": Real(0.1, 5.0)}
    problem = problem_of(Network, ("plain", "min"), [Limit("area", "<=", 10.0)], free, {"layers": 4, "work": work})
    found = geometric(problem)
    # rows (1 + clock**2) <= 10: rows = 10 / (1 + clock**2), 28 (1 + clock**2) / (10 clock) is least at clock = 1
    assert solved(problem).objective.value == pytest.approx(5.6, rel=1e-5)
    assert max(len(group.terms) for group in found.groups) <= 2


@pytest.mark.parametrize(
    ("objective", "limits", "free", "said"),
    [
        (("bent", "min"), [], SIDES, r"refuses (where|at_most|less).*in bent \(case distinction\)"),
        (("sheets", "min"), [], SIDES, r"refuses ceil_div: rounding up .*in sheets \(whole sheets\)"),
        (("cuts", "min"), [], SIDES, r"refuses floor_div: .*in cuts \(whole cuts\)"),
        (("gap", "max"), [], SIDES, r"subtract: the difference may be zero or negative in this box, in gap"),
        (("cost", "max"), [], SIDES, r"cannot maximise cost, which is log-convex"),
        (("shortest", "min"), [], SIDES, r"cannot minimise shortest, which is log-concave"),
        (("floor", "min"), [Limit("wall", ">=", 3.0)], SIDES, r"the limit wall >= 3: the value is log-convex"),
        (("floor", "min"), [], {"w": Real(0.0, 1.0)}, r"refuses w, which may be 0: not positive"),
        (("floor", "min"), [], {"w": Choices([1.0, 3.0])}, r"refuses w, one of 2 candidates; relax integers"),
    ],
)
def test_what_is_not_geometric_is_refused_by_name(objective, limits, free, said):
    with pytest.raises(UnsupportedError, match=said):
        geometric(problem_of(Box, objective, limits, free, {"w": 1.0, "h": 1.0, "d": 1.0}))


def test_only_what_can_be_relaxed_is():
    with pytest.raises(QuestionError, match="nothing called 'units' can be relaxed; it is integers or rounding"):
        geometric(problem_of(Box, ("floor", "min"), [], SIDES), ["units"])


def test_a_relaxed_ceiling_is_the_quotient_or_its_lower_bound():
    free = {"w": Real(1.0, 2.0), "h": Real(0.5, 4.0), "d": Real(1.0, 2.0)}
    problem = problem_of(Box, ("sheets", "min"), [Limit("volume", ">=", 4.0)], free)
    # without the bound: wall / 3 * w with w = 1, d = 2, h = 2 is 4 * 3 / 3; every wall there is at least 2
    assert solved(problem, ["rounding"]).objective.value == pytest.approx(4.0, rel=1e-5)
    loose = problem_of(Box, ("sheets", "min"), [], {"w": Real(1.0, 2.0), "h": Real(0.6, 4.0)}, {"d": 1.0})
    # 2 * 0.6 * 2 / 3 is 0.8, rounded up 1
    assert solved(loose, ["rounding"]).objective.value == pytest.approx(1.0, rel=1e-5)


def test_a_limit_on_what_is_fixed_decides_at_once():
    problem = problem_of(Box, ("wall", "min"), [Limit("floor", "<=", 1.0)], {"h": Real(1.0, 2.0)}, {"w": 2.0, "d": 2.0})
    handed = as_cvxpy(geometric(problem))
    handed.problem.solve(gp=True, solver=cp.CLARABEL)
    assert handed.problem.status == "infeasible"
