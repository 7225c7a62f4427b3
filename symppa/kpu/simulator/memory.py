"""Every transfer of a run: when it begins, over which bus and which way, from or to which address, how many bytes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symppa.kpu.simulator.events import CELLS, DRAM
from symppa.kpu.simulator.places import Places
from symppa.kpu.simulator.timeline import Timeline

WAYS = ("dram_read", "dram_write", "l2_read", "l2_write")


class Access(NamedTuple):
    """A transfer: `what` is dram_read, dram_write, l2_read or l2_write."""

    cycle: int
    what: str
    address: int
    size: int
    operator: str
    tile: int


def accesses(timeline: Timeline) -> list[Access]:
    """Transfers in the order in which they begin; whole bytes, whose sums are those of the run."""
    found: list[Access] = []
    so_far = dict.fromkeys(WAYS, 0.0)
    for number, one in enumerate(timeline.operators):
        if one.course is None or one.loop is None:
            continue
        course, places = one.course, Places(timeline.program, one.op, one.loop)
        tasks = np.unique(course.played.task)
        starts = np.full(len(course.jobs), np.inf)
        np.minimum.at(starts, course.played.task, course.played.start)
        for task in tasks[np.argsort(starts[tasks], kind="stable")].tolist():
            resource, job = int(course.resource[task]), course.jobs[task]
            if resource == CELLS:
                continue
            what = f"{'dram' if resource == DRAM else 'l2'}_{job.way}"
            cycle = int(timeline.starts[number] + starts[task])
            for address, size in places.moved(job, course.tiles[job.tile], resource):
                before = round(so_far[what])
                so_far[what] += size
                found.append(Access(cycle, what, address, round(so_far[what]) - before, one.op.id, job.tile))
    return found
