"""Estimates: a value with what it rests on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from symppa.studies.result import Output


@dataclass(frozen=True)
class EstimationResult:
    """One estimate; `error_bound` is half the width of its interval in percent, None where nothing was calibrated."""

    value: float
    unit: str
    confidence: str
    calibration_source: str | None = None
    error_bound: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


def estimate(output: Output) -> EstimationResult:
    """The estimate of an output that is one number."""
    return EstimationResult(output.values.item(), output.unit, output.confidence)
