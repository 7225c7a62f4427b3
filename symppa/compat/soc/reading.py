"""Programs of the chiplet SoC models, compiled once, run on the values of a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions import shipped
from symppa.engine.border import Array
from symppa.engine.program import Program
from symppa.engine.walk import run
from symppa.studies.subject import Subject

PACKAGE, GROWN = "nexgen_baseline", "chiplet_scaling"
Values = Mapping[str, Any]


def description(name: str) -> Path:
    """The shipped file of a name, also where the user's own folders have one of that name."""
    return shipped.folder("models") / "hardware" / f"{name}.yaml"


@lru_cache(maxsize=64)
def program(name: str, outputs: tuple[str, ...], axes: tuple[str, ...] = ()) -> Program:
    """The program of a shipped description's model."""
    return Subject(description(name)).program(outputs, axes)


def read(output: str, unit: str, values: Values, axis: str = "", *, of: str = PACKAGE) -> Array:
    """One output in a unit; along an axis when one is named, else one number or one for each workload."""
    made = program(of, (output,), (axis,) if axis else ())
    found = run(made, values)[output]
    return found * (units.measure(made.output(output).unit).worth / units.measure(unit).worth)


def along(axis: str, at: Array, output: str, unit: str, values: Values) -> Any:
    """One output at each value of a given, in the shape of `at`; a float for a single number."""
    found = read(output, unit, {**values, axis: at.astype(float).ravel()}, axis).reshape(at.shape)
    return found if at.ndim else float(found)


def as_written(value: Any) -> float:
    """A whole number as an int, as the original's sums of whole numbers print."""
    number, nearest = float(value), round(float(value))
    return nearest if np.isclose(number, nearest, rtol=1e-12, atol=0) else number
