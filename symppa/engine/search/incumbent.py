"""The best design found so far, and where better ones are looked for."""

from __future__ import annotations

import numpy as np

from symppa.engine.border import Array
from symppa.engine.search.ground import Ground

AROUND = 24  # neighbours on either side of a candidate that are tried
SPREAD = 160  # candidates of a long list that are tried at a time
MIXED = 768  # designs that differ in several columns
PACES = np.array([-4.0, -1.0, 1.0, 4.0])
STEPS = np.concatenate([-np.logspace(-7, -0.3, 14), np.logspace(-7, -0.3, 14)])


class Incumbent:
    """The least cost met and its design, as places among candidates."""

    def __init__(self, ground: Ground, seed: int = 0) -> None:
        self.ground, self.rng = ground, np.random.default_rng(seed)
        self.cost, self.places, self.designs = np.inf, np.empty(0), 0
        low, high = ground.root
        self.low, self.high = low[0], high[0]
        self.listed = [t is not None for t in ground.tables]

    @property
    def found(self) -> bool:
        """Whether there is a design at all."""
        return bool(np.isfinite(self.cost))

    def offer(self, places: Array) -> bool:
        """Look at designs; whether the best of them is better than all before."""
        if not len(places):
            return False
        costs = self.ground.costs(places)
        self.designs += len(places)
        best = int(costs.argmin())
        if not costs[best] < self.cost:
            return False
        self.cost, self.places = float(costs[best]), places[best].copy()
        return True

    def start(self, count: int, starts: int, rounds: int) -> None:
        """Look everywhere, then go on from the best few designs, or from those that break limits the least."""
        places = self._sample(count)
        costs = self.ground.costs(places)
        worth = costs if np.isfinite(costs).any() else self.ground.breaches(places)
        self.offer(places)
        for k in np.argsort(worth, kind="stable")[:starts]:
            self._follow(places[k], rounds)

    def descend(self, rounds: int) -> None:
        """Go from the best design to better neighbours while there are any."""
        if self.found:
            self._follow(self.places, rounds)

    def _follow(self, places: Array, rounds: int) -> None:
        here, worth = places, (np.inf, np.inf)
        for _ in range(rounds):
            around = self._neighbours(here)
            costs = self.ground.costs(around)
            self.designs += len(around)
            best = int(costs.argmin())
            breach = 0.0
            if not np.isfinite(costs[best]):
                broken = self.ground.breaches(around)
                best = int(broken.argmin())
                breach = float(broken[best])
            if not (breach, costs[best]) < worth:
                return
            here, worth = around[best], (breach, float(costs[best]))
            if worth[1] < self.cost:
                self.cost, self.places = worth[1], here.copy()

    def _sample(self, count: int) -> Array:
        """Designs from everywhere, the corners and the middle among them."""
        found = np.empty((count, len(self.low)))
        for i, listed in enumerate(self.listed):
            draw = self.rng.random(count)
            wide = self.high[i] - self.low[i]
            found[:, i] = self.low[i] + (np.floor(draw * (wide + 1.0)) if listed else draw * wide)
        middle = np.where(self.listed, np.floor((self.low + self.high) / 2.0), (self.low + self.high) / 2.0)
        found[:3] = np.stack([self.low, self.high, middle])[:count]
        return found

    def _neighbours(self, here: Array) -> Array:
        found = []
        for i in range(len(self.low)):
            moved = self._along(i, here[i])
            rows = np.repeat(here[None], len(moved), axis=0)
            rows[:, i] = moved
            found.append(rows)
        return np.concatenate([*found, self._mixed(here), self._pairs(here)])

    def _along(self, i: int, here: float) -> Array:
        """Other places in one column."""
        low, high = self.low[i], self.high[i]
        if not self.listed[i]:
            size = abs(here) if here else high - low
            moved = np.concatenate([here + size * STEPS, low + (high - low) * self.rng.random(16)])
            return np.asarray(np.clip(moved, low, high))
        if high - low < 2 * SPREAD:
            return np.arange(low, high + 1.0)
        near = here + np.arange(-AROUND, AROUND + 1.0)
        far = np.floor(self.rng.random(SPREAD) * (high - low + 1.0)) + low
        return np.asarray(np.unique(np.clip(np.concatenate([near, far]), low, high)))

    def _mixed(self, here: Array) -> Array:
        """A design with a few columns changed at once."""
        rows = np.repeat(here[None], MIXED, axis=0)
        for i, listed in enumerate(self.listed):
            on = self.rng.random(MIXED) < min(1.0, 2.5 / len(self.low))
            wide, draw = self.high[i] - self.low[i], self.rng.normal(size=MIXED)
            if listed:
                step = np.rint(draw * max(1.5, wide / 20.0))
            else:
                step = draw * max(abs(here[i]), 1e-3 * wide) * 10.0 ** self.rng.uniform(-6, -0.5, MIXED)
            rows[:, i] = np.where(on, np.clip(rows[:, i] + step, self.low[i], self.high[i]), rows[:, i])
        return rows

    def _pairs(self, here: Array) -> Array:
        """A design with one column moved against or along with another, by a few places each."""
        columns = len(here)
        first, second, one, other = (
            g.ravel() for g in np.meshgrid(np.arange(columns), np.arange(columns), PACES, PACES, indexing="ij")
        )
        apart = first < second
        first, second, one, other = first[apart], second[apart], one[apart], other[apart]
        rows, all_rows = np.repeat(here[None], len(first), axis=0), np.arange(len(first))
        pace = np.where(self.listed, 1.0, 1e-3 * np.maximum(np.abs(here), 1e-3 * (self.high - self.low)))
        rows[all_rows, first] += one * pace[first]
        rows[all_rows, second] += other * pace[second]
        return np.asarray(np.clip(rows, self.low, self.high))
