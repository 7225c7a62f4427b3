"""Library files: technologies by name, in the original's JSON; one entry is read in full, all are looked over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symppa.compat.selfspec import schema
from symppa.compat.selfspec.documents import Document, json_of, text_of
from symppa.compat.selfspec.libraries import PACKAGED, packaged
from symppa.errors import DescriptionError

DEFAULT = "puma_like_v1"
Entry = Mapping[str, Any]


def entry(name: str, file: Path | None, version: str, asking: Document) -> Entry:
    """A technology by name, out of a file or of those shipped, for the document that names it."""
    if file is not None and not file.is_file():
        raise asking.error(("library_file",), f"Library source file not found: {file}")
    known = PACKAGED if file is None else tuple(found := _looked_over(file))
    if name not in known:
        message = f"Unknown hardware library {name!r}. Available: {', '.join(sorted(known))}"
        raise asking.error(("library",), message)
    if file is None:
        return packaged(name, version)
    document = Document(file, f"library {name!r}", found[name], remarks=asking.remarks)
    made: Entry = schema.library(version).read(document, (), found[name])
    return made


def _looked_over(file: Path) -> dict[str, Any]:
    """All entries of a file, each with its required sections and whole, positive resolutions."""
    try:
        content = json_of(text_of(file))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise DescriptionError(f"Invalid library JSON in '{file}': {error.msg} at {place}") from None
    except DescriptionError as error:
        raise error.at(str(file), None) from None
    if not isinstance(content, dict):
        raise DescriptionError(f"Invalid library source '{file}': top-level JSON must be an object")
    for name, sections in content.items():
        _look_over(f"Invalid library '{name}' in '{file}'", sections)
    return content


def _look_over(start: str, sections: Any) -> None:
    if not isinstance(sections, dict):
        raise DescriptionError(f"{start}: library definition must be an object")
    missing = [name for name in schema.REQUIRED_SECTIONS if name not in sections]
    if missing:
        raise DescriptionError(f"{start}: missing required sections: {', '.join(missing)}")
    for name in ("adc", "dac"):
        if not isinstance(sections[name], dict):
            raise DescriptionError(f"{start}: section '{name}' must be a JSON object")
        for bits in sections[name]:
            _check_bits(f"{start}: section '{name}'", bits)


def _check_bits(start: str, bits: str) -> None:
    try:
        number = int(bits)
    except ValueError:
        raise DescriptionError(f"{start} has non-integer bit key {bits!r}") from None
    if number <= 0:
        raise DescriptionError(f"{start} has non-positive bit key {number}")
