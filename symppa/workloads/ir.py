"""A network as a graph of operators and tensors. Frozen: a pass returns another graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Any

from symppa.errors import WorkloadError, suggest

Size = int | str  # a number, or a product with symbols: "batch", "12*batch", "batch*seq"
Shape = tuple[Size, ...]
Attributes = Mapping[str, Any]
FLOATS = frozenset({"float64", "float32", "float16", "bfloat16", "float8", "int8", "int4"})  # take the precision in use
STORED = {"bool": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8, "uint64": 8}  # byte


@dataclass(frozen=True)
class Tensor:
    """A tensor by shape and element type; `weight` where it belongs to the network and not to one run."""

    name: str
    shape: Shape
    dtype: str = "float32"
    weight: bool = False

    @property
    def elements(self) -> int:
        """Number of elements; a shape with symbols has none yet."""
        return prod(whole(self.name, size) for size in self.shape)

    @property
    def scaled(self) -> bool:
        """Whether its elements take the precision in use: indices and masks do not."""
        return self.dtype in FLOATS

    @property
    def stored(self) -> int:
        """Bytes of one element that does not take the precision in use.

        >>> Tensor("tokens", (1, 128), "int64").stored
        8
        """
        return STORED[checked(self.dtype, self.name)]


@dataclass(frozen=True)
class Operator:
    """One operator: the name of its kind, the tensors it reads and writes, and what else its kind asks."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Attributes = field(default_factory=dict)
    weights: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    """Operators in an order in which they may run. `symbols` are the free sizes, each with its default."""

    name: str
    operators: tuple[Operator, ...]
    tensors: Mapping[str, Tensor]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    symbols: Mapping[str, int] = field(default_factory=dict)
    meaning: str = ""
    source: str = ""

    @cached_property
    def producer(self) -> dict[str, Operator]:
        """The operator that writes a tensor."""
        return {name: operator for operator in self.operators for name in operator.outputs}

    @cached_property
    def consumers(self) -> dict[str, tuple[Operator, ...]]:
        """The operators that read a tensor."""
        found: dict[str, tuple[Operator, ...]] = dict.fromkeys(self.tensors, ())
        for operator in self.operators:
            for name in dict.fromkeys(operator.inputs):
                found[name] = (*found[name], operator)
        return found

    @property
    def parameters(self) -> int:
        """Elements of all weights that an optimizer would train; what norms only count with is left out."""
        return sum(t.elements for t in self.tensors.values() if t.weight and not t.name.endswith(UNTRAINED))

    def at(self, **sizes: int) -> Graph:
        """The graph with its symbols replaced; those not told keep their defaults."""
        values = self.sizes(**sizes)
        tensors = {n: replace(t, shape=tuple(sized(size, values) for size in t.shape)) for n, t in self.tensors.items()}
        operators = tuple(replace(o, attributes=sized_attributes(o.attributes, values)) for o in self.operators)
        return replace(self, operators=operators, tensors=tensors, symbols={})

    def sizes(self, **told: int) -> dict[str, int]:
        """A number for each symbol: what is told, else its default."""
        for name, size in told.items():
            if name not in self.symbols:
                near = suggest(name, self.symbols) or "; all its sizes are fixed"
                raise WorkloadError(f"{self.name} has no size {name!r} to set{near}")
            if size < 1:
                raise WorkloadError(f"{name} = {size} of {self.name} is no size; at least 1 is")
            if size > MOST:
                raise WorkloadError(f"{name} = {size} of {self.name} is too large to count with; at most {MOST} is")
        return {**self.symbols, **told}

    def __iter__(self) -> Iterator[Operator]:
        return iter(self.operators)


MOST = 2**53  # whole numbers up to here are exact as floating-point numbers
UNTRAINED = (".running_mean", ".running_var", ".constant")


def checked(dtype: str, name: str) -> str:
    """An element type that is known; another one is refused."""
    if dtype not in FLOATS and dtype not in STORED:
        near = suggest(dtype, (*FLOATS, *STORED))
        raise WorkloadError(f"{name} has elements of {dtype!r}, a type that is not known{near}")
    return dtype


def sized(size: Size, values: Mapping[str, Any]) -> Any:
    """A size with its symbols replaced; values may be arrays.

    >>> sized("12*batch*seq", {"batch": 2, "seq": 10})
    240
    """
    if not isinstance(size, str):
        return size
    return prod(
        int(part) if part.isdigit() else _value(part, size, values) for part in size.replace(" ", "").split("*")
    )


def _value(part: str, size: str, values: Mapping[str, Any]) -> Any:
    if part not in values:
        raise WorkloadError(f"the size {size!r} has an unknown symbol {part!r}{suggest(part, values)}")
    return values[part]


def sized_attributes(attributes: Attributes, values: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes with the sizes among them (`shape`, `context`) replaced."""
    found = dict(attributes)
    for name in SIZES.intersection(found):
        told = found[name]
        found[name] = tuple(sized(s, values) for s in told) if isinstance(told, list | tuple) else sized(told, values)
    return found


SIZES = frozenset({"shape", "context", "window", "tokens"})  # attributes that may have symbols


def whole(name: str, size: Size) -> int:
    """A size that is a number already."""
    if isinstance(size, str):
        raise WorkloadError(f"{name} has the size {size!r}: replace its symbols first, graph.at({size}=...)")
    return size
