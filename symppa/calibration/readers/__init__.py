"""Files of measurements, whatever their layout: one reader a file of this folder, found by itself."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from symppa.calibration.measurement import FLAGGED, REFUSED, Finding, Measurement, Measurements
from symppa.calibration.readers.reader import SIMULATED, Reader, Source, opened
from symppa.errors import MeasurementError, suggest


@lru_cache(maxsize=1)
def readers() -> Mapping[str, Reader]:
    """Every reader, by the name of its layout: the constant READER of each module here that has one."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    made = [module.READER for module in modules if hasattr(module, "READER")]
    return {reader.name: reader for reader in sorted(made, key=lambda reader: reader.name)}


def read(path: str | Path, layout: str | None = None, device: str = "") -> Measurements:
    """The measurements of a file, its layout told or recognised, with what was refused and flagged."""
    place = Path(path)
    try:
        source = opened(place, device)
        return _read(source, _reader(source, layout))
    except MeasurementError as error:
        raise error.at(str(place), None) from None


def _reader(source: Source, layout: str | None) -> Reader:
    if layout is not None:
        if layout not in readers():
            raise MeasurementError(f"there is no layout {layout!r}{suggest(layout, readers())}")
        return readers()[layout]
    fitting = [reader for reader in readers().values() if reader.fits(source)]
    best = max((len(reader.columns) for reader in fitting), default=0)
    found = [reader for reader in fitting if len(reader.columns) == best]
    if len(found) == 1:
        return found[0]
    names = ", ".join(reader.name for reader in found or readers().values())
    why = "its layout is not known" if not found else "it may be of several layouts"
    if computed := [name for name in source.header if SIMULATED.search(name)]:
        why += f", and {', '.join(computed[:3])} is computed, not measured"
    header = ", ".join(source.header[:8]) or source.lines[0][:80]
    raise MeasurementError(f"{why}; it begins with {header}. Name one with --as: {names}")


def _read(source: Source, reader: Reader) -> Measurements:
    reader.check(source)
    found: list[Measurement] = []
    findings: list[Finding] = list(source.damage)
    reasons: dict[tuple[str, str, str], list[int]] = {}
    for entry in reader.entries(source):
        try:
            for item in reader.rows(source, entry):
                if isinstance(item, Measurement):
                    found.append(item)
                else:
                    reasons.setdefault((item.state, item.rule, item.message), []).extend(item.rows)
        except MeasurementError as error:
            reasons.setdefault((REFUSED, "damaged", error.message), []).append(entry.line)
    findings += [
        Finding(state, rule, tuple(rows), message, source.name) for (state, rule, message), rows in reasons.items()
    ]
    if not found:
        told = "; ".join(str(finding) for finding in findings[:3]) or "it has no rows"
        raise MeasurementError(f"nothing can be read as {reader.name}: {told}")
    return _without_repetitions(found, findings, source.name)


def _without_repetitions(rows: list[Measurement], findings: list[Finding], source: str) -> Measurements:
    """Rows that are the same, result included, once; the others are said."""
    first: dict[object, int] = {}
    kept, again = [], []
    for row in rows:
        same = (row.key, row.latency, row.energy)
        if same in first:
            again.append(row.row)
        else:
            first[same] = row.row
            kept.append(row)
    if again:
        message = "the same row stands above, result and all: read once"
        findings = [*findings, Finding(REFUSED, "duplicates", tuple(again), message, source)]
    repeated: dict[object, list[int]] = {}
    for row in kept:
        repeated.setdefault(row.key, []).append(row.row)
    odd = [line for lines in repeated.values() if len(lines) > 1 for line in lines]
    if odd:
        message = "the same operation of the same size with different results: repetitions, or a column is missing"
        findings = [*findings, Finding(FLAGGED, "duplicates", tuple(odd), message, source)]
    return Measurements(tuple(kept), tuple(findings))
