import json

import pytest

from symppa.calibration.validation import record
from symppa.calibration.validation.validate import validate
from symppa.errors import MeasurementError, QuestionError
from tests.calibration.validation.known import known, off_by, some

ROWS = some(12)
PROFILE = known(ROWS)


def run(factor, time="2026-01-02T03:04:05+00:00", **more):
    return record.run_of(validate(PROFILE, off_by(ROWS, 1.0), **more), time) if factor == 1 else _other(factor, time)


def _other(factor, time):
    """The same rows, estimated so much too long."""
    found = run(1, time)
    scores = {**found.scores, "mape": 100 * (factor - 1)}
    by_op = {name: {**one, "mape": 100 * (factor - 1)} for name, one in found.by_op.items()}
    return record.Run(found.time, found.device, found.profile, found.question, scores, by_op)


def test_a_run_comes_back_from_its_line(tmp_path):
    file = tmp_path / "a" / "runs.jsonl"
    record.appended(file, run(1))
    record.appended(file, run(1.2))
    assert record.runs(file) == (run(1), run(1.2))
    assert len(file.read_text("utf-8").splitlines()) == 2
    assert json.loads(file.read_text("utf-8").splitlines()[0])["scores"]["n"] == 12


def test_a_line_whose_end_was_lost_is_followed_by_a_new_one(tmp_path):
    file = tmp_path / "runs.jsonl"
    file.write_text(run(1).line().rstrip("\n"), "utf-8")
    record.appended(file, run(1.2))
    assert len(record.runs(file)) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [('{"schema": 1, "ti', "runs.jsonl:2: this is no line of JSON"), ('{"a": 1}', "runs.jsonl:2: .* it lacks schema"),
     ("[1]", "runs.jsonl:2: .* it lacks schema"),
     (run(1).line().replace('"schema": 1', '"schema": 9'), "its schema is 9")],
)  # fmt: skip
def test_a_file_that_is_none_of_runs_is_refused_and_left_alone(tmp_path, text, message):
    file = tmp_path / "runs.jsonl"
    file.write_text(run(1).line() + text, "utf-8")
    before = file.read_bytes()
    with pytest.raises(MeasurementError, match=r"no (line|run)") as raised:
        record.appended(file, run(1))
    raised.match(message)
    assert file.read_bytes() == before


def test_worse_by_more_than_the_tolerance_is_told_of_all_rows_and_of_each_operation():
    assert record.worse(run(1.05), run(1.045), 1.0) == ()
    assert record.worse(run(1.0), run(1.2), 1.0) == ()
    found = record.worse(run(1.2), run(1.05), 1.0)
    assert found == ("all rows: mean error 5.00 % then, 20.00 % now", "gemm: mean error 5.00 % then, 20.00 % now")


def test_rows_that_lost_their_estimate_are_worse():
    before, now = run(1.1), run(1)
    less = record.Run(
        now.time, now.device, now.profile, now.question, now.scores, {"gemm": {"estimable": 7, "mape": 0.0}}
    )
    assert record.worse(less, before) == ("gemm: 12 rows had an estimate, 7 have one now",)
    gone = record.Run(now.time, now.device, now.profile, now.question, now.scores, {})
    assert record.worse(gone, before) == ("gemm: 12 rows had an estimate, 0 have one now",)


def test_the_baseline_is_the_last_accepted_run_of_the_same_rows(tmp_path):
    file = tmp_path / "runs.jsonl"
    bad = run(1.3, "2026-01-04T00:00:00+00:00")
    bad = record.Run(bad.time, bad.device, bad.profile, bad.question, bad.scores, bad.by_op, accepted=False)
    for one in (run(1.1, "2026-01-02T00:00:00+00:00"), run(1.05, "2026-01-03T00:00:00+00:00"), bad):
        record.appended(file, one)
    assert record.baseline(file, run(1)).time == "2026-01-03T00:00:00+00:00"
    fewer = record.run_of(validate(PROFILE, off_by(ROWS.take(range(5)), 1.0)), "2026-01-05T00:00:00+00:00")
    with pytest.raises(QuestionError, match=r"no accepted run of a100_sxm_80gb, fresh.csv with just these rows"):
        record.baseline(file, fewer)
    with pytest.raises(MeasurementError, match=r"none.jsonl: it cannot be read"):
        record.baseline(tmp_path / "none.jsonl", run(1))


def test_only_runs_with_an_error_are_drawn():
    lost = run(1)
    none = record.Run(lost.time, lost.device, lost.profile, lost.question, {**lost.scores, "mape": None}, {})
    assert record.trend([none, run(1.1)]) == (run(1.1),)
