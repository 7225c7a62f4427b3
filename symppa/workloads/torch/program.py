"""From an exported program to a graph."""

from __future__ import annotations

import operator
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from symppa.errors import WorkloadError
from symppa.workloads.ir import Graph, Tensor
from symppa.workloads.torch import arithmetic, nested, reach, views, weighted
from symppa.workloads.torch.calls import Call, Reading, arguments, dtype_of, flat, operator_of, shown, size
from symppa.workloads.torch.refusals import refusals
from symppa.workloads.translation import Translation, Weight, unsupported

RULES: Mapping[str, views.Rule] = {**views.RULES, **arithmetic.RULES, **weighted.RULES}
SYMBOL = re.compile(r"[A-Za-z_]\w*")
# Calls that check and compute nothing.
SILENT = frozenset({"_assert_tensor_metadata", "_assert_scalar", "sym_constrain_range", "sym_constrain_range_for_size",
                    "_assert_async", "_set_grad_enabled", "_exit_autocast", "_enter_autocast"})  # fmt: skip
FROM_NOTHING = frozenset({"arange", "zeros", "ones", "full", "eye", "scalar_tensor", "linspace", "empty", "tensor",
                          "zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones", "new_full",
                          "new_empty", "rand", "randn", "tril_indices"})  # fmt: skip


def graph_of(
    program: Any, name: str, *, meaning: str = "", source: str = "", sizes: Mapping[str, int] | None = None,
    must: bool = False,
) -> Graph:  # fmt: skip
    """The graph of an exported program; operators that are not known by name are first taken apart by torch."""
    plain = program
    if unknown(program) or _changes_views(program):
        plain = _taken_apart(program)
    left = unknown(plain)
    if left:
        raise unsupported(name, left)
    return Exported(plain, name, dict(sizes or {}), must).graph(meaning, source)


def unknown(program: Any) -> Counter[str]:
    """Operators that no rule knows, with how often they occur."""
    found: Counter[str] = Counter()
    for node in nested.every(program.graph):
        if node.op == "call_function" and not _known(node):
            found[shown(node)] += 1
    return found


def _known(node: Any) -> bool:
    name = operator_of(node)
    if nested.is_higher(node):
        return nested.is_inlined(node)
    if not hasattr(node.target, "_schema"):  # arithmetic on sizes
        return node.target is operator.getitem or not _tensors(node.meta.get("val"))
    return name in RULES or name in SILENT or name in FROM_NOTHING or name.startswith("sym_")


def _changes_views(program: Any) -> bool:
    """Whether a tensor is changed in place through a view of it, or by another tensor's numbers."""
    return any(
        _in_place(node) and (operator_of(node) in ("copy", "fill", "index_put") or _is_view(node.args[0]))
        for node in nested.every(program.graph)
    )


def _in_place(node: Any) -> bool:
    schema = getattr(node.target, "_schema", None)
    return node.op == "call_function" and schema is not None and schema.is_mutable


def _is_view(node: Any) -> bool:
    return node.op == "call_function" and operator_of(node) in (
        "slice",
        "select",
        "narrow",
        "view",
        "transpose",
        "getitem",
    )


def _taken_apart(program: Any) -> Any:
    """The program with what is not known decomposed, and nothing changed in place."""
    import torch

    table = torch.export.default_decompositions()
    for target in list(table):
        if operator_of_target(target) in RULES:
            del table[target]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return program.run_decompositions(table)
        except refusals():
            return program


def operator_of_target(target: Any) -> str:
    """The name of an operator that is no node."""
    packet = getattr(target, "overloadpacket", target)
    return str(getattr(packet, "__name__", packet)).rstrip("_")


class Exported:
    """One exported program on its way to a graph."""

    def __init__(self, program: Any, name: str, sizes: Mapping[str, int], must: bool) -> None:
        self.program, self.name = program, name
        self.nodes = list(program.graph.nodes)
        self.names, self.symbols = self._free_sizes(sizes)
        if must and not self.symbols:
            raise WorkloadError(f"{name}: no size is left open")
        self.values: dict[Any, Any] = {}
        inputs = self._inputs()
        self.to = Reading(Translation(inputs, self.symbols))

    def graph(self, meaning: str, source: str) -> Graph:
        """The graph of all calls."""
        outputs = self._leaves(self._run(self.nodes))
        found = self.to.to.graph(self.name, outputs, meaning, source, self.name)
        reach.checked(self.program, found, self.to.to, self.to.sources)
        return found

    def _run(self, nodes: Sequence[Any]) -> Any:
        """What comes out of nodes, one after the other."""
        for node in nodes:
            if node.op == "call_function":
                self.values[node] = self._called(node)
                self._renew(node)
            elif node.op == "output":
                return self._resolved(node.args[0])
            elif node.op == "get_attr" and _tensors(told := nested.attribute(node)):
                self.values[node] = Weight(str(node.target), tuple(told.shape), False, dtype_of(told.dtype))
        return []

    def _inlined(self, node: Any) -> list[Any]:
        """What a graph gives that a call only wraps; what it changes in place is changed outside of it too."""
        inner, operands = nested.wrapped(node)
        places = [one for one in inner.nodes if one.op == "placeholder"]
        told = [self._resolved(one) for one in operands]
        self.values.update(zip(places, told, strict=True))
        made = self._run(list(inner.nodes))
        for place, outside, before in zip(places, operands, told, strict=True):
            if self.values[place] is not before and outside in self.values:
                self.values[outside] = self.values[place]
        return made if isinstance(made, list) else [made]

    def _free_sizes(self, sizes: Mapping[str, int]) -> tuple[dict[str, str], dict[str, int]]:
        """The graph's free sizes by their names: first axes are the batch."""
        found: dict[str, str] = {}
        hints: dict[str, int] = {}
        for node in self.nodes:
            if node.op != "placeholder" or not hasattr(node.meta.get("val"), "shape"):
                continue
            for axis, one in enumerate(node.meta["val"].shape):
                for symbol in [] if isinstance(one, int) else SYMBOL.findall(str(one.node.expr)):
                    name = found.setdefault(
                        symbol, "batch" if axis == 0 else f"size{len(set(found.values()) - {'batch'}) + 1}"
                    )
                    hints.setdefault(name, sizes.get(name) or int(one.node.hint or 1))
        return found, hints

    def _inputs(self) -> dict[str, Tensor]:
        """The tensors that come with each run; the rest of the placeholders are weights."""
        specs = {spec.arg.name: spec for spec in self.program.graph_signature.input_specs}
        inputs: dict[str, Tensor] = {}
        for node in self.nodes:
            if node.op != "placeholder":
                continue
            spec, value = specs.get(node.name), node.meta.get("val")
            if not hasattr(value, "shape"):
                continue
            if spec is None or spec.kind.name == "USER_INPUT":
                shape = tuple(size(s, self.names) for s in value.shape)
                inputs[node.name] = Tensor(node.name, shape, dtype_of(value.dtype))
                self.values[node] = node.name
            else:
                trained = spec.kind.name == "PARAMETER"
                self.values[node] = Weight(spec.target, tuple(map(int, value.shape)), trained, dtype_of(value.dtype))
        return inputs

    def _resolved(self, value: Any) -> Any:
        """An argument with tensors and weights for nodes."""
        if isinstance(value, list | tuple):
            return [self._resolved(one) for one in value]
        if isinstance(value, dict):
            return {key: self._resolved(one) for key, one in value.items()}
        if value in self.values if hasattr(value, "op") else False:
            return self.values[value]
        told = value.meta.get("val") if hasattr(value, "op") else value
        if hasattr(value, "op") and _tensors(told):
            raise WorkloadError(f"{self.name}: {value.name} is a tensor that nothing gives; it cannot be followed")
        return told

    def _leaves(self, value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [leaf for one in value.values() for leaf in self._leaves(one)]
        return [leaf for one in value for leaf in self._leaves(one)] if isinstance(value, list) else [value]

    def _called(self, node: Any) -> Any:
        """What a call gives: tensors, weights, or a size."""
        if node.target is operator.getitem:
            return self._taken(node)
        if nested.is_higher(node):
            return self._inlined(node)
        value = node.meta.get("val")
        if not hasattr(node.target, "_schema") or not _tensors(value):
            return value
        call = Call(node, arguments(node, self._resolved), self.names)
        if operator_of(node) in FROM_NOTHING or self._is_constant(call):
            return self.to.constant(call)
        before = self.to.to.unknown.total()
        made = RULES[operator_of(node)](self.to, call)
        if self.to.to.unknown.total() > before:
            return self.to.constant(call)  # stands in, so that all that is not supported is named
        self._check(call, made)
        return made

    def _is_constant(self, call: Call) -> bool:
        """Whether nothing of a run goes in, and it is no view of weights and no row of a table."""
        tensors = [v for v in flat(call.given.values()) if isinstance(v, str | Weight) and not _word(call, v)]
        kept = operator_of(call.node) in views.RULES or operator_of(call.node) == "embedding"
        return len(call.shapes) == 1 and not kept and all(isinstance(v, Weight) for v in tensors)

    def _taken(self, node: Any) -> Any:
        made = self._resolved(node.args[0])
        place = node.args[1]
        if isinstance(made, str | Weight):
            made = [made]
        if place >= len(made) and not node.users:
            return None
        if place >= len(made):
            self.to.to.refuse(f"{shown(node.args[0])}, result {place}")
            return made[0]
        return made[place]

    def _check(self, call: Call, made: Any) -> None:
        """Refuses a result that is not shaped as torch says."""
        first = made[0] if isinstance(made, list) else made
        if isinstance(first, str | Weight) and tuple(self.to.shape(first)) != call.shape:
            here, what = list(self.to.shape(first)), f"{call.node.name} ({shown(call.node)})"
            raise WorkloadError(f"{self.name}: {what} gives {list(call.shape)}, not {here}")

    def _renew(self, node: Any) -> None:
        """What is changed in place is from now on what came out."""
        if _in_place(node) and isinstance(self.values[node], str) and hasattr(node.args[0], "op"):
            self.values[node.args[0]] = self.values[node]


def _tensors(value: Any) -> bool:
    several: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
    return any(hasattr(one, "shape") for one in several)


def _word(call: Call, value: Any) -> bool:
    """Whether a text among the arguments is a word, as a mode, and no tensor."""
    return isinstance(value, str) and any(
        asked.name in call.given and call.given[asked.name] == value and str(asked.type) in ("str", "Optional[str]")
        for asked in call.node.target._schema.arguments
    )
