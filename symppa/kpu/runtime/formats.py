"""How the numbers of tensors lie in memory, and how they are rounded when they are written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from symppa.errors import QuantizationError
from symppa.kpu.interface.program import Array, KPUTensor
from symppa.kpu.numbers import bf16
from symppa.kpu.posit import decoded, encoded

LEVELS = {"int8": (-128, 127), "int4": (-8, 7), "int32": (-(2**31), 2**31 - 1)}
STORAGE: Mapping[str, Any] = MappingProxyType({"int8": np.int8, "int4": np.int8, "int32": np.int32})


class Format(ABC):
    """Numbers as they are held, and as they are computed with: float32, or whole where they count something."""

    storage: Any

    @abstractmethod
    def real(self, held: Array) -> Array:
        """What held numbers mean."""

    @abstractmethod
    def held(self, real: Array) -> Array:
        """Numbers as they are written, each rounded once, ties to even."""


@dataclass(frozen=True)
class Floating(Format):
    """Numbers of IEEE: fp32, fp16. What is too large is infinite."""

    storage: Any

    def real(self, held: Array) -> Array:
        return held.astype(np.float32, copy=False)

    def held(self, real: Array) -> Array:
        with np.errstate(over="ignore"):
            return real.astype(self.storage, copy=False)


@dataclass(frozen=True)
class Brain(Format):
    """bf16: float32 whose lower bits are 0."""

    storage: Any = np.float32

    def real(self, held: Array) -> Array:
        return held

    def held(self, real: Array) -> Array:
        return bf16(real)


@dataclass(frozen=True)
class Posit(Format):
    """Posits by their patterns. What is no number is refused: a posit has no infinity."""

    bits: int

    @property
    def storage(self) -> Any:
        """What holds a pattern."""
        return np.uint8 if self.bits == 8 else np.uint16

    def real(self, held: Array) -> Array:
        return _table(self.bits)[held]

    def held(self, real: Array) -> Array:
        return encoded(real, self.bits)


@lru_cache(maxsize=4)
def _table(bits: int) -> Array:
    """The value of every pattern."""
    found = decoded(np.arange(1 << bits), bits)
    found.flags.writeable = False
    return found


@dataclass(frozen=True)
class Scaled(Format):
    """Whole numbers that mean (held - zero) scale; a scale for each place along an axis, or one."""

    dtype: str
    scale: tuple[float, ...]
    zero: tuple[int, ...]
    axis: int | None = None

    @property
    def storage(self) -> Any:
        """What holds a number; that of 4 bits has a byte while it is worked with."""
        return STORAGE[self.dtype]

    @property
    def reach(self) -> int:
        """The largest size of a held number."""
        return -LEVELS[self.dtype][0]

    def real(self, held: Array) -> Array:
        return np.asarray((held.astype(np.float32) - self.zeros(held.ndim)) * self.scales(held.ndim))

    def held(self, real: Array) -> Array:
        found = np.rint(real * (np.float32(1) / self.scales(real.ndim)))
        found += self.zeros(real.ndim)
        return np.clip(found, *LEVELS[self.dtype], out=found).astype(self.storage)

    def scales(self, rank: int) -> Array:
        """Scales that spread over an array of so many axes."""
        return self._along(np.array(self.scale, np.float32), rank)

    def zeros(self, rank: int) -> Array:
        """Zero points likewise."""
        return self._along(np.array(self.zero, np.float32), rank)

    def _along(self, told: Array, rank: int) -> Array:
        return told[0] if self.axis is None else told.reshape([-1 if at == self.axis else 1 for at in range(rank)])


@dataclass(frozen=True)
class Counting(Format):
    """Whole numbers and truth values that mean themselves."""

    storage: Any

    def real(self, held: Array) -> Array:
        return held

    def held(self, real: Array) -> Array:
        return real.astype(self.storage, copy=False)


PLAIN: Mapping[str, Format] = MappingProxyType({
    "fp32": Floating(np.float32), "fp16": Floating(np.float16), "bf16": Brain(), "posit8": Posit(8),
    "posit16": Posit(16), "int64": Counting(np.int64), "bool": Counting(np.bool_), "int32": Counting(np.int32),
})  # fmt: skip


def format_of(tensor: KPUTensor) -> Format:
    """The format of a tensor; whole numbers that nobody scaled are refused."""
    if tensor.scale is None:
        if tensor.dtype not in PLAIN:
            raise QuantizationError(
                f"{tensor.name} is {tensor.dtype} without a scale: compile with calibration data, and it has one"
            )
        return PLAIN[tensor.dtype]
    scale = tuple(tensor.scale) if isinstance(tensor.scale, list) else (tensor.scale,)
    told = 0 if tensor.zero_point is None else tensor.zero_point
    zero = tuple(told) if isinstance(told, list) else (told,) * len(scale)
    axis = tensor.channel_axis if isinstance(tensor.scale, list) else None
    return Scaled(tensor.dtype, scale, zero, axis)
