"""What number formats cost trained networks, as people read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symppa.reports.report import Column, Line, Report, Table

SHOWN = 5  # operators of a ranking
MEASURES = ("worst", "relative", "softmax")
HEADS = (
    Column("network"), Column("format"), Column("seed", numeric=True), Column("part"),
    Column("max d / max ref", "", True),
    Column("relative L2", "", True), Column("softmax, 99th", "", True), Column("before", "percent", True),
    Column("after", "percent", True), Column("at 16 bits", "", True),
)  # fmt: skip


def report(told: Mapping[str, Any]) -> Report:
    """Differences of answers, accuracy before and after, the operators that lose most, and what was wanted."""
    rows: Sequence[Mapping[str, Any]] = told["rows"]
    tables = [Table("", HEADS, tuple(_row(one, part) for one in rows for part in one["differences"]))]
    ranked = [one for one in rows if one["operators"]]
    if ranked:
        heads = (Column("network"), Column("format"), Column("seed", numeric=True), Column("operators that lose most"))
        tables.append(Table("alone at few bits", heads, tuple(_ranking(one) for one in ranked)))
    if told["goals"]:
        wanted = (Column("network"), Column("format"), Column("worst", "", True), Column("wanted"), Column("seeds"),
                 Column("met"))  # fmt: skip
        tables.append(Table("wanted of max d / max ref, worst of all seeds", wanted, tuple(map(_goal, told["goals"]))))
    lines = tuple(
        Line(name, f"{one['epochs']} epochs of {one['data']}, {one['side']} x {one['side']} pixels; {one['hash']}")
        for name, one in told["networks"].items()
    )
    return Report("accuracy in each number format", "trained networks, held-out pictures", tuple(tables), lines)


def _row(one: Mapping[str, Any], part: str) -> tuple[str, ...]:
    far = one["differences"][part]
    told = [f"{far[name]:.2g}" if name in far else "" for name in MEASURES]
    shares = [f"{100 * one[name]:.1f}" for name in ("task_before", "task_after")]
    rest = [*shares, str(len(one["kept"]))] if part == "all" else [""] * 3
    return (one["network"], one["precision"], str(one["seed"]), part, *told, *rest)


def _ranking(one: Mapping[str, Any]) -> tuple[str, ...]:
    most = list(one["operators"].items())[:SHOWN]
    return (
        one["network"], one["precision"], str(one["seed"]), ", ".join(f"{name} {apart:.2g}" for name, apart in most)
    )  # fmt: skip


def _goal(one: Mapping[str, Any]) -> tuple[str, ...]:
    told = (f"{one['worst']:.2g}", f"< {one['wanted']:g}", ", ".join(map(str, one["seeds"])))
    return (one["network"], one["precision"], *told, "yes" if one["met"] else "no")
