"""Tiles counted one by one: what a tiling moves and takes, independent of the equations of the library."""

from __future__ import annotations

from collections import Counter
from math import ceil, prod

import numpy as np

from symppa.kpu.interface.config import FACTORS
from symppa.kpu.loops import PRODUCT
from symppa.kpu.walk import LEFT, RIGHT, steps


def brought(side, span):
    """Elements of the input that a stretch of a windowed side brings, padding left out at both ends, if it is there."""
    if side is None:
        return 1
    step, halo, before, after = side.window
    found = len(span) * step + halo
    found -= before if span.start == 0 else 0
    return max(0, found - (after if span.stop == side.whole else 0))


class Counted:
    """Everything that happens while an operator goes through its tiles."""

    def __init__(self, config, loop, tiling):
        self.config, self.loop, self.tiling = config, loop, tiling
        self.told = dict(loop.told)
        self.sides = {side.part: side for side in loop.sides}
        self.found = Counter()
        self.covered = np.zeros([side.whole for side in loop.sides if side.part != "channels"], int)
        self.most = Counter()
        for step in steps(loop, tiling):
            (self.product if loop.kind == PRODUCT else self.stream)(step)

    def span(self, box, part):
        side = self.sides.get(part)
        return range(1) if side is None else box[side.letter]

    def size(self, box, *parts):
        return prod(len(self.span(box, part)) for part in parts)

    def pixels(self, box):
        return prod(brought(self.sides.get(part), self.span(box, part)) for part in ("lines", "columns"))

    def cover(self, box):
        place = tuple(slice(box[s.letter].start, box[s.letter].stop) for s in self.loop.sides if s.part != "channels")
        self.covered[place] += 1

    def operands(self, box):
        left = self.size(box, "groups", "images", "channels") * self.pixels(box) * self.told["left_element"]
        each = self.size(box, "groups", "outputs")
        right = each * self.size(box, "channels") * self.told["taps"] * self.told["right_element"]
        if self.span(box, "channels").start == 0:
            right += each * self.told["per_output"]
        return {LEFT: left, RIGHT: right}

    def product(self, step):
        told, found = self.told, self.found
        whole = self.sides["channels"].whole
        results = self.size(step.box, "groups", "images", "lines", "columns", "outputs")
        last = self.span(step.box, "channels").stop == whole
        if last:
            self.cover(step.box)
        mine, outer = self.operands(step.box), self.operands(step.outer)
        found["l2"] += sum(mine[name] for name in step.to_l1)
        found["dram"] += sum(outer[name] * told[f"{name}_outside"] for name in step.to_l2)
        if last:
            found["l2"] += results * (told["beside"] + told["out_element"])
            found["dram"] += results * told["beside"] * told["beside_outside"]
            found["dram"] += results * told["out_element"] * told["out_outside"]
        ends_outer = self.span(step.box, "channels").stop == self.span(step.outer, "channels").stop
        if ends_outer and not last:  # sums go to L2, and come back for the next outer tile
            found["l2"] += 2 * results * told["sum_element"]
        found["tiles"] += 1
        for name, cycles in self.arrays(step.box).items():
            found[name] += cycles
        room = sum(mine.values()) + results * told["beside"]
        self.most["operands"] = max(self.most["operands"], room)
        self.most["results"] = max(self.most["results"], results)
        self.most["outer"] = max(self.most["outer"], sum(outer[n] * told[f"{n}_outside"] for n in (LEFT, RIGHT)))

    def arrays(self, box):
        """Cycles of the arrays for one tile in each dataflow, waves of folds one after the other."""
        compute, rate = self.config.compute, FACTORS[self.loop.precision]
        high, wide, count = compute.systolic_rows, compute.systolic_cols, compute.num_arrays
        m, n = self.size(box, "images", "lines", "columns"), self.size(box, "outputs")
        k = self.size(box, "channels") * self.told["taps"]
        ways = {"os": (m, n, k), "ws": (k, n, m), "is": (k, m, n)}
        groups = self.size(box, "groups")
        return {
            name: ceil(groups * ceil(a / high) * ceil(b / wide) / count) * (2 * high + wide + ceil(t / rate) - 2)
            for name, (a, b, t) in ways.items()
        }

    def stream(self, step):
        told, found = {"beside": 0, "per_unit": 0, "held": 0, "summary": 0, "beside_outside": 1, "weights_outside": 1,
                       **self.told}, self.found  # fmt: skip
        self.cover(step.box)
        read = self.size(step.box, "units") * self.pixels(step.box) * told["read"]
        positions = self.size(step.box, "units", "lines", "columns")
        found["l2"] += read + positions * (told["beside"] + told["written"])
        if step.begins:
            outer = self.size(step.outer, "units") * self.pixels(step.outer) * told["read"]
            found["dram"] += outer * told["read_outside"]
        found["dram"] += positions * told["beside"] * told["beside_outside"]
        found["dram"] += positions * told["written"] * told["out_outside"]
        if all(self.span(step.box, part).start == 0 for part in ("lines", "columns")):  # a tile of units begins
            units = self.size(step.box, "units")
            found["l2"] += units * (told["per_unit"] + told["summary"])
            found["dram"] += units * (
                told["per_unit"] * told["weights_outside"] + told["summary"] * told["out_outside"]
            )
        if found["tiles"] == 0:
            found["l2"] += told["held"]
            found["dram"] += told["held"] * told["weights_outside"]
        found["tiles"] += 1
        lanes = self.config.compute.num_arrays * self.config.compute.vector_lanes
        found["compute"] += ceil(positions * told["work"] / lanes)
        self.most["operands"] = max(self.most["operands"], read + positions * (told["beside"] + told["written"]))
