"""Biases without the mean error that few bits bring: nagel2019, section 4.2, over samples.

The network as it is and the quantized one run side by side, operator by operator. Each channel of a sum has, over all
samples and places, a mean in both; the difference goes into the bias before the next operator is looked at, so that
nothing is corrected twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from symppa.kpu.interface.program import Array, KPUOp, KPUProgram
from symppa.kpu.numbers import evaluated
from symppa.kpu.quantization.formats import restored
from symppa.kpu.quantization.simulate import Inputs, Simulation, after, sums
from symppa.kpu.wiring import own_inputs


def corrected(program: KPUProgram, quantized: KPUProgram, runs: Sequence[Inputs]) -> KPUProgram:
    """The quantized program with biases that make its sums right in the mean."""
    right, found = Simulation(program), Simulation(quantized)
    held = [(right.begun(one), found.begun(one)) for one in runs]
    constants = dict(quantized.constants)
    for number, op in enumerate(program.ops):
        bias = _bias(quantized, op)
        if not bias:
            for due, mine in held:
                right.step(number, due, evaluated(op, right.read(op, due)))
                found.step(number, mine, evaluated(op, found.read(op, mine)))
            continue
        both = [
            (sums(op, right.read(op, due)), sums(op, found.read(op, mine))) for due, mine in held
        ]  # fmt: skip
        missing = np.mean([_mean(due - mine) for due, mine in both], axis=0)
        constants[bias], added = _shifted(quantized, bias, constants[bias], missing)
        found.constants[bias] = found.constants[bias] + added
        for (due, mine), (wanted, got) in zip(held, both, strict=True):
            right.step(number, due, after(op, wanted, right.read(op, due)))
            found.step(number, mine, after(op, got + _along(added, got), found.read(op, mine)))
    return replace(quantized, constants=constants)


def _bias(program: KPUProgram, op: KPUOp) -> str:
    """The bias of an operator that has one of its own, to each output channel; nothing where it has none."""
    own = own_inputs(op)
    if op.op_type not in ("Conv", "Gemm") or len(own) < 3 or own[2] not in program.constants:
        return ""
    alone = sum(one.input_ids.count(own[2]) for one in program.ops) == 1
    plain = op.attributes.get("beta", 1.0) == 1.0 and len(program.tensors[own[2]].shape) == 1
    return own[2] if alone and plain and op.attributes.get("alpha", 1.0) == 1.0 else ""


def _mean(apart: Array) -> Array:
    """Of each channel: axis 1 of an image and of a row of a product."""
    axes = tuple(axis for axis in range(apart.ndim) if axis != 1)
    return np.asarray(apart.mean(axis=axes, dtype=np.float64))


def _along(numbers: Array, sums: Array) -> Array:
    return numbers.reshape(-1, *[1] * (sums.ndim - 2))


def _shifted(program: KPUProgram, name: str, held: Array, missing: Array) -> tuple[Array, Array]:
    """A bias with more added, and what that came to in its format."""
    tensor = program.tensors[name]
    if tensor.dtype == "int32":
        more = np.rint(missing / np.asarray(tensor.scale)).astype(np.int64)
        now = np.clip(held.astype(np.int64) + more, -(2**31) + 1, 2**31 - 1).astype(np.int32)
    else:
        now = (held + missing.astype(np.float32)).astype(held.dtype)
    return now, restored(tensor, now) - restored(tensor, held)


def means(program: KPUProgram, quantized: KPUProgram, runs: Sequence[Inputs]) -> Mapping[str, float]:
    """How far the outputs are off in the mean, by name."""
    right, found = Simulation(program), Simulation(quantized)
    apart: dict[str, list[float]] = {}
    for one in runs:
        due, mine = right.outputs(one), found.outputs(one)
        for name, value in due.items():
            apart.setdefault(name, []).append(float((mine[name] - value).mean()))
    return {name: float(np.mean(values)) for name, values in apart.items()}
