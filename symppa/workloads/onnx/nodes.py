"""Nodes of ONNX with what they are given: tensors, weights, and numbers that are known before a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symppa.errors import WorkloadError
from symppa.workloads.ir import Shape
from symppa.workloads.kinds.kind import over, times
from symppa.workloads.translation import Translation, Weight

MOST_KNOWN = 4096  # elements of numbers that are computed while a graph is read


@dataclass(frozen=True)
class Known:
    """Numbers, or sizes with symbols, that are known before a run."""

    values: Any  # an array of objects
    weight: Weight | None = None  # what they are where they are weights after all

    @property
    def list(self) -> list[Any]:
        """The values in one row."""
        return [plain(value) for value in np.asarray(self.values, object).ravel()]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the values."""
        return np.shape(self.values)


@dataclass(frozen=True)
class Call:
    """A node: its operator, what it reads in order (None where nothing stands), and its attributes."""

    name: str
    operator: str
    inputs: Sequence[Any]
    attributes: Mapping[str, Any]
    outputs: int
    opset: int
    follower: Weight | None = None  # the bias that the only reader of the result adds

    def get(self, name: str, otherwise: Any = None) -> Any:
        """An attribute."""
        return self.attributes.get(name, otherwise)

    def at(self, place: int) -> Any:
        """What stands at a place, or nothing."""
        return self.inputs[place] if place < len(self.inputs) else None

    def known(self, place: int, name: str = "") -> list[Any] | None:
        """Numbers at a place, or, in older versions, in an attribute."""
        value = self.at(place)
        if value is None:
            told = self.attributes.get(name)
            return None if told is None else list(told) if isinstance(told, list | tuple) else [told]
        if not isinstance(value, Known):
            raise WorkloadError(
                f"{self.name}: the run tells {self.operator} {name or 'a number'}; "
                "only what is known before a run is supported"
            )
        return value.list

    def whole(self, place: int, name: str = "") -> list[int] | None:
        """Whole numbers at a place or in an attribute."""
        found = self.known(place, name)
        if found is None:
            return None
        if not all(isinstance(value, int) for value in found):
            raise WorkloadError(f"{self.name}: {name} of {self.operator} is {found}; here numbers are needed")
        return found


class Reading:
    """The translation of one model."""

    def __init__(self, translation: Translation) -> None:
        self.to = translation

    def shape(self, value: Any) -> Shape:
        """The shape of a tensor, a weight or numbers."""
        if isinstance(value, Known):
            return value.shape
        return value.view if isinstance(value, Weight) else self.to.shape(value)

    def operand(self, value: Any, name: str) -> Any:
        """A value as something that an operator reads."""
        if not isinstance(value, Known):
            return value
        if value.weight is not None:
            return value.weight
        kind = "int64" if all(isinstance(v, int) for v in value.list) else "float32"
        return Weight(f"{name}.value", value.shape, trained=False, dtype=kind)

    def add(self, call: Call, what: str, inputs: Sequence[Any], outputs: int = 1, **attributes: Any) -> Any:
        """One row, named as the node."""
        operands = [self.operand(value, call.name) for value in inputs]
        return self.to.add(call.name, what, operands, outputs, **attributes)


def plain(value: Any) -> Any:
    """A number or a text without its numpy type."""
    return value.item() if isinstance(value, np.generic) else value


def known(values: Any) -> Known:
    """Numbers as they are kept: objects, so that sizes with symbols fit."""
    made = np.empty(np.shape(values), object)
    made[...] = np.asarray(values, object)
    if made.size > MOST_KNOWN:
        raise WorkloadError(f"{made.size} numbers to compute while reading; at most {MOST_KNOWN}")
    return Known(made)


def _product(a: Any, b: Any) -> Any:
    return times(a, b) if isinstance(a, str) or isinstance(b, str) else a * b


def _quotient(a: Any, b: Any) -> Any:
    if isinstance(a, str) and isinstance(b, int):
        return over(a, b, "a size")
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    return a / b


def _sum(a: Any, b: Any) -> Any:
    if isinstance(a, str) or isinstance(b, str):
        if a == 0 or b == 0:
            return b if a == 0 else a
        raise WorkloadError(f"the size {a} + {b} is no product of numbers and free sizes")
    return a + b


def _difference(a: Any, b: Any) -> Any:
    return 0 if a == b else a if b == 0 else _sum(a, -b if not isinstance(b, str) else b)


def _chosen(condition: Any, a: Any, b: Any) -> Any:
    return a if condition else b


def _each(function: Callable[..., Any], *values: Any) -> Any:
    """A function of every element."""
    return np.vectorize(function, otypes=[object])(*values)


PAIRWISE: Mapping[str, Callable[..., Any]] = {
    "Mul": _product, "Div": _quotient, "Add": _sum, "Sub": _difference, "Equal": lambda a, b: a == b,
    "Greater": lambda a, b: a > b, "Less": lambda a, b: a < b, "And": lambda a, b: a and b, "Or": lambda a, b: a or b,
    "Max": max, "Min": min, "Mod": lambda a, b: a % b, "Pow": lambda a, b: a**b,
}  # fmt: skip
SINGLE: Mapping[str, Callable[..., Any]] = {
    "Neg": lambda a: -a, "Floor": lambda a: int(a // 1), "Ceil": lambda a: -int(-a // 1), "Not": lambda a: not a,
    "Sqrt": lambda a: a**0.5, "Abs": abs, "Identity": lambda a: a,
}  # fmt: skip


def folded(call: Call) -> Known | None:
    """What a node gives whose inputs are known; None where it is not computed while reading."""
    values = [np.asarray(value.values, object) for value in call.inputs if isinstance(value, Known)]
    if not values or len(values) != len([v for v in call.inputs if v is not None]):
        return None
    name = call.operator
    try:
        if name in PAIRWISE and len(values) == 2:
            return known(_each(PAIRWISE[name], *values))
        if name in SINGLE:
            return known(_each(SINGLE[name], values[0]))
        if name == "Where":
            return known(_each(_chosen, *values))
        return _arranged(call, values)
    except (ValueError, IndexError, TypeError, ArithmeticError):
        return None


def _arranged(call: Call, values: Sequence[Any]) -> Known | None:
    """Numbers in another order or shape."""
    name, x = call.operator, values[0]
    if name == "Cast":
        to = call.get("to")
        return known(_each(lambda v: int(v) if to in (6, 7) and not isinstance(v, str) else v, x))
    if name == "Concat":
        return known(np.concatenate([np.atleast_1d(v) for v in values], axis=call.get("axis", 0)))
    if name == "Gather":
        return known(np.take(x, values[1].astype(int), axis=call.get("axis", 0)))
    if name == "Unsqueeze":
        return known(np.expand_dims(x, tuple(call.whole(1, "axes") or [0])))
    if name == "Squeeze":
        axes = call.whole(1, "axes")
        return known(np.squeeze(x, None if axes is None else tuple(axes)))
    if name == "Reshape":
        return known(x.reshape([int(v) for v in values[1].ravel()]))
    if name == "Slice":
        return known(x[_slices(call, x.ndim)])
    if name == "Range":
        return known(list(range(*(int(v.ravel()[0]) for v in values))))
    if name == "ReduceProd":
        return known([times(*x.ravel())] if call.get("keepdims", 1) else times(*x.ravel()))
    if name == "Expand":
        return known(np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(int(v) for v in values[1].ravel()))))
    if name == "ConstantOfShape":
        fill = call.get("value", 0.0)
        return (
            known(np.full([int(v) for v in x.ravel()], fill, object))
            if all(isinstance(v, int) for v in x.ravel())
            else None
        )
    return known(np.transpose(x, call.get("perm"))) if name == "Transpose" else None


def _slices(call: Call, rank: int) -> tuple[slice, ...]:
    starts, ends = call.whole(1, "starts") or [], call.whole(2, "ends") or []
    axes = call.whole(3, "axes") or list(range(len(starts)))
    steps = call.whole(4, "steps") or [1] * len(starts)
    cut = [slice(None)] * rank
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        cut[axis] = slice(start, end, step)
    return tuple(cut)
