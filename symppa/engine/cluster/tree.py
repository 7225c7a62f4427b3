"""Reducers on a cluster: each window is seen by one worker, and what was found is joined there, as a tree."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from math import ceil
from typing import Any

from symppa.engine.cluster.ground import Ground
from symppa.engine.cluster.tasks import finished, hand, threads, value_of
from symppa.engine.grid import Grid
from symppa.engine.native.choice import numpy_seconds
from symppa.engine.walk import Progress, check_means, once
from symppa.engine.windows import Windows

FAN = 8  # parts that are joined at once
SHARE = 8  # windows for each thread, within
LEAST, MOST = 0.05, 5.0  # seconds that numpy would take for a window: one costs some 5 ms more


@dataclass(frozen=True)
class Looking:
    """What a worker does with each window: the ground, the windows, and reducers that have seen nothing yet."""

    ground: Ground
    windows: Windows
    reducers: bytes
    engine: str


def seen(looking: Looking, number: int) -> bytes:
    """What reducers found in one window."""
    reducers = pickle.loads(looking.reducers)
    once(looking.ground.grid(looking.windows[number]), reducers, engine=looking.engine)
    return pickle.dumps(reducers)


def joined(looking: Looking, parts: Sequence[bytes]) -> bytes:
    """What reducers found in several windows, as one."""
    first, *others = map(pickle.loads, parts)
    for reducers in (first, *others):
        attach(reducers, looking.ground.whole)
    for other in others:
        merge(first, other)
    return pickle.dumps(first)


def attach(reducers: Sequence[Any], grid: Grid) -> None:
    """Give reducers their grid."""
    for reducer in reducers:
        reducer.attach(grid)


def merge(reducers: Sequence[Any], others: Sequence[Any]) -> None:
    """Join what others found."""
    for reducer, other in zip(reducers, others, strict=True):
        reducer.merge(other)


def reduce(
    grid: Grid,
    reducers: Sequence[Any],
    progress: Progress | None = None,
    *,
    client: Any,
    engine: str = "auto",
    most: int | None = None,
) -> None:
    """Show every window of a grid to reducers, once more as long as one asks for it.

    A walk that `progress` or Ctrl-C interrupts leaves the reducers with the windows that were finished.
    """
    check_means(engine, None)
    for reducer in reducers:
        reducer.start(grid)
    ground = Ground.of(grid.program, grid.border.values)
    windows = Windows(grid.shape, most or _most(grid, threads(client)))
    asking = list(reducers)
    while asking:
        empty = pickle.dumps([reducer.twin() for reducer in asking])
        _round(Looking(ground, windows, empty, engine), grid, asking, client, progress)
        asking = [reducer for reducer in asking if reducer.again()]


def _most(grid: Grid, count: int) -> int:
    """Designs of a window: some windows for each thread, none that takes no time or forever."""
    seconds = max(numpy_seconds(grid), LEAST)
    return max(1, ceil(grid.size * min(max(1 / (SHARE * count), LEAST / seconds), MOST / seconds)))


def _round(looking: Looking, grid: Grid, reducers: Sequence[Any], client: Any, progress: Progress | None) -> None:
    common = hand(client, looking)
    tree = Tree(client, common)
    try:
        with closing(finished(client, seen, common, range(len(looking.windows)), progress)) as walk:
            for _, future in walk:
                tree.add(future)
    except KeyboardInterrupt:
        _bring_home(tree, grid, reducers)
        raise
    _bring_home(tree, grid, reducers)


def _bring_home(tree: Tree, grid: Grid, reducers: Sequence[Any]) -> None:
    for found in tree.root():
        attach(found, grid)
        merge(reducers, found)


class Tree:
    """Parts joined on the workers, up to 8 at once, in levels like the digits of a number."""

    def __init__(self, client: Any, common: Any) -> None:
        self.client, self.common = client, common
        self.levels: list[list[Any]] = []

    def add(self, future: Any, level: int = 0) -> None:
        """One part more."""
        if level == len(self.levels):
            self.levels.append([])
        self.levels[level].append(future)
        if len(self.levels[level]) == FAN:
            full, self.levels[level] = self.levels[level], []
            self.add(self._joined(full), level + 1)

    def _joined(self, parts: Sequence[Any]) -> Any:
        return self.client.submit(joined, self.common, list(parts), pure=False, priority=1)

    def root(self) -> list[list[Any]]:
        """Reducers with everything that was added, if anything was."""
        left = [future for level in self.levels for future in level]
        self.levels = []
        while len(left) > 1:
            left = [self._joined(left[k : k + FAN]) for k in range(0, len(left), FAN)]
        return [pickle.loads(value_of(future)) for future in left]
