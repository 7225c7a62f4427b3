from math import inf, log, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom

from symppa.calibration.validation.scores import Bucket, Pairs, band, grouped, reliability, scores
from symppa.errors import MeasurementError


def pairs(measured, estimated, half=nan, cell=0, behind=50):
    count = len(measured)
    told = [np.broadcast_to(np.asarray(one, dtype=float), (count,)) for one in (half, cell, behind)]
    return Pairs(np.asarray(measured, dtype=float), np.asarray(estimated, dtype=float), *told)


def test_errors_are_percent_of_the_measured_time():
    # +10, -20, 0 and +50 %: sizes 0, 10, 20, 50; the 90 % quantile lies at 2.7 of 3 steps.
    found = scores(pairs([10, 10, 10, 10], [11, 8, 10, 15]))
    assert (found.n, found.mape, found.median, found.bias) == pytest.approx((4, 20, 15, 10))
    assert found.p90 == pytest.approx(20 + 0.7 * 30)
    assert (found.within_10, found.within_15) == (50, 50)
    assert found.total == pytest.approx(10)
    assert found.band == "GOOD"


def test_an_interval_holds_what_is_within_its_factor_either_way():
    made = pairs([10, 10, 10, 10, 10], [8, 12.5, 7.9, 15, 10], half=[log(1.25)] * 4 + [nan])
    found = scores(made)
    assert made.held.tolist() == [True, True, False, False, False]
    assert (found.coverage_90, found.with_interval) == (50, 4)


def test_nothing_compared_has_no_accuracy():
    found = scores(pairs([], []))
    assert (found.n, found.band) == (0, "")
    assert found.as_facts()["mape"] is None
    assert scores(pairs([1.0], [1.0])).as_facts()["coverage_90"] is None


@pytest.mark.parametrize(
    ("error", "word"), [(0, "EXCELLENT"), (9.99, "EXCELLENT"), (10.01, "GOOD"), (24.9, "GOOD"), (25.1, "FAIR"),
                        (49.9, "FAIR"), (50.1, "POOR"), (400, "POOR")],
)  # fmt: skip
def test_the_band_follows_from_the_mean_error(error, word):
    assert scores(pairs([100.0], [100.0 + error])).band == word


def test_shares_tell_who_carries_the_error():
    # a: 10 s off by +1 and 10 s off by -1; b: 80 s off by +6.
    found = grouped(["a", "a", "b"], pairs([10, 10, 80], [11, 9, 86]))
    first, second = found
    assert (first.name, first.error_share, first.time_share) == ("b", pytest.approx(75), pytest.approx(80))
    assert (second.name, second.error_share, second.time_share) == ("a", pytest.approx(25), pytest.approx(20))
    assert (first.shift, second.shift) == (pytest.approx(6), pytest.approx(0))


def test_without_any_error_nobody_carries_it():
    assert [one.error_share for one in grouped(["a", "b"], pairs([1, 2], [1, 2]))] == [0, 0]


TIMES = st.lists(st.floats(1e-7, 10.0), min_size=1, max_size=60)


@given(TIMES)
def test_perfect_estimates_have_no_error(times):
    found = scores(pairs(times, times, half=0.0))
    assert (found.mape, found.p90, found.bias, found.total) == (0, 0, 0, 0)
    assert (found.within_10, found.within_15, found.coverage_90) == (100, 100, 100)


@given(TIMES)
def test_estimates_a_tenth_too_long_have_a_bias_of_ten_percent(times):
    found = scores(pairs(times, 1.1 * np.array(times)))
    assert found.bias == pytest.approx(10)
    assert found.mape == pytest.approx(10)
    assert (found.within_10, found.within_15) == (100, 100)
    assert found.total == pytest.approx(10)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(1e-6, 1.0), st.floats(1e-6, 1.0)), min_size=1, max_size=40))
def test_shares_add_up_and_shifts_to_the_error_of_the_sum(rows):
    names, measured, estimated = zip(*rows, strict=True)
    made = pairs(measured, estimated)
    found = grouped(names, made)
    assert sum(one.scores.n for one in found) == len(rows)
    assert sum(one.time_share for one in found) == pytest.approx(100)
    assert sum(one.shift for one in found) == pytest.approx(scores(made).total, abs=1e-6)
    assert sum(one.error_share for one in found) == pytest.approx(100) or measured == estimated


def test_the_band_of_one_cell_is_that_of_the_beta_binomial():
    # 40 residuals: the 37th smallest is the half width, a share of Beta(37, 4).
    law = betabinom(40, 37, 4)
    assert band([(40, 40)]) == (law.ppf(0.025), law.ppf(0.975))


def test_the_band_of_few_rows_is_counted_by_hand():
    assert band([(1, 0), (1, 0)]) == (1, 2)  # none held: 1 %, one: 18 %, both: 81 %
    assert band([(1, 0)]) == (0, 1)


def test_cells_that_err_on_their_own_narrow_the_band():
    one, eight = band([(400, 50)]), band([(50, 50)] * 8)
    assert eight[1] - eight[0] < one[1] - one[0]
    with pytest.raises(MeasurementError, match="a cell of 0 rows"):
        band([(0, 50)])


def test_intervals_that_hold_ninety_of_a_hundred_are_in_the_band_nearly_always():
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(200):
        residuals = np.sort(np.abs(rng.standard_normal(60)))
        half = residuals[int(np.ceil(61 * 0.9)) - 1]
        held = int((np.abs(rng.standard_normal(45)) <= half).sum())
        least, most = band([(45, 60)])
        inside += least <= held <= most
    assert inside >= 184  # 95 % of 200, less two standard deviations


def test_buckets_have_forty_rows_each():
    times = np.geomspace(1e-6, 1e-2, 100)
    found = reliability(pairs(times, times, half=0.1))
    assert [one.n for one in found] == [50, 50]
    assert found[0].low == pytest.approx(1e-6)
    assert found[0].high < found[1].low
    assert all(one.observed == 100 for one in found)
    assert [one.n for one in reliability(pairs(times[:60], times[:60], half=0.1))] == [60]
    assert len(reliability(pairs(np.repeat(times, 10), np.repeat(times, 10), half=0.1))) == 8
    assert reliability(pairs(times, times)) == ()


def test_a_bucket_that_holds_too_few_is_out_of_the_band():
    times = np.full(100, 1e-3)
    estimated = np.where(np.arange(100) < 60, 1e-3, 2e-3)
    (first, second) = reliability(pairs(times, estimated, half=0.1))
    assert first.observed == 100
    assert (second.observed, second.inside) == (20, False)
    assert Bucket(0, inf, 50, 90, 92, 80, 98).inside
