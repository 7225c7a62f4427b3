"""What a validation says and draws: the claim first, every figure whole."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from symppa.calibration.measurement import Measurements
from symppa.calibration.validation.record import run_of
from symppa.calibration.validation.validate import validate
from symppa.reports import validation
from symppa.reports.plot import validation as figures
from symppa.reports.text import as_text
from tests.calibration.made import GPU
from tests.calibration.validation.known import FITTED, known, off_by, row, some

ROWS = some(60)


@pytest.fixture(scope="module")
def made():
    parts = [replace(one, network="net", pattern=f"Linear_{'ReLU_' * (n % 3)}Dropout", part=str(n))
             for n, one in enumerate(off_by(ROWS.take(range(30)), 1.2))]  # fmt: skip
    odd = [row("softmax", 1e-5, rows=64, width=64, row=99), row("bmm", 1e-3, batch=8, m=64, n=64, k=64, row=98)]
    return validate(known(ROWS), Measurements((*parts, *odd)) + off_by(ROWS, 1.0, FITTED))


@pytest.fixture(scope="module")
def history(made):
    runs = [run_of(made, f"2026-01-{day:02}T00:00:00+00:00") for day in range(1, 13)]
    return [replace(one, accepted=n % 3 > 0) for n, one in enumerate(runs)]


FIGURES = {
    "scatter": lambda made, history: figures.scatter(made),
    "reliability": lambda made, history: figures.reliable(made),
    "attribution": lambda made, history: figures.attribution(made),
    "history": lambda made, history: figures.over_time(history),
}


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_leaves_the_page_and_every_axis_says_what_it_is(made, history, name):
    figure = FIGURES[name](made, history)
    figure.savefig(io.BytesIO(), format="png")
    found, page = figure.get_tightbbox(), figure.bbox_inches
    assert min(found.x0, found.y0) >= -0.01
    assert found.x1 <= page.x1 + 0.01
    assert found.y1 <= page.y1 + 0.01
    for axes in figure.axes:
        assert axes.get_xlabel()
    assert figure.legends


def test_the_claim_names_the_campaign_and_says_what_is_in_sample(made):
    text = validation.claim(made)
    assert text.startswith("IN SAMPLE in part, 60 of 91 rows took part in the fit: --held-out leaves them out. ")
    assert "a100_sxm_80gb, stack, fresh.csv" in text
    none = validate("none", off_by(ROWS, 1.0).take(range(3)), device=GPU.name)
    assert "IN SAMPLE" not in validation.claim(none)


def test_the_report_has_a_table_for_everything_that_rows_tell(made, history):
    text = as_text(validation.report(made, history), width=140, styled=False)
    heads = (
        "Accuracy", "By operation", "By fusion pattern", "Networks, their parts summed", "By closeness",
        "How often the 90 % intervals hold", "Not compared", "Estimated by another fit", "Over time",
    )  # fmt: skip
    for head in heads:
        assert head in text
    assert "nothing is calibrated for softmax" in " ".join(text.split())
    assert "net fp16" in text


def test_facts_are_plain_and_tell_shares_that_add_up(made):
    found = validation.facts(made)
    assert sum(one["error_share"] for one in found["by_pattern"]) == pytest.approx(100)
    assert {one["what"]: one["rows"] for one in found["missing"]} == {"softmax fp16": [99]}
    assert {one["what"]: one["rows"] for one in found["approximated"]} == {"bmm fp16": [98]}
    assert found["reliability_of"] == "held out"


def test_one_row_for_each_operation_as_csv(made):
    lines = validation.csv_text(made).splitlines()
    assert [line.partition(",")[0] for line in lines] == ["op", *(one.name for one in made.by("op"))]


def test_figures_are_written_for_what_there_is(made, history, tmp_path):
    names = [path.name for path in figures.write(made, tmp_path, history)]
    assert names == ["measured_against_estimated.png", "error_attribution.png", "reliability.png", "history.png"]
    none = validate("none", off_by(ROWS, 1.0).take(range(3)), device=GPU.name)
    assert len(figures.write(none, tmp_path / "none")) == 2
