from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from symppa.calibration.device import facts
from symppa.calibration.fitting.calibrate import fit
from symppa.calibration.measurement import Measurements, as_csv
from symppa.calibration.profiles.borrow import (
    LEAVING,
    UNSEEN,
    borrow,
    leaving,
    leaving_one_out,
    lent,
    nearest,
    nearest_device,
)
from symppa.calibration.profiles.profile import load
from symppa.cli.main import main
from symppa.errors import MeasurementError
from tests.calibration.made import GPU, products, with_time

DAY = "2026-01-02"


@pytest.fixture(scope="module")
def donor():
    return fit(products(80, noise=0.1), GPU)


def test_the_borrower_s_peaks_enter_the_law(donor):
    fast = replace(GPU, name="h100_sxm_80gb", peak=3 * GPU.peak, bandwidth=2 * GPU.bandwidth)
    rows = products(40, seed=8)
    lent_fit = borrow(fast, donor, 0.3).fitted
    assert np.all(lent_fit.law.times(rows) <= donor.law.times(rows) * (1 + 1e-9))
    assert lent_fit.law.facts is fast


def test_intervals_are_at_least_as_wide_as_leaving_a_device_out_showed(donor):
    made = borrow(replace(GPU, name="b"), donor, 0.5)
    assert all(one.half >= 0.5 for one in made.fitted.intervals.buckets)
    assert [one.rows for one in made.fitted.intervals.buckets] == [one.rows for one in donor.intervals.buckets]
    assert not made.fitted.sizes  # nothing was measured on it
    assert made.confidence == "INTERPOLATED"


def test_another_class_never_lends(donor):
    with pytest.raises(MeasurementError, match="i7_12700k is a Cpu, a100_sxm_80gb a Gpu: coefficients are borrowed"):
        borrow(facts("i7_12700k"), donor, 0.1)
    with pytest.raises(MeasurementError, match=r"no donor for i7_12700k \(Cpu\): of a100_sxm_80gb \(Gpu\) none"):
        nearest(facts("i7_12700k"), [donor])


def test_the_nearest_is_the_most_similar(donor):
    others = [replace(donor, law=replace(donor.law, facts=facts(name, "fp16"))) for name in ("l40s", "h200_sxm")]
    assert nearest(facts("h100_sxm_80gb", "fp16"), [donor, *others]).law.facts.name == "h200_sxm"
    assert nearest_device(facts("rtx_4090"), ["a100_sxm_80gb", "a40", "i7_12700k", "l40s"]) == "l40s"


def test_leaving_one_out_says_how_far_off_lending_is():
    near = replace(GPU, name="b")
    other = products(80, seed=4, device="b")
    slow = Measurements(tuple(with_time(row, 2 * row.latency) for row in other))
    tables = {GPU.name: products(80), "b": slow}
    found = leaving_one_out([fit(tables[GPU.name], GPU), fit(slow, near)], tables)
    assert found == pytest.approx(np.log(2), abs=0.1)


def test_a_family_that_nobody_timed_on_two_devices_is_worse_than_all_others():
    assert leaving("linear") == LEAVING["gemm"]
    assert leaving("conv2d") == UNSEEN >= max(LEAVING.values())


def test_a_device_borrows_all_that_its_formats_allow():
    made = lent("h200_sxm", "a100_sxm_80gb", DAY)
    assert made.donor == "a100_sxm_80gb"
    assert {one.law.facts.name for one in made.fits} == {"h200_sxm"}
    assert made.find("softmax", "fp16").half(_softmax()) == pytest.approx(LEAVING["softmax"])
    assert made.find("gemm", "bf16").intervals.buckets[0].half >= LEAVING["gemm"]


def _softmax():
    row = replace(products(1).rows[0], op="softmax", shape={"rows": 4096.0, "width": 1024.0})
    return Measurements((row,))


def test_what_is_borrowed_is_not_lent_on(tmp_path):
    place = tmp_path / "p.yaml"
    asked = ["calibrate", "h200_sxm", "--borrow", "a100_sxm_80gb", "--out", str(place)]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 0, done.output
    assert "from a100_sxm_80gb, INTERPOLATED" in done.output
    text = place.read_text("utf-8")
    assert "donor: a100_sxm_80gb" in text
    assert "confidence: INTERPOLATED" in text
    assert load(place).donor == "a100_sxm_80gb"
    with pytest.raises(MeasurementError, match="is no donor for h100_sxm_80gb: it is borrowed itself"):
        lent("h100_sxm_80gb", str(place), DAY)
    with pytest.raises(MeasurementError, match="a100_sxm_80gb is no donor for a100_sxm_80gb: it is the same"):
        lent("a100_sxm_80gb", "a100_sxm_80gb", DAY)


def test_rows_of_several_devices_tell_anew_how_far_off_lending_is(tmp_path):
    other = products(60, seed=4, device="h100_sxm_80gb")
    rows = products(60) + Measurements(tuple(with_time(row, 3 * row.latency) for row in other))
    own = Measurements(tuple(replace(row, dtype="bf16") for row in rows))
    (tmp_path / "rows.csv").write_text(as_csv(own), "utf-8")
    place = tmp_path / "p.yaml"
    asked = [
        "calibrate",
        "l40s",
        "--borrow",
        "a100_sxm_80gb",
        "--from",
        str(tmp_path / "rows.csv"),
        "--out",
        str(place),
    ]
    assert CliRunner().invoke(main, asked).exit_code == 0
    buckets = load(place).find("gemm", "bf16").intervals.buckets
    assert all(one.half > 0.9 for one in buckets)  # about log 3, against 0.7 of the table


def test_a_donor_of_another_class_is_refused_by_the_verb(tmp_path):
    done = CliRunner().invoke(main, ["calibrate", "i7_12700k", "--borrow", "l40s", "--out", str(tmp_path / "p.yaml")])
    assert done.exit_code == 2
    assert "borrowed within one class only" in done.output
