"""sensitivity: how much one output moves with each given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.bind import Value, overridden
from symppa.descriptions.ranges import values_of
from symppa.engine.derivative import Slopes, elasticities
from symppa.engine.program import Given, Program
from symppa.engine.walk import blocks
from symppa.errors import QuestionError, SymppaError, UnknownValueError
from symppa.studies.evaluate import grid_of, notes_of
from symppa.studies.result import Array, Coordinate, Output, Result
from symppa.studies.subject import Subject, System
from symppa.workloads.on_device import NetworkOnDevice

Curves = dict[str, tuple[Array, Array]]
RULE = "slope of a / b at ceil_div and floor_div; at a tie of a maximum or minimum the first term's"


def sensitivity(
    system: System,
    output: str,
    values: Mapping[str, Any] | None = None,
    *,
    ranges: Mapping[str, str] | None = None,
    parts: Mapping[str, str] | None = None,
) -> Result:
    """Relative change of one output per relative change of each given, largest first: exact elasticities.

    `ranges` (or those of the description) add the secant over a range beside the slope at the point.

    >>> sensitivity("nexgen_baseline", "compute_density").top(1)
    ('clock', 1.0)
    """
    subject = Subject.of(system, values, parts)
    program = subject.program([output])
    name = _scalar(program, output)
    told = subject.bound(program)
    grid = grid_of(program, told)
    if _value(program, told, name) == 0:
        raise QuestionError(f"{name} is 0 at these values: a relative change of it is undefined; move a given first")
    found = elasticities(program, {n: v.raw for n, v in told.items()}, name)
    rows = {n: v for n, v in _flat(program, grid.border.labels, found.values).items() if np.isfinite(v)}
    asked = {**(subject.description.ranges if subject.description else {}), **(ranges or {})}
    network = [n for n in rows if _of_network(subject, n) and n not in asked]
    rows = {n: v for n, v in rows.items() if n not in network}
    ranked = sorted((n for n in rows if rows[n] != 0.0), key=lambda n: (-round(abs(rows[n]), 12), rows[n] < 0))
    curves = _curves(subject, program, told, name, asked)
    secants = [_secant(*curves[n]) if n in curves else np.nan for n in ranked]
    change = f"relative change of {name} for a relative change of a given"
    inputs = subject.inputs(program, told)
    return Result(
        study="sensitivity",
        system=subject.system,
        name=subject.name,
        outputs={
            "elasticity": _output(np.array([rows[n] for n in ranked]), change),
            "secant": _output(np.array(secants), f"{change}, from the first to the last value of its range"),
        },
        coordinates={"given": Coordinate(np.array(ranked, dtype=str), "1", "given")},
        inputs=inputs,
        notes=(
            *notes_of(told),
            *_notes(found, [n for n in rows if rows[n] == 0.0]),
            *((f"what the network asks for (batch, net.*) is left out, {len(network)} counts",) if network else ()),
        ),
        facts=_facts(program, name, _value(program, told, name), curves),
        hashes=subject.hashes(program, inputs),
        question=subject.question(output=output, ranges=asked),
    )


def _of_network(subject: Subject, name: str) -> bool:
    """Whether a given is a count of the network that a device runs: no line of its data sheet."""
    return isinstance(subject.description, NetworkOnDevice) and (name == "batch" or name.startswith("net."))


def _notes(found: Slopes, idle: list[str]) -> list[str]:
    notes = [f"no effect: {', '.join(sorted(idle))}"] if idle else []
    notes += [f"a tie at this point, slopes on its two sides differ: {', '.join(found.ties)}"] if found.ties else []
    return notes + [f"no elasticity: {reason}" for reason in dict.fromkeys(found.refused.values())]


def _facts(program: Program, output: str, value: float, curves: Curves) -> dict[str, Any]:
    along = {n: {"unit": _unit(program, n), "at": x.tolist(), "values": y.tolist()} for n, (x, y) in curves.items()}
    unit = program.output(output).unit
    return {"output": output, "value": value, "unit": unit, "rule": RULE, "curves": along}


def _scalar(program: Program, output: str) -> str:
    names = list(program.outputs)
    if len(names) != 1:
        raise QuestionError(f"a sensitivity is of one output; {output!r} names {', '.join(names)}")
    sets = program.sets(program.output(names[0]).step)
    if sets:
        over = ", ".join(program.axes[k].name for k in sets)
        raise QuestionError(
            f"{names[0]} stands over {over}: a sensitivity is of one number; choose an output without sets"
        )
    return names[0]


def _flat(program: Program, labels: Mapping[int, list[str]], found: Mapping[str, Any]) -> dict[str, float]:
    """One row per given, or per member of a vector."""
    rows: dict[str, float] = {}
    for name, value in sorted(found.items(), key=lambda item: list(program.known).index(item[0])):
        given = program.givens.get(name)
        if given is None or given.labels is not None or (given.domain and given.domain[0] == "member"):
            continue
        array = np.asarray(value, float)
        if not given.over:
            rows[name] = float(array.ravel()[0])
            continue
        for place, entry in enumerate(array.ravel()):
            names = [labels.get(a, []) for a in given.over]
            label = names[0][place] if len(names) == 1 and place < len(names[0]) else str(place)
            rows[f"{name}.{label}"] = float(entry)
    return rows


def _output(values: Array, meaning: str) -> Output:
    return Output(values, ("given",), "1", meaning)


def _curves(
    subject: Subject, program: Program, told: dict[str, Value], output: str, ranges: Mapping[str, str]
) -> Curves:
    """The output along each range, everything else at its value."""
    found = {}
    for name, text in ranges.items():
        given = _given(program, name)
        if given is None:
            if not any(name == n or name.startswith(n + ".") for n in program.known):
                raise UnknownValueError(subject.system, name, program.known)
            continue  # a range of something this output does not depend on
        try:
            along = values_of(text, given)
        except SymppaError as error:
            node = subject.description.node("ranges", name) if subject.description else None
            raise error.at(node.file, node.line) if node else error from None
        unit = units.base_unit(units.dimension(given.unit))
        points = [f"{float(base)!r} {'' if unit == '1' else unit}" for base in along]
        moved = [overridden(told, program.known, name, point, "range", subject.system) for point in points]
        curve = np.array([_value(program, one, output) for one in moved])
        found[name] = (np.asarray(along) / units.measure(given.unit).worth, curve)
    return found


def _given(program: Program, name: str) -> Given | None:
    """The given of a name, or of a member of it, where the output depends on it."""
    return next((g for n, g in program.givens.items() if name == n or name.startswith(n + ".")), None)


def _unit(program: Program, name: str) -> str:
    given = _given(program, name)
    return given.unit if given else "1"


def _value(program: Program, told: Mapping[str, Value], output: str) -> float:
    grid = grid_of(program, told)
    block = next(blocks(grid))
    return float(np.ravel(block.values[output])[0]) / units.measure(program.output(output).unit).worth


def _secant(along: Array, values: Array) -> float:
    """Relative change of the output over the relative change of the given, from first to last."""
    if len(along) < 2 or along[0] == 0 or values[0] == 0 or along[-1] == along[0]:
        return float("nan")
    return float(((values[-1] - values[0]) / values[0]) / ((along[-1] - along[0]) / along[0]))
