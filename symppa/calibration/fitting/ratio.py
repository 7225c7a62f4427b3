"""What a law leaves: a smooth function of size, its reach and height found by marginal likelihood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from symppa.calibration.operations import Array
from symppa.engine import cache
from symppa.engine.points import over_points
from symppa.engine.program import Program
from symppa.engine.walk import run

MOST_ANCHORS = 192
LEAST_ROWS = 8
HEIGHT, REACH, NOISE = 0.1, 1.5, 0.05  # of a component, typically; reach in standard deviations of the places
SPREAD, LIMIT = 1.0, 4.0  # of their logarithms: likely, and the most
JITTER = 1e-8
STEPS = 60


@lru_cache(maxsize=4)
def _program(name: str, outputs: tuple[str, ...], axes: tuple[str, ...]) -> Program:
    key = cache.key("smooth_ratio", name, outputs, axes)
    found = cache.fetch(key)
    if found is None:
        from symppa.engine.compile import compile as compiled
        from symppa.library.laws import smooth_ratio

        found = compiled(getattr(smooth_ratio, name)(), outputs, {"case": axes} if axes else ())
        cache.store(key, found)
    return found


@dataclass(frozen=True)
class SmoothFit:
    """Anchors with weights; `closeness` has a row for each component, `noise` is what is not smooth."""

    anchors: Array
    weights: Array
    closeness: Array
    heights: Array
    noise: float

    def logarithm(self, places: Array) -> Array:
        """Logarithm of the ratio at some places, a row each."""
        if not len(self.weights):
            return np.zeros(len(places))
        program = _program("SmoothRatio", ("logarithm",), ("place",))
        values = {
            "place": places.T, "anchor": self.anchors, "closeness": self.closeness, "height": self.heights,
            "weight": self.weights,
        }  # fmt: skip
        return np.asarray(run(program, values)["logarithm"], dtype=float).reshape(len(places))

    def as_values(self) -> dict[str, Any]:
        """Plain numbers for a profile."""
        return {
            "anchors": self.anchors.tolist(), "weights": self.weights.tolist(), "closeness": self.closeness.tolist(),
            "heights": self.heights.tolist(), "noise": self.noise,
        }  # fmt: skip

    @classmethod
    def from_values(cls, told: Mapping[str, Any]) -> SmoothFit:
        """The ratio that `as_values` told."""
        arrays = {name: np.asarray(told[name], dtype=float) for name in ("anchors", "weights", "closeness", "heights")}
        return cls(**arrays, noise=float(told["noise"]))


NOTHING = SmoothFit(np.zeros((0, 0)), np.zeros(0), np.zeros((0, 0)), np.zeros(0), 0.0)


def fit_ratio(
    places: Array, residuals: Array, directions: Sequence[str], components: Sequence[Sequence[str]]
) -> SmoothFit:
    """The smooth part of residuals (logarithms of measured over predicted time) at some places."""
    if len(residuals) < LEAST_ROWS:
        return NOTHING
    scale = places.std(axis=0)
    scale = np.where(scale > 1e-6 * (1 + np.abs(places).max(axis=0)), scale, np.inf)  # one place tells no direction
    chosen = spread_out(places / scale, MOST_ANCHORS)
    member = np.array([[name in one for name in directions] for one in components], dtype=float)
    search = _Likelihood(places[chosen] / scale, residuals[chosen], member)
    heights, closeness, noise = search.best()
    closeness = closeness / scale**2
    near = covariance(places, places[chosen], heights, closeness)
    among = covariance(places[chosen], places[chosen], heights, closeness)
    weights = _weights(near, among, residuals, noise, exact=len(chosen) == len(residuals))
    return SmoothFit(places[chosen], weights, closeness, heights, noise)


def _weights(near: Array, among: Array, residuals: Array, noise: float, *, exact: bool) -> Array:
    """What each anchor contributes: all rows are anchors, or all rows speak through the anchors there are."""
    tiny = JITTER * np.eye(len(among))
    if exact:
        return np.asarray(np.linalg.solve(among + noise**2 * np.eye(len(among)) + tiny, residuals))
    return np.asarray(np.linalg.solve(near.T @ near + noise**2 * among + tiny, near.T @ residuals))


def spread_out(places: Array, most: int) -> Array:
    """Positions of at most so many places, each as far as can be from those before."""
    if len(places) <= most:
        return np.arange(len(places))
    chosen = [int(np.argmin(((places - places.mean(axis=0)) ** 2).sum(axis=1)))]
    apart = np.full(len(places), np.inf)
    while len(chosen) < most:
        apart = np.minimum(apart, ((places - places[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(np.argmax(apart)))
    return np.array(sorted(set(chosen)))


def covariance(left: Array, right: Array, heights: Array, closeness: Array) -> Array:
    """How alike places are, summed over the components."""
    squares = (left[:, None, :] - right[None, :, :]) ** 2
    found = np.zeros(squares.shape[:2])
    for height, close in zip(heights, closeness, strict=True):
        found += _likeness(squares @ close, height)[0]
    return found


def _likeness(apart: Array, height: float) -> tuple[Array, Array]:
    """Covariance and its slope, by the library's formula."""
    program = over_points(_program("Nearness", ("likeness", "slope"), ()), ["apart"])
    found = run(program, {"apart": apart.ravel(), "height": float(height)})
    return np.reshape(found["likeness"], apart.shape), np.reshape(found["slope"], apart.shape)


class _Likelihood:
    """Marginal likelihood of residuals, with its slope in the logarithms of heights, reaches and noise."""

    def __init__(self, places: Array, residuals: Array, member: Array) -> None:
        self.residuals, self.member = residuals, member
        upper = np.triu_indices(len(places))
        self.upper, self.count = upper, len(places)
        self.squares = (places[upper[0]] - places[upper[1]]) ** 2
        self.uses = [np.flatnonzero(one) for one in member]
        self.typical = np.concatenate(
            [*(np.log([HEIGHT, *[REACH] * len(uses)]) for uses in self.uses), [np.log(NOISE)]]
        )

    def best(self) -> tuple[Array, Array, float]:
        """Heights (variances), closeness by component and direction, and noise."""
        from scipy.optimize import minimize

        bounds = [(value - LIMIT, value + LIMIT) for value in self.typical]
        found = minimize(
            self.cost, self.typical, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS}
        )
        heights, closeness = self._parts(found.x)
        return heights, closeness, float(np.exp(found.x[-1]))

    def _parts(self, logarithms: Array) -> tuple[Array, Array]:
        heights, closeness, place = np.zeros(len(self.uses)), np.zeros(self.member.shape), 0
        for one, uses in enumerate(self.uses):
            heights[one] = np.exp(2 * logarithms[place])
            closeness[one, uses] = np.exp(-2 * logarithms[place + 1 : place + 1 + len(uses)])
            place += 1 + len(uses)
        return heights, closeness

    def _full(self, packed: Array) -> Array:
        full = np.zeros((self.count, self.count))
        full[self.upper] = packed
        return np.asarray(full + np.triu(full, 1).T)

    def cost(self, logarithms: Array) -> tuple[float, Array]:
        """Minus the logarithm of the likelihood and of what is typical, with its slope."""
        heights, closeness = self._parts(logarithms)
        parts = [_likeness(self.squares @ close, height) for height, close in zip(heights, closeness, strict=True)]
        noise = np.exp(2 * logarithms[-1])
        total = self._full(np.sum([part[0] for part in parts], axis=0)) + (noise + JITTER) * np.eye(self.count)
        inverse = np.linalg.inv(total)
        weights = inverse @ self.residuals
        away = (logarithms - self.typical) / SPREAD
        value = 0.5 * self.residuals @ weights + 0.5 * np.linalg.slogdet(total)[1] + 0.5 * away @ away
        pull = inverse - np.outer(weights, weights)
        packed = pull[self.upper] * np.where(self.upper[0] == self.upper[1], 0.5, 1.0)
        slope = []
        for (likeness, steep), close, uses in zip(parts, closeness, self.uses, strict=True):
            slope.append(2 * packed @ likeness)
            slope += [float(packed @ (steep * self.squares[:, k])) * -2 * close[k] for k in uses]
        slope.append(float(np.trace(pull)) * noise)
        return float(value), np.array(slope) + away / SPREAD
