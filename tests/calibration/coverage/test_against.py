from __future__ import annotations

import math

import pytest

from symppa.calibration.coverage.against import against
from symppa.calibration.coverage.coverage import coverage
from symppa.calibration.measurement import Campaign, Measurement
from symppa.calibration.measurement import Measurements as Table
from symppa.errors import MeasurementError
from tests.calibration.coverage.covering import DEVICE, GEMMS, NORM, fitted, network, profile, rows_of


@pytest.fixture
def found(tmp_path):
    fits = (fitted("gemm", GEMMS), fitted("layernorm", NORM))
    return coverage(network(), DEVICE, precision="fp16", profiles=[profile(tmp_path, *fits)])


def seconds(found):
    return {part.operation: part.seconds for part in found.parts}


def test_the_share_of_all_error_is_that_of_the_seconds_between(found):
    told = seconds(found)
    rows = rows_of("gemm", GEMMS, seconds=[told["up"] * 2, told["down"] + 3 * told["up"]])
    held = against(found, rows)
    up, down = sorted(held.operations, key=lambda one: one.measured)
    assert (up.name, down.name) == ("up", "down")
    assert up.error == pytest.approx(-50)
    assert [held.share(one) for one in (up, down)] == pytest.approx([25, 75])
    assert held.total.measured == pytest.approx(sum(rows.latency))
    assert held.mape == pytest.approx((abs(up.error) + abs(down.error)) / 2)
    assert set(held.left) == {"norm", "sum", "share0"}


def test_patterns_add_up_what_their_operations_are_off(found):
    told = seconds(found)
    names = dict(zip(("up", "down"), GEMMS, strict=True))
    rows = rows_of("gemm", names.values(), seconds=[1.5 * told["up"], 0.5 * told["down"]])
    rows = rows + rows_of("layernorm", NORM, seconds=2 * told["norm"])
    held = against(found, rows)
    assert math.fsum(held.share(one) for one in held.patterns) == pytest.approx(100)
    for one in held.patterns:
        inside = [other for other in held.operations if other.pattern == one.pattern]
        assert one.measured == pytest.approx(math.fsum(other.measured for other in inside))
        assert held.share(one) == pytest.approx(math.fsum(held.share(other) for other in inside))


def test_a_linear_layer_is_the_product_that_it_is(found):
    held = against(found, rows_of("linear", GEMMS, seconds=1e-3))
    assert {one.name for one in held.operations} == {"up", "down"}


def test_several_rows_of_one_size_count_with_their_median(found):
    rows = rows_of("gemm", [GEMMS[0]] * 3, seconds=[1e-3, 2e-3, 90.0])
    (one,) = against(found, rows).operations
    assert one.measured == 2e-3


def whole(op, **more):
    shape = {"batch": 1.0} | more.pop("shape", {})
    return Measurement(Campaign(DEVICE), op, shape, "fp16", more.pop("latency"), network="small", **more)


def test_a_whole_network_is_held_against_the_sum(found):
    rows = Table((whole("network", latency=1e-3),)) + rows_of("gemm", GEMMS)
    held = against(found, rows)
    assert held.network.measured == 1e-3
    assert held.network.estimated == pytest.approx(found.seconds)


def test_a_measured_subgraph_counts_before_its_operations(found):
    step = next(step for step in found.steps if step.pattern.startswith("LayerNorm_Linear_GELU"))
    rows = Table((whole("subgraph", latency=1e-3, pattern=step.pattern, part="0", shape={"ops": 1.0, "bytes": 1.0}),))
    held = against(found, rows + rows_of("gemm", GEMMS))
    (one,) = [one for one in held.operations if one.pattern == step.pattern]
    assert (one.measured, one.estimated) == (1e-3, pytest.approx(step.seconds))
    twice = Table(rows.rows * 2)
    with pytest.raises(MeasurementError, match=r"2 subgraphs .* were measured, the graph has 1"):
        against(found, twice)


def test_rows_of_nothing_in_the_network_are_refused_with_what_is_needed(found):
    with pytest.raises(MeasurementError, match="is an operation of small at its sizes: needed are rows of add, gemm"):
        against(found, rows_of("gemm", [{"m": 1, "n": 1, "k": 1}]))


def test_rows_of_another_device_are_refused(found):
    with pytest.raises(MeasurementError, match="no rows of a100_sxm_80gb; there are rows of l40s"):
        against(found, rows_of("gemm", GEMMS, device="l40s"))


def test_rows_of_modes_that_the_registry_does_not_know_are_not_mixed(found):
    rows = rows_of("gemm", GEMMS, mode="quiet") + rows_of("gemm", GEMMS, mode="loud")
    with pytest.raises(MeasurementError, match="measured in 'loud', 'quiet': keep those of one mode"):
        against(found, rows)
    assert against(found, rows_of("gemm", GEMMS, mode="quiet")).notes == ("measured in power mode quiet",)


def test_rows_of_another_power_profile_are_refused(tmp_path):
    board = "jetson_orin_agx_64gb"
    place = profile(tmp_path, fitted("gemm", GEMMS, device=board), device=board)
    found = coverage(network(), board, precision="fp16", power_profile="30W", profiles=[place])
    with pytest.raises(MeasurementError, match="was measured in 30W: there are rows in 50W; choose one"):
        against(found, rows_of("gemm", GEMMS, mode="50W", device=board))
    both = rows_of("gemm", GEMMS, mode="50W", device=board) + rows_of("gemm", GEMMS[:1], mode="30w", device=board)
    assert [one.name for one in against(found, both).operations] == ["up"]
