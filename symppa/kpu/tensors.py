"""Tensors in a safetensors blob, read in place: a length, a header of JSON, then the numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from mmap import mmap
from typing import Any

import numpy as np

from symppa.errors import KPUFileError
from symppa.kpu.interface.program import Array

FIRST = 8
MOST_HEADER = 1 << 27
# BF16 has no numpy type: its 16 bits are given as they are.
TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
         "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1"}  # fmt: skip


def tensors(blob: bytes | mmap) -> Mapping[str, Array]:
    """Arrays by name that look at the blob; they cannot be written to. What does not fit together is refused."""
    size = int.from_bytes(blob[:FIRST], "little")
    if len(blob) < FIRST or size > min(MOST_HEADER, len(blob) - FIRST):
        raise KPUFileError("its weights are no safetensors: the header is cut short")
    try:
        header = json.loads(blob[FIRST : FIRST + size])
        told = {name: one for name, one in header.items() if name != "__metadata__"}
        return {name: _tensor(blob, FIRST + size, one) for name, one in told.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise KPUFileError(f"its weights are no safetensors: {error}") from error


def _tensor(blob: bytes | mmap, start: int, told: Mapping[str, Any]) -> Array:
    kind, shape, (first, last) = np.dtype(TYPES[told["dtype"]]), tuple(told["shape"]), told["data_offsets"]
    if min(shape, default=0) < 0 or first < 0 or last - first != prod(shape) * kind.itemsize:
        raise ValueError(f"a tensor of {shape} does not take {last - first} bytes")
    if start + last > len(blob):
        raise ValueError("a tensor lies behind the end")
    return np.frombuffer(blob, kind, prod(shape), start + first).reshape(shape)
