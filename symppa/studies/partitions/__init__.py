"""Sweeps stored in partitions: as large as the disk, in a few windows of memory, and resumed where they were left.

A name that ends in `.parts` is a folder of Parquet files, one that ends in `.zarr` a Zarr store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.bind import Value
from symppa.engine.cluster import Ground, finished, hand, value_of
from symppa.engine.grid import Grid
from symppa.engine.reducers import Limit
from symppa.engine.walk import Progress, dims
from symppa.engine.windows import Windows, room
from symppa.errors import QuestionError, SymppaError
from symppa.studies.axes import coordinates, listed, replaced
from symppa.studies.evaluate import output_of
from symppa.studies.keep import Found
from symppa.studies.partitions import folder as folders
from symppa.studies.partitions.arrays import Arrays
from symppa.studies.partitions.job import Counts, Form, Job, sets_of, write
from symppa.studies.partitions.rows import Rows
from symppa.studies.result import Array, Input, Output, plain
from symppa.studies.subject import Subject
from symppa.version import __version__

KINDS: Mapping[str, type[Rows] | type[Arrays]] = {".parts": Rows, ".zarr": Arrays}
WINDOW = 1_000_000  # designs of a window
MEMORY = 128 * 2**20  # bytes of its outputs
MANY = 1_000_000  # partitions
Walk = Generator[tuple[int, Counts], None, None]
LISTED = 1000  # values of an axis that stand beside the partitions; of longer ones their hash


@dataclass(frozen=True)
class Question:
    """What is to be stored: the grid of a subject, what it was told, limits as written and as they are judged."""

    subject: Subject
    grid: Grid
    told: Mapping[str, Value]
    where: Sequence[str] = ()
    limits: Sequence[Limit] = ()

    def inputs(self) -> dict[str, Input]:
        """What went in, but what moves."""
        program, moved = self.grid.program, replaced(self.grid.program)
        return {n: i for n, i in self.subject.inputs(program, self.told).items() if n not in moved}

    def facts(self) -> dict[str, Any]:
        """All that the numbers depend on, as plain data."""
        subject, program, inputs = self.subject, self.grid.program, self.inputs()
        along = coordinates(self.grid) | {n: c for n, (_, c) in listed(self.grid).items()}
        return {
            "symppa": __version__,
            "system": subject.system,
            "description": subject.name,
            "order": [axis.name for axis in program.axes[: program.swept]],
            "axes": {n: _axis(c.values, c.unit) for n, c in along.items()},
            "outputs": list(program.outputs),
            "where": sorted([one.output, one.relation, one.bound] for one in self.limits),
            "inputs": {n: _in_base(i.value, i.unit) for n, i in inputs.items()},
            "program": subject.hashes(program, inputs)["program"],
        }

    def outputs(self) -> dict[str, Output]:
        """Every output without its values."""
        program = self.grid.program
        return {name: output_of(program, name, np.empty(0), self.told) for name in program.outputs}

    def attributes(self) -> dict[str, str]:
        """What a store says of itself."""
        subject, program = self.subject, self.grid.program
        facts = {"study": "sweep", "system": subject.system, "description": subject.name}
        return facts | subject.hashes(program, self.inputs())


def _in_base(value: Any, unit: str) -> Any:
    """A value in base units, however it was written; labels as they are."""
    if isinstance(value, Mapping):
        return {name: _in_base(one, unit) for name, one in value.items()}
    if isinstance(value, list):
        return [_in_base(one, unit) for one in value]
    try:
        return plain(np.asarray(units.worth(value, unit)))
    except (SymppaError, TypeError):
        return value


def _axis(values: Array, unit: str) -> dict[str, Any]:
    if len(values) <= LISTED:
        return {"unit": unit, "values": plain(values)}
    told = {"count": len(values), "first": plain(values[0]), "last": plain(values[-1])}
    return {"unit": unit, **told, "sha256": hashlib.sha256(values.tobytes()).hexdigest()}


def is_stored(out: Path) -> bool:
    """Whether a name asks for partitions."""
    return out.suffix in KINDS


def check(out: Path, keep: str, where: Sequence[str]) -> None:
    """Refuse what partitions cannot hold, before any work is done."""
    if out.suffix not in KINDS:
        raise QuestionError(f"{out} is no place for partitions: its suffix is one of {', '.join(KINDS)}")
    if keep != "all":
        raise QuestionError(f"{out} holds every design: keep all of them, not {keep!r}, or leave it out")
    if where and out.suffix == ".zarr":
        raise QuestionError(
            f"{out} is a store of whole arrays, which cannot leave out designs: "
            f"{out.with_suffix('.parts')} holds the rows of those within limits"
        )


def stored(
    question: Question,
    out: Path,
    *,
    client: Any = None,
    progress: Progress | None = None,
    engine: str = "auto",
    threads: int | None = 1,
) -> tuple[Found, bool, tuple[str, ...]]:
    """Write the partitions that are not there yet, here or on the workers of a client.

    Counts and facts of all of them, whether the walk was stopped, and remarks.
    """
    place, facts, grid = out.absolute(), question.facts(), question.grid
    windows = Windows(grid.whole, _room(grid))
    count = prod(windows.counts)
    if count > MANY:
        raise QuestionError(f"{grid.size:.3g} designs are {count:.3g} partitions, {MANY} at most: narrow an axis")
    content: dict[str, Any] = {
        "format": folders.FORMAT, "kind": out.suffix[1:], "key": folders.key_of(facts), "window": windows.most,
        "partitions": count, "question": facts,
    }  # fmt: skip
    ground = Ground.of(grid.program, grid.border.values)
    job = Job(
        ground, windows, tuple(question.limits), str(place), content["key"], engine, threads if client is None else 1
    )
    form: Form = KINDS[out.suffix](job)
    begun = folders.opened(place, content, lambda new: form.begin(new, grid, question.outputs(), question.attributes()))
    form = KINDS[out.suffix](replace(job, windows=Windows(grid.whole, begun["window"])))
    with folders.held(place):
        folders.cleared(place)
        done, before, stopped = _filled(form, client, progress)
        if client is not None:  # a worker may have ended in the middle of a file
            folders.cleared(place)
    return _found(out, form, done, before), stopped, tuple(_remarks(count, len(done), before, stopped))


def _room(grid: Grid) -> int:
    """Designs of a window, so that its outputs stay within their memory."""
    program, lengths = grid.program, {name: len(labels) for name, labels in sets_of(grid).items()}
    over = [dims(program, name)[program.swept :] for name in program.outputs]
    return room(8 * sum(prod(lengths[d] for d in inner) for inner in over), MEMORY, WINDOW)


def _filled(form: Form, client: Any, progress: Progress | None) -> tuple[dict[int, Counts], int, bool]:
    """The counts of every finished partition, how many were finished before, and whether the rest was stopped."""
    total = len(form.job.windows)
    done = _finished(form, range(total))
    before, left = len(done), [number for number in range(total) if number not in done]
    if not left:
        return done, before, False
    walk = _here(form, left, progress) if client is None else _on_workers(form, left, client, progress)
    try:
        with closing(walk):
            for number, counts in walk:
                done[number] = counts
    except KeyboardInterrupt:  # workers may have finished more than they could tell
        return done | _finished(form, [number for number in left if number not in done]), before, True
    return done, before, False


def _finished(form: Form, numbers: Iterable[int]) -> dict[int, Counts]:
    """The counts of those partitions that are whole."""
    return {number: counts for number in numbers if (counts := form.finished(number)) is not None}


def _here(form: Form, left: Sequence[int], progress: Progress | None) -> Walk:
    total = len(form.job.windows)
    for place, number in enumerate(left, total - len(left) + 1):
        yield number, form.write(number)
        if progress is not None:
            progress(place, total)


def _on_workers(form: Form, left: Sequence[int], client: Any, progress: Progress | None) -> Walk:
    common, done = hand(client, form), len(form.job.windows) - len(left)
    with closing(finished(client, write, common, left, progress, done)) as walk:
        for number, future in walk:
            yield number, value_of(future)


def _found(out: Path, form: Form, done: Mapping[int, Counts], before: int) -> Found:
    names = list(dict.fromkeys(name for counts in done.values() for name in counts)) or ["designs"]
    counts = {name: sum(each[name] for each in done.values()) for name in names}
    place = {
        "path": str(out), "partitions": len(form.job.windows), "finished": len(done), "finished before": before,
    }  # fmt: skip
    return {}, {}, counts, {"stored": place}


def _remarks(total: int, done: int, before: int, stopped: bool) -> Iterator[str]:
    if stopped:
        yield f"{done} of {total} partitions are finished; the same question goes on from there"
    elif before == total:
        yield "every partition was finished before: nothing was changed"
    elif before:
        yield f"{before} of {total} partitions were finished before"
