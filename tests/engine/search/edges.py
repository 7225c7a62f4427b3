"""Random targets on the edge: no quotient, no key, no condition, limits met to the last digit, nested rounding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.engine.reducers.limits import TOLERANCE, Limit
from symppa.engine.search import Choices, Problem
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
    log,
    lookup,
    smallest,
    sqrt,
    table,
    total,
    where,
)
from tests.engine.search.targets import Target, every, judged_by_hand

KEYS = range(15)


class Edge(NamedTuple):
    """An expression of a kind, what every design of a target has there."""

    kind: str
    made: Callable[[Names, Any], Any]


class Names(NamedTuple):
    """Three whole numbers that may be 0, a real from a list; a vector over a set, a set sized by a number, a table."""

    x: Any
    y: Any
    z: Any
    r: Any
    vector: Any
    over: Any
    step: Any
    cost: Any


def _quotients(n: Names, pick: Any) -> Any:
    a, b = pick(n.y, n.z + 1, n.r), pick(n.x, n.x - 2, n.x * n.y, floor_div(n.x, 3))
    return pick(a / b, ceil_div(a, b), floor_div(a, b), ceil_div(a, b) * b, n.z + a / b)


def _keys(n: Names, pick: Any) -> Any:
    return lookup(n.cost, pick(n.x, n.x - n.y, n.x + n.z, ceil_div(n.x, 2), floor_div(n.y, n.z + 1), 2 * n.r))


def _nothing(n: Names, pick: Any) -> Any:
    """Undefined for some designs."""
    return pick(n.x / n.y * 0, sqrt(n.x - 2), log(n.y - 1), lookup(n.cost, n.x), n.x / n.y, (n.x - n.y) / (n.y - n.x))


def _conditions(n: Names, pick: Any) -> Any:
    left, right = _nothing(n, pick), pick(n.z, 1, n.r)
    return where(pick(left < right, left <= right, equal(left, right)), pick(n.x, 2 * n.z, 0.5), pick(n.y, n.r, 7))


def _equals(n: Names, pick: Any) -> Any:
    left = pick(ceil_div(n.x, 2), n.x - n.y, n.r, n.r * 3, n.x * n.r)
    right = pick(n.z, 0.3, 0.1 * n.y, floor_div(n.y, 2))
    assume(left != right)
    return where(equal(left, right), pick(n.x + 1, n.z, 0.25), pick(n.y, n.r * n.z, 3))


def _nests(n: Names, pick: Any) -> Any:
    inner = ceil_div(pick(n.x, n.y + 7, 49), pick(n.z + 1, 3, n.r))
    outer = pick(ceil_div(inner, n.y + 1), ceil_div(50, inner + 1), floor_div(inner * n.r, 0.3), ceil_div(0.3, n.r))
    return pick(outer, outer * inner, outer * ceil_div(outer, n.z + 1), ceil_div(n.x, outer + 1) * (outer + 1))


def _sets(n: Names, pick: Any) -> Any:
    inside = pick(
        ceil_div(n.vector, n.x + 1) * n.y,
        n.vector * n.r - n.x,
        where(n.vector > n.x * 4, n.vector, n.z),
        n.vector / n.x,
    )
    return pick(total, largest, smallest)(inside, over=n.over)


def _steps(n: Names, pick: Any) -> Any:
    return pick(total, largest)(pick(largest(0, n.x - n.step), ceil_div(n.x, n.step + 1), n.r * n.step), over=n.step)


EDGES = (
    Edge("zero divisor", _quotients),
    Edge("missing key", _keys),
    Edge("condition without a value", _conditions),
    Edge("equality", _equals),
    Edge("nested ceiling", _nests),
    Edge("reduction of a set", _sets),
    Edge("reduction of a sized set", _steps),
)


def _space() -> tuple[dict[str, Any], Names]:
    over, keyed = index("members"), table("key", cost="1")
    space: dict[str, Any] = {"members": over, "keyed": keyed, "vector": given("1", "vector", over=over)}
    for name in ("x", "y", "z"):
        space[name] = given("1", "whole number", domain=integers(0, 99))
    space |= {"r": given("1", "number"), "steps": index("steps", size=space["z"])}
    numbers = (space[name] for name in ("x", "y", "z", "r"))
    return space, Names(*numbers, space["vector"], over, space["steps"], keyed.cost)


def _joined(pick: Any, parts: list[Any]) -> Any:
    first = parts[0]
    for part in parts[1:]:
        first = pick(first + part, first * part, largest(first, part), first - part)
    return first


@st.composite
def edge_targets(draw: Any) -> Target | None:
    """Targets of one to three edges, their limits at what some design has, or the last digit off."""

    def pick(*several: Any) -> Any:
        return several[draw(st.integers(0, len(several) - 1))]

    space, names = _space()
    outputs = [f"f{i}" for i in range(draw(st.integers(1, 3)))]
    for name in outputs:
        chosen = draw(st.lists(st.sampled_from(EDGES), min_size=1, max_size=2))
        made = _joined(pick, [edge.made(names, pick) for edge in chosen])
        assume(isinstance(made, sp.Basic) and not made.has(sp.zoo, sp.nan, sp.I, sp.oo, -sp.oo))
        space[name] = formula("1", made, "output", derived=True)
    program = compile(type("Edges", (Model,), {**space, "__module__": __name__})(), outputs)
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=8, unique=True))
    values = {
        "members": ["a", "b", "c"],
        "vector": draw(st.permutations([3.0, 12.0, 50.5])),
        "keyed": {key: {"cost": draw(st.integers(-9, 90)) / 7} for key in keys},
    }
    free = {}
    for name in ("x", "y", "z"):
        low = draw(st.sampled_from([0, 0, 1, 2]))
        free[name] = Choices(range(low, low + draw(st.integers(2, 10))))
    free["r"] = Choices(draw(st.sampled_from([[0.1 * k for k in range(1, 9)], [0.3, 1.5], [0.0, 0.1, 4.0]])))
    return _target(draw, program, {n: v for n, v in values.items() if n in program.known}, free)


def _target(draw: Any, program: Any, values: Mapping[str, Any], free: dict[str, Choices]) -> Target | None:
    columns, found = every(program, dict(values), free)
    names = list(program.outputs)
    objective = draw(st.sampled_from([(names[0], "min"), (names[0], "max"), (names[0], "min"), None]))
    limits = []
    for name in names[1:] if objective else names:
        known = np.unique(found[name][np.isfinite(found[name])])
        if not len(known):
            continue
        at = float(known[draw(st.integers(0, len(known) - 1))])
        slack = draw(st.sampled_from([0.0, 0.0, -2.0, -1.0, -0.5, 0.5, 1.0, 2.0])) * TOLERANCE
        bound = draw(st.sampled_from([at * (1.0 + slack), float(np.nextafter(at, np.inf))]))
        limits.append(Limit(name, draw(st.sampled_from(["<=", "<=", ">=", ">=", "<", ">", "==", "=="])), bound))
    if objective is None and not limits:
        return None
    problem = Problem(program, values, objective, limits, free)
    return Target(problem, columns, judged_by_hand(problem, found))
