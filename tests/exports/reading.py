"""A reader of the mathematics that an export prints: scalar formulas in LaTeX, evaluated as their signs say."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from symppa import units
from symppa.language.glyphs import canonical
from symppa.language.written_units import MACROS

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\S")
SPACES = (r"\,", r"\!", r"\ ", r"\displaystyle", r"\quad")
NAMES = {macro: name for name, macro in MACROS.items()}
ENDS = {None, "+", "-", "<", r"\le", "=", ",", ")", "]", "}", "&", r"\\", r"\right", r"\end"}
FONTS = (r"\mathrm", r"\text", r"\mathcal")
FENCES = {"(": float, "[": float, r"\lceil": math.ceil, r"\lfloor": math.floor, r"\lvert": abs}
FUNCTIONS = {r"\exp": math.exp, r"\ln": math.log, r"\max": max, r"\min": min}
LINES = [line.split("=") for line in units.DEFINITIONS.read_text("utf-8").splitlines() if "- =" in line]
PREFIXES = {name.strip(" -"): 2.0 ** int(worth[4:]) if "**" in worth else float(worth) for name, worth, *_ in LINES}


class UnreadError(Exception):
    """Something that only sets or tables have, or that has no one value."""


def value(text: str, known: Mapping[str, float] | None = None) -> float:
    """What a formula is worth in base units; `known` are values by the normal forms of symbols."""
    reader = Reader(text, known or {})
    found = reader.compared()
    assert reader.peek() is None, f"unread from {reader.peek()} in {text}"
    return found


def unit_worth(text: str) -> float:
    """One of a unit in macros of siunitx, in base units."""
    worth, one, under, scale = 1.0, 1.0, False, 1.0
    for word, power in re.findall(r"\\([A-Za-z]+)(?:\{(\d+)\})?", text):
        again = {"squared": 2, "cubed": 3, "tothe": int(power or 0)}.get(word)
        if word == "per":
            under = True
        elif again:
            worth *= one ** (again - 1)
        elif word in PREFIXES:
            scale = PREFIXES[word]
        else:
            one = (scale * units.measure(NAMES.get(word, word)).worth) ** (-1 if under else 1)
            worth, under, scale = worth * one, False, 1.0
    return worth


class Reader:
    """Reads from left to right: comparison, sum, product, power, atom."""

    def __init__(self, text: str, known: Mapping[str, float]) -> None:
        self.tokens = [t for t in TOKEN.findall(text) if t not in SPACES]
        self.known, self.place = known, 0

    def peek(self) -> str | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def next(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1]

    def compared(self) -> float:
        left = self.sum()
        if self.peek() in ("<", r"\le", "="):
            sign, right = self.next(), self.sum()
            return float({"<": left < right, r"\le": left <= right, "=": left == right}[sign])
        return left

    def sum(self) -> float:
        total = -self.product() if self.peek() == "-" and self.next() else self.product()
        while self.peek() in ("+", "-"):
            total += self.product() if self.next() == "+" else -self.product()
        return total

    def product(self) -> float:
        self.unsigned()
        found = self.power()
        while self.peek() not in ENDS:
            sign = self.next() if self.peek() in (r"\cdot", r"\times", "/") else ""
            self.unsigned()
            found = found / self.power() if sign == "/" else found * self.power()
        return found

    def unsigned(self) -> None:
        """Refuse a sign, or a number that begins with one, where a sign stands already."""
        before = self.tokens[self.place - 1] if self.place else ""
        assert self.peek() not in ("+", "-"), "two signs side by side"
        follows = self.tokens[self.place : self.place + 3]
        number = follows[:1] in ([r"\qty"], [r"\num"]) and follows[2:] == ["-"]
        assert not (number and before in ("+", "-", r"\cdot", r"\times")), "a sign behind a sign"

    def power(self) -> float:
        first, base = self.peek(), self.atom()
        if self.peek() != "^":
            return base
        assert first not in (r"\qty", *FUNCTIONS), f"whose power is it: {first}"
        self.next()
        return base ** self.group()

    def raw(self) -> str:
        """A group as it is written, or one token."""
        start, depth = self.place, 0
        while (depth := depth + {"{": 1, "}": -1}.get(self.next(), 0)) > 0:
            continue
        found = self.tokens[start : self.place]
        return " ".join(found[1:-1] if found[0] == "{" else found)

    def group(self) -> float:
        return value(self.raw(), self.known) if self.peek() == "{" else self.atom()

    def fenced(self) -> tuple[str, list[float]]:
        """The sign of brackets and what they hold, with commas between."""
        assert self.next() == r"\left"
        opened, found = self.next(), [self.compared()]
        while self.peek() == ",":
            self.next()
            found.append(self.compared())
        assert self.next() == r"\right"
        self.next()
        return opened, found

    def atom(self) -> float:
        token = self.next()
        if token[0].isdigit():
            return float(token)
        if token in (r"\qty", r"\num"):
            number = float(self.raw().replace(" ", ""))
            return number * unit_worth(self.raw().replace(" ", "")) if token == r"\qty" else number
        if token == r"\frac":
            above, below = self.group(), self.group()
            return above / below if below else math.nan  # a case that is not chosen
        if token == r"\sqrt":
            return math.sqrt(self.group())
        if token in FUNCTIONS and self.peek() == r"\left":
            return float(FUNCTIONS[token](*self.fenced()[1]))
        if token == r"\begin":
            return self.cases()
        self.place -= 1
        if token == "{":
            return self.group()
        if token == r"\left":
            opened, (found,) = self.fenced()
            return float(FENCES[opened](found))
        return self.symbol()

    def cases(self) -> float:
        """The first case that holds."""
        assert self.raw() == "c a s e s"
        found = []
        while True:
            worth = self.compared()
            assert [self.next(), self.next()] == ["&", r"\text"]
            found.append((worth, self.raw() == "o t h e r w i s e" or self.compared()))
            if self.next() == r"\end":
                self.raw()
                return next(worth for worth, holds in found if holds)

    def symbol(self) -> float:
        """What a symbol is worth; a superscript is its own, or else a power."""
        start = self.place
        if re.match(r"\\(?:sum|max|min|text$|infty)", self.next()):
            raise UnreadError(self.tokens[start])
        if self.tokens[start] in FONTS or self.peek() == "{":
            self.raw()
        while self.peek() in ("_", "^", "'"):
            back, mark = self.place, self.next()
            if mark != "'" and self.raw() in FONTS:
                self.raw()
            if mark == "^" and canonical(" ".join(self.tokens[start : self.place])) not in self.known:
                self.place = back
                break
        name = " ".join(self.tokens[start : self.place])
        if canonical(name) not in self.known:
            raise UnreadError(name)
        return self.known[canonical(name)]
