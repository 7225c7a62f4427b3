"""Measured against estimated: how far off a profile, or the data sheet, is for rows that were measured.

Every row that was read ends up in exactly one place: compared, left out as asked, or listed with the reason why not.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from symppa.calibration.lint import Verdict, judged
from symppa.calibration.matching.lookup import Calibration, Known
from symppa.calibration.measurement import Campaign, Finding, Measurement, Measurements
from symppa.calibration.operations import Array, operation
from symppa.calibration.profiles import profile as profiles
from symppa.calibration.profiles.profile import Profile
from symppa.calibration.validation.estimates import (
    HELD_OUT,
    IN_SAMPLE,
    Compose,
    Estimates,
    by_calibration,
    by_data_sheet,
    plain,
)
from symppa.calibration.validation.scores import Bucket, Group, Pairs, Scores, grouped, reliability, scores
from symppa.errors import MeasurementError, QuestionError

SEEN = "its size took part in the fit: left out, as --held-out asks"
NONE = "none"  # the profile of a device that nobody calibrated
Asked = Calibration | Profile | str | Path | Sequence[Profile | str | Path] | None


@dataclass(frozen=True)
class Missing:
    """Rows of a file that are not compared, or by another fit than their own, and why."""

    why: str
    what: str
    source: str
    rows: tuple[int, ...]
    count: int


@dataclass(frozen=True)
class Validation:
    """How far estimates of a device are from measurements. `rows` are the rows compared, `pairs` their numbers.

    Of each row `quality` tells how close the fit is to what was asked, `sample` whether it took part in that fit,
    `outside` how far it lies outside the hull (not a number by the data sheet). `missing` are rows that are not
    compared, `approximated` those by another fit than their own. `asked` are the campaigns of the device's rows,
    `estimable` how many rows of each operation have an estimate, `digest` the hash of all of them; `held` says that
    rows in sample were left out.
    """

    device: str
    profile: str
    scores: Scores
    rows: Measurements
    pairs: Pairs
    quality: tuple[str, ...]
    sample: tuple[str, ...]
    outside: Array
    missing: tuple[Missing, ...]
    approximated: tuple[Missing, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    asked: tuple[Campaign, ...]
    estimable: Mapping[str, int]
    digest: str
    held: bool = False

    @property
    def campaigns(self) -> tuple[Campaign, ...]:
        """What an accuracy claim names."""
        return self.rows.campaigns

    @cached_property
    def reliability(self) -> tuple[Bucket, ...]:
        """How often intervals hold what was measured, by predicted time: of rows out of sample where there are any."""
        return reliability(self.pairs.take(self._judged))

    @property
    def reliability_of(self) -> str:
        """Which rows the reliability is of; rows in sample are held more often than others."""
        return IN_SAMPLE if all(self.sample[n] == IN_SAMPLE for n in np.flatnonzero(self._judged)) else HELD_OUT

    @property
    def _judged(self) -> Array:
        fresh = np.array([one != IN_SAMPLE for one in self.sample], dtype=bool)
        return fresh if (fresh & self.pairs.told).any() else np.ones(len(fresh), dtype=bool)

    def by(self, name: str) -> tuple[Group, ...]:
        """Rows by op, dtype, power_mode, network, part or pattern, those that tell one; most of the error first.

        A part without a name, as that of a subgraph, groups nothing.
        """
        told = self.rows.of(name)
        return self._by(["" if name == "part" and one.isdigit() else one for one in told])

    @property
    def by_quality(self) -> tuple[Group, ...]:
        """Rows by how close the fit is to what was asked."""
        return self._by(list(self.quality))

    @property
    def by_sample(self) -> tuple[Group, ...]:
        """Rows in sample and held out."""
        return self._by(list(self.sample))

    def _by(self, names: Sequence[str]) -> tuple[Group, ...]:
        told = np.array([bool(name) for name in names], dtype=bool)
        if not told.any():
            return ()
        return grouped([name for name in names if name], self.pairs.take(told))

    def among(self, keep: Iterable[bool]) -> Scores:
        """The accuracy of some of the rows."""
        return scores(self.pairs.take(np.array(list(keep), dtype=bool)))

    @property
    def in_sample(self) -> Scores:
        """The accuracy of rows that took part in the fit."""
        return self.among(one == IN_SAMPLE for one in self.sample)

    @property
    def held_out(self) -> Scores:
        """The accuracy of rows whose sizes the fit never saw."""
        return self.among(one == HELD_OUT for one in self.sample)

    @property
    def inside(self) -> Scores:
        """The accuracy of rows within the hull of what was fitted."""
        return scores(self.pairs.take(self.outside <= 0))

    @property
    def beyond(self) -> Scores:
        """The accuracy of rows outside the hull."""
        return scores(self.pairs.take(self.outside > 0))

    @property
    def totals(self) -> tuple[Group, ...]:
        """Networks by the sum of their rows, each in each format and batch."""
        names = [_total(row) for row in self.rows]
        return self._by(names)


def _total(row: Measurement) -> str:
    if operation(row.op).family == "network" or not row.network:
        return ""
    batch = f" batch {row.shape['batch']:g}" if row.op == "subgraph" else ""
    return f"{row.network}{batch} {row.dtype}"


def validate(
    profile: Asked,
    measurements: Measurements,
    *,
    device: str = "",
    power_profile: str = "",
    held_out: bool = False,
    compose: Compose | None = None,
) -> Validation:
    """Measurements against what a profile estimates for them; without a profile against the device's data sheet.

    `power_profile` keeps rows of that power mode and of none; `held_out` leaves out rows whose size took part in the
    fit. `compose` estimates whole networks.
    """
    known = calibration(profile, device)
    name = known.device if known else device
    verdict = judged(measurements)
    if not len(verdict.kept):
        told = "; ".join(str(one) for one in verdict.findings[:3]) or "there are none"
        raise MeasurementError(f"no row is left to compare: {told}")
    left, own = _of_device(verdict.kept, name)
    other, own = _of_mode(own, power_profile)
    if known is None:
        found = by_data_sheet(name, own, power_profile, compose)
    else:
        found = by_calibration(known, own, power_profile, compose)
    keep = found.there
    estimable = Counter(row.op for row, there in zip(own, keep, strict=True) if there)
    lost = [*left, *other, *_grouped(own, ~keep, lambda n: found.why[n])]
    if held_out:
        seen = keep & np.array([one != HELD_OUT for one in found.sample], dtype=bool)
        lost += _grouped(own, seen, lambda n: SEEN)
        keep = keep & ~seen
    made = _compared(name, known, own, found, keep, lost, verdict)
    return replace(made, asked=own.campaigns, estimable=dict(estimable), digest=digest_of(own), held=held_out)


def _compared(
    name: str, known: Calibration | None, own: Measurements, found: Estimates, keep: Array, lost: Sequence[Missing],
    verdict: Verdict,
) -> Validation:  # fmt: skip
    """What is said of rows that are compared."""
    pairs = Pairs(own.latency, found.seconds, found.half, found.cell, found.behind).take(keep)
    places = np.flatnonzero(keep)
    other = keep & np.array([bool(why) for why in found.why], dtype=bool)
    sources = dict.fromkeys(one.source for one in known.known) if known else (NONE,)
    return Validation(
        name, ", ".join(sources), scores(pairs), own.take(places), pairs,
        tuple(found.quality[n] for n in places), tuple(found.sample[n] for n in places), found.outside[keep],
        tuple(lost), tuple(_grouped(own, other, lambda n: found.why[n])), verdict.findings,
        tuple(dict.fromkeys(note for note in found.notes if note)), (), {}, "",
    )  # fmt: skip


def calibration(profile: Asked, device: str = "") -> Calibration | None:
    """What is known by the profiles told; None for the data sheet."""
    if isinstance(profile, Calibration):
        return profile
    if profile is None or profile == NONE:
        if not device:
            raise QuestionError("name the device: without a profile nothing else tells which data sheet is meant")
        return None
    asked = [profile] if isinstance(profile, Profile | str | Path) else list(profile)
    told = [(one, one if isinstance(one, Profile) else profiles.load(one)) for one in asked]
    found = sorted({one.device for _, one in told} | ({device} if device else set()))
    if len(found) != 1:
        raise QuestionError(f"profiles and device are those of {', '.join(found)}: one device is validated at a time")
    return Calibration(found[0], [Known(fit, _name(one, made)) for one, made in told for fit in made.fits])


def _name(asked: Profile | str | Path, made: Profile) -> str:
    return f"{made.device} of {made.date}" if isinstance(asked, Profile) else str(asked)


def _of_device(rows: Measurements, device: str) -> tuple[list[Missing], Measurements]:
    own = np.array([row.device == device for row in rows], dtype=bool)
    if len(rows) and not own.any():
        found = ", ".join(sorted(set(rows.of("device"))))
        raise MeasurementError(f"there are no rows of {device}: these are of {found}")
    return _grouped(rows, ~own, lambda n: f"measured on {rows.rows[n].device}"), rows.take(own)


def _of_mode(rows: Measurements, mode: str) -> tuple[list[Missing], Measurements]:
    if not mode:
        return [], rows
    own = np.array([plain(told) in ("", plain(mode)) for told in rows.of("power_mode")], dtype=bool)
    if not own.any():
        found = ", ".join(sorted(set(rows.of("power_mode"))))
        raise MeasurementError(f"there are no rows in power mode {mode}: these are in {found}")
    return _grouped(rows, ~own, lambda n: f"measured in power mode {rows.rows[n].campaign.power_mode}"), rows.take(own)


def _grouped(rows: Measurements, which: Array, why: Callable[[int], str]) -> list[Missing]:
    """Some rows by reason, operation and file."""
    told: dict[tuple[str, str, str], list[int]] = {}
    for n in np.flatnonzero(which):
        row = rows.rows[n]
        what = f"{row.op} {row.dtype} {row.campaign.power_mode}".strip()
        told.setdefault((why(int(n)), what, row.campaign.source), []).append(row.row)
    return [Missing(*key, tuple(sorted(set(lines))), len(lines)) for key, lines in told.items()]


def digest_of(rows: Measurements) -> str:
    """A short hash of what was measured: operations, sizes, formats, power modes and times, in any order."""
    told = sorted(
        repr(
            (row.op, row.network, row.part, sorted(row.shape.items()), row.dtype, row.campaign.power_mode, row.latency)
        )
        for row in rows
    )
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
