"""A grid of designs: how its axes lie in memory, what is computed once, and the blocks that the rest is computed in.

Each value has only the axes it varies along. Small values that several blocks share are computed once; the others
block by block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from math import prod
from typing import Any, NamedTuple

import numpy as np

from symppa.engine.blocks import Span
from symppa.engine.border import Array, Border, Values
from symppa.engine.caches import second_level
from symppa.engine.evaluate import Evaluator
from symppa.engine.layout import Use, nested
from symppa.engine.program import Program

SMALL = 1_000_000  # elements of a value that is computed once because blocks share it
BLOCK = second_level() // 20  # elements of a block: a handful of buffers stay in the second-level cache


class Block(NamedTuple):
    """A box of the grid: `values[output]` broadcasts against `shape`; `start` is its corner, by axis place."""

    values: Mapping[str, Array]
    shape: tuple[int, ...]
    start: tuple[int, ...]


class Grid:
    """A program on one set of values: the layout of its axes and the plan of its blocks.

    A `window` is a (first, last) along each swept axis: a part of the whole, whose designs keep their numbers.
    """

    def __init__(
        self,
        program: Program,
        values: Values,
        *,
        merge: bool = True,
        block: int = BLOCK,
        window: Sequence[Span] | None = None,
    ) -> None:
        self.program, self.block = program, block
        self.border = Border(program, values, merge=merge)
        self.evaluator = Evaluator(program, self.border)
        self.lengths = self.evaluator.lengths
        self.whole = self.shape
        self.origin = (0,) * program.swept
        if window is not None:
            self._narrow(window)
        self.wanted = {d.step for d in program.outputs.values()}
        self._arrange()

    def arranged(self, block: int) -> Grid:
        """The same designs in blocks of about so many."""
        made = copy(self)
        made.evaluator, made.block = copy(self.evaluator), block
        made.evaluator.places = list(self.evaluator.places)
        made._arrange()
        return made

    def part(self, window: Sequence[Span]) -> Grid:
        """A window of this whole, whose values are checked already."""
        made = copy(self)
        made.border, made.evaluator = copy(self.border), copy(self.evaluator)
        made.border.arrays = dict(self.border.arrays)
        made.evaluator.border, made.evaluator.places = made.border, list(self.evaluator.places)
        made.lengths = made.evaluator.lengths = list(self.lengths)
        made._narrow(window)
        made._arrange()
        return made

    def _arrange(self) -> None:
        """The layout of the axes, and which steps are computed once."""
        program = self.program
        sizes = {mask: self._elements(mask) for mask in {program.masks[n] for n in program.live}}
        self.extents = {n: sizes[program.masks[n]] for n in program.live}
        self._lay_out()
        self.small = self._small()
        self.large = [n for n in program.live if n not in self.small]

    def _narrow(self, window: Sequence[Span]) -> None:
        """Keep what lies in the window; sets are as large as in the whole."""
        self.origin = tuple(first for first, _ in window)
        cut = [slice(first, last) for first, last in window]
        for n, array in self.border.arrays.items():
            axes = range(self.program.swept)
            self.border.arrays[n] = array[tuple(cut[k] if array.shape[k] > 1 else slice(None) for k in axes)]
        self.lengths[: self.program.swept] = [last - first for first, last in window]

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

    @property
    def cuts(self) -> list[int]:
        """Into how many pieces every walked axis is cut."""
        return [-(-self.lengths[axis] // piece) for axis, piece in zip(self.walked, self.pieces, strict=True)]

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return prod(self.cuts)

    def spans(self, number: int) -> tuple[Span, ...]:
        """The piece of every walked axis in one block; the last axis moves fastest."""
        found = []
        for axis, piece in zip(reversed(self.walked), reversed(self.pieces), strict=True):
            length = self.lengths[axis]
            number, k = divmod(number, -(-length // piece))
            found.append((k * piece, min(piece, length - k * piece)))
        return tuple(found[::-1])

    def tables(self) -> dict[int, Any]:
        """Small values that blocks and outputs use, all dimensions present."""
        keep = self.wanted | {a for n in self.large for a in self.program.steps[n].arguments}
        small = [n for n in self.program.live if n in self.small]
        known = self.evaluator.compute(small, {}, keep=keep)
        rank = (1,) * len(self.order)
        for n in keep & known.keys():
            if np.ndim(known[n]):
                known[n] = np.ascontiguousarray(known[n])
            elif n in self.wanted:
                known[n] = np.full(rank, known[n])
        return known

    def box(self, values: Mapping[int, Any], spans: Sequence[Span]) -> Block:
        """The outputs in one block; sets count one in its shape, outputs bring their own."""
        shape, start = list(self.inside), [0] * len(self.order)
        for axis, (first, length) in zip(self.walked, spans, strict=True):
            place = self.evaluator.places[axis]
            start[place], shape[place] = first, length
        outputs = {name: values[d.step] for name, d in self.program.outputs.items() if d.step in values}
        return Block(outputs, tuple(shape), tuple(start))

    def flat_index(self, block: Block, inside: Array) -> Array:
        """Numbers of designs, counted in the order of the axes asked for, from places inside a block."""
        where = np.unravel_index(inside, block.shape)
        by_axis: list[Any] = [0] * self.program.swept
        for place, axis in enumerate(self.order):
            if axis < self.program.swept:
                by_axis[axis] = where[place] + (block.start[place] + self.origin[axis])
        return np.ravel_multi_index(by_axis, self.whole) if by_axis else np.zeros(len(inside), int)

    def number(self, places: Sequence[int]) -> int:
        """The number of one design, from its places along the axes as they lie."""
        by_axis = dict(zip(self.order, places, strict=True))
        found = 0
        for axis, length in enumerate(self.whole):
            found = found * length + by_axis[axis] + self.origin[axis]
        return found
