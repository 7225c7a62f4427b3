"""Channels of like range: what one operator divides a channel by, those that read it multiply back.

An activation of 8 bits has one scale, set by its widest channel; a channel of a tenth of its range keeps few steps.
So each channel is divided by a power of two, and the weights that read it are multiplied by the same: nagel2019,
section 4.1, and xiao2023, equation 4, for weights that mix channels. Narrow channels are brought to half of the widest
at most: filled up, each of them would be cut off by the first sample that is a little larger than those seen.

Powers of two round nothing, so the program answers bit for bit what it did. Where nothing or a Relu stands behind the
sum, the factor goes into its weights and bias; behind other epilogues it is one multiplication more, on sums that are
of 32 bits still.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np

from symppa.kpu.interface.program import Array, KPUOp, KPUProgram, KPUTensor
from symppa.kpu.numbers import values
from symppa.kpu.passes.fuse import channel_axis
from symppa.kpu.quantization.simulate import Inputs
from symppa.kpu.wiring import Wiring, fresh, own_inputs

KINDS = ("Conv", "Gemm")
MOST = 8  # powers of two
ROOM = 1  # a power that channels stay below the widest, for values that no sample showed


@dataclass(frozen=True)
class Pair:
    """An operator, the activation that it writes, and all that read it."""

    writer: KPUOp
    name: str
    readers: Sequence[KPUOp]


def pairs(program: KPUProgram) -> Iterator[Pair]:
    """Activations that one weighted operator writes and only weighted ones read."""
    wiring = Wiring(program)
    uses = [name for op in program.ops for name in op.input_ids]
    for op in program.ops:
        name = op.output_ids[0]
        readers = wiring.readers[name]
        if not readers or name in wiring.outputs or not _weighted(program, op, uses):
            continue
        if all(_weighted(program, one, uses) and one.input_ids.index(name) == 0 for one in readers) and uses.count(
            name
        ) == len(readers):
            yield Pair(op, name, readers)


def _weighted(program: KPUProgram, op: KPUOp, uses: Sequence[str]) -> bool:
    """Whether an operator has weights, and a bias if any, that nobody else reads."""
    own = own_inputs(op)[1:]
    if op.op_type not in KINDS or not own or any(name not in program.constants for name in own):
        return False
    plain = all(op.attributes.get(name, 1.0) == 1.0 for name in ("alpha", "beta")) and not op.attributes.get("transA")
    return plain and all(uses.count(name) == 1 for name in own) and _vector(program, own)


def _vector(program: KPUProgram, own: Sequence[str]) -> bool:
    return len(own) < 2 or len(program.tensors[own[1]].shape) == 1


def largest(program: KPUProgram, runs: Iterable[Inputs], names: Sequence[str]) -> dict[str, Array]:
    """The largest size of each channel, axis 1, of some activations over samples."""
    found: dict[str, Array] = {}
    wanted = set(names)
    for inputs in runs:
        for name, value in values(program, inputs):
            if name in wanted:
                axes = tuple(axis for axis in range(value.ndim) if axis != 1)
                sizes = np.abs(value).max(axis=axes)
                found[name] = np.maximum(found[name], sizes) if name in found else sizes
    return found


def equalised(program: KPUProgram, runs: Iterable[Inputs]) -> KPUProgram:
    """The same program with channels of like range; its facts say how many activations were changed."""
    found = list(pairs(program))
    met = largest(program, runs, [one.name for one in found])
    change = Change(program)
    for one in found:
        if one.name in met:
            change.divide(one, met[one.name])
    facts = {**program.facts, "equalised": sorted(change.done)}
    ops = [change.ops[op.id] for op in program.ops]
    return replace(program, ops=ops, tensors=change.tensors, constants=change.constants, facts=facts)


@dataclass
class Change:
    """A program while channels of it are divided."""

    program: KPUProgram
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ops = {op.id: op for op in self.program.ops}
        self.tensors, self.constants = dict(self.program.tensors), dict(self.program.constants)

    def divide(self, pair: Pair, sizes: Array) -> None:
        """Each channel by its power of two, where there are any but 1."""
        factor = self._factor(pair, sizes)
        if (factor == 1).all():
            return
        self.done.append(pair.name)
        writer = self.ops[pair.writer.id]
        if all(one["op_type"] == "Relu" for one in writer.epilogue):
            self._scale(own_inputs(writer)[1], channel_axis(writer), 1 / factor)
            for bias in own_inputs(writer)[2:]:
                self.constants[bias] = self.constants[bias] / factor
        else:
            self._append(writer, 1 / factor)
        for reader in pair.readers:
            self._read(self.ops[reader.id], factor)

    def _factor(self, pair: Pair, sizes: Array) -> Array:
        """What each channel is divided by: its range where only one filter reads it, else the root of its range over
        that of the weights that read it.
        """
        weights = np.zeros_like(sizes)
        mixing = False
        for reader in pair.readers:
            by_input = self._by_input(self.ops[reader.id])
            if by_input is not None:
                mixing, weights = True, np.maximum(weights, by_input)
        known = sizes > 0
        wish = np.ones(sizes.shape)
        if mixing:
            known &= weights > 0
            wish[known] = np.sqrt(sizes[known].astype(np.float64) / weights[known])
        else:
            wish[known] = sizes[known]
        if not known.any():
            return np.ones(sizes.shape, np.float32)
        power = np.rint(np.log2(wish / wish[known].max())) + ROOM
        return np.asarray(np.where(known, 2.0 ** np.clip(power, -MOST, 0), 1.0), np.float32)

    def _by_input(self, op: KPUOp) -> Array | None:
        """The largest weight that multiplies each input channel; none where each output has its own input."""
        weight = np.abs(self.constants[own_inputs(op)[1]])
        group = op.attributes.get("group", 1)
        if op.op_type == "Gemm":
            return np.asarray(weight.max(axis=channel_axis(op)))
        if weight.shape[1] == 1 and group > 1:
            return None
        per = weight.reshape(group, weight.shape[0] // group, weight.shape[1], prod(weight.shape[2:]))
        return np.asarray(per.max(axis=(1, 3)).reshape(-1))

    def _read(self, op: KPUOp, factor: Array) -> None:
        """Weights that undo what was done to their input."""
        name = own_inputs(op)[1]
        if op.op_type == "Gemm":
            self._scale(name, 1 - channel_axis(op), factor)
            return
        weight, group = self.constants[name], op.attributes.get("group", 1)
        per = factor.reshape(group, 1, weight.shape[1], *[1] * (weight.ndim - 2))
        shaped = weight.reshape(group, weight.shape[0] // group, *weight.shape[1:])
        self.constants[name] = (shaped * per).reshape(weight.shape)

    def _scale(self, name: str, axis: int, factor: Array) -> None:
        weight = self.constants[name]
        self.constants[name] = weight * factor.reshape([-1 if at == axis else 1 for at in range(weight.ndim)])

    def _append(self, op: KPUOp, factor: Array) -> None:
        """One multiplication more behind an operator."""
        rank = len(self.program.tensors[op.output_ids[0]].shape)
        name = fresh(self.program, f"{op.id}.equalised", self.tensors)
        self.constants[name] = factor.reshape(-1, *[1] * (rank - 2))
        self.tensors[name] = KPUTensor(name, name, self.constants[name].shape, "fp32", is_weight=True)
        epilogue = [*op.epilogue, {"op_type": "Mul", "inputs": [name], "attributes": {}}]
        told: Mapping[str, object] = {**op.attributes, "epilogue": epilogue}
        self.ops[op.id] = replace(op, input_ids=[*op.input_ids, name], attributes=dict(told))
