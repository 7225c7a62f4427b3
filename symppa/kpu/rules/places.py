"""Rules of places in memory: what is alive at once does not overlap, and lies where it may."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from symppa.kpu.interface.kinds import MemoryType
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.liveness import live_bytes, lives, resident, roots


class Block(NamedTuple):
    """Bytes that a tensor takes, and during which operators."""

    name: str
    start: int
    size: int
    first: int
    last: int


def views(program: KPUProgram) -> Iterator[str]:
    """Views that lie elsewhere than what they are views of."""
    for name, origin in roots(program).items():
        mine, its = program.tensors[name].layout, program.tensors[origin].layout
        if (mine.memory_type, mine.base_address) != (its.memory_type, its.base_address):
            yield f"{name} is a view of {origin}, and lies elsewhere"


def residents(program: KPUProgram) -> Iterator[str]:
    """Activations in L2 that overlap, begin at no suitable address or lie beyond its end."""
    room, found = program.target_config.memory.sram_l2_bytes, blocks(program, MemoryType.SRAM_L2)
    for one in found:
        if one.start < 0 or one.start + one.size > room:
            yield f"{one.name} reaches from {one.start} to {one.start + one.size} in L2 of {room} byte"
    yield from _overlapping(found, "L2")
    yield from _unsuitable(program, found)


def aligned(program: KPUProgram) -> Iterator[str]:
    """Tensors outside that begin at no suitable address."""
    yield from _unsuitable(program, blocks(program, MemoryType.DRAM))


def no_overlap(program: KPUProgram) -> Iterator[str]:
    """Tensors that are alive at once and overlap, or lie where none may."""
    for name, tensor in program.tensors.items():
        if tensor.layout.memory_type not in (MemoryType.DRAM, MemoryType.SRAM_L2):
            yield f"{name} lies in {tensor.layout.memory_type.value}; tensors lie outside or in L2"
        if tensor.is_weight and tensor.layout.memory_type is not MemoryType.DRAM:
            yield f"the weight {name} lies in {tensor.layout.memory_type.value}, not outside"
    yield from _overlapping(blocks(program, MemoryType.DRAM), "memory")


def peaks(program: KPUProgram) -> Iterator[str]:
    """Memory that is too small, or taken otherwise than is told."""
    memory, found = program.target_config.memory, blocks(program, MemoryType.DRAM)
    end = max((one.start + one.size for one in found), default=0)
    if end > memory.dram_bytes:
        yield f"tensors reach to {end} in a memory of {memory.dram_bytes} byte"
    if program.peak_dram_bytes != end:
        yield f"peak_dram_bytes is {program.peak_dram_bytes}; tensors reach to {end}"
    staying = live_bytes(resident(program), len(program.ops))
    tiles = [0 if op.tiling is None else op.tiling.l1_bytes + op.tiling.l2_bytes for op in program.ops]
    early = [sum(op.estimates.get(name, 0) for name in ("early_bytes", "prefetch_bytes")) for op in program.ops]
    most = int((np.asarray(tiles, np.int64) + np.asarray(early, np.int64) + staying).max(initial=0))
    if program.peak_sram_bytes != most:
        yield f"peak_sram_bytes is {program.peak_sram_bytes}; tiles, what stays and what comes early take {most}"


def blocks(program: KPUProgram, memory: MemoryType) -> list[Block]:
    """What lies in a memory: activations while they live, weights that are read all the time."""
    end = max(len(program.ops) - 1, 0)
    found = [(one.name, one.size, one.first, one.last) for one in lives(program)]
    read = dict.fromkeys(name for op in program.ops for name in op.input_ids)
    found += [(name, program.tensors[name].size_bytes, 0, end) for name in read if program.tensors[name].is_weight]
    layouts = {name: one.layout for name, one in program.tensors.items()}
    return [
        Block(name, layouts[name].base_address, size, first, last)
        for name, size, first, last in found
        if layouts[name].memory_type is memory
    ]


def _overlapping(found: Sequence[Block], where: str) -> Iterator[str]:
    """Pairs of blocks that overlap in place and time; the first few of them."""
    table = np.array([one[1:] for one in found if one.size], np.int64).reshape(-1, 4)
    names = [one.name for one in found if one.size]
    start, size, first, last = table.T
    in_place = (start[:, None] < (start + size)[None]) & (start[None] < (start + size)[:, None])
    in_time = (first[:, None] <= last[None]) & (first[None] <= last[:, None])
    pairs = np.argwhere(np.triu(in_place & in_time, 1))
    for one, other in pairs[:8]:
        yield f"{names[one]} and {names[other]} overlap in {where} while both are alive"


def _unsuitable(program: KPUProgram, found: Sequence[Block]) -> Iterator[str]:
    for one in found:
        step = program.tensors[one.name].layout.alignment_bytes
        if step < 1 or one.start % step:
            yield f"{one.name} begins at {one.start}, which is no multiple of {step}"
