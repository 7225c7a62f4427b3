"""Operators that compute nothing: views that move nothing, and copies that move everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symppa.errors import WorkloadError
from symppa.workloads.ir import Attributes, Shape, Size
from symppa.workloads.kinds.kind import Call, Kind, elements, number, over, pair, same, times


def _reshaped(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    whole, told = times(*inputs[0]), list(attributes["shape"])
    if -1 in told:
        rest = times(*(size for size in told if size != -1))
        told[told.index(-1)] = _quotient(whole, rest)
    if times(*told) != whole:
        raise WorkloadError(f"Reshape: {list(inputs[0])} has {whole} elements, {told} has {times(*told)}")
    return (tuple(told),)


def _quotient(whole: Size, rest: Size) -> Size:
    """What is left of a product; its symbols must be there."""
    left = str(whole).split("*")
    divisor = 1
    for part in str(rest).split("*"):
        if part.isdigit():
            divisor *= int(part)
        elif part in left:
            left.remove(part)
        else:
            raise WorkloadError(f"Reshape: {whole} elements cannot be divided by {rest}")
    return over(times(*left) if left else 1, divisor, "Reshape")


def _flattened(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    shape, rank = inputs[0], len(inputs[0])
    first, last = attributes["start"] % rank, attributes["end"] % rank
    return ((*shape[:first], times(*shape[first : last + 1]), *shape[last + 1 :]),)


def _turned(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    order = [axis % len(inputs[0]) for axis in attributes["order"]]
    if sorted(order) != list(range(len(inputs[0]))):
        raise WorkloadError(f"Transpose: {list(attributes['order'])} is no order of {len(inputs[0])} axes")
    return (tuple(inputs[0][axis] for axis in order),)


def _squeezed(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    rank = len(inputs[0])
    axes = {axis % rank for axis in pair(attributes["axes"], 1)}
    return (tuple(size for k, size in enumerate(inputs[0]) if k not in axes or size != 1),)


def _unsqueezed(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    axes = pair(attributes["axes"], 1)
    rank = len(inputs[0]) + len(axes)
    places, rest = {axis % rank for axis in axes}, iter(inputs[0])
    if len(places) < len(axes):
        raise WorkloadError(f"Unsqueeze: {list(axes)} names an axis twice")
    return (tuple(1 if k in places else next(rest) for k in range(rank)),)


def _split(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    shape, axis = inputs[0], attributes["axis"] % len(inputs[0])
    sizes = attributes["sizes"]
    whole = number(shape[axis], "Split")
    if sum(sizes) != whole:
        raise WorkloadError(f"Split: {list(sizes)} do not add up to {whole}")
    return tuple((*shape[:axis], size, *shape[axis + 1 :]) for size in sizes)


def _sliced(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    shape, axis = inputs[0], attributes["axis"] % len(inputs[0])
    told = (attributes["start"], attributes["end"], attributes["step"])
    if attributes["take"] is not None:  # one place of the axis, which goes away
        return ((*shape[:axis], *shape[axis + 1 :]),)
    size = len(range(*slice(*told).indices(number(shape[axis], "Slice"))))
    return ((*shape[:axis], size, *shape[axis + 1 :]),)


def _expanded(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    told = list(attributes["shape"])
    own = (1,) * (len(told) - len(inputs[0])) + tuple(inputs[0])
    return (tuple(mine if size == -1 else size for size, mine in zip(told, own, strict=True)),)


def _joined(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    first, axis = inputs[0], attributes["axis"] % len(inputs[0])
    for other in inputs[1:]:
        if len(other) != len(first) or any(
            a != b for k, (a, b) in enumerate(zip(first, other, strict=True)) if k != axis
        ):
            raise WorkloadError(f"Concat along axis {axis}: {', '.join(str(list(s)) for s in inputs)} do not fit")
    sizes = [shape[axis] for shape in inputs]
    whole = sum(number(size, "Concat") for size in sizes)
    return ((*first[:axis], whole, *first[axis + 1 :]),)


def _padded(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    told = list(attributes["padding"])  # before and after each of the last axes, the last axis first
    pads = [(told[k], told[k + 1]) for k in range(0, len(told), 2)][::-1]
    kept = inputs[0][: len(inputs[0]) - len(pads)]
    tail = inputs[0][len(kept) :]
    return ((*kept, *(number(s, "Pad") + a + b for s, (a, b) in zip(tail, pads, strict=True))),)


def _grown(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    batch, channels, *sizes = inputs[0]
    if (attributes["size"] is None) == (attributes["scale"] is None):
        raise WorkloadError("Upsample needs either size or scale")
    if attributes["size"] is not None:
        return ((batch, channels, *pair(attributes["size"], len(sizes))),)
    scale = attributes["scale"] if isinstance(attributes["scale"], list | tuple) else [attributes["scale"]] * len(sizes)
    return ((batch, channels, *(int(number(s, "Upsample") * f) for s, f in zip(sizes, scale, strict=True))),)


def _gathered(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    axis = attributes["axis"] % len(inputs[0])
    return ((*inputs[0][:axis], *inputs[1], *inputs[0][axis + 1 :]),)


def _copied(call: Call) -> dict[str, Any]:
    written = sum(map(elements, call.outputs))
    return {"elements": written, "operands": np.minimum(call.operands, written), "work": 0}


def _interpolated(call: Call) -> dict[str, Any]:
    work = 0 if call.attributes["mode"] == "nearest" else 7  # of four neighbours: three weighted means
    return {"elements": elements(call.outputs[0]), "operands": call.operands, "work": work}


def _parameter(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    return (tuple(number(size, "Parameter") for size in attributes["shape"]),)


def _parameter_weights(inputs: Sequence[Shape], attributes: Attributes) -> dict[str, Shape]:
    return {"weight" if attributes["trained"] else "constant": attributes["shape"]}


ROWS = (
    Kind("Parameter", "ELEMENTWISE", "", _parameter, None, _parameter_weights, ("shape",),
         {"trained": True, "dtype": "float32"}, (0, 0), "weights that an operator reads as an input"),
    Kind("Reshape", "ELEMENTWISE", "", _reshaped, asked=("shape",), meaning="the same elements in another shape"),
    Kind("Flatten", "ELEMENTWISE", "", _flattened, optional={"start": 1, "end": -1}, meaning="axes joined into one"),
    Kind("Transpose", "ELEMENTWISE", "", _turned, asked=("order",), meaning="axes in another order"),
    Kind("Squeeze", "ELEMENTWISE", "", _squeezed, asked=("axes",), meaning="axes of size 1 left out"),
    Kind("Unsqueeze", "ELEMENTWISE", "", _unsqueezed, asked=("axes",), meaning="axes of size 1 put in"),
    Kind("Split", "ELEMENTWISE", "", _split, asked=("axis", "sizes"), meaning="parts along an axis"),
    Kind("Slice", "ELEMENTWISE", "", _sliced, asked=("axis",),
         optional={"start": None, "end": None, "step": None, "take": None}, meaning="a part of an axis"),
    Kind("Expand", "ELEMENTWISE", "", _expanded, asked=("shape",), meaning="axes of size 1 repeated"),
    Kind("Identity", "ELEMENTWISE", "", same, meaning="nothing"),
    Kind("Dropout", "DROPOUT", "", same, optional={"share": 0.5}, meaning="nothing at inference"),
    Kind("StochasticDepth", "STOCHASTIC_DEPTH", "", same, optional={"share": 0.0}, meaning="nothing at inference"),
    Kind("Concat", "ELEMENTWISE", "elementwise.Elementwise", _joined, _copied, asked=("axis",), inputs=(1, 4096),
         meaning="tensors one behind the other"),
    Kind("Pad", "ELEMENTWISE", "elementwise.Elementwise", _padded, _copied, asked=("padding",),
         optional={"mode": "constant"}, meaning="a rim around"),
    Kind("Copy", "ELEMENTWISE", "elementwise.Elementwise", same, _copied, meaning="the same elements once more"),
    Kind("Cast", "ELEMENTWISE", "elementwise.Elementwise", same, _copied, optional={"dtype": "float32"},
         meaning="elements of another type"),
    Kind("Gather", "ELEMENTWISE", "elementwise.Elementwise", _gathered, _copied, optional={"axis": 0}, inputs=(2, 2),
         meaning="places of an axis by their indices"),
    Kind("Upsample", "ELEMENTWISE", "elementwise.Elementwise", _grown, _interpolated,
         optional={"size": None, "scale": None, "mode": "nearest"}, meaning="an image grown or shrunk"),
)  # fmt: skip
