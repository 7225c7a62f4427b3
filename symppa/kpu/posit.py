"""Posits of 8 and 16 bits with two exponent bits: all their values, and the nearest one to a number."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from symppa.errors import QuantizationError

Array = np.ndarray[Any, Any]
EXPONENT = 2  # bits, of the standard of 2022


@lru_cache(maxsize=4)
def posits(bits: int) -> Array:
    """The value of each pattern of bits from 0 to the largest, rising: the posits that are not negative.

    >>> posits(8)[[0, 1, 64, 127]].tolist()
    [0.0, 5.960464477539063e-08, 1.0, 16777216.0]
    """
    found = np.zeros(1 << (bits - 1))
    for pattern in range(1, len(found)):
        text = f"{pattern:0{bits - 1}b}"
        same = len(text) - len(text.lstrip(text[0]))
        regime = same - 1 if text[0] == "1" else -same
        rest = text[same + 1 :]
        exponent = int(rest[:EXPONENT].ljust(EXPONENT, "0"), 2)
        fraction = rest[EXPONENT:]
        part = int(fraction, 2) / (1 << len(fraction)) if fraction else 0.0
        found[pattern] = np.ldexp(1 + part, regime * (1 << EXPONENT) + exponent)
    found.flags.writeable = False
    return found


def encoded(numbers: Array, bits: int) -> Array:
    """The patterns of the nearest posits, ties to the even pattern; what is not 0 never becomes 0, nothing overflows.

    >>> encoded(np.array([1.0, -1.0, 1e-30, 1e30]), 8).tolist()
    [64, 192, 1, 127]
    """
    if not np.isfinite(numbers).all():
        raise QuantizationError(f"{int((~np.isfinite(numbers)).sum())} values are not finite: a posit is a number")
    size = np.abs(numbers)
    # A posit of one bit more lies between each two: from there on the upper one is nearer.
    halves = posits(bits + 1)[1::2]
    pattern = np.searchsorted(halves, size, side="left")
    tie = (pattern < len(halves)) & (size == halves[np.minimum(pattern, len(halves) - 1)]) & (pattern % 2 == 1)
    pattern = np.clip(pattern + tie, (size > 0).astype(np.int64), (1 << (bits - 1)) - 1)
    return np.asarray(np.where(numbers < 0, (1 << bits) - pattern, pattern), np.uint8 if bits == 8 else np.uint16)


def decoded(patterns: Array, bits: int) -> Array:
    """The values of patterns, float32.

    >>> decoded(np.array([64, 192], np.uint8), 8).tolist()
    [1.0, -1.0]
    """
    whole = patterns.astype(np.int64)
    negative = whole >> (bits - 1) == 1
    size = posits(bits)[np.where(negative, (1 << bits) - whole, whole) & ((1 << (bits - 1)) - 1)]
    return np.asarray(np.where(negative, -size, size), np.float32)
