"""sweep: a system over a grid, points, a sample or draws; everything is stored, or what is asked for is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from symppa.descriptions.bind import Value
from symppa.descriptions.ranges import split_limit
from symppa.engine.cluster import reduce as on_workers
from symppa.engine.cluster import workers
from symppa.engine.grid import Grid
from symppa.engine.reducers import Limit, Range, Reducer
from symppa.engine.walk import Progress, check_means, reduce
from symppa.errors import QuestionError
from symppa.studies.axes import listed, replaced
from symppa.studies.designs import designs, hashes
from symppa.studies.evaluate import asked, grid_of, notes_of, set_coordinates
from symppa.studies.keep import Found, kept
from symppa.studies.kinds import judged, reducer_of
from symppa.studies.partitions import Question, check, stored
from symppa.studies.result import Output, Result
from symppa.studies.spread import QUANTILES, Walk, spread
from symppa.studies.subject import Subject, System
from symppa.studies.undefined import example


def sweep(
    system: System,
    values: Mapping[str, Any] | None = None,
    *,
    axes: Mapping[str, Any] | None = None,
    points: Any = None,
    sample: str | None = None,
    seed: int | None = None,
    uncertain: Mapping[str, str] | Iterable[str] | str | None = None,
    outputs: Sequence[str] | None = None,
    keep: str | None = None,
    where: Sequence[str] = (),
    parts: Mapping[str, str] | None = None,
    out: str | Path | None = None,
    cluster: Any = None,
    engine: str = "auto",
    threads: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """A system over every combination of its axes, a list of points, a sample of ranges, or draws.

    An axis is a text (`"16:64:4"`, `"1.5GHz:3GHz:16"`, `"FP8,FP16"`) or values in the given's unit. `points` are a
    file, a DataFrame or columns, one design a row. With `sample` (`"sobol:4096"`) axes are ranges to draw designs from.
    `uncertain` givens have distributions (`{"clock": "normal(2 GHz, 0.1 GHz)"}`): each output then has quantiles, a
    mean and a deviation. `where` are limits (`"power <= 500 W"`), `keep` says what stays: all designs, `count`,
    `best:5:compute_density`, ... Without `outputs`: every output of the system that is one number for a design.
    `out` (`NAME.parts`, `NAME.zarr`) is a folder for all designs, written in partitions and gone on with where it was
    left. A `cluster` (`local:4`, the address of a Dask scheduler, a Client) computes instead of this process. `engine`
    is `auto`, `numpy` or `native`, `threads` how many share the work (as many as pay): the numbers are the same.

    >>> result = sweep("nexgen_baseline", axes={"chiplet.sms": "16:64:16"}, outputs=["power"])
    >>> result["power"].round(1).tolist()
    [267.2, 363.2, 459.2, 555.2]
    """
    check_means(engine, threads)
    subject = Subject.of(system, values, parts)
    over = designs(subject, axes or {}, points, sample, seed, uncertain)
    keep = keep or (QUANTILES if over.uncertain else "all")
    where = [where] if isinstance(where, str) else list(where)
    if out is not None:
        check(Path(out), keep, where)
    judging = [split_limit(text)[0] for text in where]
    judging += judged(keep)
    wanted = _single(subject) if outputs is None else list(asked(outputs))
    program = over.program(subject, [*wanted, *[n for n in judging if n not in wanted]])
    told = subject.bound(program)
    columns = over.columns(program, told)
    moved = over.values(program, told, columns)
    grid = grid_of(program, {n: v for n, v in told.items() if n not in moved}, moved)
    ask = Question(subject, grid, told, where, subject.limits(where, program))
    place = None if out is None else Path(out)
    made, stopped, remarks = _computed(
        ask, keep, over.uncertain, place, cluster=cluster, engine=engine, threads=threads, progress=progress
    )
    if made[2].get("invalid") and not stopped:
        remarks = (*remarks, example(grid, made[2]["invalid"], judging or list(program.outputs)))
    found = _result(subject, told, grid, made, stopped)
    facts = {"keep": keep, "where": where, **over.facts, **found.facts}
    many = {"axes": axes or {}, "points": None, "sample": sample, "seed": seed, "uncertain": None}
    question = subject.question(**many, outputs=None if outputs is None else asked(outputs), keep=keep, where=where)
    return replace(
        found,
        facts=facts,
        notes=(*found.notes, *over.notes(subject.values), *remarks),
        hashes={**found.hashes, **hashes(columns)},
        question={**question, **over.question},
    )


def _computed(
    ask: Question,
    keep: str,
    uncertain: bool,
    out: Path | None,
    *,
    cluster: Any,
    engine: str,
    threads: int | None,
    progress: Progress | None,
) -> tuple[Found, bool, tuple[str, ...]]:
    """What is kept or stored of the designs, whether the walk was stopped, and remarks."""
    with workers(cluster) if cluster is not None else nullcontext() as client:
        walk: Walk = partial(reduce, engine=engine, threads=threads)
        if client is not None:
            walk = partial(on_workers, client=client, engine=engine)
        remarks: tuple[str, ...] = ()
        if out is not None:
            made, stopped, remarks = stored(ask, out, client=client, progress=progress, engine=engine, threads=threads)
        else:
            made, stopped = _made(ask, keep, uncertain, walk, progress)
        if ask.limits and not stopped and not made[2]["feasible"]:
            made[3]["reach"] = _reach(ask.grid, ask.limits, walk)
    return made, stopped, remarks


def _made(ask: Question, keep: str, uncertain: bool, walk: Walk, progress: Progress | None) -> tuple[Found, bool]:
    """What is kept of the designs, and whether the walk was stopped."""
    grid, program = ask.grid, ask.grid.program
    if uncertain and keep.startswith(QUANTILES):
        return spread(grid, ask.told, ask.limits, keep, progress, walk), False
    reducer = reducer_of(keep, ask.limits, program)
    stopped = _walked(walk, grid, reducer, progress)
    return kept(program, ask.told, grid, reducer, stopped), stopped


def _reach(grid: Grid, limits: Sequence[Limit], walk: Walk) -> dict[str, dict[str, Any]]:
    """What the limited outputs can be on this grid, when none of it is feasible."""
    seen = Range(list(dict.fromkeys(limit.output for limit in limits)))
    walk(grid, [seen], None)
    return seen.result() if seen.feasible else {}


def _single(subject: Subject) -> list[str]:
    """Outputs of the system that stand over no set."""
    program = subject.program(["*"])
    names = [n for n, d in program.outputs.items() if not program.sets(d.step)]
    if not names:
        raise QuestionError(f"every output of {subject.system} stands over a set: name some to sweep them all")
    return names


def _walked(walk: Walk, grid: Grid, reducer: Reducer, progress: Progress | None) -> bool:
    """Walk every block; Ctrl-C leaves what was finished."""
    try:
        walk(grid, [reducer], progress)
    except KeyboardInterrupt:
        return True
    return False


def _result(subject: Subject, told: Mapping[str, Value], grid: Grid, made: Found, stopped: bool) -> Result:
    program, (outputs, along, counts, facts) = grid.program, made
    moved = replaced(program)
    inputs = {n: i for n, i in subject.inputs(program, told).items() if n not in moved}
    columns = {
        n: Output(c.values, (axis,), c.unit, c.meaning) for n, (axis, c) in listed(grid).items() if axis in along
    }
    notes = notes_of(told) + (("stopped before the end: only finished designs are here",) if stopped else ())
    return Result(
        study="sweep",
        system=subject.system,
        name=subject.name,
        outputs=columns | outputs,
        coordinates=along | set_coordinates(program, grid.border),
        inputs=inputs,
        counts=counts,
        notes=notes,
        facts={"complete": not stopped, **facts},
        hashes=subject.hashes(program, inputs),
    )
