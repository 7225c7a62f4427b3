"""What may be asked, and samples that can be gone through again."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.errors import QuantizationError
from symppa.kpu import CalibrationDataProvider
from symppa.kpu.quantization import MSE, Options
from symppa.kpu.quantization.provider import again


def test_options_are_told_by_name_too():
    assert Options.of({"calibrator": "mse", "keep": "fc"}) == Options(MSE(), keep=("fc",))
    assert Options.of(None) == Options()


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"calibrater": "mse"}, "quantization has no option 'calibrater'; did you mean calibrator"),
        ({"calibrator": "mean"}, "there is no calibrator 'mean'"), ("mse", "by their names, not by 'mse'"),
        ({"tolerance": 0.0}, "a tolerance of 0 is never met"), ({"tolerance": float("nan")}, "is never met"),
    ],
)  # fmt: skip
def test_what_is_no_option_is_refused(told, message):
    with pytest.raises(QuantizationError, match=message):
        Options.of(told)


def test_samples_come_again_from_arrays_files_and_functions(tmp_path):
    told = np.arange(12.0).reshape(3, 4)
    np.save(tmp_path / "a.npy", told)
    for source in (told, list(told), tmp_path / "a.npy", str(tmp_path), lambda: iter([told])):
        provider = CalibrationDataProvider(source)
        first, second = (np.vstack(list(provider)) for _ in range(2))
        np.testing.assert_array_equal(first, told)
        np.testing.assert_array_equal(second, told)


def test_samples_are_prepared_and_no_more_are_taken_than_wanted():
    found = list(CalibrationDataProvider(np.ones((5, 2)), preprocess=lambda one: 2 * one, most=3))
    np.testing.assert_array_equal(found, np.full((3, 2), 2.0))


def test_what_cannot_be_gone_through_again_is_refused_as_a_source_and_held_where_it_is_data():
    with pytest.raises(QuantizationError, match="an iterator can be gone through only once"):
        CalibrationDataProvider(iter([1]))
    with pytest.raises(QuantizationError, match="0 samples are none"):
        CalibrationDataProvider([1], most=0)
    with pytest.raises(QuantizationError, match="int has no samples"):
        list(CalibrationDataProvider(3))
    held = again(iter([1, 2]))
    assert (list(held), list(held)) == ([1, 2], [1, 2])
