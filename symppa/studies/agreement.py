"""How far arrays and facts are from what was recorded of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symppa import units
from symppa.studies.result import Array, Coordinate, Output, as_text

TOLERANCE = 1e-12
NONE = float("nan")
GONE = "nothing"


@dataclass(frozen=True)
class Agreement:
    """The largest relative difference between two arrays and its place, or why there is none."""

    difference: float = 0.0
    why: str = ""
    at: tuple[int, ...] = ()
    then: float = NONE
    now: float = NONE

    @property
    def trouble(self) -> str:
        """In which way both differ, if they do."""
        return self.why or ("" if self.difference <= TOLERANCE else f"relative difference {self.difference:.3g}")


def agreement(values: Any, unit: str, now: Output | Coordinate | None) -> Agreement:
    """What was recorded in a unit beside what there is now; null is undefined or infinite."""
    if now is None:
        return Agreement(NONE, "there is none any more")
    text = now.values.dtype.kind in "US"
    try:
        old = np.array(values, dtype=str if text else float)
    except (TypeError, ValueError):
        return Agreement(NONE, "what was recorded is no such array: was it edited?")
    if old.size == now.values.size == 0:
        return Agreement()
    if old.shape != now.values.shape:
        return Agreement(NONE, f"had the shape {_shape(old)}, has {_shape(now.values)}")
    if text:
        odd = np.count_nonzero(old != now.values)
        return Agreement(NONE, f"{odd} of {old.size} labels differ") if odd else Agreement()
    if units.dimension(unit) != units.dimension(now.unit):
        return Agreement(NONE, f"was in {unit}, is in {now.unit}")
    if unit != now.unit:
        old = old * (units.measure(unit).worth / units.measure(now.unit).worth)
    return _beside(old, np.where(np.isfinite(now.values), now.values, NONE))


def _beside(then: Array, now: Array) -> Agreement:
    holes = np.isnan(then) != np.isnan(now)
    if holes.any():
        return Agreement(NONE, f"{np.count_nonzero(holes)} of {then.size} are undefined or infinite in one of the two")
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.abs(now - then) / np.maximum(np.abs(then), np.abs(now))
    relative = np.nan_to_num(relative)
    where = np.unravel_index(int(np.argmax(relative)), then.shape)
    return Agreement(float(relative[where]), "", tuple(map(int, where)), float(then[where]), float(now[where]))


def _shape(array: Array) -> str:
    return " x ".join(map(str, array.shape)) or "one number"


def moved(then: Any, now: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """What was recorded as plain data and is not the same now, by dotted name; what is new now is no difference."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for key, value in then.items():
            yield from moved(value, now.get(key, GONE), f"{name}.{key}" if name else key)
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for place, (a, b) in enumerate(zip(then, now, strict=True)):
            yield from moved(a, b, f"{name}.{place}")
    elif not _same(then, now):
        yield name, f"{as_text(then)} then, {as_text(now)} now"


def _same(then: Any, now: Any) -> bool:
    if isinstance(then, float | int) and isinstance(now, float | int):
        whole = isinstance(then, int) and isinstance(now, int)
        return then == now if whole else abs(then - now) <= TOLERANCE * max(abs(then), abs(now))
    return bool(then == now)
