"""NET.yaml: a network row by row; shapes and weights follow by propagation. Nothing in a file is executed.

    workload: two_layers
    sizes: {batch: 1}
    inputs: {image: [batch, 3, 32, 32]}
    operators:
      - [conv, Conv2d, [image], {out: 8, kernel: 3}]   # name, kind, what it reads, attributes
      - [relu, ReLU]                                   # reads what the row before writes
      - repeat: 2                                      # the rows below, twice, as block.0.conv, block.1.conv
        name: block
        carry: x                                       # inside, x is what came before; then what the last row writes
        operators:
          - [conv, Conv2d, [x], {out: 8, kernel: 3, padding: 1}]
          - [sum, add, [conv, x]]

The attribute `weights: OTHER` uses the weights of another operator once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from symppa import store
from symppa.descriptions import nodes, shipped, structure
from symppa.descriptions.nodes import Node
from symppa.errors import SymppaError, WorkloadError, suggest
from symppa.version import __version__
from symppa.workloads import configured
from symppa.workloads.encoding import decoded, encoded
from symppa.workloads.ir import Graph, Tensor, checked
from symppa.workloads.shapes import Building, Row

KEYS = ("schema", "workload", "meaning", "source", "sizes", "inputs", "outputs", "operators")
REPEAT_KEYS = ("repeat", "name", "carry", "operators")
MOST_OPERATORS = 100_000
SCHEMA = "1"
WEIGHTS = "weights"


def load(name: str | Path, phase: str = "") -> Graph:
    """The network of a shipped name or a file; kept privately, so that a second time costs little.

    A language model told by its sizes has the phases `prefill`, which is meant where none is told, and `decode`.

    >>> load("resnet50").at().parameters
    25557032
    """
    path = shipped.find(str(name))
    try:
        text = path.read_bytes()
    except OSError as error:
        raise WorkloadError(f"cannot be read: {error.strerror}", file=str(path)) from None
    key = f"workload-{hashlib.sha256(_sources() + phase.encode() + text).hexdigest()}"
    known = store.read(key)
    if known is not None:
        return decoded(known)
    graph = graph_of(nodes.read(path), phase)
    store.write(key, encoded(graph))
    return graph


def loads(text: str, name: str = "workload") -> Graph:
    """The network of a text; `name` stands for its file in errors.

    >>> graph = loads("{workload: net, inputs: {x: [2, 8]}, operators: [[fc, Linear, {out: 4}], [act, ReLU]]}")
    >>> graph.tensors["act"].shape, graph.parameters
    ((2, 4), 36)
    """
    return graph_of(nodes.parse(text, name))


@lru_cache(maxsize=1)
def _sources() -> bytes:
    """What a kept graph depends on besides its file."""
    digest = hashlib.sha256(__version__.encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


def graph_of(root: Node, phase: str = "") -> Graph:
    """The network of a tree."""
    if configured.is_configured(root):
        return configured.graph_of(root, phase)
    if phase:
        raise _error(root, f"this network has no phase {phase!r}; only language models told by their sizes have")
    if isinstance(root.value, dict) and not structure.is_workload(root) and {"system", "extends"} & {*root.value}:
        raise _error(root, "this describes a system, not a network; a network begins with `workload: NAME`")
    file = _mapping(root, KEYS, "a workload", ("workload", "inputs", "operators"))
    if (schema := _text(file.get("schema"), SCHEMA)) != SCHEMA:
        raise _error(file["schema"], f"schema {schema} is not known; this version reads schema {SCHEMA}")
    sizes = {name: _count(node, name) for name, node in _entries(file.get("sizes")).items()}
    inputs = {name: _input(name, node, sizes) for name, node in _entries(file["inputs"]).items()}
    if not inputs:
        raise _error(file["inputs"], "a workload has at least one input: `inputs: {x: [batch, 3, 224, 224]}`")
    building = Building(inputs)
    for row, node in _rows(file["operators"], building, ""):
        _at(node, building.add, row)
        if len(building.operators) > MOST_OPERATORS:
            raise _error(node, f"more than {MOST_OPERATORS} operators")
    if not building.operators:
        raise _error(file["operators"], "a workload has at least one operator: `operators: [[fc, Linear, {out: 8}]]`")
    ends = tuple(_text(node) for node in _list(file["outputs"])) if "outputs" in file else ()
    told = (_text(file["workload"]), ends, sizes, _text(file.get("meaning")), _text(file.get("source")))
    graph: Graph = _at(file.get("outputs", root), building.graph, *told)
    return graph


def _input(name: str, node: Node, sizes: Mapping[str, int]) -> Tensor:
    """An input: a shape, or a shape with an element type."""
    told = _mapping(node, ("shape", "dtype"), f"the input {name}", ("shape",)) if isinstance(node.value, dict) else {}
    shape = tuple(_value(size) for size in _list(told.get("shape", node)))
    for size in shape:
        if not isinstance(size, int | str) or isinstance(size, bool) or (isinstance(size, int) and size < 1):
            raise _error(
                node, f"{name} has the size {size!r}; a size is a number of at least 1, or a product with symbols"
            )
        unknown = [p for p in str(size).split("*") if not p.strip().isdigit() and p.strip() not in sizes]
        if unknown:
            raise _error(node, f"{name}: no size {unknown[0]!r} stands under `sizes`{suggest(unknown[0], sizes)}")
    return Tensor(name, shape, _at(node, checked, _text(told.get("dtype"), "float32"), name))


def _rows(node: Node, building: Building, prefix: str) -> Iterator[tuple[Row, Node]]:
    """Rows with their places, those of repeated blocks as often as told."""
    local: dict[str, str] = {}
    yield from _block(node, building, prefix, local)


def _block(node: Node, building: Building, prefix: str, local: dict[str, str]) -> Iterator[tuple[Row, Node]]:
    """The rows of a list; `local` says what the names in it stand for."""
    for entry in _list(node):
        if isinstance(entry.value, dict):
            yield from _repeated(entry, building, prefix, local)
            continue
        row = _row(entry, prefix, local)
        yield row, entry
        local[row.name[len(prefix) :]] = row.name


def _repeated(node: Node, building: Building, prefix: str, outer: dict[str, str]) -> Iterator[tuple[Row, Node]]:
    told = _mapping(node, REPEAT_KEYS, "a repeated block", ("repeat", "name", "operators"))
    count, name = _count(told["repeat"], "repeat"), _text(told["name"])
    carry = _text(told.get("carry"))
    for k in range(count):
        local = {**outer}
        if carry:
            local[carry] = building.last
        shape = building.tensors[building.last].shape
        yield from _block(told["operators"], building, f"{prefix}{name}.{k}.", local)
        if carry and count > 1 and building.tensors[building.last].shape != shape:
            after = list(building.tensors[building.last].shape)
            raise _error(node, f"{name} carries {list(shape)} in and {after} out; a repeated block keeps the shape")


def _row(node: Node, prefix: str, local: Mapping[str, str]) -> Row:
    """A row: name, kind, and perhaps what it reads and its attributes."""
    told = _list(node)
    inputs = next((entry for entry in told[2:3] if isinstance(entry.value, tuple)), None)
    attributes = told[-1] if isinstance(told[-1].value, dict) else None
    if len(told) != 2 + (inputs is not None) + (attributes is not None) or not 2 <= len(told) <= 4:
        raise _error(node, "a row is [name, kind], then perhaps [what it reads], then perhaps {attributes}")
    read = [_text(entry) for entry in _list(inputs)] if inputs is not None else []
    values = {name: _value(entry) for name, entry in (_entries(attributes)).items()}
    shared = str(values.pop(WEIGHTS, "") or "")
    return Row(
        prefix + _text(told[0]), _text(told[1]), tuple(_named(name, local) for name in read), values,
        _named(shared, local),
    )  # fmt: skip


def _named(name: str, local: Mapping[str, str]) -> str:
    """The tensor that a name in a block stands for: its own rows first; `split.1` is the second output of split."""
    if name in local:
        return local[name]
    head, _, tail = name.rpartition(".")
    return f"{local[head]}.{tail}" if head in local and tail.isdigit() else name


def _at(node: Node, call: Any, *told: Any) -> Any:
    """What a call gives; its errors get a place."""
    try:
        return call(*told)
    except SymppaError as error:
        raise error.at(node.file, node.line) from None


def _error(node: Node, message: str) -> WorkloadError:
    return WorkloadError(message, file=node.file, line=node.line)


def _mapping(node: Node, known: tuple[str, ...], what: str, asked: tuple[str, ...]) -> dict[str, Node]:
    entries = _entries(node)
    for name, entry in entries.items():
        if name not in known:
            raise _error(entry, f"{what} has no {name!r}{suggest(name, known)}")
    missing = [name for name in asked if name not in entries]
    if missing:
        raise _error(node, f"{what} needs {', '.join(missing)}")
    return entries


def _entries(node: Node | None) -> dict[str, Node]:
    if node is None:
        return {}
    if not isinstance(node.value, dict):
        raise _error(node, f"here stands {node.plain!r}; expected are names with values, {{name: value}}")
    return node.value


def _list(node: Node) -> tuple[Node, ...]:
    if not isinstance(node.value, tuple):
        raise _error(node, f"here stands {node.plain!r}; expected is a list, [...]")
    return node.value


def _text(node: Node | None, otherwise: str = "") -> str:
    if node is None:
        return otherwise
    if not isinstance(node.value, str):
        raise _error(node, f"here stands {node.plain!r}; expected is a text")
    return node.value


def _count(node: Node, name: str) -> int:
    value = _value(node)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _error(node, f"{name} is {node.plain!r}; expected is a number of at least 1")
    return value


CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}


def _value(node: Node) -> Any:
    """A number, a truth value, nothing, a text, or a list of them."""
    if isinstance(node.value, tuple):
        return tuple(_value(entry) for entry in node.value)
    if isinstance(node.value, dict):
        raise _error(node, "here stands a mapping; expected is a number, a text or a list")
    text = node.value
    if text in CONSTANTS:
        return CONSTANTS[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
