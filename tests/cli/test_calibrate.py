"""symppa calibrate: what takes part in a fit, what is left out and said, and what a profile keeps of its device."""

from __future__ import annotations

from pathlib import Path

import pytest

from symppa.calibration.measurement import Campaign, Measurement, Measurements, as_csv
from symppa.calibration.profiles.profile import load
from tests.calibration.made import GPU, products
from tests.cli.asking import ask


def rows(count=40, *, wrong=0, device=GPU.name, mode=""):
    """Products with noise, each in a row of its own; every `wrong`-th takes a thousand times as long."""
    campaign = Campaign(device, power_mode=mode)
    return Measurements(tuple(
        Measurement(campaign, row.op, row.shape, row.dtype, row.latency * (1000 if wrong and n % wrong == 0 else 1))
        for n, row in enumerate(products(count, noise=0.05))
    ))  # fmt: skip


def put(path, *some):
    Path(path).write_text(as_csv([row for one in some for row in one]), "utf-8")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def calibrated(*more, device=GPU.name, code=0):
    result = ask("calibrate", device, "--from", "rows.csv", "--out", "p.yaml", *more)
    assert result.exit_code == code, result.output
    return result


def test_rows_that_lint_refuses_take_no_part_and_are_counted(here):
    put("rows.csv", rows(wrong=3))
    result = calibrated()
    assert "refused, units: about 1000 times away from rows of its size" in result.stderr
    told = load("p.yaml")
    assert (told.refused, told.fits[0].rows) == (14, 26)
    assert told.fits[0].errors.mape < 15
    assert "14 refused and left out" in result.stdout


def test_what_to_measure_next_reckons_with_no_row_that_lint_refuses(here):
    put("rows.csv", rows(wrong=3))
    result = ask("calibrate", "--plan", GPU.name, "--op", "gemm", "--points", "1", "--from", "rows.csv")
    assert result.exit_code == 0, result.output
    assert "refused, units" in result.stderr


def test_lending_is_shown_by_no_row_that_lint_refuses(here):
    put("rows.csv", rows(wrong=3))
    result = ask("calibrate", "a40", "--borrow", GPU.name, "--from", "rows.csv", "--out", "p.yaml")
    assert result.exit_code == 0, result.output
    assert "refused, units" in result.stderr


def test_rows_of_other_devices_are_left_out_and_said(here):
    put("rows.csv", rows(12), rows(7, device="a40"), rows(5, device="my_own_gpu"))
    result = calibrated()
    assert "12 measurements of a40, my_own_gpu are left out" in result.stderr
    assert load("p.yaml").fits[0].rows == 12


def test_rows_of_a_known_device_are_never_taken_for_those_of_another(here):
    put("rows.csv", rows(12))
    assert "there are no rows of a40; there are rows of a100_sxm_80gb" in calibrated(device="a40", code=2).stderr


def test_rows_of_one_unknown_device_are_taken_for_the_one_asked_for_and_it_is_said(here):
    put("rows.csv", rows(12, device="nvidia_a100_of_mine"))
    assert "rows of nvidia_a100_of_mine are taken for those of a100_sxm_80gb" in calibrated().stderr
    assert load("p.yaml").fits[0].rows == 12


def test_the_governor_of_a_clock_is_no_power_profile(here):
    put("rows.csv", rows(12, mode="performance"))
    calibrated()
    fit = load("p.yaml").fits[0]
    assert (fit.power_mode, fit.law.facts.profile) == ("performance", "")
    result = ask("validate", GPU.name, "--profile", "p.yaml", "--against", "rows.csv", "--json")
    assert result.exit_code == 0, result.output


def test_what_is_wrong_is_said_once_and_in_words(here):
    text = "device,dtype,m,n,k,latency_ms\na40,fp16,1,2,3,-3\na40,fp16,1,2,3,1\n"
    Path("rows.csv").write_text(text, "utf-8")
    assert "a latency of -0.003 s is negative" in ask("benchmark", "lint", "rows.csv").output
    assert "there is no operation 'nosuchop'" in calibrated("--op", "nosuchop", device="a40", code=2).stderr
    told = ask("coverage", "--history", "none.jsonl").stderr
    assert "Errno" not in told
    assert told.count("none.jsonl") == 1
