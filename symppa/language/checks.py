"""What a class body must satisfy: known names and equal dimensions; every violation is listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp

from symppa import units
from symppa.errors import DeclarationError, SymppaError, WiringError
from symppa.language import dimension
from symppa.language.declarations import CONSTANT, FORMULA, INDEX, Name
from symppa.language.symbols import clashes, constants_of, no_symbols

if TYPE_CHECKING:
    from symppa.language.model import Model


def check(cls: type[Model], key: str, value: Any, problems: list[str]) -> None:
    """Append every violation of one declaration, part or group."""
    members = getattr(value, "_members", None)
    if members is not None:
        for label, member in members.items():
            _check_one(cls, f"{key}.{label}", member, problems)
    else:
        _check_one(cls, key, value, problems)


def check_symbols(cls: type[Model]) -> None:
    """Refuse declared symbols that are none, and two quantities of one class, inherited ones too, with the same."""
    odd = [f"{name}: {reason}" for name, reason in no_symbols(cls._declared)]
    if odd:
        raise DeclarationError(f"{cls.__name__}: " + "; ".join(odd))
    alike = clashes(cls._declared, constants_of(cls))
    found = [f"{first} and {second} both have the symbol {symbol}" for first, second, symbol in alike]
    if found:
        raise DeclarationError(f"{cls.__name__}: {'; '.join(found)}: give one of them another, or none for a default")


def _check_one(cls: type[Model], name: str, member: Any, problems: list[str]) -> None:
    if not isinstance(member, Name):
        for key, wire in member._wires.items():
            _check_wire(cls, f"{name}.{key}", member, key, wire, problems)
    elif member.role == FORMULA and member.expr is not ...:
        found = _violations(cls, member.expr, member.dimension)
        problems.extend(f"formula {name!r} [{member.unit_text}]: {f}" for f in found)
    elif member.role == INDEX and member.size is not None:
        found = _violations(cls, member.size, units.PURE)
        problems.extend(f"size of set {name!r}: {f}" for f in found)


def _check_wire(cls: type[Model], path: str, member: Model, key: str, wire: Any, problems: list[str]) -> None:
    declared = member._declared.get(key)
    is_expression = isinstance(wire, sp.Basic)
    if declared is None:
        if is_expression or isinstance(wire, int | float):
            problems.append(f"wire {path}: {key} is a part, wire it to a part or a class, not to {wire}")
        return
    if declared.role == FORMULA:
        problems.append(f"wire {path}: {key} is a formula; formulas are replaced in a subclass")
    elif declared.role == INDEX and not (isinstance(wire, Name) and wire.role == INDEX):
        problems.append(f"wire {path}: {key} is a set, wire it to a set, not to {wire}")
    elif is_expression:
        problems.extend(f"wire {path}: {f}" for f in _violations(cls, wire, declared.dimension))
    else:
        try:
            units.worth(wire, declared.unit_text, key, declared.meaning)
        except SymppaError as error:
            problems.append(f"wire {path}: {error}")


def _violations(cls: type[Model], expr: Any, want: units.Dimension) -> list[str]:
    if expr.has(sp.zoo, sp.nan, sp.I):
        return [f"{dimension.shorten(expr)} is no real number, whatever the values"]
    found = [
        f"{s} is not declared here or in a part of {cls.__name__}" for s in expr.free_symbols if not _known(cls, s)
    ]
    if found:
        return sorted(found)
    got = dimension.of(expr, found.append)
    if got is not None and got != want and not _any_dimension(expr):
        found.append(f"should be {want} but {dimension.shorten(expr)} is {got}")
    return found


def _any_dimension(expr: Any) -> bool:
    """0 and infinity measure anything."""
    return bool(expr.is_zero or expr.is_infinite)


def _known(cls: type[Model], symbol: Any) -> bool:
    if not isinstance(symbol, Name):
        raise WiringError(f"{symbol} in {cls.__name__} is a plain sympy symbol: declare it with given(...)")
    if symbol.role == CONSTANT:
        return True
    if symbol.target is symbol:
        return symbol.owner in cls.__mro__
    return any(symbol.owner is made for made in cls._parts.values())
