"""Sweeps of matrix products: a batch shares one matrix of weights, so its rows are those of one product."""

from collections.abc import Iterable

from symppa.calibration.readers.reader import Entry, Item, Reader, Source, numbers
from symppa.calibration.readers.sweeps import timed

NAMES = {"batch": "batch_size", "m": "M", "n": "N", "k": "K"}


def _rows(source: Source, entry: Entry) -> Iterable[Item]:
    told = dict(numbers(entry, NAMES))
    shape = {"m": told["m"] * told["batch"], "n": told["n"], "k": told["k"]}
    yield timed(source, entry, "gemm", shape, 2 * shape["m"] * shape["n"] * shape["k"])


COLUMNS = (*NAMES.values(), "precision", "empirical_time_ms", "empirical_time_std_ms")
READER = Reader(
    "gemm_sweep", COLUMNS, "GEMM by batch with measured and modelled times, of which the first is read", _rows
)
