"""A program as plain data and back: every field by its name and type, nothing guessed, nothing lost."""

from __future__ import annotations

import base64
import dataclasses
import math
import types
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from symppa.errors import KPUFileError
from symppa.kpu.interface.program import KPUProgram

LEFT_OUT = ("weights_blob", "weights_path", "constants")  # weights are told beside the program
TUPLE, FLOAT, ARRAY = "$tuple", "$float", "$array"  # what JSON has no words for
Made = TypeVar("Made")


def as_plain(program: KPUProgram) -> dict[str, Any]:
    """A program without its weights, as JSON can say it."""
    return _fields(program, LEFT_OUT)


def program_of(told: Mapping[str, Any]) -> KPUProgram:
    """The program that plain data tell; fields that are missing, unknown or of another type are refused."""
    return _made(KPUProgram, told, "program", LEFT_OUT)


def _fields(one: Any, left_out: tuple[str, ...] = ()) -> dict[str, Any]:
    names = (field.name for field in dataclasses.fields(one) if field.name not in left_out)
    return {name: _plain(getattr(one, name), name) for name in names}


def _plain(value: Any, where: str) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int) and not isinstance(value, Enum):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {FLOAT: repr(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list):
        return [_plain(one, where) for one in value]
    if isinstance(value, tuple):
        return {TUPLE: [_plain(one, where) for one in value]}
    if isinstance(value, Mapping):
        return {_key(name, where): _plain(one, f"{where}.{name}") for name, one in value.items()}
    if dataclasses.is_dataclass(value):
        return _fields(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode("ascii")
        return {ARRAY: [value.dtype.str, list(value.shape), data]}
    raise KPUFileError(f"{where} is {value!r} of type {type(value).__name__}, which a .kpu file cannot hold")


def _key(name: Any, where: str) -> str:
    if not isinstance(name, str) or name.startswith("$"):
        raise KPUFileError(f"{where} has the key {name!r}; keys are texts that do not begin with $")
    return name


def _made(cls: type[Made], told: Any, where: str, left_out: tuple[str, ...] = ()) -> Made:
    if not isinstance(told, Mapping):
        raise KPUFileError(f"{where} is no mapping")
    known: Any = cls
    hints = {name: hint for name, hint in _hints(known).items() if name not in left_out}
    odd = sorted(set(told) ^ set(hints))
    if odd:
        raise KPUFileError(f"{where} has to tell {', '.join(hints)}; missing or unknown: {', '.join(map(str, odd))}")
    return cls(**{name: _value(hint, told[name], f"{where}.{name}") for name, hint in hints.items()})


@lru_cache(maxsize=32)
def _hints(cls: Any) -> Mapping[str, Any]:
    return {field.name: get_type_hints(cls)[field.name] for field in dataclasses.fields(cls)}


def _value(hint: Any, told: Any, where: str) -> Any:
    """A value of a type that is told plainly."""
    if hint is Any:
        return _any(told, where)
    if isinstance(hint, type) and hint in PLAINLY:
        return PLAINLY[hint](told, where)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint, told, where)
    if dataclasses.is_dataclass(hint):
        return _made(hint, told, where)  # type: ignore[arg-type]
    return _several(hint, told, where)


def _several(hint: Any, told: Any, where: str) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _either(inner, told, where)
    if origin is list:
        return [_value(inner[0], one, where) for one in _checked(told, list, where)]
    if origin is tuple:
        held = _checked(told, dict, where).get(TUPLE)
        return tuple(_value(inner[0], one, where) for one in _checked(held, list, where))
    if origin is dict:
        found = _checked(told, dict, where)
        return {_key(name, where): _value(inner[1], one, f"{where}.{name}") for name, one in found.items()}
    raise KPUFileError(f"{where}: nothing of type {hint} is read")


def _either(hints: tuple[Any, ...], told: Any, where: str) -> Any:
    if told is None and type(None) in hints:
        return None
    for hint in hints:
        if hint is not type(None):
            try:
                return _value(hint, told, where)
            except KPUFileError:
                continue
    raise KPUFileError(f"{where} = {told!r} is none of what it may be")


def _checked(told: Any, kind: type[Made], where: str) -> Made:
    if not isinstance(told, kind) or (kind is int and isinstance(told, bool)):
        raise KPUFileError(f"{where} = {str(told)[:60]!r} is of another type than {kind.__name__}")
    return told


def _number(told: Any, where: str) -> float | int:
    """A number as it was: a field for a float may hold a whole number."""
    if isinstance(told, dict) and set(told) == {FLOAT}:
        return float(_checked(told[FLOAT], str, where))
    return told if isinstance(told, int) and not isinstance(told, bool) else _checked(told, float, where)


def _enum(kind: type[Enum], told: Any, where: str) -> Enum:
    try:
        return kind(told)
    except ValueError:
        raise KPUFileError(f"{where} = {str(told)[:60]!r} is no {kind.__name__}") from None


def _any(told: Any, where: str) -> Any:
    if isinstance(told, list):
        return [_any(one, where) for one in told]
    if not isinstance(told, dict):
        return told
    if len(told) == 1 and next(iter(told)) in MARKED:
        mark, held = next(iter(told.items()))
        return MARKED[mark](held, where)
    return {_key(name, where): _any(one, f"{where}.{name}") for name, one in told.items()}


def _array(held: Any, where: str) -> Any:
    try:
        kind, shape, data = held
        if np.dtype(kind).kind not in "biuf":
            raise ValueError(kind)
        return np.frombuffer(base64.b64decode(data, validate=True), np.dtype(kind)).reshape(shape).copy()
    except (ValueError, TypeError) as error:
        raise KPUFileError(f"{where} is no array: {error}") from error


PLAINLY: Mapping[type, Callable[[Any, str], Any]] = {
    bool: lambda told, where: _checked(told, bool, where),
    int: lambda told, where: _checked(told, int, where),
    str: lambda told, where: _checked(told, str, where),
    float: _number,
}
MARKED: Mapping[str, Callable[[Any, str], Any]] = {
    TUPLE: lambda held, where: tuple(_any(one, where) for one in _checked(held, list, where)),
    FLOAT: lambda held, where: _number({FLOAT: held}, where),
    ARRAY: _array,
}
