"""A device without measurements takes a similar one's coefficients with its own peaks; the interval says how far off.

Only within one class: a GPU borrows from GPUs. The donor is named, or the nearest in peak, bandwidth and units.
`LEAVING` is how far off that was where the borrower was measured too, each device left out in turn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from symppa.calibration.device import Facts, facts
from symppa.calibration.fitting.calibrate import Fitted, fit
from symppa.calibration.fitting.interval import LEVEL, Bucket, Intervals
from symppa.calibration.measurement import Measurements
from symppa.calibration.operations import operation
from symppa.calibration.profiles.profile import Profile, joined, load, of_device, shipped_profiles
from symppa.errors import MeasurementError

FURTHEST = math.log(4.0)  # of peak, bandwidth or units: a device further away is no donor unless it is named
CONFIDENCE = "INTERPOLATED"
NEAREST = "nearest"  # asked for instead of a donor
# By family of operations, the worst of the campaigns that timed several devices: products and attention of serving
# (A100, H100, H200, L40S), layers of LLMs (A100, H100, A40), operators (A100, V100, T4; A100, MI210).
LEAVING: Mapping[str, float] = MappingProxyType({
    "gemm": 0.70, "attention_prefill": 0.38, "attention_decode": 0.50, "layernorm": 0.97, "softmax": 1.01,
    "elementwise": 1.22,
})  # fmt: skip
UNSEEN = 1.25  # of what nobody timed on two devices: a little more than the worst of these


@dataclass(frozen=True)
class Borrowed:
    """A donor's fit at a borrower's peaks; `leaving` is the residual that 90 % of rows of left-out devices stay in."""

    fitted: Fitted
    donor: str
    leaving: float
    confidence: str = CONFIDENCE


def apart(one: Facts, other: Facts) -> float:
    """How unlike two devices are: the largest of the logarithms of their peaks, bandwidths and units."""
    pairs = ((one.peak, other.peak), (one.bandwidth, other.bandwidth), (one.units, other.units))
    return max(abs(math.log(a / b)) for a, b in pairs)


def nearest(device: Facts, donors: Sequence[Fitted]) -> Fitted:
    """The most similar donor of the same class; none is refused, with what there was."""
    return donors[_nearest(device, [one.law.facts for one in donors])]


def nearest_device(device: Facts, names: Sequence[str]) -> str:
    """The most similar of some devices of the registry, all with the facts of single precision; none is refused."""
    return names[_nearest(device, [facts(name) for name in names])]


def _nearest(device: Facts, donors: Sequence[Facts]) -> int:
    same = [n for n, one in enumerate(donors) if one.system == device.system and one.name != device.name]
    close = [n for n in same if apart(donors[n], device) <= FURTHEST]
    if not close:
        known = ", ".join(sorted({f"{one.name} ({one.system})" for one in donors})) or "none"
        raise MeasurementError(
            f"no donor for {device.name} ({device.system}): of {known} none is of its class and within a factor of "
            f"{math.exp(FURTHEST):g} in peak, bandwidth and units; name one, or measure"
        )
    return min(close, key=lambda n: apart(donors[n], device))


def borrow(device: Facts, donor: Fitted, leaving: float) -> Borrowed:
    """A donor's fit for another device, its intervals widened by what leaving a device out showed; no size is known."""
    _of_one_class(device, donor.law.facts)
    wider = tuple(Bucket(one.below, max(one.half, leaving), one.rows) for one in donor.intervals.buckets)
    law = replace(donor.law, facts=device)
    made = replace(donor, law=law, intervals=Intervals(wider, donor.intervals.level), sizes=frozenset())
    return Borrowed(made, donor.law.facts.name, leaving)


def _of_one_class(device: Facts, donor: Facts) -> None:
    if donor.system != device.system:
        raise MeasurementError(
            f"{device.name} is a {device.system}, {donor.name} a {donor.system}: "
            "coefficients are borrowed within one class only"
        )


def leaving(op: str) -> float:
    """The residual that 90 % of rows of left-out devices stay in, as a logarithm, by the family of an operation."""
    return LEAVING.get(operation(op).family, UNSEEN)


def leaving_one_out(fits: Sequence[Fitted], rows: Mapping[str, Measurements], level: float = LEVEL) -> float:
    """The residual that a share `level` of rows stays in when each device borrows from its nearest other."""
    found = []
    for one in fits:
        others = [other for other in fits if other is not one]
        told = rows[one.law.facts.name]
        lent = borrow(one.law.facts, nearest(one.law.facts, others), 0.0).fitted
        found.append(np.abs(np.log(told.latency / lent.seconds(told))))
    if not found:
        raise MeasurementError("leaving one device out needs at least two devices with measurements")
    return float(np.quantile(np.concatenate(found), level))


def lent(device: str, donor: str, day: str, rows: Measurements | None = None) -> Profile:
    """The profile of a device by what a donor, or the nearest, lends: of every operation in a format that it computes.

    Rows of several devices tell how far off lending is where they time an operation on two at least.
    """
    own = facts(device)
    lender = _lender(own, donor)
    fits = []
    for one in lender.fits:
        peaks = facts(device, one.dtype)
        if peaks.peak > 0:
            fits.append(borrow(peaks, one, _leaving(one, rows)).fitted)
    if not fits:
        formats = ", ".join(sorted({one.dtype for one in lender.fits}))
        raise MeasurementError(f"{lender.device} lends fits in {formats}; {device} has no peak in any of them")
    return Profile(device, day, tuple(fits), donor=lender.device)


def _lender(device: Facts, donor: str) -> Profile:
    if donor != NEAREST:
        found = load(donor)
        if found.device == device.name or found.donor:
            raise MeasurementError(
                f"{donor} is no donor for {device.name}: it {'is borrowed itself' if found.donor else 'is the same'}"
            )
        _of_one_class(device, facts(found.device))
        return found
    devices = sorted({name.partition("/")[0] for name in shipped_profiles()} - {device.name})
    return joined(of_device(nearest_device(device, devices)))


def _leaving(one: Fitted, rows: Measurements | None) -> float:
    """How far off lending an operation is: by rows of two devices at least, else as the table has it."""
    told = None if rows is None else rows.where(op=one.op, dtype=one.dtype)
    devices = sorted(set(told.of("device"))) if told is not None else []
    if told is None or len(devices) < 2:
        return leaving(one.op)
    apiece = {name: told.where(device=name) for name in devices}
    return leaving_one_out([fit(some, facts(name, one.dtype)) for name, some in apiece.items()], apiece)
