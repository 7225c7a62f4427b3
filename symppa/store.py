"""Small private files that spare work: where they lie, when they can be trusted, what there is, and clearing it.

A file is trusted only when the same user owns it and its folder, nobody else can write either, and its content
matches its hash. A file appears whole or not at all, so any number of processes and threads may share the folder.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

logger = logging.getLogger("symppa")
BEGUN, ENDED = "symppa-", ".tmp"  # a file that is being written
TEXT = re.compile(r"(?:([a-z]+)-)?[0-9a-f]{64}\.json")
NATIVE = re.compile(r"[\w-]+\.([0-9a-f]{64})\.\w+")
TORN = re.compile(r"(?:symppa-|tmp)\w{8}\.tmp")
PROGRAMS, OBJECTS, LEFT = "programs", "native objects", "unfinished"
GOOD, DAMAGED, FOREIGN = "good", "damaged", "not trusted"
DAY = 86_400.0  # a use is noted once a day
WRITING = 60.0  # seconds that an unfinished file may still be somebody's
NOWHERE = Path(os.devnull) / "symppa"


def folder() -> Path:
    """SYMPPA_CACHE_DIR, or symppa's place among the user's caches; a place that cannot be where there is no home."""
    chosen = os.environ.get("SYMPPA_CACHE_DIR")
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        if chosen:
            return Path(chosen).expanduser()
        return (Path(home) if home else Path.home() / ".cache") / "symppa"
    except RuntimeError:  # a user without a home, as in some containers
        return NOWHERE


def read(name: str) -> str | None:
    """The text of an entry, or None where there is none that can be trusted."""
    path = folder() / f"{name}.json"
    content = _trusted(path)
    if content is None:
        return None
    if not _matches(path.name, content):
        logger.warning("ignored a damaged cache entry: %s; it is written anew", path)
        return None
    return content.partition(b"\n")[2].decode()


def write(name: str, text: str) -> None:
    """Write an entry at once, or not at all; a read-only place is no error."""
    data = text.encode()
    _put(f"{name}.json", hashlib.sha256(data).hexdigest().encode() + b"\n" + data)


def kept(name: str, suffix: str) -> Path | None:
    """The file to load of a binary entry, or None where there is none that can be trusted; hashed at every use.

    A name has letters, digits, `_` and `-`; a suffix is like `.so`.
    """
    wanted = re.compile(rf"{re.escape(name)}\.[0-9a-f]{{64}}{re.escape(suffix)}")
    for path in sorted(p for p in _files() if wanted.fullmatch(p.name)):
        content = _trusted(path)
        if content is not None and _matches(path.name, content):
            return path
        if content is not None:
            logger.warning("removed a damaged cache entry: %s", path)
            with suppress(OSError):
                path.unlink()
    return None


def keep(name: str, suffix: str, content: bytes) -> Path | None:
    """Write a binary entry at once: the file to load, or None where the place cannot be written or trusted."""
    return _put(f"{name}.{hashlib.sha256(content).hexdigest()}{suffix}", content)


def _trusted(path: Path) -> bytes | None:
    """What a private file in a private folder holds."""
    try:
        if not _private(path.parent.stat(), path.parent):
            return None
        with path.open("rb") as file:
            facts = os.fstat(file.fileno())
            content = file.read() if _private(facts, path) else None
    except OSError:
        return None
    if content is not None and time.time() - facts.st_mtime > DAY:
        with suppress(OSError):
            os.utime(path)
    return content


def _put(file: str, content: bytes) -> Path | None:
    """The whole file in its place, readable by its owner alone."""
    try:
        place = folder()
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _private(place.stat(), place):
            return None
        handle, begun = tempfile.mkstemp(dir=place, prefix=BEGUN, suffix=ENDED)
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(content)
            return Path(begun).replace(place / file)
        finally:
            Path(begun).unlink(missing_ok=True)
    except OSError as error:
        logger.info("nothing kept in the cache: %s", error)
        return None


def _matches(file: str, content: bytes) -> bool:
    """Whether a content is the one its hash was taken of."""
    found = NATIVE.fullmatch(file)
    if found is not None:
        return hashlib.sha256(content).hexdigest() == found[1]
    digest, _, data = content.partition(b"\n")
    return hashlib.sha256(data).hexdigest().encode() == digest


def _private(facts: os.stat_result, path: Path) -> bool:
    """Owned by this user and writable by nobody else; said once where it is not."""
    mine, alone = _mine(facts), not facts.st_mode & 0o022
    if not (mine and alone):
        _warn(path, "others can write it; chmod go-w makes it private" if mine else "another user owns it")
    return mine and alone


@lru_cache(maxsize=64)
def _warn(path: Path, why: str) -> None:
    logger.warning("ignored in the cache: %s: %s", path, why)


def _mine(facts: os.stat_result) -> bool:
    return not hasattr(os, "getuid") or facts.st_uid == os.getuid()


@dataclass(frozen=True)
class Entry:
    """A file of symppa's own in the folder; `used` is when it last served, in seconds since 1970, to a day."""

    path: Path
    kind: str
    size: int
    used: float
    state: str


def entries() -> list[Entry]:
    """Every file of symppa's own, by name; links and all other files are none."""
    return sorted(_entries(), key=lambda entry: entry.path.name)


def _entries() -> Iterator[Entry]:
    for path in _files():
        kind = _kind(path.name)
        with suppress(OSError):
            facts = path.lstat()
            if kind and stat.S_ISREG(facts.st_mode):
                yield Entry(path, kind, facts.st_size, facts.st_mtime, _state(path, kind, facts))


def _kind(file: str) -> str:
    text = TEXT.fullmatch(file)
    if text is not None:
        return text[1] or PROGRAMS
    return OBJECTS if NATIVE.fullmatch(file) else LEFT if TORN.fullmatch(file) else ""


def _state(path: Path, kind: str, facts: os.stat_result) -> str:
    if not _mine(facts) or facts.st_mode & 0o022:
        return FOREIGN
    if kind == LEFT:
        return GOOD
    try:
        return GOOD if _matches(path.name, path.read_bytes()) else DAMAGED
    except PermissionError:
        return DAMAGED


def _files() -> list[Path]:
    """What lies in the folder, if there is one that can be read."""
    try:
        return list(folder().iterdir())
    except OSError:
        return []


def clear(older: float = 0.0) -> list[Entry]:
    """Entries removed: symppa's own files of this user that have not served for `older` seconds."""
    gone = []
    now = time.time()
    for entry in entries():
        least = max(older, WRITING) if entry.kind == LEFT else older
        if least and now - entry.used < least:
            continue
        with suppress(FileNotFoundError):  # another process was faster
            if _mine(entry.path.lstat()):
                entry.path.unlink()
                gone.append(entry)
    return gone


def trouble() -> str:
    """Why nothing is kept in the folder, or nothing anew; empty where all is well, or will be once it is needed."""
    place = folder()
    if place == NOWHERE:
        return "there is no home folder: set SYMPPA_CACHE_DIR"
    try:
        facts = place.stat()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"it cannot be opened: {error.strerror or error}"
    if not stat.S_ISDIR(facts.st_mode):
        return "this is no folder"
    if not _mine(facts):
        return "another user owns it: nothing is read from it or written to it"
    if facts.st_mode & 0o022:
        return "others can write it: nothing is read from it or written to it; chmod go-w makes it private"
    return "" if os.access(place, os.W_OK | os.X_OK) else "it cannot be written: what is there serves, nothing is added"
