"""Energy of an NVIDIA GPU by NVML: the total its board counted, idle power included."""

from __future__ import annotations

import ctypes
import os
from functools import lru_cache
from typing import Any

from symppa.calibration.measuring.collectors.collector import ENERGY, Collector

LIBRARY = "libnvidia-ml.so.1"
UPDATED = 0.1  # s: the counter steps about every 20 to 100 ms
FIRST = 0  # the GPU that torch uses where none is chosen


@lru_cache(maxsize=1)
def _opened() -> tuple[Any, Any] | None:
    """The library and the handle of the first GPU, or None where there is none."""
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    handle = ctypes.c_void_p()
    if library.nvmlInit_v2() or library.nvmlDeviceGetHandleByIndex_v2(FIRST, ctypes.byref(handle)):
        return None
    return library, handle


def begin() -> int | None:
    """The counter, in millijoule."""
    opened = _opened()
    if opened is None:
        return None
    library, handle = opened
    counted = ctypes.c_ulonglong()
    failed = library.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(counted))
    return None if failed else int(counted.value)


def end(before: int | None) -> float | None:
    """Joules since."""
    now = begin()
    return None if now is None or before is None or now <= before else (now - before) * 1e-3


def missing() -> str:
    """Why no energy can be read."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES", str(FIRST))
    if chosen != str(FIRST):
        return f"CUDA_VISIBLE_DEVICES is {chosen!r}: which GPU is counted is known for {FIRST} alone"
    return "" if begin() is not None else f"{LIBRARY} shows no GPU that counts its energy"


COLLECTOR = Collector("nvml", ENERGY, "cuda", missing, begin, end, UPDATED)
