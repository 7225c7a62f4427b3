"""Allocation: an address for every tensor, such that no two that are alive at once overlap.

Outside lie the weights first, in the order in which they are read, then the activations that do not stay in L2: the
largest first, each in the gap that it fills best among those that are free all its life; other orders are tried while
that is not the best. The room at the fullest moment bounds what any could do, and both are told. In L2 the tiles of
the operator that runs lie from 0 on, below what stays there; L1 holds the tiles of that operator alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from symppa.errors import MemoryExceededError
from symppa.kpu.interface.kinds import MemoryType
from symppa.kpu.interface.program import KPUOp, KPUProgram, KPUTensor
from symppa.kpu.liveness import Life, l2_room, live_bytes, lives, resident, roots

TRIES = 32  # orders of placing


def allocate(program: KPUProgram) -> KPUProgram:
    """The program with addresses, and the most that is taken of each memory."""
    memory, root, tensors = program.target_config.memory, roots(program), dict(program.tensors)
    end = 0
    for name in weights(program):
        end = aligned(end, tensors[name])
        tensors[name] = placed(tensors[name], end)
        end += tensors[name].size_bytes
    weight_end = end
    outside = [one for one in lives(program) if tensors[one.name].layout.memory_type is MemoryType.DRAM]
    align = max((tensors[one.name].layout.alignment_bytes for one in outside), default=1)
    start = -(-weight_end // align) * align
    places = best_fit(outside, {one.name: tensors[one.name].layout.alignment_bytes for one in outside})
    top = _top(outside, places)
    for name, origin in root.items():
        if origin in places:
            tensors[name] = placed(tensors[name], start + places[origin])
    peak = start + top if outside else weight_end
    if peak > memory.dram_bytes:
        raise MemoryExceededError(peak, memory.dram_bytes, "DRAM")
    done = replace(
        program,
        tensors=tensors,
        weight_bytes=sum(tensors[name].size_bytes for name in weights(program)),
        activation_bytes=sum(tensors[name].size_bytes for name, origin in root.items() if name == origin),
        peak_dram_bytes=peak,
        peak_sram_bytes=sram_peak(program),
    )
    return replace(done, facts={**program.facts, "memory": _facts(done, outside, top)})


def weights(program: KPUProgram) -> list[str]:
    """The tensors that are there before a run, in the order in which they are first read."""
    read = dict.fromkeys(name for op in program.ops for name in op.input_ids)
    return [name for name in read if program.tensors[name].is_weight]


def aligned(address: int, tensor: KPUTensor) -> int:
    """The next address that suits a tensor."""
    step = tensor.layout.alignment_bytes
    return -(-address // step) * step


def placed(tensor: KPUTensor, address: int) -> KPUTensor:
    """A tensor at an address."""
    return replace(tensor, layout=replace(tensor.layout, base_address=address))


def best_fit(found: Sequence[Life], alignment: Mapping[str, int]) -> dict[str, int]:
    """A place for each of some lives, none of which overlap while both last.

    The largest come first; while that takes more than the fullest moment needs, what ends highest is moved to the
    front, for so many rounds as TRIES.

    >>> best_fit([Life("a", 64, 0, 1), Life("b", 128, 1, 2), Life("c", 64, 2, 3)], dict.fromkeys("abc", 64))
    {'b': 0, 'a': 128, 'c': 128}
    """
    order = sorted(found, key=lambda one: (-one.size, one.first, one.name))
    bound = int(live_bytes(found, max((one.last for one in found), default=0) + 1).max(initial=0))
    best = places = _placed_in(order, alignment)
    least = _top(order, places)
    for _ in range(TRIES if least > bound else 0):
        highest = max(order, key=lambda one: places[one.name] + one.size)
        if order[0] is highest:
            break
        order.remove(highest)
        order.insert(0, highest)
        places = _placed_in(order, alignment)
        if _top(order, places) < least:
            best, least = places, _top(order, places)
        if least <= bound:
            break
    return best


def _top(found: Iterable[Life], places: Mapping[str, int]) -> int:
    return max((places[one.name] + one.size for one in found), default=0)


def _placed_in(order: Sequence[Life], alignment: Mapping[str, int]) -> dict[str, int]:
    """A place for each life in its turn."""
    places: dict[str, int] = {}
    taken: list[Life] = []
    for life in order:
        busy = sorted((places[other.name], places[other.name] + other.size) for other in taken if other.meets(life))
        places[life.name] = _best_gap(busy, life.size, alignment[life.name])
        taken.append(life)
    return places


def _best_gap(busy: Iterable[tuple[int, int]], size: int, step: int) -> int:
    """The start of the smallest gap that holds a size, else the end of all."""
    best: tuple[int, int] | None = None
    end = 0
    for low, high in busy:
        place = -(-end // step) * step
        if low - place >= size and (best is None or low - place < best[0]):
            best = (low - place, place)
        end = max(end, high)
    return best[1] if best else -(-end // step) * step


def sram_peak(program: KPUProgram) -> int:
    """The most that is taken of L1 and L2 together: what stays in L2, the tiles of the operator that runs, and weights
    that came early or are on their way.
    """
    memory, room = program.target_config.memory, l2_room(program)
    staying = live_bytes(resident(program), len(program.ops))
    most = 0
    for op, kept in zip(program.ops, staying, strict=True):
        l1, l2 = tile_bytes(op)
        early = int(op.estimates.get("early_bytes", 0) + op.estimates.get("prefetch_bytes", 0))
        if l1 > memory.sram_l1_bytes:
            raise MemoryExceededError(l1, memory.sram_l1_bytes)
        if l2 > room[op.id]:
            raise MemoryExceededError(memory.sram_l2_bytes - room[op.id] + l2, memory.sram_l2_bytes)
        most = max(most, l1 + l2 + int(kept) + early)
    return most


def tile_bytes(op: KPUOp) -> tuple[int, int]:
    """What the tiles of an operator take of L1 and of L2."""
    return (op.tiling.l1_bytes, op.tiling.l2_bytes) if op.tiling is not None else (0, 0)


def _facts(program: KPUProgram, outside: Sequence[Life], top: int) -> dict[str, Any]:
    bound = int(live_bytes(outside, max(len(program.ops), 1)).max(initial=0))
    return {
        "dram_activations": top,
        "dram_activations_bound": bound,
        "over_bound": top / bound if bound else 1.0,
        "l2_resident": int(live_bytes(resident(program), max(len(program.ops), 1)).max(initial=0)),
    }
