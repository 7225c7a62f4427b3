"""Every device of the registry: calibrated or not, how long ago, and where measurements cannot be true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from symppa.calibration.device import facts
from symppa.calibration.fitting.calibrate import Fitted
from symppa.calibration.lint import RULES, table
from symppa.calibration.measurement import Measurements, spoken
from symppa.calibration.profiles.borrow import nearest
from symppa.calibration.profiles.known import shipped_of
from symppa.calibration.profiles.profile import Profile, load
from symppa.calibration.readers import read
from symppa.descriptions import shipped
from symppa.errors import MeasurementError, SymppaError
from symppa.workloads.on_device import devices

STALE = 30  # days
MEASURED = "measurements"
PEAK = "above peak"


@dataclass(frozen=True)
class Held:
    """What is known of one device. `age` is in days, None without a calibration; `donor` may lend one."""

    device: str
    system: str
    profiles: tuple[str, ...]
    fits: int
    ops: tuple[str, ...]
    formats: tuple[str, ...]
    date: str
    age: int | None
    suspicious: tuple[str, ...]
    donor: str

    @property
    def calibrated(self) -> bool:
        """Whether anything is."""
        return self.fits > 0

    @property
    def stale(self) -> bool:
        """Whether a calibration is old."""
        return self.age is not None and self.age > STALE

    @property
    def rank(self) -> int:
        """How soon it should be measured: what is wrong, has nothing, may borrow, or is old; 4 where it is fine."""
        order = (bool(self.suspicious), not self.calibrated and not self.donor, not self.calibrated, self.stale)
        return next((k for k, due in enumerate(order) if due), len(order))

    @property
    def next(self) -> str:
        """What to do about it, empty where it is fine."""
        measure = f"symppa benchmark --suite quick --device {self.device}"
        told = (
            "look at what is above the peak: symppa benchmark lint FILE", f"measure: {measure}",
            f"measure, or take --borrow {self.donor}: {measure}", f"measure again: {measure}", "",
        )  # fmt: skip
        return told[self.rank]


def inventory(
    rows: Measurements | None = None, today: date | None = None, names: Sequence[str] = ()
) -> tuple[Held, ...]:
    """Every device of the registry, or those named; `rows` are measurements that may be suspicious."""
    known = {name: [load(one) for one in shipped_of(name)] for name in devices()}
    for name in names:
        if name not in known:
            raise MeasurementError(f"there is no device {name!r} in the registry; symppa list hardware tells them")
    fits = [one for several in known.values() for profile in several for one in profile.fits]
    lent = list({one.law.facts.name: one for one in fits}.values())
    day, told = today or date.today(), rows or Measurements(())
    return tuple(
        _held(name, known[name], lent, _above(_measured(name) + told.where(device=name)), day)
        for name in names or known
    )


def by_priority(held: Iterable[Held]) -> tuple[Held, ...]:
    """Devices to measure, the first first; those that are fine are left out."""
    return tuple(sorted((one for one in held if one.next), key=lambda one: (one.rank, -(one.age or 0), one.device)))


def _held(name: str, profiles: Sequence[Profile], lent: Sequence[Fitted], above: Sequence[str], day: date) -> Held:
    fits = [one for profile in profiles for one in profile.fits]
    newest = max((profile.date for profile in profiles if profile.date), default="")
    return Held(
        name, facts(name).system, tuple(shipped_of(name)), len(fits), tuple(dict.fromkeys(one.op for one in fits)),
        tuple(dict.fromkeys(one.dtype for one in fits)), newest, _age(newest, day), tuple(above),
        "" if fits else _donor(name, lent),
    )  # fmt: skip


def _age(told: str, day: date) -> int | None:
    return (day - date.fromisoformat(told)).days if told else None


def _donor(name: str, lent: Sequence[Fitted]) -> str:
    try:
        return nearest(facts(name), lent).law.facts.name
    except SymppaError:
        return ""


def _measured(name: str) -> Measurements:
    """The measurements that are kept of a device."""
    found = Measurements(())
    for path in sorted((shipped.folder("models") / MEASURED / name).glob("*.csv")):
        found = found + read(path, "tidy")
    return found


def _above(rows: Measurements) -> tuple[str, ...]:
    """Rows of a device that are above the peak, by file."""
    made = table(rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        bad = sorted({int(n) for _, places, _ in RULES[PEAK](made) for n in np.atleast_1d(places)})
    files: dict[str, list[int]] = {}
    for n in bad:
        files.setdefault(Path(rows.rows[n].campaign.source).name or "measurements", []).append(rows.rows[n].row)
    return tuple(
        f"{len(lines)} rows of {name} above the peak ({spoken(lines, most=3)})" for name, lines in files.items()
    )
