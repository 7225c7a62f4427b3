"""Operators of ONNX with weights, pooling, and attention's parts: what arrays and windows are for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symppa.errors import CompilationError
from symppa.kpu.lower import compose
from symppa.kpu.lower.building import Building, Const
from symppa.kpu.lower.onnx.nodes import Call
from symppa.kpu.shapes import along

Rule = Callable[[Building, Call], Any]


def pads(to: Building, call: Call, kernel: Sequence[int]) -> list[int]:
    """Pads before and after each direction, told or following from `auto_pad`."""
    count, auto = len(kernel), call.get("auto_pad", "NOTSET")
    if auto == "NOTSET":
        return [int(pad) for pad in call.get("pads") or [0] * 2 * count]
    if auto == "VALID":
        return [0] * 2 * count
    strides, dilations = (call.get(name) or [1] * count for name in ("strides", "dilations"))
    before, after = [], []
    for size, wide, stride, dilation in zip(to.shape(call[0])[2:], kernel, strides, dilations, strict=True):
        room = max(0, (-(-size // stride) - 1) * stride + dilation * (wide - 1) + 1 - size)
        less, more = room // 2, room - room // 2
        before.append(more if auto == "SAME_LOWER" else less)
        after.append(less if auto == "SAME_LOWER" else more)
    return [*before, *after]


def _convolution(to: Building, call: Call) -> Any:
    weight = call[1]
    kernel = [int(size) for size in call.get("kernel_shape") or to.shape(weight)[2:]]
    read = [one for one in call.inputs[:3] if one is not None]
    return to.add(
        "Conv", read, call.wish, kernel_shape=kernel, strides=list(call.get("strides") or [1] * len(kernel)),
        pads=pads(to, call, kernel), dilations=list(call.get("dilations") or [1] * len(kernel)),
        group=int(call.get("group", 1)),
    )  # fmt: skip


def _gemm(to: Building, call: Call) -> Any:
    read = [one for one in call.inputs[:3] if one is not None]
    return to.add(
        "Gemm", read, call.wish, alpha=float(call.get("alpha", 1.0)), beta=float(call.get("beta", 1.0)),
        transA=int(call.get("transA", 0)), transB=int(call.get("transB", 0)),
    )  # fmt: skip


def _matmul(to: Building, call: Call) -> Any:
    return compose.matmul(to, call[0], call[1], call.wish)


def _batch_norm(to: Building, call: Call) -> Any:
    if call.get("training_mode", 0) or not call.get("spatial", 1):
        raise CompilationError(
            f"{to.name}: {call.wish} takes the statistics of the batch, or of each place: export the network for "
            "inference"
        )
    return to.add(
        "BatchNormalization", [call[k] for k in range(5)], call.wish, epsilon=float(call.get("epsilon", 1e-5))
    )


def _layer_norm(to: Building, call: Call) -> Any:
    x, axis = call[0], along(call.get("axis", -1), len(to.shape(call[0])))
    read = [one for one in call.inputs[1:3] if one is not None]
    return to.add(
        "LayerNormalization", (x, *read), call.wish, axis=axis - len(to.shape(x)),
        epsilon=float(call.get("epsilon", 1e-5)),
    )  # fmt: skip


def _pooled(to: Building, call: Call) -> Any:
    kernel = [int(size) for size in call.get("kernel_shape")]
    told: dict[str, Any] = {
        "kernel_shape": kernel, "strides": list(call.get("strides") or [1] * len(kernel)),
        "pads": pads(to, call, kernel), "ceil_mode": int(call.get("ceil_mode", 0)),
        "dilations": list(call.get("dilations") or [1] * len(kernel)),
    }  # fmt: skip
    if call.operator == "AveragePool":
        told["count_include_pad"] = int(call.get("count_include_pad", 0))
    return to.add(call.operator, (call[0],), call.wish, **told)


def _whole(to: Building, call: Call) -> Any:
    """The largest of everything: one window."""
    kernel = list(to.shape(call[0])[2:])
    return to.add(
        "MaxPool", (call[0],), call.wish, kernel_shape=kernel, strides=[1] * len(kernel), pads=[0] * 2 * len(kernel),
        ceil_mode=0, dilations=[1] * len(kernel),
    )  # fmt: skip


def _whole_mean(to: Building, call: Call) -> Any:
    return to.add("GlobalAveragePool", (call[0],), call.wish)


def _softmax(to: Building, call: Call) -> Any:
    """Before version 13 all axes from one on were one."""
    x = call[0]
    shape = to.shape(x)
    axis = along(call.get("axis", -1 if call.opset >= 13 else 1), len(shape))
    if call.opset >= 13 or axis == len(shape) - 1:
        return compose.softmax(to, x, axis, call.wish)
    inner = int(np.prod(shape[axis:]))
    flat = compose.reshaped(to, x, [*shape[:axis], inner], f"{call.wish}.flat")
    return compose.reshaped(to, compose.softmax(to, flat, axis, f"{call.wish}.one"), shape, call.wish)


def _gathered(to: Building, call: Call) -> Any:
    x, places = call[0], call[1]
    axis = along(call.get("axis", 0), len(to.shape(x)))
    if isinstance(places, Const):
        if places.array.ndim == 0:
            return compose.taken(to, x, axis, int(places.array), call.wish)
        if places.array.ndim == 1:
            return compose.picked(to, x, axis, places.array, call.wish)
        size = to.shape(x)[axis]
        places = Const(np.where(places.array < 0, places.array + size, places.array), places.name)
    return to.add("Gather", (x, places), call.wish, axis=axis)


RULES: dict[str, Rule] = {
    "Conv": _convolution, "Gemm": _gemm, "MatMul": _matmul, "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm, "MaxPool": _pooled, "AveragePool": _pooled, "GlobalMaxPool": _whole,
    "GlobalAveragePool": _whole_mean, "Softmax": _softmax, "Gather": _gathered,
}  # fmt: skip
