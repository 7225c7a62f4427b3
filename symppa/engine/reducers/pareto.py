"""The Pareto front of a sweep, block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Self

import numpy as np

from symppa.engine.border import Array
from symppa.engine.reducers.front import Floor, beaten, front
from symppa.engine.reducers.kept import Kept, Rows, joined
from symppa.engine.reducers.limits import Limit
from symppa.engine.reducers.memory import refuse_beyond
from symppa.engine.reducers.protocol import Screen
from symppa.errors import QuestionError

if TYPE_CHECKING:
    from symppa.engine.grid import Block

FEW = 256  # points by which rivals are chosen
RIVALS = 24  # kept designs that may thin out a block before its own front is found
ENOUGH = 30_000  # designs that wait to be joined to a large front
SHORT = 3_000  # points that the floor of a front judges faster than rivals are chosen
GAIN = 20  # a rival is worth its time when it beats one point of so many
LOOK = 2**16  # designs of a front that fit any memory


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

    def clear(self) -> None:
        super().clear()
        self.waiting: list[tuple[Array, Rows]] = []
        self._hold(np.empty((0, len(self.signs))), self.rows)

    def _hold(self, points: Array, rows: Rows) -> None:
        """The front so far, and a few points of it, the one that beats most at the head."""
        self.points, self.rows = points, rows
        self.floor = Floor(points) if len(points) > RIVALS else None
        few = points[:: len(points) // RIVALS + 1]
        self.rivals = few[np.argsort(_evenly(few).sum(1))]
        if len(points) > LOOK:
            refuse_beyond(2.0 * len(points) * self.row_bytes, f"a front of {len(points):.3g} designs so far")

    def look(self, block: Block, good: Array) -> None:
        if beaten(self._ideal(block), self.points).any():
            return
        rivals = self.rivals if len(self.rivals) else self._sampled(block, good)
        inside = np.flatnonzero(good & self._ahead(block, rivals[0]))
        points = self._points(block, inside)
        short = self.floor is not None and len(points) < SHORT
        left = np.arange(len(points)) if short else _thinned(points, rivals[1:])
        if self.floor is not None:
            left = left[~self.floor.beats(points[left])]
        if len(left):
            self._keep(points[left], self.gather(block, inside[left]))

    def _points(self, block: Block, inside: Array) -> Array:
        """Objectives at places in a block, all to be minimised."""
        values = (np.broadcast_to(block.values[n], block.shape).ravel().take(inside) * s for n, s in self.signs.items())
        return np.stack(list(values), 1)

    def _ideal(self, block: Block) -> Array:
        """What no design of a block can beat."""
        ends = ((self.ends_in(block, name), sign) for name, sign in self.signs.items())
        return np.array([[low if sign > 0 else -high for (low, high), sign in ends]])

    def _ahead(self, block: Block, rival: Array) -> Array:
        """Where a rival is not better in every objective."""
        ends = zip(self.signs.items(), rival, strict=True)
        ahead = [block.values[n] <= end if s > 0 else block.values[n] >= -end for (n, s), end in ends]
        return reduce(np.logical_or, ahead)

    def _sampled(self, block: Block, good: Array) -> Array:
        """The front of a few designs of a block, to begin with."""
        inside = np.flatnonzero(good)
        points = self._points(block, inside[:: len(inside) // FEW + 1])
        few = points[front(points)]
        return few[np.argsort(_evenly(few).sum(1))][:RIVALS]

    def _keep(self, points: Array, rows: Rows) -> None:
        """Joined to the front at once while it is small, else when there are enough to be worth it."""
        self.waiting.append((points, rows))
        if sum(len(p) for p, _ in self.waiting) >= min(len(self.points), ENOUGH):
            self._settle()

    def _settle(self) -> None:
        """The front of all that is kept."""
        if not self.waiting:
            return
        points = np.concatenate([self.points, *[p for p, _ in self.waiting]])
        rows = joined([self.rows, *[r for _, r in self.waiting]])
        left, self.waiting = front(points), []
        self._hold(points[left], rows.at(left))

    def screen(self) -> Screen | None:
        return None  # measured: nearly every block could hold a design of the front, and is computed twice then

    def merge(self, other: Self) -> None:
        super().merge(other)
        for points, rows in [(other.points, other.rows), *other.waiting]:
            self._keep(points, rows)

    def result(self) -> tuple[Array, dict[str, Array]]:
        self._settle()
        order = np.lexsort((self.rows.flat, *self.points.T[::-1]))
        self._hold(self.points[order], self.rows.at(order))
        return super().result()


def _evenly(points: Array) -> Array:
    """Each objective from 0 to 1."""
    if not len(points):
        return points
    low, high = points.min(0), points.max(0)
    with np.errstate(over="ignore", invalid="ignore"):
        found: Array = (points - low) / np.where(high > low, high - low, 1.0)
        return found


def _thinned(points: Array, rivals: Array) -> Array:
    """Places of points that some rivals do not beat: those that beat most of a few points are asked first."""
    left = np.arange(len(points))
    few = points[:: len(points) // FEW + 1]
    beats = reduce(np.logical_and, [rivals[:, k, None] < few[:, k] for k in range(points.shape[1])])
    while len(beats) and len(few):
        k = int(beats.sum(1).argmax())
        if beats[k].sum() * GAIN < len(few):
            break
        stays = reduce(np.logical_or, [points[:, i] <= end for i, end in enumerate(rivals[k])])
        left, points = left[stays], points[stays]
        few, beats = few[~beats[k]], beats[:, ~beats[k]]
    return left
