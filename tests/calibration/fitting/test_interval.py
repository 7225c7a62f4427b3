import math

import numpy as np
import pytest

from symppa.calibration.fitting.interval import AT_ONCE, TWICE, WIDER, Bucket, Hull, Intervals, conformal


def drawn(count, seed=0):
    rng = np.random.default_rng(seed)
    seconds = 10 ** rng.uniform(-6, -2, count)
    return seconds, rng.standard_normal(count) * np.where(seconds < 1e-4, 0.3, 0.05)


def test_nine_of_ten_new_rows_lie_within_their_interval():
    made = conformal(*drawn(800))
    seconds, residuals = drawn(4000, seed=1)
    inside = np.abs(residuals) <= made.half(seconds, np.zeros(4000))
    assert 0.86 <= inside.mean() <= 0.94
    assert 0.84 <= inside[seconds < 1e-4].mean() <= 0.96  # one bound for all would hold 82 % of these


def test_small_times_have_wider_intervals_where_they_err_more():
    halves = [one.half for one in conformal(*drawn(800)).buckets]
    assert len(halves) == 8
    assert min(halves[:3]) > 3 * max(halves[-3:])


@pytest.mark.parametrize(("rows", "buckets"), [(8, 0), (9, 1), (79, 1), (80, 2), (400, 8), (4000, 8)])
def test_buckets_have_forty_rows_each_or_all(rows, buckets):
    made = conformal(*drawn(rows))
    assert len(made.buckets) == buckets
    assert sum(one.rows for one in made.buckets) in (0, rows)


def test_the_bound_is_the_conformal_quantile():
    made = conformal(np.ones(19), np.arange(1, 20) / 100)
    assert made.buckets == (Bucket(math.inf, 0.18, 19),)  # the 18th of 19: 20 * 0.9


def test_a_bound_between_two_errors_lies_between_them():
    made = conformal(np.ones(14), np.arange(1, 15) / 100)
    assert made.buckets[0].half == pytest.approx(0.135)  # 15 * 0.9 = 13.5: half way from the 13th to the 14th


@pytest.mark.parametrize("rows", [44, 57, 150])
def test_small_buckets_hold_as_much_as_they_promise(rows):
    """Rounded up to the next error, 44 rows would hold 91.1 %."""
    rng, held = np.random.default_rng(3), []
    for _ in range(2000):
        half = conformal(np.ones(rows), rng.standard_normal(rows)).buckets[0].half
        held.append(math.erf(half / math.sqrt(2)))
    assert np.mean(held) == pytest.approx(0.9, abs=0.006)


def test_an_interval_widens_outside_the_hull_and_ends_beyond_twice_it():
    made = Intervals((Bucket(math.inf, 0.1, 50),))
    found = made.half(np.ones(4), np.array([0.0, 0.25, TWICE, TWICE + 0.01]))
    edge = 1 + AT_ONCE
    assert found[:3] == pytest.approx([0.1, 0.1 * (edge + 0.25 * WIDER), 0.1 * (edge + TWICE * WIDER)])
    assert math.isnan(found[3])


def test_too_few_rows_promise_nothing():
    assert np.isnan(Intervals(()).half(np.ones(2), np.zeros(2))).all()


def test_the_distance_to_a_hull_is_in_its_widths():
    hull = Hull.around(np.array([[0.0, 1.0], [10.0, 1.0]]))
    found = hull.outside(np.array([[5.0, 1.0], [15.0, 1.0], [-1.0, 1.0], [5.0, 1.0 + math.log(2)]]))
    assert found == pytest.approx([0, 0.5, 0.1, 1.0])


def test_intervals_come_back_from_plain_numbers():
    made = conformal(*drawn(400))
    assert Intervals.from_values(made.as_values()) == made
