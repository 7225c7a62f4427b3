"""Residency: which activations stay in L2 from the operator that writes them to the last one that reads them.

A tensor that stays saves a trip to the memory outside and back for every reader. Those that are read most often for
the room and the time that they take come first; each takes the highest place that is free all its life. Below them
L2 is left to tiles: at least SHARE of it, so that tensors never crowd out what streams past them. What comes in and
what goes out is handed over outside.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from symppa.kpu.interface.kinds import MemoryType
from symppa.kpu.interface.program import KPUProgram, MemoryLayout
from symppa.kpu.liveness import Life, lives, roots

SHARE = 2  # one part in so many of L2 is for tiles


def residency(program: KPUProgram) -> KPUProgram:
    """The program with the places of activations that stay in L2."""
    root, memory = roots(program), program.target_config.memory
    outside = {root[name] for name in (*program.input_ids, *program.output_ids) if name in root}
    reads = Counter(root[name] for op in program.ops for name in op.input_ids if name in root)
    inner = [life for life in lives(program) if life.name not in outside and life.size]
    floor = -(-memory.sram_l2_bytes // SHARE)
    placed: dict[str, tuple[Life, int]] = {}
    for life in sorted(inner, key=lambda one: (-(reads[one.name] + 1) / (one.last - one.first + 1), -one.size)):
        base = _highest(life, list(placed.values()), memory.sram_l2_bytes, program.tensors[life.name].layout)
        if base >= floor:
            placed[life.name] = (life, base)
    tensors = dict(program.tensors)
    for name, top in root.items():
        if top in placed:
            layout = replace(tensors[name].layout, memory_type=MemoryType.SRAM_L2, base_address=placed[top][1])
            tensors[name] = replace(tensors[name], layout=layout)
    moved = sum(one.size * (reads[one.name] + 1) for one in inner)
    saved = sum(life.size * (reads[name] + 1) for name, (life, _) in placed.items())
    facts = {"tensors": len(placed), "of": len(inner), "saved_bytes": saved, "of_bytes": moved}
    return replace(program, tensors=tensors, facts={**program.facts, "residency": facts})


def _highest(life: Life, placed: list[tuple[Life, int]], top: int, layout: MemoryLayout) -> int:
    """The highest aligned place below some that are taken at the same time; negative where there is none."""
    align = layout.alignment_bytes
    busy = sorted(((base + other.size, base) for other, base in placed if other.meets(life)), reverse=True)
    for end, base in [*busy, (0, 0)]:
        place = (top - life.size) // align * align
        if place >= end:
            return place
        top = min(top, base)
    return -1
