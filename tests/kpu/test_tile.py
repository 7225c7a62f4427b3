"""The tiles of operators: they fit, cover, are proved, and their estimates are what a count of tiles finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.errors import MemoryExceededError, UnsupportedOpError
from symppa.kpu import ComputeConfig, KPUConfig, KPUOp, KPUPrecision, KPUProgram, KPUTensor, MemoryConfig, MemoryType
from symppa.kpu.cost import chosen_loops, evaluated, tile_values
from symppa.kpu.loops import PRODUCT, STREAM, loops
from symppa.kpu.menus import cuts, divisors, sizes, thinned
from symppa.kpu.passes.tile import GAP, Tiler, best_of, tile
from tests.kpu.counted import Counted

SMALL = KPUConfig(
    name="small",
    memory=MemoryConfig(sram_l1_bytes=2048, sram_l2_bytes=8192),
    compute=ComputeConfig(
        systolic_rows=4, systolic_cols=4, num_arrays=2, vector_lanes=4, tops_int8=0.032, tops_fp16=0.016,
        tops_posit8=0.024,
    ),
)  # fmt: skip


def program(op_type, shapes, out, config=None, precision=KPUPrecision.INT8, weights=(1,), **attributes):
    """One operator on tensors of the format of the arrays."""
    names = [f"t{k}" for k in range(len(shapes))]
    tensors = {
        name: KPUTensor(name, name, tuple(shape), precision.value, is_weight=k in weights)
        for k, (name, shape) in enumerate(zip(names, shapes, strict=True))
    }
    tensors["y"] = KPUTensor("y", "y", tuple(out), precision.value)
    op = KPUOp("one", op_type, names, ["y"], attributes)
    made = KPUProgram("made", "1", "", "", config or KPUConfig(), precision, [op], tensors, [names[0]], ["y"])
    assert made.target_config.validate() == []
    return made


def convolution(b, c, h, w, f, k, stride=1, pad=0, group=1, dilation=1, **more):
    reach = dilation * (k - 1) + 1
    high, wide = ((size + 2 * pad - reach) // stride + 1 for size in (h, w))
    return program(
        "Conv", [(b, c, h, w), (f, c // group, k, k)], (b, f, high, wide), kernel_shape=[k, k],
        strides=[stride] * 2, pads=[pad] * 4, dilations=[dilation] * 2, group=group, **more,
    )  # fmt: skip


def matrices(m, n, k, **more):
    return program("Gemm", [(m, k), (k, n)], (m, n), **more)


def product_of_batches(g, m, n, k, **more):
    return program("MatMul", [(1, g, m, k), (1, g, k, n)], (1, g, m, n), **more)


def pool(b, c, h, w, k, stride, pad, **more):
    high, wide = ((size + 2 * pad - k) // stride + 1 for size in (h, w))
    return program(
        "MaxPool", [(b, c, h, w)], (b, c, high, wide), kernel_shape=[k, k], strides=[stride] * 2, pads=[pad] * 4, **more
    )


@st.composite
def convolutions(draw):
    group = draw(st.sampled_from([1, 1, 1, 2]))
    k = draw(st.integers(1, 5))
    dilation = draw(st.integers(1, 2))
    reach = dilation * (k - 1) + 1
    h, w = (draw(st.integers(reach, 24)) for _ in range(2))
    channels, filters = (group * draw(st.integers(1, 24)) for _ in range(2))
    pad = draw(st.one_of(st.integers(0, (reach - 1) // 2), st.integers(0, 24)))  # wider than a kernel or a tile, too
    stride = draw(st.integers(1, 3))
    return convolution(
        draw(st.integers(1, 3)), channels, h, w, filters, k, stride, pad, group, dilation, config=SMALL,
        precision=draw(st.sampled_from([KPUPrecision.INT8, KPUPrecision.FP16])),
    )  # fmt: skip


@st.composite
def others(draw):
    n = draw(st.integers(1, 60))
    what = draw(st.sampled_from(["gemm", "matmul", "pool", "depthwise", "add", "softmax", "norm", "mean", "turn"]))
    size = draw(st.integers(3, 20))
    match what:
        case "gemm":
            return matrices(n, draw(st.integers(1, 90)), draw(st.integers(1, 300)), config=SMALL)
        case "matmul":
            return product_of_batches(draw(st.integers(1, 6)), n, size, draw(st.integers(1, 60)), config=SMALL)
        case "pool":
            return pool(1, n, size, size + 3, 3, draw(st.integers(1, 2)), draw(st.integers(0, 1)), config=SMALL)
        case "depthwise":
            return convolution(1, n + 1, size, size + 1, n + 1, 3, draw(st.integers(1, 2)), 1, n + 1, config=SMALL)
        case "add":
            return program("Add", [(n, size, 9), (n, size, 9)], (n, size, 9), config=SMALL, weights=())
        case "softmax":
            return program("Softmax", [(n, size, 7)], (n, size, 7), config=SMALL, axis=draw(st.integers(0, 2)))
        case "norm":
            return program("LayerNormalization", [(n, size), (size,), (size,)], (n, size), config=SMALL, axis=-1)
        case "mean":
            return program("ReduceMean", [(n, size, 9)], (n, 1, 1), config=SMALL, axes=[1, 2])
    return program("Transpose", [(n, size, 5)], (5, size, n), config=SMALL, perm=[2, 1, 0])


def check(made):
    """Every law of a tiling: room, cover, estimates equal to a count, the bound below what was found."""
    done = tile(made)
    (op,) = done.ops
    loop, memory, told = chosen_loops(done, op), made.target_config.memory, op.tiling
    assert told.l1_bytes <= memory.sram_l1_bytes
    assert told.l2_bytes <= memory.sram_l2_bytes
    counted = Counted(made.target_config, loop, told)
    assert (counted.covered == 1).all()
    results = made.tensors["y"].elements
    if loop.kind == PRODUCT or op.op_type in ("Conv", "Add", "MaxPool", "Transpose"):
        assert counted.covered.size == results
    found = counted.found
    assert op.estimates["tiles"] == found["tiles"]
    assert op.estimates["l2_bytes"] == pytest.approx(found["l2"], rel=1e-12)
    assert op.estimates["dram_bytes"] == pytest.approx(found["dram"], rel=1e-12)
    copies = 2 if told.double_buffer and found["tiles"] > 1 else 1
    assert copies * counted.most["operands"] <= told.l1_bytes + 1e-9
    if loop.kind == PRODUCT:
        assert min(found[name] for name in ("os", "ws", "is")) == found[told.dataflow]
        assert op.estimates["compute_cycles"] >= found[told.dataflow]
        assert found[told.dataflow] == pytest.approx(evaluated_of(done, op)["array_cycles"])
        assert copies * counted.most["operands"] + 4 * counted.most["results"] <= told.l1_bytes + 1e-9
        assert counted.most["outer"] <= told.l2_bytes + 1e-9
    else:
        assert op.estimates["compute_cycles"] == found["compute"]
    certificate = told.certificate
    assert 0 < certificate["bound"] <= certificate["value"]
    assert certificate["value"] == pytest.approx(evaluated_of(done, op)["pace.cycles"])
    assert op.estimated_cycles == np.ceil(certificate["value"])
    return op


def evaluated_of(made, op):
    loop = chosen_loops(made, op)
    return evaluated(made.target_config, [(loop, tile_values(loop, op.tiling))])[0]


@settings(max_examples=40, deadline=None)
@given(made=convolutions())
def test_tiles_of_a_convolution_fit_cover_it_once_and_cost_what_a_count_finds(made):
    check(made)


@settings(max_examples=40, deadline=None)
@given(made=others())
def test_tiles_of_any_other_operator_do_so_too(made):
    check(made)


@pytest.mark.parametrize(
    ("made", "tier"),
    [
        (convolution(1, 16, 14, 14, 32, 3, 1, 1), "l1"),
        (convolution(1, 64, 56, 56, 64, 3, 1, 1), "l2"),
        (convolution(1, 512, 7, 7, 512, 3, 1, 1), "dram"),
        (matrices(197, 3072, 768), "dram"),
    ],
)
def test_the_tier_is_the_least_memory_that_holds_an_operator(made, tier):
    op = check(made)
    assert op.tiling.tier == tier
    assert op.tiling.certificate["proved"]
    whole = {side.letter: side.whole for side in chosen_loops(made, op).sides}
    assert (op.tiling.l2_tile_sizes == whole) == (tier != "dram")


def test_the_tiles_of_a_layer_of_resnet_are_those_of_the_study():
    from symppa.library.systems.kpu_product import TiledProduct
    from symppa.studies.design import design

    made = convolution(1, 64, 56, 56, 64, 3, 1, 1)
    tiler = Tiler(made.target_config, loops(made, made.ops[0])[0], 2**21)
    free = {name: {"choices": found} for name, found in tiler._menu().items()}
    values = {**tiler.fixed, **tiler.wholes, "buffers": 2}
    values = {name: value for name, value in values.items() if name not in free}
    found = design(
        system=TiledProduct(), values=values, minimize="pace.rank", subject_to={"l1_room": "<= 262144 byte"}, free=free,
        explain=False,
    )  # fmt: skip
    tiling = tiler.run().tiling
    assert found.facts["status"] == "optimal"
    assert evaluated(made.target_config, [(tiler.loop, tile_values(tiler.loop, tiling))])[0][
        "pace.rank"
    ] == pytest.approx(found["pace.rank"])


def test_no_other_tile_of_a_small_product_is_faster_than_the_bound():
    made = matrices(20, 18, 40, config=SMALL)
    tiler = Tiler(SMALL, loops(made, made.ops[0])[0], 8192)
    told = tiler.run().tiling.certificate
    rows = [
        {"lines.inner": m, "outputs.inner": n, "channels.inner": k, "lines.wish": a, "outputs.wish": b,
         "channels.wish": c, "buffers": buffers}
        for m in (4, 8, 12, 20) for n in (4, 8, 12, 18) for k in (1, 7, 10, 14, 20, 40)
        for a in (m, 20) for b in (n, 18) for c in (k, 40) for buffers in (1, 2)
    ]  # fmt: skip
    found = evaluated(SMALL, [(tiler.loop, row) for row in rows])
    fitting = [one["pace.cycles"] for one in found if one["l1_room"] <= 2048 and one["l2_room"] <= 8192]
    assert len(fitting) > 100
    assert min(fitting) >= told["bound"] - 1e-9
    assert told["value"] <= min(fitting) * (1 + GAP)


def test_alike_operators_are_searched_once_and_share_nothing():
    made = matrices(64, 64, 64)
    twin = replace(made.ops[0], id="two", output_ids=["z"])
    both = replace(made, ops=[made.ops[0], twin], tensors={**made.tensors, "z": KPUTensor("z", "z", (64, 64), "int8")})
    done = tile(both)
    first, second = done.ops
    assert done.facts["tile"]["searches"] == 1
    assert first.tiling == second.tiling
    assert first.tiling.tile_sizes is not second.tiling.tile_sizes
    assert made.ops[0].tiling is None
    assert done.estimated_total_cycles == 2 * first.estimated_cycles
    assert done.estimated_total_energy_uj == pytest.approx(2e-6 * first.estimated_energy_pj)


def test_what_stays_in_l2_is_not_brought_from_memory():
    made = convolution(1, 64, 28, 28, 64, 1)
    layout = replace(made.tensors["t0"].layout, memory_type=MemoryType.SRAM_L2, base_address=1 << 20)
    inside = replace(made, tensors={**made.tensors, "t0": replace(made.tensors["t0"], layout=layout)})
    far, near = (tile(one).ops[0].estimates["dram_bytes"] for one in (made, inside))
    assert far - near == 64 * 28 * 28


def test_depthwise_filters_run_on_the_lanes_and_wide_groups_on_the_arrays():
    depthwise = tile(convolution(1, 64, 28, 28, 64, 3, 1, 1, 64)).ops[0]
    wide = tile(convolution(1, 64, 28, 28, 64, 3, 1, 1, 2)).ops[0]
    assert depthwise.tiling.dataflow == ""
    assert wide.tiling.dataflow in ("os", "ws", "is")
    assert wide.tiling.tile_sizes["G"] in (1, 2)


def test_views_have_no_tiles_and_cost_nothing():
    op = tile(program("Reshape", [(4, 6)], (24,), shape=[24])).ops[0]
    assert (op.tiling, op.estimated_cycles, op.estimated_energy_pj) == (None, 0, 0.0)


def test_an_operator_whose_least_tile_does_not_fit_is_refused_with_its_name():
    made = program("Softmax", [(2, 5000)], (2, 5000), config=SMALL, axis=1)
    message = "^SRAM memory exceeded: 10KB required, 2KB available in L1 by operator one$"
    with pytest.raises(MemoryExceededError, match=message):
        tile(made)


def test_an_operator_without_a_model_is_refused():
    with pytest.raises(UnsupportedOpError, match="Unsupported operators: InstanceNorm"):
        tile(program("InstanceNorm", [(1, 4, 8, 8)], (1, 4, 8, 8)))


def test_room_left_in_l2_may_be_told():
    made = convolution(1, 64, 56, 56, 64, 3, 1, 1)
    narrow = replace(made, ops=[replace(made.ops[0], attributes={**made.ops[0].attributes, "l2_room": 100_000})])
    op = tile(narrow).ops[0]
    assert op.tiling.tier == "dram"
    assert op.tiling.l2_bytes <= 100_000


def test_sizes_are_those_where_the_number_of_tiles_changes():
    assert cuts(10) == sorted({-(-10 // trips) for trips in range(1, 11)})
    assert cuts(5041) == sorted({-(-5041 // trips) for trips in range(1, 5042)})
    assert divisors(36) == [1, 2, 3, 4, 6, 9, 12, 18, 36]
    made = matrices(40, 100, 64)
    loop = loops(made, made.ops[0])[0]
    found = {side.letter: sizes(loop, side, made.target_config) for side in loop.sides}
    assert found["N"] == [16, 17, 20, 25, 32, 34, 48, 50, 64, 100]
    assert min(found["M"]) == min(found["K"]) == 16


def test_a_long_menu_keeps_its_ends():
    found = thinned({"a": list(range(1, 1001)), "b": [1, 2]}, 300)
    assert (found["a"][0], found["a"][-1], found["b"]) == (1, 1000, [1, 2])
    assert len(found["a"]) * 2 <= 300


def test_the_best_way_is_taken():
    made = convolution(1, 8, 12, 12, 8, 3, 1, 1, 8, config=SMALL)
    ways = loops(made, made.ops[0])
    assert {way.kind for way in ways} == {PRODUCT, STREAM}
    every = [Tiler(SMALL, way, 8192).run().cycles for way in ways]
    assert best_of(SMALL, ways, 8192).certificate["value"] == min(every)
