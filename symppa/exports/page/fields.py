"""What a reader of a page may change: one field for every number or label, and the range its slider spans."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from symppa import units
from symppa.exports.content import Content, Parameter
from symppa.exports.heading import brief
from symppa.language.written_units import pretty as unit_shown

# Units that people write; those that measure what a given measures may be typed into its field.
WRITTEN = (
    "1", "percent", "s", "ms", "us", "ns", "ps", "Hz", "kHz", "MHz", "GHz", "m", "cm", "mm", "um", "nm", "m2", "cm2",
    "mm2", "um2", "J", "mJ", "uJ", "nJ", "pJ", "fJ", "kW", "W", "mW", "uW", "nW", "V", "mV", "A", "mA", "uA", "nA",
    "F", "uF", "nF", "pF", "fF", "ohm", "K", "g", "kg", "byte", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "bit",
    "byte/s", "MB/s", "GB/s", "TB/s", "bit/s", "Mbit/s", "Gbit/s", "pJ/bit", "pJ/byte", "fJ/bit", "nJ/byte", "J/byte",
    "op", "FLOP", "mac", "pJ/op", "pJ/mac", "fJ/mac", "fJ/op", "FLOPS", "GFLOPS", "TFLOPS", "OPS", "TOPS", "token",
    "token/s", "ns/token", "us/token", "ms/token", "s/token", "pJ/token", "nJ/token", "uJ/token", "mJ/token",
    "J/token", "USD", "K/W", "W/mm2", "mW/mm2", "USD/mm2", "1/cm2", "1/mm2", "mW/MB", "W/GB", "uW/KiB",
    "op/cycle", "mac/cycle", "FLOP/cycle", "FLOP/byte", "op/byte", "cycle", "bit/cycle", "byte/cycle",
)  # fmt: skip
AROUND = 4.0  # a slider spans a quarter of a value to four times it, where nobody says more
STEPS = 200


@dataclass(frozen=True)
class Field:
    """One entry of a given: all of it, or a member of a vector at a place."""

    parameter: Parameter
    place: tuple[int, ...]
    members: tuple[str, ...]
    value: float | None

    @property
    def name(self) -> str:
        """Its dotted name: the given's, and a member's after it."""
        return ".".join((self.parameter.name, *self.members))

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The labels to choose from, where it is chosen by label."""
        return self.parameter.labels if self.parameter.kind == "label" else None


@dataclass(frozen=True)
class Range:
    """Where a slider and an axis lead: candidates, or from an end to the other, in the declared unit."""

    low: float
    high: float
    step: float = 0.0
    choices: tuple[float, ...] = ()

    @property
    def data(self) -> dict[str, Any]:
        """What the page's script reads."""
        scale = not self.step and self.low > 0 and self.high / self.low >= 10
        found = {"low": self.low, "high": self.high, "step": self.step, "choices": list(self.choices), "log": scale}
        return {key: value for key, value in found.items() if value or key in ("low", "high")}


def fields(content: Content) -> tuple[Field, ...]:
    """Every entry that the outputs depend on, in the order of the program."""
    members = {index.name: index.labels for index in content.indexes}
    return tuple(one for p in content.parameters for one in _entries(p, p.value, (), (), members))


def _entries(
    p: Parameter, value: Any, place: tuple[int, ...], names: tuple[str, ...], members: dict[str, Any]
) -> Iterator[Field]:
    if not isinstance(value, list):
        yield Field(p, place, names, value)
        return
    known = members.get(p.sets[len(place)])
    for k, one in enumerate(value):
        yield from _entries(p, one, (*place, k), (*names, known[k] if known else str(k)), members)


def default_range(field: Field, *, capped: bool = False) -> Range:
    """A range around the value, within the domain; capped it ends at the value."""
    p = field.parameter
    if p.kind == "choices":
        return Range(min(p.choices), max(p.choices), choices=tuple(sorted(p.choices)))
    low = -math.inf if p.low is None else p.low
    high = math.inf if p.high is None else p.high
    high = min(high, field.value) if capped and field.value else high
    first, last = _around(field.value, p.unit, low, high)
    if p.kind == "integers":
        step = p.stride or 1.0
        return Range(max(low, math.floor(first)), min(high, max(math.ceil(last), math.floor(first) + 8 * step)), step)
    return Range(max(low, neat(first)), min(high, neat(last)), p.stride or 0.0)


def _around(value: float | None, unit: str, low: float, high: float) -> tuple[float, float]:
    if value is not None and unit == "K" and value > 200:
        return max(low, value - 75), min(high, value + 100)  # a multiple of an absolute temperature says little
    if not value:
        first = low if math.isfinite(low) else 0.0
        return first, high if math.isfinite(high) else first + 1.0
    if math.isfinite(high - low) and high - low <= AROUND * abs(value):
        return low, high
    first, last = sorted((value / AROUND, value * AROUND))
    return max(low, first), min(high, last)


def neat(value: float) -> float:
    """A number with three significant digits."""
    return float(f"{value:.3g}")


def spellings(unit: str) -> dict[str, float]:
    """Units that may be typed for a declared one, each with its worth in it.

    >>> spellings("GHz")["MHz"]
    0.001
    """
    own = units.measure(unit)
    found = {text: units.measure(text) for text in (unit, *WRITTEN)}
    return {text: one.worth / own.worth for text, one in found.items() if one.dimension == own.dimension}


def domain_shown(p: Parameter) -> str:
    """What a given may be, in words; nothing where anything goes."""
    unit = f" {unit_shown(p.unit)}" if unit_shown(p.unit) else ""
    if p.kind == "choices":
        return "one of " + ", ".join(brief(c) for c in sorted(p.choices)) + unit
    whole = "whole numbers " if p.kind == "integers" else ""
    step = f", in steps of {brief(p.stride)}{unit}" if p.stride and p.stride != 1 else ""
    if p.low is not None and p.high is not None:
        return f"{whole}{'from ' if whole else ''}{brief(p.low)} to {brief(p.high)}{unit}{step}"
    if p.low is not None:
        return f"{whole}{brief(p.low)}{unit} or more{step}"
    if p.high is not None:
        return f"{whole}{brief(p.high)}{unit} or less{step}"
    return whole.strip()
