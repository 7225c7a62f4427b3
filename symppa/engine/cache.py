"""Programs on disk, so that a repeated question need not import sympy.

An entry is trusted only when the same user owns it, nobody else can write it, and its text matches its hash.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from symppa.engine.program import Program

logger = logging.getLogger("symppa")
PACKAGE = Path(__file__).resolve().parent.parent
SOURCES = ("language", "engine", "library")  # what a program depends on


def folder() -> Path:
    """SYMPPA_CACHE_DIR, or symppa's place among the user's caches."""
    chosen = os.environ.get("SYMPPA_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser()
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(home) if home else Path.home() / ".cache") / "symppa"


@lru_cache(maxsize=1)
def sources_hash() -> str:
    """Hash of every file that defines shipped programs."""
    digest = hashlib.sha256()
    files = [p for name in SOURCES for p in sorted((PACKAGE / name).rglob("*.py"))]
    for path in [*files, PACKAGE / "units.py", PACKAGE / "units.txt"]:
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def key(*question: Any) -> str:
    """The name of an entry: everything its program depends on."""
    return hashlib.sha256(repr((sources_hash(), question)).encode()).hexdigest()


def fetch(name: str) -> Program | None:
    """The program of an entry, or None where there is none that can be trusted."""
    path = folder() / f"{name}.json"
    try:
        if not _private(path) or not _private(path.parent):
            return None
        digest, _, text = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        logger.warning("ignored a damaged cache entry: %s", path)
        return None
    return Program.from_json(text)


def store(name: str, program: Program) -> None:
    """Write an entry at once, or not at all; a read-only place is no error."""
    text = program.to_json()
    digest = hashlib.sha256(text.encode()).hexdigest()
    try:
        folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=folder(), suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{digest}\n{text}")
        Path(temporary).replace(folder() / f"{name}.json")
    except OSError as error:
        logger.info("no program cache: %s", error)


def _private(path: Path) -> bool:
    """Owned by this user and writable by nobody else."""
    if not hasattr(os, "getuid"):
        return True
    facts = path.stat()
    if facts.st_uid == os.getuid() and not facts.st_mode & 0o022:
        return True
    logger.warning("ignored a cache entry that others can write: %s", path)
    return False
