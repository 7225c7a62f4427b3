"""Calibrated times of networks side by side: for each device and number format that a calibration holds for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from symppa.calibration.matching.composed import Composed, composed
from symppa.calibration.matching.lookup import Calibration
from symppa.calibration.operations import BYTES
from symppa.calibration.profiles.known import device_of, stamps, usual_mode
from symppa.descriptions.load import Description
from symppa.errors import QuestionError
from symppa.studies.calibrated import FOLLOWS, Asked, asked_profiles, bounds, columns, percent
from symppa.studies.networks.chips import profiles_of
from symppa.studies.result import Array, Output
from symppa.workloads.table import Table

NOTHING = "THEORETICAL"


@dataclass(frozen=True, eq=False)
class Network:
    """A network at its sizes: its subgraphs, and which of those that run stand for the ones that are equal to them."""

    name: str
    values: Mapping[str, Array]
    table: Table
    first: tuple[int, ...]


@dataclass(frozen=True)
class Times:
    """Of one device in one format: by given [subgraphs, networks and sizes], labels and half widths of totals."""

    vectors: Mapping[str, Array]
    labels: Array
    halves: Array
    sources: tuple[str, ...]


def times_of(
    nets: Sequence[Network], device: Description, precision: str, profile: str | None, asked: Asked, borrowed: str
) -> Times | None:
    """The calibrated times of networks on a device; None where its calibration does not hold for what is asked."""
    profiles = of_device(asked_profiles(asked), device.name)
    if profiles == () or precision.lower() not in BYTES:
        return None
    file = device.layers[0].path.as_posix()
    known = calibration(device.name, profiles, borrowed, file)
    mode = next((one for one in profiles_of(device) if profile and one.lower() == profile.lower()), usual_mode(file))
    told = profiles is not None or borrowed
    if not known.known or not (told or known.covers(precision.lower(), mode)):
        return None
    found = [_of_network(net, known, precision.lower(), mode) for net in nets]
    if not any(one.is_calibrated for some in found for one in some):
        return None
    rows = max(len(net.first) for net in nets)
    vectors: dict[str, Array] = {}
    for n, (net, some) in enumerate(zip(nets, found, strict=True)):
        for s, one in enumerate(some):
            for name, numbers in columns(one).items():
                array = vectors.setdefault(name, np.zeros((rows, len(nets), len(found[0]))))
                array[: len(net.first), n, s] = np.array(numbers)[list(net.first)]
    return Times(
        {name: array.reshape(rows, -1) for name, array in vectors.items()},
        np.array([[one.label for one in some] for some in found]),
        np.array([[one.half for one in some] for some in found]),
        tuple(dict.fromkeys(source for some in found for one in some for source in one.sources)),
    )  # fmt: skip


def of_device(profiles: tuple[str, ...] | None, device: str) -> tuple[str, ...] | None:
    """Those of some profiles that are of a device."""
    return profiles if profiles is None else tuple(one for one in profiles if device_of(one) == device)


def refuse_strange(asked: Asked, devices: Sequence[str]) -> None:
    """Refuse a profile that is of none of some devices."""
    for one in asked_profiles(asked) or ():
        if device_of(one) not in devices:
            raise QuestionError(f"{one} is a calibration of {device_of(one)}, which is not compared")


def calibration(device: str, profiles: tuple[str, ...] | None, borrowed: str, file: str) -> Calibration:
    """What is known of a device, looked into once for as long as the files are the same."""
    return _calibration(device, profiles, borrowed, file, stamps(device, profiles, borrowed))


@lru_cache(maxsize=256)
def _calibration(
    device: str, profiles: tuple[str, ...] | None, borrowed: str, file: str, stamp: tuple[object, ...]
) -> Calibration:
    return Calibration.of(device, profiles, borrowed, file)


@lru_cache(maxsize=4096)
def _of_network(net: Network, known: Calibration, number_format: str, mode: str) -> list[Composed]:
    return composed([(net.table, n) for n in range(len(net.table.sizes))], known, number_format, mode)


@dataclass(frozen=True)
class Sure:
    """How sure every estimate of a comparison is, [network, device, format, size]: labels, and half widths of times."""

    labels: Array
    halves: Array
    sources: list[str]

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Sure:
        """Nothing is calibrated yet."""
        shape = arrays["latency"].shape
        return cls(np.full(shape, NOTHING, dtype="<U12"), np.full(shape, np.nan), [])

    def put(self, place: tuple[int, int], times: Times) -> None:
        """What is calibrated of a device in a format."""
        self.labels[:, place[0], place[1]] = times.labels
        self.halves[:, place[0], place[1]] = times.halves
        self.sources.extend(one for one in times.sources if one not in self.sources)

    def said(self, outputs: Mapping[str, Output]) -> dict[str, Output]:
        """Outputs with intervals, where there are some."""
        if not self.sources:
            return dict(outputs)
        told = "; ".join(self.sources)
        return {
            name: replace(one, calibration=told, interval=bounds(one.values, self.halves)) if name in FOLLOWS else one
            for name, one in outputs.items()
        }

    @property
    def facts(self) -> dict[str, Any]:
        """Labels and half widths in percent, for the facts of a result; nothing where nothing is calibrated."""
        if not self.sources:
            return {}
        bound = [[[[percent(float(h)) for h in c] for c in b] for b in a] for a in self.halves]
        return {"calibration": {
            "sources": list(self.sources), "confidence": self.labels.tolist(), "error_bound": bound,
        }}  # fmt: skip
