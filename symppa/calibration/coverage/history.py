"""Coverage over time: a file to which every run adds a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from symppa.errors import MeasurementError


@dataclass(frozen=True)
class Entry:
    """One run: which network on which device, and how much of it was calibrated; shares in percent.

    `calibrated` is of the operations that cost something, `coverage` of the arithmetic, `time` of the predicted time,
    `at_risk` what of that time is at risk; `error` that against measurements, None where there were none.
    """

    timestamp: str
    model: str
    hardware: str
    power_mode: str
    precision: str
    sizes: Mapping[str, int]
    operations: int
    calibrated: float
    coverage: float
    time: float
    at_risk: float
    error: float | None = None

    @property
    def of(self) -> str:
        """What it is a run of; entries of one name are comparable."""
        sizes = ",".join(f"{name}={size}" for name, size in self.sizes.items())
        where = f"{self.model}[{sizes}]@{self.hardware}" if sizes else f"{self.model}@{self.hardware}"
        return ", ".join(part for part in (where, self.precision, self.power_mode) if part)


NAMES = {field.name for field in fields(Entry)}
TEXTS = ("timestamp", "model", "hardware", "power_mode", "precision")


def append(path: Path, entry: Entry) -> None:
    """Add a line to a file; a file that is none of ours is refused before."""
    if path.exists():
        read(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(entry), ensure_ascii=False, allow_nan=False) + "\n")


def read(path: Path) -> tuple[Entry, ...]:
    """The entries of a file, as they were added; a damaged line is refused with its number."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise MeasurementError(f"the history cannot be read: {why}", file=str(path)) from None
    return tuple(_entry(path, number, line) for number, line in enumerate(lines, 1) if line.strip())


def _entry(path: Path, number: int, line: str) -> Entry:
    try:
        told = json.loads(line)
    except json.JSONDecodeError as error:
        raise MeasurementError(f"this line is no JSON: {error.msg}", file=str(path), line=number) from None
    if not isinstance(told, dict) or set(told) - {"error"} != NAMES - {"error"}:
        raise MeasurementError(
            f"this line is no run of symppa coverage: it has {_listed(told)}, not {', '.join(sorted(NAMES))}",
            file=str(path), line=number,
        )  # fmt: skip
    odd = [name for name, value in told.items() if not _fits(name, value)]
    if odd:
        raise MeasurementError(f"{odd[0]} = {told[odd[0]]!r} is none", file=str(path), line=number)
    return Entry(**told)


def _listed(told: Any) -> str:
    return ", ".join(sorted(told)) or "nothing" if isinstance(told, dict) else f"a {type(told).__name__}"


def _fits(name: str, value: Any) -> bool:
    if name in TEXTS:
        return isinstance(value, str)
    if name == "sizes":
        return isinstance(value, dict)
    return (name == "error" and value is None) or (isinstance(value, int | float) and not isinstance(value, bool))
