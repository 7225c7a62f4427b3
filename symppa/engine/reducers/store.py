"""Everything is kept: each output as an array over the axes it varies along."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from symppa import units
from symppa.engine.border import Array
from symppa.engine.reducers.memory import refuse_beyond
from symppa.engine.reducers.protocol import Reducer, Sink

if TYPE_CHECKING:
    from symppa.engine.grid import Block, Grid

Box = tuple[tuple[int, int], ...]  # where designs begin along each axis asked for, and how far they go


class Piece(NamedTuple):
    """Values of a block in declared units, their dimensions in the order of the program's axes."""

    box: Box
    values: dict[str, Array]


def box_of(grid: Grid, block: Block) -> Box:
    """The place of a block in the whole grid."""
    found = dict(zip(grid.order, zip(block.start, block.shape, strict=True), strict=True))
    return tuple((found[k][0] + grid.origin[k], found[k][1]) for k in range(grid.program.swept))


class Stored(Reducer):
    """Outputs in declared units."""

    def __init__(self, outputs: Sequence[str]) -> None:
        self.outputs = tuple(outputs)

    def attach(self, grid: Grid) -> None:
        super().attach(grid)
        self.worths = {name: units.measure(grid.program.output(name).unit).worth for name in self.outputs}

    def _declared(self, block: Block, name: str, out: Array | None = None) -> Array:
        """An output in a block, dimensions in the order of the program's axes."""
        value, worth = block.values[name].transpose(self.grid.evaluator.places), self.worths[name]
        made: Array = np.positive(value, out=out) if worth == 1 else np.divide(value, worth, out=out)
        return made


class Store(Stored):
    """Every value of the outputs, as broadcast views where they do not vary.

    Twins fill the same arrays; one that goes to another process keeps its pieces apart.
    """

    def start(self, grid: Grid) -> None:
        super().start(grid)
        masks = {name: grid.program.masks[grid.program.output(name).step] for name in self.outputs}
        shapes = {n: tuple(grid.lengths[a] if m >> a & 1 else 1 for a in grid.order) for n, m in masks.items()}
        refuse_beyond(8.0 * sum(map(prod, shapes.values())), f"storing {grid.size:.3g} designs")
        places = grid.evaluator.places
        self.arrays = {name: np.empty(shape).transpose(places) for name, shape in shapes.items()}

    def clear(self) -> None:
        self.taken: list[Box] = []

    def take(self, block: Block) -> None:
        box = box_of(self.grid, block)
        for name, array in self.arrays.items():
            self._declared(block, name, self._part(array, box))
        self.taken.append(box)

    def sinks(self) -> dict[str, Sink]:
        return {n: Sink(array.transpose(self.grid.order), self.worths[n]) for n, array in self.arrays.items()}

    def filled(self, blocks: Sequence[Block]) -> None:
        self.taken += [box_of(self.grid, block) for block in blocks]

    def merge(self, other: Reducer) -> None:
        if isinstance(other, Pieces):
            for box, values in other.pieces:
                for name, array in self.arrays.items():
                    self._part(array, box)[...] = values[name]
                self.taken.append(box)
        elif isinstance(other, Store):
            self.taken += other.taken

    def __reduce__(self) -> tuple[type[Pieces], tuple[Any, ...]]:
        pieces = [Piece(box, {n: self._part(a, box).copy() for n, a in self.arrays.items()}) for box in self.taken]
        return Pieces, (self.outputs, pieces)

    def reached(self) -> Array:
        """Numbers of the designs that were reached, in order."""
        flat = []
        for box in self.taken:
            places = np.ix_(*[np.arange(first, first + length) for first, length in box])
            flat.append(np.ravel(np.ravel_multi_index(places, self.grid.whole)) if box else np.zeros(1, int))
        return np.sort(np.concatenate(flat)) if flat else np.empty(0, int)

    def _part(self, array: Array, box: Box) -> Array:
        """The part of an array that a box covers, as a view."""
        starts = [first - origin for (first, _), origin in zip(box, self.grid.origin, strict=True)]
        cut = (
            slice(start, start + length) if array.shape[k] > 1 else slice(None)
            for k, (start, (_, length)) in enumerate(zip(starts, box, strict=True))
        )
        return array[(*cut, ...)]

    def result(self) -> dict[str, Array]:
        """Arrays in declared units: swept axes in the order asked for, then the sets an output stands over.

        What was not reached is NaN.
        """
        if sum(prod(length for _, length in box) for box in self.taken) < self.grid.size:
            for array in self.arrays.values():
                left = np.ones(array.shape, bool)
                for box in self.taken:
                    self._part(left, box)[...] = False
                array[left] = np.nan
        return {name: self._out(name, array) for name, array in self.arrays.items()}

    def _out(self, name: str, array: Array) -> Array:
        grid = self.grid
        program, definition = grid.program, grid.program.output(name)
        sets = program.sets(definition.step)
        for k in sets:
            if k in grid.border.back:
                array = np.take(array, grid.border.back[k], axis=k)
        whole = [n if k < program.swept else array.shape[k] for k, n in enumerate(grid.lengths)]
        array = np.broadcast_to(array, whole) if tuple(whole) != array.shape else array
        return array.reshape([n for k, n in enumerate(array.shape) if k < program.swept or k in sets])


class Pieces(Stored):
    """What a Store is in another process: the blocks it saw, each with its place."""

    def __init__(self, outputs: Sequence[str], pieces: Sequence[Piece] = ()) -> None:
        super().__init__(outputs)
        self.pieces = list(pieces)

    def clear(self) -> None:
        self.pieces = []

    def take(self, block: Block) -> None:
        values = {name: np.array(self._declared(block, name)) for name in self.outputs}
        self.pieces.append(Piece(box_of(self.grid, block), values))

    def merge(self, other: Self) -> None:
        self.pieces = [*self.pieces, *other.pieces]

    def result(self) -> dict[str, Array]:
        """The arrays of a Store that has seen these blocks."""
        whole = Store(self.outputs)
        whole.start(self.grid)
        whole.merge(self)
        return whole.result()
