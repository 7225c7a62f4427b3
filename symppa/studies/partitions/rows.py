"""Partitions as a folder of Parquet files: rows in the order of the designs, a file for each window."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from symppa.engine.grid import Grid
from symppa.studies.axes import coordinates
from symppa.studies.partitions.folder import written
from symppa.studies.partitions.job import Counts, Job, Seen, sets_of
from symppa.studies.result import Array, Output

PARTITION = b"symppa.partition"


@dataclass(frozen=True)
class Rows:
    """Parquet files; with limits, a column `design` has the designs' numbers and only feasible ones are rows."""

    job: Job

    @property
    def digits(self) -> int:
        """Digits of a partition's number."""
        return max(5, len(str(len(self.job.windows) - 1)))

    def file(self, number: int) -> Path:
        """The file of a partition."""
        return self.job.path / f"part-{number:0{self.digits}d}.parquet"

    def begin(self, folder: Path, grid: Grid, made: Mapping[str, Output], facts: Mapping[str, str]) -> None:
        """Nothing: every file says all."""

    def finished(self, number: int) -> Counts | None:
        """The counts of a partition whose footer can be read and belongs here."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            footer = pq.read_metadata(self.file(number))
            told = json.loads((footer.metadata or {})[PARTITION])
            counts: Counts = told["counts"]
            mine = told["key"] == self.job.key and told["number"] == number and told["rows"] == footer.num_rows
        except (OSError, pa.ArrowInvalid, ValueError, KeyError):
            return None
        return counts if mine else None

    def write(self, number: int) -> Counts:
        """Compute and write one partition; its counts."""
        import pyarrow.parquet as pq

        seen = self.job.look(number)
        table = self._table(seen)
        told = {"key": self.job.key, "number": number, "rows": table.num_rows, "counts": seen.counts}
        table = table.replace_schema_metadata({PARTITION: json.dumps(told)})
        few = [name for name in table.column_names if name not in (*seen.grid.program.outputs, "design")]
        written(self.file(number), lambda path: pq.write_table(table, path, compression="zstd", use_dictionary=few))
        return seen.counts

    def _table(self, seen: Seen) -> Any:
        import pyarrow as pa

        program, sets = seen.grid.program, sets_of(seen.grid)
        limited, axes = "design" in seen.along, {axis.name for axis in program.axes}
        flat = seen.along["design"].values if limited else self._numbers(seen.grid)
        around = prod(map(len, sets.values()))
        members = {n: (along, "1") for n, along in _members(sets, len(flat)).items()}
        moved = {n: (np.repeat(c.values, around), c.unit) for n, c in coordinates(seen.grid, flat).items()}
        outputs = {n: (_spread(seen.outputs[n], sets, len(flat)), seen.outputs[n].unit) for n in program.outputs}
        first = {"design": (np.repeat(flat, around), "1")} if limited else {n: moved[n] for n in moved if n in axes}
        columns = first | members | moved | outputs
        fields = [pa.field(n, _type(a), metadata={"unit": unit}) for n, (a, unit) in columns.items()]
        return pa.Table.from_arrays([pa.array(a, _type(a)) for a, _ in columns.values()], schema=pa.schema(fields))

    @staticmethod
    def _numbers(grid: Grid) -> Array:
        """The numbers of a window's designs, which follow one another."""
        first = int(np.ravel_multi_index(grid.origin, grid.whole)) if grid.whole else 0
        return np.arange(first, first + grid.size)


def _members(sets: Mapping[str, Array], designs: int) -> dict[str, Array]:
    """Labels of the sets, those of the last set moving fastest, the same for every design."""
    shape = [len(labels) for labels in sets.values()]
    along = [labels.reshape([-1 if j == k else 1 for j in range(len(shape))]) for k, labels in enumerate(sets.values())]
    return {n: np.tile(np.broadcast_to(a, shape).ravel(), designs) for n, a in zip(sets, along, strict=True)}


def _spread(output: Output, sets: Mapping[str, Array], designs: int) -> Array:
    """An output in rows, repeated over the sets that it does not stand over."""
    shape = [len(labels) if name in output.dims else 1 for name, labels in sets.items()]
    values = np.asarray(output.values).reshape(designs, *shape)
    return np.broadcast_to(values, (designs, *map(len, sets.values()))).ravel()


def _type(array: Array) -> Any:
    import pyarrow as pa

    return pa.string() if array.dtype.kind == "U" else pa.from_numpy_dtype(array.dtype)
