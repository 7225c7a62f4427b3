"""What is asked of the search, what it answers, and what one design is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from symppa import units
from symppa.engine.border import Values, outside
from symppa.engine.grid import Grid
from symppa.engine.program import Program
from symppa.engine.reducers.limits import Limit
from symppa.engine.search.domains import Choices, Domain, Real
from symppa.errors import DomainError, QuestionError, UnknownValueError

SENSES = ("min", "max")
Status = Literal["optimal", "feasible", "infeasible", "unknown"]


@dataclass(frozen=True)
class Problem:
    """The best design over some free givens, the others fixed by `values`.

    `objective` is (output, "min" or "max"), or None where any design within the limits will do.
    """

    program: Program
    values: Values
    objective: tuple[str, str] | None
    limits: Sequence[Limit] = ()
    free: Mapping[str, Domain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        program = self.program
        if program.swept:
            raise QuestionError(f"{program.model} is swept along {program.axes[0].name}; a search has no axes")
        if self.objective is not None and self.objective[1] not in SENSES:
            raise QuestionError(f"an objective is {' or '.join(SENSES)}, not {self.objective[1]!r}")
        for name in self.outputs:
            if program.sets(program.output(name).step):
                over = ", ".join(program.axes[k].name for k in program.sets(program.output(name).step))
                raise QuestionError(f"{name} stands over {over}; an objective or a limit is one number: reduce it")
        for name, domain in self.free.items():
            self._check(name, domain)

    def _check(self, name: str, domain: Domain) -> None:
        known = self.program.known
        if name not in known or known[name].kind != "given":
            raise UnknownValueError(self.program.model, name, [n for n, k in known.items() if k.kind == "given"])
        given = self.program.givens.get(name)
        if given is None:
            return
        ends = domain.table if isinstance(domain, Choices) else np.array([domain.low, domain.high])
        odd = ends[outside(given, ends)]
        if self.program.known[name].labelled and len(unlabelled := ends[ends % 1 != 0]):
            raise DomainError(f"{name} is searched at {unlabelled[0]:g}; a label is known by its place, a whole number")
        listed = given.domain is not None and (given.domain[0] != "reals" or given.domain[1][2] is not None)
        if len(odd) or (isinstance(domain, Real) and listed and domain.low < domain.high):
            found = f"{odd[0]:g}" if len(odd) else f"every real from {domain.low:g} to {domain.high:g}"
            raise DomainError(f"{name} is searched at {found} (base units), outside its domain {given.domain}")

    @property
    def outputs(self) -> tuple[str, ...]:
        """The outputs that decide, each once."""
        first = () if self.objective is None else (self.objective[0],)
        return tuple(dict.fromkeys((*first, *(limit.output for limit in self.limits))))

    def reduced(self) -> Program:
        """The program of the outputs that decide."""
        return replace(self.program, outputs={name: self.program.output(name) for name in self.outputs})

    def told(self, point: Mapping[str, float]) -> dict[str, Any]:
        """The values with a point among them, each in a form the border takes."""
        return {**self.values, **{name: in_base(self.program, name, value) for name, value in point.items()}}


class Outcome(NamedTuple):
    """What a search found: `value` and `bound` of the objective and the point in base units.

    "optimal": no design is better than `value` by more than the gap asked for; "feasible": a search was stopped,
    or nothing was to be optimised; "infeasible": proved; "unknown": stopped before anything was found.

    Among reals a difference of the objective up to `absolute` counts as none, beside the relative gap asked for;
    `gap` is relative to the value, or where that is next to nothing, to what makes the two the same. `remark` says
    in words what the numbers do not: that there is no bound, that a strict limit has no best design.
    """

    status: Status
    point: dict[str, float] | None
    value: float | None
    bound: float | None
    gap: float
    nodes: int
    seconds: float
    method: str
    boxes_left: int = 0
    interrupted: bool = False
    absolute: float = 0.0
    remark: str = ""


class Exact(NamedTuple):
    """A design by the numpy reading, in base units: objective (None without one), margins, the deciding outputs."""

    value: float | None
    margins: tuple[float, ...]
    feasible: bool
    values: Mapping[str, float]


def exact(problem: Problem, point: Mapping[str, float]) -> tuple[float | None, tuple[float, ...]]:
    """The objective and the margins of the limits at one point; a negative margin is a limit broken.

    A margin is the distance to the bound, in base units, positive on the good side; NaN where undefined.
    """
    found = judged(problem, point)
    return found.value, found.margins


def judged(problem: Problem, point: Mapping[str, float]) -> Exact:
    """A point by the ordinary numpy reading, and whether it is a design within all limits."""
    from symppa.engine.walk import blocks

    program = problem.reduced()
    known = {n: v for n, v in problem.told(point).items() if n in program.known}
    block = next(blocks(Grid(program, known)))
    values = {name: float(np.ravel(value)[0]) for name, value in block.values.items()}
    good = all(map(np.isfinite, values.values()))
    good = good and all(bool(limit.holds(np.asarray(values[limit.output]))) for limit in problem.limits)
    value = None if problem.objective is None else values[problem.objective[0]]
    return Exact(value, tuple(margin(limit, values[limit.output]) for limit in problem.limits), good, values)


def margin(limit: Limit, value: float) -> float:
    """How far a value lies on the good side of a bound."""
    if limit.relation == "==":
        return -abs(value - limit.bound)
    return limit.bound - value if limit.relation in ("<=", "<") else value - limit.bound


def in_base(program: Program, name: str, value: Any) -> Any:
    """A number in base units, as the border takes it."""
    known = program.known[name]
    if known.labelled or units.measure(known.unit).worth == 1:
        return value
    return value, units.base_unit(units.measure(known.unit).dimension)
