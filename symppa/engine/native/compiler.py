"""The system's C compiler: found, asked once, and its libraries kept under the hash of all they depend on.

The flags keep IEEE arithmetic: nothing is reassociated, contracted or turned into reciprocals, NaN stays NaN. What
they give up (errno, traps, the sign of zero) no value shows.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from symppa import store
from symppa.errors import NoCompilerError

EXACT = ("-O3", "-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros", "-ffp-contract=off")
MADE = ("-shared", "-fPIC", "-std=gnu11", "-w")
HERE = ("-march=native", "-fopenmp-simd")  # faster, not all compilers know them
WIDE = ("-mprefer-vector-width=512",)
NAMES = ("gcc", "cc", "clang")
SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
PATIENCE = 300  # seconds


def build(text: str) -> ctypes.CDLL:
    """The library of a C text, compiled unless it is kept; raises NoCompilerError with the reason."""
    return _loaded(_name(text), str(store.folder()), text)


@lru_cache(maxsize=256)
def _loaded(name: str, folder: str, text: str) -> ctypes.CDLL:
    path = store.kept(name, SUFFIX)
    if path is None:
        path = store.keep(name, SUFFIX, _compiled(find()[0], text))
    if path is None:
        raise NoCompilerError(f"compiled code cannot be kept in {folder}")
    try:
        made = ctypes.CDLL(str(path))
    except OSError as error:
        raise NoCompilerError(f"compiled code cannot be loaded: {error}") from None
    whole, place = ctypes.c_longlong, ctypes.c_void_p
    for function in (made.symppa_part, made.symppa_walk):
        function.argtypes, function.restype = (whole, whole, *[place] * 6), None
    return made


def kept(text: str) -> bool:
    """Whether a text need not be compiled any more."""
    return store.kept(_name(text), SUFFIX) is not None


def _name(text: str) -> str:
    """The name of a library: everything it depends on."""
    told = (text, find(), EXACT, MADE, HERE, WIDE, processor())
    return f"native-{hashlib.sha256(repr(told).encode()).hexdigest()[:32]}"


def find() -> tuple[tuple[str, ...], int, int]:
    """The compiler's command, size and date: $CC, or the first of gcc, cc, clang."""
    chosen = os.environ.get("CC")
    for words in [shlex.split(chosen)] if chosen else [[name] for name in NAMES]:
        path = shutil.which(words[0]) if words else None
        if path:
            facts = Path(path).resolve().stat()
            return (path, *words[1:]), facts.st_size, int(facts.st_mtime)
    raise NoCompilerError(f"no C compiler was found ({chosen or ', '.join(NAMES)})")


@lru_cache(maxsize=1)
def processor() -> str:
    """What code made for this very processor depends on."""
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text("utf-8").splitlines() if listing.exists() else []
    told = {line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))}
    return "\n".join([platform.machine(), platform.processor(), *sorted(told)])


def _compiled(compiler: tuple[str, ...], text: str) -> bytes:
    with TemporaryDirectory(prefix="symppa-") as folder:
        source, made = Path(folder) / "walk.c", Path(folder) / f"walk{SUFFIX}"
        source.write_text(text, encoding="utf-8")
        problem = ""
        for extra in ((*HERE, *WIDE), HERE, ()):
            command = [*compiler, *EXACT, *MADE, *extra, "-o", str(made), str(source), "-lm"]
            problem = _run(command)
            if not problem:
                return made.read_bytes()
        raise NoCompilerError(f"{' '.join(compiler)} fails: {problem}")


def _run(command: list[str]) -> str:
    """What went wrong, in one line; nothing where all is well."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error).splitlines()[0]
    if done.returncode == 0:
        return ""
    return next((line for line in done.stderr.splitlines() if "error" in line), f"exit code {done.returncode}")
