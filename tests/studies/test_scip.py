"""Targets that other solvers answer too: SCIP those with products, quotients and roundings, HiGHS affine ones.

A case is written once, over symbols of any kind; SCIP sees a rounding as a whole variable between two inequalities,
a largest as a variable above its terms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from symppa.language import Model, ceil_div, formula, given, largest, sqrt
from symppa.studies.design import design

NEAR = 1e-5  # SCIP lets rows be missed by 1e-6


class Whole(NamedTuple):
    """Whole numbers between two ends."""

    low: int
    high: int

    @property
    def free(self) -> Any:
        return {"integers": [self.low, self.high]}


class Steps(NamedTuple):
    """Multiples of a step, as many as its whole numbers."""

    step: float
    low: int
    high: int

    @property
    def free(self) -> Any:
        return {"choices": [self.step * k for k in range(self.low, self.high + 1)]}


class Reals(NamedTuple):
    """Any number between two ends."""

    low: float
    high: float

    @property
    def free(self) -> Any:
        return [self.low, self.high]


class Case(NamedTuple):
    """A cost and what may not be exceeded, as functions of an algebra and the free givens."""

    free: dict[str, Any]
    sense: str
    cost: Callable[..., Any]
    limits: list[tuple[Callable[..., Any], float]]
    best: float | None  # by hand where it can be told, NaN elsewhere, None where nothing fits


class Ours:
    """The language."""

    largest, sqrt = staticmethod(largest), staticmethod(sqrt)

    @staticmethod
    def ceil_div(a: Any, b: Any, most: int) -> Any:
        return ceil_div(a, b)


class Theirs:
    """Rows and variables of SCIP."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def ceil_div(self, a: Any, b: Any, most: int) -> Any:
        """Of whole numbers, so what is above the quotient less one is a whole number above it."""
        found = self.model.addVar(vtype="I", lb=0, ub=most)
        self.model.addCons(found * b >= a)
        self.model.addCons((found - 1) * b <= a - 1)
        return found

    def largest(self, *terms: Any) -> Any:
        """A bound from below: right where more costs more."""
        found = self.model.addVar(vtype="C", lb=None, ub=None)
        for term in terms:
            self.model.addCons(found >= term)
        return found

    def sqrt(self, a: Any) -> Any:
        return a**0.5


def ours(case):
    """Status and optimum of the search."""
    space = {name: given("1", name) for name in case.free}
    made = dict(space) | {"cost": formula("1", case.cost(Ours, **space), "cost", derived=True)}
    for k, (limit, _) in enumerate(case.limits):
        made[f"limit_{k}"] = formula("1", limit(Ours, **space), "limit", derived=True)
    found = design(
        system=type("Told", (Model,), {**made, "__module__": __name__}),
        free={name: domain.free for name, domain in case.free.items()},
        subject_to={f"limit_{k}": f"<= {bound!r}" for k, (_, bound) in enumerate(case.limits)},
        explain=False,
        **{{"min": "minimize", "max": "maximize"}[case.sense]: "cost"},
    )
    return found.facts["status"], found["cost"] if found.outputs else None


def theirs(case):
    """Status and optimum of SCIP."""
    scip = pytest.importorskip("pyscipopt", reason="SCIP is not installed")
    model = scip.Model()
    model.hideOutput()
    model.setParam("limits/time", 120.0)
    places = {}
    for name, domain in case.free.items():
        kind = "C" if isinstance(domain, Reals) else "I"
        symbol = model.addVar(name, vtype=kind, lb=domain.low, ub=domain.high)
        places[name] = domain.step * symbol if isinstance(domain, Steps) else symbol
    algebra = Theirs(model)
    for limit, bound in case.limits:  # a row is divided by its limit
        model.addCons(limit(algebra, **places) / abs(bound or 1.0) <= bound / abs(bound or 1.0))
    cost = model.addVar("cost", vtype="C", lb=None, ub=None)
    told = case.cost(algebra, **places)
    model.addCons(cost >= told if case.sense == "min" else cost <= told)
    model.setObjective(cost, "minimize" if case.sense == "min" else "maximize")
    model.optimize()
    return model.getStatus(), model.getObjVal() if model.getNSols() else None


def box_cost(_, w, h, d):
    return w * h + h * d + d * w


def peaks(_, x, y):
    return x * y * y - 3 * x * x * y + x**3 / 2 + 5 * y


def crossing(_, x, y, z):
    return (x * y - 7 * z) / (z + 1) + 20 / (x + y)


def waves(a, n, m, t, f):
    return a.ceil_div(a.ceil_div(1000, n * m, 1000) * 48, t, 48000) / f


def chip_area(_, n, m, t, f):
    return n * (3 + m * (0.5 + 0.2 * t))


def chip_power(_, n, m, t, f):
    return n * (2 + 0.1 * m * t * f**3)


def padding(a, rows, columns):
    return a.ceil_div(197, rows, 197) * rows * a.ceil_div(231, columns, 231) * columns


def tile_room(_, rows, columns):
    return 4 * rows * columns + 64 * (rows + columns)


def slowest(a, lanes, banks, wide):
    return a.largest(4096 / (lanes * wide), 3000 / (banks * a.sqrt(wide)), 20 + 0.25 * lanes) + 2 * banks


def negative_reward(_, x, y):
    return -x


CHIP = {"n": Whole(1, 8), "m": Whole(1, 16), "t": Whole(1, 12), "f": Steps(0.25, 2, 12)}
CASES = {
    "a box of given volume": Case(  # a cube of side 2
        {"w": Reals(0.5, 10), "h": Reals(0.5, 10), "d": Reals(0.5, 10)},
        "min",
        box_cost,
        [(lambda _, w, h, d: 8 / (w * h * d), 1.0)],
        12.0,
    ),
    "a cubic with several peaks": Case({"x": Reals(-3, 3), "y": Reals(-2, 4)}, "min", peaks, [], np.nan),
    "the same where it is greatest": Case({"x": Reals(-3, 3), "y": Reals(-2, 4)}, "max", peaks, [], np.nan),
    "quotients of whole numbers that cross": Case(
        {"x": Whole(1, 30), "y": Whole(1, 30), "z": Whole(0, 40)},
        "min",
        crossing,
        [(lambda _, x, y, z: z * z - x * y, 10.0), (lambda _, x, y, z: -x * y, -60.0)],
        np.nan,
    ),
    "ceilings inside one another": Case(CHIP, "min", waves, [(chip_area, 120.0), (chip_power, 60.0)], np.nan),
    "tiles with padding": Case(
        {"rows": Whole(1, 64), "columns": Whole(1, 64)},
        "min",
        padding,
        [(tile_room, 6000.0), (lambda _, rows, columns: -rows * columns, -500.0)],
        np.nan,
    ),
    "the slowest of three": Case(
        {"lanes": Whole(1, 200), "banks": Whole(1, 40), "wide": Reals(1, 16)},
        "min",
        slowest,
        [(lambda _, lanes, banks, wide: lanes * wide + 5 * banks, 600.0)],
        np.nan,
    ),
    "nothing fits": Case(CHIP, "min", waves, [(chip_area, 60.0), (lambda a, **x: waves(a, **x), 5.0)], None),
    "a product that just fits": Case(  # 7 * 9 = 63; 8 * 8 = 64 is one too many
        {"x": Whole(1, 7), "y": Whole(1, 99)}, "min", negative_reward, [(lambda _, x, y: x * y, 63.0)], -7.0
    ),
}


def agree(case):
    status, value = ours(case)
    their_status, their_value = theirs(case)
    assert status == their_status
    if status == "optimal":
        assert value == pytest.approx(their_value, rel=NEAR, abs=NEAR)
    return status, value


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_scip_finds_the_same_optimum(case):
    status, value = agree(case)
    if case.best is None:
        assert status == "infeasible"
    elif not np.isnan(case.best):
        assert value == pytest.approx(case.best, rel=NEAR)


def monomial(rng, names, negative):
    sign = rng.choice([1.0, -1.0]) if negative else 1.0
    powers = {name: int(rng.choice([-1, 0, 0, 1, 1, 2])) for name in names}
    return float(sign * rng.integers(1, 20) / 4), powers


def polynomial(rng, names, negative):
    terms = [monomial(rng, names, negative) for _ in range(rng.integers(2, 4))]

    def made(_, **x):
        found = 0
        for factor, powers in terms:
            term = factor
            for name, power in powers.items():
                term = term * x[name] ** power if power else term
            found = found + term
        return found

    return made


def random_case(seed):
    """A signed polynomial over four givens, within two that are met somewhere inside."""
    rng = np.random.default_rng(seed)
    free = {"x": Whole(1, 12), "y": Whole(1, 20), "z": Reals(0.5, 4), "w": Steps(0.5, 1, 9)}
    inside = {
        "x": rng.integers(1, 13),
        "y": rng.integers(1, 21),
        "z": rng.uniform(0.5, 4),
        "w": rng.integers(1, 10) / 2,
    }
    limits = []
    for _ in range(2):
        limit = polynomial(rng, free, negative=False)
        limits.append((limit, float(limit(None, **{name: float(v) for name, v in inside.items()})) * 1.0625))
    return Case(free, str(rng.choice(["min", "max"])), polynomial(rng, free, negative=True), limits, np.nan)


@pytest.mark.parametrize("seed", range(12))
def test_scip_finds_the_same_optimum_of_random_polynomials(seed):
    status, _ = agree(random_case(seed))
    assert status == "optimal"


def affine(rng, names):
    return {name: float(rng.integers(-9, 16)) for name in names}


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("whole", [True, False], ids=["whole numbers", "reals and whole numbers"])
def test_highs_finds_the_same_optimum_where_all_is_affine(seed, whole):
    rng = np.random.default_rng(seed)
    free = {f"x{k}": Whole(0, 9) if whole or k < 2 else Reals(0.0, 9.0) for k in range(5)}
    cost, rows = affine(rng, free), [affine(rng, free) for _ in range(3)]
    bounds = [float(rng.integers(20, 120)) for _ in rows]

    def summed(factors):
        return lambda _, **x: sum(factor * x[name] for name, factor in factors.items() if factor)

    limits = [(summed(row), bound) for row, bound in zip(rows, bounds, strict=True)]
    sense = str(rng.choice(["min", "max"]))
    status, value = ours(Case(free, sense, summed(cost), limits, np.nan))
    sign = 1.0 if sense == "min" else -1.0
    found = milp(
        sign * np.array(list(cost.values())),
        constraints=LinearConstraint(np.array([list(row.values()) for row in rows]), ub=bounds),
        integrality=[int(isinstance(domain, Whole)) for domain in free.values()],
        bounds=Bounds(0.0, 9.0),
        options={"mip_rel_gap": 0.0},
    )
    assert status == "optimal"
    assert found.status == 0
    assert value == pytest.approx(sign * found.fun, rel=NEAR, abs=NEAR)
