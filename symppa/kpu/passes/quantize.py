"""Quantization: the format of every tensor, numbers of weights in it, and scales where ranges are known.

Which operators take how many bits (`int8`, `int4` and `posit8` programs):
- Conv, Gemm and MatMul multiply narrow numbers on the arrays and add them up in 32 bits. Weights are of 8 bits (`int4`:
  4, two of them in the place of one), symmetric, with a scale for each output channel; activations are of 8 bits,
  affine, with one scale each.
- Everything behind an array in its epilogue works on the sum, in 32 bits, before the one rounding to what is written;
  so Gelu, SiLU, additions of biases and of residuals lose nothing when they are fused.
- Softmax, LayerNormalization, Div and curves that stand alone (Gelu, SiLU, Tanh, ...) are of the vector lanes: they
  read and write 16 bits (fp16) and compute in 32. Powers and variances of 8 bits would not do.
- Pools, additions, products and bounds take what is there: 8 bits where an array reads the result or what they read.
- What leaves the program is of 16 bits.
A tensor is narrow if an array reads it, else wide if a wide operator reads it, or if what is made of it in the lanes
is wide. What only moves (Concat, Split, Reshape, ..., MaxPool) has one format and one scale with what it moves.

Vectors that lanes work with (biases, scales of norms) stay fp32, or become int32 beside sums of known scale; larger
constants of the lanes take fp16. `fp16`, `bf16` and `posit16` programs have one format throughout.

Ranges come from calibration; without them scales of activations are None, and the facts say so. What `Keeping` names
multiplies in 16 bits, whatever the precision, and so does what shares an operand with it: a tensor has one format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from symppa.errors import QuantizationError
from symppa.kpu.interface.kinds import KPUPrecision
from symppa.kpu.interface.program import Array, KPUOp, KPUProgram, KPUTensor
from symppa.kpu.numbers import bf16
from symppa.kpu.passes.fuse import ARRAY, channel_axis
from symppa.kpu.posit import encoded
from symppa.kpu.wiring import own_inputs

Ranges = Mapping[str, tuple[float, float]]
WIDE = "fp16"
WIDE_OPS = frozenset({
    "Softmax", "LayerNormalization", "Div", "Gelu", "SiLU", "Sigmoid", "Tanh", "Erf", "HardSwish", "HardSigmoid",
})  # fmt: skip
MOVES = frozenset({
    "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Transpose", "Concat", "Split", "Slice", "Gather", "Pad",
    "Resize", "MaxPool",
})  # fmt: skip
LARGEST = 65504.0  # of fp16
ROOM = 1 << 30  # of a bias among sums of 32 bits, which take the rest
BLOCK = 1 << 18  # numbers that are rounded at a time, to stay in the cache


@dataclass(frozen=True)
class Widths:
    """Formats of a precision: of what arrays read, of weights, of what lanes read."""

    narrow: str
    weights: str
    wide: str
    levels: int = 0  # of a weight of whole numbers, either side of 0


WIDTHS = {
    KPUPrecision.INT8: Widths("int8", "int8", WIDE, 127),
    KPUPrecision.INT4: Widths("int8", "int4", WIDE, 7),
    KPUPrecision.POSIT8: Widths("posit8", "posit8", WIDE),
    **{one: Widths(*[one.value] * 3) for one in (KPUPrecision.FP16, KPUPrecision.BF16, KPUPrecision.POSIT16)},
}


@dataclass(frozen=True)
class Keeping:
    """What is done to weights: a scale to each channel or one, and the operators whose products are of 16 bits."""

    per_channel: bool = True
    wide: frozenset[str] = frozenset()


def quantize(program: KPUProgram, ranges: Ranges | None = None, keeping: Keeping = Keeping()) -> KPUProgram:
    """The program in its precision; `ranges` are the least and the largest value of activations by name."""
    roles = Roles(program, replace(keeping, wide=with_sharing(program, keeping.wide)))
    tensors = dict(program.tensors)
    for name, tensor in program.tensors.items():
        if not tensor.is_weight and tensor.dtype == "fp32":
            tensors[name] = replace(tensor, dtype=roles.formats[name])
    if ranges is not None:
        tensors.update(_scaled(roles, tensors, ranges))
    constants = dict(program.constants)
    for name, numbers in program.constants.items():
        if tensors[name].dtype == "fp32":
            tensors[name], constants[name] = _constant(roles, tensors, name, numbers)
    _biases(program, tensors, constants)
    facts = _facts(roles, tensors, ranges is not None)
    return replace(program, tensors=tensors, constants=constants, facts={**program.facts, "quantization": facts})


def with_sharing(program: KPUProgram, names: frozenset[str]) -> frozenset[str]:
    """Operators of arrays with all that read an operand of theirs on arrays too, and so on."""
    if not names:
        return names
    return frozenset(name for unit in units(program) if not names.isdisjoint(unit) for name in unit)


def units(program: KPUProgram) -> list[tuple[str, ...]]:
    """Operators of the arrays, those together whose operands have one format, in the order of the program."""
    group = Roles(program).group
    found: list[tuple[list[str], set[str]]] = []
    for op in program.ops:
        operands = {group[name] for name in array_operands(op)}
        if not operands:
            continue
        alike = [one for one in found if not operands.isdisjoint(one[1])]
        found = [one for one in found if one not in alike]
        found.append(([*(name for one in alike for name in one[0]), op.id], operands.union(*(one[1] for one in alike))))
    return [tuple(names) for names, _ in found]


def array_operands(op: KPUOp) -> list[str]:
    """The tensors that an operator multiplies on the arrays."""
    return own_inputs(op)[:2] if op.op_type in ARRAY else []


@dataclass(frozen=True)
class Roles:
    """What the tensors of a program are read for."""

    program: KPUProgram
    keeping: Keeping = Keeping()

    @property
    def widths(self) -> Widths:
        """The formats of the precision."""
        return WIDTHS[self.program.precision]

    @cached_property
    def group(self) -> Mapping[str, str]:
        """The tensor that stands for all that are moved into one another."""
        found = {name: name for name in self.program.tensors}

        def top(name: str) -> str:
            while found[name] != name:
                name = found[name]
            return name

        for op in self.program.ops:
            if op.op_type in MOVES:
                read = op.input_ids[:1] if op.op_type != "Concat" else own_inputs(op)
                written = op.output_ids if not op.epilogue else []
                for name in (*read[1:], *written):
                    if self.program.tensors[read[0]].dtype == self.program.tensors[name].dtype == "fp32":
                        found[top(name)] = top(read[0])
        return {name: top(name) for name in found}

    @cached_property
    def formats(self) -> dict[str, str]:
        """The format of each activation."""
        group, widths = self.group, self.widths
        kept = self.keeping.wide
        narrow = {group[name] for op in self.program.ops if op.id not in kept for name in array_operands(op)}
        wide = {group[name] for name in self.program.output_ids}
        wide |= {group[name] for op in self.program.ops if op.id in kept for name in array_operands(op)}
        wide |= {group[op.input_ids[0]] for op in self.program.ops if op.op_type in WIDE_OPS}
        wide |= {group[name] for op in self.program.ops if op.op_type in WIDE_OPS for name in op.output_ids}
        known = -1
        while known != len(wide):  # what lanes make something wide of is wide
            known = len(wide)
            for op in reversed(self.program.ops):
                if group[op.output_ids[0]] in wide - narrow and op.op_type not in MOVES:
                    lanes = op.input_ids[len(array_operands(op)) :]
                    wide.update(group[name] for name in lanes if not self.program.tensors[name].is_weight)
        return {
            name: widths.wide if group[name] in wide - narrow else widths.narrow
            for name in self.program.tensors
        }  # fmt: skip

    @cached_property
    def wide_weights(self) -> frozenset[str]:
        """Weights that are multiplied in 16 bits although others are not."""
        kept = self.keeping.wide
        return frozenset(name for op in self.program.ops if op.id in kept for name in array_operands(op))

    @cached_property
    def moved(self) -> frozenset[str]:
        """Constants that are moved among activations, and have their format."""
        read = (name for op in self.program.ops if op.op_type in MOVES for name in own_inputs(op))
        known = self.program.constants.keys() & set(read)
        return frozenset(name for name in known if self.program.tensors[name].dtype == "fp32")

    @cached_property
    def weights(self) -> Mapping[str, int | None]:
        """Constants that only arrays multiply with, and the axis of their output channels where there is one."""
        found: dict[str, set[int | None]] = {}
        other: set[str] = set()
        for op in self.program.ops:
            operands = array_operands(op)
            for place, name in enumerate(op.input_ids):
                if name in self.program.constants and place < len(operands):
                    found.setdefault(name, set()).add(self._axis(op, place, name))
                else:
                    other.add(name)
        return {name: next(iter(axes)) if len(axes) == 1 else None for name, axes in found.items() if name not in other}

    def _axis(self, op: KPUOp, place: int, name: str) -> int | None:
        if not self.keeping.per_channel:
            return None
        rank = len(self.program.tensors[name].shape)
        if op.op_type == "MatMul":
            return place if rank == 2 else None
        if place == 0:
            return None
        return channel_axis(op)


def _constant(roles: Roles, tensors: Mapping[str, KPUTensor], name: str, numbers: Array) -> tuple[KPUTensor, Array]:
    """A constant in its format."""
    tensor, widths = tensors[name], roles.widths
    if not np.isfinite(numbers).all():
        raise QuantizationError(f"{tensor.name} has {int((~np.isfinite(numbers)).sum())} values that are not finite")
    if name in roles.weights and name in roles.wide_weights:
        return replace(tensor, dtype=widths.wide), cast(numbers, widths.wide, tensor.name)
    if name in roles.weights:
        if widths.levels:
            return symmetric(replace(tensor, dtype=widths.weights), numbers, widths.levels, roles.weights[name])
        return replace(tensor, dtype=widths.weights), cast(numbers, widths.weights, tensor.name)
    if name in roles.moved:
        return _among_activations(replace(tensor, dtype=roles.formats[name]), numbers)
    if sum(size > 1 for size in tensor.shape) <= 1:
        return tensor, numbers
    wide = widths.wide if widths.wide != WIDE or np.abs(numbers).max(initial=0) <= LARGEST else "fp32"
    return replace(tensor, dtype=wide), cast(numbers, wide, tensor.name)


def _among_activations(tensor: KPUTensor, numbers: Array) -> tuple[KPUTensor, Array]:
    """A constant that is moved among activations; whole numbers wait for the scale of those."""
    if tensor.dtype != "int8":
        return tensor, cast(numbers, tensor.dtype, tensor.name)
    if tensor.scale is None:
        return replace(tensor, dtype="fp32"), numbers
    whole = np.rint(numbers / np.asarray(tensor.scale, np.float64)) + np.asarray(tensor.zero_point)
    return tensor, np.clip(whole, -128, 127).astype(np.int8)


def symmetric(tensor: KPUTensor, numbers: Array, levels: int, axis: int | None) -> tuple[KPUTensor, Array]:
    """Whole numbers around 0 with a scale for each place along an axis, or with one; a channel of zeros has scale 1."""
    others = tuple(at for at in range(numbers.ndim) if at != axis)
    largest = np.maximum(numbers.max(axis=others, initial=0), -numbers.min(axis=others, initial=0))
    scale = np.where(largest > 0, largest / np.float32(levels), np.float32(1)).astype(np.float32)
    shape = [-1 if at == axis else 1 for at in range(numbers.ndim)]
    found = np.empty(numbers.shape, np.int8)
    factor = (1 / scale.astype(np.float64)).astype(np.float32)
    _rounded(numbers, factor.reshape(shape) if axis is not None else factor, levels, found)
    told = [float(one) for one in scale] if axis is not None else float(scale)
    zero = [0] * len(told) if isinstance(told, list) else 0
    return replace(tensor, scale=told, zero_point=zero, channel_axis=axis), found


def _rounded(numbers: Array, factor: Array, levels: int, found: Array) -> None:
    """Products rounded half to even, into another array, some rows at a time."""
    if not numbers.ndim:
        found[...] = np.clip(np.rint(numbers * factor), -levels, levels)
        return
    rows = max(1, BLOCK * len(numbers) // max(numbers.size, 1))
    for start in range(0, len(numbers), rows):
        part = slice(start, start + rows)
        block = numbers[part] * (factor[part] if factor.ndim and factor.shape[0] > 1 else factor)
        np.rint(block, out=block)
        np.clip(block, -levels, levels, out=block)
        found[part] = block


def cast(numbers: Array, dtype: str, name: str) -> Array:
    """Numbers in another format: bf16 as float32 that have no more bits, posits as their patterns."""
    if dtype == "fp16":
        if np.abs(numbers).max(initial=0) > LARGEST:
            raise QuantizationError(f"{name} has values up to {np.abs(numbers).max():.4g}; fp16 ends at {LARGEST:g}")
        return numbers.astype(np.float16)
    if dtype == "bf16":
        return bf16(numbers)
    return encoded(numbers, KPUPrecision(dtype).bits) if dtype.startswith("posit") else numbers


def _scaled(roles: Roles, tensors: Mapping[str, KPUTensor], ranges: Ranges) -> dict[str, KPUTensor]:
    """Activations of whole numbers with scale and zero point, one of each to a group."""
    spans: dict[str, tuple[float, float]] = {}
    known = {name: (numbers.min(initial=0), numbers.max(initial=0)) for name, numbers in _moved(roles)}
    for name, (low, high) in (*ranges.items(), *known.items()):
        if not np.isfinite([low, high]).all():
            raise QuantizationError(f"{name} has values that are not finite: {low:g} to {high:g}")
        before = spans.get(roles.group[name], (0.0, 0.0))
        spans[roles.group[name]] = (min(before[0], low), max(before[1], high))
    found = {}
    for name, tensor in tensors.items():
        if tensor.dtype == "int8" or (name in roles.moved and roles.formats[name] == "int8"):
            if roles.group[name] not in spans:
                raise QuantizationError(f"there is no range of {name!r} to take its scale from")
            scale, zero = affine_scale(*spans[roles.group[name]])
            found[name] = replace(tensor, scale=scale, zero_point=zero)
    return found


def _moved(roles: Roles) -> Iterator[tuple[str, Array]]:
    """Constants among whole numbers, by name."""
    for name in roles.moved:
        if roles.formats[name] == "int8" and roles.program.tensors[name].dtype == "fp32":
            yield name, roles.program.constants[name]


def affine_scale(low: float, high: float) -> tuple[float, int]:
    """Scale and zero point of 8 bits that reach from low to high, with 0 among them.

    >>> affine_scale(0.0, 25.5)
    (0.1, -128)
    """
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    return scale, int(np.clip(round(-128 - low / scale), -128, 127))


def _biases(program: KPUProgram, tensors: dict[str, KPUTensor], constants: dict[str, Array]) -> None:
    """Biases beside sums of known scale as int32, in that scale; only where nobody else reads them."""
    readers = [name for op in program.ops for name in op.input_ids]
    for op in program.ops:
        own = own_inputs(op)
        if op.op_type not in ("Conv", "Gemm") or len(own) < 3 or readers.count(own[2]) != 1:
            continue
        x, weight, bias = (tensors[name] for name in own[:3])
        if own[2] not in constants or x.scale is None or weight.scale is None or len(bias.shape) != 1:
            continue
        if (op.attributes.get("alpha", 1.0), op.attributes.get("beta", 1.0)) != (1.0, 1.0):
            continue  # what is added then is not of the scale of the sum
        scale = np.asarray(x.scale) * np.asarray(weight.scale)
        if scale.size not in (1, bias.elements):
            continue
        scale = np.broadcast_to(scale, bias.shape)
        whole = np.rint(constants[own[2]] / scale)
        if np.abs(whole).max(initial=0) > ROOM:
            continue  # beside sums as small as these it stays what it is
        told = [float(one) for one in scale]
        tensors[own[2]] = replace(bias, dtype="int32", scale=told, zero_point=[0] * len(told), channel_axis=0)
        constants[own[2]] = whole.astype(np.int32)


def _facts(roles: Roles, tensors: Mapping[str, KPUTensor], calibrated: bool) -> dict[str, Any]:
    activations = [one for one in tensors.values() if not one.is_weight]
    whole = any(one.dtype == "int8" for one in activations)
    return {
        "activations": "calibrated" if calibrated else "not calibrated" if whole else "without scales",
        "narrow": sum(one.dtype == roles.widths.narrow for one in activations),
        "wide": sum(one.dtype == roles.widths.wide != roles.widths.narrow for one in activations),
        "weights": len(roles.weights),
        "per_channel": sum(axis is not None for axis in roles.weights.values()) if roles.widths.levels else 0,
        "kept": sorted(roles.keeping.wide),
    }
