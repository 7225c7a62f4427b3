"""sweep: a system over a grid of its givens; everything is stored, or what is asked for is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symppa.descriptions.bind import Value
from symppa.descriptions.ranges import split_limit
from symppa.engine.grid import Grid, Progress, reduce
from symppa.engine.pareto import Pareto
from symppa.engine.program import Program
from symppa.engine.reducers import Best, Count, Feasible, Judged, Kept, Limit, Range, Reducer, Store
from symppa.errors import QuestionError
from symppa.studies.axes import axis_values, coordinates, swept
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
    moved = axis_values(program, told, axes)
    grid = grid_of(program, {n: v for n, v in told.items() if n not in moved}, moved)
    limits = subject.limits(where, program)
    reducer = _reducer(keep, limits, list(program.outputs))
    stopped = _walked(grid, reducer, progress)
    found = _result(subject, program, told, grid, reducer, stopped)
    facts = {"keep": keep, "where": where, **found.facts}
    if limits and not stopped and not found.counts["feasible"]:
        facts["reach"] = _reach(grid, limits)
    return replace(found, facts=facts)


def _reach(grid: Grid, limits: Sequence[Limit]) -> dict[str, dict[str, Any]]:
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
    moved = swept(program)
    inputs = {n: i for n, i in subject.inputs(program, told).items() if n not in moved}
    outputs, along, counts, facts = _kept(program, told, grid, reducer, stopped)
    notes = notes_of(told) + (("stopped before the end: only finished designs are here",) if stopped else ())
    return Result(
        study="sweep",
        system=subject.system,
        name=subject.name,
        outputs=outputs,
        coordinates=along | set_coordinates(program, grid.border),
        inputs=inputs,
        counts=counts,
        notes=notes,
        facts={"complete": not stopped, **facts},
        hashes=subject.hashes(program, inputs),
    )


Kept4 = tuple[dict[str, Output], dict[str, Coordinate], dict[str, int], dict[str, Any]]


def _kept(program: Program, told: Mapping[str, Value], grid: Grid, reducer: Reducer, stopped: bool) -> Kept4:
    """Outputs, coordinates, counts and facts of what a reducer kept."""
    if isinstance(reducer, Store):
        arrays = reducer.result()
        if stopped:
            flat = reducer.reached()
            where = np.unravel_index(flat, grid.shape)
            rows = {n: a[where] for n, a in arrays.items()}
            return *_rows(program, told, grid, flat, rows), _seen(rows, len(flat)), {}
        outputs = outputs_of(program, arrays, told)
        return outputs, coordinates(grid), _seen(arrays, grid.size, len(grid.shape)), {}
    if isinstance(reducer, Kept):
        flat, rows = reducer.result()
        return *_rows(program, told, grid, flat, rows), reducer.counts(), {}
    if isinstance(reducer, Range):
        return {}, {}, reducer.counts(), reducer.result()
    return {}, {}, reducer.counts() if isinstance(reducer, Judged) else {}, {}


def _rows(
    program: Program, told: Mapping[str, Value], grid: Grid, flat: Array, rows: Mapping[str, Array]
) -> tuple[dict[str, Output], dict[str, Coordinate]]:
    """A table of designs: what was swept, then the outputs."""
    outputs = {n: Output(c.values, ("design",), c.unit, c.meaning) for n, c in coordinates(grid, flat).items()}
    outputs |= {n: _row_output(program, n, values, told) for n, values in rows.items()}
    return outputs, {"design": Coordinate(flat, "1", "number of the design, in the order of the axes")}


def _seen(arrays: Mapping[str, Array], designs: int, swept_axes: int = 1) -> dict[str, int]:
    """Designs stored, and those with an output that is not finite."""
    bad: Any = False
    for array in arrays.values():
        undefined = ~np.isfinite(array)
        if undefined.any():
            bad = bad | undefined.any(axis=tuple(range(swept_axes, array.ndim)))
    return {"designs": designs, "invalid": int(np.count_nonzero(bad))}


def _row_output(program: Program, name: str, values: Array, told: Mapping[str, Value]) -> Output:
    made = output_of(program, name, values, told)
    sets = tuple(program.axes[k].name for k in program.sets(program.output(name).step))
    return replace(made, dims=("design", *sets))
