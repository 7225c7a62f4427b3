"""Tiling: the tiles of every operator that take the fewest cycles, each found by a search with its proof.

Three tiers, by what an operator takes in one piece: it fits L1, it fits what tiles have of L2 and streams from there,
or it streams from memory in outer tiles. Every inner tile of a menu is looked at: sizes where the number of tiles
changes and whole arrays. In the third tier outer tiles are sought for the best one, and inner tiles for the best outer
ones. What is found is then held against tiles of every integer size (`symppa.kpu.ranges`), whatever the menu leaves
out: that gives the bound, and better tiles where there are some. Operators that are alike are searched once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from symppa.errors import MemoryExceededError
from symppa.kpu.cost import PARTS, WITHIN, estimated, evaluated, machine, shape_values, together, varied
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.program import KPUOp, KPUProgram, TileConfig
from symppa.kpu.liveness import l2_room
from symppa.kpu.loops import PRODUCT, Loops, Side, loops
from symppa.kpu.menus import DESIGNS, cuts, sizes, thinned
from symppa.kpu.ranges import Proof

GAP = 0.01
OUTER = 400_000  # outer tiles that are looked at together
RANK, LEAST, DRAM = "pace.rank", "pace.least_rank", "pace.dram_cycles"
DATAFLOWS = {"os": "sums_cycles", "ws": "right_cycles", "is": "left_cycles"}
FLOORS = ("ideal_cycles", "pace.dram_least_cycles", "pace.l2_least_cycles")
Point = Mapping[str, float]
Asked = tuple[dict[str, float], float] | None  # the best sizes and their objective


def tile(program: KPUProgram) -> KPUProgram:
    """The program with the best tiles of every operator, and with estimates."""
    rooms, config = l2_room(program), program.target_config
    asked: dict[str, tuple[Loops, ...]] = {op.id: loops(program, op) for op in program.ops}
    known: dict[tuple[tuple[Loops, ...], int], TileConfig] = {}
    ops = []
    pieces = in_one_piece(config, {way for ways in asked.values() for way in ways})
    for op in program.ops:
        ways, room = asked[op.id], int(op.attributes.get("l2_room", rooms[op.id]))
        if ways and (ways, room) not in known:
            known[ways, room] = best_of(config, ways, room, op, pieces)
        ops.append(replace(op, tiling=_own(known[ways, room]) if ways else None))
    proved = sum(one.certificate["proved"] for one in known.values())
    facts = {"searches": len(known), "proved": proved}
    return estimated(replace(program, ops=ops, facts={**program.facts, "tile": facts}))


def _own(tiling: TileConfig) -> TileConfig:
    """The same once more: no two operators share what can be changed."""
    return replace(
        tiling, tile_sizes=dict(tiling.tile_sizes), loop_order=list(tiling.loop_order),
        l2_tile_sizes=dict(tiling.l2_tile_sizes), l2_loop_order=list(tiling.l2_loop_order),
        certificate=dict(tiling.certificate),
    )  # fmt: skip


def in_one_piece(config: KPUConfig, ways: Iterable[Loops]) -> dict[Loops, dict[str, float]]:
    """Operators without tiles as their models have them."""
    every = list(ways)
    told = [
        {f"{side.part}.{which}": float(side.whole) for side in way.sides for which in ("inner", "wish")}
        | {"buffers": 2.0}
        for way in every
    ]
    return dict(zip(every, evaluated(config, [(way, ones(way) | row) for way, row in zip(every, told, strict=True)]),
                    strict=True))  # fmt: skip


def ones(loop: Loops) -> dict[str, float]:
    """Tiles of one element along every side that a model knows."""
    return {f"{part}.{which}": 1.0 for part in PARTS[loop.kind] for which in ("inner", "wish")}


def best_of(
    config: KPUConfig,
    ways: Sequence[Loops],
    room: int,
    op: KPUOp | None = None,
    pieces: Mapping[Loops, Mapping[str, float]] | None = None,
) -> TileConfig:
    """The best tiles among the ways to run an operator; refused where not even the smallest tiles fit."""
    found: list[Found] = []
    failed: list[MemoryExceededError] = []
    for way in ways:
        least = min((one.cycles for one in found), default=float("inf"))
        tiler = Tiler(config, way, room, (pieces or {}).get(way))
        if tiler.floor >= least:
            continue
        try:
            found.append(tiler.run())
        except MemoryExceededError as error:
            failed.append(error)
    if not found:
        short = failed[0]
        raise (
            short
            if op is None
            else MemoryExceededError(short.required, short.available, short.memory_type, f"operator {op.id}")
        )
    return min(found, key=lambda one: one.cycles).tiling


@dataclass(frozen=True)
class Found:
    """Tiles, their time and the least that any could take."""

    tiling: TileConfig
    cycles: float


class Tiler:
    """The search for the tiles of one operator run one way."""

    def __init__(self, config: KPUConfig, loop: Loops, room: int, piece: Mapping[str, float] | None = None) -> None:
        self.config, self.loop, self.room = config, loop, room
        self.l1 = config.memory.sram_l1_bytes
        self.fixed = {**machine(config, loop.kind, loop.precision), **shape_values(loop)}
        for part in PARTS[loop.kind]:
            self.fixed |= {f"{part}.inner": 1.0}
        # Of tilings that are equal the first one of the lists is taken: narrow tiles of many lines before wide ones.
        self.sides = sorted((side for side in loop.sides if side.whole > 1), key=lambda one: one.part != "columns")
        self.wholes = {f"{side.part}.{which}": float(side.whole) for side in self.sides for which in ("inner", "wish")}
        self.seen: dict[tuple[tuple[str, float], ...], dict[str, float]] = {}
        self.whole = piece or in_one_piece(config, [loop])[loop]
        self.nodes, self.designs = 0, 0

    @property
    def tier(self) -> str:
        """What an operator in one piece fits."""
        if self.whole["whole_room"] <= self.l1 and self.whole["l2_room"] <= self.room:
            return "l1"
        return "l2" if self.whole["l2_room"] <= self.room else "dram"

    @property
    def floor(self) -> float:
        """Time that no tiling betters."""
        return max(self.whole[name] for name in FLOORS)

    @property
    def single(self) -> float:
        """Time that no tiling with one buffer betters, other than one tile."""
        return sum(self.whole[name] for name in FLOORS)

    def _at(self, point: Point) -> dict[str, float]:
        key = tuple(sorted(point.items()))
        if key not in self.seen:
            self.seen[key] = evaluated(self.config, [(self.loop, {**ones(self.loop), **point})])[0]
        return self.seen[key]

    @property
    def wishes(self) -> list[str]:
        """Outer tiles by given."""
        return [f"{side.part}.wish" for side in self.sides]

    def run(self) -> Found:
        """The best tiles with their certificate."""
        menu = self._menu()
        streams = self.loop.kind != PRODUCT and not any(side.window[1] for side in self.sides)
        if streams and self.tier == "dram":  # nothing comes twice, whatever the outer tile: it is the inner one
            point = self._inner(menu, outer=dict.fromkeys(self.wishes, 1.0))
        else:
            point = self._outer(menu) if self.tier == "dram" else self._inner(menu)
        proof = Proof(self, point, self._cycles(point), GAP)
        bound = proof.run()
        self.nodes += proof.nodes
        method = "tiles of the menu, then ranges of every size" if proof.nodes else "tiles of the menu"
        point, row = proof.point, self._at(proof.point)
        cycles = row["pace.cycles"]
        bound = min(bound, cycles)
        gap = cycles / bound - 1.0 if bound > 0 else 0.0
        certificate = {
            "status": "optimal" if gap <= GAP else "feasible", "objective": "cycles", "value": cycles, "bound": bound,
            "gap": gap, "proved": gap <= GAP, "nodes": self.nodes, "designs": self.designs, "method": method,
        }  # fmt: skip
        return Found(written(self.loop, point, row, self.tier, certificate), cycles)

    # menus

    def _menu(self) -> dict[str, list[int]]:
        """Sizes of inner tiles by given, without those that fit L1 with nothing beside them."""
        found = {f"{side.part}.inner": self.inner_sizes(side) for side in self.sides}
        fitting = self._fitting(found)
        if not all(fitting.values()):
            found = {f"{side.part}.inner": [1, *cuts(side.whole)] for side in self.sides}
            fitting = self._fitting({name: sorted(set(values)) for name, values in found.items()})
        if not all(fitting.values()):
            least = self._at({**ones(self.loop), **self.wholes, **dict.fromkeys(found, 1.0), "buffers": 1.0})
            raise MemoryExceededError(int(least["l1_room"]), self.l1, "L1 SRAM")
        return thinned(fitting)

    def inner_sizes(self, side: Side) -> list[int]:
        """What an inner tile may measure along a side."""
        return sizes(self.loop, side, self.config)

    def outer_sizes(self, side: Side, inner: int = 1) -> list[int]:
        """What an outer tile may measure: whole inner tiles, as many as changes their number."""
        return [min(side.whole, inner * many) for many in cuts(-(-side.whole // inner))]

    def _fitting(self, menu: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
        """What fits L1 where every other side is cut into its least."""
        least = {name: float(min(values)) for name, values in menu.items()}
        base = {**self.fixed, **ones(self.loop), **self.wholes, **least, "buffers": 1.0}
        places = [(name, value) for name, values in menu.items() for value in values]
        if not places:
            return {}
        columns = {name: np.full(len(places), one) for name, one in least.items()}
        for at, (name, value) in enumerate(places):
            columns[name][at] = value
        fits = varied(self.loop.kind, base, columns, "l1_room") <= self.l1
        return {name: [v for (n, v), good in zip(places, fits, strict=True) if n == name and good] for name in menu}

    def _multiples(self, point: Point, most: int = DESIGNS) -> dict[str, list[int]]:
        """Sizes of outer tiles: whole inner tiles, as many as changes their number."""
        inner = {side.part: int(point[f"{side.part}.inner"]) for side in self.sides}
        found = {f"{side.part}.wish": self.outer_sizes(side, inner[side.part]) for side in self.sides}
        return thinned(found, most)

    # searches

    def _ask(self, objective: str, free: Mapping[str, Sequence[int]], told: Point, rooms: Sequence[str]) -> Asked:
        """The best of every combination of some sizes that fits, and its objective."""
        base = {**self.fixed, **ones(self.loop), **told}
        grid = np.meshgrid(*free.values(), indexing="ij")
        columns = {name: np.ravel(one).astype(float) for name, one in zip(free, grid, strict=True)}
        columns = columns or {"buffers": np.array([told["buffers"]])}
        cost, *taken = together(self.loop.kind, base, columns, (objective, *rooms))
        most = {"l1_room": self.l1, "l2_room": self.room}
        fits = np.all([one <= most[name] for name, one in zip(rooms, taken, strict=True)], axis=0)
        self.designs += len(cost)
        if not fits.any():
            return None
        best = int(np.where(fits, cost, np.inf).argmin())
        return {name: float(one[best]) for name, one in columns.items()}, float(cost[best])

    def _inner(self, menu: Mapping[str, Sequence[int]], outer: Point | None = None) -> dict[str, float]:
        """Every inner tile of the menu, the outer one being the whole, or the same."""
        best, _ = self._buffered(RANK, menu, outer or {})
        return {**self.wholes, **(outer or {}), **best}

    def _buffered(
        self, objective: str, menu: Mapping[str, Sequence[int]], outer: Point
    ) -> tuple[dict[str, float], float]:
        """The best inner tile, with two buffers or one, and its objective."""
        best: dict[str, float] = {}
        least = float("inf")
        for buffers in (2.0, 1.0):
            if buffers == 1.0 and self.single >= least:
                continue
            told = {**self.wholes, **outer, "buffers": buffers}
            found = self._ask(objective, menu, told, ("l1_room", *(["l2_room"] if outer else [])))
            if found is not None and found[1] < least:
                best, least = {**found[0], "buffers": buffers}, found[1]
        if not best:
            raise MemoryExceededError(int(self.whole["l1_room"]), self.l1, "L1 SRAM")
        return best, least

    def _outer(self, menu: Mapping[str, Sequence[int]]) -> dict[str, float]:
        """An inner tile as though L2 had room for all, outer tiles for it, inner ones for those."""
        best, least = self._buffered(LEAST, menu, {})
        tries = [self._completed(best)]
        if self._open(tries, least):
            outer = {f"{side.part}.wish": self.outer_sizes(side) for side in self.sides}
            found = self._ask(DRAM, thinned(outer), {"buffers": best["buffers"]}, ("l2_room",))
            if found is not None:
                tries.append(self._refined(menu, {**found[0], "buffers": best["buffers"]}))
                tries.append(self._completed(tries[-1]))
        if not any(tries):
            tries.append(self._completed({**dict.fromkeys(menu, 1.0), "buffers": 1.0}))
        if not any(tries):
            raise MemoryExceededError(int(self.whole["l2_room"]), self.room, "L2 SRAM")
        return self._best(tries)

    def _completed(self, inner: Point) -> dict[str, float]:
        """An inner tile with the best outer tile; nothing where none fits."""
        if not inner:
            return {}
        told = {name: value for name, value in inner.items() if not name.endswith(".wish")}
        found = self._ask(RANK, self._multiples(inner), told, ("l2_room",))
        return {**told, **found[0]} if found is not None else {}

    def _refined(self, menu: Mapping[str, Sequence[int]], outer: Point) -> dict[str, float]:
        """An outer tile with the best inner tile."""
        found = self._ask(RANK, menu, outer, ("l1_room", "l2_room"))
        return {**outer, **found[0]} if found is not None else {}

    # what any tiles of whatever size take

    def completed(self, inner: Mapping[str, float]) -> tuple[dict[str, float], float, float]:
        """An inner tile with its best outer one, its time, and what no outer tile betters."""
        point = {**self.wholes, **inner}
        least = self._at(point)["pace.least"]
        if self.tier != "dram" and self._cycles(point) <= least:
            return point, self._cycles(point), least
        found, every = self._completed(inner), self._multiples(inner, most=2**62)
        if not self.exact or prod(map(len, every.values())) > DESIGNS:
            return found, self._cycles(found), least
        best = self._ask("pace.cycles", every, inner, ("l2_room",))
        return found, self._cycles(found), float("inf") if best is None else best[1]

    @property
    def exact(self) -> bool:
        """Whether of outer tiles as many the smallest is best: no padding is wider than a window."""
        return all(max(side.window[2:]) <= side.window[0] + side.window[1] for side in self.sides)

    def outer_floor(self) -> float:
        """Time that the memory's bus takes with two buffers, whatever the tiles; 0 where that is not known."""
        outer = {f"{side.part}.wish": self.outer_sizes(side) for side in self.sides}
        if self.tier != "dram" or prod(map(len, outer.values())) > OUTER:
            return 0.0
        grid = np.meshgrid(*outer.values(), indexing="ij")
        columns = {name: np.ravel(one).astype(float) for name, one in zip(outer, grid, strict=True)}
        base = {**self.fixed, **{name.replace(".wish", ".most"): 1.0 for name in outer}, "buffers": 2.0}
        busy, room = together(WITHIN[self.loop.kind], base, columns, (DRAM, "l2_room"))
        self.designs += len(busy)
        return float(np.where(room <= self.room, busy, np.inf).min())

    def _cycles(self, point: Point) -> float:
        return self._at(point)["pace.cycles"] if point else float("inf")

    def _best(self, tries: Sequence[Point]) -> dict[str, float]:
        return dict(min(((self._cycles(one), n, one) for n, one in enumerate(tries)))[2])

    def _open(self, tries: Sequence[Point], bound: float) -> bool:
        """Whether the best of what was found may be more than the gap off."""
        return self._cycles(self._best(tries)) > bound * (1.0 + GAP)


def written(loop: Loops, point: Point, row: Mapping[str, float], tier: str, certificate: dict[str, Any]) -> TileConfig:
    """Tiles as a program has them."""
    inner = {side.letter: int(point.get(f"{side.part}.inner", 1)) for side in loop.sides}
    outer = {}
    for side in loop.sides:
        size, wish = inner[side.letter], int(point.get(f"{side.part}.wish", 1))
        outer[side.letter] = min(side.whole, -(-wish // size) * size)
    return TileConfig(
        tile_sizes=inner, loop_order=order(loop, row, "buffer"), double_buffer=point.get("buffers", 2.0) > 1.0,
        l2_tile_sizes=outer, l2_loop_order=order(loop, row, "memory"), tier=tier, dataflow=dataflow(loop, row),
        l1_bytes=int(row["l1_room"]), l2_bytes=int(row["l2_room"]), certificate=certificate,
    )  # fmt: skip


def dataflow(loop: Loops, row: Mapping[str, float]) -> str:
    """What stays in the cells; none on the lanes."""
    return min(DATAFLOWS, key=lambda one: row[DATAFLOWS[one]]) if loop.kind == PRODUCT else ""


def order(loop: Loops, row: Mapping[str, float], level: str) -> list[str]:
    """The loops, outermost first: that of what stays runs last."""
    letters = {side.part: side.letter for side in loop.sides}
    if loop.kind != PRODUCT:
        return list(letters.values())
    depth = row["channels.inside"] if level == "buffer" else row["channels.outer_trips"]
    places = ["images", "lines", "columns"]
    if depth > 1:
        parts = ["groups", *places, "outputs", "channels"]
    elif row[f"{level}.keeping_left"] <= row[f"{level}.keeping_right"]:
        parts = ["groups", *places, "channels", "outputs"]
    else:
        parts = ["groups", "outputs", "channels", *places]
    return [letters[part] for part in parts if part in letters]
