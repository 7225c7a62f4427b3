"""Designs side by side: what each is worth in every objective, and which of them no other beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from symppa.engine.reducers.front import front
from symppa.engine.search.problem import judged
from symppa.studies.design.problem import Question

ALIKE = 2e-9  # relative, by which designs of a lattice differ at least
NEAR = 2e-6  # the same among reals
TIE = 1e-4  # relative, to which designs as good in one objective are best in the next, among reals


class Place(NamedTuple):
    """A design of a front: its choice of classes, and its values in base units."""

    choice: int
    point: Mapping[str, float]


@dataclass(frozen=True)
class Front:
    """Designs in the order of the first objective; `proved`: none is beaten; `whole`: there is no other.

    `asked` is the number of bounds that were set where points of a front are asked for, and `empty` how many of them
    are proved to allow no design; `over` where time was over before everything was asked.
    `gap` is how much better, relative, another design may be.
    """

    places: tuple[Place, ...]
    proved: bool
    whole: bool
    method: str
    searches: int
    seconds: float
    stopped: bool = False
    over: bool = False
    asked: int | None = None
    empty: int = 0
    gap: float = 0.0


def goals(question: Question, place: Place) -> list[float]:
    """The objectives of a design in base units, each to be as small as possible."""
    values = []
    for name, sense in question.objectives.items():
        value = judged(question.problem(name), place.point).value
        values.append((value if value is not None else np.nan) * (1.0 if sense == "min" else -1.0))
    return values


def unbeaten(every: Sequence[Question], places: Sequence[Place], near: float) -> tuple[Place, ...]:
    """The places that no other beats, sorted; one of those that are alike."""
    if not places:
        return ()
    found = np.array([goals(every[one.choice], one) for one in places])
    kept = front(found)
    kept = kept[np.lexsort(found[kept].T[::-1])]
    chosen: list[int] = []
    for k in kept:
        same = chosen and np.all(np.abs(found[k] - found[chosen[-1]]) <= near * np.abs(found[k]))
        chosen += [] if same else [int(k)]
    return tuple(places[k] for k in chosen)
