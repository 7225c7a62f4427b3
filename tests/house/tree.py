"""The checkout, as the house tests read it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = {"build", "dist", "outputs", "site", "venv"}


@cache
def sources(folder: str) -> tuple[Path, ...]:
    """Every Python file below a folder of the checkout."""
    return tuple(sorted((ROOT / folder).rglob("*.py")))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def texts() -> Iterator[tuple[str, str]]:
    """Name and content of every text file that belongs to the project."""
    for path in sorted(ROOT.rglob("*")):
        inner = path.relative_to(ROOT).parts
        hidden = inner[0].startswith(".") and inner[0] not in {".ci", ".pre-commit-config.yaml", ".gitignore"}
        if hidden or inner[0] in BUILT or "__pycache__" in inner or not path.is_file():
            continue
        try:
            yield shown(path), path.read_text("utf-8")
        except UnicodeDecodeError:
            continue


def python(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """This checkout in a process of its own, with warnings as errors."""
    command = [sys.executable, "-W", "error", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300)
