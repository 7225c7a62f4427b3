"""Kinds of fields a file may have: what each accepts, and what stands where nothing is written."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from reprlib import repr as shown
from typing import Any

from symppa.compat.selfspec.documents import Document, Keys
from symppa.errors import suggest

MOST = 2**53  # beyond, a float skips whole numbers
MOST_REAL = math.nextafter(math.inf, 0)
WHOLE = re.compile(r"[-+]?(?:0|[1-9]\d*(?:_\d+)*)(?:\.0*)?")
REAL = re.compile(r"[-+]?(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True)
class Kind:
    """A field. `...` as its default asks for a value; None lets a file write null."""

    default: Any = ...

    @property
    def expected(self) -> str:
        """What an error asks for."""
        return "a value"

    def read(self, document: Document, keys: Keys, written: Any) -> Any:
        """The value of a field, or an error that names it."""
        if written is None:
            if self.default is None:
                return None
            raise document.error(keys, f"{dotted(keys)} is empty; expected {self.expected}")
        value = self.accepted(written)
        if value is None:
            raise document.error(keys, f"{dotted(keys)} = {shown(written)}; expected {self.expected}")
        return value

    def accepted(self, written: Any) -> Any:
        """The value of what is written, or None."""
        return written

    def filled(self, stated: Any) -> Any:
        """What is stated, with defaults where nothing is."""
        return stated


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number."""

    least: int = 0

    @property
    def expected(self) -> str:
        return f"a whole number of at least {self.least}"

    def accepted(self, written: Any) -> int | None:
        if isinstance(written, str):
            written = int(written.partition(".")[0]) if len(written) < 32 and WHOLE.fullmatch(written) else None
        if isinstance(written, bool) or not isinstance(written, int | float) or written % 1 != 0:
            return None
        return int(written) if self.least <= written <= MOST else None


@dataclass(frozen=True)
class Real(Kind):
    """A finite number."""

    least: float = 0.0

    @property
    def expected(self) -> str:
        return f"a finite number of at least {self.least:g}"

    def accepted(self, written: Any) -> float | None:
        if isinstance(written, str):
            written = float(written) if REAL.fullmatch(written) else None
        if isinstance(written, bool) or not isinstance(written, int | float) or abs(written) > MOST_REAL:
            return None
        return float(written) if written >= self.least else None


@dataclass(frozen=True)
class Flag(Kind):
    """Yes or no."""

    @property
    def expected(self) -> str:
        return "true or false"

    def accepted(self, written: Any) -> bool | None:
        return written if isinstance(written, bool) else FLAGS.get(str(written).lower())


@dataclass(frozen=True)
class Text(Kind):
    """A text."""

    @property
    def expected(self) -> str:
        return "a text"

    def accepted(self, written: Any) -> str | None:
        return written if isinstance(written, str) else None


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words."""

    words: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        return " or ".join(self.words)

    def accepted(self, written: Any) -> str | None:
        return written if isinstance(written, str) and written in self.words else None


@dataclass(frozen=True)
class Section(Kind):
    """Fields by name. Others are ignored, as the original does, and remarked; `loose` ones only if nearly right.

    `later` are those that only the later version of the original reads.
    """

    fields: Mapping[str, Kind] = ...  # type: ignore[assignment]
    loose: bool = False
    later: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        return "a mapping of " + ", ".join(self.fields)

    def read(self, document: Document, keys: Keys, written: Any) -> Any:
        if written is None and self.default is None:
            return None
        if not isinstance(written, Mapping):
            what = f"{dotted(keys)} is " if keys else ""
            raise document.error(keys, f"{what}no mapping; expected {self.expected}")
        for name in written:
            if name not in self.fields:
                self._remark(document, keys, str(name))
        found = {}
        for name, kind in self.fields.items():
            at = (*keys, name)
            if name in written:
                found[name] = kind.read(document, at, written[name])
            elif kind.default is ...:
                raise document.error(keys, f"{dotted(at)} is missing; expected {kind.expected}")
        return found

    def _remark(self, document: Document, keys: Keys, name: str) -> None:
        hint = "; version H reads it" if name in self.later else suggest(name, self.fields)
        if not self.loose or hint.startswith("; did you mean"):
            document.remark((*keys, name), f"{dotted((*keys, name))} is not a field and has no effect{hint}")

    def filled(self, stated: Any) -> Any:
        if stated is None and self.default is None:
            return None
        return {name: kind.filled((stated or {}).get(name, kind.default)) for name, kind in self.fields.items()}


@dataclass(frozen=True)
class Keyed(Kind):
    """Values by a whole number."""

    entry: Kind = ...  # type: ignore[assignment]
    key: Whole = Whole()

    @property
    def expected(self) -> str:
        return f"a mapping by whole number, each entry {self.entry.expected}"

    def read(self, document: Document, keys: Keys, written: Any) -> Any:
        if not isinstance(written, Mapping):
            raise document.error(keys, f"{dotted(keys) or 'the file'} is no mapping; expected {self.expected}")
        found: dict[int, Any] = {}
        for name, value in written.items():
            number = self.key.accepted(name)
            if number is None:
                message = f"{dotted(keys)} has the key {shown(name)}; expected {self.key.expected}"
                raise document.error((*keys, name), message)
            if number in found:
                raise document.error((*keys, name), f"{dotted(keys)} has the key {number} twice")
            found[number] = self.entry.read(document, (*keys, name), value)
        return found


def dotted(keys: Keys) -> str:
    """The name of a place."""
    return ".".join(str(key) for key in keys)
