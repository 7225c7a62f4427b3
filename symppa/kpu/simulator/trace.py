"""A run as events that Perfetto and Chrome's trace viewer read: a lane each for operators, arrays and the two buses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from symppa.kpu.simulator.events import CELLS, DRAM, L2
from symppa.kpu.simulator.timeline import Timeline

LANES = {CELLS: (2, "arrays and lanes"), DRAM: (3, "memory bus"), L2: (4, "L2 bus")}
OPERATORS = 1


def trace(timeline: Timeline) -> dict[str, Any]:
    """The whole run in the trace event format; times in us."""
    config = timeline.program.target_config
    events = [*_names(timeline), *_operators(timeline), *_stretches(timeline), *_power(timeline)]
    about = {"program": timeline.program.name, "config": config.name, "clock_mhz": config.compute.clock_mhz}
    return {"traceEvents": events, "displayTimeUnit": "ns", "otherData": about}


def _names(timeline: Timeline) -> Iterator[dict[str, Any]]:
    yield _told("process_name", 0, timeline.program.name)
    for thread, name in ((OPERATORS, "operators"), *LANES.values()):
        yield _told("thread_name", thread, name)


def _told(what: str, thread: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "pid": 1, "tid": thread, "name": what, "args": {"name": name}}


def _operators(timeline: Timeline) -> Iterator[dict[str, Any]]:
    clock = timeline.program.target_config.compute.clock_mhz
    for one, start in zip(timeline.operators, timeline.starts.tolist(), strict=False):
        if one.cycles:
            yield {
                "ph": "X", "pid": 1, "tid": OPERATORS, "name": one.op.id, "cat": one.op.op_type, "ts": start / clock,
                "dur": one.cycles / clock,
                "args": {"cycles": one.cycles, "bound": one.op.estimated_cycles, "energy_uj": one.energy * 1e-6},
            }  # fmt: skip


def _stretches(timeline: Timeline) -> Iterator[dict[str, Any]]:
    clock, found = timeline.program.target_config.compute.clock_mhz, timeline.stretches
    rows = zip(*(one.tolist() for one in (found.start, found.end, found.resource, found.operator, found.task)),
               strict=True)  # fmt: skip
    for start, end, resource, operator, task in rows:
        one = timeline.operators[int(operator)]
        job = one.course.jobs[int(task)] if one.course is not None else None
        if job is None:
            continue
        moved = {"bytes": job.size} if resource != CELLS else {}
        yield {
            "ph": "X", "pid": 1, "tid": LANES[int(resource)][0], "name": f"{job.what} {job.way}".strip(),
            "cat": one.op.id, "ts": start / clock, "dur": (end - start) / clock, "args": {"tile": job.tile, **moved},
        }  # fmt: skip


def _power(timeline: Timeline) -> Iterator[dict[str, Any]]:
    clock = timeline.program.target_config.compute.clock_mhz
    for cycle, watts in timeline.power(timeline.cycles):
        yield {"ph": "C", "pid": 1, "name": "power", "ts": cycle / clock, "args": {"W": watts}}
