"""Where a free given may lie: finitely many candidates, or a range of reals; in base units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import isfinite

import numpy as np

from symppa.engine.border import Array
from symppa.errors import QuestionError


@dataclass(frozen=True)
class Choices:
    """Finitely many candidates, sorted; whole numbers from 1 to 64 are `Choices(range(1, 65))`."""

    values: tuple[float, ...]

    def __init__(self, values: Iterable[float]) -> None:
        found = tuple(sorted({float(v) + 0.0 for v in values}))
        if not found or not all(map(isfinite, found)):
            raise QuestionError(f"choices are one or more finite numbers, not {list(found)}")
        object.__setattr__(self, "values", found)

    @cached_property
    def table(self) -> Array:
        """The candidates as an array."""
        return np.array(self.values)

    @property
    def low(self) -> float:
        """The least candidate."""
        return self.values[0]

    @property
    def high(self) -> float:
        """The largest candidate."""
        return self.values[-1]


@dataclass(frozen=True)
class Real:
    """Every real number from `low` to `high`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (isfinite(self.low) and isfinite(self.high) and self.low <= self.high):
            raise QuestionError(
                f"a range of reals goes from a finite low end to a high end, not {self.low} {self.high}"
            )


Domain = Choices | Real
