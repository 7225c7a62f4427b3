"""Matrix products, and tables that are looked up."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from symppa.errors import WorkloadError
from symppa.workloads.ir import Attributes, Shape, Size
from symppa.workloads.kinds.kind import Call, Kind, elements, number


def _linear(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    return ((*inputs[0][:-1], attributes["out"]),)


def _linear_weights(inputs: Sequence[Shape], attributes: Attributes) -> dict[str, Shape]:
    found: dict[str, Shape] = {"weight": (attributes["out"], number(inputs[0][-1], "Linear"))}
    return found | ({"bias": (attributes["out"],)} if attributes["bias"] else {})


def _linear_feed(call: Call) -> dict[str, Any]:
    *tokens, inputs = call.inputs[0]
    return {
        "tokens": prod(tokens),
        "inputs": inputs,
        "outputs": call.outputs[0][-1],
        "bias": int(call.attributes["bias"]),
    }


def broadcast(shapes: Sequence[Sequence[Size]], what: str) -> Shape:
    """The shape that several broadcast to.

    >>> broadcast([("batch", 64, 1), (64, 7)], "add")
    ('batch', 64, 7)
    """
    rank = max(map(len, shapes))
    columns = zip(*((1,) * (rank - len(shape)) + tuple(shape) for shape in shapes), strict=True)
    return tuple(_agreed(sizes, shapes, what) for sizes in columns)


def _agreed(sizes: Sequence[Size], shapes: Sequence[Sequence[Size]], what: str) -> Size:
    left = [size for size in dict.fromkeys(sizes) if size != 1] or [1]
    if len(left) > 1:
        raise WorkloadError(f"{what}: the shapes {', '.join(str(list(s)) for s in shapes)} do not broadcast")
    return left[0]


def _matmul(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    left, right = inputs
    if len(left) < 2 or len(right) < 2:
        raise WorkloadError(f"MatMul multiplies matrices, not {list(left)} and {list(right)}")
    inner, columns = (right[-1], right[-2]) if attributes["transposed"] else (right[-2], right[-1])
    if left[-1] != inner:
        raise WorkloadError(f"MatMul: {list(left)} and {list(right)} differ in what is summed, {left[-1]} and {inner}")
    return ((*broadcast([left[:-2], right[:-2]], "MatMul"), left[-2], columns),)


def _matmul_feed(call: Call) -> dict[str, Any]:
    (*left, rows, inner), (*right, _, _) = call.inputs
    return {
        "batch": prod(call.outputs[0][:-2]),
        "left": rows,
        "inner": inner,
        "right": call.outputs[0][-1],
        "left_batch": prod(left),
        "right_batch": prod(right),
    }


def _embedding(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    return ((*inputs[0], attributes["width"]),)


def _embedding_weights(inputs: Sequence[Shape], attributes: Attributes) -> dict[str, Shape]:
    return {"weight": (attributes["rows"], attributes["width"])}


def _embedding_feed(call: Call) -> dict[str, Any]:
    return {"rows": elements(call.inputs[0]), "width": call.attributes["width"]}


ROWS = (
    Kind("Linear", "LINEAR", "gemm.Linear", _linear, _linear_feed, _linear_weights, ("out",), {"bias": True},
         meaning="matrix of weights"),
    Kind("MatMul", "MATMUL", "gemm.MatMul", _matmul, _matmul_feed, None, (), {"transposed": False}, (2, 2),
         meaning="product of two activations"),
    Kind("Embedding", "ELEMENTWISE", "embedding.Embedding", _embedding, _embedding_feed, _embedding_weights,
         ("rows", "width"), meaning="rows of a table", dtype="float32"),
)  # fmt: skip
