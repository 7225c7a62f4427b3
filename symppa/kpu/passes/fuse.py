"""Fusion: what is spelled out becomes one operator, norms go into weights, and pointwise work behind what feeds it.

First composite operators are recognised (`kpu.patterns`). Then what multiplies and adds per channel with known numbers
(a BatchNormalization, a Mul, an Add) goes into the weights and the bias of the Conv or Gemm before it, and a Pad of
zeros into the pads of the Conv after it. Then chains are formed: pointwise operators join what gives them their running
value, if nobody else sees that value and the shape stays. A join of two chains goes to the one that began on the
arrays, and of two such to the later one; a running value is the first side of a Sub or a Div.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from symppa.kpu.interface.program import Array, KPUOp, KPUProgram, KPUTensor
from symppa.kpu.numbers import affine
from symppa.kpu.patterns import recognised
from symppa.kpu.wiring import Wiring, fresh, own_inputs, rewired

ARRAY = frozenset({"Conv", "Gemm", "MatMul"})
JOINS = frozenset({"Add", "Sub", "Mul", "Div"})
POINTWISE = frozenset({
    "Relu", "Relu6", "Clip", "HardTanh", "HardSigmoid", "HardSwish", "Sigmoid", "SiLU", "Tanh", "Gelu", "Erf",
    "BatchNormalization",
})  # fmt: skip
POOLS = frozenset({"MaxPool", "AveragePool", "GlobalAveragePool"})
HEADS = ARRAY | JOINS | POINTWISE | POOLS | {"LayerNormalization"}


def fuse(program: KPUProgram) -> KPUProgram:
    """The program with operators that run as one."""
    return chained(into_weights(recognised(program)))


@dataclass(eq=False)
class Weighted:
    """A Conv or Gemm whose weights take in what follows."""

    op: KPUOp
    weight: Array
    bias: Array
    changed: bool = False
    taken: list[KPUOp] = field(default_factory=list)

    def scaled(self, factor: Array, shift: Array) -> None:
        """Multiply and add per output channel."""
        axis = channel_axis(self.op)
        self.weight = self.weight * factor.reshape([-1 if at == axis else 1 for at in range(self.weight.ndim)])
        self.bias = self.bias * factor + shift


def channel_axis(op: KPUOp) -> int:
    """The axis of the weights of a Conv or Gemm that its output channels lie along."""
    return 1 if op.op_type == "Gemm" and not op.attributes.get("transB") else 0


def into_weights(program: KPUProgram) -> KPUProgram:
    """The program with what is known per channel taken into weights and pads."""
    wiring, state = Wiring(program), Absorbing(program)
    for op in program.ops:
        op = state.padded(op, wiring)
        holder = state.holder(op, wiring)
        if holder is not None:
            state.holders[op.output_ids[0]] = holder
            continue
        found = _weighted(program, op)
        if found is not None:
            state.holders[op.output_ids[0]] = found
        state.ops.append(op)
    return state.finished()


@dataclass
class Absorbing:
    """What has been taken in so far."""

    program: KPUProgram
    ops: list[KPUOp] = field(default_factory=list)
    holders: dict[str, Weighted] = field(default_factory=dict)

    def holder(self, op: KPUOp, wiring: Wiring) -> Weighted | None:
        """What has taken an operator into its weights."""
        for name in _sides(op):
            found = self.holders.get(name)
            told = _per_channel(self.program, op, found) if found and wiring.only_reader(name) is op else None
            if found is not None and told is not None:
                found.scaled(*told)
                found.taken.append(op)
                return found
        return None

    def padded(self, op: KPUOp, wiring: Wiring) -> KPUOp:
        """A Conv with the zeros of the Pad before it among its own."""
        before = wiring.writer.get(op.input_ids[0]) if op.op_type == "Conv" else None
        if before is None or before.op_type != "Pad" or before.attributes.get("value", 0) != 0:
            return op
        pads, rank = list(before.attributes["pads"]), len(before.attributes["pads"]) // 2
        if any((*pads[:2], *pads[rank : rank + 2])):
            return op
        own = op.attributes.get("pads") or [0] * (2 * (rank - 2))
        both = [a + b for a, b in zip(own, (*pads[2:rank], *pads[rank + 2 :]), strict=True)]
        attributes = {**op.attributes, "pads": both}
        fused = [*op.fused_with, before.id]
        return replace(op, input_ids=[before.input_ids[0], *op.input_ids[1:]], attributes=attributes, fused_with=fused)

    @property
    def taking(self) -> list[Weighted]:
        """Those whose numbers have changed, each once."""
        return [one for one in dict.fromkeys(self.holders.values()) if one.taken or one.changed]

    def finished(self) -> KPUProgram:
        """The program with new weights where something was taken in."""
        tensors, constants, changed = dict[str, KPUTensor](), dict[str, Array](), dict[str, KPUOp]()
        for one in self.taking:
            op, names = one.op, []
            for what, numbers in (("weight", one.weight), ("bias", one.bias)):
                name = fresh(self.program, f"{op.id}.folded_{what}", constants)
                constants[name] = np.ascontiguousarray(numbers, np.float32)
                tensors[name] = KPUTensor(name, name, numbers.shape, "fp32", is_weight=True)
                names.append(name)
            last = one.taken[-1] if one.taken else op
            changed[op.id] = replace(
                op,
                input_ids=[op.input_ids[0], *names],
                output_ids=list(last.output_ids),
                fused_with=[*op.fused_with, *(taken.id for taken in one.taken)],
                attributes={**op.attributes, "alpha": 1.0, "beta": 1.0} if op.op_type == "Gemm" else op.attributes,
            )
        ops = [changed.get(op.id, op) for op in self.ops]
        counts = Counter(taken.op_type for one in self.taking for taken in one.taken)
        return rewired(self.program, ops, tensors=tensors, constants=constants, facts={"into_weights": dict(counts)})


def _sides(op: KPUOp) -> Sequence[str]:
    """The tensors that may be the running value of an operator that multiplies and adds per channel."""
    if op.op_type == "BatchNormalization" or op.op_type in ("Sub", "Div"):
        return op.input_ids[:1]
    return op.input_ids if op.op_type in JOINS else ()


def _weighted(program: KPUProgram, op: KPUOp) -> Weighted | None:
    """A Conv or Gemm with numbers for weights and bias."""
    if op.op_type not in ("Conv", "Gemm") or any(name not in program.constants for name in op.input_ids[1:]):
        return None
    weight, alpha = program.constants[op.input_ids[1]], op.attributes.get("alpha", 1.0)
    channels = weight.shape[channel_axis(op)]
    bias = np.zeros(channels, np.float32)
    if len(op.input_ids) > 2:
        told = program.constants[op.input_ids[2]] * np.float32(op.attributes.get("beta", 1.0))
        if told.size != 1 and told.shape[-1] != told.size:  # added to rows, not to columns
            return None
        bias = bias + told.reshape(-1)
    changed = alpha != 1 or (len(op.input_ids) > 2 and op.attributes.get("beta", 1.0) != 1)
    return Weighted(op, weight * np.float32(alpha) if changed else weight, bias, changed)


def _per_channel(program: KPUProgram, op: KPUOp, holder: Weighted) -> tuple[Array, Array] | None:
    """What an operator multiplies by and adds, for each output channel of another one; None where it does not."""
    shape = program.tensors[op.output_ids[0]].shape
    channels = holder.bias.size
    if op.op_type == "BatchNormalization":
        if any(name not in program.constants for name in op.input_ids[1:]):
            return None
        factor, shift = affine([program.constants[name] for name in op.input_ids[1:]], op.attributes)
        return factor, shift
    known = [name for name in op.input_ids if name in program.constants]
    if len(known) != 1 or shape != program.tensors[holder.op.output_ids[0]].shape:
        return None
    told = program.constants[known[0]]
    axis = 1 - len(shape)  # of the channels, from the back
    along = [size for at, size in enumerate(told.shape, -told.ndim) if at != axis]
    if told.dtype.kind != "f" or any(size != 1 for size in along) or (op.op_type == "Div" and not told.all()):
        return None
    numbers = np.broadcast_to(told.reshape(-1), (channels,)).astype(np.float32)
    ones, zeros = np.ones(channels, np.float32), np.zeros(channels, np.float32)
    if op.op_type in ("Add", "Sub"):
        return ones, numbers if op.op_type == "Add" else -numbers
    return numbers if op.op_type == "Mul" else 1 / numbers, zeros


@dataclass(eq=False)
class Chain:
    """Operators that run as one, where the last of them stands."""

    head: KPUOp
    place: int
    epilogue: list[KPUOp] = field(default_factory=list)
    others: list[list[str]] = field(default_factory=list)

    @property
    def written(self) -> list[str]:
        """What the last of them writes."""
        return (self.epilogue[-1] if self.epilogue else self.head).output_ids

    def fused(self) -> KPUOp:
        """One operator for all of them."""
        if not self.epilogue:
            return self.head
        further = [
            {"op_type": op.op_type, "inputs": others, "attributes": dict(op.attributes)}
            for op, others in zip(self.epilogue, self.others, strict=True)
        ]
        return replace(
            self.head,
            input_ids=[*self.head.input_ids, *(name for others in self.others for name in others)],
            output_ids=list(self.written),
            attributes={**self.head.attributes, "epilogue": [*self.head.epilogue, *further]},
            fused_with=[*self.head.fused_with, *(name for op in self.epilogue for name in (op.id, *op.fused_with))],
        )


def chained(program: KPUProgram) -> KPUProgram:
    """The program with pointwise operators behind those that give them their running value."""
    wiring, chains, of = Wiring(program), list[Chain](), dict[str, Chain]()
    for place, op in enumerate(program.ops):
        chain, running = _joined(wiring, op, of)
        if chain is None:
            chain = Chain(op, place)
            chains.append(chain)
        else:
            chain.epilogue.append(op)
            others = list(op.input_ids)
            others.remove(running)
            chain.others.append(others)
            chains.remove(chain)
            chains.append(chain)  # it runs where its last operator stands
        of[op.output_ids[0]] = chain
    kinds = Counter(
        "+".join((one.head.op_type, *(op.op_type for op in one.epilogue))) for one in chains if one.epilogue
    )
    return rewired(program, [one.fused() for one in chains], facts={"fused": dict(kinds)})


def _joined(wiring: Wiring, op: KPUOp, of: dict[str, Chain]) -> tuple[Chain | None, str]:
    """The chain that an operator goes behind, and its running value."""
    if op.op_type not in POINTWISE | JOINS or op.epilogue:
        return None, ""
    swapped = op.op_type in ("Add", "Mul")
    sides = [
        (of[name].head.op_type in ARRAY, of[name].place, name)
        for name in (own_inputs(op) if swapped else op.input_ids[:1])
        if name in of and wiring.only_reader(name) is op and _goes_on(wiring.program, of[name], name, op)
    ]
    if not sides:
        return None, ""
    name = max(sides)[2]
    return of[name], name


def _goes_on(program: KPUProgram, chain: Chain, name: str, op: KPUOp) -> bool:
    """Whether a chain can end with one operator more."""
    read, written = program.tensors[name], program.tensors[op.output_ids[0]]
    return chain.head.op_type in HEADS and read.shape == written.shape and read.dtype == written.dtype == "fp32"
