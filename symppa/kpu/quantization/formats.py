"""Numbers as their format has them, back in 32 bits: what is lost on the way is lost here too."""

from __future__ import annotations

import numpy as np

from symppa.errors import QuantizationError
from symppa.kpu.interface.program import Array, KPUTensor
from symppa.kpu.numbers import bf16
from symppa.kpu.posit import decoded, encoded

ENDS = {"int8": (-128, 127), "int4": (-8, 7), "int32": (-(2**31), 2**31 - 1)}


def rounded(tensor: KPUTensor, numbers: Array) -> Array:
    """Activations as they come out of their format."""
    kind = tensor.dtype
    if kind in ENDS:
        scale, zero = _steps(tensor)
        low, high = ENDS[kind]
        found = np.rint(numbers * (1 / scale))
        found += zero
        np.clip(found, low, high, out=found)
        found -= zero
        found *= scale
        return np.asarray(found)
    if kind == "fp16":
        with np.errstate(over="ignore"):
            return np.asarray(numbers.astype(np.float16).astype(np.float32))
    if kind == "bf16":
        return bf16(numbers)
    if kind.startswith("posit"):
        return decoded(encoded(numbers, 8 * (1 + (kind == "posit16"))), 8 * (1 + (kind == "posit16")))
    return numbers


def restored(tensor: KPUTensor, held: Array) -> Array:
    """Constants of a program, as numbers."""
    kind = tensor.dtype
    if kind in ENDS and tensor.scale is not None:
        scale, zero = _steps(tensor)
        return np.asarray((held.astype(np.float32) - zero) * scale)
    if kind == "fp16":
        return held.astype(np.float32)
    if kind.startswith("posit"):
        return decoded(held, 8 * (1 + (kind == "posit16")))
    return held


def _steps(tensor: KPUTensor) -> tuple[Array, Array]:
    """Scale and zero point, to be broadcast over the tensor."""
    if tensor.scale is None or tensor.zero_point is None:
        raise QuantizationError(f"{tensor.name} has no scale: calibration data set it")
    axis = tensor.channel_axis
    shape = [-1 if at == axis else 1 for at in range(len(tensor.shape))] if isinstance(tensor.scale, list) else []
    scale, zero = (np.asarray(one, np.float32) for one in (tensor.scale, tensor.zero_point))
    return scale.reshape(shape), zero.reshape(shape)
