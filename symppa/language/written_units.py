"""Units as people read them: a declared unit is read once, and spelled for every page and program."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from symppa import units
from symppa.errors import UnitError

TOKEN = re.compile(r"\*\*|\^|[^\W\d]\w*|[%°]\w*|-?\d+|[*/()]")
SQUARE = "square_"
# Units that siunitx knows, by their names in units.txt; what it does not know is declared.
MACROS = {
    "meter": "metre", "gram": "gram", "second": "second", "ampere": "ampere", "kelvin": "kelvin", "joule": "joule",
    "watt": "watt", "volt": "volt", "coulomb": "coulomb", "farad": "farad", "hertz": "hertz", "newton": "newton",
    "siemens": "siemens", "electron_volt": "electronvolt", "ohm": "ohm", "bit": "bit", "byte": "byte",
    "minute": "minute", "hour": "hour", "percent": "percent", "degC": "degreeCelsius",
}  # fmt: skip
ASCII = {"Ω": "ohm", "µ": "u", "°C": "degC"}
RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


class Factor(NamedTuple):
    """One unit of a product: the names of its prefix and unit in units.txt, its power as written, its side."""

    prefix: str
    name: str
    power: int
    below: bool

    @property
    def exponent(self) -> int:
        """The power, negative below the line."""
        return -self.power if self.below else self.power

    @property
    def sign(self) -> str:
        """Prefix and unit as one reads them: kΩ, µm, GB; a byte alone is a word."""
        known = _known()
        unit = "byte" if self.name == "byte" and not self.prefix else known.symbols[self.name]
        return (known.marks[self.prefix] if self.prefix else "") + unit

    @property
    def ascii(self) -> str:
        """The same in letters that every terminal has, and that parse."""
        return "".join(ASCII.get(letter, letter) for letter in self.sign) if self.name != "degC" else "degC"

    @property
    def macro(self) -> str:
        r"""The macros of siunitx, \kilo\ohm."""
        return (f"\\{self.prefix}" if self.prefix else "") + f"\\{MACROS.get(self.name, self.name)}"


class _Known(NamedTuple):
    """What units.txt lists: names by every spelling, and how they are shown."""

    prefixes: dict[str, str]
    marks: dict[str, str]
    units: dict[str, str]
    symbols: dict[str, str]


@lru_cache(maxsize=1)
def _known() -> _Known:
    """The names of units.txt, read without the library that computes with them: importing it takes long."""
    found = _Known({}, {}, {"degC": "degC", "°C": "degC"}, {"degC": "°C"})
    for line in units.DEFINITIONS.read_text("utf-8").splitlines():
        if "=" not in line or line.startswith((" ", "#", "@")):
            continue
        name, _, *others = (part.strip().removesuffix("-") for part in line.split("="))
        spellings, shown = (
            (found.prefixes, found.marks) if line.split("=")[0].strip().endswith("-") else (found.units, found.symbols)
        )
        spellings.update(dict.fromkeys((name, *others), name))
        shown[name] = others[0] if others else name
    return found


@lru_cache(maxsize=4096)
def factors(unit: str) -> tuple[Factor, ...]:
    """The factors of a unit in the order written; none for a pure number.

    >>> [(f.prefix, f.name, f.exponent) for f in factors("pJ/(byte*m**3)")]
    [('pico', 'joule', 1), ('', 'byte', -1), ('', 'meter', -3)]
    """
    return tuple(_Reader(unit).read()) if unit not in ("", "1") else ()


class _Reader:
    """Reads products, quotients, powers and brackets, as the registry of units does."""

    def __init__(self, unit: str) -> None:
        self.unit, self.tokens, self.place = unit, TOKEN.findall(unit), 0
        if "".join(self.tokens) != "".join(unit.split()):
            raise self._odd("")

    def read(self) -> list[Factor]:
        found = self._product(False)
        if self.place < len(self.tokens):
            raise self._odd(self.tokens[self.place])
        return found

    def _odd(self, token: str) -> UnitError:
        where = f" at {token!r}" if token else ""
        return UnitError(f"{self.unit!r} cannot be written as a unit{where}: write it as GB/s, W/(m*K) or pJ/mm**2")

    def _peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _next(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1] if self.place <= len(self.tokens) else ""

    def _product(self, below: bool) -> list[Factor]:
        found = self._factor(below)
        while self._peek() not in ("", ")"):
            divided = self._peek() == "/"
            if self._peek() in "*/":
                self._next()
            found += self._factor(below != divided)
        return found

    def _factor(self, below: bool) -> list[Factor]:
        token = self._next()
        if token == "(":
            found = self._product(below)
            if self._next() != ")":
                raise self._odd("(")
            return found
        if token == "1":
            return []
        if not token or not (token[0].isalpha() or token[0] in "%°"):
            raise self._odd(token)
        power = 1
        if self._peek() in ("**", "^"):
            self._next()
            power = int(self._next() or 0)
        prefix, name, times = self._named(token)
        return [Factor(prefix, name, power * times, below)]

    def _named(self, token: str) -> tuple[str, str, int]:
        """Prefix, unit and power of a name: mm2 is the square of a millimetre."""
        known = _known()
        for spelling, prefix in (("", ""), *known.prefixes.items()):
            name = known.units.get(token.removeprefix(spelling)) if token.startswith(spelling) else None
            if name is None:
                continue
            if name.startswith(SQUARE) or name == "kilogram":
                if prefix:
                    raise UnitError(
                        f"{self.unit!r}: {token} is {prefix} times {known.symbols[name]}, which nobody would read so: "
                        f"write {known.symbols[name]}, or a power such as nm**2"
                    )
                inner, unit, _ = ("kilo", "gram", 1) if name == "kilogram" else self._named(name.removeprefix(SQUARE))
                return inner, unit, 1 if name == "kilogram" else 2
            if prefix and name in ("percent", "degC"):
                raise UnitError(f"{self.unit!r}: {token} is a {name} with a prefix: write it without one")
            return prefix, name, 1
        short = token.rstrip("0123456789")
        if short != token and short:  # m3, as reports write a power
            prefix, name, times = self._named(short)
            return prefix, name, times * int(token[len(short) :])
        raise UnitError(f"{self.unit!r} is not a unit: {token} is not among those of units.txt")


def _sides(unit: str, star: str, text: tuple[str, str, str]) -> str:
    """A quotient on one line; `text` are the attribute of a factor and what opens and closes its power."""
    attribute, opens, closes = text
    sides: tuple[list[str], list[str]] = ([], [])
    for factor in factors(unit):
        power = ""
        if factor.power != 1:
            power = str(factor.power).translate(RAISED) if not opens + closes and attribute == "sign" else ""
            power = power or f"{opens if opens or factor.power > 0 else '**'}{factor.power}{closes}"
        sides[factor.below].append(f"{getattr(factor, attribute)}{power}")
    above, below = (star.join(side) for side in sides)
    below = f"({below})" if len(sides[1]) > 1 else below
    return f"{above or '1'}/{below}" if below else above


def plain(unit: str) -> str:
    """A unit in a terminal or a table; nothing for a pure number.

    >>> plain("mm**2"), plain("1"), plain("percent"), plain("W/(m*K)"), plain("µs")
    ('mm2', '', '%', 'W/(m*K)', 'us')
    """
    return _sides(unit, "*", ("ascii", "", ""))


def pretty(unit: str) -> str:
    """A unit on a page; nothing for a pure number.

    >>> pretty("TFLOPS/mm**2"), pretty("percent"), pretty("1"), pretty("W/m/K"), pretty("kohm")
    ('TFLOPS/mm²', '%', '', 'W/(m·K)', 'kΩ')
    """
    return _sides(unit, "·", ("sign", "", ""))


UPRIGHT = {"%": r"\%", "Ω": r"\Omega ", "µ": r"\mu ", "°": r"{}^{\circ}"}


def upright(unit: str) -> str:
    r"""A unit in upright math, for what knows no siunitx.

    >>> upright("TFLOPS/mm**2"), upright("1/s"), upright("percent"), upright("W/(m*K)")
    ('\\mathrm{TFLOPS/mm^{2}}', '\\mathrm{s^{-1}}', '\\%', '\\mathrm{W/(m\\,K)}')
    """
    found = factors(unit)
    if all(factor.below for factor in found):
        found = tuple(f._replace(power=-f.power, below=False) for f in found)
    sides: tuple[list[str], list[str]] = ([], [])
    for f in found:
        text = "".join(UPRIGHT.get(letter, letter) for letter in f.sign).strip()
        sides[f.below].append(text if f.power == 1 else f"{text}^{{{f.power}}}")
    above, below = (r"\,".join(side) for side in sides)
    below = f"({below})" if len(sides[1]) > 1 else below
    joined = f"{above}/{below}" if below else above
    return joined if joined in (r"\%", "") else rf"\mathrm{{{joined}}}"


def siunitx(unit: str) -> str:
    r"""The argument of `\unit`, literal, so that units siunitx does not know print too.

    >>> siunitx("TFLOPS/mm**2"), siunitx("percent"), siunitx("1"), siunitx("1/(µs*K)")
    ('TFLOPS.mm^{-2}', '\\percent', '', '\\micro\\second^{-1}.K^{-1}')
    """
    made = []
    for factor in factors(unit):
        text = factor.sign if factor.sign.isascii() and factor.sign != "%" else factor.macro
        made.append(text if factor.exponent == 1 else f"{text}^{{{factor.exponent}}}")
    return ".".join(made)


def macros(unit: str) -> tuple[str, tuple[str, ...]]:
    r"""The argument of `\qty` in macros of siunitx, and the names of those that it does not know.

    >>> macros("TFLOPS/mm**2")
    ('\\tera\\FLOPS\\per\\milli\\metre\\squared', ('FLOPS',))
    """
    text, own = "", []
    for factor in factors(unit):
        own += [factor.name] if factor.name not in MACROS else []
        size = abs(factor.exponent)
        tail = {1: "", 2: r"\squared", 3: r"\cubed"}.get(size, rf"\tothe{{{size}}}")
        text += (r"\per" if factor.exponent < 0 else "") + factor.macro + tail
    return text, tuple(dict.fromkeys(own))
