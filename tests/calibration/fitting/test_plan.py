import json

import numpy as np
import pytest
from click.testing import CliRunner

from symppa.calibration.device import facts
from symppa.calibration.fitting.calibrate import fit
from symppa.calibration.fitting.fit import fit_law
from symppa.calibration.fitting.laws import law_of
from symppa.calibration.fitting.plan import GRIDS, candidates, plan, slopes_of
from symppa.calibration.measurement import Measurements, as_csv
from symppa.calibration.operations import OPERATIONS
from symppa.calibration.profiles.borrow import apart, borrow, leaving_one_out, nearest
from symppa.cli.main import main
from symppa.errors import MeasurementError, QuestionError
from tests.calibration.made import GPU, products, true_law, with_time


def timed(points):
    """Planned sizes, timed by the law with known coefficients."""
    pool = candidates("gemm", "fp16", GPU.name, np.random.default_rng(0))
    shapes = [dict(point.shape) for point in points]
    rows = Measurements(tuple(row for row in pool if dict(row.shape) in shapes))
    return Measurements(tuple(with_time(r, float(t)) for r, t in zip(rows, true_law().times(rows), strict=True)))


def test_each_planned_size_lowers_the_error_that_is_left():
    found = plan("a100_sxm_80gb", "gemm", "fp16", 12)
    assert len({tuple(sorted(point.shape.items())) for point in found}) == 12
    assert np.all(np.diff([point.left for point in found]) < 0)


def test_planned_sizes_teach_more_than_sizes_at_random():
    others = products(200, seed=11)
    errors = []
    for points in (10, 20):
        rows = timed(plan("a100_sxm_80gb", "gemm", "fp16", points))
        made = fit_law(law_of("gemm"), GPU, rows)
        chance = [fit_law(law_of("gemm"), GPU, products(points, seed=seed)) for seed in range(5)]
        error = np.mean(np.abs(made.times(others) / others.latency - 1))
        errors.append(error)
        assert error < np.mean([np.mean(np.abs(one.times(others) / others.latency - 1)) for one in chance])
    assert errors[1] < 0.1


def test_rows_already_there_are_not_planned_again():
    first = plan("a100_sxm_80gb", "gemm", "fp16", 6)
    known = timed(first)
    again = plan("a100_sxm_80gb", "gemm", "fp16", 6, known=known)
    assert again[0].left < first[0].left
    shapes = [dict(point.shape) for point in first]
    assert sum(dict(point.shape) in shapes for point in again) == 0


def test_a_coefficient_that_does_not_matter_has_no_slope():
    rows = candidates("gemm", "fp16", GPU.name, np.random.default_rng(0))
    slopes, spread = slopes_of(true_law(), rows)
    names = [told.name for told in true_law().law.coefficients]
    assert slopes.shape == (len(rows), len(names))
    assert len(spread) == len(names)
    assert np.all(slopes[:, names.index("start")] >= 0)
    assert np.all(slopes[:, names.index("efficiency")] <= 1e-9)


@pytest.mark.parametrize("op", [*GRIDS, "gelu", "stream_copy"])
def test_candidates_are_whole_shapes(op):
    rows = candidates(op, "fp16", "a100_sxm_80gb", np.random.default_rng(0))
    assert len(rows) > 10
    assert all(set(row.shape) == set(OPERATIONS[op].known) for row in rows)
    assert np.all(np.isfinite(rows.work.bytes))


def test_an_operation_without_sizes_to_choose_from_is_refused():
    with pytest.raises(QuestionError, match="no sizes of mlp are known"):
        candidates("mlp", "fp16", "a100_sxm_80gb", np.random.default_rng(0))


def test_a_borrowed_fit_has_the_borrowers_peaks_and_a_wider_interval():
    donor = fit(products(60, noise=0.05), GPU)
    other = facts("h100_sxm_80gb", "fp16")
    lent = borrow(other, donor, leaving=0.4)
    rows = products(20, device="h100_sxm_80gb")
    assert (lent.donor, lent.confidence) == ("a100_sxm_80gb", "INTERPOLATED")
    assert lent.fitted.law.facts == other
    assert all(bucket.half >= 0.4 for bucket in lent.fitted.intervals.buckets)
    assert np.all(lent.fitted.law.times(rows) <= donor.law.times(rows) * 1.5)


def test_only_devices_of_one_class_lend():
    donor = fit(products(30), GPU)
    with pytest.raises(MeasurementError, match="i7_12700k is a Cpu, a100_sxm_80gb a Gpu"):
        borrow(facts("i7_12700k", "fp32"), donor, 0.1)
    with pytest.raises(MeasurementError, match="no donor for jetson_orin_nano_8gb"):
        nearest(facts("jetson_orin_nano_8gb", "fp16"), [donor])
    assert nearest(facts("h100_sxm_80gb", "fp16"), [donor]) is donor
    assert apart(GPU, GPU) == 0


def test_leaving_a_device_out_tells_what_borrowing_costs():
    first = fit(products(40), GPU)
    other = facts("h100_sxm_80gb", "fp16")
    rows = products(40, device="h100_sxm_80gb")
    second = fit(rows, other)
    told = leaving_one_out([first, second], {"a100_sxm_80gb": products(40), "h100_sxm_80gb": rows})
    assert told > 0.05
    with pytest.raises(MeasurementError, match="no donor"):
        leaving_one_out([first], {"a100_sxm_80gb": products(40)})


def test_calibrate_writes_a_profile_and_tells_its_errors(tmp_path):
    (tmp_path / "rows.csv").write_text(as_csv(products(40, noise=0.05)), "utf-8")
    out = tmp_path / "profile.yaml"
    asked = ["calibrate", "a100_sxm_80gb", "--from", str(tmp_path / "rows.csv"), "--out", str(out), "--json"]
    found = CliRunner().invoke(main, asked)
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert told["fits"][0]["rows"] == 40
    assert told["fits"][0]["mape"] < 20
    assert "calibration: a100_sxm_80gb" in out.read_text("utf-8")


def test_plan_prints_the_commands_that_measure():
    found = CliRunner().invoke(main, ["calibrate", "--plan", "a100_sxm_80gb", "--points", "3", "--json"])
    assert found.exit_code == 0, found.output
    points = json.loads(found.stdout)["points"]
    assert len(points) == 3
    assert points[0]["command"].startswith("symppa benchmark gemm --shape m=")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["a100_sxm_80gb"], "say symppa calibrate DEVICE --from FILE"),
        (["a100_sxm_80gb", "--plan", "l40s"], "--plan DEVICE stands alone"),
    ],
)
def test_a_question_that_is_not_one_is_refused(asked, message):
    found = CliRunner().invoke(main, ["calibrate", *asked])
    assert found.exit_code == 2
    assert message in found.output
