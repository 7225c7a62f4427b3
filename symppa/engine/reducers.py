"""What is kept of a sweep, block by block: everything, the best, counts, ranges.

A design is invalid when an output it is judged by is undefined; invalid designs are counted, never kept.
Ties go to the design that comes first in the order of the axes, whatever the blocks.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from symppa import units
from symppa.engine.border import Array
from symppa.engine.grid import Block, Grid
from symppa.errors import QuestionError

TOLERANCE = 1e-9  # feasible means value <= limit (1 + 1e-9), in every reading and certificate
RELATIONS = ("<=", ">=", "<", ">", "==")


class Limit(NamedTuple):
    """A relation an output must satisfy; the bound in base units."""

    output: str
    relation: str
    bound: float

    def holds(self, value: Array) -> Array:
        """Where it is satisfied; never where the value is undefined."""
        slack = TOLERANCE * abs(self.bound)
        with np.errstate(invalid="ignore"):
            match self.relation:
                case "<=":
                    return np.less_equal(value, self.bound + slack)
                case ">=":
                    return np.greater_equal(value, self.bound - slack)
                case "<":
                    return np.less(value, self.bound)
                case ">":
                    return np.greater(value, self.bound)
                case _:
                    return np.less_equal(np.abs(value - self.bound), slack)


class Reducer:
    """Sees every block once. `needs` are outputs that must be one number per design."""

    needs: Sequence[str] = ()

    def start(self, grid: Grid) -> None:
        """Before the first block."""
        self.grid = grid
        program = grid.program
        for name in self.needs:
            sets = program.sets(program.output(name).step)
            if sets:
                names = ", ".join(program.axes[k].name for k in sets)
                raise QuestionError(
                    f"{name} stands over {names}: designs are kept by one number each; choose another output"
                )

    def take(self, block: Block) -> None:
        """One block."""
        raise NotImplementedError

    def result(self) -> Any:
        """What is kept."""
        raise NotImplementedError


class Store(Reducer):
    """Every value of the outputs, as broadcast views where they do not vary."""

    def __init__(self, outputs: Sequence[str]) -> None:
        self.outputs = outputs
        self.arrays: dict[str, Array] = {}

    def start(self, grid: Grid) -> None:
        super().start(grid)
        masks = {name: grid.program.masks[grid.program.output(name).step] for name in self.outputs}
        shapes = {n: tuple(grid.lengths[a] if m >> a & 1 else 1 for a in grid.order) for n, m in masks.items()}
        needed = 8.0 * sum(float(np.prod(s, dtype=float)) for s in shapes.values())
        free = _free_memory()
        if needed > 0.9 * free:
            raise QuestionError(
                f"storing {grid.size:.3g} designs needs {needed / 2**30:.4g} GiB, {free / 2**30:.4g} GiB are free: "
                "keep less (--keep best:5:OUTPUT) or narrow an axis"
            )
        self.arrays = {name: np.empty(shape) for name, shape in shapes.items()}
        self.worths = {name: units.measure(grid.program.output(name).unit).worth for name in self.outputs}
        self.taken: list[Block] = []

    def take(self, block: Block) -> None:
        for name, array in self.arrays.items():
            place = self._place(block, array)
            if self.worths[name] != 1:
                np.divide(block.values[name], self.worths[name], out=array[place])
            else:
                array[place] = block.values[name]
        self.taken.append(block._replace(values={}))

    def reached(self) -> Array:
        """Numbers of the designs that were reached, in order."""
        flat = [self.grid.flat_index(block, np.arange(prod(block.shape))) for block in self.taken]
        return np.sort(np.concatenate(flat)) if flat else np.empty(0, int)

    def _place(self, block: Block, array: Array) -> tuple[Any, ...]:
        swept, axes = self.grid.program.swept, self.grid.order
        inside = zip(axes, block.start, block.shape, array.shape, strict=True)
        cut = (slice(s, s + n) if a < swept and whole > 1 else slice(None) for a, s, n, whole in inside)
        return (*cut, ...)  # a view, even of no dimension

    def result(self) -> dict[str, Array]:
        """Arrays in declared units: swept axes in the order asked for, then the sets an output stands over.

        What was not reached is NaN.
        """
        if sum(prod(block.shape) for block in self.taken) < self.grid.size:
            for array in self.arrays.values():
                left = np.ones(array.shape, bool)
                for block in self.taken:
                    left[self._place(block, array)] = False
                array[left] = np.nan
        return {name: self._out(name, array) for name, array in self.arrays.items()}

    def _out(self, name: str, array: Array) -> Array:
        grid = self.grid
        program, definition = grid.program, grid.program.output(name)
        array = array.transpose(grid.evaluator.places)
        sets = program.sets(definition.step)
        for k in sets:
            if k in grid.border.back:
                array = np.take(array, grid.border.back[k], axis=k)
        whole = [n if k < program.swept else array.shape[k] for k, n in enumerate(grid.lengths)]
        array = np.broadcast_to(array, whole) if tuple(whole) != array.shape else array
        return array.reshape([n for k, n in enumerate(array.shape) if k < program.swept or k in sets])


class Judged(Reducer):
    """A reducer of the designs that satisfy some limits."""

    def __init__(self, needs: Sequence[str], limits: Sequence[Limit] = ()) -> None:
        self.limits, self.judged = tuple(limits), tuple(needs)
        self.needs = tuple(dict.fromkeys([*needs, *[limit.output for limit in limits]]))
        self.designs = self.feasible = self.invalid = 0

    def kept(self, block: Block) -> Array:
        """Where designs are valid and feasible, in the shape of the block; counts them."""
        size = prod(block.shape)
        good: Array | None = None  # all of them, without an array of that size
        for name in self.needs:
            finite = np.isfinite(block.values[name])
            good = good if finite.all() else _both(good, finite)
        self.designs += size
        self.invalid += size - _count(good, size)
        for limit in self.limits:
            good = _both(good, limit.holds(block.values[limit.output]))
        self.feasible += _count(good, size)
        if good is not None and good.shape == block.shape:
            return good
        return np.broadcast_to(True if good is None else good, block.shape)

    def counts(self) -> dict[str, int]:
        """Designs seen, feasible, and invalid (an output undefined)."""
        return {"designs": self.designs, "feasible": self.feasible, "invalid": self.invalid}


class Count(Judged):
    """How many designs are feasible."""

    def take(self, block: Block) -> None:
        self.kept(block)

    def result(self) -> dict[str, int]:
        return self.counts()


class Kept(Judged):
    """A reducer that keeps whole designs: their numbers, and every output at them."""

    def start(self, grid: Grid) -> None:
        super().start(grid)
        self.flat = np.empty(0, int)
        self.rows: dict[str, Array] = {name: np.empty((0, *self._sets(name))) for name in grid.program.outputs}

    def _sets(self, name: str) -> tuple[int, ...]:
        program = self.grid.program
        return tuple(self.grid.lengths[k] for k in program.sets(program.output(name).step))

    def append(self, block: Block, inside: Array) -> None:
        """Keep designs by their places in a block."""
        where = np.unravel_index(inside, block.shape)
        self.flat = np.concatenate([self.flat, self.grid.flat_index(block, inside)])
        for name, rows in self.rows.items():
            self.rows[name] = np.concatenate([rows, self._gathered(name, block.values[name], where, len(inside))])

    def _gathered(self, name: str, value: Array, where: Sequence[Array], count: int) -> Array:
        grid = self.grid
        swept = [p for p, axis in enumerate(grid.order) if axis < grid.program.swept]
        sets = [grid.evaluator.places[k] for k in range(grid.program.swept, len(grid.order))]
        index = tuple(where[p] if value.shape[p] > 1 else np.zeros(count, int) for p in swept)
        found = value.transpose([*swept, *sets])[index] if swept else np.repeat(value[None], count, axis=0)
        return found.reshape(count, *self._sets(name))

    def select(self, order: Array) -> None:
        """Keep some of the kept, in this order."""
        self.flat = self.flat[order]
        self.rows = {name: rows[order] for name, rows in self.rows.items()}

    def result(self) -> tuple[Array, dict[str, Array]]:
        """Numbers of the designs, and their outputs in declared units."""
        program, found = self.grid.program, {}
        for name, rows in self.rows.items():
            definition = program.output(name)
            for place, k in enumerate(program.sets(definition.step)):
                if k in self.grid.border.back:
                    rows = np.take(rows, self.grid.border.back[k], axis=place + 1)
            found[name] = rows / units.measure(definition.unit).worth
        return self.flat, found


class Feasible(Kept):
    """Every design that satisfies the limits."""

    def take(self, block: Block) -> None:
        inside = np.flatnonzero(self.kept(block))
        if len(inside):
            self.append(block, inside)

    def result(self) -> tuple[Array, dict[str, Array]]:
        self.select(np.argsort(self.flat, kind="stable"))
        return super().result()


class Best(Kept):
    """The n best designs by one output."""

    def __init__(self, n: int, output: str, limits: Sequence[Limit] = (), *, largest: bool = True) -> None:
        super().__init__([output], limits)
        if n < 1:
            raise QuestionError(f"best:{n}:{output} keeps nothing: ask for at least 1")
        self.n, self.output, self.sign = n, output, -1.0 if largest else 1.0
        self.scores = np.empty(0)

    def take(self, block: Block) -> None:
        good, value = self.kept(block), block.values[self.output]
        if len(self.scores) == self.n:
            bound = self.sign * self.scores[-1]
            good = good & (value <= bound if self.sign > 0 else value >= bound)
            if good.any() and self.grid.number(block.start) > self.flat[-1]:  # too late to win a tie
                good &= value != bound
        inside = np.flatnonzero(good)
        if not len(inside):
            return
        scores = np.broadcast_to(value, block.shape)[good] * self.sign
        if len(scores) > 4 * self.n:
            ahead = scores <= np.partition(scores, self.n - 1)[self.n - 1]
            inside, scores = inside[ahead], scores[ahead]
        chosen = self._first(inside, scores, block)
        self.append(block, inside[chosen])
        self.scores = np.concatenate([self.scores, scores[chosen]])
        order = np.lexsort((self.flat, self.scores))[: self.n]
        self.scores = self.scores[order]
        self.select(order)

    def _first(self, inside: Array, scores: Array, block: Block) -> Array:
        """At most n of them, the best and first: ties by the thousand stay cheap."""
        if len(inside) <= self.n:
            return np.arange(len(inside))
        return np.lexsort((self.grid.flat_index(block, inside), scores))[: self.n]


class Range(Judged):
    """Smallest, largest and mean of outputs over feasible designs, in declared units."""

    def __init__(self, outputs: Sequence[str], limits: Sequence[Limit] = ()) -> None:
        super().__init__(outputs, limits)
        self.low = dict.fromkeys(outputs, np.inf)
        self.high = dict.fromkeys(outputs, -np.inf)
        self.sums: dict[str, list[tuple[int, float]]] = {name: [] for name in outputs}

    def take(self, block: Block) -> None:
        good = self.kept(block)
        if not good.any():
            return
        first = int(self.grid.flat_index(block, np.zeros(1, int))[0])
        for name in self.judged:
            value = np.broadcast_to(block.values[name], block.shape)[good]
            self.low[name] = min(self.low[name], float(value.min()))
            self.high[name] = max(self.high[name], float(value.max()))
            self.sums[name].append((first, float(value.sum())))

    def result(self) -> dict[str, dict[str, Any]]:
        found = {}
        for name in self.judged:
            worth = units.measure(self.grid.program.output(name).unit).worth
            mean = sum(s for _, s in sorted(self.sums[name])) / max(self.feasible, 1)
            found[name] = {
                "min": self.low[name] / worth,
                "max": self.high[name] / worth,
                "mean": mean / worth,
                "unit": self.grid.program.output(name).unit,
            }
        return found


def _both(first: Array | None, second: Array) -> Array:
    return second if first is None else first & second


def _count(flags: Array | None, size: int) -> int:
    """How many of a block's designs are flagged, by flags that vary along some axes only; None flags all."""
    return size if flags is None else int(np.count_nonzero(flags)) * (size // flags.size)


def _free_memory() -> float:
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # not told on this system
        return 8.0 * 2**30
