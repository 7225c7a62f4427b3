"""What a coverage is made of: subgraphs, their operations and primitives, and how each is matched."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from symppa.calibration.device import Facts
from symppa.calibration.matching.lookup import Match, Status, status
from symppa.calibration.matching.primitive import Primitive


@dataclass(frozen=True)
class Part:
    """One primitive of an operation; `operation` is the operator's name, or the pattern's of a whole subgraph.

    `seconds` is estimated by the calibration, or by the data sheet where nothing is calibrated; `half` is the half
    width of the 90 % interval as a logarithm, that of a data sheet where `stated` is false. `sheet` are the seconds by
    the data sheet, bound by arithmetic or memory.
    """

    operation: str
    kind: str
    dtype: str
    match: Match
    seconds: float
    half: float
    stated: bool
    sheet: float
    bound: str

    @property
    def primitive(self) -> Primitive:
        """What was looked up."""
        return self.match.primitive

    @property
    def type(self) -> str:
        """The operation that would have to be measured: the primitive's, or the kind's where that only stands in."""
        return self.primitive.op if self.primitive.direct and self.primitive.op else self.kind.lower()

    @property
    def status(self) -> Status:
        """Whether it is calibrated."""
        return status(self.match.quality)

    @property
    def flops(self) -> float:
        """Operations, 0 where nobody counts them."""
        return counted(self.primitive.ops)

    @property
    def bytes(self) -> float:
        """Bytes moved, 0 where nobody counts them."""
        return counted(self.primitive.bytes)

    @property
    def risk(self) -> float:
        """Seconds at risk: from the estimate to the near end of its interval, all of it where there is hardly one."""
        return -self.seconds * math.expm1(-self.half)


def counted(value: float) -> float:
    """A count, 0 where nobody told it."""
    return value if math.isfinite(value) else 0.0


@dataclass(frozen=True)
class Operation:
    """An operator of the graph with its primitives; none where it costs nothing, and `free` says why.

    `as_one` is what would be measured to match it as one, where it is the sum of several and can be.
    """

    name: str
    kind: str
    dtype: str
    parts: tuple[Part, ...]
    free: str = ""
    as_one: Primitive | None = None

    @property
    def status(self) -> Status:
        """Of all its primitives together."""
        return together(self.parts)


@dataclass(frozen=True)
class Step:
    """A fused subgraph: matched as a whole, or as its operations one by one."""

    number: int
    pattern: str
    operations: tuple[Operation, ...]
    whole: Part | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its primitives."""
        return (self.whole,) if self.whole else tuple(part for one in self.operations for part in one.parts)

    @property
    def status(self) -> Status:
        """Of all its primitives together: a sum of several is approximated."""
        return together(self.parts)

    @property
    def seconds(self) -> float:
        """Predicted time, that of its primitives added up."""
        return math.fsum(part.seconds for part in self.parts)

    def status_of(self, one: Operation) -> Status:
        """The status of one of its operations."""
        return self.whole.status if self.whole and not one.free else one.status


@dataclass(frozen=True)
class Coverage:
    """What is calibrated of a network on a device."""

    model: str
    hardware: str
    system: str
    power_mode: str
    precision: str
    sizes: Mapping[str, int]
    timestamp: str
    profiles: tuple[str, ...]
    facts: Mapping[str, Facts]
    steps: tuple[Step, ...]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Every primitive."""
        return tuple(part for step in self.steps for part in step.parts)

    @cached_property
    def counts(self) -> Mapping[Status, int]:
        """Operations by status; all of them together are the operators of the graph."""
        found = dict.fromkeys(Status, 0)
        for _, _, told in self.operations():
            found[told] += 1
        return found

    def operations(self) -> Iterator[tuple[Step, Operation, Status]]:
        """Every operation, with the subgraph it is in and its status."""
        for step in self.steps:
            for one in step.operations:
                yield step, one, step.status_of(one)

    @cached_property
    def seconds(self) -> float:
        """Predicted time of all primitives, added up."""
        return math.fsum(part.seconds for part in self.parts)

    def total(self, what: str, *wanted: Status) -> float:
        """The sum of flops, bytes or seconds of the primitives with one of some statuses; of all where none is told."""
        return math.fsum(getattr(part, what) for part in self.parts if not wanted or part.status in wanted)

    def percent(self, what: str, *wanted: Status) -> float:
        """The same in percent of all; of nothing, nothing is missing."""
        whole_of = self.total(what)
        return 100.0 * self.total(what, *wanted) / whole_of if whole_of else 100.0 * (Status.CALIBRATED in wanted)

    @property
    def percent_of_operations(self) -> float:
        """Calibrated operations in percent of those that cost something."""
        costly = sum(self.counts.values()) - self.counts[Status.FREE]
        return 100.0 * self.counts[Status.CALIBRATED] / costly if costly else 100.0


def together(parts: Sequence[Part]) -> Status:
    """The status of what several primitives make up: the sum of several is approximated, even where each is calibrated.

    Nothing is free; what is missing in every part is missing.
    """
    if not parts:
        return Status.FREE
    if len(parts) == 1:
        return parts[0].status
    return Status.MISSING if all(part.status is Status.MISSING for part in parts) else Status.APPROXIMATED
