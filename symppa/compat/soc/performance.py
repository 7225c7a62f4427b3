"""PerformanceModel: peak rates, density, bandwidth and the roofline of a configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symppa.compat.soc import checks, figures
from symppa.compat.soc.configuration import Precision, SMConfig, SoCConfig
from symppa.compat.soc.reading import read
from symppa.errors import QuestionError

BITS_FOR_BYTES = "Gbit/s"  # the original's ridge point takes a bandwidth written in GB/s for this


@dataclass(frozen=True)
class PerformanceModel:
    """Rates of a package. `as_coded` gives the original's slips instead of the corrected values.

    Those are: a ridge point from bits taken for bytes, hence eight times too high; the bottleneck judged by it;
    and a peak rate that loses its fraction where the intensities are whole numbers.
    """

    soc_config: SoCConfig
    as_coded: bool = False

    def __post_init__(self) -> None:
        checks.instance("soc_config", self.soc_config, SoCConfig)
        checks.instance("as_coded", self.as_coded, bool)

    @property
    def config(self) -> SoCConfig:
        """The package."""
        return self.soc_config

    @property
    def sm_config(self) -> SMConfig:
        """Its multiprocessor."""
        return self.soc_config.chiplet_config.sm_config

    def _values(self, precision: Precision) -> dict[str, Any]:
        return {**self.config.values(), **self.sm_config.chosen(precision)}

    def peak_compute(self, precision: Precision) -> float:
        """Peak rate, in TFLOPS."""
        return float(read("peak_compute", "TFLOPS", self._values(precision)))

    def compute_density(self, precision: Precision) -> float:
        """Peak rate on the chiplets' area, in TFLOPS/mm2."""
        return float(read("compute_density", "TFLOPS/mm2", self._values(precision)))

    def memory_bandwidth_tbps(self) -> float:
        """Memory bandwidth, in TB/s."""
        return float(read("memory_bandwidth", "TB/s", self.config.values()))

    def arithmetic_intensity_roof(self, precision: Precision) -> float:
        """The ridge point, in FLOP/byte: below it memory is the limit, above it arithmetic."""
        values = self._values(precision)
        if self.as_coded:
            values["stack_bandwidth"] = (self.config.hbm3e_bandwidth_gbps_per_stack, BITS_FOR_BYTES)
        return float(read("ridge_point", "FLOP/byte", values))

    def roofline_performance(self, arithmetic_intensity: Any, precision: Any) -> Any:
        """Attained TFLOPS at intensities in FLOP/byte, in their shape; the two arguments in either order."""
        if isinstance(arithmetic_intensity, Precision) and not isinstance(precision, Precision):
            arithmetic_intensity, precision = precision, arithmetic_intensity
        values = self._values(precision)
        at = checks.numbers("arithmetic_intensity", arithmetic_intensity)
        attained = read("attained", "TFLOPS", {**values, "intensity": at.astype(float).ravel()})
        if self.as_coded and at.dtype.kind in "iu":
            attained = np.minimum(attained, np.trunc(self.peak_compute(precision)))
        return attained.reshape(at.shape) if at.ndim else float(attained.item())

    def analyze_workload(self, precision: Precision, arithmetic_intensity: float) -> dict[str, Any]:
        """What a workload of one intensity attains, and what limits it."""
        if np.ndim(arithmetic_intensity):
            raise QuestionError(
                f"arithmetic_intensity = {arithmetic_intensity!r}; a workload has one intensity, "
                "roofline_performance takes many"
            )
        achieved = self.roofline_performance(arithmetic_intensity, precision)
        peak, ridge = self.peak_compute(precision), self.arithmetic_intensity_roof(precision)
        return {
            "precision": precision.value,
            "arithmetic_intensity": arithmetic_intensity,
            "peak_tflops": peak,
            "achieved_tflops": achieved,
            "efficiency_percent": self._share(precision, arithmetic_intensity, achieved),
            "bottleneck": "Memory" if arithmetic_intensity < ridge else "Compute",
            "ridge_point": ridge,
        }

    def _share(self, precision: Precision, intensity: float, achieved: float) -> float:
        """Percent of the peak rate; as coded, of a rate that lost its fraction to a peak that kept it."""
        values = {**self._values(precision), "intensity": [float(intensity)]}
        share = float(read("roof_share", "percent", values).item())
        if not self.as_coded or not achieved:
            return share
        return share * achieved / float(read("attained", "TFLOPS", values).item())

    def plot_roofline(self, precision: Precision, save_path: str | Path | None = None) -> Any:
        """A figure of the roofline with its workloads, written to `save_path` when given."""
        return figures.roofline(self._values(precision), save_path)
