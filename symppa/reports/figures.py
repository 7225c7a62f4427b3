"""Figures written to a folder, and the studies behind those of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from symppa import units
from symppa.descriptions import shipped
from symppa.descriptions.load import load
from symppa.descriptions.ranges import split_limit
from symppa.reports import plot
from symppa.reports.contents import shortened
from symppa.reports.plot.style import svg
from symppa.studies.compare import expanded
from symppa.studies.evaluate import evaluate
from symppa.studies.origins import Leaf, leaves
from symppa.studies.result import Result
from symppa.studies.sensitivity import sensitivity
from symppa.studies.subject import Subject, System
from symppa.studies.sweep import sweep

NAMES = {
    "analyze": "roofline",
    "sweep": "sweep",
    "pareto": "pareto",
    "sensitivity": "sensitivity",
    "compare": "architecture_comparison",
    "design": "design",
    "front": "front",
    "networks": "networks",
}
# A system, the description that grows it, the axis, and what is drawn along it.
GROWN = {
    "ChipletSoC": (
        "chiplet_scaling",
        {"chiplets": "2:8"},
        ("peak_compute", "memory_bandwidth", "power", "efficiency"),
    )
}
OUTPUTS = ("compute_density", "power", "peak_compute")


def write_figure(result: Result, folder: Path) -> Path:
    """The figure of one study."""
    path = folder / f"{NAMES[result.study]}.png"
    plot.plot(result, path)
    return path


def write_network(result: Result, folder: Path) -> list[Path]:
    """The roofline of a network on a device, and the room that it takes."""
    memory = folder / "memory.png"
    plot.memory_of(result, memory)
    return [write_figure(result, folder), memory]


def svgs(result: Result) -> dict[str, str]:
    """Figures of a result as SVG, by what they show."""
    if "serving" in result.facts:
        return {}
    drawn = {NAMES[result.study]: plot.plot(result)} | (
        {"memory": plot.memory_of(result)} if "network" in result.facts else {}
    )
    return {what: svg(figure) for what, figure in drawn.items()}


def write_comparison(
    result: Result,
    systems: Sequence[System],
    folder: Path,
    values: Mapping[str, Any] | None = None,
    parts: Mapping[str, str] | None = None,
) -> list[Path]:
    """Side by side, rooflines, growth, and sensitivities of the description that the others vary."""
    written = [write_figure(result, folder)]
    subjects = [Subject(one, values, parts) for one in expanded(systems)]
    analyses = {s.name: evaluate(one, values, parts=parts) for s, one in zip(subjects, expanded(systems), strict=True)}
    if all(map(plot.has_roof, analyses.values())):
        written.append(_rooflines(analyses, folder))
    base = _base(subjects)
    grown = GROWN.get(base.system)
    if grown is not None and grown[0] in shipped.names():
        written.append(_growth(grown, result, folder))
    if base.description is not None and base.description.ranges and result.facts["targets"]:
        written.append(_sensitivities(base, analyses[base.name], result, folder))
    return written


def _base(subjects: Sequence[Subject]) -> Subject:
    """The one whose description most others extend; the first where none does."""
    layers = [s.description.layers if s.description else () for s in subjects]
    stems = [layer.path.stem for chain in layers for layer in chain]
    return max(subjects, key=lambda one: stems.count(one.name))


def _rooflines(analyses: Mapping[str, Result], folder: Path) -> Path:
    roofs: dict[str, plot.Roof] = {}
    workloads: dict[str, float] = {}
    for name, short in zip(analyses, shortened(list(analyses)), strict=True):
        roof, mine = plot.roof_of(analyses[name])
        roofs[short.replace("_", " ")] = roof
        workloads |= mine
    path = folder / "roofline.png"
    plot.roofline(roofs, workloads, path, title="rooflines, in the number format of each description")
    return path


def _growth(grown: tuple[str, Mapping[str, str], tuple[str, ...]], result: Result, folder: Path) -> Path:
    name, axes, outputs = grown
    found = sweep(name, axes=axes, outputs=outputs)
    (axis,) = axes
    ideal = {"peak_compute", "memory_bandwidth"}
    series = {
        n: plot.Series(found[n].tolist(), found.unit(n), _limit(result, n, found.unit(n)), n in ideal) for n in outputs
    }
    path = folder / "chiplet_scaling.png"
    plot.chiplet_scaling(found.coordinates[axis].values.tolist(), series, path, title=load(name).meaning)
    return path


def _limit(result: Result, name: str, unit: str) -> float | None:
    goal = result.facts["targets"].get(name)
    if goal is None:
        return None
    return units.parse(split_limit(f"{name} {goal}")[2], unit, name) / units.measure(unit).worth


def _sensitivities(base: Subject, at: Result, result: Result, folder: Path) -> Path:
    names = list(dict.fromkeys(n for n in (*result.facts["targets"], *OUTPUTS) if n in at))[:3]
    system = base.description
    found = {n: sensitivity(system, n, base.values, parts=base.parts) for n in names}
    here = {leaf.name: leaf for leaf in leaves(base)}
    rows = {}
    for name, one in found.items():
        curves = {
            given: plot.Curve(c["at"], c["values"], c["unit"], _number(here[given]) if given in here else None)
            for given, c in one.facts["curves"].items()
        }
        slopes = dict(zip(map(str, one.coordinates["given"].values), one["elasticity"].tolist(), strict=True))
        goal, unit = result.facts["targets"].get(name, ""), one.facts["unit"]
        rows[name] = plot.Panels(unit, one.facts["value"], curves, slopes, goal, _limit(result, name, unit))
    path = folder / "sensitivity.png"
    plot.sensitivity_figure(rows, path, title=f"{base.name}: outputs along the ranges of its givens")
    return path


def _number(leaf: Leaf) -> float:
    """A value in its given's unit."""
    return units.parse(leaf.text, leaf.unit, leaf.name) / units.measure(leaf.unit).worth
