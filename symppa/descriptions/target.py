"""Targets: a file that says what a design is to be, within what limits, and what may be chosen for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from symppa.descriptions import nodes, shipped, structure, systems
from symppa.descriptions.free import Free, free
from symppa.descriptions.load import MOST_ANCESTORS, Description, Layer, leaves, load
from symppa.descriptions.nodes import Node
from symppa.descriptions.ranges import split_limit
from symppa.descriptions.vary import Vary, vary
from symppa.errors import DescriptionError, SymppaError

KIND = "constraints"
SENSES = {"minimize": "min", "maximize": "max"}


@dataclass(frozen=True)
class TargetLayer:
    """One file of a chain of extends."""

    path: Path
    root: Node
    file: structure.TargetFile

    @cached_property
    def values(self) -> Layer:
        """The same file as a description's: its values, with what it says of them."""
        one = self.file
        told = structure.DescriptionFile(
            meaning=one.meaning, source=one.source, confidence=one.confidence, parts=one.parts
        )
        return Layer(self.path, self.root, told)

    @property
    def fixed(self) -> dict[str, Node]:
        """Every name that is told a value, and where."""
        return {".".join(keys): node for keys, node in leaves(self.values)}


@dataclass(frozen=True)
class Target:
    """Objectives, limits, free givens and slots over a description; layers from the nearest file to the farthest."""

    name: str
    description: Description
    layers: tuple[TargetLayer, ...]
    objectives: Mapping[str, str]
    limits: Mapping[str, tuple[str, ...]]
    free: Mapping[str, Free]
    slots: Mapping[str, tuple[str, ...]]
    uncertain: Mapping[str, Vary]

    @property
    def asked(self) -> str:
        """How to ask for it: its name where a name finds it, else its file."""
        path = self.layers[0].path
        return self.name if shipped.names(KIND).get(self.name) == path else path.as_posix()

    @property
    def base(self) -> str:
        """The description whose values hold, or the system where there is none."""
        return next((str(one.file.base) for one in self.layers if one.file.base), self.description.system)

    @property
    def meaning(self) -> str:
        """What is looked for."""
        return next((one.file.meaning for one in self.layers if one.file.meaning), "")

    @property
    def source(self) -> str:
        """Who asks for it."""
        return next((one.file.source for one in self.layers if one.file.source), "")

    @property
    def fixed(self) -> tuple[str, ...]:
        """Names that the target itself tells a value."""
        return tuple(dict.fromkeys(name for one in self.layers for name in one.fixed if name not in self.free))

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of every file read, by name."""
        own = {one.path.name: hashlib.sha256(one.path.read_bytes()).hexdigest() for one in self.layers}
        return own | self.description.files

    def node(self, *path: str) -> Node:
        """Where something is said, in the nearest file that says it: `node("free", "clock")`."""
        for one in self.layers:
            found = one.root.at(path)
            if found is not one.root.at(path[:-1]) or not path:
                return found
        return self.layers[0].root

    @contextmanager
    def says(self, *path: str) -> Iterator[None]:
        """An error stands where the target says what was asked."""
        try:
            yield
        except SymppaError as error:
            node = self.node(*path)
            raise error.at(node.file, node.line) from None

    def __repr__(self) -> str:
        return f"<target {self.name} on {self.base}>"


def is_target(text: str) -> bool:
    """Whether a name or file is a target rather than a description."""
    return _is(text, structure.is_target)


def is_workload(text: str) -> bool:
    """Whether a name or file is a network rather than a description."""
    return _is(text, structure.is_workload)


def _is(text: str, asked: Callable[[nodes.Node], bool]) -> bool:
    if shipped.is_file(text):
        path = Path(text).expanduser()
    else:
        path = shipped.names().get(text) or shipped.names(KIND).get(text, Path())
    try:
        return path.is_file() and asked(nodes.read(path))
    except DescriptionError:  # whoever reads the file tells what is wrong with it
        return False


def load_target(name: str | Path) -> Target:
    """The target of a shipped name or a file.

    >>> load_target("soc_prd").base
    'nexgen_baseline'
    """
    layers = _layers(shipped.find(str(name), kind=KIND))
    objectives = _objectives(layers)
    limits, slots = _limits(layers), _slots(layers)
    if not objectives and not limits:
        raise layers[0].root.error("the target asks for nothing: it has no minimize, no maximize and no subject_to")
    frees = _free(layers)
    if not frees and not slots:
        raise layers[0].root.error("nothing is free: list givens under `free:`, or classes of a part under `slots:`")
    return Target(
        name=layers[0].path.stem,
        description=_description(layers),
        layers=layers,
        objectives=objectives,
        limits=limits,
        free=frees,
        slots=slots,
        uncertain=_uncertain(layers, frees),
    )


def _layers(path: Path) -> tuple[TargetLayer, ...]:
    layers: list[TargetLayer] = []
    while True:
        if any(one.path == path for one in layers):
            chain = " -> ".join(one.path.stem for one in layers)
            raise DescriptionError(f"extends itself: {chain} -> {path.stem}", file=str(layers[-1].path))
        if len(layers) == MOST_ANCESTORS:
            raise DescriptionError(f"more than {MOST_ANCESTORS} files extend each other", file=str(path))
        root = nodes.read(path)
        layers.append(TargetLayer(path, root, structure.checked_target(root)))
        parent = layers[-1].file.extends
        if parent is None:
            return tuple(layers)
        with _at(root, "extends"):
            path = shipped.find(parent, path.parent, KIND)


@contextmanager
def _at(root: Node, *path: Any) -> Iterator[None]:
    try:
        yield
    except SymppaError as error:
        node = root.at(path)
        raise error.at(node.file, node.line) from None


def _description(layers: tuple[TargetLayer, ...]) -> Description:
    """The values of the target over those of its base."""
    own = tuple(one.values for one in layers)
    for one in layers:
        if one.file.base and one.file.system:
            raise one.root.at(("system",)).error(
                f"the base {one.file.base} says of which system it is: name one of both"
            )
        if one.file.base:
            with _at(one.root, "base"):
                base = load(one.file.base, one.path.parent)
            return Description(layers[0].path.stem, base.system, (*own, *base.layers))
        if one.file.system:
            with _at(one.root, "system"):
                systems.find(one.file.system)
            return Description(layers[0].path.stem, one.file.system, own)
    raise layers[0].root.error("no `base:` and no `system:` is named, here or in what this extends")


def _objectives(layers: tuple[TargetLayer, ...]) -> dict[str, str]:
    """Output by sense, of the nearest file that has any."""
    for one in layers:
        found: dict[str, str] = {}
        for key, sense in SENSES.items():
            told = getattr(one.file, key)
            for name in [told] if isinstance(told, str) else told:
                if not name:
                    raise one.root.at((key,)).error(f"{key} names no output: write one, or a list of them")
                if name in found:
                    raise one.root.at((key,)).error(f"{name} is an objective twice: to {key} it or not, say it once")
                found[name] = sense
        if found:
            return found
    return {}


def _limits(layers: tuple[TargetLayer, ...]) -> dict[str, tuple[str, ...]]:
    """Relations by output; a nearer file replaces those of an output, an empty list lifts them."""
    found: dict[str, tuple[str, ...]] = {}
    for one in reversed(layers):
        for name, told in one.file.subject_to.items():
            relations = (told,) if isinstance(told, str) else tuple(told)
            for relation in relations:
                with _at(one.root, "subject_to", name):
                    split_limit(f"{name} {relation}")
            found[name] = relations
    return {name: relations for name, relations in found.items() if relations}


def _free(layers: tuple[TargetLayer, ...]) -> dict[str, Free]:
    """What may be chosen; a nearer file may fix what a farther one frees, and free what it fixes."""
    found: dict[str, Free] = {}
    for one in reversed(layers):
        fixed = one.fixed
        for name in fixed:
            found.pop(name, None)
        for name, raw in one.file.free.items():
            if name in fixed:
                raise fixed[name].error(f"{name} is fixed at {fixed[name].plain} and free: it is one of both")
            with _at(one.root, "free", name):
                found[name] = free(name, raw)
    return found


def _slots(layers: tuple[TargetLayer, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in reversed(layers):
        for path in one.file.parts:
            found.pop(path, None)
        for path, classes in one.file.slots.items():
            node = one.root.at(("slots", path))
            if path in one.file.parts:
                raise node.error(
                    f"{path} is fixed at {one.file.parts[path]} and has a choice of classes: it is one of both"
                )
            if not classes or len(set(classes)) < len(classes):
                raise node.error(f"{path} needs one or more classes, each once, not {', '.join(classes) or 'none'}")
            found[path] = tuple(classes)
    return found


def _uncertain(layers: tuple[TargetLayer, ...], frees: Mapping[str, Free]) -> dict[str, Vary]:
    found: dict[str, Vary] = {}
    for one in reversed(layers):
        for name, raw in one.file.uncertain.items():
            with _at(one.root, "uncertain", name):
                found[name] = vary(name, raw)
            if name in frees:
                raise one.root.at(("uncertain", name)).error(f"{name} is free and uncertain: it is one of both")
    return found
