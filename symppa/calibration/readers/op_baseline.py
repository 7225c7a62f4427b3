"""Baselines of one operation: a shape string, latency_s and energy_j."""

from collections.abc import Iterable

from symppa.calibration.measurement import FLAGGED, measurement
from symppa.calibration.readers.reader import Entry, Item, Reader, Source, left, measured, time
from symppa.errors import MeasurementError

# What the numbers of a shape string are: a matmul is m x k x n, a linear layer tokens x features in x features out.
SHAPES = {
    "matmul": ("gemm", ("m", "k", "n")),
    "linear": ("linear", ("m", "k", "n")),
    "vector_add": ("add", ("elements",)),
}


def _rows(source: Source, entry: Entry) -> Iterable[Item]:
    name = entry.text("op")
    if name not in SHAPES:
        raise MeasurementError(f"op = {name!r} is none of {', '.join(SHAPES)}")
    measured(source, entry)
    op, dims = SHAPES[name]
    told = entry.text("shape").split("x")
    if len(told) != len(dims) or not all(part.isdigit() for part in told):
        raise MeasurementError(f"shape = {entry.text('shape')!r} is not {'x'.join(dims)}")
    shape = {dim: float(part) for dim, part in zip(dims, told, strict=True)}
    notes = entry.cells.get("notes", "").strip()
    trials = entry.maybe("trial_count")
    if "noisy" in notes:
        yield left(FLAGGED, "energy", entry, "the meter's window is longer than the run: the energy is noisy")
    yield measurement(
        source.campaign(entry.text("hardware")), op, shape, entry.text("dtype"), time(entry, "latency"),
        energy=entry.maybe("energy_j"), samples=None if trials is None else int(trials), notes=notes, row=entry.line,
    )  # fmt: skip


COLUMNS = ("hardware", "op", "shape", "dtype", "latency_*", "energy_j")
READER = Reader("op_baseline", COLUMNS, "matmul, linear and vector_add by shape string, with energy", _rows)
