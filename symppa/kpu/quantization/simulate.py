"""What a quantized program answers, near enough to choose by: 32 bits between operators' roundings.

Operators are those of `kpu.numbers`, on numbers as their formats have them. The runtime adds up whole numbers instead;
the two differ by what 32 bits lose in a sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from symppa.errors import QuantizationError
from symppa.kpu.interface.program import Array, KPUOp, KPUProgram
from symppa.kpu.numbers import evaluated
from symppa.kpu.quantization.formats import restored, rounded
from symppa.kpu.wiring import own_inputs

Inputs = Mapping[str, Array]


@dataclass(frozen=True)
class Simulation:
    """A program whose tensors have formats, and whose weights are still at hand."""

    program: KPUProgram

    @cached_property
    def constants(self) -> dict[str, Array]:
        """Constants as numbers."""
        return {name: restored(self.program.tensors[name], one) for name, one in self.program.constants.items()}

    @cached_property
    def last(self) -> dict[str, int]:
        """The operator that reads a tensor last."""
        return {name: number for number, op in enumerate(self.program.ops) for name in op.input_ids}

    def begun(self, inputs: Inputs) -> dict[str, Array]:
        """Inputs as they are read."""
        return {name: self.rounded(name, np.asarray(inputs[name])) for name in self.program.input_ids}

    def rounded(self, name: str, numbers: Array) -> Array:
        """Numbers as an activation has them."""
        return rounded(self.program.tensors[name], numbers)

    def read(self, op: KPUOp, held: Mapping[str, Array]) -> list[Array]:
        """What an operator reads."""
        return [held[name] if name in held else self.constants[name] for name in op.input_ids]

    def step(self, number: int, held: dict[str, Array], found: Sequence[Array]) -> None:
        """What an operator wrote is held, and what nobody reads further is forgotten."""
        op = self.program.ops[number]
        for name, value in zip(op.output_ids, found, strict=True):
            held[name] = self.rounded(name, value)
        for name in op.input_ids:
            if self.last[name] == number and name not in self.program.output_ids:
                held.pop(name, None)

    def outputs(self, inputs: Inputs) -> dict[str, Array]:
        """The answers to inputs."""
        held = self.begun(inputs)
        for number, op in enumerate(self.program.ops):
            self.step(number, held, evaluated(op, self.read(op, held)))
        return {name: held[name] for name in self.program.output_ids}


def sums(op: KPUOp, read: Sequence[Array]) -> Array:
    """What an operator gives before its epilogue."""
    own = len(own_inputs(op))
    return evaluated(_alone(op), read[:own])[0]


def after(op: KPUOp, running: Array, read: Sequence[Array]) -> Sequence[Array]:
    """What the epilogue of an operator makes of that."""
    head = replace(op, op_type="Identity", input_ids=["", *op.input_ids[len(own_inputs(op)) :]])
    return evaluated(head, [running, *read[len(own_inputs(op)) :]])


def _alone(op: KPUOp) -> KPUOp:
    return replace(op, input_ids=own_inputs(op), attributes={**op.attributes, "epilogue": []})


def difference(found: Iterable[Inputs], due: Iterable[Inputs]) -> float:
    """The largest difference over the largest answer that is due: that of the worst output, over all runs."""
    apart: dict[str, float] = {}
    size: dict[str, float] = {}
    for mine, right in zip(found, due, strict=True):
        for name, value in right.items():
            apart[name] = max(apart.get(name, 0.0), float(np.abs(mine[name] - value).max(initial=0)))
            size[name] = max(size.get(name, 0.0), float(np.abs(value).max(initial=0)))
    return max((apart[name] / size[name] if size[name] else float(apart[name] > 0) for name in apart), default=0.0)


def some(program: KPUProgram, runs: Iterator[Any], room: int) -> list[Any]:
    """As many runs as have room beside each other, with what is alive in them; at least four."""
    alive = 8 * max((one.elements for one in program.tensors.values() if not one.is_weight), default=1) * 4
    found = list(islice(runs, max(4, room // max(alive, 1))))
    if not found:
        raise QuantizationError("there are no samples to compare answers over")
    return found
