"""ArchitectureVariant: one candidate, evaluated against the targets; and the shipped five."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symppa import units
from symppa.compat.soc import checks
from symppa.compat.soc.configuration import ChipletConfig, Precision, SMConfig, SoCConfig
from symppa.compat.soc.performance import PerformanceModel
from symppa.compat.soc.power import PowerModel
from symppa.compat.soc.reading import PACKAGE, description, program
from symppa.compat.soc.targets import meets
from symppa.descriptions.load import load
from symppa.errors import QuestionError
from symppa.studies.subject import Subject

SHIPPED = {
    "nexgen_baseline": "Baseline",
    "nexgen_realistic_optimized": "Realistic Optimized",
    "nexgen_high_sm_density": "High SM Density",
    "nexgen_aggressive_optimized": "Aggressive Optimized",
    "nexgen_power_optimized": "Power Optimized",
}


@dataclass(frozen=True)
class ArchitectureVariant:
    """A named configuration; the three configurations are one inside the other."""

    name: str
    description: str
    sm_config: SMConfig
    chiplet_config: ChipletConfig
    soc_config: SoCConfig

    def __post_init__(self) -> None:
        checks.instance("ArchitectureVariant.soc_config", self.soc_config, SoCConfig)
        if self.chiplet_config != self.soc_config.chiplet_config:
            raise QuestionError(f"{self.name}: chiplet_config is not the one in soc_config; give the same to both")
        if self.sm_config != self.chiplet_config.sm_config:
            raise QuestionError(f"{self.name}: sm_config is not the one in chiplet_config; give the same to both")

    def evaluate(self) -> dict[str, Any]:
        """Rates in FP16, power fully used, and which targets are met."""
        performance, power = PerformanceModel(self.soc_config), PowerModel(self.soc_config)
        density, total = performance.compute_density(Precision.FP16), power.total_power()
        return {
            "name": self.name,
            "fp16_tflops": performance.peak_compute(Precision.FP16),
            "fp16_density_tflops_per_mm2": density,
            "total_power_w": total,
            "efficiency_tflops_per_w": power.power_efficiency(Precision.FP16),
            "total_area_mm2": self.soc_config.total_area_mm2,
            "num_chiplets": self.soc_config.num_chiplets,
            "total_sms": self.soc_config.total_sms,
            "meets_density_target": meets("compute_density", density, "TFLOPS/mm2"),
            "meets_power_target": meets("power", total, "W"),
        }


def variants() -> list[ArchitectureVariant]:
    """The five shipped candidates, in the order of the original."""
    return [_variant(name, title) for name, title in SHIPPED.items()]


def _variant(name: str, title: str) -> ArchitectureVariant:
    subject = Subject(description(name))
    told = {n: value.raw for n, value in subject.bound(program(PACKAGE, ("*",))).items()}

    def number(given: str, unit: str) -> float:
        return units.parse(told[given], unit) / units.measure(unit).worth

    rates = told["chiplet.sm.ops_per_cycle"]
    sm = SMConfig(
        tensor_cores=round(number("chiplet.sm.tensor_cores", "1")),
        clock_mhz=number("clock", "MHz"),
        tensor_core_ops_per_cycle={p: round(units.parse(rates[p.value], "op/cycle")) for p in Precision},
    )
    chiplet = ChipletConfig(
        num_sms=round(number("chiplet.sms", "1")),
        l2_cache_mb=number("chiplet.l2", "MB"),
        area_mm2=number("chiplet.area", "mm2"),
        sm_config=sm,
    )
    soc = SoCConfig(
        num_chiplets=round(number("chiplets", "1")),
        hbm3e_stacks=round(number("stacks", "1")),
        hbm3e_bandwidth_gbps_per_stack=number("stack_bandwidth", "GB/s"),
        chiplet_config=chiplet,
    )
    return ArchitectureVariant(title, load(description(name)).meaning, sm, chiplet, soc)
