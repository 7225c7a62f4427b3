"""Axes and limits as one writes them."""

import numpy as np
import pytest

from symppa.descriptions.ranges import split_limit, values_of
from symppa.engine.program import Given
from symppa.errors import QuestionError, UnitError

CLOCK = Given("clock", "GHz", "clock")
COUNT = Given("sms", "1", "multiprocessors", domain=("integers", (1.0, 4096.0, None)))
SHARE = Given("share", "1", "share")
LABEL = Given("kind", "1", "kind", domain=("choices", ("slow", "fast")))


@pytest.mark.parametrize(
    ("text", "given", "values"),
    [
        ("16:28:4", COUNT, [16, 20, 24, 28]),
        ("16:30:4", COUNT, [16, 20, 24, 28]),
        ("1:4", COUNT, [1, 2, 3, 4]),
        ("8:2:-2", COUNT, [8, 6, 4, 2]),
        ("64:512:x2", COUNT, [64, 128, 256, 512]),
        ("1.5GHz:3GHz:4", CLOCK, [1.5e9, 2e9, 2.5e9, 3e9]),
        ("1.5 GHz:3 GHz:500 MHz", CLOCK, [1.5e9, 2e9, 2.5e9, 3e9]),
        ("0:1:5", SHARE, [0, 0.25, 0.5, 0.75, 1]),
        ("0:1:+0.5", SHARE, [0, 0.5, 1]),
        ("1 GHz, 3 GHz", CLOCK, [1e9, 3e9]),
        ("2 GHz", CLOCK, [2e9]),
    ],
)
def test_an_axis_is_read_as_written(text, given, values):
    np.testing.assert_allclose(values_of(text, given), values, rtol=1e-15)


def test_labels_stay_labels():
    assert values_of("slow, fast", LABEL) == ["slow", "fast"]


@pytest.mark.parametrize(
    ("text", "given", "said"),
    [
        ("16:4:4", COUNT, "is empty"),
        ("16:28:0", COUNT, "is empty"),
        ("0:1", SHARE, "needs a third part"),
        ("1:2:3:4", COUNT, "is no axis"),
        ("1 GHz:2 GHz:x2x", CLOCK, "not a bare number"),
        ("1 GHz:2 GHz:0", CLOCK, "no number of points"),
        ("1 GHz:2 GHz:1.5", CLOCK, "no number of points"),
        ("1 GHz:2 GHz:99999999", CLOCK, "no number of points"),
        ("0:1:x2", SHARE, "positive first value"),
        ("1:1e12", COUNT, "at most 10000000"),
    ],
)
def test_a_bad_axis_is_refused(text, given, said):
    with pytest.raises(QuestionError, match=said):
        values_of(text, given)


@pytest.mark.parametrize("text", ["1:2:3", "1", "1 GB:2 GB:3"])
def test_an_axis_without_its_unit_is_refused(text):
    with pytest.raises(UnitError):
        values_of(text, CLOCK)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("power <= 500 W", ("power", "<=", "500 W")),
        ("power/chiplets<100 W", ("power/chiplets", "<", "100 W")),
        ("a.b >= 2 TFLOPS/mm2", ("a.b", ">=", "2 TFLOPS/mm2")),
    ],
)
def test_a_limit_is_output_relation_bound(text, parts):
    assert split_limit(text) == parts


@pytest.mark.parametrize("text", ["power", "power = 3 W", "500 W >= power", "1 W < power < 2 W", "<= 3 W"])
def test_a_bad_limit_is_refused(text):
    with pytest.raises(QuestionError):
        split_limit(text)
