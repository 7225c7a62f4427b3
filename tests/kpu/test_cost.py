"""What operators cost: worked cases through the models, and what a program says of itself."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import pytest

from symppa.errors import KPUError
from symppa.kpu import KPUConfig, KPUOp, KPUPrecision, KPUProgram, KPUTensor
from symppa.kpu.cost import BOUNDS, PARTS_OF_ENERGY, TOLD, chosen_loops, estimated, machine, varied
from symppa.kpu.hardware import costs
from symppa.kpu.loops import FREE, PRODUCT, STREAM, WAYS, WORK, loops
from symppa.kpu.passes.tile import tile
from symppa.kpu.shapes import SHAPES
from symppa.kpu.walk import stays, steps
from tests.kpu.test_tile import convolution, matrices, pool, product_of_batches, program


def one(made):
    return tile(made).ops[0]


def test_the_machine_is_that_of_the_configuration():
    found = machine(KPUConfig(), PRODUCT, KPUPrecision.FP16)
    assert found["pace.dram_bandwidth"] == pytest.approx(25.6e9 / 500e6)
    assert found["pace.l2_bandwidth"] == pytest.approx(256e9 / 500e6)
    assert found["lanes"] == 16 * 16
    assert (found["arrays"], found["kept_sums.fold.rate"]) == (16, 0.5)
    assert set(machine(KPUConfig(), STREAM, KPUPrecision.INT8)) == {"lanes", "pace.dram_bandwidth", "pace.l2_bandwidth"}


def test_every_operator_that_has_a_shape_has_a_cost():
    priced = {*WAYS, *FREE}
    assert set(SHAPES) <= priced
    assert set(WORK) >= set(WAYS) - {"Conv", "Gemm", "MatMul"}


def test_a_product_bound_by_memory_takes_as_long_as_its_bytes():
    op = one(matrices(1, 1000, 512))
    moved = 512 + 512 * 1000 + 1000
    assert op.estimates["dram_bytes"] == moved
    assert op.estimated_cycles == ceil(moved / 51.2)
    assert op.attributes["bound"] == "dram"


def test_a_convolution_bound_by_the_arrays_is_near_their_peak():
    op = one(convolution(1, 64, 56, 56, 64, 3, 1, 1))
    macs = 56 * 56 * 64 * 64 * 9
    assert op.estimates["macs"] == macs
    assert op.attributes["bound"] == "compute"
    assert macs / 4096 <= op.estimates["compute_cycles"] <= op.estimated_cycles <= 1.15 * macs / 4096


def test_sixteen_bits_take_the_arrays_twice_as_long():
    short, long = (
        one(convolution(1, 64, 56, 56, 64, 3, 1, 1, precision=precision)).estimates["compute_cycles"]
        for precision in (KPUPrecision.INT8, KPUPrecision.FP16)
    )
    assert 1.8 * short <= long <= 2.05 * short


def test_energy_is_that_of_the_costs_of_the_chip():
    op = one(convolution(1, 64, 56, 56, 64, 3, 1, 1))
    known, told = costs(KPUConfig(), KPUPrecision.INT8), op.estimates
    assert told["mac_energy"] == pytest.approx(told["macs"] * known.mac_energy)
    assert told["vector_energy"] == pytest.approx(told["vector_ops"] * known.vector_energy)
    assert told["dram_energy"] == pytest.approx(told["dram_bytes"] * known.dram_energy)
    assert told["l2_energy"] == pytest.approx(told["l2_bytes"] * known.l2_energy)
    assert told["l1_energy"] == pytest.approx(told["l1_bytes"] * known.l1_energy)
    assert told["idle_energy"] == pytest.approx(0.5 * op.estimated_cycles / 500e6 * 1e12)
    assert op.estimated_energy_pj == pytest.approx(sum(told[name] for name in PARTS_OF_ENERGY))
    watts = op.estimated_energy_pj * 1e-12 / (op.estimated_cycles / 500e6)
    assert 0.5 < watts < 5


def test_every_estimate_is_there():
    op = one(pool(1, 64, 112, 112, 3, 2, 1))
    assert set(op.estimates) == {*TOLD, *PARTS_OF_ENERGY}
    assert op.attributes["bound"] in BOUNDS
    assert op.estimates["vector_ops"] == 64 * 56 * 56 * 9


@pytest.mark.parametrize(
    ("made", "read", "written"),
    [
        (program("Add", [(1, 8, 20, 20), (1, 8, 20, 20)], (1, 8, 20, 20), weights=()), 6400, 3200),
        (program("Add", [(1, 8, 20, 20), (8, 1, 1)], (1, 8, 20, 20)), 3200 + 8, 3200),
        (program("Softmax", [(12, 197, 197)], (12, 197, 197), axis=-1), 465708, 465708),
        (program("LayerNormalization", [(197, 768), (768,), (768,)], (197, 768), axis=-1), 151296 + 1536, 151296),
        (program("GlobalAveragePool", [(1, 512, 7, 7)], (1, 512, 1, 1)), 25088, 512),
        (program("Transpose", [(4, 6, 10)], (10, 6, 4), perm=[2, 1, 0]), 240, 240),
        (program("Concat", [(1, 3, 8, 8), (1, 5, 8, 8)], (1, 8, 8, 8), axis=1), 512, 512),
        (program("Resize", [(1, 4, 10, 10)], (1, 4, 20, 20), scales=[1, 1, 2, 2]), 400, 1600),
        (pool(2, 4, 9, 9, 3, 3, 0), 648, 72),
        (convolution(1, 16, 10, 10, 16, 1), 1600 + 256, 1600),
        (product_of_batches(12, 20, 20, 8), 12 * 320, 12 * 400),
        (convolution(1, 8, 12, 12, 8, 3, 2, 1, 8), 1152 + 72, 288),
    ],
)  # fmt: skip
def test_what_fits_comes_once_and_goes_once(made, read, written):
    op = one(made)
    assert op.estimates["dram_bytes"] == read + written
    assert op.estimates["l2_bytes"] >= read + written


def test_an_epilogue_is_read_beside_the_results_and_worked_on_by_the_lanes():
    plain = convolution(1, 16, 10, 10, 16, 1)
    add = {"op_type": "Add", "inputs": ["r"], "attributes": {}}
    relu = {"op_type": "Relu", "inputs": [], "attributes": {}}
    op = plain.ops[0]
    fused = replace(
        plain,
        tensors={**plain.tensors, "r": KPUTensor("r", "r", (1, 16, 10, 10), "int8")},
        ops=[replace(op, input_ids=[*op.input_ids, "r"], attributes={**op.attributes, "epilogue": [add, relu]})],
    )
    before, after = one(plain).estimates, one(fused).estimates
    assert after["dram_bytes"] - before["dram_bytes"] == 1600
    assert after["vector_ops"] - before["vector_ops"] == 2 * 1600


def test_estimates_follow_tiles_that_are_changed():
    done = tile(matrices(64, 64, 640))
    tiling = replace(done.ops[0].tiling, tile_sizes={"M": 16, "N": 16, "K": 40})
    worse = estimated(replace(done, ops=[replace(done.ops[0], tiling=tiling)]))
    assert worse.ops[0].estimates["tiles"] == 4 * 4 * 16
    assert worse.estimated_total_cycles > done.estimated_total_cycles


def test_the_walk_goes_through_every_tile_in_the_order_of_the_loops():
    done = tile(matrices(40, 40, 40))
    tiling = replace(
        done.ops[0].tiling, tile_sizes={"M": 20, "N": 16, "K": 40}, l2_tile_sizes={"M": 40, "N": 40, "K": 40},
        loop_order=["N", "K", "M"], l2_loop_order=["N", "K", "M"],
    )  # fmt: skip
    loop = chosen_loops(done, done.ops[0])
    walked = list(steps(loop, tiling))
    assert [(s.box["N"].start, s.box["M"].start) for s in walked] == [(0, 0), (0, 20), (16, 0), (16, 20), (32, 0),
                                                                      (32, 20)]  # fmt: skip
    assert stays(loop, tiling.loop_order) == "right"
    assert [sorted(s.to_l1) for s in walked] == [["left", "right"], ["left"]] * 3
    assert [s.begins for s in walked] == [True] + [False] * 5
    assert stays(loop, ["M", "K", "N"]) == "left"
    assert stays(loop, ["M", "N", "K"]) == ""


def test_one_output_along_a_list_is_the_same_as_one_by_one():
    made = matrices(64, 48, 80)
    loop = loops(made, made.ops[0])[0]
    base = {**machine(KPUConfig(), PRODUCT, KPUPrecision.INT8), **loop.values, "groups.whole": 1, "images.whole": 1,
            "columns.whole": 1, "outputs.inner": 16, "channels.inner": 80}  # fmt: skip
    import numpy as np

    columns = {"lines.inner": np.array([16.0, 32.0, 64.0])}
    found = varied(PRODUCT, base, columns, "tiles")
    assert list(found) == [4 * 3, 2 * 3, 3]


def test_an_empty_program_costs_nothing():
    made = KPUProgram("none", "1", "", "", KPUConfig(), KPUPrecision.INT8)
    assert (tile(made).estimated_total_cycles, tile(made).estimated_total_energy_uj) == (0, 0)


def test_what_no_model_knows_is_an_error_of_the_kpu():
    made = program("Add", [(4,), (4,)], (4,))
    with pytest.raises(KPUError, match="Unsupported operators: Frobnicate"):
        loops(made, KPUOp("f", "Frobnicate", ["t0"], ["y"]))
