"""The geometric reading: a problem as a geometric program (DGP), or a refusal that names the formula.

Minimise what is log-convex in the logarithms of the free givens, keep log-convex values below limits and log-concave
ones above. Roundings and whole numbers are refused, or relaxed where that is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from math import exp, inf, isnan, log
from typing import Any

import numpy as np

from symppa.engine.convex import AFFINE, CONCAVE, CONVEX, Handed, Rule, Substituted, at_member
from symppa.engine.posynomial import (
    SHAPES,
    Column,
    Entry,
    Group,
    Table,
    Term,
    constant,
    entry,
    summed,
)
from symppa.engine.reducers.limits import Limit
from symppa.engine.search.domains import Choices
from symppa.engine.search.problem import Problem
from symppa.errors import QuestionError, UnsupportedError
from symppa.language.operations import BY_NAME

RELAXING = ("integers", "rounding")
FEW = 12  # powers of a geometric sum that are written out
Value = float | Entry


@dataclass(frozen=True)
class Geometric:
    """A geometric program: minimise the monomial `objective` under every group; the value is its power `sense`."""

    asked: Substituted
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    objective: Term
    sense: float

    def bounds(self, column: Column) -> tuple[float, float]:
        """Between which values a given or a rounded value lies in the whole box."""
        if column.kind == "given":
            return self.asked.free[column.name].low, self.asked.free[column.name].high
        low, high, _ = self.asked.whole_box[column.step]
        return float(at_member(low, column.place)), float(at_member(high, column.place))

    def least(self) -> float:
        """A bound of the logarithm to be minimised, by intervals of the whole box."""
        problem = self.asked.problem
        if problem.objective is None:
            return 0.0
        low, high, _ = self.asked.whole_box[self.asked.program.output(problem.objective[0]).step]
        end = float(np.ravel(low if self.sense > 0 else high)[0])
        return log(end) * self.sense if 0.0 < end < inf else -inf

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits, as groups count them."""
        return tuple(self.asked.problem.limits)


def geometric(problem: Problem, relax: Collection[str] = ()) -> Geometric:
    """A problem in the logarithms of its free givens; `relax` names what may be relaxed: integers, rounding."""
    for name in relax:
        if name not in RELAXING:
            raise QuestionError(f"nothing called {name!r} can be relaxed; it is {' or '.join(RELAXING)}")
    asked = Substituted(problem)
    for name, domain in asked.free.items():
        if domain.low <= 0.0:
            raise UnsupportedError(f"the geometric reading refuses {name}, which may be {domain.low:g}: not positive")
        if isinstance(domain, Choices) and len(domain.values) > 1 and "integers" not in relax:
            raise UnsupportedError(
                f"the geometric reading refuses {name}, one of {len(domain.values)} candidates; "
                "relax integers, or branch"
            )
    table = Table(asked, "rounding" in relax)
    made = {name: Entry((table.column("given", name),), AFFINE) for name in asked.free}
    rules = {name: partial(rule, table) for name, rule in RULES.items()}
    known = asked.read("geometric", rules, made.__getitem__)
    for number, limit in enumerate(problem.limits):
        _limit(table, number, limit, asked.output(known, limit.output))
    objective, sense = _objective(table, known)
    return Geometric(asked, tuple(table.columns), tuple(table.groups), objective, sense)


def as_cvxpy(found: Geometric) -> Handed:
    """The cvxpy problem: a disciplined geometric program over positive variables, named as the givens are."""
    import cvxpy

    cp: Any = cvxpy

    variables = [cp.Variable(pos=True, name=c.name or f"auxiliary {k}") for k, c in enumerate(found.columns)]

    def monomial(term: Term) -> Any:
        value = cp.Constant(exp(term.constant))
        for column, power in term.factors:
            value = value * (variables[column] ** power if power != 1.0 else variables[column])
        return value

    constraints: list[Any] = []
    by_limit: list[list[Any]] = [[] for _ in found.limits]
    for group in found.groups:
        total = sum((monomial(t) for t in group.terms[1:]), monomial(group.terms[0]))
        if group.kind == "sum":
            constraints.append(total <= 1.0)
        elif group.kind == "exp":
            constraints.append(cp.exp(total) <= monomial(group.most))
        else:
            constraints.append(total <= cp.log(monomial(group.most)))
        if group.limit >= 0:
            by_limit[group.limit].append(constraints[-1])
    for variable, column in zip(variables, found.columns, strict=True):
        if column.kind != "auxiliary":
            low, high = found.bounds(column)
            constraints += [variable >= low, variable <= high]
    goal = (
        cp.Minimize(monomial(found.objective)) if found.sense > 0 else cp.Maximize(monomial(found.objective.to(-1.0)))
    )
    givens = {c.name: v for c, v in zip(found.columns, variables, strict=True) if c.kind == "given"}
    return Handed(cp.Problem(goal, constraints), goal.args[0], givens, tuple(map(tuple, by_limit)), tuple(variables))


def _objective(table: Table, known: Mapping[int, Any]) -> tuple[Term, float]:
    problem = table.asked.problem
    if problem.objective is None:
        return Term(0.0), 1.0
    name, sense = problem.objective
    value = entry(table.asked.output(known, name))
    if value.shape == (CONCAVE if sense == "min" else CONVEX):
        raise UnsupportedError(f"the geometric reading cannot {sense}imise {name}, which is {SHAPES[value.shape]}")
    if sense == "min":
        return table.one(value).terms[0], 1.0
    return value.terms[0].to(-1.0), -1.0


def _limit(table: Table, number: int, limit: Limit, value: Value) -> None:
    """The groups of one limit; a value that is never negative meets some of them by itself."""
    end, slack = limit.ends
    if limit.relation in ("<=", "<", "=="):
        _side(table, number, limit, value, CONVEX, end + slack)
    if limit.relation in (">=", ">", "=="):
        _side(table, number, limit, value, CONCAVE, end - slack)


def _side(table: Table, number: int, limit: Limit, value: Value, shape: int, end: float) -> None:
    if isinstance(value, float):
        if not (value <= end if shape == CONVEX else value >= end):
            table.groups.append(Group((Term(1.0),), limit=number))  # e <= 1: nothing does
        return
    if end <= 0.0:
        if shape == CONVEX:
            table.groups.append(Group((Term(1.0),), limit=number))
        return
    if value.shape not in (AFFINE, shape):
        raise UnsupportedError(
            f"the geometric reading refuses the limit {limit.output} {limit.relation} {limit.bound:g}: "
            f"the value is {SHAPES[value.shape]}"
        )
    scale = Term(-log(end))
    terms = tuple((t if shape == CONVEX else t.to(-1.0)).times(scale.to(float(shape))) for t in value.terms)
    table.groups.append(Group(terms, limit=number))


# rules: rule(table, step, *arguments)


def _total(table: Table, n: int, *values: Value) -> Value:
    parts = [v for v in values if isinstance(v, Entry)]
    fixed = float(sum(v for v in values if not isinstance(v, Entry)))
    if not parts:
        return fixed
    if any(p.shape == CONCAVE for p in parts) and (len(parts) > 1 or fixed > 0.0):
        raise UnsupportedError("a sum of a log-concave value is neither log-convex nor log-concave")
    if fixed < 0.0:
        rest = parts[0] if len(parts) == 1 else Entry(summed(tuple(t for p in parts for t in p.terms)), CONVEX)
        return _subtract(table, n, rest, -fixed)
    if len(parts) == 1 and fixed == 0.0:
        return parts[0]
    terms = summed(tuple(t for p in parts for t in p.terms) + (constant(fixed).terms if fixed else ()))
    shape = AFFINE if len(terms) == 1 and all(p.shape == AFFINE for p in parts) else CONVEX
    found = Entry(terms, shape)
    return table.one(found) if len(terms) > 1 and table.asked.uses[n] > 1 else found


def _subtract(table: Table, n: int, a: Value, b: Value) -> Value:
    if not isinstance(a, Entry) and not isinstance(b, Entry):
        return a - b
    if isinstance(b, float) and b <= 0.0:
        return _total(table, n, a, -b)
    if table.asked.facts[n].low <= 0.0:
        raise UnsupportedError("the difference may be zero or negative in this box")
    first, second = entry(a), entry(b)
    if len(first.terms) > 1 or first.shape == CONVEX or second.shape == CONCAVE:
        raise UnsupportedError("only a log-convex value can leave a monomial")
    return table.below((first.terms[0], second.terms))


def _shape(*shapes: int) -> int:
    found = {s for s in shapes if s}
    if len(found) > 1:
        raise UnsupportedError("a log-convex value times a log-concave one is neither")
    return found.pop() if found else AFFINE


def _multiply(table: Table, n: int, a: Value, b: Value) -> Value:
    if not isinstance(a, Entry) and not isinstance(b, Entry):
        return a * b
    if 0.0 in (a, b):  # dropped before it is judged
        return 0.0
    first, second = entry(a), entry(b)
    shape = _shape(first.shape, second.shape)
    if len(first.terms) > 1 and len(second.terms) > 1:
        second = table.one(second)
    found = Entry(tuple(s.times(t) for s in first.terms for t in second.terms), shape)
    return table.one(found) if len(found.terms) > 1 and table.asked.uses[n] > 1 else found


def _divide(table: Table, n: int, a: Value, b: Value) -> Value:
    if not isinstance(b, Entry):
        return _multiply(table, n, a, 1.0 / b if b else float("nan"))
    return _multiply(table, n, a, _raised(table, b, -1.0))


def _raised(table: Table, value: Entry, power: float) -> Entry:
    single = table.one(value)
    return Entry((single.terms[0].to(power),), single.shape * (1 if power > 0 else -1))


def _power(table: Table, n: int, base: Value, exponent: Value) -> Value:
    if isinstance(exponent, Entry):
        if isinstance(base, Entry):
            raise UnsupportedError("the exponent varies with the base")
        if base <= 0.0:
            raise UnsupportedError(f"the base {base:g} is not positive")
        return 1.0 if base == 1.0 else _exponential(table, exponent, log(base))
    if not isinstance(base, Entry):
        return float(np.power(base, exponent))
    return 1.0 if exponent == 0.0 else base if exponent == 1.0 else _raised(table, base, exponent)


def _exponential(table: Table, exponent: Entry, rate: float) -> Entry:
    """exp(rate x): convex where it rises."""
    if exponent.shape == CONCAVE:
        raise UnsupportedError("the exponential of a log-concave value is neither log-convex nor log-concave")
    terms = tuple(t.times(Term(log(abs(rate)))) for t in exponent.terms)
    return _raised(table, table.above(terms, kind="exp"), 1.0 if rate > 0.0 else -1.0)


def _exp(table: Table, n: int, a: Value) -> Value:
    return _exponential(table, a, 1.0) if isinstance(a, Entry) else exp(a)


def _log(table: Table, n: int, a: Value) -> Value:
    if not isinstance(a, Entry):
        return log(a) if a > 0.0 else float("nan")
    if table.asked.facts[n].low <= 0.0:
        raise UnsupportedError("the logarithm may be zero or negative in this box")
    if len(a.terms) > 1 or a.shape == CONVEX:
        raise UnsupportedError("the logarithm of a log-convex value is neither log-convex nor log-concave")
    return table.below_log(a.terms[0])


def _maximum(table: Table, n: int, *values: Value) -> Value:
    parts = [v for v in values if isinstance(v, Entry)]
    fixed = max((v for v in values if not isinstance(v, Entry)), default=-inf)
    if not parts:
        return fixed
    if any(p.shape == CONCAVE for p in parts):
        raise UnsupportedError("the maximum of a log-concave value is neither log-convex nor log-concave")
    sums = list(dict.fromkeys([p.terms for p in parts] + ([constant(fixed).terms] if fixed > 0.0 else [])))
    return table.above(*sums) if len(sums) > 1 else parts[0]


def _minimum(table: Table, n: int, *values: Value) -> Value:
    parts = [v for v in values if isinstance(v, Entry)]
    fixed = [v for v in values if not isinstance(v, Entry) and v < inf]
    if not parts or min(fixed, default=inf) <= 0.0:
        return min(fixed, default=inf)
    if any(p.shape == CONVEX for p in parts):
        raise UnsupportedError("the minimum of a log-convex value is neither log-convex nor log-concave")
    found = list(dict.fromkeys([p.terms[0] for p in parts] + [constant(v).terms[0] for v in fixed]))
    return table.below(*((term, ()) for term in found)) if len(found) > 1 else parts[0]


def _ceil_div(table: Table, n: int, a: Value, b: Value) -> Value:
    """A column between the bounds of the box, at least a / b."""
    own = _rounded(table, n)
    above, below = entry(a), entry(b)
    if above.shape != CONCAVE and below.shape != CONVEX and len(below.terms) == 1:
        under = below.terms[0].times(own).to(-1.0)
        table.groups.append(Group(tuple(t.times(under) for t in above.terms)))
    return Entry((own,), AFFINE)


def _floor_div(table: Table, n: int, a: Value, b: Value) -> Value:
    """A column between the bounds of the box, at most a / b."""
    own = _rounded(table, n)
    above, below = entry(a), entry(b)
    if above.shape != CONVEX and below.shape != CONCAVE and len(above.terms) == 1:
        factor = own.times(above.terms[0].to(-1.0))
        table.groups.append(Group(tuple(t.times(factor) for t in below.terms)))
    return Entry((own,), AFFINE)


def _rounded(table: Table, n: int) -> Term:
    operation = table.asked.program.steps[n].operation
    if not table.relax_rounding:
        raise UnsupportedError(f"{BY_NAME[operation].refusal}; relax rounding, or branch")
    if table.asked.facts[n].low <= 0.0:
        raise UnsupportedError("the whole number may be 0 in this box")
    return table.column("rounded", f"{operation} {n}", n)


def _where(table: Table, n: int, condition: Value, then: Value, otherwise: Value) -> Value:
    if isinstance(condition, Entry):
        raise UnsupportedError(BY_NAME["where"].refusal)
    return condition if isnan(condition) else then if condition else otherwise


def _smooth_largest(table: Table, n: int, p: Value, *terms: Value) -> Value:
    if isinstance(p, Entry) or p <= 0.0:
        raise UnsupportedError("its exponent is not a fixed positive number")
    return _power(table, n, _total(table, n, *(_power(table, n, t, p) for t in terms)), 1.0 / p)


def _geometric_sum(table: Table, n: int, a: Value, count: Value) -> Value:
    if isinstance(count, Entry) or not (count % 1 == 0 and 0 <= count <= FEW):
        raise UnsupportedError(f"{BY_NAME['geometric_sum'].refusal} of at most {FEW} powers")
    return _total(table, n, *(_power(table, n, a, float(k)) for k in range(int(count))))


RULES: dict[str, Rule] = {
    "add": _total,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "power": _power,
    "sqrt": lambda table, n, a: _power(table, n, a, 0.5),
    "exp": _exp,
    "log": _log,
    "maximum": _maximum,
    "minimum": _minimum,
    "ceil_div": _ceil_div,
    "floor_div": _floor_div,
    "where": _where,
    "smooth_largest": _smooth_largest,
    "geometric_sum": _geometric_sum,
    "total": _total,
    "largest_over": _maximum,
    "smallest_over": _minimum,
}
