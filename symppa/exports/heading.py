"""What every exported program says of itself: title, meaning, model, version, hashes, references."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from symppa.exports.content import Content, Index, Number
from symppa.version import __version__

WIDE = 110
INSIDE = (
    "Values go in and come out in their declared units, which the comments name; inside all is in base units: SI, "
    "byte, operations, cycles, USD. A pure number has the unit 1."
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def plain(text: str) -> str:
    """A text of others in one line, without signs that steer a terminal."""
    return CONTROL.sub(" ", text)


def hashes(content: Content) -> dict[str, str]:
    """What identifies the program and its values."""
    found = content.subject.hashes(content.program, content.subject.inputs(content.program, content.told))
    return {name: found[name] for name in ("program", "inputs")}


def heading(content: Content) -> list[str]:
    """Lines about the whole, no longer than a line of code."""
    told = hashes(content)
    lines = [*_wrapped(f"{content.title}: {content.meaning}"), ""]
    lines += [f"Model {content.program.model}, written by symppa {__version__}."]
    lines += [f"{name.capitalize()} sha256 {text}" for name, text in told.items()]
    lines += [*_wrapped(INSIDE)]
    for index in content.indexes:
        lines += ["", *_wrapped(f"Set {index.name}: {index.meaning}{_members(index)}", "    ")]
    if content.missing:
        lines += ["", "Nobody tells:"]
        lines += [line for text in content.missing for line in _wrapped(f"  {text}", "    ")]
    if content.sources:
        lines += ["", "References:"]
        lines += [line for text in content.sources for line in _wrapped(f"  {text}", "    ")]
    if content.bibliography:
        lines += [""]
        lines += [line for text in content.bibliography.values() for line in _bibtex(text)]
    return [plain(line) for line in lines]


def _bibtex(entry: str) -> Iterator[str]:
    for line in entry.splitlines():
        yield from _wrapped(line, "    ") if len(line) > WIDE else [line]


def _wrapped(text: str, indent: str = "") -> list[str]:
    return wrap(plain(text), WIDE, subsequent_indent=indent, break_long_words=True, break_on_hyphens=False) or [""]


def _members(index: Index) -> str:
    if index.labels is not None:
        return f" ({', '.join(index.labels)})"
    if index.sizes:
        return " (as many as its size says)"
    return f" ({index.length})" if index.length is not None else ""


def brief(number: float) -> str:
    """A number for a reader: a whole one in full, another with ten digits.

    >>> brief(0.1 + 0.2), brief(2.0**53), brief(1e30)
    ('0.3', '9007199254740992', '1e+30')
    """
    return f"{number:.0f}" if number % 1 == 0 and abs(number) < 1e16 else f"{number:.10g}"


def named(value: Number, labels: tuple[str, ...] | None) -> Any:
    """A value as people write it: a label by name, whole numbers without a point."""
    if isinstance(value, list):
        return [named(one, labels) for one in value]
    if value is None or labels is None:
        return value
    return labels[int(value)]


def tables(content: Content) -> dict[str, list[Any]]:
    """The columns of every table, by its name."""
    found: dict[str, list[Any]] = {}
    for column in content.columns:
        found.setdefault(column.name.rpartition(".")[0], []).append(column)
    return found
