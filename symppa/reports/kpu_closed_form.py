"""The closed form beside the simulation, operator by operator, as a table for a page; operators alike share a row."""

from __future__ import annotations

from collections.abc import Iterator

from symppa.kpu.simulator.operators import Operator
from symppa.kpu.simulator.timeline import Timeline
from symppa.reports.kpu import bound, spoken

HEAD = ("operators", "what", "closed form", "simulated", "ratio", "arrays and lanes", "longest for")
SLACK = 0.1


def page_table(timeline: Timeline) -> str:
    """A table in Markdown, and the total below it."""
    rows = [HEAD, tuple("---" for _ in HEAD), *_rows(timeline)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _rows(timeline: Timeline) -> Iterator[tuple[str, ...]]:
    alike: dict[tuple[str, ...], list[str]] = {}
    timed = [one for one in timeline.operators if one.cycles]
    for one in timed:
        alike.setdefault(_row(one), []).append(one.op.id)
    for row, names in alike.items():
        yield (f"`{names[0]}`" + (f" and {len(names) - 1} more" if len(names) > 1 else ""), *row)
    due, took = sum(one.op.estimated_cycles for one in timed), timeline.cycles
    worked = sum(one.work["compute_cycles"] for one in timed)
    yield ("**all**", "", f"**{due}**", f"**{took}**", f"**{took / due:.4f}**", f"{100 * worked / took:.1f} %", "")


def _row(one: Operator) -> tuple[str, ...]:
    due, worked = one.op.estimated_cycles, one.work["compute_cycles"] / one.cycles
    return spoken(one.op), str(due), str(one.cycles), f"{one.cycles / due:.4f}", f"{100 * worked:.1f} %", bound(one.op)
