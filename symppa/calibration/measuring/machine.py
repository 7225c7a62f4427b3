"""This machine, as a campaign records it: its CPU, clock and governor. What cannot be read stays empty."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from symppa.errors import MeasurementError

CPUINFO, CPUFREQ = Path("/proc/cpuinfo"), Path("/sys/devices/system/cpu")
BUSY = 0.05  # s of work before the clock is read, so that it is not that of a CPU at rest
# What a maker adds to the name of a processor and nobody calls it by.
TRIMMED = re.compile(r"\((?:r|tm)\)|\bcpu\b|\bprocessor\b|@.*$|\b\d+-core\b|\bwith radeon.*$", re.IGNORECASE)


def cpu(path: Path = CPUINFO) -> str:
    """The name of the CPU as a device's: amd_epyc_9654 for AMD EPYC 9654 96-Core Processor."""
    found = re.search(r"^model name\s*:\s*(.+)$", _text(path), re.MULTILINE)
    if found is None:
        raise MeasurementError(f"{path} does not tell the CPU's model; name the device")
    return re.sub(r"\W+", "_", TRIMMED.sub(" ", found[1]).lower()).strip("_")


def clock(path: Path = CPUINFO, frequencies: Path = CPUFREQ) -> float | None:
    """The highest clock of any core in hertz, read while this one works; None where the system does not tell."""
    end = perf_counter() + BUSY
    while perf_counter() < end:
        sum(range(1000))
    told = [float(text) * 1e3 for file in sorted(frequencies.glob("cpu[0-9]*/cpufreq/scaling_cur_freq"))
            if (text := _text(file).strip()).isdigit()]  # fmt: skip
    told = told or [float(mhz) * 1e6 for mhz in re.findall(r"^cpu MHz\s*:\s*([\d.]+)$", _text(path), re.MULTILINE)]
    return max(told, default=None)


def governor(frequencies: Path = CPUFREQ) -> str:
    """The clock governor, empty where the system does not tell."""
    files = sorted(frequencies.glob("cpu[0-9]*/cpufreq/scaling_governor"))
    return ", ".join(sorted({_text(file).strip() for file in files} - {""}))


def threads() -> int:
    """Threads that this process may run at once."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdigit() and int(told) > 0 else len(os.sched_getaffinity(0))


def today() -> str:
    """The date."""
    return datetime.now(UTC).date().isoformat()


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
