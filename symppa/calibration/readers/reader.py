"""What a reader of measurements is, and a file as it meets it: lines, header, cells, and where they stand."""

from __future__ import annotations

import csv
import gzip
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from symppa.calibration.measurement import REFUSED, Campaign, Finding, Measurement, digest
from symppa.descriptions import shipped
from symppa.errors import MeasurementError, suggest

MOST_BYTES = 1 << 28
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
VALUE = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-z%µ/]+)")
# A word in a column's name or a note that says the numbers were computed, not measured.
SIMULATED = re.compile(r"simulat|analytic|predict|estimat|synthetic|emulat|roofline", re.IGNORECASE)
MEASURED = re.compile(r"not simulat|measured", re.IGNORECASE)
# How sources write devices of the registry; the longest that occurs in a text counts.
DEVICES = {
    "nvidia a100-sxm4-80gb": "a100_sxm_80gb", "a100_sxm": "a100_sxm_80gb", "a100": "a100_sxm_80gb",
    "nvidia a100-pcie-40gb": "a100_pcie_40gb", "nvidia a100 80gb pcie": "a100_pcie_80gb",
    "nvidia h100 80gb hbm3": "h100_sxm_80gb", "h100_sxm": "h100_sxm_80gb", "h100": "h100_sxm_80gb",
    "nvidia h200": "h200_sxm", "h200_sxm": "h200_sxm", "nvidia l40s": "l40s", "l40s": "l40s", "a40": "a40",
    "mi210": "mi210", "tesla t4": "t4", "tesla v100-pcie-32gb": "v100_pcie_32gb",
    "i7_12700k": "i7_12700k", "intel_12th_gen_intelr_coretm_i7_12700k": "i7_12700k",
    "jetson_orin_nano_8gb": "jetson_orin_nano_8gb", "jetson_orin_nano_gpu": "jetson_orin_nano_8gb",
    "jetson_orin_nano_cpu": "jetson_orin_nano_cpu", "jetson_orin_agx_cpu": "jetson_orin_agx_cpu",
    "jetson_orin_agx_gpu": "jetson_orin_agx_64gb", "orin_agx": "jetson_orin_agx_64gb",
    "jetson orin agx": "jetson_orin_agx_64gb", "jetson_orin_nx_16gb_gpu": "jetson_orin_nx_16gb",
    "jetson_orin_nx_16gb_cpu": "jetson_orin_nx_16gb_cpu",
    "ryzen_7_8845hs_w_radeon_780m_graphics": "amd_ryzen_7_8845hs",
    "ryzen_9_8945hs_w_radeon_780m_graphics": "amd_ryzen_9_8945hs",
    "amd_ryzen_7_2700x_eight_core_processor": "amd_ryzen_7_2700x",
}  # fmt: skip
Item = Measurement | Finding


@dataclass(frozen=True)
class Entry:
    """A row of a file: its cells by column, and the line it stands on."""

    cells: Mapping[str, str]
    line: int

    def text(self, column: str) -> str:
        """A cell that must not be empty."""
        found = self.cells.get(column, "").strip()
        if not found:
            raise MeasurementError(f"{column} is empty")
        return found

    def number(self, column: str) -> float:
        """A number; one with a unit of its own does not belong into a column that has one."""
        text = self.text(column)
        try:
            value = float(text)
        except ValueError:
            unit = VALUE.fullmatch(text)
            why = f"its own unit {unit[2]!r} in a column that has one" if unit else "no number"
            raise MeasurementError(f"{column} = {text!r} is {why}") from None
        if not math.isfinite(value):
            raise MeasurementError(f"{column} = {text!r} is not finite")
        return value

    def maybe(self, column: str) -> float | None:
        """A number, or None where the column is absent, empty or says 0, which a meter that saw nothing writes."""
        return (self.number(column) or None) if self.cells.get(column, "").strip() else None


@dataclass(frozen=True)
class Source:
    """A file that is read: its name, its lines, and the device that the user names for rows that tell none known."""

    path: Path
    lines: tuple[str, ...]
    digest: str
    device: str = ""

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return self.path.name

    @cached_property
    def _parsed(self) -> tuple[tuple[str, ...], tuple[Entry, ...], tuple[Finding, ...]]:
        reader = csv.reader(self.lines)
        header = tuple(cell.strip() for cell in next(reader, []))
        entries, damage = [], []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                message = f"the row has {len(cells)} cells, the header {len(header)}"
                damage.append(Finding(REFUSED, "damaged", (reader.line_num,), message, self.name))
            else:
                entries.append(Entry(dict(zip(header, cells, strict=True)), reader.line_num))
        return header, tuple(entries), tuple(damage)

    @property
    def header(self) -> tuple[str, ...]:
        """The columns; of a file without a header whatever its first line holds."""
        return self._parsed[0]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The rows below the header that are whole."""
        return self._parsed[1]

    @property
    def damage(self) -> tuple[Finding, ...]:
        """The rows that are not whole."""
        return () if self.path.suffix == ".json" else self._parsed[2]

    @cached_property
    def bare(self) -> tuple[Entry, ...]:
        """Every line of a file without a header, its cells named 0, 1, ..."""
        reader = csv.reader(self.lines)
        cells = ((row, reader.line_num) for row in reader if any(cell.strip() for cell in row))
        return tuple(Entry({str(n): cell.strip() for n, cell in enumerate(row)}, line) for row, line in cells)

    def campaign(self, device: str = "", **told: Any) -> Campaign:
        """The campaign of rows of a device as the source writes it."""
        name = self.named(device)
        if not name:
            raise MeasurementError(
                "no device is told: neither in the rows nor in the file's name; name it with --device"
            )
        return Campaign(name, source=self.name, digest=self.digest, **told)

    def named(self, device: str) -> str:
        """The row's device where that is a known one, else the user's, the row's own name or that of the file."""
        own = _device(device)
        if own in DEVICES.values() or (own and own in shipped.names()):
            return own
        return self.device or own or _device(self.path.stem, inside=True)


@dataclass(frozen=True)
class Reader:
    """A layout: the columns it is recognised by, and what a row of it says.

    `rows` gives the measurements of one entry, and findings about what it leaves out. `sniff` recognises files
    without a header; `entries` cuts the file up where it is no table with a header.
    """

    name: str
    columns: tuple[str, ...]
    meaning: str
    rows: Callable[[Source, Entry], Iterable[Item]]
    sniff: Callable[[Source], bool] | None = None
    entries: Callable[[Source], Iterable[Entry]] = lambda source: source.entries

    def fits(self, source: Source) -> bool:
        """Whether a file looks like this layout."""
        if self.sniff is not None:
            return self.sniff(source)
        return source.path.suffix != ".json" and all(_titled(source.header, name) for name in self.columns)

    def check(self, source: Source) -> None:
        """Refuses a file whose columns miss some of the layout's, or give the time in two units."""
        if self.sniff is not None:
            return
        header = source.header
        if repeated := {name for name in header if name and header.count(name) > 1}:
            raise MeasurementError(f"columns stand twice: {', '.join(sorted(repeated))}")
        missing = [name for name in self.columns if not _titled(header, name)]
        if missing:
            near = suggest(missing[0], source.header)
            raise MeasurementError(f"as {self.name} it lacks the columns {', '.join(missing)}{near}")


def _titled(header: Iterable[str], name: str) -> bool:
    """Whether a column is there; `latency_*` in any unit of time."""
    names = set(header)
    return any(f"{name[:-1]}{unit}" in names for unit in SECONDS) if name.endswith("*") else name in names


def opened(path: Path, device: str = "") -> Source:
    """A file of text, packed or not."""
    if path.exists() and not path.is_file():
        raise MeasurementError("it is no regular file")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise MeasurementError(f"more than {MOST_BYTES} bytes are no table of measurements")
        content = path.read_bytes()
        sealed = digest(path)
        if path.suffix == ".gz":
            with gzip.open(path) as packed:
                content = packed.read(MOST_BYTES + 1)
    except (OSError, EOFError) as error:
        raise MeasurementError(f"it cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > MOST_BYTES:
        raise MeasurementError(f"more than {MOST_BYTES} bytes are no table of measurements")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MeasurementError(f"it is not UTF-8 text: {error.reason} at byte {error.start}") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise MeasurementError(f"line {line} holds a zero byte: the file is damaged")
    if not text.strip():
        raise MeasurementError("the file is empty")
    return Source(path, tuple(text.splitlines()), sealed, device)


def time(entry: Entry, name: str) -> float:
    """Seconds of the column `name_ms`, `name_us` or `name_s`; two of them must agree."""
    found = {f"{name}_{unit}": entry.number(f"{name}_{unit}") * factor for unit, factor in SECONDS.items()
             if entry.cells.get(f"{name}_{unit}", "").strip()}  # fmt: skip
    if not found:
        raise MeasurementError(f"no time stands in {name}_s, {name}_ms, {name}_us or {name}_ns")
    least, most = min(found.values()), max(found.values())
    if most - least > 1e-6 * abs(least):
        raise MeasurementError(f"{' and '.join(found)} tell different times, {least:g} s and {most:g} s")
    return most


def measured(source: Source, entry: Entry) -> None:
    """Refuses a row that says it was computed where it should have been measured."""
    for column in ("notes", "source", "kind", "stack", "framework", "provenance"):
        text = entry.cells.get(column, "")
        if SIMULATED.search(text) and not MEASURED.search(text):
            raise MeasurementError(f"{column} = {text!r}: this was computed, not measured")


def device(text: str) -> str:
    """The registry's name of a device that a source writes in its own way, or that text as a name."""
    return _device(text)


def _device(text: str, inside: bool = False) -> str:
    plain = text.strip().lower()
    if inside:
        found = [name for name in DEVICES if re.search(rf"(?:^|[_\W]){re.escape(name)}(?:[_\W]|$)", plain)]
        return DEVICES[max(found, key=len)] if found else ""
    if plain in DEVICES:
        return DEVICES[plain]
    return re.sub(r"\W+", "_", plain).strip("_")


def spread(deviation: float | None, mean: float) -> float | None:
    """A standard deviation over the mean it belongs to, both in one unit."""
    return None if deviation is None else deviation / mean


def left(state: str, rule: str, entry: Entry, message: str) -> Finding:
    """A finding on one row."""
    return Finding(state, rule, (entry.line,), message)


def numbers(entry: Entry, names: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    """Sizes by their names here, from the columns they have there."""
    for dim, column in names.items():
        yield dim, entry.number(column)
