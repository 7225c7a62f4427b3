"""Work of the vector lanes tile by tile: element by element, in windows, over rows, and sums of units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np

from symppa.kpu.interface.program import Array
from symppa.kpu.loops import POINTS, POOLS
from symppa.kpu.numbers import kernel
from symppa.kpu.runtime.planes import Windows
from symppa.kpu.runtime.tails import Spread, Tail, stages
from symppa.kpu.runtime.task import Task
from symppa.kpu.shapes import along
from symppa.kpu.walk import Box

ONE = range(1)
At = Any
Piece = Callable[[Box, At], Array]


def span(box: Box, letter: str) -> slice:
    """A tile along a side."""
    found = box.get(letter, ONE)
    return slice(found.start, found.stop)


def written(task: Task, shape: Sequence[int], letters: str, piece: Piece, tail: Tail) -> Array:
    """Results of tiles that each are done at once: what each gives, the epilogue, one rounding."""
    found, form = task.blank(shape), task.job.written[0]
    for step in task.steps():
        at = tuple(span(step.box, letter) for letter in letters)
        found[at] = form.held(tail.applied(piece(step.box, at), at))
    return found


def elementwise(task: Task) -> list[Array]:
    """Element after element of the results."""
    shape = task.job.out.shape

    def spread(told: Array) -> Array:
        return np.broadcast_to(told, shape).reshape(-1)

    first, *others = task.own
    own = stages(task.op.op_type, others, task.op.attributes, spread, len(shape))
    x, tail = spread(first), Tail((*own, *task.tail(spread).stages))
    return [written(task, (prod(shape),), "E", lambda _, at: x[at], tail).reshape(shape)]


def windowed(task: Task, fill: float) -> tuple[Windows, Array, Spread]:
    """The windows of an operator, its planes unit by unit, and how operands of its results lie beside them."""
    job = task.job
    x, out = job.inputs[0].shape, job.out.shape
    kernel_shape = job.inputs[1].shape[2:] if job.op.op_type == "Conv" else job.op.attributes["kernel_shape"]
    windows = Windows(tuple(kernel_shape), job.op.attributes, x[2:], out[2:])
    each = out[1] // x[1]  # filters to a channel, one beside the other
    planes = windows.planes(task.real(0) if each == 1 else np.repeat(task.real(0), each, axis=1), fill)
    n, c, depth, seen, h, w = planes.shape

    def spread(told: Array) -> Array:
        return np.broadcast_to(told, out).reshape(n * c * depth, *windows.made[1:])

    return windows, planes.reshape(n * c * depth, seen, h, w), spread


def pooled(task: Task) -> list[Array]:
    """The largest or the mean of windows, unit by unit."""
    if task.op.op_type == "MaxPool":
        windows, planes, spread = windowed(task, -np.inf)
        return [_over_windows(task, windows, planes, spread, _largest, Tail())]
    windows, planes, spread = windowed(task, 0.0)
    counts = np.broadcast_to(_counts(task, windows), task.job.out.shape)
    mean = stages("Div", [counts], {}, spread, counts.ndim)
    return [_over_windows(task, windows, planes, spread, _sum, Tail(mean))]


def _over_windows(task: Task, windows: Windows, planes: Array, spread: Spread, reduced: Callable[[Array], Array],
                  ahead: Tail) -> Array:  # fmt: skip
    tail = Tail((*ahead.stages, *task.tail(spread).stages))

    def piece(box: Box, at: At) -> Array:
        tile = windows.tile(planes[at[0]], box["H"], box["W"])
        return reduced(windows.seen(tile, len(box["H"]), len(box["W"])))

    shape = (planes.shape[0], *windows.made[1:])
    return written(task, shape, "CHW", piece, tail).reshape(task.job.out.shape)


def _largest(seen: Array) -> Array:
    found: Array = seen[:, 0, 0, 0].copy()
    for at in np.ndindex(*seen.shape[1:4]):
        np.maximum(found, seen[(slice(None), *at)], out=found)
    return found


def _sum(seen: Array) -> Array:
    found: Array = np.zeros((seen.shape[0], *seen.shape[4:]), np.float32)
    for at in np.ndindex(*seen.shape[1:4]):
        found += seen[(slice(None), *at)]
    return found


def _counts(task: Task, windows: Windows) -> Array:
    """Elements that count in each window: those of the image, or of its padding too; beyond that none do."""
    ones: Array = np.ones((1, 1, *windows.sizes), np.float32)
    attributes = dict(windows.attributes)
    if attributes.get("count_include_pad"):
        pads = [(before, behind) for before, behind in _told_pads(attributes, len(windows.sizes))]
        ones, attributes = np.pad(ones, [(0, 0), (0, 0), *pads], constant_values=1.0), {**attributes, "pads": None}
    counting = Windows(windows.kernel, attributes, ones.shape[2:], windows.results)
    planes = counting.planes(ones, 0.0)
    flat = planes.reshape(-1, *planes.shape[3:])
    tile = counting.tile(flat, range(windows.made[1]), range(windows.made[2]))
    return _sum(counting.seen(tile, *windows.made[1:])).reshape(1, 1, *windows.results)


def _told_pads(attributes: Mapping[str, Any], rank: int) -> list[tuple[int, int]]:
    pads = list(attributes.get("pads") or [0] * (2 * rank))
    return list(zip(pads[:rank], pads[rank:], strict=True))


def depthwise(task: Task) -> list[Array]:
    """A filter to a channel, on the lanes."""
    windows, planes, spread = windowed(task, 0.0)
    _, weight, *bias = task.own
    batch, channels = task.job.out.shape[:2]
    filters = np.repeat(weight.reshape(channels, -1, 1, 1), windows.made[0], axis=0)
    filters = np.tile(filters, (batch, 1, 1, 1))
    added = [one.reshape(-1, *[1] * (len(task.job.out.shape) - 2)) for one in bias]
    ahead = Tail(tuple(stage for one in added for stage in stages("Add", [one], {}, spread, 0)))

    def piece(box: Box, at: At) -> Array:
        tile = windows.tile(planes[at[0]], box["H"], box["W"])
        seen = windows.seen(tile, len(box["H"]), len(box["W"]))
        mine = filters[at[0]]
        found: Array = np.zeros((seen.shape[0], *seen.shape[4:]), np.float32)
        for tap, where in enumerate(np.ndindex(*seen.shape[1:4])):
            found += seen[(slice(None), *where)] * mine[:, tap]
        return found

    tail = Tail((*ahead.stages, *task.tail(spread).stages))
    shape = (planes.shape[0], *windows.made[1:])
    return [written(task, shape, "CHW", piece, tail).reshape(task.job.out.shape)]


COMBINED: Mapping[str, tuple[Callable[..., Array], Callable[[Array, Array], Array]]] = MappingProxyType({
    **dict.fromkeys(("GlobalAveragePool", "ReduceMean", "ReduceSum"), (np.sum, np.add)),
    "ReduceMax": (np.max, np.maximum),
})  # fmt: skip


def reduced(task: Task) -> list[Array]:
    """Elements of units that are added up, tile after tile; the last one finishes a unit."""
    job, x = task.job, task.real(0)
    shape, size = job.out.shape, prod(job.out.shape)
    rows = _with_axes_last(job.op.op_type, x, job.op.attributes).reshape(size, -1)
    inside, across = COMBINED[job.op.op_type]
    mean = job.op.op_type in ("GlobalAveragePool", "ReduceMean")

    def spread(told: Array) -> Array:
        return np.broadcast_to(told, shape).reshape(-1)

    tail, form, found = task.tail(spread), job.written[0], task.blank((size,))
    sums: dict[int, Array] = {}
    for step in task.steps():
        units, elements = span(step.box, "C"), step.box.get("E", ONE)
        here = inside(rows[units, elements.start : elements.stop], axis=1)
        here = across(sums.pop(units.start), here) if elements.start else here
        if elements.stop < rows.shape[1]:
            sums[units.start] = here
            continue
        here = _mean(here, rows.shape[1]) if mean else here
        found[units] = form.held(tail.applied(here, (units,)))
    return [found.reshape(shape)]


def _mean(total: Array, count: int) -> Array:
    return total / np.float32(count) if total.dtype.kind == "f" else np.trunc(total / count).astype(total.dtype)


def _with_axes_last(op_type: str, x: Array, attributes: Mapping[str, Any]) -> Array:
    told = range(2, x.ndim) if op_type == "GlobalAveragePool" else attributes.get("axes")
    axes = sorted(at % x.ndim for at in (range(x.ndim) if told is None else told))
    return x.transpose([at for at in range(x.ndim) if at not in axes] + axes)


def rowwise(task: Task) -> list[Array]:
    """Whole rows: a softmax along an axis, a norm of the last ones."""
    job, shape = task.job, task.job.out.shape
    axis = along(int(job.op.attributes.get("axis", -1)), len(shape))
    is_norm = job.op.op_type == "LayerNormalization"
    row = prod(shape[axis:]) if is_norm else shape[axis]
    laid = (prod(shape[:axis]), row, 1 if is_norm else prod(shape[axis + 1 :]))

    def spread(told: Array) -> Array:
        return np.broadcast_to(told, shape).reshape(laid)

    first, *others = task.own
    x, beside = spread(first), [np.broadcast_to(one, shape[axis:]).reshape(row, 1) for one in others]
    attributes = {**job.op.attributes, "axis": 1}
    function = kernel(job.op.op_type)

    def piece(_: Box, at: At) -> Array:
        return function([x[at], *beside], attributes)[0]

    found = task.blank(laid)
    form, tail = job.written[0], task.tail(spread)
    for step in task.steps():
        at = (span(step.box, "R"), slice(None), span(step.box, "E"))
        found[at] = form.held(tail.applied(piece(step.box, at), at))
    return [found.reshape(shape)]


WAYS: Mapping[str, Callable[[Task], list[Array]]] = MappingProxyType({
    **dict.fromkeys(POINTS, elementwise), **dict.fromkeys(POOLS, pooled), **dict.fromkeys(COMBINED, reduced),
    "Softmax": rowwise, "LayerNormalization": rowwise, "Conv": depthwise,
})  # fmt: skip
