"""What is calibrated of a device, looked up for the primitives of a network: times, intervals and what they rest on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from symppa.calibration.device import Facts, facts
from symppa.calibration.fitting.calibrate import Fitted, hull_places
from symppa.calibration.fitting.energy import EnergyFit
from symppa.calibration.fitting.interval import Hull
from symppa.calibration.fitting.laws import Law, law_of
from symppa.calibration.fitting.patterns import SUBGRAPH
from symppa.calibration.matching.primitive import Primitive
from symppa.calibration.matching.stand_in import FORMAT, MODE, PATTERN, half_of
from symppa.calibration.measurement import Campaign, Measurement, Measurements
from symppa.calibration.operations import Array, dtype, operation
from symppa.calibration.profiles.known import Known as Known
from symppa.calibration.profiles.known import lent, of_profile, shipped_of, usual_mode

NAN = float("nan")
NETWORK = "network"
MOSTLY = 0.5  # share of the time of parts from which fits of their own tell it
NONE = "none"  # asked for instead of a profile: no calibration
# Formats whose fits stand in for one another, nearest first.
NEIGHBOURS = {
    "fp32": ("tf32", "bf16", "fp16"), "tf32": ("fp32", "bf16", "fp16"), "fp16": ("bf16", "tf32", "fp32"),
    "bf16": ("fp16", "tf32", "fp32"), "fp8": ("int8", "fp16", "bf16"), "int8": ("fp8", "fp16", "bf16"),
    "fp4": ("fp8", "int4", "int8"), "int4": ("int8", "fp8", "fp4"),
}  # fmt: skip
Key = tuple[Any, ...]
ROUNDED = 1e-6  # widths outside the hull that are the digits of a file
ORDER = ("rows", "width", "elements", "batch", "m", "k", "n")  # of sizes in the name of an entry; others follow


class Quality(StrEnum):
    """How a primitive was found."""

    EXACT = "exact"
    SIZE_INTERPOLATED = "size_interpolated"
    SIZE_EXTRAPOLATED = "size_extrapolated"
    OP_APPROXIMATED = "op_approximated"
    MISSING = "missing"


class Status(StrEnum):
    """What that means; FREE is what moves nothing."""

    CALIBRATED = "CALIBRATED"
    APPROXIMATED = "APPROXIMATED"
    MISSING = "MISSING"
    FREE = "FREE"


def status(quality: Quality) -> Status:
    """The status of a quality."""
    if quality is Quality.MISSING:
        return Status.MISSING
    found = quality in (Quality.EXACT, Quality.SIZE_INTERPOLATED)
    return Status.CALIBRATED if found else Status.APPROXIMATED


@dataclass(frozen=True)
class Match:
    """What was found for a primitive. Times are in s, all `count` of it; `half` is a logarithm, not a number if none.

    `outside` tells how far its size lies outside what was measured, in widths of that; `efficiency` is the share of
    the peak, `bandwidth` in byte/s. `proxy` is the operation used instead, `why` what is missing or approximated.
    """

    primitive: Primitive
    quality: Quality
    fit: Fitted | None = None
    entry: str = ""
    seconds: float = NAN
    half: float = NAN
    outside: float = NAN
    efficiency: float = NAN
    bandwidth: float = NAN
    proxy: str = ""
    why: str = ""
    source: str = ""
    donor: str = ""

    @property
    def status(self) -> Status:
        """CALIBRATED, APPROXIMATED or MISSING."""
        return status(self.quality)


@dataclass(frozen=True)
class _Choice:
    """One way to answer for a primitive: a fit, by the primitive itself or by what stands in for it."""

    known: Known
    by: Primitive
    is_proxy: bool
    other_format: bool
    other_mode: bool
    other_pattern: bool = False

    @property
    def rank(self) -> tuple[bool, bool, bool, bool]:
        return (self.is_proxy, self.other_pattern, self.other_format, self.other_mode)


class Calibration:
    """All that is known of one device."""

    def __init__(self, device: str, known: Sequence[Known], file: str = "") -> None:
        self.device, self.known = device, tuple(known)
        self._file = file or device
        self._by_op: dict[str, list[Known]] = {}
        for one in self.known:
            self._by_op.setdefault(one.fit.op, []).append(one)
        self._found: dict[tuple[Key, str, str], Match] = {}

    @classmethod
    def of(
        cls, device: str, profiles: Iterable[str | Path] | None = None, borrowed: str = "", file: str = ""
    ) -> Calibration:
        """What is known of a device: from all shipped profiles of it, or from those named, or by a donor.

        A profile is a file, `device/name` or a device. `borrowed` names a donor, or asks for the `nearest`. `file` is
        where the device's description is, where no name finds it.
        """
        if borrowed:
            return cls(device, lent(device, file or device, borrowed), file)
        named = [device] if profiles is None else [str(one) for one in profiles]
        every = dict.fromkeys(
            name for one in named for name in (shipped_of(one) or ([] if profiles is None else [one]))
        )
        return cls(device, [one for name in every for one in of_profile(device, name)], file)

    @property
    def ops(self) -> frozenset[str]:
        """The operations that have a fit."""
        return frozenset(self._by_op) - {NETWORK}

    def covers(self, number_format: str, power_mode: str = "") -> bool:
        """Whether something is calibrated in this very format and power mode."""
        told = dtype(number_format)
        return any(one.fit.dtype == told and self._same_mode(one.fit, power_mode) for one in self.known)

    @property
    def file(self) -> str:
        """Where the device's description is found."""
        return self._file

    @property
    def told(self) -> str:
        """The formats and power modes that there are fits of."""
        found = (f"{one.fit.dtype} {one.fit.power_mode}".strip() for one in self.known)
        return ", ".join(dict.fromkeys(found))

    def facts(self, number_format: str, power_mode: str = "") -> Facts:
        """What the registry states of the device."""
        return facts(self._file, dtype(number_format), power_mode)

    def match(self, primitive: Primitive, number_format: str, power_mode: str = "") -> Match:
        """What is known of a primitive in a number format and a power mode."""
        return self.matches([primitive], number_format, power_mode)[0]

    def matches(self, primitives: Sequence[Primitive], number_format: str, power_mode: str = "") -> list[Match]:
        """The same for many, those of one fit at once; what was looked up before is at hand."""
        told = dtype(number_format)
        keys = [(_key(one), told, power_mode) for one in primitives]
        missing = {key: one for key, one in zip(keys, primitives, strict=True) if key not in self._found}
        if missing:
            made = self._looked_up(list(missing.values()), told, power_mode)
            self._found.update(zip(missing, made, strict=True))
        return [replace(self._found[key], primitive=one) for key, one in zip(keys, primitives, strict=True)]

    def network(self, number_format: str, power_mode: str = "") -> Known | None:
        """The fit of whole networks of this very format and power mode."""
        found = self._by_op.get(NETWORK, ())
        alike = (one for one in found if one.fit.dtype == dtype(number_format) and self._same_mode(one.fit, power_mode))
        return next((one for one in alike if not one.donor), None)

    def energy(self, primitive: Primitive, number_format: str, power_mode: str = "") -> EnergyFit | None:
        """Energy coefficients of a primitive, or of what may stand in; of this format and power mode alone."""
        for by in (primitive, *primitive.proxies):
            for one in self._by_op.get(by.op, ()):
                alike = one.fit.dtype == dtype(number_format) and self._same_mode(one.fit, power_mode)
                if alike and one.energy is not None and not one.donor:
                    return one.energy
        return None

    def _looked_up(self, primitives: Sequence[Primitive], told: str, mode: str) -> list[Match]:
        choices = [self._choices(one, told, mode) for one in primitives]
        groups: dict[tuple[object, ...], list[tuple[int, _Choice]]] = {}
        for n, some in enumerate(choices):
            for one in some:
                key = (id(one.known), primitives[n].op, one.by.op, one.rank)
                groups.setdefault(key, []).append((n, one))
        found: list[list[Match]] = [[] for _ in primitives]
        for members in groups.values():
            asked = [primitives[n] for n, _ in members]
            for (n, _), made in zip(members, self._evaluated(asked, [c for _, c in members], told, mode), strict=True):
                found[n].append(made)
        return [
            min(some, key=_closeness) if some else _missing(one) for some, one in zip(found, primitives, strict=True)
        ]

    def _choices(self, primitive: Primitive, told: str, mode: str) -> list[_Choice]:
        """The ways of the best kind that there are to answer for a primitive."""
        own = [primitive, *(one for one in primitive.proxies if one.direct and primitive.direct)]
        others = [one for one in primitive.proxies if one not in own]
        found = [choice for one in own for choice in self._ways(one, told, mode, is_proxy=not primitive.direct)]
        if not found or not any(choice.other_format is False for choice in found):
            for one in others:
                found += (ways := self._ways(one, told, mode, is_proxy=True))
                if any(not way.other_format for way in ways):
                    break
        if not found:
            return []
        best = min(choice.rank for choice in found)
        first = next(choice for choice in found if choice.rank == best)
        kept = [choice for choice in found if choice.rank == best]
        return [choice for choice in kept if choice.by.op == first.by.op] if best[0] else kept

    def _ways(self, by: Primitive, told: str, mode: str, *, is_proxy: bool) -> list[_Choice]:
        known = self._by_op.get(by.op, ())
        for number_format in (told, *NEIGHBOURS.get(told, ())):
            some = [one for one in known if one.fit.dtype == number_format]
            if some:
                other = number_format != told
                return [
                    _Choice(one, by, is_proxy, other, not self._same_mode(one.fit, mode), _is_other(by, one.fit))
                    for one in some
                ]
        return []

    def _same_mode(self, fit: Fitted, mode: str) -> bool:
        """Whether a fit is of a power mode: by the mode of its rows, else by the profile that they were taken for."""
        if not mode:
            return True
        if fit.power_mode or fit.law.facts.profile:
            return mode.lower() in (fit.power_mode.lower(), fit.law.facts.profile.lower())
        return mode.lower() == self.usual_mode.lower()

    @property
    def usual_mode(self) -> str:
        """The power profile that the device is in where nothing else is asked for."""
        return usual_mode(self._file)

    def _evaluated(self, asked: Sequence[Primitive], chosen: Sequence[_Choice], told: str, mode: str) -> list[Match]:
        """Times and intervals of primitives that one fit answers for."""
        first = chosen[0]
        fit = self._moved(first, told, mode)
        own = None if fit.op == asked[0].op else _told_by_its_own(fit, asked[0].op)
        if own is not None:
            fit, rows, counts = own, _as_rows(self.device, asked, told), [one.count for one in asked]
        else:
            rows = _as_rows(self.device, [one.by for one in chosen], told)
            counts = [one.by.count for one in chosen]
        seconds, outside = fit.seconds(rows), _outside(fit, rows, first.is_proxy)
        half = _wider(fit.intervals.half(seconds, outside), first, asked)
        values = zip(asked, chosen, seconds * np.array(counts), half, outside, strict=True)
        return [self._match(*one, peak=fit.law.facts.peak) for one in values]

    def _moved(self, choice: _Choice, told: str, mode: str) -> Fitted:
        """A fit, at the peaks of the format and the power mode asked for where it is of another."""
        fit = choice.known.fit
        if not (choice.other_format or choice.other_mode):
            return fit
        profile = mode if choice.other_mode else fit.law.facts.profile
        there = facts(self._file, told if choice.other_format else fit.dtype, profile)
        return replace(fit, law=replace(fit.law, facts=there))

    def _match(
        self, one: Primitive, choice: _Choice, seconds: float, half: float, outside: float, *, peak: float
    ) -> Match:
        fit, is_own = choice.known.fit, not any(choice.rank)
        measured = is_own and not choice.known.donor and fit.measured(choice.by.shape)
        if not is_own:
            quality = Quality.OP_APPROXIMATED
        elif measured:
            quality = Quality.EXACT
        else:
            quality = Quality.SIZE_INTERPOLATED if outside <= ROUNDED else Quality.SIZE_EXTRAPOLATED
        return Match(
            one, quality, fit, entry_of(fit.op, choice.by), float(seconds), float(half), float(outside),
            one.ops / seconds / peak if peak > 0 else NAN, one.bytes / seconds, choice.by.op if choice.is_proxy else "",
            _why(one, choice, quality, float(outside)), choice.known.campaign,
            choice.known.donor,
        )  # fmt: skip


def _is_other(by: Primitive, fit: Fitted) -> bool:
    """Whether a fit saw other subgraphs alone."""
    return by.op == SUBGRAPH and by.name not in fit.patterns


def is_apart_better(fused: Match, timed: Sequence[tuple[Match, float]]) -> bool:
    """Whether the parts of a subgraph, each with its seconds, tell its time better than the subgraph as one does.

    Where no subgraph of the pattern was measured, parts win that are mostly answered by fits of their own, else by
    the narrower interval.
    """
    if fused.quality is not Quality.OP_APPROXIMATED:
        return fused.quality is Quality.MISSING
    total = sum(seconds for _, seconds in timed)
    own = sum(s for one, s in timed if one.quality not in (Quality.OP_APPROXIMATED, Quality.MISSING))
    if not total > 0:
        return False
    return own >= MOSTLY * total or sum(one.half * s for one, s in timed) / total < fused.half


def _key(one: Primitive) -> Key:
    """A primitive without its name, so that equal ones are looked up once; that of a subgraph is its pattern."""
    shape = tuple(sorted(one.shape.items()))
    name = one.name if one.op == SUBGRAPH else ""
    return (one.op, name, shape, one.count, one.ops, one.bytes, one.direct, tuple(_key(other) for other in one.proxies))


def _closeness(one: Match) -> tuple[bool, bool, float, float]:
    """What orders answers of one kind: measured itself, with an interval, near what was measured, narrow."""
    return (one.quality is not Quality.EXACT, math.isnan(one.half), one.outside, one.half)


def _missing(one: Primitive) -> Match:
    what = one.op or "it"
    return Match(one, Quality.MISSING, why=f"nothing is calibrated for {what}, and nothing that may stand in for it")


def _why(one: Primitive, choice: _Choice, quality: Quality, outside: float) -> str:
    """One sentence about what is missing or approximated."""
    fit, told = choice.known.fit, []
    if choice.is_proxy:
        told.append(f"{choice.by.op} stands in for {one.op if one.direct else 'it'}")
    if choice.other_pattern:
        told.append(f"no subgraph {choice.by.name} was measured, others stand in")
    if choice.other_format:
        told.append(f"{fit.dtype} stands in for the format")
    if choice.other_mode:
        told.append(f"measured in power mode {fit.power_mode or fit.law.facts.profile or 'of the default profile'}")
    if choice.known.donor:
        told.append(f"borrowed from {choice.known.donor}")
    if outside > ROUNDED and quality is not Quality.EXACT:
        told.append(f"{100 * outside:.0f} % of the measured range outside of it")
    return "; ".join(told)


def entry_of(op: str, by: Primitive) -> str:
    """The name of an entry: its operation and sizes.

    >>> entry_of("gemm", Primitive("", "gemm", {"m": 197, "n": 2304, "k": 768}))
    'gemm_m=197_k=768_n=2304'
    """
    optional = operation(by.op).optional
    told = {name: value for name, value in by.shape.items() if optional.get(name) != value}
    names = [*(name for name in ORDER if name in told), *(name for name in told if name not in ORDER)]
    return "_".join([op, *(f"{name}={told[name]:g}" for name in names)])


def _as_rows(device: str, asked: Sequence[Primitive], told: str) -> Measurements:
    """Primitives as rows of measurements that nobody made."""
    campaign = Campaign(device)
    made = [Measurement(campaign, one.op, operation(one.op).complete(one.shape), told, NAN) for one in asked]
    return Measurements(tuple(made))


def _told_by_its_own(fit: Fitted, op: str) -> Fitted | None:
    """A fit whose law is told of the operation itself, although it was fitted to another; None where it cannot be."""
    law = law_of(op, fit.law.facts.system) if op and op not in ("all_reduce", "mlp", "network") else None
    if law is None:
        return None
    if law.model == fit.law.law.model:
        return replace(fit, law=replace(fit.law, law=law))
    return fit if _by_work(fit.law.law) else None


def _by_work(law: Law) -> bool:
    """Whether a law asks for work and bytes alone, which any operation tells."""
    return law.name in ("stream", "subgraph", "cores")


def _outside(fit: Fitted, rows: Measurements, is_proxy: bool) -> Array:
    """How far rows lie outside; of another operation by what the law is told alone, as its work differs by nature."""
    if not is_proxy or "ops" in fit.law.law.told(rows):
        return fit.outside(rows)
    places, hull = hull_places(fit.law, rows), fit.hull
    return Hull(hull.low[1:], hull.high[1:]).outside(places[:, 1:])


def _wider(half: Array, choice: _Choice, asked: Sequence[Primitive]) -> Array:
    """Half widths with what standing in adds, as independent errors."""
    more = [half_of(one.op, choice.by.op) if choice.is_proxy else 0.0 for one in asked]
    kinds = ((FORMAT, choice.other_format), (MODE, choice.other_mode), (PATTERN, choice.other_pattern))
    fixed = [width for width, is_other in kinds if is_other]
    return np.asarray(np.sqrt(half**2 + np.array(more) ** 2 + sum(one**2 for one in fixed)))
