"""The best design for every value of some axes, over all others."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from symppa.engine.border import Array
from symppa.engine.reducers.kept import Designs
from symppa.engine.reducers.limits import Limit
from symppa.engine.reducers.memory import refuse_beyond
from symppa.engine.reducers.protocol import Screen, Summary
from symppa.engine.reducers.scratch import FIRST
from symppa.errors import QuestionError, suggest

if TYPE_CHECKING:
    from symppa.engine.grid import Block, Grid


WORTH = 4  # blocks of a group, from which on most can be told by their best


class Champions(NamedTuple):
    """Numbers of the best designs, -1 where a group has none, and their outputs; dimensions are axes, then sets."""

    flat: Array
    columns: dict[str, Array]


class ArgBest(Designs):
    """For every combination of values of some axes, a group, its best design by one output over all other axes.

    A group without a valid and feasible design is counted as empty.
    """

    def __init__(self, output: str, axes: Sequence[str], limits: Sequence[Limit] = (), *, largest: bool = True) -> None:
        super().__init__([output], limits)
        if not axes or len(set(axes)) < len(axes):
            raise QuestionError(f"the best {output} for each value of {', '.join(axes) or 'nothing'}: name axes, once")
        self.output, self.axes, self.sign = output, tuple(axes), -1.0 if largest else 1.0

    def attach(self, grid: Grid) -> None:
        super().attach(grid)
        names = {axis.name: k for k, axis in enumerate(grid.program.axes[: grid.program.swept])}
        unknown = next((name for name in self.axes if name not in names), None)
        if unknown is not None:
            raise QuestionError(f"{unknown} is no axis of this sweep{suggest(unknown, names)}")
        self.along = [names[name] for name in self.axes]
        self.lying = [grid.evaluator.places[k] for k in self.along]
        self.others = [k for k in names.values() if k not in self.along]
        self.shape = tuple(grid.whole[k] for k in self.along)
        self.strides = [prod(grid.whole[k + 1 :]) for k in names.values()]

    def start(self, grid: Grid) -> None:
        self.attach(grid)
        groups = prod(self.shape)
        refuse_beyond(2.0 * groups * (16 + self.row_bytes), f"keeping the best of {groups:.3g} groups")
        super().start(grid)

    def clear(self) -> None:
        super().clear()
        groups = prod(self.shape)
        self.scores, self.flat = np.full(groups, np.inf), np.full(groups, -1)
        self.columns = {name: np.full((groups, *self.sets(name)), np.nan) for name in self.grid.program.outputs}

    def look(self, block: Block, good: Array) -> None:
        score = self._scores(block, good)
        best = score.min(axis=tuple(p for p in range(score.ndim) if p not in self.lying), keepdims=True)
        groups, numbers = self._groups(block)
        had = self.scores[groups]
        ahead = (best < had) | ((best == had) & (numbers < self.flat[groups]))
        if ahead.any():
            winners = (score == best) & ahead
            where = np.unravel_index(np.flatnonzero(winners), winners.shape)
            self._crown(block, groups, score, where)

    def _scores(self, block: Block, good: Array) -> Array:
        """What is to be least, infinite where a design is not good."""
        few = good[tuple(slice(None) if stride else slice(1) for stride in good.strides)]
        value = block.values[self.output]
        shape = np.broadcast_shapes(few.shape, value.shape)
        score = np.multiply(value, self.sign, out=self.scratch(FIRST, *shape))
        if not few.all():
            np.copyto(score, np.inf, where=~few)
        return score

    def _groups(self, block: Block) -> tuple[Array, Array]:
        """The groups in a block, and the first number that a design of each can have there."""
        grid, places = self.grid, self.grid.evaluator.places
        start = [block.start[places[k]] + grid.origin[k] for k in range(grid.program.swept)]
        groups = np.zeros([1] * len(block.shape), int)
        numbers = groups + sum(start[k] * self.strides[k] for k in self.others)
        for k, length in zip(self.along, self.shape, strict=True):
            along = np.arange(start[k], start[k] + block.shape[places[k]])
            along = along.reshape([-1 if p == places[k] else 1 for p in range(len(block.shape))])
            groups, numbers = groups * length + along, numbers + along * self.strides[k]
        return groups, numbers

    def _crown(self, block: Block, groups: Array, score: Array, where: Sequence[Array]) -> None:
        """Keep the first of equally good designs of each group, by their places in a block."""
        mine, scores = (a[tuple(w * (n > 1) for w, n in zip(where, a.shape, strict=True))] for a in (groups, score))
        inside = np.ravel_multi_index(where, block.shape)
        order = np.lexsort((self.grid.flat_index(block, inside), mine))
        first = order[np.unique(mine[order], return_index=True)[1]]
        rows = self.gather(block, inside[first])
        self._take(mine[first], scores[first], rows.flat, rows.columns)

    def _take(self, groups: Any, scores: Array, flat: Array, columns: dict[str, Array]) -> None:
        """Designs of groups, where they are better than those kept, or as good and come before them."""
        had, now = self.scores[groups], self.flat[groups]
        won = (scores < had) | ((scores == had) & (flat < now) & (flat >= 0))
        groups = groups[won]
        self.scores[groups], self.flat[groups] = scores[won], flat[won]
        for name, column in columns.items():
            self.columns[name][groups] = column[won]

    def screen(self) -> Screen | None:
        pieces = dict(zip(self.grid.walked, self.grid.pieces, strict=True))
        if any(pieces.get(k, self.grid.lengths[k]) > 1 for k in self.along):  # a block holds several groups
            return None
        if self.grid.blocks < WORTH * prod(self.grid.lengths[k] for k in self.along):  # most would be seen after all
            return None
        return Screen(tuple(self.needs), self.limits, (("low" if self.sign > 0 else "high", self.output),))

    def skim(self, summary: Summary) -> Array:
        some, first = super().skim(summary), np.atleast_1d(summary.first)
        where = np.unravel_index(first, self.grid.whole)
        groups = np.ravel_multi_index([where[k] for k in self.along], self.shape)
        score = np.atleast_1d(summary.low[self.output] if self.sign > 0 else -summary.high[self.output])
        some &= (score < self.scores[groups]) | ((score == self.scores[groups]) & (first < self.flat[groups]))
        here, group = np.unique(groups, return_inverse=True)
        best = np.full(len(here), np.inf)
        np.minimum.at(best, group[some], score[some])  # each block has one design as good as its score
        return some & (score <= best[group])

    def merge(self, other: Self) -> None:
        super().merge(other)
        self._take(np.arange(len(self.flat)), other.scores, other.flat, other.columns)

    def counts(self) -> dict[str, int]:
        return super().counts() | {"empty": int(np.count_nonzero(self.flat < 0))}

    def result(self) -> Champions:
        found = {}
        for name, column in self.columns.items():
            column = self.expanded(name, column)
            found[name] = column.reshape(*self.shape, *column.shape[1:])
        return Champions(self.flat.reshape(self.shape), found)
