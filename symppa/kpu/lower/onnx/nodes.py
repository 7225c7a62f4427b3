"""Nodes of ONNX with what they are given, and what follows from numbers alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from symppa.errors import CompilationError
from symppa.kpu.lower.building import Array, Const, Value

MOST = 1 << 28  # elements of numbers that are computed while a graph is read
# Operators whose results may be much larger than what they read, and how large those are.
GROWING: Mapping[str, Callable[[list[Array], Mapping[str, Any]], Any]] = {
    "ConstantOfShape": lambda read, _: prod(int(size) for size in read[0].ravel()),
    "Expand": lambda read, _: prod(np.broadcast_shapes(read[0].shape, tuple(int(size) for size in read[1].ravel()))),
    "Tile": lambda read, _: read[0].size * prod(int(count) for count in read[1].ravel()),
    "Range": lambda read, _: int(abs((read[1] - read[0]) / read[2]).ravel()[0]) + 1,
    "Pad": lambda read, told: prod(
        size + 2 * int(np.abs(np.asarray(read[1] if len(read) > 1 else told.get("pads", 0))).max())
        for size in read[0].shape
    ),
}
RANDOM = frozenset({"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli",
                    "Multinomial"})  # fmt: skip


@dataclass(frozen=True)
class Call:
    """A node: its operator, what it reads in order (None where nothing stands), and its attributes."""

    wish: str
    operator: str
    inputs: Sequence[Value | None]
    attributes: Mapping[str, Any]
    outputs: int
    opset: int

    def __getitem__(self, place: int) -> Value:
        value = self.at(place)
        if value is None:
            raise CompilationError(f"{self.wish}: {self.operator} lacks its input {place}")
        return value

    def at(self, place: int) -> Value | None:
        """What stands at a place, or nothing."""
        return self.inputs[place] if place < len(self.inputs) else None

    def get(self, name: str, otherwise: Any = None) -> Any:
        """An attribute."""
        return self.attributes.get(name, otherwise)

    def numbers(self, place: int, name: str = "") -> list[Any] | None:
        """Numbers at a place, or, in older versions, in an attribute; nothing where neither is told."""
        value = self.at(place)
        if value is None:
            told = self.attributes.get(name)
            return None if told is None else list(told) if isinstance(told, list | tuple) else [told]
        if not isinstance(value, Const):
            raise CompilationError(
                f"{self.wish}: {self.operator} takes {name or f'its input {place}'} from the run; "
                "a KPU program has fixed shapes, and only what is known before a run tells one"
            )
        found: list[Any] = value.array.ravel().tolist()
        return found

    def whole(self, place: int, name: str = "") -> list[int] | None:
        """The same as whole numbers."""
        found = self.numbers(place, name)
        return None if found is None else [int(one) for one in found]


def computed(onnx: Any, node: Any, read: Mapping[str, Array], told: Mapping[str, Any], opset: int) -> list[Array]:
    """What a node gives whose inputs are all numbers, by the reference of ONNX."""
    from onnx.reference import ReferenceEvaluator

    try:
        grown = int(GROWING[node.op_type](list(read.values()), told)) if node.op_type in GROWING else 0
        if grown > MOST:
            raise CompilationError(f"{node.op_type} gives {grown} numbers; at most {MOST} are computed before a run")
        found = ReferenceEvaluator(node, opsets={"": opset}).run(None, dict(read))
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, ArithmeticError, RuntimeError) as error:
        raise CompilationError(f"{node.name or node.op_type} cannot be computed: {error}") from None
    return [np.asarray(one) for one in found]


def attribute(onnx: Any, told: Any) -> Any:
    """An attribute as plain values; a tensor as an array."""
    value = onnx.helper.get_attribute_value(told)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, onnx.TensorProto):
        return onnx.numpy_helper.to_array(value)
    return list(value) if hasattr(value, "__len__") and not isinstance(value, str) else value
