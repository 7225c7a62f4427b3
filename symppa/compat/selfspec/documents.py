"""Files as they are written: texts, numbers and mappings, each with its place; remarks are gathered on the way."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from symppa.descriptions import nodes
from symppa.descriptions.nodes import Node
from symppa.errors import DescriptionError

Keys = tuple[Any, ...]
MOST_BYTES = 1 << 24
YAML = (".yaml", ".yml")
NULLS = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True)
class Document:
    """One file. `kind` is what an error calls it."""

    path: Path
    kind: str
    content: Any = None
    root: Node | None = None
    remarks: list[str] = field(default_factory=list)

    def error(self, keys: Keys, message: str) -> DescriptionError:
        """An error at a place of the file, or at the nearest above it."""
        return DescriptionError(f"Invalid {self.kind}: {self._place(keys)}: {message}")

    def remark(self, keys: Keys, message: str) -> None:
        """Something that is ignored."""
        self.remarks.append(f"{self._place(keys)}: {message}")

    def _place(self, keys: Keys) -> str:
        return str(self.path) if self.root is None else f"{self.path}:{self.root.at(keys).line}"


def read(path: Path, kind: str) -> Document:
    """A YAML or JSON file, by its suffix; whatever is no JSON is YAML."""
    made = Document(path, kind)
    try:
        if path.suffix.lower() == ".json":
            return Document(path, kind, json_of(text_of(path)))
        root = nodes.parse(text_of(path), str(path))
    except json.JSONDecodeError as error:
        raise made.error((), f"no JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except DescriptionError as error:
        raise DescriptionError(f"Invalid {kind}: {error if error.file else f'{path}: {error}'}") from None
    return Document(path, kind, _plain(root), root)


def text_of(path: Path) -> str:
    """The text of a file; hostile sizes are refused."""
    with path.open("rb") as file:
        found = file.read(MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise DescriptionError(f"more than {MOST_BYTES} bytes are not read", file=str(path))
    try:
        return found.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"not UTF-8 text: {error.reason} at byte {error.start}"
        raise DescriptionError(message, file=str(path)) from None


def json_of(text: str) -> Any:
    """What a JSON text says; two values under one name are refused."""
    try:
        return json.loads(text, object_pairs_hook=_distinct)
    except RecursionError:
        raise DescriptionError("nested too deep") from None
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        raise DescriptionError(f"no JSON: {error}") from None


def _distinct(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise DescriptionError(f"{name!r} stands twice")
        found[name] = value
    return found


def _plain(node: Node) -> Any:
    """Texts, lists and mappings; null where nothing is written."""
    if isinstance(node.value, dict):
        return {key: _plain(inner) for key, inner in node.value.items()}
    if isinstance(node.value, tuple):
        return [_plain(inner) for inner in node.value]
    return None if node.value in NULLS else node.value
