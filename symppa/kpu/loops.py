"""What an operator is to the cost model: a product or a stream, the sides that are cut into tiles, and its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Any

from symppa.errors import UnsupportedOpError
from symppa.kpu.interface.config import FACTORS
from symppa.kpu.interface.kinds import BITS, KPUPrecision, MemoryType
from symppa.kpu.interface.program import KPUOp, KPUProgram, KPUTensor
from symppa.kpu.shapes import along, window
from symppa.kpu.wiring import own_inputs

PRODUCT, STREAM = "product", "stream"
# Views of contiguous tensors, and what is known before a run: nothing is done.
FREE = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Constant", "Shape"})
MOVES = frozenset({"Transpose", "Concat", "Slice", "Split", "Gather", "Pad", "Resize"})
POOLS = frozenset({"MaxPool", "AveragePool"})
# Elementary operations of a lane for an element: a function of one number, a comparison and a rounding are one each.
WORK: Mapping[str, float] = MappingProxyType({
    "Relu": 1, "Relu6": 2, "Clip": 2, "HardTanh": 2, "Add": 1, "Sub": 1, "Mul": 1, "Div": 1, "Sigmoid": 3, "Tanh": 1,
    "SiLU": 4, "HardSwish": 5, "HardSigmoid": 4, "Gelu": 5, "Erf": 1, "Exp": 1, "Sqrt": 1, "BatchNormalization": 2,
    "LayerNormalization": 7, "Softmax": 4, "Cast": 1, "ReduceMean": 1, "ReduceSum": 1, "ReduceMax": 1,
    "GlobalAveragePool": 1, "MaxPool": 1, "AveragePool": 1, **dict.fromkeys(MOVES, 0),
})  # fmt: skip
REQUANTIZED = 1  # operations for a result that is scaled and rounded to whole numbers
SHARED = 8  # a broadcast operand of at most that part of L1 is brought once and held
SUM = 4.0  # bytes of a sum, int32 or fp32
NARROW = frozenset({"int8", "int4"})


@dataclass(frozen=True)
class Side:
    """A side that is cut: its letter in tile sizes, the part of the model, and its length."""

    letter: str
    part: str
    whole: int
    window: tuple[float, float, int, int] = (1, 0, 0, 0)  # step, halo, padding before and behind

    @property
    def values(self) -> dict[str, float]:
        """What the model has to know of it."""
        found: dict[str, float] = {f"{self.part}.whole": self.whole}
        if self.part in ("lines", "columns"):
            names = ("step", "halo", "before", "after")
            found |= {f"{self.part}.{name}": value for name, value in zip(names, self.window, strict=True)}
        return found


@dataclass(frozen=True)
class Loops:
    """An operator as one of the two models has it."""

    kind: str
    sides: tuple[Side, ...]
    told: tuple[tuple[str, float], ...]
    precision: KPUPrecision

    @property
    def values(self) -> dict[str, float]:
        """Every given of the model that the operator settles."""
        return {**dict(self.told), **{name: value for side in self.sides for name, value in side.values.items()}}


@dataclass(frozen=True)
class Reading:
    """An operator with its tensors at hand."""

    program: KPUProgram
    op: KPUOp

    @property
    def inputs(self) -> list[KPUTensor]:
        """What it reads itself."""
        return [self.program.tensors[name] for name in own_inputs(self.op)]

    @property
    def behind(self) -> list[KPUTensor]:
        """What its epilogue reads."""
        own = len(own_inputs(self.op))
        return [self.program.tensors[name] for name in self.op.input_ids[own:]]

    @property
    def out(self) -> KPUTensor:
        """The first result."""
        return self.program.tensors[self.op.output_ids[0]]

    @property
    def epilogue_work(self) -> float:
        """Operations for a result that are fused behind, rounding to whole numbers with them."""
        found = sum(WORK[one["op_type"]] for one in self.op.epilogue)
        return found + (REQUANTIZED if self.out.dtype in NARROW else 0)

    def precision(self, operands: Sequence[KPUTensor] = ()) -> KPUPrecision:
        """The slowest format among operands; what is in none of the arrays' formats is in that of the program."""
        known = {one.value: one for one in KPUPrecision}
        every = [known.get(one.dtype, self.program.precision) for one in operands]
        return min(every, key=FACTORS.__getitem__, default=self.program.precision)


def loops(program: KPUProgram, op: KPUOp) -> tuple[Loops, ...]:
    """The ways to run an operator, one of which is best; none where nothing is done."""
    if op.op_type in FREE:
        return ()
    if op.op_type not in WAYS:
        raise UnsupportedOpError([op.op_type])
    return WAYS[op.op_type](Reading(program, op))


def size(tensor: KPUTensor) -> float:
    """Bytes of an element."""
    return BITS[tensor.dtype] / 8


def outside(tensors: Sequence[KPUTensor]) -> float:
    """The share of tensors that is in memory, by their bytes."""
    whole = sum(one.size_bytes for one in tensors)
    out = sum(one.size_bytes for one in tensors if one.layout.memory_type is not MemoryType.SRAM_L2)
    return out / whole if whole else 1.0


def _made(kind: str, sides: Sequence[Side], precision: KPUPrecision, **told: float) -> Loops:
    return Loops(kind, tuple(sides), tuple(sorted(told.items())), precision)


def _product(r: Reading, sides: Sequence[Side], taps: int, left: KPUTensor, right: KPUTensor,
             added: Sequence[KPUTensor]) -> Loops:  # fmt: skip
    """A product: what is added is of each output, or read beside each result."""
    columns = prod(side.whole for side in sides if side.part in ("groups", "outputs"))
    results = prod(side.whole for side in sides if side.part != "channels")
    each = [one for one in added if one.elements <= columns]
    beside = [one for one in added if one.elements > columns]
    scales = SUM * columns if isinstance(right.scale, list) else 0.0
    return _made(
        PRODUCT, sides, r.precision([left, right]), taps=taps, left_element=size(left), right_element=size(right),
        out_element=size(r.out), sum_element=SUM, beside=float(sum(size(one) for one in beside)),
        per_output=(sum(one.size_bytes for one in each) + scales) / columns,
        work=r.epilogue_work * r.out.elements / results, left_outside=outside([left]), right_outside=outside([right]),
        beside_outside=outside(beside), out_outside=outside([r.out]),
    )  # fmt: skip


def windows(op: KPUOp, sizes: Sequence[int], results: Sequence[int], kernel: Sequence[int]) -> list[Any]:
    """Step, halo and padding of each axis; where windows leave elements out these are not brought."""
    strides, pads, dilations = window(op.attributes, kernel)
    found = []
    for k, (there, made, wide) in enumerate(zip(sizes, results, kernel, strict=True)):
        reach = dilations[k] * (wide - 1) + 1
        step = min(strides[k], reach)
        behind = max(0, (made - 1) * strides[k] + reach - pads[k] - there)
        skipped = step < strides[k]  # windows side by side: padding is not told apart
        found.append((step, reach - step, 0 if skipped else pads[k], 0 if skipped else behind))
    return found


def _conv(r: Reading) -> tuple[Loops, ...]:
    x, weight, *bias = r.inputs
    group = int(r.op.attributes.get("group", 1))
    if group == x.shape[1] and weight.shape[1] == 1 and group > 1:
        return (_depthwise(r, x, weight, bias), _convolved(r, x, weight, bias, group))
    return (_convolved(r, x, weight, bias, group),)


def _flat(r: Reading, kernel: Sequence[int]) -> tuple[int, int, tuple[Side, Side]]:
    """Images, planes that one of them sees, and lines and columns; a third axis counts as images."""
    there, made = r.inputs[0].shape[2:], r.out.shape[2:]
    found = windows(r.op, there, made, kernel)
    sizes = [1] * (2 - len(made)) + list(made)
    seen = [(1, 0, 0, 0)] * (2 - len(made)) + found
    lines, columns = (
        Side(letter, part, sizes[k], seen[k]) for k, letter, part in ((-2, "H", "lines"), (-1, "W", "columns"))
    )
    return prod(sizes[:-2]), prod(kernel[:-2]), (lines, columns)


def _convolved(r: Reading, x: KPUTensor, weight: KPUTensor, bias: list[KPUTensor], group: int) -> Loops:
    kernel = weight.shape[2:]
    images, planes, plane = _flat(r, kernel)
    sides = [
        Side("N", "images", x.shape[0] * images), *plane,
        Side("C", "outputs", weight.shape[0] // group), Side("K", "channels", weight.shape[1] * planes),
    ]  # fmt: skip
    sides = ([Side("G", "groups", group)] if group > 1 else []) + sides
    return _product(r, sides, prod(kernel[-2:]), x, weight, [*bias, *r.behind])


def _depthwise(r: Reading, x: KPUTensor, weight: KPUTensor, bias: list[KPUTensor]) -> Loops:
    """A filter to a channel, on the lanes."""
    images, planes, plane = _flat(r, weight.shape[2:])
    taps = prod(weight.shape[2:])
    units, count = r.out.shape[0] * r.out.shape[1] * images, r.out.shape[1]
    own = [weight, *bias, *(one for one in r.behind if one.elements <= count)]
    beside = [one for one in r.behind if one.elements > count]
    scales = SUM if isinstance(weight.scale, list) else 0.0
    return _made(
        STREAM, [Side("C", "units", units), *plane], r.precision(), read=size(x) * planes,
        beside=float(sum(map(size, beside))),
        per_unit=sum(one.size_bytes for one in own) / count + scales, written=size(r.out),
        work=taps + r.epilogue_work, read_outside=outside([x]), beside_outside=outside(beside),
        weights_outside=outside(own), out_outside=outside([r.out]),
    )  # fmt: skip


def _gemm(r: Reading) -> tuple[Loops, ...]:
    a, b, *added = r.inputs
    m, k = a.shape[::-1] if r.op.attributes.get("transA") else a.shape
    return (_multiplied(r, 1, m, r.out.shape[1], k, a, b, [*added, *r.behind]),)


def _matmul(r: Reading) -> tuple[Loops, ...]:
    a, b = r.inputs
    m, n, k = a.shape[-2], b.shape[-1], a.shape[-1]
    groups = prod(r.out.shape[:-2])
    if prod(b.shape[:-2]) == 1:
        groups, m = 1, m * groups
    return (_multiplied(r, groups, m, n, k, a, b, r.behind),)


def _multiplied(r: Reading, groups: int, m: int, n: int, k: int, a: KPUTensor, b: KPUTensor,
                added: list[KPUTensor]) -> Loops:  # fmt: skip
    sides = [Side("M", "lines", m), Side("N", "outputs", n), Side("K", "channels", k)]
    return _product(r, ([Side("G", "groups", groups)] if groups > 1 else []) + sides, 1, a, b, added)


def _elementwise(r: Reading) -> tuple[Loops, ...]:
    """Elements in a row; a small operand that is broadcast is held."""
    out = r.out
    room = r.program.target_config.memory.sram_l1_bytes / SHARED
    every = [*r.inputs, *r.behind]
    held = [one for one in every if one.elements < out.elements and one.size_bytes <= room]
    streamed = [one for one in every if one not in held]
    count = sum(one.dtype in NARROW for one in every) if out.dtype in NARROW else 0
    return (_made(
        STREAM, [Side("E", "columns", out.elements)], r.precision(),
        read=float(sum(map(size, streamed))), held=float(sum(map(_bytes, held))),
        written=size(out), work=WORK[r.op.op_type] + r.epilogue_work + (count if len(every) > 1 else 0),
        read_outside=outside(streamed), weights_outside=outside(held), out_outside=outside([out]),
    ),)  # fmt: skip


def _bytes(tensor: KPUTensor) -> int:
    return tensor.size_bytes


def _move(r: Reading) -> tuple[Loops, ...]:
    outs = [r.program.tensors[name] for name in r.op.output_ids]
    x = r.inputs[: 1 if r.op.op_type == "Gather" else None]
    read, elements = size(x[0]), sum(one.elements for one in outs)
    more = sum(one.size_bytes for one in r.inputs[len(x) :]) / elements
    behind = float(sum(size(one) for one in r.behind))
    common = {
        "read": read, "beside": more + behind, "work": r.epilogue_work if r.op.epilogue else 0.0,
        "read_outside": outside(x), "beside_outside": outside([*r.inputs[len(x) :], *r.behind]),
        "out_outside": outside(outs),
    }  # fmt: skip
    grown = elements // x[0].elements if r.op.op_type == "Resize" and elements % x[0].elements == 0 else 1
    if grown > 1:  # a position of the input becomes so many of the output
        common |= {"beside": behind * grown, "work": common["work"] * grown}
    sides = [Side("E", "columns", elements // grown)]
    return (_made(STREAM, sides, r.precision(), written=size(outs[0]) * grown, **common),)


def _pool(r: Reading) -> tuple[Loops, ...]:
    kernel = [int(one) for one in r.op.attributes["kernel_shape"]]
    images, planes, plane = _flat(r, kernel)
    x = r.inputs[0]
    return (_made(
        STREAM, [Side("C", "units", x.shape[0] * x.shape[1] * images), *plane], r.precision(),
        read=size(x) * planes,
        beside=float(sum(map(size, r.behind))), written=size(r.out),
        work=prod(kernel) * WORK[r.op.op_type] + (1 if r.op.op_type == "AveragePool" else 0)
        + sum(WORK[one["op_type"]] for one in r.op.epilogue),
        read_outside=outside([x]), beside_outside=outside(r.behind), out_outside=outside([r.out]),
    ),)  # fmt: skip


def _reduced(r: Reading) -> tuple[Loops, ...]:
    """Elements that are summed up, unit by unit."""
    x, out = r.inputs[0], r.out
    return (_made(
        STREAM, [Side("C", "units", out.elements), Side("E", "columns", x.elements // out.elements)], r.precision(),
        read=size(x),
        written=0.0, per_unit=sum(one.size_bytes for one in r.behind) / out.elements, summary=size(out),
        sum_element=SUM, work=WORK[r.op.op_type], read_outside=outside([x]), weights_outside=outside(r.behind),
        out_outside=outside([out]),
    ),)  # fmt: skip


def _rows(r: Reading) -> tuple[Loops, ...]:
    """Whole rows: a softmax along an axis, a norm of the last ones."""
    x, out = r.inputs[0], r.out
    axis = along(int(r.op.attributes.get("axis", -1)), len(x.shape))
    norm = r.op.op_type == "LayerNormalization"
    row = prod(x.shape[axis:]) if norm else x.shape[axis]
    inner = 1 if norm else prod(x.shape[axis + 1 :])
    held = [*r.inputs[1:], *(one for one in r.behind if one.elements < out.elements)]
    beside = [one for one in r.behind if one.elements >= out.elements]
    return (_made(
        STREAM, [Side("R", "units", prod(x.shape[:axis])), Side("E", "columns", inner)], r.precision(),
        read=size(x) * row,
        beside=row * float(sum(map(size, beside))), held=float(sum(map(_bytes, held))), written=size(out) * row,
        work=row * (WORK[r.op.op_type] + r.epilogue_work), read_outside=outside([x]), beside_outside=outside(beside),
        weights_outside=outside(held), out_outside=outside([out]),
    ),)  # fmt: skip


Way = Callable[[Reading], tuple[Loops, ...]]
POINTS = ("Relu", "Relu6", "Clip", "HardTanh", "Add", "Sub", "Mul", "Div", "Sigmoid", "Tanh", "SiLU", "HardSwish",
          "HardSigmoid", "Gelu", "Erf", "Exp", "Sqrt", "BatchNormalization", "Cast")  # fmt: skip
WAYS: Mapping[str, Way] = MappingProxyType({
    "Conv": _conv, "Gemm": _gemm, "MatMul": _matmul, "Softmax": _rows, "LayerNormalization": _rows,
    **dict.fromkeys(POINTS, _elementwise), **dict.fromkeys(MOVES, _move), **dict.fromkeys(POOLS, _pool),
    **dict.fromkeys(("GlobalAveragePool", "ReduceMean", "ReduceSum", "ReduceMax"), _reduced),
})  # fmt: skip
