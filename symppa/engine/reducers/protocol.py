"""What every reducer is: something that sees the blocks of a grid in any order, in any number of threads.

The result never depends on how a grid was cut into blocks, nor on their order, nor on who saw which. A design is
invalid when an output it is judged by is undefined; invalid designs are counted, never kept. Ties go to the design
that comes first in the order of the axes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, prod
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from symppa.engine.border import Array
from symppa.engine.reducers.limits import Limit
from symppa.engine.reducers.scratch import PICKED, Scratch
from symppa.errors import QuestionError

if TYPE_CHECKING:
    from symppa.engine.grid import Block, Grid


RUN = 16  # flags of one kind in a row, from which on a mask is faster than places


class Screen(NamedTuple):
    """What summaries must tell: which outputs make a design valid, limits, and sums, each a (kind, output).

    A kind is `low`, `high` or `total`: the smallest, the largest and the sum over feasible designs.
    """

    needs: tuple[str, ...]
    limits: tuple[Limit, ...]
    sums: tuple[tuple[str, str], ...] = ()

    @property
    def scores(self) -> tuple[str, ...]:
        """Outputs of which any sum is asked."""
        return tuple(dict.fromkeys(name for _, name in self.sums))


class Summary(NamedTuple):
    """Blocks without their designs, an entry for each: the number of the first design, how many, and their sums.

    `low`, `high` and `total` have what the screen asks for, by output, in base units; where no design is feasible
    they are inf, -inf and 0.
    """

    first: Array
    designs: Array
    valid: Array
    feasible: Array
    low: Mapping[str, Array]
    high: Mapping[str, Array]
    total: Mapping[str, Array]

    @property
    def sound(self) -> Array:
        """Blocks none of whose sums is past the largest float."""
        return np.asarray(np.all([np.isfinite(_by_block(total)).all(1) for total in self.total.values()], axis=0))

    def sums(self, name: str, some: Array) -> list[Array]:
        """Low, high and total of an output in some of the blocks, as far as they were asked for."""
        return [np.atleast_1d(part[name])[some] for part in (self.low, self.high, self.total) if name in part]


class Sink(NamedTuple):
    """An array that an output may be written into, its dimensions as they lie in the grid, and what divides it."""

    array: Array
    worth: float


class Reducer:
    """Sees every block once a walk, and is walked as often as it asks; `needs` are outputs of one number a design.

    `start` on a grid; give each thread or process a `twin`, show blocks by `take`, and `merge` the twins. Where there
    is a `screen`, blocks may be shown by `skim` instead. After each walk, once: `again`. At the end: `result`.
    """

    needs: Sequence[str] = ()

    def start(self, grid: Grid) -> None:
        """Before the first block; whatever was seen on another grid is forgotten."""
        self.attach(grid)
        program = grid.program
        for name in self.needs:
            sets = program.sets(program.output(name).step)
            if sets:
                names = ", ".join(program.axes[k].name for k in sets)
                raise QuestionError(
                    f"{name} stands over {names}: designs are kept by one number each; choose another output"
                )
        self.clear()

    def attach(self, grid: Grid) -> None:
        """Give the grid, or a window of it, to what comes from another process."""
        self.grid = grid

    def clear(self) -> None:
        """Forget what was seen in this walk."""

    def take(self, block: Block) -> None:
        """One block."""
        raise NotImplementedError

    def twin(self) -> Self:
        """An empty one that asks the same of the same grid."""
        other = object.__new__(type(self))
        vars(other).update(vars(self))  # the grid too, which copying leaves behind
        other.clear()
        return other

    def merge(self, other: Self) -> None:
        """Join what another has seen of other blocks."""
        raise NotImplementedError

    def screen(self) -> Screen | None:
        """What suffices to judge a whole block in this walk; None where every block must be seen."""
        return None

    def skim(self, summary: Summary) -> Array:
        """Count blocks, and tell whose designs must be seen after all: by `see`, which does not count."""
        raise NotImplementedError

    def sinks(self) -> Mapping[str, Sink] | None:
        """Where every output may be written as it is computed; None where blocks must be shown."""
        return None

    def filled(self, blocks: Sequence[Block]) -> None:
        """Blocks, without values, that were written into the sinks."""
        raise NotImplementedError

    def again(self) -> bool:
        """Asked once after each walk, when all is merged: whether every block must be seen once more."""
        return False

    def result(self) -> Any:
        """What is kept."""
        raise NotImplementedError

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "grid"}


class EndsIn:
    """The smallest and the largest value of outputs in the block at hand, each found once; NaN where one is."""

    def __init__(self) -> None:
        self.block: Block | None = None
        self.found: dict[str, tuple[float, float]] = {}

    def __call__(self, block: Block, name: str) -> tuple[float, float]:
        """Those of one output, sets included."""
        if block is not self.block:
            self.block, self.found = block, {}
        if name not in self.found:
            value = block.values[name]
            self.found[name] = float(value.min()), float(value.max())
        return self.found[name]

    def __reduce__(self) -> tuple[type[EndsIn], tuple[()]]:
        return EndsIn, ()


class Judged(Reducer):
    """A reducer of the designs that satisfy some limits."""

    def __init__(self, needs: Sequence[str], limits: Sequence[Limit] = ()) -> None:
        self.limits, self.judged = tuple(limits), tuple(needs)
        self.needs = tuple(dict.fromkeys([*needs, *[limit.output for limit in limits]]))

    def clear(self) -> None:
        self.designs = self.feasible = self.invalid = 0
        self.scratch, self.ends_in = Scratch(), EndsIn()

    def take(self, block: Block) -> None:
        size, valid = prod(block.shape), self._valid(block)
        good = self._within(block, valid)
        self.count(size, _number(valid, size), feasible := _number(good, size))
        if feasible:
            self.look(block, _whole(good, block))

    def see(self, block: Block, good: Array) -> None:
        """Look at a block that is counted already."""
        if good.any():
            self.look(block, good)

    def judge(self, block: Block) -> Array:
        """Where designs are valid and feasible, in the shape of the block."""
        return _whole(self._within(block, self._valid(block)), block)

    def count(self, designs: int, valid: int, feasible: int) -> None:
        """Add the designs of one block."""
        self.designs += designs
        self.invalid += designs - valid
        self.feasible += feasible

    def look(self, block: Block, good: Array) -> None:
        """Look at the good designs of a block, of which there is at least one."""

    def skim(self, summary: Summary) -> Array:
        self.count(*(int(np.sum(v)) for v in (summary.designs, summary.valid, summary.feasible)))
        return np.atleast_1d(summary.feasible) > 0

    def screen(self) -> Screen | None:
        return Screen(tuple(self.needs), self.limits)

    def merge(self, other: Self) -> None:
        self.designs += other.designs
        self.feasible += other.feasible
        self.invalid += other.invalid

    def counts(self) -> dict[str, int]:
        """Designs seen, feasible, and invalid (an output undefined)."""
        return {"designs": self.designs, "feasible": self.feasible, "invalid": self.invalid}

    def _valid(self, block: Block) -> Array | None:
        """Where all outputs are finite; None, not an array of that size, where that is everywhere."""
        found: Array | None = None
        for name in self.needs:
            low, high = self.ends_in(block, name)
            if not (isfinite(low) and isfinite(high)):
                found = _both(found, np.isfinite(block.values[name]))
        return found

    def _within(self, block: Block, valid: Array | None) -> Array | None:
        """Where the limits hold too."""
        for limit in self.limits:
            settled = limit.settled(*self.ends_in(block, limit.output))
            if settled is None:
                valid = _both(valid, limit.holds(block.values[limit.output]))
            elif not settled:
                return np.zeros((1,) * len(block.shape), bool)
        return valid


class Repeated(Judged):
    """Judges the same designs in several walks and counts them in the first."""

    def start(self, grid: Grid) -> None:
        self.walks = 0
        super().start(grid)

    def clear(self) -> None:
        super().clear()
        self.empty()

    def empty(self) -> None:
        """Forget what was seen in this walk, but the counts."""

    def count(self, designs: int, valid: int, feasible: int) -> None:
        if not self.walks:
            super().count(designs, valid, feasible)


def _by_block(sums: Array) -> Array:
    """The numbers of each block's sum, whose own sum it is."""
    return np.atleast_1d(sums).reshape(len(np.atleast_1d(sums)), -1)


def _both(first: Array | None, second: Array) -> Array:
    return second if first is None else first & second


def _number(flags: Array | None, size: int) -> int:
    """How many of a block's designs are flagged, by flags that vary along some axes only; None flags all."""
    return size if flags is None else int(np.count_nonzero(flags)) * (size // flags.size)


def _whole(flags: Array | None, block: Block) -> Array:
    if flags is not None and flags.shape == block.shape:
        return flags
    return np.broadcast_to(True if flags is None else flags, block.shape)


class Picked:
    """The good designs of a block: an output at each of them, with no copy where all are good."""

    def __init__(self, block: Block, good: Array, scratch: Scratch) -> None:
        self.block, self.scratch, self.good = block, scratch, good
        self.every = not any(good.strides) or bool(good.all())  # without a stride, one flag stands for all
        row = good.ravel()
        # A mask in long runs is fastest as it is; where flags change often, the places of the good ones are.
        often = not self.every and RUN * np.count_nonzero(row[1:] != row[:-1]) > row.size
        self.places = np.flatnonzero(row) if often else None

    def __call__(self, name: str) -> tuple[Array, int]:
        """Values of an output in a row, until the next is asked for, and how many designs each stands for."""
        value, shape = self.block.values[name], self.block.shape
        if self.every:
            return value.ravel(), prod(shape) // value.size
        whole = np.broadcast_to(value, shape)
        if self.places is None:
            return whole[self.good], 1
        return whole.ravel().take(self.places, out=self.scratch(PICKED, len(self.places)), mode="clip"), 1
