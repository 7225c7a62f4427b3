"""The words of the KPU: number formats, memories, modes."""

from __future__ import annotations

from enum import Enum


class KPUPrecision(Enum):
    """Number formats of the array."""

    INT8 = "int8"
    INT4 = "int4"
    FP16 = "fp16"
    BF16 = "bf16"
    POSIT8 = "posit8"
    POSIT16 = "posit16"

    @property
    def bits(self) -> int:
        """Storage of a number in bits."""
        return BITS[self.value]


BITS = {"int8": 8, "int4": 4, "fp16": 16, "bf16": 16, "posit8": 8, "posit16": 16, "int32": 32, "fp32": 32,
        "int64": 64, "bool": 8}  # fmt: skip


class MemoryType(Enum):
    """Levels of memory, nearest first."""

    REGISTER = "register"
    SRAM_L1 = "sram_l1"
    SRAM_L2 = "sram_l2"
    DRAM = "dram"
    FLASH = "flash"


class SimulationMode(Enum):
    """What an execution tells beside its numbers."""

    FUNCTIONAL = "functional"
    CYCLE_ACCURATE = "cycle_accurate"
    POWER_TRACE = "power_trace"
