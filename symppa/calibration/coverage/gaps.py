"""What an estimate stands on least: operations by the share of the predicted time at risk, and what closes each gap."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from symppa.calibration.coverage.closing import command
from symppa.calibration.coverage.covered import Coverage, Operation, Part, Step
from symppa.calibration.matching.lookup import Quality, Status
from symppa.calibration.profiles.known import usual_mode

# Shares of the predicted time, in percent, from which a risk is called so.
HIGH, MEDIUM = 10.0, 2.0
LEVELS = ("HIGH", "MEDIUM", "LOW")


@dataclass(frozen=True)
class Risk:
    """Primitives of one operation in one format; `share` of the predicted time is at risk with them, in percent."""

    type: str
    dtype: str
    parts: tuple[Part, ...]
    share: float

    @property
    def level(self) -> str:
        """HIGH, MEDIUM or LOW."""
        return level_of(self.share)

    @property
    def missing(self) -> tuple[Part, ...]:
        """Those that are not calibrated, the most time at risk first."""
        return tuple(part for part in by_risk(self.parts) if part.status is not Status.CALIBRATED)

    @property
    def reason(self) -> str:
        """What bounds most of the time, and how the worst are matched."""
        worst = by_risk(self.missing or self.parts)[0]
        return f"{worst.bound}-bound, {_matched(worst, self.level)}"


@dataclass(frozen=True)
class Gap:
    """Operations that are not calibrated, and the command that measures them; empty where no runner can."""

    type: str
    dtype: str
    parts: tuple[Part, ...]
    share: float
    level: str
    command: str
    is_sum: bool = False

    @property
    def count(self) -> int:
        """How many there are."""
        return len({part.operation for part in self.parts}) if self.is_sum else len(self.parts)

    @property
    def closes(self) -> bool:
        """Whether the command closes it; one that times what only stands in does not."""
        return bool(self.command) and (self.is_sum or self.parts[0].primitive.direct)

    @property
    def bytes(self) -> float:
        """What they move."""
        return math.fsum(part.bytes for part in self.parts)

    @property
    def suggestion(self) -> str:
        """What to do, in words."""
        worst = self.parts[0]
        if self.is_sum:
            return f"Measure {self.type} as one: the sum of its parts stands in for it"
        op = worst.primitive.op or worst.kind
        if not worst.primitive.direct:
            like = f" {op} stands in: {self.command}" if self.command else ""
            return f"No timed operation is {worst.kind}: add one to the table of operations.{like}"
        if not self.command:
            return f"Import measurements of {op}: no runner here times it on such a device"
        if worst.match.quality is Quality.SIZE_EXTRAPOLATED:
            return f"Measure {op} at the sizes of this network: those calibrated end before"
        return f"Add {op} to the calibration: {self.command}"


def level_of(share: float) -> str:
    """How a share of the predicted time at risk, in percent, is called."""
    return LEVELS[0] if share >= HIGH else LEVELS[1] if share >= MEDIUM else LEVELS[2]


def by_risk(parts: Iterable[Part]) -> list[Part]:
    """Primitives, the most time at risk first."""
    return sorted(parts, key=lambda part: -part.risk)


def risks(found: Coverage) -> tuple[Risk, ...]:
    """Every operation in every format, the most time at risk first."""
    groups: dict[tuple[str, str], list[Part]] = {}
    for part in found.parts:
        groups.setdefault((part.type, part.dtype), []).append(part)
    made = [Risk(*name, tuple(parts), _share(parts, found)) for name, parts in groups.items()]
    return tuple(sorted(made, key=lambda one: -one.share))


def gaps(found: Coverage) -> tuple[Gap, ...]:
    """Every operation that is not calibrated, the most time at risk first."""
    made = []
    for (op, dtype), parts in _open(found).items():
        share = _share(parts, found)
        made.append(Gap(op, dtype, parts, share, level_of(share), _command(parts, found)))
    return tuple(sorted([*_sums(found), *made], key=lambda gap: -gap.share))


def _open(found: Coverage) -> dict[tuple[str, str], tuple[Part, ...]]:
    """What is not calibrated by operation and format, the most at risk first.

    Fused subgraphs are timed by no runner: their operations stand for them, each with its share of the time.
    """
    groups: dict[tuple[str, str], list[Part]] = {}
    for step in found.steps:
        for part in _apart(step):
            if part.status is not Status.CALIBRATED:
                groups.setdefault((part.type, part.dtype), []).append(part)
    return {key: tuple(by_risk(parts)) for key, parts in groups.items()}


def _apart(step: Step) -> tuple[Part, ...]:
    """The primitives of a subgraph; of one that others stand in for, those of its operations in its time."""
    whole = step.whole
    parts = tuple(part for one in step.operations for part in one.parts)
    total = math.fsum(part.seconds for part in parts)
    if whole is None or whole.status is Status.CALIBRATED or not total:
        return step.parts
    if all(part.status is Status.CALIBRATED for part in parts):
        return step.parts
    factor = whole.seconds / total
    return tuple(replace(part, seconds=part.seconds * factor, half=whole.half) for part in parts)


def _sums(found: Coverage) -> Iterator[Gap]:
    """Operations that are the sum of several primitives and can be measured as one."""
    groups: dict[tuple[str, str], list[Operation]] = {}
    for step, one, _ in found.operations():
        if one.as_one is not None and (step.whole is None or step.whole.status is not Status.CALIBRATED):
            groups.setdefault((one.as_one.op, one.dtype), []).append(one)
    for (op, dtype), several in groups.items():
        parts = by_risk(part for one in several for part in one.parts)
        shapes = [one.as_one.shape for one in several if one.as_one is not None]
        share = _share(parts, found)
        told = command(op, shapes, dtype, found.hardware, found.system, _mode(found))
        yield Gap(op, dtype, tuple(parts), share, level_of(share), told, is_sum=True)


def _share(parts: Sequence[Part], found: Coverage) -> float:
    """Time at risk in percent of the predicted time of all."""
    return 100.0 * math.fsum(part.risk for part in parts) / found.seconds if found.seconds else 0.0


def _command(parts: Sequence[Part], found: Coverage) -> str:
    """What measures primitives that are not calibrated; of several operations that of the most at risk."""
    op = parts[0].primitive.op
    shapes = [part.primitive.shape for part in parts if part.primitive.op == op]
    return command(op, shapes, parts[0].dtype, found.hardware, found.system, _mode(found))


def _mode(found: Coverage) -> str:
    """The power mode to measure in where it is not the usual one."""
    return "" if found.power_mode == usual_mode(found.hardware) else found.power_mode


def _matched(part: Part, level: str) -> str:
    match = part.match
    if match.quality is Quality.MISSING:
        return "no calibration"
    if match.quality is Quality.OP_APPROXIMATED:
        return f"approximated from {match.proxy}" if match.proxy else match.why
    if match.quality is Quality.SIZE_EXTRAPOLATED:
        return "outside the calibrated sizes"
    wide = "" if part.stated else ", with no interval stated"
    return "well calibrated" if level == LEVELS[2] and part.stated else f"calibrated, and may still be off{wide}"
