"""The Pareto front of a sweep, block by block, and the front of a set of points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np

from symppa.engine.border import Array
from symppa.engine.grid import Block
from symppa.engine.reducers import Kept, Limit
from symppa.errors import QuestionError

RIVALS = 24  # kept designs that every block meets before its own front is found


class Pareto(Kept):
    """Designs that no other beats in every objective; `senses` are 'min' or 'max'."""

    def __init__(self, objectives: Mapping[str, str], limits: Sequence[Limit] = ()) -> None:
        super().__init__(list(objectives), limits)
        if not 2 <= len(objectives) <= 4:
            raise QuestionError(f"a Pareto front has 2 to 4 objectives, not {len(objectives)}")
        odd = [s for s in objectives.values() if s not in ("min", "max")]
        if odd:
            raise QuestionError(f"an objective is 'min' or 'max', not {odd[0]!r}")
        self.signs = {name: 1.0 if sense == "min" else -1.0 for name, sense in objectives.items()}
        self.points = np.empty((0, len(objectives)))

    def take(self, block: Block) -> None:
        good = self.kept(block)
        inside = np.flatnonzero(good)
        if not len(inside):
            return
        columns = [np.broadcast_to(block.values[n], block.shape)[good] * s for n, s in self.signs.items()]
        inside, points = self._unbeaten(inside, np.stack(columns))
        if not len(inside):
            return
        mine = front(points)
        self.append(block, inside[mine])
        self.points = np.concatenate([self.points, points[mine]])
        kept = front(self.points)
        self.points = self.points[kept]
        self.select(kept)

    def _unbeaten(self, inside: Array, columns: Array) -> tuple[Array, Array]:
        """What a few other designs do not beat: nearly all are gone before anything is sorted."""
        rivals = self.points if len(self.points) else _thinned(columns.T)
        for rival in rivals[:: len(rivals) // RIVALS + 1]:
            better = [column < level for column, level in zip(columns, rival, strict=True)]
            equal = [column == level for column, level in zip(columns, rival, strict=True)]
            left = np.flatnonzero(reduce(np.logical_or, better) | reduce(np.logical_and, equal))
            inside, columns = inside[left], columns.take(left, 1)
        return inside, columns.T

    def result(self) -> tuple[Array, dict[str, Array]]:
        order = np.lexsort((self.flat, *self.points.T[::-1]))
        self.points = self.points[order]
        self.select(order)
        return super().result()


def _thinned(points: Array) -> Array:
    """The front of a few of the points."""
    few = points[:: len(points) // 1000 + 1]
    return few[front(few)]


def front(points: Array) -> Array:
    """Rows (to be minimised) that no other row beats; equal rows all stay.

    >>> front(np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0]]))
    array([0, 1])
    """
    order = np.lexsort(points.T[::-1])
    ranked = points[order]
    if points.shape[1] == 2:
        best_before = np.minimum.accumulate(np.concatenate([[np.inf], ranked[:-1, 1]]))
        kept = ranked[:, 1] < best_before
        same = np.zeros(len(ranked), bool)
        for k in (np.flatnonzero((ranked[1:] == ranked[:-1]).all(1)) + 1).tolist():
            same[k] = kept[k - 1] or same[k - 1]
        return np.sort(order[kept | same])
    chosen: list[int] = []
    alive = np.ones(len(ranked), bool)
    for k in range(len(ranked)):
        if alive[k]:
            chosen.append(k)
            rest = ranked[k + 1 :]
            alive[k + 1 :] &= ~((rest >= ranked[k]).all(1) & (rest > ranked[k]).any(1))
    return np.sort(order[chosen])
