"""Measured against estimated: the error of every operation and pattern of a network, and its share of all error."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from symppa.calibration.coverage.covered import Coverage, Part, Step
from symppa.calibration.device import bounds
from symppa.calibration.measurement import Measurement, Measurements
from symppa.calibration.operations import operation
from symppa.errors import MeasurementError

Key = tuple[object, ...]


@dataclass(frozen=True)
class Compared:
    """Seconds of something, measured and estimated; `count` are the operations that are in it."""

    name: str
    pattern: str
    measured: float
    estimated: float
    count: int = 1

    @property
    def error(self) -> float:
        """Estimated against measured, in percent."""
        return 100.0 * (self.estimated / self.measured - 1.0)

    @property
    def apart(self) -> float:
        """Seconds between both."""
        return abs(self.estimated - self.measured)


@dataclass(frozen=True)
class Against:
    """All that was measured of a network, against its estimates; `left` names what was not."""

    operations: tuple[Compared, ...]
    patterns: tuple[Compared, ...]
    left: tuple[str, ...]
    total: Compared
    network: Compared | None
    notes: tuple[str, ...] = ()

    @property
    def mape(self) -> float:
        """Mean of the errors of the operations without their signs, in percent."""
        return math.fsum(abs(one.error) for one in self.operations) / len(self.operations)

    def share(self, one: Compared) -> float:
        """What of all seconds between measured and estimated is of one, in percent."""
        whole = math.fsum(other.apart for other in self.operations)
        return 100.0 * math.fsum(
            other.apart for other in self.operations if other is one or one.name == one.pattern == other.pattern
        ) / whole if whole else 0.0  # fmt: skip


def against(found: Coverage, rows: Measurements) -> Against:
    """A coverage held against measurements of its device: networks, fused subgraphs, or operations by their sizes.

    Rows of a fused subgraph count before those of its operations. Several rows of one size count with their median.
    """
    own, notes = _own(found, rows)
    subgraphs = _subgraphs(found, own)
    times = _times(own)
    made: list[Compared] = []
    left: list[str] = []
    for step in found.steps:
        if step.number in subgraphs:
            made.append(Compared(_named(step), step.pattern, subgraphs[step.number], step.seconds))
        else:
            _by_operation(step, times, made, left)
    if not made:
        ops = ", ".join(sorted({part.primitive.op for part in found.parts}))
        raise MeasurementError(
            f"none of {len(own)} rows of {found.hardware} is an operation of {found.model} at its sizes: "
            f"needed are rows of {ops}; the gaps of symppa coverage tell the commands"
        )
    total = Compared("measured operations", "", *_sums(made), len(made))
    return Against(tuple(made), _patterns(made), tuple(left), total, _network(found, own), notes)


def _own(found: Coverage, rows: Measurements) -> tuple[Measurements, tuple[str, ...]]:
    """Rows of the device in its power mode."""
    own = rows.where(device=found.hardware)
    if not len(own):
        there = ", ".join(sorted(set(rows.of("device")))) or "no device"
        raise MeasurementError(f"there are no rows of {found.hardware}; there are rows of {there}")
    modes = sorted(set(own.of("power_mode")))
    same = [mode for mode in modes if mode.lower() == found.power_mode.lower()]
    stated = bounds(found.hardware)
    profiles = {name.lower() for name in stated.profiles} if stated else set()
    odd = [mode for mode in modes if mode.lower() not in profiles]  # as the governor of a CPU, or none told
    if same:
        return own.where(power_mode=same), ()
    if not odd:
        raise MeasurementError(
            f"no row of {found.hardware} was measured in {found.power_mode}: there are rows in {', '.join(modes)}; "
            "choose one with --power-profile"
        )
    if len(odd) > 1:
        raise MeasurementError(f"rows were measured in {', '.join(map(repr, odd))}: keep those of one mode in a file")
    return own.where(power_mode=odd), tuple(f"measured in power mode {mode}" for mode in odd if mode)


def _key(op: str, shape: Mapping[str, float], dtype: str) -> Key:
    told = operation(op).complete(shape)
    return (op, dtype, *sorted((name, float(value)) for name, value in told.items()))


def _times(rows: Measurements) -> dict[Key, float]:
    """Median seconds by operation, format and size."""
    found: dict[Key, list[float]] = {}
    for row in rows:
        if row.op not in ("network", "subgraph"):
            found.setdefault(_key(row.op, row.shape, row.dtype), []).append(row.latency)
    return {key: median(values) for key, values in found.items()}


def _by_operation(step: Step, times: Mapping[Key, float], made: list[Compared], left: list[str]) -> None:
    """Each operation of a subgraph whose primitives were all measured."""
    for one in step.operations:
        if one.free:
            continue
        seconds = [_measured(part, times) for part in one.parts]
        if not one.parts or None in seconds or step.whole is not None:
            left.append(one.name)
        else:
            total = math.fsum(value for value in seconds if value is not None)
            made.append(Compared(one.name, step.pattern, total, math.fsum(part.seconds for part in one.parts)))


def _measured(part: Part, times: Mapping[Key, float]) -> float | None:
    """Seconds of a primitive that was measured, under its own or another of its names."""
    one = part.primitive
    same = [one, *(other for other in one.proxies if other.direct)] if one.direct else []
    keys = [_key(other.op, other.shape, part.dtype) for other in same if other.op]
    return next((times[key] * other.count for key, other in zip(keys, same, strict=False) if key in times), None)


def _named(step: Step) -> str:
    return f"{step.number} {step.operations[0].name}"


def _subgraphs(found: Coverage, rows: Measurements) -> dict[int, float]:
    """Measured fused subgraphs by number: the first of a pattern is the first of it in the graph, and so on."""
    own = [row for row in rows if row.op == "subgraph" and row.network == found.model and _same_batch(found, row)]
    plain: dict[str, list[Step]] = {}
    for step in found.steps:
        plain.setdefault(step.pattern.partition(" (")[0], []).append(step)
    there: dict[str, list[Measurement]] = {}
    for row in own:
        there.setdefault(row.pattern, []).append(row)
    made: dict[int, float] = {}
    for pattern, told in there.items():
        steps = plain.get(pattern, [])
        if len(steps) != len(told):
            raise MeasurementError(
                f"{len(told)} subgraphs {pattern} of {found.model} were measured, the graph has {len(steps)}: "
                "they cannot be set against each other"
            )
        ordered = sorted(told, key=lambda row: (len(row.part), row.part))
        made |= {step.number: row.latency for step, row in zip(steps, ordered, strict=True)}
    return {number: seconds for number, seconds in made.items() if _costs(found, number)}


def _costs(found: Coverage, number: int) -> bool:
    return bool(next(step for step in found.steps if step.number == number).parts)


def _same_batch(found: Coverage, row: Measurement) -> bool:
    return row.shape.get("batch", 1) == found.sizes.get("batch", 1)


def _network(found: Coverage, rows: Measurements) -> Compared | None:
    """The whole network, where that was measured."""
    own = [r.latency for r in rows if r.op == "network" and r.network == found.model and _same_batch(found, r)]
    return Compared(found.model, "", median(own), found.seconds, len(found.steps)) if own else None


def _sums(made: Iterable[Compared]) -> tuple[float, float]:
    told = list(made)
    return math.fsum(one.measured for one in told), math.fsum(one.estimated for one in told)


def _patterns(made: Iterable[Compared]) -> tuple[Compared, ...]:
    groups: dict[str, list[Compared]] = {}
    for one in made:
        groups.setdefault(one.pattern, []).append(one)
    return tuple(Compared(name, name, *_sums(several), len(several)) for name, several in groups.items())
