"""Dimension of an expression, found without evaluating it; every violation is reported, none hides another."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp

from symppa.language import functions as f
from symppa.units import PURE, Dimension

Complain = Callable[[str], None]
ALIKE = (sp.Add, f.Largest, f.Smallest, f.Where, f.SmoothLargest, f.CeilDiv, f.FloorDiv, *f.CONDITIONS)
COUNTS = (f.CeilDiv, f.FloorDiv, *f.CONDITIONS)
INSTEAD = {
    "Max": "largest(...)",
    "Min": "smallest(...)",
    "ceiling": "ceil_div(a, b)",
    "floor": "floor_div(a, b)",
    "Piecewise": "where(...)",
    "Heaviside": "where(...)",
    "Sum": "total(..., over=set)",
}
SPELLING = {"Add": "a sum", "CeilDiv": "ceil_div", "FloorDiv": "floor_div", "AtMost": "<=", "Less": "<"}


def shorten(expr: Any) -> str:
    """An expression as text, cut where it is long."""
    text = str(expr)
    return text if len(text) <= 160 else text[:157] + "..."


def spelled(expr: Any) -> str:
    """What the author wrote for the head of an expression."""
    name: str = expr.func.__name__
    words = "".join("_" + c.lower() if c.isupper() else c for c in name).strip("_")
    return SPELLING.get(name, words)


def of(expr: Any, complain: Complain) -> Dimension | None:
    """Dimension, or None where something below is already wrong (and has been reported)."""
    if isinstance(expr, sp.Symbol):
        return expr.dimension  # type: ignore[no-any-return]
    if expr.is_number and not expr.args:
        return PURE
    if isinstance(expr, sp.Mul):
        return _product(expr, complain)
    if isinstance(expr, sp.Pow):
        return _power(expr, complain)
    if isinstance(expr, ALIKE):
        return _alike(expr, complain)
    if isinstance(expr, (*f.REDUCTIONS, sp.Abs)):
        return of(expr.args[0], complain)
    if isinstance(expr, f.Lookup):
        _pure(expr.args[1], expr, complain)
        return of(expr.args[0], complain)
    if not isinstance(expr, (sp.exp, sp.log, f.Opaque)):
        hint = INSTEAD.get(expr.func.__name__)
        complain(f"{shorten(expr)} is not an operation of the language{f': write {hint}' if hint else ''}")
    for argument in expr.args:
        _pure(argument, expr, complain)
    return PURE


def _product(expr: Any, complain: Complain) -> Dimension | None:
    found = [of(factor, complain) for factor in expr.args]
    product = PURE
    for dimension in found:
        if dimension is None:
            return None
        product = product * dimension
    return product


def _pure(argument: Any, expr: Any, complain: Complain) -> None:
    dimension = of(argument, complain)
    if dimension is not None and dimension != PURE:
        what = "an exponent" if isinstance(expr, sp.Pow) else spelled(expr)
        complain(f"{what} in {shorten(expr)} needs a pure number, but {shorten(argument)} is {dimension}")


def _power(expr: Any, complain: Complain) -> Dimension | None:
    base, exponent = expr.args
    _pure(exponent, expr, complain)
    dimension = of(base, complain)
    if dimension is None or dimension == PURE:
        return dimension
    if not exponent.is_number:
        complain(f"{shorten(base)} is {dimension}, so its exponent must be a number, not {shorten(exponent)}")
        return None
    return dimension ** Fraction(str(sp.nsimplify(exponent, rational=True)))


def _terms(expr: Any, complain: Complain) -> tuple[Any, ...]:
    """The arguments that must be alike; conditions and exponents are checked on their own."""
    if isinstance(expr, f.Where):
        of(expr.args[0], complain)
        return tuple(expr.args[1:])
    if isinstance(expr, f.SmoothLargest):
        _pure(expr.args[0], expr, complain)
        return tuple(expr.args[1:])
    return tuple(expr.args)


def _alike(expr: Any, complain: Complain) -> Dimension | None:
    terms = [t for t in _terms(expr, complain) if not (t.is_zero or t.is_infinite)]  # 0 and oo have any dimension
    found = [(t, of(t, complain)) for t in terms]
    known = [(t, d) for t, d in found if d is not None]
    if any(d != known[0][1] for _, d in known):
        lines = "\n".join(f"  {shorten(t)}: {d}" for t, d in known)
        complain(f"cannot combine unlike terms in {spelled(expr)}:\n{lines}")
        return PURE if isinstance(expr, COUNTS) else None
    if isinstance(expr, COUNTS) or not found:
        return PURE
    return known[0][1] if known else None
