"""Whether a program answers as its network does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from symppa.errors import DeploymentError
from symppa.kpu.accuracy.measures import Difference, difference
from symppa.kpu.deployment.baseline import Baseline
from symppa.kpu.deployment.images import batches
from symppa.kpu.interface.interfaces import KPURuntimeInterface
from symppa.kpu.interface.program import Array


@dataclass(frozen=True)
class AccuracyReport:
    """How far answers are from the network's, by output; `failures` say what does not hold, a sentence each.

    `baseline_seconds` is the time of a run of the network on this machine. It is no time of the device.
    """

    samples: int
    source: str
    baseline: str
    tolerance: float
    differences: dict[str, Difference]
    same_choice: float | None
    baseline_seconds: float
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything holds."""
        return not self.failures


def accuracy_report(
    runtime: KPURuntimeInterface, baseline: Baseline, found: Sequence[Array], tolerance: float, source: str
) -> AccuracyReport:
    """Hold the loaded program's answers to samples against the network's; the tolerance is in percent."""
    name, shape, _ = runtime.get_input_specs()[0]
    names = [one for one, *_ in runtime.get_output_specs()]
    due: dict[str, list[Array]] = {one: [] for one in names}
    got: dict[str, list[Array]] = {one: [] for one in names}
    times = []
    for inputs, count in batches(found, shape[0]):
        answers, seconds = baseline.timed(inputs)
        times.append(seconds)
        result = runtime.execute({name: inputs})
        if not result.success:
            raise DeploymentError(f"the runtime failed: {result.error_message}")
        _refuse_other(answers, names)
        for one, answer in zip(names, answers, strict=True):
            due[one].append(answer[:count])
            got[one].append(np.asarray(result.outputs[one], np.float32)[:count])
    pairs = {one: (np.concatenate(due[one]), np.concatenate(got[one])) for one in names}
    told = {one: difference(*pair) for one, pair in pairs.items()}
    failures = tuple(_failure(one, told[one], pairs[one][1], tolerance) for one in names)
    return AccuracyReport(
        len(found), source, baseline.name, tolerance, told, _same_choice(list(pairs.values())), median(times),
        tuple(one for one in failures if one),
    )  # fmt: skip


def _failure(name: str, told: Difference, answers: Array, tolerance: float) -> str:
    if not np.isfinite(answers).all():
        return f"{name} has {int((~np.isfinite(answers)).sum())} answers that are not finite"
    if told.worst < tolerance / 100:
        return ""
    return f"{name} differs by {100 * told.worst:.3g} % of its largest value; below {tolerance:g} % is wanted"


def _same_choice(pairs: list[tuple[Array, Array]]) -> float | None:
    """The share of samples with the same largest answer, where the answers are one row of choices."""
    if len(pairs) != 1 or pairs[0][0].ndim != 2 or pairs[0][0].shape[1] < 2:
        return None
    due, got = pairs[0]
    return float((due.argmax(axis=1) == got.argmax(axis=1)).mean())


def _refuse_other(answers: list[Any], names: list[str]) -> None:
    if len(answers) != len(names):
        raise DeploymentError(f"the network has {len(answers)} answers, its program {len(names)}: {', '.join(names)}")
