"""Coverage as plain data: what JSON and CSV say of it, by the same names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from symppa.calibration.coverage.against import Against, Compared
from symppa.calibration.coverage.covered import Coverage, Operation, Part, Step
from symppa.calibration.coverage.gaps import HIGH, MEDIUM, Gap, gaps, risks
from symppa.calibration.coverage.history import Entry
from symppa.calibration.matching.lookup import Quality, Status

ROW = (
    "id", "pattern", "operation", "operation_type", "precision", "name", "type", "flops", "bytes",
    "calibration_status", "calibration_entry", "measured_efficiency", "measured_bandwidth", "match_quality",
    "suggested_proxy", "seconds", "interval_half_width", "at_risk_seconds", "why",
)  # fmt: skip
PERCENTAGES = "of operations that are not FREE; those move no data, or run along with what they follow"


def facts(found: Coverage, held: Against | None = None) -> dict[str, Any]:
    """Everything of a coverage, and of it held against measurements."""
    told: dict[str, Any] = {
        "model": found.model, "hardware": found.hardware, "power_mode": found.power_mode,
        "precision": found.precision, "analysis_timestamp": found.timestamp, "sizes": dict(found.sizes),
        "profiles": list(found.profiles), "summary": summary(found),
        "subgraphs": [_subgraph(step) for step in found.steps],
        "gaps": [_gap(one) for one in gaps(found)], "risks": _risks(found),
        "thresholds": {"HIGH": HIGH, "MEDIUM": MEDIUM, "of": "percent of the predicted time at risk"},
    }  # fmt: skip
    return told | ({"accuracy": accuracy(held)} if held else {})


def summary(found: Coverage) -> dict[str, Any]:
    """Counts and shares; those of operations leave FREE out."""
    counts = found.counts
    costly = sum(counts.values()) - counts[Status.FREE]
    told: dict[str, Any] = {"total_ops": sum(counts.values())}
    told |= {state.value.lower(): counts[state] for state in Status}
    for state in (Status.CALIBRATED, Status.APPROXIMATED, Status.MISSING):
        told[f"{state.value.lower()}_percent"] = 100.0 * counts[state] / costly if costly else 0.0
    told |= {"percentages": PERCENTAGES, "total_flops": _count(found.total("flops"))}
    for state in (Status.CALIBRATED, Status.APPROXIMATED, Status.MISSING):
        told[f"{state.value.lower()}_flops"] = _count(found.total("flops", state))
    return told | {
        "coverage_percent": found.percent("flops", Status.CALIBRATED),
        "total_bytes": _count(found.total("bytes")), "predicted_seconds": found.seconds,
        "calibrated_time_percent": found.percent("seconds", Status.CALIBRATED),
        "at_risk_percent": at_risk(found),
    }  # fmt: skip


def at_risk(found: Coverage) -> float:
    """The share of the predicted time at risk, in percent."""
    return 100.0 * math.fsum(part.risk for part in found.parts) / found.seconds if found.seconds else 0.0


def _count(value: float) -> int:
    return round(value)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _subgraph(step: Step) -> dict[str, Any]:
    free = [one for one in step.operations if one.free]
    return {
        "id": step.number, "pattern": step.pattern,
        "operations": [operation.name for operation in step.operations],
        "flops": _count(math.fsum(part.flops for part in step.parts)),
        "bytes": _count(math.fsum(part.bytes for part in step.parts)),
        "calibration_status": step.status.value, "seconds": step.seconds,
        "primitives": [primitive(part) for part in step.parts],
        "free": [{"operation": one.name, "operation_type": one.kind, "why": one.free} for one in free],
    }  # fmt: skip


def primitive(part: Part) -> dict[str, Any]:
    """One primitive with how it is matched."""
    one, match = part.primitive, part.match
    missing = match.quality is Quality.MISSING
    proxy = one.proxies[0].op if missing and one.proxies else match.proxy
    return {
        "operation": part.operation, "operation_type": part.kind, "precision": part.dtype.upper(),
        "name": one.name, "type": one.op or part.type, "flops": _count(part.flops), "bytes": _count(part.bytes),
        "calibration_status": part.status.value, "calibration_entry": match.entry or None,
        "measured_efficiency": _number(match.efficiency), "measured_bandwidth": _number(match.bandwidth),
        "match_quality": match.quality.name, "suggested_proxy": proxy or None, "seconds": float(part.seconds),
        "interval_half_width": _number(match.half), "at_risk_seconds": float(part.risk), "why": match.why or None,
    }  # fmt: skip


def _gap(one: Gap) -> dict[str, Any]:
    return {
        "operation_type": one.type, "precision": one.dtype.upper(), "count": one.count,
        "total_bytes": _count(one.bytes), "at_risk_percent": one.share, "risk": one.level,
        "suggested_calibration": one.suggestion, "command": one.command or None,
    }  # fmt: skip


def _risks(found: Coverage) -> list[dict[str, Any]]:
    return [
        {
            "risk": one.level, "operation_type": one.type, "precision": one.dtype.upper(),
            "count": len(one.parts), "at_risk_percent": one.share, "reason": one.reason,
        }
        for one in risks(found)
    ]  # fmt: skip


def rows(found: Coverage) -> Iterator[list[Any]]:
    """The rows of CSV under `ROW`: one for each operation and primitive, those that cost nothing included."""
    for step in found.steps:
        told = [step.whole] if step.whole else []
        yield from (_row(step, primitive(part)) for part in told)
        for one in step.operations:
            if one.free:
                yield _row(step, _free(one))
            elif not step.whole:
                yield from (_row(step, primitive(part)) for part in one.parts)


def _free(one: Operation) -> dict[str, Any]:
    return {
        "operation": one.name, "operation_type": one.kind, "precision": one.dtype.upper(), "flops": 0, "bytes": 0,
        "calibration_status": Status.FREE.value, "why": one.free,
    }  # fmt: skip


def _row(step: Step, told: Mapping[str, Any]) -> list[Any]:
    known = {"id": step.number, "pattern": step.pattern, **told}
    return [known.get(name) for name in ROW]


def accuracy(held: Against) -> dict[str, Any]:
    """Measured against estimated, in s and percent."""
    return {
        "measured_seconds": held.total.measured, "estimated_seconds": held.total.estimated,
        "error_percent": held.total.error, "mape": held.mape, "operations_measured": len(held.operations),
        "not_measured": list(held.left), "notes": list(held.notes),
        "network": _compared(held, held.network) if held.network else None,
        "patterns": [_compared(held, one) for one in by_share(held, held.patterns)],
        "operations": [_compared(held, one) for one in by_share(held, held.operations)],
    }  # fmt: skip


def by_share(held: Against, ones: tuple[Compared, ...]) -> list[Compared]:
    """The largest share of all error first."""
    return sorted(ones, key=lambda one: -held.share(one))


def _compared(held: Against, one: Compared) -> dict[str, Any]:
    return {
        "name": one.name, "pattern": one.pattern, "count": one.count, "measured_seconds": one.measured,
        "estimated_seconds": one.estimated, "error_percent": one.error,
        "share_of_error_percent": held.share(one) if one is not held.network else None,
    }  # fmt: skip


def entry(found: Coverage, held: Against | None = None) -> Entry:
    """A line of the history."""
    return Entry(
        found.timestamp, found.model, found.hardware, found.power_mode, found.precision, dict(found.sizes),
        sum(found.counts.values()), found.percent_of_operations, found.percent("flops", Status.CALIBRATED),
        found.percent("seconds", Status.CALIBRATED), at_risk(found), held.mape if held else None,
    )  # fmt: skip
