from __future__ import annotations

import csv
import io
import json
import re

import pytest

from symppa.calibration.measurement import as_csv
from symppa.reports.coverage_facts import ROW
from symppa.workloads.encoding import dumps
from tests.calibration.coverage.covering import DEVICE, GEMMS, NORM, between, fitted, network, profile, rows_of
from tests.cli.asking import ask, data, told
from tests.house.tree import ROOT

GOLDEN = ROOT / "tests" / "golden" / "coverage_small.txt"
SEED = {"model", "hardware", "power_mode", "precision", "analysis_timestamp", "summary", "subgraphs", "gaps"}
COUNTS = {
    "total_ops", "calibrated", "approximated", "missing", "total_flops", "calibrated_flops", "coverage_percent",
}  # fmt: skip
PRIMITIVE = {"name", "type", "flops", "bytes", "calibration_status", "calibration_entry", "measured_efficiency",
             "match_quality", "suggested_proxy"}  # fmt: skip
GAP = {"operation_type", "count", "total_bytes", "suggested_calibration", "command"}


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A small network and a calibration of its products and its norm."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(dumps(network()), "utf-8")
    profile(tmp_path, fitted("gemm", GEMMS), fitted("layernorm", between(NORM[0], ["rows", "width"])))
    return ("coverage", "./small.yaml", DEVICE, "--precision", "fp16", "--profile", "made.yaml")


def test_the_text_says_what_the_seed_says(small):
    text = told(*small, COLUMNS="110")
    assert text == GOLDEN.read_text("utf-8")


def test_json_has_the_keys_of_the_seed(small):
    found = data(*small)
    assert set(found) >= SEED
    assert set(found["summary"]) >= COUNTS
    assert all(set(one) >= {"id", "pattern", "flops", "primitives"} for one in found["subgraphs"])
    assert all(set(p) >= PRIMITIVE for one in found["subgraphs"] for p in one["primitives"])
    assert found["gaps"]
    assert all(set(one) >= GAP for one in found["gaps"])
    assert (found["model"], found["hardware"], found["precision"]) == ("small", DEVICE, "FP16")


def test_the_summary_is_the_sum_of_what_is_listed(small):
    found = data(*small)
    summary = found["summary"]
    parts = [p for one in found["subgraphs"] for p in one["primitives"]]
    assert summary["total_ops"] == sum(summary[name] for name in ("calibrated", "approximated", "missing", "free")) == 7
    assert summary["total_flops"] == sum(p["flops"] for p in parts)
    known = sum(p["flops"] for p in parts if p["calibration_status"] == "CALIBRATED")
    assert summary["calibrated_flops"] == known
    assert summary["coverage_percent"] == pytest.approx(100 * known / summary["total_flops"])
    assert "FREE" in summary["percentages"]


def test_csv_has_a_row_for_every_operation_and_primitive_by_the_names_of_json(small):
    rows = list(csv.DictReader(io.StringIO(told(*small, "--format", "csv"))))
    assert tuple(rows[0]) == ROW
    assert [row["operation"] for row in rows] == ["norm", "up", "gelu", "down", "sum", "flat", "share0"]
    found = {p["operation"]: p for one in data(*small)["subgraphs"] for p in one["primitives"]}
    for row in rows:
        if row["calibration_status"] == "FREE":
            assert row["flops"] == "0"
            assert row["why"]
        else:
            same = found[row["operation"]]
            assert {name: str(same[name] if same[name] is not None else "") for name in ROW[2:]} == {
                name: row[name] for name in ROW[2:]
            }


@pytest.mark.parametrize("form", ["json", "csv", "markdown"])
def test_a_form_is_asked_for_in_either_way(small, form):
    plain = [told(*small, *asked) for asked in (("--format", form), (f"--{form}",))]
    same = [text.replace(data_of(text), "") if form == "json" else text for text in plain]
    assert same[0] == same[1]


def data_of(text):
    return json.loads(text)["analysis_timestamp"]


def test_html_is_a_page_with_pictures_and_words_beside_every_colour(small):
    page = told(*small, "--format", "html")
    assert page.count("<svg") == 2
    for word in ("CALIBRATED", "APPROX", "MISSING", "FREE"):
        assert f">{word}</td>" in page
    assert not re.search(r"(src|href)=.http", page)


def test_colours_on_a_terminal_stand_beside_words():
    from symppa.calibration.coverage.coverage import coverage
    from symppa.reports.coverage import report
    from symppa.reports.text import as_text

    made = report(coverage(network(), "google_tpu_v1", precision="int8", timestamp="now"))
    coloured = as_text(made, width=100, styled=True)
    assert "\x1b[31mMISSING" in coloured
    assert "MISSING" in as_text(made, width=100, styled=False)


def test_a_history_grows_and_is_told_and_drawn(small, tmp_path):
    for _ in range(2):
        told(*small, "--history", "history.jsonl", "--plot", "figures")
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {"coverage.png", "at_risk.png", "history.png"}
    runs = data("coverage", "--history", "history.jsonl")["runs"]
    assert len(runs) == 2
    assert runs[0]["coverage"] == runs[1]["coverage"]
    assert "small[batch=1]@a100_sxm_80gb" in told("coverage", "--history", "history.jsonl", COLUMNS="140")
    told("coverage", "--history", "history.jsonl", "--plot", "again")
    assert (tmp_path / "again" / "history.png").stat().st_size > 1000


def test_measurements_are_held_against(small, tmp_path):
    (tmp_path / "rows.csv").write_text(as_csv(rows_of("gemm", GEMMS, seconds=1e-3)), "utf-8")
    found = data(*small, "--against", "rows.csv")["accuracy"]
    assert found["operations_measured"] == 2
    assert sum(one["share_of_error_percent"] for one in found["patterns"]) == pytest.approx(100)
    text = told(*small, "--against", "rows.csv")
    assert "Measured against estimated, by pattern" in text
    assert "not measured" in text


def test_formats_of_kinds_make_rows_of_their_own(small):
    text = told(*small, "--precision", "Softmax=fp32", COLUMNS="120")
    assert "FP16 with FP32" in text
    assert "Format" in text.split("Summary")[0]


def test_the_registry_is_told(tmp_path):
    found = data("coverage", "--devices")["devices"]
    known = {one["device"]: one for one in found}
    assert known["a100_sxm_80gb"]["calibrated"]
    places = [one["priority"] for one in found if one["priority"]]
    assert sorted(places) == list(range(1, len(places) + 1))
    text = told("coverage", "--devices", COLUMNS="120")
    assert "To measure first" in text
    (row,) = csv.DictReader(io.StringIO(told("coverage", "a100_sxm_80gb", "--devices", "--csv")))
    assert row["calibrated"] == "True"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("coverage",), "say symppa coverage WORKLOAD DEVICE"),
        (("coverage", "resnet18"), "name a device too"),
        (("coverage", "resnet18", "a100_sxm_80gb", "--devices"), "looks at the registry"),
        (("coverage", "resnet18", "a100_sxm_80gb", "--precision", "fp16", "--precision", "bf16"), "given 2 times"),
        (("coverage", "resnet18", "a100_sxm_80gb", "--profile", "zx81"), "no profile 'zx81'"),
        (("coverage", "resnet18", "google_tpu_v1", "--precision", "fp16"), "no rate for FP16|has no|FP16"),
        (("coverage", "--history", "nothing.jsonl"), "cannot be read"),
    ],
)
def test_a_wrong_question_ends_with_exit_code_2(asked, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = ask(*asked)
    assert result.exit_code == 2
    assert re.search(message, result.output)
