"""A network on a device as a description: the device's, and over it the network's subgraphs as values of `net`.

resnet50@a100_sxm_80gb
resnet50[batch=8]@a100_sxm_80gb
my_net.yaml[batch=1,seq=2048]@my_device.yaml
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from symppa.descriptions import load as descriptions
from symppa.descriptions import shipped, structure, systems
from symppa.descriptions.load import Description, Layer, Origin
from symppa.descriptions.nodes import Node
from symppa.errors import DescriptionError, suggest
from symppa.workloads import batched, reading
from symppa.workloads.encoding import encoded
from symppa.workloads.ir import Graph
from symppa.workloads.table import Table, table

AT = "@"
PLACED = re.compile(r"(?P<net>[^\[\]]+)(?:\[(?P<sizes>[^\[\]]*)\])?@(?P<device>[^\[\]]+)")
DEVICES = "symppa.library.systems.device"


@dataclass(frozen=True)
class NetworkLayer(Layer):
    """What a network says: its subgraphs at some sizes."""

    graph: Graph
    sizes: Mapping[str, int]

    @property
    def origin(self) -> Origin:
        return Origin(f"workload {self.graph.name}", self.file.source, self.file.confidence)

    @property
    def hashed(self) -> str:
        if self.path.is_file():
            return super().hashed
        return hashlib.sha256(encoded(self.graph).encode()).hexdigest()

    @property
    def any_batch(self) -> bool:
        """Whether what it says holds at any batch."""
        return bool(self.file.parts)

    @cached_property
    def table(self) -> Table:
        """The features of its subgraphs."""
        return table(self.graph, [self.sizes])


@dataclass(frozen=True)
class NetworkOnDevice(Description):
    """A network on a device; the first layer is the network's."""

    question: str

    @property
    def asked(self) -> str:
        return self.question

    @property
    def network(self) -> NetworkLayer:
        """What the network says."""
        return next(layer for layer in self.layers if isinstance(layer, NetworkLayer))

    def settled(self, name: str) -> str:
        layer = self.network
        if name.partition(".")[0] == "net":
            sizes = " or ".join(f"[{size}=...]@" for size in layer.graph.symbols) or "a network without sizes"
            return f"{name} follows from {layer.graph.name} and its sizes: {sizes}"
        if name == batched.BATCH and not layer.any_batch:
            if batched.BATCH not in layer.graph.symbols:
                return f"{layer.graph.name} has no size batch"
            return f"what {layer.graph.name} does grows unevenly with its batch: write [batch=...]@"
        return ""


def is_placed(text: str) -> bool:
    """Whether a text names a network on a device."""
    return AT in text and PLACED.fullmatch(text) is not None and not Path(text).is_file()


def any_described(text: str, beside: Path | None = None) -> Description:
    """The network, or the language model that answers, on a device that a text names."""
    from symppa.workloads import serving  # which stands on this module

    return serving.described(text, beside) if serving.is_served(text) else described(text, beside)


def described(text: str, beside: Path | None = None) -> NetworkOnDevice:
    """The network on a device that a text names; files count from the folder `beside`.

    >>> described("resnet18[batch=8]@a100_sxm_80gb").system
    'Gpu'
    """
    found = PLACED.fullmatch(text)
    if found is None:
        raise DescriptionError(f"{text!r} is no network on a device: write NETWORK@DEVICE or NETWORK[batch=8]@DEVICE")
    sizes = sizes_of(found["sizes"] or "", text)
    return placed(within(found["net"], beside), within(found["device"], beside), sizes)


def matching(text: str) -> Iterator[Description]:
    """Every network on every device that the patterns of a text match: `resnet*@h?00_*`."""
    from symppa.workloads import serving  # which stands on this module

    if serving.is_served(text):
        yield from serving.matching(text)
        return
    found = PLACED.fullmatch(text)
    if found is None:
        raise DescriptionError(f"{text!r} is no network on a device: write NETWORK@DEVICE or NETWORK[batch=8]@DEVICE")
    sizes = sizes_of(found["sizes"] or "", text)
    for network in matched(found["net"], reading.networks(), "workload"):
        for device in matched(found["device"], devices(), "hardware"):
            yield placed(network, device, sizes)


def matched(pattern: str, known: Sequence[str], what: str) -> list[str]:
    """The names that a pattern matches, at least one; a name or a file stands for itself."""
    if not any(c in pattern for c in "*?") or shipped.is_file(pattern):
        return [pattern]
    names = [name for name in known if fnmatchcase(name, pattern)]
    if not names:
        raise DescriptionError(f"no {what} matches {pattern!r}{suggest(pattern, known)}")
    return names


def within(name: str, beside: Path | None) -> str:
    """A name, or a file that counts from a folder."""
    is_relative = beside is not None and shipped.is_file(name) and not Path(name).expanduser().is_absolute()
    return (beside / name).as_posix() if is_relative and beside is not None else name


def sizes_of(text: str, asked: str) -> dict[str, int]:
    """Sizes as one writes them.

    >>> sizes_of("batch=8, seq=2048", "net")
    {'batch': 8, 'seq': 2048}
    """
    found: dict[str, int] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, sign, number = (word.strip() for word in part.partition("="))
        if not sign or not number.isdigit():
            raise DescriptionError(f"{asked}: {part!r} is no size; write a name and a whole number, as in batch=8")
        if name in found:
            raise DescriptionError(f"{asked}: the size {name} stands twice")
        found[name] = int(number)
    return found


def placed(
    network: Graph | str | Path, device: Description | str | Path, sizes: Mapping[str, int] | None = None
) -> NetworkOnDevice:
    """A network (its name, file or graph) on a device (its name, file or description) at some sizes."""
    graph, path = (network, Path(network.name)) if isinstance(network, Graph) else _network(str(network))
    chip = device if isinstance(device, Description) else hardware(str(device))
    told = {name: size for name, size in (sizes or {}).items() if size is not None}
    graph.sizes(**told)  # refuses those it does not have
    words = ",".join(f"{name}={size}" for name, size in told.items())
    inside = f"[{words}]" if words else ""
    layer = _layer(graph, path, told)
    asked = graph.name if isinstance(network, Graph) else question_of(path, graph.name)
    return NetworkOnDevice(
        name=f"{graph.name}{inside}{AT}{chip.name}",
        system=chip.system,
        layers=(layer, *map(_without_network, chip.layers)),
        question=f"{asked}{inside}{AT}{chip.asked}",
    )


def question_of(path: Path, name: str) -> str:
    """How to ask for a network: its name where a name finds it, else its file."""
    return name if shipped.names().get(name) == path else path.as_posix()


def _network(name: str) -> tuple[Graph, Path]:
    """The network of a name or file; what is hardware is refused as that."""
    path = reading.found(name)
    return reading.network(path), path


@lru_cache(maxsize=256)
def _hardware(name: str, stamp: tuple[int, int]) -> Description:
    return descriptions.load(name)


def hardware(name: str) -> Description:
    """The description of a device by name or file; a network, or a system that runs none, is refused as what it is."""
    if not shipped.is_file(name) and name not in shipped.names():
        begun = [known for known in devices() if known.startswith(name.lower())]
        near = f"; did you mean {', '.join(begun[:3])}?" if begun else suggest(name, devices())
        raise DescriptionError(f"there is no hardware {name!r}{near}")
    path = shipped.find(name)
    if reading.is_network(path):
        near = ", ".join(devices()[:3])
        raise DescriptionError(f"{name} is a workload, not hardware; the device comes second, as in {near}")
    stat = path.stat()
    found = _hardware(name, (stat.st_mtime_ns, stat.st_size))
    if not runs_networks(found.system):
        raise DescriptionError(f"{name} is a {found.system}, which runs no networks; {', '.join(kinds())} do")
    return found


def runs_networks(system: str) -> bool:
    """Whether a class is a device that runs the subgraphs of a network."""
    if system in systems.SHIPPED:
        return systems.SHIPPED[system].startswith(DEVICES)
    return any(f"{base.__module__}.{base.__qualname__}" == f"{DEVICES}.Device" for base in systems.find(system).__mro__)


def kinds() -> list[str]:
    """The shipped classes of devices, by the module that they are in."""
    return [name for name, module in systems.SHIPPED.items() if module.startswith(DEVICES)]


def devices() -> list[str]:
    """Every shipped or own description that may be hardware: those in folders of hardware, a folder for each class."""
    return [name for name, path in sorted(shipped.names().items()) if path.parent.parent.name == "hardware"]


def _without_network(layer: Layer) -> Layer:
    """A layer of a device without the product that stands there where no network is named."""
    values = layer.root.at(("values",))
    if values is layer.root or not isinstance(values.value, dict):
        return layer
    rest = {key: node for key, node in values.value.items() if key.partition(".")[0] not in ("net", batched.BATCH)}
    whole: dict[str, Node] = dict(layer.root.value)  # type: ignore[arg-type]
    return replace(layer, root=replace(layer.root, value=whole | {"values": replace(values, value=rest)}))


def _layer(graph: Graph, path: Path, sizes: Mapping[str, int]) -> NetworkLayer:
    values, any_batch = batched.told(graph, sizes)
    batch = values.pop("batch", None) if not any_batch else str(graph.sizes(**sizes)["batch"])
    told = {"net": values} | ({"batch": batch} if batch is not None else {})
    root = Node({"values": node_of(told, str(path))}, str(path), 0)
    said = f", sizes {', '.join(f'{k} = {v}' for k, v in {**graph.symbols, **sizes}.items())}" if graph.symbols else ""
    file = structure.DescriptionFile(
        meaning=graph.meaning,
        source=f"workload {graph.name}{said}; {graph.source or 'counted from its operators'}",
        parts={"net": batched.CLASS} if any_batch else {},
    )
    return NetworkLayer(path, root, file, graph, sizes)


def node_of(plain: Any, file: str) -> Node:
    """Plain data as a tree of texts."""
    if isinstance(plain, Mapping):
        return Node({str(key): node_of(value, file) for key, value in plain.items()}, file, 0)
    if isinstance(plain, list):
        return Node(tuple(node_of(value, file) for value in plain), file, 0)
    return Node(str(plain), file, 0)
