"""Whole networks for rows that name one: what `analyze` tells of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from symppa import units
from symppa.calibration.matching.lookup import NONE, Status
from symppa.calibration.measurement import Measurement
from symppa.calibration.validation.estimates import COMPOSED, VENDOR, Whole
from symppa.errors import WorkloadError, suggest
from symppa.studies.network import analyze
from symppa.workloads import reading

RELEVANT = 0.005  # share of the time that is said where the data sheet has to tell it


def composed(device: str, profiles: Sequence[str]) -> Callable[[Measurement, str], Whole]:
    """What a network that a row names takes on a device in a power profile, by profiles or by the data sheet (none)."""
    names = reading.networks()

    def estimated(row: Measurement, mode: str) -> Whole:
        if row.network not in names:
            raise WorkloadError(f"there is no network {row.network!r}{suggest(row.network, names)}")
        found = analyze(
            row.network, device, precision=row.dtype, profile=mode or None,
            sizes={"batch": int(row.shape["batch"])}, calibration=tuple(profiles),
        )  # fmt: skip
        output = found.output("latency")
        seconds = float(output.values) * units.measure(output.unit).worth
        told = found.facts["network"]["calibration"]
        if NONE in profiles:
            return Whole(seconds, quality=VENDOR)
        half = math.nan if output.interval is None else math.log(float(output.interval[1]) / float(output.values))
        return Whole(seconds, half, quality=COMPOSED if told and told["used"] else VENDOR, why=_why(told))

    return estimated


def _why(told: Mapping[str, Any] | None) -> str:
    """What the calibration does not tell."""
    if told is None or not told["used"]:
        return (told or {}).get("left_out", "") or "nothing is calibrated: by the data sheet"
    share = told["shares"][Status.MISSING.value]
    return f"{100 * share:.0f} % of the time by the data sheet" if share > RELEVANT else ""
