"""The affine reading: a problem as a linear or mixed-integer program, or a refusal that names the formula.

Whole numbers are integer variables, other candidates sums of booleans. A maximum becomes a column above its terms
where the problem pushes it down; a rounding of a line by a fixed step is such a column that is whole. What only one
finite given decides is a choice among its values, tables and products included. Two lines may be one over the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from math import inf, isfinite
from typing import Any

import numpy as np

from symppa.engine import numpy_rules
from symppa.engine.convex import AFFINE, CONCAVE, CONVEX, Handed, Rule, Substituted
from symppa.engine.lines import LISTED, Column, Line, Ratio, Row, Table, added, line
from symppa.engine.reducers.limits import Limit
from symppa.engine.search.domains import Choices
from symppa.engine.search.problem import Problem
from symppa.errors import UnsupportedError
from symppa.language.operations import BY_NAME

Value = float | Line | Ratio
SHAPES = {AFFINE: "affine", CONVEX: "convex", CONCAVE: "concave"}


@dataclass(frozen=True)
class Affine:
    """A table of rows, each at most 0, and the line, or the ratio of lines, that is to be least or largest."""

    table: Table
    objective: Line | Ratio
    sense: float

    @property
    def columns(self) -> list[Column]:
        """Variables, in the order of their numbers."""
        return self.table.columns

    @property
    def whole(self) -> bool:
        """Whether some variables are whole numbers."""
        return any(c.kind != "real" for c in self.columns)

    def scale(self, row: Row) -> float:
        """What a row is divided by: its limit, or its largest slope."""
        bound = abs(self.table.asked.problem.limits[row.limit].bound) if row.limit >= 0 else 0.0
        return bound or max((abs(s) for _, s in row.line.slopes), default=1.0)


def affine(problem: Problem) -> Affine:
    """A problem in the affine reading."""
    table = Table(Substituted(problem))
    for name in table.asked.free:
        table.variable(name)
    rules = {name: partial(_ruled, table, RULES.get(name)) for name in BY_NAME}
    known = table.asked.read("affine", rules, table.given.__getitem__)
    for number, limit in enumerate(problem.limits):
        _limit(table, number, limit, table.asked.output(known, limit.output))
    objective = _objective(table, known)
    if not table.columns:  # every domain has one candidate
        table.column("real", "", 0.0, 1.0)
    return Affine(table, *objective)


def _ruled(table: Table, rule: Rule | None, n: int, *arguments: Value) -> Value:
    """The rule of a step; a choice among values where there is none and one finite given decides."""
    operation = table.asked.program.steps[n].operation
    if all(isinstance(a, float) for a in arguments):  # a factor of zero has dropped what varies
        if operation in REDUCED:
            return float(REDUCED[operation](arguments))
        if operation in RULES:
            return float(numpy_rules.RULES[operation](None, *arguments))
    try:
        if rule is None:
            raise UnsupportedError(BY_NAME[operation].refusal)
        found: Value = rule(table, n, *arguments)
        return found
    except UnsupportedError:
        domains = [table.asked.free[name] for name in table.asked.support[n]]
        if len(domains) == 1 and isinstance(domains[0], Choices) and len(domains[0].values) <= LISTED:
            return table.listed(n)
        raise


def as_cvxpy(found: Affine) -> Handed:
    """The cvxpy problem; a quotient is quasi-convex, for `solve(qcp=True)`. Columns are shares, counts and choices."""
    import cvxpy

    cp: Any = cvxpy

    columns, rows = found.columns, found.table.rows
    parts = [cp.Variable(**_kind(c), name=c.name or f"auxiliary {k}") for k, c in enumerate(columns)]
    vector = cp.hstack(parts)

    def expression(one: Line) -> Any:
        slopes = np.zeros(len(columns))
        for column, slope in one.slopes:
            slopes[column] = slope
        return slopes @ vector + one.constant

    constraints = [vector >= np.array([c.low for c in columns]), vector <= np.array([c.high for c in columns])]
    limits: list[list[Any]] = [[] for _ in found.table.asked.problem.limits]
    for row in rows:
        scaled = expression(row.line.times(1.0 / found.scale(row)))
        constraints.append(scaled == 0.0 if row.equal else scaled <= 0.0)
        if row.limit >= 0:
            limits[row.limit].append(constraints[-1])
    if isinstance(found.objective, Ratio):
        size = _size(found.objective.below)
        scale = (_size(found.objective.above) or 1.0) / size
        below = cp.Variable(pos=True, name="divisor")
        constraints.append(below == expression(found.objective.below.times(1.0 / size)))
        quotient = expression(found.objective.above.times(1.0 / (scale * size))) / below
    else:
        scale = _size(found.objective) or 1.0
        quotient = expression(found.objective.times(1.0 / scale))
    givens = {name: expression(one) for name, one in found.table.given.items()}
    problem = cp.Problem((cp.Minimize if found.sense > 0 else cp.Maximize)(quotient), constraints)
    return Handed(problem, quotient * scale, givens, tuple(map(tuple, limits)), tuple(parts))


def _size(one: Line) -> float:
    return max([abs(one.constant), *(abs(slope) for _, slope in one.slopes)])


def _kind(column: Column) -> dict[str, bool]:
    return {} if column.kind == "real" else {column.kind: True}


def _objective(table: Table, known: Mapping[int, Any]) -> tuple[Line | Ratio, float]:
    problem = table.asked.problem
    if problem.objective is None:
        return Line(0.0), 1.0
    name, sense = problem.objective
    sign = 1.0 if sense == "min" else -1.0
    value = table.asked.output(known, name)
    if isinstance(value, Ratio):
        _defined(table, value.above, value.below)
        bent = (value.above.shape * sign, value.below.shape * -sign)  # both have to be 0, or 1 and never negative
        natural = table.asked.facts[table.asked.program.output(name).step].low >= 0.0
        if min(bent) < 0 or (max(bent) > 0 and not natural):
            raise UnsupportedError(
                f"the affine reading cannot {sense}imise {name}, a quotient that is not quasi-convex"
            )
        return value, sign
    found = line(value)
    _defined(table, found)
    if found.shape not in (AFFINE, CONVEX if sense == "min" else CONCAVE):
        raise UnsupportedError(f"the affine reading cannot {sense}imise {name}, which is {SHAPES[found.shape]}")
    return found, sign


def _defined(table: Table, *lines: Line) -> None:
    """Choices for which an output is undefined are no designs; what is infinite is no line."""
    if not all(isfinite(v) for one in lines for v in (one.constant, *(s for _, s in one.slopes))):
        raise UnsupportedError("the affine reading refuses an output that a fixed infinite value reaches")
    for column in sorted(frozenset[int]().union(*(one.banned for one in lines))):
        table.rows.append(Row(Line(0.0, ((column, 1.0),))))


def _limit(table: Table, number: int, limit: Limit, value: Value) -> None:
    end, slack = limit.ends
    above, below = (value.above, value.below) if isinstance(value, Ratio) else (line(value), Line(1.0))
    _defined(table, above, below)
    sides = []
    if limit.relation in ("<=", "<", "=="):
        sides.append((1.0, end + slack))
    if limit.relation in (">=", ">", "=="):
        sides.append((-1.0, end - slack))
    for sign, bound in sides:
        try:
            row = added([above.times(sign), below.times(-sign * bound)])
        except UnsupportedError:
            row = Line(0.0, shape=CONCAVE)
        if row.shape == CONCAVE:
            raise UnsupportedError(
                f"the affine reading refuses the limit {limit.output} {limit.relation} {limit.bound:g}: "
                f"it does not hold on a convex set"
            )
        table.rows.append(Row(row, limit=number))


# rules: rule(table, step, *arguments)


def _total(table: Table, n: int, *values: Value) -> Value:
    ratios = [v for v in values if isinstance(v, Ratio)]
    if not ratios:
        return added(v for v in values if not isinstance(v, Ratio))
    first = ratios[0].below
    if any(r.below != first for r in ratios) or (len(ratios) < len(values) and first.shape != AFFINE):
        raise UnsupportedError("quotients with different divisors do not add up to a quotient of lines")
    plain = [v for v in values if not isinstance(v, Ratio)]
    if any(isinstance(v, Line) and v.slopes for v in plain):
        raise UnsupportedError("a quotient plus a value that varies is no quotient of lines")
    return Ratio(added([*(r.above for r in ratios), *(first.times(line(v).constant) for v in plain)]), first)


def _multiply(table: Table, n: int, a: Value, b: Value) -> Value:
    if isinstance(a, float) or isinstance(b, float):
        factor, value = (a, b) if isinstance(a, float) else (b, a)
        if isinstance(value, Ratio):
            return Ratio(value.above.times(factor), value.below) if factor else 0.0  # type: ignore[arg-type]
        found = line(value).times(factor)  # type: ignore[arg-type]
        return found if found.slopes or found.banned else found.constant
    for ratio, other in ((a, b), (b, a)):
        if isinstance(ratio, Ratio) and ratio.below == other:
            return ratio.above
    raise UnsupportedError("a product of values that both vary is not affine")


def _divide(table: Table, n: int, a: Value, b: Value) -> Value:
    if isinstance(b, float):
        return float("nan") if b == 0.0 else _multiply(table, n, a, 1.0 / b)
    if isinstance(a, Ratio) or isinstance(b, Ratio):
        raise UnsupportedError("a quotient of a quotient is not one of lines")
    if table.asked.facts[table.asked.program.steps[n].arguments[1]].low <= 0.0:
        raise UnsupportedError("the divisor may be zero or negative in this box")
    return Ratio(line(a), b)


def _plain(*values: Value) -> list[Line]:
    if any(isinstance(v, Ratio) for v in values):
        raise UnsupportedError("the larger or smaller of quotients is no quotient of lines")
    return [line(v) for v in values if not isinstance(v, Ratio)]


def _extreme(shape: int, table: Table, n: int, *values: Value) -> Value:
    """A column above all terms of a maximum, or below all of a minimum."""
    lines = [v for v in dict.fromkeys(_plain(*values)) if abs(v.constant) < inf]
    if len(lines) == 1:
        return lines[0]
    if any(v.shape == -shape for v in lines):
        raise UnsupportedError("it is neither convex nor concave")
    mine = table.auxiliary(n, shape)
    for other in lines:
        table.bounded(mine, other)
    return mine._replace(banned=frozenset[int]().union(*(v.banned for v in lines)))


def _rounded(shape: int, table: Table, n: int, a: Value, b: Value) -> Value:
    """A whole column above, or below, the quotient by a fixed number."""
    if not isinstance(b, float) or isinstance(a, Ratio):
        raise UnsupportedError("its divisor varies")
    quotient = line(a).times(1.0 / b if b else float("nan"))
    if quotient.shape == -shape:
        raise UnsupportedError("it is neither convex nor concave")
    mine = table.auxiliary(n, shape, whole=True)
    table.bounded(mine, quotient)
    return mine._replace(banned=quotient.banned)


def _power(table: Table, n: int, base: Value, exponent: Value) -> Value:
    if exponent == 1.0:
        return base
    if exponent == 0.0:
        return 1.0
    raise UnsupportedError(BY_NAME["power"].refusal)


def _where(table: Table, n: int, condition: Value, then: Value, otherwise: Value) -> Value:
    if not isinstance(condition, float):
        raise UnsupportedError(BY_NAME["where"].refusal)
    return condition if condition != condition else then if condition else otherwise


def _subtract(table: Table, n: int, a: Value, b: Value) -> Value:
    return _total(table, n, a, _multiply(table, n, -1.0, b))


REDUCED: dict[str, Rule] = {"total": sum, "largest_over": max, "smallest_over": min}
RULES: dict[str, Rule] = {
    "add": _total,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "power": _power,
    "maximum": partial(_extreme, CONVEX),
    "minimum": partial(_extreme, CONCAVE),
    "ceil_div": partial(_rounded, CONVEX),
    "floor_div": partial(_rounded, CONCAVE),
    "where": _where,
    "total": _total,
    "largest_over": partial(_extreme, CONVEX),
    "smallest_over": partial(_extreme, CONCAVE),
}
