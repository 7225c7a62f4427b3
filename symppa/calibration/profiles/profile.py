"""Calibration profiles: what was fitted, as a file with units and back; no row of the measurements is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from symppa import units
from symppa.calibration.device import facts
from symppa.calibration.fitting.calibrate import Errors, Fitted, calibrate, packed, unpacked
from symppa.calibration.fitting.energy import NAMES, EnergyFit, fit_energy
from symppa.calibration.fitting.fit import LawFit
from symppa.calibration.fitting.interval import Hull, Intervals
from symppa.calibration.fitting.laws import LAWS, Law
from symppa.calibration.fitting.networks import NETWORK
from symppa.calibration.fitting.ratio import NOTHING, SmoothFit
from symppa.calibration.lint import judged
from symppa.calibration.measurement import Campaign, Finding, Measurements
from symppa.calibration.profiles.checked import check_fit, check_schema, facts_told
from symppa.descriptions import nodes, shipped
from symppa.descriptions.nodes import Node
from symppa.errors import DescriptionError, MeasurementError, UnitError, suggest
from symppa.version import __version__

SCHEMA = 1
FOLDER = "calibration"
DIGITS = 6
ENERGY_UNITS = {"op_energy": "pJ/op", "byte_energy": "pJ/byte", "static_power": "W"}
WORD = re.compile(r"[A-Za-z][\w .()/+-]*")


@dataclass(frozen=True)
class Profile:
    """Everything fitted for a device, from one call; `donor` names the device that it is borrowed from, if any.

    `refused` and `flagged` count rows of the files that took no part, or are odd; None where nobody counted. `findings`
    tell them, of a profile that was made just now.
    """

    device: str
    date: str
    fits: tuple[Fitted, ...]
    version: str = __version__
    energies: Mapping[str, EnergyFit] = field(default_factory=dict)
    donor: str = ""
    refused: int | None = None
    flagged: int | None = None
    findings: tuple[Finding, ...] = field(default=(), compare=False)

    def find(self, op: str, dtype: str, power_mode: str = "") -> Fitted:
        """The preferred fit of an operation in a format and power mode; another one never stands in for it."""
        found = [one for one in self.fits if (one.op, one.dtype, one.power_mode) == (op, dtype, power_mode)]
        if not found:
            known = [f"{one.op} {one.dtype} {one.power_mode}".strip() for one in self.fits]
            asked = f"{op} {dtype} {power_mode}".strip()
            raise DescriptionError(f"the profile of {self.device} has no fit of {asked}{suggest(asked, known)}")
        return found[0]


def made(device: str, rows: Measurements, day: str, ops: Sequence[str] = (), power_profile: str = "") -> Profile:
    """The profile of a device from measurements: times of every operation, and energies where they were measured.

    Rows that a rule of `lint` refuses take no part.
    """
    own = rows.where(device=device)
    verdict = judged(own if len(own) else rows)
    if len(rows) and not len(verdict.kept):
        told = "; ".join(str(one) for one in verdict.findings[:3])
        raise MeasurementError(f"no row is left to fit: {told}")
    fits = calibrate(device, verdict.kept, ops, power_profile)
    energies = {}
    for one in fits:
        own = verdict.kept.where(device=device, op=one.op, dtype=one.dtype, power_mode=one.power_mode)
        if (fitted := fit_energy(own)) is not None:
            energies[f"{one.op} {one.dtype} {one.power_mode}".strip()] = fitted
    return Profile(
        device, day, fits, energies=energies, refused=verdict.refused, flagged=verdict.flagged,
        findings=verdict.findings,
    )  # fmt: skip


def save(profile: Profile, path: Path) -> None:
    """Write a profile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_yaml(profile), "utf-8")


def as_yaml(profile: Profile) -> str:
    """A profile as text that `parsed` reads."""
    head: dict[str, Any] = {
        "schema": SCHEMA, "calibration": profile.device, "date": profile.date, "version": profile.version,
        **({"donor": profile.donor, "confidence": "INTERPOLATED"} if profile.donor else {}),
        **({"rows_refused": profile.refused} if profile.refused is not None else {}),
        **({"rows_flagged": profile.flagged} if profile.flagged is not None else {}),
        "fits": [_fit(one) for one in profile.fits],
    }  # fmt: skip
    if profile.energies:
        head["energy"] = {name: _energy(one) for name, one in profile.energies.items()}
    return "\n".join(_lines(head, "")) + "\n"


def _fit(one: Fitted) -> dict[str, Any]:
    law = one.law
    told: dict[str, Any] = {
        "op": one.op, "dtype": one.dtype, "power_mode": one.power_mode, "profile": law.facts.profile,
        "law": law.law.name, "rows": one.rows, "measurements": one.digest, "facts": facts_told(law.facts),
        "campaigns": [{k: v for k, v in asdict(c).items() if v not in (None, "")} for c in one.campaigns],
        "errors": {name: f"{value:.2f} %" for name, value in asdict(one.errors).items()},
        "coefficients": {name: _united(law.law, name, value) for name, value in law.coefficients.items()},
        "hull": {"low": _short(one.hull.low), "high": _short(one.hull.high)},
        "intervals": {"level": one.intervals.level, "buckets": [_bucket(b) for b in one.intervals.as_values()]},
    }  # fmt: skip
    if one.sizes:
        told["sizes"] = packed(one.sizes)
    if one.patterns:
        told["patterns"] = sorted(one.patterns)
    if one.ratio is not NOTHING:
        told["ratio"] = {name: _short(value) for name, value in one.ratio.as_values().items()}
    return told


def _energy(one: EnergyFit) -> dict[str, Any]:
    told = {name: f"{value:.{DIGITS}g} {ENERGY_UNITS[name]}" for name, value in one.coefficients.items()}
    return {"rows": one.rows, "mape": f"{one.mape:.2f} %", **told}


def _bucket(told: Mapping[str, Any]) -> dict[str, Any]:
    below = {"below": f"{told['below']:.{DIGITS}g} s"} if "below" in told else {}
    return {"half": _short(told["half"]), "rows": told["rows"], **below}


def _united(law: Law, name: str, value: Any) -> Any:
    unit = law.program.givens[name].unit
    if isinstance(value, list):
        return [_united(law, name, one) for one in value]
    return _short(value) if unit == "1" else f"{value:.{DIGITS}g} {unit}"


def _short(value: Any) -> Any:
    """Numbers with the digits that are kept."""
    if isinstance(value, list | tuple | np.ndarray):
        return [_short(one) for one in value]
    return float(f"{float(value):.9g}")


def _lines(tree: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _lines(value, indent + "  ")
        elif isinstance(value, Sequence) and value and isinstance(value[0], Mapping):
            yield f"{indent}{key}:"
            for one in value:
                first, *others = _lines(one, indent + "    ")
                yield f"{indent}  - {first.strip()}"
                yield from others
        else:
            yield f"{indent}{key}: {_text(value)}"


def _text(value: Any) -> str:
    if isinstance(value, str) and WORD.fullmatch(value) and value == value.strip():
        return value
    return json.dumps(value)


def load(name: str | Path) -> Profile:
    """The profile of a file, of a shipped device/name, or all of a shipped device as one."""
    path = Path(name)
    if path.suffix == ".yaml":
        return parsed(nodes.read(path))
    known = shipped_profiles()
    if str(name) in known:
        return parsed(nodes.read(known[str(name)]))
    return joined(of_device(str(name)))


def shipped_profiles() -> dict[str, Path]:
    """Every shipped profile by device/name."""
    root = shipped.folder("models") / FOLDER
    return {f"{p.parent.name}/{p.stem}": p for p in sorted(root.glob("*/*.yaml"))}


def of_device(name: str) -> tuple[Profile, ...]:
    """All shipped profiles of a device, the preferred first; a device that has none is refused."""
    known = shipped_profiles()
    devices = sorted({one.partition("/")[0] for one in known})
    if name not in devices:
        raise DescriptionError(f"there is no profile {name!r}{suggest(name, (*known, *devices))}; a file ends in .yaml")
    found = [parsed(nodes.read(path)) for one, path in known.items() if one.partition("/")[0] == name]
    return tuple(sorted(found, key=lambda one: (sum(fit.rows for fit in one.fits), one.date), reverse=True))


def joined(profiles: Sequence[Profile]) -> Profile:
    """Several profiles of a device as one; of fits of the same operation, format and power mode the preferred first.

    A fit to more rows is preferred, then the newer one, then that of the profile told first.
    """
    devices = sorted({one.device for one in profiles})
    if len(devices) != 1:
        raise DescriptionError(f"profiles of {', '.join(devices) or 'no device'} are not those of one device")
    dated = [(fit.rows, one.date, fit) for one in profiles for fit in one.fits]
    fits = tuple(fit for _, _, fit in sorted(dated, key=lambda told: told[:2], reverse=True))
    energies: dict[str, EnergyFit] = {}
    for one in profiles:
        for name, fitted in one.energies.items():
            if name not in energies or fitted.rows > energies[name].rows:
                energies[name] = fitted
    return Profile(devices[0], max(one.date for one in profiles), fits, profiles[0].version, energies)


def parsed(root: Node) -> Profile:
    """The profile that a tree tells; what is missing or odd is refused with its line."""
    told = root.plain
    check_schema(root, told, SCHEMA)
    device, donor, fits = told["calibration"], told.get("donor", ""), []
    for place, one in enumerate(told.get("fits", [])):
        node = root.at(("fits", place))
        try:
            fits.append(_fitted(device, one))
            check_fit(node, fits[-1], donor)
        except (KeyError, TypeError, ValueError, UnitError) as error:
            raise node.error(f"the fit cannot be read: {type(error).__name__} {error}") from None
    energies = {name: _energy_of(one) for name, one in told.get("energy", {}).items()}
    return Profile(
        device, told.get("date", ""), tuple(fits), told.get("version", ""), energies, donor,
        _count(root, "rows_refused"), _count(root, "rows_flagged"),
    )  # fmt: skip


def _count(root: Node, name: str) -> int | None:
    text = root.plain.get(name)
    if text is not None and not (isinstance(text, str) and text.isdigit()):
        raise root.at((name,)).error(f"{name} = {text!r} is no number of rows")
    return None if text is None else int(text)


def _fitted(device: str, told: Mapping[str, Any]) -> Fitted:
    law = {**LAWS, NETWORK.name: NETWORK}[told["law"]]
    coefficients = {name: _plain(law, name, value) for name, value in told["coefficients"].items()}
    errors = Errors(**{name: float(text.removesuffix("%")) for name, text in told["errors"].items()})
    hull = Hull(*(np.array(told["hull"][end], dtype=float) for end in ("low", "high")))
    buckets = [
        one | ({"below": _seconds(one["below"])} if "below" in one else {}) for one in told["intervals"]["buckets"]
    ]
    campaigns = tuple(
        Campaign(**(one | ({"clock": float(one["clock"])} if "clock" in one else {}))) for one in told["campaigns"]
    )
    return Fitted(
        told["op"], told["dtype"], told["power_mode"],
        LawFit(law, facts(device, told["dtype"], told["profile"]), coefficients),
        SmoothFit.from_values(told["ratio"]) if "ratio" in told else NOTHING,
        Intervals.from_values(buckets, float(told["intervals"]["level"])), hull, errors, int(told["rows"]), campaigns,
        told["measurements"], unpacked(told.get("sizes", "")), frozenset(told.get("patterns", ())),
    )  # fmt: skip


def _plain(law: Law, name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(law, name, one) for one in value]
    unit = law.program.givens[name].unit
    return float(units.worth(value, unit, name) / units.measure(unit).worth)


def _seconds(text: str) -> float:
    return float(units.worth(text, "s", "below"))


def _energy_of(told: Mapping[str, Any]) -> EnergyFit:
    worth = {n: float(units.worth(told[n], u, n) / units.measure(u).worth) for n, u in ENERGY_UNITS.items()}
    return EnergyFit({name: worth[name] for name in NAMES}, int(told["rows"]), float(told["mape"].removesuffix("%")))


def summary(profile: Profile) -> list[dict[str, Any]]:
    """What each fit is, in a line: errors in percent of rows set apart, None where there were none."""
    return [
        {
            "op": one.op, "dtype": one.dtype, "power_mode": one.power_mode, "law": one.law.law.name, "rows": one.rows,
            "ratio": one.ratio is not NOTHING, "buckets": len(one.intervals.buckets),
            **{name: None if np.isnan(value) else value for name, value in asdict(one.errors).items()},
        }
        for one in profile.fits
    ]  # fmt: skip
