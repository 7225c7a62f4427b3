"""The best designs by one output."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Self

import numpy as np

from symppa.engine.border import Array
from symppa.engine.reducers.kept import Kept, Rows, joined
from symppa.engine.reducers.limits import Limit
from symppa.engine.reducers.memory import refuse_beyond
from symppa.engine.reducers.protocol import Screen, Summary
from symppa.errors import QuestionError

if TYPE_CHECKING:
    from symppa.engine.grid import Block, Grid


FEW = 4_000  # designs that are sorted in no time


class Best(Kept):
    """The n best designs by one output."""

    def __init__(self, n: int, output: str, limits: Sequence[Limit] = (), *, largest: bool = True) -> None:
        super().__init__([output], limits)
        if n < 1:
            raise QuestionError(f"best:{n}:{output} keeps nothing: ask for at least 1")
        self.n, self.output, self.sign = n, output, -1.0 if largest else 1.0

    def start(self, grid: Grid) -> None:
        super().start(grid)
        most = min(self.n, prod(grid.whole))
        refuse_beyond(3.0 * most * self.row_bytes, f"keeping the {most:.3g} best designs")

    def clear(self) -> None:
        super().clear()
        self.scores, self.waiting = np.empty(0), []  # type: Array, list[tuple[Array, Rows]]

    def look(self, block: Block, good: Array) -> None:
        value = block.values[self.output]
        if len(self.scores) == self.n:
            bound, (low, high) = self.sign * self.scores[-1], self.ends_in(block, self.output)
            if low > bound if self.sign > 0 else high < bound:
                return
            good = good & (value <= bound if self.sign > 0 else value >= bound)
            if good.any() and self.grid.number(block.start) > self.rows.flat[-1]:  # too late to win a tie
                good &= value != bound
        inside = np.flatnonzero(good)
        if not len(inside):
            return
        scores = np.broadcast_to(value, block.shape).ravel().take(inside) * self.sign
        if len(scores) > 4 * self.n:
            ahead = scores <= np.partition(scores, self.n - 1)[self.n - 1]
            inside, scores = inside[ahead], scores[ahead]
        chosen = self._first(inside, scores, block)
        self._keep(scores[chosen], self.gather(block, inside[chosen]))

    def _first(self, inside: Array, scores: Array, block: Block) -> Array:
        """At most n of them, the best and first: ties by the thousand stay cheap."""
        if len(inside) <= self.n:
            return np.arange(len(inside))
        return np.lexsort((self.grid.flat_index(block, inside), scores))[: self.n]

    def _keep(self, scores: Array, rows: Rows) -> None:
        """Sorted in at once where few are kept, else when as many wait as are kept."""
        self.waiting.append((scores, rows))
        if self.n <= FEW or sum(len(s) for s, _ in self.waiting) >= self.n:
            self._sort()

    def _sort(self) -> None:
        if not self.waiting:
            return
        scores = np.concatenate([self.scores, *[s for s, _ in self.waiting]])
        rows = joined([self.rows, *[r for _, r in self.waiting]])
        order = np.lexsort((rows.flat, scores))[: self.n]
        self.scores, self.rows, self.waiting = scores[order], rows.at(order), []

    def screen(self) -> Screen:
        return Screen(tuple(self.needs), self.limits, (("low" if self.sign > 0 else "high", self.output),))

    def skim(self, summary: Summary) -> Array:
        some = super().skim(summary)
        score = np.atleast_1d(summary.low[self.output] if self.sign > 0 else -summary.high[self.output])
        if len(self.scores) == self.n:
            bound = self.scores[-1]
            some &= (score < bound) | ((score == bound) & (np.asarray(summary.first) < self.rows.flat[-1]))
        if np.count_nonzero(some) > self.n:  # each block has one design as good as its score
            some &= score <= np.partition(score[some], self.n - 1)[self.n - 1]
        return some

    def merge(self, other: Self) -> None:
        super().merge(other)
        self._keep(other.scores, other.rows)
        for scores, rows in other.waiting:
            self._keep(scores, rows)

    def result(self) -> tuple[Array, dict[str, Array]]:
        self._sort()
        return super().result()
