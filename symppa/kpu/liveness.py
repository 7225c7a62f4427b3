"""Which tensors share their room, and from which operator to which they take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from symppa.kpu.interface.kinds import MemoryType
from symppa.kpu.interface.program import Array, KPUOp, KPUProgram

# What these give is what they read, seen in another shape: nothing moves, nothing takes room.
VIEWS = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"})


@dataclass(frozen=True)
class Life:
    """Room that is taken from one operator to another, both included, by number."""

    name: str
    size: int
    first: int
    last: int

    def meets(self, other: Life) -> bool:
        """Whether both take room at some time."""
        return self.first <= other.last and other.first <= self.last


def is_view(program: KPUProgram, op: KPUOp) -> bool:
    """Whether an operator only gives another name and shape to what an activation holds.

    Numbers that are there before a run are not seen as activations: they are copied.
    """
    if op.op_type not in VIEWS or op.epilogue or op.input_ids[0] in program.constants:
        return False
    read, written = program.tensors[op.input_ids[0]], program.tensors[op.output_ids[0]]
    return read.dtype == written.dtype and not read.is_weight


def roots(program: KPUProgram) -> dict[str, str]:
    """The tensor whose room each activation takes: its own, but that of what it is a view of."""
    found = {name: name for name, tensor in program.tensors.items() if not tensor.is_weight}
    for op in program.ops:
        if is_view(program, op):
            found[op.output_ids[0]] = found[op.input_ids[0]]
    return found


def lives(program: KPUProgram) -> list[Life]:
    """When the activations of a program take room, those without a room of their own left out.

    What comes in is there from the first operator on, what goes out to the last one, and so is an input that nobody
    reads.
    """
    root, end = roots(program), max(len(program.ops) - 1, 0)
    first = dict.fromkeys((root[name] for name in program.input_ids), 0)
    last: dict[str, int] = {}
    for number, op in enumerate(program.ops):
        for name in op.output_ids:
            first.setdefault(root[name], number)
            last[root[name]] = max(last.get(root[name], 0), number)
        for name in op.input_ids:
            if name in root:
                last[root[name]] = number
    for name in program.output_ids:
        if name in root:
            last[root[name]] = end
    return [Life(name, program.tensors[name].size_bytes, start, last.get(name, end)) for name, start in first.items()]


def live_bytes(found: Sequence[Life], steps: int) -> Array:
    """Room taken during each operator."""
    changes = np.zeros(steps + 1, np.int64)
    for life in found:
        changes[life.first] += life.size
        changes[life.last + 1] -= life.size
    return np.cumsum(changes)[:-1]


def resident(program: KPUProgram) -> list[Life]:
    """The activations that stay in L2."""
    return [one for one in lives(program) if _place(program, one.name) is MemoryType.SRAM_L2]


def l2_room(program: KPUProgram) -> dict[str, int]:
    """Byte of L2 that are left for the tiles of each operator: those below all tensors that stay there meanwhile."""
    whole = program.target_config.memory.sram_l2_bytes
    room = dict.fromkeys((op.id for op in program.ops), whole)
    for life in resident(program):
        base = program.tensors[life.name].layout.base_address
        for op in program.ops[life.first : life.last + 1]:
            room[op.id] = min(room[op.id], base)
    return room


def _place(program: KPUProgram, name: str) -> MemoryType:
    return program.tensors[name].layout.memory_type
