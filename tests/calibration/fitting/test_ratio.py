import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.calibration.fitting import ratio
from symppa.calibration.fitting.ratio import NOTHING, SmoothFit, covariance, fit_ratio, spread_out

DIRECTIONS, COMPONENTS = ("x", "y"), (("x", "y"), ("x",))


def places(count, seed=0):
    return np.random.default_rng(seed).uniform(0, 6, (count, 2))


def bumps(at):
    return 0.2 * np.sin(at[:, 0]) + 0.05 * at[:, 1]


def test_a_smooth_ratio_is_found_between_its_rows():
    at, other = places(150), places(60, seed=1)
    made = fit_ratio(at, bumps(at), DIRECTIONS, COMPONENTS)
    inside = np.all((other > 0.5) & (other < 5.5), axis=1)
    assert np.abs(made.logarithm(other) - bumps(other))[inside].max() < 0.03


def test_noise_is_not_followed():
    rng = np.random.default_rng(2)
    at = places(150)
    made = fit_ratio(at, 0.1 * rng.standard_normal(150), DIRECTIONS, COMPONENTS)
    assert np.std(made.logarithm(at)) < 0.05
    assert made.noise == pytest.approx(0.1, rel=0.3)


def test_far_from_every_row_the_law_stands_alone():
    at = places(100)
    made = fit_ratio(at, bumps(at), DIRECTIONS, COMPONENTS)
    assert made.logarithm(np.array([[1e4, -1e4]])) == pytest.approx(0, abs=1e-6)


def test_a_direction_that_never_varied_tells_nothing():
    at = places(60)
    at[:, 1] = 3.0
    made = fit_ratio(at, bumps(at), DIRECTIONS, COMPONENTS)
    moved = at + np.array([0.0, 50.0])
    assert made.logarithm(moved) == pytest.approx(made.logarithm(at))


def test_few_rows_have_no_ratio():
    assert fit_ratio(places(7), np.ones(7), DIRECTIONS, COMPONENTS) is NOTHING
    assert NOTHING.logarithm(places(3)).tolist() == [0, 0, 0]


def test_more_rows_than_anchors_all_speak(monkeypatch):
    at, other = places(300), places(60, seed=1)
    monkeypatch.setattr(ratio, "MOST_ANCHORS", 60)
    made = fit_ratio(at, bumps(at), DIRECTIONS, COMPONENTS)
    assert len(made.weights) == 60
    assert np.abs(made.logarithm(other) - bumps(other)).mean() < 0.03


def test_anchors_are_spread_out():
    at = np.concatenate([np.zeros((50, 2)), np.array([[9.0, 0.0], [0.0, 9.0]])])
    assert {50, 51} <= set(spread_out(at, 3).tolist())
    assert spread_out(at, 100).tolist() == list(range(52))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_a_covariance_is_symmetric_and_positive(seed):
    at = places(12, seed)
    found = covariance(at, at, np.array([0.3, 0.1]), np.array([[1.0, 0.5], [2.0, 0.0]]))
    assert found == pytest.approx(found.T)
    assert np.linalg.eigvalsh(found).min() > -1e-9


def test_the_slope_of_the_likelihood_is_that_of_its_differences():
    at = places(25)
    search = ratio._Likelihood(at, bumps(at), np.array([[1.0, 1.0], [1.0, 0.0]]))
    begin = search.typical + 0.2
    value, slope = search.cost(begin)
    for k in range(len(begin)):
        moved = begin.copy()
        moved[k] += 1e-5
        assert (search.cost(moved)[0] - value) / 1e-5 == pytest.approx(slope[k], abs=1e-2, rel=1e-2)


def test_a_ratio_comes_back_from_plain_numbers():
    at = places(40)
    made = fit_ratio(at, bumps(at), DIRECTIONS, COMPONENTS)
    assert SmoothFit.from_values(made.as_values()).logarithm(at) == pytest.approx(made.logarithm(at))
