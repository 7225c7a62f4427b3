"""The definitions that some formulas need, in LaTeX, their numbers beside a unit as quantities."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import sympy as sp

from symppa import units
from symppa.language.declarations import COLUMN, CONSTANT, GIVEN, INDEX, Name
from symppa.language.digits import PLAIN, rounded
from symppa.language.glyphs import subscripted
from symppa.language.latex import escaped
from symppa.language.notation import ATOM, PRODUCT, SIGNED, SUM, Hand, Latex, Spell, Written
from symppa.language.scope import Scope
from symppa.language.selection import Selection

Measured = Callable[[str, str], str]  # digits and a unit, as they are written
NEAT = 12  # digits beyond which a number is what a change of units made of it
WRITTEN = 8  # digits that people write
COUNTS = r"(?:byte|bit|cycle|op|mac|FLOP|token|inference|conversion)"
COUNTED = re.compile(rf"{COUNTS}(?:/{COUNTS})?|1/{COUNTS}")
NUMBER = re.compile(r"\d+(?:\.\d+)?|\\num\{[\d.]+\}")


def told(value: float, unit: str, digits: int) -> str:
    """A number that somebody told, as it was written; one without an end has as many digits as results.

    >>> told(614.4, "GB/s", 4), told(1 / 3, "1", 4), told(2.0**53, "1", 4), told(1e15, "op", 4), told(2.5e-9, "s", 4)
    ('614.4', '0.3333', '9007199254740992', '1e+15', '2.5e-09')
    """
    if not math.isfinite(value) or value == 0:
        return shown(value, unit, digits)
    neat = float(f"{value:.{NEAT}g}")
    number = Decimal(repr(neat if math.isclose(neat, value, rel_tol=1e-15) else float(value))).normalize()
    written = "".join(map(str, number.as_tuple().digits))
    power, whole = number.adjusted(), number == number.to_integral_value()
    if len(written) > max(WRITTEN, digits) and not whole:
        return shown(value, unit, digits)
    if power in PLAIN or (whole and (power < NEAT or len(written) > WRITTEN)):
        return f"{number:f}"
    sign, mantissa = "-" * (value < 0), f"{written[0]}.{written[1:]}".rstrip(".")
    return f"{sign}{mantissa}e{power:+03d}"


def binding(text: str) -> int:
    """How a number binds: a negative one as a sum, one with a unit or a power of ten as a product."""
    if SIGNED.match(text):
        return SUM
    return ATOM if NUMBER.fullmatch(text) or text == r"\infty" or text.startswith(r"\text") else PRODUCT


def shown(value: float, unit: str, digits: int) -> str:
    """A number with the digits it deserves: what is counted in full."""
    if not math.isfinite(value):
        return "undefined" if math.isnan(value) else "infinite"
    text = rounded(value, "1" if COUNTED.fullmatch(unit) else unit, digits)
    if text.lstrip("-").isdigit() and float(text) != value and len(text.lstrip("-")) > digits + 1:
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")  # zeros that are no digits of it
        return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{power}"
    return text


class Copy(NamedTuple):
    """A part whose equations are those of another, and the wires in which it differs, both sides in LaTeX."""

    path: str
    like: str
    wires: tuple[tuple[str, str], ...]


class Printed(Latex):
    """LaTeX whose numbers beside a unit are one quantity."""

    def __init__(self, *hands: Any, measured: Measured) -> None:
        super().__init__(*hands)
        self.measured = measured

    def row(self, factors: list[Any], level: int) -> str:
        """A number times a unit, one(...), is a quantity."""
        numbers = [x for x in factors if x.is_number and not x.args and (x.is_Integer or x.is_Float)]
        scales = [x for x in factors if getattr(x, "role", "") == CONSTANT]
        if len(numbers) == 1 and len(scales) == 1 and not numbers[0].is_negative:
            told = self.measured(f"{float(numbers[0]):.15g}", scales[0].unit_text)
            rest = [x for x in factors if x is not numbers[0] and x is not scales[0]]
            return f"{self.row(rest, PRODUCT)} \\cdot {told}" if rest else told
        return super().row(factors, level)


class Writing(Selection):
    """The definitions in LaTeX; `measured` writes numbers with units, `substitute` puts values in for what is told."""

    measure: Measured
    substitute: bool = False
    digits: int = 4

    # writing

    def _spell(self, scope: Scope, write: Callable[[Scope, Name], str]) -> Spell:
        if write == self._plain:
            return super()._spell(scope, write)

        def spell(symbol: Any) -> Written:
            if symbol.role in (CONSTANT, INDEX):
                return write(scope, symbol), PRODUCT if symbol.role == CONSTANT else ATOM
            where, declared = scope.column(symbol) if symbol.role == COLUMN else scope.resolve(symbol)
            wire = where.wires.get(declared.attr)
            kept = (where.path, declared.attr) in self.kept
            if symbol.role != COLUMN and wire is not None and not kept:
                return self._wire(where, declared, wire, write)
            if self._label(where, declared) in self.opened:
                home, expr = self._body(where, declared)
                return self._hand(home, write).walk(self._settled(home, expr))
            text = write(where, declared)
            return text, self._binding(where, declared) if text == self.left(where, declared) else binding(text)

        return spell

    def _wire(self, where: Scope, declared: Name, wire: Any, write: Callable[[Scope, Name], str]) -> Written:
        """What a wire says in place of a name."""
        if isinstance(wire, sp.Basic) and where.parent is not None:
            return self._hand(where.parent, write).walk(self._settled(where.parent, wire))
        text = self._told(wire, declared.unit_text)
        return text, binding(text)

    def _told(self, raw: Any, unit: str) -> str:
        """A number told by the model itself."""
        if isinstance(raw, str) and units.split(raw) is None:
            return rf"\text{{{escaped(raw)}}}"
        scale = units.measure(unit).worth
        return self.given(float(units.worth(raw, unit, "a wire")) / scale, unit)

    def given(self, value: float, unit: str) -> str:
        """What is told, with its unit."""
        text = told(value, unit, self.digits)
        return self.measure(text, unit) if math.isfinite(value) else self.measured(value, unit)

    def measured(self, value: float, unit: str) -> str:
        """A result with its unit."""
        if not math.isfinite(value):
            return r"\text{undefined}" if math.isnan(value) else r"\infty" if value > 0 else r"-\infty"
        return self.measure(shown(value, unit, self.digits), unit)

    def _hand(self, scope: Scope, write: Callable[[Scope, Name], str]) -> Hand:
        if write == self._plain:
            return super()._hand(scope, write)
        spell = self._spell(scope, write)
        letter, size = (lambda s: self._letter(scope, s)), (lambda s, less: self._size(scope, s, less, write))
        return Printed(spell, letter, size, measured=self.measure)

    def _symbol(self, scope: Scope, declared: Name) -> str:
        if declared.role == CONSTANT:
            return self.measure("1", declared.unit_text)
        if self.substitute and (declared.role == GIVEN or self.is_told(self._label(scope, declared))):
            return self._valued(scope, declared)
        return self.left(scope, declared)

    def left(self, scope: Scope, declared: Name) -> str:
        """The symbol of a quantity, whatever its value."""
        if declared.role == INDEX:
            return self._letter(scope, declared)
        made = self.symbols[self._label(scope, declared)]
        return subscripted(made, list(self._sets(scope, declared)))

    def _valued(self, scope: Scope, declared: Name) -> str:
        """A quantity's value, or its symbol where it has none or several."""
        raise NotImplementedError

    def told_copies(self) -> Iterator[Copy]:
        """Copies that the equations name, each with the wires in which it differs."""
        for path, (scope, like, wires) in self.copies.items():
            if path in self.used_copies and scope.parent is not None:
                yield Copy(path, like.path, tuple(self._difference(scope, like, k, w) for k, w in wires.items()))

    def _difference(self, scope: Scope, like: Scope, key: str, wire: Any) -> tuple[str, str]:
        parent = scope.parent or scope
        if key not in like.cls._declared:
            passed = getattr(wire, "_name", "") or getattr(wire, "_path", "") or getattr(wire, "__name__", "")
            return rf"\text{{{key}}}".replace("_", r"\_"), rf"\text{{{passed}}}".replace("_", r"\_")
        declared = like.cls._declared[key]
        said = (
            self._hand(parent, self._symbol).write(self._settled(parent, wire))
            if isinstance(wire, sp.Basic)
            else self._told(wire, declared.unit_text)
        )
        return self.left(like, declared), said
