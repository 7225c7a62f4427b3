"""What is stored of a sweep, window by window; it travels to the workers of a cluster as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from symppa.engine.cluster import Ground
from symppa.engine.grid import Grid
from symppa.engine.reducers import Feasible, Limit, Reducer, Store
from symppa.engine.walk import reduce
from symppa.engine.windows import Windows
from symppa.errors import ClusterError
from symppa.studies.evaluate import set_coordinates
from symppa.studies.keep import kept
from symppa.studies.partitions.folder import QUESTION
from symppa.studies.result import Coordinate, Output

Counts = dict[str, int]


@dataclass(frozen=True)
class Job:
    """A sweep to be stored: its ground, its windows, the folder and the key of its question."""

    ground: Ground
    windows: Windows
    limits: tuple[Limit, ...]
    folder: str
    key: str
    engine: str = "auto"
    threads: int | None = 1

    @property
    def path(self) -> Path:
        """The folder, where this process sees it."""
        return Path(self.folder)

    @property
    def reducer(self) -> Reducer:
        """What keeps a window."""
        return Feasible([], self.limits) if self.limits else Store(list(self.ground.whole.program.outputs))

    def look(self, number: int) -> Seen:
        """The designs of one window."""
        self._check_folder()
        grid, reducer = self.ground.grid(self.windows[number]), self.reducer
        reduce(grid, [reducer], engine=self.engine, threads=self.threads)
        outputs, along, counts, _ = kept(grid.program, {}, grid, reducer, False)
        return Seen(grid, outputs, along, counts)

    def _check_folder(self) -> None:
        place = self.path / QUESTION
        try:
            same = json.loads(place.read_text(encoding="utf-8"))["key"] == self.key
        except (OSError, ValueError, KeyError):
            same = False
        if not same:
            raise ClusterError(
                f"{self.path} is not the folder of this sweep where a window is computed: its workers need to share it"
            )


@dataclass(frozen=True)
class Seen:
    """A computed window: its grid, outputs, the coordinates of its designs, and its counts."""

    grid: Grid
    outputs: Mapping[str, Output]
    along: Mapping[str, Coordinate]
    counts: Counts


class Form(Protocol):
    """A way to store partitions."""

    @property
    def job(self) -> Job:
        """What is stored."""

    def begin(self, folder: Path, grid: Grid, made: Mapping[str, Output], facts: Mapping[str, str]) -> None:
        """What stands in a new folder before the first partition."""

    def write(self, number: int) -> Counts:
        """Compute and write one partition; its counts."""

    def finished(self, number: int) -> Counts | None:
        """The counts of a partition that is whole and of this question."""


def write(form: Form, number: int) -> Counts:
    """What a worker does with each window."""
    return form.write(number)


def sets_of(grid: Grid) -> dict[str, Any]:
    """Labels of the sets that outputs stand over, in the order of the program."""
    return {name: c.values for name, c in set_coordinates(grid.program, grid.border).items()}
