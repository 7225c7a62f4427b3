"""Samples to calibrate with, as numpy writes them: a .npz or .npy file, or a folder of such files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from symppa.errors import QuantizationError
from symppa.kpu.interface.program import Array

ENDINGS = (".npy", ".npz")
UNNAMED = "arr_0"  # what numpy calls an array that was saved without a name


def read(path: Path) -> Iterator[Any]:
    """Arrays, or arrays by the names of inputs, file by file; a pickle inside of one is refused."""
    files = sorted(one for one in path.iterdir() if one.suffix in ENDINGS) if path.is_dir() else [path]
    if not files:
        raise QuantizationError(f"has no samples: files of numpy ({' or '.join(ENDINGS)}) are read", file=str(path))
    return _each(files)


def _each(files: Sequence[Path]) -> Iterator[Any]:
    for file in files:
        try:
            yield _one(file)
        except OSError as error:
            raise QuantizationError(f"cannot be read: {error.strerror or error}", file=str(file)) from None
        except (ValueError, EOFError, zipfile.BadZipFile) as error:
            raise QuantizationError(f"is no file of numpy without pickles: {error}", file=str(file)) from None


def _one(file: Path) -> Array | dict[str, Array]:
    found = np.load(file, allow_pickle=False)
    if not isinstance(found, np.lib.npyio.NpzFile):
        return np.asarray(found)
    with found:
        arrays = {name: found[name] for name in found.files}
    return arrays[UNNAMED] if list(arrays) == [UNNAMED] else arrays
