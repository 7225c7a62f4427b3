"""What a network itself says, in 32 bits: what a compiled program is held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.program import Array

Answers = Callable[[Array], list[Array]]


@dataclass(frozen=True)
class Baseline:
    """Answers of a network, and who computes them."""

    name: str
    answers: Answers

    def timed(self, inputs: Array) -> tuple[list[Array], float]:
        """The answers, and the time in s that they took on this machine."""
        begun = perf_counter()
        found = self.answers(inputs)
        return found, perf_counter() - begun


def baseline(model: Any, config: KPUConfig, shape: Sequence[int], *, trust_pickle: bool = False) -> Baseline:
    """The network in torch where it is one; what came as ONNX by the reference in 32 bits."""
    if isinstance(model, str | Path):
        from symppa.workloads.torch.archive import kind_of, load_program

        path = Path(model)
        if not kind_of(path):
            return _reference(path, config, shape)
        model = load_program(path, trust_pickle=trust_pickle)
    import torch

    module = model.module(check_guards=False) if isinstance(model, torch.export.ExportedProgram) else model
    return Baseline(f"torch {torch.__version__}", _in_torch(module))


def _in_torch(module: Any) -> Answers:
    import torch

    def answers(inputs: Array) -> list[Array]:
        modes = [(one, one.training) for one in module.modules() if one.training]
        for one, _ in modes:
            one.training = False
        try:
            with torch.no_grad():
                found = module(torch.from_numpy(inputs))
        finally:
            for one, was in modes:
                one.training = was
        return [np.asarray(one.numpy()) for one in _leaves(found)]

    return answers


def _leaves(told: Any) -> list[Any]:
    """Every tensor of an answer, in its order."""
    from torch.utils import _pytree

    return [one for one in _pytree.tree_leaves(told) if hasattr(one, "numpy")]


def _reference(path: Path, config: KPUConfig, shape: Sequence[int]) -> Baseline:
    from symppa.kpu.capture import captured
    from symppa.kpu.numbers import executed

    program = captured(path, config, input_shape=tuple(shape))

    def answers(inputs: Array) -> list[Array]:
        found = executed(program, {program.input_ids[0]: inputs})
        return [found[name] for name in program.output_ids]

    return Baseline("reference in 32 bits", answers)
