"""What a profile that is read must keep to: every number in its range, told with the line it stands on.

A fit holds for the device that it was made for: the data sheet then is kept with it, and another one now is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from symppa import units
from symppa.calibration.device import Facts, facts
from symppa.calibration.fitting.calibrate import Fitted
from symppa.calibration.fitting.fit import CACHED
from symppa.calibration.fitting.laws import LAWS, Coefficient
from symppa.calibration.fitting.networks import NETWORK
from symppa.calibration.fitting.ratio import NOTHING
from symppa.calibration.measurement import Campaign, Measurement, Measurements
from symppa.calibration.operations import operation
from symppa.descriptions.nodes import Node

# What of a data sheet enters a fit, and its unit in a profile.
KEPT: Mapping[str, str] = MappingProxyType({
    "peak": "op/s", "bandwidth": "byte/s", "cache": "byte", "clock": "Hz", "units": "1",
})  # fmt: skip
CLOSE = 1e-6  # a profile keeps nine digits of the data sheet
ROUNDED = 1e-4  # and six of a coefficient
NETWORK_DIRECTIONS = 4


def facts_told(known: Facts) -> dict[str, Any]:
    """What a fit keeps of the data sheet that it was made with."""
    told = {name: float(f"{getattr(known, name):.9g}") for name in KEPT}
    return {name: value if KEPT[name] == "1" else f"{value:.9g} {KEPT[name]}" for name, value in told.items()}


def check_schema(root: Node, told: Any, schema: int) -> None:
    """Refuses what is no profile, or one of another version."""
    if not isinstance(told, dict) or "calibration" not in told:
        raise root.error(f"this is no calibration profile of schema {schema}: it has no `calibration: DEVICE`")
    found = told.get("schema")
    if str(found) != str(schema):
        what = "no schema" if found is None else f"schema {found}"
        raise root.at(("schema",)).error(
            f"the profile has {what}, schema {schema} is read here: calibrate anew with this version"
        )


def check_fit(node: Node, fit: Fitted, donor: str = "") -> None:
    """Refuses a fit with a number out of its range, or made for another data sheet than that of the device now."""
    _check_facts(node, fit.law.facts)
    _check_intervals(node.at(("intervals",)), fit)
    _check_hull(node, fit)
    _check_coefficients(node.at(("coefficients",)), fit, donor)


def _check_facts(node: Node, now: Facts) -> None:
    told = node.plain.get("facts")
    if not isinstance(told, dict) or set(told) != set(KEPT):
        raise node.error(f"the fit does not keep {', '.join(KEPT)} of the device that it was made with: calibrate anew")
    for name, unit in KEPT.items():
        then = float(units.worth(told[name], unit, name) / units.measure(unit).worth)
        if not math.isclose(then, getattr(now, name), rel_tol=CLOSE):
            raise node.at(("facts", name)).error(
                f"the fit was made for {now.name} with {name} {told[name]}, its description now states "
                f"{facts_told(now)[name]}: calibrate anew, or take the description back"
            )


def _check_intervals(node: Node, fit: Fitted) -> None:
    if not 0 < fit.intervals.level < 1:
        raise node.at(("level",)).error(f"level {fit.intervals.level:g} is no share between 0 and 1")
    ends = [one.below for one in fit.intervals.buckets]
    for place, one in enumerate(fit.intervals.buckets):
        where = node.at(("buckets", place))
        if not 0 < one.half < math.inf:
            raise where.at(("half",)).error(f"half {one.half:g} is no half width: it is a number above 0")
        last = place == len(ends) - 1
        if math.isinf(one.below) != last or not one.below > (ends[place - 1] if place else 0.0):
            raise where.at(("below",)).error(
                "buckets stand in the order of `below`, from above 0, and the last alone has none"
            )


def _check_hull(node: Node, fit: Fitted) -> None:
    low, high = fit.hull.low, fit.hull.high
    due = _directions(fit.law.law.name, fit.op, fit.dtype)
    for name, ends in (("low", low), ("high", high)):
        if ends.shape != (due,):
            raise node.at(("hull", name)).error(
                f"the hull of {fit.op} has {ends.size} directions, the law {fit.law.law.name} has {due}: calibrate anew"
            )
    wrong = np.flatnonzero(~(low <= high) | ~np.isfinite(low) | ~np.isfinite(high))
    if len(wrong):
        raise node.at(("hull", "low")).error(
            f"the hull's direction {wrong[0] + 1} goes from {low[wrong[0]]:g} to {high[wrong[0]]:g}: low is above high"
        )
    width = len(fit.law.law.directions)
    if fit.ratio is not NOTHING and fit.ratio.anchors.shape != (len(fit.ratio.weights), width):
        raise node.at(("ratio",)).error(
            f"the ratio's anchors are {' x '.join(map(str, fit.ratio.anchors.shape))}, due are "
            f"{len(fit.ratio.weights)} x {width} by its weights and its law: calibrate anew"
        )


@lru_cache(maxsize=128)
def _directions(law: str, op: str, dtype: str) -> int:
    """In how many directions the hull of a law reaches."""
    if law == NETWORK.name:
        return NETWORK_DIRECTIONS
    known = operation(op)
    one = Measurement(Campaign(""), op, known.complete(dict.fromkeys(known.dims, 1.0)), dtype, 1.0)
    return len({"ops", "traffic"} | set(LAWS[law].told(Measurements((one,)))))


def _check_coefficients(node: Node, fit: Fitted, donor: str) -> None:
    law, told = fit.law.law, fit.law.coefficients
    names = [one.name for one in law.coefficients]
    if set(told) != set(names):
        odd = ", ".join(sorted(set(told) ^ set(names)))
        raise node.error(f"the law {law.name} has the coefficients {', '.join(dict.fromkeys(names))}; check {odd}")
    maker = facts(donor, fit.dtype) if donor else fit.law.facts
    for name in dict.fromkeys(names):
        ends = [one for one in law.coefficients if one.name == name]
        values = told[name] if isinstance(told[name], list) else [told[name]]
        if len(values) != len(ends):
            raise node.at((name,)).error(f"{name} has {len(values)} entries, the law {law.name} has {len(ends)}")
        for value, one in zip(values, ends, strict=True):
            high = _high(one, maker)
            if not one.low * (1 - ROUNDED) <= value <= high * (1 + ROUNDED):
                unit = law.program.givens[name].unit
                within = f"{one.low:g} to {high:g}{'' if unit == '1' else f' {unit}'}"
                raise node.at((name,)).error(f"{name} = {value:g} is outside of {within}")


def _high(told: Coefficient, maker: Facts) -> float:
    """The largest value of a coefficient; what a cache holds may be faster than memory."""
    if told.name != "memory.shares":
        return told.high
    return max(told.high, CACHED, maker.cache_bandwidth / maker.bandwidth)
