"""The original's figures. They show corrected values, also where numbers are asked for as coded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from symppa.compat.soc.reading import PACKAGE, description
from symppa.compat.soc.targets import goal, meets, target
from symppa.reports import plot
from symppa.studies.evaluate import evaluate

Place = str | Path | None
UNITS = {
    "peak_compute": "TFLOPS",
    "memory_bandwidth": "TB/s",
    "power": "W",
    "efficiency": "TFLOPS/W",
    "compute_density": "TFLOPS/mm2",
    "area": "mm2",
}


def roofline(values: Mapping[str, Any], path: Place) -> Any:
    """The roofline of a package in one number format, with the shipped workloads on it."""
    outputs = ["peak_compute", "memory_bandwidth", "attained", "ridge_point"]
    result = evaluate(description(PACKAGE), values, outputs=outputs)
    roof, workloads = plot.roof_of(result)
    title = f"{values['precision']} roofline, ridge point at {result['ridge_point']:.1f} FLOP/byte"
    return plot.roofline({f"{values['precision']} peak": roof}, workloads, path, title=title)


def scaling(precision: str, grown: Mapping[str, Mapping[int, float]], path: Place) -> Any:
    """Outputs by number of chiplets, power against its target."""
    series = {
        name: plot.Series(list(column.values()), UNITS[name], target(name, UNITS[name]) if name == "power" else None)
        for name, column in grown.items()
    }
    chiplets = list(next(iter(grown.values())))
    title = f"chiplet scaling ({precision}, 2 memory stacks a chiplet)"
    return plot.chiplet_scaling(chiplets, series, path, title=title)


def comparison(names: Sequence[str], found: Mapping[str, Sequence[float]], path: Place) -> Any:
    """Outputs of variants side by side, those with targets first; peak rate over area as a map."""
    bars = {name: _bars(name, values) for name, values in found.items()}
    shown = {name: bars[name] for name in ("compute_density", "power", "efficiency")}
    across, up = ("area", bars["area"]), ("peak_compute", bars["peak_compute"])
    title = "architecture variants (FP16, fully used)"
    return plot.architecture_comparison(names, shown, across, up, path, title=title)


def _bars(name: str, values: Sequence[float]) -> plot.Bars:
    unit = UNITS[name]
    if name not in ("compute_density", "power"):
        return plot.Bars(values, unit)
    met = [meets(name, value, unit) for value in values]
    return plot.Bars(values, unit, goal(name), target(name, unit), met)


def sensitivity(
    curves: Mapping[str, Mapping[str, plot.Curve]],
    at: Mapping[str, float],
    slopes: Mapping[str, Mapping[str, float]],
    path: Place,
) -> Any:
    """Outputs along parameters, with their values and elasticities at the design."""
    rows = {}
    for name, along in curves.items():
        stated = (goal(name), target(name, UNITS[name])) if name != "peak_compute" else ()
        rows[name] = plot.Panels(UNITS[name], at[name], along, slopes[name], *stated)
    return plot.sensitivity_figure(rows, path, title="what moves density, power and peak rate of the baseline (FP16)")
