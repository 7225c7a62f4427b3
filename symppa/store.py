"""Small private files that spare work: where they lie, and when they can be trusted.

A file is trusted only when the same user owns it, nobody else can write it, and its text matches its hash.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from pathlib import Path

logger = logging.getLogger("symppa")


def folder() -> Path:
    """SYMPPA_CACHE_DIR, or symppa's place among the user's caches."""
    chosen = os.environ.get("SYMPPA_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser()
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(home) if home else Path.home() / ".cache") / "symppa"


def read(name: str) -> str | None:
    """The text of an entry, or None where there is none that can be trusted."""
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
    return text


def write(name: str, text: str) -> None:
    """Write an entry at once, or not at all; a read-only place is no error."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    try:
        folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=folder(), suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{digest}\n{text}")
        Path(temporary).replace(folder() / f"{name}.json")
    except OSError as error:
        logger.info("nothing kept in the cache: %s", error)


def _private(path: Path) -> bool:
    """Owned by this user and writable by nobody else."""
    if not hasattr(os, "getuid"):
        return True
    facts = path.stat()
    if facts.st_uid == os.getuid() and not facts.st_mode & 0o022:
        return True
    logger.warning("ignored a cache entry that others can write: %s", path)
    return False
