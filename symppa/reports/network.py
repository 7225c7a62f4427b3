"""What is said of a network on a device, and of networks on devices side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symppa import units
from symppa.language.written_units import plain as unit_shown
from symppa.reports.number import measured, shown
from symppa.reports.report import Column, Line, Report, Table, listed
from symppa.studies.result import Result

SCREEN = 20  # rows of a comparison
UNSUPPORTED = "not supported"
SCALES = {"s": ("s", "ms", "us"), "J": ("J", "mJ", "uJ"), "byte": ("GB", "MB", "kB", "byte")}
FOUND = (
    ("latency", "latency"), ("throughput", "throughput"), ("energy", "energy"), ("", "compute_energy"),
    ("", "memory_energy"), ("", "static_energy"), ("power", "power"), ("memory", "peak_memory"),
    ("", "weight_memory"), ("", "activation_memory"), ("utilisation", "utilisation"), ("", "memory_utilisation"),
)  # fmt: skip
ROWS = ("latency", "throughput", "energy", "power", "utilisation", "peak_memory")


def readable(value: float, unit: str) -> str:
    """A value in the unit of its kind that gives it a number before the point.

    >>> readable(0.35, "ms"), readable(25557032, "byte")
    ('350 us', '25.56 MB')
    """
    worth = value * units.measure(unit).worth
    for base, scales in SCALES.items():
        if units.dimension(base) == units.dimension(unit):
            for scale in scales:
                if abs(worth) >= units.measure(scale).worth:
                    return measured(worth / units.measure(scale).worth, scale)
    return measured(value, unit)


def report(result: Result, every: bool, stands_on: Sequence[Line]) -> Report:
    """A network on a device; `every` adds its subgraphs."""
    net = result.facts["network"]
    tables = [_found(result)]
    if result.facts.get("checks"):
        tables.append(checks(result))
    if every:
        tables += subgraphs(result)
    return Report(result.name, f"{net['meaning']}, on {net['device_meaning']}", tuple(tables),
                  (*_lines(result), *stands_on))  # fmt: skip


def _found(result: Result) -> Table:
    """What the network takes."""
    rows = [
        (head, readable(result[name], result.unit(name)), result.output(name).meaning)
        for head, name in FOUND
        if name in result
    ]
    return Table("", (Column("estimate"), Column("value", numeric=True), Column("meaning")), tuple(rows))


def _lines(result: Result) -> tuple[Line, ...]:
    net = result.facts["network"]
    sizes = "".join(f", {name} {size}" for name, size in net["sizes"].items())
    work = measured(result["work"], result.unit("work"))
    lines = [
        Line("precision", f"{net['precision']}, power profile {net['profile']}{sizes}"),
        Line(
            "network",
            f"{net['operators']} operators in {net['fused']} fused subgraphs, {work}, {net['parameters']} parameters",
        ),
        *(
            Line(what, f"{one['unit']}, {one['format']}, {measured(one['rate'], one['in'])}")
            for what, one in net["mapping"].items()
        ),
        Line("bottleneck", _bottleneck(net)),
    ]
    if net["fits"] is not None:
        word = "fits" if net["fits"] else "DOES NOT FIT"
        lines.append(Line("memory", f"{word}: {measured(result['memory_fill'], 'percent')} of the main memory"))
    return (*lines, *_throttled(result))


def _throttled(result: Result) -> tuple[Line, ...]:
    """That the power of a run is above the limit of the profile, where it is."""
    if not {"power_margin", "throttled"} <= set(result) or result["power_margin"] >= 0:
        return ()
    over = measured(-result["power_margin"], result.unit("power_margin"))
    limit = measured(result["chip.power_limit"], result.unit("chip.power_limit"))
    kept = readable(result["throttled"], result.unit("throttled"))
    text = f"ABOVE the profile's limit of {limit} by {over}: the device would throttle, to {kept} or more for a run"
    return (Line("power", text),)


WHAT = {"compute": "arithmetic", "memory": "memory", "start": "their start", "links": "messages"}


def _bottleneck(net: Mapping[str, Any]) -> str:
    shares = sorted(net["shares"].items(), key=lambda one: -one[1])
    told = ", ".join(f"{WHAT[n]} {shown(100 * share, 'percent')} %" for n, share in shares if share)
    return f"{WHAT[net['bottleneck']]}; of the latency in subgraphs by what takes them longest: {told}"


def checks(result: Result) -> Table:
    """Limits, what was found, and whether they hold."""
    rows = []
    for name, found in result.facts["checks"].items():
        room = found["limit"] - found["value"]
        share = 100 * abs(room) / found["limit"] if found["limit"] else float("inf")
        side = "to spare" if found["met"] else "too much"
        rows.append((
            name, readable(found["limit"], found["unit"]), readable(found["value"], found["unit"]),
            f"{readable(abs(room), found['unit'])} {side} ({shown(share)} %)", "met" if found["met"] else "not met",
        ))  # fmt: skip
    heads = (
        Column("check"),
        Column("at most", numeric=True),
        Column("found", numeric=True),
        Column("room"),
        Column("verdict"),
    )
    return Table("checks", heads, tuple(rows))


DOES = (
    Column("id", numeric=True), Column("pattern"), Column("operator types"), Column("ops", numeric=True),
    Column("input", "byte", True), Column("output", "byte", True), Column("weight", "byte", True),
    Column("intensity", "op/byte", True),
)  # fmt: skip
TAKES = (
    Column("id", numeric=True), Column("name"), Column("bottleneck"), Column("occupancy", "%", True),
    Column("latency", "us", True), Column("energy", "mJ", True), Column("confidence"),
)  # fmt: skip


def subgraphs(result: Result) -> tuple[Table, Table]:
    """Every fused subgraph, a row each: what it does, and what it takes."""
    does, takes = [], []
    for row in result.facts["network"]["subgraphs"]:
        does.append((
            str(row["id"]), row["pattern"], ", ".join(row["operator_types"]), shown(row["ops"]),
            shown(row["input_bytes"]), shown(row["output_bytes"]), shown(row["weight_bytes"]),
            shown(row["intensity"], "op/byte"),
        ))  # fmt: skip
        takes.append((
            str(row["id"]), row["name"], row["bottleneck"], shown(row["occupancy"], "percent"),
            shown(row["latency"], row["units"]["latency"]), shown(row["energy"], row["units"]["energy"]),
            row["confidence"],
        ))  # fmt: skip
    return (
        Table("fused subgraphs, in the order they run: what they do", DOES, tuple(does)),
        Table("the same: what they take", TAKES, tuple(takes)),
    )


def subgraphs_exactly(result: Result) -> tuple[list[str], list[list[Any]]]:
    """Head and rows of the same with all digits."""
    head = ["id", "name", "pattern", "operator_types", "ops [op]", "input [byte]", "output [byte]", "weight [byte]",
            "intensity [op/byte]", "bottleneck", "latency [us]", "energy [mJ]", "confidence"]  # fmt: skip
    rows = [
        [row["id"], row["name"], row["pattern"], " ".join(row["operator_types"]), row["ops"], row["input_bytes"],
         row["output_bytes"], row["weight_bytes"], row["intensity"], row["bottleneck"], row["latency"], row["energy"],
         row["confidence"]]
        for row in result.facts["network"]["subgraphs"]
    ]  # fmt: skip
    return head, rows


def comparison(result: Result, every: bool, stands_on: Sequence[Line]) -> Report:
    """Networks on devices, a row each; the best by the first target first, where there is one."""
    order, total = _order(result), int(result.counts["asked"])
    rows = [_row(result, place) for place in (order if every else order[:SCREEN])]
    more = f"{total - len(rows)} more rows: --csv or --json has them" if len(rows) < total else ""
    dims = [Column(name) for name in result.coordinates]
    heads = (*dims, *(Column(n, unit_shown(result.unit(n)), True) for n in ROWS), Column("memory"))
    return Report(result.name, "", (Table("", heads, tuple(rows), more, drops=True),),
                  (*_compared(result), *stands_on))  # fmt: skip


def _order(result: Result) -> list[tuple[int, ...]]:
    places = list(np.ndindex(result.output("latency").values.shape))
    ranked = result.facts["ranked"]
    if ranked is None or ranked["by"] not in result:
        return places
    sign, values = (-1 if ranked["most"] else 1), result[ranked["by"]]

    def rank(place: tuple[int, ...]) -> tuple[int, bool, float]:
        value = float(values[place])
        return (place[0], np.isnan(value), sign * value if value == value else 0.0)

    return sorted(places, key=rank)


def _row(result: Result, place: tuple[int, ...]) -> tuple[str, ...]:
    told = [shown(c.values[k]) for c, k in zip(result.coordinates.values(), place, strict=True)]
    own = result.facts["formats"].get(told[1])
    if own:
        told[2] = own
    if np.isnan(result["latency"][place]):
        return (*told, UNSUPPORTED, *("" for _ in ROWS))
    fits = "does not fit" if result["memory_fill"][place] > 100 else ""
    return (*told, *(shown(result[name][place], result.unit(name)) for name in ROWS), fits)


def _compared(result: Result) -> list[Line]:
    counts, facts = result.counts, result.facts
    lines = [Line("estimates", ", ".join(f"{n} {what}" for what, n in _counted(counts).items()))]
    for goal in facts["targets"].items():
        lines.append(Line("target", " ".join(goal)))
    if facts["targets"]:
        lines.append(Line("all met by", f"{facts['meet']} of {counts['estimates']}"))
    if facts["recommended"] is not None:
        lines.append(Line("taken is", facts["rule"]))
        for workload, found in facts["recommended"].items():
            told = _place(found, facts["formats"]) if found else "nothing: none meets every target and fits"
            lines.append(Line(f"take for {workload}", told))
    else:
        names = list(dict.fromkeys(row["device"] for row in facts["front"]))
        lines.append(Line("not beaten", f"in latency and energy: {listed(names)}"))
    return lines


def _counted(counts: Mapping[str, int]) -> dict[str, int]:
    return {"in all": counts["asked"], **{n: v for n, v in counts.items() if n not in ("estimates", "asked") and v}}


def _place(found: Mapping[str, Any], own: Mapping[str, str]) -> str:
    precision = own.get(found["device"], found["precision"])
    return f"{found['device']}, {precision}, batch {shown(found['batch'])}"
