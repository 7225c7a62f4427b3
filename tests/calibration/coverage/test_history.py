from __future__ import annotations

import json
from dataclasses import replace

import pytest

from symppa.calibration.coverage.history import Entry, append, read
from symppa.errors import MeasurementError

RUN = Entry("2026-01-02T03:04:05Z", "small", "a100_sxm_80gb", "30W", "FP16", {"batch": 1}, 7, 50.0, 80.5, 60.0, 12.5)


def test_runs_come_back_in_the_order_they_were_added(tmp_path):
    place = tmp_path / "a" / "history.jsonl"
    runs = [RUN, replace(RUN, calibrated=75.0, error=4.5)]
    for one in runs:
        append(place, one)
    assert list(read(place)) == runs
    assert len(place.read_text("utf-8").splitlines()) == 2


def test_a_run_says_what_it_is_of():
    assert RUN.of == "small[batch=1]@a100_sxm_80gb, FP16, 30W"
    assert replace(RUN, sizes={}, power_mode="").of == "small@a100_sxm_80gb, FP16"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{torn", ":2: this line is no JSON"),
        ("[]", ":2: this line is no run of symppa coverage: it has a list"),
        ('{"model": "x"}', "it has model, not"),
        (json.dumps({**vars(RUN), "coverage": "much"}), "coverage = 'much' is none"),
        (json.dumps({**vars(RUN), "operations": True}), "operations = True is none"),
    ],
)
def test_a_damaged_line_is_refused_with_its_number_and_nothing_is_added(tmp_path, line, message):
    place = tmp_path / "history.jsonl"
    append(place, RUN)
    with place.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    before = place.read_bytes()
    for asked in (lambda: read(place), lambda: append(place, RUN)):
        with pytest.raises(MeasurementError) as error:
            asked()
        assert message in str(error.value)
    assert place.read_bytes() == before


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(MeasurementError, match="cannot be read"):
        read(tmp_path / "none.jsonl")
