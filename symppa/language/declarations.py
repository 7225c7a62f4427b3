"""given, formula, index, one: the declarations of a model, each a sympy symbol that carries its unit."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.relational import Relational

from symppa import units
from symppa.errors import DeclarationError
from symppa.language.domains import Domain

_serial = count()
GIVEN, FORMULA, INDEX, COLUMN, CONSTANT = "given", "formula", "index", "column", "constant"


class Name(sp.Symbol):  # type: ignore[misc]
    """A declared quantity, or a reference to one through parts.

    Real only, equal only to itself, ordered by declaration: a sum prints as its author wrote it.
    """

    role: str
    unit_text: str
    meaning: str
    source: str
    derived: bool
    over: tuple[Name, ...]
    default: Any
    expr: Any
    symbol: str
    domain: Domain | None
    size: Any
    attr: str
    hops: tuple[str, ...]
    owner: Any
    target: Name

    def __new__(cls, role: str, unit: str, meaning: str = "", **facts: Any) -> Name:
        self: Name = sp.Symbol.__xnew__(cls, "?", real=True)
        self.role, self.unit_text, self.meaning = role, unit, meaning
        self.serial = next(_serial)
        self.source, self.derived = facts.get("source", ""), facts.get("derived", False)
        over = facts.get("over", ())
        self.over = over if isinstance(over, tuple) else (over,)
        self.default, self.expr, self.size = facts.get("default"), facts.get("expr"), facts.get("size")
        self.symbol, self.domain = facts.get("symbol") or "", facts.get("domain")
        self.dimension = units.dimension(unit)
        self.owner, self.hops, self.attr, self.target = None, (), "", self
        return self

    @property
    def unit(self) -> Any:
        """The declared unit, a pint Unit."""
        return units.pint_unit(self.unit_text)

    def _hashable_content(self) -> tuple[Any, ...]:
        if self.role == CONSTANT:  # constants are equal by unit
            return (-1, self.unit_text)
        return (self.serial, "")

    def sort_key(self, order: Any = None) -> Any:
        return self.class_key(), (2, self._hashable_content()), sp.S.One.sort_key(), sp.S.One

    def __get__(self, instance: Any, owner: Any) -> Any:
        return self if instance is None else instance.reference(self.attr)

    def __reduce__(self) -> Any:
        if self.role == CONSTANT:
            return one, (self.unit_text,)
        if self.owner is None:
            raise DeclarationError(f"a {self.role} outside a class has no name to be pickled by")
        if self.target is self:
            return _declared, (self.owner, self.attr)
        return _referenced, (self.owner, self.hops, self.attr)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.__reduce__()

    def __deepcopy__(self, memo: Any) -> Name:
        return self

    def __copy__(self) -> Name:
        return self


def _declared(owner: Any, attr: str) -> Name:
    return owner._declared[attr]  # type: ignore[no-any-return]


def _referenced(owner: Any, hops: tuple[str, ...], attr: str) -> Any:
    return owner.reference(".".join((*hops, attr)))


def given(
    unit: str,
    meaning: str,
    *,
    default: Any = None,
    source: str = "",
    over: Any = (),
    domain: Domain | None = None,
    symbol: str | None = None,
) -> Any:
    """An input. `over` makes it a vector over one or several sets; `source` belongs to the default."""
    if not isinstance(meaning, str) or not meaning:
        raise DeclarationError("given(unit, meaning): the meaning is missing")
    facts = {"default": default, "source": source, "over": over, "symbol": symbol}
    made = Name(GIVEN, unit, meaning, domain=domain, **facts)
    for one_index in made.over:
        if getattr(one_index, "role", None) != INDEX:
            raise DeclarationError(f"over={one_index!r} is not a set: declare it with index(...)")
    if domain is not None:
        made.domain = domain.checked(unit)
    labelled = made.domain is not None and (made.domain.kind == "member" or made.domain.labels)
    if default is not None and not labelled:
        made.default = _default(default, unit, meaning)
    return made


def _default(value: Any, unit: str, meaning: str) -> Any:
    """A default that fits the unit; arrays and quantities as numbers in it, because programs are written as text."""
    if isinstance(value, list):
        return [_default(v, unit, meaning) for v in value]
    worth = units.worth(value, unit, "default", meaning)
    if isinstance(value, str | int | float):
        return value
    return np.divide(worth, units.measure(unit).worth).tolist()


def formula(
    unit: str,
    expr: Any,
    meaning: str = "",
    *,
    source: str = "",
    derived: bool = False,
    symbol: str | None = None,
) -> Any:
    """An output; `...` in place of the expression leaves it to subclasses."""
    if isinstance(expr, str):
        raise DeclarationError(f"formula({unit!r}, {expr!r}): the expression is a text; write it with declared names")
    if isinstance(expr, bool | Relational):
        raise DeclarationError("formula() got a comparison: comparisons go into where(...)")
    expr = expr if expr is ... else plain(expr)
    return Name(FORMULA, unit, meaning, source=source, derived=derived, expr=expr, symbol=symbol)


def plain(expr: Any) -> Any:
    """A sympy expression; a quantity is refused, because sympy would lose its unit."""
    if hasattr(expr, "magnitude") and hasattr(expr, "units"):
        raise DeclarationError(f"{expr} is a quantity: in an expression a unit is a constant, 3 * one('GHz')")
    return sp.sympify(expr)


def index(meaning: str, *, size: Any = None, symbol: str | None = None) -> Any:
    """A set. In an expression it stands for the position 0, 1, ...; `size` may be an expression."""
    return Name(INDEX, "1", meaning, size=None if size is None else plain(size), symbol=symbol)


def one(unit: str) -> Any:
    """The unit itself as a constant: brings a label (token) or a step (cycle) in or out.

    >>> one("token").unit_text
    'token'
    """
    constant = Name(CONSTANT, unit)
    constant.name = constant.attr = unit
    return constant
