"""Arrays as C reads them."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from symppa.engine.border import Array

LINE = 64  # bytes of a cache line
HUGE = 1_000_000  # elements of an array that is not worth a copy


def by_position(keys: Array, entries: Array) -> Array:
    """A table as C reads it: how many places, the first key, then an entry for each key or NaN."""
    places = int(keys[-1] - keys[0]) + 1
    found = np.full(places + 2, np.nan)
    found[:2] = places, keys[0]
    found[2 + (keys - keys[0]).astype(int)] = entries
    return found


def aligned_empty(shape: Sequence[int]) -> Array:
    """An array that begins with a cache line."""
    size = prod(shape)
    whole = np.empty(size + LINE // 8)
    first = -(whole.ctypes.data // 8) % (LINE // 8)
    return whole[first : first + size].reshape(shape)


def aligned(raw: Any) -> Array:
    """A contiguous copy that begins with a cache line; what does is left as it is."""
    values: Array = np.asarray(raw, float)
    if values.flags.c_contiguous and (values.ctypes.data % LINE == 0 or values.size > HUGE):
        return values
    found = aligned_empty(values.shape)
    found[...] = values
    return found


def numbers(values: Sequence[int]) -> Any:
    """Whole numbers, as C reads them."""
    return (ctypes.c_longlong * max(1, len(values)))(*values)


def pointers(arrays: Sequence[Array | None]) -> Any:
    """Addresses; the arrays must be kept alive elsewhere."""
    return (ctypes.c_void_p * max(1, len(arrays)))(*[None if a is None else a.ctypes.data for a in arrays])
