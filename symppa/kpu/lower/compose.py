"""What torch and ONNX have one operator for and the KPU takes several: moves by index, attention, resampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod, sqrt
from typing import Any

import numpy as np

from symppa.errors import CompilationError
from symppa.kpu.lower.building import KEPT, Array, Building, Const, Name, Value, number
from symppa.kpu.shapes import Shape, along

# Stands for minus infinity where scores are masked: its exponential is 0, and 16 bits hold it.
MASKED = -1e4


def reshaped(to: Building, x: Value, shape: Sequence[int], wish: str) -> Value:
    """A tensor in another shape; nothing where it has it already."""
    told = tuple(int(size) for size in shape)
    return x if to.shape(x) == told else to.add("Reshape", (x,), wish, shape=list(told))


def transposed(to: Building, x: Value, perm: Sequence[int], wish: str) -> Value:
    """A tensor with its axes in another order; nothing where that is theirs."""
    if list(perm) == list(range(len(perm))):
        return x
    if isinstance(x, Const):
        return Const(np.transpose(x.array, perm), f"{x.name}.t", x if list(perm) == [1, 0] else None)
    return to.add("Transpose", (x,), wish, perm=list(perm))


def cast(to: Building, x: Value, dtype: str, wish: str) -> Value:
    """A tensor in another format; nothing where it has it already."""
    if to.dtype(x) != dtype and isinstance(x, Const):
        return Const(x.array.astype(KEPT[dtype]), x.name)
    return x if to.dtype(x) == dtype else to.add("Cast", (x,), wish, to=dtype)


def picked(to: Building, x: Value, axis: int, places: Sequence[int] | Array, wish: str) -> Value:
    """Places of an axis that are known before a run, one after the other: a slice where they are evenly spaced."""
    size = to.shape(x)[axis]
    told = np.asarray(places, np.int64)
    told = np.where(told < 0, told + size, told)
    if told.size == 0 or told.min() < 0 or told.max() >= size:
        raise CompilationError(f"{to.name}: {wish}: places {told[:6].tolist()} do not lie in an axis of {size}")
    if np.array_equal(told, np.arange(size)):
        return x
    steps = np.unique(np.diff(told))
    if steps.size <= 1 and (step := int(steps[0]) if steps.size else 1) > 0:
        first, last = int(told[0]), int(told[-1])
        return to.add("Slice", (x,), wish, starts=[first], ends=[last + 1], axes=[axis], steps=[step])
    return to.add("Gather", (x, Const(told, f"{wish}.places")), wish, axis=axis)


def expanded(to: Building, x: Value, shape: Sequence[int], wish: str) -> Value:
    """A tensor repeated along axes of size 1."""
    rank = len(shape)
    x = reshaped(to, x, [1] * (rank - len(to.shape(x))) + list(to.shape(x)), f"{wish}.axes")
    for axis, size in enumerate(shape):
        if to.shape(x)[axis] != size:
            x = picked(to, x, axis, [0] * int(size), wish)
    return x


def repeated(to: Building, x: Value, counts: Sequence[int], wish: str) -> Value:
    """Copies of a tensor beside one another."""
    x = reshaped(to, x, [1] * (len(counts) - len(to.shape(x))) + list(to.shape(x)), f"{wish}.axes")
    for axis, count in enumerate(counts):
        if count != 1:
            x = picked(to, x, axis, np.tile(np.arange(to.shape(x)[axis]), int(count)), wish)
    return x


def scaled(to: Building, x: Value, factor: float, wish: str) -> Value:
    """A tensor times a number."""
    return x if factor == 1 else to.add("Mul", (x, number(factor, f"{wish}.factor")), wish)


def squared(to: Building, x: Value, wish: str) -> Name:
    """A tensor times itself."""
    return to.add("Mul", (x, x), wish)


def variance(to: Building, x: Value, axes: Sequence[int], wish: str, keepdims: int = 0, correction: float = 0) -> Value:
    """Mean, what is left, its square, and the mean of that."""
    mean = to.add("ReduceMean", (x,), f"{wish}.mean", axes=list(axes), keepdims=1)
    rest = to.add("Sub", (x, mean), f"{wish}.rest")
    square = squared(to, rest, f"{wish}.square")
    found = to.add("ReduceMean", (square,), wish, axes=list(axes), keepdims=keepdims)
    count = prod(to.shape(x)[axis] for axis in axes)
    if correction >= count:
        raise CompilationError(
            f"{to.name}: {wish}: {count} elements have no variance with a correction of {correction}"
        )
    return scaled(to, found, count / (count - correction), f"{wish}.corrected")


def attention(
    to: Building, query: Value, key: Value, value: Value, wish: str, mask: Value | None = None,
    scale: float | None = None,
) -> Name:  # fmt: skip
    """Transpose, MatMul, Mul, (Add), Softmax, MatMul."""
    rank, factor = len(to.shape(key)), scale if scale is not None else 1 / sqrt(to.shape(query)[-1])
    turned = transposed(to, key, [*range(rank - 2), rank - 1, rank - 2], f"{wish}.keys")
    scores: Value = to.add("MatMul", (query, turned), f"{wish}.scores")
    scores = scaled(to, scores, factor, f"{wish}.scaled")
    if mask is not None:
        scores = to.add("Add", (scores, mask), f"{wish}.masked")
    shares = to.add("Softmax", (scores,), f"{wish}.softmax", axis=rank - 1)
    return to.add("MatMul", (shares, value), wish)


def additive(mask: Array, name: str) -> Const:
    """A mask as numbers to add: of truths, those that may be seen are 0; a row that sees nothing is refused."""
    told = np.where(mask, 0.0, -np.inf) if mask.dtype == np.bool_ else mask
    if np.isneginf(told).all(axis=-1).any():
        raise CompilationError(f"{name}: a row of the mask sees nothing; its softmax has no value")
    return Const(np.maximum(told, MASKED).astype(np.float32), name)


def causal(queries: int, keys: int, name: str) -> Const:
    """The mask by which each place sees those before it and itself."""
    return additive(np.tril(np.ones((queries, keys), np.bool_)), name)


def resampled(to: Building, x: Value, places: Mapping[int, Array], wish: str) -> Value:
    """A tensor whose axes are read at known places: Resize where those are the nearest ones, else Gather."""
    shape = to.shape(x)
    sizes = list(shape)
    for axis, told in places.items():
        sizes[axis] = len(told)
    if tuple(sizes) == shape and all(np.array_equal(told, np.arange(shape[a])) for a, told in places.items()):
        return x
    if min(places, default=0) >= 2 and all(np.array_equal(t, nearest(shape[a], len(t))) for a, t in places.items()):
        scales = [float(size / own) for size, own in zip(sizes, shape, strict=True)]
        return to.add(
            "Resize", (x,), wish, mode="nearest", sizes=sizes, scales=scales,
            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        )  # fmt: skip
    for axis, told in places.items():
        x = picked(to, x, axis, told, wish)
    return x


def nearest(size: int, target: int) -> Array:
    """Which place each of `target` places reads of `size`: the one at or before its own share of the way."""
    return np.arange(target) * size // target


def shuffled(to: Building, x: Value, block: int, wish: str, first: bool = False) -> Value:
    """Channels that become positions in blocks; `first` where the blocks' positions are the slower channels."""
    *batch, channels, height, width = to.shape(x)
    rest, lead = channels // block**2, len(batch)
    inner = [block, block, rest] if first else [rest, block, block]
    row, column, kept = (0, 1, 2) if first else (1, 2, 0)
    x = reshaped(to, x, [*batch, *inner, height, width], f"{wish}.blocks")
    order = [*range(lead), *(lead + k for k in (kept, 3, row, 4, column))]
    x = transposed(to, x, order, f"{wish}.turned")
    return reshaped(to, x, [*batch, rest, height * block, width * block], wish)


def unshuffled(to: Building, x: Value, block: int, wish: str, first: bool = False) -> Value:
    """Positions in blocks that become channels."""
    *batch, channels, height, width = to.shape(x)
    lead = len(batch)
    x = reshaped(to, x, [*batch, channels, height // block, block, width // block, block], f"{wish}.blocks")
    order = (2, 4, 0, 1, 3) if first else (0, 2, 4, 1, 3)
    x = transposed(to, x, [*range(lead), *(lead + k for k in order)], f"{wish}.turned")
    return reshaped(to, x, [*batch, channels * block**2, height // block, width // block], wish)


def linear(to: Building, x: Value, weight: Value, bias: Value | None, wish: str, turned: bool = True) -> Value:
    """A product with a matrix, `turned` where that stands with outputs first: Gemm of matrices, MatMul beyond."""
    if isinstance(weight, Const) and weight.turned is not None and not turned:
        weight, turned = weight.turned, True
    if len(to.shape(x)) == 2 and len(to.shape(weight)) == 2:
        read = (x, weight) if bias is None else (x, weight, bias)
        return to.add("Gemm", read, wish, alpha=1.0, beta=1.0, transA=0, transB=int(turned))
    other = transposed(to, weight, [1, 0], f"{wish}.turned") if turned else weight
    made = matmul(to, x, other, wish if bias is None else f"{wish}.product")
    return made if bias is None else to.add("Add", (made, bias), wish)


def matmul(to: Building, a: Value, b: Value, wish: str) -> Value:
    """A product as numpy has it: vectors are matrices for as long as it takes."""
    shapes = to.shape(a), to.shape(b)
    left = reshaped(to, a, (1, *shapes[0]), f"{wish}.row") if len(shapes[0]) == 1 else a
    right = reshaped(to, b, (*shapes[1], 1), f"{wish}.column") if len(shapes[1]) == 1 else b
    made: Value = to.add("MatMul", (left, right), wish)
    gone = [-2] * (len(shapes[0]) == 1) + [-1] * (len(shapes[1]) == 1)
    shape = [size for k, size in enumerate(to.shape(made)) if k - len(to.shape(made)) not in gone]
    return reshaped(to, made, shape, f"{wish}.vector")


def softmax(to: Building, x: Value, axis: int, wish: str) -> Name:
    """A softmax along an axis, counted from the front."""
    return to.add("Softmax", (x,), wish, axis=along(axis, len(to.shape(x))))


def cut(to: Building, x: Value, sizes: Sequence[int], axis: int, wish: str) -> list[Any]:
    """An axis in pieces of some sizes."""
    if len(sizes) == 1:
        return [x]
    return list(to.several("Split", (x,), wish, axis=along(axis, len(to.shape(x))), split=[int(s) for s in sizes]))


def taken(to: Building, x: Value, axis: int, place: int, wish: str) -> Value:
    """One place of an axis, which goes away."""
    axis = along(axis, len(to.shape(x)))
    one = picked(to, x, axis, [place], f"{wish}.one")
    shape: Shape = to.shape(one)
    return reshaped(to, one, (*shape[:axis], *shape[axis + 1 :]), wish)
