"""What a kind of operator is: its name, its type, how shapes follow, and how its law is fed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from symppa.errors import WorkloadError, suggest
from symppa.workloads.ir import Attributes, Shape, Size
from symppa.workloads.kinds.attributes import wrong

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Call(NamedTuple):
    """One operator with all shapes in numbers; a size that depends on a symbol may be an array of several.

    `counted` says which inputs take the precision in use: indices and masks do not. Without it, all do.
    """

    inputs: Sequence[tuple[Any, ...]]
    outputs: Sequence[tuple[Any, ...]]
    attributes: Attributes
    counted: Sequence[bool] = ()

    @property
    def operands(self) -> Any:
        """Elements of all inputs that count."""
        counted = self.counted or (True,) * len(self.inputs)
        return sum(elements(shape) for shape, counts in zip(self.inputs, counted, strict=True) if counts)


Shapes = Callable[[Sequence[Shape], Attributes], tuple[Shape, ...]]
Weights = Callable[[Sequence[Shape], Attributes], dict[str, Shape]]
Feed = Callable[[Call], dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """A row of the table of kinds.

    `type` is the OperationType it counts as; `law` a class of symppa.library.operators as `module.Class`, empty where
    it computes and moves nothing. `asked` are attributes it must have, `optional` those it may have with what holds
    otherwise. `inputs` are the fewest and the most tensors it reads.
    """

    name: str
    type: str
    law: str
    shapes: Shapes
    feed: Feed | None = None
    weights: Weights | None = None
    asked: tuple[str, ...] = ()
    optional: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[int, int] = (1, 1)
    meaning: str = ""
    special: Callable[[Call], str] | None = None  # a type that depends on shapes
    dtype: str | None = None  # element type of what it writes, where it is not that of what it reads

    @property
    def free(self) -> bool:
        """Whether it computes and moves nothing at inference."""
        return not self.law

    def complete(self, attributes: Attributes, name: str) -> dict[str, Any]:
        """The attributes with what holds otherwise; unknown and missing ones are refused."""
        known = {*self.asked, *self.optional}
        for told in attributes:
            if told not in known:
                raise WorkloadError(
                    f"{name}: {self.name} has no attribute {told!r}{suggest(told, known) if known else ''}"
                )
        missing = [a for a in self.asked if a not in attributes]
        if missing:
            raise WorkloadError(f"{name}: {self.name} needs {', '.join(missing)}")
        values = {**self.optional, **attributes}
        complete = {told: frozen(values[told]) for told in (*self.asked, *self.optional)}
        for told, value in complete.items():
            expected = wrong(told, value, self.optional.get(told, ...))
            if expected:
                raise WorkloadError(f"{name}: {told} of {self.name} is {value!r}; expected is {expected}")
        return complete


def frozen(value: Any) -> Any:
    """A value with tuples for its lists.

    >>> frozen([1, [2, 3]])
    (1, (2, 3))
    """
    if isinstance(value, list | tuple):
        return tuple(map(frozen, value))
    return value.item() if isinstance(value, np.generic) else value


def same(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    """One output, shaped as the first input."""
    return (inputs[0],)


def pair(value: Any, length: int = 2) -> tuple[int, ...]:
    """A number for each direction."""
    return tuple(value) if isinstance(value, list | tuple) else (value,) * length


def times(*sizes: Size) -> Size:
    """A product of sizes: a number where all are numbers.

    >>> times(2, "batch", 3), times(2, 3), times("batch", "seq")
    ('6*batch', 6, 'batch*seq')
    """
    parts = [part for size in sizes for part in str(size).split("*")]
    number = prod(int(part) for part in parts if part.isdigit())
    symbols = sorted(part for part in parts if not part.isdigit())
    if not symbols or number == 0:
        return number
    return "*".join([str(number), *symbols] if number != 1 else symbols)


def over(size: Size, divisor: int, what: str) -> Size:
    """A size divided without rest.

    >>> over("12*batch", 4, "x")
    '3*batch'
    """
    number = prod(int(part) for part in str(size).split("*") if part.isdigit())
    if number % divisor:
        raise WorkloadError(f"{what}: {size} cannot be divided by {divisor} without rest")
    return times(number // divisor, *(part for part in str(size).split("*") if not part.isdigit()))


def number(size: Size, what: str) -> int:
    """A size that must be a number here."""
    if isinstance(size, str):
        raise WorkloadError(f"{what} has the size {size!r}; here a number is needed")
    return size


def elements(shape: Sequence[Any]) -> Any:
    """Elements of a shape in numbers."""
    return prod(shape)
