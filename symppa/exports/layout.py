r"""Long formulas in lines: how wide LaTeX will be, by an estimate, and where it may be broken.

Only what symppa itself writes is read: groups, \frac, \sqrt, \left ... \right, cases, scripts, \qty and letters.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\s+|.", re.DOTALL)
# Widths in points, at ten points.
LETTER, DIGIT, CAPITAL, UPRIGHT = 5.4, 5.0, 7.2, 5.1
SMALLER = 0.72
CAREFUL = 0.97  # share of a line that is filled: an estimate may be short
SIGNS = {"+": 12.2, "-": 12.2, r"\cdot": 7.3, r"\times": 12.2, "=": 13.4, "<": 13.4, r"\le": 13.4, ",": 4.5, r"\,": 1.7}
NAMES = {r"\max": 22.0, r"\min": 20.0, r"\exp": 19.0, r"\ln": 11.0, r"\sum": 17.0, r"\qquad": 20.0, r"\quad": 10.0}
NOTHING = {r"\displaystyle", r"\left", r"\right", "&", r"\!", "{}"}
LOOSE = ("+", "-", "=", "<", r"\le")
TIGHT = (r"\cdot", r"\,")


class Atom(NamedTuple):
    """A piece that stays whole: its text, how wide it is, and what kind it is."""

    text: str
    width: float
    kind: str  # sign, comma, fence, fraction, root, cases, operator, other
    inner: tuple[str, ...] = ()
    tail: str = ""  # scripts behind it


@lru_cache(maxsize=16384)
def width(text: str) -> float:
    """How wide a formula will be, in points."""
    return sum(atom.width for atom in atoms(text))


def atoms(text: str) -> list[Atom]:
    """A formula in pieces."""
    return _Reader(text).read()


class _Reader:
    """Reads a formula from left to right."""

    def __init__(self, text: str) -> None:
        self.tokens = TOKEN.findall(text)
        self.place = 0

    def read(self) -> list[Atom]:
        found: list[Atom] = []
        while self.place < len(self.tokens):
            token = self.tokens[self.place]
            if token in "_^" and found:
                found[-1] = self._script(found[-1])
            elif token.isspace():
                self.place += 1
            else:
                found.append(self._one())
        return found

    def _script(self, base: Atom) -> Atom:
        mark = self._next()
        text = self._argument()
        wide = width(text) * SMALLER
        both = base.tail and wide < base.width  # below and above share their room
        more = max(0.0, wide - base.width) if base.kind == "operator" else 0.0 if both else wide
        return base._replace(
            text=f"{base.text}{mark}{{{text}}}", width=base.width + more, tail=f"{base.tail}{mark}{{{text}}}"
        )

    def _next(self) -> str:
        token: str = self.tokens[self.place]
        self.place += 1
        return token

    def _argument(self) -> str:
        """The group or the mark that follows, without its braces."""
        token = self._next()
        if token == "{":
            start, depth = self.place, 1
            while depth:
                step = self._next()
                depth += (step == "{") - (step == "}")
            return "".join(self.tokens[start : self.place - 1])
        if token.startswith("\\") and self.place < len(self.tokens) and self.tokens[self.place] == "{":
            return f"{token}{{{self._argument()}}}"
        return token

    def _one(self) -> Atom:
        token = self._next()
        if token == "{":
            self.place -= 1
            inner = self._argument()
            return Atom(f"{{{inner}}}", width(inner), "other")
        reader = {r"\frac": self._fraction, r"\sqrt": self._root, r"\left": self._fence, r"\begin": self._block}.get(
            token
        )
        if reader is not None:
            return reader()
        if token in (r"\mathrm", r"\text", r"\mathcal"):
            inner = self._argument()
            return Atom(f"{token}{{{inner}}}", UPRIGHT * _seen(inner), "other")
        if token in (r"\qty", r"\num", r"\unit"):
            return self._quantity(token)
        kind = "comma" if token == "," else "sign" if token in SIGNS else "operator" if token in NAMES else "other"
        return Atom(f"{token} " if re.fullmatch(r"\\[A-Za-z]+", token) else token, _wide(token), kind)

    def _fraction(self) -> Atom:
        above, below = self._argument(), self._argument()
        return Atom(rf"\frac{{{above}}}{{{below}}}", max(width(above), width(below)) + 2.4, "fraction", (above, below))

    def _root(self) -> Atom:
        inner = self._argument()
        return Atom(rf"\sqrt{{{inner}}}", width(inner) + 9, "root", (inner,))

    def _fence(self) -> Atom:
        start, opened, depth = self.place, self._next(), 1
        while depth:
            step = self._next()
            depth += (step == r"\left") - (step == r"\right")
        inner = "".join(self.tokens[start + 1 : self.place - 1])
        closed = self._next()
        return Atom(rf"\left{opened} {inner}\right{closed} ", width(inner) + 12, "fence", (opened, inner, closed))

    def _block(self) -> Atom:
        name, start, depth = self._argument(), self.place, 1
        while depth:
            step = self._next()
            depth += (step == r"\begin") - (step == r"\end")
        inner = "".join(self.tokens[start : self.place - 1])
        self._argument()
        rows = _rows(inner)
        wide = max(sum(width(cell) + 10 for cell in row) for row in rows)
        return Atom(rf"\begin{{{name}}}{inner}\end{{{name}}}", wide, name, (inner,))

    def _quantity(self, token: str) -> Atom:
        first = self._argument()
        second = self._argument() if token == r"\qty" else ""
        unit = second if token == r"\qty" else first if token == r"\unit" else ""
        number = "" if token == r"\unit" else first
        wide = len(number) * DIGIT + (16 if "e" in number else 0) + len(number.partition(".")[0]) // 5 * 3
        wide += (1.7 if number and unit else 0) + sum(map(_unit, re.findall(r"\\([A-Za-z]+)", unit)))
        return Atom(f"{token}{{{first}}}" + (f"{{{second}}}" if token == r"\qty" else ""), wide, "other")


UNITS = {
    "metre": 8.3, "second": 4.0, "gram": 5.0, "watt": 10.3, "joule": 5.2, "byte": 7.1, "hertz": 12.0, "percent": 8.3,
    "kelvin": 7.8, "volt": 7.5, "per": 5.0, "squared": 4.0, "cubed": 4.0, "tothe": 4.0, "mega": 9.2, "giga": 7.9,
    "tera": 7.3, "kibi": 10.6, "mebi": 12.0, "gibi": 10.7, "tebi": 10.1, "milli": 8.3, "atto": 5.0, "femto": 3.1,
    "pico": 5.6, "nano": 5.6, "micro": 5.4, "centi": 4.5, "kilo": 5.3, "peta": 6.8, "exa": 6.9, "ohm": 7.3, "bit": 11.0,
    "ampere": 7.5, "farad": 6.6, "coulomb": 7.3, "degreeCelsius": 12.0,
}  # fmt: skip


def _unit(name: str) -> float:
    """How wide a macro of a unit is; declared ones are their own names."""
    return UNITS.get(name) or len(name) * (6.9 if name.isupper() else UPRIGHT)


def _seen(text: str) -> int:
    return len(re.sub(r"\\[A-Za-z]+|\\", "", text))


def _wide(token: str) -> float:
    if token in SIGNS or token in NAMES:
        return SIGNS.get(token) or NAMES[token]
    if token in NOTHING:
        return 0.0
    return DIGIT if token.isdigit() else CAPITAL if token.isupper() else LETTER


def _rows(inner: str) -> list[list[str]]:
    """Rows and cells of cases, their own blocks kept whole."""
    rows, depth = [[""]], 0
    for token in TOKEN.findall(inner):
        depth += (token in ("{", r"\begin")) - (token in ("}", r"\end"))
        if token == "&" and depth == 0:
            rows[-1].append("")
        elif token == r"\\" and depth == 0:
            rows.append([""])
        else:
            rows[-1][-1] += token
    return rows


def lines(text: str, room: float) -> list[str]:
    r"""A formula in lines that fit, where it can be broken at all; all but the first begin with a sign.

    >>> lines("a + b + c", 40.0)
    ['a + b', '+ c']
    """
    if width(text) <= room * CAREFUL:
        return [text]
    found = atoms(text)
    for signs in ((",",), LOOSE):
        pieces = _split(found, signs)
        if len(pieces) > 1:
            return _filled(pieces, room)
    wide = [a for a in found if a.inner and a.width > 0.4 * room]
    others = sum(a.width for a in found) - sum(a.width for a in wide)
    if len(wide) == 1 and others <= 0.55 * room and room - others > 60:  # its inside gives way, factors stay beside it
        return ["".join(_opened(a, room - others) if a is wide[0] else _text([a], False) for a in found)]
    pieces = _split(found, TIGHT)
    if len(pieces) > 1:
        return _filled(pieces, room)
    if len(found) > 1:  # a function and its argument
        rest = room - sum(a.width for a in found if not a.inner)
        return ["".join(_opened(a, max(rest, room / 3)) if a.inner else a.text for a in found)]
    return [_opened(found[0], room)]


def _split(found: list[Atom], signs: tuple[str, ...]) -> list[list[Atom]]:
    """The pieces between signs; a sign begins a piece, a comma ends one."""
    pieces: list[list[Atom]] = [[]]
    for k, atom in enumerate(found):
        mark = atom.text.strip()
        if atom.kind == "comma" and "," in signs:
            pieces[-1].append(atom)
            pieces.append([])
        elif mark in signs and k > 0 and atom.kind == "sign":
            pieces.append([atom])
        else:
            pieces[-1].append(atom)
    return [p for p in pieces if p]


def _filled(pieces: list[list[Atom]], room: float) -> list[str]:
    """Pieces one after another, a new line where the next one does not fit."""
    made: list[str] = []
    current, used = "", 0.0
    for piece in pieces:
        wide = sum(a.width for a in piece)
        if current and used + wide > room:
            made.append(current)
            current, used = "", 0.0
        if wide > room:
            first, rest = _sign(piece)
            opened = lines("".join(a.text for a in rest), room - 12)
            parts = [first + opened[0], *opened[1:]]
            made += [current, *parts[:-1]] if current else parts[:-1]
            current, used = parts[-1], width(parts[-1])
        else:
            current, used = current + _text(piece, not current), used + wide
    return [*made, current]


def _sign(piece: list[Atom]) -> tuple[str, list[Atom]]:
    """The sign a piece begins with, and the rest."""
    if piece[0].kind == "sign" and len(piece) > 1:
        return _text(piece[:1], True), piece[1:]
    return "", piece


def _text(piece: list[Atom], starts: bool) -> str:
    """A piece; at the start of a line a thin space becomes a sign that shows."""
    mark = piece[0].text.strip()
    if starts and mark == r"\,":
        return r"\cdot " + "".join(a.text for a in piece[1:])
    around = " " if piece[0].kind == "sign" and not starts else ""
    return around + "".join(f"{a.text} " if a.kind in ("sign", "comma") else a.text for a in piece)


def stacked(rows: list[str]) -> str:
    """Lines one below the other, as one piece."""
    if len(rows) == 1:
        return rows[0]
    head, *rest = rows
    return r"\begin{aligned}&" + head + "".join(rf"\\&{continued(row)}" for row in rest) + r"\end{aligned}"


def continued(row: str) -> str:
    """A line that goes on: its sign keeps the space of an operation."""
    return "{}" + row if row.lstrip().startswith(("+", "-", r"\cdot", "=", "<", r"\le")) else row


def _opened(atom: Atom, room: float) -> str:
    """A piece that is too wide alone, its inside broken."""
    if atom.kind == "fence":
        opened, inner, closed = atom.inner
        return rf"\left{opened} {stacked(lines(inner, room - 12))}\right{closed} {atom.tail}"
    if atom.kind == "fraction":
        above, below = (stacked(lines(part, room - 4)) for part in atom.inner)
        return rf"\frac{{{above}}}{{{below}}}{atom.tail}"
    if atom.kind == "root":
        return rf"\sqrt{{{stacked(lines(atom.inner[0], room - 9))}}}{atom.tail}"
    if atom.kind == "cases":
        return rf"\begin{{cases}}{_cases(atom.inner[0], room)}\end{{cases}}{atom.tail}"
    return atom.text


def _cases(inner: str, room: float) -> str:
    """Cases whose values, and then conditions, are broken."""
    rows = _rows(inner)
    conditions = max(width(row[-1]) for row in rows) + 20
    asked = min(conditions, max(room / 2, 20.0))
    made = []
    for row in rows:
        cells = [stacked(lines(row[0], room - asked)), *(stacked(lines(cell, asked)) for cell in row[1:])]
        made.append(" & ".join(cells))
    return r"\\".join(made)
