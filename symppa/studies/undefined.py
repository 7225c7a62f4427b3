"""Designs without a value: an example of them, and why."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from symppa.engine.grid import Grid
from symppa.engine.walk import blocks
from symppa.studies.axes import coordinates
from symppa.studies.evaluate import why_undefined
from symppa.studies.result import Coordinate

MOST = 400  # blocks that are searched for an example
BLOCK = 50_000  # designs of a block, on every machine: the same question gives the same words


def example(grid: Grid, count: int, judged: Sequence[str]) -> str:
    """How many designs are invalid by some outputs, one of them, and where its value is lost."""
    many = f"{count} designs have no value" if count > 1 else "1 design has no value"
    grid = grid.arranged(BLOCK)
    found = _found(grid, judged)
    if found is None:
        return many
    number, name = found
    alone = grid.part([(int(k), int(k) + 1) for k in np.unravel_index(number, grid.whole)] if grid.whole else [])
    at = ", ".join(f"{n} = {_shown(c)}" for n, c in coordinates(grid, np.array([number])).items())
    why = why_undefined(grid.program, alone, grid.program.output(name))
    return f"{many}, for example at {at}: {name} is undefined{why}"


def _shown(along: Coordinate) -> str:
    value = along.values[0]
    text = f"{value:.6g}" if along.values.dtype.kind == "f" else str(value)
    return text if along.unit == "1" else f"{text} {along.unit}"


def _found(grid: Grid, judged: Sequence[str]) -> tuple[int, str] | None:
    """The number of an invalid design near the beginning of the walk, and the output it lacks."""
    sets = tuple(place for place, axis in enumerate(grid.order) if axis >= grid.program.swept)
    for block in islice(blocks(grid), MOST):
        for name in judged:
            bad = ~np.isfinite(block.values[name])
            if bad.any():
                inside = np.flatnonzero(np.broadcast_to(bad.any(axis=sets, keepdims=True), block.shape))[:1]
                return int(grid.flat_index(block, inside)[0]), name
    return None
