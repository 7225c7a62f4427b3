"""STREAM and BLAS profiles of several devices, power modes and precisions."""

import re
from collections.abc import Iterable

from symppa.calibration.measurement import FLAGGED, REFUSED, Campaign, measurement
from symppa.calibration.readers.reader import Entry, Item, Reader, Source, left, measured, spread
from symppa.errors import MeasurementError

# The sizes of an operation of `size`: STREAM counts MiB of one array of 4-byte elements, BLAS elements or rows.
SHAPES = {
    **{f"stream_{name}": lambda size: {"elements": size * 2**20 / 4} for name in ("copy", "scale", "add", "triad")},
    **{f"blas1_{name}": lambda size: {"elements": size} for name in ("dot", "axpy")},
    "blas2_gemv": lambda size: {"m": size, "n": size},
    "blas3_gemm": lambda size: {"m": size, "n": size, "k": size},
}
OPS = {"blas1_dot": "blas_dot", "blas1_axpy": "blas_axpy", "blas2_gemv": "blas_gemv", "blas3_gemm": "gemm"}
WORK = {"stream_scale": 1, "stream_add": 1, "stream_triad": 2}
CLOCK = re.compile(r"_(\d+)MHz")
RUN = re.compile(r"\d{8}T\d{6}Z")
STREAM_FORMAT = "fp32"  # 4 bytes an element, as size, rate and time of every scale, add and triad row agree


def _rows(source: Source, entry: Entry) -> Iterable[Item]:
    measured(source, entry)
    name = entry.text("op")
    if entry.text("supported") != "True":
        yield left(REFUSED, "unsupported", entry, "the source marks the format as not supported there: not measured")
    elif name not in SHAPES:
        yield left(REFUSED, "unsupported", entry, f"{name} gives a rate without time and size")
    elif entry.number("latency_ms") == 0:
        yield left(REFUSED, "zero ops", entry, f"{name} took 0 ms")
    else:
        yield from _timed(source, entry, name)


def _timed(source: Source, entry: Entry, name: str) -> Iterable[Item]:
    shape, time = SHAPES[name](entry.number("size")), entry.number("latency_ms")
    ops = WORK.get(name)
    if ops is not None and abs(entry.number("gops") * time * 1e6 - ops * shape["elements"]) > 1e-6 * shape["elements"]:
        raise MeasurementError(f"{name}: rate times time is not the work of {shape['elements']:g} elements")
    if entry.number("gops") == 0 and name != "stream_copy":
        yield left(FLAGGED, "zero ops", entry, f"{name} states a rate of 0 op/s beside a time")
    peak, trials = entry.maybe("peak_gops_theory"), entry.maybe("trials")
    yield measurement(
        _campaign(source, entry), OPS.get(name, name), shape,
        entry.text("precision") if name.startswith("blas") else STREAM_FORMAT, time * 1e-3,
        spread=spread(entry.number("std_ms"), time), samples=None if trials is None else int(trials),
        peak=None if peak is None else peak * 1e9, notes=entry.text("file"), row=entry.line,
    )  # fmt: skip


def _campaign(source: Source, entry: Entry) -> Campaign:
    clock, run = CLOCK.search(entry.text("file")), RUN.search(entry.text("file"))
    return source.campaign(
        entry.text("device"), stack=f"{entry.text('framework')} {entry.text('device_type')}",
        clock=float(clock[1]) * 1e6 if clock else None, power_mode=_mode(entry), date=entry.text("date"),
        version=run[0] if run else "",
    )  # fmt: skip


def _mode(entry: Entry) -> str:
    """The power mode; where the column holds a clock governor, the mode that the file's name begins with."""
    told, head = entry.text("power_mode"), entry.text("file").partition("_")[0]
    return head if told == "schedutil" else told


COLUMNS = (
    "device",
    "file",
    "date",
    "power_mode",
    "framework",
    "op",
    "size",
    "precision",
    "supported",
    "latency_ms",
    "gops",
)
READER = Reader("stream_blas", COLUMNS, "STREAM and BLAS by device, power mode and precision", _rows)
