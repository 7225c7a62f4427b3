"""A program run on numbers: operator after operator in its order, each through its tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symppa.kpu.cost import chosen_loops
from symppa.kpu.interface.program import Array, KPUOp, KPUProgram
from symppa.kpu.loops import PRODUCT
from symppa.kpu.passes.allocate import weights
from symppa.kpu.passes.pack import unpacked
from symppa.kpu.runtime import moves, products, streams
from symppa.kpu.runtime.formats import Counting, Floating, Format, Scaled, format_of
from symppa.kpu.runtime.task import Job, Task

Runner = Callable[[Task], list[Array]]
PLAIN = Floating(np.float32)


@dataclass(frozen=True)
class Executor:
    """A loaded program: its weights as they are worked with, and what is known of each operator."""

    program: KPUProgram

    def load(self) -> int:
        """Bring the weights into the form in which they are worked with; the bytes that they take so."""
        return sum(held.nbytes for held, _ in self.constants.values())

    @cached_property
    def constants(self) -> Mapping[str, tuple[Array, Format]]:
        """Weights by name; those of fractions are float32, for they are brought again and again."""
        packed = self.program.weights_blob is not None or self.program.weights_path is not None
        known = unpacked(self.program) if packed else self.program.constants
        return {name: self._ready(name, known[name]) for name in weights(self.program)}

    def _ready(self, name: str, held: Array) -> tuple[Array, Format]:
        form = format_of(self.program.tensors[name])
        return (held, form) if isinstance(form, Scaled | Counting) else (form.real(held), PLAIN)

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """The operators in their order."""
        return tuple(self._job(op) for op in self.program.ops)

    def _job(self, op: KPUOp) -> Job:
        tensors, constants = self.program.tensors, self.constants
        formats = [constants[name][1] if name in constants else format_of(tensors[name]) for name in op.input_ids]
        return Job(
            op, chosen_loops(self.program, op), tuple(tensors[name] for name in op.input_ids),
            tuple(tensors[name] for name in op.output_ids), tuple(formats),
            tuple(format_of(tensors[name]) for name in op.output_ids),
        )  # fmt: skip

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs by name from inputs by name, both as they are held."""
        wanted = set(self.program.output_ids)
        found = {name: value for name, value in self.values(inputs) if name in wanted}
        return {name: found[name] for name in self.program.output_ids}

    def values(self, inputs: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
        """Every activation as it is held, as soon as it is there; each is forgotten after its last reader."""
        held = {name: inputs[name] for name in self.program.input_ids}
        last = {name: number for number, op in enumerate(self.program.ops) for name in op.input_ids}
        yield from held.items()
        for number, job in enumerate(self.jobs):
            read = [held[name] if name in held else self.constants[name][0] for name in job.op.input_ids]
            for name, value in zip(job.op.output_ids, ran(Task(job, read)), strict=True):
                held[name] = value
                yield name, value
            for name in job.op.input_ids:
                if last[name] == number:
                    held.pop(name, None)


def ran(task: Task) -> Sequence[Array]:
    """What an operator gives."""
    with np.errstate(all="ignore"):  # what is infinite or no number goes on as such, and is told at the end
        return runner(task.job)(task)


def runner(job: Job) -> Runner:
    """What runs an operator: arrays, lanes, buses or nobody."""
    if job.loop is None:
        return moves.view
    if job.loop.kind == PRODUCT:
        return products.run
    return {**streams.WAYS, **moves.WAYS}[job.op.op_type]
