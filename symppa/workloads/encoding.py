"""A graph as text: JSON for the private store, and NET.yaml for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from symppa.errors import WorkloadError
from symppa.workloads.ir import Graph, Operator, Tensor
from symppa.workloads.kinds import kind
from symppa.workloads.kinds.kind import frozen

PLAIN = re.compile(r"[A-Za-z_][\w./*-]*")
WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})  # which YAML may take for values


def encoded(graph: Graph) -> str:
    """JSON with everything of a graph."""
    tensors = [(t.name, t.shape, t.dtype, t.weight) for t in graph.tensors.values()]
    operators = [(o.name, o.kind, o.inputs, o.outputs, o.attributes, o.weights) for o in graph.operators]
    told = (graph.name, operators, tensors, graph.inputs, graph.outputs, graph.symbols, graph.meaning, graph.source)
    return json.dumps(told, separators=(",", ":"))


def decoded(text: str) -> Graph:
    """The graph of such JSON."""
    name, operators, tensors, inputs, outputs, symbols, meaning, source = json.loads(text)
    return Graph(
        name,
        tuple(
            Operator(n, k, tuple(i), tuple(o), {a: frozen(v) for a, v in told.items()}, tuple(w))
            for n, k, i, o, told, w in operators
        ),
        {n: Tensor(n, tuple(shape), dtype, weight) for n, shape, dtype, weight in tensors},
        tuple(inputs),
        tuple(outputs),
        symbols,
        meaning,
        source,
    )


def dumps(graph: Graph) -> str:
    """The text of NET.yaml for a graph, all of it and nothing twice; refused where reading it would give another graph.

    >>> from symppa.workloads.yaml import loads
    >>> graph = loads("{workload: net, inputs: {x: [2, 8]}, operators: [[fc, Linear, {out: 4}], [act, ReLU]]}")
    >>> print(dumps(graph), end="")
    schema: 1
    workload: net
    inputs:
      x: [2, 8]
    operators:
      - [fc, Linear, {out: 4}]
      - [act, ReLU]
    """
    from symppa.workloads.yaml import loads

    text = "".join(f"{line}\n" for line in _lines(graph))
    if loads(text, graph.name) != graph:
        raise WorkloadError(f"{graph.name} cannot be written as rows: tensors are not named after their operators")
    return text


def _lines(graph: Graph) -> Iterator[str]:
    yield "schema: 1"
    yield f"workload: {_text(graph.name)}"
    if graph.meaning:
        yield f"meaning: {_text(graph.meaning)}"
    if graph.source:
        yield f"source: {_text(graph.source)}"
    if graph.symbols:
        yield f"sizes: {_flow(graph.symbols)}"
    yield "inputs:"
    for name in graph.inputs:
        tensor = graph.tensors[name]
        shape = _flow(tensor.shape)
        told = shape if tensor.dtype == "float32" else f"{{shape: {shape}, dtype: {tensor.dtype}}}"
        yield f"  {_text(name)}: {told}"
    read = {name for operator in graph.operators for name in operator.inputs}
    if graph.outputs != tuple(n for o in graph.operators for n in o.outputs if n not in read):
        yield f"outputs: {_flow(graph.outputs)}"
    yield "operators:"
    last = graph.inputs[0]
    for operator in graph.operators:
        yield f"  - {_row(graph, operator, last)}"
        last = operator.outputs[0]


def _row(graph: Graph, operator: Operator, last: str) -> str:
    parts = [_text(operator.name), operator.kind]
    if operator.inputs not in ((last,), ()):
        parts.append(_flow(operator.inputs))
    usual = kind(operator.kind).optional
    attributes = {n: v for n, v in operator.attributes.items() if n not in usual or frozen(usual[n]) != v}
    if operator.weights and not operator.weights[0].startswith(f"{operator.name}."):
        attributes["weights"] = _owner(graph, operator)
    if attributes:
        parts.append(_flow(attributes))
    return f"[{', '.join(parts)}]"


def _owner(graph: Graph, operator: Operator) -> str:
    """The operator whose weights another one uses once more."""
    first = operator.weights[0]
    return next(o.name for o in graph.operators if first in o.weights and first.startswith(f"{o.name}."))


def _flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(name)}: {_flow(entry)}" for name, entry in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    """A text as YAML reads it back: quoted where it must be."""
    plain = PLAIN.fullmatch(text) and text.lower() not in WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)
