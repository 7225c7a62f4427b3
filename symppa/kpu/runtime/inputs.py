"""Inputs of a program: checked, and brought into its formats; outputs as one reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symppa.errors import InvalidInputError, suggest
from symppa.kpu.interface.program import Array, KPUProgram, KPUTensor
from symppa.kpu.runtime.formats import Counting, Format, format_of

Spec = tuple[str, tuple[int, ...], str]


def specs(program: KPUProgram, names: list[str]) -> list[Spec]:
    """Name, shape and format of some tensors."""
    return [(name, tuple(program.tensors[name].shape), program.tensors[name].dtype) for name in names]


def held(program: KPUProgram, given: Mapping[str, Any]) -> dict[str, Array]:
    """Inputs in the formats of a program; what has another name, shape or kind of number is refused."""
    known = program.input_ids
    if not isinstance(given, Mapping):
        raise InvalidInputError(f"inputs are told by their names: expected {', '.join(known)}")
    for name in given:
        if name not in known:
            raise InvalidInputError(f"there is no input {name!r}{suggest(str(name), known)}")
    missing = [name for name in known if name not in given]
    if missing:
        raise InvalidInputError(f"missing input {', '.join(missing)}: expected {', '.join(known)}")
    return {name: _held(program.tensors[name], np.asarray(given[name])) for name in known}


def _held(tensor: KPUTensor, given: Array) -> Array:
    if given.shape != tuple(tensor.shape):
        due, got = (",".join(map(str, shape)) for shape in (tensor.shape, given.shape))
        raise InvalidInputError(f"Input shape mismatch: expected ({due}), got ({got})")
    form = format_of(tensor)
    if given.dtype == form.storage and given.dtype.kind in "iub":
        return given.copy()
    if given.dtype.kind not in ("iub" if isinstance(form, Counting) else "f"):
        raise InvalidInputError(
            f"Input dtype mismatch: expected {_due(tensor, form)} for {tensor.id!r}, got {given.dtype}"
        )
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        raise InvalidInputError(
            f"input {tensor.id!r} has {int((~np.isfinite(given)).sum())} values that are not finite"
        )
    return form.held(given)


def _due(tensor: KPUTensor, form: Format) -> str:
    if isinstance(form, Counting):
        return tensor.dtype
    own = f", or {np.dtype(form.storage)} as it is held" if np.dtype(form.storage).kind in "iu" else ""
    return f"float32, float64 or float16 (to be rounded to {tensor.dtype}{own})"


def told(program: KPUProgram, found: Mapping[str, Array]) -> dict[str, Array]:
    """Outputs as they are read: float32 of exactly the values that were written, whole numbers as they are."""
    return {name: format_of(program.tensors[name]).real(one) for name, one in found.items()}
