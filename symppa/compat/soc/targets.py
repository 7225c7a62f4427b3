"""What the product asks of outputs, as the shipped baseline states it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from symppa import units
from symppa.compat.soc.reading import PACKAGE, description
from symppa.descriptions.load import load
from symppa.studies.targets import bound


@lru_cache(maxsize=8)
def goal(output: str) -> str:
    """The target on an output as it is written, such as `<= 500 W`."""
    return load(description(PACKAGE)).targets[output]


def target(output: str, unit: str) -> float:
    """The bound of a target, in a unit."""
    return bound(output, goal(output), unit).bound / units.measure(unit).worth


def meets(output: str, value: float, unit: str) -> bool:
    """Whether a value meets the target on its output."""
    return bool(bound(output, goal(output), unit).holds(np.asarray(value * units.measure(unit).worth)))
