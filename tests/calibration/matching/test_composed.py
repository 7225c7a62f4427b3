"""A network from its parts: what the sum is, and how far off it may be."""

import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from symppa.calibration.fitting.calibrate import fit
from symppa.calibration.fitting.network_fit import fit_measured, size_of
from symppa.calibration.matching.composed import Part, compose, composed, half_of
from symppa.calibration.matching.lookup import Calibration, Known, Match, Quality, Status
from symppa.calibration.matching.mapping import Primitive
from symppa.calibration.matching.stand_in import COMPOSITION, uncalibrated
from symppa.calibration.readers import read
from symppa.errors import MeasurementError
from symppa.workloads import reading
from symppa.workloads.table import table
from symppa.workloads.yaml import loads
from tests.calibration.made import GPU, products

DATA = Path(os.environ.get("SYMPPA_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
NET = """
workload: some
sizes: {batch: 1}
inputs: {t: [batch, 512, 1024]}
operators:
  - [a, Linear, {out: 4096}]
  - [bend, GELU]
  - [b, Linear, {out: 1024}]
  - [norm, LayerNorm, {shape: [1024]}]
  - [c, Linear, {out: 1024}]
  - [flat, Flatten]
  - [soft, Softmax]
"""


@pytest.fixture(scope="module")
def gemm():
    return fit(products(60, noise=0.05), GPU)


@pytest.fixture(scope="module")
def known(gemm):
    return Calibration(GPU.name, [Known(gemm, "made")])


@pytest.fixture(scope="module")
def made():
    return table(loads(NET), [{"batch": 1}, {"batch": 4}])


def match(seconds, half, fit_=None, quality=Quality.SIZE_INTERPOLATED):
    return Match(Primitive("one", "gemm", {}), quality, fit_, seconds=seconds, half=half)


def part(*matches):
    return Part(Quality.SIZE_INTERPOLATED, matches, sum(one.seconds for one in matches))


def test_parts_are_looked_up_and_what_rides_along_costs_nothing(made, known):
    found = compose(made, known, "fp16")
    a_gelu_b, norm_c, flat, soft = found.parts
    assert [one.primitive.shape["n"] for one in a_gelu_b.matches] == [4096, 1024]
    assert flat is None
    assert (soft.quality, soft.label) == (Quality.MISSING, "THEORETICAL")
    assert "nothing is calibrated for softmax" in soft.why
    assert math.isnan(soft.seconds)
    assert found.microseconds[-1] == 0
    # a small norm beside a product that is known: the data sheet fills it in, and it is said
    assert (norm_c.quality, norm_c.label) == (Quality.OP_APPROXIMATED, "INTERPOLATED")
    assert "nothing is calibrated for layernorm, so by the data sheet" in norm_c.why
    product = next(one for one in norm_c.matches if one.primitive.op == "gemm")
    assert norm_c.seconds == pytest.approx(product.seconds + 2 * 2 * 512 * 1024 / GPU.bandwidth, rel=0.01)


def test_the_weakest_part_names_the_whole_and_shares_say_how_much_it_is(made, known):
    found = compose(made, known, "fp16")
    assert found.label == "THEORETICAL"
    assert math.isnan(found.half)
    shares = found.shares(np.array([30.0, 50.0, 20.0]))
    assert shares == {"CALIBRATED": 0, "APPROXIMATED": pytest.approx(0.8), "MISSING": pytest.approx(0.2)}


def test_several_sizes_at_once_are_each_one_alone(made, known):
    together = composed([(made, 0), (made, 1)], known, "fp16")
    alone = compose(table(loads(NET), [{"batch": 4}]), known, "fp16")
    assert together[1].microseconds == pytest.approx(alone.microseconds, rel=1e-12)
    assert together[1].microseconds[0] > together[0].microseconds[0]


def test_residuals_of_one_fit_add_up_and_those_of_several_as_squares(gemm):
    other = replace(gemm, op="linear")
    same = half_of([part(match(1.0, 0.2, gemm)), part(match(3.0, 0.4, gemm))])
    assert same == pytest.approx(math.hypot(0.25 * 0.2 + 0.75 * 0.4, COMPOSITION))
    apart = half_of([part(match(1.0, 0.2, gemm)), part(match(3.0, 0.4, other))])
    assert apart == pytest.approx(math.sqrt(0.05**2 + 0.3**2 + COMPOSITION**2))
    assert half_of([part(match(1.0, 0.2, gemm))]) == pytest.approx(0.2)  # nothing is added up


def test_a_part_without_an_interval_widens_that_of_the_whole_by_the_error_of_data_sheets(gemm):
    found = half_of([part(match(0.7, 0.2, gemm)), part(match(0.3, math.nan))])
    assert found == pytest.approx(math.sqrt((0.2 * 0.7) ** 2 + (0.3 * uncalibrated("gemm")) ** 2 + COMPOSITION**2))


@pytest.mark.parametrize("name", ["resnet50", "efficientnet_b0", "vit_b_16"])
def test_a_total_has_an_interval_or_is_no_calibrated_one(name):
    found = compose(table(reading.network(reading.found(name)), [{"batch": 16}]), Calibration.of("amd_epyc"), "fp32")
    assert math.isfinite(found.half) == (found.label != "THEORETICAL")
    assert found.label == "INTERPOLATED"


def test_a_fused_subgraph_that_was_timed_as_one_is_looked_up_as_one():
    known = Calibration.of("i7_12700k")
    found = compose(table(reading.network(reading.found("resnet50")), [{"batch": 1}]), known, "fp32")
    assert {one.matches[0].primitive.op for one in found.parts if one} == {"subgraph"}
    assert (found.label, found.is_calibrated) == ("CALIBRATED", True)
    # the sum of the subgraphs that were measured in that campaign is 26.39 ms; the data sheet tells 6.8 ms
    assert sum(found.microseconds) == pytest.approx(26_390, rel=0.1)


class TestWholeNetworks:
    """Where whole networks were measured the sum is theirs."""

    def test_the_parts_share_the_time_of_the_whole(self):
        known = Calibration.of("jetson_orin_agx_64gb")
        found = compose(table(reading.network(reading.found("resnet50")), [{"batch": 1}]), known, "fp32", "50W")
        assert found.network is Quality.SIZE_INTERPOLATED
        assert sum(found.microseconds) == pytest.approx(16_560, rel=0.15)  # the median of its runs
        assert (found.label, found.weakest) == ("CALIBRATED", "INTERPOLATED")
        assert found.shares(np.ones(1))["CALIBRATED"] == 1
        assert all(one.status is Status.APPROXIMATED for one in found.parts if one)
        plain = Calibration.of("jetson_orin_agx_64gb", ["jetson_orin_agx_64gb/sweeps"])
        alone = compose(table(reading.network(reading.found("resnet50")), [{"batch": 1}]), plain, "fp32", "50W")
        assert sum(alone.microseconds) > 1.4 * sum(found.microseconds)  # run one by one, every start counts

    def test_a_network_far_from_those_measured_keeps_its_parts(self):
        made = table(reading.network(reading.found("gpt2")), [{"batch": 1}])
        found = compose(made, Calibration.of("jetson_orin_agx_64gb"), "fp32", "50W")
        assert found.network is None
        plain = Calibration.of("jetson_orin_agx_64gb", ["jetson_orin_agx_64gb/sweeps"])
        assert found.microseconds == compose(made, plain, "fp32", "50W").microseconds

    def test_another_power_mode_has_none(self):
        known = Calibration.of("jetson_orin_agx_64gb")
        found = compose(table(reading.network(reading.found("resnet18")), [{"batch": 1}]), known, "fp32", "30W")
        assert found.network is None

    def test_the_size_of_a_network_is_that_of_its_subgraphs(self):
        made = table(reading.network(reading.found("resnet18")), [{"batch": 1}])
        size = size_of(made, 0, "fp32")
        assert size.convolved + size.other == pytest.approx(3.629e9, rel=1e-3)
        adds = 2 * (64 * 56**2 + 128 * 28**2 + 256 * 14**2 + 512 * 7**2)
        assert size.other == adds + 512 * 7**2 + 2 * 512 * 1000  # sums, the mean at the end, and the classifier

    @pytest.mark.skipif(not DATA.is_dir(), reason="the measurements are not here")
    def test_a_fit_to_networks_tells_those_left_out(self):
        rows = read(DATA / "orin_agx_50w_models.csv")
        found = fit_measured(rows, "jetson_orin_agx_64gb", "50W")
        assert (found.op, found.rows, found.power_mode) == ("network", 10, "50W")
        assert found.errors.mape <= 12
        with pytest.raises(MeasurementError, match="1 shipped networks were measured: at least 5"):
            fit_measured(rows.where(network="resnet18"), "jetson_orin_agx_64gb", "50W")
