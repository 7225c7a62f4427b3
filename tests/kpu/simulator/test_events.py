"""Tasks on resources: worked cases, and what holds of any tasks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.kpu.simulator.events import CELLS, DRAM, L2, RESOURCES, Tasks, played


def spans(found):
    return list(zip(found.task.tolist(), found.start.tolist(), found.end.tolist(), strict=True))


def test_a_chain_runs_from_end_to_end():
    tasks = Tasks()
    first = tasks.add(DRAM, 10, (0, 0))
    second = tasks.add(L2, 4, (0, 0), [first])
    tasks.add(CELLS, 6, (0, 0), [second])
    assert spans(played(tasks)) == [(0, 0, 10), (1, 10, 14), (2, 14, 20)]


def test_two_resources_work_at_the_same_time_and_one_takes_turns():
    tasks = Tasks()
    tasks.add(DRAM, 10, (0, 0))
    tasks.add(L2, 4, (0, 0))
    tasks.add(DRAM, 5, (1, 0))
    assert sorted(spans(played(tasks))) == [(0, 0, 10), (1, 0, 4), (2, 10, 15)]


def test_what_is_due_earlier_takes_the_bus_and_the_other_goes_on_afterwards():
    tasks = Tasks()
    tasks.add(DRAM, 10, (9, 0))
    start = tasks.add(L2, 3, (0, 0))
    tasks.add(DRAM, 2, (1, 0), [start])
    found = played(tasks)
    assert spans(found) == [(0, 0, 3), (1, 0, 3), (2, 3, 5), (0, 5, 12)] or spans(found) == [
        (1, 0, 3), (0, 0, 3), (2, 3, 5), (0, 5, 12),
    ]  # fmt: skip
    assert found.interrupted == 1


def test_a_task_without_time_only_passes_on():
    tasks = Tasks()
    first = tasks.add(DRAM, 10, (0, 0))
    nothing = tasks.add(CELLS, 0, (0, 0), [first, None])
    tasks.add(L2, 1, (0, 0), [nothing])
    assert spans(played(tasks)) == [(0, 0, 10), (2, 10, 11)]


def test_nothing_to_do_takes_no_time():
    assert not len(played(Tasks()).end)


@st.composite
def graphs(draw):
    tasks = Tasks()
    for number in range(draw(st.integers(1, 40))):
        before = draw(st.lists(st.integers(0, number - 1), max_size=3)) if number else []
        cycles = draw(st.sampled_from([0, 1, 2.5, 7, 30]))
        tasks.add(draw(st.sampled_from(RESOURCES)), cycles, (draw(st.integers(0, 50)), 0), before)
    return tasks


@given(graphs())
def test_every_task_gets_its_time_after_those_before_it_and_no_resource_does_two_things(tasks):
    found = played(tasks)
    count = len(tasks.cycles)
    got = np.bincount(found.task, found.end - found.start, count)
    assert got == pytest.approx(tasks.cycles)
    ends, starts = np.zeros(count), np.full(count, np.inf)
    np.maximum.at(ends, found.task, found.end)
    np.minimum.at(starts, found.task, found.start)
    for number, behind in enumerate(tasks.behind):
        for one in behind:
            assert starts[one] >= ends[number]
    where = np.array(tasks.resource)[found.task]
    for resource in RESOURCES:
        mine = np.flatnonzero(where == resource)
        order = mine[np.argsort(found.start[mine], kind="stable")]
        assert np.all(found.start[order][1:] >= found.end[order][:-1])


@given(graphs())
def test_a_resource_with_a_ready_task_is_never_idle_so_one_resource_alone_takes_the_sum(tasks):
    tasks.resource = [DRAM] * len(tasks.resource)
    assert played(tasks).end.max(initial=0) == pytest.approx(sum(tasks.cycles))
