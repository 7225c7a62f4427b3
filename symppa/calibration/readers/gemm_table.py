"""GEMM profiles: device, dtype, m, n, k and a latency."""

from collections.abc import Iterable

from symppa.calibration.measurement import measurement
from symppa.calibration.readers.reader import Entry, Item, Reader, Source, numbers, time


def _rows(source: Source, entry: Entry) -> Iterable[Item]:
    shape = dict(numbers(entry, {"m": "m", "n": "n", "k": "k"}))
    campaign = source.campaign(entry.text("device"))
    yield measurement(campaign, "gemm", shape, entry.text("dtype"), time(entry, "latency"), row=entry.line)


READER = Reader("gemm_table", ("device", "dtype", "m", "n", "k", "latency_*"), "GEMM by m, n and k", _rows)
