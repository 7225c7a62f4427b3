"""A part in its place: which declaration, wire or given a name of its class stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import sympy as sp

from symppa import units
from symppa.errors import UnknownNameError, UnknownValueError, WiringError, suggest
from symppa.language.declarations import CONSTANT, FORMULA, Name, one
from symppa.language.model import Group, Model, View, descendants, join

Choices = Mapping[str, str | type[Model]]


class Scope:
    """One part in its place. `shared` is where its unwired givens live: `with_` shares them."""

    def __init__(self, made: Model, parent: Scope | None, path: str, shared: str, choose: Choices) -> None:
        self.made, self.cls, self.wires = made, made._chosen, made._wires
        self.parent, self.path, self.shared, self.choose = parent, path, shared, choose
        self.children: dict[str, Scope] = {}
        self.outermost: Model = made if parent is None else parent.outermost

    @classmethod
    def root(cls, model: Model, choose: Choices | None = None) -> Scope:
        """The outermost scope of a model; `choose` maps paths of slots to classes."""
        chosen = dict(choose or {})
        made = cls(model, None, "", "", chosen)
        for path in chosen:
            made.find_part(path)
        return made

    def enter(self, hop: str) -> Scope:
        """The scope of a part."""
        if hop not in self.children:
            if hop not in self.cls._parts:
                raise UnknownNameError(self.path or self.cls.__name__, hop, self.cls._parts)
            self.children[hop] = self._child(hop)
        return self.children[hop]

    def _child(self, hop: str) -> Scope:
        made, wire = self.cls._parts[hop], self.wires.get(hop)
        if isinstance(wire, Model | View) and self.parent is not None:
            return self.parent.locate(wire)
        like = made._like._name if made._like is not None and made._like._name else hop
        path, shared = join(self.path, hop), join(self.shared, like)
        wire = self.choose.get(path, self.choose.get(shared, wire))
        if isinstance(wire, Model):  # a configured part given to the outermost model
            made = _replaced(made, type(wire), path, wire._wires)
        elif wire is not None:
            made = _replaced(made, wire, path, {})
        return Scope(made, self, path, shared, self.choose)

    def locate(self, part: Model | View) -> Scope:
        """The scope of a part that a wire passes on."""
        root, path = (part._root, part._path) if isinstance(part, View) else (part, "")
        scope = self if root._home is None else self.enter(root._name)
        return scope.find_part(path) if path else scope

    def find_part(self, path: str) -> Scope:
        """The scope at a dotted path."""
        scope, rest = self, path
        while rest:
            hop = next((p for p in scope.cls._parts if rest == p or rest.startswith(p + ".")), None)
            if hop is None:
                raise UnknownNameError(scope.path or scope.cls.__name__, rest, scope.cls._parts)
            scope, rest = scope.enter(hop), rest[len(hop) + 1 :]
        return scope

    def find(self, path: str) -> tuple[Scope, Name]:
        """The declaration at a dotted path, with its scope."""
        scope, rest = self, path
        while rest not in scope.cls._declared:
            hop = next((p for p in scope.cls._parts if rest.startswith(p + ".")), None)
            if hop is None:
                raise UnknownValueError(scope.path or scope.cls.__name__, rest, scope.cls._names(), "quantity")
            scope, rest = scope.enter(hop), rest[len(hop) + 1 :]
        return scope, scope.cls._declared[rest]

    def resolve(self, symbol: Name) -> tuple[Scope, Name]:
        """The declaration a name of this class stands for, with its scope."""
        scope = self
        if symbol.target is not symbol and symbol.owner._home is not None:
            scope = self.enter(symbol.owner._name)
        for hop in symbol.hops:
            scope = scope.enter(hop)
        if symbol.attr not in scope.cls._declared:
            raise WiringError(
                f"{scope.path or scope.cls.__name__} has no {symbol.attr!r}{suggest(symbol.attr, scope.cls._declared)}"
            )
        return scope, scope.cls._declared[symbol.attr]

    def settled(self, symbol: Name) -> tuple[Scope, Name]:
        """Like `resolve`, following wires that are plain names to where a given or set is declared."""
        scope, declared = self.resolve(symbol)
        wire = scope.wires.get(declared.attr)
        if isinstance(wire, Name) and scope.parent is not None and wire.role != CONSTANT:
            return scope.parent.settled(wire)
        return scope, declared

    def column(self, symbol: Name) -> tuple[Scope, Name]:
        """The column of a table, following wires that pass whole tables on."""
        scope, declared = self.resolve(symbol)
        table, _, name = declared.attr.partition(".")
        wire = scope.wires.get(table)
        if wire is None or scope.parent is None:
            return scope, declared
        if not isinstance(wire, Group | View):
            raise WiringError(f"{join(scope.path, table)} is a table; wire it to a table, not to {wire!r}")
        return scope.parent.column(getattr(wire, name))

    def walk(self) -> Iterator[Scope]:
        """This scope and every part below it that is its own (not another part passed in)."""
        yield self
        for hop in self.cls._parts:
            if not (isinstance(self.wires.get(hop), Model | View) and self.parent is not None):
                yield from self.enter(hop).walk()

    def full(self, declared: Name) -> str:
        """Dotted path of a declaration of this scope."""
        home = self.path if declared.role == FORMULA else self.shared
        return join(home, declared.attr)

    def canonical(self, declared: Name) -> Name:
        """One symbol for one quantity, named by its full path."""
        full, model = self.full(declared), self.outermost
        if model._sought(full) is None:  # a name that only a chosen subclass of a slot has
            return model._refer(tuple(full.split(".")[:-1]), declared)
        return model.reference(full)  # type: ignore[no-any-return]


def _replaced(made: Model, choice: Any, path: str, wires: Mapping[str, Any]) -> Model:
    """The same wires on the chosen class."""
    interface = type(made)
    if isinstance(choice, str):
        choice = _kind(interface, choice, path)
    if not (isinstance(choice, type) and issubclass(choice, interface)):
        raise WiringError(f"{path} must be a {interface.__name__}, not {choice!r}")
    other = choice(**{**made._wires, **wires})
    other._like, other._name, other._home = made._like, made._name, made._home
    return other


def _kind(interface: type[Model], name: str, path: str) -> type[Model]:
    """The class of a name among an interface's kinds; the newest where one was defined again."""
    family = [interface, *descendants(interface)]
    found = [c for c in family if c.__name__ == name]
    if not found:
        known = [c.__name__ for c in family]
        raise WiringError(f"{path}: no {interface.__name__} named {name!r}{suggest(name, known)}")
    places = sorted({f"{c.__module__}.{c.__qualname__}" for c in found})
    if len(places) > 1:
        raise WiringError(f"{path}: {name!r} names {' and '.join(places)}: pass the class itself")
    return max(found, key=lambda c: c._born)


def matches(name: str, pattern: str) -> bool:
    """Whether a dotted name matches a pattern, part by part."""
    parts, wanted = name.split("."), pattern.split(".")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def resolved(scope: Scope, expr: Any, flat: bool = False) -> Any:
    """An expression with every name replaced by its canonical symbol, wires followed; formulas opened when flat."""
    return expr.xreplace({symbol: _meant(scope, symbol, flat) for symbol in expr.free_symbols})


def _meant(scope: Scope, symbol: Name, flat: bool) -> Any:
    if symbol.role == CONSTANT:
        return symbol
    where, declared = scope.column(symbol) if symbol.role == "column" else scope.resolve(symbol)
    wire = where.wires.get(declared.attr)
    if wire is not None and symbol.role != "column":
        if isinstance(wire, sp.Basic) and where.parent is not None:
            return resolved(where.parent, wire, flat)
        worth = units.worth(wire, declared.unit_text, declared.attr)
        return sp.Float(worth) * one(declared.unit_text) / units.measure(declared.unit_text).worth
    if flat and declared.role == FORMULA and declared.expr is not ...:
        return resolved(where, declared.expr, flat)
    return where.canonical(declared)


def expression(model: Model, name: str, flat: bool) -> Any:
    """The sympy expression of the formula at a dotted path."""
    scope, declared = Scope.root(model).find(name)
    if declared.role != FORMULA:
        return scope.canonical(declared)
    if declared.expr is ...:
        raise WiringError(f"{name}: {scope.cls.__name__} leaves it to a subclass")
    return resolved(scope, declared.expr, flat)
