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

WITHIN = "9 in 10 within"  # the level of an interval
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
    asked = [(head, name) for head, name in FOUND if name in result]
    calibrated = is_calibrated(result)
    rows = [
        (head, readable(result[name], result.unit(name)), *(_sure(result, name) if calibrated else ()),
         result.output(name).meaning)
        for head, name in asked
    ]  # fmt: skip
    sure = (Column(WITHIN), Column("confidence")) if calibrated else ()
    return Table("", (Column("estimate"), Column("value", numeric=True), *sure, Column("meaning")), tuple(rows))


def is_calibrated(result: Result) -> bool:
    """Whether calibrated times are in a result."""
    found = result.facts["network"].get("calibration")
    return found is not None and found["used"]


def _sure(result: Result, name: str) -> tuple[str, str]:
    """The interval of an output as people read it, and its confidence."""
    output = result.output(name)
    ends = [readable(float(end), output.unit) for end in output.interval or ()]
    unit = ends[-1].partition(" ")[2] if ends else ""
    if ends and ends[0].endswith(f" {unit}"):  # said once
        ends[0] = ends[0].removesuffix(f" {unit}")
    return " to ".join(ends), output.confidence


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
        *_calibrated(net.get("calibration")),
    ]
    if net["fits"] is not None:
        word = "fits" if net["fits"] else "DOES NOT FIT"
        lines.append(Line("memory", f"{word}: {measured(result['memory_fill'], 'percent')} of the main memory"))
    return (*lines, *_throttled(result))


def _calibrated(told: Mapping[str, Any] | None) -> list[Line]:
    """How much of the time is calibrated, and by what; that it was left out is among the notes."""
    if told is None or not told["used"]:
        return []
    shares = [f"{shown(100 * share, 'percent')} % {word.lower()}" for word, share in told["shares"].items() if share]
    bound = told["error_bound"]
    sure = "no interval: too much of it has none" if bound is None else f"{WITHIN} +-{shown(bound, 'percent')} %"
    return [Line("calibrated", f"of the time {', '.join(shares)}; {sure}; by {named(told['sources'])}")]


def named(sources: Sequence[str]) -> str:
    """The profiles of some sources, without their campaigns, which the data has."""
    return listed(list(dict.fromkeys(source.partition(" (")[0] for source in sources)))


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
RESTS = (Column(WITHIN, "us"), Column("rests on"))


def subgraphs(result: Result) -> tuple[Table, Table]:
    """Every fused subgraph, a row each: what it does, and what it takes."""
    does, takes, calibrated = [], [], is_calibrated(result)
    for row in result.facts["network"]["subgraphs"]:
        does.append((
            str(row["id"]), row["pattern"], ", ".join(row["operator_types"]), shown(row["ops"]),
            shown(row["input_bytes"]), shown(row["output_bytes"]), shown(row["weight_bytes"]),
            shown(row["intensity"], "op/byte"),
        ))  # fmt: skip
        takes.append((
            str(row["id"]), row["name"], row["bottleneck"], shown(row["occupancy"], "percent"),
            shown(row["latency"], row["units"]["latency"]), shown(row["energy"], row["units"]["energy"]),
            row["confidence"], *(_rests(row) if calibrated else ()),
        ))  # fmt: skip
    return (
        Table("fused subgraphs, in the order they run: what they do", DOES, tuple(does)),
        Table("the same: what they take", (*TAKES, *(RESTS if calibrated else ())), tuple(takes)),
    )


def _rests(row: Mapping[str, Any]) -> tuple[str, str]:
    """The interval of a subgraph, and what it rests on."""
    ends, told = row.get("interval"), row["calibration"]
    within = "" if ends is None else " to ".join(shown(end, row["units"]["latency"]) for end in ends)
    why = f" ({told['why']})" if told.get("why") else ""
    return within, f"{told.get('quality', told['status'].lower()).replace('_', ' ')}{why}"


def subgraphs_exactly(result: Result) -> tuple[list[str], list[list[Any]]]:
    """Head and rows of the same with all digits."""
    head = ["id", "name", "pattern", "operator_types", "ops [op]", "input [byte]", "output [byte]", "weight [byte]",
            "intensity [op/byte]", "bottleneck", "latency [us]", "energy [mJ]", "confidence",
            *(["low [us]", "high [us]", "quality", "entries", "why"] if is_calibrated(result) else [])]  # fmt: skip
    rows = [
        [row["id"], row["name"], row["pattern"], " ".join(row["operator_types"]), row["ops"], row["input_bytes"],
         row["output_bytes"], row["weight_bytes"], row["intensity"], row["bottleneck"], row["latency"], row["energy"],
         row["confidence"], *(_rests_exactly(row) if is_calibrated(result) else [])]
        for row in result.facts["network"]["subgraphs"]
    ]  # fmt: skip
    return head, rows


def _rests_exactly(row: Mapping[str, Any]) -> list[Any]:
    low, high = row.get("interval") or ("", "")
    told = row["calibration"]
    return [low, high, told.get("quality", told["status"]), " ".join(told.get("entries", [])), told.get("why", "")]


def comparison(result: Result, every: bool, stands_on: Sequence[Line]) -> Report:
    """Networks on devices, a row each; the best by the first target first, where there is one."""
    order, total = _order(result), int(result.counts["asked"])
    rows = [_row(result, place) for place in (order if every else order[:SCREEN])]
    more = f"{total - len(rows)} more rows: --csv or --json has them" if len(rows) < total else ""
    dims = [Column(name) for name in result.coordinates]
    first, *others = (Column(n, unit_shown(result.unit(n)), True) for n in ROWS)
    sure = (Column("+-", "%", True), Column("confidence")) if "calibration" in result.facts else ()
    heads = (*dims, first, *sure, *others, Column("memory"))
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
    sure = _of_place(result, place)
    if np.isnan(result["latency"][place]):
        return (*told, UNSUPPORTED, *("" for _ in (*sure, *ROWS)))
    fits = "does not fit" if result["memory_fill"][place] > 100 else ""
    latency, *others = (shown(result[name][place], result.unit(name)) for name in ROWS)
    return (*told, latency, *sure, *others, fits)


def _of_place(result: Result, place: tuple[int, ...]) -> tuple[str, ...]:
    """Half the width of the interval of a time and its confidence, where anything is calibrated."""
    told = result.facts.get("calibration")
    if told is None:
        return ()
    bound, word = told["error_bound"], told["confidence"]
    for k in place:
        bound, word = bound[k], word[k]
    return ("" if bound is None else shown(bound, "percent"), word)


def _compared(result: Result) -> list[Line]:
    counts, facts = result.counts, result.facts
    lines = [Line("estimates", ", ".join(f"{n} {what}" for what, n in _counted(counts).items()))]
    if "calibration" in facts:
        lines.append(Line("calibrated", f"+- is where 9 in 10 are; by {named(facts['calibration']['sources'])}"))
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
