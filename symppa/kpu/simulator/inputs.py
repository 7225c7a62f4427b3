"""Inputs drawn by chance, for who wants to see a program run."""

from __future__ import annotations

from typing import Any

import numpy as np

from symppa.kpu.interface.program import KPUProgram, KPUTensor

Array = np.ndarray[Any, Any]
COUNTING = ("int64", "int32")


def drawn(program: KPUProgram, seed: int) -> dict[str, Array]:
    """Normal numbers for every input, 0 and 1 where it counts or asks; the same seed gives the same."""
    rng = np.random.default_rng(seed)
    return {name: _drawn(rng, program.tensors[name]) for name in program.input_ids}


def _drawn(rng: np.random.Generator, tensor: KPUTensor) -> Array:
    if tensor.dtype == "bool":
        return rng.integers(0, 2, tensor.shape).astype(bool)
    if tensor.dtype in COUNTING:
        return rng.integers(0, 2, tensor.shape).astype(tensor.dtype)
    return rng.normal(size=tensor.shape).astype(np.float32)
