"""How an expression is written for people: one walk, two hands, LaTeX and plain text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

import sympy as sp

from symppa.language import functions as f
from symppa.language.declarations import CONSTANT
from symppa.language.latex import scripted
from symppa.language.operations import BY_NAME

COMPARED, SUM, QUOTIENT, PRODUCT, POWER, ATOM = 0, 1, 2, 3, 4, 5  # how an expression binds
HEADS = {
    f.CeilDiv: "ceil_div",
    f.FloorDiv: "floor_div",
    f.Largest: "maximum",
    f.Smallest: "minimum",
    f.Less: "less",
    f.AtMost: "at_most",
    f.Equal: "equal",
    f.Where: "where",
    f.Lookup: "lookup",
    f.LambertW: "lambert_w",
    f.GeometricSum: "geometric_sum",
    f.SmoothLargest: "smooth_largest",
    f.Total: "total",
    f.LargestOver: "largest_over",
    f.SmallestOver: "smallest_over",
    sp.exp: "exp",
    sp.log: "log",
}
COMPARISONS = ("less", "at_most", "equal")
APPLIED = ("exp", "log")  # a power of one would read as one of its argument
SIGNED = re.compile(r"\s*(?:-|\\(?:qty|num)\{-)")
BEGIN = r"\begin{cases}"
Written = tuple[str, int]
Spell = Callable[[Any], Written]


class Hand:
    """Writes expressions; `spell` gives the text of a name, and how it binds: a wire may be an expression."""

    def __init__(self, spell: Spell) -> None:
        self.spell = spell

    def write(self, expr: Any) -> str:
        """The text of an expression."""
        return self.at(expr, 0)

    def at(self, expr: Any, level: int) -> str:
        """The text of an operand, in brackets where it binds less than its place asks."""
        text, own = self.walk(expr)
        return text if own >= level else self.bracketed(text)

    def walk(self, expr: Any) -> Written:
        """Text and binding of an expression."""
        if isinstance(expr, sp.Symbol):
            return self.spell(expr)
        if isinstance(expr, sp.Add):
            return self.sum(expr), SUM
        if isinstance(expr, sp.Mul):
            return self.product(expr)
        if isinstance(expr, sp.Pow):
            return self.raised(*expr.args)
        if expr.is_number and not expr.args:
            return self.number(expr)
        if isinstance(expr, sp.Abs):
            return self.absolute(expr.args[0])
        name = HEADS.get(expr.func)
        if name is None:
            return str(expr), SUM
        return self.call(name, expr)

    def sum(self, expr: Any) -> str:
        """Terms with their signs, as their author wrote them."""
        terms = sorted(expr.as_ordered_terms(), key=lambda term: term.could_extract_minus_sign())
        first, *rest = terms
        text = self.at(first, SUM)
        for term in rest:
            minus = term.could_extract_minus_sign()
            row = BY_NAME["subtract" if minus else "add"]
            text = self.joined(row.name, text, self.following(-term if minus else term, QUOTIENT if minus else SUM))
        return text

    def following(self, term: Any, level: int) -> str:
        """A term behind a sign: a sign of its own stands in brackets."""
        text = self.at(term, level)
        return self.bracketed(text) if self.signed(text) else text

    def signed(self, text: str) -> bool:
        """Whether a text begins with a sign."""
        return text.startswith("-")

    def product(self, expr: Any) -> Written:
        """A fraction, or factors in a row."""
        if expr.could_extract_minus_sign():
            return f"-{self.at(-expr, PRODUCT)}", SUM
        above, below = _fraction(expr)
        if below:
            return self.over(above, below)
        return self.row(above, PRODUCT), PRODUCT

    def row(self, factors: list[Any], level: int) -> str:
        """Factors in a row; a lone one needs no brackets in a place that binds nothing."""
        if not factors:
            return "1"
        if len(factors) == 1:
            return self.at(factors[0], level)
        text = self.at(factors[0], PRODUCT)
        for factor in factors[1:]:
            text = self.joined("multiply", text, self.at(factor, PRODUCT))
        return text

    def raised(self, base: Any, exponent: Any) -> Written:
        """A power, a root, or one over it."""
        if exponent == sp.Rational(1, 2):
            return self.filled("sqrt", self.write(base)), ATOM
        if exponent.could_extract_minus_sign():
            return self.over([], [base if exponent == -1 else base**-exponent])
        return self.joined("power", self.at(base, ATOM), self.exponent(exponent)), POWER

    def call(self, name: str, expr: Any) -> Written:
        """A function of the language."""
        raise NotImplementedError

    def absolute(self, expr: Any) -> Written:
        """A number without its sign."""
        return f"abs({self.write(expr)})", ATOM

    def number(self, value: Any) -> Written:
        """A constant, every digit that was written."""
        if value.is_Rational and not value.is_Integer:
            return self.over([sp.Integer(value.p)], [sp.Integer(value.q)])
        text = str(value) if value.is_Integer else f"{float(value):.15g}"
        if value in (sp.pi, sp.E):
            return self.constant("pi" if value is sp.pi else "e"), ATOM
        return self.digits(text), (SUM if text.startswith("-") else ATOM)

    def over(self, above: list[Any], below: list[Any]) -> Written:
        """A fraction."""
        raise NotImplementedError

    def joined(self, name: str, left: str, right: str) -> str:
        """Two operands and what stands between them."""
        raise NotImplementedError

    def filled(self, name: str, *operands: str, **more: str) -> str:
        """An operation's template with its operands."""
        raise NotImplementedError

    def bracketed(self, text: str) -> str:
        """In brackets."""
        return f"({text})"

    def exponent(self, expr: Any) -> str:
        """What stands above a base."""
        return self.write(expr)

    def digits(self, text: str) -> str:
        """A number's digits."""
        return text

    def constant(self, name: str) -> str:
        """A number with a name."""
        return name


class Plain(Hand):
    """The words of the language, for a terminal and for a description's expressions."""

    WORDS: ClassVar = {
        "maximum": "largest",
        "minimum": "smallest",
        "largest_over": "largest",
        "smallest_over": "smallest",
    }
    SIGNS: ClassVar = {
        "add": " + ",
        "subtract": " - ",
        "multiply": "*",
        "power": "**",
        "less": " < ",
        "at_most": " <= ",
        "equal": " == ",
    }

    def call(self, name: str, expr: Any) -> Written:
        if name in self.SIGNS:
            return self.SIGNS[name].join(self.at(a, SUM) for a in expr.args), COMPARED
        if name == "total" and expr.args[0] == 1:
            return f"count({self.write(expr.args[1])})", ATOM
        arguments = [self.write(a) for a in expr.args]
        if name in ("total", "largest_over", "smallest_over"):
            arguments[-1] = f"over={arguments[-1]}"
        if name == "lambert_w" and expr.args[1] == 0:
            arguments.pop()
        return f"{self.WORDS.get(name, name)}({', '.join(arguments)})", ATOM

    def over(self, above: list[Any], below: list[Any]) -> Written:
        return f"{self.row(above, PRODUCT)}/{self._below(below)}", QUOTIENT

    def _below(self, below: list[Any]) -> str:
        return self.at(below[0], POWER) if len(below) == 1 else self.bracketed(self.row(below, PRODUCT))

    def joined(self, name: str, left: str, right: str) -> str:
        return f"{left}{self.SIGNS[name]}{right}"

    def filled(self, name: str, *operands: str, **more: str) -> str:
        return f"{name}({', '.join(operands)})"

    def exponent(self, expr: Any) -> str:
        return self.at(expr, ATOM)


class Latex(Hand):
    """The LaTeX templates of the operations; `index` gives the letter of a set, `size` what it is less one, or less."""

    def __init__(
        self, spell: Spell, index: Callable[[Any], str], size: Callable[[Any, int], str] | None = None
    ) -> None:
        super().__init__(spell)
        self.index, self.size = index, size

    def call(self, name: str, expr: Any) -> Written:
        arguments = list(expr.args)
        if name in ("total", "largest_over", "smallest_over"):
            return self._reduced(name, *arguments)
        if name in ("maximum", "minimum"):
            first, *rest = (self.write(a) for a in arguments)
            return self.filled(name, first, ", ".join(rest)), POWER
        if name == "lookup":
            return self.filled(name, self.write(arguments[1]), k=self.spell(arguments[0])[0]), ATOM
        if name == "lambert_w":
            return self.filled(name, self.write(arguments[0]), k=str(arguments[1])), POWER
        if name == "smooth_largest":
            p, *terms = arguments
            powers = [f"{self.at(t, ATOM)}^{{{self.write(p)}}}" for t in terms]
            return self.filled(name, " + ".join(powers), k=self.at(p, ATOM)), POWER
        if name == "geometric_sum":
            return self.filled(name, self.at(arguments[0], ATOM), self.write(arguments[1])), PRODUCT
        if name == "where":
            return self.cases(*arguments), COMPARED
        if name in ("ceil_div", "floor_div") and arguments[1] == 1:
            return self.filled(name, self.write(arguments[0]), "1").replace("\\frac", "", 1).replace(
                "}{1}\\right", "}\\right"
            ), ATOM
        level = COMPARED if name in COMPARISONS else POWER if name in APPLIED else ATOM
        return self.filled(name, *map(self.write, arguments)), level

    def signed(self, text: str) -> bool:
        return SIGNED.match(text) is not None

    def at(self, expr: Any, level: int) -> str:
        """Square brackets make a number of a condition."""
        if level > COMPARED and HEADS.get(expr.func) in COMPARISONS:
            return rf"\left[{self.write(expr)}\right]"
        return super().at(expr, level)

    def absolute(self, expr: Any) -> Written:
        return rf"\left\lvert {self.write(expr)}\right\rvert", ATOM

    def cases(self, condition: Any, value: Any, other: Any) -> str:
        """A case distinction; one within its last case goes on with it."""
        text = self.filled("where", self.write(condition), self.write(value), self.write(other))
        inner = self.write(other)
        if not isinstance(other, f.Where) or not inner.startswith(BEGIN):
            return text
        mine = f"{self.write(value)} & \\text{{if }} {self.write(condition)}"
        return f"{BEGIN}{mine}\\\\{inner.removeprefix(BEGIN)}"

    def _reduced(self, name: str, term: Any, over: Any) -> Written:
        if name == "total" and term == 1:
            return rf"\left\lvert{scripted(self.index(over))}\right\rvert", ATOM
        inner = self.write(term) if isinstance(term, f.Where) else self.at(term, PRODUCT)
        return self.filled(name, inner, k=self.bounds(name, over)), COMPARED if isinstance(term, f.Where) else SUM

    def bounds(self, name: str, over: Any) -> str:
        """What stands below and above the sign of a reduction: all members of a set, or as many as its size says."""
        last = self.size(over, 1) if self.size is not None else ""
        if not last:
            return f"_{{{self.index(over)}}}"
        if name == "total":
            return f"_{{{self.index(over)}=0}}^{{{last}}}"
        return rf"_{{0 \le {self.index(over)} < {self.size(over, 0)}}}"  # type: ignore[misc]

    def over(self, above: list[Any], below: list[Any]) -> Written:
        return self.filled("divide", self.row(above, 0), self.row(below, 0)), PRODUCT

    def joined(self, name: str, left: str, right: str) -> str:
        if name == "multiply" and _needs_dot(left, right):
            return rf"{left} \cdot {right}"
        return self.filled(name, left, right)

    def filled(self, name: str, *operands: str, **more: str) -> str:
        return BY_NAME[name].latex.format(*operands, **more)

    def bracketed(self, text: str) -> str:
        return rf"\left({text}\right)"

    def digits(self, text: str) -> str:
        mantissa, sign, power = text.partition("e")
        return rf"{mantissa} \times 10^{{{int(power)}}}" if sign else text

    def constant(self, name: str) -> str:
        return r"\pi" if name == "pi" else r"\mathrm{e}"


SCRIPTS = re.compile(r"[_^](?:\\[A-Za-z]+)?\{(?:[^{}]|\{[^{}]*\})*\}")


def _needs_dot(left: str, right: str) -> bool:
    """Whether a thin space would not do: words side by side read as one name, digits as one number."""
    if re.match(r"[\d.]|\\(?:qty|num|frac)\b", right):
        return True
    return any(re.search(r"\\(?:mathrm|qty|num|text)\b", SCRIPTS.sub("", side)) for side in (left, right))


def _fraction(expr: Any) -> tuple[list[Any], list[Any]]:
    """Factors above and below the line, in the order they were written."""
    above: list[Any] = []
    below: list[Any] = []
    for factor in sorted(expr.as_ordered_factors(), key=lambda factor: getattr(factor, "role", "") == CONSTANT):
        if factor.is_Rational and not factor.is_Integer:
            above += [sp.Integer(factor.p)] if factor.p != 1 else []
            below.append(sp.Integer(factor.q))
        elif factor.is_Pow and factor.exp.could_extract_minus_sign():
            below.append(factor.base if factor.exp == -1 else factor.base**-factor.exp)
        else:
            above.append(factor)
    return above, below
