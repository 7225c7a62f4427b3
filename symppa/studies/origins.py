"""Where every value of a description comes from: default < extends < file < --set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from symppa.descriptions.bind import LEVELS, NO_SOURCE
from symppa.descriptions.load import Layer, Origin, is_marked
from symppa.descriptions.nodes import Node
from symppa.engine.program import Known
from symppa.studies.result import as_text
from symppa.studies.subject import Subject


@dataclass(frozen=True)
class Leaf:
    """One value as written, who says it, and what it stands in place of."""

    keys: tuple[str, ...]
    raw: Any
    unit: str
    meaning: str
    origin: str
    file: str = ""
    line: int = 0
    source: str = ""
    confidence: str = LEVELS[-1]
    instead: tuple[str, ...] = ()
    uncertain: str = ""

    @property
    def name(self) -> str:
        """Dotted name, member included."""
        return ".".join(self.keys)

    @property
    def text(self) -> str:
        """The value on one line, its unit with it."""
        plain = as_text(self.raw)
        bare = isinstance(self.raw, int | float) and self.unit not in ("", "1")
        return f"{plain} {self.unit}" if bare else plain


def leaves(subject: Subject) -> list[Leaf]:
    """Every value, in the order of the model; a vector by its members."""
    known = subject.program().known
    subject.bound(subject.program())  # refuses what does not fit, with its place
    found = _defaults(subject, known)
    layers = subject.description.layers if subject.description else ()
    for layer in reversed(layers):
        values = layer.root.at(("values",))
        if values is not layer.root and isinstance(values.value, dict):
            _collect(values.value, (), layer, known, found)
    for name, raw in subject.values.items():
        keys = _keys(tuple(name.split(".")), known)
        _put(found, _leaf(keys, raw, known, Origin("--set", "", LEVELS[-1])))
    found = {name: leaf for name, leaf in found.items() if _listed(leaf, known, found)}
    order = {name: k for k, name in enumerate(known)}
    return sorted(found.values(), key=lambda leaf: order[_owner(leaf.keys, known)])


def _listed(leaf: Leaf, known: Mapping[str, Known], found: Mapping[str, Leaf]) -> bool:
    """Whether a value is no inherited one of a member that its set no longer lists."""
    owner = _owner(leaf.keys, known)
    one = known[owner]
    listed = found[one.sets[0]].raw if one.kind == "given" and one.sets and one.sets[0] in found else None
    return leaf.name == owner or not isinstance(listed, list) or leaf.name[len(owner) + 1 :] in listed


def _defaults(subject: Subject, known: Mapping[str, Known]) -> dict[str, Leaf]:
    found: dict[str, Leaf] = {}
    for scope in subject.root.walk():
        for declared in scope.cls._declared.values():
            name = f"{scope.shared}.{declared.attr}" if scope.shared else declared.attr
            if name in known and declared.default is not None and name not in found:
                keys = tuple(name.split("."))
                origin = Origin(f"default of {scope.cls.__name__}", declared.source, LEVELS[-1])
                found[name] = _leaf(keys, declared.default, known, origin)
    return found


def _collect(
    entries: Mapping[str, Node], path: tuple[str, ...], layer: Layer, known: Mapping[str, Known], found: dict[str, Leaf]
) -> None:  # fmt: skip
    for key, node in entries.items():
        keys = _keys((*path, *key.split(".")) if ".".join((*path, key)) in known else (*path, key), known)
        if isinstance(node.value, dict) and not is_marked(node):
            _collect(node.value, (*path, key), layer, known, found)
            continue
        raw, source, confidence, uncertain = node, layer.origin.source, layer.origin.confidence, ""
        if is_marked(node) and isinstance(node.value, dict):
            raw = node.value["value"]
            source = str(node.value["source"].plain) if "source" in node.value else source
            confidence = str(node.value["confidence"].plain) if "confidence" in node.value else confidence
            uncertain = str(node.value["uncertain"].plain) if "uncertain" in node.value else ""
        origin = Origin(layer.path.stem, source, confidence if source else LEVELS[-1])
        _put(found, replace(_leaf(keys, raw.plain, known, origin, node), uncertain=uncertain))


def _keys(path: tuple[str, ...], known: Mapping[str, Known]) -> tuple[str, ...]:
    """The path with the name of its given split at the dots, and its member whole."""
    dotted = ".".join(path)
    name = max((n for n in known if dotted == n or dotted.startswith(f"{n}.")), key=len, default="")
    rest = dotted[len(name) + 1 :] if name else dotted
    if name and known[name].kind == "table" and rest:
        return (*name.split("."), *rest.split("."))
    return (*name.split("."), *([rest] if rest else []))


def _owner(keys: tuple[str, ...], known: Mapping[str, Known]) -> str:
    return next(".".join(keys[:n]) for n in range(len(keys), 0, -1) if ".".join(keys[:n]) in known)


def _leaf(
    keys: tuple[str, ...], raw: Any, known: Mapping[str, Known], origin: Origin, node: Node | None = None
) -> Leaf:
    one = known[_owner(keys, known)]
    unit = one.columns.get(keys[-1], one.unit) if one.kind == "table" else one.unit
    file, line = (node.file, node.line) if node else ("", 0)
    source = origin.source or NO_SOURCE
    return Leaf(keys, raw, unit, one.meaning, origin.description, file, line, source, origin.confidence)


def _put(found: dict[str, Leaf], leaf: Leaf) -> None:
    """Later ones win; a whole vector replaces its members, a member the whole it is part of."""
    for name in [n for n in found if n.startswith(f"{leaf.name}.") or leaf.name.startswith(f"{n}.")]:
        del found[name]
    before = found.get(leaf.name)
    instead = (before.text, *before.instead) if before else ()
    found[leaf.name] = replace(leaf, instead=instead)
