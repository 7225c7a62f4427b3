"""sweep: a system over a grid of its givens; everything is stored, or what is asked for is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.bind import Value
from symppa.descriptions.ranges import split_limit, values_of
from symppa.engine.grid import Grid, Progress, reduce
from symppa.engine.pareto import Pareto
from symppa.engine.program import Given, Program
from symppa.engine.reducers import Best, Count, Feasible, Kept, Limit, Range, Reducer, Store
from symppa.errors import QuestionError, UnknownValueError
from symppa.studies.evaluate import asked, grid_of, notes_of, output_of, outputs_of, set_coordinates
from symppa.studies.result import Array, Coordinate, Output, Result
from symppa.studies.subject import Subject, System

KEEP = "best:N:OUTPUT[:min], pareto:OUTPUT=min,OUTPUT=max, range:OUTPUT,..., count or all"


def sweep(
    system: System,
    values: Mapping[str, Any] | None = None,
    *,
    axes: Mapping[str, Any],
    outputs: Sequence[str] | None = None,
    keep: str = "all",
    where: Sequence[str] = (),
    parts: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Result:
    """A system over every combination of its axes.

    An axis is a text (`"16:64:4"`, `"1.5GHz:3GHz:16"`, `"FP8,FP16"`) or values in the given's unit. `where` are
    limits (`"power <= 500 W"`), `keep` says what stays: all designs, `best:5:compute_density`, `count`, ...
    Without `outputs`: every output of the system that is one number for a design.

    >>> result = sweep("nexgen_baseline", axes={"chiplet.sms": "16:64:16"}, outputs=["power"])
    >>> result["power"].round(1).tolist()
    [267.2, 363.2, 459.2, 555.2]
    """
    if not axes:
        raise QuestionError("a sweep needs at least one axis")
    subject = Subject(system, values, parts)
    where = [where] if isinstance(where, str) else list(where)
    limited = [split_limit(text)[0] for text in where]
    wanted = _single(subject) if outputs is None else list(asked(outputs))
    program = subject.program([*wanted, *[n for n in [*limited, *_judged(keep)] if n not in wanted]], list(axes))
    told = subject.bound(program)
    grid = grid_of(program, {n: v for n, v in told.items() if n not in axes}, _axes(program, subject.system, axes))
    limits = subject.limits(where, program)
    reducer = _reducer(keep, limits, list(program.outputs))
    stopped = _walked(grid, reducer, progress)
    found = _result(subject, program, told, grid, reducer, stopped)
    facts = {"keep": keep, "where": where, **found.facts}
    if limits and not stopped and not found.counts["feasible"]:
        facts["reach"] = _reach(grid, limits)
    return replace(found, facts=facts)


def _reach(grid: Grid, limits: Sequence[Limit]) -> dict[str, dict[str, float]]:
    """What the limited outputs can be on this grid, when none of it is feasible."""
    seen = Range(list(dict.fromkeys(limit.output for limit in limits)))
    reduce(grid, [seen])
    return seen.result() if seen.feasible else {}


def _single(subject: Subject) -> list[str]:
    """Outputs of the system that stand over no set."""
    program = subject.program(["*"])
    names = [n for n, d in program.outputs.items() if not program.sets(d.step)]
    if not names:
        raise QuestionError(f"every output of {subject.system} stands over a set: name some to sweep them all")
    return names


def _axes(program: Program, system: str, axes: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, written in axes.items():
        if name not in program.givens:
            raise UnknownValueError(system, name, program.givens)
        given = program.givens[name]
        if given.over:
            raise QuestionError(f"{name} is a vector over a set: an axis is a single given")
        value = values_of(written, given) if isinstance(written, str) else written
        if isinstance(value, np.ndarray) and isinstance(written, str):
            value = (value, units.base_unit(units.dimension(given.unit)))
        if not np.size(value[0] if isinstance(value, tuple) else value):
            raise QuestionError(f"the axis {name} is empty")
        found[name] = value if np.ndim(value[0] if isinstance(value, tuple) else value) else [value]
    return found


def _judged(keep: str) -> list[str]:
    """Outputs that a --keep names."""
    kind, _, rest = keep.partition(":")
    if kind == "best":
        return [re.sub(r":(min|max)$", "", rest.partition(":")[2])]
    if kind in ("pareto", "range"):
        return [part.partition("=")[0] for part in rest.split(",")]
    return []


def _reducer(keep: str, limits: Sequence[Limit], outputs: Sequence[str]) -> Reducer:
    kind, _, rest = keep.partition(":")
    if kind == "all" and not rest:
        return Feasible([], limits) if limits else Store(outputs)
    if kind == "count" and not rest:
        return Count(outputs if not limits else [], limits)
    if kind == "best" and (found := re.fullmatch(r"(\d+):(.+?)(?::(min|max))?", rest)):
        return Best(int(found[1]), found[2], limits, largest=found[3] != "min")
    if kind == "range" and rest:
        return Range(rest.split(","), limits)
    if kind == "pareto" and rest:
        pairs = dict(part.partition("=")[::2] for part in rest.split(","))
        return Pareto(pairs, limits)
    raise QuestionError(f"keep {keep!r} is not understood; it is {KEEP}")


def _walked(grid: Grid, reducer: Reducer, progress: Progress | None) -> bool:
    """Walk every block; Ctrl-C leaves what was finished."""
    try:
        reduce(grid, [reducer], progress)
    except KeyboardInterrupt:
        return True
    return False


def _result(
    subject: Subject, program: Program, told: Mapping[str, Value], grid: Grid, reducer: Reducer, stopped: bool
) -> Result:
    inputs = subject.inputs(program, told)
    swept = [n for axis in program.axes[: program.swept] for n in axis.swept]
    counts = {"designs": grid.size}
    coordinates = set_coordinates(program, grid.border)
    facts: dict[str, Any] = {"complete": not stopped}
    if isinstance(reducer, Store):
        outputs = outputs_of(program, reducer.result(), told)
        coordinates = {n: _axis_values(grid, program.givens[n], None) for n in swept} | coordinates
    elif isinstance(reducer, Kept):
        flat, rows = reducer.result()
        counts = reducer.counts()
        outputs = {n: _column(grid, program.givens[n], flat) for n in swept}
        outputs |= {n: _row_output(program, n, values, told) for n, values in rows.items()}
        coordinates = {"design": Coordinate(flat, "1", "number of the design, in the order of the axes")} | coordinates
    else:
        outputs, counts = {}, getattr(reducer, "counts")()  # noqa: B009
        facts |= reducer.result() if isinstance(reducer, Range) else {}
    notes = notes_of(told) + (("stopped before the end: only finished blocks are here",) if stopped else ())
    inputs = {n: i for n, i in inputs.items() if n not in swept}
    hashes = subject.hashes(program, inputs)
    return Result("sweep", subject.system, subject.name, outputs, coordinates, inputs, counts, notes, facts, hashes)


def _axis_values(grid: Grid, given: Given, flat: Array | None) -> Coordinate:
    """Values of a swept given along its axis, or at designs by number; labels where it has some."""
    number = grid.program.number_of[given.name]
    base = grid.border.arrays[number].ravel() if flat is None else grid.coordinates(flat)[given.name]
    labels = given.labels
    if given.domain is not None and given.domain[0] == "member":
        labels = tuple(grid.border.members(given.domain[1][0]))
    if labels is not None:
        return Coordinate(np.array(labels, dtype=str)[base.astype(int)], "1", given.meaning)
    return Coordinate(base / units.measure(given.unit).worth, given.unit, given.meaning)


def _column(grid: Grid, given: Given, flat: Array) -> Output:
    along = _axis_values(grid, given, flat)
    return Output(along.values, ("design",), along.unit, along.meaning)


def _row_output(program: Program, name: str, values: Array, told: Mapping[str, Value]) -> Output:
    made = output_of(program, name, values, told)
    sets = tuple(program.axes[k].name for k in program.sets(program.output(name).step))
    return Output(values, ("design", *sets), made.unit, made.meaning, made.sources, made.confidence)
