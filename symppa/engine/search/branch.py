"""Which column of a box is split, and where; and the designs of small boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symppa.engine.border import Array
from symppa.engine.search.pool import Boxes

THIN = 1e-12  # relative width of a range of reals that is not split further
LEAST = 1e-300  # and the width, next to 0
FAR = 4.0  # ends of one sign this far apart are split at their geometric mean
FIRST = 1e9  # the width of what is told apart before all else: names without an order


class Branching:
    """The columns of a search, as far as splitting needs them."""

    def __init__(self, tables: Sequence[Array | None], nominal: Sequence[bool], scale: Array) -> None:
        self.tables, self.nominal, self.scale = tables, nominal, scale
        self.listed = np.array([t is not None for t in tables])
        self.first = np.array(nominal, bool)

    def numbers(self, places: Array) -> Array:
        """Numbers in base units from places among candidates."""
        found = places.copy()
        for i, table in enumerate(self.tables):
            if table is not None:
                found[:, i] = table[places[:, i].astype(np.int64)]
        return found

    def widths(self, low: Array, high: Array) -> Array:
        """How wide boxes are along each column; 0 where they cannot be split."""
        a, b = self.numbers(low), self.numbers(high)
        with np.errstate(all="ignore"):
            found = np.where(a > 0.0, np.log(b / a), np.where(b < 0.0, np.log(a / b), (b - a) / self.scale))
        found[:, self.first] = FIRST
        thin = np.where(self.listed, high <= low, b - a <= np.maximum(THIN * np.maximum(np.abs(a), np.abs(b)), LEAST))
        return np.where(thin, 0.0, np.maximum(found, 1e-300))

    def choose(self, low: Array, high: Array, score: Array | None = None) -> Array:
        """The column to split of every box, -1 where none can be."""
        width = self.widths(low, high)
        worth = width
        if score is not None:
            scored = score.max(axis=1, keepdims=True, initial=0.0) > 0.0
            named = self.first[None] & (width > 0.0)
            worth = np.where(scored & ~named, np.maximum(score, 1e-12 * width), width)
            worth = np.where(width > 0.0, worth, 0.0)
        return np.where(worth.max(axis=1, initial=0.0) > 0.0, worth.argmax(axis=1), -1) if worth.size else _none(low)

    def halves(self, boxes: Boxes) -> tuple[Array, Array, Array]:
        """Both halves of every box, one after the other, and the bound they come from."""
        rows = np.arange(len(boxes.bound))
        a, b = self.numbers(boxes.low)[rows, boxes.split], self.numbers(boxes.high)[rows, boxes.split]
        first, last = boxes.low[rows, boxes.split], boxes.high[rows, boxes.split]
        with np.errstate(all="ignore"):
            far = (a > 0.0) & (b > FAR * a)
            middle = np.where(far, np.sqrt(a) * np.sqrt(b), a + (b - a) / 2.0)
        left, right = middle.copy(), middle.copy()
        for i, table in enumerate(self.tables):
            here = boxes.split == i
            if table is None or not here.any():
                continue
            if self.nominal[i]:
                place = np.floor((first[here] + last[here]) / 2.0)
            else:
                place = np.searchsorted(table, middle[here], "right") - 1.0
            left[here] = np.clip(place, first[here], last[here] - 1.0)
            right[here] = left[here] + 1.0
        high, low = boxes.high.copy(), boxes.low.copy()
        high[rows, boxes.split], low[rows, boxes.split] = left, right
        return np.concatenate([boxes.low, low]), np.concatenate([high, boxes.high]), np.tile(boxes.bound, 2)

    def designs(self, low: Array, high: Array) -> Array:
        """How many designs a box holds, infinite where a range of reals is left."""
        sizes = np.where(self.listed, high - low + 1.0, np.where(high > low, np.inf, 1.0))
        return np.asarray(sizes.prod(axis=1))

    def listing(self, low: Array, high: Array) -> Array:
        """Every design of small boxes."""
        sizes = np.where(self.listed, high - low + 1.0, 1.0).astype(np.int64)
        many = sizes.prod(axis=1)
        owner = np.repeat(np.arange(len(low)), many)
        rest = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
        found = low[owner]
        for i in range(low.shape[1]):
            size = sizes[owner, i]
            found[:, i] += rest % size
            rest //= size
        return found


def _none(low: Array) -> Array:
    return np.full(len(low), -1)
