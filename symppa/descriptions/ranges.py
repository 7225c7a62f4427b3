"""Axes and limits as one writes them: `16:64:4`, `1.5GHz:3GHz:16`, `FP8,FP16`, `power <= 500 W`."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from symppa import units
from symppa.engine.program import Given
from symppa.errors import QuestionError, UnitError

MOST_VALUES = 10_000_000


def values_of(text: str, given: Given) -> Any:
    """Values of an axis, in base units, or labels.

    `a,b,c` lists. `a:b` counts whole numbers up. `a:b:c` goes from a to b: in steps of c where c carries the
    given's unit or the given counts in whole numbers, else in c points; `a:b:+c` is always a step, `a:b:xc` a
    factor.
    """
    if given.labels is not None or (given.domain is not None and given.domain[0] == "member"):
        return [label.strip() for label in text.split(",")]
    if ":" not in text:
        return np.array([_worth(part, given) for part in text.split(",")])
    parts = [p.strip() for p in text.split(":")]
    if len(parts) not in (2, 3) or not all(parts):
        raise QuestionError(f"{given.name}={text} is no axis: write first:last:step, first:last:points, or a,b,c")
    low, high = _worth(parts[0], given), _worth(parts[1], given)
    if len(parts) == 2:
        if not _counts(given, low, high):
            raise QuestionError(f"{given.name}={text} needs a third part: a step with its unit, or a number of points")
        return steps(given, low, high, 1.0, text)
    return _third(parts[2], given, low, high, text)


def _third(last: str, given: Given, low: float, high: float, text: str) -> Any:
    if last.startswith("x"):
        return _factors(given, low, high, _number(last[1:], given, text), text)
    split = units.split(last.removeprefix("+"))
    if split is None:
        raise QuestionError(f"{given.name}={text}: {last!r} is neither a step nor a number of points")
    if last.startswith("+") or split[1] or _counts(given, low, high):
        return steps(given, low, high, _worth(last.removeprefix("+"), given), text)
    points = _number(last, given, text)
    if points % 1 or not 1 <= points <= MOST_VALUES:
        raise QuestionError(f"{given.name}={text}: {last} is no number of points from 1 to {MOST_VALUES}")
    if points == 1 and low != high:
        raise QuestionError(f"{given.name}={text}: one point cannot be at two ends; write {text.split(':')[0]} alone")
    return np.linspace(low, high, int(points))


def _counts(given: Given, low: float, high: float) -> bool:
    """Whether a given takes whole numbers: by its domain, or a bare number without one between whole ends."""
    if given.domain is not None:
        return given.domain[0] == "integers"
    return False


def _number(text: str, given: Given, whole: str) -> float:
    split = units.split(text)
    if split is None or split[1]:
        raise QuestionError(f"{given.name}={whole}: {text!r} is not a bare number")
    return split[0]


def _worth(text: str, given: Given) -> float:
    try:
        return units.parse(text, given.unit, given.name, given.meaning)
    except UnitError as error:
        raise error.at(None, None) from None


def steps(given: Given, low: float, high: float, step: float, text: str) -> Any:
    """Values from low to high, both in base units, in steps; `text` is how they were written."""
    if step == 0 or (high - low) / step < 0:
        first, last, far = (f"{v / units.measure(given.unit).worth:g}" for v in (low, high, step))
        unit = "" if given.unit == "1" else f" {given.unit}"
        raise QuestionError(
            f"{given.name}={text} is empty: a step of {far}{unit} does not lead from {first}{unit} to {last}{unit}"
        )
    count = np.floor((high - low) / step * (1 + 1e-12) + 1e-9) + 1
    if count > MOST_VALUES:
        raise QuestionError(f"{given.name}={text} has {count:.3g} values; at most {MOST_VALUES} are taken")
    return low + step * np.arange(int(count))


def _factors(given: Given, low: float, high: float, factor: float, text: str) -> Any:
    if not (low > 0 and high >= low and factor > 1):
        raise QuestionError(f"{given.name}={text}: factors lead from a positive first value up, by more than x1")
    count = int(np.floor(np.log(high / low) / np.log(factor) * (1 + 1e-12) + 1e-9)) + 1
    return low * factor ** np.arange(count)


LIMIT = re.compile(r"^(.+?)(<=|>=|==|<|>)(.+)$", re.DOTALL)


def split_limit(text: str) -> tuple[str, str, str]:
    """Output, relation and bound of a limit.

    >>> split_limit("power <= 500 W")
    ('power', '<=', '500 W')
    """
    found = LIMIT.match(text)
    if found is None or any(c in found[3] for c in "<>="):
        raise QuestionError(f"{text!r} is no limit: write OUTPUT <= VALUE, with <=, >=, <, > or ==")
    left, relation, right = (part.strip() for part in found.groups())
    if units.split(left) is not None:
        raise QuestionError(f"{text!r}: write the output first, as in 'power <= 500 W'")
    return left, relation, right
