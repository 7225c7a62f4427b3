"""PowerModel: power, efficiency and temperature of a configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symppa import units
from symppa.compat.soc import checks
from symppa.compat.soc.configuration import Precision, SoCConfig
from symppa.compat.soc.reading import along, read

AXIS = "utilisation"


@dataclass(frozen=True)
class PowerModel:
    """Power of a package from fixed powers of its parts: no clock, tensor core, voltage or area enters.

    Utilizations are numbers from 0 to 1, or lists or arrays of them. The original has no slip here:
    `as_coded` changes nothing.
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

    def dynamic_power(self, utilization: Any = 1.0) -> Any:
        """Power that follows use, in W."""
        at = checks.numbers("utilization", utilization)
        return along(AXIS, at, "dynamic_power", "W", self.config.values())

    def static_power(self) -> float:
        """Power that flows without use, in W."""
        return float(read("static_power", "W", self.config.values()))

    def total_power(self, utilization: Any = 1.0) -> Any:
        """Power of the package, in W: dynamic, static, links between chiplets and to the outside."""
        at = checks.numbers("utilization", utilization)
        return along(AXIS, at, "power", "W", self.config.values())

    def power_efficiency(self, precision: Precision, utilization: Any = 1.0) -> Any:
        """Rate for a power, in TFLOPS/W."""
        at = checks.numbers("utilization", utilization)
        values = {**self.config.values(), **self.config.chiplet_config.sm_config.chosen(precision)}
        return along(AXIS, at, "efficiency", "TFLOPS/W", values)

    def thermal_estimate(self, utilization: Any = 1.0, ambient_c: float = 25.0, theta_ja: float = 0.1) -> Any:
        """Junction temperature in degC, from an ambient one in degC over a resistance in K/W."""
        at = checks.numbers("utilization", utilization)
        checks.not_negative("theta_ja", theta_ja)
        checks.real("ambient_c", ambient_c)
        around = {"ambient": (ambient_c, "degC"), "thermal_resistance": (theta_ja, "K/W")}
        kelvin = along(AXIS, at, "junction_temperature", "K", {**self.config.values(), **around})
        return kelvin - units.parse("0 degC", "K")
