"""Whole designs that are kept: their numbers, and every output at them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from symppa import units
from symppa.engine.border import Array
from symppa.engine.reducers.memory import refuse_beyond
from symppa.engine.reducers.protocol import Judged
from symppa.errors import QuestionError

if TYPE_CHECKING:
    from symppa.engine.grid import Block, Grid

MOST_DESIGNS = 2**63  # that can be numbered
LOOK = 2**26  # bytes between two looks at the free memory
HOPED = 1e-4  # of the designs of a grid: if even these cannot be kept, nothing is begun


class Rows(NamedTuple):
    """Designs by number, and their outputs in declared units."""

    flat: Array
    columns: dict[str, Array]

    def at(self, order: Array) -> Rows:
        """Some of them, in this order."""
        return Rows(self.flat[order], {name: column[order] for name, column in self.columns.items()})

    @property
    def bytes(self) -> int:
        """What they take."""
        return self.flat.nbytes + sum(column.nbytes for column in self.columns.values())


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows one after the other."""
    flat = np.concatenate([part.flat for part in parts])
    return Rows(flat, {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns})


class Designs(Judged):
    """A reducer that takes whole designs out of blocks."""

    def start(self, grid: Grid) -> None:
        if prod(grid.whole) >= MOST_DESIGNS:
            many = f"{prod(grid.whole):.3g} designs"
            raise QuestionError(f"{many} are more than can be numbered: count them (--keep count) or narrow an axis")
        super().start(grid)

    def sets(self, name: str) -> tuple[int, ...]:
        """How many members there are of each set an output stands over."""
        program = self.grid.program
        return tuple(self.grid.lengths[k] for k in program.sets(program.output(name).step))

    @property
    def row_bytes(self) -> int:
        """What one design takes."""
        return 8 + 8 * sum(prod(self.sets(name)) for name in self.grid.program.outputs)

    def gather(self, block: Block, inside: Array) -> Rows:
        """Designs by their places in a block."""
        where = np.unravel_index(inside, block.shape)
        program, columns = self.grid.program, {}
        for name, definition in program.outputs.items():
            column = self._gathered(name, block.values[name], where, len(inside))
            columns[name] = column / units.measure(definition.unit).worth
        return Rows(self.grid.flat_index(block, inside), columns)

    def _gathered(self, name: str, value: Array, where: Sequence[Array], count: int) -> Array:
        grid = self.grid
        swept = [p for p, axis in enumerate(grid.order) if axis < grid.program.swept]
        sets = [grid.evaluator.places[k] for k in range(grid.program.swept, len(grid.order))]
        index = tuple(where[p] if value.shape[p] > 1 else np.zeros(count, int) for p in swept)
        found = value.transpose([*swept, *sets])[index] if swept else np.repeat(value[None], count, axis=0)
        return found.reshape(count, *self.sets(name))

    def expanded(self, name: str, column: Array, before: int = 1) -> Array:
        """Merged members of sets apart again; so many dimensions come before those of the sets."""
        for place, k in enumerate(self.grid.program.sets(self.grid.program.output(name).step)):
            if k in self.grid.border.back:
                column = np.take(column, self.grid.border.back[k], axis=place + before)
        return column


class Kept(Designs):
    """A reducer that keeps a list of designs."""

    def clear(self) -> None:
        super().clear()
        names = self.grid.program.outputs
        self.rows = Rows(np.empty(0, int), {name: np.empty((0, *self.sets(name))) for name in names})

    def result(self) -> tuple[Array, dict[str, Array]]:
        """Numbers of the designs, and their outputs in declared units."""
        return self.rows.flat, {name: self.expanded(name, column) for name, column in self.rows.columns.items()}


class Feasible(Kept):
    """Every design that satisfies the limits."""

    def start(self, grid: Grid) -> None:
        super().start(grid)
        what = f"keeping as few as {HOPED * grid.size:.3g} of {grid.size:.3g} designs"
        refuse_beyond(HOPED * grid.size * self.row_bytes, what)

    def clear(self) -> None:
        super().clear()
        self.parts: list[Rows] = []
        self.taken = self.looked = 0

    def look(self, block: Block, good: Array) -> None:
        self._keep([self.gather(block, np.flatnonzero(good))])

    def merge(self, other: Self) -> None:
        super().merge(other)
        self._keep([Rows(part.flat, dict(part.columns)) for part in other.parts])

    def _keep(self, parts: Sequence[Rows]) -> None:
        self.parts += parts
        self.taken += sum(part.bytes for part in parts)
        if self.taken - self.looked > LOOK:  # to put them in order takes as much again
            self.looked = self.taken
            count = sum(len(part.flat) for part in self.parts)
            refuse_beyond(self.taken, f"putting the {count:.3g} feasible designs found so far in order")

    def result(self) -> tuple[Array, dict[str, Array]]:
        if self.parts:
            flat = np.concatenate([part.flat for part in self.parts])
            order, columns = np.argsort(flat, kind="stable"), {}
            for name in list(self.rows.columns):  # one column after the other: none is there twice for long
                columns[name] = np.concatenate([part.columns.pop(name) for part in self.parts])[order]
            self.rows, self.parts = Rows(flat[order], columns), []
        return super().result()
