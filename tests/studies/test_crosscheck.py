"""The convex readings beside the interval search: duals, a better design where it stays open, and disagreement."""

from __future__ import annotations

import subprocess
import sys

import pytest

from symppa import Model, formula, given
from symppa.language import reals
from symppa.reports.contents import report
from symppa.reports.text import as_text
from symppa.studies.design import crosscheck, design
from symppa.studies.design.asking import asking
from symppa.studies.design.crosscheck import Said, crosschecked, disagreement
from symppa.studies.design.problem import questions

STAGES = range(1, 9)


class Pipe(Model):
    """Eight stages, each the load of the one before."""

    x1 = given("1", "first", domain=reals(0.1, 100))
    x2 = given("1", "second", domain=reals(0.1, 100))
    x3 = given("1", "third", domain=reals(0.1, 100))
    x4 = given("1", "fourth", domain=reals(0.1, 100))
    x5 = given("1", "fifth", domain=reals(0.1, 100))
    x6 = given("1", "sixth", domain=reals(0.1, 100))
    x7 = given("1", "seventh", domain=reals(0.1, 100))
    x8 = given("1", "eighth", domain=reals(0.1, 100))
    delay = formula(
        "1", x1 + x2 / x1 + x3 / x2 + x4 / x3 + x5 / x4 + x6 / x5 + x7 / x6 + x8 / x7 + 1000 / x8, "delay", derived=True
    )
    area = formula("1", x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8, "area", derived=True)
    half = formula("1", x1 * x2, "product of two", derived=True)


PIPE = {
    "system": Pipe, "minimize": "delay", "subject_to": {"area": "<= 60"},
    "free": {f"x{k}": [0.1, 100.0] for k in STAGES},
}  # fmt: skip
PAIR = {
    "system": Pipe, "minimize": "area", "subject_to": {"half": ">= 4"}, "values": {f"x{k}": 1.0 for k in range(3, 9)},
    "free": {"x1": [0.1, 100.0], "x2": [0.1, 100.0]},
}  # fmt: skip


def problem_of(asked):
    return questions(asking(**asked))[0].problem()


def test_a_search_that_stays_open_is_given_the_design_of_a_convex_reading(monkeypatch):
    monkeypatch.setattr(crosscheck, "LEAST", 0.0)  # else a search has to be longer than a test
    problem = problem_of(PIPE)
    outcome, said = crosschecked(problem, 3.0, 0.0, None)
    assert said.reading == "geometric"
    assert said.outcome.status == "optimal"
    assert outcome.status == "feasible"  # only the interval search's own bound makes an answer the best
    assert outcome.value <= said.outcome.value * (1 + 1e-9)
    assert outcome.bound <= outcome.value
    assert disagreement(problem, outcome, said) is None


def test_a_search_that_is_proved_in_its_share_asks_nobody():
    outcome, said = crosschecked(problem_of(PAIR), 30.0, 0.0, None)
    assert (outcome.status, said) == ("optimal", None)


def test_duals_stand_beside_the_prices_of_real_givens():
    # least x1 + x2 with x1 x2 >= 4 is 2 * 2 = 4 of 10 in all: 1 % of the limit moves 4 by half a percent, 0.2 % of 10
    found = design(**PAIR)
    (row,) = found.facts["limits"]
    assert row["price"]["dual"] == pytest.approx(0.2, rel=1e-3)
    (method,) = found.facts["certificate"]["methods"]
    assert (method["method"], method["reading"], method["disagrees"]) == ("Clarabel", "geometric", None)
    assert method["value"] == pytest.approx(10.0, rel=1e-5)
    words = " ".join(as_text(report(found)).split())
    assert "dual half >= 4: area moves by +0.2 % for 1 % of its bound, as a convex solver says" in words
    assert "beside it Clarabel, geometric reading: best 10" in words


def test_a_disagreement_is_told_and_the_interval_proof_stands():
    problem = problem_of(PAIR)
    proved = crosschecked(problem, 30.0, 0.0, None)[0]
    right = Said("geometric", proved)
    assert disagreement(problem, proved, right) is None
    wrong = proved._replace(value=proved.value * 1.01, bound=proved.bound * 1.01)
    assert "nothing is better than" in disagreement(problem, proved, Said("affine", wrong))
    assert "nothing fits" in disagreement(problem, proved, Said("affine", proved._replace(status="infeasible")))
    worse = proved._replace(value=proved.value * 1.01)
    assert "is the best in base units" in disagreement(problem, proved, Said("affine", worse))
    none = proved._replace(status="infeasible", point=None, value=None, bound=None)
    assert "proved that there is none" in disagreement(problem, none, right)


def test_finitely_many_designs_load_no_solver():
    code = (
        "import sys\nfrom symppa import design\nfound = design('soc_500w')\n"
        "assert found.facts['certificate']['methods'] == []\n"
        "print(sorted({'cvxpy', 'clarabel'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
