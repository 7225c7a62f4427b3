"""A network on a device with calibrated times, where there are some that hold for what is asked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from symppa.calibration.matching.composed import Composed, Part, compose
from symppa.calibration.matching.lookup import NONE, Calibration, Status
from symppa.calibration.operations import BYTES
from symppa.descriptions.bind import Value
from symppa.engine.program import Program
from symppa.errors import QuestionError
from symppa.studies.result import Array, Output, Result
from symppa.studies.subject import Subject
from symppa.workloads.batched import labels_run
from symppa.workloads.on_device import NetworkOnDevice

PRECISION, PROFILE = "chip.precision", "chip.profile"
MEASURED = "timing.measured"
SLOTS = {"timing": "Calibrated", "consumption": "CalibratedEnergy"}
ENERGY = {"op_energies": "op_energy", "byte_energies": "byte_energy", "powers": "static_power"}
ENERGIES = frozenset({"energy", "power", "compute_energy", "memory_energy", "static_energy", "energies"})
TIME = "time"
FITTED, WEAKEST = "INTERPOLATED", "THEORETICAL"  # energies: coefficients of single operations, lent to subgraphs
FOLLOWS = frozenset({"latency", "throughput", "utilisation", "memory_utilisation"})  # from the time of a run alone
Asked = str | Path | Sequence[str | Path] | None


class CalibratedSubject(Subject):
    """A subject whose subgraphs take calibrated times; they say where they are from."""

    def __init__(self, plain: Subject, vectors: Mapping[str, Mapping[str, float]], told: Value) -> None:
        super().__init__(plain.description, {**plain.values, **vectors}, {**plain.parts, **slots_of(vectors)})
        self._vectors, self._told = frozenset(vectors), told

    def bound(self, program: Program) -> dict[str, Value]:
        """Every value told, the calibrated ones with their sources."""
        found = super().bound(program)
        return {n: replace(self._told, raw=one.raw) if n in self._vectors else one for n, one in found.items()}


def slots_of(names: Iterable[str]) -> dict[str, str]:
    """The classes of slots that are told some vectors."""
    return {slot: SLOTS[slot] for slot in dict.fromkeys(name.partition(".")[0] for name in names)}


@dataclass(frozen=True)
class Used:
    """The subject to ask, what is calibrated of it, and in words why calibration was left out where it was."""

    subject: Subject
    found: Composed | None = None
    calibration: Calibration | None = None
    left_out: str = ""


def asked_profiles(asked: Asked) -> tuple[str, ...] | None:
    """The profiles that are named; None where nothing is, () where none is wanted."""
    if asked is None:
        return None
    named = (asked,) if isinstance(asked, str | Path) else tuple(asked)
    names = tuple(str(one) for one in named)
    if NONE in names and len(names) > 1:
        raise QuestionError(f"calibration {NONE!r} stands alone, not beside {', '.join(n for n in names if n != NONE)}")
    return () if names in ((NONE,), ()) else names


def used(
    described: NetworkOnDevice,
    subject: Subject,
    program: Program,
    told: Mapping[str, Value],
    asked: Asked,
    borrowed: str = "",
) -> Used:
    """A subject with calibrated times: of shipped profiles of the very device and format, or as it was asked for."""
    profiles = asked_profiles(asked)
    if borrowed and profiles is not None:
        raise QuestionError(
            f"a profile and a donor are asked for, {asked} and {borrowed}: calibration is by one of them"
        )
    if profiles == ():
        return Used(subject)
    layer = described.layers[1]
    known = Calibration.of(layer.path.stem, profiles, borrowed, layer.path.as_posix())
    if not known.known:
        return Used(subject)
    number_format, mode = in_use(program, told, PRECISION), in_use(program, told, PROFILE)
    why = _kept_from(described, subject, program) or _not_of(
        known, number_format, mode, profiles is not None or borrowed
    )
    if why:
        return Used(subject, calibration=known, left_out=why)
    return _composed(described, subject, known, number_format.lower(), mode)


def _composed(described: NetworkOnDevice, subject: Subject, known: Calibration, number_format: str, mode: str) -> Used:
    made = described.network.table
    found = compose(made, known, number_format, mode)
    if not found.is_calibrated:
        return Used(subject, calibration=known, left_out=f"nothing of {made.graph.name} is in the calibration")
    value = Value(None, tuple(f"calibration {one}" for one in found.sources), found.label, "calibration")
    labels = labels_run(made)
    told = {name: dict(zip(labels, numbers, strict=True)) for name, numbers in columns(found).items()}
    return Used(CalibratedSubject(subject, told, value), found, known)


def columns(found: Composed) -> dict[str, list[float]]:
    """What the model is told of a network that is calibrated: a number for each subgraph that runs."""
    told = {MEASURED: found.microseconds}
    energies = [one.energy for one in found.parts if one]
    if any(energies):
        told["consumption.known"] = [float(one is not None) for one in energies]
        for name, coefficient in ENERGY.items():
            told[f"consumption.{name}"] = [one.coefficients[coefficient] if one else 0.0 for one in energies]
    return told


def in_use(program: Program, told: Mapping[str, Value], name: str) -> str:
    """The label of the member in use, of the formats or the power profiles."""
    raw = told[name].raw if name in told else program.givens[name].default
    if isinstance(raw, str) and not raw.isdigit():
        return raw
    over = program.member_of(program.givens[name])
    vector: Any = next((v.raw for n, v in told.items() if program.known[n].sets == (over,)), {})
    labels = [str(label) for label in vector] if isinstance(vector, Mapping) else []
    return labels[int(raw)] if labels else str(raw)


def _kept_from(described: NetworkOnDevice, subject: Subject, program: Program) -> str:
    """What was set that calibrated times depend on, in words."""
    depends = program.support(program.output(TIME).step)
    changed = [
        name for name in subject.values
        if name not in (PRECISION, PROFILE) and any(name == one or name.startswith(f"{one}.") for one in depends)
    ]  # fmt: skip
    changed += [name for name, cls in subject.parts.items() if described.parts.get(name) != cls]
    if not changed:
        return ""
    verb = "is" if len(changed) == 1 else "are"
    return f"{', '.join(changed)} {verb} set, and calibrated times hold for the device as it is"


def _not_of(known: Calibration, number_format: str, mode: str, named: Any) -> str:
    """Why a calibration does not hold for a number format and a power profile, in words."""
    if number_format.lower() not in BYTES:
        return f"{number_format} is no format that anything is calibrated in"
    if named or known.covers(number_format.lower(), mode):
        return ""
    return (
        f"it is of {known.told}, not of {number_format} in power profile {mode}; "
        f"--calibration {known.device} takes it as an approximation"
    )


def applied(result: Result, told: Used) -> Result:
    """A result whose outputs say how sure they are, where calibrated times are in them."""
    if told.left_out:
        return replace(result, notes=(*result.notes, f"calibration left out: {told.left_out}"))
    if told.found is None:
        return result
    sure = {n: _sure(o, told.found) if n in FOLLOWS else o for n, o in result.outputs.items()}
    if TIME in sure:
        sure[TIME] = replace(sure[TIME], confidence=told.found.weakest, calibration="; ".join(told.found.sources))
    if told.found.has_energy and told.found.label != WEAKEST:
        sure |= {n: replace(o, confidence=FITTED) for n, o in sure.items() if n in ENERGIES}
    return replace(result, outputs=sure)


def bounds(value: Any, half: Any) -> tuple[Array, Array] | None:
    """The ends of an interval around a value; None where there is none."""
    if np.all(np.isnan(half)):
        return None
    return np.asarray(value * np.exp(-np.asarray(half))), np.asarray(value * np.exp(half))


def _sure(output: Output, found: Composed) -> Output:
    ends = bounds(output.values, found.half)
    return replace(output, confidence=found.label, calibration="; ".join(found.sources), interval=ends)


def rows(plain: Sequence[Mapping[str, Any]], told: Used) -> list[dict[str, Any]]:
    """Rows of subgraphs with how sure each is and what it rests on."""
    if told.found is None:
        return [dict(one) for one in plain]
    return [_row(one, part) for one, part in zip(plain, told.found.parts, strict=True)]


def _row(plain: Mapping[str, Any], part: Part | None) -> dict[str, Any]:
    if part is None:
        return {**plain, "calibration": {"status": Status.FREE.value}}
    ends = bounds(plain["latency"], part.half)
    entries = [one.entry for one in part.matches if one.entry]
    found = {
        "status": part.status.value, "quality": part.quality.value, "entries": list(dict.fromkeys(entries)),
        "why": part.why,
    }  # fmt: skip
    return {
        **plain, "confidence": part.label, "error_bound": percent(part.half),
        "interval": None if ends is None else [float(end) for end in ends], "calibration": found,
    }  # fmt: skip


def percent(half: float) -> float | None:
    """Half the width of an interval in percent of its value; None where there is none."""
    return None if math.isnan(half) else 100 * math.sinh(half)


def summary(result: Result, told: Used) -> dict[str, Any] | None:
    """What is calibrated of a whole network, for the facts of a result; None where nobody calibrated the device."""
    if told.calibration is None:
        return None
    if told.found is None:
        return {"device": told.calibration.device, "used": False, "left_out": told.left_out}
    found = told.found
    return {
        "device": told.calibration.device, "used": True, "confidence": found.label, "sources": list(found.sources),
        "shares": found.shares(np.atleast_1d(result[TIME])), "error_bound": percent(found.half),
    }  # fmt: skip
