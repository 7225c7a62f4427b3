"""The walk over a grid: its blocks are computed, in one thread or in several, and every reducer sees each once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event
from typing import Any, Protocol

from symppa.engine.blocks import Runner
from symppa.engine.border import Array, Values
from symppa.engine.grid import BLOCK, Block, Grid
from symppa.engine.native.choice import NATIVE_BLOCK, compiled, may_pay
from symppa.engine.program import Program
from symppa.errors import QuestionError

ENGINES = ("auto", "numpy", "native")
SHARED = 4_000_000  # designs from which on more threads pay
Progress = Callable[[int, int], None]
Begin = Callable[[Sequence[Any], Grid], None]


class Worker(Protocol):
    """Computes blocks for one thread."""

    stride: int  # blocks between two looks at the clock

    def feed(self, reducers: Sequence[Any], first: int, last: int) -> None:
        """Show some blocks to reducers."""


class Reading(Protocol):
    """A way to compute a grid; what its workers share."""

    grid: Grid

    def worker(self) -> Worker:
        """Buffers of its own."""


class NumpyReading:
    """The numpy reading: each step is a ufunc on a block, into reused buffers."""

    def __init__(self, grid: Grid) -> None:
        self.grid, self.known = grid, grid.tables()

    def worker(self) -> NumpyWorker:
        return NumpyWorker(self)


class NumpyWorker:
    """Buffers of one thread."""

    stride = 1

    def __init__(self, reading: NumpyReading) -> None:
        self.grid, self.runner = reading.grid, Runner(reading.grid, reading.known)
        self.before: tuple[Any, ...] = ((-1, 0),) * len(self.grid.walked)

    def block(self, number: int) -> Block:
        """One block; its arrays are valid until the next."""
        spans = self.grid.spans(number)
        moved = next((k for k, span in enumerate(spans) if span != self.before[k]), len(spans) - 1 if spans else 0)
        self.before = spans
        return self.grid.box(self.runner.run(spans, moved), spans)

    def feed(self, reducers: Sequence[Any], first: int, last: int) -> None:
        for number in range(first, last):
            block = self.block(number)
            for reducer in reducers:
                reducer.take(block)


def blocks(grid: Grid) -> Iterator[Block]:
    """Every block, in order; its arrays are valid until the next."""
    worker = NumpyReading(grid).worker()
    return (worker.block(number) for number in range(grid.blocks))


def run(
    program: Program,
    values: Values,
    *,
    block: int = BLOCK,
    progress: Progress | None = None,
    engine: str = "auto",
    threads: int | None = 1,
) -> dict[str, Array]:
    """Every output over the whole grid, in its declared unit: swept axes first, then the sets it stands over.

    >>> import numpy as np
    >>> from symppa.engine.compile import compile
    >>> from symppa.language import Model, formula, given
    >>> class Square(Model):
    ...     side = given("m", "side")
    ...     area = formula("m**2", side * side, "area", derived=True)
    >>> run(compile(Square(), "area", ["side"]), {"side": np.array([1.0, 2.0])})["area"]
    array([1., 4.])
    """
    from symppa.engine.reducers import Store

    grid = Grid(program, values, block=block)
    store = Store(list(program.outputs))
    reduce(grid, [store], progress, engine=engine, threads=threads)
    return store.result()


def reduce(
    grid: Grid,
    reducers: Sequence[Any],
    progress: Progress | None = None,
    *,
    engine: str = "auto",
    threads: int | None = 1,
) -> None:
    """Show every block to every reducer, once more as long as one asks for it.

    `engine` is numpy, native, or auto: native where the designs are so many that compiling pays. `threads` None are
    as many as there are cores, where that pays. A walk that `progress` interrupts leaves the reducers with the blocks
    that were finished.
    """
    check_means(engine, threads)
    asking = list(reducers)
    reading = reading_of(grid, asking, engine)
    while asking:
        _walk(reading, asking, progress if grid.walked else None, threads)
        asking = [reducer for reducer in asking if reducer.again()]
        if asking and not isinstance(reading, NumpyReading):  # they may ask for other sums
            found = compiled(reading.grid, asking, at_any_cost=engine == "native")
            reading = found or NumpyReading(reading.grid)


def check_means(engine: str, threads: int | None) -> None:
    """Refuse an engine that there is not, and threads that cannot be."""
    if engine not in ENGINES:
        raise QuestionError(f"there is no engine {engine!r}; it is one of {', '.join(ENGINES)}")
    if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or threads < 1):
        raise QuestionError(f"threads are a whole number from 1 on, not {threads!r}")


def once(grid: Grid, reducers: Sequence[Any], *, engine: str = "auto", threads: int | None = 1) -> None:
    """Show every block once to reducers that were started elsewhere, on the whole of which this grid is a part."""
    check_means(engine, threads)
    _walk(reading_of(grid, reducers, engine, _attach), reducers, None, threads)


def reading_of(grid: Grid, reducers: Sequence[Any], engine: str, begin: Begin | None = None) -> Reading:
    """The reading that an engine's name means here; starts the reducers on its grid, or begins with them otherwise."""
    begin = begin or _start
    if engine == "native" or (engine == "auto" and may_pay(grid)):
        laid = grid.arranged(NATIVE_BLOCK)
        begin(reducers, laid)
        found = compiled(laid, reducers, at_any_cost=engine == "native")
        if found is not None:
            return found
    begin(reducers, grid)
    return NumpyReading(grid)


def _start(reducers: Sequence[Any], grid: Grid) -> None:
    for reducer in reducers:
        reducer.start(grid)


def _attach(reducers: Sequence[Any], grid: Grid) -> None:
    for reducer in reducers:
        reducer.attach(grid)


def _walk(reading: Reading, reducers: Sequence[Any], progress: Progress | None, threads: int | None) -> None:
    total = reading.grid.blocks
    sharing = min(_threads(reading) if threads is None else threads, total)
    if sharing > 1:
        _in_threads(reading, reducers, progress, sharing)
        return
    worker = reading.worker()
    for first in range(0, total, worker.stride):
        last = min(first + worker.stride, total)
        worker.feed(reducers, first, last)
        if progress is not None:
            progress(last, total)


def _threads(reading: Reading) -> int:
    """Threads that pay: numpy's hold each other up, and few designs are done before a thread has begun."""
    if isinstance(reading, NumpyReading) or reading.grid.size < SHARED:
        return 1
    return cores()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_threads(reading: Reading, reducers: Sequence[Any], progress: Progress | None, threads: int) -> None:
    """Each thread has workers and reducers of its own; what they found is joined at the end."""
    workers = [reading.worker() for _ in range(threads)]
    twins = [[reducer.twin() for reducer in reducers] for _ in workers]
    total, stride = reading.grid.blocks, workers[0].stride
    stride = max(1, min(stride, total // (4 * threads)))
    cuts = iter(range(0, total, stride))
    stopped, finished = Event(), SimpleQueue[int]()

    def work(worker: Worker, mine: Sequence[Any]) -> None:
        try:
            while not stopped.is_set() and (first := next(cuts, None)) is not None:
                last = min(first + stride, total)
                worker.feed(mine, first, last)
                finished.put(last - first)
        finally:
            finished.put(0)

    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(work, worker, mine) for worker, mine in zip(workers, twins, strict=True)]
        try:
            _follow(finished, threads, total, progress)
        finally:
            stopped.set()
            for future in futures:
                future.result()
            for mine in twins:
                for reducer, twin in zip(reducers, mine, strict=True):
                    reducer.merge(twin)


def _follow(finished: SimpleQueue[int], threads: int, total: int, progress: Progress | None) -> None:
    """Tell the progress of all threads until each has ended."""
    done = 0
    while threads:
        count = finished.get()
        done += count
        threads -= not count
        if count and progress is not None:
            progress(done, total)


def dims(program: Program, name: str) -> tuple[str, ...]:
    """Names of an output's dimensions: the swept axes, then the sets it still stands over."""
    kept = program.sets(program.output(name).step)
    return (*[a.name for a in program.axes[: program.swept]], *[program.axes[k].name for k in kept])
