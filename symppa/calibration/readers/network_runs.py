"""Whole networks, several runs of the same measurement side by side."""

import re
from collections.abc import Iterable
from dataclasses import replace

from symppa.calibration.measurement import FLAGGED, Finding, measurement
from symppa.calibration.readers.reader import Entry, Item, Reader, Source
from symppa.calibration.readers.sweeps import campaign

RUN = re.compile(r"measured_ms_(\w+)")


def _rows(source: Source, entry: Entry) -> Iterable[Item]:
    told = entry.text("precision")
    number_format, _, detail = told.partition("(")
    if "TF32" in detail:
        message = f"precision {told!r}: convolutions may have run in tf32; kept as {number_format}"
        yield Finding(FLAGGED, "precision", (entry.line,), message)
    for column in entry.cells:
        run = RUN.fullmatch(column)
        if run is None or not entry.cells[column].strip():
            continue
        where = replace(campaign(source), version=run[1])
        shape = {"batch": entry.number("batch")}
        time = entry.number(column) * 1e-3
        yield measurement(
            where,
            "network",
            shape,
            number_format,
            time,
            network=entry.text("model"),
            notes=detail.rstrip(")"),
            row=entry.line,
        )


def _fits(source: Source) -> bool:
    names = {"model", "batch", "device", "precision"}
    return names <= set(source.header) and any(RUN.fullmatch(name) for name in source.header)


READER = Reader(
    "network_runs", ("model", "batch", "device", "precision", "measured_ms_"), "whole networks by run", _rows, _fits
)
