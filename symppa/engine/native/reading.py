"""The native reading of a grid: tables computed once, then blocks walked in C by any number of threads."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from symppa.engine.blocks import Runner, Span, inside
from symppa.engine.border import Array
from symppa.engine.grid import Block, Grid
from symppa.engine.native.compiler import build
from symppa.engine.native.filling import Filling
from symppa.engine.native.memory import aligned, aligned_empty, by_position, numbers, pointers
from symppa.engine.native.schedule import ONCE, Schedule
from symppa.engine.native.screen import Judging
from symppa.engine.native.source import Source
from symppa.engine.reducers import Reducer, Summary

STRIDE = 1_000_000_000  # values between two looks at the clock
ROWS = 16_384  # blocks at once, whose sums are kept
NOWHERE = -1  # a block number that means the whole grid


class NativeReading:
    """A compiled walk: its library, and the tables that all threads read."""

    def __init__(self, source: Source) -> None:
        self.grid, self.judging, self.schedule = source.grid, source.judging, source.schedule
        self.filling = source.filling
        self.buffers, self.library = source.buffers, build(source.text)
        grid = self.grid
        self.lengths = numbers(grid.lengths)
        piece = dict(zip(grid.walked, grid.pieces, strict=True))
        self.pieces = numbers([piece.get(a, 1) for a in range(len(grid.lengths))])
        purpose = self.judging or self.filling
        self.bounds = np.array(purpose.bounds if purpose else (), float)
        self.known = self._tiny()
        self.read = [self._table(what) for what in source.tables]
        self.tables = pointers(self.read)
        self._once()
        if self.filling:
            self.filling.before(self.known)
        self.compiled = not any(part.by_numpy for part in self.schedule.parts if part.depth != ONCE)

    def worker(self) -> NativeWorker:
        return NativeWorker(self)

    def _tiny(self) -> dict[int, Any]:
        """What numpy computes beforehand, all dimensions present where a block shows it."""
        grid, rank = self.grid, (1,) * len(self.grid.order)
        steps = [n for n in grid.program.live if n in self.schedule.tiny]
        known = grid.evaluator.compute(steps, {}, keep=steps)
        return {
            n: np.ascontiguousarray(v) if np.ndim(v) else np.full(rank, v) if n in grid.wanted else v
            for n, v in known.items()
        }

    def _table(self, what: int | str) -> Array:
        """A known value as the C text reads it."""
        border = self.grid.border
        if isinstance(what, int):
            return aligned(np.broadcast_to(self.known[what], self.shape(what, self.grid.lengths)))
        if what in border.tables:
            return aligned(by_position(*border.tables[what]))
        return aligned(border.times[int(what.split()[1])].ravel())

    def shape(self, n: int, lengths: Sequence[int]) -> tuple[int, ...]:
        """The shape of a value where the axes have these lengths."""
        mask = self.grid.program.masks[n]
        return tuple(lengths[a] if mask >> a & 1 else 1 for a in self.grid.order)

    def _once(self) -> None:
        """Compute what is computed once."""
        steps, apply = self.grid.program.steps, self.grid.evaluator.apply
        mine = [n for n in self.buffers if self.schedule.depths[n] == ONCE]
        self.shared = {n: aligned_empty(self.shape(n, self.grid.lengths)) for n in mine}
        self.known |= self.shared
        buffers = pointers(self.placed(self.shared))
        for which, part in enumerate(self.schedule.parts):
            if part.depth == ONCE:
                if part.loops:
                    self.library.symppa_part(which, NOWHERE, *self.arguments(buffers), None)
                with np.errstate(all="ignore"):
                    for n in part.by_numpy:
                        apply(steps[n], self.known[n], [self.known[a] for a in steps[n].arguments])

    def placed(self, arrays: Mapping[int, Array]) -> list[Array | None]:
        """Arrays of values by the numbers of their buffers."""
        found: list[Array | None] = [None] * (max(self.buffers.values(), default=-1) + 1)
        for n, array in arrays.items():
            found[self.buffers[n]] = array
        return found + (self.filling.arrays if self.filling else [])

    def arguments(self, buffers: Any) -> tuple[Any, ...]:
        """What every function of the library is told, but the place of its sums."""
        return self.lengths, self.pieces, self.tables, buffers, ctypes.c_void_p(self.bounds.ctypes.data)


class NativeWorker:
    """Buffers of one thread."""

    def __init__(self, reading: NativeReading) -> None:
        self.reading, self.grid, self.library = reading, reading.grid, reading.library
        self.parts = [(k, part) for k, part in enumerate(reading.schedule.parts) if part.depth != ONCE]
        values = sum(self.grid.extents[n] for n in self.grid.large)
        self.stride = min(max(1, STRIDE * self.grid.blocks // max(1, values)), ROWS)
        self.places = [self.grid.evaluator.places[a] for a in self.grid.walked]
        self.own = self._own()
        self.pointers = pointers(reading.placed(reading.shared | self.own))
        self.arguments = reading.arguments(self.pointers)
        self.before: tuple[Span, ...] = ((-1, 0),) * len(self.grid.walked)
        self.runner: Runner | None = None
        self.views: dict[tuple[int, ...], dict[int, Array]] = {}

    def _own(self) -> dict[int, Array]:
        """A buffer for each stored value; one serves again when its value is dead."""
        grid, depths = self.grid, self.reading.schedule.depths
        lengths = list(grid.lengths)
        for a, piece in zip(grid.walked, grid.pieces, strict=True):
            lengths[a] = piece
        made: dict[int, Array] = {}
        for n, number in self.reading.buffers.items():
            if depths[n] != ONCE and number not in made:
                made[number] = aligned_empty((prod(self.reading.shape(n, lengths)),))
        return {n: made[number] for n, number in self.reading.buffers.items() if number in made}

    def _seen(self, spans: Sequence[Span]) -> dict[int, Array]:
        """The stored values in a block that goes so far, as arrays."""
        key = tuple(length for _, length in spans)
        if key not in self.views:
            lengths = list(self.grid.lengths)
            for a, (_, length) in zip(self.grid.walked, spans, strict=True):
                lengths[a] = length
            shapes = {n: self.reading.shape(n, lengths) for n in self.own}
            self.views[key] = {n: self.own[n][: prod(shape)].reshape(shape) for n, shape in shapes.items()}
        return self.views[key]

    def _value(self, n: int, spans: Sequence[Span], views: Mapping[int, Array]) -> Any:
        """A value in a block: computed there, or cut out of a table."""
        if n in views:
            return views[n]
        value = self.reading.known[n]
        return inside(value, self.places, spans) if np.ndim(value) else value

    def _compute(self, number: int, spans: Sequence[Span], views: Mapping[int, Array], sums: Any = None) -> None:
        """Every part that the move to a block calls for."""
        moved = next((k for k, span in enumerate(spans) if span != self.before[k]), len(spans) - 1)
        self.before, place = tuple(spans), number
        steps, apply = self.grid.program.steps, self.grid.evaluator.apply
        for which, part in self.parts:
            if part.depth < moved:
                continue
            if part.loops:
                self.library.symppa_part(which, place, *self.arguments, sums)
            with np.errstate(all="ignore"):
                for n in part.by_numpy:
                    apply(steps[n], views[n], [self._value(a, spans, views) for a in steps[n].arguments])

    def block(self, number: int) -> Block:
        """One block; its arrays are valid until the next."""
        spans = self.grid.spans(number)
        views = self._seen(spans)
        self._compute(number, spans, views)
        return self.grid.box({n: self._value(n, spans, views) for n in self.grid.wanted}, spans)

    def sums(self, first: int, last: int) -> Array:
        """What judging found in some blocks, a row each."""
        judging = self.reading.judging
        found = np.empty((last - first, judging.width if judging else 0))
        if self.reading.compiled:
            place = ctypes.c_void_p(found.ctypes.data)
            self.library.symppa_walk(first, last, *self.arguments, place)
            return found
        for number in range(first, last):
            spans = self.grid.spans(number)
            place = ctypes.c_void_p(found[number - first].ctypes.data)
            self._compute(number, spans, self._seen(spans), place)
        return found

    def looked_at(self, number: int) -> Block:
        """One block of a judged walk with its outputs, from numpy."""
        if self.runner is None:
            self.runner = Runner(self.grid, self.reading.known)
        spans = self.grid.spans(number)
        return self.grid.box(self.runner.run(spans, 0), spans)

    def summaries(self, first: int, last: int) -> Summary:
        """Some blocks without their designs."""
        grid, judging = self.grid, self.reading.judging
        sums = self.sums(first, last)
        designs, begin = (
            np.full(last - first, prod(grid.inside)),
            np.full(last - first, grid.number([0] * len(grid.order))),
        )
        places = np.unravel_index(np.arange(first, last), grid.cuts) if grid.cuts else ()
        for axis, piece, place in zip(grid.walked, grid.pieces, places, strict=True):
            start = place * piece
            designs *= np.minimum(piece, grid.lengths[axis] - start)
            begin += start * prod(grid.whole[axis + 1 :])
        ends: dict[str, dict[str, Array]] = {"low": {}, "high": {}, "total": {}}
        columns = judging.columns if judging else []
        for kind, output in dict.fromkeys(columns):
            mine = [2 + k for k, column in enumerate(columns) if column == (kind, output)]
            ends[kind][output] = sums[:, mine if kind == "total" else mine[0]]
        return Summary(begin, designs, sums[:, 0].astype(int), sums[:, 1].astype(int), **ends)

    def feed(self, reducers: Sequence[Any], first: int, last: int) -> None:
        if self.reading.filling:
            self.sums(first, last)
            reducers[0].filled([self.grid.box({}, self.grid.spans(number)) for number in range(first, last)])
            return
        if self.reading.judging is None:
            for number in range(first, last):
                block = self.block(number)
                for reducer in reducers:
                    reducer.take(block)
            return
        (reducer,) = reducers
        for place in np.flatnonzero(reducer.skim(self.summaries(first, last))).tolist():
            block = self.looked_at(first + place)
            reducer.see(block, reducer.judge(block))


def purpose_of(grid: Grid, reducers: Sequence[Reducer]) -> Judging | Filling | None:
    """What a sole reducer that need not see blocks asks for: sums to judge them by, or its arrays filled."""
    if len(reducers) != 1:
        return None
    screen, sinks = reducers[0].screen(), reducers[0].sinks()
    if screen is not None:
        return Judging(grid.program, screen)
    filling = None if sinks is None else Filling(grid, sinks)
    schedule = Schedule(grid, filling.steps) if filling else None
    return filling if schedule and all(map(schedule.in_loops, filling.steps if filling else ())) else None
