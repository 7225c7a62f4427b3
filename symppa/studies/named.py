"""A name as people write it: a description, a target, a file, or a system."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symppa.descriptions import shipped, systems
from symppa.descriptions.target import KIND, is_target, load_target
from symppa.errors import DescriptionError, suggest
from symppa.studies.subject import Subject
from symppa.workloads.on_device import is_placed


def subject(name: str, values: Mapping[str, Any] | None = None, parts: Mapping[str, str] | None = None) -> Subject:
    """The description of a name or file, or that under a target, else the system of a class name or its snake_case.

    >>> subject("chiplet_soc").system
    'ChipletSoC'
    """
    if is_target(name):
        return Subject(load_target(name).description, values, parts)
    if is_placed(name) or name in shipped.names() or (shipped.is_file(name) and not _is_dotted(name)):
        return Subject(name, values, parts)
    try:
        return Subject(systems.find(systems.spelled(name)), values, parts)
    except DescriptionError as error:
        if error.message.startswith("there is no system"):
            near = suggest(name, [*shipped.names(), *shipped.names(KIND), *systems.SHIPPED])
            raise DescriptionError(f"there is no description and no system {name!r}{near}") from None
        raise


def _is_dotted(name: str) -> bool:
    """Whether a text that looks like a file is the full name of a class: `acme.npu.AcmeUnit`."""
    known_suffix = Path(name).suffix in (".yaml", ".yml")
    return not (known_suffix or "/" in name or os.sep in name or Path(name).is_file())
