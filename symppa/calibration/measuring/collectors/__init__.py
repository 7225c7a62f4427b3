"""Meters of energy and memory: one a file of this folder, found by itself. One that cannot read tells why."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from symppa.calibration.measuring.collectors.collector import Collector


@lru_cache(maxsize=1)
def collectors() -> tuple[Collector, ...]:
    """Every meter: the constant COLLECTOR of each module here that has one."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return tuple(module.COLLECTOR for module in modules if hasattr(module, "COLLECTOR"))


def for_runner(place: str) -> list[Collector]:
    """The meters that can read where a runner runs, `cpu` or `cuda`."""
    return [meter for meter in collectors() if meter.place == place and not meter.missing()]
