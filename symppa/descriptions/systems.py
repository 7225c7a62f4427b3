"""Which class a description may name: shipped, imported by the caller, or registered. Naming never imports."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from symppa.errors import DescriptionError, suggest

if TYPE_CHECKING:
    from symppa.language.model import Model

GROUP = "symppa.models"
SHIPPED = {
    "Accelerator": "symppa.library.systems.device",
    "AnalogSoC": "symppa.library.systems.analog_soc",
    "Cpu": "symppa.library.systems.device",
    "Device": "symppa.library.systems.device",
    "DigitalSpeculation": "symppa.library.systems.digital_speculation",
    "Gpu": "symppa.library.systems.device",
    "Kpu": "symppa.library.systems.kpu",
    "LeakyDecoder": "symppa.library.systems.speculative",
    "SizedArrays": "symppa.library.systems.device_sized",
    "Serving": "symppa.library.systems.serving",
    "SpeculativeServing": "symppa.library.systems.serving",
    "SpeculativeDecoder": "symppa.library.systems.speculative",
    "TiledGemm": "symppa.library.systems.tiling",
    "Transformer": "symppa.library.components.transformer",
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


def spelled(name: str) -> str:
    """The name of the system that a person means: `chiplet_soc` is ChipletSoC; others stay as they are.

    >>> spelled("chiplet_soc")
    'ChipletSoC'
    """
    found = [n for n in SHIPPED if _plain(n) == _plain(name)]
    if not found:
        _load_registered()
        found = [c.__name__ for c in _everything() if _plain(c.__name__) == _plain(name)]
    return found[0] if found else name


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def brought(packages: Iterable[str]) -> list[type[Model]]:
    """Systems that plug-ins and registered packages declare themselves."""
    _load_registered()
    homes = [*packages, *(entry.value.partition(":")[0] for entry in _registered())]
    return [
        cls
        for cls in _everything()
        if any(f"{cls.__module__}.".startswith(f"{home}.") for home in homes) and not cls.__name__.startswith("_")
    ]


def _everything() -> list[type[Model]]:
    from symppa.language.model import Model, descendants

    return list(dict.fromkeys(descendants(Model)))


def _imported(name: str) -> list[type[Model]]:
    return [c for c in _everything() if name in (c.__name__, f"{c.__module__}.{c.__qualname__}")]


def _registered() -> list[Any]:
    from importlib.metadata import entry_points

    return list(entry_points(group=GROUP))


def _load_registered() -> None:
    """Installed packages that registered themselves are trusted; a file's text is not."""
    for entry in _registered():
        _run(entry.load, f"the plug-in {entry.name} = {entry.value}")


def plug_in(package: str) -> None:
    """Import a package the caller names."""
    if not all(word.isidentifier() for word in package.split(".")):
        raise DescriptionError(f"--plugin {package}: this is no name of a package, as in acme_models.npu")
    _run(lambda: importlib.import_module(package), f"--plugin {package}", package)


def _run(load: Callable[[], Any], named: str, package: str = "") -> None:
    """Code of others at import: what it prints is no answer, and what it raises is told as its own."""
    try:
        with redirect_stdout(sys.stderr):
            load()
    except ModuleNotFoundError as error:
        absent = bool(error.name) and f"{package}.".startswith(f"{error.name}.")
        hint = "; is it installed, or on PYTHONPATH?" if absent else ", which it imports; is it installed?"
        raise DescriptionError(f"{named}: {error}{hint}") from error
    except (Exception, SystemExit) as error:
        raise DescriptionError(f"{named} fails when it is imported: {type(error).__name__}: {error}") from error
