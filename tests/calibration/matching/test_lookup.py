"""What is known of a primitive: qualities, intervals, and what stands in for what."""

import math

import numpy as np
import pytest

from symppa.calibration.fitting.calibrate import fit
from symppa.calibration.matching.lookup import Calibration, Known, Quality, Status, entry_of, status
from symppa.calibration.matching.mapping import Primitive
from symppa.calibration.matching.primitive import primitives
from symppa.calibration.matching.stand_in import FORMAT, MODE, half_of
from symppa.calibration.profiles.profile import Profile, save
from symppa.errors import MeasurementError
from symppa.workloads.yaml import loads
from tests.calibration.made import GPU, products

NET = """
workload: some
inputs: {x: [1, 64, 56, 56], q: [12, 200, 64], k: [12, 64, 200]}
operators:
  - [conv, Conv2d, [x], {out: 64, kernel: 3, padding: 1}]
  - [scores, MatMul, [q, k]]
  - [soft, Softmax, [scores]]
"""


@pytest.fixture(scope="module")
def rows():
    return products(60, noise=0.05)


@pytest.fixture(scope="module")
def profile(rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("profiles") / "made.yaml"
    save(Profile(GPU.name, "2026-01-02", (fit(rows, GPU),)), path)
    return path


@pytest.fixture(scope="module")
def known(profile):
    return Calibration.of(GPU.name, [profile])


def gemm(m, n, k, **more):
    return Primitive(
        "one", "gemm", {"m": float(m), "n": float(n), "k": float(k)}, ops=2.0 * m * n * k, bytes=1.0, **more
    )


def of(name):
    graph = loads(NET)
    return primitives(graph, next(one for one in graph.operators if one.name == name), {}, "fp16")[0]


def test_a_size_that_was_measured_is_exact_and_others_inside_are_interpolated(known, rows):
    row = rows.rows[0]
    exact = known.match(Primitive("one", "gemm", row.shape, ops=1.0, bytes=1.0), "fp16")
    assert (exact.quality, exact.status, exact.why) == (Quality.EXACT, Status.CALIBRATED, "")
    between = known.match(gemm(777, 1111, 999), "fp16")
    assert (between.quality, between.entry) == (Quality.SIZE_INTERPOLATED, "gemm_m=777_k=999_n=1111")
    assert 0 < between.half < 0.5
    assert between.outside == 0


def test_far_outside_there_is_a_time_and_no_interval(known):
    found = known.match(gemm(10**6, 10**6, 10**6), "fp16")
    assert (found.quality, found.status) == (Quality.SIZE_EXTRAPOLATED, Status.APPROXIMATED)
    assert math.isnan(found.half)
    assert found.seconds > 0
    assert "outside" in found.why


def test_so_many_take_so_many_times_as_long(known):
    one, seven = known.matches([gemm(512, 512, 512), gemm(512, 512, 512, count=7.0)], "fp16")
    assert seven.seconds == pytest.approx(7 * one.seconds)
    assert one.efficiency == pytest.approx(2 * 512**3 / one.seconds / GPU.peak)


def test_a_neighbouring_format_is_approximated_and_said(known):
    own, other = known.match(gemm(777, 1111, 999), "fp16"), known.match(gemm(777, 1111, 999), "bf16")
    assert (other.quality, other.why) == (Quality.OP_APPROXIMATED, "fp16 stands in for the format")
    assert other.half == pytest.approx(math.hypot(own.half, FORMAT))
    assert other.seconds == pytest.approx(own.seconds, rel=1e-6)  # the peaks of both are the same


def test_another_power_mode_is_never_exact(rows):
    board = fit(rows, GPU)
    other = Calibration(GPU.name, [Known(board, "made")])
    found = other.match(Primitive("one", "gemm", rows.rows[0].shape, ops=1.0, bytes=1.0), "fp16", "boost")
    assert found.quality is Quality.EXACT  # the usual one, which rows without a mode are of
    from dataclasses import replace

    eco = Calibration(GPU.name, [Known(replace(board, power_mode="eco"), "made")])
    away = eco.match(Primitive("one", "gemm", rows.rows[0].shape, ops=1.0, bytes=1.0), "fp16", "boost")
    assert (away.quality, away.why) == (Quality.OP_APPROXIMATED, "measured in power mode eco")
    assert away.half == pytest.approx(math.hypot(found.half, MODE), rel=1e-6)


def test_a_convolution_is_told_as_an_implicit_product_with_its_own_bytes(known):
    found = known.match(of("conv"), "fp16")
    assert (found.quality, found.proxy) == (Quality.OP_APPROXIMATED, "gemm")
    assert found.why.startswith("gemm stands in for conv2d")
    assert found.entry == "gemm_m=3136_k=576_n=64"
    copied = known.match(gemm(3136, 64, 576), "fp16")
    assert found.seconds <= copied.seconds * (1 + 1e-9)  # an input that is read once is less than its copies


def test_products_side_by_side_share_the_device(known):
    found = known.match(of("scores"), "fp16")
    single = known.match(gemm(200, 200, 64), "fp16")
    assert found.proxy == "gemm"
    assert single.seconds < found.seconds < 6 * single.seconds


def test_what_nothing_stands_in_for_is_missing(known):
    found = known.match(of("soft"), "fp16")
    assert (found.quality, found.status, found.fit) == (Quality.MISSING, Status.MISSING, None)
    assert math.isnan(found.seconds)
    assert "softmax" in found.why


def test_many_are_as_one_by_one_and_the_same_again(known):
    asked = [gemm(2**k, 640, 320) for k in range(1, 12)]
    together = known.matches(asked, "fp16")
    fresh = [Calibration(GPU.name, known.known).match(one, "fp16") for one in asked]
    assert [one.seconds for one in together] == pytest.approx([one.seconds for one in fresh], rel=1e-12)
    assert [one.seconds for one in known.matches(asked, "fp16")] == [one.seconds for one in together]


def test_a_profile_of_another_device_is_refused_unless_it_is_lent(profile):
    with pytest.raises(MeasurementError, match="is a calibration of a100_sxm_80gb, not of t4; --borrow a100_sxm_80gb"):
        Calibration.of("t4", [profile])
    lent = Calibration.of("t4", borrowed="a100_sxm_80gb")
    found = lent.match(gemm(777, 1111, 999), "fp16")
    assert (found.donor, found.status) == ("a100_sxm_80gb", Status.CALIBRATED)
    assert "borrowed from a100_sxm_80gb" in found.why
    own = Calibration.of("a100_sxm_80gb").match(gemm(777, 1111, 999), "fp16")
    assert found.half >= own.half
    assert found.quality is not Quality.EXACT
    with pytest.raises(MeasurementError, match="t4 has no calibration to lend"):
        Calibration.of("a40", borrowed="t4")


def test_statuses_follow_from_qualities():
    assert [status(one) for one in Quality] == [
        Status.CALIBRATED, Status.CALIBRATED, Status.APPROXIMATED, Status.APPROXIMATED, Status.MISSING,
    ]  # fmt: skip


def test_an_entry_names_what_varies():
    shape = {"batch": 1, "channels": 3, "filters": 64, "height": 8, "width": 8, "kernel": 3, "stride": 2, "groups": 1}
    assert entry_of("conv2d", Primitive("", "conv2d", shape)).endswith("_kernel=3_stride=2")


def test_standing_in_is_as_far_off_as_it_was_seen_to_be():
    assert half_of("conv2d", "gemm") == 1.15
    assert half_of("softmax", "relu") == 1.2
    assert np.isfinite(half_of("maxpool2d", "gemm"))
