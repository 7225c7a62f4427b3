"""Tile after tile of an operator, in the order of its loops, and what comes before each: what its estimates count.

Outer loops go over tiles in L2, inner ones over tiles in L1. The loop that runs last leaves one operand where it is: a
left one while outputs change, a right one while places do. That one comes when it changes, the other for every tile; L1
is empty when an outer tile begins. Where the depth runs last both come for every tile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from symppa.kpu.interface.program import TileConfig
from symppa.kpu.loops import PRODUCT, Loops

Box = Mapping[str, range]
LEFT, RIGHT = "left", "right"
OWN: Mapping[str, frozenset[str]] = {
    LEFT: frozenset({"groups", "images", "lines", "columns", "channels"}),
    RIGHT: frozenset({"groups", "outputs", "channels"}),
}


@dataclass(frozen=True)
class Step:
    """A tile in L1 with the outer one it lies in: where along each side, and which operands come to L1 and to L2."""

    box: Box
    outer: Box
    begins: bool
    to_l1: frozenset[str]
    to_l2: frozenset[str]


def steps(loop: Loops, tiling: TileConfig) -> Iterator[Step]:
    """Every tile once."""
    whole: Box = {side.letter: range(side.whole) for side in loop.sides}
    before: Box | None = None
    for outer in boxes(whole, tiling.l2_tile_sizes, tiling.l2_loop_order):
        coming = _coming(loop, tiling.l2_loop_order, outer, before)
        before, last = outer, None
        for box in boxes(outer, tiling.tile_sizes, tiling.loop_order):
            begins = last is None
            yield Step(box, outer, begins, _coming(loop, tiling.loop_order, box, last), coming if begins else NONE)
            last = box


NONE: frozenset[str] = frozenset()


def boxes(whole: Box, sizes: Mapping[str, int], order: Sequence[str]) -> Iterator[dict[str, range]]:
    """Tiles of a box, the last letter of an order fastest."""
    cut = [
        [
            range(at, min(at + sizes[name], whole[name].stop))
            for at in range(whole[name].start, whole[name].stop, sizes[name])
        ]
        for name in order
    ]
    for found in product(*cut):
        yield dict(zip(order, found, strict=True))


def stays(loop: Loops, order: Sequence[str]) -> str:
    """The operand that stays while the last loop runs; none where that goes along the depth."""
    part = {side.letter: side.part for side in loop.sides}[order[-1]]
    return {"outputs": LEFT, "channels": ""}.get(part, RIGHT)


def _coming(loop: Loops, order: Sequence[str], box: Box, last: Box | None) -> frozenset[str]:
    """The operands that come for a tile."""
    if loop.kind != PRODUCT:
        return frozenset({LEFT})
    kept = stays(loop, order)
    if not kept or last is None:
        return frozenset({LEFT, RIGHT})
    changed = any(box[s.letter] != last[s.letter] for s in loop.sides if s.part in OWN[kept])
    return frozenset({LEFT, RIGHT}) if changed else frozenset({LEFT, RIGHT} - {kept})
