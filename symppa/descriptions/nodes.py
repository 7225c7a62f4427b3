"""YAML as a tree of texts with line numbers. Nothing is interpreted, nothing is executed, hostile files are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from symppa.errors import DescriptionError

MOST_BYTES = 1 << 20
MOST_DEPTH = 24
MOST_SCALAR = 20_000
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Node:
    """A text, a list or a mapping, and where it stands."""

    value: str | tuple[Node, ...] | dict[str, Node]
    file: str
    line: int

    @property
    def plain(self) -> Any:
        """Texts, lists and dicts without places."""
        if isinstance(self.value, dict):
            return {key: node.plain for key, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain for node in self.value]
        return self.value

    def at(self, path: tuple[Any, ...]) -> Node:
        """The node at a path of keys and positions, or the nearest above it."""
        node = self
        for key in path:
            inner = node.value
            entries = inner if isinstance(inner, dict) else dict(enumerate(inner)) if isinstance(inner, tuple) else {}
            if key not in entries:
                break
            node = entries[key]
        return node

    def error(self, message: str) -> DescriptionError:
        """An error that stands here."""
        return DescriptionError(message, file=self.file, line=self.line)


def read(path: Path) -> Node:
    """The tree of one file."""
    name = str(path)
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise DescriptionError(f"{size} bytes are no description; at most {MOST_BYTES} are read", file=name)
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DescriptionError(f"not UTF-8 text: {error.reason} at byte {error.start}", file=name) from None
    except OSError as error:
        raise DescriptionError(f"cannot be read: {error.strerror}", file=name) from None
    return parse(text, name)


def parse(text: str, name: str) -> Node:
    """The tree of a text."""
    try:
        _refuse_hostile(text, name)
        root = yaml.compose(text, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise DescriptionError(f"not YAML: {error.problem or error.context}", file=name, line=line) from None
    except yaml.YAMLError as error:
        raise DescriptionError(f"not YAML: {str(error).splitlines()[0]}", file=name) from None
    if root is None:
        raise DescriptionError("the file is empty", file=name)
    return _node(root, name)


def _refuse_hostile(text: str, name: str) -> None:
    """Aliases, tags and deep nesting, before any tree is built."""
    depth = 0
    for event in _events(text):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise DescriptionError("anchors and aliases are refused: use extends", file=name, line=line)
        if tag := getattr(event, "tag", None):
            raise DescriptionError(f"the tag {tag} is refused: values are plain texts", file=name, line=line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MOST_DEPTH:
                raise DescriptionError(f"nested deeper than {MOST_DEPTH} levels", file=name, line=line)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent) and len(event.value) > MOST_SCALAR:
            raise DescriptionError(f"a value of {len(event.value)} characters is refused", file=name, line=line)


def _events(text: str) -> Iterator[Any]:
    return yaml.parse(text, Loader=Loader)


def _node(made: Any, file: str) -> Node:
    line = made.start_mark.line + 1
    if isinstance(made, yaml.ScalarNode):
        return Node(made.value, file, line)
    if isinstance(made, yaml.SequenceNode):
        return Node(tuple(_node(v, file) for v in made.value), file, line)
    entries: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for key, value in made.value:
        at = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise DescriptionError("a key is a plain text", file=file, line=at)
        if key.value in entries:
            raise DescriptionError(f"{key.value!r} stands twice, first in line {lines[key.value]}", file=file, line=at)
        entries[key.value], lines[key.value] = _node(value, file), at
    return Node(entries, file, line)
