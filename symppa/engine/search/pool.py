"""Open boxes, taken best first while there is room for them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symppa.engine.border import Array

ROOM = 400_000_000  # bytes


class Boxes(NamedTuple):
    """Boxes as rows: ends (places among candidates, or numbers), a bound of the cost, the column to split next."""

    low: Array
    high: Array
    bound: Array
    split: Array

    def only(self, chosen: Array) -> Boxes:
        """Some of the rows."""
        return Boxes(self.low[chosen], self.high[chosen], self.bound[chosen], self.split[chosen])

    def __add__(self, other: Boxes) -> Boxes:  # type: ignore[override]
        return Boxes(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))


class Pool:
    """Boxes that are not closed yet. Past its room those with the worst bounds come first: they close soonest."""

    def __init__(self, columns: int, room: int = ROOM) -> None:
        self.size, self.most = 0, max(1, room // (16 * columns + 16))
        self.rows = _empty(columns, 1024)

    def __len__(self) -> int:
        return self.size

    @property
    def bounds(self) -> Array:
        """The bound of every open box."""
        return self.rows.bound[: self.size]

    @property
    def least(self) -> float:
        """The least bound of all."""
        return float(self.bounds.min()) if self.size else np.inf

    @property
    def hull(self) -> tuple[Array, Array]:
        """The ends of the least box that all open ones lie in."""
        return self.rows.low[: self.size].min(axis=0), self.rows.high[: self.size].max(axis=0)

    def add(self, boxes: Boxes) -> None:
        """More open boxes."""
        count = len(boxes.bound)
        if self.size + count > len(self.rows.bound):
            grown = _empty(self.rows.low.shape[1], 2 * (self.size + count))
            for new, old in zip(grown, self.rows, strict=True):
                new[: self.size] = old[: self.size]
            self.rows = grown
        for mine, theirs in zip(self.rows, boxes, strict=True):
            mine[self.size : self.size + count] = theirs
        self.size += count

    def take(self, count: int) -> Boxes:
        """The most promising boxes, which leave the pool."""
        if count >= self.size:
            taken = Boxes(*(part[: self.size].copy() for part in self.rows))
            self.size = 0
            return taken
        worth = self.bounds if self.size <= self.most else -self.bounds
        chosen = np.sort(np.argpartition(worth, count)[:count])
        taken = self.rows.only(chosen)
        keep = np.ones(self.size, bool)
        keep[chosen] = False
        last = self.size - count
        holes, movers = chosen[chosen < last], last + np.flatnonzero(keep[last:])
        for part in self.rows:
            part[holes] = part[movers]
        self.size = last
        return taken

    def prune(self, target: float) -> float:
        """Close boxes whose bound is no better than the target; the least bound among them comes back."""
        closed = self.bounds >= target
        if not closed.any():
            return np.inf
        least = float(self.bounds[closed].min())
        kept = Boxes(*(part[: self.size] for part in self.rows)).only(~closed)
        self.size = 0
        self.add(kept)
        return least


def _empty(columns: int, rows: int) -> Boxes:
    return Boxes(np.empty((rows, columns)), np.empty((rows, columns)), np.empty(rows), np.empty(rows, np.int64))
