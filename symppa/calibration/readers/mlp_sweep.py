"""Sweeps of perceptrons, all hidden layers of one width."""

import re
from collections.abc import Iterable

from symppa.calibration.measurement import measurement
from symppa.calibration.readers.reader import Entry, Item, Reader, Source, numbers, spread
from symppa.calibration.readers.sweeps import campaign
from symppa.errors import MeasurementError

NAMES = {"batch": "batch_size", "inputs": "input_dim", "outputs": "output_dim"}


def _rows(source: Source, entry: Entry) -> Iterable[Item]:
    hidden = re.findall(r"\d+", entry.text("hidden_dims"))
    if len(set(hidden)) != 1:
        raise MeasurementError(f"hidden_dims = {entry.text('hidden_dims')}: layers of one width are known here")
    shape = dict(numbers(entry, NAMES)) | {"hidden": float(hidden[0]), "hidden_layers": float(len(hidden))}
    time = entry.number("empirical_time_ms")
    memory = entry.maybe("empirical_memory_mb")
    yield measurement(
        campaign(source), "mlp", shape, entry.text("precision"), time * 1e-3,
        spread=spread(entry.number("empirical_time_std_ms"), time) if time > 0 else None,
        memory=None if memory is None else memory * 2**20, network=entry.text("model"), row=entry.line,
    )  # fmt: skip


COLUMNS = (*NAMES.values(), "model", "hidden_dims", "precision", "empirical_time_ms", "empirical_time_std_ms")
READER = Reader("mlp_sweep", COLUMNS, "perceptrons with measured and modelled times", _rows)
