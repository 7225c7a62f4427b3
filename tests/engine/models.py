"""Random models in the language beside the trees they mean, and random values for them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

from symppa.language import (
    Model,
    ceil_div,
    choices,
    equal,
    exp,
    floor_div,
    formula,
    geometric_sum,
    given,
    index,
    integers,
    lambert_w,
    largest,
    log,
    lookup,
    member,
    one,
    part,
    power,
    smallest,
    smooth_largest,
    sqrt,
    table,
    total,
    where,
)
from tests.engine.oracle import Node, Oracle, Value, close, exact

MEMBERS, STEPS = "members", "steps"
KEYS = (1, 2, 3, 4, 6, 8)
SCALARS = ("a", "b", "t", "c", "m", "q", "n")
WHOLE = ("m", "q", "n")
WORTH = {"t": ("ms", Fraction(1, 1000)), "c": ("kB", Fraction(1000))}
OVER = {"v": (MEMBERS,), "w": (STEPS,), "g": (MEMBERS, STEPS), "pick": ()}


class Case(NamedTuple):
    """A model, the slot it chooses, and the tree and unit of every output."""

    model: Model
    choose: dict[str, type[Model]]
    outputs: dict[str, tuple[Node, str]]

    @property
    def sets(self) -> dict[str, list[str]]:
        return {name: [s for s in (MEMBERS, STEPS) if s in sets_of(tree)] for name, (tree, _) in self.outputs.items()}


def number(value: Any) -> Node:
    return Node("constant", (), value)


def scalar(name: str) -> Node:
    """A given; those with a unit count in it."""
    leaf = Node("given", (), (name, OVER.get(name, ())))
    return Node("divide", (leaf, number(WORTH[name][1]))) if name in WORTH else leaf


def sets_of(node: Node) -> frozenset[str]:
    """The sets a tree stands over."""
    if node.operation == "given":
        return frozenset(node.detail[1])
    if node.operation == "position":
        return frozenset([node.detail])
    inner = frozenset().union(*(sets_of(a) for a in node.arguments))
    return inner - {node.detail} if node.operation in ("total", "largest_over", "smallest_over") else inner


# trees

CONSTANTS = st.sampled_from([1, 2, 3, 5, 16, 0.5, 0.25, 1.5, 0.1, 0.3, 2.7, Fraction(1, 3), Fraction(22, 7)])
EXPONENTS = st.sampled_from([2, 3, 0.5, 1.5, 2.5, -1, -2])
KINDS = (
    *("add", "add", "multiply", "multiply", "divide", "divide", "subtract"),
    *("ceil_div", "ceil_div", "floor_div", "maximum", "maximum", "minimum", "where", "where", "lookup"),
    *("power", "sqrt", "exp", "log", "lambert_w", "geometric_sum", "smooth_largest"),
    *("total", "total", "largest_over", "smallest_over", "tiles"),
)
REDUCED = {
    "total": lambda x, s: total(x, over=s),
    "largest_over": lambda x, s: largest(x, over=s),
    "smallest_over": lambda x, s: smallest(x, over=s),
}


class Trees:
    """Draws trees over some leaves; `open` are the sets that are being reduced over."""

    def __init__(self, draw: Any, leaves: Sequence[Node], sets: Sequence[str]) -> None:
        self.draw, self.leaves, self.sets = draw, list(leaves), sets

    def leaf(self, inside: frozenset[str]) -> Node:
        fitting = [leaf for leaf in self.leaves if sets_of(leaf) <= inside]
        fitting += [Node("position", (), s) for s in sorted(inside)]
        if not fitting or self.draw(st.integers(0, 4)) == 0:
            return number(self.draw(CONSTANTS))
        return self.draw(st.sampled_from(fitting))

    def above_zero(self, depth: int, inside: frozenset[str]) -> Node:
        if self.draw(st.booleans()):
            fitting = [x for x in self.leaves if sets_of(x) <= inside and x.operation == "given"]
            positive = [x for x in fitting if x.detail[0] in ("a", "m", "q", "v", "x", "y")]
            return self.draw(st.sampled_from(positive)) if positive else number(self.draw(CONSTANTS))
        tree = self.tree(depth - 1, inside)
        return Node("add", (Node("maximum", (tree, number(0))), number(self.draw(CONSTANTS))))

    def whole(self, depth: int, inside: frozenset[str]) -> Node:
        fitting = [x for x in self.leaves if x.operation == "given" and x.detail[0] in WHOLE]
        if fitting and self.draw(st.integers(0, 2)):
            return self.draw(st.sampled_from(fitting))
        if depth <= 0:
            return number(self.draw(st.integers(1, 8)))
        return Node("ceil_div", (self.tree(depth - 1, inside), self.above_zero(depth - 1, inside)))

    def tree(self, depth: int, inside: frozenset[str] = frozenset()) -> Node:
        if depth <= 0:
            return self.leaf(inside)
        kind = self.draw(st.sampled_from(KINDS))
        return getattr(self, "_" + kind, lambda d, i: self._plain(kind, d, i))(depth, inside)

    def _plain(self, kind: str, depth: int, inside: frozenset[str]) -> Node:
        return Node(kind, (self.tree(depth - 1, inside), self.tree(depth - 1, inside)))

    def _divide(self, depth: int, inside: frozenset[str]) -> Node:
        return Node("divide", (self.tree(depth - 1, inside), self.above_zero(depth - 1, inside)))

    def _ceil_div(self, depth: int, inside: frozenset[str]) -> Node:
        return Node("ceil_div", (self.tree(depth - 1, inside), self.above_zero(depth - 1, inside)))

    def _floor_div(self, depth: int, inside: frozenset[str]) -> Node:
        return Node("floor_div", (self.tree(depth - 1, inside), self.above_zero(depth - 1, inside)))

    def _tiles(self, depth: int, inside: frozenset[str]) -> Node:
        """What a tiling looks like: rounded up, times the tile again."""
        tile = self.above_zero(depth - 1, inside)
        padded = Node("multiply", (Node("ceil_div", (self.above_zero(depth - 1, inside), tile)), tile))
        return Node("add", (padded, Node("multiply", (padded, self.above_zero(depth - 2, inside)))))

    def _where(self, depth: int, inside: frozenset[str]) -> Node:
        kind = self.draw(st.sampled_from(["less", "at_most", "equal"]))
        condition = Node(kind, (self.tree(depth - 1, inside), self.tree(depth - 1, inside)))
        if kind == "equal" or self.draw(st.integers(0, 3)) == 0:
            condition = Node(kind, (self.whole(depth - 1, inside), self.whole(0, inside)))
        if MEMBERS in inside and self.draw(st.booleans()):
            condition = Node("equal", (Node("position", (), MEMBERS), scalar("pick")))
        return Node("where", (condition, self.tree(depth - 1, inside), self.tree(depth - 1, inside)))

    def _lookup(self, depth: int, inside: frozenset[str]) -> Node:
        column = self.draw(st.sampled_from(["lut.cost", "lut.size"]))
        return Node("lookup", (self.whole(depth - 1, inside),), column)

    def _power(self, depth: int, inside: frozenset[str]) -> Node:
        if self.draw(st.booleans()):
            return Node("power", (self.tree(depth - 1, inside), number(self.draw(EXPONENTS))))
        return Node("power", (self.above_zero(depth - 1, inside), self.leaf(inside)))

    def _sqrt(self, depth: int, inside: frozenset[str]) -> Node:
        return Node("sqrt", (self.above_zero(depth - 1, inside),))

    def _exp(self, depth: int, inside: frozenset[str]) -> Node:
        return Node("exp", (self.leaf(inside),))

    def _log(self, depth: int, inside: frozenset[str]) -> Node:
        return Node("log", (self.above_zero(depth - 1, inside),))

    def _lambert_w(self, depth: int, inside: frozenset[str]) -> Node:
        if self.draw(st.booleans()):
            return Node("lambert_w", (self.above_zero(depth - 1, inside),), 0)
        x = self.above_zero(depth - 1, inside)  # -x / (e (1 + x)) lies above the branch point
        below = Node("divide", (Node("multiply", (x, number(-0.36))), Node("add", (x, number(1)))))
        return Node("lambert_w", (below,), self.draw(st.sampled_from([0, -1])))

    def _geometric_sum(self, depth: int, inside: frozenset[str]) -> Node:
        return Node("geometric_sum", (self.leaf(inside), self.whole(0, inside)))

    def _smooth_largest(self, depth: int, inside: frozenset[str]) -> Node:
        terms = [self.above_zero(depth - 1, inside) for _ in range(self.draw(st.integers(1, 3)))]
        return Node("smooth_largest", (number(self.draw(st.sampled_from([1, 2, 3.5]))), *terms))

    def _total(self, depth: int, inside: frozenset[str]) -> Node:
        return self._over("total", depth, inside)

    def _largest_over(self, depth: int, inside: frozenset[str]) -> Node:
        return self._over("largest_over", depth, inside)

    def _smallest_over(self, depth: int, inside: frozenset[str]) -> Node:
        return self._over("smallest_over", depth, inside)

    def _over(self, kind: str, depth: int, inside: frozenset[str]) -> Node:
        left = [s for s in self.sets if s not in inside]
        if not left:
            return self._plain("add", depth, inside)
        over = self.draw(st.sampled_from(left))
        return Node(kind, (self.tree(depth - 1, inside | {over}),), over)


# from trees to the language

BINARY = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": power,
    "maximum": largest,
    "minimum": smallest,
    "ceil_div": ceil_div,
    "floor_div": floor_div,
    "less": lambda a, b: a < b,
    "at_most": lambda a, b: a <= b,
    "equal": equal,
    "sqrt": sqrt,
    "exp": exp,
    "log": log,
    "where": where,
    "geometric_sum": geometric_sum,
    "smooth_largest": smooth_largest,
}


def written(node: Node, names: dict[str, Any]) -> Any:
    """The expression an author would write for a tree."""
    if node.operation == "formula":
        return names[node.detail]
    if node.operation == "divide" and node.arguments[0].operation == "given":
        name = node.arguments[0].detail[0]
        if name in WORTH and node.arguments[1] == number(WORTH[name][1]):
            return names[name] / one(WORTH[name][0])
    if node.operation == "constant":
        value = node.detail
        return sp.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else sp.sympify(value)
    if node.operation == "given":
        return names[node.detail[0]]
    if node.operation == "position":
        return names[node.detail]
    inner = [written(a, names) for a in node.arguments]
    if node.operation in REDUCED:
        return REDUCED[node.operation](inner[0], names[node.detail])
    if node.operation == "lookup":
        return lookup(names[node.detail], inner[0])
    if node.operation == "lambert_w":
        return lambert_w(inner[0], node.detail)
    made = BINARY[node.operation](*inner)
    assume(not sp.sympify(made).has(sp.zoo, sp.nan, sp.I, sp.oo, -sp.oo))
    return made


def replaced(node: Node, places: dict[str, Node]) -> Node:
    """A tree of a part with its wires in place of its givens."""
    if node.operation == "given" and node.detail[0] in places:
        return places[node.detail[0]]
    return node._replace(arguments=tuple(replaced(a, places) for a in node.arguments))


class Law(Model):
    """What a slot holds; its kinds say how."""

    x = given("1", "first quantity")
    z = formula("1", ..., "result")


def _law(name: str, tree: Node) -> type[Model]:
    names = {"x": Law.x}
    y = given("1", "second quantity")
    names["y"] = y
    space = {"y": y, "z": formula("1", written(tree, names)), "__module__": __name__}
    return type(name, (Law,), space)


def _outer() -> dict[str, Any]:
    members = index("members")
    n = given("1", "steps", domain=integers(0, 4))
    steps = index("steps", size=n)
    return {
        MEMBERS: members,
        STEPS: steps,
        "a": given("1", "positive number"),
        "b": given("1", "number"),
        "t": given("ms", "time"),
        "c": given("kB", "storage"),
        "m": given("1", "whole number", domain=integers(1, 12)),
        "q": given("1", "choice", domain=choices(1, 2, 4, 8)),
        "n": n,
        "v": given("1", "vector", over=members),
        "w": given("1", "vector of steps", over=steps),
        "g": given("1", "matrix", over=(members, steps)),
        "pick": given("1", "member", domain=member(members)),
        "lut": table("key", cost="1", size="1"),
    }


@st.composite
def cases(draw: Any, depth: int = 3) -> Case:
    """A model with a slot, a part used twice, formulas that refer to formulas, sets and a table."""
    space = _outer()
    names = dict(space) | {"lut.cost": space["lut"].cost, "lut.size": space["lut"].size}
    leaves = [scalar(name) for name in (*SCALARS, "v", "w", "g")]
    inner = Trees(draw, [Node("given", (), ("x", ())), Node("given", (), ("y", ()))], ())
    kinds = {kind: inner.tree(2) for kind in ("First", "Second")}
    laws = {kind: _law(kind, _without(tree)) for kind, tree in kinds.items()}
    default, chosen = draw(st.sampled_from(["First", "Second"])), draw(st.sampled_from(["First", "Second"]))
    wires = [Trees(draw, leaves, (MEMBERS, STEPS)).tree(1, frozenset(draw(st.sampled_from([(), (MEMBERS,)]))))]
    wires.append(Trees(draw, leaves, ()).tree(1))
    slot = part(Law, default=laws[default], x=written(wires[0], names))
    twin = laws[default](x=written(wires[1], names))
    space |= {"slot": slot, "twin": twin}
    for name, kind, wire in (("slot", chosen, wires[0]), ("twin", default, wires[1])):
        tree = replaced(_without(kinds[kind]), {"x": wire, "y": Node("given", (), (f"{name}.y", ()))})
        names[f"{name}.z"] = space[name].z
        leaves.append(Node("formula", (tree,), f"{name}.z"))
    outputs = {}
    for k in range(draw(st.integers(1, 3))):
        inside = frozenset(draw(st.sampled_from([(), (), (MEMBERS,)])))
        tree = Trees(draw, leaves, (MEMBERS, STEPS)).tree(depth, inside)
        unit = draw(st.sampled_from(["1", "percent"]))
        space[f"f{k}"] = formula(unit, written(tree, names), "output", derived=True)
        names[f"f{k}"] = space[f"f{k}"]
        leaves.append(Node("formula", (tree,), f"f{k}"))
        outputs[f"f{k}"] = tree, unit
    made = type("Random", (Model,), space | {"__module__": __name__})
    return Case(made(), {"slot": laws[chosen]}, outputs)


def _without(tree: Node) -> Node:
    """No table and no set inside a part: it has none of its own."""
    inside = tuple(_without(a) for a in tree.arguments)
    if tree.operation == "lookup":
        return inside[0]
    if tree.operation == "position" or (tree.operation == "given" and tree.detail[0] == "pick"):
        return number(1)
    return tree._replace(arguments=inside)


# values

DECIMALS = st.integers(1, 80).map(lambda k: k / 10)
SIGNED = st.integers(-40, 40).map(lambda k: k / 10)
SINGLE: dict[str, Any] = {
    "a": DECIMALS,
    "b": SIGNED,
    "t": DECIMALS,
    "c": DECIMALS,
    "m": st.integers(1, 12),
    "q": st.sampled_from([1, 2, 4, 8]),
    "n": st.integers(0, 4),
    "slot.y": DECIMALS,
    "twin.y": SIGNED,
}


@st.composite
def values(draw: Any, swept: Sequence[str] = (), points: int = 3) -> dict[str, Any]:
    """Values of every given, several of those that are swept."""
    found: dict[str, Any] = {}
    for name, strategy in SINGLE.items():
        lists = st.lists(strategy, min_size=1, max_size=points)
        found[name] = np.array(draw(lists), float) if name in swept else draw(strategy)
    size = draw(st.integers(2, 4))
    found[MEMBERS] = [f"label{k}" for k in range(size)]
    few = draw(st.lists(DECIMALS, min_size=1, max_size=2))  # so that members are equal now and then
    found["v"] = np.array([draw(st.sampled_from(few)) for _ in range(size)])
    found["w"] = np.array(draw(st.lists(DECIMALS, min_size=4, max_size=4)))
    found["g"] = np.array([draw(st.lists(SIGNED, min_size=4, max_size=4)) for _ in range(size)])
    found["pick"] = f"label{draw(st.integers(0, size - 1))}"
    rows = {k: {"cost": draw(SIGNED), "size": draw(st.integers(1, 9))} for k in KEYS}
    found["lut"] = rows
    return found


def oracle(told: dict[str, Any]) -> Oracle:
    """The exact evaluator at one point."""
    givens: dict[str, Any] = {}
    for name in SINGLE:
        value, worth = float(told[name]), WORTH.get(name, ("1", Fraction(1)))[1]
        givens[name] = exact(value) if worth == 1 else close(Fraction(value) * worth, 0.0)
    givens["pick"] = exact(told[MEMBERS].index(told["pick"]))
    for name in ("v", "w", "g"):
        givens[name] = {place: exact(float(x)) for place, x in np.ndenumerate(told[name])}
    tables = {f"lut.{c}": {k: row[c] for k, row in told["lut"].items()} for c in ("cost", "size")}
    sizes = {MEMBERS: len(told[MEMBERS]), STEPS: Node("given", (), ("n", ()))}
    return Oracle(givens, tables, sizes)


def shown(value: Value, unit: str) -> Value:
    """A value in the unit of its output."""
    if unit == "1":
        return value
    return Value(value.number * 100, value.error * 100 + 4e-16 * abs(float(value.number * 100)))
