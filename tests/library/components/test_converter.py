"""Converters out of a table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import adc_survey
from symppa.errors import UndefinedResultError, WiringError
from symppa.library.components.converter import Converter, SurveyConverter, TabulatedConverter
from symppa.studies.evaluate import evaluate
from tests.library.analog import ADC, answer

OUTPUTS = ["energy", "latency", "area"]


def test_a_row_of_the_table_is_what_a_conversion_costs():
    assert answer(TabulatedConverter, {"bits": 4, "rows": ADC}, OUTPUTS) == {"energy": 2, "latency": 3, "area": 1}
    assert answer(TabulatedConverter, {"bits": 6, "rows": ADC}, OUTPUTS) == {"energy": 4, "latency": 5, "area": 2}


def test_a_resolution_between_two_rows_is_refused():
    with pytest.raises(UndefinedResultError, match="the table has no such key"):
        evaluate(TabulatedConverter, {"bits": 5, "rows": ADC})


def test_a_converter_of_no_kind_has_no_energy():
    with pytest.raises(WiringError, match="subclass"):
        Converter().expression("energy")


def test_the_surveyed_converter_by_hand():
    # 8 bits at 8 Gbit/s are a conversion in a nanosecond, 15.1 corners above the first
    names = ["rate", "shrink", *OUTPUTS]
    found = answer(SurveyConverter, {"bits": 8, "bit_rate": "8 GHz"}, names)
    assert found["rate"] == found["shrink"] == 1
    assert found["latency"] == pytest.approx(1)
    assert found["energy"] == pytest.approx((0.001936 * 256 + 2.905e-7 * 65536) * (1 + 1 / 0.06621))
    assert found["area"] == pytest.approx(0.003489 * 2 ** (0.4396 * 8))


def test_a_bit_more_doubles_few_bits_and_quadruples_many():
    slow = {"bit_rate": "1e-6 GHz"}
    few = [answer(SurveyConverter, {"bits": n, **slow}, ["energy"])["energy"] for n in (3, 4)]
    many = [answer(SurveyConverter, {"bits": n, **slow}, ["energy"])["energy"] for n in (21, 22)]
    assert few[1] / few[0] == pytest.approx(2, rel=0.01)
    assert many[1] / many[0] == pytest.approx(4, rel=0.01)


@given(st.integers(1, 20), st.floats(0.01, 20), st.floats(7, 180))
def test_more_bits_and_an_older_node_never_save(bits, rate, node):
    told = {"bits": bits, "bit_rate": rate, "node": node}
    here = answer(SurveyConverter, told, ["energy", "area"])
    # as many conversions a second
    finer = answer(SurveyConverter, told | {"bits": bits + 1, "bit_rate": rate * (bits + 1) / bits}, ["energy", "area"])
    older = answer(SurveyConverter, told | {"node": 2 * node}, ["energy", "area"])
    assert all(here[name] < finer[name] and here[name] < older[name] for name in here)


@pytest.mark.skipif(not adc_survey.SURVEY.exists(), reason="the survey lies in shared/data beside a checkout")
class TestSurvey:
    def test_a_tenth_of_what_is_published_is_better(self):
        found = adc_survey.survey()
        assert len(found["bits"]) == 666
        for what, (model, _) in adc_survey.SHAPES.items():
            below = np.log(found[what]) < model(found, adc_survey.shipped(what))
            assert 0.09 <= np.mean(below) <= 0.11
            # and about a tenth on either side of the median resolution
            for half in (found["bits"] < 9, found["bits"] >= 9):
                assert 0.05 <= np.mean(below[half]) <= 0.15

    def test_the_shipped_coefficients_are_those_of_the_fit(self):
        found = adc_survey.survey()
        for what in adc_survey.SHAPES:
            assert adc_survey.shipped(what) == pytest.approx(adc_survey.fitted(found, what), rel=2e-3)

    def test_the_fit_and_the_model_have_one_shape(self):
        here = {"bits": np.array([8.0]), "rate": np.array([1e8]), "node": np.array([28.0])}
        told = {"bits": 8, "bit_rate": "0.8 GHz", "node": "28 nm"}
        made = answer(SurveyConverter, told, ["energy", "area"])
        for what, (model, _) in adc_survey.SHAPES.items():
            assert np.exp(model(here, adc_survey.shipped(what)))[0] == pytest.approx(made[what])
