"""Programs on disk, so that a repeated question need not import sympy."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from symppa import store as files
from symppa.engine.program import Program

PACKAGE = Path(__file__).resolve().parent.parent
SOURCES = ("language", "engine", "library")  # what a program depends on


@lru_cache(maxsize=1)
def sources_hash() -> str:
    """Hash of every file that defines shipped programs."""
    digest = hashlib.sha256()
    paths = [p for name in SOURCES for p in sorted((PACKAGE / name).rglob("*.py"))]
    for path in [*paths, PACKAGE / "units.py", PACKAGE / "units.txt"]:
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def key(*question: Any) -> str:
    """The name of an entry: everything its program depends on."""
    return hashlib.sha256(repr((sources_hash(), question)).encode()).hexdigest()


def fetch(name: str) -> Program | None:
    """The program of an entry, or None where there is none that can be trusted."""
    text = files.read(name)
    return None if text is None else Program.from_json(text)


def store(name: str, program: Program) -> None:
    """Keep a program; a read-only place is no error."""
    files.write(name, program.to_json())
