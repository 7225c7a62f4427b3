"""Configurations of the original: its fields, its defaults, its units (which its field names carry)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from symppa.compat.soc import checks
from symppa.compat.soc.reading import as_written, read
from symppa.errors import QuestionError, UnknownValueError


class Precision(Enum):
    """Number formats of a tensor core."""

    FP4 = "FP4"
    FP8 = "FP8"
    INT8 = "INT8"
    FP16 = "FP16"
    BF16 = "BF16"
    FP32 = "FP32"


def _default_ops() -> dict[Precision, int]:
    return {
        Precision.FP4: 512,
        Precision.FP8: 256,
        Precision.INT8: 256,
        Precision.FP16: 128,
        Precision.BF16: 128,
        Precision.FP32: 64,
    }


@dataclass(frozen=True)
class SMConfig:
    """A multiprocessor; `tensor_core_ops_per_cycle` is of one tensor core.

    `cuda_cores` and the three memory sizes are descriptive only: no number depends on them.
    """

    cuda_cores: int = 128
    tensor_cores: int = 4
    l1_cache_kb: int = 128
    shared_memory_kb: int = 128
    register_file_kb: int = 256
    clock_mhz: float = 2000
    tensor_core_ops_per_cycle: dict[Precision, int] = field(default_factory=_default_ops)

    def __post_init__(self) -> None:
        checks.count("SMConfig.tensor_cores", self.tensor_cores)
        checks.positive("SMConfig.clock_mhz", self.clock_mhz)
        _check_descriptive(self, "cuda_cores", "l1_cache_kb", "shared_memory_kb", "register_file_kb")
        ops = self.tensor_core_ops_per_cycle
        if not isinstance(ops, Mapping) or not ops:
            raise QuestionError(f"SMConfig.tensor_core_ops_per_cycle = {ops!r}; expected {{Precision: number}}")
        for precision, rate in ops.items():
            checks.instance("a key of SMConfig.tensor_core_ops_per_cycle", precision, Precision)
            checks.positive(f"SMConfig.tensor_core_ops_per_cycle[{precision.name}]", rate)
        object.__setattr__(self, "tensor_core_ops_per_cycle", dict(ops))

    def peak_tflops(self, precision: Precision) -> float:
        """Peak rate of one multiprocessor."""
        alone = {**self.values(), **self.chosen(precision), "chiplets": 1, "chiplet.sms": 1}
        return float(read("peak_compute", "TFLOPS", alone))

    def values(self) -> dict[str, Any]:
        """The model's givens that this fixes."""
        return {
            "clock": (self.clock_mhz, "MHz"),
            "chiplet.sm.tensor_cores": self.tensor_cores,
            "chiplet.sm.ops_per_cycle": {p.value: r for p, r in self.tensor_core_ops_per_cycle.items()},
        }

    def chosen(self, precision: Precision) -> dict[str, Any]:
        """The model's choice of number format."""
        checks.instance("precision", precision, Precision)
        if precision not in self.tensor_core_ops_per_cycle:
            known = [p.value for p in self.tensor_core_ops_per_cycle]
            raise UnknownValueError("SMConfig.tensor_core_ops_per_cycle", precision.value, known, "precision")
        return {"precision": precision.value}


@dataclass(frozen=True)
class ChipletConfig:
    """A compute chiplet.

    `ucIe_bandwidth_gbps` (in each direction) and `process_node` are descriptive only.
    """

    num_sms: int = 16
    l2_cache_mb: float = 6
    ucIe_bandwidth_gbps: float = 256
    area_mm2: float = 400
    process_node: str = "TSMC 3nm"
    sm_config: SMConfig = field(default_factory=SMConfig)

    def __post_init__(self) -> None:
        checks.count("ChipletConfig.num_sms", self.num_sms)
        checks.not_negative("ChipletConfig.l2_cache_mb", self.l2_cache_mb)
        checks.positive("ChipletConfig.area_mm2", self.area_mm2)
        _check_descriptive(self, "ucIe_bandwidth_gbps")
        checks.instance("ChipletConfig.process_node", self.process_node, str)
        checks.instance("ChipletConfig.sm_config", self.sm_config, SMConfig)

    def values(self) -> dict[str, Any]:
        """The model's givens that this fixes."""
        return {
            **self.sm_config.values(),
            "chiplet.sms": self.num_sms,
            "chiplet.l2": (self.l2_cache_mb, "MB"),
            "chiplet.area": (self.area_mm2, "mm2"),
        }


@dataclass(frozen=True)
class SoCConfig:
    """A package. Its memory bandwidth counts in GB/s, whatever the name of the field suggests.

    The nvlink and pcie fields are descriptive only.
    """

    num_chiplets: int = 4
    hbm3e_stacks: int = 8
    hbm3e_bandwidth_gbps_per_stack: float = 128
    nvlink_lanes: int = 6
    nvlink_bandwidth_gbps_per_lane: float = 100
    pcie_gen: int = 6
    pcie_lanes: int = 16
    pcie_bandwidth_gbps: float = 128
    chiplet_config: ChipletConfig = field(default_factory=ChipletConfig)

    def __post_init__(self) -> None:
        checks.count("SoCConfig.num_chiplets", self.num_chiplets)
        checks.count("SoCConfig.hbm3e_stacks", self.hbm3e_stacks)
        checks.positive("SoCConfig.hbm3e_bandwidth_gbps_per_stack", self.hbm3e_bandwidth_gbps_per_stack)
        _check_descriptive(self, "nvlink_lanes", "nvlink_bandwidth_gbps_per_lane")
        _check_descriptive(self, "pcie_gen", "pcie_lanes", "pcie_bandwidth_gbps")
        checks.instance("SoCConfig.chiplet_config", self.chiplet_config, ChipletConfig)

    @property
    def total_sms(self) -> int:
        """Multiprocessors of the package: its tensor cores, were there one in each."""
        return int(read("tensor_cores", "1", {**self.values(), "chiplet.sm.tensor_cores": 1}))

    @property
    def total_hbm_bandwidth_gbps(self) -> float:
        """Memory bandwidth of the package, in GB/s."""
        return as_written(read("memory_bandwidth", "GB/s", self.values()))

    @property
    def total_area_mm2(self) -> float:
        """Silicon area of the chiplets."""
        return as_written(read("area", "mm2", self.values()))

    def values(self) -> dict[str, Any]:
        """The model's givens that this fixes."""
        return {
            **self.chiplet_config.values(),
            "chiplets": self.num_chiplets,
            "stacks": self.hbm3e_stacks,
            "stack_bandwidth": (self.hbm3e_bandwidth_gbps_per_stack, "GB/s"),
        }


def _check_descriptive(config: Any, *names: str) -> None:
    for name in names:
        checks.not_negative(f"{type(config).__name__}.{name}", getattr(config, name))
