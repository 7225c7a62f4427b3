"""SHA-256 of what a network was read from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def hash_of(paths: Iterable[Path]) -> str:
    """That of what is in some files, one after the other."""
    found = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                found.update(piece)
    return found.hexdigest()


def digest(graph: Any, weights: Iterable[tuple[str, Any]]) -> str:
    """That of a graph of torch as text, then of weights by name."""
    found = hashlib.sha256(str(graph).encode())
    for name, tensor in weights:
        found.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        found.update(memoryview(_bytes(tensor)))
    return found.hexdigest()


def _bytes(tensor: Any) -> Any:
    import torch

    return tensor.detach().to("cpu").contiguous().reshape(-1).view(torch.uint8).numpy()
