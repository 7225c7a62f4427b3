"""Partitions as a Zarr store: arrays over the axes, one chunk of each for every window."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symppa.engine.grid import Grid
from symppa.engine.walk import dims
from symppa.errors import MissingPackageError, QuestionError
from symppa.studies.axes import coordinates, listed
from symppa.studies.evaluate import set_coordinates
from symppa.studies.partitions.folder import settled, text, written
from symppa.studies.partitions.job import Counts, Job, sets_of
from symppa.studies.result import Coordinate, Output

MARKS = "_parts"
LAID_OUT = 2  # the format that every reader of Zarr knows, labels included


@dataclass(frozen=True)
class Arrays:
    """A Zarr store; a window counts as finished once a mark beside its chunks says so."""

    job: Job

    def begin(self, folder: Path, grid: Grid, made: Mapping[str, Output], facts: Mapping[str, str]) -> None:
        """The arrays, empty, and their coordinates."""
        zarr = _zarr()
        program = grid.program
        odd = [name for name in program.outputs if "/" in name]
        if odd:
            raise QuestionError(
                f"{odd[0]!r} cannot name an array of a Zarr store, where / parts folders: write NAME.parts instead"
            )
        root = zarr.open_group(str(folder), mode="w", zarr_format=LAID_OUT, attributes=dict(facts))
        for name, coordinate in (coordinates(grid) | set_coordinates(program, grid.border)).items():
            _coordinate(root, name, name, coordinate)
        for name, (axis, coordinate) in listed(grid).items():
            _coordinate(root, name, axis, coordinate)
        lengths = {name: len(labels) for name, labels in sets_of(grid).items()}
        for name, output in made.items():
            inner = [lengths[d] for d in dims(program, name)[program.swept :]]
            self._array(root, name, output, (*grid.whole, *inner), (*self.job.windows.chunk, *inner))
        zarr.consolidate_metadata(str(folder), zarr_format=LAID_OUT)
        (folder / MARKS).mkdir()
        for path in (*folder.rglob("*"), folder):
            settled(path)

    @staticmethod
    def _array(root: Any, name: str, output: Output, shape: tuple[int, ...], chunks: tuple[int, ...]) -> None:
        attributes = {"units": output.unit, "long_name": output.meaning, "confidence": output.confidence}
        root.create_array(
            name, shape=shape, chunks=chunks, dtype="f8", fill_value=np.nan,
            attributes=attributes | {"_ARRAY_DIMENSIONS": list(output.dims)},
        )  # fmt: skip

    def _chunk(self, name: str, number: int) -> Path:
        """The file of an output in one window."""
        program = self.job.ground.whole.program
        inner = len(dims(program, name)) - program.swept
        return self.job.path / name / ".".join(map(str, (*self.job.windows.place(number), *[0] * inner)))

    def _mark(self, number: int) -> Path:
        return self.job.path / MARKS / f"{number:05d}.json"

    def finished(self, number: int) -> Counts | None:
        """The counts of a window whose mark belongs here and whose chunks are all there."""
        try:
            told = json.loads(self._mark(number).read_text(encoding="utf-8"))
            counts: Counts = told["counts"]
            sizes = {name: self._chunk(name, number).stat().st_size for name in told["bytes"]}
            mine = told["key"] == self.job.key and told["number"] == number and told["bytes"] == sizes
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return counts if mine else None

    def write(self, number: int) -> Counts:
        """Compute and write one window; its counts."""
        zarr = _zarr()
        seen, region = self.job.look(number), tuple(slice(*ends) for ends in self.job.windows[number])
        sizes = {}
        with zarr.config.set({"array.write_empty_chunks": True}):
            root = zarr.open_group(str(self.job.path), mode="r+", zarr_format=LAID_OUT)
            for name, output in seen.outputs.items():
                root[name][region] = output.values
                path = self._chunk(name, number)
                settled(path)
                settled(path.parent)
                sizes[name] = path.stat().st_size
        told = {"key": self.job.key, "number": number, "counts": seen.counts, "bytes": sizes}
        written(self._mark(number), text(told))
        return seen.counts


def _coordinate(root: Any, name: str, axis: str, coordinate: Coordinate) -> None:
    values = np.asarray(coordinate.values)
    attributes = {"units": coordinate.unit, "long_name": coordinate.meaning, "_ARRAY_DIMENSIONS": [axis]}
    array = root.create_array(
        name, shape=values.shape, chunks=values.shape, dtype=values.dtype, attributes=attributes, fill_value=None
    )
    array[...] = values


def _zarr() -> Any:
    try:
        import zarr
    except ImportError as error:
        raise MissingPackageError(error.name or "zarr", "cluster", "a Zarr store") from None
    return zarr
