"""Memory of a run on the CPU: how far the resident set of this process rose, as Linux counts it.

Blocks below `RESOLUTION` come out of what the allocator kept from runs before, or grow the set by what it keeps for
later: what so small a rise tells is noise.
"""

from __future__ import annotations

import re
from pathlib import Path

from symppa.calibration.measuring.collectors.collector import MEMORY, Collector

RESOLUTION = 1 << 25  # byte; the most that the C library may keep for later instead of giving it back to the system
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def _stated(name: str) -> int | None:
    try:
        found = re.search(rf"^{name}:\s*(\d+) kB$", STATUS.read_text("utf-8"), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None


def _lowered() -> bool:
    """Whether the high-water mark could be set to what is resident now."""
    try:
        CLEAR.write_text("5", "utf-8")
    except OSError:
        return False
    return True


def missing() -> str:
    """Why no memory can be read."""
    return (
        "" if _lowered() and _stated("VmHWM") is not None else "the system keeps no high-water mark that can be reset"
    )


def begin() -> int | None:
    """What is resident now, the mark lowered to it."""
    return _stated("VmRSS") if _lowered() else None


def end(before: int | None) -> float | None:
    """Bytes that the mark rose by; None below the resolution."""
    mark = _stated("VmHWM")
    risen = mark - before if mark is not None and before is not None else 0
    return float(risen) if risen >= RESOLUTION else None


COLLECTOR = Collector("resident", MEMORY, "cpu", missing, begin, end)
