"""symppa sweep over lists, samples and draws: what a person types and reads."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from tests.cli.asking import ask, data, flat, process, told

LIST = "clock [GHz],chiplet.sms,precision\n2,16,FP8\n2.5,32,FP16\n3,48,FP8\n"
OUTPUTS = ("--output", "power", "--output", "peak_compute")
CLOCK = "clock=normal(2 GHz, 0.1 GHz)"


@pytest.fixture
def points(tmp_path):
    """Three designs in a file."""
    path = tmp_path / "points.csv"
    path.write_text(LIST, "utf-8")
    return path


def test_points_stand_below_each_other_with_their_columns(points):
    text = flat("sweep", "nexgen_baseline", "--points", str(points), *OUTPUTS)
    assert "0 2 16 FP8 267.2 131.1 1 2.5 32 FP16 363.2 163.8 2 3 48 FP8 459.2 589.8" in text
    assert "designs 3 in all, 0 invalid" in text


def test_points_meet_axes_limits_and_what_is_kept(points):
    found = data(
        "sweep", "nexgen_baseline", "--points", str(points), "--axis", "chiplets=2:4", "--set", "sm_power=1 W",
        "--where", "power <= 350 W", "--keep", "best:1:peak_compute",
    )  # fmt: skip
    # 30 + 120 + n (sms + 5.3) W for n chiplets: 363.2 W for four of 48, 309.9 W for three.
    assert found["counts"] == {"designs": 9, "feasible": 8, "invalid": 0}
    assert found["outputs"]["point"]["values"] == [2]
    assert found["outputs"]["chiplets"]["values"] == [3]


def test_what_a_sweep_writes_is_a_list_of_points(points, tmp_path):
    for suffix in ("csv", "parquet"):
        file = tmp_path / f"out.{suffix}"
        told("sweep", "nexgen_baseline", "--points", str(points), *OUTPUTS, "--out", str(file))
        again = data("sweep", "nexgen_baseline", "--points", str(file), *OUTPUTS)
        assert again["outputs"]["peak_compute"]["values"] == [131.072, 163.84, 589.824]
        assert "columns that are no givens, left out: point, power, peak_compute" in again["notes"]
    assert pd.read_csv(tmp_path / "out.csv").columns.tolist()[:2] == ["point", "clock [GHz]"]


def test_a_front_over_points_and_over_a_sample(points):
    objectives = ("--minimize", "power", "--maximize", "peak_compute")
    front = data("pareto", "nexgen_baseline", "--points", str(points), *objectives)
    assert front["outputs"]["point"]["values"] == [0, 1, 2]
    ranges = ("--axis", "clock=1GHz:3GHz", "--axis", "chiplet.sms=16:64", "--sample", "lhs:50", "--seed", "1")
    sampled = data("pareto", "nexgen_baseline", *ranges, *objectives)
    assert sampled["counts"] == {"designs": 50, "feasible": 50, "invalid": 0}


def test_the_same_seed_gives_the_same_bytes_in_every_process():
    question = (
        "sweep", "nexgen_baseline", "--axis", "clock=1GHz:3GHz", "--axis", "chiplet.sms=16:64",
        "--sample", "sobol:16", *OUTPUTS, "--json",
    )  # fmt: skip
    here = told(*question, "--seed", "7")
    assert process(*question, "--seed", "7").stdout == here
    assert told(*question, "--seed", "8") != here
    assert told(*question) == told(*question, "--seed", "0")


def test_draws_are_told_in_quantiles():
    text = flat("sweep", "nexgen_baseline", "--uncertain", CLOCK, *OUTPUTS)
    assert "output unit mean std 5 % 50 % 95 %" in text
    assert "peak_compute TFLOPS 65.54 3.276 60.15 65.54 70.92" in text
    assert "power W 267.2 0 267.2 267.2 267.2" in text
    assert "uncertain clock normal(2 GHz, 0.1 GHz) draws 4096 by sobol, seed 0" in text


def test_quantiles_along_an_axis_with_the_share_of_draws_within_a_limit():
    text = flat(
        "sweep", "nexgen_baseline", "--uncertain", CLOCK, "--axis", "chiplet.sms=32:48:16", *OUTPUTS,
        "--where", "peak_compute >= 150 TFLOPS",
    )  # fmt: skip
    assert "peak_compute [TFLOPS] chiplet.sms mean std 5 % 50 % 95 % within" in text
    assert "48 196.6 9.829 180.5 196.6 212.8 1" in text


def test_many_tables_fit_one_screen():
    text = told("sweep", "nexgen_baseline", "--uncertain", CLOCK, "--axis", "chiplet.sms=1:40", *OUTPUTS)
    assert "30 more rows: --csv, --json or --out FILE has them" in text
    assert len(text.splitlines()) < 45


def test_the_csv_of_quantiles_has_a_row_for_each_probability():
    lines = told("sweep", "nexgen_baseline", "--uncertain", CLOCK, "--output", "power", "--csv").splitlines()
    assert lines[0] == "probability,power [W],power.mean [W],power.std [W]"
    assert len(lines) == 4


def test_no_draw_within_is_no():
    text = flat(
        "sweep", "nexgen_baseline", "--uncertain", CLOCK, *OUTPUTS, "--where", "peak_compute >= 1 PFLOPS", code=1
    )
    assert "0 feasible" in text
    assert "none fits peak_compute is" in text


def test_what_a_description_states_is_drawn_when_asked_for(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "schema: 1\nextends: nexgen_baseline\nvalues:\n  clock:\n    value: 2 GHz\n"
        "    uncertain: normal(2 GHz, 0.1 GHz)\n",
        "utf-8",
    )
    assert data("sweep", str(path), "--uncertain", "*", *OUTPUTS)["facts"]["uncertain"] == {
        "clock": "normal(2 GHz, 0.1 GHz)"
    }
    assert json.loads(told("check", str(path), "--json"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--points", "none.csv"), "there is no file none.csv"),
        (("--points", "{points}", "--axis", "clock=1GHz:2GHz:3"), "clock moves along an axis and along the points"),
        (("--points", "{points}", "--sample", "sobol:4"), "points are designs already"),
        (("--points", "{points}", "--where", "pwer <= 3 W"), "did you mean power"),
        (("--axis", "clock=1GHz:3GHz"), "needs a third part"),
        (("--axis", "clock=1GHz:3GHz", "--sample", "sobol:1000"), "draw sobol:512 or sobol:1024"),
        (("--axis", "clock=1GHz:3GHz", "--sample", "dice:4"), "there is no sampler 'dice'"),
        (("--sample", "sobol:4"), "a sample needs ranges to draw from"),
        (("--axis", "chiplets=1:3", "--seed", "1"), "nothing is drawn here"),
        (("--axis", "chiplets=1:3", "--seed", "-1"), "-1 is not in the range x>=0"),
        (("--uncertain", "clock"), "no distribution is stated for clock"),
        (("--uncertain", "clok=normal(2 GHz, 1 GHz)"), "did you mean clock"),
        (("--uncertain", "clock=normal(2 GHz)"), "normal does not take 1 numbers"),
        (("--uncertain", "utilisation=normal(1, 0.1)"), "draws lie outside its domain, 0 to 1"),
        (("--uncertain", CLOCK, "--keep", "quantiles:power:2"), "a probability lies between 0 and 1"),
    ],
)
def test_a_wrong_question_is_told_in_one_line(points, arguments, message):
    result = ask("sweep", "nexgen_baseline", *(a.replace("{points}", str(points)) for a in arguments))
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1 or "Usage" in result.stderr
    assert not result.stdout


def test_a_wrong_cell_is_told_with_its_row_and_column(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text(LIST.replace("48", "many"), "utf-8")
    result = ask("sweep", "nexgen_baseline", "--points", str(path))
    assert result.exit_code == 2
    assert f"{path}: row 3, column chiplet.sms: chiplet.sms = 'many' is not a number" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--uncertain", CLOCK, "--axis", "chiplet.sms=16:64:4"),
        ("--axis", "clock=1GHz:3GHz", "--axis", "chiplet.sms=16:64", "--sample", "sobol:64"),
        ("--axis", "clock=1GHz:3GHz", "--sample", "sobol:64"),
    ],
    ids=["bands", "cloud", "one output"],
)
def test_a_figure_is_drawn(tmp_path, arguments):
    told("sweep", "nexgen_baseline", *arguments, *OUTPUTS, "--plot", str(tmp_path))
    assert (tmp_path / "sweep.png").stat().st_size > 10_000


def test_quantiles_of_no_axis_have_no_figure(tmp_path):
    result = ask("sweep", "nexgen_baseline", "--uncertain", CLOCK, *OUTPUTS, "--plot", str(tmp_path))
    assert result.exit_code == 2
    assert "quantiles have a figure along one axis of numbers" in result.stderr
