"""One operator that is to run: its tensors, their numbers and the way it goes through its tiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symppa.errors import CompilationError
from symppa.kpu.interface.program import Array, KPUOp, KPUTensor
from symppa.kpu.loops import Loops
from symppa.kpu.runtime.formats import Format
from symppa.kpu.runtime.tails import Spread, Stage, Tail, stages
from symppa.kpu.walk import Step, steps
from symppa.kpu.wiring import own_inputs


@dataclass(frozen=True)
class Job:
    """What is known of an operator before a run: all but its numbers."""

    op: KPUOp
    loop: Loops | None
    inputs: tuple[KPUTensor, ...]
    outs: tuple[KPUTensor, ...]
    formats: tuple[Format, ...]
    written: tuple[Format, ...]

    @cached_property
    def own(self) -> int:
        """How many inputs are its own."""
        return len(own_inputs(self.op))

    @property
    def out(self) -> KPUTensor:
        """The first result."""
        return self.outs[0]

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Its tiles in their order."""
        if self.loop is None:
            return ()
        if self.op.tiling is None:
            raise CompilationError(f"Op {self.op.id} has no tiles: a program runs once it is compiled")
        return tuple(steps(self.loop, self.op.tiling))

    @cached_property
    def is_moved(self) -> bool:
        """Whether its numbers are what it reads, as they are held."""
        data = self.formats[:1] if self.op.op_type == "Gather" else self.formats[: self.own]
        return not self.op.epilogue and set(data) == set(self.written)


@dataclass(frozen=True)
class Task:
    """A job with its numbers, as they are held."""

    job: Job
    held: Sequence[Array]

    @property
    def op(self) -> KPUOp:
        """The operator."""
        return self.job.op

    def real(self, place: int) -> Array:
        """What the numbers of an input mean."""
        return self.job.formats[place].real(self.held[place])

    @property
    def own(self) -> list[Array]:
        """What its own inputs mean."""
        return [self.real(place) for place in range(self.job.own)]

    def tail(self, spread: Spread) -> Tail:
        """Its epilogue; operands are laid out as its results."""
        place, found, rank = self.job.own, list[Stage](), len(self.job.out.shape)
        for one in self.op.epilogue:
            operands = [self.real(place + k) for k in range(len(one["inputs"]))]
            found += stages(one["op_type"], operands, one["attributes"], spread, rank)
            place += len(operands)
        return Tail(tuple(found))

    def blank(self, shape: Sequence[int]) -> Array:
        """Room for results; what no tile writes is 0."""
        return np.zeros(shape, self.job.written[0].storage)

    def steps(self) -> Iterator[Step]:
        """Its tiles in their order."""
        return iter(self.job.steps)
