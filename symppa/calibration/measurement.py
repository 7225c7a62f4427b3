"""One tidy schema for everything that was timed: a row is one operation of one size, timed in one campaign."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from symppa.calibration.operations import OPERATIONS, Array, Work, dtype, operation, work
from symppa.errors import MeasurementError

if TYPE_CHECKING:
    import pandas as pd

REFUSED, FLAGGED, TOLD = "refused", "flagged", "told"
SIZE = re.compile(r"[a-z_]+=[^\s=]+")


@dataclass(frozen=True)
class Campaign:
    """What rows of one campaign share; empty or None where the source does not tell.

    `clock` is in hertz, `source` the file's name and `digest` the SHA-256 of its content.
    """

    device: str
    stack: str = ""
    version: str = ""
    clock: float | None = None
    power_mode: str = ""
    date: str = ""
    source: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """What an accuracy claim names: device, stack, clock, power mode, date and file."""
        clock = "" if self.clock is None else f"{self.clock / 1e6:.0f} MHz"
        told = (self.device, f"{self.stack} {self.version}".strip(), clock, self.power_mode, self.date, self.source)
        return ", ".join(part for part in told if part)


@dataclass(frozen=True)
class Measurement:
    """One row. `latency` is in s, `energy` in J for one run, `memory` the peak in bytes; None where nobody measured it.

    `spread` is the standard deviation of the samples over the latency, or what a source tells for it. `network` and
    `part` tell where the operation stands in a network, `pattern` what was fused; `peak` is
    the op/s the source states; `row` the line of the file.
    """

    campaign: Campaign
    op: str
    shape: Mapping[str, float]
    dtype: str
    latency: float
    energy: float | None = None
    memory: float | None = None
    spread: float | None = None
    samples: int | None = None
    network: str = ""
    part: str = ""
    pattern: str = ""
    peak: float | None = None
    notes: str = ""
    row: int = 0

    @property
    def device(self) -> str:
        """The device's name in the registry, or as the source writes it."""
        return self.campaign.device

    @property
    def key(self) -> tuple[Any, ...]:
        """Everything but the result: two rows with one key are repetitions."""
        where = (self.network, self.part, self.pattern)
        return (self.campaign, self.op, tuple(sorted(self.shape.items())), self.dtype, *where)


@dataclass(frozen=True)
class Finding:
    """What is wrong or worth knowing about rows: `refused` rows are left out, `flagged` ones are kept."""

    state: str
    rule: str
    rows: tuple[int, ...]
    message: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.source}:{spoken(self.rows)}: {self.state}, {self.rule}: {self.message}".lstrip(":").lstrip()


def spoken(rows: Sequence[int], most: int = 8) -> str:
    """Row numbers as people write them: 3, 5-9."""
    runs: list[list[int]] = []
    for row in sorted(set(rows)):
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    told = [str(a) if a == b else f"{a}-{b}" for a, b in runs[:most]]
    return ", ".join(told) + (f", ... ({len(set(rows))} rows)" if len(runs) > most else "")


@dataclass(frozen=True)
class Measurements:
    """A table of rows, with what was found on the way in."""

    rows: tuple[Measurement, ...]
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Measurement]:
        return iter(self.rows)

    def __add__(self, other: Measurements) -> Measurements:
        return Measurements(self.rows + other.rows, self.findings + other.findings)

    def take(self, keep: Iterable[Any]) -> Measurements:
        """Some rows: a mask of truth values, or positions."""
        told = np.asarray(list(keep))
        places = np.flatnonzero(told) if told.dtype == bool else told.astype(int)
        return replace(self, rows=tuple(self.rows[n] for n in places))

    def where(self, **wanted: Any) -> Measurements:
        """Rows whose device, op, dtype, network, part, pattern, power_mode or stack is one of those told."""
        told = {name: {value} if isinstance(value, str) else set(value) for name, value in wanted.items()}
        return self.take([all(_value(row, name) in values for name, values in told.items()) for row in self.rows])

    def column(self, name: str) -> Array:
        """One number of every row: a size, latency, energy, memory, spread, samples, row or peak; NaN where absent."""
        known = {told.name for told in fields(Measurement)}
        found = [
            getattr(row, name)
            if name in known and name != "shape"
            else row.shape.get(name, operation(row.op).optional.get(name))
            for row in self.rows
        ]
        return np.array([np.nan if value is None else value for value in found], dtype=float)

    @cached_property
    def latency(self) -> Array:
        """Seconds of every row."""
        return self.column("latency")

    def of(self, name: str) -> list[str]:
        """One text of every row: device, op, dtype, network, part, pattern, or one of the campaign's."""
        return [str(_value(row, name)) for row in self.rows]

    @property
    def ops(self) -> tuple[str, ...]:
        """The operations that occur, by name."""
        return tuple(sorted({row.op for row in self.rows}))

    @property
    def campaigns(self) -> tuple[Campaign, ...]:
        """The campaigns that occur, in the order of their first rows."""
        return tuple(dict.fromkeys(row.campaign for row in self.rows))

    @cached_property
    def work(self) -> Work:
        """What every row computes and moves, by the laws of its operation."""
        columns = {name: np.full(len(self.rows), np.nan) for name in Work._fields}
        for op in self.ops:
            places = np.array([n for n, row in enumerate(self.rows) if row.op == op])
            dims = operation(op).known
            shape = {dim: self.take(places).column(dim) for dim in dims}
            found = work(op, shape, [self.rows[n].dtype for n in places])
            for name, values in found._asdict().items():
                columns[name][places] = values
        return Work(**columns)

    def frame(self) -> pd.DataFrame:
        """The table as pandas, a column for each size that occurs."""
        import pandas as pd

        return pd.DataFrame([_cells(row, self.dims) for row in self.rows])

    @cached_property
    def dims(self) -> tuple[str, ...]:
        """The sizes that occur, in the order of the table of operations."""
        known = dict.fromkeys(dim for op in OPERATIONS.values() for dim in op.known)
        used = {dim for row in self.rows for dim in row.shape}
        return tuple(dim for dim in known if dim in used)


def _value(row: Measurement, name: str) -> Any:
    return getattr(row, name) if hasattr(row, name) else getattr(row.campaign, name)


def measurement(
    campaign: Campaign, op: str, shape: Mapping[str, float], number_format: str, latency: float, **more: Any
) -> Measurement:
    """A row that is checked: a known operation and format, whole sizes, a time above zero."""
    if latency < 0:
        raise MeasurementError(f"a latency of {latency:g} s is negative: nothing ends before it begins")
    if not math.isfinite(latency) or latency == 0:
        raise MeasurementError(f"a latency of {latency:g} s is none: it must be a number above 0")
    energy = more.get("energy")
    if energy is not None and (not math.isfinite(energy) or energy <= 0):
        raise MeasurementError(f"an energy of {energy:g} J is none: leave it out where it was not measured")
    spread = more.get("spread")
    if spread is not None and (not math.isfinite(spread) or spread < 0):
        raise MeasurementError(f"a spread of {spread:g} is none: it is a standard deviation over the latency")
    known = operation(op)
    return Measurement(campaign, op, known.complete(shape), dtype(number_format), latency, **more)


# The tidy file: a column for each of these, units in brackets, and all sizes in one cell as m=1 n=2.
TIDY = (
    "device", "stack", "version", "clock [Hz]", "power_mode", "date", "source", "digest", "op", "shape", "dtype",
    "latency [s]", "energy [J]", "memory [byte]", "spread", "samples", "network", "part", "pattern", "peak [op/s]",
    "notes", "row",
)  # fmt: skip


def _cells(row: Measurement, dims: Sequence[str]) -> dict[str, Any]:
    found = {told.name: getattr(row.campaign, told.name) for told in fields(Campaign)}
    found |= {"op": row.op} | {dim: row.shape.get(dim) for dim in dims}
    names = [told.name for told in fields(Measurement) if told.name not in ("campaign", "op", "shape")]
    return found | {name: getattr(row, name) for name in names}


def tidy_cells(row: Measurement) -> list[str]:
    """The cells of a row in the tidy file; numbers with all digits."""
    cells = []
    for title in TIDY:
        name = title.partition(" ")[0]
        value = spoken_shape(row) if name == "shape" else _value(row, name)
        cells.append("" if value is None else repr(value) if isinstance(value, float) else str(value))
    return cells


def spoken_shape(row: Measurement) -> str:
    """The sizes of a row as text, those left out that have their usual values."""
    optional = operation(row.op).optional
    told = {name: value for name, value in row.shape.items() if optional.get(name) != value}
    return " ".join(f"{name}={value:.17g}" for name, value in told.items())


def as_csv(rows: Iterable[Measurement], header: bool = True) -> str:
    """Rows as text of the tidy file."""
    made = StringIO()
    writer = csv.writer(made, lineterminator="\n")
    if header:
        writer.writerow(TIDY)
    writer.writerows(tidy_cells(row) for row in rows)
    return made.getvalue()


def sizes(text: str) -> dict[str, float]:
    """The sizes of a text: m=1 n=2."""
    found: dict[str, float] = {}
    for part in text.split():
        if not SIZE.fullmatch(part):
            raise MeasurementError(f"{part!r} is no size: write name=number, as in m=128")
        name, _, value = part.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            raise MeasurementError(f"{part!r} is no size: {value!r} is no number") from None
    return found


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
