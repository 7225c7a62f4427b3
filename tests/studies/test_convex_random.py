"""Random programs against exhaustive search: never a wrong optimum, a wrong refusal of all, or a false design."""

from __future__ import annotations

import os
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.engine.convex import Designs
from symppa.engine.reducers import Limit
from symppa.engine.search import Choices, Problem
from symppa.errors import QuestionError, UnsupportedError
from symppa.studies.design.convex import branch_geometric, solve_affine
from tests.engine.models import SINGLE, cases, values

MORE = int(os.environ.get("SYMPPA_EXAMPLES", "1"))  # times as many examples, for a long search
FREE = ("a", "b", "t", "c", "m", "q", "n", "slot.y")
BASE = {"t": 1e-3, "c": 1e3}
SLOW = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


@st.composite
def problems(draw):
    """A random program with up to four free givens, and a limit that a design attains."""
    case = draw(cases())
    names = [n for n in case.outputs if not case.sets[n]]
    assume(names)
    program = compile(case.model, names, choose=case.choose)
    used = [n for n in FREE if n in program.givens and program.number_of[n] in program.live]
    assume(used)
    told = {n: v for n, v in draw(values()).items() if n in program.known}
    free = draw(st.lists(st.sampled_from(used), min_size=1, max_size=4, unique=True))
    lists = {n: draw(st.lists(SINGLE[n], min_size=1, max_size=4)) for n in free}
    domains = {n: Choices([float(v) * BASE.get(n, 1.0) for v in found]) for n, found in lists.items()}
    objective = draw(st.sampled_from(names)), draw(st.sampled_from(["min", "max"]))
    plain = Problem(program, told, objective, [], domains)
    limited = draw(st.sampled_from([*names, None]))
    if limited is None:
        return plain
    there = {n: draw(st.sampled_from(d.values)) for n, d in domains.items()}
    attained = Problem(program, told, (limited, "min"), [], domains)
    try:
        designs = Designs(attained)
    except QuestionError:  # no free given reaches that output
        return plain
    value, feasible = designs.at(np.array([[there[n] for n in designs.free]]))
    assume(feasible[0])
    bound = float(value[0]) * draw(st.sampled_from([1.0, 1.0, 1.1, 0.9]))
    return Problem(program, told, objective, [Limit(limited, draw(st.sampled_from(["<=", ">="])), bound)], domains)


def exhaustive(problem):
    """The best value of all designs; None where none is within the limits."""
    designs = Designs(problem)
    points = np.array(list(product(*(problem.free[n].values for n in designs.free))))
    found, feasible = designs.at(points)
    if not feasible.any():
        return None
    return float((min if problem.objective[1] == "min" else max)(found[feasible]))


def answered(solve, problem):
    """The outcome and what it should be; None where the reading refuses."""
    try:
        outcome = solve(problem)
    except (UnsupportedError, QuestionError):
        return None
    return outcome, exhaustive(problem)


@settings(max_examples=60 * MORE, deadline=None, suppress_health_check=SLOW)
@given(problem=problems())
def test_affine_answers_are_right(problem):
    found = answered(lambda p: solve_affine(p).outcome, problem)
    if found is None:
        return
    outcome, best = found
    if best is None:
        assert outcome.status in ("infeasible", "unknown")
    else:
        assert outcome.status in ("optimal", "feasible", "unknown")
    if outcome.status == "optimal":
        assert outcome.value == pytest.approx(best, rel=1e-6, abs=1e-9)


@settings(max_examples=60 * MORE, deadline=None, suppress_health_check=SLOW)
@given(problem=problems(), listed=st.sampled_from([1, 1500]))
def test_geometric_answers_are_right(problem, listed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("symppa.studies.design.convex.branch.MOST", listed)
        found = answered(branch_geometric, problem)
    if found is None:
        return
    outcome, best = found
    if best is None:
        assert outcome.status == "infeasible"
    else:
        assert outcome.status == "optimal"
        assert outcome.value == pytest.approx(best, rel=2e-9)
        sign = 1.0 if problem.objective[1] == "min" else -1.0
        assert sign * outcome.bound <= sign * outcome.value * (1.0 + sign * 1e-12)
