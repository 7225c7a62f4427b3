"""The convex readings on random programs: what they do not refuse has the value of the numpy reading."""

from __future__ import annotations

import os

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symppa.engine import affine, geometric
from symppa.engine.compile import compile
from symppa.engine.convex import Designs
from symppa.engine.search import Choices, Problem
from symppa.errors import UnsupportedError
from symppa.language.operations import BY_NAME
from tests.engine.models import SINGLE, cases, values

MORE = int(os.environ.get("SYMPPA_EXAMPLES", "1"))  # times as many examples, for a long search
FREE = ("a", "b", "t", "c", "m", "q", "slot.y")
BASE = {"t": 1e-3, "c": 1e3}


@pytest.mark.parametrize("operation", list(BY_NAME))
@pytest.mark.parametrize("reading", [affine, geometric], ids=["affine", "geometric"])
def test_every_operation_has_a_rule_or_a_reason(operation, reading):
    assert operation in reading.RULES or len(BY_NAME[operation].refusal.split()) > 3


@st.composite
def points(draw):
    """A problem whose free givens have one candidate each, so that its answer is the value there."""
    case = draw(cases())
    name = next((n for n in case.outputs if not case.sets[n]), None)
    assume(name)
    program = compile(case.model, name, choose=case.choose)
    used = [n for n in FREE if n in program.givens and program.number_of[n] in program.live]
    assume(used)
    told = {n: v for n, v in draw(values()).items() if n in program.known}
    free = draw(st.lists(st.sampled_from(used), min_size=1, max_size=3, unique=True))
    assume(set(free) <= set(SINGLE))
    domains = {n: Choices([float(told[n]) * BASE.get(n, 1.0)]) for n in free}
    return Problem(program, told, (name, draw(st.sampled_from(["min", "max"]))), [], domains)


def exactly(problem):
    """The value at the only design; None where it has none."""
    value, feasible = Designs(problem).at(np.array([[d.low for d in problem.free.values()]]))
    return float(value[0]) if feasible[0] else None


@settings(max_examples=100 * MORE)
@given(problem=points())
def test_what_is_affine_has_the_value_of_the_program(problem):
    try:
        handed = affine.as_cvxpy(affine.affine(problem))
    except UnsupportedError:
        return
    handed.problem.solve(solver=cp.HIGHS, qcp=not handed.problem.is_dcp())
    want = exactly(problem)
    if want is None:
        assert handed.problem.status == "infeasible"
    else:
        assert handed.problem.status == "optimal"
        assert float(handed.objective.value) == pytest.approx(want, rel=1e-4, abs=1e-6)


@settings(max_examples=100 * MORE)
@given(problem=points())
def test_what_is_geometric_has_the_value_of_the_program(problem):
    try:
        handed = geometric.as_cvxpy(geometric.geometric(problem, ["integers"]))
    except UnsupportedError:
        return
    handed.problem.solve(gp=True, solver=cp.CLARABEL)
    want = exactly(problem)
    assert handed.problem.status == "optimal"
    assert float(handed.objective.value) == pytest.approx(want, rel=1e-5)
