"""Laws with fitted coefficients, by hand."""

import math

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.library.laws.measured import Achieved, Measured, MeasuredGemm
from symppa.library.laws.measured_attention import MeasuredAttention
from symppa.library.laws.measured_cores import CachedMemory, MeasuredCores
from symppa.library.laws.measured_energy import MeasuredEnergy
from symppa.library.laws.measured_network import MeasuredNetwork
from symppa.library.laws.measured_rows import MeasuredCollective, MeasuredRows, MeasuredStream, MeasuredSubgraph
from symppa.library.laws.smooth_ratio import Nearness, SmoothRatio

DEVICE = {"bandwidth": "1000 GB/s", "units": 10, "start": "2 us"}
FLAT = {"memory.first": "1 KiB", "memory.spacing": 16, "memory.shares": [0.5, 0.5]}


def test_achieved_shares_lie_straight_between_knots_in_logarithms():
    given = {"first": "1 KiB", "spacing": 16, "shares": [0.1, 0.4, 0.9]}
    run = compile(Achieved(), ("last", "place", "share"))
    found = run(given | {"moved": np.array([1.0, 1024.0, 4096.0, 16384.0, 1e12])})
    assert np.all(found["last"] == 2)
    assert found["place"] == pytest.approx([0, 0, 0.5, 1, 2])
    assert found["share"] == pytest.approx([0.1, 0.1, math.sqrt(0.1 * 0.4), 0.4, 0.9])


GEMM = DEVICE | FLAT | {
    "rows": 200, "columns": 300, "depth": 1000, "repeats": 2, "traffic": "4 MB", "peak": "10 TFLOPS",
    "tile_rows": [128], "tile_columns": [64], "pieces": [4], "efficiency": 0.8, "half_tile": 10, "lead": 50,
    "sharpness": 1,
}  # fmt: skip


def test_measured_gemm_is_waves_of_tiles_beside_memory():
    assert issubclass(MeasuredGemm, Measured)
    names = ("cut", "waves", "intensity", "unit_rate", "compute", "partial", "transfer", "latency", "length")
    found = compile(MeasuredGemm(), names)(GEMM)
    waves = math.ceil(2 * 5 * 2 * 4 / 10)  # ceil(200/128) by ceil(300/64) tiles of 2 products in 4 pieces
    intensity = 128 * 64 / 192
    rate = 10e12 / 10 * 0.8 * intensity / (intensity + 10)
    compute = waves * 2 * 128 * 64 * (250 + 50) / rate
    partial = 4 * 200 * 300 * 2 * 8
    transfer = (4e6 + partial) / (1e12 * 0.5)
    assert found["cut"] == 4
    assert found["waves"] == waves == 8
    assert found["intensity"] == pytest.approx(intensity)
    assert found["unit_rate"] == pytest.approx(rate / 1e12)
    assert found["compute"] == pytest.approx(compute * 1e6)
    assert found["partial"] == pytest.approx(partial)
    assert found["transfer"] == pytest.approx(transfer * 1e6)
    assert found["latency"] == pytest.approx(2 + (compute + transfer) * 1e6)
    assert found["length"] == pytest.approx(math.log(2 + (compute + transfer) * 1e6))


def test_measured_gemm_tells_where_a_product_lies():
    found = compile(MeasuredGemm(), ("tall", "wide", "deep", "crowd", "load", "fill"))(GEMM)
    assert found["tall"] == pytest.approx(math.log(400))
    assert (found["wide"], found["deep"]) == pytest.approx((math.log(300), math.log(1000)))
    assert found["crowd"] == pytest.approx(2 * 3 * 2 / 10)
    assert found["load"] == pytest.approx(math.log(1.2))
    assert found["fill"] == pytest.approx(0.6)


def test_a_depth_that_is_too_short_is_not_cut():
    found = compile(MeasuredGemm(), ("cut", "partial"))(GEMM | {"depth": 255})
    assert (found["cut"], found["partial"]) == (1, 0)


def test_a_larger_menu_never_slows_a_measured_gemm():
    run, sizes = compile(MeasuredGemm(), "latency"), {"rows": 2.0 ** np.arange(13)}
    more = {"tile_rows": [128, 32, 64], "tile_columns": [64, 32, 256], "pieces": [4, 1]}
    assert np.all(run(GEMM | sizes | more)["latency"] <= run(GEMM | sizes)["latency"])


def test_faster_memory_never_slows_a_measured_gemm():
    run = compile(MeasuredGemm(), "latency")
    found = run(GEMM | {"bandwidth": np.geomspace(1, 1e5, 40), "sharpness": 3})["latency"]
    assert np.all(np.diff(found) <= 0)


def test_measured_attention_by_hand():
    given = DEVICE | FLAT | {
        "batch": 3, "queries": 1, "context": 1000, "heads": 8, "kv_heads": 2, "width": 64, "seen": 1000,
        "furthest": 1000, "traffic": "1 MB", "peak": "10 TFLOPS", "block_rows": [16], "pieces": [4], "packed": 4,
        "efficiency": 0.5, "boost": 2, "lead": 20, "joining": "3 us", "sharpness": 1,
    }  # fmt: skip
    names = (
        "together",
        "cut",
        "count",
        "waves",
        "key_compute",
        "key_transfer",
        "keys",
        "passing",
        "transfer",
        "latency",
    )
    found = {name: float(np.ravel(value)[0]) for name, value in compile(MeasuredAttention(), names)(given).items()}
    key_compute = 2 * 2 * 16 * 64 / (10e12 / 10 * 0.5)
    key_transfer = 2 * 64 * 2 / (2 * 1e12 / 10)
    keys = 3 * 250 + 3 * 20
    assert (found["together"], found["cut"]) == (4, 4)
    assert found["count"] == 3 * 2 * 1 * 4
    assert found["waves"] == 3
    assert found["key_compute"] == pytest.approx(key_compute * 1e6)
    assert found["key_transfer"] == pytest.approx(key_transfer * 1e6)
    assert found["keys"] == keys
    assert found["passing"] == pytest.approx(keys * max(key_compute, key_transfer) * 1e6)
    assert found["transfer"] == pytest.approx(2)
    assert found["latency"] == pytest.approx(2 + found["passing"] + 2 + 3)
    places = compile(MeasuredAttention(), ("many", "shared", "long", "near", "broad", "load"))(given)
    wanted = {"many": 6, "shared": 4, "long": 1000, "near": 1000, "broad": 64, "load": 2.4}
    assert {name: math.exp(value) for name, value in places.items()} == pytest.approx(wanted)


def test_measured_stream_is_a_start_and_bytes():
    found = compile(MeasuredStream(), ("transfer", "latency", "amount"))(DEVICE | FLAT | {"traffic": "5 MB"})
    assert found["transfer"] == pytest.approx(10)
    assert found["latency"] == pytest.approx(12)
    assert found["amount"] == pytest.approx(math.log(5e6))


def test_a_stream_hides_its_start_as_far_as_the_overlap_says():
    run = compile(MeasuredStream(), ("transfer", "latency"))
    given = DEVICE | FLAT | {"traffic": "5 MB"}
    both = run(given | {"overlap": 2})
    start, transfer = run(given)["latency"] - both["transfer"], both["transfer"]
    assert both["latency"] == pytest.approx((start**2 + transfer**2) ** 0.5)


def test_measured_rows_waits_for_the_busiest_unit():
    given = DEVICE | FLAT | {
        "traffic": "5 MB", "rows": 201, "width": 100, "held": 10, "row_start": "1 us", "element_time": "10 ns",
        "sharpness": 1,
    }  # fmt: skip
    found = compile(MeasuredRows(), ("waves", "passing", "latency", "tall", "wide"))(given)
    assert found["waves"] == 3
    assert found["passing"] == pytest.approx(3 * (1 + 1))
    assert found["latency"] == pytest.approx(2 + 6 + 10)
    assert (found["tall"], found["wide"]) == pytest.approx((math.log(201), math.log(100)))


def test_measured_subgraph_starts_every_operator():
    given = DEVICE | FLAT | {
        "traffic": "5 MB", "ops": "8 MFLOP", "nodes": 3, "peak": "1 TFLOPS", "efficiency": 0.5, "half_work": "2 MFLOP",
        "node_start": "4 us", "sharpness": 1,
    }  # fmt: skip
    found = compile(MeasuredSubgraph(), ("compute", "latency", "work", "intensity"))(given)
    assert found["compute"] == pytest.approx(20)
    assert found["latency"] == pytest.approx(2 + 12 + 20 + 10)
    assert found["work"] == pytest.approx(math.log(8e6))
    assert found["intensity"] == pytest.approx(math.log(8 / 5))


def test_measured_collective_is_a_ring():
    given = DEVICE | {"sent": "3 MB", "steps": 6, "link_bandwidth": "300 GB/s", "link_latency": "1 us"}
    assert compile(MeasuredCollective(), "latency")(given)["latency"] == pytest.approx(2 + 10 + 6)


def test_cached_memory_misses_half_where_the_cache_is_as_full_as_it_gets():
    given = {
        "read": "6 MB", "written": "4 MB", "bandwidth": "10 GB/s", "capacity": "5 MB", "reach": 2, "share": 0.5,
        "speedup": 4, "writing": 3,
    }  # fmt: skip
    found = compile(CachedMemory(), ("crowding", "missed", "time"))(given)
    assert found["crowding"] == pytest.approx(1)
    assert found["missed"] == pytest.approx(0.5)
    assert found["time"] == pytest.approx(0.5 * 10e6 / 40e9 * 1e6 + 0.5 * (6e6 + 12e6) / 5e9 * 1e6)


def test_measured_cores_by_hand():
    given = DEVICE | {
        "ops": "10 MFLOP", "read": "1 byte", "written": "4 MB", "peak": "1 TFLOPS", "efficiency": 0.5, "nodes": 2,
        "node_start": "1 us", "sharpness": 1, "memory.capacity": "1 GB", "memory.reach": 1, "memory.share": 1,
        "memory.speedup": 2, "memory.writing": 1,
    }  # fmt: skip
    found = compile(MeasuredCores(), ("compute", "latency", "work", "amount", "output"))(given)
    assert found["compute"] == pytest.approx(20)
    assert found["latency"] == pytest.approx(2 + 2 + 20 + 2, rel=1e-5)
    assert found["work"] == pytest.approx(math.log(1e7))
    assert found["amount"] == pytest.approx(math.log(4e6 + 1))
    assert found["output"] == pytest.approx(math.log(4e6))


def test_measured_network_is_its_launches_or_its_work():
    given = DEVICE | {
        "launches": 100, "convolved": "2 GFLOP", "other": "1 GFLOP", "traffic": "5 MB", "peak": "1 TFLOPS",
        "convolution_peak": "4 TFLOPS", "efficiency": 0.5, "convolution_efficiency": 0.25, "share": 0.5,
        "launch": "50 us", "sharpness": 1,
    }  # fmt: skip
    found = compile(MeasuredNetwork(), ("launching", "working", "latency", "size", "work"))(given)
    assert found["launching"] == pytest.approx(5000)
    assert found["working"] == pytest.approx(2000 + 2000 + 10)
    assert found["latency"] == pytest.approx(2 + 5000 + 4010)
    assert (found["size"], found["work"]) == pytest.approx((math.log(100), math.log(3e9)))


def test_measured_energy_adds_work_bytes_and_time():
    given = {
        "ops": "1e6 op", "traffic": "1e6 byte", "latency": "10 us", "op_energy": "2 pJ/op",
        "byte_energy": "30 pJ/byte", "static_power": "5 W",
    }  # fmt: skip
    found = compile(MeasuredEnergy(), ("energy", "length"))(given)
    assert found["energy"] == pytest.approx(2 + 30 + 50)
    assert found["length"] == pytest.approx(math.log(82))


def test_nearness_falls_with_distance_as_its_slope_says():
    run = compile(Nearness(), ("reach", "likeness", "slope"))
    apart = np.array([0.1, 0.5, 2.0])
    found = run({"apart": apart, "height": 0.3})
    reach = np.sqrt(3 * apart)
    assert found["reach"] == pytest.approx(reach)
    assert found["likeness"] == pytest.approx(0.3 * (1 + reach) * np.exp(-reach))
    step = (run({"apart": apart + 1e-6, "height": 0.3})["likeness"] - found["likeness"]) / 1e-6
    assert found["slope"] == pytest.approx(step, rel=1e-3)


def test_a_smooth_ratio_is_one_far_from_its_anchors():
    given = {
        "anchor": [[0.0, 0.0], [1.0, 0.0]], "weight": [2.0, -1.0], "height": [0.25], "closeness": [[1.0, 4.0]],
    }  # fmt: skip
    run = compile(SmoothRatio(), ("logarithm", "ratio"))
    near, far = run(given | {"place": [0.0, 0.0]}), run(given | {"place": [100.0, 0.0]})
    wanted = 0.25 * (2 - (1 + math.sqrt(3)) * math.exp(-math.sqrt(3)))
    assert near["logarithm"] == pytest.approx(wanted)
    assert near["ratio"] == pytest.approx(math.exp(wanted))
    assert far["ratio"] == pytest.approx(1)
