"""A description as one complete file, to edit and to load again."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from symppa.descriptions.bind import LEVELS, NO_SOURCE
from symppa.descriptions.structure import VERSION
from symppa.studies.origins import Leaf, leaves
from symppa.studies.subject import Subject

PLAIN = re.compile(r"[A-Za-z0-9.+][\w .()/*+%-]*")
NESTED = "  "


def as_yaml(subject: Subject) -> str:
    """Every value with its source, defaults too; the same numbers come out of it."""
    found = leaves(subject)
    said = Counter((leaf.source, leaf.confidence) for leaf in found if leaf.source != NO_SOURCE)
    source, confidence = said.most_common(1)[0][0] if said else ("", LEVELS[-1])
    description = subject.description
    head: dict[str, Any] = {"schema": VERSION, "system": subject.system}
    if description is not None and description.meaning:
        head["meaning"] = description.meaning
    if source:
        head["source"] = source
    if confidence != LEVELS[-1]:
        head["confidence"] = confidence
    if description is not None:
        head |= {"parts": subject.parts, "targets": description.targets, "ranges": description.ranges}
    tree: dict[str, Any] = {}
    for leaf in found:
        _grow(tree, leaf, (source, confidence))
    return "\n".join([*_lines({k: v for k, v in head.items() if v}), *_lines({"values": tree})]) + "\n"


def _grow(tree: dict[str, Any], leaf: Leaf, shared: tuple[str, str]) -> None:
    *path, last = leaf.keys
    for key in path:
        tree = tree.setdefault(key, {})
    value = leaf.raw if isinstance(leaf.raw, list) else leaf.text
    if (leaf.source, leaf.confidence) == shared and not leaf.uncertain:
        tree[last] = value
    else:
        marks = {"value": value, "source": leaf.source if leaf.source != NO_SOURCE else ""}
        marks |= {"confidence": leaf.confidence} if leaf.confidence != LEVELS[-1] else {}
        tree[last] = Marked(marks | ({"uncertain": leaf.uncertain} if leaf.uncertain else {}))


class Marked(dict[str, Any]):
    """A value with its source, written on one line."""


def _lines(tree: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(value, Mapping) and not isinstance(value, Marked):
            yield f"{indent}{_scalar(key)}:"
            yield from _lines(value, indent + NESTED)
        else:
            yield f"{indent}{_scalar(key)}: {_inline(value)}"


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(k)}: {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A text, quoted where YAML could read something else into it."""
    text = str(value)
    return text if PLAIN.fullmatch(text) and not text.endswith(" ") else json.dumps(text, ensure_ascii=False)
