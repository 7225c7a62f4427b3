"""What the sweeps of one device have in common: names, formats and times of their rows."""

from __future__ import annotations

import re
from collections.abc import Mapping

from symppa.calibration.measurement import Campaign, Measurement, measurement
from symppa.calibration.readers.reader import Entry, Source, spread
from symppa.errors import MeasurementError

MODE = re.compile(r"(?:^|_)(\d+w|maxn)(?:_|$)", re.IGNORECASE)
SAME = 1e-6  # work that a file states and work that its sizes give differ by rounding only


def campaign(source: Source) -> Campaign:
    """Device and power mode as the file's name tells them; the column `device` says cuda or cpu only."""
    mode = MODE.search(source.path.stem)
    return source.campaign(power_mode=mode[1].upper() if mode else "")


def timed(source: Source, entry: Entry, op: str, shape: Mapping[str, float], work: float) -> Measurement:
    """The row's measured time; `work` is what its sizes give, which the file states as `flops`."""
    told = entry.maybe("flops")
    if told is not None and abs(told - work) > SAME * work:
        raise MeasurementError(f"flops = {told:g}, but the sizes give {work:g}")
    time = entry.number("empirical_time_ms")
    relative = spread(entry.number("empirical_time_std_ms"), time) if time > 0 else None
    return measurement(
        campaign(source), op, shape, entry.text("precision"), time * 1e-3, spread=relative, row=entry.line
    )
