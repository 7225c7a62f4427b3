"""Units: what parses, and what a value is worth in base units. Inside symppa there are only floats."""

from __future__ import annotations

import atexit
import hashlib
import json
import re
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from symppa import store
from symppa.errors import UnitError, WrongUnitError

if TYPE_CHECKING:
    import pint

NUMBER = r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
VALUE = re.compile(rf"\s*({NUMBER})\s*(.*?)\s*$", re.DOTALL)
POWER = r"(?:\s*(?:\*\*|\^)\s*-?\d{1,2}(?!\w))?"
NAME = re.compile(r"[^\W\d]\w*|[%°]\w*")
WRITTEN = re.compile(rf"(?:1\s*/\s*)?[(\s]*(?:{NAME.pattern}){POWER}(?:[\s*/()]+(?:{NAME.pattern}){POWER})*[)\s]*")
DEFINITIONS = Path(__file__).with_name("units.txt")
CELSIUS = ("degC", "°C")
HINTS = {
    "KB": "kB or KiB?",
    "Kb": "kB, KiB or kbit?",
    "Mb": "MB or Mbit?",
    "Gb": "GB or Gbit?",
    "degC": "degC is accepted only as a whole value like '25 degC'; elsewhere write K",
    "Gbps": "Gbit/s?",
    "Mbps": "Mbit/s?",
    "GBps": "GB/s?",
    "MBps": "MB/s?",
    "TBps": "TB/s?",
    "flop": "FLOP?",
    "flops": "FLOPS?",
    "FLOPs": "FLOP (work) or FLOPS (rate)?",
    "ops": "op or OPS?",
    "MACs": "mac?",
    "sec": "s?",
    "mm²": "mm2?",
    "USD$": "USD?",
}


class Dimension:
    """Exponents of base dimensions; immutable, compared by value."""

    __slots__ = ("powers",)

    def __init__(self, powers: Iterable[tuple[str, Fraction]] = ()) -> None:
        self.powers = tuple(sorted((base, power) for base, power in powers if power))

    def __mul__(self, other: Dimension) -> Dimension:
        powers = dict(self.powers)
        for base, power in other.powers:
            powers[base] = powers.get(base, Fraction(0)) + power
        return Dimension(powers.items())

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * other ** Fraction(-1)

    def __pow__(self, exponent: Fraction) -> Dimension:
        return Dimension((base, power * exponent) for base, power in self.powers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dimension) and self.powers == other.powers

    def __hash__(self) -> int:
        return hash(self.powers)

    def __str__(self) -> str:
        above = [base if p == 1 else f"{base}^{p}" for base, p in self.powers if p > 0]
        below = [base if p == -1 else f"{base}^{-p}" for base, p in self.powers if p < 0]
        if not above and not below:
            return "dimensionless"
        return " / ".join([" * ".join(above) or "1", *below])

    __repr__ = __str__


PURE = Dimension()


class Measure(NamedTuple):
    """What a unit measures, and one of it in base units."""

    dimension: Dimension
    worth: float


@lru_cache(maxsize=4096)
def measure(unit: str) -> Measure:
    """Dimension and worth of a unit.

    >>> measure("GB/s").worth
    1000000000.0
    """
    if unit in ("", "1"):
        return Measure(PURE, 1.0)
    if len(unit) > 100 or not WRITTEN.fullmatch(unit):
        raise UnitError(f"{unit[:40]!r} is not a unit{_hint(unit)}")
    known = _remembered().get(unit)
    if known is None:
        known = _remembered()[unit] = _parsed(unit)
    return known


def _parsed(unit: str) -> Measure:
    import pint

    try:
        for word in NAME.findall(unit):
            if word.endswith("s") and registry().parse_unit_name(word) == registry().parse_unit_name(word[:-1]):
                raise ValueError(word)  # a plural: it would blur FLOP, work, and FLOPS, a rate
        quantity = registry().Quantity(1, registry().parse_units(unit)).to_root_units()
    except (
        pint.PintError,
        AttributeError,
        ValueError,
        TypeError,
        OverflowError,
        SyntaxError,
        RecursionError,
    ):
        raise UnitError(f"{unit!r} is not a unit{_hint(unit)}") from None
    powers = ((base, _fraction(power)) for base, power in quantity.dimensionality.items())
    return Measure(Dimension(powers), float(quantity.magnitude))


@lru_cache(maxsize=1)
def registry() -> pint.UnitRegistry[Any]:
    """The registry of units.txt: nothing else parses."""
    import pint

    made: pint.UnitRegistry[Any] = pint.UnitRegistry(None)
    made.load_definitions(DEFINITIONS)
    return made


@lru_cache(maxsize=1)
def _remembered() -> dict[str, Measure]:
    """Units parsed before, kept from run to run: importing pint takes longer than most questions."""
    sources = DEFINITIONS.read_bytes() + Path(__file__).read_bytes()
    name = f"units-{hashlib.sha256(sources).hexdigest()}"
    raw = json.loads(store.read(name) or "{}")
    known = {
        unit: Measure(Dimension((base, Fraction(power)) for base, power in powers), worth)
        for unit, (powers, worth) in raw.items()
    }
    atexit.register(_remember, name, known, len(known))
    return known


def _remember(name: str, known: dict[str, Measure], before: int) -> None:
    if len(known) > before:
        raw = {u: ([(b, str(p)) for b, p in m.dimension.powers], m.worth) for u, m in known.items()}
        store.write(name, json.dumps(raw))


def _fraction(power: Any) -> Fraction:
    return Fraction(power).limit_denominator(1000)


def _hint(unit: str) -> str:
    words = re.findall(r"[^\W\d_]+[²³]?\$?", unit)
    hint = next((HINTS[word] for word in words if word in HINTS), None)
    plural = next((w for w in words if len(w) > 3 and w.endswith("s")), None)
    hint = hint or (f"units have no plural, {plural[:-1]}?" if plural else None)
    return f": {hint}" if hint else ": units.txt lists what parses, for example GHz, GB/s, MiB, pJ/mac, mm2, TFLOPS"


def pint_unit(unit: str) -> Any:
    """The pint unit of the project's registry."""
    return registry().parse_units("" if unit == "1" else unit)


def dimension(unit: str) -> Dimension:
    """What a unit measures."""
    return measure(unit).dimension


def split(text: str) -> tuple[float, str] | None:
    """Number and unit of a written value, or None when it does not begin with a number.

    >>> split("3.2 GHz")
    (3.2, 'GHz')
    """
    found = VALUE.match(text)
    return None if found is None else (float(found[1].replace("_", "")), found[2])


def parse(text: str, unit: str, name: str = "value", meaning: str = "") -> float:
    """A written value in base units; a bare number where a unit is due is refused.

    >>> parse("614 GB/s", "byte/s")
    614000000000.0
    """
    found = split(text) if len(text) <= 200 else None
    what = f" ({meaning})" if meaning else ""
    if found is None:
        raise UnitError(
            f"{name} = {text[:60]!r} is not a number with a unit; expected {unit}{what}, for example {example(unit)}"
        )
    number, written = found
    if number in (float("inf"), float("-inf")):
        raise UnitError(f"{name} = {text} is too large a number")
    want = measure(unit).dimension
    if written in CELSIUS:
        if want != dimension("K"):
            raise WrongUnitError(name, text, unit, meaning)
        return number + 273.15
    if not written and want != PURE:
        raise UnitError(
            f"{name} = {text} has no unit; expected {want} in {unit}{what}, for example {example(unit, number)}"
        )
    try:
        got = measure(written)
    except UnitError as error:
        raise UnitError(f"{name} = {text}: {error.message}") from None
    if got.dimension != want:
        raise WrongUnitError(name, text, unit, meaning)
    return number * got.worth


def example(unit: str, number: float = 1.0) -> str:
    """A value as one would write it in this unit."""
    return repr(f"{number:g}" if unit in ("", "1") else f"{number:g} {unit}")


def worth(value: Any, unit: str, name: str = "value", meaning: str = "") -> Any:
    """Value in base units; a plain number or array counts in the declared unit.

    Accepts numbers, arrays, texts with units, `(array, unit)` pairs and Quantities of any pint registry.
    """
    if isinstance(value, str):
        return parse(value, unit, name, meaning)
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], str):
        if not _is_number(np.asarray(value[0])):
            raise UnitError(f"{name} = {value!r} is not an array of numbers with a unit")
        return _scaled(np.asarray(value[0], float), value[1], unit, name, meaning)
    if hasattr(value, "magnitude") and hasattr(value, "units"):
        return _scaled(_double(value.magnitude), str(value.units), unit, name, meaning)
    if not _is_number(value):
        raise UnitError(f"{name} = {value!r} is neither a number, an array nor a text with a unit")
    factor = measure(unit).worth
    plain: Any = _double(value)
    return plain if factor == 1 else plain * factor


def _double(value: Any) -> Any:
    """Numbers of single or half precision as what they count as inside: converting them as they are would round."""
    known = isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f"
    return value.astype(float, copy=False) if known else value


def _is_number(value: Any) -> bool:
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in "iuf"
    return isinstance(value, int | float) and not isinstance(value, bool)


def _scaled(magnitude: Any, written: str, unit: str, name: str, meaning: str) -> Any:
    if written in ("degree_Celsius", *CELSIUS) and dimension(unit) == dimension("K"):
        return magnitude + 273.15
    got = measure("1" if written == "dimensionless" else written)
    if got.dimension != dimension(unit):
        raise WrongUnitError(name, f"a value in {written}", unit, meaning)
    return magnitude * got.worth


def quantity(value: Any, unit: str) -> Any:
    """A pint Quantity of the project's registry from a value in `unit`."""
    return registry().Quantity(value, pint_unit(unit))


BASES = {
    "[time]": "s",
    "[length]": "m",
    "[mass]": "kg",
    "[current]": "A",
    "[temperature]": "K",
    "[information]": "byte",
    "[operation]": "op",
    "[cycle]": "cycle",
    "[token]": "token",
    "[inference]": "inference",
    "[conversion]": "conversion",
    "[money]": "USD",
}


def base_unit(dimension: Dimension) -> str:
    """The coherent base unit of a dimension, as text.

    >>> base_unit(measure("MB/ms").dimension)
    'byte/s'
    """
    above = [BASES[b] if p == 1 else f"{BASES[b]}**{p}" for b, p in dimension.powers if p > 0]
    below = [BASES[b] if p == -1 else f"{BASES[b]}**{-p}" for b, p in dimension.powers if p < 0]
    return "/".join(["*".join(above) or "1", *below])
