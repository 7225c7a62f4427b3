"""What some formulas of a model stand on: the definitions they need, each after what it needs, told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import sympy as sp

from symppa import units
from symppa.language.declarations import COLUMN, CONSTANT, FORMULA, GIVEN, INDEX, Name, one
from symppa.language.document import Document
from symppa.language.model import Model, join
from symppa.language.scope import Choices, Scope, matches, resolved

Found = tuple[Scope, Name]
SMALL = 3  # leaves of a definition that is written into its users


class Selection(Document):
    """The definitions that some formulas need. Wires in which copies of a part differ stay names, defined once.

    `wanted` are names, or formulas that the model has not. Definitions that match a pattern of `told` are left out:
    their values stand for them. `inline` opens small ones.
    """

    def __init__(
        self,
        model: Model,
        choose: Choices | None,
        wanted: Sequence[str | Name],
        told: tuple[str, ...] = (),
        inline: bool = False,
    ) -> None:
        super().__init__(model, choose)
        self.wanted, self.told, self.inline = wanted, told, inline
        self.opened: set[str] = set()
        self.reached: dict[str, Found] = {}
        self.used_copies: set[str] = set()
        self.walked: set[str] = set()
        self.order = self._order()

    # which names stay

    @cached_property
    def copies(self) -> dict[str, tuple[Scope, Scope, dict[str, Any]]]:
        """Every copy by its path: its scope, that of the first of its kind, and the wires that differ."""
        found = {}
        for repeat in self.repeated:
            scope, like = self.root.find_part(repeat.path), self.root.find_part(repeat.like)
            mine, other = scope.made._wires, like.made._wires
            found[repeat.path] = (scope, like, {k: w for k, w in mine.items() if other.get(k) is not w})
        return found

    @cached_property
    def kept(self) -> set[tuple[str, str]]:
        """Wired names that are told by an equation of their own: copies of their part wire them otherwise."""
        changed = {(like.path, key) for _, like, wires in self.copies.values() for key in wires}
        return {(path, key) for path, key in changed if self._stays(self.root.find_part(path), key)}

    @staticmethod
    def _stays(scope: Scope, key: str) -> bool:
        return key in scope.wires and key in scope.cls._declared and scope.cls._declared[key].role == GIVEN

    def _shown(self, scope: Scope, declared: Name) -> bool:
        return not self._wired(scope, declared) or (scope.path, declared.attr) in self.kept

    def _copy_of(self, path: str) -> str:
        """The copy that a part belongs to, if it belongs to one."""
        return next((p for p in self.copies if path == p or path.startswith(f"{p}.")), "")

    def _first(self, scope: Scope) -> Scope:
        """The part whose equations are printed for this one."""
        while copy := self._copy_of(scope.path):
            self.used_copies.add(copy)
            rest = scope.path[len(copy) :].removeprefix(".")
            scope = self.root.find_part(join(self.copies[copy][1].path, rest))
        return scope

    # what depends on what

    def leaves(self, scope: Scope, expr: Any) -> Iterator[Found]:
        """The declarations an expression names, wires followed."""
        for name in sorted(expr.free_symbols, key=lambda n: n.serial):
            if name.role == CONSTANT:
                continue
            if name.role == INDEX:
                yield from self._set_leaves(*scope.settled(name))
                continue
            where, declared = scope.column(name) if name.role == COLUMN else scope.resolve(name)
            wire = where.wires.get(declared.attr)
            if name.role == COLUMN or wire is None or (where.path, declared.attr) in self.kept:
                yield where, declared
            elif isinstance(wire, sp.Basic) and where.parent is not None:
                yield from self.leaves(where.parent, wire)

    def _set_leaves(self, where: Scope, found: Name) -> Iterator[Found]:
        yield where, found
        if found.size is not None:
            yield from self.leaves(where, found.size)

    def _body(self, where: Scope, declared: Name) -> tuple[Scope, Any]:
        """Where the right side of a definition is written, and that side; None for what is told."""
        if (where.path, declared.attr) in self.kept:
            wire = where.wires[declared.attr]
            scale = units.measure(declared.unit_text).worth
            plain = wire if isinstance(wire, sp.Basic) else _number(wire, declared.unit_text, scale)
            return where.parent or where, plain
        expr = declared.expr if declared.role == FORMULA else None
        return where, None if expr is ... else expr

    def _order(self) -> list[Found]:
        """Definitions, each after what it needs; those of a part stay together where they can."""
        needs: dict[str, list[str]] = {}
        found: dict[str, Found] = {}
        for wanted in self.wanted:
            self._visit(*self._asked(wanted), needs, found)
        if self.inline:
            self.opened = self._small(found, needs)
        return [found[name] for name in _together(needs, {n: f[0].path for n, f in found.items()}) if found[name]]

    def is_told(self, name: str) -> bool:
        """Whether a definition is left out and its value stands for it."""
        return any(matches(name, pattern) for pattern in self.told)

    def _visit(self, where: Scope, declared: Name, needs: dict[str, list[str]], found: dict[str, Found]) -> None:
        """Note a quantity and what it needs."""
        self.reached.setdefault(self._label(where, declared), (where, declared))
        if declared.role == FORMULA and self.is_told(self._label(where, declared)):
            return
        first = self._first(where)
        if first is not where:
            self._visit_wires(where, needs, found)
            self._visit_copy(where, declared, needs, found)
            if declared.attr not in first.cls._declared:
                return
            where, declared = first, first.cls._declared[declared.attr]
            self.reached.setdefault(self._label(where, declared), (where, declared))
        name = self._label(where, declared)
        home, expr = self._body(where, declared)
        if name in needs:
            return
        needs[name] = []
        if self.is_told(name):
            return
        if declared.role != INDEX and expr is None and declared.role != FORMULA:
            for each in declared.over:
                self._visit(*where.settled(each), needs, found)
            return
        if expr is None:
            return
        found[name] = (where, declared)
        for leaf in self.leaves(home, expr):
            needs[name].append(self._label(self._first(leaf[0]), leaf[1]))
            self._visit(*leaf, needs, found)

    def _visit_copy(self, where: Scope, declared: Name, needs: dict[str, list[str]], found: dict[str, Found]) -> None:
        """Note what a definition of a copy stands on outside of it, and what stands for definitions left out."""
        home, expr = self._body(where, declared)
        for leaf in self.leaves(home, expr) if expr is not None else ():
            name = self._label(*leaf)
            if name not in self.walked:
                self.walked.add(name)
                inside = leaf[1].role == FORMULA and self._copy_of(leaf[0].path) and not self.is_told(name)
                if inside:
                    self._visit_copy(*leaf, needs, found)
                else:
                    self._visit(*leaf, needs, found)

    def _visit_wires(self, where: Scope, needs: dict[str, list[str]], found: dict[str, Found]) -> None:
        scope, _, wires = self.copies[self._copy_of(where.path)]
        for wire in wires.values():
            if isinstance(wire, sp.Basic) and scope.parent is not None and f"wires of {scope.path}" not in needs:
                for leaf in self.leaves(scope.parent, wire):
                    self._visit(*leaf, needs, found)
        needs.setdefault(f"wires of {scope.path}", [])

    def _label(self, where: Scope, declared: Name) -> str:
        return (
            join(where.path, declared.attr)
            if (where.path, declared.attr) in self.kept
            else self.name_of(where, declared)
        )

    def _small(self, found: dict[str, Found], needs: dict[str, list[str]]) -> set[str]:
        """Definitions that are no outputs: other names for one thing, and those of a few names that one other uses."""
        outputs = {w if isinstance(w, str) else w.attr for w in self.wanted}
        small = set()
        for name, (where, declared) in found.items():
            expr = self._body(where, declared)[1]
            leaves = sum(1 for x in sp.preorder_traversal(expr) if not x.args)
            stays = name in outputs or (where.path, declared.attr) in self.kept
            if not stays and (leaves == 1 or (leaves <= SMALL and self._users(name, needs, found) == 1)):
                small.add(name)
        return small

    def _users(self, name: str, needs: dict[str, list[str]], found: dict[str, Found]) -> int:
        """How many definitions write a name, those counted that write another name for it."""
        users = [user for user, needed in needs.items() if name in needed and user in found]
        alias = {user for user in users if isinstance(self._body(*found[user])[1], Name)}
        return sum(self._users(user, needs, found) if user in alias else 1 for user in users)

    def _asked(self, wanted: str | Name) -> Found:
        """What is wanted by its name; an expression is a formula of the system for as long as it is printed."""
        if isinstance(wanted, str):
            return self.root.find(wanted)
        self.symbols[wanted.attr] = f"y_{{{1 + sum(s.startswith('y_') for s in self.symbols.values())}}}"
        return self.root, wanted

    def _settled(self, scope: Scope, expr: Any) -> Any:
        """An expression with what plain numbers are wired to put in: 1 x is x."""
        numbers = {}
        for name in expr.free_symbols:
            if name.role not in (CONSTANT, INDEX, COLUMN):
                where, declared = scope.resolve(name)
                wire = where.wires.get(declared.attr)
                plain = isinstance(wire, int | float | sp.Number) and declared.unit_text in ("", "1")
                if plain and (where.path, declared.attr) not in self.kept:
                    numbers[name] = sp.nsimplify(wire) if isinstance(wire, int) else sp.sympify(wire)
        return expr.xreplace(numbers) if numbers else expr

    def resolved(self, name: str) -> Any:
        """The right side of a definition over the names of the outermost model; None for what is told."""
        where, declared = self.reached[name]
        home, expr = self._body(where, declared)
        return None if expr is None else resolved(home, expr)


def _number(wire: Any, unit: str, scale: float) -> Any:
    """A wired number as an expression: a pure one, or so many of its unit."""
    worth = float(units.worth(wire, unit, "a wire")) / scale
    number = sp.Integer(int(worth)) if worth % 1 == 0 else sp.Float(worth)
    return number if unit in ("", "1") else number * one(unit)


def _together(needs: dict[str, list[str]], parts: dict[str, str]) -> Iterable[str]:
    """Names after what they need; where several may come next, one of the same part does."""
    depth: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen or name not in needs:
            return
        seen.add(name)
        for other in needs[name]:
            visit(other)
        depth.append(name)

    for name in parts:
        visit(name)
    rank = {name: k for k, name in enumerate(name for name in depth if name in parts)}
    lacking = {name: {n for n in needs[name] if n in parts and n != name} for name in rank}
    users: dict[str, list[str]] = {name: [] for name in rank}
    for name, needed in lacking.items():
        for other in needed:
            users[other].append(name)
    ready = {name for name in rank if not lacking[name]}
    last = ""
    while rank:
        name = min(ready or list(rank)[:1], key=lambda n: (parts[n] != last, top(parts[n]) != top(last), rank[n]))
        last = parts[name]
        del rank[name]
        ready.discard(name)
        for user in users[name]:
            lacking[user].discard(name)
            if not lacking[user] and user in rank:
                ready.add(user)
        yield name


def top(part: str) -> str:
    """The outermost part that a part belongs to."""
    return part.partition(".")[0]
