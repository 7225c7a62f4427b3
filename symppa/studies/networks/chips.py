"""Devices as columns: those of one class side by side, so that one program asks all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.load import Description, leaves
from symppa.engine.border import Border
from symppa.engine.program import Program
from symppa.errors import QuestionError, suggest
from symppa.studies.result import Array
from symppa.studies.subject import Subject
from symppa.workloads import on_device

AXIS = ("chip.precision",)
NET, BATCH = "net.", "batch"
START, FEW = "start", 6
FORMATS, PROFILES, SUBGRAPHS = "chip.formats", "chip.profiles", "net.subgraphs"


@dataclass(frozen=True)
class Chip:
    """One device: its givens as numbers in their units, in the profile in use, and the labels of its sets."""

    name: str
    system: str
    parts: tuple[tuple[str, str], ...]
    values: Mapping[str, Array]
    labels: Mapping[str, tuple[str, ...]]
    precision: str
    knows_start: bool
    sources: tuple[str, ...]
    confidence: str
    hashes: Mapping[str, str]

    def rest_at_matrix_rate(self, precision: str) -> bool:
        """Whether what is no product of matrices runs at the rate of those: the device states no other."""
        formats, rates = self.labels[FORMATS], np.ravel(self.values["chip.vector_peak"])
        matrix = np.ravel(self.values["chip.matrix_peak"])
        if precision not in formats or len(rates) != len(formats) or len(matrix) != len(formats):
            return False
        place, spare = formats.index(precision), int(np.ravel(self.values["chip.spare"])[0])
        return bool(matrix[place] > 0 and rates[place] == 0 and rates[spare] == 0)

    @property
    def group(self) -> tuple[Any, ...]:
        """What devices of one program have in common: class, parts, and the members of their sets."""
        return (self.system, self.parts, tuple(sorted(self.labels.items())))


def chip(device: Description, outputs: tuple[str, ...], profile: str | None = None) -> Chip:
    """The columns of a device."""
    stamp = tuple((layer.path.as_posix(), layer.path.stat().st_mtime_ns) for layer in device.layers)
    return _chip(device.asked, stamp, outputs, profile)


def chips_of(
    devices: Sequence[Description], outputs: tuple[str, ...], profile: str | None
) -> tuple[list[Chip], tuple[str, ...]]:
    """Every device in a power profile where it has one of that name, in its own elsewhere, which is noted."""
    if profile is None:
        return [chip(device, outputs) for device in devices], ()
    has = {device.name: profiles_of(device) for device in devices}
    found = {n: next((p for p in own if p.lower() == profile.lower()), None) for n, own in has.items()}
    lacking = [n for n, own in found.items() if own is None]
    if len(lacking) == len(devices):
        known = list(dict.fromkeys(p for own in has.values() for p in own))
        raise QuestionError(f"no device here has a power profile {profile!r}{suggest(profile, known)}")
    note = f"no power profile {profile}, so their own: {_listed(lacking)}"
    return [chip(device, outputs, found[device.name]) for device in devices], (note,) if lacking else ()


def profiles_of(device: Description) -> list[str]:
    """The power profiles that a device states."""
    told = (keys for layer in device.layers for keys, _ in leaves(layer))
    return list(dict.fromkeys(keys[2] for keys in told if keys[:2] == ("chip", "profile_power") and len(keys) > 2))


def disclosed(chips: Sequence[Chip], used: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What makes devices of a comparison look better than they are: what is not known of them."""
    fast = [one.name for one, formats in zip(chips, used, strict=True) if any(map(one.rest_at_matrix_rate, formats))]
    idle = [one.name for one in chips if not one.knows_start]
    what = (
        ("no rate of other arithmetic is stated, so it runs at the rate of matrix products", fast),
        ("no source tells the start of a subgraph", idle),
    )
    return tuple(f"{why}: {_listed(names)}" for why, names in what if names)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more


@lru_cache(maxsize=512)
def _chip(asked: str, stamp: Any, outputs: tuple[str, ...], profile: str | None) -> Chip:
    """One device, read once for as long as its files are the same."""
    from symppa.descriptions.bind import NO_SOURCE, weakest

    device = on_device.hardware(asked)
    subject = Subject(device, {} if profile is None else {"chip.profile": profile})
    program = program_of(subject.system, tuple(sorted(subject.parts.items())), outputs)
    told = subject.bound(program)
    raw = {name: value.raw for name, value in told.items() if name != AXIS[0]}
    border = Border(program, raw | {AXIS[0]: [0]}, merge=False)
    labels = {axis.name: tuple(border.members(k)) for k, axis in enumerate(program.axes) if k >= program.swept}
    formats = labels[FORMATS]
    own = told[AXIS[0]].raw if AXIS[0] in told else program.givens[AXIS[0]].default
    used = [value for name, value in told.items() if not name.startswith(NET)]
    return Chip(
        name=device.name,
        system=device.system,
        parts=tuple(sorted(subject.parts.items())),
        values=_in_use(program, border),
        labels={name: found for name, found in labels.items() if name not in (PROFILES, SUBGRAPHS)},
        precision=own if own in formats else formats[int(own)],
        knows_start=START in told and any(not source.startswith(NO_SOURCE) for source in told[START].sources),
        sources=tuple(dict.fromkeys(source for value in used for source in value.sources)),
        confidence=weakest([value.confidence for value in used]),
        hashes=device.files,
    )


@lru_cache(maxsize=32)
def program_of(system: str, parts: tuple[tuple[str, str], ...], outputs: tuple[str, ...]) -> Program:
    """The program of some outputs of a class of devices over number formats."""
    from symppa.engine import cache

    name = cache.key("networks", system, parts, outputs)
    program = cache.fetch(name)
    if program is None:
        from symppa.descriptions import systems

        program = Subject(systems.find(system), parts=dict(parts)).program(outputs, AXIS)
        cache.store(name, program)
    return program


def _in_use(program: Program, border: Border) -> dict[str, Array]:
    """Every given but those of the network, in its unit; of the profiles the one in use and the fastest."""
    profiles = next(k for k, axis in enumerate(program.axes) if axis.name == PROFILES)
    places = [int(border.arrays[program.number_of["chip.profile"]].item()), _fastest(program, border)]
    found = {}
    for n, array in border.arrays.items():
        given = program.givens[program.steps[n].detail]
        if given.name.startswith(NET) or given.name in (*AXIS, BATCH):
            continue
        if given.name == "chip.profile":
            found[given.name] = np.zeros(())
            continue
        if array.shape[profiles] > 1:
            array = np.take(array, places, axis=profiles)
        whole = (
            array.reshape([n for k, n in enumerate(array.shape) if k in given.over]) / units.measure(given.unit).worth
        )
        lengths = [len(places) if k == profiles else border.lengths[k] for k in given.over]
        found[given.name] = np.broadcast_to(whole, lengths)
    return found


def _fastest(program: Program, border: Border) -> int:
    """The place of the profile from which the energy of an operation follows: that of the highest rates."""
    rates = [border.arrays[program.number_of[f"chip.profile_{name}"]] for name in ("share", "clock")]
    return int(np.argmax(np.multiply(*rates).ravel()))


def side_by_side(chips: Sequence[Chip]) -> dict[str, Array]:
    """The givens of devices of one group, the device last."""
    return {name: np.stack([one.values[name] for one in chips], axis=-1) for name in chips[0].values}
