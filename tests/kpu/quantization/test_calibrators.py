"""Ranges from histograms, held against the calibrators of onnxruntime and torch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.errors import QuantizationError
from symppa.kpu.passes.quantize import affine_scale
from symppa.kpu.quantization import CALIBRATORS, MSE, Entropy, MinMax, Percentile, calibrator
from symppa.kpu.quantization.divergence import divergence, threshold

KINDS = ("normal", "relu", "tails", "silu", "shifted")


def values(kind, seed=0, count=40_000):
    rng = np.random.default_rng(seed)
    found = {
        "normal": lambda: rng.normal(size=count), "relu": lambda: np.maximum(rng.normal(size=count), 0),
        "tails": lambda: rng.standard_t(3, count), "shifted": lambda: rng.gamma(2.0, size=count) - 1,
        "silu": lambda: (lambda x: x / (1 + np.exp(-x)))(rng.normal(size=count) * 3),
    }[kind]()  # fmt: skip
    return found.astype(np.float32)


def range_of(way, found):
    met = way.histogram()
    for part in np.array_split(found, 7):
        met = met.add(part)
    return way.range(met)


def loss(found, low, high):
    """The mean squared error of 8 bits."""
    scale, zero = affine_scale(low, high)
    whole = np.clip(np.rint(found / scale) + zero, -128, 127)
    return float(np.mean(((whole - zero) * scale - found.astype(float)) ** 2))


@pytest.mark.parametrize("name", list(CALIBRATORS))
@pytest.mark.parametrize("kind", KINDS)
def test_a_range_lies_within_the_values_and_min_max_has_all_of_them(name, kind):
    found = values(kind)
    low, high = range_of(calibrator(name), found)
    assert found.min() <= low <= 0.0 < high <= found.max()
    assert (low, high) == (found.min(), found.max()) or name != "minmax"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_mse_loses_no_more_than_the_observer_of_torch(kind, seed):
    torch = pytest.importorskip("torch")
    from torch.ao.quantization.observer import HistogramObserver

    found = values(kind, seed)
    observer = HistogramObserver(bins=2048, dtype=torch.qint8, qscheme=torch.per_tensor_affine)
    observer(torch.from_numpy(found))
    scale, zero = (float(one) for one in observer.calculate_qparams())
    theirs = ((-128 - zero) * scale, (127 - zero) * scale)
    assert loss(found, *range_of(MSE(), found)) <= 1.01 * loss(found, *theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_mse_is_near_the_best_of_all_pairs_of_ends_and_below_min_max(kind):
    found = values(kind, 5, 4000)
    mine = loss(found, *range_of(MSE(), found))
    ends = [np.linspace(0, end, 41) for end in (min(found.min(), 0), found.max())]
    best = min(loss(found, low, high) for low in ends[0] for high in ends[1][1:])
    assert mine <= 1.02 * best
    assert mine <= loss(found, found.min(), found.max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("percent", [99.0, 99.9])
def test_percentiles_are_those_of_onnxruntime_to_a_bin(kind, percent):
    calibrate = pytest.importorskip("onnxruntime.quantization.calibrate")
    found, bins = values(kind), 4096
    theirs = calibrate.HistogramCollector("percentile", False, bins, 128, percent, "same")
    theirs.collect({"x": [found]})
    low, high = (float(one) for one in theirs.compute_collection_result()["x"][:2])
    width = 2 * float(np.abs(found).max()) / bins  # of their bins, about 0
    mine = range_of(Percentile(percent), found)
    assert mine == pytest.approx((low, high), abs=2.5 * width)


@pytest.mark.parametrize("kind", KINDS)
def test_percentiles_leave_out_the_share_that_is_told(kind):
    found = values(kind)
    low, high = range_of(Percentile(99.0), found)
    out = np.mean((found < low) | (found > high))
    assert out <= 0.01
    assert out >= 0.008 or low == found.min()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_entropy_chooses_the_threshold_of_onnxruntime(kind, seed):
    calibrate = pytest.importorskip("onnxruntime.quantization.calibrate")
    found, bins, levels = values(kind, seed), 513, 64
    size = float(np.abs(found).max())
    counts, edges = np.histogram(found, bins, (-size, size))
    collector = calibrate.HistogramCollector("entropy", True, bins, levels, 99.9, "same")
    theirs = collector.get_entropy_threshold((counts, edges, edges[0], edges[-1]), levels)
    reach = round((float(theirs[1]) - float(theirs[0])) / (edges[1] - edges[0])) // 2
    mine = threshold(counts, levels)
    assert mine == reach or divergence(counts, mine, levels) == pytest.approx(
        divergence(counts, reach, levels), rel=1e-4
    )


def test_entropy_cuts_off_far_tails_and_keeps_few_values_about_them():
    found = values("normal")
    far = np.append(found, np.float32([60.0, -60.0]))
    low, high = range_of(Entropy(), far)
    assert 2.5 < high < 12
    assert low == pytest.approx(-high)


@given(st.sampled_from(KINDS), st.integers(0, 1000), st.integers(-12, 12), st.sampled_from(list(CALIBRATORS)))
@settings(max_examples=25, deadline=None)
def test_ranges_grow_with_the_values(kind, seed, power, name):
    found = values(kind, seed, 500)
    low, high = range_of(calibrator(name), found)
    assert range_of(calibrator(name), found * np.float32(2.0**power)) == pytest.approx(
        (low * 2.0**power, high * 2.0**power), rel=1e-6
    )


@pytest.mark.parametrize("name", list(CALIBRATORS))
@pytest.mark.parametrize("found", [[0.0], [0.0, 0.0], [2.5], [-2.5], [-1.0, 3.0], [1e-30, 2e-30]])
def test_few_values_have_a_range_too(name, found):
    low, high = range_of(calibrator(name), np.float32(found))
    assert min(min(found), 0) <= low * (1 - 1e-6) + 1e-40
    assert high <= max(max(found), 0) * (1 + 1e-6)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("mae", r"there is no calibrator 'mae'; did you mean"), ("mse:3", "the calibrator mse takes no number"),
        ("percentile:most", "'most' is no number; write percentile:99.99"),
        ("percentile:30", "a percentile of 30 is not between 50 and 100"),
    ],
)  # fmt: skip
def test_calibrators_that_are_none_are_refused(told, message):
    with pytest.raises(QuantizationError, match=message):
        calibrator(told)


def test_a_calibrator_stands_for_itself():
    assert calibrator(Percentile(99.5)) == Percentile(99.5) == calibrator("percentile:99.5")
    assert calibrator("minmax") == MinMax()
