"""Who writes and who reads the tensors of a program, and programs with some of their operators changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from symppa.kpu.interface.program import Array, KPUOp, KPUProgram, KPUTensor

Pass = Callable[[KPUProgram], KPUProgram]


@dataclass(frozen=True)
class Wiring:
    """A program with its operators by what they write and read."""

    program: KPUProgram

    @cached_property
    def writer(self) -> dict[str, KPUOp]:
        """The operator that writes a tensor."""
        return {name: op for op in self.program.ops for name in op.output_ids}

    @cached_property
    def readers(self) -> dict[str, list[KPUOp]]:
        """The operators that read a tensor, each once, in their order."""
        found: dict[str, list[KPUOp]] = {name: [] for name in self.program.tensors}
        for op in self.program.ops:
            for name in dict.fromkeys(op.input_ids):
                found[name].append(op)
        return found

    @cached_property
    def outputs(self) -> frozenset[str]:
        """What leaves the program."""
        return frozenset(self.program.output_ids)

    def only_reader(self, name: str) -> KPUOp | None:
        """The one operator that reads a tensor, once, where nobody else sees it."""
        readers = self.readers[name]
        if name in self.outputs or len(readers) != 1 or readers[0].input_ids.count(name) != 1:
            return None
        return readers[0]

    def constant(self, name: str) -> Array | None:
        """The numbers of a tensor that are there before a run."""
        return self.program.constants.get(name)


def own_inputs(op: KPUOp) -> list[str]:
    """What an operator reads itself, without the tensors of its epilogue."""
    return op.input_ids[: len(op.input_ids) - sum(len(one["inputs"]) for one in op.epilogue)]


def rewired(
    program: KPUProgram,
    ops: Iterable[KPUOp],
    *,
    instead: Mapping[str, str] | None = None,
    tensors: Mapping[str, KPUTensor] | None = None,
    constants: Mapping[str, Array] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> KPUProgram:
    """A program with other operators; `instead` of a tensor another one is read, and what nobody needs is gone.

    Tensors and constants told are added to those that are there.
    """
    instead = instead or {}

    def name_of(name: str) -> str:
        while name in instead:
            name = instead[name]
        return name

    changed = [_reading(op, name_of) for op in ops]
    kept = _needed(changed, program.output_ids)
    ordered = [replace(op, schedule_order=order) for order, op in enumerate(kept)]
    used = {name for op in ordered for name in (*op.input_ids, *op.output_ids)}
    used.update(program.input_ids, program.output_ids)
    every = {**program.tensors, **(tensors or {})}
    numbers = {**program.constants, **(constants or {})}
    return replace(
        program,
        ops=ordered,
        tensors={name: one for name, one in every.items() if name in used},
        constants={name: one for name, one in numbers.items() if name in used},
        facts={**program.facts, **(facts or {})},
    )


def _reading(op: KPUOp, name_of: Callable[[str], str]) -> KPUOp:
    inputs = [name_of(name) for name in op.input_ids]
    if inputs == op.input_ids:
        return op
    if not op.epilogue:
        return replace(op, input_ids=inputs)
    epilogue = [{**one, "inputs": [name_of(name) for name in one["inputs"]]} for one in op.epilogue]
    return replace(op, input_ids=inputs, attributes={**op.attributes, "epilogue": epilogue})


def _needed(ops: Sequence[KPUOp], outputs: Sequence[str]) -> list[KPUOp]:
    """The operators that the outputs need, in their order."""
    wanted, kept = set(outputs), []
    for op in reversed(ops):
        if not wanted.isdisjoint(op.output_ids):
            kept.append(op)
            wanted.update(op.input_ids)
    return kept[::-1]


def fresh(program: KPUProgram, wish: str, taken: Iterable[str] = ()) -> str:
    """A name that no tensor and no operator has."""
    known = {*program.tensors, *(op.id for op in program.ops), *taken}
    name, count = wish, 1
    while name in known:
        count += 1
        name = f"{wish}_{count}"
    return name
