"""Tilings to compare with: the best whose sides divide those of an operator, and tiles of 32.

Both are for what has several sides or windows: products, convolutions, pools. What streams in a row keeps its tiles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import numpy as np

from symppa.errors import MemoryExceededError
from symppa.kpu.cost import machine, shape_values, together
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.liveness import l2_room
from symppa.kpu.loops import PRODUCT, Loops, loops
from symppa.kpu.menus import divisors
from symppa.kpu.passes.tile import Tiler, ones

FIXED = 32


def divided(config: KPUConfig, loop: Loops, room: int) -> float:
    """Cycles of the best tiling whose inner tiles divide outer ones, which divide the operator; every one counts."""
    found = inf
    fixed = {**machine(config, loop.kind, loop.precision), **shape_values(loop), **ones(loop)}
    for buffers in (2.0, 1.0):
        base = {**fixed, "buffers": buffers}
        inner = _every({f"{side.part}.inner": divisors(side.whole) for side in loop.sides})
        taken, least = together(loop.kind, base, inner, ("l1_room", "pace.least"))
        for n in np.argsort(least, kind="stable"):
            if least[n] >= found:  # no outer tile betters that
                break
            if taken[n] > config.memory.sram_l1_bytes:
                continue
            chosen = {name: float(one[n]) for name, one in inner.items()}
            outer = _every(
                {
                    f"{side.part}.wish": [
                        one for one in divisors(side.whole) if one % chosen[f"{side.part}.inner"] == 0
                    ]
                    for side in loop.sides
                }
            )
            cycles, filled = together(loop.kind, {**base, **chosen}, outer, ("pace.cycles", "l2_room"))
            found = min(found, float(np.where(filled <= room, cycles, inf).min()))
    return found


def _every(menu: Mapping[str, Sequence[int]]) -> dict[str, np.ndarray[Any, Any]]:
    """Every combination, a column to a given."""
    grid = np.meshgrid(*menu.values(), indexing="ij")
    return {name: np.ravel(one).astype(float) for name, one in zip(menu, grid, strict=True)}


class FixedTiler(Tiler):
    """Inner tiles of one size, cut to the sides and, the longest first, in half until they fit; the best outer ones."""

    def run_fixed(self) -> float:
        """Cycles of the operator."""
        sizes = {f"{side.part}.inner": float(min(FIXED, side.whole)) for side in self.sides}
        while self._at({**self.wholes, **sizes, "buffers": 2.0})["l1_room"] > self.l1:
            longest = max(sizes, key=sizes.__getitem__)
            if sizes[longest] <= 1:
                raise MemoryExceededError(int(self.whole["l1_room"]), self.l1, "L1 SRAM")
            sizes[longest] = float(-(-sizes[longest] // 2))
        return self._cycles(self._completed({**sizes, "buffers": 2.0}))


def totals(program: KPUProgram) -> Mapping[str, float]:
    """Cycles of a tiled program with other tiles."""
    rooms, found = l2_room(program), {"divisors": 0.0, "fixed": 0.0, "chosen": 0.0}
    known: dict[tuple[tuple[Loops, ...], int], tuple[float, float]] = {}
    for op in program.ops:
        if op.tiling is None:
            continue
        ways, room, mine = loops(program, op), rooms[op.id], op.tiling.certificate["value"]
        found["chosen"] += mine
        if ways[0].kind != PRODUCT and len(ways[0].sides) < 3:
            found["divisors"] += mine
            found["fixed"] += mine
            continue
        if (ways, room) not in known:
            config = program.target_config
            known[ways, room] = (
                min(divided(config, way, room) for way in ways),
                min(FixedTiler(config, way, room).run_fixed() for way in ways),
            )
        found["divisors"] += known[ways, room][0]
        found["fixed"] += known[ways, room][1]
    return found
