"""The numpy reading: points and open-mesh grids, walked in blocks, each value computed along its own axes only.

Small values that several blocks share are computed once; the others block by block into reused buffers, and reducers
see each block while it is in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from symppa import units
from symppa.engine.blocks import Runner, Span
from symppa.engine.border import Array, Border, Values
from symppa.engine.evaluate import Evaluator
from symppa.engine.layout import Use, nested
from symppa.engine.program import Program

SMALL = 1_000_000  # elements of a value that is computed once because blocks share it
BLOCK = 50_000  # elements of a block: a handful of buffers stay in the second-level cache
Progress = Callable[[int, int], None]


class Block(NamedTuple):
    """A box of the grid: `values[output]` broadcasts against `shape`; `start` is its corner, by axis place."""

    values: Mapping[str, Array]
    shape: tuple[int, ...]
    start: tuple[int, ...]


class Grid:
    """A program on one set of values: the layout of its axes, the plan of its blocks, and the walk."""

    def __init__(self, program: Program, values: Values, *, merge: bool = True, block: int = BLOCK) -> None:
        self.program, self.block = program, block
        self.border = Border(program, values, merge=merge)
        self.evaluator = Evaluator(program, self.border)
        self.lengths = self.evaluator.lengths
        self.wanted = {d.step for d in program.outputs.values()}
        sizes = {mask: self._elements(mask) for mask in {program.masks[n] for n in program.live}}
        self.extents = {n: sizes[program.masks[n]] for n in program.live}
        self._lay_out()
        self.small = self._small()
        self.large = [n for n in program.live if n not in self.small]

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the swept axes, in the order asked for."""
        return tuple(self.lengths[: self.program.swept])

    @property
    def size(self) -> int:
        """Number of designs."""
        return prod(self.shape)

    def _elements(self, mask: int) -> int:
        """Elements along the axes of a mask."""
        return prod(length for k, length in enumerate(self.lengths) if mask >> k & 1)

    def _lay_out(self) -> None:
        """Swept axes that are walked come first, then sets, then the axes inside a block."""
        program, steps = self.program, self.program.steps
        heavy = [n for n in program.live if self.extents[n] > self.block and steps[n].arguments]
        sets = {program.masks[n] >> program.swept << program.swept for n in program.live}
        room = max(1, self.block // max(map(self._elements, sets), default=1))
        outer, inner = self._nested(heavy), []  # type: list[int], list[int]
        while outer and self.lengths[outer[-1]] <= room:
            inner.insert(0, outer.pop())
            room //= max(1, self.lengths[inner[0]])
        self.order = [*outer[:-1], *range(program.swept, len(program.axes)), *outer[-1:], *inner]
        for place, axis in enumerate(self.order):
            self.evaluator.places[axis] = place
        moving = {a: sum(self.extents[n] for n in heavy if program.masks[n] >> a & 1) for a in outer}
        self.walked = sorted(outer, key=lambda a: -moving[a])
        self.pieces = [room if a == outer[-1] else 1 for a in self.walked]
        self.inside = [self.lengths[a] if a in inner else 1 for a in self.order]

    def _nested(self, heavy: Sequence[int]) -> list[int]:
        """Swept axes, outermost first."""
        program, lengths = self.program, dict(enumerate(self.shape))
        if not heavy:
            return sorted(lengths, key=lengths.__getitem__)
        elements: dict[tuple[int, ...], int] = {}
        for n in heavy:
            masks = (program.masks[n], *sorted({program.masks[a] for a in program.steps[n].arguments}))
            elements[masks] = elements.get(masks, 0) + self.extents[n]
        return nested(lengths, [Use(axes, tuple(rest), count) for (axes, *rest), count in elements.items()])

    def depth(self, n: int) -> int:
        """The deepest walked axis that a step varies along."""
        return max((k for k, a in enumerate(self.walked) if self.program.masks[n] >> a & 1), default=0)

    def _small(self) -> set[int]:
        """Steps computed before the walk: what is no longer than a block, or what blocks would compute again."""
        steps, live = self.program.steps, self.program.live
        light = {n for n in live if not self.walked or not steps[n].arguments or self.extents[n] <= self.block}
        possible: set[int] = set()
        for n in live:
            if (n in light or self.extents[n] <= SMALL) and possible.issuperset(steps[n].arguments):
                possible.add(n)
        chosen: set[int] = set()
        for n in reversed(live):
            if n in possible and (n in chosen or n in light or self._again(n)):
                chosen.update((n, *steps[n].arguments))
        return chosen

    def _again(self, n: int) -> bool:
        """Whether the walk comes back to values that a step has had."""
        return any(not self.program.masks[n] >> a & 1 for a in self.walked[: self.depth(n)])

    def walk(self, progress: Progress | None = None) -> Iterator[Block]:
        """Every block, in order."""
        keep = self.wanted | {a for n in self.large for a in self.program.steps[n].arguments}
        small = [n for n in self.program.live if n in self.small]
        known = self.evaluator.compute(small, {}, keep=keep)
        rank = (1,) * len(self.order)
        for n in keep & known.keys():
            if np.ndim(known[n]):
                known[n] = np.ascontiguousarray(known[n])
            elif n in self.wanted:
                known[n] = np.full(rank, known[n])
        runner, before = Runner(self, known), ((-1, 0),) * len(self.walked)
        cuts = self._cuts()
        for done, spans in enumerate(product(*cuts), 1):
            moved = next((k for k, span in enumerate(spans) if span != before[k]), 0)
            values, before = runner.run(spans, moved), spans
            yield self._block(values, spans)
            if progress is not None and self.walked:
                progress(done, prod(map(len, cuts)))

    def _cuts(self) -> list[list[Span]]:
        """The pieces of every walked axis."""
        return [
            [(first, min(piece, self.lengths[axis] - first)) for first in range(0, self.lengths[axis], piece)]
            for axis, piece in zip(self.walked, self.pieces, strict=True)
        ]

    def _block(self, values: Mapping[int, Any], spans: Sequence[Span]) -> Block:
        """The outputs in one block; sets count one in its shape, outputs bring their own."""
        shape, start = list(self.inside), [0] * len(self.order)
        for axis, (first, length) in zip(self.walked, spans, strict=True):
            place = self.evaluator.places[axis]
            start[place], shape[place] = first, length
        outputs = {name: values[d.step] for name, d in self.program.outputs.items()}
        return Block(outputs, tuple(shape), tuple(start))

    def flat_index(self, block: Block, inside: Array) -> Array:
        """Numbers of designs, counted in the order of the axes asked for, from places inside a block."""
        where = np.unravel_index(inside, block.shape)
        by_axis: list[Any] = [0] * self.program.swept
        for place, axis in enumerate(self.order):
            if axis < self.program.swept:
                by_axis[axis] = where[place] + block.start[place]
        return np.ravel_multi_index(by_axis, self.shape) if by_axis else np.zeros(len(inside), int)

    def number(self, places: Sequence[int]) -> int:
        """The number of one design, from its places along the axes as they lie."""
        by_axis = dict(zip(self.order, places, strict=True))
        found = 0
        for axis, length in enumerate(self.shape):
            found = found * length + by_axis[axis]
        return found


def dims(program: Program, name: str) -> tuple[str, ...]:
    """Names of an output's dimensions: the swept axes, then the sets it still stands over."""
    kept = program.sets(program.output(name).step)
    return (*[a.name for a in program.axes[: program.swept]], *[program.axes[k].name for k in kept])


def run(program: Program, values: Values, *, block: int = BLOCK, progress: Progress | None = None) -> dict[str, Array]:
    """Every output over the whole grid, in its declared unit: swept axes first, then the sets it stands over.

    >>> from symppa.engine.compile import compile
    >>> from symppa.language import Model, formula, given
    >>> class Square(Model):
    ...     side = given("m", "side")
    ...     area = formula("m**2", side * side, "area", derived=True)
    >>> run(compile(Square(), "area", ["side"]), {"side": np.array([1.0, 2.0])})["area"]
    array([1., 4.])
    """
    from symppa.engine.reducers import Store

    grid = Grid(program, values, block=block)
    store = Store(list(program.outputs))
    reduce(grid, [store], progress)
    return store.result()


def reduce(grid: Grid, reducers: Sequence[Any], progress: Progress | None = None) -> None:
    """Feed every block to every reducer."""
    for reducer in reducers:
        reducer.start(grid)
    for block in grid.walk(progress):
        for reducer in reducers:
            reducer.take(block)


def to_declared(program: Program, name: str, value: Any) -> Any:
    """An output's value in its declared unit."""
    worth = units.measure(program.output(name).unit).worth
    return value if worth == 1 else value / worth
