"""Fused subgraphs of networks, told by their work and traffic."""

import re
from collections.abc import Iterable

from symppa.calibration.measurement import measurement
from symppa.calibration.operations import BYTES
from symppa.calibration.readers.reader import Entry, Item, Reader, Source, numbers, spread
from symppa.errors import MeasurementError

NAMES = {"batch": "batch", "ops": "flops", "bytes": "total_bytes", "nodes": "n_nodes"}


def _rows(source: Source, entry: Entry) -> Iterable[Item]:
    mean = entry.number("lat_mean_ms")
    yield measurement(
        source.campaign(date=entry.text("date")[:10]), "subgraph", dict(numbers(entry, NAMES)), _format(source),
        mean * 1e-3, spread=spread(entry.number("lat_std_ms"), mean) if mean > 0 else None,
        samples=int(entry.number("samples")), network=entry.text("model"), part=entry.text("subgraph_id"),
        pattern=entry.text("fusion_pattern"), peak=entry.maybe("peak_flops"), row=entry.line,
    )  # fmt: skip


def _format(source: Source) -> str:
    """The number format, which the file's name alone tells."""
    found = [word for word in re.split(r"[_.]", source.path.stem) if word in BYTES]
    if len(found) != 1:
        raise MeasurementError(
            f"no number format in the file's name {source.name}: name it as in cpu_subgraphs_fp32.csv"
        )
    return found[0]


COLUMNS = (*NAMES.values(), "model", "subgraph_id", "fusion_pattern", "lat_mean_ms", "lat_std_ms", "samples", "date")
READER = Reader("subgraphs", COLUMNS, "fused subgraphs of networks", _rows)
