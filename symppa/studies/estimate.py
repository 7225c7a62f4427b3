"""Estimates: a value with what it rests on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from symppa.studies.result import Output


@dataclass(frozen=True)
class EstimationResult:
    """One estimate; `error_bound` is half the width of its interval in percent, None where there is no interval.

    `calibration_source` names the profiles and campaigns that it rests on, `interval` are its ends in the same unit.
    """

    value: float
    unit: str
    confidence: str
    calibration_source: str | None = None
    error_bound: float | None = None
    interval: tuple[float, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


def estimate(output: Output) -> EstimationResult:
    """The estimate of an output that is one number."""
    value = output.values.item()
    source = output.calibration or None
    if output.interval is None or not value > 0:
        return EstimationResult(value, output.unit, output.confidence, source)
    low, high = (float(end) for end in output.interval)
    return EstimationResult(
        value, output.unit, output.confidence, source, 100 * (high - low) / 2 / value, (low, high)
    )  # fmt: skip
