"""Tidy files of measurements: written whole or not at all."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from symppa.calibration.measurement import TOLD, Finding, Measurements, as_csv
from symppa.calibration.readers import read
from symppa.descriptions import shipped
from symppa.errors import MeasurementError


def shipped_file(name: str | Path) -> Path:
    """The file of a shipped set of measurements by device/name; any other path as it is."""
    place, path = shipped.folder("models") / "measurements" / f"{name}.csv", Path(name)
    return place if not path.suffix and not path.exists() and place.is_file() else path


def rows_of(device: str, file: Path, layout: str | None = None) -> Measurements:
    """The rows of a file that were measured on a device; what was left out is told as a finding.

    A device that the file names stands; rows are taken for those of `device` where the file names none, or a single one
    that the registry does not have.
    """
    place = shipped_file(file)
    try:
        rows = read(place, layout)
    except MeasurementError:
        return read(place, layout, device)
    named = sorted(set(rows.of("device")))
    if device not in named and len(named) == 1 and named[0] not in shipped.names():
        return _renamed(rows, named[0], device, place.name)
    other = rows.where(device=[name for name in named if name != device])
    if device not in named or not len(other):
        return rows
    lines = tuple(sorted({row.row for row in other}))
    names = ", ".join(name for name in named if name != device)
    left = Finding(TOLD, "device", lines, f"{len(other)} measurements of {names} are left out", place.name)
    own = rows.where(device=device)
    return replace(own, findings=(*own.findings, left))


def _renamed(rows: Measurements, name: str, device: str, source: str) -> Measurements:
    told = Finding(TOLD, "device", (), f"rows of {name} are taken for those of {device}", source)
    own = tuple(replace(row, campaign=replace(row.campaign, device=device)) for row in rows)
    return Measurements(own, (*rows.findings, told))


def written(rows: Measurements, source: Path, folder: Path) -> list[tuple[Path, int]]:
    """The files that rows went to, `folder/<device>/<source>.csv` each, and how many rows."""
    name = re.sub(r"\W+", "_", source.name.removesuffix(".gz").rpartition(".")[0] or source.name)
    found = []
    for device in dict.fromkeys(row.device for row in rows):
        mine = rows.where(device=device)
        path = folder / device / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = path.with_name(f".{path.name}.{os.getpid()}")
        begun.write_text(as_csv(mine), "utf-8")
        found.append((begun.replace(path), len(mine)))
    return found
