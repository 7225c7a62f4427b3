"""What an execution of a compiled program took: cycles by what they are, bytes, energy, and each operator."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from symppa.kpu.interface.kinds import SimulationMode
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.interface.results import KPUPerformanceMetrics
from symppa.reports.kpu import spoken
from symppa.reports.network import readable
from symppa.reports.number import shown
from symppa.reports.report import Column, Line, Report, Table

LONGEST = 10  # operators that are told unasked
# Metrics with their units, and what they mean.
MEANINGS: Mapping[str, tuple[str, str]] = {
    "total_cycles": ("cycle", "time of the run in cycles"),
    "total_time_us": ("us", "time of the run"),
    "compute_cycles": ("cycle", "arrays or lanes work"),
    "memory_stall_cycles": ("cycle", "they wait for a bus"),
    "other_cycles": ("cycle", "operators that only move, and cycles not used to their end"),
    "dram_reads_bytes": ("byte", "from the memory"),
    "dram_writes_bytes": ("byte", "to the memory"),
    "sram_reads_bytes": ("byte", "from L2 to L1"),
    "sram_writes_bytes": ("byte", "from L1 to L2"),
    "l1_hits": ("1", "lines between L1 and the arrays that no transfer was for"),
    "l1_misses": ("1", "lines between L2 and L1"),
    "l2_hits": ("1", "of these, lines that were in L2 or stay there"),
    "l2_misses": ("1", "lines that moved between L2 and the memory meanwhile"),
    "average_power_watts": ("W", "average power"),
    "total_energy_uj": ("uJ", "energy of the run"),
    "energy_per_inference_mj": ("mJ", "the same for an inference"),
    "compute_utilization": ("1", "share of the arrays' peak rate"),
    "memory_bandwidth_utilization": ("1", "share of the memory's bandwidth"),
}
COLUMNS: Mapping[str, tuple[str, str]] = {
    "total_cycles": ("cycles", "cycle"), "bound": ("bound", "cycle"), "compute_cycles": ("compute", "cycle"),
    "memory_stall_cycles": ("stall", "cycle"), "other_cycles": ("other", "cycle"),
    "total_energy_uj": ("energy", "uJ"), "average_power_watts": ("power", "W"),
    "compute_utilization": ("share of peak", "1"),
}  # fmt: skip


def facts(
    program: KPUProgram,
    metrics: KPUPerformanceMetrics,
    mode: SimulationMode,
    outputs: Mapping[str, np.ndarray[Any, Any]],
    batch: int = 1,
) -> dict[str, Any]:
    """Everything there is to tell, as plain data."""
    told = {one.name: getattr(metrics, one.name) for one in fields(metrics) if one.name != "op_metrics"}
    told["energy_per_inference_mj"] = metrics.energy_per_inference_mj / batch
    return {
        "program": program.name, "config": program.target_config.name, "precision": program.precision.value,
        "mode": mode.value, "batch": batch, "metrics": told, "bound_cycles": program.estimated_total_cycles,
        "units": {name: unit for name, (unit, _) in MEANINGS.items()},
        "outputs": {name: _told(value) for name, value in outputs.items()},
        "ops": [
            {"op": op.id, "operator": spoken(op), "bound": op.estimated_cycles, **metrics.op_metrics.get(op.id, {})}
            for op in program.ops
        ],
    }  # fmt: skip


def _told(value: np.ndarray[Any, Any]) -> dict[str, Any]:
    """What an output is, without its numbers."""
    finite = value[np.isfinite(value)] if value.dtype.kind == "f" else value
    ends = {"least": float(finite.min()), "most": float(finite.max())} if finite.size else {}
    digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
    return {"shape": list(value.shape), "dtype": str(value.dtype), **ends, "sha256": digest}


def report(found: Mapping[str, Any]) -> Report:
    """Metrics, and the operators that take longest."""
    rows = tuple((name, _shown(found["metrics"][name], unit), meaning) for name, (unit, meaning) in MEANINGS.items())
    tables = [Table("", (Column("metric"), Column("value", numeric=True), Column("meaning")), rows)]
    timed = [row for row in found["ops"] if row.get("total_cycles")]
    longest = sorted(timed, key=lambda row: -row["total_cycles"])[:LONGEST]
    if longest:
        tables.append(_operators(longest))
    meaning = f"{found['program']} in {found['precision']} on {found['config']}, {found['mode']}"
    return Report(found["program"], meaning, tuple(tables), _lines(found))


def _shown(value: float, unit: str) -> str:
    if unit in ("1", "cycle"):
        return (f"{value:.0f}" if float(value).is_integer() else shown(value)) + (" cycles" if unit == "cycle" else "")
    return readable(value, unit)


def _operators(rows: list[Mapping[str, Any]]) -> Table:
    heads = [Column(head, "" if unit in ("1", "cycle") else unit, True) for head, unit in COLUMNS.values()]
    cells = tuple(
        (row["op"], row["operator"], *(_number(row[name]) for name in COLUMNS)) for row in rows
    )  # fmt: skip
    return Table("the longest operators, in cycles", (Column("op"), Column("operator"), *heads), cells, drops=True)


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else shown(value)


def _lines(found: Mapping[str, Any]) -> tuple[Line, ...]:
    whole, bound = found["metrics"]["total_cycles"], found["bound_cycles"]
    outs = ", ".join(f"{name} {'x'.join(map(str, one['shape']))}" for name, one in found["outputs"].items())
    lines = [Line("outputs", outs)] if outs else []
    if found["mode"] == SimulationMode.FUNCTIONAL.value:
        lines.append(Line("time", "approximate: the bound of the cost model; --mode cycle_accurate plays every tile"))
    elif bound:
        lines.append(
            Line("bound", f"{bound} cycles by the cost model; the run takes {shown(whole / bound)} times that")
        )
    return tuple(lines)


def exactly(found: Mapping[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """Operators with all digits."""
    names = list(dict.fromkeys(name for row in found["ops"] for name in row))
    return names, [[row.get(name, "") for name in names] for row in found["ops"]]
