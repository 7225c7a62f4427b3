"""symppa validate: every layout, what is refused and flagged, limits, baselines, history, forms and figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from symppa.calibration.fitting.ratio import SmoothFit
from symppa.calibration.measurement import as_csv
from symppa.calibration.profiles.profile import save
from tests.calibration.made import GPU
from tests.calibration.validation.known import FITTED, known, off_by, row, some
from tests.cli.asking import ask, data, flat, told
from tests.house.tree import ROOT

DATA = ROOT.parent / "shared" / "data"
ROWS = some(60)
KEYS = ["mape", "median", "p90", "bias", "within_10", "within_15", "coverage_90", "n"]
HEADER = "device,dtype,m,n,k,latency_ms\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a profile and rows that it takes for a tenth longer than they are."""
    monkeypatch.chdir(tmp_path)
    save(known(ROWS), Path("p.yaml"))
    Path("rows.csv").write_text(as_csv(off_by(ROWS, 1.1)), "utf-8")
    return tmp_path


def asked(*more, file="rows.csv", profile="p.yaml"):
    return ("validate", GPU.name, "--profile", profile, "--against", str(file), *more)


def test_json_tells_the_accuracy_in_percent(here):
    found = data(*asked())
    assert set(KEYS) <= set(found)
    assert [found[name] for name in KEYS[:6]] == pytest.approx([10, 10, 10, 10, 100, 100])
    assert (found["coverage_90"], found["n"], found["band"]) == (100, 60, "GOOD")
    (op,) = found["by_op"]
    assert (op["op"], op["n"], op["error_share"], op["time_share"]) == ("gemm", 60, 100, 100)
    assert found["attribution"] == [{"op": "gemm", "error_share": 100, "time_share": 100, "shift": pytest.approx(10)}]
    assert [sum(one["n"] for one in found["reliability"]), found["reliability"][0]["nominal"]] == [60, 90]
    assert found["campaigns"] == ["a100_sxm_80gb, stack, fresh.csv"]
    assert found["missing"] == []


def test_one_operation_one_format_and_what_is_not_there(here):
    more = (*off_by(ROWS.take(range(3)), 1.1), row("linear", 1e-4, "fp32", m=128, n=1024, k=1024))
    Path("rows.csv").write_text(as_csv(more), "utf-8")
    assert data(*asked("--op", "gemm"))["n"] == 3
    assert data(*asked("--dtype", "fp16"))["n"] == 3
    result = ask(*asked("--op", "softmax"))
    assert (result.exit_code, "there are rows of gemm, linear" in result.stderr) == (2, True)
    assert (
        "no rows in power mode 15W" in ask(*asked("--power-profile", "15W")).stderr
        or data(*asked("--power-profile", "15W"))["n"]
    )


def test_in_sample_is_said_loudly_and_left_out_when_asked(here):
    rows = off_by(ROWS, 1.0, FITTED) + off_by(some(200, seed=8).take(range(120, 140)), 1.2)
    Path("rows.csv").write_text(as_csv(rows), "utf-8")
    text = flat(*asked())
    assert "IN SAMPLE in part, 60 of 80 rows took part in the fit: --held-out leaves them out" in text
    found = data(*asked())
    assert (found["in_sample"]["n"], found["in_sample"]["mape"]) == (60, pytest.approx(0, abs=1e-4))
    assert (found["held_out"]["n"], found["held_out"]["mape"]) == (20, pytest.approx(20, abs=1e-3))
    out = data(*asked("--held-out"))
    assert (out["n"], out["in_sample"]["n"]) == (20, 0)
    assert "IN SAMPLE" not in flat(*asked("--held-out"))
    assert "IN SAMPLE" in ask(*asked("--json")).stderr
    Path("rows.csv").write_text(as_csv(off_by(ROWS, 1.0, FITTED)), "utf-8")
    assert "IN SAMPLE, every row took part in the fit" in flat(*asked())
    assert "none of 60 rows can be compared" in ask(*asked("--held-out")).stderr


def test_a_limit_that_is_missed_exits_1(here):
    told(*asked("--max-mape", "10.5"))
    result = ask(*asked("--max-mape", "9"))
    assert result.exit_code == 1
    assert result.stderr.endswith("the mean error is 10.00 %, above 9 %\n")
    assert "Validation of a100_sxm_80gb" in result.stdout
    assert data(*asked("--max-mape", "9"), code=1)["refused"] == ["the mean error is 10.00 %, above 9 %"]


def test_worse_than_the_baseline_exits_1_and_is_never_a_baseline_itself(here):
    told(*asked("--record", "runs.jsonl"))
    told(*asked("--baseline", "runs.jsonl"))
    save(_slower(1.2), Path("slow.yaml"))
    question = asked("--baseline", "runs.jsonl", "--record", "runs.jsonl", profile="slow.yaml")
    result = ask(*question)
    assert result.exit_code == 1
    assert "all rows: mean error 10.00 % then, 32.00 % now (worse than on 20" in result.stderr
    assert ask(*question).exit_code == 1
    told(*question, "--tolerance", "30")
    lines = [json.loads(line) for line in Path("runs.jsonl").read_text("utf-8").splitlines()]
    assert [one["accepted"] for one in lines] == [True, False, False, True]


def _slower(factor):
    """The profile of a device whose law takes so many times as long."""

    made = known(ROWS)
    (fit,) = made.fits
    places = fit.law.places(ROWS)
    centre = places.mean(axis=0, keepdims=True)
    flat_ratio = SmoothFit(centre, np.array([np.log(factor)]), np.full((1, centre.shape[1]), 1e-18), np.ones(1), 0.0)
    return replace(made, fits=(replace(fit, ratio=flat_ratio),))


def test_a_baseline_of_other_rows_is_a_wrong_question(here):
    told(*asked("--record", "runs.jsonl"))
    Path("rows.csv").write_text(as_csv(off_by(ROWS.take(range(9)), 1.1)), "utf-8")
    result = ask(*asked("--baseline", "runs.jsonl"))
    assert result.exit_code == 2
    assert "records no accepted run" in result.stderr


def test_history_is_told_and_drawn(here):
    for _ in range(2):
        text = flat(*asked("--history", "runs.jsonl", "--plot", "drawn"))
    assert "Over time, the same rows" in text
    assert len(data(*asked("--history", "runs.jsonl"))["history"]) == 3
    names = {path.name for path in Path("drawn").iterdir()}
    assert names == {"measured_against_estimated.png", "error_attribution.png", "reliability.png", "history.png"}
    assert ask(*asked("--history", "a", "--record", "b")).exit_code == 2


def test_other_forms(here):
    lines = told(*asked("--csv")).splitlines()
    assert lines[0].startswith("op,mape,median,p90,bias,within_10,within_15,coverage_90,n,")
    assert len(lines) == 2
    assert "| gemm | 60 | 10.0 |" in told(*asked("--markdown"))
    page = told(*asked("--format", "html"))
    assert page.startswith("<!doctype html>")
    assert page.count("<svg") == 3


def test_no_row_that_can_be_estimated_exits_1(here):
    Path("rows.csv").write_text(as_csv([row("all_reduce", 1e-4, elements=64, ranks=4)]), "utf-8")
    result = ask(*asked())
    assert (result.exit_code, result.stderr) == (1, "none of 1 rows can be compared\n")
    assert "all_reduce fp16" in result.stdout
    assert data(*asked(), code=1)["mape"] is None


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (("validate", "h100_sxm_80gb", "--profile", "p.yaml", "--against", "rows.csv"), "one device is validated"),
        (("validate", GPU.name, "--profile", "nothing", "--against", "rows.csv"), "there is no profile 'nothing'"),
        (("validate", "zx81", "--profile", "none", "--against", "rows.csv"), "there are no rows of zx81"),
        (asked(file="absent.csv"), "absent.csv: it cannot be read"),
        (asked("--max-mape", "-1"), "--max-mape"),
        (asked("--baseline", "absent.jsonl"), "absent.jsonl"),
    ],
)
def test_wrong_questions_exit_2(here, question, message):
    result = ask(*question)
    assert result.exit_code == 2, result.output
    assert message in result.stderr


LINE = "NVIDIA A100-SXM4-80GB,float16,{m},1024,1024,{time}\n"


def table(*lines):
    Path("rows.csv").write_text(HEADER + "".join(lines), "utf-8")


GOOD = [LINE.format(m=2**n, time=0.02 + n / 100) for n in range(5, 13)]


@pytest.mark.parametrize(
    ("lines", "state", "rule", "rows", "n"),
    [
        ([*GOOD, "NVIDIA A100-SXM4-80GB,float16,1024\n"], "refused", "damaged", [10], 8),
        ([*GOOD, LINE.format(m="many", time=0.1)], "refused", "damaged", [10], 8),
        ([*GOOD, LINE.format(m=64, time="30 us")], "refused", "damaged", [10], 8),
        ([*GOOD, LINE.format(m=64, time=-1)], "refused", "damaged", [10], 8),
        ([*GOOD, LINE.format(m=48, time=80.0)], "refused", "units", [10], 8),
        ([*GOOD, GOOD[0]], "refused", "duplicates", [10], 8),
        ([*GOOD, LINE.format(m=2**5, time=0.08)], "flagged", "duplicates", [2, 10], 9),
        ([*GOOD, LINE.format(m=8192, time=0.001)], "refused", "above peak", [10], 8),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_or_flagged_with_its_rows(here, lines, state, rule, rows, n):
    table(*lines)
    found = data(*asked())
    assert found["n"] == n
    assert [state, rule, rows] in [[one["state"], one["rule"], one["rows"]] for one in found["findings"]]
    assert f"{state}, {rule}" in ask(*asked()).stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        (HEADER, "it has no rows"),
        (HEADER.replace("latency_ms", "predicted_ms") + GOOD[0], "is computed, not measured"),
        ("a,b\n1,2\n", "its layout is not known"),
        (HEADER + "\0", "line 2 holds a zero byte"),
    ],
)
def test_a_file_without_measurements_is_refused(here, text, message):
    Path("rows.csv").write_text(text, "utf-8")
    result = ask(*asked())
    assert result.exit_code == 2
    assert message in result.stderr


def test_rows_that_a_formula_gives_are_refused(here):
    table(*(LINE.format(m=64 * n, time=repr(2 * 64 * n * 1024 * 1024 / 100e12 * 1e3)) for n in range(1, 20)))
    result = ask(*asked())
    assert (result.exit_code, result.stdout) == (2, "")
    assert "computed, not measured" in result.stderr


def test_a_file_that_tells_no_device_is_taken_for_the_one_asked_about(here):
    Path("matmul_mine.csv").write_text("64, 1024, 1024, 0.0131072ms, 10.24Tflops\n", "utf-8")
    result = ask(*asked(file="matmul_mine.csv"))
    assert "matmul_mine.csv does not tell its device: taken for a100_sxm_80gb" in result.stderr
    assert data(*asked(file="matmul_mine.csv"))["n"] == 1


LAYOUTS = {
    "gemm_a100_sxm.csv": GPU.name, "context_attention_h100_sxm.csv": "h100_sxm_80gb",
    "generation_attention_a100_sxm.csv": GPU.name, "vidur_layers.csv": "a40", "i7_12700k_matmul.csv": "i7_12700k",
    "i7_12700k_linear.csv": "i7_12700k", "i7_12700k_vector_add.csv": "i7_12700k",
    "jetson_orin_nano_8gb_matmul.csv": "jetson_orin_nano_8gb", "i7_12700k_subgraphs_fp32.csv": "i7_12700k",
    "orin_agx_50w_models.csv": "jetson_orin_agx_64gb",
    "orin_agx_conv2d_sweep_full_cuda_50w.csv": "jetson_orin_agx_64gb",
    "orin_agx_gemm_sweep_full_cuda_50w.csv": "jetson_orin_agx_64gb",
    "orin_agx_mlp_sweep_full_cuda_maxn.csv": "jetson_orin_agx_64gb", "stream_blas.csv.gz": "jetson_orin_agx_64gb",
    "neusight_conv.csv": "t4", "neusight_softmax.csv": "t4", "neusight_linear.csv": "t4", "neusight_ln.csv": "t4",
    "neusight_gelu.csv": "t4", "llmcompass/matmul_A100.csv": GPU.name, "llmcompass/softmax_MI210.csv": "mi210",
    "llmcompass/layernorm_A100.csv": GPU.name, "llmcompass/gelu_MI210.csv": "mi210",
    "llmcompass/gpt3_layer_a100.json": GPU.name,
}  # fmt: skip
measured = pytest.mark.skipif(not DATA.is_dir(), reason="the folder of measurements is not here")


@measured
@pytest.mark.parametrize("file", LAYOUTS)
def test_every_layout_is_validated_against_the_data_sheet(file):
    found = data("validate", LAYOUTS[file], "--profile", "none", "--against", str(DATA / file))
    assert found["n"] > 0
    assert all(isinstance(found[name], float) for name in KEYS[:6])
    assert found["coverage_90"] is None
    assert found["by_op"]
    assert sum(one["n"] for one in found["by_op"]) == found["n"]


@measured
@pytest.mark.parametrize("file", [name for name, device in LAYOUTS.items() if device != "t4"])
def test_every_layout_is_validated_against_the_shipped_profiles(file):
    found = data("validate", LAYOUTS[file], "--against", str(DATA / file))
    assert found["n"] > 0
    assert found["by_quality"]
    assert len(found["by_op"]) >= 1
    assert found["findings"] is not None
    for one in found["missing"]:
        assert one["why"]
        assert one["count"] >= len(one["rows"]) > 0
