from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from symppa.calibration.device import facts
from symppa.calibration.fitting import calibrate as calibrating
from symppa.calibration.fitting.calibrate import calibrate, fit, folds, key_of
from symppa.calibration.fitting.energy import fit_energy
from symppa.calibration.fitting.fit import fit_law, typical
from symppa.calibration.fitting.laws import LAWS, law_of
from symppa.calibration.fitting.networks import NETWORK, Size, fit_networks, network_seconds
from symppa.calibration.measurement import Measurements
from symppa.calibration.readers import read
from symppa.errors import MeasurementError
from tests.calibration.made import GPU, products, with_time

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no folder of measurements beside the checkout")


def test_a_fit_finds_the_times_that_a_law_made():
    rows, others = products(200), products(100, seed=4)
    made = fit_law(law_of("gemm"), GPU, rows)
    assert np.median(np.abs(made.times(others) / others.latency - 1)) < 0.01


def test_a_few_wild_rows_hardly_move_a_fit():
    rows = products(200, noise=0.02)
    wild = Measurements(tuple(with_time(r, r.latency * (20 if k % 40 == 0 else 1)) for k, r in enumerate(rows)))
    others = products(100, seed=4)
    assert np.median(np.abs(fit_law(law_of("gemm"), GPU, wild).times(others) / others.latency - 1)) < 0.03


def test_no_coefficient_leaves_its_bounds():
    rows = products(60)
    fast = Measurements(tuple(with_time(row, row.latency / 10) for row in rows))  # faster than the peak allows
    made = fit_law(law_of("gemm"), GPU, fast)
    for told in made.law.coefficients:
        values = np.atleast_1d(made.coefficients[told.name])
        assert np.all((values >= told.low * (1 - 1e-9)) | (told.name == "memory.shares"))
    assert made.coefficients["efficiency"] <= 1
    assert made.coefficients["memory.shares"][-1] <= 1


def test_ten_rows_are_enough_for_a_rough_fit():
    others = products(200, seed=9)
    made = fit_law(law_of("gemm"), GPU, products(10, noise=0.05))
    assert np.mean(np.abs(made.times(others) / others.latency - 1)) < 0.25


def test_a_fit_of_320_products_takes_seconds():
    rows = products(320, noise=0.1)
    start = perf_counter()
    fit_law(law_of("gemm"), GPU, rows)
    assert perf_counter() - start < 20  # 0.5 s on an idle core


def test_typical_coefficients_lie_within_their_bounds():
    for law in (*LAWS.values(), NETWORK):
        for told in law.coefficients:
            assert told.low <= told.typical <= told.high
            assert told.factor > 1
        assert set(typical(law)) == {told.name for told in law.coefficients}


def test_rows_set_apart_never_touch_a_fit(monkeypatch):
    """Every fit that an estimate of a row's error rests on is given rows of other keys only."""
    rows = products(120, noise=0.1)
    seen: list[tuple[set, set]] = []
    fold = folds(rows)
    told = calibrating.fit_law

    def watching(law, device, known):
        seen.append(({key_of(row) for row in known}, {id(row) for row in known}))
        return told(law, device, known)

    monkeypatch.setattr(calibrating, "fit_law", watching)
    fit(rows, GPU)
    assert len(seen) == 6  # five with a part set apart, then one with all
    for k, (keys, _) in enumerate(seen[:5]):
        apart = rows.take(fold == k)
        assert len(apart) > 0
        assert not keys & {key_of(row) for row in apart}


def test_errors_do_not_depend_on_the_times_of_rows_set_apart():
    rows = products(120, noise=0.1)
    fold = folds(rows)
    spoiled = Measurements(
        tuple(with_time(r, r.latency * (3 if f == 0 else 1)) for r, f in zip(rows, fold, strict=True))
    )
    plain, _ = calibrating._set_apart(law_of("gemm"), GPU, rows)
    other, _ = calibrating._set_apart(law_of("gemm"), GPU, spoiled)
    assert (other - plain)[fold == 0] == pytest.approx(np.log(3))


def test_rows_of_one_weight_matrix_are_set_apart_together():
    rows = products(300)
    fold = folds(rows)
    pairs: dict[tuple, set] = {}
    for row, k in zip(rows, fold, strict=True):
        pairs.setdefault((row.shape["n"], row.shape["k"]), set()).add(k)
    assert all(len(found) == 1 for found in pairs.values())
    assert set(fold) == set(range(5))


def test_the_ratio_is_kept_where_it_lowers_the_error():
    rows = products(150)
    bent = Measurements(tuple(with_time(r, r.latency * np.exp(0.3 * np.sin(np.log(r.shape["m"])))) for r in rows))
    made = fit(bent, GPU)
    assert len(made.ratio.weights)
    assert made.errors.mape < 8 < fit(bent, GPU, keep_ratio=False).errors.mape


def test_only_sizes_that_were_measured_count_as_measured():
    rows, others = products(60), products(200, seed=5)
    made = fit(rows, GPU)
    assert all(made.measured(row.shape) for row in rows)
    assert made.measured({"k": rows.rows[0].shape["k"], "n": rows.rows[0].shape["n"], "m": rows.rows[0].shape["m"]})
    there = {tuple(sorted(row.shape.items())) for row in rows}
    assert not any(made.measured(row.shape) for row in others if tuple(sorted(row.shape.items())) not in there)


def test_stacks_are_fitted_apart():
    rows = products(30)
    other = Measurements(
        tuple(replace(with_time(r, 2 * r.latency), campaign=replace(r.campaign, stack="b")) for r in rows)
    )
    found = calibrate("a100_sxm_80gb", rows + other)
    assert [one.campaigns[0].stack for one in found] == ["", "b"]
    assert found[1].seconds(rows) == pytest.approx(2 * found[0].seconds(rows), rel=0.1)


def test_calibrate_sorts_rows_by_operation_and_format():
    rows = products(40) + Measurements(tuple(replace(row, dtype="bf16") for row in products(40, seed=8)))
    found = calibrate("a100_sxm_80gb", rows)
    assert [(one.op, one.dtype, one.rows) for one in found] == [("gemm", "fp16", 40), ("gemm", "bf16", 40)]


@pytest.mark.parametrize(
    ("device", "ops", "message"),
    [
        ("h100_sxm_80gb", (), "no rows of h100_sxm_80gb; there are rows of a100_sxm_80gb"),
        ("a100_sxm_80gb", ("softmax",), "no rows of softmax; there are rows of gemm"),
    ],
)
def test_rows_that_are_not_there_are_named(device, ops, message):
    with pytest.raises(MeasurementError, match=message):
        calibrate(device, products(10), ops)


def test_one_size_is_fitted_without_an_error_or_an_interval():
    rows = products(1)
    made = fit(Measurements(rows.rows * 3), GPU)
    assert made.seconds(rows) == pytest.approx(rows.latency, rel=0.02)
    assert np.isnan(made.errors.mape)
    assert np.isnan(made.half(rows)).all()
    assert made.measured(rows.rows[0].shape)


def test_no_rows_are_too_few():
    with pytest.raises(MeasurementError, match="gemm is to be fitted to no rows"):
        fit_law(law_of("gemm"), GPU, Measurements(()))


def test_a_format_without_a_peak_is_refused():
    with pytest.raises(MeasurementError, match="a100_sxm_80gb states no peak of the format fp16: gemm needs one"):
        fit(products(10), replace(GPU, peak=0.0))


def test_an_operation_without_a_law_is_refused():
    with pytest.raises(MeasurementError, match="all_reduce has no law of its own; it is made of others"):
        law_of("all_reduce")


def test_facts_of_a_device_are_those_of_its_data_sheet():
    found = facts("a100_sxm_80gb", "fp16")
    assert (found.peak, found.bandwidth, found.units) == pytest.approx((312e12, 2039e9, 108))
    slow = facts("jetson_orin_agx_64gb", "fp16", "30W")
    assert slow.units == 8
    assert slow.peak == pytest.approx(42.6e12 * 0.5 * 612 / 1300)


def test_what_is_no_device_has_no_facts():
    with pytest.raises(MeasurementError, match="nexgen_baseline is no device of the registry"):
        facts("nexgen_baseline")


def test_energy_coefficients_are_found_again():
    rows, truth = products(80), (2.0, 40.0, 30.0)
    work = rows.work
    joules = truth[0] * 1e-12 * work.ops + truth[1] * 1e-12 * work.bytes + truth[2] * rows.latency
    told = Measurements(tuple(replace(r, energy=float(e)) for r, e in zip(rows, joules, strict=True)))
    made = fit_energy(told)
    assert made is not None
    assert made.mape < 1
    assert list(made.coefficients.values()) == pytest.approx(truth, rel=0.05)
    assert made.joules(told, told.latency) == pytest.approx(joules, rel=0.05)
    assert fit_energy(rows) is None


def test_networks_are_their_launches_or_their_work():
    rng = np.random.default_rng(1)
    sizes = [Size(float(n), float(c), float(o), 1e8) for n, c, o in zip(
        rng.integers(20, 500, 12), 10 ** rng.uniform(8, 10.5, 12), 10 ** rng.uniform(7, 10.5, 12), strict=True
    )]  # fmt: skip
    chip = facts("jetson_orin_agx_64gb", "fp32", "50W")
    seconds = np.array([max(s.launches * 95e-6, s.convolved / 4e12 + s.other / 1.3e12) for s in sizes])
    made = fit_networks(sizes, seconds, chip, 13e12)
    assert np.mean(np.abs(network_seconds(made, sizes, 13e12) / seconds - 1)) < 0.08
    assert made.coefficients["launch"] == pytest.approx(95, rel=0.1)


@needs_data
def test_measured_products_are_predicted_within_the_goal():
    rows = read(DATA / "gemm_a100_sxm.csv")
    made = fit(rows, facts("a100_sxm_80gb", "bf16"))
    assert made.errors.mape <= 8


def test_a_product_larger_than_all_that_were_seen_lies_outside_though_no_size_does():
    rows = products(200)
    work = rows.work.ops
    made = fit(rows.take(work <= np.quantile(work, 0.5)), GPU, keep_ratio=False)
    large = rows.take(work > np.quantile(work, 0.9))
    sizes = np.stack([np.log(large.column(name)) for name in ("m", "n", "k")], axis=1)
    known = np.stack([np.log(rows.take(work <= np.quantile(work, 0.5)).column(name)) for name in "mnk"], axis=1)
    inside = np.all((sizes >= known.min(axis=0)) & (sizes <= known.max(axis=0)), axis=1)
    assert inside.any()
    assert np.all(made.outside(large)[inside] > 0)
