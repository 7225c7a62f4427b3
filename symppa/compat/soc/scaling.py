"""ScalingModel: a package grown by whole chiplets, each bringing two memory stacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symppa.compat.soc import checks, figures
from symppa.compat.soc.configuration import ChipletConfig, Precision, SoCConfig
from symppa.compat.soc.reading import GROWN, read

KEYS = {
    "compute_tflops": ("peak_compute", "TFLOPS"),
    "memory_tbps": ("memory_bandwidth", "TB/s"),
    "power_watts": ("power", "W"),
    "tflops_per_watt": ("efficiency", "TFLOPS/W"),
    "compute_per_area": ("compute_density", "TFLOPS/mm2"),
}
DRAWN = ("compute_tflops", "memory_tbps", "power_watts", "tflops_per_watt")


@dataclass(frozen=True)
class ScalingModel:
    """Rates and powers by number of chiplets. The original has no slip here: `as_coded` changes nothing."""

    base_chiplet_config: ChipletConfig
    as_coded: bool = False

    def __post_init__(self) -> None:
        checks.instance("base_chiplet_config", self.base_chiplet_config, ChipletConfig)
        checks.instance("as_coded", self.as_coded, bool)

    @property
    def base_config(self) -> ChipletConfig:
        """The chiplet that is repeated."""
        return self.base_chiplet_config

    def compute_scaling(self, num_chiplets_list: Sequence[int], precision: Precision) -> dict[int, float]:
        """Peak TFLOPS by number of chiplets."""
        return self._column("compute_tflops", num_chiplets_list, self._chosen(precision))

    def memory_scaling(self, num_chiplets_list: Sequence[int]) -> dict[int, float]:
        """Memory bandwidth in TB/s by number of chiplets."""
        return self._column("memory_tbps", num_chiplets_list, {})

    def power_scaling(self, num_chiplets_list: Sequence[int], utilization: float = 1.0) -> dict[int, float]:
        """Power in W by number of chiplets."""
        checks.not_negative("utilization", utilization)
        return self._column("power_watts", num_chiplets_list, {"utilisation": utilization})

    def efficiency_analysis(
        self, num_chiplets_list: Sequence[int], precision: Precision
    ) -> dict[int, dict[str, float]]:
        """All of it, fully used, by number of chiplets."""
        chosen = self._chosen(precision)
        columns = {key: self._column(key, num_chiplets_list, chosen) for key in KEYS}
        counts = checks.counts("num_chiplets_list", num_chiplets_list)
        return {n: {key: column[n] for key, column in columns.items()} for n in counts}

    def plot_scaling(
        self, num_chiplets_list: Sequence[int], precision: Precision, save_path: str | Path | None = None
    ) -> Any:
        """A figure of how the package grows, written to `save_path` when given."""
        chosen = self._chosen(precision)
        grown = {KEYS[key][0]: self._column(key, num_chiplets_list, chosen) for key in DRAWN}
        return figures.scaling(precision.value, grown, save_path)

    def _values(self) -> dict[str, Any]:
        values = SoCConfig(chiplet_config=self.base_config).values()
        return {name: value for name, value in values.items() if name not in ("chiplets", "stacks")}

    def _chosen(self, precision: Precision) -> dict[str, Any]:
        return self.base_config.sm_config.chosen(precision)

    def _column(self, key: str, chiplets: Sequence[int], values: dict[str, Any]) -> dict[int, float]:
        counts = checks.counts("num_chiplets_list", chiplets)
        output, unit = KEYS[key]
        told = {**self._values(), **values, "chiplets": [float(n) for n in counts]}
        found = read(output, unit, told, "chiplets", of=GROWN)
        return dict(zip(counts, found.tolist(), strict=True))
