"""From a graph of ATen calls to operators of the KPU, one call after the other."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from symppa.errors import CompilationError, WorkloadError
from symppa.kpu.lower.aten import arithmetic, views, weighted
from symppa.kpu.lower.building import FORMATS, Building, Const, Name, Value, format_of
from symppa.kpu.shapes import SHAPES
from symppa.workloads.torch import nested
from symppa.workloads.torch.calls import Call, arguments, flat, operator_of
from symppa.workloads.torch.exporting import first_line
from symppa.workloads.torch.refusals import refusals

RULES: Mapping[str, weighted.Rule] = {**views.RULES, **arithmetic.RULES, **weighted.RULES}
# Calls that check and compute nothing.
SILENT = frozenset({"_assert_tensor_metadata", "_assert_scalar", "sym_constrain_range", "sym_constrain_range_for_size",
                    "_assert_async", "_set_grad_enabled", "_exit_autocast", "_enter_autocast"})  # fmt: skip
VIEWS = frozenset({"slice", "select", "narrow", "view", "transpose", "t", "permute", "squeeze", "unsqueeze", "split",
                   "chunk", "flatten", "reshape", "expand", "unbind", "detach", "alias", "getitem"})  # fmt: skip
MOST = 1 << 28  # elements of numbers that are computed while a graph is read
WORD = re.compile(r"[A-Za-z][a-z]*|\d+[a-z]?")
# Names of torch's own that its users do not know.
TITLES = {"_native_batch_norm_legit": "InstanceNorm"}
SELF = re.compile(r"^L(\['self'\]|__self__)_?\.?")
MODULES = re.compile(r"_modules\['([^']+)'\]")
LEADING = re.compile(r"^(_?native_|_)+")


class Node(Call):
    """A call; torch.compile names modules by how it came to them, and that goes."""

    @property
    def wish(self) -> str:
        """The name that the operator should have: the module's, and the call's where the module does more."""
        told = super().wish
        members = MODULES.findall(told)
        return ".".join(members) + told.rpartition("']")[2] if members else SELF.sub("", told)


def array_of(tensor: Any, where: str) -> Any:
    """The numbers of a tensor of torch."""
    import torch

    if tensor.is_sparse or tensor.is_quantized or tensor.device.type == "meta":
        raise CompilationError(f"{where} has no numbers that can be read: {tensor.layout} on {tensor.device}")
    plain = tensor.detach().to("cpu")
    return (plain.float() if plain.dtype == torch.bfloat16 else plain).numpy()


def in_place(node: Any) -> bool:
    """Whether a call changes what it reads."""
    schema = getattr(node.target, "_schema", None)
    return node.op == "call_function" and schema is not None and bool(schema.is_mutable)


def changes_views(graph: Any) -> bool:
    """Whether something is changed in place that others look at in another shape, or by another tensor's numbers."""
    nodes = list(nested.every(graph))
    place = {node: k for k, node in enumerate(nodes)}
    for node in nodes:
        if in_place(node) and isinstance(node.args[0], type(node)):
            changed = node.args[0]
            seen = any(_views(user) and place.get(user, 0) < place[node] for user in changed.users)
            if seen or _views(changed) or operator_of(node) in ("copy", "fill", "index_put", "zero"):
                return True
    return False


def _views(node: Any) -> bool:
    return node.op == "call_function" and operator_of(node) in VIEWS


def known(node: Any) -> bool:
    """Whether a call has a row, or needs none."""
    if node.op != "call_function":
        return True
    if nested.is_higher(node):
        return nested.is_inlined(node)
    if not hasattr(node.target, "_schema"):
        return node.target is operator.getitem or not _tensors(node.meta.get("val"))
    return operator_of(node) in RULES or operator_of(node) in SILENT or not _reads(node)


def title(node: Any) -> str:
    """The name of a call's operator as ONNX would write it."""
    return title_of(node.target)


def title_of(target: Any) -> str:
    """The name of an operator as ONNX would write it: `native_group_norm` is `GroupNorm`."""
    packet = getattr(target, "overloadpacket", target)
    name = str(getattr(packet, "__name__", packet)).rstrip("_")
    if name in TITLES:
        return TITLES[name]
    plain = LEADING.sub("", name)
    return "".join(word[0].upper() + word[1:] for word in WORD.findall(plain)) or name


def _tensors(value: Any) -> bool:
    return any(hasattr(one, "shape") for one in (value if isinstance(value, list | tuple) else [value]))


def _reads(node: Any) -> bool:
    return any(_tensors(one.meta.get("val")) for one in node.all_input_nodes)


class Lowering:
    """One graph on its way to a program; `values` are the inputs and the numbers that it starts with."""

    def __init__(self, graph: Any, to: Building, values: Mapping[Any, Any], titles: Mapping[str, str]) -> None:
        self.graph, self.to, self.titles = graph, to, titles
        self.values: dict[Any, Any] = dict(values)

    def run(self) -> list[Value]:
        """Every call of the graph; what comes back are its outputs."""
        try:
            found = self._nodes(self.graph)
        except WorkloadError as error:
            raise CompilationError(f"{self.to.name}: {error.message}") from None
        return [one for one in self._leaves(found) if isinstance(one, Name | Const)]

    def _nodes(self, graph: Any) -> Any:
        for node in graph.nodes:
            if node.op == "call_function":
                self.values[node] = self._called(node)
                self._renew(node)
            elif node.op == "output":
                return self._resolved(node.args[0])
            elif node.op == "get_attr" and hasattr(told := nested.attribute(node), "detach"):
                self.values[node] = Const(array_of(told, str(node.target)), str(node.target))
        return None

    def _renew(self, node: Any) -> None:
        """What is changed in place is from now on what came out; what the network keeps must stay as it is."""
        changed: Any = node.args[0] if in_place(node) and node.args else None
        if not hasattr(changed, "op") or changed not in self.values:
            return
        if changed.op != "call_function" and isinstance(self.values[changed], Const):
            raise CompilationError(
                f"{self.to.name}: a run changes {self.values[changed].name}; a KPU program keeps nothing between runs. "
                "If those are statistics of norms, call .eval() on the module before it is exported"
            )
        self.values[changed] = self.values[node]

    def _resolved(self, value: Any) -> Any:
        """Arguments, with what stands behind each node."""
        if isinstance(value, list | tuple):
            return [self._resolved(one) for one in value]
        if isinstance(value, dict):
            return {key: self._resolved(one) for key, one in value.items()}
        if not hasattr(value, "op"):
            return value
        if value in self.values:
            return self.values[value]
        if _tensors(value.meta.get("val")):
            raise CompilationError(
                f"{self.to.name}: {value.name} is a tensor that nothing gives; it cannot be followed"
            )
        return value.meta.get("val")

    def _leaves(self, value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [leaf for one in value.values() for leaf in self._leaves(one)]
        return [leaf for one in value for leaf in self._leaves(one)] if isinstance(value, list) else [value]

    def _called(self, node: Any) -> Any:
        """What a call gives: tensors, numbers, or nothing."""
        if node.target is operator.getitem:
            return self._resolved(node.args[0])[node.args[1]]
        if nested.is_higher(node):
            return self._inlined(node) if nested.is_inlined(node) else self._stand_in(node, [])
        if operator_of(node) in SILENT:
            return None
        if not _tensors(node.meta.get("val")):
            return node.meta.get("val")
        if not hasattr(node.target, "_schema"):
            return self._stand_in(node, [])
        call = Node(node, arguments(node, self._resolved), {})
        read = [value for value in flat(call.given.values()) if isinstance(value, Name | Const)]
        if all(isinstance(value, Const) for value in read) and operator_of(node) not in arithmetic.RANDOM:
            return self._known(node, call)
        if not known(node):
            return self._stand_in(node, read)
        made = RULES[operator_of(node)](self.to, call)
        if made is None:
            return self._stand_in(node, read)
        self._check(call, made)
        return made

    def _inlined(self, node: Any) -> Any:
        """A graph that is run once, as it is, read in place of the call."""
        graph, outside = nested.wrapped(node)
        places = [inner for inner in graph.nodes if inner.op == "placeholder"]
        given = [self._resolved(one) for one in outside]
        self.values.update(zip(places, given, strict=True))
        made = self._nodes(graph)
        for place, one, before in zip(places, outside, given, strict=True):
            if self.values[place] is not before and one in self.values:
                self.values[one] = self.values[place]  # changed in place inside, and so outside
        return made

    def _stand_in(self, node: Any, read: Sequence[Value]) -> Any:
        value = node.meta.get("val")
        several = value if isinstance(value, list | tuple) else [value]
        written = [(tuple(int(s) for s in one.shape), FORMATS.get(str(one.dtype)[6:], "fp32")) for one in several]
        what = self.titles.get(node.name, title(node))
        what = f"aten.{operator_of(node)}" if what in SHAPES else what  # a variant of what is there otherwise
        made: list[Name] = self.to.stand_in(what, read, node.name, written)
        return made if isinstance(value, list | tuple) else made[0]

    def _known(self, node: Any, call: Call) -> Any:
        """What follows from numbers alone is computed here, by torch."""
        if prod(call.dims) > MOST:
            raise CompilationError(
                f"{self.to.name}: {node.name} has {prod(call.dims)} numbers; at most {MOST} are computed"
            )
        args, named = (self._numbers(one, in_place(node)) for one in (list(node.args), dict(node.kwargs)))
        try:
            found = node.target(*args, **named)
        except refusals() as error:
            raise CompilationError(f"{self.to.name}: {node.name} cannot be computed: {first_line(error)}") from None
        wish = self._wish(node, call)
        if isinstance(found, list | tuple):
            return [Const(array_of(one, node.name), f"{wish}.{k}") for k, one in enumerate(found)]
        return Const(array_of(found, node.name), wish, self._turned(node, call))

    def _wish(self, node: Any, call: Call) -> str:
        source = call["self"]
        return f"{source.name}.{operator_of(node)}" if isinstance(source, Const) else str(node.name)

    def _turned(self, node: Any, call: Call) -> Const | None:
        source = call["self"]
        two = isinstance(source, Const) and source.array.ndim == 2
        swapped = operator_of(node) in ("t", "transpose", "permute", "mT", "numpy_T", "swapaxes")
        return source if two and swapped and call.dims == source.shape[::-1] and self._swaps(call) else None

    def _swaps(self, call: Call) -> bool:
        """Whether the two axes really change places; those of a square matrix look alike."""
        if call.operator == "permute":
            return [axis % 2 for axis in call.numbers("dims")] == [1, 0]
        if call.operator in ("transpose", "swapaxes"):
            names = ("dim0", "dim1") if "dim0" in call.given else ("axis0", "axis1")
            return bool(call[names[0]] % 2 != call[names[1]] % 2)
        return True

    def _numbers(self, value: Any, copied: bool) -> Any:
        """Arguments with tensors of torch for the numbers among them; copies where they will be changed."""
        import torch

        if isinstance(value, list | tuple):
            return [self._numbers(one, copied) for one in value]
        if isinstance(value, dict):
            return {key: self._numbers(one, copied) for key, one in value.items()}
        told = self._resolved(value)
        if not isinstance(told, Const):
            return told
        array = told.array if told.array.flags.writeable and not copied else told.array.copy()
        return torch.from_numpy(array)

    def _check(self, call: Call, made: Any) -> None:
        """Refuses a result that is not shaped as torch says, or of another format."""
        for one, shape in zip(made if isinstance(made, list) else [made], call.shapes, strict=False):
            if isinstance(one, Name | Const) and self.to.shape(one) != tuple(shape):
                raise CompilationError(f"{self.to.name}: {call.node.name} gives {shape}, not {self.to.shape(one)}")
        first = made[0] if isinstance(made, list) else made
        due = format_of(call.dtype, call.node.name)
        if isinstance(first, Name) and self.to.dtype(first) != due:
            raise CompilationError(f"{self.to.name}: {call.node.name} gives {due}, not {self.to.dtype(first)}")
