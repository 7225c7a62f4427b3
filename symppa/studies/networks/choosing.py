"""Which of the networks on devices to take: the best in one output of those that meet every limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from symppa import units
from symppa.engine.reducers.front import front
from symppa.errors import QuestionError, suggest
from symppa.studies.result import Array, Coordinate, Output
from symppa.studies.targets import bound, met

FRONT = ("latency", "energy")
MOST = frozenset({"throughput", "utilisation", "memory_utilisation"})  # more of these is better, less of the rest
UPWARDS = frozenset({">", ">="})


class Rank(NamedTuple):
    """By which output the best is told, and which end of it."""

    name: str
    most: bool

    def distance(self, values: Array) -> Array:
        """What is least for the best."""
        return -values if self.most else values

    @property
    def text(self) -> str:
        """The same as a person reads it."""
        return f"{'most' if self.most else 'least'} {self.name.removeprefix('chip.').replace('_', ' ')}"


def rank_of(asked: str | None, goals: Mapping[str, str], known: Mapping[str, Output]) -> Rank | None:
    """What was asked to rank by; else the output of the first limit, as far within it as may be; None without both."""
    if asked is None:
        return next((_of_goal(name, goal, known[name]) for name, goal in goals.items()), None)
    name = asked if asked in known else f"chip.{asked}"
    if name not in known:
        shown = [one.removeprefix("chip.") for one in known]
        raise QuestionError(f"there is nothing {asked!r} to rank by{suggest(asked, shown)}")
    return Rank(name, name in MOST)


def _of_goal(name: str, goal: str, output: Output) -> Rank:
    return Rank(name, bound(name, goal, output.unit).relation in UPWARDS)


def met_all(goals: Mapping[str, str], made: Mapping[str, Output], shape: tuple[int, ...]) -> Array:
    """Where every limit is met."""
    found = np.ones(shape, bool)
    for name, goal in goals.items():
        found &= met(name, goal, made)
    return found


def recommended(
    where: Mapping[str, Coordinate], values: Mapping[str, Output], fit: Array, rank: Rank | None
) -> dict[str, Any] | None:
    """For each network the best of those that fit; None where none does, and where nothing says what is best."""
    if rank is None:
        return None
    output = values[rank.name]
    distance = rank.distance(output.values * units.measure(output.unit).worth)
    found: dict[str, Any] = {}
    for k, workload in enumerate(where["workload"].values):
        here = np.where(fit[k], distance[k], np.inf)
        place = np.unravel_index(int(np.argmin(here)), here.shape)
        found[str(workload)] = _point(where, (k, *place)) if np.isfinite(here[place]) else None
    return found


def _point(where: Mapping[str, Coordinate], place: Sequence[Any]) -> dict[str, Any]:
    return {dim: one.values[k].item() for (dim, one), k in zip(where.items(), place, strict=True)}


def unbeaten(where: Mapping[str, Coordinate], arrays: Mapping[str, Array], fit: Array) -> list[dict[str, Any]]:
    """For each network and batch what no other beats in both latency and energy, fastest first."""
    rows = []
    for k in range(fit.shape[0]):
        for b in range(fit.shape[3]):
            places = np.argwhere(fit[k, :, :, b])
            costs = np.stack([arrays[name][k, places[:, 0], places[:, 1], b] for name in FRONT], axis=1)
            rows += [_point(where, (k, *places[n], b)) for n in sorted(front(costs), key=lambda n: costs[n, 0])]
    return rows
