"""Devices as columns: those of one class side by side, so that one program asks all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.load import Description
from symppa.engine.border import Border
from symppa.engine.program import Program
from symppa.studies.result import Array
from symppa.studies.subject import Subject
from symppa.workloads import on_device

AXIS = ("chip.precision",)
NET = "net."
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
    sources: tuple[str, ...]
    confidence: str
    hashes: Mapping[str, str]

    @property
    def group(self) -> tuple[Any, ...]:
        """What devices of one program have in common: class, parts, and the members of their sets."""
        return (self.system, self.parts, tuple(sorted(self.labels.items())))


def chip(device: Description, outputs: tuple[str, ...], profile: str | None = None) -> Chip:
    """The columns of a device."""
    stamp = tuple((layer.path.as_posix(), layer.path.stat().st_mtime_ns) for layer in device.layers)
    return _chip(device.asked, stamp, outputs, profile)


@lru_cache(maxsize=512)
def _chip(asked: str, stamp: Any, outputs: tuple[str, ...], profile: str | None) -> Chip:
    """One device, read once for as long as its files are the same."""
    from symppa.descriptions.bind import weakest

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
    """Every given but those of the network, in its unit; of the profiles only the one in use."""
    profiles = next(k for k, axis in enumerate(program.axes) if axis.name == PROFILES)
    place = int(border.arrays[program.number_of["chip.profile"]].item())
    found = {}
    for n, array in border.arrays.items():
        given = program.givens[program.steps[n].detail]
        if given.name.startswith(NET) or given.name in AXIS:
            continue
        if given.name == "chip.profile":
            found[given.name] = np.zeros(())
            continue
        if array.shape[profiles] > 1:
            array = np.take(array, [place], axis=profiles)
        whole = (
            array.reshape([n for k, n in enumerate(array.shape) if k in given.over]) / units.measure(given.unit).worth
        )
        found[given.name] = np.broadcast_to(whole, [1 if k == profiles else border.lengths[k] for k in given.over])
    return found


def side_by_side(chips: Sequence[Chip]) -> dict[str, Array]:
    """The givens of devices of one group, the device last."""
    return {name: np.stack([one.values[name] for one in chips], axis=-1) for name in chips[0].values}
