"""What the affine and the geometric reading share: fixed values substituted, one rule a step, refusals by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import isfinite, nan
from typing import Any, NamedTuple

import numpy as np

from symppa.engine.border import Array, Border
from symppa.engine.evaluate import Evaluator
from symppa.engine.interval import Intervals
from symppa.engine.interval_facts import Interval
from symppa.engine.points import over_points
from symppa.engine.program import Program
from symppa.engine.search.points import Points
from symppa.engine.search.problem import Problem, in_base
from symppa.errors import QuestionError, UnsupportedError
from symppa.language.operations import BY_NAME, LEAVES, MARK, REDUCING

Rule = Callable[..., Any]
AFFINE, CONVEX, CONCAVE = 0, 1, -1


class Handed(NamedTuple):
    """A cvxpy problem: its objective and free givens in base units, the constraints of every limit, all variables.

    What the problem itself optimises may be a multiple of the objective: solvers take what is small for nothing.
    """

    problem: Any
    objective: Any
    givens: dict[str, Any]
    limits: tuple[tuple[Any, ...], ...]
    columns: tuple[Any, ...] = ()


def told(problem: Problem) -> dict[str, Any]:
    """The values a problem's outputs can be told."""
    return {n: v for n, v in problem.values.items() if n in problem.program.known and n not in problem.free}


def root(problem: Problem, program: Program) -> dict[str, tuple[Any, Any]]:
    """The whole box of the free givens that the outputs depend on."""
    used = [n for n in problem.free if program.number_of.get(n, -1) in program.live]
    if not used:
        raise QuestionError("no free given reaches the objective or a limit: there is nothing to choose")
    free = problem.free
    return {n: (in_base(program, n, free[n].low), in_base(program, n, free[n].high)) for n in used}


def owner(program: Program, step: int) -> str:
    """The formula around a step, by name and meaning."""
    around = [d for d in program.definitions if step in program.needed([d.step])]
    formula = min([*around, *program.outputs.values()], key=lambda d: (d not in around, d.step))
    return f"{formula.name} ({formula.meaning})"


class Substituted:
    """A problem with its fixed values substituted: steps that no free given reaches are numbers."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.program = problem, problem.reduced()
        box = root(problem, self.program)
        self.free = {name: problem.free[name] for name in box}
        self.intervals = Intervals(self.program, told(problem), box)
        self.facts = self.intervals.facts
        below = told(problem) | {name: low for name, (low, _) in box.items()}
        self.evaluator = Evaluator(self.program, Border(self.program, below))
        self.fixed: dict[int, Any] = {}
        self.place: tuple[int, ...] = ()  # the member of sets that a rule is asked about

    def member(self) -> tuple[int, ...]:
        """The place of the member a rule is asked about, among members that are not merged."""
        back = self.evaluator.border.back
        return tuple(int(np.argmax(back[k] == at)) if k in back else at for k, at in enumerate(self.place))

    @cached_property
    def designs(self) -> Designs:
        """The exact reading at many designs."""
        return Designs(self.problem)

    @cached_property
    def whole_box(self) -> dict[int, Interval]:
        """Every step over the whole box."""
        return self.intervals.read().values

    @cached_property
    def support(self) -> dict[int, frozenset[str]]:
        """The free givens a step depends on."""
        found: dict[int, frozenset[str]] = {}
        for n in self.program.live:
            step = self.program.steps[n]
            own = frozenset([step.detail]) if step.operation == "given" and step.detail in self.free else frozenset()
            found[n] = own.union(*(found[a] for a in step.arguments))
        for axis in self.program.axes:
            growing = frozenset().union(*(found[s] for s in axis.sizes))
            if growing:
                raise UnsupportedError(f"the set {axis.name} grows with {', '.join(sorted(growing))}; fix these")
        return found

    @cached_property
    def uses(self) -> dict[int, int]:
        """How many steps and outputs read a step."""
        found = dict.fromkeys(self.program.live, 0)
        for argument in [a for n in self.program.live for a in self.program.steps[n].arguments]:
            found[argument] += 1
        for definition in self.program.outputs.values():
            found[definition.step] += 1
        return found

    def read(self, kind: str, rules: Mapping[str, Rule], variable: Callable[[str], Any]) -> dict[int, Any]:
        """Every step as numbers or entries; `variable` makes the entry of a free given."""
        known: dict[int, Any] = {}
        with np.errstate(all="ignore"):
            for n in self.program.live:
                if not self.support[n]:
                    known[n] = self.fixed[n] = self.evaluator.one(n, self.fixed)
                else:
                    known[n] = self._entries(n, kind, rules, variable, known)
        return known

    def _entries(
        self, n: int, kind: str, rules: Mapping[str, Rule], variable: Callable[[str], Any], known: Mapping[int, Any]
    ) -> Any:
        step = self.program.steps[n]
        try:
            if step.operation in LEAVES:
                return self._variable(step.detail, variable)
            if step.operation == MARK:
                return known[step.arguments[0]]
            if step.operation not in rules:
                raise UnsupportedError(BY_NAME[step.operation].refusal)
            if step.operation in REDUCING:
                return self._reduced(n, rules, known[step.arguments[0]])
            rule = _undefined_stays(rules[step.operation]) if step.operation != "where" else rules["where"]
            arguments = np.broadcast_arrays(*(_array(known[a], len(self.program.axes)) for a in step.arguments))
            found = np.empty(arguments[0].shape, object)
            for self.place in np.ndindex(*found.shape):
                found[self.place] = rule(n, *(a[self.place] for a in arguments))
            return found
        except UnsupportedError as error:
            raise UnsupportedError(
                f"the {kind} reading refuses {step.operation}: {error.message}, in {owner(self.program, n)}"
            ) from None

    def _variable(self, name: str, variable: Callable[[str], Any]) -> Any:
        """One value stands for every member of the sets that a free given stands over."""
        shape = [1] * len(self.program.axes)
        for axis in self.program.givens[name].over:
            shape[axis] = self.evaluator.lengths[axis]
        found = np.empty(shape, object)
        made = variable(name)
        for place in np.ndindex(*shape):
            found[place] = made
        return found

    def _reduced(self, n: int, rules: Mapping[str, Rule], term: Any) -> Any:
        """A reduction of members, each as often as it was merged."""
        step = self.program.steps[n]
        axis, rule = step.detail, _undefined_stays(rules[step.operation])
        times = self.evaluator.border.times.get(axis) if step.operation == "total" else None
        if times is not None:
            weigh = np.frompyfunc(lambda a, b: rules["multiply"](n, a, b), 2, 1)
            term = weigh(_array(term), _array(times))
        rows = np.moveaxis(_array(term, len(self.program.axes)), axis, -1)
        found = np.empty(rows.shape[:-1], object)
        for place in np.ndindex(*found.shape):
            found[place] = rule(n, *rows[place])
        return np.expand_dims(found, axis)

    def output(self, known: Mapping[int, Any], name: str) -> Any:
        """The entry of an output; an undefined one is refused."""
        found = _array(known[self.program.output(name).step]).ravel()[0]
        if isinstance(found, float) and not isfinite(found):
            raise UnsupportedError(f"{name} is undefined or infinite for the fixed values; `symppa analyze` says where")
        return found


def _undefined_stays(rule: Rule) -> Rule:
    """The rule, but NaN where a number among its arguments is."""

    def kept(n: int, *arguments: Any) -> Any:
        return nan if any(isinstance(a, float) and a != a for a in arguments) else rule(n, *arguments)

    return kept


def _array(value: Any, rank: int = 0) -> Array:
    """Objects, one a member; numbers are plain floats."""
    if isinstance(value, np.ndarray):
        return value.astype(object)
    found = np.empty([1] * rank, object)
    found[(0,) * rank] = float(value) if isinstance(value, int | float | np.number) else value
    return found


def at_member(value: Any, place: tuple[int, ...]) -> Any:
    """A value over sets at one of their members; axes before those of the place stay."""
    array = np.asarray(value)
    found = array.reshape((1,) * (len(place) - array.ndim) + array.shape)
    index: tuple[Any, ...] = tuple(
        at if n > 1 else 0 for n, at in zip(found.shape[found.ndim - len(place) :], place, strict=True)
    )
    return found[(..., *index)]


class Designs:
    """A problem's objective and limits at many designs, by the numpy reading, sets unmerged."""

    def __init__(self, problem: Problem) -> None:
        asked = problem.reduced()
        box = root(problem, asked)
        program = over_points(asked, list(box))
        self.problem, self.free, self.intervals = problem, list(box), Intervals(program, told(problem), box)
        self.steps = {name: definition.step for name, definition in program.outputs.items()}
        self.points = Points(self.intervals, self.free, self.steps.values())

    def at(self, columns: Array) -> tuple[Array, Array]:
        """(objective, feasible) of designs, one a row of free givens; an undefined one is never feasible."""
        found = self.points.at(list(columns.T), len(columns))
        outputs = {name: np.ravel(found[step]) for name, step in self.steps.items()}
        feasible = np.ones(len(columns), bool)
        for limit in self.problem.limits:
            feasible &= limit.holds(outputs[limit.output])
        for value in outputs.values():
            feasible &= np.isfinite(value)
        objective = self.problem.objective
        return (outputs[objective[0]] if objective else np.zeros(len(columns))), feasible

    def steps_at(self, columns: Array, wanted: Sequence[int]) -> dict[int, Array]:
        """Values of steps at designs; those over sets keep their members."""
        return Points(self.intervals, self.free, wanted).at(list(columns.T), len(columns))
