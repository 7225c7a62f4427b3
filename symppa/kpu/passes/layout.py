"""Layout: whether images lie channel by channel (NCHW) or pixel by pixel (NHWC), and transforms where that changes.

Shapes stay those of NCHW; `tensor.layout.format` tells the order in memory. Images that meet in an operator which
works in any order (convolutions, pools, joins, moves along axes) form a group, and a group has one format: within it
nothing is transformed. Outside is NCHW: inputs and outputs, and operators that count on the order of elements
(Reshape, Flatten, Transpose, MatMul, ...). An image of one channel or one pixel is the same in both.

The arrays take a tile in either order; it is the memory outside that cares, which moves whole lines. A tile has as
many channels, then rows, as a quarter of L1 holds; what it needs lies in runs, and the end of a run leaves part of a
line unused. Large maps waste little in NCHW, deep and small ones little in NHWC. A group takes the format in which its
operators and the transforms at its borders move fewer lines, NCHW where they are as many. Weights follow their
operator; they are stored in its order beforehand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil

from symppa.errors import CompilationError, suggest
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.program import KPUOp, KPUProgram, KPUTensor
from symppa.kpu.passes.fuse import JOINS, POINTWISE, POOLS
from symppa.kpu.wiring import Wiring, own_inputs, rewired

NCHW, NHWC = FORMATS = ("NCHW", "NHWC")
IMAGE = POOLS | {"Conv", "Resize", "BatchNormalization"}
ANY_ORDER = IMAGE | JOINS | POINTWISE | {"Concat", "Split", "Slice", "Pad", "Softmax", "Cast", "Identity"}
SHARE = 4  # of L1: a tile of inputs beside outputs, weights, and the next one
FULL = 4  # axes of an image with its batch


def layout(program: KPUProgram, wanted: str | None = None) -> KPUProgram:
    """The program with a format for every image; the one that is wanted, or that which moves fewer lines."""
    if wanted is not None and wanted not in FORMATS:
        raise CompilationError(f"there is no layout {wanted!r}{suggest(wanted, FORMATS)}")
    groups = Groups(program)
    lines = {form: {root: groups.lines(root, form) for root in groups.images} for form in FORMATS}
    chosen = {root: wanted or _fewer(lines[NCHW][root], lines[NHWC][root]) for root in groups.images}
    return _transformed(groups, chosen, lines)


def _fewer(nchw: int, nhwc: int) -> str:
    return NHWC if nhwc < nchw else NCHW


def line_bytes(shape: tuple[int, ...], form: str, bits: int, config: KPUConfig) -> int:
    """Bytes of the lines that one pass over an image touches, tile by tile."""
    batch, channels, height, width = shape
    memory = config.memory
    room = 8 * memory.sram_l1_bytes // SHARE // bits
    deep = min(channels, max(1, room // width))
    high = min(height, max(1, room // (deep * width)))

    def lines(whole: int, part: int, each: int) -> int:
        """Lines of a row of things that is taken in parts."""
        sizes = [part] * (whole // part) + [whole % part] * (whole % part > 0)
        return sum(ceil(size * each * bits / 8 / memory.cache_line_bytes) for size in sizes)

    if form == NCHW:
        found = lines(channels, deep, height * width) if high == height else channels * lines(height, high, width)
    elif deep == channels:
        found = lines(height, high, width * channels)
    else:
        found = height * width * lines(channels, deep, 1)
    return batch * found * memory.cache_line_bytes


@dataclass(frozen=True)
class Groups:
    """The images of a program by the groups that have one format."""

    program: KPUProgram

    @cached_property
    def root(self) -> Mapping[str, str]:
        """The image that stands for the group of each image."""
        found = {
            name: name for name, one in self.program.tensors.items() if len(one.shape) == FULL and not one.is_weight
        }

        def top(name: str) -> str:
            while found[name] != name:
                name = found[name]
            return name

        for op in self.program.ops:
            if op.op_type in ANY_ORDER:
                first, *others = [name for name in (*op.output_ids, *op.input_ids) if name in found] or [""]
                for name in others:
                    found[top(name)] = top(first)
        return {name: top(name) for name in found}

    @cached_property
    def images(self) -> list[str]:
        """What stands for the groups that have images in them: more than a tensor of four axes."""
        touched = (
            self.root[name]
            for op in self.program.ops
            if op.op_type in IMAGE
            for name in (*op.input_ids, *op.output_ids)
            if name in self.root
        )
        return list(dict.fromkeys(touched))

    @cached_property
    def crossings(self) -> Mapping[str, tuple[bool, bool]]:
        """Images that come into their group from outside, and those that leave it, where the order matters."""
        program, found = self.program, {}
        wiring = Wiring(program)
        for name in self.root:
            tensor, writer = program.tensors[name], wiring.writer.get(name)
            if tensor.shape[1] == 1 or tensor.shape[2] * tensor.shape[3] == 1:
                found[name] = (False, False)
                continue
            outside = any(op.op_type not in ANY_ORDER for op in wiring.readers[name])
            comes = writer is None or writer.op_type not in ANY_ORDER
            inside = any(op.op_type in ANY_ORDER for op in wiring.readers[name])
            found[name] = (comes and inside, not comes and (outside or name in wiring.outputs))
        return found

    def lines(self, root: str, form: str) -> int:
        """Bytes of the lines that the operators of a group move, and the transforms at its borders."""
        program, bits, total = self.program, self.program.precision.bits, 0
        for op in program.ops:
            if op.op_type in ANY_ORDER:
                for name in (*op.input_ids, *op.output_ids):
                    if self.root.get(name) == root:
                        total += line_bytes(program.tensors[name].shape, form, bits, program.target_config)
        if form == NHWC:
            for name, (comes, leaves) in self.crossings.items():
                if self.root[name] == root:
                    shape, config = program.tensors[name].shape, program.target_config
                    total += (comes + leaves) * sum(line_bytes(shape, one, bits, config) for one in FORMATS)
        return total


def _transformed(groups: Groups, chosen: Mapping[str, str], lines: Mapping[str, Mapping[str, int]]) -> KPUProgram:
    """The program with formats told and transforms at the borders of groups that are not as it is outside."""
    program, inner = groups.program, {}
    turned = [name for name, root in groups.root.items() if chosen.get(root) == NHWC]
    tensors = {name: formatted(program.tensors[name], NHWC) for name in turned}
    for name in turned:
        if any(groups.crossings[name]):
            inner[name] = f"{name}.{NHWC.lower()}"
            tensors[inner[name]] = formatted(program.tensors[name], NHWC, inner[name])
            tensors[name] = program.tensors[name]
    ops = list[KPUOp]()
    for name in (name for name in program.input_ids if name in inner):
        ops.append(_transform(name, inner[name], FORMATS))
    for op in program.ops:
        within = op.op_type in ANY_ORDER
        ops.append(_inside(op, inner) if within else op)
        for name in op.output_ids:
            if name in inner:
                pair = (inner[name], name) if within else (name, inner[name])
                ops.append(_transform(*pair, FORMATS[::-1] if within else FORMATS))
    weights = _weights(program, tensors)
    moved = [op for op in ops if "formats" in op.attributes]
    facts = {
        "formats": dict(Counter(chosen[groups.root[name]] for name in groups.root if groups.root[name] in chosen)),
        "transforms": len(moved),
        "transform_bytes": sum(program.tensors[name].elements for name in inner) * program.precision.bits // 8,
        "line_bytes": {form: sum(lines[form].values()) for form in FORMATS},
    }
    return rewired(program, ops, tensors={**tensors, **weights}, facts={"layout": facts})


def formatted(tensor: KPUTensor, form: str, name: str | None = None) -> KPUTensor:
    """A tensor in another format, under another name if one is told: then it neither comes in nor goes out."""
    changed = replace(tensor, layout=replace(tensor.layout, format=form))
    return changed if name is None else replace(changed, id=name, name=name, is_input=False, is_output=False)


def _transform(read: str, written: str, formats: tuple[str, ...]) -> KPUOp:
    """An operator that moves an image into another format; its axes stay what they are."""
    name = f"{written}.transform"
    return KPUOp(name, "Transpose", [read], [written], {"perm": [0, 1, 2, 3], "formats": list(formats)})


def _inside(op: KPUOp, inner: Mapping[str, str]) -> KPUOp:
    """An operator of a group that reads and writes in its format."""
    if inner.keys().isdisjoint((*op.input_ids, *op.output_ids)):
        return op
    epilogue = [{**one, "inputs": [inner.get(name, name) for name in one["inputs"]]} for one in op.epilogue]
    return replace(
        op,
        input_ids=[inner.get(name, name) for name in op.input_ids],
        output_ids=[inner.get(name, name) for name in op.output_ids],
        attributes={**op.attributes, "epilogue": epilogue} if epilogue else op.attributes,
    )


def _weights(program: KPUProgram, images: Mapping[str, KPUTensor]) -> dict[str, KPUTensor]:
    """The weights of convolutions on images that lie pixel by pixel, stored likewise."""
    wiring, found = Wiring(program), {}
    for name in program.constants:
        readers = wiring.readers[name]
        alike = [
            op.op_type == "Conv" and own_inputs(op)[1] == name and op.output_ids[0] in images
            for op in readers
        ]  # fmt: skip
        if alike and all(alike) and len(program.tensors[name].shape) == FULL:
            found[name] = formatted(program.tensors[name], NHWC)
    return found
