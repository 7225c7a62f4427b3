"""From an exported program to operators of the KPU; what has no row is first taken apart by torch."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any

from symppa.errors import CompilationError
from symppa.kpu.lower.aten.graph import RULES, Lowering, array_of, changes_views, known, title
from symppa.kpu.lower.building import Building, Const, Value, format_of
from symppa.workloads.torch import nested
from symppa.workloads.torch.calls import operator_of
from symppa.workloads.torch.refusals import refusals

SYMBOL = re.compile(r"[A-Za-z_]\w*")


def lowered(program: Any, to: Building) -> list[Value]:
    """The outputs of an exported program, its calls added to what is being built."""
    _stateless(program, to.name)
    plain: Any = program
    titles: Mapping[str, str] = {}
    if any(not known(node) for node in nested.every(program.graph)) or changes_views(program.graph):
        plain = _taken_apart(program, frozenset())
        if left := _left(program.graph, plain.graph):
            plain = _taken_apart(program, left)  # so that what is not supported keeps its name
        titles = _titles(program.graph, plain.graph)
        _stateless(plain, to.name)
    return Lowering(plain.graph, to, _values(plain, to), titles).run()


def open_sizes(program: Any) -> list[str]:
    """The sizes of inputs that a program leaves open, as `axis 0 of x`."""
    found = []
    for node in program.graph.nodes:
        shape = getattr(node.meta.get("val"), "shape", ()) if node.op == "placeholder" else ()
        found += [f"axis {axis} of {node.name}" for axis, size in enumerate(shape) if not isinstance(size, int)]
    return found


def input_shapes(program: Any) -> dict[str, tuple[tuple[Any, ...], Any]]:
    """Shape (None where it is open) and element type of each input that is a tensor."""
    specs = {spec.arg.name: spec.kind.name for spec in program.graph_signature.input_specs}
    found = {}
    for node in program.graph.nodes:
        value: Any = node.meta.get("val") if node.op == "placeholder" else None
        if specs.get(node.name) == "USER_INPUT" and hasattr(value, "shape"):
            found[node.name] = (tuple(s if isinstance(s, int) else None for s in value.shape), value.dtype)
    return found


def _stateless(program: Any, name: str) -> None:
    changed = [
        spec.target for spec in program.graph_signature.output_specs
        if spec.kind.name in ("BUFFER_MUTATION", "PARAMETER_MUTATION")
    ]  # fmt: skip
    if changed:
        raise CompilationError(
            f"{name}: a run changes {', '.join(changed[:6])}; a KPU program keeps nothing between runs. "
            "If those are statistics of norms, call .eval() on the module before it is exported"
        )


def _left(before: Any, after: Any) -> frozenset[str]:
    """Operators whose parts are not all known either."""
    made = {node.name: operator_of(node) for node in before.nodes if not known(node)}
    return frozenset(
        made[name] for node in after.nodes if not known(node) for name in _origins(node) if name in made
    )  # fmt: skip


def _taken_apart(program: Any, whole: frozenset[str]) -> Any:
    """The program with what is not known decomposed but for what stays whole, and nothing changed in place."""
    import torch

    table = torch.export.default_decompositions()
    for target in list(table):
        packet = getattr(target, "overloadpacket", target)
        name = str(getattr(packet, "__name__", packet)).rstrip("_")
        if name in RULES or name in whole:
            del table[target]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return program.run_decompositions(table)
        except refusals():
            return program


def _titles(before: Any, after: Any) -> Mapping[str, str]:
    """Names for what may turn out to have no operator: those that the user knows it by, before it was taken apart."""
    unknown = {node.name: title(node) for node in before.nodes if not known(node)}
    found = {}
    for node in after.nodes:
        if node.op == "call_function":
            found[node.name] = next((unknown[name] for name in _origins(node) if name in unknown), title(node))
    return found


def _origins(node: Any) -> list[str]:
    """The names of the nodes that a node was made of."""
    stack, found = list(node.meta.get("from_node", ())), []
    while stack:
        source = stack.pop()
        found.append(str(source.name))
        stack += getattr(source, "from_node", ())
    return found


def _values(program: Any, to: Building) -> dict[Any, Any]:
    """Inputs and weights by their nodes."""
    specs = {spec.arg.name: spec for spec in program.graph_signature.input_specs}
    values: dict[Any, Any] = {}
    for node in program.graph.nodes:
        if node.op != "placeholder":
            continue
        spec, value = specs[node.name], node.meta.get("val")
        if spec.kind.name == "USER_INPUT":
            if hasattr(value, "shape"):
                dtype = format_of(value.dtype, f"the input {node.name}")
                values[node] = to.input(node.name, value.shape, dtype)
            else:
                values[node] = value
            continue
        tensor = program.state_dict.get(spec.target, program.constants.get(spec.target))
        if hasattr(tensor, "detach"):
            values[node] = Const(array_of(tensor, spec.target), str(spec.target))
    return values
