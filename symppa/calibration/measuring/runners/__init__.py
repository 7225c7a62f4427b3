"""What runs operations so that they can be timed: one runner a file of this folder, found by itself."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache

from symppa.calibration.measuring.cases import Case
from symppa.calibration.measuring.runners.runner import Runner
from symppa.calibration.operations import BYTES
from symppa.errors import MeasurementError, suggest


@lru_cache(maxsize=1)
def runners() -> Mapping[str, Runner]:
    """Every runner by name: the constant RUNNER of each module here that has one."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    found = [module.RUNNER for module in modules if hasattr(module, "RUNNER")]
    return {runner.name: runner for runner in found}


def runner(name: str) -> Runner:
    """A runner by name; an unknown one is refused with the nearest."""
    if name not in runners():
        raise MeasurementError(f"there is no runner {name!r}{suggest(name, runners())}")
    return runners()[name]


def runs(found: Runner, op: str) -> bool:
    """Whether a runner runs an operation in any number format."""
    return any(not found.refused(Case(op, {}, number_format, found.name)) for number_format in BYTES)


def ready() -> list[Runner]:
    """The runners that can run here."""
    return [found for found in runners().values() if not found.missing()]
