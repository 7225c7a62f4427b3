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
        if isinstance(values, range):
            values = np.arange(values.start, values.stop, values.step).astype(float)
        found = np.unique(values if isinstance(values, np.ndarray) else np.fromiter(values, float)) + 0.0
        if not len(found) or not np.isfinite(found).all():
            raise QuestionError(f"choices are one or more finite numbers, not {found.tolist()}")
        object.__setattr__(self, "values", tuple(found.tolist()))
        found.setflags(write=False)
        self.__dict__["table"] = found  # the property below, known already

    @cached_property
    def table(self) -> Array:
        """The candidates as an array."""
        return np.array(self.values)

    @cached_property
    def is_whole(self) -> bool:
        """Whether all are whole numbers."""
        return bool((self.table == np.floor(self.table)).all())

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
