"""Products tile by tile: what comes to L2 and L1 as the loops say, sums over the depth, the epilogue at its end.

Whole numbers are added up as int32: a product of float32 is exact as long as its sums stay below 2^24, so the depth is
cut where they might not. The zero point of the left operand is taken off the sums, that of the right one before.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symppa.kpu.interface.program import Array
from symppa.kpu.runtime.formats import Format, Scaled
from symppa.kpu.runtime.planes import Windows
from symppa.kpu.runtime.tails import Spread, Stage, Tail
from symppa.kpu.runtime.task import Task
from symppa.kpu.walk import LEFT, RIGHT, Box, Step

EXACT = 1 << 24  # whole numbers up to here are float32
ONE = range(1)
Cut = tuple[slice, ...]


class Arithmetic(ABC):
    """How two operands are multiplied and added up."""

    fill: float = 0.0

    @abstractmethod
    def operands(self, left: Array, right: Array) -> tuple[Array, Array]:
        """Held numbers as the arrays take them."""

    @abstractmethod
    def product(self, left: Array, right: Array) -> Array:
        """The sums of a tile: rows of the first times columns of the second."""

    @abstractmethod
    def finished(self, sums: Array, at: Cut) -> Array:
        """What sums mean."""


@dataclass
class Floats(Arithmetic):
    """Products of numbers, added up in 32 bits."""

    formats: tuple[Format, Format]

    def operands(self, left: Array, right: Array) -> tuple[Array, Array]:
        return self.formats[0].real(left), self.formats[1].real(right)

    def product(self, left: Array, right: Array) -> Array:
        return np.asarray(left @ right)

    def finished(self, sums: Array, at: Cut) -> Array:
        return sums


@dataclass
class Wholes(Arithmetic):
    """Products of whole numbers; `moving` is the operand whose zero point comes off the sums: 0 is the first."""

    formats: tuple[Scaled, Scaled]
    moving: int
    scale: Array  # of the sums, laid out as the results
    bias: Array | None = None  # whole numbers in the scale of the sums
    zero: int = field(init=False)
    block: int = field(init=False)

    def __post_init__(self) -> None:
        kept = self.formats[1]
        self.zero = int(self.formats[0].zero[0])
        self.fill = float(self.zero)
        reach = kept.reach + max(abs(one) for one in kept.zero)
        self.block = max(1, EXACT // (self.formats[0].reach * reach))

    def operands(self, left: Array, right: Array) -> tuple[Array, Array]:
        zeros = self.formats[1].zeros(right.ndim)
        return left.astype(np.float32), right.astype(np.float32) - zeros if np.any(zeros) else right

    def product(self, left: Array, right: Array) -> Array:
        parts = [slice(start, start + self.block) for start in range(0, left.shape[-1], self.block)]
        found = (left[..., parts[0]] @ right[..., parts[0], :]).astype(np.int32)
        for part in parts[1:]:
            found += (left[..., part] @ right[..., part, :]).astype(np.int32)
        if self.zero:
            kept, axis = (left, -1) if self.moving else (right, -2)
            found -= self.zero * kept.sum(axis=axis, keepdims=True, dtype=np.float64).astype(np.int32)
        return np.asarray(found)

    def finished(self, sums: Array, at: Cut) -> Array:
        if self.bias is not None:
            sums = sums + self.bias[at]
        return np.asarray(sums.astype(np.float32) * self.scale[at])


class Product(ABC):
    """An operator on the arrays: how its operands are cut, and where results lie."""

    shape: tuple[int, ...]
    arithmetic: Arithmetic
    tail: Tail
    task: Task

    @abstractmethod
    def outer(self, name: str, box: Box) -> Array:
        """The part of an operand that comes to L2 for an outer tile."""

    @abstractmethod
    def inner(self, name: str, part: Array, box: Box, outer: Box) -> Array:
        """The part of that which comes to L1 for a tile."""

    @abstractmethod
    def multiplied(self, left: Array, right: Array, box: Box) -> Array:
        """The sums of a tile, laid out as the results."""

    @abstractmethod
    def at(self, box: Box) -> Cut:
        """Where the results of a tile lie."""

    def run(self) -> Array:
        """All results, laid out as tiles have them."""
        found, written = self.task.blank(self.shape), self.task.job.written[0]
        l2: dict[str, tuple[Array, Box]] = {}
        l1: dict[str, Array] = {}
        sums: dict[Any, Array] = {}
        depth = self.depth
        for step in self.task.steps():
            self._bring(step, l2, l1)
            at, span = self.at(step.box), step.box["K"]
            key = tuple(one.start for one in at)
            here = self.multiplied(l1[LEFT], l1[RIGHT], step.box)
            if span.start:
                here += sums.pop(key)
            if span.stop < depth:
                sums[key] = here
                continue
            found[at] = written.held(self.tail.applied(self.arithmetic.finished(here, at), at))
        return found

    @property
    def depth(self) -> int:
        """Channels that are added up."""
        loop = self.task.job.loop
        return next(side.whole for side in loop.sides if side.part == "channels") if loop is not None else 0

    def _bring(self, step: Step, l2: dict[str, tuple[Array, Box]], l1: dict[str, Array]) -> None:
        """What comes for a tile; the rest is what came before."""
        for name in step.to_l2:
            l2[name] = (self.outer(name, step.outer), step.outer)
        for name in step.to_l1:
            l1[name] = self.inner(name, l2[name][0], step.box, l2[name][1])


def span(box: Box, letter: str) -> slice:
    """A tile along a side; one that is not cut is one."""
    found = box.get(letter, ONE)
    return slice(found.start, found.stop)


def within(box: Box, outer: Box, letter: str) -> slice:
    """A tile along a side, from the start of the outer one on."""
    mine, start = box.get(letter, ONE), outer.get(letter, ONE).start
    return slice(mine.start - start, mine.stop - start)


def moved(part: range, start: int) -> range:
    """A stretch from another start on."""
    return range(part.start - start, part.stop - start)


class Convolution(Product):
    """Images, groups, outputs, lines and columns; weights are the left factor of each product."""

    def __init__(self, task: Task) -> None:
        self.task, job = task, task.job
        x, weight = job.inputs[:2]
        self.groups = int(job.op.attributes.get("group", 1))
        self.windows = Windows(weight.shape[2:], job.op.attributes, x.shape[2:], job.out.shape[2:])
        self.outputs = weight.shape[0] // self.groups
        depth, high, wide = self.windows.made
        self.shape = (x.shape[0] * depth, self.groups, self.outputs, high, wide)
        channels = (weight.shape[0], *[1] * (len(weight.shape) - 2))
        self.arithmetic, self.tail = arithmetic(task, 1, self.spread, channels)
        left, right = self.arithmetic.operands(task.held[0], task.held[1])
        images = self.windows.joined(self.windows.planes(left, self.arithmetic.fill))
        n, c, h, w = images.shape
        self.images = images.reshape(n, self.groups, c // self.groups, h, w)
        high, wide = (one[0] for one in self.windows.flat)
        self.weights = right.reshape(self.groups, self.outputs, c // self.groups, high * wide)

    def spread(self, told: Array) -> Array:
        """An operand of the results, as they lie in tiles."""
        found = self.windows.spread(told, self.task.job.out.shape)
        n, c, h, w = found.shape
        return np.broadcast_to(found.reshape(n, *((1, 1) if c == 1 else self.shape[1:3]), h, w), self.shape)

    def at(self, box: Box) -> Cut:
        return tuple(span(box, letter) for letter in "NGCHW")

    def outer(self, name: str, box: Box) -> Array:
        if name == RIGHT:
            return self.weights[span(box, "G"), span(box, "C"), span(box, "K")]
        part = self.images[span(box, "N"), span(box, "G"), span(box, "K")]
        return self.windows.tile(part, box["H"], box["W"])

    def inner(self, name: str, part: Array, box: Box, outer: Box) -> Array:
        if name == RIGHT:
            cut = part[tuple(within(box, outer, letter) for letter in "GCK")]
            return cut.reshape(*cut.shape[:2], -1).astype(np.float32, copy=False)
        cut = part[tuple(within(box, outer, letter) for letter in "NGK")]
        lines, columns = (moved(box[letter], outer[letter].start) for letter in "HW")
        seen = self.windows.seen(self.windows.tile(cut, lines, columns), len(lines), len(columns))
        return seen.reshape(*cut.shape[:2], -1, len(lines) * len(columns))

    def multiplied(self, left: Array, right: Array, box: Box) -> Array:
        found = self.arithmetic.product(right, left)
        return found.reshape(*found.shape[:-1], len(box["H"]), len(box["W"]))


class Matrices(Product):
    """Groups, lines and outputs of products of matrices."""

    def __init__(self, task: Task) -> None:
        self.task, job = task, task.job
        sides = {side.letter: side.whole for side in (job.loop.sides if job.loop is not None else ())}
        self.shape = (sides.get("G", 1), sides["M"], sides["N"])
        self.inner_size = sides["K"]
        self.arithmetic, self.tail = arithmetic(task, 0, self.spread, None)
        left, right = self.arithmetic.operands(task.held[0], task.held[1])
        self.left, self.right = self._arranged(left, right)

    def _arranged(self, left: Array, right: Array) -> tuple[Array, Array]:
        """Both as groups of matrices."""
        told = self.task.op.attributes
        left, right = (left.T if told.get("transA") else left), (right.T if told.get("transB") else right)
        groups, m, n = self.shape
        batch = self.task.job.out.shape[:-2]
        if groups > 1:
            left = np.broadcast_to(left, (*batch, *left.shape[-2:]))
            right = np.broadcast_to(right, (*batch, *right.shape[-2:]))
        return left.reshape(-1, m, self.inner_size), right.reshape(-1, self.inner_size, n)

    def spread(self, told: Array) -> Array:
        """An operand of the results, as they lie in tiles."""
        if told.ndim <= 1:
            return np.broadcast_to(told, self.shape)
        return np.broadcast_to(told, self.task.job.out.shape).reshape(self.shape)

    def at(self, box: Box) -> Cut:
        return tuple(span(box, letter) for letter in "GMN")

    def outer(self, name: str, box: Box) -> Array:
        source, letters = (self.right, "GKN") if name == RIGHT else (self.left, "GMK")
        return source[tuple(span(box, letter) for letter in letters)]

    def inner(self, name: str, part: Array, box: Box, outer: Box) -> Array:
        letters = "GKN" if name == RIGHT else "GMK"
        return part[tuple(within(box, outer, letter) for letter in letters)].astype(np.float32, copy=False)

    def multiplied(self, left: Array, right: Array, box: Box) -> Array:
        return self.arithmetic.product(left, right)


def arithmetic(task: Task, moving: int, spread: Spread, channels: tuple[int, ...] | None) -> tuple[Arithmetic, Tail]:
    """How an operator multiplies, and what it does behind that: its own addition and its epilogue."""
    job, told = task.job, task.op.attributes
    left, right = job.formats[:2]
    bias = job.formats[2] if job.own > 2 else None
    alpha, beta = np.float32(told.get("alpha", 1.0)), np.float32(told.get("beta", 1.0))
    ahead: list[Stage] = []
    if isinstance(left, Scaled) and isinstance(right, Scaled):
        scale = _of_rows(left) * _along_outputs(right, channels) * alpha
        whole = isinstance(bias, Scaled)
        added = spread(_placed(task.held[2], channels)) if whole else None
        found: Arithmetic = Wholes((left, right), moving, spread(scale), added)
        if bias is not None and not whole:
            ahead.append(Stage("Add", [spread(_placed(task.real(2), channels) * beta)], {}))
    else:
        found = Floats((left, right))
        if alpha != 1:
            ahead.append(Stage("Mul", [spread(np.asarray(alpha))], {}))
        if bias is not None:
            ahead.append(Stage("Add", [spread(_placed(task.real(2), channels) * beta)], {}))
    return found, Tail((*ahead, *task.tail(spread).stages))


def _of_rows(left: Scaled) -> Array:
    """The scales of a left operand, laid out along its rows."""
    found = np.array(left.scale, np.float32)
    return np.asarray(found[0] if len(found) == 1 else found.reshape(-1, 1))


def _along_outputs(right: Scaled, channels: tuple[int, ...] | None) -> Array:
    """The scales of weights, laid out along the outputs."""
    found = np.array(right.scale, np.float32)
    return np.asarray(found[0] if len(found) == 1 else _placed(found, channels))


def _placed(told: Array, channels: tuple[int, ...] | None) -> Array:
    """A bias along the outputs of a convolution; that of matrices as it is."""
    return told if channels is None else told.reshape(channels)


def run(task: Task) -> list[Array]:
    """What a product gives."""
    if task.op.op_type == "Conv":
        convolution = Convolution(task)
        return [convolution.windows.back(convolution.run(), task.job.out.shape)]
    return [Matrices(task).run().reshape(task.job.out.shape)]


WAYS: Mapping[str, Any] = {"Conv": run, "Gemm": run, "MatMul": run}
