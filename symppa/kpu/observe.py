"""What activations are in a network as it is in 32 bits: the ranges that 8 bits of them cover, from samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from symppa.errors import InvalidInputError, QuantizationError
from symppa.kpu.interface.program import Array, KPUProgram, KPUTensor
from symppa.kpu.numbers import values
from symppa.kpu.quantization.calibrators import Calibrator, MinMax
from symppa.kpu.quantization.histogram import Histogram

LEAST = 100  # samples


def ranges(
    program: KPUProgram, data: Iterable[Any], calibrator: Calibrator | None = None
) -> dict[str, tuple[float, float]]:
    """The range of every activation, from its values over all samples; too few are refused.

    From the least to the largest value, where no calibrator says otherwise.
    """
    calibrator = calibrator or MinMax()
    met: dict[str, Histogram] = {}
    count = 0
    for inputs, samples in batches(program, data):
        count += samples
        for name, value in values(program, inputs):
            met[name] = met.get(name, calibrator.histogram()).add(value)
    if count < LEAST:
        raise QuantizationError(f"{program.precision.value.upper()} calibration requires at least {LEAST} samples")
    return {name: calibrator.range(one) for name, one in met.items()}


def batches(program: KPUProgram, data: Iterable[Any]) -> Iterator[tuple[dict[str, Array], int]]:
    """Inputs of a run by name and how many new samples are among them, until the data end.

    The data are arrays, or mappings of arrays by the names of the inputs, of any number of samples each; one axis less
    than the input has is one sample. A run that is not full at the end is filled with its last sample.
    """
    tensors = [program.tensors[name] for name in program.input_ids]
    size = tensors[0].shape[0] if tensors[0].shape else 1
    waiting: list[list[Array]] = [[] for _ in tensors]
    for item in data:
        given = item if isinstance(item, Mapping) else {tensors[0].id: item}
        for place, tensor in enumerate(tensors):
            if tensor.id not in given:
                raise InvalidInputError(f"calibration data have no {tensor.id!r}, only {', '.join(map(str, given))}")
            waiting[place].extend(_samples(tensor, given[tensor.id]))
        while min(map(len, waiting)) >= size:
            yield {t.id: np.stack(w[:size]) for t, w in zip(tensors, waiting, strict=True)}, size
            waiting = [one[size:] for one in waiting]
    left = min(map(len, waiting))
    if left:
        full = [one[:left] + [one[left - 1]] * (size - left) for one in waiting]
        yield {t.id: np.stack(w) for t, w in zip(tensors, full, strict=True)}, left


def _samples(tensor: KPUTensor, told: Any) -> list[Array]:
    """The samples in an array, each without the axis of the batch."""
    array = np.asarray(told)
    if array.shape == tensor.shape[1:]:
        array = array[None]
    if array.shape[1:] != tensor.shape[1:]:
        due, got = (",".join(map(str, shape)) for shape in (tensor.shape, array.shape))
        raise InvalidInputError(f"Input shape mismatch: expected ({due}), got ({got})")
    if not np.isfinite(array).all() if array.dtype.kind == "f" else False:
        raise QuantizationError(f"calibration data for {tensor.id!r} have values that are not finite")
    return list(array.astype(np.float32) if tensor.dtype == "fp32" else array)
