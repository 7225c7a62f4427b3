"""Constant folding: what follows from numbers that are known is computed once, and what does nothing is left out.

An operator that reads only constants becomes a constant, unless it writes an output or makes more than ROOM times
what it reads. Shapes are constants, for they are known. What gives back what it reads (an Identity, a reshape to the
same shape, a pad of nothing, an addition of 0, a multiplication by 1) goes; two moves of one kind in a row become one;
what is asked for twice is done once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from symppa.kpu.interface.program import Array, KPUOp, KPUProgram, KPUTensor
from symppa.kpu.liveness import VIEWS
from symppa.kpu.numbers import evaluated
from symppa.kpu.wiring import rewired

ROOM = 4  # a result may take so many times the room of what it is made from
SMALL = 4096  # byte that a result may take anyway
NEUTRAL = {"Add": 0.0, "Sub": 0.0, "Mul": 1.0, "Div": 1.0}


def fold(program: KPUProgram) -> KPUProgram:
    """The program without what is known before a run."""
    state = Folding(program, dict(program.constants))
    for op in program.ops:
        state.take(op)
    facts = {"folded": state.folded, "left_out": state.left_out}
    made = {name: replace(program.tensors[name], is_weight=True) for name in state.made}
    return rewired(
        program,
        state.ops,
        instead=state.instead,
        tensors=made,
        constants={name: state.constants[name] for name in state.made},
        facts=facts,
    )


@dataclass
class Folding:
    """What is known so far while operators are met in their order."""

    program: KPUProgram
    constants: dict[str, Array]
    ops: list[KPUOp] = field(default_factory=list)
    instead: dict[str, str] = field(default_factory=dict)
    writer: dict[str, KPUOp] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    met: dict[tuple[str, ...], KPUOp] = field(default_factory=dict)
    folded: int = 0
    left_out: int = 0

    def take(self, op: KPUOp) -> None:
        """One more operator."""
        op = self._merged(replace(op, input_ids=[self.instead.get(name, name) for name in op.input_ids]))
        if not self.program_writes(op):
            found = self._known(op)
            if found is not None:
                self.folded += 1
                for name, numbers in zip(op.output_ids, found, strict=True):
                    self.constants[name] = numbers
                    self.made.append(name)
                return
            same = self._neutral(op)
            if same is not None:
                self.left_out += 1
                self.instead[op.output_ids[0]] = same
                return
            twin = self.met.setdefault((op.op_type, *op.input_ids, repr(sorted(op.attributes.items()))), op)
            if twin is not op:
                self.left_out += 1
                self.instead.update(zip(op.output_ids, twin.output_ids, strict=True))
                return
        self.ops.append(op)
        self.writer.update(dict.fromkeys(op.output_ids, op))

    def program_writes(self, op: KPUOp) -> bool:
        """Whether an operator writes an output of the program."""
        return any(self.program.tensors[name].is_output for name in op.output_ids)

    def tensor(self, name: str) -> KPUTensor:
        """A tensor of the program."""
        return self.program.tensors[name]

    def _known(self, op: KPUOp) -> list[Array] | None:
        """What an operator gives, where that is known and worth keeping."""
        if op.op_type == "Shape":
            start, end = op.attributes.get("start", 0), op.attributes.get("end")
            return [np.asarray(self.tensor(op.input_ids[0]).shape[start:end], np.int64)]
        if any(name not in self.constants for name in op.input_ids):
            return None
        read = [self.constants[name] for name in op.input_ids]
        most = max(SMALL, ROOM * sum(one.nbytes for one in read))
        if op.op_type != "Constant" and sum(self.tensor(name).size_bytes for name in op.output_ids) > most:
            return None
        found = evaluated(op, read)
        kept = zip(found, (self.tensor(name).dtype for name in op.output_ids), strict=True)
        return [np.ascontiguousarray(one, np.float32 if dtype == "fp32" else one.dtype) for one, dtype in kept]

    def _neutral(self, op: KPUOp) -> str | None:
        """The tensor that an operator reads and gives back as it is."""
        if len(op.output_ids) != 1 or op.epilogue:
            return None
        written = self.tensor(op.output_ids[0])
        for name, other in zip(op.input_ids[:2], op.input_ids[1::-1] if op.op_type in NEUTRAL else [""], strict=False):
            read = self.tensor(name)
            if read.shape != written.shape or read.dtype != written.dtype:
                continue
            if op.op_type in NOTHING and NOTHING[op.op_type](op.attributes):
                return name
            told = self.constants.get(other)
            sided = name == op.input_ids[0] or op.op_type in ("Add", "Mul")
            if told is not None and sided and bool(np.all(told == NEUTRAL[op.op_type])):
                return name
        return None

    def _merged(self, op: KPUOp) -> KPUOp:
        """An operator that does the work of the one before it too, where both are moves of one kind."""
        before = self.writer.get(op.input_ids[0]) if op.input_ids else None
        if before is None or op.epilogue:
            return op
        if op.op_type in VIEWS and before.op_type in VIEWS:
            shape = list(self.tensor(op.output_ids[0]).shape)
            return replace(op, op_type="Reshape", input_ids=list(before.input_ids), attributes={"shape": shape})
        if op.op_type == before.op_type == "Transpose":
            perm = [before.attributes["perm"][axis] for axis in op.attributes["perm"]]
            return replace(op, input_ids=list(before.input_ids), attributes={"perm": perm})
        return op


def _still(attributes: Mapping[str, Any]) -> bool:
    return True


# What gives back what it reads where the shape stays, if its attributes say so.
NOTHING: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    **dict.fromkeys(("Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Concat", "Split", "Cast"), _still),
    "Transpose": lambda told: list(told["perm"]) == sorted(told["perm"]),
    "Pad": _still, "Resize": _still,
    "Slice": lambda told: all(step > 0 for step in told.get("steps") or [1]),
    "MaxPool": lambda told: prod(told["kernel_shape"]) == 1,
    "AveragePool": lambda told: prod(told["kernel_shape"]) == 1,
}  # fmt: skip
