"""What lies where in L2 and in the memory of a KPU, and during which operators.

L1 holds the tiles of the operator that runs, from 0 on, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from symppa.kpu.interface.kinds import MemoryType
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.rules.places import blocks


class Region(NamedTuple):
    """Bytes from an address on, and the numbers of the first and the last operator that they are taken for.

    `kind` is weight, input, output, activation, tiles or early (weights of the next operator that come beforehand).
    """

    name: str
    kind: str
    memory: MemoryType
    start: int
    size: int
    first: int
    last: int


def regions(program: KPUProgram) -> list[Region]:
    """Everything that takes room, level by level, nearest first."""
    found = [
        Region(one.name, kind_of(program, one.name), memory, *one[1:])
        for memory in (MemoryType.SRAM_L2, MemoryType.DRAM)
        for one in blocks(program, memory)
    ]
    return sorted([*found, *_tiles(program), *_early(program)], key=_place)


def _place(region: Region) -> tuple[int, int, int, int]:
    return (list(MemoryType).index(region.memory), region.first, region.start, region.last)


def kind_of(program: KPUProgram, name: str) -> str:
    """What a tensor is to the program."""
    tensor = program.tensors[name]
    told = {"weight": tensor.is_weight, "input": tensor.is_input, "output": tensor.is_output}
    return next((kind for kind, true in told.items() if true), "activation")


def _tiles(program: KPUProgram) -> Iterator[Region]:
    for number, op in enumerate(program.ops):
        if op.tiling is not None and op.tiling.l2_bytes:
            yield Region(op.id, "tiles", MemoryType.SRAM_L2, 0, op.tiling.l2_bytes, number, number)


def _early(program: KPUProgram) -> Iterator[Region]:
    """Weights that come while an operator runs, until the one behind it is done."""
    timed = [(number, op) for number, op in enumerate(program.ops) if op.tiling is not None]
    for (number, op), (following, taker) in pairwise(timed):
        size = int(op.estimates.get("prefetch_bytes", 0))
        if size:
            start = int(op.estimates["prefetch_address"])
            yield Region(taker.id, "early", MemoryType.SRAM_L2, start, size, number, following)
