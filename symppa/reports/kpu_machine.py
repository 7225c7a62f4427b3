"""A KPU as people read it: its configuration, to be edited and loaded again, and the operators that it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symppa.errors import QuestionError
from symppa.kpu import hardware
from symppa.kpu.interface.config import EXTRA_OPS, KPUConfig
from symppa.kpu.loops import FREE, MOVES, WORK
from symppa.reports.report import Column, Line, Report, Table

ARRAYS = ("Conv", "Gemm", "MatMul")
BESIDE = "what networks of today need beside them"
# What descriptions have no room for.
UNTOLD = ("version", "max_tensor_dims", "max_batch_size", "native_ops")
UNTOLD_MEMORY = ("cache_line_bytes", "l1_associativity", "l2_associativity")


def as_yaml(config: KPUConfig) -> str:
    """A description that gives this configuration again under the name of its file; refused where it could not."""
    default = KPUConfig()
    lost = [name for name in UNTOLD if getattr(config, name) != getattr(default, name)]
    lost += [name for name in UNTOLD_MEMORY if getattr(config.memory, name) != getattr(default.memory, name)]
    if lost:
        raise QuestionError(f"descriptions have no room for {', '.join(lost)} of {config.name}: --json has all of it")
    chip: Mapping[str, Any] = hardware.layer(config).root.plain["values"]["chip"]
    rates = ", ".join(f"{one.value} {config.compute.derived_tops(one):.4g} TOPS" for one in config.supported_precisions)
    lines = [
        "schema: 1",
        f"extends: {hardware.BASE}",
        f"meaning: KPU {config.name} {config.version}",
        f"# peak rates that follow: {rates}",
        "values:",
        "  chip:",
        *(f"    {name}: {_flow(value)}" for name, value in chip.items()),
    ]
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {one}" for name, one in value.items()) + "}"
    return str(value)


def operators(config: KPUConfig) -> list[dict[str, Any]]:
    """Every operator that compiles, by its name in ONNX."""
    return [
        {
            "operator": name, "listed": name in config.native_ops, "runs_on": _place(name),
            "lane_operations": float(WORK.get(name, 0.0)),
        }
        for name in config.operators
    ]  # fmt: skip


def _place(name: str) -> str:
    if name in ARRAYS:
        return "arrays"
    if name in FREE:
        return "nothing: a view, or known beforehand"
    return "buses alone" if name in MOVES else "vector lanes"


def report(config: KPUConfig) -> Report:
    """The operators as a table."""
    heads = (Column("operator"), Column("runs on"), Column("operations of a lane", "op", True), Column("listed"))
    rows = tuple(
        (one["operator"], one["runs_on"], f"{one['lane_operations']:g}", "native" if one["listed"] else "beside")
        for one in operators(config)
    )
    native = [name for name in config.operators if name in config.native_ops]
    lines = [
        Line("native", f"{len(native)} that the configuration lists; {len(rows) - len(native)} {BESIDE}"),
        Line("arrays", "a convolution of few channels to a group runs on the lanes where that is faster"),
        Line("lanes", "operations for one element; a comparison, a function and a rounding are one each"),
        Line("formats", ", ".join(one.value for one in config.supported_precisions)),
        Line("limits", f"{config.max_tensor_dims} axes, batches of {config.max_batch_size}"),
    ]
    missing = sorted(set(KPUConfig().operators) - set(config.operators) - set(EXTRA_OPS))
    if missing:
        lines.append(Line("missing", ", ".join(missing)))
    return Report(f"operators of {config.name}", "", (Table("", heads, rows),), tuple(lines))
