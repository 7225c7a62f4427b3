"""How often an output lies where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from symppa import units
from symppa.engine.border import Array
from symppa.engine.reducers.limits import Limit
from symppa.engine.reducers.protocol import Picked, Repeated, Screen, Summary
from symppa.engine.reducers.scratch import FIRST, SECOND, THIRD, Scratch
from symppa.errors import QuestionError

if TYPE_CHECKING:
    from symppa.engine.grid import Block, Grid

MOST_BINS = 1_000_000
MOST, EPSILON = float(np.finfo(float).max), float(np.finfo(float).eps)


class Bins(NamedTuple):
    """Edges in the declared unit and the designs between them; the last bin holds its upper edge too."""

    edges: Array
    counts: Array
    below: int
    above: int


class Histogram(Repeated):
    """Feasible designs by bins of one output, as `np.histogram` counts them.

    Without ends, in declared units, a first walk finds the smallest and the largest value.
    """

    def __init__(
        self,
        output: str,
        bins: int = 20,
        low: float | None = None,
        high: float | None = None,
        limits: Sequence[Limit] = (),
    ) -> None:
        super().__init__([output], limits)
        if not 1 <= bins <= MOST_BINS:
            raise QuestionError(f"a histogram of {output} has 1 to {MOST_BINS} bins, not {bins}")
        if (low is None) != (high is None):
            raise QuestionError(f"a histogram of {output} has two ends or none")
        self.output, self.bins, self.ends = output, bins, None if low is None or high is None else (low, high)

    def start(self, grid: Grid) -> None:
        self.edges = None if self.ends is None else self._between(*self.ends)
        super().start(grid)

    def attach(self, grid: Grid) -> None:
        super().attach(grid)
        self.worth = units.measure(grid.program.output(self.output).unit).worth

    def empty(self) -> None:
        self.low, self.high, self.found = np.inf, -np.inf, np.zeros(self.bins + 2, int)

    def _between(self, low: float, high: float) -> Array:
        """Edges of even bins."""
        if not (np.isfinite(high - low) and low < high):
            raise QuestionError(
                f"a histogram of {self.output} goes from a smaller to a larger end, not {low} to {high}"
            )
        edges = np.linspace(low, high, self.bins + 1)
        if (edges[:-1] >= edges[1:]).any():
            raise QuestionError(
                f"between {low} and {high} there are no {self.bins} bins of {self.output}: ask for fewer"
            )
        return edges

    def look(self, block: Block, good: Array) -> None:
        picked = Picked(block, good, self.scratch)
        values, times = picked(self.output)
        if self.edges is None:
            self._stretch(*self.ends_in(block, self.output) if picked.every else (values.min(), values.max()))
        else:
            numbers = bin_numbers(values, self.worth, self.edges, self.scratch)
            self.found += times * np.bincount(numbers, minlength=self.bins + 2)

    def _stretch(self, low: float, high: float) -> None:
        self.low, self.high = min(self.low, low + 0.0), max(self.high, high + 0.0)  # one zero, not two

    def screen(self) -> Screen | None:
        if self.edges is not None:  # hardly a block lies in one bin
            return None
        return Screen(tuple(self.needs), self.limits, (("low", self.output), ("high", self.output)))

    def skim(self, summary: Summary) -> Array:
        some = super().skim(summary)
        low, high = (np.atleast_1d(part[self.output])[some] for part in (summary.low, summary.high))
        self._stretch(float(low.min(initial=np.inf)), float(high.max(initial=-np.inf)))
        return some & False

    def merge(self, other: Self) -> None:
        super().merge(other)
        self._stretch(other.low, other.high)
        self.found = self.found + other.found

    def again(self) -> bool:
        if self.edges is not None or not self.feasible:
            return False
        low, high = self.low / self.worth, self.high / self.worth
        room = max(0.5, self.bins * float(np.spacing(max(-low, high)))) if low == high else 0.0
        self.edges = self._between(low - room, high + room)
        self.walks += 1
        self.empty()
        return True

    def result(self) -> Bins:
        """No bins where no ends were told and there was no design to find them by."""
        if self.edges is None:
            return Bins(np.empty(0), np.empty(0, int), 0, 0)
        return Bins(self.edges, self.found[1:-1], int(self.found[0]), int(self.found[-1]))


def bin_numbers(values: Array, worth: float, edges: Array, scratch: Scratch) -> Array:
    """Numbers of the even bins that values lie in, once divided: 0 below the first edge, 1 in the first bin, and so on.

    They stand in the scratch.
    """
    bins, low, high = len(edges) - 1, float(edges[0]), float(edges[-1])
    scale = bins / (high - low) if high - low > bins / MOST else np.inf
    slack = 8 * EPSILON * bins * (1 + max(abs(low), abs(high)) / (high - low))
    place = np.divide(values, worth, out=scratch(FIRST, len(values)))
    if slack > 0.25 or scale == np.inf:  # bins so narrow that only comparing tells
        return np.where(place == high, bins, np.searchsorted(edges, place, side="right"))
    with np.errstate(over="ignore"):
        place -= low
        place *= scale
    np.clip(place, -0.5, bins + 0.5, out=place)
    place += 1.0
    number, near = scratch.whole(THIRD, len(values)), scratch(SECOND, len(values))
    np.copyto(number, place, casting="unsafe")
    np.subtract(place, np.rint(place, out=near), out=place)
    close = np.flatnonzero(np.abs(place, out=place) <= slack)  # at an edge, as far as rounding can tell: that decides
    nearest, value = near[close].astype(np.intp), values[close] / worth
    number[close] = np.where(value == high, bins, nearest - (value < edges[nearest - 1]))
    return number
