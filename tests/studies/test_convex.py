"""Convex problems solved and branched on: hand answers, exhaustive search, proofs that hold, refusals by name."""

from __future__ import annotations

import os
from itertools import product
from types import MappingProxyType

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.engine.geometric import RELAXING, geometric
from symppa.engine.geometric import as_cvxpy as as_dgp
from symppa.engine.reducers import Limit
from symppa.engine.search import Choices, Problem, Real, exact
from symppa.errors import QuestionError, UnsupportedError
from symppa.language import Model, ceil_div, formula, largest, sqrt
from symppa.language import given as declared
from symppa.studies.design.convex import as_cvxpy, branch_geometric, solve_affine, solve_geometric
from symppa.studies.design.convex.branch import Branching
from symppa.studies.design.convex.cones import Cones
from tests.engine.convex_models import Box, Line, Network, problem_of

MORE = int(os.environ.get("SYMPPA_EXAMPLES", "1"))  # times as many examples, for a long search
SIDES = {"w": Real(0.5, 10.0), "h": Real(0.5, 10.0), "d": Real(0.5, 10.0)}
PLANE = {"x": Real(0.0, 10.0), "y": Real(0.0, 10.0)}
LATTICE = {"x": Choices(range(11)), "y": Choices(range(11))}
MENU = {k: {"price": price} for k, price in ((1, 7.0), (2, 1.0), (4, 3.0))}
ENOUGH, LITTLE = [Limit("cost", ">=", 20.0)], [Limit("cost", "<=", 20.0)]


class Chip(Model):
    """Six knobs of a chip: roundings inside one another, a maximum, roots, a difference and sums of products."""

    n = declared("1", "chiplets")
    m = declared("1", "cores of a chiplet")
    t = declared("1", "lanes of a core")
    s = declared("1", "memory of a core")
    f = declared("1", "clock")
    b = declared("1", "bandwidth")
    work = declared("1", "tiles of work")
    split = declared("1", "parts of a tile")
    static = declared("1", "power at rest")
    bytes = declared("1", "traffic")

    waves = formula("1", ceil_div(work, n * m), "waves", derived=True)
    steps = formula("1", ceil_div(waves * split, t), "steps", derived=True)
    compute = formula("1", steps / f, "time of arithmetic", derived=True)
    load = formula("1", bytes / (n * b * sqrt(s)), "time of traffic", derived=True)
    time = formula("1", largest(compute, load) + 0.01 * n, "time", derived=True)
    die = formula("1", 3 + b + m * (0.5 + 0.2 * t + 0.1 * s), "area of a chiplet", derived=True)
    area = formula("1", n * die, "area", derived=True)
    power = formula("1", n * (static + b + 0.1 * m * t * f**2.5 + 0.05 * m * s), "power", derived=True)
    rest = formula("1", 300 - n * m, "places left", derived=True)
    product = formula("1", time * area, "time times area", derived=True)
    density = formula("1", 1000 * rest / (time * area), "work for time and area", derived=True)


class Link(Model):
    """Lanes of a link, in units that are no base units."""

    traffic = declared("MB", "what is moved")
    bandwidth = declared("GB/s", "bandwidth of a lane")
    lanes = declared("1", "lanes")
    effort = declared("pJ/byte", "energy of a byte")

    time = formula("ms", traffic / (lanes * bandwidth), "time of a move", derived=True)
    power = formula("mW", lanes * bandwidth * effort, "power of all lanes", derived=True)


LINK, LINK_POWER = compile(Link(), ["time", "power"]), compile(Link(), "power")
CHIP = compile(Chip(), ["time", "area", "power", "die", "product", "density"])


@st.composite
def chips(draw):
    """A small lattice of chips with limits, some of them attained by a design exactly."""
    values = {
        "work": float(draw(st.integers(1, 200))),
        "split": float(draw(st.integers(1, 9))),
        "static": draw(st.sampled_from([0.0, 1.0, 2.5])),
        "bytes": float(draw(st.integers(1, 200))),
    }
    steps = {"n": 1.0, "m": 1.0, "t": 1.0, "s": 1.0, "f": 0.25, "b": 0.5}
    free = {}
    for name, step in steps.items():
        first, many = draw(st.integers(1, 6)), draw(st.integers(1, 5))
        candidates = [step * (first + k) for k in range(many)]
        if draw(st.booleans()):
            candidates = [step * 2.0**k for k in range(many)]
        free[name] = Choices(candidates)
    objective = draw(st.sampled_from([("time", "min"), ("area", "min"), ("product", "min"), ("density", "max")]))
    points = np.array(list(product(*(d.values for d in free.values()))))
    outputs = CHIP(values | dict(zip(free, points.T, strict=True)))
    outputs = {name: np.broadcast_to(v, len(points)) for name, v in outputs.items()}
    limits = []
    for name in draw(st.lists(st.sampled_from(["time", "area", "power", "die"]), unique=True, max_size=3)):
        here = draw(st.integers(0, len(points) - 1))
        limits.append(Limit(name, "<=", float(outputs[name][here]) * draw(st.sampled_from([1.0, 1.0, 0.7, 1.3]))))
    return Problem(CHIP, values, objective, limits, free), outputs


def best_of(problem, outputs):
    """The objective by exhaustive search; None where nothing fits."""
    feasible = np.ones(len(outputs["time"]), bool)
    for limit in problem.limits:
        feasible &= limit.holds(outputs[limit.output])
    values = outputs[problem.objective[0]][feasible]
    if not len(values):
        return None
    return float(values.min() if problem.objective[1] == "min" else values.max())


def proves(outcome, problem):
    """An outcome agrees with the exact program at its point, and its bound is on the right side."""
    value, margins = exact(problem, outcome.point)
    assert value == pytest.approx(outcome.value, rel=1e-12)
    for limit, margin in zip(problem.limits, margins, strict=True):
        assert margin >= -1e-9 * abs(limit.bound)
    sign = 1.0 if problem.objective[1] == "min" else -1.0
    assert sign * outcome.bound <= sign * outcome.value * (1.0 + sign * 1e-12)


class TestAffine:
    @pytest.mark.parametrize(
        ("objective", "limits", "free", "value"),
        [
            (("worst", "min"), ENOUGH, PLANE, 40.0 / 3.0),
            (("worst", "min"), ENOUGH, LATTICE, 15.0),
            (("tiles", "min"), ENOUGH, LATTICE, 3.0),
            (("priced", "min"), ENOUGH, LATTICE | {"q": Choices([3.0, 4.0])}, 3.0),
            (("ratio", "max"), LITTLE, PLANE, 21.0 / 11.0),  # x = 0, y = 10
            (("share", "max"), LITTLE, LATTICE, 6.0 / 7.0),  # x = 6, y = 0
            (("share", "min"), ENOUGH, LATTICE, 0.0),
        ],
    )
    def test_answers_are_those_worked_by_hand(self, objective, limits, free, value):
        problem = problem_of(Line, objective, limits, free, {"x": 1.0, "y": 1.0, "q": 1.0, "menu": MENU})
        outcome = solve_affine(problem).outcome
        assert outcome.status == "optimal"
        assert outcome.value == pytest.approx(value, rel=1e-7, abs=1e-9)
        proves(outcome, problem)

    @pytest.mark.parametrize("free", [PLANE, LATTICE])
    def test_nothing_fits_where_limits_exclude_each_other(self, free):
        limits = [Limit("cost", ">=", 45.0), Limit("worst", "<=", 20.0)]
        outcome = solve_affine(problem_of(Line, ("cost", "min"), limits, free)).outcome
        assert (outcome.status, outcome.point, outcome.value) == ("infeasible", None, None)

    def test_any_design_within_the_limits_will_do_without_an_objective(self):
        problem = problem_of(Line, None, [Limit("cost", "<=", 20.0), Limit("cost", ">=", 19.5)], LATTICE)
        outcome = solve_affine(problem).outcome
        assert outcome.status == "feasible"
        assert 3 * outcome.point["x"] + 2 * outcome.point["y"] == 20.0

    def test_a_price_is_the_slope_of_the_answer(self):
        found = solve_affine(problem_of(Line, ("worst", "min"), ENOUGH, PLANE))
        (price,) = found.prices
        assert price.slope == pytest.approx(2.0 / 3.0)  # worst = 2 / 3 cost
        assert price.elasticity == pytest.approx(1.0, rel=1e-6)

    def test_the_price_of_a_quotient_is_its_slope_too(self):
        found = solve_affine(problem_of(Line, ("share", "max"), LITTLE, PLANE))
        (price,) = found.prices
        # x = c / 3: d (x / (x + 1)) / d c = 1 / 3 / (20 / 3 + 1)**2
        assert price.slope == pytest.approx(1.0 / 3.0 / (20.0 / 3.0 + 1.0) ** 2, rel=1e-6)

    def test_small_units_are_not_taken_for_nothing(self):
        tiny = {"x": Real(0.0, 1e-9), "y": Real(0.0, 1e-9)}
        outcome = solve_affine(problem_of(Line, ("worst", "min"), [Limit("cost", ">=", 2e-9)], tiny)).outcome
        assert outcome.status == "optimal"
        assert outcome.value == pytest.approx(4e-9 / 3.0, rel=1e-7)

    @settings(max_examples=40 * MORE, deadline=None)
    @given(data=st.data())
    def test_whole_numbers_agree_with_exhaustive_search(self, data):
        objective = data.draw(st.sampled_from([("worst", "min"), ("tiles", "min"), ("cost", "max"), ("least", "max")]))
        x, y = (data.draw(st.lists(st.integers(0, 12), min_size=1, max_size=6, unique=True)) for _ in "xy")
        relation = "<=" if objective[1] == "max" else ">="
        limits = [Limit("cost", relation, float(data.draw(st.integers(0, 50))))]
        free = {"x": Choices(x), "y": Choices(y)}
        problem = problem_of(Line, objective, limits, free)
        outcome = solve_affine(problem).outcome
        points = [dict(zip("xy", map(float, p), strict=True)) for p in product(x, y)]
        judged = [exact(problem, p) for p in points]
        values = [value for value, margins in judged if margins[0] >= -1e-9 * limits[0].bound]
        if not values:
            assert outcome.status == "infeasible"
        else:
            assert outcome.status == "optimal"
            assert outcome.value == pytest.approx((min if objective[1] == "min" else max)(values))


class TestGeometric:
    def test_an_answer_worked_by_hand_is_proved(self):
        problem = problem_of(Box, ("cost", "min"), [Limit("volume", ">=", 4.0)], SIDES)
        found = solve_geometric(problem)
        assert found.outcome.status == "optimal"
        assert found.outcome.value == pytest.approx(12.0, rel=1e-6)
        assert found.outcome.point == pytest.approx({"w": 2.0, "h": 1.0, "d": 2.0}, rel=1e-3)
        proves(found.outcome, problem)
        (price,) = found.prices
        assert price.elasticity == pytest.approx(2.0 / 3.0, rel=1e-5)
        assert price.slope == pytest.approx(2.0, rel=1e-5)  # 12 * 2 / 3 / 4

    def test_a_price_of_what_is_maximised_rises_with_a_limit(self):
        found = solve_geometric(problem_of(Box, ("shortest", "max"), [Limit("volume", "<=", 4.0)], SIDES))
        assert found.prices[0].elasticity == pytest.approx(0.5, rel=1e-4)

    def test_nothing_fits_where_limits_exclude_each_other(self):
        limits = [Limit("volume", ">=", 4.0), Limit("cost", "<=", 11.9)]
        assert solve_geometric(problem_of(Box, ("wall", "min"), limits, SIDES)).outcome.status == "infeasible"

    def test_relaxed_integers_are_rounded_and_evaluated_exactly(self):
        free = {name: Choices(range(1, 10)) for name in SIDES}
        problem = problem_of(Box, ("cost", "min"), [Limit("volume", ">=", 5.0)], free)
        found = solve_geometric(problem, relax=["integers"])
        # relaxed: w = d = 10**(1/3), h = w / 2: 3 * 100**(1/3); whole: 2 2 2 costs 20, 3 2 1 16
        assert found.outcome.bound == pytest.approx(3.0 * 100.0 ** (1 / 3), rel=1e-6)
        assert found.relaxed["w"] == pytest.approx(10.0 ** (1 / 3), rel=1e-4)
        assert found.outcome.status == "feasible"
        assert found.outcome.value == 16.0
        assert found.prices == ()
        proves(found.outcome, problem)

    @settings(max_examples=25 * MORE, deadline=None)
    @given(case=chips())
    def test_no_design_beats_the_bound_of_a_relaxation(self, case):
        problem, outputs = case
        outcome = solve_geometric(problem, relax=RELAXING).outcome
        best = best_of(problem, outputs)
        if best is None:
            assert outcome.point is None
        else:
            sign = 1.0 if problem.objective[1] == "min" else -1.0
            assert outcome.status != "infeasible"
            assert sign * outcome.bound <= sign * best


class TestCones:
    @settings(max_examples=25 * MORE, deadline=None)
    @given(case=chips(), data=st.data())
    def test_the_bound_holds_for_any_weights(self, case, data):
        """Whatever a solver returns, no design is better than what its weights prove."""
        problem, outputs = case
        found = geometric(problem, RELAXING)
        cones = Cones(found, 0.0)
        boxed = [c for c in found.columns if c.kind != "auxiliary"]
        low, high = np.log(np.array([found.bounds(c) for c in boxed])).T
        solved = cones.solve(low, high)
        seed = data.draw(st.integers(0, 2**32 - 1))
        noise = np.random.default_rng(seed).lognormal(0.0, 1.0, len(solved.weights))
        other = solved._replace(weights=(solved.weights + 1e-3) * noise, infeasible=False)
        best = best_of(problem, outputs)
        if best is not None:
            for weights in (solved._replace(infeasible=False), other):
                assert cones.bound(weights, low, high).value <= found.sense * np.log(best) + 1e-12

    def test_the_bound_of_the_root_is_the_answer_of_cvxpy(self):
        values = {"work": 100.0, "split": 3.0, "static": 1.0, "bytes": 50.0}
        free = {name: Real(1.0, 8.0) for name in "nmtsfb"}
        problem = Problem(CHIP, values, ("density", "max"), [Limit("power", "<=", 60.0)], free)
        found = geometric(problem, RELAXING)
        handed = as_dgp(found)
        handed.problem.solve(gp=True, solver=cp.CLARABEL)
        cones = Cones(found, 0.0)
        low, high = np.log(np.array([found.bounds(c) for c in found.columns if c.kind != "auxiliary"])).T
        bound = cones.bound(cones.solve(low, high), low, high).value
        assert np.exp(-bound) == pytest.approx(handed.problem.value, rel=1e-5)


class TestBranching:
    @settings(max_examples=60 * MORE, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(case=chips(), listed=st.sampled_from([1, 8, 1500]))
    def test_it_agrees_with_exhaustive_search(self, case, listed):
        problem, outputs = case
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("symppa.studies.design.convex.branch.MOST", listed)  # so that small lattices are split too
            outcome = branch_geometric(problem)
        best = best_of(problem, outputs)
        if best is None:
            assert (outcome.status, outcome.point) == ("infeasible", None)
        else:
            assert outcome.status == "optimal"
            assert outcome.value == pytest.approx(best, rel=2e-9)
            proves(outcome, problem)

    def test_a_lattice_too_large_to_list_is_proved(self):
        values = {"work": 1024.0, "split": 8.0, "static": 15.0, "bytes": 400.0}
        free = {"n": Choices(range(1, 17)), "m": Choices(range(1, 65)), "t": Choices(range(1, 17))}
        free |= {"s": Choices(range(1, 33)), "f": Choices(k / 20 for k in range(10, 61)), "b": Choices(range(1, 41))}
        limits = [Limit("power", "<=", 500.0), Limit("die", "<=", 60.0), Limit("time", "<=", 5.0)]
        problem = Problem(CHIP, values, ("product", "min"), limits, free)
        outcome = branch_geometric(problem)
        assert outcome.status == "optimal"
        assert outcome.gap <= 1e-9
        proves(outcome, problem)
        nearby = [[v for v in (p - step, p, p + step) if v in free[n].values] for n, p, step in _steps(outcome.point)]
        points = np.array(list(product(*nearby)))
        around = CHIP(values | dict(zip(outcome.point, points.T, strict=True)))
        feasible = np.all([limit.holds(around[limit.output]) for limit in limits], axis=0)
        assert around["product"][feasible].min() >= outcome.value * (1.0 - 1e-9)

    def test_a_lattice_of_more_designs_than_an_integer_counts_is_no_small_one(self):
        free = {name: Choices(range(1, 2049)) for name in "nmtsfb"}
        values = {"work": 100.0, "split": 3.0, "static": 1.0, "bytes": 50.0}
        outcome = branch_geometric(Problem(CHIP, values, ("area", "min"), [], free))
        assert 2048**6 > 2**63
        assert outcome.status == "optimal"
        assert outcome.value == pytest.approx(4.8)  # 1 (3 + 1 + 1 (0.5 + 0.2 + 0.1))

    def test_real_and_whole_givens_are_settled_together(self):
        free = {"w": Choices(range(1, 10)), "h": Real(0.1, 10.0), "d": Real(0.1, 10.0)}
        problem = problem_of(Box, ("cost", "min"), [Limit("volume", ">=", 5.0)], free)
        outcome = branch_geometric(problem)
        # h = 5 / (w d): 10 (1 / w + 1 / d) + w d; d = sqrt(10 / w): w = 2: 5 + 2 sqrt(20)
        assert outcome.status == "optimal"
        assert outcome.value == pytest.approx(5.0 + 2.0 * 20.0**0.5, rel=2e-6)
        proves(outcome, problem)

    def test_a_rounding_of_a_real_is_settled_by_splitting_it(self):
        free = {"w": Real(1.0, 3.0), "h": Real(0.5, 4.0)}
        problem = problem_of(Box, ("sheets", "min"), [Limit("volume", ">=", 4.0)], free, {"d": 1.0})
        outcome = branch_geometric(problem, gap=1e-4)
        # h = 4 / w: wall = 8 + 8 / w; 4 sheets from w = 2 on: 8; 5 sheets from w = 8 / 7 on; 6 from w = 1 on: 6
        assert outcome.status == "optimal"
        assert outcome.value == pytest.approx(8.0 / 7.0 * 5.0, rel=2e-4)
        proves(outcome, problem)

    def test_roundings_of_a_set_are_settled_member_by_member(self):
        values = {"layers": 4, "work": np.array([7.0, 3.0, 7.0, 12.0])}
        free = {"rows": Choices(range(1, 13)), "clock": Choices([0.5, 1.0, 2.0])}
        problem = problem_of(Network, ("time", "min"), [Limit("area", "<=", 20.0)], free, values)
        outcome = branch_geometric(problem)
        # clock 2: rows <= 4: (2 + 1 + 2 + 3) / 2 = 4; clock 1: rows <= 10: 1 + 1 + 1 + 2 = 5
        assert (outcome.status, outcome.value) == ("optimal", 4.0)
        assert outcome.point == {"rows": 4.0, "clock": 2.0}

    def test_any_design_within_the_limits_will_do_without_an_objective(self):
        problem = problem_of(Box, None, [Limit("volume", ">=", 600.0)], {n: Choices(range(1, 10)) for n in SIDES})
        outcome = branch_geometric(problem)
        assert (outcome.status, outcome.value) == ("feasible", None)
        assert np.prod(list(outcome.point.values())) >= 600.0

    def test_a_search_that_is_stopped_keeps_its_best_design_and_an_honest_bound(self):
        values = {"work": 1024.0, "split": 8.0, "static": 15.0, "bytes": 400.0}
        free = {name: Choices(range(1, 24)) for name in "nmtsfb"}
        problem = Problem(CHIP, values, ("time", "min"), [Limit("power", "<=", 500.0)], free)
        whole = branch_geometric(problem)
        short = branch_geometric(problem, time_limit=0.0)

        def stop(bound, best, nodes):
            raise KeyboardInterrupt

        interrupted = branch_geometric(problem, progress=stop)
        assert whole.status == "optimal"
        assert interrupted.interrupted
        for outcome in (short, interrupted):
            assert outcome.status == "feasible"
            assert outcome.bound <= whole.value <= outcome.value
            assert outcome.gap > 0.0
            proves(outcome, problem)

    def test_what_is_not_geometric_is_refused_by_name(self):
        with pytest.raises(UnsupportedError, match=r"in bent \(case distinction\)"):
            branch_geometric(problem_of(Box, ("bent", "min"), [], SIDES, {"d": 1.0}))

    def test_the_first_bound_is_no_worse_than_the_last(self):
        values = {"work": 60.0, "split": 5.0, "static": 1.0, "bytes": 50.0}
        free = {name: Choices(range(1, 12)) for name in "nmtsfb"}
        search = Branching(Problem(CHIP, values, ("product", "min"), [Limit("power", "<=", 80.0)], free))
        seen = []
        outcome = search.run(60.0, lambda bound, best, nodes: seen.append((bound, best)))
        assert seen
        assert all(bound <= outcome.value * (1.0 + 1e-12) and best >= outcome.value for bound, best in seen)


class TestUnits:
    """Points, values, bounds and limits are in base units throughout."""

    VALUES = MappingProxyType({"traffic": 1.0, "effort": 100.0})
    LIMITS = (Limit("power", "<=", 0.5),)  # lanes times bandwidth is at most 5 GB/s

    def test_whole_lanes(self):
        free = {"bandwidth": Choices([1e9, 2e9, 4e9]), "lanes": Choices(range(1, 9))}
        outcome = branch_geometric(Problem(LINK, self.VALUES, ("time", "min"), self.LIMITS, free))
        assert outcome.status == "optimal"
        assert outcome.point == {"bandwidth": 1e9, "lanes": 5.0}
        assert outcome.value == pytest.approx(2e-4)

    def test_a_real_bandwidth(self):
        values, free = self.VALUES | {"lanes": 2.0}, {"bandwidth": Real(1e8, 1e10)}
        found = solve_geometric(Problem(LINK, values, ("time", "min"), self.LIMITS, free))
        assert found.outcome.status == "optimal"
        assert found.outcome.point["bandwidth"] == pytest.approx(2.5e9, rel=1e-6)
        assert found.prices[0].slope == pytest.approx(-4e-4, rel=1e-5)  # 2e-4 s for 0.5 W

    def test_a_line(self):
        values = {"effort": 100.0, "lanes": 2.0}
        problem = Problem(LINK_POWER, values, ("power", "max"), self.LIMITS, {"bandwidth": Real(1e8, 1e10)})
        outcome = solve_affine(problem).outcome
        assert outcome.status == "optimal"
        assert outcome.point["bandwidth"] == pytest.approx(2.5e9)
        assert outcome.value == pytest.approx(0.5)


def _steps(point):
    return [(name, value, 0.05 if name == "f" else 1.0) for name, value in point.items()]


class TestHandedOut:
    def test_the_first_reading_that_fits_hands_out_its_problem(self):
        line = as_cvxpy(problem_of(Line, ("worst", "min"), ENOUGH, PLANE))
        line.problem.solve(solver=cp.HIGHS)
        assert line.objective.value == pytest.approx(40.0 / 3.0)
        box = as_cvxpy(problem_of(Box, ("cost", "min"), [Limit("volume", ">=", 4.0)], SIDES))
        box.problem.solve(gp=True, solver=cp.CLARABEL)
        assert box.objective.value == pytest.approx(12.0, rel=1e-6)

    def test_both_refusals_are_told(self):
        with pytest.raises(UnsupportedError, match=r"no convex reading: the affine reading .*; the geometric reading"):
            as_cvxpy(problem_of(Box, ("bent", "min"), [], SIDES, {"d": 1.0}))

    def test_there_is_nothing_to_choose_without_free_givens(self):
        values = {"w": 1.0, "h": 1.0, "d": 1.0}
        with pytest.raises(QuestionError, match="no free given reaches the objective or a limit"):
            as_cvxpy(problem_of(Box, ("floor", "min"), [], {"h": Real(1.0, 2.0)}, values))
