"""Descriptions: a file, what it extends, and its values with their sources."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from symppa.descriptions import nodes, shipped, structure, systems
from symppa.descriptions.nodes import Node
from symppa.errors import DescriptionError

MOST_ANCESTORS = 16
ZIP = b"PK\3\4"
ON_DEVICE = "@"  # between a network and the device it runs on
MARKS = frozenset({"value", "source", "confidence", "uncertain"})  # of a value that states more than itself


@dataclass(frozen=True)
class Origin:
    """What a value's file says of it, unless the value itself says otherwise."""

    description: str
    source: str
    confidence: str


@dataclass(frozen=True)
class Layer:
    """One file of a chain of extends."""

    path: Path
    root: Node
    file: structure.DescriptionFile

    @property
    def origin(self) -> Origin:
        """What this file says of its values."""
        return Origin(self.path.stem, self.file.source, self.file.confidence)

    @property
    def hashed(self) -> str:
        """SHA-256 of what was read."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Description:
    """Numbers with units and sources for one system; layers from the nearest file to the farthest ancestor."""

    name: str
    system: str
    layers: tuple[Layer, ...]

    @property
    def asked(self) -> str:
        """How to ask for it: its name where a name finds it, else its file."""
        path = self.layers[0].path
        return self.name if shipped.names().get(self.name) == path else path.as_posix()

    @property
    def meaning(self) -> str:
        """What is described."""
        return next((layer.file.meaning for layer in self.layers if layer.file.meaning), "")

    @property
    def parts(self) -> dict[str, str]:
        """Chosen classes of replaceable parts, by dotted path."""
        return self._inherited("parts")

    @property
    def targets(self) -> dict[str, str]:
        """What a comparison asks of outputs."""
        return self._inherited("targets")

    @property
    def ranges(self) -> dict[str, str]:
        """Values worth exploring, by given."""
        return self._inherited("ranges")

    def settled(self, name: str) -> str:
        """Why a value is not to be set or swept by itself; empty where it may be."""
        return ""

    def _inherited(self, field: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for layer in reversed(self.layers):
            found |= getattr(layer.file, field)
        return found

    def node(self, *path: str) -> Node:
        """Where something is said, in the nearest file that says it: `node("targets", "power")`."""
        for layer in self.layers:
            found, above = layer.root.at(path), layer.root.at(path[:-1])
            if found is not above or not path:
                return found
        return self.layers[0].root

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of every file read, by name."""
        return {layer.path.name: layer.hashed for layer in self.layers}

    def __repr__(self) -> str:
        return f"<description {self.name} of {self.system}>"


def load(name: str | Path, beside: Path | None = None) -> Description:
    """The description of a shipped name or a file, of a network on a device or of a compiled program in a .kpu file.

    Files count from `beside`.

    >>> load("nexgen_baseline").system
    'ChipletSoC'
    >>> load("resnet18[batch=8]@a100_sxm_80gb").system
    'Gpu'
    """
    if ON_DEVICE in str(name) and not Path(name).is_file():
        from symppa.workloads.on_device import any_described  # the one room above: it reads networks, and describes

        return any_described(str(name), beside)
    layers: list[Layer] = []
    path = shipped.find(str(name), beside)
    if _is_compiled(path):
        from symppa.kpu.network import described  # the other room above: it reads compiled programs

        return described(path)
    while True:
        if any(layer.path == path for layer in layers):
            chain = " -> ".join(layer.path.stem for layer in layers)
            raise DescriptionError(f"extends itself: {chain} -> {path.stem}", file=str(layers[-1].path))
        if len(layers) == MOST_ANCESTORS:
            raise DescriptionError(f"more than {MOST_ANCESTORS} files extend each other", file=str(path))
        root = nodes.read(path)
        if structure.is_workload(root):
            raise root.error(f"{path.stem} is a network, not a description: symppa analyze {path.stem} HARDWARE")
        layers.append(Layer(path, root, structure.checked(root)))
        parent = layers[-1].file.extends
        if parent is None:
            break
        path = _parent(parent, layers[-1])
    return Description(layers[0].path.stem, _system(layers), tuple(layers))


def _is_compiled(path: Path) -> bool:
    """Whether a file is a compiled program: it is called so, or is a zip, which no YAML is."""
    with path.open("rb") as file:
        return path.suffix == ".kpu" or file.read(len(ZIP)) == ZIP


def _parent(name: str, layer: Layer) -> Path:
    try:
        return shipped.find(name, layer.path.parent)
    except DescriptionError as error:
        node = layer.root.at(("extends",))
        raise error.at(node.file, node.line) from None


def _system(layers: list[Layer]) -> str:
    named = [layer for layer in layers if layer.file.system]
    if not named:
        raise layers[0].root.error("no `system:` is named, here or in what this extends")
    name = str(named[0].file.system)
    if name not in systems.SHIPPED:
        try:
            systems.find(name)
        except DescriptionError as error:
            node = named[0].root.at(("system",))
            raise error.at(node.file, node.line) from None
    return name


def leaves(layer: Layer) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every value of one file with its keys; marked values are leaves."""
    values = layer.root.at(("values",))
    if values is not layer.root:
        yield from _leaves(values, ())


def _leaves(node: Node, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    if not isinstance(node.value, dict) or is_marked(node):
        yield keys, node
        return
    if keys and not node.value:
        raise node.error(f"{'.'.join(keys)} is empty")
    if "uncertain" in node.value and MARKS.issuperset(node.value):
        raise node.error(f"{'.'.join(keys)} states no value beside what it says of it: {{value: ..., uncertain: ...}}")
    for key, inner in node.value.items():
        yield from _leaves(inner, (*keys, key))


def is_marked(node: Node) -> bool:
    """Whether a mapping is {value: ..., source: ..., confidence: ..., uncertain: ...}."""
    return isinstance(node.value, dict) and "value" in node.value
