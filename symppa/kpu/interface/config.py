"""What a KPU is: memories, arrays, formats and the operators that it has."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from symppa.errors import KPUConfigError, suggest
from symppa.kpu.interface.kinds import KPUPrecision

# Rates relative to INT8. THEORETICAL, no source stated: a multiplier of 8 bits that takes 16 bits in two steps,
# 4 bits two at a time, and posits after decoding.
FACTORS: Mapping[KPUPrecision, float] = {
    KPUPrecision.INT8: 1.0, KPUPrecision.INT4: 2.0, KPUPrecision.FP16: 0.5, KPUPrecision.BF16: 0.5,
    KPUPrecision.POSIT8: 0.75, KPUPrecision.POSIT16: 0.375,
}  # fmt: skip
STATED = {"tops_int8": KPUPrecision.INT8, "tops_fp16": KPUPrecision.FP16, "tops_posit8": KPUPrecision.POSIT8}
TOLERANCE = 0.05  # by how much a stated rate may differ from the derived one
NATIVE_OPS = (
    "Conv", "MatMul", "Gemm", "Relu", "Add", "Mul", "Sub", "Div", "MaxPool", "AveragePool", "GlobalAveragePool",
    "BatchNormalization", "Softmax", "Sigmoid", "Tanh", "Concat", "Reshape", "Transpose", "Flatten", "Squeeze",
    "Unsqueeze", "Gather", "Slice", "Split", "Constant", "Identity", "Shape", "Cast", "Pad", "Clip", "ReduceMean",
    "ReduceSum",
)  # fmt: skip
# What networks of today need beside them.
EXTRA_OPS = ("Resize", "SiLU", "HardSwish", "HardSigmoid", "Gelu", "Erf", "LayerNormalization", "HardTanh", "Relu6")
NAME = re.compile(r"[\w.-]+")
KINDS: Mapping[str, tuple[str, Any]] = {
    "int": ("a whole number", int), "float": ("a finite number", (int, float)), "str": ("a text", str),
}  # fmt: skip


@dataclass
class MemoryConfig:
    """Sizes in byte, bandwidths in GB/s (1e9 byte/s): of the memory outside, and between L2 and L1."""

    sram_l1_bytes: int = 262144
    sram_l2_bytes: int = 2097152
    dram_bytes: int = 4 * 1024**3
    dram_bandwidth_gbps: float = 25.6
    sram_bandwidth_gbps: float = 256.0
    cache_line_bytes: int = 64
    l1_associativity: int = 4
    l2_associativity: int = 8


@dataclass
class ComputeConfig:
    """Arrays that work side by side; stated rates in TOPS, powers in W. Lanes are those of each array."""

    systolic_rows: int = 16
    systolic_cols: int = 16
    vector_lanes: int = 16
    clock_mhz: float = 500.0
    tops_int8: float = 4.0
    tops_fp16: float = 2.0
    tops_posit8: float = 3.0
    tdp_watts: float = 5.0
    idle_watts: float = 0.5
    num_arrays: int = 16

    @classmethod
    def derived(cls, **told: Any) -> ComputeConfig:
        """Arrays with the rates that follow from them.

        >>> ComputeConfig.derived(systolic_rows=32, systolic_cols=32).tops_fp16
        8.192
        """
        made = cls(**told)
        return cls(**{**told, **{name: made.derived_tops(one) for name, one in STATED.items()}})

    def derived_tops(self, precision: KPUPrecision) -> float:
        """Peak rate in TOPS that follows from the arrays, 2 op to a multiplication with its addition.

        >>> round(ComputeConfig().derived_tops(KPUPrecision.INT8), 3)
        4.096
        """
        cells = self.systolic_rows * self.systolic_cols * self.num_arrays
        return cells * 2 * self.clock_mhz * 1e6 * FACTORS[precision] / 1e12


@dataclass
class KPUConfig:
    """A KPU; what it states of its rates has to follow from its arrays."""

    name: str = "swkpu-v1"
    version: str = "1.0.0"
    memory: MemoryConfig = field(default_factory=MemoryConfig)
    compute: ComputeConfig = field(default_factory=ComputeConfig)
    supported_precisions: list[KPUPrecision] = field(default_factory=lambda: [KPUPrecision.INT8, KPUPrecision.FP16])
    max_tensor_dims: int = 6
    max_batch_size: int = 16
    native_ops: list[str] = field(default_factory=lambda: list(NATIVE_OPS))

    def validate(self) -> list[str]:
        """What contradicts itself, a sentence each; empty where all is well."""
        return self._kinds() or [*self._sizes(), *self._rates(), *self._rest()]

    def check(self) -> KPUConfig:
        """The same configuration, refused with every contradiction."""
        found = self.validate()
        if found:
            raise KPUConfigError(f"configuration {self.name!r}: " + "; ".join(found))
        return self

    @property
    def operators(self) -> tuple[str, ...]:
        """Every operator that compiles: those it has by name, and what is made of the same hardware."""
        return tuple(dict.fromkeys((*self.native_ops, *EXTRA_OPS)))

    def _kinds(self) -> list[str]:
        """Values that are no numbers, no whole ones or none that end, where such are due."""
        found = []
        for part, told in (("memory.", self.memory), ("compute.", self.compute), ("", self)):
            for one in dataclasses.fields(told):
                value, due = getattr(told, one.name), KINDS.get(str(one.type))
                if due is None:
                    continue
                what, types = due
                if isinstance(value, bool) or not isinstance(value, types) or not _ends(value):
                    found.append(f"{part}{one.name} = {value!r}: {what} is expected")
        odd = [one for one in self.supported_precisions if not isinstance(one, KPUPrecision)]
        found += [f"supported_precisions: {one!r} is no KPUPrecision; write KPUPrecision(...)" for one in odd]
        return found

    def _sizes(self) -> list[str]:
        memory, found = self.memory, []
        if memory.sram_l1_bytes <= 0:
            found.append("L1 SRAM must be positive")
        if memory.sram_l2_bytes <= 0:
            found.append("L2 SRAM must be positive")
        if memory.dram_bytes <= 0:
            found.append("DRAM must be positive")
        if memory.sram_l2_bytes < memory.sram_l1_bytes:
            found.append("L2 SRAM must be at least as large as L1 SRAM")
        if not (memory.dram_bandwidth_gbps > 0 and memory.sram_bandwidth_gbps > 0):
            found.append("Memory bandwidths must be positive")
        if memory.cache_line_bytes <= 0 or memory.l1_associativity <= 0 or memory.l2_associativity <= 0:
            found.append("Cache lines and associativities must be positive")
        return found

    def _rates(self) -> list[str]:
        compute = self.compute
        if not compute.clock_mhz > 0:
            return ["Clock frequency must be positive"]
        sizes = (compute.systolic_rows, compute.systolic_cols, compute.vector_lanes, compute.num_arrays)
        if min(sizes) <= 0:
            return ["Systolic rows, columns, vector lanes and arrays must be positive"]
        found = []
        for name, precision in STATED.items():
            stated, derived = getattr(compute, name), compute.derived_tops(precision)
            if abs(stated - derived) > TOLERANCE * derived:
                found.append(
                    f"{name} = {stated:g} differs from the {derived:.4g} TOPS that {compute.num_arrays} arrays of "
                    f"{compute.systolic_rows}x{compute.systolic_cols} reach at {compute.clock_mhz:g} MHz by more "
                    f"than {TOLERANCE:.0%}: state {derived:.4g}, or take ComputeConfig.derived(...)"
                )
        return found

    def _rest(self) -> list[str]:
        found = []
        if not self.supported_precisions:
            found.append("At least one precision must be supported")
        if not 0 <= self.compute.idle_watts < self.compute.tdp_watts:
            found.append("Idle power must be below the thermal design power, and not negative")
        if self.max_tensor_dims < 1 or self.max_batch_size < 1:
            found.append("At least one dimension and a batch of 1 must be supported")
        if not NAME.fullmatch(self.name):
            found.append("The name must be of letters, digits, dots, dashes and underscores")
        unknown = sorted(set(self.native_ops) - set(NATIVE_OPS) - set(EXTRA_OPS))
        if unknown:
            found.append(f"No operators are known by the names {', '.join(unknown)}")
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `from_dict` reads."""
        told = dataclasses.asdict(self)
        return told | {"supported_precisions": [one.value for one in self.supported_precisions]}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> KPUConfig:
        """The configuration that plain data tell; what is missing has its default, what is unknown is refused."""
        told = dict(told)
        for name, part in (("memory", MemoryConfig), ("compute", ComputeConfig)):
            if name in told:
                told[name] = part(**_known(part, told[name], f"configuration, {name}"))
        if "supported_precisions" in told:
            told["supported_precisions"] = [_precision(one) for one in told["supported_precisions"]]
        return cls(**_known(cls, told, "configuration"))


def _ends(value: Any) -> bool:
    return isinstance(value, str) or math.isfinite(value)


def _known(cls: type, told: Mapping[str, Any], where: str) -> dict[str, Any]:
    names = [one.name for one in dataclasses.fields(cls)]
    for name in told:
        if name not in names:
            raise KPUConfigError(f"{where}: there is no {name!r}{suggest(name, names)}")
    return dict(told)


def _precision(name: str) -> KPUPrecision:
    try:
        return KPUPrecision(name)
    except ValueError:
        known = [one.value for one in KPUPrecision]
        raise KPUConfigError(f"there is no precision {name!r}{suggest(str(name), known)}") from None
