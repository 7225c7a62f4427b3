"""Expressions as MathML: a third hand beside LaTeX and plain text, for a page that needs no script to set formulas.

Symbols are written in LaTeX. The few constructs that symbols use are read here and everything else is refused by
name: a general converter passes what it does not know through as text, and costs more than the rest of a page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from functools import lru_cache
from html import escape
from typing import Any, ClassVar, NamedTuple

import sympy as sp

from symppa.errors import DeclarationError
from symppa.language import functions as f
from symppa.language.declarations import FORMULA, Name
from symppa.language.document import Document
from symppa.language.glyphs import ACCENTS, GREEK, SIGNS, SPACES
from symppa.language.latex import scripted
from symppa.language.notation import (
    APPLIED,
    ATOM,
    COMPARED,
    COMPARISONS,
    POWER,
    PRODUCT,
    QUOTIENT,
    SUM,
    Hand,
    Spell,
    Written,
)  # fmt: skip
from symppa.language.operations import BY_NAME

MARKS = {**SIGNS, "%": "%", "#": "#", "&": "&amp;", "_": "_", "{": "{", "}": "}"}
UPRIGHT = ("mathrm", "text", "textrm", "operatorname", "mathsf", "mathbf", "mathit", "mathtt")
SCRIPT = {"B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ"}
UNITS = {
    "percent": "%",
    "ohm": "Ω",
    "degreeCelsius": "°C",
    "micro": "µ",
    "metre": "m",
    "second": "s",
    "joule": "J",
}
RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)


@lru_cache(maxsize=65536)
def symbol_markup(symbol: str) -> str:
    r"""A LaTeX symbol as MathML; what it is not known to hold is refused.

    >>> symbol_markup("T_0")
    '<msub><mi>T</mi><mn>0</mn></msub>'
    >>> symbol_markup(r"\mathrm{peak}")
    '<mi>peak</mi>'
    """
    return _Symbol(symbol).read()


class _Symbol:
    """Reads one symbol from left to right."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.tokens = TOKEN.findall(symbol)
        self.place = 0

    def read(self) -> str:
        markup = self._row(stop="")
        if not markup:
            raise self._odd("nothing in it")
        return markup

    def _odd(self, what: str) -> DeclarationError:
        return DeclarationError(
            f"the symbol {self.symbol!r} has {what}, which MathML is not written for: a symbol is made of letters, "
            r"digits, Greek, _ ^ {}, \mathrm{...}, \mathcal{...} and accents such as \hat{...}"
        )

    def _next(self) -> str:
        token: str = self.tokens[self.place] if self.place < len(self.tokens) else ""
        self.place += 1
        return token

    def _peek(self) -> str:
        while self.place < len(self.tokens) and self.tokens[self.place].isspace():
            self.place += 1
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _row(self, stop: str) -> str:
        """Everything up to the end or to a closing brace, as one element."""
        found: list[str] = []
        while (token := self._peek()) not in ("", stop):
            if token[1:] in SPACES and token.startswith("\\"):
                self._next()
                continue
            found.append(self._scripted())
        if stop and self._next() != stop:
            raise self._odd("a brace that is not closed")
        return found[0] if len(found) == 1 else f"<mrow>{''.join(found)}</mrow>" if found else ""

    def _scripted(self) -> str:
        """One symbol with what stands below and above it."""
        base, scripts = self._one(), {"_": "", "^": ""}
        while (mark := self._peek()) in ("_", "^", "'"):
            self._next()
            place = "^" if mark == "'" else mark
            if scripts[place]:
                raise self._odd(f"two marks {place}")
            scripts[place] = "<mo>′</mo>" if mark == "'" else self._one()
        below, above = scripts["_"], scripts["^"]
        if below and above:
            return f"<msubsup>{base}{below}{above}</msubsup>"
        return f"<msub>{base}{below}</msub>" if below else f"<msup>{base}{above}</msup>" if above else base

    def _one(self) -> str:
        self._peek()
        token = self._next()
        if token == "{":
            return self._row(stop="}") or "<mrow></mrow>"
        if token.startswith("\\") and len(token) > 1:
            return self._command(token[1:])
        if token[:1].isdigit():
            return f"<mn>{token}</mn>"
        if token.isalpha():
            return f"<mi>{token}</mi>"
        if token and token in "*,+-=/()[]|.!:;":
            return f"<mo>{'∗' if token == '*' else token}</mo>"
        raise self._odd(repr(token) if token else "an end where something is due")

    def _command(self, name: str) -> str:
        if name in GREEK:
            return f"<mi>{GREEK[name]}</mi>"
        if name in MARKS:
            return f"<mo>{MARKS[name]}</mo>"
        if name in UPRIGHT:
            return _upright(self._words())
        if name == "mathcal":
            return f"<mi>{''.join(map(_script, self._words()))}</mi>"
        if name in ACCENTS:
            return f'<mover accent="true">{self._one()}<mo>{ACCENTS[name]}</mo></mover>'
        if name in ("qty", "unit"):
            number = f"<mn>{escape(self._words())}</mn>" if name == "qty" else ""
            return f"<mrow>{number}<mtext>{chr(160) if number else ''}{escape(_unit(self._words(True)))}</mtext></mrow>"
        raise self._odd(f"\\{name}")

    def _words(self, raw: bool = False) -> str:
        """The argument of a command, as it will be read."""
        if self._peek() != "{":
            raise self._odd("a command without its {...}")
        self._next()
        depth, text = 1, ""
        while depth:
            token = self._next()
            if not token:
                raise self._odd("a brace that is not closed")
            depth += (token == "{") - (token == "}")
            if depth and (raw or not token.startswith("\\")):
                text += token
            elif depth:
                text += self._said(token[1:])
        return text

    def _said(self, name: str) -> str:
        if name in SPACES:
            return " "
        if name in GREEK or name in MARKS:
            return GREEK.get(name) or MARKS[name].replace("&amp;", "&")
        if name == "-" or name == "textbackslash":
            return "" if name == "-" else "\\"
        raise self._odd(f"\\{name}")


def _upright(text: str) -> str:
    text = text.strip()
    if not text.isalpha():
        return f"<mtext>{escape(text.replace(' ', chr(160)))}</mtext>"
    return f'<mi mathvariant="normal">{text}</mi>' if len(text) == 1 else f"<mi>{text}</mi>"


def _script(letter: str) -> str:
    if not ("A" <= letter <= "Z"):
        return escape(letter)
    return SCRIPT.get(letter) or chr(0x1D49C + ord(letter) - ord("A"))


def _unit(text: str) -> str:
    """The argument of siunitx as one reads it."""
    text = re.sub(r"\^\{?(-?\d+)\}?", lambda m: m[1].translate(RAISED), text)
    text = re.sub(r"\\([A-Za-z]+)", lambda m: UNITS.get(m[1], m[1]), text)
    return text.replace(".", "·").replace("{", "").replace("}", "").replace("~", " ")


class Mathml(Hand):
    """The MathML templates of the operations; `index` gives the letter of a set. Every text is one element."""

    FLAT: ClassVar = {"add": "+", "subtract": "−"}

    def __init__(self, spell: Spell, index: Callable[[Any], str]) -> None:
        super().__init__(spell)
        self.index = index

    def walk(self, expr: Any) -> Written:
        text, level = super().walk(expr)
        return (text, level) if text.startswith("<") else (f"<mtext>{escape(text)}</mtext>", level)

    def pieces(self, expr: Any) -> list[str]:
        """The terms of a sum with their signs, where a narrow page may break it; else the whole."""
        if not isinstance(expr, sp.Add):
            return [self.write(expr)]
        terms = sorted(expr.as_ordered_terms(), key=lambda term: term.could_extract_minus_sign())
        found = [self.at(terms[0], SUM)]
        for term in terms[1:]:
            minus = term.could_extract_minus_sign()
            sign, text = self.FLAT["subtract" if minus else "add"], self.following(-term if minus else term, QUOTIENT)
            found.append(f'<mrow><mo form="infix">{sign}</mo>{text}</mrow>')
        return found

    def product(self, expr: Any) -> Written:
        if expr.could_extract_minus_sign():
            return f'<mrow><mo form="prefix">−</mo>{self.at(-expr, PRODUCT)}</mrow>', SUM
        return super().product(expr)

    def row(self, factors: list[Any], level: int) -> str:
        return super().row(factors, level) if factors else self.digits("1")

    def call(self, name: str, expr: Any) -> Written:
        arguments = list(expr.args)
        if name in ("total", "largest_over", "smallest_over"):
            return self._reduced(name, *arguments)
        if name in ("maximum", "minimum"):
            first, *rest = (self.write(a) for a in arguments)
            return self.filled(name, first, "<mo>,</mo>".join(rest)), POWER
        if name == "lookup":
            return self.filled(name, self.write(arguments[1]), k=self.spell(arguments[0])[0]), ATOM
        if name == "lambert_w":
            return self.filled(name, self.write(arguments[0]), k=self.digits(str(arguments[1]))), POWER
        if name == "smooth_largest":
            p, *terms = arguments
            powers = [self.joined("power", self.at(t, ATOM), self.write(p)) for t in terms]
            return self.filled(name, "<mo>+</mo>".join(powers), k=self.at(p, ATOM)), POWER
        if name == "geometric_sum":
            return self.filled(name, self.at(arguments[0], ATOM), self.write(arguments[1])), PRODUCT
        level = COMPARED if name in (*COMPARISONS, "where") else POWER if name in APPLIED else ATOM
        return self.filled(name, *map(self.write, arguments)), level

    def signed(self, text: str) -> bool:
        return text.startswith('<mrow><mo form="prefix">−')

    def _reduced(self, name: str, term: Any, over: Any) -> Written:
        letter = self.index(over)
        if name == "total" and term == 1:
            return f"<mrow><mo>|</mo>{symbol_markup(scripted(letter))}<mo>|</mo></mrow>", ATOM
        inner = self.write(term) if isinstance(term, f.Where) else self.at(term, PRODUCT)
        return self.filled(name, inner, k=symbol_markup(letter)), COMPARED if isinstance(term, f.Where) else SUM

    def over(self, above: list[Any], below: list[Any]) -> Written:
        return self.filled("divide", self.row(above, 0), self.row(below, 0)), PRODUCT

    def joined(self, name: str, left: str, right: str) -> str:
        if name == "multiply" and ("mtext" in left + right or re.search(r"<mi>\w\w", left + right)):
            return f"<mrow>{left}<mo>⋅</mo>{right}</mrow>"  # words side by side would read as one name
        return self.filled(name, left, right)

    def filled(self, name: str, *operands: str, **more: str) -> str:
        return BY_NAME[name].mathml.format(*operands, **more)

    def bracketed(self, text: str) -> str:
        return f"<mrow><mo>(</mo>{text}<mo>)</mo></mrow>"

    def digits(self, text: str) -> str:
        if text.startswith("-"):
            return f'<mrow><mo form="prefix">−</mo>{self.digits(text[1:])}</mrow>'
        mantissa, sign, power = text.partition("e")
        if not sign:
            return f"<mn>{text}</mn>"
        raised = f"<msup><mn>10</mn>{self.digits(str(int(power)))}</msup>"
        return f"<mrow><mn>{mantissa}</mn><mo>×</mo>{raised}</mrow>"

    def constant(self, name: str) -> str:
        return "<mi>π</mi>" if name == "pi" else '<mi mathvariant="normal">e</mi>'


class Equation(NamedTuple):
    """One formula as MathML: its name and unit, the left side, and the right side in pieces that may be broken."""

    name: str
    part: str
    kind: str
    unit: str
    meaning: str
    source: str
    left: str
    right: tuple[str, ...]


class MathDocument(Document):
    """A model's formulas in MathML."""

    def equations(self, wanted: Container[str] | None = None) -> Iterator[Equation]:
        """Every formula, or those of some names: the system's own first, then part by part."""
        for scope in self.scopes:
            for d in scope.cls._declared.values():
                chosen = d.role == FORMULA and (wanted is None or self.name_of(scope, d) in wanted)
                if chosen and not self._wired(scope, d):
                    right = self._right(scope, d)
                    source = "derived" if d.derived else d.source
                    place = (self.name_of(scope, d), scope.path, scope.cls.__name__)
                    yield Equation(*place, d.unit_text, d.meaning, source, self._markup(scope, d), right)

    def _right(self, scope: Any, declared: Name) -> tuple[str, ...]:
        if declared.expr is ...:
            return ("<mtext>left to its kinds</mtext>",)
        hand = Mathml(self._spell(scope, self._markup), lambda symbol: self._letter(scope, symbol))
        return tuple(hand.pieces(declared.expr))

    def marks(self) -> dict[str, str]:
        """The symbol of every quantity by its name."""
        return {row.name: symbol_markup(row.symbol) for row in self.rows()}

    def _markup(self, scope: Any, declared: Name) -> str:
        return symbol_markup(self._symbol(scope, declared))

    def _hand(self, scope: Any, write: Any) -> Hand:
        if write == self._markup:
            return Mathml(self._spell(scope, write), lambda symbol: self._letter(scope, symbol))
        return super()._hand(scope, write)
