"""Fits that are at hand for a device: of its shipped profiles, of profiles that are named, or lent by another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from symppa.calibration.device import Facts, facts, stated
from symppa.calibration.fitting.calibrate import Fitted
from symppa.calibration.fitting.energy import EnergyFit
from symppa.calibration.profiles.borrow import borrow, leaving, nearest_device
from symppa.calibration.profiles.profile import FOLDER, Profile, load
from symppa.descriptions import shipped
from symppa.errors import MeasurementError

NEAREST = "nearest"  # asked for instead of a donor


@dataclass(frozen=True)
class Known:
    """A fit with the profile it is from, and the device it is borrowed from, if any."""

    fit: Fitted
    source: str
    donor: str = ""
    energy: EnergyFit | None = None

    @property
    def campaign(self) -> str:
        """What an estimate by it names: the profile, and the campaigns that were fitted to."""
        device = f"{self.fit.campaigns[0].device}, " if self.fit.campaigns else ""
        names = " and ".join(dict.fromkeys(one.name.removeprefix(device) for one in self.fit.campaigns))
        return f"{self.source} ({names})" if names else self.source


def shipped_of(device: str) -> list[str]:
    """The shipped profiles of a device, as device/name."""
    folder = shipped.folder("models") / FOLDER / device
    return [f"{device}/{path.stem}" for path in sorted(folder.glob("*.yaml"))]


def device_of(name: str) -> str:
    """The device that a profile is of."""
    return name if shipped_of(name) else _loaded(name, _stamp(name)).device


def donors(system: str) -> list[str]:
    """The devices of a class that have a shipped profile."""
    root = shipped.folder("models") / FOLDER
    names = sorted({path.parent.name for path in root.glob("*/*.yaml")})
    return [name for name in names if name in shipped.names() and facts(name).system == system]


def of_profile(device: str, name: str) -> list[Known]:
    """The fits of a profile; one of another device is refused."""
    profile = _loaded(name, _stamp(name))
    if profile.device != device:
        raise MeasurementError(
            f"{name} is a calibration of {profile.device}, not of {device}; --borrow {profile.device} takes its "
            "coefficients at the peaks of the other"
        )
    return [Known(fit, name, profile.donor, _energy(profile, fit)) for fit in profile.fits]


def _energy(profile: Profile, fit: Fitted) -> EnergyFit | None:
    """The energy coefficients that were fitted to the same rows, where they told an energy."""
    return profile.energies.get(f"{fit.op} {fit.dtype} {fit.power_mode}".strip())


def lent(device: str, file: str, donor: str) -> list[Known]:
    """The fits of a donor at the borrower's peaks, its intervals widened."""
    borrower = facts(file)
    known = donors(borrower.system)
    names = [one for one in known if one != device] if donor == NEAREST else [donor]
    if donor != NEAREST and not shipped_of(donor):
        raise MeasurementError(f"{donor} has no calibration to lend; {', '.join(known) or 'none'} have")
    held = {name: [one for profile in shipped_of(name) for one in of_profile(name, profile)] for name in names}
    if donor == NEAREST:
        near = nearest_device(borrower, [name for name, some in held.items() if some])
        held = {near: held[near]}
    found = []
    for name, some in held.items():
        for one in some:
            peaks = _peaks(file, one.fit.dtype)
            if peaks is not None:
                made = borrow(peaks, one.fit, leaving(one.fit.op)).fitted
                found.append(Known(made, one.source, name))
    return found


def _peaks(file: str, number_format: str) -> Facts | None:
    """The facts of a device in a format, None where it has no rate for it."""
    try:
        found = facts(file, number_format)
    except MeasurementError:
        return None
    return found if found.peak > 0 else None


def stamps(device: str, profiles: tuple[str, ...] | None, borrowed: str = "") -> tuple[object, ...]:
    """What changes where the files of profiles change: of a device, of those named, or of donors."""
    root = shipped.folder("models") / FOLDER
    if borrowed:
        return tuple((str(path), *_stamp(str(path))) for path in sorted(root.glob("*/*.yaml")))
    named = [device] if profiles is None else list(profiles)
    return tuple((name, *_stamp(name)) for one in named for name in (shipped_of(one) or [one]))


def _stamp(name: str) -> tuple[int, int]:
    path = Path(name)
    if path.suffix != ".yaml":
        path = shipped.folder("models") / FOLDER / f"{name}.yaml"
    if not path.is_file():
        return (0, 0)
    stat = path.stat()
    return (stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _loaded(name: str, stamp: tuple[int, int]) -> Profile:
    """A profile, read once for as long as its file is the same."""
    return load(name)


def usual_mode(file: str) -> str:
    """The power profile that a device is in where nothing else is asked for."""
    told = stated(file)
    return str(told["chip.profile"].raw) if "chip.profile" in told else ""
