"""Networks by name or file."""

from __future__ import annotations

import re
from pathlib import Path

from symppa.descriptions import shipped
from symppa.errors import DescriptionError, WorkloadError, suggest
from symppa.workloads import yaml
from symppa.workloads.ir import Graph

SAYS = re.compile(rb"^workload\s*:|\A\s*\{(?:[^{]*,)?\s*workload\s*:", re.MULTILINE)
SYSTEM = re.compile(rb"^(system|extends)\s*:\s*(\S+)", re.MULTILINE)
HEAD = 4096


def is_network(path: Path) -> bool:
    """Whether a file is a network: it says `workload:`."""
    try:
        with path.open("rb") as file:
            return SAYS.search(file.read(HEAD)) is not None
    except OSError:
        return False


def networks() -> list[str]:
    """Every network that a name finds."""
    return sorted(name for name, path in shipped.names().items() if "workloads" in path.parts and is_network(path))


def found(name: str) -> Path:
    """The file of a network's name, or of a path; what is none is refused as what it is."""
    if not shipped.is_file(name) and name not in shipped.names():
        raise DescriptionError(f"there is no workload {name!r}{suggest(name, networks())}")
    path = shipped.find(name)
    if path.suffix in (".yaml", ".yml") and not is_network(path):
        raise WorkloadError(f"{name} is {_kind(path)}, not a workload; the network comes first, then the device")
    return path


def _kind(path: Path) -> str:
    try:
        said = SYSTEM.search(path.read_bytes())
    except OSError as error:
        raise WorkloadError(f"cannot be read: {error.strerror}", file=str(path)) from None
    if said is not None and "hardware" in path.parts:
        return "hardware"
    return f"a description ({said[1].decode()}: {said[2].decode(errors='replace')})" if said else "no network"


def network(path: Path) -> Graph:
    """The network of a file: a NET.yaml, or whatever is imported."""
    if path.suffix in (".yaml", ".yml"):
        return yaml.load(path)
    from symppa.workloads.load import load_file

    return load_file(path)


def named(text: str) -> bool:
    """Whether a text is the name or the file of a network."""
    path = Path(text).expanduser() if shipped.is_file(text) else shipped.names().get(text)
    return path is not None and is_network(path)
