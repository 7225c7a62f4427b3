"""Prefetch: weights of the next operator come while this one computes, where the bus of the memory has time.

An operator leaves the bus idle for its time less its own transfers. So many bytes of the next one's weights come then,
into L2 below what stays there and above the tiles of both; they are used from there. Nothing is moved more or less
often: the bytes are counted where they move. By the bound of the cost model (largest of the way of the first tile in,
all work, the last out; the bus of the memory; the bus of L2) the operator that fetches takes no longer, for its bus is
filled up to its time at most; the next one has less on its bus and a shorter way in. So the sum of times falls or
stays, and is a bound of a machine that fetches just as much ahead. An operator that works in turn with its transfers
fetches nothing for others. Views take no time; the operator behind them is the next.

`op.prefetch` names what comes while an operator runs, `estimates` say how much ("prefetch_bytes") and where in L2
("prefetch_address"), and of what was fetched before it ("early_bytes"). `tiling.prefetch_distance` is by how many
operators the weights of one run ahead: 1, or 0 where none do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import ceil, prod

from symppa.kpu.cost import PACE, chosen_loops, machine, run, spent, totalled
from symppa.kpu.interface.program import KPUOp, KPUProgram
from symppa.kpu.liveness import l2_room
from symppa.kpu.loops import STREAM, Loops
from symppa.kpu.passes.allocate import sram_peak, tile_bytes

# Givens of the models of a pace and of energies, as estimates have them.
GIVEN = {
    "tiles": "tiles", "compute_cycles": "compute_cycles", "dram_traffic": "dram_bytes", "l2_traffic": "l2_bytes",
    "first_dram": "first_dram_bytes", "first_l2": "first_l2_bytes", "last_dram": "last_dram_bytes",
    "last_l2": "last_l2_bytes",
}  # fmt: skip
SPENT = {
    "macs": "macs", "vector_ops": "vector_ops", "dram_traffic": "dram_bytes", "l2_traffic": "l2_bytes",
    "l1_traffic": "l1_bytes",
}  # fmt: skip
ALONG_OUTPUTS = frozenset({"groups", "outputs"})  # sides of a bias
ALONG_WEIGHTS = ALONG_OUTPUTS | {"channels"}  # sides of the right operand of a product


def prefetch(program: KPUProgram) -> KPUProgram:
    """The program with weights that come early, and what that does to its estimates."""
    timed = [op for op in program.ops if op.tiling is not None]
    plan = Plan(program, l2_room(program), first_reads(program))
    for op, following in pairwise(timed):
        plan.take(op, following)
    done = totalled(replace(program, ops=plan.ops()))
    saved = sum(op.estimated_cycles for op in program.ops) - done.estimated_total_cycles
    facts = {"operators": len(plan.early), "bytes": sum(plan.early.values()), "cycles_saved": saved}
    return replace(done, peak_sram_bytes=sram_peak(done), facts={**program.facts, "prefetch": facts})


def first_reads(program: KPUProgram) -> dict[str, str]:
    """The first operator that reads each tensor."""
    found: dict[str, str] = {}
    for op in program.ops:
        for name in op.input_ids:
            found.setdefault(name, op.id)
    return found


@dataclass
class Plan:
    """Bytes that come early, by the operator that they are for."""

    program: KPUProgram
    room: Mapping[str, int]
    first: Mapping[str, str]
    early: dict[str, int] = field(default_factory=dict)
    fetched: dict[str, tuple[int, int, list[str]]] = field(default_factory=dict)  # bytes, address, names
    places: dict[str, int] = field(default_factory=dict)  # of what came early

    def take(self, op: KPUOp, following: KPUOp) -> None:
        """Fetch for the following operator while one runs."""
        names = [name for name in weights_of(self.program, following) if self.first[name] == following.id]
        wanted = min(
            sum(self.program.tensors[name].size_bytes for name in names), int(following.estimates["dram_bytes"])
        )
        top = min(self.room[op.id], self.room[following.id], self.places.get(op.id, self.room[op.id]))
        free = top - max(tile_bytes(op)[1], tile_bytes(following)[1])
        line = self.program.target_config.memory.cache_line_bytes
        size = min(wanted, (free - line) // line * line)  # a line for the start of one
        size = min(size, self._slack(op)) if size > 0 else 0
        if size > 0:
            self.early[following.id] = size
            self.places[following.id] = (top - size) // line * line
            self.fetched[op.id] = (size, self.places[following.id], names)

    def _slack(self, op: KPUOp) -> int:
        """Bytes that the bus of the memory could bring while an operator runs."""
        if op.tiling is None or not (op.tiling.double_buffer or op.estimates["tiles"] <= 1):
            return 0
        if op.id in self.early:
            op = paced(self.program, [self._changed(op)])[0]
        config = self.program.target_config
        rate = config.memory.dram_bandwidth_gbps * 1000 / config.compute.clock_mhz
        return max(0, int(op.estimated_cycles * rate - op.estimates["dram_bytes"]))

    def ops(self) -> list[KPUOp]:
        """The operators with what they fetch and what they got."""
        touched = [self._changed(op) for op in self.program.ops if op.id in self.early or op.id in self.fetched]
        timed = {op.id: op for op in paced(self.program, touched)}
        return [timed.get(op.id, self._noted(op)) for op in self.program.ops]

    def _noted(self, op: KPUOp) -> KPUOp:
        if op.tiling is None:
            return op
        return replace(op, tiling=replace(op.tiling, prefetch_distance=int(op.id in self.early)))

    def _changed(self, op: KPUOp) -> KPUOp:
        """An operator whose traffic is another one, not timed yet."""
        size, address, names = self.fetched.get(op.id, (0, 0, []))
        early, told = self.early.get(op.id, 0), dict(op.estimates)
        told["dram_bytes"] += size - early
        told["first_dram_bytes"] = max(0.0, told["first_dram_bytes"] - min(early, first_weights(self.program, op)))
        told |= {"prefetch_bytes": float(size), "early_bytes": float(early)}
        told |= {"prefetch_address": float(address)} if size else {}
        return replace(self._noted(op), estimates=told, prefetch=list(names))


def paced(program: KPUProgram, ops: Sequence[KPUOp]) -> list[KPUOp]:
    """Operators with the times and energies that follow from what they move."""
    config = program.target_config
    known = {
        name.removeprefix("pace."): one
        for name, one in machine(config, STREAM, program.precision).items()
        if "pace." in name
    }
    told = [
        {name: op.estimates[mine] for name, mine in GIVEN.items()}
        | known
        | {"buffers": 2.0 if op.tiling is not None and op.tiling.double_buffer else 1.0}
        for op in ops
    ]
    times = run(PACE, told) if told else []
    rows = [
        {name: op.estimates[mine] for name, mine in SPENT.items()} | {"pace.cycles": time["cycles"]}
        for op, time in zip(ops, times, strict=True)
    ]
    ways = [chosen_loops(program, op) for op in ops]
    energies = spent(config, [way.precision for way in ways if way is not None], rows)
    return [_paced(*one) for one in zip(ops, times, energies, strict=True)]


def _paced(op: KPUOp, time: Mapping[str, float], energy: Mapping[str, float]) -> KPUOp:
    found = {name: time[name] for name in ("dram_cycles", "l2_cycles", "first_in", "last_out")}
    found |= {name: one for name, one in energy.items() if name != "energy"}
    return replace(
        op, estimates={**op.estimates, **found}, estimated_cycles=ceil(time["cycles"]),
        estimated_energy_pj=energy["energy"],
    )  # fmt: skip


def first_weights(program: KPUProgram, op: KPUOp) -> int:
    """Bytes of weights in the first tile of an operator, at most."""
    loop = chosen_loops(program, op)
    if loop is None or op.tiling is None:
        return 0
    sizes, found = op.tiling.tile_sizes, 0.0
    for name in weights_of(program, op):
        parts = _cut_along(loop, op.input_ids.index(name))
        cut = (min(1.0, sizes.get(side.letter, side.whole) / side.whole) for side in loop.sides if side.part in parts)
        found += program.tensors[name].size_bytes * prod(cut)
    return ceil(found)


def _cut_along(loop: Loops, place: int) -> frozenset[str]:
    """The sides along which a tile has a part only of an input that is a weight."""
    if loop.kind == STREAM:
        return frozenset() if "held" in dict(loop.told) or place == 0 else frozenset({"units"})
    return (frozenset(), ALONG_WEIGHTS)[place] if place < 2 else ALONG_OUTPUTS


def weights_of(program: KPUProgram, op: KPUOp) -> list[str]:
    """The weights that an operator reads."""
    return [name for name in dict.fromkeys(op.input_ids) if program.tensors[name].is_weight]
