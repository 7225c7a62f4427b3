"""Measurements and what was found about them, as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from symppa.calibration.measurement import Finding, Measurement, Measurements, spoken, spoken_shape
from symppa.calibration.measuring.cases import ORDERS
from symppa.calibration.measuring.collectors import collectors
from symppa.calibration.measuring.runners import runners
from symppa.calibration.measuring.running import Done
from symppa.calibration.measuring.suites import shipped_suites, suite
from symppa.calibration.operations import OPERATIONS
from symppa.calibration.readers import readers
from symppa.reports.report import Column, Line, Report, Table

COLUMNS = (
    Column("op"), Column("size"), Column("format"), Column("runner"), Column("time", "us", True),
    Column("spread", "%", True), Column("rate", "GOPS", True), Column("bandwidth", "GB/s", True),
    Column("memory", "MB", True), Column("energy", "mJ", True),
)  # fmt: skip


def measured(rows: Measurements, title: str, lines: Sequence[Line] = ()) -> Report:
    """Rows with their rates, as a report."""
    table = Table("Measured", COLUMNS, tuple(_cells(rows)), turns=False, drops=True)
    return Report(title, "", (table,) if len(rows) else (), tuple(lines))


def ran(name: str, done: Done, rows: Measurements | None) -> Report:
    """How a run ended, and its rows."""
    told = [
        Line("File", str(done.file)),
        Line("Measured", f"{done.measured} now, {done.before} before, {len(done.left)} left"),
    ]
    if done.left:
        told.append(Line("Next", f"{done.left[0]}: the same command goes on"))
    if done.wide:
        told.append(
            Line("Wide", f"{done.wide} rows whose 95 % interval is above 2 %: an idle machine or --limit helps")
        )
    reasons = Counter(why for _, why in done.refused)
    told += [Line("Not run", f"{count} {'case' if count == 1 else 'cases'}: {why}") for why, count in reasons.items()]
    return measured(rows or Measurements(()), f"Benchmark {name}", told)


def _cells(rows: Measurements) -> Iterable[tuple[str, ...]]:
    work = rows.work
    for n, row in enumerate(rows):
        rate, moved = work.ops[n] / row.latency * 1e-9, work.bytes[n] / row.latency * 1e-9
        numbers = (rate or None, moved, _scaled(row.memory, 1e-6), _scaled(row.energy, 1e3))
        spread = "" if row.spread is None else f"{100 * row.spread:.2g}"
        told = (f"{row.latency * 1e6:.4g}", spread, *(_number(value) for value in numbers))
        yield (row.op, _size(row), row.dtype, row.campaign.stack, *told)


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _number(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.4g}"


def _size(row: Measurement) -> str:
    return f"{row.network} {spoken_shape(row)}".strip()


def rows_facts(rows: Iterable[Measurement]) -> list[dict[str, Any]]:
    """Rows for JSON, numbers in s, J and bytes."""
    plain = ("op", "dtype", "latency", "energy", "memory", "spread", "samples", "network", "notes")
    return [
        {"device": row.device, "stack": row.campaign.stack, "version": row.campaign.version}
        | {name: getattr(row, name) for name in plain}
        | {"shape": dict(row.shape)}
        for row in rows
    ]


def found(findings: Sequence[Finding], title: str) -> Report:
    """Findings, the worst first."""
    order = {"refused": 0, "flagged": 1, "told": 2}
    told = sorted(findings, key=lambda finding: order[finding.state])
    columns = Column("file"), Column("state"), Column("rule"), Column("count", "", True), Column("rows"), Column("what")
    cells = tuple((f.source, f.state, f.rule, str(len(f.rows)), spoken(f.rows), f.message) for f in told)
    counts = {state: len({(f.source, n) for f in findings if f.state == state for n in f.rows}) for state in order}
    lines = [Line("Rows", ", ".join(f"{count} {state}" for state, count in counts.items()))]
    return Report(title, "", (Table("Findings", columns, cells),) if cells else (), tuple(lines))


def findings_facts(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings for JSON, every row number."""
    return [
        {"file": f.source, "state": f.state, "rule": f.rule, "rows": list(f.rows), "message": f.message}
        for f in findings
    ]


def offers() -> Mapping[str, list[dict[str, str]]]:
    """What can be timed here: suites, operations, runners, meters, and the layouts that can be imported."""
    meters = [(c.name, f"{c.quantity} on {c.place}", c.missing()) for c in collectors()]
    ran = [(r.name, f"on {r.place}", r.missing()) for r in runners().values()]
    state = [
        {"name": name, "what": what, "here": f"no: {why}" if why else "yes"} for name, what, why in (*ran, *meters)
    ]
    suites = [suite(name) for name in shipped_suites()]
    return {
        "suites": [{"name": s.name, "what": s.meaning, "cases": str(len(s.cases))} for s in suites],
        "operations": [
            {"name": o.name, "what": o.meaning, "sizes": " x ".join(ORDERS.get(o.name, o.dims))}
            for o in OPERATIONS.values()
        ],
        "runners and meters": state,
        "layouts": [{"name": r.name, "what": r.meaning} for r in readers().values()],
    }


def listing(told: Mapping[str, list[dict[str, str]]]) -> Report:
    """The offers as tables."""
    tables = [
        Table(head.capitalize(), tuple(Column(key) for key in rows[0]), tuple(tuple(row.values()) for row in rows))
        for head, rows in told.items()
    ]
    return Report("What can be timed", "", tuple(tables), ())
