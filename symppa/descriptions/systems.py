"""Which class a description may name: shipped, imported by the caller, or registered. Naming never imports."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from symppa.errors import DescriptionError, suggest

if TYPE_CHECKING:
    from symppa.language.model import Model

GROUP = "symppa.models"
SHIPPED = {
    "NodeScaling": "symppa.library.laws.scaling",
    "ChipletSoC": "symppa.library.systems.chiplet_soc",
    "ScaledChipletSoC": "symppa.library.systems.chiplet_soc",
    "ChipletSoCPhysical": "symppa.library.systems.chiplet_soc_physical",
}


def find(name: str) -> type[Model]:
    """The class of a system by name, or by its full dotted name."""
    if name in SHIPPED:
        made: type[Model] = getattr(importlib.import_module(SHIPPED[name]), name)
        return made
    found = _imported(name)
    if not found:
        _load_registered()
        found = _imported(name)
    if len(found) > 1:
        names = ", ".join(f"{c.__module__}.{c.__qualname__}" for c in found)
        raise DescriptionError(f"system {name!r} is ambiguous: {names}; write the full one")
    if not found:
        hint = suggest(name, [*SHIPPED, *(c.__name__ for c in _everything())])
        raise DescriptionError(
            f"there is no system {name!r}{hint}. A model of your own is found when it is imported, registered under "
            f"the entry point {GROUP!r}, or given with --plugin PACKAGE"
        )
    return found[0]


def _everything() -> list[type[Model]]:
    from symppa.language.model import Model, descendants

    return list(dict.fromkeys(descendants(Model)))


def _imported(name: str) -> list[type[Model]]:
    return [c for c in _everything() if name in (c.__name__, f"{c.__module__}.{c.__qualname__}")]


def _load_registered() -> None:
    """Installed packages that registered themselves are trusted; a file's text is not."""
    from importlib.metadata import entry_points

    for entry in entry_points(group=GROUP):
        entry.load()


def plug_in(package: str) -> None:
    """Import a package the caller names."""
    try:
        importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise DescriptionError(f"--plugin {package}: {error}; is it installed, or on PYTHONPATH?") from None
