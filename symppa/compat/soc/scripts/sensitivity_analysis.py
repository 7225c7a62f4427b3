"""sensitivity_analysis: density, power and peak rate along five parameters of the baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from symppa.compat.soc import figures
from symppa.compat.soc.configuration import Precision, SMConfig, SoCConfig
from symppa.compat.soc.performance import PerformanceModel
from symppa.compat.soc.power import PowerModel
from symppa.compat.soc.reading import PACKAGE, description
from symppa.compat.soc.scripts.page import section, title
from symppa.compat.soc.variation import sensitivity_analysis
from symppa.reports import plot
from symppa.studies.result import Result
from symppa.studies.sensitivity import sensitivity


class Parameter(NamedTuple):
    """A parameter of the original, the given it is, where it is looked at, and its value in a package."""

    name: str
    given: str
    label: str
    unit: str
    values: range
    of: Callable[[SoCConfig], float]

    @property
    def text(self) -> str:
        """Its label and unit."""
        return self.label if self.unit == "1" else f"{self.label} ({self.unit})"


def _multiprocessor(soc: SoCConfig) -> SMConfig:
    return soc.chiplet_config.sm_config


PARAMETERS = (
    Parameter("num_sms", "chiplet.sms", "SMs per chiplet", "1", range(16, 65, 4), lambda s: s.chiplet_config.num_sms),
    Parameter(
        "chiplet_area", "chiplet.area", "Chiplet area", "mm2", range(250, 450, 10), lambda s: s.chiplet_config.area_mm2
    ),
    Parameter("clock_mhz", "clock", "Clock", "MHz", range(1500, 3000, 100), lambda s: _multiprocessor(s).clock_mhz),
    Parameter(
        "tensor_cores",
        "chiplet.sm.tensor_cores",
        "Tensor cores per SM",
        "1",
        range(2, 11),
        lambda s: _multiprocessor(s).tensor_cores,
    ),
    Parameter(
        "fp16_ops_per_cycle",
        "chiplet.sm.ops_per_cycle.FP16",
        "FP16 work of a tensor core",
        "op/cycle",
        range(64, 320, 16),
        lambda s: _multiprocessor(s).tensor_core_ops_per_cycle[Precision.FP16],
    ),
)
METRICS: dict[str, Callable[[SoCConfig], float]] = {
    "compute_density": lambda soc: PerformanceModel(soc).compute_density(Precision.FP16),
    "power": lambda soc: float(PowerModel(soc).total_power()),
    "peak_compute": lambda soc: PerformanceModel(soc).peak_compute(Precision.FP16),
}
Curves = dict[str, dict[str, list[float]]]


def page(out: Path, as_coded: bool) -> Iterator[str]:
    """Every line; the figure is drawn on the way."""
    base = SoCConfig()
    sm = base.chiplet_config.sm_config
    yield from title("NexGen-AI SoC sensitivity analysis")
    yield from section("Configuration")
    yield f"SMs per chiplet:    {base.chiplet_config.num_sms}"
    yield f"Chiplet area:       {base.chiplet_config.area_mm2} mm2"
    yield f"Clock:              {sm.clock_mhz} MHz"
    yield f"Tensor cores:       {sm.tensor_cores}"
    yield f"FP16 ops per cycle: {sm.tensor_core_ops_per_cycle[Precision.FP16]}"
    found = curves(base, as_coded)
    exact = {output: sensitivity(description(PACKAGE), output) for output in METRICS}
    yield from section("Sensitivities")
    for parameter in PARAMETERS:
        yield from _along(parameter, found, exact, as_coded)
    yield from section("Figure")
    _draw(base, found, exact, out / "sensitivity_analysis.png")
    yield str(out / "sensitivity_analysis.png")
    yield from _insights(exact)


def curves(base: SoCConfig, as_coded: bool) -> Curves:
    """Every metric along every parameter."""
    return {
        output: {
            p.name: sensitivity_analysis(base, p.name, p.values, metric, output, as_coded=as_coded)[1]
            for p in PARAMETERS
        }
        for output, metric in METRICS.items()
    }


def _along(parameter: Parameter, found: Curves, exact: dict[str, Result], as_coded: bool) -> Iterator[str]:
    name, given, values = parameter.name, parameter.given, parameter.values
    densities, powers = found["compute_density"][name], found["power"][name]
    yield f"{parameter.text}, {values[0]} to {values[-1]}:"
    yield f"  end to end (the original's number): density {secant(exact['compute_density'], given):+.2f}"
    if not as_coded:
        density, power = (slope(exact[output], given) for output in ("compute_density", "power"))
        yield f"  at the baseline, exact:             density {density:+.2f}, power {power:+.2f}"
    yield f"  density range: {min(densities):.3f} - {max(densities):.3f} TFLOPS/mm2"
    yield f"  power range:   {min(powers):.1f} - {max(powers):.1f} W"
    yield ""


def _draw(base: SoCConfig, found: Curves, exact: dict[str, Result], path: Path) -> None:
    drawn = {
        output: {p.label: plot.Curve(p.values, along[p.name], p.unit, p.of(base)) for p in PARAMETERS}
        for output, along in found.items()
    }
    at = {output: metric(base) for output, metric in METRICS.items()}
    slopes = {output: {p.label: slope(exact[output], p.given) for p in PARAMETERS} for output in METRICS}
    figures.sensitivity(drawn, at, slopes, path)


def slope(found: Result, given: str) -> float:
    """The exact elasticity at the baseline; what is not ranked has no effect."""
    return _ranked(found, given, "elasticity")


def secant(found: Result, given: str) -> float:
    """Relative change of the output over that of the given, from end to end of its range."""
    return _ranked(found, given, "secant")


def _ranked(found: Result, given: str, column: str) -> float:
    places = np.flatnonzero(found.coordinates["given"].values == given)
    return float(found[column][places[0]]) if places.size else 0.0


def _insights(exact: dict[str, Result]) -> Iterator[str]:
    yield from section("Key insights")
    for output, words in (("compute_density", "Density"), ("power", "Power")):
        yield f"{words} moves, for 1 % more of"
        labels: dict[float, list[str]] = {}
        for parameter in PARAMETERS:
            labels.setdefault(round(slope(exact[output], parameter.given), 9), []).append(parameter.text)
        for change, named in sorted(labels.items(), reverse=True):
            yield f"  {f'{change:+.2f} %' if change else 'not at all'}: {', '.join(named)}"
    yield ""
    yield "What does not move power here is a limit of this model, not of silicon: it has no voltage and no"
    yield "switched capacitance, and areas are inputs. The original prints a quadratic dependence on the clock"
    yield "that its formulas do not have."
