"""What only moves: numbers go as they are held where the format stays, tile by tile; views cost nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from symppa.kpu.interface.program import Array
from symppa.kpu.loops import MOVES
from symppa.kpu.numbers import kernel
from symppa.kpu.runtime.task import Task

COUNTED = frozenset({"Pad"})  # an attribute is a number among those that are moved


def run(task: Task) -> list[Array]:
    """What an operator moves; results follow one another in its tiles."""
    job = task.job
    as_held = job.is_moved and job.op.op_type not in COUNTED
    data = task.held if as_held else [task.real(place) for place in range(len(task.held))]
    data = [*data[:1], *task.held[1 : job.own]] if job.op.op_type == "Gather" else list(data[: job.own])
    results = kernel(job.op.op_type)(data, job.op.attributes)
    flat = results[0].reshape(-1) if len(results) == 1 else np.concatenate([one.reshape(-1) for one in results])

    def spread(told: Array) -> Array:
        return np.broadcast_to(told, job.out.shape).reshape(-1)

    tail, places, grown = task.tail(spread), *_order(task, flat.size)
    form = job.written[0]
    found = np.zeros(flat.size, form.storage)
    for step in task.steps():
        part = step.box["E"]
        at = places(slice(part.start * grown, part.stop * grown))
        found[at] = flat[at] if as_held else form.held(tail.applied(flat[at], (at,)))
    ends = np.cumsum([one.size for one in results])[:-1]
    return [one.reshape(tensor.shape) for one, tensor in zip(np.split(found, ends), job.outs, strict=True)]


def _order(task: Task, size: int) -> tuple[Callable[[slice], slice | Array], int]:
    """Where the results of a stretch of positions lie, and how many there are of each.

    Where positions of an image become several, a tile has those of the input: its results are all that come of them.
    """
    loop = task.job.loop
    whole = loop.sides[0].whole if loop is not None else size
    grown = size // whole
    if grown == 1:
        return (lambda part: part), 1
    x = task.job.inputs[0]
    source = kernel(task.op.op_type)([np.arange(x.elements).reshape(x.shape)], task.op.attributes)[0]
    order = np.argsort(source.reshape(-1), kind="stable")
    return (lambda part: order[part]), grown


def view(task: Task) -> list[Array]:
    """What an operator gives that moves nothing."""
    job = task.job
    if job.op.op_type == "Constant":
        return [job.written[0].held(np.asarray(job.op.attributes["value"]))]
    if job.op.op_type == "Shape":
        return [job.written[0].held(kernel("Shape")(task.held[:1], job.op.attributes)[0])]
    if job.is_moved:
        return [task.held[0].reshape(job.out.shape)]
    return [job.written[0].held(task.real(0)).reshape(job.out.shape)]


WAYS: Mapping[str, Callable[[Task], list[Array]]] = MappingProxyType(dict.fromkeys(MOVES, run))
