"""Packing: the weights as one piece of bytes.

The bytes are those of a safetensors file: a length, a header of JSON, then the numbers as they lie in memory, the wide
ones first so that each is aligned. int4 lies two to a byte, the lower half first; posits are their patterns; weights
of images that lie pixel by pixel are stored so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np

from symppa.errors import KPUFileError
from symppa.kpu.interface.program import Array, KPUProgram, KPUTensor
from symppa.kpu.passes.allocate import weights
from symppa.kpu.passes.layout import NHWC

TO_NHWC, FROM_NHWC = (0, 2, 3, 1), (0, 3, 1, 2)
# Names of formats in the header, and as numpy has them.
STORED: Mapping[str, tuple[str, Any]] = MappingProxyType({
    "int8": ("I8", np.int8), "int4": ("U8", np.uint8), "fp16": ("F16", np.float16), "bf16": ("BF16", np.uint16),
    "posit8": ("U8", np.uint8), "posit16": ("U16", np.uint16), "int32": ("I32", np.int32), "fp32": ("F32", np.float32),
    "int64": ("I64", np.int64), "bool": ("BOOL", np.bool_),
})  # fmt: skip
WIDEST = 8  # byte


def pack(program: KPUProgram) -> KPUProgram:
    """The program as it is saved and run."""
    packed = blob([(program.tensors[name], program.constants[name]) for name in weights(program)])
    facts = {**program.facts, "weights": hashlib.sha256(packed).hexdigest()}
    return replace(program, weights_blob=packed, constants={}, facts=facts)


def blob(told: Sequence[tuple[KPUTensor, Array]]) -> bytes:
    """Tensors with their numbers as the bytes of a safetensors file."""
    header: dict[str, Any] = {}
    parts, end = [], 0
    for tensor, numbers in sorted(told, key=lambda one: -np.dtype(STORED[one[0].dtype][1]).itemsize):
        held = stored(tensor, numbers)
        parts.append(held.reshape(-1).view(np.uint8).data)
        offsets = [end, end + held.nbytes]
        header[tensor.id] = {"dtype": STORED[tensor.dtype][0], "shape": list(held.shape), "data_offsets": offsets}
        end += held.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % WIDEST)
    return b"".join([len(text).to_bytes(WIDEST, "little"), text, *parts])


def unpacked(program: KPUProgram) -> dict[str, Array]:
    """The weights of a packed program by name, as `constants` had them; read where they lie where that is possible."""
    from symppa.kpu.archive import weights as raw

    held = raw(program)
    missing = [name for name in weights(program) if name not in held]
    if missing:
        raise KPUFileError(f"the weights of {program.name} lack {', '.join(missing[:6])}")
    return {name: restored(program.tensors[name], held[name]) for name in weights(program)}


def stored(tensor: KPUTensor, numbers: Array) -> Array:
    """Numbers as they lie in memory."""
    if tensor.layout.format == NHWC:
        numbers = numbers.transpose(TO_NHWC)
    return np.ascontiguousarray(_TO.get(tensor.dtype, _as_is)(numbers), STORED[tensor.dtype][1])


def restored(tensor: KPUTensor, held: Array) -> Array:
    """Numbers from how they lie in memory."""
    shape = tensor.shape
    if tensor.layout.format == NHWC:
        shape = tuple(shape[at] for at in TO_NHWC)
    numbers = _FROM.get(tensor.dtype, _as_is)(held).reshape(-1)
    if numbers.size not in (prod(shape), prod(shape) + (tensor.dtype == "int4")):
        raise KPUFileError(f"{tensor.name} has {prod(shape)} elements; its weights have {numbers.size}")
    numbers = numbers[: prod(shape)].reshape(shape)
    return numbers.transpose(FROM_NHWC) if tensor.layout.format == NHWC else numbers


def _as_is(numbers: Array) -> Array:
    return numbers


def _nibbles(numbers: Array) -> Array:
    flat = np.ascontiguousarray(numbers, np.int8).reshape(-1).view(np.uint8) & 0xF
    if flat.size % 2:
        flat = np.append(flat, np.uint8(0))
    return np.asarray(flat[::2] | flat[1::2] << 4)


def _from_nibbles(found: Array) -> Array:
    halves = np.stack((found & 0xF, found >> 4), axis=-1).reshape(-1).astype(np.int8)
    return np.asarray((halves ^ 8) - 8)


def _upper(numbers: Array) -> Array:
    return np.asarray(np.ascontiguousarray(numbers, np.float32).view(np.uint32) >> 16, np.uint16)


def _from_upper(found: Array) -> Array:
    return (found.astype(np.uint32) << 16).view(np.float32)


_TO: Mapping[str, Callable[[Array], Array]] = MappingProxyType({"int4": _nibbles, "bf16": _upper})
_FROM: Mapping[str, Callable[[Array], Array]] = MappingProxyType({"int4": _from_nibbles, "bf16": _from_upper})
