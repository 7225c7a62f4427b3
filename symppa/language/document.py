"""A model as a document: its symbols, and its formulas in LaTeX and in plain text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from html import escape
from itertools import chain, count
from typing import Any, NamedTuple

import sympy as sp

from symppa.language.declarations import COLUMN, CONSTANT, FORMULA, INDEX, Name
from symppa.language.functions import REDUCTIONS
from symppa.language.glyphs import canonical, raised, subscripted
from symppa.language.latex import escaped
from symppa.language.model import Model, join
from symppa.language.notation import ATOM, POWER, PRODUCT, Hand, Latex, Plain, Spell, Written
from symppa.language.scope import Choices, Scope
from symppa.language.symbols import Place, candidates, constants_of, placed, symbols_of
from symppa.language.written_units import siunitx

LETTERS = "ijklmnopqrst"


class Row(NamedTuple):
    """One quantity of the nomenclature."""

    symbol: str
    name: str
    role: str
    unit: str
    meaning: str
    domain: str
    default: str
    source: str
    declared: str  # the symbol its author gave it


class Line(NamedTuple):
    """One formula: its part and the class of it, both sides in LaTeX, the right side in words."""

    name: str
    part: str
    kind: str
    unit: str
    meaning: str
    source: str
    symbol: str
    latex: str
    text: str


class Repeat(NamedTuple):
    """A part that is another once more, and the wires in which it differs, in words."""

    path: str
    like: str
    wires: tuple[tuple[str, str], ...]


class Document:
    """The quantities of a model in their places; parts that only repeat another are told by a sentence."""

    def __init__(self, model: Model, choose: Choices | None = None) -> None:
        self.root = Scope.root(model, choose)
        self._free: dict[tuple[int, str], tuple[str, ...]] = {}

    @staticmethod
    def name_of(scope: Scope, declared: Name) -> str:
        """Dotted name of a declaration as the outermost model sees it."""
        return join(scope.path if declared.role == FORMULA else scope.shared, declared.attr)

    @cached_property
    def scopes(self) -> list[Scope]:
        """Every part that says something of its own."""
        again = [f"{r.path}." for r in self.repeated]
        return [s for s in self.root.walk() if not any(f"{s.path}.".startswith(path) for path in again)]

    @cached_property
    def repeated(self) -> list[Repeat]:
        """Parts made by `with_`."""
        found: list[Repeat] = []
        for scope in self.root.walk():
            like = scope.made._like
            inside = any(scope.path.startswith(f"{r.path}.") for r in found)
            if scope.parent is not None and like is not None and not inside:
                other = join(scope.path.rpartition(".")[0], like._name)
                changed = {k: w for k, w in scope.made._wires.items() if like._wires.get(k) is not w}
                text = Plain(self._spell(scope.parent, self._plain))
                wires = ((k, text.write(w) if isinstance(w, sp.Basic) else str(w)) for k, w in changed.items())
                found.append(Repeat(scope.path, other, tuple(wires)))
        return found

    @cached_property
    def letters(self) -> dict[str, str]:
        """A letter for each set: its own, or one that no other symbol is."""
        every = [(scope, d) for scope in self.root.walk() for d in scope.cls._declared.values()]
        used = {canonical(symbol) for symbol in self.symbols.values()}
        sets = {self._set(scope, d): self._settled_symbol(scope, d) for scope, d in every if d.role == INDEX}
        made: dict[str, str] = {}
        for name, symbol in sets.items():
            if symbol and canonical(symbol) not in used:
                made[name] = symbol
                used.add(canonical(symbol))
        free = (c for c in chain(LETTERS, (f"i_{{{n}}}" for n in count(2))) if c not in used)
        return {name: made.get(name) or next(free) for name in sets}

    @staticmethod
    def _settled_symbol(scope: Scope, declared: Name) -> str:
        return scope.settled(declared)[1].symbol

    @cached_property
    def symbols(self) -> dict[str, str]:
        """The symbol of every quantity by its name, without its sets: as much of the path as tells it apart."""
        found: dict[str, Place] = {}
        made: dict[type[Model], dict[str, str]] = {}
        for scope in self.root.walk():
            own = made[scope.cls] = made.get(scope.cls) or symbols_of(scope.cls)
            for d in scope.cls._declared.values():
                name = self.name_of(scope, d)
                if d.role != INDEX and name not in found and self._shown(scope, d):
                    path = tuple(name[: len(name) - len(d.attr)].strip(".").split("."))
                    other = candidates(d)[-2] if len(candidates(d)) > 1 else candidates(d)[-1]
                    found[name] = Place(name, own[d.attr], tuple(filter(None, path)), other)
        signs = {sign for cls in made for sign in constants_of(cls)}
        return placed(found.values(), signs)

    def _shown(self, scope: Scope, declared: Name) -> bool:
        """Whether a name is ever written: a wired one never is."""
        return not self._wired(scope, declared)

    def _set(self, scope: Scope, declared: Name) -> str:
        where, found = scope.settled(declared)
        return join(where.shared, found.attr)

    def _letter(self, scope: Scope, declared: Name) -> str:
        return self.letters[self._set(scope, declared)]

    # symbols

    def _spell(self, scope: Scope, write: Callable[[Scope, Name], str]) -> Spell:
        """How names look from a scope: wires followed, in the hand of `write`."""

        def spell(symbol: Any) -> Written:
            if symbol.role == CONSTANT:
                return write(scope, symbol), ATOM if write == self._plain else PRODUCT
            where, declared = scope.column(symbol) if symbol.role == COLUMN else scope.resolve(symbol)
            wire = where.wires.get(declared.attr)
            if wire is None or symbol.role == COLUMN:
                return write(where, declared), ATOM if write == self._plain else self._binding(where, declared)
            if isinstance(wire, sp.Basic) and where.parent is not None:
                return self._hand(where.parent, write).walk(wire)
            return f"{wire}", ATOM

        return spell

    def _binding(self, where: Scope, declared: Name) -> int:
        """How a symbol binds: one that ends above its line needs brackets below a power."""
        return POWER if declared.role != INDEX and raised(self.left(where, declared)) else ATOM

    def _hand(self, scope: Scope, write: Callable[[Scope, Name], str]) -> Hand:
        spell = self._spell(scope, write)
        if write == self._plain:
            return Plain(spell)
        return Latex(
            spell, lambda symbol: self._letter(scope, symbol), lambda s, less: self._size(scope, s, less, write)
        )

    def _size(self, scope: Scope, declared: Name, less: int, write: Callable[[Scope, Name], str]) -> str:
        """The size of a set, less one or not, where an expression says it."""
        where, found = scope.settled(declared)
        return "" if found.size is None else self._hand(where, write).write(found.size - less)

    def _plain(self, scope: Scope, declared: Name) -> str:
        if declared.role == CONSTANT:
            return f"one({declared.unit_text!r})"
        return self._set(scope, declared) if declared.role == INDEX else self.name_of(scope, declared)

    def _symbol(self, scope: Scope, declared: Name) -> str:
        """The LaTeX of a name: its symbol, its path and its sets below."""
        if declared.role == CONSTANT:
            return rf"\qty{{1}}{{{siunitx(declared.unit_text)}}}"
        if declared.role == INDEX:
            return self._letter(scope, declared)
        return self.left(scope, declared)

    def left(self, scope: Scope, declared: Name) -> str:
        """The symbol of a quantity with its sets below."""
        return subscripted(self.symbols[self.name_of(scope, declared)], list(self._sets(scope, declared)))

    def _sets(self, scope: Scope, declared: Name) -> tuple[str, ...]:
        """Letters of the sets a quantity stands over."""
        key = (id(scope), declared.attr)
        if key not in self._free:
            self._free[key] = ()  # a loop is the compiler's to refuse
            if declared.role == FORMULA:
                found = [] if declared.expr is ... else self._sets_in(scope, declared.expr)
            else:
                found = [self._letter(scope, i) for i in declared.over]
            self._free[key] = tuple(dict.fromkeys(found))
        return self._free[key]

    def _sets_in(self, scope: Scope, expr: Any) -> list[str]:
        if isinstance(expr, Name):
            if expr.role in (CONSTANT, COLUMN):
                return []
            where, declared = scope.resolve(expr)
            wire = where.wires.get(declared.attr)
            if declared.role == INDEX:
                return [self._letter(where, declared)]
            if isinstance(wire, sp.Basic) and where.parent is not None:
                return self._sets_in(where.parent, wire)
            return list(self._sets(where, declared)) if wire is None else []
        if isinstance(expr, REDUCTIONS):
            bound = self._letter(scope, expr.args[1])
            return [letter for letter in self._sets_in(scope, expr.args[0]) if letter != bound]
        return [letter for argument in expr.args for letter in self._sets_in(scope, argument)]

    # rows and lines

    def rows(self) -> Iterator[Row]:
        """Every set, given, table column and formula, each once."""
        seen: set[str] = set()
        for scope in self.scopes:
            for declared in scope.cls._declared.values():
                name = self.name_of(scope, declared)
                if name not in seen and not self._wired(scope, declared):
                    seen.add(name)
                    yield self._row(scope, declared)

    def _wired(self, scope: Scope, declared: Name) -> bool:
        heads = {declared.attr, declared.attr.partition(".")[0]}
        return bool(heads & set(scope.wires)) and scope.parent is not None

    def _row(self, scope: Scope, declared: Name) -> Row:
        d = declared
        return Row(
            symbol=self._symbol(scope, d),
            name=self.name_of(scope, d),
            role={COLUMN: "table column", INDEX: "set"}.get(d.role, d.role),
            unit=d.unit_text,
            meaning=d.meaning,
            domain=self._domain(scope, d),
            default="" if d.default is None else str(d.default),
            source="derived" if d.derived else d.source,
            declared=d.symbol,
        )

    def _domain(self, scope: Scope, declared: Name) -> str:
        parts = [] if declared.domain is None else [str(declared.domain)]
        if declared.over:
            parts.append("over " + ", ".join(self._set(scope, i) for i in declared.over))
        return "; ".join(parts)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every formula by name, in words."""
        for scope in self.scopes:
            for d in scope.cls._declared.values():
                if d.role == FORMULA and d.expr is not ... and not self._wired(scope, d):
                    yield self.name_of(scope, d), self._hand(scope, self._plain).write(d.expr)

    def lines(self) -> Iterator[Line]:
        """Every formula, the system's own first, then part by part."""
        for scope in self.scopes:
            for d in scope.cls._declared.values():
                if d.role == FORMULA and not self._wired(scope, d):
                    latex, text = r"\text{left to its kinds}", "left to its kinds"
                    if d.expr is not ...:
                        latex = self._hand(scope, self._symbol).write(d.expr)
                        text = self._hand(scope, self._plain).write(d.expr)
                    source = "derived" if d.derived else d.source
                    symbol = self._symbol(scope, d)
                    place = (self.name_of(scope, d), scope.path, scope.cls.__name__)
                    yield Line(*place, d.unit_text, d.meaning, source, symbol, latex, text)


def align(model: Model, choose: Choices | None = None) -> str:
    r"""The formulas as an `align*` environment.

    >>> from symppa.language import formula, given
    >>> class Square(Model):
    ...     side = given("m", "side", symbol="a")
    ...     area = formula("m**2", side**2, "area", derived=True)
    >>> print(align(Square()))
    \begin{align*}
    A &= a^{2}
    \end{align*}
    """
    return align_of(Document(model, choose).lines())


def align_of(lines: Iterable[Line]) -> str:
    """Lines as an `align*` environment."""
    rows = [f"{line.symbol} &= {line.latex}" for line in lines]
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"


def nomenclature(model: Model, choose: Choices | None = None) -> list[Row]:
    """Every quantity with its symbol, unit, meaning and source."""
    return list(Document(model, choose).rows())


def nomenclature_html(model: Model) -> str:
    """The nomenclature as an HTML table; MathJax of a notebook sets the symbols."""
    head = "".join(f"<th>{h}</th>" for h in ("symbol", "name", "unit", "meaning", "source"))
    rows = "".join(
        f"<tr><td>${escape(r.symbol)}$</td><td><code>{escape(r.name)}</code></td>"
        f"<td>{'' if r.unit == '1' else escape(r.unit)}</td><td>{escape(r.meaning)}</td>"
        f"<td>{escape(r.source)}</td></tr>"
        for r in nomenclature(model)
    )
    name = escape(type(model).__name__)
    return f"<table><caption>{name}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def table_of(nomenclature: Iterable[Row]) -> str:
    """A nomenclature as a booktabs table; units by siunitx."""
    rows = [
        f"${r.symbol}$ & {escaped(r.name)} & {_unit(r.unit)} & {escaped(r.meaning)} & {escaped(r.source)} \\\\"
        for r in nomenclature
    ]
    head = "symbol & name & unit & meaning & source \\\\"
    body = "\n".join([r"\toprule", head, r"\midrule", *rows, r"\bottomrule"])
    return f"\\begin{{tabular}}{{lllll}}\n{body}\n\\end{{tabular}}"


def _unit(unit: str) -> str:
    return "" if unit in ("", "1") else rf"\unit{{{siunitx(unit)}}}"
