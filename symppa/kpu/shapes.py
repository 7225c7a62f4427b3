"""Shapes of what operators give: one table, which lowering asks and `verify` checks against.

Attributes are named as in ONNX. Beside it: Clip and HardTanh have `min` and `max`, Slice has `starts`, `ends`, `axes`
and `steps`, Split has `split`, Reshape has `shape`, Pad has `pads` and `value`, Resize has `sizes` or `scales`, all as
attributes; Cast has `to`, the name of a format; Constant has `value` and `dtype`. Channels are the second axis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from symppa.errors import CompilationError
from symppa.kpu.interface.program import KPUOp, KPUProgram, KPUTensor

Shape = tuple[int, ...]
Told = Mapping[str, Any]


class Row(NamedTuple):
    """How many tensors an operator reads, least and most, and the shapes that it writes."""

    least: int
    most: int
    rule: Callable[[Sequence[Shape], Told], list[Shape]]


def inferred(op_type: str, shapes: Sequence[Shape], attributes: Told) -> list[Shape]:
    """The shapes that an operator writes; what does not fit together is refused.

    >>> inferred("Conv", [(1, 3, 224, 224), (64, 3, 7, 7)], {"strides": [2, 2], "pads": [3, 3, 3, 3]})
    [(1, 64, 112, 112)]
    """
    if op_type not in SHAPES:
        raise CompilationError(f"there is no operator {op_type!r}")
    row = SHAPES[op_type]
    if not row.least <= len(shapes) <= row.most:
        span = str(row.least) if row.least == row.most else f"{row.least} to {row.most}"
        raise CompilationError(f"{op_type} reads {span} tensors, not {len(shapes)}")
    try:
        return row.rule([tuple(shape) for shape in shapes], attributes)
    except KeyError as error:
        raise CompilationError(f"{op_type} has no attribute {error.args[0]!r}") from None
    except CompilationError as error:
        raise CompilationError(f"{op_type} of {', '.join(map(str, shapes)) or 'nothing'}: {error.message}") from None


def outputs(op: KPUOp, tensors: Mapping[str, KPUTensor]) -> list[Shape]:
    """The shapes that an operator of a program writes, with what is fused behind it."""
    behind = sum(len(one.get("inputs", ())) for one in op.epilogue)
    own = op.input_ids[: len(op.input_ids) - behind]
    found = inferred(op.op_type, [tensors[name].shape for name in own], op.attributes)
    for one in op.epilogue:
        others = [tensors[name].shape for name in one.get("inputs", ())]
        found = inferred(one["op_type"], [found[0], *others], one.get("attributes", {}))
    return found


def mistakes(program: KPUProgram) -> list[str]:
    """Operators whose outputs are not shaped as they should be, a sentence each."""
    found = []
    for op in program.ops:
        try:
            due = outputs(op, program.tensors)
        except CompilationError as error:
            found.append(f"Op {op.id}: {error.message}")
            continue
        there = [tuple(program.tensors[name].shape) for name in op.output_ids]
        if there != due:
            found.append(f"Op {op.id} ({op.op_type}) writes {there}; {due} follow from what it reads")
    return found


def dtype_of(op_type: str, dtypes: Sequence[str], attributes: Told) -> str:
    """The format that an operator writes before anything is quantized."""
    if op_type == "Shape":
        return "int64"
    if op_type in ("Cast", "Constant"):
        return str(attributes["to" if op_type == "Cast" else "dtype"])
    return dtypes[0]


def _need(condition: bool, message: str) -> None:
    if not condition:
        raise CompilationError(message)


def along(axis: int, rank: int) -> int:
    """An axis counted from the front; one that is not there is refused."""
    _need(-rank <= axis < max(rank, 1), f"there is no axis {axis} among {rank}")
    return axis % max(rank, 1)


def broadcast(*shapes: Shape) -> Shape:
    """The shape of what combines tensors element by element."""
    try:
        return tuple(int(size) for size in np.broadcast_shapes(*shapes))
    except ValueError:
        raise CompilationError(f"{' and '.join(map(str, shapes))} do not broadcast") from None


def _same(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    return [shapes[0]]


def _pairwise(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    return [broadcast(*shapes)]


def window(told: Told, kernel: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    """Strides, pads and dilations of a window, those that are not told with what holds then."""
    n = len(kernel)
    found = [list(told.get("strides") or [1] * n), list(told.get("pads") or [0] * 2 * n),
             list(told.get("dilations") or [1] * n)]  # fmt: skip
    _need([len(one) for one in found] == [n, 2 * n, n], f"strides, pads and dilations {found} are not of {n} axes")
    _need(min((*kernel, *found[0], *found[2])) > 0, "kernel, strides and dilations have to be at least 1")
    _need(min(found[1]) >= 0, f"pads {found[1]} must not be below 0")
    return found[0], found[1], found[2]


def _slid(spatial: Shape, kernel: Sequence[int], told: Told) -> Shape:
    """The sizes of what a window gives that slides over some axes; the last one has to begin inside."""
    strides, pads, dilations = window(told, kernel)
    _need(len(spatial) == len(kernel), f"a window of {len(kernel)} axes does not slide over {len(spatial)}")
    found = []
    for k, (size, wide, stride, dilation) in enumerate(zip(spatial, kernel, strides, dilations, strict=True)):
        room = size + pads[k] + pads[k + len(kernel)] - dilation * (wide - 1) - 1
        _need(room >= 0, f"a window of {dilation * (wide - 1) + 1} does not fit in {size} and its pads")
        count = room // stride + 1
        if told.get("ceil_mode"):
            count = -(-room // stride) + 1
            count -= (count - 1) * stride >= size + pads[k]
        found.append(count)
    return tuple(found)


def _conv(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    x, weight, group = shapes[0], shapes[1], int(told.get("group", 1))
    _need(len(x) >= 3 and len(weight) == len(x), "input and weights need as many axes, at least 3")
    _need(group >= 1 and weight[0] % group == 0, f"{weight[0]} outputs are not divided by {group} groups")
    _need(x[1] == weight[1] * group, f"{x[1]} channels meet weights for {weight[1] * group}")
    kernel = tuple(told.get("kernel_shape") or weight[2:])
    _need(kernel == weight[2:], f"kernel_shape {list(kernel)} is not that of the weights")
    _need(len(shapes) < 3 or shapes[2] == weight[:1], f"a bias of {weight[:1]} is due")
    return [(x[0], weight[0], *_slid(x[2:], kernel, told))]


def _pool(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    x, kernel = shapes[0], list(told["kernel_shape"])
    _need(len(x) >= 3, "batch, channels and at least one axis are due")
    _, pads, _ = window(told, kernel)
    n = len(kernel)
    _need(
        all(max(pads[k], pads[k + n]) < max(kernel[k], 2) for k in range(n)), f"pads {pads} are as wide as the window"
    )
    return [(*x[:2], *_slid(x[2:], kernel, told))]


def _global_pool(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    _need(len(shapes[0]) >= 3, "batch, channels and at least one axis are due")
    return [(*shapes[0][:2], *[1] * (len(shapes[0]) - 2))]


def _gemm(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    _need(len(shapes[0]) == len(shapes[1]) == 2, "two matrices are due")
    (m, k), (other, n) = (
        shape[::-1] if told.get(name) else shape for shape, name in zip(shapes[:2], ("transA", "transB"), strict=True)
    )
    _need(k == other, f"{k} columns meet {other} rows")
    _need(len(shapes) < 3 or broadcast((m, n), shapes[2]) == (m, n), f"what is added does not broadcast to {(m, n)}")
    return [(m, n)]


def _matmul(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    a, b = shapes
    _need(min(len(a), len(b)) >= 2, "matrices are due; Unsqueeze makes one of a vector")
    _need(a[-1] == b[-2], f"{a[-1]} columns meet {b[-2]} rows")
    return [(*broadcast(a[:-2], b[:-2]), a[-2], b[-1])]


def _batch_norm(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    x = shapes[0]
    _need(len(x) >= 2, "batch and channels are due")
    _need(all(one == (x[1],) for one in shapes[1:]), f"scale, bias, mean and variance of {x[1]} channels are due")
    return [x]


def _layer_norm(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    x = shapes[0]
    inner = x[along(told.get("axis", -1), len(x)) :]
    _need(all(broadcast(inner, one) == inner for one in shapes[1:]), f"scale and bias do not fit {inner}")
    return [x]


def _with_axis(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    along(told.get("axis", -1), len(shapes[0]))
    return [shapes[0]]


def _concat(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    first = shapes[0]
    axis = along(told["axis"], len(first))
    alike = all(
        len(one) == len(first) and one[:axis] == first[:axis] and one[axis + 1 :] == first[axis + 1 :] for one in shapes
    )
    _need(alike, f"they differ beside axis {axis}")
    return [(*first[:axis], sum(one[axis] for one in shapes), *first[axis + 1 :])]


def _reshape(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    shape = tuple(int(size) for size in told["shape"])
    _need(min(shape, default=0) >= 0, f"shape {list(shape)} has to be told in full")
    _need(prod(shape) == prod(shapes[0]), f"{prod(shapes[0])} elements do not fill {list(shape)}")
    return [shape]


def _flatten(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    x, axis = shapes[0], int(told.get("axis", 1))
    _need(-len(x) <= axis <= len(x), f"there is no axis {axis} among {len(x)}")
    axis += len(x) if axis < 0 else 0
    return [(prod(x[:axis]), prod(x[axis:]))]


def _axes(told: Told, rank: int) -> list[int]:
    found = [along(int(axis), rank) for axis in told["axes"]]
    _need(len(set(found)) == len(found), f"axes {list(told['axes'])} name one twice")
    return found


def _squeeze(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    x, axes = shapes[0], _axes(told, len(shapes[0]))
    _need(all(x[axis] == 1 for axis in axes), f"axes {axes} are not all of size 1")
    return [tuple(size for k, size in enumerate(x) if k not in axes)]


def _unsqueeze(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    rank = len(shapes[0]) + len(told["axes"])
    axes, rest = _axes(told, rank), iter(shapes[0])
    return [tuple(1 if k in axes else next(rest) for k in range(rank))]


def _transpose(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    perm = list(told["perm"])
    _need(sorted(perm) == list(range(len(shapes[0]))), f"perm {perm} does not name each axis once")
    return [tuple(shapes[0][k] for k in perm)]


def _gather(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    x, places = shapes
    axis = along(told.get("axis", 0), len(x))
    return [(*x[:axis], *places, *x[axis + 1 :])]


def _slice(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    found, axes = list(shapes[0]), _axes(told, len(shapes[0]))
    steps = told.get("steps") or [1] * len(axes)
    _need(len({len(told["starts"]), len(told["ends"]), len(axes), len(steps)}) == 1, "as many starts as ends are due")
    for axis, start, end, step in zip(axes, told["starts"], told["ends"], steps, strict=True):
        _need(step != 0, "a step of 0 goes nowhere")
        found[axis] = len(range(*slice(start, end, step).indices(found[axis])))
        _need(found[axis] > 0, f"nothing is left of axis {axis}")
    return [tuple(found)]


def _split(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    x, sizes = shapes[0], list(told["split"])
    axis = along(told.get("axis", 0), len(x))
    _need(min(sizes, default=0) > 0 and sum(sizes) == x[axis], f"{sizes} do not divide axis {axis}")
    return [(*x[:axis], size, *x[axis + 1 :]) for size in sizes]


def _constant(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    return [np.shape(told["value"])]


def _measured(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    return [(len(shapes[0][told.get("start", 0) : told.get("end")]),)]


def _pad(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    x, pads = shapes[0], list(told["pads"])
    _need(len(pads) == 2 * len(x) and min(pads) >= 0, f"pads {pads} are not two for each axis, from 0 on")
    _need(told.get("mode", "constant") == "constant", f"mode {told.get('mode')!r} is not supported")
    return [tuple(size + pads[k] + pads[k + len(x)] for k, size in enumerate(x))]


def _reduced(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    x, axes = shapes[0], _axes(told, len(shapes[0]))
    keep = told.get("keepdims", 1)
    return [tuple(1 if k in axes else size for k, size in enumerate(x) if keep or k not in axes)]


def _resize(shapes: Sequence[Shape], told: Told) -> list[Shape]:
    x, sizes = shapes[0], told.get("sizes")
    _need(told.get("mode", "nearest") == "nearest", f"mode {told.get('mode')!r} is not supported")
    if not sizes:
        sizes = [int(size * scale) for size, scale in zip(x, told["scales"], strict=True)]
    _need(len(sizes) == len(x) and min(sizes) > 0, f"sizes {list(sizes)} are not one for each axis")
    return [tuple(int(size) for size in sizes)]


UNARY = ("Relu", "Relu6", "Sigmoid", "Tanh", "SiLU", "HardSwish", "HardSigmoid", "HardTanh", "Gelu", "Erf", "Clip",
         "Identity", "Cast")  # fmt: skip
PAIRWISE = ("Add", "Sub", "Mul", "Div")
# What a network may have until fusion: patterns of these become LayerNormalization and Softmax.
PRIMITIVES = ("Sqrt", "Exp", "ReduceMax")
SHAPES: Mapping[str, Row] = MappingProxyType({
    **dict.fromkeys((*UNARY, "Sqrt", "Exp"), Row(1, 1, _same)),
    **dict.fromkeys(PAIRWISE, Row(2, 2, _pairwise)),
    **dict.fromkeys(("ReduceMean", "ReduceSum", "ReduceMax"), Row(1, 1, _reduced)),
    **dict.fromkeys(("MaxPool", "AveragePool"), Row(1, 1, _pool)),
    "Conv": Row(2, 3, _conv), "Gemm": Row(2, 3, _gemm), "MatMul": Row(2, 2, _matmul),
    "GlobalAveragePool": Row(1, 1, _global_pool), "BatchNormalization": Row(5, 5, _batch_norm),
    "LayerNormalization": Row(1, 3, _layer_norm), "Softmax": Row(1, 1, _with_axis),
    "Concat": Row(1, 1 << 20, _concat), "Reshape": Row(1, 1, _reshape), "Flatten": Row(1, 1, _flatten),
    "Squeeze": Row(1, 1, _squeeze), "Unsqueeze": Row(1, 1, _unsqueeze), "Transpose": Row(1, 1, _transpose),
    "Gather": Row(2, 2, _gather), "Slice": Row(1, 1, _slice), "Split": Row(1, 1, _split),
    "Constant": Row(0, 0, _constant), "Shape": Row(1, 1, _measured), "Pad": Row(1, 1, _pad),
    "Resize": Row(1, 1, _resize),
})  # fmt: skip
