"""Rules of tiles, and of what is estimated from them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from symppa.kpu.interface.program import KPUOp, KPUProgram, TileConfig

SLACK = 1e-9


def _tiled(program: KPUProgram) -> Iterator[tuple[KPUOp, TileConfig]]:
    return ((op, op.tiling) for op in program.ops if op.tiling is not None)


def tiles(program: KPUProgram) -> Iterator[str]:
    """Tiles along every side of an operator, from its start to its end."""
    from symppa.kpu.cost import chosen_loops

    for op in program.ops:
        loop = chosen_loops(program, op)
        if loop is None:
            continue
        if op.tiling is None:
            yield f"Op {op.id} has no tiles"
            continue
        sides, tiling = {side.letter: side.whole for side in loop.sides}, op.tiling
        for level, sizes, order in (
            ("L1", tiling.tile_sizes, tiling.loop_order), ("L2", tiling.l2_tile_sizes, tiling.l2_loop_order),
        ):  # fmt: skip
            if odd := sorted(set(sizes) - set(sides)):
                yield f"Op {op.id} has tiles in {level} along {', '.join(odd)}; its sides are {', '.join(sides)}"
            if len(order) != len(set(order)) or not set(order) <= set(sides):
                yield f"Op {op.id} goes through its tiles in {level} in the order {order}; its sides are {list(sides)}"
            for letter, size in sizes.items():
                if not 1 <= size <= sides.get(letter, size):
                    yield f"Op {op.id} has a tile of {size} in {level} along {letter} of {sides.get(letter)}"
        for letter, size in tiling.l2_tile_sizes.items():
            if letter in sides and size < tiling.tile_sizes.get(letter, sides[letter]):
                yield f"Op {op.id} has a tile in L2 that is smaller along {letter} than that in L1"


def footprints(program: KPUProgram) -> Iterator[str]:
    """What tiles take of L1 and L2, by the library's model, is what they say, and there is room."""
    from symppa.kpu.cost import chosen_loops, evaluated, tile_values
    from symppa.kpu.liveness import l2_room

    memory, room, rows, ops = program.target_config.memory, l2_room(program), [], []
    for op, tiling in _tiled(program):
        loop = chosen_loops(program, op)
        if loop is not None:
            ops.append((op, tiling))
            rows.append((loop, tile_values(loop, tiling)))
    for (op, tiling), found in zip(ops, evaluated(program.target_config, rows), strict=True):
        for level, told, due, most in (
            ("L1", tiling.l1_bytes, found["l1_room"], memory.sram_l1_bytes),
            ("L2", tiling.l2_bytes, found["l2_room"], room[op.id]),
        ):  # fmt: skip
            if abs(told - due) >= 1:
                yield f"Op {op.id} says that its tiles take {told} byte of {level}; they take {due:.0f}"
            if max(told, due) > most:
                yield f"Op {op.id} has tiles of {max(told, due):.0f} byte in {level}, where {most} are left"


def estimates(program: KPUProgram) -> Iterator[str]:
    """Estimates that are no numbers, or faster than their parts."""
    for op in program.ops:
        told = {"cycles": op.estimated_cycles, "energy": op.estimated_energy_pj, **op.estimates}
        odd = [name for name, one in told.items() if not (math.isfinite(one) and one >= 0)]
        if odd:
            yield f"Op {op.id} has estimates that are no numbers from 0 on: {', '.join(odd)}"
        busy = max((op.estimates.get(name, 0.0) for name in ("compute_cycles", "dram_cycles", "l2_cycles")), default=0)
        if op.estimated_cycles + 1 < busy * (1 - SLACK):
            yield f"Op {op.id} is said to take {op.estimated_cycles} cycles, and to be busy for {busy:.0f}"


def prefetches(program: KPUProgram) -> Iterator[str]:
    """What is fetched ahead and is no weight, not read later, or lies where something else does."""
    from symppa.kpu.liveness import l2_room

    last = {name: place for place, op in enumerate(program.ops) for name in op.input_ids}
    room = l2_room(program)
    for place, op in enumerate(program.ops):
        for name in op.prefetch:
            if name not in program.tensors or not program.tensors[name].is_weight:
                yield f"Op {op.id} fetches {name} ahead, which is no weight"
            elif last.get(name, -1) <= place:
                yield f"Op {op.id} fetches {name} ahead, which nobody reads behind it"
        start, size = op.estimates.get("prefetch_address", 0.0), op.estimates.get("prefetch_bytes", 0.0)
        tiles = op.tiling.l2_bytes if op.tiling is not None else 0
        if size and not tiles <= start <= start + size <= room[op.id]:
            yield f"Op {op.id} fetches ahead to {start:.0f} in L2, between its tiles of {tiles} and {room[op.id]} byte"


def totals(program: KPUProgram) -> Iterator[str]:
    """Totals that are not the sums of their parts."""
    weights = {name for op in program.ops for name in op.input_ids if program.tensors[name].is_weight}
    sums = {
        "estimated_total_cycles": sum(op.estimated_cycles for op in program.ops),
        "estimated_total_energy_uj": sum(op.estimated_energy_pj for op in program.ops) / 1e6,
        "weight_bytes": sum(program.tensors[name].size_bytes for name in weights),
    }
    for name, due in sums.items():
        told = getattr(program, name)
        if not math.isclose(told, due, rel_tol=SLACK, abs_tol=SLACK):
            yield f"{name} is {told:g}; its parts add up to {due:g}"
