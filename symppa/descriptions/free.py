"""What a free given may be, as one writes it: `[8, 512]`, `{choices: [1, 2, 4]}`, `{from: 1 GHz, to: 2 GHz}`.

A range of a given that counts in whole numbers holds whole numbers; of one that is chosen from a list, entries of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.ranges import MOST_VALUES, steps, values_of
from symppa.engine.border import domain_text, outside
from symppa.engine.program import Given
from symppa.engine.search.domains import Choices, Domain, Real
from symppa.errors import DomainError, QuestionError, UnitError, suggest

RANGE, CHOICES, STEPS, INTEGERS, AXIS = "range", "choices", "steps", "integers", "axis"
KEYS = {frozenset({"choices"}), frozenset({"from", "to"}), frozenset({"from", "to", "step"}), frozenset({"integers"})}
GRAMMAR = (
    "[low, high], {choices: [a, b, c]}, {from: low, to: high, step: step}, {integers: [low, high]} or 'first:last:step'"
)


@dataclass(frozen=True)
class Free:
    """A kind of choice and what was written for it: ends, candidates, or ends and a step."""

    kind: str
    values: tuple[Any, ...]

    def __str__(self) -> str:
        texts = [_plain(value) for value in self.values]
        if self.kind == CHOICES:
            return ", ".join(texts)
        if self.kind == AXIS:
            return texts[0]
        whole = "whole numbers " if self.kind == INTEGERS else ""
        return f"{whole}{_ends(texts[0], texts[1])}{f' by {texts[2]}' if self.kind == STEPS else ''}"

    @property
    def raw(self) -> Any:
        """The same as it stands in a file."""
        if self.kind == AXIS:
            return self.values[0]
        if self.kind == STEPS:
            return dict(zip(("from", "to", "step"), self.values, strict=True))
        return list(self.values) if self.kind == RANGE else {self.kind: list(self.values)}


def _ends(low: str, high: str) -> str:
    """Two ends, a unit they share written once."""
    first, second = units.split(low), units.split(high)
    shared = first is not None and second is not None and first[1] == second[1] != ""
    return f"{low.removesuffix(second[1]).strip()} to {high}" if shared and second else f"{low} to {high}"


def _plain(value: Any) -> str:
    return f"{value[0]} {value[1]}" if isinstance(value, tuple) and len(value) == 2 else str(value)


def free(name: str, raw: Any) -> Free:
    """What a given may be; `raw` is as it stands in a file, or the same in Python.

    >>> str(free("clock", {"from": "1 GHz", "to": "2 GHz", "step": "100 MHz"}))
    '1 to 2 GHz by 100 MHz'
    """
    if isinstance(raw, Free):
        return raw
    if isinstance(raw, str):
        if ":" not in raw:
            raise QuestionError(f"{name}: {raw!r} is one value, nothing to choose from: write {GRAMMAR}")
        return Free(AXIS, (raw,))
    if isinstance(raw, Mapping):
        return _mapped(name, raw)
    listed = _listed(name, raw)
    if len(listed) != 2:
        what = f"{len(listed)} values" if len(listed) != 1 else "1 value"
        raise QuestionError(f"{name}: a range has two ends, not {what}: candidates are {{choices: [...]}}")
    return Free(RANGE, listed)


def _mapped(name: str, raw: Mapping[str, Any]) -> Free:
    keys = frozenset(map(str, raw))
    if keys not in KEYS:
        every = {k for known in KEYS for k in known}
        odd = sorted(keys - every)
        found = f"{odd[0]!r}{suggest(odd[0], every)}" if odd else f"{', '.join(sorted(keys)) or 'nothing'} only"
        raise QuestionError(f"{name} says {found}: write {GRAMMAR}")
    if "choices" in keys:
        return Free(CHOICES, _listed(name, raw["choices"]))
    if "integers" in keys:
        ends = _listed(name, raw["integers"])
        if len(ends) != 2:
            raise QuestionError(f"{name}: whole numbers have two ends, {{integers: [low, high]}}, not {len(ends)}")
        return Free(INTEGERS, ends)
    values = tuple(_single(name, raw[key]) for key in ("from", "to", "step") if key in raw)
    return Free(STEPS if "step" in keys else RANGE, values)


def _listed(name: str, raw: Any) -> tuple[Any, ...]:
    if isinstance(raw, np.ndarray):
        raw = raw.tolist()
    if isinstance(raw, str | Mapping) or not isinstance(raw, Sequence):
        raise QuestionError(f"{name}: {raw!r} is no list: write {GRAMMAR}")
    if not raw:
        raise QuestionError(f"{name} is empty: there is nothing to choose from")
    return tuple(_single(name, value) for value in raw)


def _single(name: str, value: Any) -> Any:
    if isinstance(value, list | Mapping) or value is None or value == "":
        raise QuestionError(f"{name}: {value!r} is not one value")
    return value


def domain(free: Free, given: Given, name: str, labels: Sequence[str] | None = None) -> Domain:
    """The candidates or the range of a given, in base units; labels count as their places."""
    if labels is not None:
        return _places(free, name, labels)
    candidates = _candidates(free, given, name)
    ends = candidates.table if isinstance(candidates, Choices) else np.array([candidates.low, candidates.high])
    odd = ends[outside(given, ends)]
    if len(odd):
        first = f"{odd[0] / units.measure(given.unit).worth:g} {'' if given.unit == '1' else given.unit}".strip()
        raise DomainError(f"{name} may not be {first}: its domain is {domain_text(given)}")
    return candidates


def _places(free: Free, name: str, labels: Sequence[str]) -> Choices:
    if free.kind not in (CHOICES, AXIS):
        raise QuestionError(f"{name} is chosen by label: write {{choices: [{', '.join(labels)}]}}, or some of these")
    listed = free.values if free.kind == CHOICES else tuple(part.strip() for part in str(free.values[0]).split(","))
    for label in listed:
        if str(label) not in labels:
            raise DomainError(f"{name} = {label!r} is no choice{suggest(str(label), labels)}")
    return _distinct(name, [float(labels.index(str(label))) for label in listed], listed)


def _candidates(free: Free, given: Given, name: str) -> Domain:
    if free.kind == AXIS:
        return _choices(name, values_of(str(free.values[0]), given).tolist(), str(free))
    worths = [_worth(value, given, name) for value in free.values]
    if free.kind == CHOICES:
        return _distinct(name, worths, free.values)
    low, high = worths[:2]
    if low > high:
        raise QuestionError(f"{name}: {free} is reversed: the lower end comes first")
    if free.kind == STEPS:
        return _choices(name, steps(given, low, high, worths[2], f"{free}").tolist(), str(free))
    if free.kind == INTEGERS:
        return _whole(name, free, low, high, _one(free, given, name))
    return _range(free, given, name, low, high)


def _worth(value: Any, given: Given, name: str) -> float:
    try:
        return float(units.worth(value, given.unit, name, given.meaning))
    except UnitError as error:
        raise error.at(None, None) from None


def _distinct(name: str, worths: Sequence[float], written: Sequence[Any]) -> Choices:
    twice = [value for k, value in enumerate(written) if worths[k] in worths[:k]]
    if twice:
        raise QuestionError(f"{name}: {_plain(twice[0])} stands twice among its choices")
    return _choices(name, worths, "")


def _choices(name: str, worths: Sequence[float], text: str) -> Choices:
    if not len(worths):
        raise QuestionError(f"{name}: {text} is empty: there is nothing to choose from")
    return Choices(worths)


def _one(free: Free, given: Given, name: str) -> float:
    """What whole numbers count: the unit both ends are written in."""
    written = {(units.split(v) or (0.0, ""))[1] if isinstance(v, str) else given.unit for v in free.values}
    if len(written) > 1:
        raise QuestionError(f"{name}: {free} are counted in two units, {' and '.join(sorted(written))}: write one")
    return units.measure(written.pop()).worth


def _whole(name: str, free: Free, low: float, high: float, one: float) -> Choices:
    first, last = (round(end / one) if abs(end / one - round(end / one)) < 1e-9 else None for end in (low, high))
    if first is None or last is None:
        raise QuestionError(f"{name}: {free}: {_plain(free.values[0 if first is None else 1])} is no whole number")
    if last - first >= MOST_VALUES:
        raise QuestionError(f"{name}: {free} are {last - first + 1} values; at most {MOST_VALUES} are taken")
    return Choices(one * np.arange(first, last + 1))


def _range(free: Free, given: Given, name: str, low: float, high: float) -> Domain:
    """A range, as the domain of its given allows: whole numbers, entries of a list, steps, or any number."""
    kind, ends = given.domain or ("reals", (None, None, None))
    if kind == "integers":
        return _whole(name, free, low, high, 1.0)
    if kind == "choices":
        return _choices(name, [v for v in ends if low <= v <= high], f"{free} among {domain_text(given)}")
    if ends[2] is not None:
        first, last = np.ceil((low - ends[0]) / ends[2] - 1e-9), np.floor((high - ends[0]) / ends[2] + 1e-9)
        return _choices(
            name, (ends[0] + ends[2] * np.arange(first, last + 1)).tolist(), f"{free}, {domain_text(given)}"
        )
    return Choices([low]) if low == high else Real(low, high)
