"""The page of one model: what it is, its parts, its formulas as MathML, its quantities."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from html import escape
from typing import Any

import sympy as sp

import symppa
from symppa.language.declarations import COLUMN, CONSTANT, FORMULA, INDEX, Name
from symppa.language.mathml import Equation, MathDocument, symbol_markup
from symppa.language.symbols import Place, candidates, placed, symbols_of

LONG = 400  # characters of markup from which on an equation may be broken before its terms


def slug(cls: type) -> str:
    """The name of a model's page: two modules may each have a class of one name."""
    return f"{cls.__module__.removeprefix('symppa.library.')}.{cls.__name__}"


class Own(MathDocument):
    """What a model says itself: its parts have pages of their own."""

    @cached_property
    def scopes(self) -> list[Any]:
        return [self.root]

    @cached_property
    def met(self) -> dict[str, tuple[Any, Name]]:
        """The quantities declared here, and those of parts that the formulas here name."""
        declared = list(self.root.cls._declared.values())
        found = {self.name_of(self.root, d): (self.root, d) for d in declared}
        for d in declared:
            if isinstance(d.expr, sp.Basic):
                found |= {self.name_of(*place): place for place in self._named(self.root, d.expr)}
        return found

    def _named(self, scope: Any, expr: Any) -> Iterator[tuple[Any, Name]]:
        for symbol in expr.atoms(Name):
            if symbol.role == CONSTANT:
                continue
            where, d = scope.column(symbol) if symbol.role == COLUMN else scope.resolve(symbol)
            wire = where.wires.get(d.attr)
            if isinstance(wire, sp.Basic) and where.parent is not None and d.role != COLUMN:
                yield from self._named(where.parent, wire)
            else:
                yield where, d

    @cached_property
    def symbols(self) -> dict[str, str]:
        found = []
        for name, (scope, d) in self.met.items():
            if d.role != INDEX:
                path = tuple(filter(None, name[: len(name) - len(d.attr)].strip(".").split(".")))
                known = candidates(d)
                found.append(Place(name, symbols_of(scope.cls)[d.attr], path, known[-min(2, len(known))]))
        return placed(found)


def model_page(cls: Any, library: Sequence[type]) -> str:
    """The page as Markdown."""
    document = Own(cls())
    text = [f"# {cls.__name__}", inspect.getdoc(cls) or "", _kin(cls, library)]
    if cls._parts:
        rows = ([f"`{name}`", _link(type(made), library), _slot(made)] for name, made in cls._parts.items())
        text += ["## Parts", _table(["part", "model", ""], rows)]
    formulas = list(document.equations())
    if formulas:
        text += ["## Formulas", "\n".join(map(_equation, formulas))]
    text += ["## Quantities", _table(HEAD, _quantities(document))] if document.met else []
    return "\n\n".join(part for part in text if part) + "\n"


def _kin(cls: Any, library: Sequence[type]) -> str:
    """Where it stands among the others."""
    said = [f"Declared in `{cls.__module__}`."]
    if cls.__mro__[1] is not symppa.Model:
        said.append(f"A kind of {_link(cls.__mro__[1], library)}.")
    kinds = [other for other in library if other.__mro__[1] is cls]
    said += [f"Kinds of it: {', '.join(_link(kind, library) for kind in kinds)}."] if kinds else []
    users = [other for other in library if any(type(part) is cls for part in other._parts.values())]  # type: ignore[attr-defined]
    said += [f"A part of {', '.join(_link(user, library) for user in users)}."] if users else []
    return " ".join(said)


def _slot(made: Any) -> str:
    return "slot: any kind of it may stand here" if made._slot else ""


def _equation(e: Equation) -> str:
    left = f'{e.left}<mo form="infix">=</mo>'
    whole = len("".join((left, *e.right))) < LONG
    pieces = [left + "".join(e.right)] if whole else [left, *e.right]
    shown = "<wbr>".join(f'<math displaystyle="true">{piece}</math>' for piece in pieces)
    unit = f" [{escape(e.unit)}]" if e.unit != "1" else ""
    source = "" if e.source in ("", "derived") else f"; {_cited(e.source, html=True)}"
    return (
        f'<div class="equation" id="{escape(e.name)}"><div class="formula" role="group" aria-label="{escape(e.name)}">'
        f"{shown}</div><p><code>{escape(e.name)}</code>{unit}: {escape(e.meaning)}{source}</p></div>"
    )


HEAD = ["symbol", "name", "unit", "meaning", "what it may be", "source"]


def _quantities(document: Own) -> Iterator[list[str]]:
    for scope, d in document.met.values():
        row = document._row(scope, d)
        mine = scope is document.root
        part = "" if mine else f"of the part `{scope.path}`" if scope.path else ""
        kind = {FORMULA: "formula", INDEX: "set", COLUMN: "column of a table"}.get(d.role, "")
        notes = [kind, part, row.domain if mine else "", f"default {row.default}" if mine and row.default else ""]
        source = "" if d.derived else _cited(d.source)
        unit = "" if row.unit in ("", "1") else f"`{row.unit}`"
        symbol = f"<math>{symbol_markup(row.symbol)}</math>"
        yield [symbol, f"`{row.name}`", unit, row.meaning, "; ".join(filter(None, notes)), source]


def _cited(source: str, *, html: bool = False) -> str:
    """References as links to their entries."""
    found = [part.strip().partition(",") for part in source.split(";") if part.strip()]
    links = (
        f'<a href="../sources.html#{key}">{key}</a>' if html else f"[{key}](../sources.md#{key})" for key, *_ in found
    )
    return "; ".join(f"{link}{comma}{place}" for link, (_, comma, place) in zip(links, found, strict=True))


def _link(cls: type, library: Sequence[type]) -> str:
    return f"[{cls.__name__}]({slug(cls)}.md)" if cls in library else f"`{cls.__name__}`"


def _table(head: list[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
