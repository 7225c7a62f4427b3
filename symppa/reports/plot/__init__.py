"""Figures of results. matplotlib is imported only when one is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symppa import units
from symppa.errors import QuestionError
from symppa.language.written_units import plain as unit_shown
from symppa.reports.contents import shortened
from symppa.reports.number import shown
from symppa.reports.plot.bars import unit_bars
from symppa.reports.plot.comparison import Bars, architecture_comparison
from symppa.reports.plot.designs import Quantity, front, heat_map, lines, ranked
from symppa.reports.plot.graph import graph
from symppa.reports.plot.limits import limits_figure
from symppa.reports.plot.network import memory_of, networks, roofline_of
from symppa.reports.plot.roofline import Roof, roofline
from symppa.reports.plot.scaling import Series, chiplet_scaling
from symppa.reports.plot.sensitivity import Curve, Panels, sensitivity_figure, tornado
from symppa.reports.plot.shape import cumulative, histogram
from symppa.reports.plot.spread import Band, bands, cloud
from symppa.reports.spread import PROBABILITY, is_spread
from symppa.studies.kinds import read
from symppa.studies.result import Output, Result
from symppa.studies.targets import bound

__all__ = [
    "Band", "Bars", "Curve", "Panels", "Quantity", "Roof", "Series", "architecture_comparison", "bands",
    "chiplet_scaling", "cloud", "cumulative", "front", "graph", "heat_map", "histogram", "limits_figure", "lines",
    "memory_of", "networks", "plot", "ranked", "roofline", "roofline_of",
    "sensitivity_figure", "tornado", "unit_bars",
]  # fmt: skip
PANELS = 4
CURVE = 5  # quantiles that make a curve
ROOF = {"peak_compute": "TFLOPS", "memory_bandwidth": "TB/s", "attained": "TFLOPS"}


def plot(result: Result, path: Any = None) -> Any:
    """The figure that fits a study; written to `path` where one is given."""
    makers: dict[str, Callable[[Result, Any], Any]] = {
        "analyze": analysis,
        "sweep": sweep,
        "pareto": pareto,
        "sensitivity": sensitivity,
        "compare": comparison,
        "design": best_design,
        "front": pareto,
        "networks": networks,
    }
    return makers[result.study](result, path)


def best_design(result: Result, path: Any = None) -> Any:
    """The trade-off along a limit where one is asked for; how much of its limits the best design uses."""
    found = result.facts.get("trade_off")
    if found and found["rows"]:
        drawn = [row for row in found["rows"] if row["value"] is not None]
        along = Quantity(found["output"], [row["bound"] for row in drawn], found["unit"])
        best = Quantity(found["objective"], [row["value"] for row in drawn], found["objective_unit"])
        return lines(along, [best], path, title=f"{result.name}: the best for each limit on {found['output']}")
    rows = result.facts.get("limits")
    if not rows:
        raise QuestionError(f"there is nothing to draw: {result.name} has no design, or no limits")
    return limits_figure(rows, path, title=f"{result.name}: the limits of the design found")


def analysis(result: Result, path: Any = None) -> Any:
    """The roofline, where there is one; else bars, a panel for each unit."""
    if "network" in result.facts:
        return roofline_of(result, path)
    if not has_roof(result):
        return unit_bars(_by_unit(result), path, title=result.name)
    roof, workloads = roof_of(result)
    return roofline({result.name: roof}, workloads, path, title=f"roofline of {result.name}")


def has_roof(result: Result) -> bool:
    """Whether an analysis gives a peak rate, a bandwidth, and what workloads attain."""
    alike = all(n in result and units.dimension(result.unit(n)) == units.dimension(u) for n, u in ROOF.items())
    single = alike and all(result.output(n).values.ndim == 0 for n in ("peak_compute", "memory_bandwidth"))
    return single and result.output("attained").values.ndim == 1


def _by_unit(result: Result) -> dict[str, dict[str, float]]:
    """Numbers of an analysis by unit; a vector by its members."""
    found: dict[str, dict[str, float]] = {}
    for name, output in result.outputs.items():
        for place in np.ndindex(output.values.shape):
            members = (str(result.coordinates[d].values[k]) for d, k in zip(output.dims, place, strict=True))
            label = ".".join([name, *members])
            found.setdefault(output.unit, {})[label] = float(output.values[place])
    return found


def roof_of(result: Result) -> tuple[Roof, dict[str, float]]:
    """Peak, bandwidth and workloads of an analysis."""
    peak, bandwidth = (
        result[n] * units.measure(result.unit(n)).worth / units.measure(ROOF[n]).worth
        for n in ("peak_compute", "memory_bandwidth")
    )
    over = result.output("attained").dims[0]
    attained = np.asarray(result["attained"], float)
    given = result.inputs.get("intensity")
    texts = dict(part.split(": ", 1) for part in given.text.split(", ") if ": " in part) if given else {}
    labels = [str(v) for v in result.coordinates[over].values]
    found = {n: units.parse(texts[n], "FLOP/byte") for n in labels if n in texts}
    return Roof(peak, bandwidth), found or {n: float(a / bandwidth) for n, a in zip(labels, attained, strict=True)}


def sweep(result: Result, path: Any = None) -> Any:
    """Lines over one axis, a heat map over two, bars of kept designs and of bins; a cloud of points, bands of draws."""
    if is_spread(result):
        return _shares(result, path) if "uncertain" not in result.facts else _bands(result, path)
    if "bin" in result.coordinates:
        return _bins(result, path)
    dims = list(dict.fromkeys(d for o in result.outputs.values() for d in o.dims))
    single = [] if dims == ["design"] else [n for n in _first_named(result) if _drawn(result.output(n), dims)]
    axes = [Quantity(n, result.coordinates[n].values, result.coordinates[n].unit) for n in dims]
    title = result.name
    if dims == ["design"]:
        return _kept(result, path)
    if dims in (["point"], ["draw"]):
        return _cloud(result, path)
    if len(dims) == 1 and single:
        return lines(axes[0], [_quantity(result, n) for n in single[:PANELS]], path, title=title)
    if len(dims) == 2 and single:
        return heat_map(axes[0], axes[1], _quantity(result, single[0]), path, title=title)
    if not dims:
        raise QuestionError("single numbers have no figure: keep histogram:OUTPUT to see how an output lies")
    raise QuestionError(f"a sweep over {len(dims)} axes has no figure: keep some designs, or choose one or two axes")


def _first_named(result: Result) -> list[str]:
    """Outputs, with the one first that the best of each group was chosen by."""
    judged = read(result.facts["keep"]).judged if "design" in result.outputs else ()
    return [n for n in dict.fromkeys([*judged, *result.outputs]) if n != "design"]


def _drawn(output: Output, dims: Sequence[str]) -> bool:
    """Whether an output is a number that changes along just these dimensions."""
    return list(output.dims) == dims and output.values.dtype.kind in "fiu" and _varies(output)


def _bins(result: Result, path: Any) -> Any:
    """A histogram, and what lies beside it."""
    (name,) = read(result.facts["keep"]).judged
    if not len(result["count"]):
        raise QuestionError("no design was counted: there is nothing to draw")
    edges = Quantity(name, [*result["low"], result["high"][-1]], result.unit("low"))
    beside = [f"{result.counts[side]} designs {side}" for side in ("below", "above") if result.counts[side]]
    return histogram(edges, result["count"], path, title=result.name, beside=", ".join(beside))


def _shares(result: Result, path: Any) -> Any:
    """Designs at or below each quantile, where the quantiles are enough for a curve."""
    probabilities = result.coordinates[PROBABILITY].values.tolist()
    names = [n for n, o in result.outputs.items() if o.dims == (PROBABILITY,) and np.isfinite(o.values).all()]
    if len(probabilities) < CURVE or not names:
        raise QuestionError(
            f"quantiles have a figure from {CURVE} probabilities on: ask for more, or keep histogram:OUTPUT"
        )
    return cumulative([_quantity(result, n) for n in names[:PANELS]], probabilities, path, title=result.name)


def _cloud(result: Result, path: Any) -> Any:
    """Points over the first two outputs that vary, or over a column and the only one."""
    numeric = [n for n, o in result.outputs.items() if o.values.dtype.kind == "f" and _varies(o)]
    outputs = [n for n in numeric if result.output(n).sources][:2]
    first = [n for n in numeric if n not in outputs and not result.output(n).sources][: 2 - len(outputs)]
    if len(first + outputs) < 2:
        raise QuestionError("fewer than two quantities vary from point to point: there is nothing to draw")
    across, up = (_quantity(result, n) for n in first + outputs)
    return cloud(across, up, path, title=result.name)


def _bands(result: Result, path: Any) -> Any:
    """Quantiles along the one axis beside the draws."""
    named = {n: o for n, o in result.outputs.items() if o.dims[-1:] == (PROBABILITY,) and o.values.ndim == 2}
    axes = [n for n in named if result.coordinates[named[n].dims[0]].values.dtype.kind in "fiu"]
    if not axes:
        raise QuestionError("quantiles have a figure along one axis of numbers: add --axis, or keep histogram:OUTPUT")
    along = named[axes[0]].dims[0]
    probabilities = result.coordinates[PROBABILITY].values.tolist()
    found = [Band(_quantity(result, n), probabilities) for n in axes if named[n].dims[0] == along]
    place = result.coordinates[along]
    return bands(Quantity(along, place.values, place.unit), found[:PANELS], path, title=result.name)


def _varies(output: Output) -> bool:
    """Whether an output changes along each of its axes."""
    values = np.asarray(output.values, float)
    return all(values.shape[k] == 1 or bool((np.ptp(values, axis=k) > 0).any()) for k in range(values.ndim))


def _quantity(result: Result, name: str) -> Quantity:
    return Quantity(name, result[name], result.unit(name))


def _kept(result: Result, path: Any) -> Any:
    swept = [n for n, o in result.outputs.items() if not o.sources]
    judged = [n for n in result.outputs if n in str(result.facts.get("keep", "")) and n not in swept]
    others = [n for n, o in result.outputs.items() if o.sources and o.values.ndim == 1]
    if not len(result.coordinates["design"].values):
        raise QuestionError("no design was kept: there is nothing to draw")
    names = [
        ", ".join(f"{n} {shown(result[n][k], result.unit(n))} {unit_shown(result.unit(n))}".strip() for n in swept)
        for k in range(min(len(result.coordinates["design"].values), 20))
    ]
    of = _quantity(result, (judged or others)[0])
    return ranked(names, of._replace(values=of.values[: len(names)]), path, title=result.name)


def pareto(result: Result, path: Any = None) -> Any:
    """The front over its first two objectives, the third as colour, the fourth as size."""
    first, second, *more = result.facts["objectives"]
    third, fourth = (_quantity(result, more[k]) if len(more) > k else None for k in (0, 1))
    title = f"{result.name}: designs that no other beats"
    return front(_quantity(result, first), _quantity(result, second), third, path, size=fourth, title=title)


def sensitivity(result: Result, path: Any = None) -> Any:
    """The tornado."""
    names = [str(n) for n in result.coordinates["given"].values]
    title = f"{result.name}: what moves {result.facts['output'].replace('_', ' ')}"
    return tornado(names, result["elasticity"], result["secant"], path, output=result.facts["output"], title=title)


def comparison(result: Result, path: Any = None) -> Any:
    """Outputs with targets first, then two that every package has, and a map of rate over area."""
    names = shortened([str(n) for n in result.coordinates["description"].values])
    targets: dict[str, str] = result.facts["targets"]
    others = [n for n in ("efficiency", "power", "peak_compute", *result.outputs) if n in result and n not in targets]
    chosen = [*targets, *list(dict.fromkeys(others))[: max(0, 3 - len(targets))]]
    bars = {n: bars_of(result, n) for n in chosen}
    pair: list[tuple[str, Bars] | None] = [
        (n, bars_of(result, n)) if n in result else None for n in ("area", "peak_compute")
    ]
    return architecture_comparison(names, bars, pair[0], pair[1], path, title="descriptions side by side")


def bars_of(result: Result, name: str) -> Bars:
    """An output of every description, with its target."""
    output, goal = result.output(name), result.facts["targets"].get(name)
    if goal is None:
        return Bars(output.values.tolist(), output.unit)
    limit = bound(name, goal, output.unit).bound / units.measure(output.unit).worth
    met = list(result.facts["met"][name].values())
    return Bars(output.values.tolist(), output.unit, goal, limit, met)
