"""What there is: descriptions by kind, systems, and this installation."""

from __future__ import annotations

import inspect
import logging
import os
import platform
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symppa import store
from symppa.descriptions import nodes, shipped, structure, systems
from symppa.errors import SymppaError
from symppa.reports.report import Column, Report, Table
from symppa.reports.report import Line as Said
from symppa.version import __version__

if TYPE_CHECKING:
    from symppa.language.model import Model

logger = logging.getLogger("symppa")
SYSTEMS, TARGETS, OWN, CONSTRAINTS = "systems", "targets", "own", "constraints"
HEADS = {SYSTEMS: "kind of", TARGETS: "base"}
CORE = (
    *("numpy", "sympy", "scipy", "pint", "PyYAML", "pydantic", "xarray", "pandas", "pyarrow", "matplotlib"),
    *("cvxpy", "click", "rich"),
)
EXTRAS = {"torch": ("torch", "safetensors"), "onnx": ("onnx",), "cluster": ("dask", "distributed", "zarr")}


def found(pattern: str = "", plugins: Sequence[str] = ()) -> dict[str, list[dict[str, str]]]:
    """Descriptions and systems by kind, those a pattern matches: `hardware/nexgen_*`, `nexgen_*` or `hardware`."""
    kinds: dict[str, list[dict[str, str]]] = {}
    own = {n: p for n, p in shipped.names().items() if _kind(p) == OWN}
    goals = {n: p for n, p in shipped.names(CONSTRAINTS).items() if n not in own}
    for name, path in sorted([*shipped.names().items(), *goals.items()]):
        kind = TARGETS if name in goals else _kind(path)
        if _wanted(kind, name, pattern):
            kinds.setdefault(kind, []).append(_described(name, path))
    shown = [name for name in systems.SHIPPED if _wanted(SYSTEMS, name, pattern)]
    brought = [cls for cls in systems.brought(plugins) if _wanted(SYSTEMS, cls.__name__, pattern)]
    if shown or brought:
        kinds[SYSTEMS] = [_system(cls) for cls in (*map(systems.find, shown), *brought)]
    return dict(sorted(kinds.items(), key=lambda item: (item[0] == SYSTEMS, item[0])))


def _kind(path: Path) -> str:
    """The folder of a shipped description; what SYMPPA_PATH brings is the user's own."""
    own = any(path.is_relative_to(root) for root in shipped.own_folders())
    return OWN if own else path.parent.name


def _wanted(kind: str, name: str, pattern: str) -> bool:
    if not pattern or pattern == kind:
        return True
    folder, slash, rest = pattern.rpartition("/")
    return (not slash or fnmatchcase(kind, folder)) and fnmatchcase(name, rest or "*")


def _described(name: str, path: Path) -> dict[str, str]:
    try:
        of, meaning = _said(nodes.read(path))
    except SymppaError as error:
        logger.warning("%s", error)
        return {"name": name, "of": "", "meaning": "cannot be read", "file": str(path)}
    return {"name": name, "of": of, "meaning": meaning, "file": str(path)}


def _said(root: nodes.Node) -> tuple[str, str]:
    """What a file is of, and what it means."""
    if structure.is_target(root):
        target = structure.checked_target(root)
        return target.base or target.system or f"extends {target.extends}", target.meaning
    if structure.is_workload(root):
        return "network", str(root.at(("meaning",)).plain) if "meaning" in root.plain else ""
    file = structure.checked(root)
    return file.system or f"extends {file.extends}", file.meaning


def _system(cls: type[Model]) -> dict[str, str]:
    return {
        "name": cls.__name__,
        "of": cls.__mro__[1].__name__,
        "meaning": (inspect.getdoc(cls) or "").partition("\n")[0],
    }


def listing(kinds: dict[str, list[dict[str, str]]]) -> Report:
    """The same as tables."""
    tables = (
        Table(
            kind,
            (Column("name"), Column(HEADS.get(kind, "system")), Column("meaning")),
            tuple((row["name"], row["of"], row["meaning"]) for row in rows),
        )
        for kind, rows in kinds.items()
    )
    return Report("", "", tuple(tables), ())


def information() -> dict[str, Any]:
    """Versions, folders, the cache, and which extras are here."""
    entries = store.entries()
    kinds = {kind: sum(e.kind == kind for e in entries) for kind in sorted({e.kind for e in entries})}
    return {
        "symppa": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in CORE},
        "extras": {extra: all(map(_here, names)) for extra, names in EXTRAS.items()},
        "folders": {
            "package": str(shipped.PACKAGE),
            "models": str(shipped.folder("models")),
            "constraints": str(shipped.folder("constraints")),
            "SYMPPA_PATH": os.environ.get("SYMPPA_PATH", ""),
            "cache": str(store.folder()),
        },
        "cache": {store.PROGRAMS: 0, **kinds, "bytes": sum(entry.size for entry in entries)},
        "descriptions": len(shipped.names()),
        "targets": len(shipped.names(CONSTRAINTS)),
        "plugins": sorted(entry.value for entry in metadata.entry_points(group=systems.GROUP)),
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "absent"


def _here(name: str) -> bool:
    return util.find_spec(name) is not None


def information_report(facts: dict[str, Any]) -> Report:
    """The same as lines."""
    lines = [Said(key, _line(value)) for key, value in facts.items() if not isinstance(value, dict)]
    for key in ("packages", "extras", "cache"):
        lines.append(Said(key, ", ".join(f"{n} {_line(v)}" for n, v in facts[key].items())))
    lines += [Said(key, text or "not set") for key, text in facts["folders"].items() if key != "cache"]
    lines.append(Said("cache folder", facts["folders"]["cache"]))
    return Report("", "", (), tuple(lines))


def _line(value: Any) -> str:
    if isinstance(value, bool):
        return "present" if value else "absent"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(str, value)) or "none"
    return str(value)
