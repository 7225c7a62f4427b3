"""What may be kept: no more than the memory that is free."""

from __future__ import annotations

import os
from pathlib import Path

from symppa.errors import QuestionError

SHARE = 0.9  # of the free memory that one sweep may take
UNKNOWN = 8.0 * 2**30  # bytes, where the system does not tell
CONTROL = Path("/sys/fs/cgroup")
ADVICE = "keep less (--keep best:5:OUTPUT) or narrow an axis"


def free() -> float:
    """Bytes that may still be taken: of the machine, and of the container where there is one."""
    return min(_machine(), _container())


def refuse_beyond(needed: float, what: str, advice: str = ADVICE) -> None:
    """Refuse what does not fit; `what` is the beginning of a sentence that goes on `needs ... GiB`."""
    left = free()
    if needed > SHARE * left:
        raise QuestionError(f"{what} needs {needed / 2**30:.4g} GiB, {left / 2**30:.4g} GiB are free: {advice}")


def _machine() -> float:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 1024
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return UNKNOWN


def _container() -> float:
    """What a control group leaves; files it has read give way."""
    try:
        most, now = (float((CONTROL / f"memory.{name}").read_text()) for name in ("max", "current"))
        facts = dict(line.split() for line in (CONTROL / "memory.stat").read_text().splitlines())
        return most - now + float(facts["inactive_file"])
    except (KeyError, ValueError, OSError):  # no group, no limit ("max"), or another system
        return float("inf")
