"""Weights that come while the operator before is at work."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from symppa.kpu import KPUConfig, KPUPrecision, MemoryConfig
from symppa.kpu.liveness import l2_room
from symppa.kpu.passes import PASSES, applied
from symppa.kpu.passes.allocate import tile_bytes
from symppa.kpu.passes.prefetch import paced, prefetch
from tests.kpu.made import Made, residual, transformer

BEFORE = PASSES[: PASSES.index("prefetch")]


@pytest.fixture(scope="module", params=[residual, transformer], ids=["residual", "transformer"])
def program(request):
    return applied(request.param(), BEFORE)


def test_bytes_come_early_but_none_is_moved_twice(program):
    found = prefetch(program)
    told = found.facts["prefetch"]
    early = sum(op.estimates.get("early_bytes", 0) for op in found.ops)
    assert early == sum(op.estimates.get("prefetch_bytes", 0) for op in found.ops) == told["bytes"] > 0
    moved = [sum(op.estimates["dram_bytes"] for op in one.ops) for one in (program, found)]
    assert moved[0] == pytest.approx(moved[1])


def test_the_operator_that_fetches_takes_no_longer_and_none_does(program):
    found = prefetch(program)
    for before, after in zip(program.ops, found.ops, strict=True):
        assert after.estimated_cycles <= before.estimated_cycles
        assert after.estimated_cycles + 1 >= max(
            after.estimates[name] for name in ("compute_cycles", "dram_cycles", "l2_cycles")
        )
    saved = sum(op.estimated_cycles for op in program.ops) - sum(op.estimated_cycles for op in found.ops)
    assert found.facts["prefetch"]["cycles_saved"] == saved > 0
    assert found.estimated_total_cycles == sum(op.estimated_cycles for op in found.ops)
    assert found.estimated_total_energy_uj < program.estimated_total_energy_uj  # idle for less long


def test_what_comes_early_lies_above_tiles_and_below_what_stays(program):
    found = prefetch(program)
    room, held = l2_room(found), {op.id: [] for op in found.ops}
    timed = [op for op in found.ops if op.tiling is not None]
    for op, following in pairwise(timed):
        if op.prefetch:
            start, size = op.estimates["prefetch_address"], op.estimates["prefetch_bytes"]
            assert following.estimates["early_bytes"] == size
            assert set(op.prefetch) <= set(following.input_ids)
            for one in (op, following):
                assert tile_bytes(one)[1] <= start <= start + size <= room[one.id]
                held[one.id].append((start, start + size))
    for blocks in held.values():
        for (_, end), (start, _) in pairwise(sorted(blocks)):
            assert end <= start


def test_distances_tell_whose_weights_run_ahead(program):
    for op in prefetch(program).ops:
        if op.tiling is not None:
            assert op.tiling.prefetch_distance == (1 if op.estimates.get("early_bytes") else 0)


def test_times_that_follow_from_what_is_moved_are_those_of_the_tiler(program):
    timed = [op for op in program.ops if op.tiling is not None]
    for before, after in zip(timed, paced(program, timed), strict=True):
        assert after.estimated_cycles == before.estimated_cycles
        assert after.estimated_energy_pj == pytest.approx(before.estimated_energy_pj)
        assert after.estimates == pytest.approx(before.estimates)


def test_a_bus_without_time_brings_nothing_early():
    slow = KPUConfig(memory=MemoryConfig(dram_bandwidth_gbps=0.01))
    program = applied(residual(slow), BEFORE)
    assert prefetch(program).facts["prefetch"] == {"operators": 0, "bytes": 0, "cycles_saved": 0}


def test_an_operator_that_works_in_turn_with_its_transfers_fetches_nothing(program):
    many = {"tiles": 2.0}
    ops = [
        op if op.tiling is None
        else replace(op, tiling=replace(op.tiling, double_buffer=False), estimates={**op.estimates, **many})
        for op in program.ops
    ]  # fmt: skip
    assert prefetch(replace(program, ops=ops)).facts["prefetch"]["bytes"] == 0


def test_weights_that_are_there_already_are_not_fetched_again():
    net = Made(precision=KPUPrecision.FP16)
    x, weight = net.input(8, 64), net.const(64, 64)
    for _ in range(3):
        x = net.op("MatMul", x, weight)
    found = prefetch(applied(net.done(x), BEFORE))
    assert [op.prefetch for op in found.ops] == [[], [], []]
