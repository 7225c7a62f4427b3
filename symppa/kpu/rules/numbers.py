"""Rules of formats and scales."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from symppa.kpu.interface.program import KPUProgram, KPUTensor

# Zero points of formats.
WHOLE = {"int8": (-128, 127), "int4": (-8, 7), "int32": (-(2**31), 2**31 - 1)}


def precisions(program: KPUProgram) -> Iterator[str]:
    """Formats that the arrays do not take."""
    from symppa.kpu.passes.quantize import WIDTHS, array_operands

    allowed = {one.value for one in program.target_config.supported_precisions} | {WIDTHS[program.precision].narrow}
    for op in program.ops:
        for name in array_operands(op):
            dtype = program.tensors[name].dtype
            if dtype not in allowed:
                yield f"Op {op.id} multiplies {name} in {dtype}; the arrays take {', '.join(sorted(allowed))}"


def scales(program: KPUProgram) -> Iterator[str]:
    """Scales and zero points that are none."""
    for name, tensor in program.tensors.items():
        scales, zeros = _listed(tensor.scale), _listed(tensor.zero_point)
        if not all(math.isfinite(one) and one > 0 for one in scales):
            yield f"{name} has a scale that is not above 0"
        low, high = WHOLE.get(tensor.dtype, (-math.inf, math.inf))
        if not all(low <= one <= high for one in zeros):
            yield f"{name} has a zero point outside of {tensor.dtype}"
        for told in (tensor.scale, tensor.zero_point):
            if isinstance(told, list) and len(told) != _channels(tensor):
                yield f"{name} has {len(told)} scales or zero points for {_channels(tensor)} channels"


def _listed(told: float | list[float] | list[int] | None) -> Sequence[float]:
    return told if isinstance(told, list) else [] if told is None else [told]


def _channels(tensor: KPUTensor) -> int:
    axis = tensor.channel_axis
    return tensor.shape[axis] if axis is not None and -len(tensor.shape) <= axis < len(tensor.shape) else 0
