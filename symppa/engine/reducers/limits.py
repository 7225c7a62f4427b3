"""What a design must satisfy to be kept."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symppa.engine.border import Array

TOLERANCE = 1e-9  # feasible means value <= limit (1 + 1e-9), in every reading and certificate
RELATIONS = ("<=", ">=", "<", ">", "==")


class Limit(NamedTuple):
    """A relation an output must satisfy; the bound in base units."""

    output: str
    relation: str
    bound: float

    @property
    def ends(self) -> tuple[float, float]:
        """What a value is compared with, and how far from it an equal one may lie."""
        slack = TOLERANCE * abs(self.bound)
        match self.relation:
            case "<=":
                return self.bound + slack, 0.0
            case ">=":
                return self.bound - slack, 0.0
            case "==":
                return self.bound, slack
        return self.bound, 0.0

    def settled(self, low: float, high: float) -> bool | None:
        """Whether it holds for all values from `low` to `high`, or for none; None where that cannot be told."""
        end, _ = self.ends
        match self.relation:
            case "<=":
                return True if high <= end else False if low > end else None
            case ">=":
                return True if low >= end else False if high < end else None
        return None

    def holds(self, value: Array) -> Array:
        """Where it is satisfied; never where the value is undefined."""
        end, slack = self.ends
        with np.errstate(invalid="ignore"):
            match self.relation:
                case "<=":
                    return np.less_equal(value, end)
                case ">=":
                    return np.greater_equal(value, end)
                case "<":
                    return np.less(value, end)
                case ">":
                    return np.greater(value, end)
        return np.less_equal(np.abs(value - end), slack)
