"""Which bytes move: the tensors that an operand of an operator stands for, and where in them a tile begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from symppa.kpu.interface.kinds import MemoryType
from symppa.kpu.interface.program import KPUOp, KPUProgram, KPUTensor
from symppa.kpu.loops import PRODUCT, Loops
from symppa.kpu.simulator.events import DRAM
from symppa.kpu.simulator.schedule import AHEAD, RESULTS, Job
from symppa.kpu.simulator.tiles import BESIDE, Tile
from symppa.kpu.walk import LEFT, RIGHT
from symppa.kpu.wiring import own_inputs

IMAGE = {"NCHW": ("images", "groups", "units", "channels", "lines", "columns"),
         "NHWC": ("images", "lines", "columns", "groups", "units", "channels")}  # fmt: skip
MATRIX = ("groups", "lines", "channels", "units", "columns")


@dataclass(frozen=True)
class Places:
    """Where the operands of an operator lie."""

    program: KPUProgram
    op: KPUOp
    loop: Loops

    @cached_property
    def tensors(self) -> Mapping[str, Sequence[KPUTensor]]:
        """The tensors that each operand stands for."""
        every, own = self.program.tensors, own_inputs(self.op)
        found: dict[str, list[KPUTensor]] = {LEFT: [every[own[0]]], RIGHT: [], BESIDE: []}
        found[RESULTS] = [every[name] for name in self.op.output_ids]
        found[AHEAD] = [every[name] for name in self.op.prefetch]
        for place, name in enumerate(self.op.input_ids[1:], 1):
            found[self._operand(place, every[name])].append(every[name])
        return found

    def _operand(self, place: int, tensor: KPUTensor) -> str:
        """Which operand an input behind the first belongs to."""
        told, out = dict(self.loop.told), self.program.tensors[self.op.output_ids[0]]
        if self.loop.kind == PRODUCT:
            outputs = prod(side.whole for side in self.loop.sides if side.part in ("groups", "outputs"))
            return RIGHT if place == 1 or tensor.elements <= outputs else BESIDE
        if (told.get("held") or told.get("per_unit")) and tensor.elements < out.elements:
            return RIGHT
        return BESIDE if told.get("beside") else LEFT

    def moved(self, job: Job, tile: Tile, resource: int) -> list[tuple[int, float]]:
        """Address and bytes of each tensor that a task moves."""
        known = self.tensors.get(job.what) or self.tensors[LEFT]
        there = [one for one in known if self._is_outside(one)] if resource == DRAM else []
        chosen = there or known
        whole = sum(one.size_bytes for one in chosen) or 1
        part = 0.0 if job.what == AHEAD else self._before(job.what, tile)
        return [(self._address(one, part, resource, tile), job.size * one.size_bytes / whole) for one in chosen]

    def _is_outside(self, tensor: KPUTensor) -> bool:
        return tensor.layout.memory_type is not MemoryType.SRAM_L2

    def _address(self, tensor: KPUTensor, part: float, resource: int, tile: Tile) -> int:
        """Of what stays in a memory its own address there; of what streams through L2 that of its buffer."""
        if resource == DRAM or not self._is_outside(tensor):
            return tensor.layout.base_address + int(part * tensor.size_bytes)
        room = self.op.tiling.l2_bytes if self.op.tiling is not None else 0
        return tile.outer % 2 * (room // 2)

    def _before(self, what: str, tile: Tile) -> float:
        """The share of a tensor that lies before the first element of a tile."""
        found, whole = 0, 1
        sides = {side.part: side for side in self.loop.sides}
        for part in reversed(self._order(what)):
            if (side := sides.get(part)) is not None:
                found += tile.box[side.letter].start * whole
                whole *= side.whole
        return found / whole

    def _order(self, what: str) -> Sequence[str]:
        """The sides of an operand as it lies in memory, the slowest first."""
        image = self.op.op_type not in ("Gemm", "MatMul")
        if what == RIGHT:
            turned = image or self.op.attributes.get("transB")
            return ("groups", "units", "outputs", "channels") if turned else ("groups", "channels", "outputs")
        given = self.program.tensors[own_inputs(self.op)[0]].layout.format
        order = IMAGE.get(given, IMAGE["NCHW"]) if image else MATRIX
        return order if what == LEFT else [{"channels": "outputs"}.get(one, one) for one in order]
