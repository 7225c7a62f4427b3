"""Sweeps of 2-d convolutions; the padding keeps the size, as the stated work confirms."""

from collections.abc import Iterable

from symppa.calibration.operations import outer
from symppa.calibration.readers.reader import Entry, Item, Reader, Source, numbers
from symppa.calibration.readers.sweeps import timed

NAMES = {
    "batch": "batch_size", "channels": "in_channels", "filters": "out_channels", "height": "spatial_size",
    "width": "spatial_size", "kernel": "kernel_size", "stride": "stride", "groups": "groups",
}  # fmt: skip


def _rows(source: Source, entry: Entry) -> Iterable[Item]:
    shape = dict(numbers(entry, NAMES))
    shape["padding"] = shape["kernel"] // 2
    side = outer(shape["height"], shape["kernel"], shape["stride"], shape["padding"])
    filters = shape["kernel"] ** 2 * shape["channels"] * shape["filters"] / shape["groups"]
    yield timed(source, entry, "conv2d", shape, 2 * shape["batch"] * side**2 * filters)


COLUMNS = (*dict.fromkeys(NAMES.values()), "precision", "empirical_time_ms", "empirical_time_std_ms")
READER = Reader("conv_sweep", COLUMNS, "2-d convolutions with measured and modelled times", _rows)
