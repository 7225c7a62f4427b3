"""How many designs there are, and between which ends outputs lie."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from symppa import units
from symppa.engine.border import Array
from symppa.engine.reducers.limits import Limit
from symppa.engine.reducers.protocol import Judged, Picked, Screen, Summary
from symppa.engine.reducers.scratch import Scratch
from symppa.engine.reducers.sums import Exact

if TYPE_CHECKING:
    from symppa.engine.grid import Block


class Count(Judged):
    """How many designs are feasible."""

    def skim(self, summary: Summary) -> Array:
        return super().skim(summary) & False

    def result(self) -> dict[str, int]:
        return self.counts()


class Tally:
    """Smallest, largest and sum of an output, in base units."""

    def __init__(self) -> None:
        self.low, self.high, self.sum = np.inf, -np.inf, Exact()

    def see(self, values: Array, times: int, ends: tuple[float, float], scratch: Scratch) -> None:
        """Values between two ends, each of so many designs."""
        self.low, self.high = min(self.low, ends[0]), max(self.high, ends[1])
        self.sum.put(values, *ends, times, scratch)

    def skim(self, low: Array, high: Array, total: Array) -> None:
        """Blocks by their own ends and sums."""
        self.low = min(self.low, float(low.min(initial=np.inf)))
        self.high = max(self.high, float(high.max(initial=-np.inf)))
        self.sum.add(total)

    def merge(self, other: Tally) -> None:
        """Those of other designs."""
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.sum.merge(other.sum)


class Range(Judged):
    """Smallest, largest and mean of outputs over feasible designs, in declared units; NaN where there are none.

    The mean is exact and rounded once; blocks that are skimmed tell their sum and what its roundings left out.
    """

    def __init__(self, outputs: Sequence[str], limits: Sequence[Limit] = ()) -> None:
        super().__init__(outputs, limits)

    def clear(self) -> None:
        super().clear()
        self.tallies = {name: Tally() for name in self.judged}

    def look(self, block: Block, good: Array) -> None:
        picked = Picked(block, good, self.scratch)
        for name, tally in self.tallies.items():
            values, times = picked(name)
            ends = self.ends_in(block, name) if picked.every else (float(values.min()), float(values.max()))
            tally.see(values, times, ends, self.scratch)

    def screen(self) -> Screen:
        return Screen(tuple(self.needs), self.limits, tuple(product(("low", "high", "total"), self.judged)))

    def skim(self, summary: Summary) -> Array:
        some = super().skim(summary)
        told = some & summary.sound
        for name, tally in self.tallies.items():
            tally.skim(*summary.sums(name, told))
        return some & ~told

    def merge(self, other: Self) -> None:
        super().merge(other)
        for name, tally in self.tallies.items():
            tally.merge(other.tallies[name])

    def result(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for name, tally in self.tallies.items():
            unit = self.grid.program.output(name).unit
            worth = units.measure(unit).worth
            facts = (tally.low, tally.high, tally.sum.over(self.feasible)) if self.feasible else (np.nan,) * 3
            low, high, mean = (float(v) / worth + 0.0 for v in facts)  # one zero, not two
            found[name] = {"min": low, "max": high, "mean": mean, "unit": unit}
        return found
