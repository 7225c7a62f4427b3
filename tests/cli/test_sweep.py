"""symppa sweep and pareto: grids, limits, files, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from tests.cli.asking import ask, data, flat, told
from tests.house.tree import ROOT

GRID = ("--axis", "chiplet.sms=16:64:4", "--axis", "clock=1.5GHz:3GHz:16")
BEST = ("--keep", "best:5:compute_density", "--where", "power <= 500 W")


def test_the_best_designs_below_a_limit():
    # 30 + 4 (1.5 n + 35.3) W allows n = 54.7; the grid has 52, at its fastest clock.
    found = data("sweep", "nexgen_baseline", *GRID, *BEST)["outputs"]
    assert found["chiplet.sms"]["values"][0] == 52
    assert found["clock"]["values"][0] == 3
    assert found["compute_density"]["values"][0] == pytest.approx(128 * 4 * 3e9 * 52 * 4 / 1600 / 1e12)
    assert sorted(found["compute_density"]["values"], reverse=True) == found["compute_density"]["values"]


def test_designs_stand_side_by_side_where_their_outputs_do_not():
    text = flat("sweep", "nexgen_baseline", *GRID, *BEST)
    assert "compute_density [TFLOPS/mm2] 0.1997 0.193 0.1864 0.1843 0.1797" in text
    assert "designs 208 in the grid, 160 feasible, 0 invalid" in text


def test_by_default_only_outputs_with_one_number_for_a_design_are_kept():
    found = data("sweep", "nexgen_baseline", "--axis", "chiplet.sms=16,32")["outputs"]
    assert "power" in found
    assert "attained" not in found


def test_a_big_grid_fills_one_screen_and_says_how_much_is_left():
    text = told("sweep", "nexgen_baseline", *GRID)
    assert "188 more designs" in text
    assert len(text.splitlines()) < 40


def test_an_axis_of_labels():
    found = data("sweep", "nexgen_baseline", "--axis", "precision=FP8,FP16", "--output", "peak_compute")
    assert found["coordinates"]["precision"]["values"] == ["FP8", "FP16"]
    assert found["outputs"]["peak_compute"]["values"] == [131.072, 65.536]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "nc", "json"])
def test_a_file_holds_what_was_answered(tmp_path, suffix):
    file = tmp_path / f"sweep.{suffix}"
    result = ask("sweep", "nexgen_baseline", *GRID, *BEST, "--out", str(file))
    assert result.exit_code == 0
    assert result.stderr == f"wrote {file}\n"
    answer = data("sweep", "nexgen_baseline", *GRID, *BEST)["outputs"]["compute_density"]["values"]
    if suffix == "parquet":
        frame = pd.read_parquet(file)
        assert frame["compute_density"].tolist() == answer
    elif suffix == "csv":
        assert pd.read_csv(file)["compute_density [TFLOPS/mm2]"].tolist() == pytest.approx(answer, rel=1e-15)
    elif suffix == "nc":
        with xr.open_dataset(file, engine="h5netcdf") as found:
            assert found["compute_density"].values.tolist() == answer
            assert found["compute_density"].attrs["units"] == "TFLOPS/mm2"
    else:
        assert file.read_text("utf-8") == told("sweep", "nexgen_baseline", *GRID, *BEST, "--json")


def test_parquet_knows_the_units(tmp_path):
    import pyarrow.parquet as pq

    file = tmp_path / "sweep.parquet"
    told("sweep", "nexgen_baseline", *GRID, "--output", "power", "--output", "peak_compute", "--out", str(file))
    assert pq.read_schema(file).field("power").metadata[b"unit"] == b"W"
    assert len(pd.read_parquet(file)) == 208


def test_a_file_without_a_format_is_refused_before_the_work(tmp_path):
    result = ask("sweep", "nexgen_baseline", *GRID, "--out", str(tmp_path / "sweep.xyz"))
    assert result.exit_code == 2
    assert "its suffix is one of .parquet, .csv, .nc, .json" in result.stderr


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    result = ask("sweep", "nexgen_baseline", *GRID, "--out", str(tmp_path / "no" / "sweep.csv"))
    assert result.exit_code == 2
    assert "there is no folder" in result.stderr


def test_nothing_feasible_is_no_and_tells_what_could_be():
    text = flat("sweep", "nexgen_baseline", *GRID, "--where", "power <= 5 W", code=1)
    assert "0 feasible" in text
    assert "power is 267.2 to 555.2 W on this grid" in text


def test_counts_and_ranges():
    assert data("sweep", "nexgen_baseline", *GRID, "--keep", "count", "--where", "power<=500 W")["counts"] == {
        "designs": 208, "feasible": 160, "invalid": 0
    }  # fmt: skip
    text = flat("sweep", "nexgen_baseline", *GRID, "--keep", "range:power")
    assert "power W 267.2 411.2 555.2" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--axis", "sms=1:2"), "did you mean chiplet.sms?"),
        (("--axis", "clock=1:3:16"), "has no unit"),
        (("--axis", "clock"), "is not NAME=VALUES"),
        ((*GRID, "--keep", "worst:5:power"), "is not understood"),
        ((*GRID, "--where", "power < < 5 W"), "is no limit"),
        ((*GRID, "--where", "power <= 5 V"), "does not measure W"),
        ((*GRID, "--axis", "clock=1GHz,2GHz"), "is given twice"),
        ((), "at least one axis, points, a sample of ranges, or uncertain givens"),
    ],
)
def test_a_wrong_question_is_told_why(arguments, message):
    result = ask("sweep", "nexgen_baseline", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_ctrl_c_leaves_what_was_finished():
    axes = (
        "--axis",
        "clock=1GHz:3GHz:40000",
        "--axis",
        "chiplet.area=200mm2:500mm2:40000",
        "--axis",
        "chiplet.sms=16:64:1",
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "symppa", "sweep", "nexgen_baseline", *axes, "--keep", "best:3:compute_density"],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(6)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "stopped" in out
    assert "compute_density" in out
    assert not err


def test_the_front_of_two_objectives():
    found = data(
        "pareto", "nexgen_baseline", *GRID, "--minimize", "power", "--maximize", "compute_density"
    )["outputs"]  # fmt: skip
    # Power does not follow the clock here, so the fastest clock wins for every number of SMs.
    assert found["clock"]["values"] == [3.0] * 13
    assert np.all(np.diff(found["compute_density"]["values"]) > 0)


def test_a_front_without_objectives_names_the_options():
    result = ask("pareto", "nexgen_baseline", *GRID)
    assert result.exit_code == 2
    assert "--minimize OUTPUT and --maximize OUTPUT" in result.stderr


def test_a_count_that_is_zero_tells_what_could_be():
    text = flat("sweep", "nexgen_baseline", "--axis", "clock=1GHz:3GHz:500MHz", "--keep", "count",
                "--where", "power >= 1000 W", code=1)  # fmt: skip
    assert "0 feasible" in text
    assert "none fits power is 267.2 to 267.2" in text


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "sweep.csv").mkdir()
    result = ask("sweep", "nexgen_baseline", *GRID, "--out", str(tmp_path / "sweep.csv"))
    assert result.exit_code == 2
    assert f"{tmp_path / 'sweep.csv'} cannot be written" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.csv"]


def test_one_objective_is_no_front():
    result = ask("pareto", "nexgen_baseline", *GRID, "--maximize", "compute_density")
    assert result.exit_code == 2
    assert "2 to 4 objectives" in result.stderr


def test_an_objective_has_one_sense():
    result = ask("pareto", "nexgen_baseline", *GRID, "--minimize", "power", "--maximize", "power")
    assert result.exit_code == 2
    assert "at once" in result.stderr


def test_an_empty_front_is_no():
    told(
        "pareto",
        "nexgen_baseline",
        *GRID,
        "--minimize",
        "power",
        "--maximize",
        "compute_density",
        "--where",
        "power <= 1 W",
        code=1,
    )
