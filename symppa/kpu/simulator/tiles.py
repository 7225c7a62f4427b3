"""What each tile of an operator brings, works and leaves: bytes by the way they go, cycles by the library's formulas.

A tile brings to L2 what of its operands is not there yet, and to L1 what its loops do not leave there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from symppa.kpu.cost import machine, run
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.program import TileConfig
from symppa.kpu.loops import PRODUCT, STREAM, Loops, Side
from symppa.kpu.walk import LEFT, OWN, RIGHT, Box, Step, steps

BESIDE = "beside"
BROUGHT = (LEFT, RIGHT, BESIDE)
# The cycles of a product by the dataflow that was chosen.
FLOWS = {"os": "sums_cycles", "ws": "right_cycles", "is": "left_cycles"}
PLACES = ("lines", "columns")
ONE = range(1)
Sizes = tuple[tuple[str, int], ...]


@dataclass
class Tile:
    """A tile in L1: bytes that come from the memory and from L2 by operand, and that go to L2 and to the memory."""

    box: Box
    outer: int
    result: int
    begins_result: bool
    ends_result: bool
    from_dram: dict[str, float] = field(default_factory=dict)
    from_l2: dict[str, float] = field(default_factory=dict)
    sums_back: bool = False
    to_l2: float = 0.0
    to_dram: float = 0.0
    cycles: float = 0.0
    macs: float = 0.0
    vector_ops: float = 0.0


class Walk:
    """A walk through the tiles of an operator."""

    def __init__(self, config: KPUConfig, loop: Loops, tiling: TileConfig) -> None:
        self.config, self.loop, self.tiling = config, loop, tiling
        self.told = dict(loop.told)
        self.sides: Mapping[str, Side] = {side.part: side for side in loop.sides}
        self.there: dict[str, set[tuple[int, ...]]] = {LEFT: set(), RIGHT: set()}

    def tiles(self) -> list[Tile]:
        """Every tile in its turn."""
        make = self._product if self.loop.kind == PRODUCT else self._stream
        found: list[Tile] = []
        outer, result = -1, -1
        for step in steps(self.loop, self.tiling):
            outer += step.begins
            for name in step.to_l2:
                self.there[name].clear()
            depth, whole = self._span(step.box, "channels"), self._span(step.outer, "channels")
            result += depth.start == whole.start
            found.append(
                make(step, Tile(step.box, outer, result, depth.start == whole.start, depth.stop == whole.stop))
            )
        self._timed(found)
        return found

    def _span(self, box: Box, part: str) -> range:
        side = self.sides.get(part)
        return ONE if side is None else box[side.letter]

    def _size(self, box: Box, *parts: str) -> int:
        return prod(len(self._span(box, part)) for part in parts)

    def _value(self, name: str, default: float = 0.0) -> float:
        return self.told.get(name, default)

    def _product(self, step: Step, tile: Tile) -> Tile:
        box, depth = step.box, self._span(step.box, "channels")
        lines = self._size(box, "groups", "images", "channels") * self._value("left_element")
        rights = self._size(box, "groups", "outputs")
        right = rights * len(depth) * self._value("taps") * self._value("right_element")
        right += rights * self._value("per_output") if depth.start == 0 else 0.0
        if LEFT in step.to_l1:
            tile.from_l2[LEFT] = lines * self._seen(box)
        if RIGHT in step.to_l1:
            tile.from_l2[RIGHT] = right
        if self._is_new(LEFT, OWN[LEFT], box):
            tile.from_dram[LEFT] = lines * self._new(box, step.outer) * self._value("left_outside")
        if self._is_new(RIGHT, OWN[RIGHT], box):
            tile.from_dram[RIGHT] = right * self._value("right_outside")
        self._results(step, tile)
        return tile

    def _results(self, step: Step, tile: Tile) -> None:
        """What is read beside the results, and what goes: results, or sums that are not finished."""
        results = self._size(step.box, "groups", "images", "lines", "columns", "outputs")
        depth = self._span(step.box, "channels")
        last = depth.stop == self._span({s.letter: range(s.whole) for s in self.loop.sides}, "channels").stop
        beside = results * self._value("beside") if last else 0.0
        tile.from_dram[BESIDE] = beside * self._value("beside_outside", 1.0)
        tile.sums_back = tile.begins_result and depth.start > 0
        tile.from_l2[BESIDE] = beside + (results * self._value("sum_element") if tile.sums_back else 0.0)
        if last:
            tile.to_l2 = results * self._value("out_element")
            tile.to_dram = tile.to_l2 * self._value("out_outside", 1.0)
        elif tile.ends_result:
            tile.to_l2 = results * self._value("sum_element")

    def _stream(self, step: Step, tile: Tile) -> Tile:
        box, units = step.box, self._size(step.box, "units")
        positions = self._size(box, "units", *PLACES)
        read, beside = units * self._value("read"), positions * self._value("beside")
        tile.from_l2 = {LEFT: read * self._seen(box), BESIDE: beside}
        tile.from_dram = {BESIDE: beside * self._value("beside_outside", 1.0)}
        if self._is_new(LEFT, frozenset({"units", *PLACES}), box):
            tile.from_dram[LEFT] = read * self._new(box, step.outer) * self._value("read_outside", 1.0)
        if all(self._span(box, part).start == 0 for part in PLACES):
            owned = units * self._value("per_unit") + (self._value("held") if not tile.result else 0.0)
            tile.from_l2[RIGHT] = owned
            tile.from_dram[RIGHT] = owned * self._value("weights_outside", 1.0)
        tile.to_l2 = positions * self._value("written")
        if all(self._ends(box, part) for part in PLACES):
            tile.to_l2 += units * self._value("summary")
        tile.to_dram = tile.to_l2 * self._value("out_outside", 1.0)
        return tile

    def _ends(self, box: Box, part: str) -> bool:
        return part not in self.sides or self._span(box, part).stop == self.sides[part].whole

    def _is_new(self, name: str, parts: frozenset[str], box: Box) -> bool:
        """Whether what a tile needs of an operand is not in L2 yet."""
        mark = tuple(box[side.letter].start for side in self.loop.sides if side.part in parts)
        if mark in self.there[name]:
            return False
        self.there[name].add(mark)
        return True

    def _seen(self, box: Box) -> int:
        """Places of the input that a tile sees."""
        return prod(self._reach(self.sides[part], self._span(box, part)) for part in PLACES if part in self.sides)

    def _new(self, box: Box, outer: Box) -> int:
        """Those that no tile before it in the outer one saw, along each side."""
        return prod(
            self._until(side, self._span(outer, part), self._span(box, part).stop)
            - self._until(side, self._span(outer, part), self._span(box, part).start)
            for part in PLACES
            if (side := self.sides.get(part)) is not None
        )

    def _reach(self, side: Side, span: range) -> int:
        step, halo, before, after = side.window
        found = len(span) * step + halo - (before if span.start == 0 else 0)
        return max(0, int(found - (after if span.stop == side.whole else 0)))

    def _until(self, side: Side, outer: range, stop: int) -> int:
        """Places that tiles of an outer one up to a place see."""
        if stop == outer.start:
            return 0
        step, halo, before, _ = side.window
        found = (stop - outer.start) * step + halo - (before if outer.start == 0 else 0)
        return max(0, min(int(found), self._reach(side, outer)))

    def _timed(self, found: Sequence[Tile]) -> None:
        """The time of every tile, that of each size from the library once."""
        shapes = {self._shape(tile): None for tile in found}
        times = dict(zip(shapes, self._evaluated(list(shapes)), strict=True))
        for tile in found:
            row = times[self._shape(tile)]
            done = self.loop.kind == STREAM or (tile.ends_result and self._ends(tile.box, "channels"))
            vector = row["vector_cycles"] if done else 0.0
            tile.cycles = max(row["array_cycles"], vector)
            tile.macs, tile.vector_ops = row["macs"], row["vector_ops"] if done else 0.0

    def _shape(self, tile: Tile) -> tuple[int, ...]:
        return tuple(len(tile.box[side.letter]) for side in self.loop.sides)

    def _evaluated(self, shapes: Sequence[tuple[int, ...]]) -> Iterator[Mapping[str, float]]:
        """Each size of tile as an operator of its own, in the dataflow of the whole."""
        loop = self.loop
        rows = [self._row(shape) for shape in shapes]
        for row in run(loop.kind, rows):
            if loop.kind == PRODUCT:
                chosen = FLOWS.get(self.tiling.dataflow, "array_cycles")
                yield {**row, "array_cycles": row[chosen]}
            else:
                yield {**row, "array_cycles": 0.0, "vector_cycles": row["pace.compute_cycles"], "macs": 0.0}

    def _row(self, shape: Sequence[int]) -> dict[str, float]:
        row = {**machine(self.config, self.loop.kind, self.loop.precision), **self.told, "buffers": 2.0}
        for side, size in zip(self.loop.sides, shape, strict=True):
            row |= {f"{side.part}.{name}": float(size) for name in ("whole", "inner", "wish")}
        for part in ("groups", "images", "lines", "columns", "outputs", "channels", "units"):
            row.setdefault(f"{part}.whole", 1.0)
        return row
