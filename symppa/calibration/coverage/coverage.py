"""How far what was measured covers a network on a device: every operation, its primitives, and how each is matched."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from symppa.calibration.coverage.covered import Coverage as Coverage
from symppa.calibration.coverage.covered import Operation, Part, Step, counted
from symppa.calibration.device import Facts, facts
from symppa.calibration.fitting.patterns import named
from symppa.calibration.matching.lookup import Calibration, Match, Status, is_apart_better
from symppa.calibration.matching.mapping import ATTENTION
from symppa.calibration.matching.precision import formats_of
from symppa.calibration.matching.primitive import Primitive, of_operators, whole
from symppa.calibration.matching.stand_in import ANYTHING as ANYTHING
from symppa.calibration.matching.stand_in import UNCALIBRATED as UNCALIBRATED
from symppa.calibration.matching.stand_in import uncalibrated
from symppa.calibration.operations import BYTES, OPERATIONS
from symppa.calibration.profiles.known import stamps, usual_mode
from symppa.errors import MeasurementError
from symppa.workloads import reading
from symppa.workloads.features import Sized
from symppa.workloads.ir import Graph, Operator
from symppa.workloads.kinds import kind
from symppa.workloads.partition import Subgraph
from symppa.workloads.table import Table, table

PRODUCTS = ("gemm", "conv2d", "attention_prefill", "attention_decode", "subgraph")  # computed at the matrix rate
COMPUTE, MEMORY = "compute", "memory"


def coverage(
    workload: Graph | str | Path,
    device: str,
    *,
    precision: str = "",
    formats: Mapping[str, str] | None = None,
    sizes: Mapping[str, int] | None = None,
    power_profile: str = "",
    profiles: Sequence[str | Path] = (),
    timestamp: str = "",
) -> Coverage:
    """What is calibrated of a network on a device, at some sizes of the network.

    Without `precision` and `power_profile` the device's own count, as in analyze; `formats` are those of some kinds of
    operators, {"Softmax": "fp32"}. `profiles` are files or names of profiles; without them those that are shipped
    count.

    >>> coverage("resnet18", "a100_sxm_80gb", precision="fp16", timestamp="now").counts[Status.FREE] > 0
    True
    """
    graph = workload if isinstance(workload, Graph) else reading.network(reading.found(str(workload)))
    told = graph.sizes(**(sizes or {}))
    by_operator, label = formats_of(graph, device, precision, formats or {})
    mode = power_profile or usual_mode(device)
    chips = {dtype: _facts(device, dtype, mode) for dtype in dict.fromkeys(by_operator.values())}
    chip = next(iter(chips.values()))
    named = tuple(map(str, profiles)) or None
    calibration = _calibration(chip.name, device, named, stamps(chip.name, named))
    steps = _Looking(calibration, chips, mode, told).steps(table(graph, [told]), by_operator)
    return Coverage(
        graph.name, chip.name, chip.system, mode, label, told,
        timestamp or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        tuple(dict.fromkeys(one.source for one in calibration.known)), chips, steps,
    )  # fmt: skip


def _facts(device: str, dtype: str, power_profile: str) -> Facts:
    """The facts of a device; one without a rate for a format is refused."""
    found = facts(device, dtype, power_profile)
    if found.peak <= 0 and found.vector_peak <= 0:
        raise MeasurementError(f"{device} has no rate for {dtype.upper()}: choose another --precision")
    return found


@lru_cache(maxsize=16)
def _calibration(name: str, device: str, profiles: tuple[str, ...] | None, stamps: tuple[object, ...]) -> Calibration:
    """What is known of a device, with what was looked up before, for as long as its files are the same."""
    return Calibration.of(name, profiles, file=device)


@dataclass(frozen=True)
class _Looking:
    """Looks up everything of a network; primitives of one format in one call."""

    calibration: Calibration
    chips: Mapping[str, Facts]
    power_profile: str
    sizes: Mapping[str, int]

    def steps(self, made: Table, formats: Mapping[str, str]) -> tuple[Step, ...]:
        """Every subgraph, matched."""
        operations = self._operations(made.graph, formats)
        wholes = self._wholes(made, formats)
        return tuple(_step(step, operations, wholes.get(step.number)) for step in made.subgraphs)

    def _operations(self, graph: Graph, formats: Mapping[str, str]) -> dict[str, Operation]:
        parts, found = self._parts(graph, formats), {}
        several = [o for o in graph.operators if len(parts[o.name]) > 1]
        whole_ones = of_operators(Sized(graph, [self.sizes]), several, known=ATTENTION)
        as_one = {
            o.name: one for o, told in zip(several, whole_ones, strict=True) for one in told if one.op in ATTENTION
        }
        for o in graph.operators:
            why = "" if parts[o.name] else _why_free(o)
            found[o.name] = Operation(o.name, o.kind, formats[o.name], parts[o.name], why, as_one.get(o.name))
        return found

    def _parts(self, graph: Graph, formats: Mapping[str, str]) -> dict[str, tuple[Part, ...]]:
        at, found = Sized(graph, [self.sizes]), {}
        for dtype in dict.fromkeys(formats.values()):
            own = [o for o in graph.operators if formats[o.name] == dtype]
            lists = of_operators(at, own, dtype, self.calibration.ops)
            flat = [(o, one) for o, several in zip(own, lists, strict=True) for one in several]
            matches = self.calibration.matches([one for _, one in flat], dtype, self.power_profile)
            made = [self._part(o.name, o.kind, dtype, match) for (o, _), match in zip(flat, matches, strict=True)]
            for o in own:
                found[o.name] = tuple(part for (other, _), part in zip(flat, made, strict=True) if other is o)
        return found

    def _wholes(self, made: Table, formats: Mapping[str, str]) -> dict[int, Part]:
        """Subgraphs as one, where such are calibrated."""
        if "subgraph" not in self.calibration.ops:
            return {}
        found = {}
        for step in made.subgraphs:
            kinds = {formats[o.name] for o in step.operators}
            if len(kinds) == 1 and not step.free:
                found[step.number] = self._whole(made, step, kinds.pop())
        return {number: part for number, part in found.items() if part.status is not Status.MISSING}

    def _whole(self, made: Table, step: Subgraph, dtype: str) -> Part:
        n = step.number
        moved = self._moved(made, n, dtype)
        one = whole(named(step), float(self.sizes.get("batch", 1)), float(made.ops[n, 0]), moved, len(step.operators))
        (match,) = self.calibration.matches([one], dtype, self.power_profile)
        return self._part(step.pattern, step.pattern, dtype, match)

    def _moved(self, made: Table, n: int, dtype: str) -> float:
        counted = made.read[n, 0] + made.written[n, 0] + made.weights[n, 0]
        return float(counted * BYTES[dtype] + made.unscaled[n, 0])

    def _part(self, name: str, of: str, dtype: str, match: Match) -> Part:
        vendor, bound = roofline(match.primitive, self.chips[dtype])
        known = math.isfinite(match.seconds)
        stated = known and math.isfinite(match.half)
        half = match.half if stated else uncalibrated(match.primitive.op)
        return Part(name, of, dtype, match, match.seconds if known else vendor, half, stated, vendor, bound)


def _step(step: Subgraph, operations: Mapping[str, Operation], one: Part | None) -> Step:
    """A subgraph: fused first, its operations where those are calibrated better."""
    apart = Step(step.number, named(step), tuple(operations[o.name] for o in step.operators))
    timed = [(part.match, part.seconds) for part in apart.parts]
    better = one is not None and _rank(one.status) <= _rank(apart.status) and not is_apart_better(one.match, timed)
    return replace(apart, whole=one) if better else apart


def _rank(told: Status) -> int:
    return (Status.CALIBRATED, Status.APPROXIMATED, Status.MISSING, Status.FREE).index(told)


def _why_free(operator: Operator) -> str:
    return "moves no data" if kind(operator.kind).free else "runs along with what it follows"


def roofline(one: Primitive, chip: Facts) -> tuple[float, str]:
    """Seconds by the data sheet, and whether arithmetic or memory takes them."""
    family = OPERATIONS[one.op].family if one.op else ""
    peak = chip.peak or chip.vector_peak if family in PRODUCTS else chip.vector_peak or chip.peak
    computed = counted(one.ops) / peak if peak else 0.0
    moved = counted(one.bytes) / chip.bandwidth if chip.bandwidth else 0.0
    return max(computed, moved), COMPUTE if computed > moved else MEMORY
