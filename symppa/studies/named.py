"""A name as people write it: a description, a file, or a system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symppa.descriptions import shipped, systems
from symppa.errors import DescriptionError, suggest
from symppa.studies.subject import Subject


def subject(name: str, values: Mapping[str, Any] | None = None, parts: Mapping[str, str] | None = None) -> Subject:
    """The description of a name or file, else the system of a class name or its snake_case.

    >>> subject("chiplet_soc").system
    'ChipletSoC'
    """
    if shipped.is_file(name) or name in shipped.names():
        return Subject(name, values, parts)
    plain = name.replace("_", "").lower()
    known = [n for n in systems.SHIPPED if n.replace("_", "").lower() == plain]
    try:
        return Subject(systems.find(known[0] if known else name), values, parts)
    except DescriptionError as error:
        if error.message.startswith("there is no system"):
            near = suggest(name, [*shipped.names(), *systems.SHIPPED])
            raise DescriptionError(f"there is no description and no system {name!r}{near}") from None
        raise
