"""The best design found so far, and where better ones are looked for."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from symppa.engine.border import Array
from symppa.engine.search.ground import Ground

AROUND = 24  # neighbours on either side of a candidate that are tried
SPREAD = 160  # candidates of a long list that are tried at a time
MIXED = 768  # designs that differ in several columns
POLISH = 200  # looks around a design that is polished: steps end at its last digits
PACES = np.array([-4.0, -1.0, 1.0, 4.0])
STEPS = np.concatenate([-np.logspace(-7, -0.3, 14), np.logspace(-7, -0.3, 14)])


class Incumbent:
    """The least cost met and its design, as places among candidates."""

    def __init__(self, ground: Ground, seed: int = 0, until: float = np.inf) -> None:
        self.ground, self.rng, self.until = ground, np.random.default_rng(seed), until
        self.cost, self.places, self.designs = np.inf, np.empty(0), 0
        low, high = ground.root
        self.low, self.high = low[0], high[0]
        self.listed = [t is not None for t in ground.tables]
        self.paired = _paired(len(self.low))
        self.seen = np.empty((0, len(self.low)))

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

    def look(self, count: int) -> None:
        """Look everywhere."""
        self.seen = self._sample(count)
        self.offer(self.seen)

    def follow(self, starts: int, rounds: int) -> None:
        """Go on from the best few designs that were seen everywhere, or from those that break limits the least."""
        costs = self.ground.costs(self.seen)
        worth = costs if np.isfinite(costs).any() else self.ground.breaches(self.seen)
        for n, k in enumerate(np.argsort(worth, kind="stable")[:starts]):
            before = self.cost
            self._follow(self.seen[k], rounds)
            if n and self.found and not self.cost < before:
                return  # they come to the same

    def descend(self, rounds: int) -> None:
        """Go from the best design to better neighbours while there are any."""
        if self.found:
            self._follow(self.places, rounds)

    def polish(self) -> None:
        """Go from the best design along every range of reals, by steps that shrink to the last digit."""
        reals = np.flatnonzero(~np.array(self.listed, bool))
        if not self.found or not len(reals):
            return
        step = 0.1
        for _ in range(POLISH):
            if perf_counter() > self.until:
                return
            around = np.repeat(self.places[None], 2 * len(reals), axis=0)
            reach = step * (self.high - self.low)[reals]
            around[np.arange(2 * len(reals)), np.tile(reals, 2)] += np.concatenate([reach, -reach])
            step *= 1.0 if self.offer(np.clip(around, self.low, self.high)) else 0.5

    def spread(self) -> float:
        """Between which objectives the middle half of what was seen everywhere lies, limits aside."""
        found = self.ground.objectives(self.seen)
        found = found[np.isfinite(found)]
        return float(np.subtract(*np.quantile(found, [0.75, 0.25]))) if len(found) else 0.0

    def _follow(self, places: Array, rounds: int) -> None:
        here, worth = places, (np.inf, np.inf)
        for _ in range(rounds):
            if perf_counter() > self.until:
                return
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
        size, wide = (MIXED, len(here)), self.high - self.low
        on = self.rng.random(size) < min(1.0, 2.5 / max(len(here), 1))
        step = self.rng.normal(size=size)
        if all(self.listed):
            step = np.rint(step * np.maximum(1.5, wide / 20.0))
        else:
            near = np.maximum(np.abs(here), 1e-3 * wide) * 10.0 ** self.rng.uniform(-6, -0.5, size)
            step = np.where(self.listed, np.rint(step * np.maximum(1.5, wide / 20.0)), step * near)
        step *= on
        return np.asarray(np.clip(here + step, self.low, self.high))

    def _pairs(self, here: Array) -> Array:
        """A design with one column moved against or along with another, by a few places each."""
        pace = np.where(self.listed, 1.0, 1e-3 * np.maximum(np.abs(here), 1e-3 * (self.high - self.low)))
        return np.asarray(np.clip(here + self.paired * pace, self.low, self.high))


def _paired(columns: int) -> Array:
    """Paces of two columns at once, of every two."""
    first, second = np.triu_indices(columns, 1)
    one, other = (np.ravel(g) for g in np.meshgrid(PACES, PACES, indexing="ij"))
    found = np.zeros((len(first), len(one), columns))
    rows = np.arange(len(first))
    found[rows, :, first] = one
    found[rows, :, second] = other
    return found.reshape(len(first) * len(one), columns)
