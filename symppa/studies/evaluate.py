"""evaluate: the outputs of one system at its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symppa.descriptions.bind import Value, weakest
from symppa.engine.border import Border
from symppa.engine.grid import Grid
from symppa.engine.program import Definition, Program
from symppa.engine.reducers import Store
from symppa.engine.walk import dims, reduce
from symppa.errors import SymppaError, UndefinedResultError
from symppa.studies.result import Array, Coordinate, Output, Result
from symppa.studies.subject import DEFAULT, Subject, System, located
from symppa.studies.targets import met


def evaluate(
    system: System,
    values: Mapping[str, Any] | None = None,
    *,
    outputs: Sequence[str] | None = None,
    parts: Mapping[str, str] | None = None,
) -> Result:
    """Outputs of a system at its values, with units, sources and confidence.

    Without `outputs`: those of the system itself, and of its parts called `by_...`, which list alternatives.

    >>> evaluate("nexgen_baseline", {"clock": "2.5 GHz"})["peak_compute"]
    81.92
    """
    subject = Subject.of(system, values, parts)
    program = subject.program(asked(outputs))
    told = subject.bound(program)
    grid = grid_of(program, told)
    store = Store(list(program.outputs))
    reduce(grid, [store])
    arrays = store.result()
    refuse_undefined(program, grid, arrays)
    inputs = subject.inputs(program, told)
    made = outputs_of(program, arrays, told)
    return Result(
        study="analyze",
        system=subject.system,
        name=subject.name,
        outputs=made,
        coordinates=set_coordinates(program, grid.border),
        inputs=inputs,
        notes=notes_of(told),
        facts=facts_of(subject, made),
        hashes=subject.hashes(program, inputs),
        question=subject.question(outputs=asked(outputs)),
    )


def asked(outputs: Sequence[str] | str | None) -> Sequence[str]:
    """Names and patterns of the outputs wanted."""
    if outputs is None:
        return DEFAULT
    return [outputs] if isinstance(outputs, str) else outputs


def facts_of(subject: Subject, made: Mapping[str, Output]) -> dict[str, Any]:
    """What is described, and which of its targets are met."""
    if subject.description is None:
        return {}
    goals = {n: goal for n, goal in subject.description.targets.items() if n in made}
    verdicts = {
        n: bool(met(n, goal, made, subject.description)) for n, goal in goals.items() if made[n].values.ndim == 0
    }
    return {"meaning": subject.description.meaning, "targets": goals, "met": verdicts}


def grid_of(program: Program, told: Mapping[str, Value], axes: Mapping[str, Any] | None = None) -> Grid:
    """The grid of a program; errors about a value carry its place."""
    raw = {name: value.raw for name, value in told.items()} | dict(axes or {})
    try:
        return Grid(program, raw)
    except SymppaError as error:
        named = next((n for n in told if error.message.startswith(f"{n} ")), "")
        raise located(error, named, told) from None


def outputs_of(program: Program, arrays: Mapping[str, Array], told: Mapping[str, Value]) -> dict[str, Output]:
    """Outputs with what they rest on."""
    return {name: output_of(program, name, arrays[name], told) for name in program.outputs}


def output_of(program: Program, name: str, values: Array, told: Mapping[str, Value]) -> Output:
    """One output with its sources and the weakest confidence among what it depends on."""
    definition = program.output(name)
    sources = [d.source for d in program.used(definition.step) if d.source]
    sources += [definition.source] if definition.source else []
    levels = []
    for support in program.support(definition.step):
        value = told.get(support) or told.get(support.rpartition(".")[0])
        levels.append(value.confidence if value else "THEORETICAL")
        sources += value.sources if value else [program.givens[support].source or "no source stated"]
    return Output(
        values=values,
        dims=dims(program, name),
        unit=definition.unit,
        meaning=definition.meaning,
        sources=tuple(dict.fromkeys(sources)),
        confidence=weakest(levels or ["THEORETICAL"]),
    )


def set_coordinates(program: Program, border: Border) -> dict[str, Coordinate]:
    """Labels of every set an output stands over."""
    kept = {k for d in program.outputs.values() for k in program.sets(d.step)}
    return {
        program.axes[k].name: Coordinate(np.array(border.members(k), dtype=str), "1", program.axes[k].meaning)
        for k in sorted(kept)
    }


def notes_of(told: Mapping[str, Value]) -> tuple[str, ...]:
    """What a reader should know of the inputs."""
    bare = sorted(n for n, v in told.items() if "no source stated" in v.sources and v.origin != "set")
    many = "1 value states" if len(bare) == 1 else f"{len(bare)} values state"
    return (f"{many} no source and count as THEORETICAL: {', '.join(bare)}",) if bare else ()


def refuse_undefined(program: Program, grid: Grid, arrays: Mapping[str, Array]) -> None:
    """An output that is not finite at a point is an error that names where it went wrong."""
    for name, array in arrays.items():
        if np.isfinite(array).all():
            continue
        what = "undefined" if np.isnan(array).any() else "infinite"
        place = why_undefined(program, grid, program.output(name))
        raise UndefinedResultError(f"{name} is {what} for these values{place}")


REASONS = {
    "divide": "a division by zero",
    "lambert_w": "lambert_w has no real value there (where leakage heats a chip: thermal runaway)",
    "lookup": "the table has no such key",
    "log": "the logarithm of a number that is not positive",
    "sqrt": "the root of a negative number",
    "power": "a power that is not a real number",
}


def why_undefined(program: Program, grid: Grid, output: Definition) -> str:
    """Where a value first stops being finite, by the name of its formula."""
    steps = program.needed([output.step])
    known = grid.evaluator.compute(steps, {}, keep=steps)
    bad = [n for n in steps if program.steps[n].operation != "constant" and not np.isfinite(known[n]).all()]
    if not bad:
        return ""
    first = program.steps[bad[0]]
    if first.operation == "given":
        return f": {first.detail} is not finite"
    around = [d for d in program.definitions if bad[0] in program.needed([d.step])]
    formula = min(around, key=lambda d: d.step, default=output)
    reason = REASONS.get(first.operation, f"{first.operation} is not finite")
    return f": {reason}, in {formula.name} ({formula.meaning})"
