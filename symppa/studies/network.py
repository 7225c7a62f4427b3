"""analyze: what a network takes on a device, subgraph by subgraph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.bind import Value
from symppa.descriptions.load import Description
from symppa.errors import QuestionError, SymppaError, WorkloadError, suggest
from symppa.studies import calibrated
from symppa.studies.calibrated import Asked, Used
from symppa.studies.estimate import estimate
from symppa.studies.evaluate import evaluate
from symppa.studies.result import Result
from symppa.studies.subject import DEFAULT, Subject
from symppa.studies.targets import bound
from symppa.workloads import batched, on_device
from symppa.workloads.ir import Graph
from symppa.workloads.on_device import NetworkOnDevice
from symppa.workloads.table import Table

PRECISION, PROFILE, LINK = "chip.precision", "chip.profile", "chip.link_bandwidth"
ELEMENT, LIMIT = "chip.element", "chip.profile_power"  # vectors over the formats and the profiles of a device
COLLECTIVES = frozenset({"AllReduce", "AllGather", "ReduceScatter", "AllToAll"})
ASKED = (
    *DEFAULT,
    *(f"chip.{name}" for name in (
        "matrix_rate", "vector_rate", "matrix_stated", "vector_stated", "vector_spare", "bandwidth", "power_limit",
        "running", "number",
    )),
)  # fmt: skip
Told = Mapping[str, Value]
CHECKED = {"latency": "latency", "power": "power", "memory": "peak_memory"}  # what a check asks of which output
COMPUTE, MEMORY, START, LINKS = "compute", "memory", "start", "links"


def analyze(
    network: Graph | str | Path,
    device: Description | str | Path,
    *,
    precision: str | None = None,
    profile: str | None = None,
    sizes: Mapping[str, int] | None = None,
    checks: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    parts: Mapping[str, str] | None = None,
    calibration: Asked = None,
    borrow: str = "",
) -> Result:
    """What a network takes on a device: a name, a file or a graph on a name, a file or a description.

    `checks` are limits by what they ask of: {"latency": "33 ms", "power": "15 W", "memory": "8 GB"}. Times are those
    of shipped profiles of the device in the very number format, where there are some; `calibration` names others, or
    "none", `borrow` a device that lends its own.

    >>> analyze("resnet50", "a100_sxm_80gb", sizes={"batch": 8}).estimates["work"].value  # doctest: +ELLIPSIS
    65.4...
    """
    placed = on_device.placed(network, device, sizes)
    return of(placed, precision, profile, checks, values, parts, calibration, borrow)


def of(
    described: NetworkOnDevice,
    precision: str | None = None,
    profile: str | None = None,
    checks: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    parts: Mapping[str, str] | None = None,
    calibration: Asked = None,
    borrow: str = "",
) -> Result:
    """The same for a network that is on its device already."""
    subject = chosen(Subject(described, values, parts), precision, profile)
    program = subject.program(ASKED)
    told = subject.bound(program)
    refuse_unlinked(described, told)
    used = calibrated.used(described, subject, program, told, calibration, borrow)
    result = calibrated.applied(evaluate(used.subject, outputs=ASKED), used)
    found = {name: verdict(result, name, limit) for name, limit in (checks or {}).items()}
    return replace(result, facts={**result.facts, **_facts(described, result, used), "checks": found})


def outputs_of(
    described: NetworkOnDevice, subject: Subject, outputs: Sequence[str], calibration: Asked = None, borrow: str = ""
) -> Result:
    """Some outputs of a network on its device, which may be expressions, with calibrated times where there are some."""
    program = subject.program(ASKED)
    used = calibrated.used(described, subject, program, subject.bound(program), calibration, borrow)
    return calibrated.applied(evaluate(used.subject, outputs=outputs), used)


def chosen(subject: Subject, precision: str | None, profile: str | None) -> Subject:
    """The subject in a number format and a power profile of its device; refused where it has none of that name."""
    told = subject.bound(subject.program(ASKED))
    values = dict(subject.values)
    choices = ((PRECISION, precision, ELEMENT, "number format"), (PROFILE, profile, LIMIT, "power profile"))
    for name, asked, vector, what in choices:
        if asked is not None and name in values:
            raise QuestionError(f"{name} is asked for twice: {asked} and {values[name]}")
        if asked is not None:
            values[name] = _chosen(subject, told, vector, asked, what)
    found = Subject(subject.description, values, subject.parts)
    refuse_unsupported(found)
    return found


def _chosen(subject: Subject, told: Told, vector: str, asked: str, what: str) -> str:
    """The member of a device's set that a text names, whatever its case."""
    labels = _labels(told[vector].raw if vector in told else None)
    if not labels:
        raise QuestionError(f"{_device(subject)} does not state {vector}, member by member")
    found = next((label for label in labels if label.lower() == asked.lower()), None)
    if found is None:
        raise QuestionError(f"{_device(subject)} has no {what} {asked!r}{suggest(asked.upper(), labels)}")
    return found


def _labels(vector: Any) -> list[str]:
    """The members of a set, from a vector over it."""
    return [str(label) for label in vector] if isinstance(vector, Mapping) else []


def _device(subject: Subject) -> str:
    return subject.name.partition(on_device.AT)[2] or subject.name


def _rate(told: Told, label: str) -> float:
    """The higher of the two rates stated for a format."""
    found = [0.0]
    for name in ("chip.matrix_peak", "chip.vector_peak"):
        raw = told[name].raw if name in told else {}
        if isinstance(raw, Mapping) and label in raw:
            found.append(units.parse(raw[label], "TOPS", name) if isinstance(raw[label], str) else float(raw[label]))
    return max(found)


def refuse_unsupported(subject: Subject) -> None:
    """Refuse a number format for which the device has no rate, and name those that it has."""
    program = subject.program(ASKED)
    told = subject.bound(program)
    asked = told[PRECISION].raw if PRECISION in told else program.givens[PRECISION].default
    known = _labels(told[ELEMENT].raw) if ELEMENT in told else []
    if "chip.matrix_peak" not in program.known or asked not in known or _rate(told, str(asked)) > 0:
        return  # a rate that follows from other values has no formats to lack
    have = ", ".join(label for label in known if _rate(told, label) > 0) or "none"
    raise QuestionError(f"{_device(subject)} has no rate for {asked}; it has {have}: choose with --precision")


def refuse_unlinked(described: NetworkOnDevice, told: Told) -> None:
    """Refuse a network whose devices tell one another something on a device that states no link."""
    made, link = described.network.table, told.get(LINK)
    if not made.messages.any() or (link is not None and units.parse(str(link.raw), "GB/s", LINK) > 0):
        return
    names = [o.name for o in made.graph.operators if o.kind in COLLECTIVES]
    few = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    raise QuestionError(
        f"{described.name}: {few} send to other devices, and the device states no link; "
        f"state {LINK} and chip.link_latency, as in --set {LINK}='300 GB/s'"
    )


def verdict(result: Result, name: str, limit: str, checked: Mapping[str, str] = CHECKED) -> dict[str, Any]:
    """Whether a limit on latency, power or memory holds, and by how much."""
    if name not in checked:
        raise QuestionError(f"there is no check of {name!r}{suggest(name, checked)}")
    output = result.output(checked[name])
    try:
        most = bound(name, f"<= {limit}", output.unit, output.meaning).bound / units.measure(output.unit).worth
    except SymppaError as error:
        raise QuestionError(f"--check-{name} {limit}: {error.message}") from None
    if not most > 0:
        raise QuestionError(f"--check-{name} {limit}: a limit above zero is expected")
    value = output.values.item()
    return {"output": checked[name], "limit": most, "value": value, "unit": output.unit, "met": value <= most}


def _facts(described: NetworkOnDevice, result: Result, used: Used) -> dict[str, Any]:
    made = described.network.table
    if not np.isfinite(made.macs).all():
        raise WorkloadError(f"{made.graph.name} has subgraphs without a finite size")
    rows = calibrated.rows(_rows(made, result, used.found.microseconds if used.found else None), used)
    single = {n: o for n, o in result.outputs.items() if o.values.ndim == 0 and o.values.dtype.kind == "f"}
    return {
        "network": {
            "workload": made.graph.name,
            "meaning": made.graph.meaning,
            "device": described.layers[1].path.stem,
            "device_meaning": next((layer.file.meaning for layer in described.layers[1:] if layer.file.meaning), ""),
            "sizes": dict(made.sizes[0]),
            "precision": _in_use(result, PRECISION),
            "profile": _in_use(result, PROFILE),
            "operators": len(made.graph.operators),
            "parameters": made.graph.parameters,
            "fused": len(made.subgraphs),
            "views": len(made.subgraphs) - sum(batched.running(made)),
            "mapping": _mapping(result),
            "bottleneck": _foremost(rows),
            "shares": _shares(rows),
            "fits": _fits(result),
            "timeline": _timeline(made, result),
            "calibration": calibrated.summary(result, used),
            "subgraphs": rows,
        },
        "estimates": {n: estimate(o).to_dict() for n, o in single.items()},
    }


def _in_use(result: Result, name: str) -> str:
    """The label of a member in use."""
    raw = result.inputs[name].value
    if isinstance(raw, str) and not raw.isdigit():
        return raw
    vector = {PRECISION: "chip.element", PROFILE: "chip.profile_power"}[name]
    return _labels(result.inputs[vector].value)[int(raw)]


def _mapping(result: Result) -> dict[str, dict[str, Any]]:
    """Which unit runs what, in which format, at which rate."""
    precision, spare = _in_use(result, PRECISION), str(result.inputs["chip.spare"].value)
    unit = result.unit("chip.matrix_rate")
    matrix = "matrix unit" if result["chip.matrix_stated"] > 0 else "other arithmetic"
    if result["chip.vector_stated"] > 0:
        vector = ("other arithmetic", precision)
    else:
        vector = ("other arithmetic", spare) if result["chip.vector_spare"] > 0 else (matrix, precision)
    return {
        "matrix products": {"unit": matrix, "format": precision, "rate": result["chip.matrix_rate"], "in": unit},
        "the rest": {"unit": vector[0], "format": vector[1], "rate": result["chip.vector_rate"], "in": unit},
    }


def _fits(result: Result) -> bool | None:
    """Whether the network fits into the main memory; None where its size is not stated."""
    fill = result["memory_fill"]
    return None if fill == 0 else bool(fill <= 100)


def _rows(made: Table, result: Result, times: Sequence[float] | None) -> list[dict[str, Any]]:
    """Every subgraph: what it does, and what it takes; `times` are those calibrated, 0 where the data sheet tells."""
    places = iter(range(sum(batched.running(made))))
    rows = []
    for k, (label, runs) in enumerate(zip(batched.labels_of(made), batched.running(made), strict=True)):
        place = next(places) if runs else None
        measured = place is not None and times is not None and times[place] > 0
        rows.append(_row(made, result, k, place, measured=measured) | {"name": label})
    return rows


def _row(made: Table, result: Result, k: int, place: int | None, *, measured: bool) -> dict[str, Any]:
    subgraph, size = made.subgraphs[k], result["chip.number"]

    def at(name: str) -> float:
        return 0.0 if place is None else float(result[name][place])

    sides = {MEMORY: at("memory_time"), COMPUTE: at("compute_time"), LINKS: at("link_time")}
    side = max(sides, key=sides.__getitem__)
    by_sheet = max(sides[COMPUTE], sides[MEMORY]) + sides[LINKS]
    begun = at("time") - by_sheet if not measured else 0.0  # a calibrated time holds no start of its own
    return {
        "id": k,
        "pattern": subgraph.pattern,
        "kinds": list(subgraph.kinds),
        "operator_types": list(dict.fromkeys(made.types[k])),
        "ops": float(made.ops[k, 0]),
        "input_bytes": float(made.read[k, 0] * size + made.unscaled[k, 0]),
        "output_bytes": float(made.written[k, 0] * size),
        "weight_bytes": float(made.weights[k, 0] * size),
        "intensity": at("intensity"),
        "occupancy": at("occupancy"),
        "bottleneck": "none" if place is None else START if begun > sides[side] else side,
        "latency": at("time"),
        "energy": at("energies"),
        "confidence": result.output("time").confidence,
        "units": {n: result.unit(o) for n, o in (("latency", "time"), ("energy", "energies"))},
    }


def _shares(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The share of the latency in subgraphs of each bottleneck."""
    whole = sum(row["latency"] for row in rows) or 1.0
    return {
        side: sum(row["latency"] for row in rows if row["bottleneck"] == side) / whole
        for side in (COMPUTE, MEMORY, START, LINKS)
    }


def _foremost(rows: Sequence[Mapping[str, Any]]) -> str:
    shares = _shares(rows)
    return max(shares, key=shares.__getitem__)


def _timeline(made: Table, result: Result) -> dict[str, Any]:
    """Bytes in use in each step: the weights and what is alive then."""
    size = result["chip.number"]
    live = made.memory.elements[:, 0] * size + made.memory.unscaled[:, 0]
    return {
        "unit": "byte",
        "weights": float(made.memory.resident * size),
        "activations": [float(v) for v in live],
        "fullest": int(made.memory.fullest[0]) if len(live) else 0,
    }
