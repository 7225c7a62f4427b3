"""Random small targets, and what an exhaustive search says about them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.engine.grid import Grid
from symppa.engine.points import over_points
from symppa.engine.program import Program
from symppa.engine.reducers.limits import Limit
from symppa.engine.search import Choices, Problem
from symppa.engine.walk import blocks
from symppa.errors import DomainError, ShapeError
from symppa.language import (
    Model,
    ceil_div,
    equal,
    floor_div,
    formula,
    given,
    index,
    integers,
    largest,
    lookup,
    smallest,
    sqrt,
    table,
    total,
    where,
)
from tests.engine import models

DESIGNS = 3000
RELATIONS = ("<=", "<=", "<=", ">=", ">=", "<", ">", "==")
CANDIDATES = {  # of the givens of `models`
    "a": [0.1, 0.4, 1.0, 1.7, 3.0, 6.5, 8.0],
    "b": [-3.0, -1.5, -0.1, 0.0, 0.5, 2.0, 4.0],
    "t": [0.0001, 0.0007, 0.002, 0.008],
    "c": [100.0, 1000.0, 2500.0, 8000.0],
    "m": range(1, 13),
    "q": [1, 2, 4, 8],
    "n": range(5),
    "slot.y": [0.1, 0.9, 2.0, 7.5],
    "twin.y": [-4.0, -1.0, 0.0, 0.3, 2.2],
    "pick": range(2),
}


class Target(NamedTuple):
    """A problem, every design of it by columns, and the costs of these, infinite where one is none."""

    problem: Problem
    columns: dict[str, Any]
    costs: Any

    @property
    def best(self) -> float | None:
        """The best objective, None where there is no design."""
        least = float(self.costs.min())
        if not np.isfinite(least):
            return None
        return least if self.problem.objective is None or self.problem.objective[1] == "min" else -least


def every(program: Program, values: dict[str, Any], free: dict[str, Choices]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Every design by columns, and the outputs in base units, by the ordinary grid."""
    used = {name: d for name, d in free.items() if name in program.number_of}
    grid = np.meshgrid(np.zeros(1), *[d.table for d in used.values()], indexing="ij")
    columns = {name: g.ravel() for name, g in zip(used, grid[1:], strict=True)}
    moved = over_points(program, list(used))
    idle = {name: d.low for name, d in free.items() if name not in used}
    told = Problem(program, values, None, (), {}).told({**columns, **idle})
    block = next(blocks(Grid(moved, told, block=10**6)))
    count = grid[0].size
    return columns, {n: np.broadcast_to(np.ravel(v), count) for n, v in block.values.items()}


def target(draw: Any, program: Program, values: dict[str, Any], free: dict[str, Choices]) -> Target | None:
    """An objective and limits on a program, these often exactly attained; None where the model cannot be told so."""
    try:
        columns, found = every(program, values, free)
    except (DomainError, ShapeError):
        return None
    names = list(program.outputs)
    objective = draw(st.sampled_from([*[(names[0], s) for s in ("min", "max", "min", "max")], None]))
    limits = []
    for name in names[1:] if objective else names:
        known = np.unique(found[name][np.isfinite(found[name])])
        if not len(known):
            continue
        at = float(known[draw(st.integers(0, len(known) - 1))])
        bound = draw(st.sampled_from([at, at, at, float(known[0]) - abs(float(known[0])) * 0.01 - 0.1, at * 1.01]))
        limits.append(Limit(name, draw(st.sampled_from(RELATIONS)), bound))
    if objective is None and not limits:
        return None
    problem = Problem(program, values, objective, limits, free)
    return Target(problem, columns, judged_by_hand(problem, found))


def judged_by_hand(problem: Problem, found: dict[str, Any]) -> Any:
    """The cost of every design, infinite where a value is undefined or a limit is broken."""
    good = np.ones(len(next(iter(found.values()))), bool)
    for name in problem.outputs:
        good &= np.isfinite(found[name])
    for limit in problem.limits:
        good &= limit.holds(found[limit.output])
    if problem.objective is None:
        return np.where(good, 0.0, np.inf)
    name, sense = problem.objective
    return np.where(good, (1.0 if sense == "min" else -1.0) * np.where(good, found[name], 0.0), np.inf)


@st.composite
def language_targets(draw: Any) -> Target | None:
    """Targets on the random models of the language: sets, slots, units, every operation."""
    case = draw(models.cases(depth=2))
    program = compile(case.model, [n for n, sets in case.sets.items() if not sets] or "f0", choose=case.choose)
    outputs = {n: d for n, d in program.outputs.items() if not program.sets(d.step)}
    if not outputs:
        return None
    program = Program(**{**vars_of(program), "outputs": outputs})
    values = draw(models.values())
    count, free = 1, {}
    used = [name for name in CANDIDATES if name in program.number_of]
    idle = [name for name in CANDIDATES if name not in used][: draw(st.integers(0, 1))]
    for name in [*draw(st.permutations(used)), *idle][: draw(st.integers(3, 5))]:
        several = draw(st.lists(st.sampled_from(list(CANDIDATES[name])), min_size=1, max_size=9))
        domain = Choices(several)
        if count * len(domain.values) <= DESIGNS:
            count, free[name] = count * len(domain.values), domain
    return target(draw, program, values, free)


def vars_of(program: Program) -> dict[str, Any]:
    """The fields of a program."""
    return {name: getattr(program, name) for name in Program.__dataclass_fields__}


class Tree:
    """Nonnegative quantities mostly, as a tiling has them."""

    def __init__(self, draw: Any, pool: list[Any], keyed: Any, over: Any, vector: Any) -> None:
        self.draw, self.pool, self.keyed, self.over, self.vector = draw, pool, keyed, over, vector

    def pick(self, *several: Any) -> Any:
        return self.draw(st.sampled_from(several))

    def leaf(self) -> Any:
        if self.pick(0, 1, 2, 3) == 0:
            return self.pick(1, 2, 3, 7, 16, 49, 0.5, 0.3, 2.25)
        return self.draw(st.sampled_from(self.pool))

    def defined(self, depth: int) -> Any:
        made = self.tree(depth)
        assume(not sp.sympify(made).has(sp.zoo, sp.nan, sp.I, sp.oo, -sp.oo))
        return made

    def positive(self, depth: int) -> Any:
        return self.tree(depth) + self.pick(0.25, 1, 2)

    def tree(self, depth: int) -> Any:
        if depth <= 0:
            return self.leaf()
        a, b = self.tree(depth - 1), self.tree(depth - 1)
        kind = self.draw(st.integers(0, 15))
        if kind <= 1:
            return a + b
        if kind <= 3:
            return a * b
        if kind == 4:
            return a / self.positive(depth - 1)
        if kind <= 8:
            below = self.positive(depth - 1) if self.pick(True, False) else self.leaf()
            rounded = floor_div(a, below) if kind == 8 else ceil_div(a, below)
            return self.pick(rounded, rounded * below, rounded * ceil_div(below, 1 + self.leaf()))
        if kind == 9:
            return largest(a, b)
        if kind == 10:
            return self.pick(smallest(a, b), sqrt(a), a - b, a / b)
        if kind == 11:
            condition = self.pick(a < b, a <= b, equal(ceil_div(a, 1), ceil_div(b, 1)))
            return where(condition, self.tree(depth - 1), b) if isinstance(condition, sp.Basic) else a
        if kind == 12:
            return lookup(self.keyed, self.draw(st.sampled_from(self.pool[:3])))
        if kind <= 14:
            inside = self.pick(ceil_div(self.vector, self.positive(0)) * self.leaf(), self.vector * a, self.vector / 3)
            return self.pick(total, largest, smallest)(inside, over=self.over)
        return a


@st.composite
def tiling_targets(draw: Any) -> Target | None:
    """Targets on nested ceilings, tables with missing keys, totals over a set."""
    over = index("members")
    vector, keyed = given("1", "vector", over=over), table("key", cost="1")
    space: dict[str, Any] = {"members": over, "vector": vector, "keyed": keyed}
    space |= {f"x{i}": given("1", "number", domain=integers(0, 99) if i < 3 else None) for i in range(4)}
    pool = [space[f"x{i}"] for i in range(4)]
    tree = Tree(draw, pool, keyed.cost, over, vector)
    for i in range(draw(st.integers(0, 2))):
        space[f"d{i}"] = formula("1", tree.defined(2), "inner", derived=True)
        tree.pool.append(space[f"d{i}"])
    outputs = [f"f{i}" for i in range(draw(st.integers(1, 3)))]
    for name in outputs:
        space[name] = formula("1", tree.defined(draw(st.integers(1, 3))), "output", derived=True)
    program = compile(type("Random", (Model,), {**space, "__module__": __name__})(), outputs)
    keys = draw(st.lists(st.integers(0, 14), min_size=1, max_size=8, unique=True))
    rows = {k: {"cost": draw(st.integers(1, 90)) / 7} for k in keys}
    values = {"members": [f"m{k}" for k in range(3)], "vector": draw(st.permutations([3.0, 12.0, 50.5])), "keyed": rows}
    free: dict[str, Choices] = {}
    for i in range(3):
        low = draw(st.integers(0, 3))
        free[f"x{i}"] = Choices(range(low, low + draw(st.integers(1, 12))))
    free["x3"] = Choices(draw(st.sampled_from([[0.1 * k for k in range(1, 9)], [2.5], [0, 1, 4]])))
    return target(draw, program, {n: v for n, v in values.items() if n in program.known}, free)
