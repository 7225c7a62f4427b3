"""as_cvxpy: a target as a cvxpy problem, for whoever wants to go on with that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from symppa import units
from symppa.descriptions.target import Target
from symppa.engine import affine, geometric
from symppa.engine.convex import owner
from symppa.engine.lines import Ratio
from symppa.engine.search import Choices
from symppa.errors import UnsupportedError
from symppa.studies.design.asking import Asking, Limits, Names, asking
from symppa.studies.design.problem import Question, questions
from symppa.studies.subject import System

Method = Literal["LP", "MILP", "DQCP", "DGP"]
SOLVERS: Mapping[Method, Mapping[str, Any]] = MappingProxyType(
    {
        "LP": {"solver": "HIGHS"},
        "MILP": {"solver": "HIGHS"},
        "DQCP": {"solver": "HIGHS", "qcp": True},
        "DGP": {"solver": "CLARABEL", "gp": True},
    }
)


@dataclass(frozen=True)
class Convex:
    """A cvxpy problem of a target: its variables by given, in base units, and how it is solved.

    `variables` and `objective` are cvxpy expressions; divided by `scale` they are in the unit in `units`. `constraints`
    has those of every limit, by its text. `relaxed` says what the problem leaves out: its optimum is then a bound.
    """

    problem: Any
    variables: Mapping[str, Any]
    objective: Any
    objective_name: str | None
    constraints: Mapping[str, tuple[Any, ...]]
    units: Mapping[str, str]
    scale: Mapping[str, float]
    method: Method
    relaxed: tuple[str, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def solve(self, **options: Any) -> float | None:
        """The objective that the solver finds, in its unit; None where it finds none.

        Without options: HiGHS for lines and whole numbers, Clarabel for geometric programs, bisection for a quotient.
        Options go to `problem.solve`. What solvers say is no proof: `design` evaluates and proves.
        """
        from symppa.studies.design.convex.linear import told_otherwise

        with told_otherwise():
            self.problem.solve(**{**SOLVERS[self.method], **options})
        if self.problem.status not in ("optimal", "optimal_inaccurate") or self.objective_name is None:
            return None
        return float(self.objective.value) / self.scale[self.objective_name]

    @property
    def values(self) -> dict[str, Any]:
        """The givens where the solver ended, in their units, labels as texts; as `evaluate` takes them."""
        found: dict[str, Any] = {}
        for name, variable in self.variables.items():
            if variable.value is not None:
                value = float(variable.value) / self.scale[name]
                found[name] = self.labels[name][round(value)] if name in self.labels else value
        return found


def as_cvxpy(
    target: Target | str | Path | None = None,
    *,
    values: Mapping[str, Any] | None = None,
    parts: Mapping[str, str] | None = None,
    system: System = None,
    minimize: Names = (),
    maximize: Names = (),
    subject_to: Limits = (),
    free: Mapping[str, Any] | None = None,
    relax: bool = False,
) -> Convex:
    """A target, or what `design` takes in its place, as a cvxpy problem with its variables by the names of givens.

    Lines and quotients of lines make an LP, MILP or quasi-convex problem, products of powers a geometric program.
    What neither can express is refused by the name of its formula. With `relax` a geometric program takes whole
    numbers for any numbers and roundings for their quotients, and `relaxed` says which.

    >>> handed = as_cvxpy(
    ...     system="nexgen_baseline",
    ...     maximize="compute_density",
    ...     subject_to={"power": "<= 300 W"},
    ...     free={"chiplet.sms": [16, 64]},
    ... )
    >>> handed.method, round(handed.solve(), 5), handed.values
    ('MILP', 0.05376, {'chiplet.sms': 21.0})
    """
    asked = asking(
        target, system=system, values=values, parts=parts, minimize=minimize, maximize=maximize,
        subject_to=subject_to, free=free,
    )  # fmt: skip
    question = _single(asked)
    try:
        return _affine(question)
    except UnsupportedError as error:
        refused = error
    try:
        return _geometric(question, relax=relax)
    except UnsupportedError as error:
        hint = "" if relax else "; relax=True takes whole numbers and roundings for what lies between"
        raise UnsupportedError(f"no convex reading: {refused.message}; {error.message}{hint}") from None


def _single(asked: Asking) -> Question:
    """The one question of a target; several make no one problem."""
    if asked.uncertain:
        raise UnsupportedError(f"limits that hold for {', '.join(asked.uncertain)} make no cvxpy problem: fix them")
    if len(asked.objectives) > 1:
        raise UnsupportedError(f"{', '.join(asked.objectives)} make a front, no cvxpy problem: limit all but one")
    found = questions(asked)
    if len(found) > 1:
        paths = ", ".join(asked.slots)
        raise UnsupportedError(
            f"{paths} can be one of several classes, and a cvxpy problem is of one: give the target's system, "
            "limits and free givens as arguments, and the class in parts"
        )
    return found[0]


def _affine(question: Question) -> Convex:
    found = affine.affine(question.problem())
    handed = affine.as_cvxpy(found)
    quotient = isinstance(found.objective, Ratio)
    return _made(question, handed, "DQCP" if quotient else "MILP" if found.whole else "LP")


def _geometric(question: Question, *, relax: bool) -> Convex:
    found = geometric.geometric(question.problem(), geometric.RELAXING if relax else ())
    whole = [n for n, one in question.free.items() if isinstance(one.domain, Choices) and len(one.domain.values) > 1]
    rounded = [owner(found.asked.program, c.step) for c in found.columns if c.kind == "rounded"]
    relaxed = (*(f"{name} is any number" for name in whole), *(f"no rounding in {text}" for text in rounded))
    return _made(question, geometric.as_cvxpy(found), "DGP", tuple(dict.fromkeys(relaxed)) if relax else ())


def _made(question: Question, handed: Any, method: Method, relaxed: tuple[str, ...] = ()) -> Convex:
    objective = next(iter(question.objectives), None)
    of = {name: question.program.givens[name].unit for name in handed.givens}
    if objective is not None:
        of[objective] = question.program.output(objective).unit
    return Convex(
        problem=handed.problem,
        variables=handed.givens,
        objective=handed.objective,
        objective_name=objective,
        constraints=dict(zip(question.asking.limits, handed.limits, strict=True)),
        units=of,
        scale={name: units.measure(unit).worth for name, unit in of.items()},
        method=method,
        relaxed=relaxed,
        labels={name: one.labels for name, one in question.free.items() if one.labels is not None},
    )
