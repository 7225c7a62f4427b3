"""Calls of ATen operators, their arguments by name, and the graph that they become."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod
from typing import Any

from symppa.errors import WorkloadError
from symppa.workloads.ir import FLOATS, STORED, Shape, Size
from symppa.workloads.kinds.kind import times
from symppa.workloads.translation import Translation, Weight

SHORT = {"float8_e4m3fn": "float8", "float8_e5m2": "float8"}
ENDING = re.compile(r"[._](weight|bias)(_[a-z]+\d*)?$")
REPEATED = re.compile(r"@\d+")


class Call:
    """A node of the exported graph: what it is called, what it is given, and the shapes it gives."""

    def __init__(self, node: Any, given: Mapping[str, Any], names: Mapping[str, str]) -> None:
        self.node, self.given, self.names = node, given, names

    def __getitem__(self, name: str) -> Any:
        return self.given.get(name)

    @property
    def operator(self) -> str:
        """The name of the operator, without what tells its variants apart: `relu_.default` is `relu`."""
        return operator_of(self.node)

    @property
    def shape(self) -> Shape:
        """The shape of the only, or the first, result."""
        return self.shapes[0]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of all results."""
        value = self.node.meta["val"]
        several = value if isinstance(value, list | tuple) else [value]
        return tuple(tuple(self.size(s) for s in one.shape) for one in several if hasattr(one, "shape"))

    @property
    def dtype(self) -> str:
        """The element type of the first result."""
        value = self.node.meta["val"]
        return dtype_of((value[0] if isinstance(value, list | tuple) else value).dtype)

    @property
    def dims(self) -> tuple[int, ...]:
        """The shape of the first result, in numbers."""
        return tuple(number(size, self.operator) for size in self.shape)

    def size(self, value: Any) -> Size:
        """A size as a number, or as a product with symbols."""
        return size(value, self.names)

    def numbers(self, name: str) -> list[int]:
        """An argument that is a list of whole numbers, or one of them."""
        value = self[name]
        told = value if isinstance(value, list | tuple) else [] if value is None else [value]
        return [number(self.size(v), self.operator) for v in told]

    @property
    def wish(self) -> str:
        """The name that the row should have: the module's, and the operator's where the module does more than that."""
        stack = [*self.node.meta.get("nn_module_stack", {}).values()]
        path, module = _module(stack[-1]) if stack else ("", "")
        if not path:
            return self.operator
        alike = module.replace("_", "").lower().rstrip("123d") in self.operator.replace("_", "")
        return path if alike else f"{path}.{self.operator}"

    def wish_of(self, weight: Weight) -> str:
        """The name of a row with weights: that of its weights, without their ending."""
        return ENDING.sub("", weight.name) or self.operator


def _module(entry: Any) -> tuple[str, str]:
    """The path and the class of a module on the stack."""
    path, cls = entry
    name = cls if isinstance(cls, str) else getattr(cls, "__name__", "")
    text = REPEATED.sub("", str(path))
    return "" if text.startswith("_") else text, name.rsplit(".", 1)[-1]


def operator_of(node: Any) -> str:
    """The name of a node's operator: `aten.conv2d.padding` is `conv2d`, and so is what works in place."""
    packet = getattr(node.target, "overloadpacket", None)
    name: str = packet.__name__ if packet is not None else getattr(node.target, "__name__", str(node.target))
    return name if name.startswith("__") else name.rstrip("_")


def shown(node: Any) -> str:
    """How an operator is told to people."""
    schema = getattr(node.target, "_schema", None)
    return schema.name.replace("::", ".") if schema is not None else str(getattr(node.target, "__name__", node.target))


def arguments(node: Any, resolved: Any) -> dict[str, Any]:
    """The arguments of a call by name, those that are not told with what holds then."""
    found = {}
    for place, asked in enumerate(node.target._schema.arguments):
        if place < len(node.args) and not asked.kwarg_only:
            found[asked.name] = resolved(node.args[place])
        elif asked.name in node.kwargs:
            found[asked.name] = resolved(node.kwargs[asked.name])
        elif asked.has_default_value():
            found[asked.name] = asked.default_value
    return found


def size(value: Any, names: Mapping[str, str]) -> Size:
    """A size as the graph writes it: `2*s77` is `2*batch`."""
    if isinstance(value, int):
        return value
    text = str(value.node.expr).replace(" ", "")
    parts: list[Size] = []
    for part in text.replace("**", "^").split("*"):
        base, _, power = part.partition("^")
        if not (base.isdigit() or base in names) or (power and not power.isdigit()):
            raise WorkloadError(f"the size {text} is no product of numbers and free sizes")
        parts += [int(base) if base.isdigit() else names[base]] * int(power or 1)
    return times(*parts)


def number(value: Any, what: str) -> int:
    """A size that is a number."""
    if not isinstance(value, int):
        raise WorkloadError(f"{what} has the size {value!r}; here a number is needed")
    return int(value)


def dtype_of(dtype: Any) -> str:
    """The name of an element type."""
    name = str(dtype).rpartition(".")[2]
    name = SHORT.get(name, name)
    if name not in FLOATS and name not in STORED:
        raise WorkloadError(f"elements of {name} are not supported; {', '.join(sorted(FLOATS | STORED.keys()))} are")
    return name


class Reading:
    """The translation of one exported graph."""

    def __init__(self, translation: Translation) -> None:
        self.to = translation
        self.sources: dict[str, set[str]] = {}  # numbers that are there before a run: the weights they follow from

    def shape(self, value: Any) -> Shape:
        """The shape of a tensor or a weight."""
        return value.view if isinstance(value, Weight) else self.to.shape(value)

    def constant(self, call: Call) -> Any:
        """Numbers that follow from nothing but weights and sizes: they are there before a run."""
        shape = call.shape
        trained = any(isinstance(v, Weight) and v.trained for v in flat(call.given.values()))
        fixed = tuple(s if isinstance(s, int) else 1 for s in shape)
        name = f"{call.node.name}.value"
        self.sources[name] = {v.name for v in flat(call.given.values()) if isinstance(v, Weight)}
        made = Weight(name, fixed, trained and prod(fixed) > 1, call.dtype)
        return made if fixed == shape else self.to.add(f"{name}.each", "Expand", (made,), shape=shape)


def flat(values: Any) -> list[Any]:
    """Values, and those in lists among them."""
    found = []
    for value in values:
        found += list(value) if isinstance(value, list | tuple) else [value]
    return found
