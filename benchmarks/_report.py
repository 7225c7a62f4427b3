"""What a benchmark says: figures, what was wanted of them, and the machine they were measured on."""

from __future__ import annotations

import operator
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True)
class Figure:
    """One measured number; `wanted` is a comparison like `<= 0.25`, or empty for context."""

    name: str
    value: float
    unit: str
    wanted: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the figure is as wanted, or None where nothing is."""
        if not self.wanted:
            return None
        comparison, limit = self.wanted.split()
        return COMPARISONS[comparison](self.value, float(limit))

    def as_json(self) -> dict[str, object]:
        """The figure as one JSON object."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "wanted": self.wanted or None,
            "met": self.met,
        }


def machine() -> dict[str, object]:
    """What the figures depend on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": _memory_gib(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in ("symppa", "numpy", "sympy", "pint", "click")},
    }


def document(benchmark: str, figures: Sequence[Figure]) -> dict[str, object]:
    """The whole answer of one benchmark."""
    return {"benchmark": benchmark, "machine": machine(), "figures": [f.as_json() for f in figures]}


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text("utf-8").splitlines() if listing.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
