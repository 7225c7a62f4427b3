"""One block of a grid after another, in reused buffers.

The walked axes are nested like loops. A step belongs to the deepest one it varies along, and is computed again only
when that one or an outer one moves on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from symppa.engine.border import Array
from symppa.engine.numpy_rules import IN_PLACE

if TYPE_CHECKING:
    from symppa.engine.grid import Grid

Span = tuple[int, int]  # where a block begins along an axis, and how far it goes
Views = dict[int, Array]


class Runner:
    """The large steps of a grid. `known` are the values from outside that they use, and small outputs."""

    def __init__(self, grid: Grid, known: Mapping[int, Any]) -> None:
        self.grid, self.now = grid, dict(known)
        self.places = [grid.evaluator.places[a] for a in grid.walked]
        self.steps: list[list[int]] = [[] for _ in grid.walked]
        for n in grid.large:
            self.steps[grid.depth(n)].append(n)
        self.slices: list[list[tuple[int, Array]]] = [[] for _ in grid.walked]
        for n, value in known.items():
            along = [k for k, place in enumerate(self.places) if np.ndim(value) and value.shape[place] > 1]
            if along:
                self.slices[along[-1]].append((n, value))
        self.register = self._assign()
        self.views: dict[tuple[int, ...], Views] = {}

    def _shape(self, n: int, lengths: Sequence[int]) -> tuple[int, ...]:
        """The shape of a step in a block that goes so far along the walked axes."""
        grid, mask = self.grid, self.grid.program.masks[n]
        walked = dict(zip(grid.walked, lengths, strict=True))
        return tuple(walked.get(a, grid.lengths[a]) if mask >> a & 1 else 1 for a in grid.order)

    def _assign(self) -> dict[int, int]:
        """A buffer for each step; one is used again once its value is dead, at its own depth or deeper."""
        steps = self.grid.program.steps
        ordered = [(depth, n) for depth, inside in enumerate(self.steps) for n in inside]
        last = {a: (depth, n) for depth, n in ordered for a in steps[n].arguments}
        register: dict[int, int] = {}
        free: dict[tuple[int, ...], list[int]] = {}
        self.buffers: list[Array] = []
        for depth, n in ordered:
            shape = self._shape(n, self.grid.pieces)
            ending = [a for a in set(steps[n].arguments) if a in register and last[a] == (depth, n)]
            dead = [a for a in ending if self.grid.depth(a) == depth and a not in self.grid.wanted]
            spare = [(self._shape(a, self.grid.pieces), register[a]) for a in dead]
            early, late = (spare, []) if steps[n].operation in IN_PLACE else ([], spare)
            for other, number in early:
                free.setdefault(other, []).append(number)
            if free.get(shape):
                register[n] = free[shape].pop()
            else:
                register[n] = len(self.buffers)
                self.buffers.append(np.empty(prod(shape)))
            for other, number in late:
                free.setdefault(other, []).append(number)
        return register

    def _views_for(self, lengths: tuple[int, ...]) -> Views:
        if lengths not in self.views:
            shapes = {n: self._shape(n, lengths) for n in self.register}
            self.views[lengths] = {
                n: self.buffers[number][: prod(shapes[n])].reshape(shapes[n]) for n, number in self.register.items()
            }
        return self.views[lengths]

    def run(self, spans: Sequence[Span], moved: int) -> dict[int, Any]:
        """The values in one block; `moved` is the outermost walked axis that is not where it was."""
        steps, apply, now = self.grid.program.steps, self.grid.evaluator.apply, self.now
        views = self._views_for(tuple(length for _, length in spans))
        with np.errstate(all="ignore"):
            for depth in range(moved, len(spans)):
                for n, value in self.slices[depth]:
                    now[n] = inside(value, self.places, spans)
                for n in self.steps[depth]:
                    now[n] = apply(steps[n], views[n], [now[a] for a in steps[n].arguments])
        return now


def inside(value: Array, places: Sequence[int], spans: Sequence[Span]) -> Array:
    """The part of a table that lies in a block; `places` are dimensions of the walked axes."""
    index = [slice(None)] * value.ndim
    for place, (first, length) in zip(places, spans, strict=True):
        if value.shape[place] > 1:
            index[place] = slice(first, first + length)
    return value[tuple(index)]
