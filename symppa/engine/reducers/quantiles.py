"""Exact quantiles of outputs in bounded memory: a few walks close in on the designs that matter."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from symppa import units
from symppa.engine.border import Array
from symppa.engine.reducers.limits import Limit
from symppa.engine.reducers.protocol import Picked, Repeated, Screen, Summary
from symppa.engine.reducers.selection import MOST_VALUES, Answer, Reach, State, Values
from symppa.errors import QuestionError

if TYPE_CHECKING:
    from symppa.engine.grid import Block, Grid

MOST = 10_000  # probabilities


class Spread(NamedTuple):
    """Quantiles by probability, mean and standard deviation over the designs, in declared units; NaN where unknown."""

    quantiles: Array
    mean: float
    std: float


class Quantiles(Repeated):
    """Order statistics of outputs over feasible designs, interpolated as `np.quantile` does, and their moments."""

    def __init__(self, outputs: Sequence[str], probabilities: Sequence[float], limits: Sequence[Limit] = ()) -> None:
        super().__init__(outputs, limits)
        odd = [p for p in probabilities if not 0 <= p <= 1]
        if odd:
            raise QuestionError(f"a probability lies between 0 and 1: {odd[0]:g} does not")
        if not 1 <= len(probabilities) <= MOST:
            raise QuestionError(f"quantiles are asked at 1 to {MOST} probabilities, not {len(probabilities)}")
        self.probabilities = np.array(probabilities, float)

    def start(self, grid: Grid) -> None:
        few = prod(grid.whole) <= MOST_VALUES
        self.states: dict[str, State] = {name: Values() if few else Reach() for name in self.judged}
        super().start(grid)

    def empty(self) -> None:
        self.states = {name: state.twin() for name, state in self.states.items()}

    def look(self, block: Block, good: Array) -> None:
        picked = Picked(block, good, self.scratch)
        for name, state in self.states.items():
            state.see(*picked(name), self.scratch)

    def screen(self) -> Screen | None:
        if not all(isinstance(state, Reach) for state in self.states.values()):
            return None
        return Screen(tuple(self.needs), self.limits, tuple(product(("low", "high", "total"), self.judged)))

    def skim(self, summary: Summary) -> Array:
        some = super().skim(summary)
        told = some & summary.sound
        for name, state in self.states.items():
            if isinstance(state, Reach):
                state.skim(*summary.sums(name, told))
        return some & ~told

    def merge(self, other: Self) -> None:
        super().merge(other)
        for name, state in self.states.items():
            state.merge(other.states[name])

    def again(self) -> bool:
        if not self.feasible:
            return False
        ranks = np.unique(np.concatenate(self._ranks()))
        self.states = {name: state.next(ranks, self.feasible) for name, state in self.states.items()}
        self.walks += 1
        return not all(isinstance(state, Answer) for state in self.states.values())

    def _ranks(self) -> tuple[Array, Array]:
        """The order statistics on both sides of each quantile."""
        lower = np.floor((self.feasible - 1) * self.probabilities).astype(np.int64)
        return lower, np.minimum(lower + 1, self.feasible - 1)

    def result(self) -> dict[str, Spread]:
        return {name: self._spread(name, self._finished(state)) for name, state in self.states.items()}

    def _finished(self, state: State) -> State:
        """The answer; where a walk was stopped, that of the designs seen, if all of them are there."""
        if isinstance(state, Values) and 0 < self.feasible == sum(map(len, state.parts)):
            return state.next(np.unique(np.concatenate(self._ranks())), self.feasible)
        return state

    def _spread(self, name: str, state: State) -> Spread:
        worth = units.measure(self.grid.program.output(name).unit).worth
        if not isinstance(state, Answer):
            return Spread(np.full(len(self.probabilities), np.nan), np.nan, np.nan)
        below, above = (state.at(ranks) / worth + 0.0 for ranks in self._ranks())  # one zero, not two
        part = (self.feasible - 1) * self.probabilities - self._ranks()[0]
        gap = above - below
        found = np.where(part >= 0.5, above - gap * (1 - part), below + gap * part)  # as numpy does, to the last digit
        return Spread(found, state.moments.mean / worth, state.moments.std / worth)
