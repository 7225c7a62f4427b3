"""What an argument may be: refused with its name, its value and what was expected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from reprlib import repr as shown
from typing import Any, TypeVar

import numpy as np

from symppa.engine.border import Array
from symppa.errors import DomainError, QuestionError

Kind = TypeVar("Kind")


def instance(where: str, value: Any, kind: type[Kind]) -> Kind:
    """The value, when it is of its kind."""
    if not isinstance(value, kind):
        raise QuestionError(f"{where} = {shown(value)} is a {type(value).__name__}; expected a {kind.__name__}")
    return value


def real(where: str, value: Any, expected: str = "a finite number") -> None:
    """Refuse what is no finite number."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise QuestionError(f"{where} = {shown(value)} is a {type(value).__name__}; expected {expected}")
    if not math.isfinite(value):
        raise DomainError(f"{where} = {value}; expected {expected}")


def count(where: str, value: Any) -> None:
    """Refuse what is no whole number of at least one."""
    expected = "a whole number of at least 1"
    real(where, value, expected)
    if not float(value).is_integer() or value < 1:
        raise DomainError(f"{where} = {value}; expected {expected}")


def positive(where: str, value: Any) -> None:
    """Refuse what is no finite number above zero."""
    expected = "a finite number above 0"
    real(where, value, expected)
    if value <= 0:
        raise DomainError(f"{where} = {value}; expected {expected}")


def not_negative(where: str, value: Any) -> None:
    """Refuse what is no finite number of at least zero."""
    expected = "a finite number of at least 0"
    real(where, value, expected)
    if value < 0:
        raise DomainError(f"{where} = {value}; expected {expected}")


def numbers(where: str, value: Any) -> Array:
    """A number, list or array as an array of its own shape; whole numbers stay whole."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise QuestionError(f"{where} = {shown(value)}; its rows differ in length") from None
    if array.dtype.kind not in "iuf":
        raise QuestionError(f"{where} = {shown(value)}; expected a number, or a list or array of numbers")
    if not array.size:
        raise QuestionError(f"{where} is empty; expected at least one number")
    bad = ~(np.isfinite(array) & (array >= 0))
    if bad.any():
        raise DomainError(f"{where} = {array[bad].ravel()[0]}; expected finite numbers of at least 0")
    return array


def counts(where: str, values: Any) -> list[int]:
    """A list of whole numbers, each at least one."""
    if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray) or not np.size(values):
        raise QuestionError(f"{where} = {shown(values)}; expected a list of whole numbers, at least one")
    listed = list(np.atleast_1d(values)) if isinstance(values, np.ndarray) else list(values)
    for value in listed:
        count(where, value)
    return [int(value) for value in listed]
