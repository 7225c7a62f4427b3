"""The simulation against the closed form: never below, equal where nothing contends, near where the buses suffice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.kpu import KPUConfig, KPUPrecision, MemoryConfig
from symppa.kpu.compiler import compiled
from symppa.kpu.cost import estimated
from symppa.kpu.passes.tile import tile
from symppa.kpu.simulator.operators import courses
from tests.kpu.made import by_chance, residual, transformer
from tests.kpu.test_tile import SMALL, convolution, convolutions, matrices, others, pool, program

TIGHT = KPUConfig(memory=MemoryConfig(sram_l1_bytes=16384, sram_l2_bytes=24576))
WIDE = KPUConfig(memory=MemoryConfig(dram_bandwidth_gbps=2560.0, sram_bandwidth_gbps=25600.0))


def simulated(made):
    return courses(tile(made))[0]


def agrees(one):
    """Every byte and operation of the tiles is in the estimates, and the time is no less than the bound."""
    told = one.op.estimates
    assert one.work["dram_traffic"] == pytest.approx(told["dram_bytes"])
    assert one.work["l2_traffic"] == pytest.approx(told["l2_bytes"])
    assert one.work["macs"] == pytest.approx(told["macs"])
    assert one.work["vector_ops"] == pytest.approx(told["vector_ops"])
    assert one.work["compute_cycles"] >= told["compute_cycles"] * (1 - 1e-9)
    assert one.cycles >= one.op.estimated_cycles


@settings(max_examples=25, deadline=None)
@given(st.one_of(convolutions(), others()))
def test_no_operator_is_faster_than_its_bound_and_no_byte_is_lost(made):
    one = simulated(made)
    agrees(one)
    told = one.op.estimates
    most = told["compute_cycles"] + told["dram_cycles"] + told["l2_cycles"] + one.work["compute_cycles"]
    assert one.cycles <= np.ceil(most)  # whole cycles


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("config", [SMALL, None], ids=["small", "swkpu"])
def test_no_network_is_faster_than_its_bound_weights_that_come_early_included(seed, config):
    for one in courses(compiled(by_chance(seed, config=config), "int8")):
        if one.course is not None:
            agrees(one)


@pytest.mark.parametrize("precision", [KPUPrecision.INT4, KPUPrecision.BF16, KPUPrecision.POSIT16])
def test_a_network_is_within_a_tenth_where_the_buses_suffice(precision):
    config = KPUConfig(supported_precisions=list(KPUPrecision), memory=WIDE.memory)
    every = courses(compiled(residual(config, precision), precision))
    for one in every:
        if one.course is not None:
            agrees(one)
    assert sum(one.cycles for one in every) <= 1.1 * sum(one.op.estimated_cycles for one in every)


@pytest.mark.parametrize(
    "made",
    [
        convolution(1, 16, 10, 10, 16, 1),
        matrices(32, 64, 48),
        pool(1, 16, 12, 12, 2, 2, 0),
        program("Relu", [(1, 8, 20, 20)], (1, 8, 20, 20), weights=()),
        program("Softmax", [(4, 50)], (4, 50), weights=(), axis=-1),
        program("Transpose", [(4, 6, 10)], (10, 6, 4), weights=(), perm=[2, 1, 0]),
    ],
)
def test_one_tile_alone_takes_what_the_closed_form_says(made):
    one = simulated(made)
    if one.op.estimates["tiles"] == 1:
        assert one.cycles == one.op.estimated_cycles
    else:
        assert one.cycles <= 1.1 * one.op.estimated_cycles


def test_with_one_buffer_everything_takes_turns_and_takes_the_sum():
    made = tile(convolution(1, 64, 56, 56, 64, 3, 1, 1))
    op = made.ops[0]
    single = estimated(replace(made, ops=[replace(op, tiling=replace(op.tiling, double_buffer=False))]))
    one = courses(single)[0]
    told = one.op.estimates
    assert one.cycles == single.ops[0].estimated_cycles
    assert one.course.time == pytest.approx(told["compute_cycles"] + told["dram_cycles"] + told["l2_cycles"])
    assert one.cycles > courses(made)[0].cycles


@pytest.mark.parametrize(
    ("made", "bytes_moved"),
    [
        (matrices(1, 4096, 1024), 1024 + 4096 * 1024 + 4096),
        (matrices(8, 2048, 512), 8 * 512 + 512 * 2048 + 8 * 2048),
        (convolution(1, 1024, 7, 7, 512, 1), 1024 * 49 + 512 * 1024 + 512 * 49),
    ],
    ids=["gemm 1x4096x1024", "gemm 8x2048x512", "conv 1x1 1024 to 512 on 7x7"],
)
def test_a_product_bound_by_the_memory_waits_for_its_bytes(made, bytes_moved):
    one = simulated(made)
    due = bytes_moved / 51.2
    stall = one.course.time - one.work["compute_cycles"]
    assert one.work["dram_traffic"] == bytes_moved
    assert due <= one.course.time <= 1.1 * due
    # The bus is busy all the time but while the last tile goes to L1, is worked on and leaves.
    tail = one.course.tiles[-1].cycles + one.op.estimates["last_out"] + one.op.estimates["first_in"]
    assert due - one.work["compute_cycles"] <= stall <= due - one.work["compute_cycles"] + tail
    assert stall > 0.3 * one.course.time


def test_half_the_bandwidth_makes_a_product_bound_by_the_memory_wait_twice_as_long():
    def times(gbps):
        made = matrices(1, 4096, 1024)
        made.target_config = KPUConfig(memory=MemoryConfig(dram_bandwidth_gbps=gbps))
        return simulated(made).course.time

    assert times(12.8) == pytest.approx(2 * times(25.6), rel=0.05)


def test_operators_alike_are_played_once():
    every = [one.course for one in courses(compiled(residual(TIGHT), "int8")) if one.course is not None]
    assert len(every) > 5
    net = compiled(transformer(), "int8")
    assert len({id(one.course) for one in courses(net) if one.course}) < sum(op.tiling is not None for op in net.ops)
