"""What a benchmark times: suites as files, or one operation told on the command line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from symppa.calibration.measuring.cases import Case, case, shape_of
from symppa.calibration.measuring.runners import runner
from symppa.calibration.operations import operation
from symppa.descriptions import nodes, shipped
from symppa.descriptions.nodes import Node
from symppa.errors import MeasurementError, suggest

FOLDER = "benchmarks"
HEAD, BODY = ("schema", "suite", "meaning", "cases"), ("op", "dtype", "runner", "sizes", "network")
SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|min|h)\s*")
SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Suite:
    """A named list of cases, in the order they are timed."""

    name: str
    meaning: str
    cases: tuple[Case, ...]


def shipped_suites() -> Mapping[str, Path]:
    """The suites that are shipped, by name."""
    return {path.stem: path for path in sorted((shipped.folder("models") / FOLDER).glob("*.yaml"))}


def suite(text: str) -> Suite:
    """A suite by name, or by file."""
    known = shipped_suites()
    if shipped.is_file(text):
        return _suite(nodes.read(Path(text).expanduser()))
    if text not in known:
        raise MeasurementError(f"there is no suite {text!r}{suggest(text, known)}; a file is written with its suffix")
    return _suite(nodes.read(known[text]))


def _suite(root: Node) -> Suite:
    entries = _mapping(root, HEAD, "a suite")
    for asked in ("suite", "meaning", "cases"):
        if asked not in entries:
            raise root.error(f"a suite says {asked}")
    listed = entries["cases"].value
    if not isinstance(listed, tuple):
        raise entries["cases"].error("cases is a list")
    if not listed:
        raise entries["cases"].error("cases is empty: a suite times one case at least")
    found = [made for node in listed for made in _cases(node)]
    counted = Counter(made.key for made in found)
    again = next((made for made in found if counted[made.key] > 1), None)
    if again is not None:
        raise root.error(f"{again} stands {counted[again.key]} times")
    return Suite(str(entries["suite"].plain), str(entries["meaning"].plain), tuple(found))


def _mapping(node: Node, known: Sequence[str], what: str) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        raise node.error(f"{what} is a mapping with {', '.join(known)}")
    for name, entry in node.value.items():
        if known and name not in known:
            raise entry.error(f"{what} has no {name!r}{suggest(name, known)}")
    return node.value


def _cases(node: Node) -> Iterator[Case]:
    """Every combination of what one entry lists."""
    told = node.value if isinstance(node.value, dict) else {}
    if "op" not in told:
        raise node.error("a case names its op")
    try:
        op = operation(str(told["op"].plain))
        _mapping(node, (*BODY, *op.known), op.name)
        shapes = list(_shapes(node, op.name, op.known))
        formats, networks = _texts(told.get("dtype"), ["fp32"]), _texts(told.get("network"), [""])
        for name, network, shape, number_format in product(_runners(node), networks, shapes, formats):
            yield case(op.name, shape, number_format, runner(name).name, network)
    except MeasurementError as error:
        raise error.at(node.file, node.line) from None


def _runners(node: Node) -> list[str]:
    told = node.value if isinstance(node.value, dict) else {}
    found = _texts(told.get("runner"), [])
    if not found:
        raise node.error("a case names its runner, as in runner: [numpy, torch-cpu]")
    return found


def _shapes(node: Node, op: str, dims: Sequence[str]) -> Iterator[dict[str, float]]:
    """Shapes listed under `sizes`, and every combination of the sizes listed by name."""
    told = node.value if isinstance(node.value, dict) else {}
    named = {dim: [_number(told[dim], text) for text in _texts(told[dim], [])] for dim in dims if dim in told}
    listed = [shape_of(op, text) for text in _texts(told.get("sizes"), [])] or [{}]
    for shape in listed:
        for values in product(*named.values()):
            yield {**shape, **dict(zip(named, values, strict=True))}


def _texts(node: Node | None, default: list[str]) -> list[str]:
    """One text or a list of texts."""
    if node is None:
        return default
    if isinstance(node.value, tuple):
        return [str(each.plain) for each in node.value]
    if isinstance(node.value, dict):
        raise node.error("a text or a list of texts is due here")
    return [node.value]


def _number(node: Node, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise node.error(f"{text!r} is no number") from None


def told_cases(op: str, shapes: Sequence[str], formats: Sequence[str], names: Sequence[str], network: str) -> Suite:
    """The suite of one operation told on the command line."""
    known = operation(op)
    if not shapes and known.dims != ("batch",):
        raise MeasurementError(f"{op} needs --shape, as {'x'.join(known.dims)} or {known.dims[0]}=...")
    sizes = [shape_of(op, text) for text in shapes] or [{"batch": 1.0}]
    made = [case(op, shape, form, name, network) for name, shape, form in product(names, sizes, formats or ["fp32"])]
    return Suite(op, known.meaning, tuple({found.key: found for found in made}.values()))


def chosen(found: Suite, wanted: Mapping[str, Sequence[str]]) -> Suite:
    """The cases of a suite whose op, runner or dtype is one of those wanted."""
    for name in wanted.get("op", ()):
        operation(name)
    kept = tuple(made for made in found.cases if all(getattr(made, name) in values for name, values in wanted.items()))
    if not kept:
        told = ", ".join(f"{name} {' or '.join(values)}" for name, values in wanted.items())
        raise MeasurementError(f"the suite {found.name} has no case with {told}")
    return Suite(found.name, found.meaning, kept)


def seconds(text: str) -> float:
    """The seconds of a span of time.

    >>> seconds("5min")
    300.0
    """
    found = SPAN.fullmatch(text)
    if found is None:
        raise MeasurementError(f"{text!r} is no span of time: write 90s, 5min or 1h")
    return float(found[1]) * SECONDS[found[2]]
