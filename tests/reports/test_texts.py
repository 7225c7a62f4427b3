"""Reports as text, Markdown, CSV, HTML and LaTeX."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from symppa import compare, evaluate, pareto, sensitivity, sweep
from symppa.reports.contents import report
from symppa.reports.html import as_html
from symppa.reports.latex import as_latex
from symppa.reports.markdown import as_markdown
from symppa.reports.number import shown
from symppa.reports.report import Column, Line, Report, Table
from symppa.reports.text import as_text, fitted

AXES = {"chiplet.sms": "16:64:16"}
CLOCK = {"clock": "1GHz:3GHz:3"}
LIMITS = ["peak_compute >= 100 TFLOPS"]
RESULTS = {
    "analyze": lambda: evaluate("nexgen_baseline"),
    "sweep": lambda: sweep("nexgen_baseline", axes=AXES),
    "best": lambda: sweep("nexgen_baseline", axes=AXES, keep="best:2:power:min"),
    "argmax": lambda: sweep("nexgen_baseline", axes=AXES | CLOCK, keep="argmax:power:clock", where=LIMITS),
    "histogram": lambda: sweep("nexgen_baseline", axes=AXES, keep="histogram:power:40"),
    "quantiles": lambda: sweep("nexgen_baseline", axes=AXES, keep="quantiles:power,efficiency"),
    "range": lambda: sweep("nexgen_baseline", axes=AXES, keep="range:power,efficiency"),
    "pareto": lambda: pareto("nexgen_baseline", objectives={"power": "min", "compute_density": "max"}, axes=AXES),
    "sensitivity": lambda: sensitivity("nexgen_baseline", "power"),
    "compare": lambda: compare("nexgen_*"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (65.536, "TFLOPS", "65.54"),
        (0.04096, "TFLOPS/mm2", "0.04096"),
        (267.2, "W", "267.2"),
        (16384.0, "1", "16384"),  # a count is never rounded
        (16384.0, "W", "16380"),
        (99999.6, "W", "100000"),
        (0.00099996, "W", "0.001"),
        (0.0, "W", "0"),
        (-0.56818, "1", "-0.5682"),
        (1.5e-12, "s", "1.5e-12"),
        (2.5e9, "1/s", "2.5e+09"),
        (float("nan"), "W", "undefined"),
        (float("inf"), "W", "inf"),
        ("FP16", "1", "FP16"),
    ],
)
def test_four_significant_digits(value, unit, text):
    assert shown(value, unit) == text


@pytest.mark.parametrize("study", RESULTS)
class TestEveryStudy:
    def test_has_a_text_for_any_width(self, study):
        made = report(RESULTS[study]())
        for width in (30, 50, 100, 300):
            assert max(map(len, as_text(made, width=width, styled=False).splitlines())) <= width

    def test_has_markdown_with_even_tables(self, study):
        tables = [t for t in as_markdown(report(RESULTS[study]())).split("\n\n") if t.startswith("|")]
        assert tables
        for table in tables:
            assert len({line.replace("\\|", "").count("|") for line in table.splitlines()}) == 1

    def test_has_html_that_closes_what_it_opens(self, study):
        class Reader(HTMLParser):
            def __init__(self):
                super().__init__()
                self.open_tags = []

            def handle_starttag(self, tag, attrs):
                if tag != "br":
                    self.open_tags.append(tag)

            def handle_endtag(self, tag):
                assert self.open_tags.pop() == tag

        reader = Reader()
        reader.feed(as_html(RESULTS[study]()))
        assert not reader.open_tags

    def test_has_latex_with_balanced_braces_and_as_many_cells_in_every_row(self, study):
        text = as_latex(RESULTS[study]())
        assert text.count("{") == text.count("}")
        assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") > 0
        for table in text.split("\n\n"):
            rows = [line for line in table.splitlines() if line.endswith(r"\\")]
            assert len({row.replace(r"\&", "").count("&") for row in rows}) == 1

    def test_represents_itself_in_a_notebook(self, study):
        result = RESULTS[study]()
        assert result._repr_html_().startswith("<div>")
        assert r"\toprule" in result._repr_latex_()


def test_html_escapes_what_a_description_says():
    made = Report("<script>", "", (Table("", (Column("a<b"),), (("&",),)),), (Line("x", "<i>"),))
    from symppa.reports.html import fragment

    text = fragment(made)
    assert "<script>" not in text
    assert "a&lt;b" in text


def wide(rows, **how):
    columns = tuple(Column(f"output_{k}", "W", True) for k in range(9))
    return Table("", columns, tuple(("123.4",) * 9 for _ in range(rows)), **how)


def test_a_table_that_is_too_wide_turns_or_drops_columns_or_becomes_records():
    assert fitted(wide(2), 200) == wide(2)
    assert len(fitted(wide(2, turns=True), 60).columns) == 3
    shorter = fitted(wide(30, drops=True), 60)
    assert len(shorter.columns) < 9
    assert "more columns" in shorter.more
    assert fitted(wide(30), 60) is None
    assert "  output_1 [W]: 123.4" in as_text(Report("", "", (wide(1),), ()), width=30, styled=False)


def test_a_styled_text_marks_targets():
    made = report(evaluate("nexgen_baseline"))
    assert "\x1b[" in as_text(made, width=100, styled=True)
    assert "\x1b[" not in as_text(made, width=100, styled=False)


def test_a_group_without_a_design_is_blank_and_counted():
    text = as_text(report(RESULTS["argmax"]()), width=300, styled=False)
    rows = [line.split() for line in text.splitlines()]
    assert next(row for row in rows if row[:1] == ["1"])[:3] == ["1", "64", "555.2"]  # 64 SMs at 1 GHz: 131 TFLOPS
    limits = ["peak_compute >= 200 TFLOPS"]
    made = sweep("nexgen_baseline", axes=AXES | CLOCK, keep="argmax:power:clock", where=limits, outputs=["power"])
    rows = [line.split() for line in as_text(report(made), width=100, styled=False).splitlines()]
    assert ["1"] in rows
    assert "1 of the groups empty" in as_text(report(made), width=100, styled=False)


def test_bins_beyond_the_screen_are_told_to_be_rows():
    assert "20 more rows: --csv" in as_text(report(RESULTS["histogram"]()), width=100, styled=False)


def test_what_lies_beside_bins_is_told_where_there_is_any():
    inside = sweep("nexgen_baseline", axes=AXES, keep="histogram:power:2:0 W:1 kW")
    beside = sweep("nexgen_baseline", axes=AXES, keep="histogram:power:2:300 W:500 W")
    texts = [as_text(report(made), width=100, styled=False) for made in (inside, beside)]
    assert "the bins" not in texts[0]
    assert "1 below the bins, 1 above the bins" in texts[1]  # 267.2 W and 555.2 W
