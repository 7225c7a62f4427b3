"""A bound over tiles of every integer size: ranges of sizes are closed by the least that any tile in them takes.

Branch and bound on the relaxed models of the library. It stops by the number of ranges it has looked at, never by the
clock: an operator has the same tiles wherever it is compiled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Protocol

import numpy as np

from symppa.kpu.cost import WITHIN, together
from symppa.kpu.loops import Loops, Side

Array = np.ndarray[Any, Any]
RANGES = 60_000  # that are looked at for an operator
BATCH = 8192  # of them at a time
COMPLETED = 16  # inner tiles that are given outer ones
OFFERED = 2  # of them after each cut of ranges
PIECES = 1024  # ranges below which each is cut along every side at once
LEAST, ROOM = "pace.least", "l1_room"


class Tiles(Protocol):
    """What the proof has to know of the search whose result it is for."""

    loop: Loops
    sides: list[Side]
    l1: int
    fixed: dict[str, float]

    @property
    def floor(self) -> float:
        """Time that no tiling betters."""

    @property
    def single(self) -> float:
        """Time that no tiling with one buffer betters, other than one tile."""

    def outer_floor(self) -> float:
        """Time that the memory's bus takes with two buffers, whatever the tiles."""

    def completed(self, inner: Mapping[str, float]) -> tuple[dict[str, float], float, float]:
        """An inner tile with its best outer one, its time, and what no outer tile betters."""


class Proof:
    """What no tiling betters, and on the way tilings that are better than the one there was."""

    def __init__(self, tiles: Tiles, point: Mapping[str, float], value: float, gap: float) -> None:
        self.tiles, self.point, self.value, self.gap = tiles, dict(point), value, gap
        self.names = [side.part for side in tiles.sides]
        self.whole = np.array([float(side.whole) for side in tiles.sides])
        self.closed, self.nodes, self.tried, self.outer = np.inf, 0, 0, 0.0

    @property
    def wanted(self) -> float:
        """Ranges that take no less are of no interest."""
        return self.value / (1.0 + self.gap)

    def run(self) -> float:
        """Time that no tiling betters; the best tiles found are `point`."""
        if not self.names:  # one tile, of one element: there is nothing to choose
            return self.value
        if self.tiles.floor >= self.wanted:
            return self.tiles.floor
        self.outer = self.tiles.outer_floor()
        if self.outer >= self.wanted:
            self.closed = self.outer
        else:
            self._search(2.0)
        if self.tiles.single >= self.wanted:
            self.closed = min(self.closed, self.tiles.single)
        else:
            self._search(1.0)
        return float(max(self.tiles.floor, min(self.closed, self.value)))

    def _search(self, buffers: float) -> None:
        """Every range of sizes with so many buffers."""
        low, high = self._roots()
        bound = np.zeros(len(low))
        until = self.nodes + RANGES
        while len(low):
            found, room = self._values(low, high, buffers)
            bound = np.maximum(bound, np.maximum(found, self.outer if buffers > 1 else 0.0))
            fits = room <= self.tiles.l1
            low, high, bound = low[fits], high[fits], bound[fits]
            self._offer(low, high, bound, buffers)
            low, high, bound = self._left(low, high, bound, buffers)
            if not len(low):
                return
            if self.nodes > until:
                self.closed = min(self.closed, float(bound.min()))
                return
            low, high, bound = self._halves(low, high, bound)

    def _roots(self) -> tuple[Array, Array]:
        """One tile along a side, or several."""
        each = [[(one, one), (1.0, one - 1.0)] for one in self.whole]
        every = np.array(list(product(*each))).reshape(-1, len(each), 2)
        return every[:, :, 0], every[:, :, 1]

    def _values(self, low: Array, high: Array, buffers: float) -> tuple[Array, Array]:
        """The least time and the least room of ranges."""
        base = {**self.tiles.fixed, "buffers": buffers}
        self.nodes += len(low)
        parts = [self._some(low[n : n + BATCH], high[n : n + BATCH], base) for n in range(0, len(low), BATCH)]
        return np.concatenate([one for one, _ in parts]), np.concatenate([one for _, one in parts])

    def _some(self, low: Array, high: Array, base: Mapping[str, float]) -> Sequence[Array]:
        columns = {f"{name}.inner": low[:, k] for k, name in enumerate(self.names)}
        columns |= {f"{name}.most": high[:, k] for k, name in enumerate(self.names)}
        return together(WITHIN[self.tiles.loop.kind], base, columns, (LEAST, ROOM))

    def _offer(self, low: Array, high: Array, bound: Array, buffers: float) -> None:
        """The smallest and middle tiles of ranges: the best of them is completed where it may be a better one."""
        open_ = bound < self.wanted
        if not open_.any():
            return
        low, high = low[open_], high[open_]
        places = np.concatenate([low, np.floor((low + high) / 2.0), high])
        least, room = self._values(places, places, buffers)
        least = np.where(room <= self.tiles.l1, least, np.inf)
        for best in (int(n) for n in np.argsort(least, kind="stable")[:OFFERED]):
            if least[best] < self.value and self.tried < COMPLETED:
                self._settle(places[best], buffers)

    def _left(self, low: Array, high: Array, bound: Array, buffers: float) -> tuple[Array, Array, Array]:
        """Ranges that are still open: neither closed by their bound, nor of one size."""
        open_ = bound < self.wanted
        if not open_.all():
            self.closed = min(self.closed, float(bound[~open_].min()))
        low, high, bound = low[open_], high[open_], bound[open_]
        one = (low == high).all(axis=1)
        for n in np.flatnonzero(one)[np.argsort(bound[one], kind="stable")]:
            known = bound[n]
            if known < self.wanted and self.tried < COMPLETED:
                known = max(known, self._settle(low[n], buffers))
            self.closed = min(self.closed, float(known))
        return low[~one], high[~one], bound[~one]

    def _settle(self, place: Array, buffers: float) -> float:
        """One inner tile with its best outer one, and what no outer tile betters."""
        self.tried += 1
        inner = {f"{name}.inner": float(one) for name, one in zip(self.names, place, strict=True)}
        point, value, least = self.tiles.completed({**inner, "buffers": buffers})
        if value < self.value:
            self.point, self.value = point, value
        return least

    def _halves(self, low: Array, high: Array, bound: Array) -> tuple[Array, Array, Array]:
        """Ranges cut where the number of tiles changes, along the widest of their sides."""
        for _ in range(len(self.names) if len(low) < PIECES else 1):
            wide = high / low
            at = wide.argmax(axis=1)
            rows = np.arange(len(low))
            a, b, whole = low[rows, at], high[rows, at], self.whole[at]
            several = b > a
            middle = np.clip(np.floor(np.sqrt(a * b)), a, np.maximum(a, b - 1.0))
            cut = np.ceil(whole / np.ceil(whole / (middle + 1.0)))
            middle = np.where(cut > a, np.minimum(cut - 1.0, middle), middle)
            first, second = high.copy(), low.copy()
            first[rows[several], at[several]] = middle[several]
            second[rows[several], at[several]] = middle[several] + 1.0
            low = np.concatenate([low, second[several]])
            high = np.concatenate([first, high[several]])
            bound = np.concatenate([bound, bound[several]])
        return low, high, bound
