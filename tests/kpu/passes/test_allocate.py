"""Places in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.errors import MemoryExceededError
from symppa.kpu import KPUConfig, MemoryConfig
from symppa.kpu.interface.kinds import MemoryType
from symppa.kpu.interface.program import TileConfig
from symppa.kpu.liveness import Life, l2_room, live_bytes, lives, resident
from symppa.kpu.passes import applied
from symppa.kpu.passes.allocate import allocate, best_fit, weights
from symppa.kpu.passes.residency import residency
from tests.kpu.made import Made, by_chance, residual, transformer

BEFORE = ("fold", "fuse", "layout", "quantize", "schedule")


def config(l2=2 << 20, dram=4 << 30, l1=1 << 10):
    return KPUConfig(memory=MemoryConfig(sram_l1_bytes=l1, sram_l2_bytes=l2, dram_bytes=dram))


def overlaps(program):
    found = []
    for one in (told := lives(program)):
        for other in told:
            mine, its = (program.tensors[life.name].layout for life in (one, other))
            if one.name < other.name and one.meets(other) and mine.memory_type is its.memory_type:
                low, high = sorted([(mine.base_address, one.size), (its.base_address, other.size)])
                if low[0] + low[1] > high[0]:
                    found.append((one.name, other.name))
    return found


@given(st.integers(0, 10**6), st.integers(4, 25), st.sampled_from([1 << 10, 1 << 12, 1 << 16]))
@settings(max_examples=20, deadline=None)
def test_nothing_that_is_alive_at_once_overlaps_and_all_is_aligned(seed, length, l2):
    program = applied(by_chance(seed, length, config(l2)), BEFORE)
    found = allocate(residency(program))
    assert overlaps(found) == []
    ends = [found.tensors[name].layout.base_address + found.tensors[name].size_bytes for name in weights(found)]
    end = max(ends, default=0)  # there may be no weights
    for name, tensor in found.tensors.items():
        assert tensor.layout.base_address % tensor.layout.alignment_bytes == 0
        if tensor.layout.memory_type is MemoryType.SRAM_L2:
            assert l2 // 2 <= tensor.layout.base_address <= l2 - tensor.size_bytes
            assert {name}.isdisjoint((*found.input_ids, *found.output_ids))
        elif not tensor.is_weight:
            assert tensor.layout.base_address >= end, name
    told = found.facts["memory"]
    assert told["dram_activations_bound"] <= told["dram_activations"]
    assert found.peak_dram_bytes >= found.weight_bytes + told["dram_activations"]
    assert found.weight_bytes == sum(found.tensors[name].size_bytes for name in weights(found))


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 9), st.integers(0, 9)), max_size=14))
@settings(max_examples=200, deadline=None)
def test_places_do_not_overlap_whatever_lives_there_are(told):
    found = [Life(f"t{n}", size, min(a, b), max(a, b)) for n, (size, a, b) in enumerate(told)]
    places = best_fit(found, {one.name: 64 for one in found})
    for one in found:
        assert places[one.name] % 64 == 0
        for other in found:
            if one is not other and one.meets(other):
                assert places[one.name] + one.size <= places[other.name] or (
                    places[other.name] + other.size <= places[one.name]
                )


def test_a_second_order_is_tried_where_the_largest_first_leaves_a_gap():
    told = [
        Life("a", 3, 0, 1),
        Life("b", 4, 1, 2),
        Life("c", 3, 2, 3),
        Life("d", 4, 3, 4),
        Life("e", 5, 0, 0),
        Life("f", 4, 4, 5),
    ]
    places = best_fit(told, dict.fromkeys("abcdef", 1))
    top = max(places[one.name] + one.size for one in told)
    assert top == live_bytes(told, 6).max() == 8


def test_networks_take_no_more_than_their_fullest_moment():
    for program in (residual(), transformer()):
        told = allocate(residency(applied(program, BEFORE))).facts["memory"]
        assert told["over_bound"] == 1.0


def test_what_is_read_soon_stays_in_l2_and_what_comes_and_goes_does_not():
    found = residency(applied(residual(), BEFORE))
    staying = {life.name for life in resident(found)}
    assert staying == {life.name for life in lives(found)} - {*found.input_ids, *found.output_ids}
    views = [name for name, one in found.tensors.items() if one.layout.memory_type is MemoryType.SRAM_L2]
    assert set(views) - staying == {"flatten"}, "a view lies where what it is a view of lies"
    told = found.facts["residency"]
    assert told["saved_bytes"] == told["of_bytes"] > 0


def test_tiles_have_what_lies_below_what_stays():
    found = residency(applied(residual(), BEFORE))
    room, top = l2_room(found), found.target_config.memory.sram_l2_bytes
    for place, op in enumerate(found.ops):
        low = min(
            (found.tensors[one.name].layout.base_address for one in resident(found) if one.first <= place <= one.last),
            default=top,
        )
        assert room[op.id] == low >= top // 2


def test_a_memory_that_is_too_small_is_named():
    program = residency(applied(residual(config(dram=20 << 10)), BEFORE))
    with pytest.raises(MemoryExceededError, match=r"DRAM memory exceeded: \d+KB required, 20KB available"):
        allocate(program)


@pytest.mark.parametrize(("l1", "l2"), [(512 << 10, 0), (0, 4 << 20)])
def test_tiles_that_are_too_large_are_refused(l1, l2):
    program = residency(applied(residual(config(l1=256 << 10)), BEFORE))
    tiling = TileConfig({}, [], l1_bytes=l1, l2_bytes=l2)
    program = replace(program, ops=[replace(op, tiling=tiling) for op in program.ops])
    message = "SRAM memory exceeded: 512KB required, 256KB available" if l1 else "SRAM memory exceeded: 4"
    with pytest.raises(MemoryExceededError, match=message):
        allocate(program)


def test_the_peak_on_the_chip_is_what_stays_and_the_tiles_of_the_operator_that_runs():
    program = residency(applied(residual(), BEFORE))
    sizes = [1000 * (place + 1) for place in range(len(program.ops))]
    ops = [
        replace(op, tiling=TileConfig({}, [], l1_bytes=size, l2_bytes=7))
        for op, size in zip(program.ops, sizes, strict=True)
    ]
    staying = live_bytes(resident(program), len(ops))
    assert allocate(replace(program, ops=ops)).peak_sram_bytes == max(np.array(sizes) + 7 + staying)


def test_activations_are_counted_once_and_views_not_at_all():
    net = Made(config=config())
    x = net.input(1, 4, 4)
    program = applied(net.done(net.op("Relu", net.op("Flatten", net.op("Tanh", x), axis=1))), BEFORE)
    assert allocate(program).activation_bytes == 16 * sum(
        (1 if program.tensors[n].dtype == "int8" else 2) for n in ("x", "tanh", "relu")
    )
