"""Distributions as one writes them: `normal(2 GHz, 0.1 GHz)`. A text names one of a few; nothing in it is run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from symppa import units
from symppa.errors import DescriptionError, suggest

WRITTEN = re.compile(r"\s*([A-Za-z_]\w*)\s*\((.*)\)\s*", re.DOTALL)
MOST = 200
# What each takes, in order: a value of the given, a spread (a difference of such values), or a factor.
VALUE, SPREAD, FACTOR = "value", "spread", "factor"
KINDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "normal": ((VALUE, SPREAD), (VALUE, SPREAD, VALUE, VALUE)),
    "uniform": ((VALUE, VALUE),),
    "lognormal": ((VALUE, FACTOR),),
    "triangular": ((VALUE, VALUE, VALUE),),
}
GRAMMAR = (
    "normal(mean, sigma), normal(mean, sigma, low, high), uniform(low, high), lognormal(median, factor) or "
    "triangular(low, mode, high)"
)


@dataclass(frozen=True)
class Distribution:
    """A kind and its numbers, in base units; `text` is how it was written."""

    kind: str
    numbers: tuple[float, ...]
    text: str


def distribution(text: str, unit: str, name: str = "value", meaning: str = "") -> Distribution:
    """The distribution of a value measured in `unit`.

    >>> distribution("normal(2 GHz, 100 MHz)", "GHz").numbers
    (2000000000.0, 100000000.0)
    """
    found = WRITTEN.fullmatch(text) if len(text) <= MOST else None
    if found is None:
        raise DescriptionError(f"{name}: {text[:60]!r} is no distribution; write {GRAMMAR}")
    kind, parts = found[1], [part.strip() for part in found[2].split(",")]
    if kind not in KINDS:
        raise DescriptionError(f"{name}: there is no distribution {kind!r}{suggest(kind, KINDS)}")
    roles = next((roles for roles in KINDS[kind] if len(roles) == len(parts)), None)
    if roles is None:
        raise DescriptionError(f"{name}: {kind} does not take {len(parts)} numbers; write {GRAMMAR}")
    numbers = tuple(
        _number(part, role, unit, f"{name}: {kind}", meaning) for part, role in zip(parts, roles, strict=True)
    )
    wrong = _wrong(kind, numbers)
    if wrong:
        raise DescriptionError(f"{name}: {text.strip()}: {wrong}")
    return Distribution(kind, numbers, text.strip())


def _number(text: str, role: str, unit: str, name: str, meaning: str) -> float:
    if role == SPREAD and text.endswith(units.CELSIUS):
        raise DescriptionError(f"{name}: {text} is a temperature, a spread is a difference: write it in K")
    return units.parse(text, "1" if role == FACTOR else unit, name, meaning)


def _wrong(kind: str, numbers: tuple[float, ...]) -> str:
    """Why some numbers make no such distribution, or nothing."""
    first, second, *ends = numbers
    if kind == "normal":
        if not second > 0:
            return "sigma is above 0"
        return "low is below high" if ends and not ends[0] < ends[1] else ""
    if kind == "lognormal":
        if not first > 0:
            return "the median is above 0"
        return "the factor is above 1: two thirds of the values lie within it of the median" if not second > 1 else ""
    if kind == "uniform":
        return "low is below high" if not first < second else ""
    return "low, mode and high rise" if not first <= second <= ends[0] or first == ends[0] else ""
