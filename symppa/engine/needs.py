"""What a value needs, inner values first, found without recursion: formulas may be chained by the thousand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp

from symppa.language import functions as f
from symppa.language.declarations import COLUMN, CONSTANT, FORMULA, INDEX, Name
from symppa.language.scope import Scope

STRICT = (f.CeilDiv, f.FloorDiv, f.Lookup, *f.CONDITIONS)  # their arguments are never reassociated
Need = tuple[Scope, Name, bool]


def inner_first(scope: Scope, declared: Name, strict: bool) -> Iterator[Need]:
    """Formulas and wired givens below a value, each after what it needs itself; the value last."""
    done: set[tuple[int, str, bool]] = set()
    stack = [((scope, declared, strict), _needs(scope, declared, strict))]
    around = {_key(scope, declared, strict)}
    while stack:
        need, below = stack[-1]
        inner = next(below, None)
        if inner is None:
            stack.pop()
            done.add(_key(*need))
            around.discard(_key(*need))
            yield need
        elif _key(*inner) not in done and _key(*inner) not in around:  # a loop is told by who lowers it
            around.add(_key(*inner))
            stack.append((inner, _needs(*inner)))


def _key(scope: Scope, declared: Name, strict: bool) -> tuple[int, str, bool]:
    return id(scope), declared.attr, strict


def _needs(scope: Scope, declared: Name, strict: bool) -> Iterator[Need]:
    """What one declaration needs next."""
    wire = scope.wires.get(declared.attr)
    if isinstance(wire, sp.Basic) and scope.parent is not None:
        yield from _used(scope.parent, wire, strict)
    elif wire is None and declared.role == FORMULA and declared.expr is not ...:
        yield from _used(scope, declared.expr, strict)


def _used(scope: Scope, expr: Any, strict: bool) -> Iterator[Need]:
    """Names of an expression, and whether their order of operations is the author's."""
    stack, seen = [(expr, strict)], set()
    while stack:
        node, exact = stack.pop()
        if (node, exact) in seen:
            continue
        seen.add((node, exact))
        if isinstance(node, Name):
            if node.role not in (CONSTANT, COLUMN, INDEX):
                where, declared = scope.resolve(node)
                yield where, declared, exact
        else:
            stack.extend((a, exact or isinstance(node, STRICT)) for a in reversed(node.args))
