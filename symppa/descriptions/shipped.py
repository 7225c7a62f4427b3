"""Where descriptions are found: folders of SYMPPA_PATH first, then what is shipped."""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from pathlib import Path

from symppa.errors import DescriptionError, suggest

OTHERS = ("benchmarks", "calibration")  # folders beside the descriptions whose files are something else
logger = logging.getLogger("symppa")
PACKAGE = Path(__file__).resolve().parent.parent


def folder(kind: str) -> Path:
    """The shipped `models` or `constraints`, in a wheel or in a checkout."""
    inside = PACKAGE / "_shipped" / kind
    return inside if inside.is_dir() else PACKAGE.parent / kind


def own_folders() -> list[Path]:
    """The folders of SYMPPA_PATH."""
    return [Path(p).expanduser() for p in os.environ.get("SYMPPA_PATH", "").split(os.pathsep) if p]


def _files(root: Path) -> dict[str, Path]:
    found = sorted(root.rglob("*.yaml")) if root.is_dir() else []
    return {p.stem: p for p in found if not set(p.relative_to(root).parts) & set(OTHERS)}


@lru_cache(maxsize=8)
def _shipped(kind: str) -> dict[str, Path]:
    return _files(folder(kind))


def names(kind: str = "models") -> dict[str, Path]:
    """Every description that a name finds, the user's own first."""
    found: dict[str, Path] = {}
    for root in own_folders():
        found = _files(root) | found
    return found | {n: p for n, p in _shipped(kind).items() if n not in found}


def is_file(text: str) -> bool:
    """Whether a text is a path rather than a name: it has a separator or a suffix."""
    return "/" in text or os.sep in text or bool(Path(text).suffix)


def find(text: str, beside: Path | None = None, kind: str = "models") -> Path:
    """The file of a name or a path; relative paths in a file count from its folder."""
    if is_file(text):
        path = Path(text).expanduser()
        path = path if path.is_absolute() or beside is None else beside / path
        if not path.is_file():
            raise DescriptionError(f"there is no file {path}")
        return path
    known = names(kind)
    if text not in known and kind == "models" and text in names("constraints"):
        raise DescriptionError(f"there is no description {text!r}, but a target: symppa design {text}")
    if text not in known:
        what = "target" if kind == "constraints" else "description"
        raise DescriptionError(f"there is no {what} {text!r}{suggest(text, known)}; a file is written with its suffix")
    if text in _shipped(kind) and known[text] != _shipped(kind)[text]:
        logger.warning("%s from %s shadows the shipped description", text, known[text])
    return known[text]
