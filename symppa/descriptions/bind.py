"""Values of a description, checked against what its system can be told; errors carry file and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.load import MARKS, Description, Layer, Origin, is_marked, leaves
from symppa.descriptions.nodes import Node
from symppa.descriptions.uncertain import distribution
from symppa.engine.program import Known, Program
from symppa.errors import DescriptionError, SymppaError, UnknownValueError, suggest

LEVELS = ("CALIBRATED", "INTERPOLATED", "THEORETICAL")
NO_SOURCE = "no source stated"


@dataclass(frozen=True)
class Value:
    """What a given, set or table is told, and where it comes from; `uncertain` are distributions by member."""

    raw: Any
    sources: tuple[str, ...]
    confidence: str
    origin: str
    file: str = ""
    line: int = 0
    uncertain: Mapping[str, str] = field(default_factory=dict)

    def joined(self, other: Value) -> Value:
        """Entries of one vector or table, some from another file."""
        sources = tuple(dict.fromkeys([*self.sources, *other.sources]))
        raw = _deep(self.raw, other.raw)
        level = weakest([self.confidence, other.confidence])
        uncertain = {k: v for k, v in other.uncertain.items() if k not in self.raw} | dict(self.uncertain)
        return Value(raw, sources, level, self.origin, self.file, self.line, uncertain)


def weakest(levels: list[str]) -> str:
    """The weakest of some confidence levels."""
    return max(levels, key=LEVELS.index, default=LEVELS[-1])


def _deep(first: Any, second: Any) -> Any:
    if isinstance(first, dict) and isinstance(second, dict):
        return {
            **{k: _deep(first[k], v) if k in first else v for k, v in second.items()},
            **{k: v for k, v in first.items() if k not in second},
        }
    return first


def bind(description: Description, known: Mapping[str, Known]) -> dict[str, Value]:
    """Values by dotted name, farthest ancestor first: vectors merge by label, in its order."""
    bound: dict[str, Value] = {}
    for layer in reversed(description.layers):
        here = _layer(description.system, layer, known)
        for name, value in here.items():
            before = bound.get(name)
            if before is not None and isinstance(value.raw, dict) and isinstance(before.raw, dict):
                _refuse_new_members(known[name], before, value, listed=any(s in here for s in known[name].sets))
                value = value.joined(before)
            bound[name] = value
    return {name: _members_only(known[name], value, bound) for name, value in bound.items()}


def _members_only(known: Known, value: Value, bound: Mapping[str, Value]) -> Value:
    """A vector without the inherited members that a description no longer lists."""
    listed = bound[known.sets[0]].raw if known.sets and known.sets[0] in bound else None
    if known.kind != "given" or not isinstance(listed, list) or not isinstance(value.raw, dict):
        return value
    return replace(value, raw={label: v for label, v in value.raw.items() if label in listed})


def _layer(system: str, layer: Layer, known: Mapping[str, Known]) -> dict[str, Value]:
    """Values of one file."""
    here: dict[str, Value] = {}
    seen: dict[tuple[str, ...], Node] = {}
    for keys, node in leaves(layer):
        name, rest = _named(system, list(keys), known, node)
        twice = seen.setdefault((name, *rest), node)
        if twice is not node:
            raise node.error(f"{'.'.join((name, *rest))} stands twice, first in line {twice.line}")
        value = _value(known[name], name, rest, node, layer.origin)
        if name in here and not (rest and isinstance(here[name].raw, dict)):
            raise node.error(f"{name} is both one value and a value by member, in line {here[name].line} and here")
        here[name] = value.joined(here[name]) if name in here else value
    return here


def _refuse_new_members(known: Known, before: Value, value: Value, listed: bool) -> None:
    """What a description extends has settled the members of its sets, unless they are listed anew."""
    new = [label for label in value.raw if label not in before.raw]
    if new and known.kind == "given" and not listed:
        over = known.sets[0]
        raise DescriptionError(
            f"{new[0]!r} is no member of {over}{suggest(new[0], before.raw)}; to add one, list all under `{over}:`",
            file=value.file,
            line=value.line,
        )


def _named(system: str, keys: list[str], known: Mapping[str, Known], node: Node) -> tuple[str, tuple[str, ...]]:
    """The longest known name that some keys begin with, and what follows: labels of its sets, columns of a table."""
    for n in range(len(keys), 0, -1):
        whole = ".".join(keys[:n])
        names = [name for name in known if whole == name or whole.startswith(name + ".")]
        if names:
            name = max(names, key=len)
            inside = whole[len(name) + 1 :]
            labels = inside.split(".") if known[name].kind == "table" else [inside]
            return name, (*(labels if inside else ()), *keys[n:])
    error = UnknownValueError(system, ".".join(keys), known)
    raise error.at(node.file, node.line)


def _value(known: Known, name: str, rest: tuple[str, ...], node: Node, origin: Origin) -> Value:
    raw, source, confidence = node, origin.source, origin.confidence
    if is_marked(node):
        raw = node.at(("value",))
        source = _text(node, "source", source)
        confidence = _text(node, "confidence", confidence if source else LEVELS[-1])
        _check_marks(node, confidence)
    try:
        plain = _checked(known, name, rest, raw.plain)
    except SymppaError as error:
        raise error.at(raw.file, raw.line) from None
    uncertain = _uncertain(known, name, rest, node, plain)
    for key in reversed(rest):
        plain = {key: plain}
    return Value(plain, (source or NO_SOURCE,), confidence, origin.description, node.file, node.line, uncertain)


def _uncertain(known: Known, name: str, rest: tuple[str, ...], node: Node, plain: Any) -> dict[str, str]:
    """The distribution stated beside a value, by member; it must measure what the value does."""
    stated = node.at(("uncertain",))
    if stated is node:
        return {}
    full = ".".join((name, *rest))
    if known.kind != "given" or known.labelled or not isinstance(plain, str) or len(rest) < len(known.sets):
        raise stated.error(f"{full} has no distribution: only one number of a given has, of a vector each member")
    try:
        return {".".join(rest): distribution(str(stated.plain), known.unit, full, known.meaning).text}
    except SymppaError as error:
        raise error.at(stated.file, stated.line) from None


def _text(node: Node, key: str, default: str) -> str:
    found = node.at((key,))
    return str(found.plain) if found is not node else default


def _check_marks(node: Node, confidence: str) -> None:
    odd = set(node.value) - MARKS if isinstance(node.value, dict) else set()
    stated = _text(node, "uncertain", "")
    if odd and stated.count("(") > stated.count(")"):
        raise node.error(f"uncertain: {stated} ends at its comma, as every value in braces does; put it in quotes")
    if odd:
        raise node.error(f"a marked value has value, source, confidence, uncertain; not {', '.join(sorted(odd))}")
    if confidence not in LEVELS:
        raise node.error(f"confidence = {confidence!r}; it is one of {', '.join(LEVELS)}")


def _checked(known: Known, name: str, rest: tuple[str, ...], plain: Any) -> Any:
    """The plain value, when it is what its name can be told."""
    if known.kind == "set":
        return _members(name, plain)
    if known.kind == "table":
        if len(rest) != 2 or rest[1] not in known.columns:
            raise DescriptionError(f"{name} is a table: {{key: {{{', '.join(known.columns)}: ...}}}}")
        units.parse(_scalar(name, plain), known.columns[rest[1]], ".".join((name, *rest)))
        return plain
    if len(rest) > max(1, len(known.sets)) or (rest and not known.sets):
        inside = ", ".join(known.sets) or "no set"
        raise DescriptionError(f"{name} stands over {inside}; {'.'.join(rest)!r} names no member of it")
    full = f"{name}.{'.'.join(rest)}" if rest else name
    for text in plain if isinstance(plain, list) else [plain]:
        if not known.labelled:
            units.parse(_scalar(full, text), known.unit, full, known.meaning)
    return plain


def _scalar(name: str, plain: Any) -> str:
    if not isinstance(plain, str):
        raise DescriptionError(f"{name} = {plain!r} is not one value with a unit")
    if not plain:
        raise DescriptionError(f"{name} is empty: write a value, with its unit")
    return plain


def _members(name: str, plain: Any) -> Any:
    if isinstance(plain, str) and plain.isdigit():
        return int(plain)
    if isinstance(plain, list) and all(isinstance(v, str) for v in plain) and len(set(plain)) == len(plain):
        return plain
    raise DescriptionError(f"{name} is a set: list its labels, each once, or state its size, not {plain!r}")


def overridden(
    bound: Mapping[str, Value], known: Mapping[str, Known], name: str, raw: Any, origin: str, system: str
) -> dict[str, Value]:
    """The values with one replaced; `name.label` replaces one member of a vector."""
    keys = [n for n in known if name == n or name.startswith(n + ".")]
    if not keys:
        raise UnknownValueError(system, name, known)
    found = max(keys, key=len)
    rest = name[len(found) + 1 :]
    value = Value(
        _checked(known[found], found, (rest,) if rest else (), raw) if isinstance(raw, str) else raw,
        (NO_SOURCE,),
        LEVELS[-1],
        origin,
    )
    before = bound.get(found)
    if not rest:
        return {**bound, found: _relabelled(value, before)}
    entries = before.raw if before is not None and isinstance(before.raw, dict) else {}
    if rest not in entries:
        raise UnknownValueError(found, rest, entries, "member")
    sources = tuple(dict.fromkeys([*(before.sources if before else ()), NO_SOURCE]))
    uncertain = {k: v for k, v in before.uncertain.items() if k != rest} if before is not None else {}
    return {**bound, found: Value({**entries, rest: raw}, sources, LEVELS[-1], origin, uncertain=uncertain)}


def with_sets(program: Program, told: Mapping[str, Value]) -> dict[str, Value]:
    """The values told, with the labels of sets that no value the program uses would name."""
    named = {program.axes[a].name for n, given in program.givens.items() if n in told for a in given.over}
    found = dict(told)
    for given in program.givens.values():
        over = program.member_of(given)
        vector = next((v for n, v in told.items() if program.known[n].sets == (over,)), None)
        if over and over not in {*told, *named} and vector is not None and isinstance(vector.raw, Mapping):
            found[over] = replace(vector, raw=[str(label) for label in vector.raw], uncertain={})
    return found


def _relabelled(value: Value, before: Value | None) -> Value:
    """A whole vector replaced keeps the labels of its members."""
    if before is None or not isinstance(before.raw, dict) or isinstance(value.raw, Mapping):
        return value
    raw = value.raw
    if np.ndim(raw) == 1 and len(raw) == len(before.raw):
        return replace(value, raw=dict(zip(before.raw, raw, strict=True)))
    return replace(value, raw=dict.fromkeys(before.raw, raw)) if np.ndim(raw) == 0 else value
