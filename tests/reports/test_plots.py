"""Figures: what is in them, that no text leaves the page, and that nothing stays open."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from symppa import Model, SymppaError, compare, evaluate, formula, given, pareto, sensitivity, sweep
from symppa.library.systems.chiplet_soc import ChipletSoC
from symppa.reports import plot
from symppa.reports.figures import write_comparison
from symppa.reports.model import uses

SMS = {"chiplet.sms": "16:64:16"}
BOTH = SMS | {"clock": "1.5GHz:3GHz:4"}
FIGURES = {
    "roofline": lambda: evaluate("nexgen_baseline").plot(),
    "lines": lambda: sweep("nexgen_baseline", axes=SMS).plot(),
    "labels": lambda: sweep("nexgen_baseline", axes={"precision": "FP8,FP16,FP32"}).plot(),
    "heat map": lambda: sweep("nexgen_baseline", axes=BOTH).plot(),
    "best": lambda: sweep("nexgen_baseline", axes=BOTH, keep="best:5:compute_density").plot(),
    "histogram": lambda: sweep("nexgen_baseline", axes=BOTH, keep="histogram:compute_density:8").plot(),
    "histogram beside": lambda: sweep("nexgen_baseline", axes=BOTH, keep="histogram:power:9:0 W:300 W").plot(),
    "cumulative": lambda: sweep(
        "nexgen_baseline", axes=BOTH, keep="quantiles:power,efficiency,compute_density:0,0.25,0.5,0.75,1"
    ).plot(),
    "best by axis": lambda: sweep("nexgen_baseline", axes=BOTH, keep="argmax:efficiency:chiplet.sms").plot(),
    "best by axes": lambda: sweep(
        "nexgen_baseline", axes=BOTH | {"precision": "FP8,FP16"}, keep="argmax:efficiency:chiplet.sms,clock"
    ).plot(),
    "front": lambda: pareto("nexgen_baseline", objectives={"power": "min", "compute_density": "max"}, axes=BOTH).plot(),
    "front of three": lambda: pareto(
        "nexgen_baseline", objectives={"power": "min", "compute_density": "max", "ridge_point": "min"}, axes=BOTH
    ).plot(),
    "tornado": lambda: sensitivity("nexgen_baseline", "compute_density").plot(),
    "comparison": lambda: compare("nexgen_*").plot(),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
class TestEveryFigure:
    def test_no_text_leaves_the_page_and_every_axis_says_its_unit(self, name):
        figure = FIGURES[name]()
        figure.savefig(io.BytesIO(), format="png")
        found, page = figure.get_tightbbox(), figure.bbox_inches
        assert found.x0 >= -0.01
        assert found.y0 >= -0.01
        assert found.x1 <= page.x1 + 0.01
        assert found.y1 <= page.y1 + 0.01
        for axes in (a for a in figure.axes if a.get_visible()):
            assert axes.get_xlabel() or axes.get_ylabel()

    def test_nothing_stays_open(self, name):
        FIGURES[name]()
        assert plt.get_fignums() == []

    def test_is_written(self, name, tmp_path):
        FIGURES[name]().savefig(tmp_path / "figure.png")
        assert (tmp_path / "figure.png").stat().st_size > 5_000


def test_a_figure_is_written_where_it_is_asked(tmp_path):
    compare("nexgen_*").plot(tmp_path / "new" / "figure.svg")
    assert (tmp_path / "new" / "figure.svg").read_text("utf-8").lstrip().startswith("<?xml")


def test_a_roofline_bends_at_the_ridge():
    figure = plot.roofline({"chip": (64.0, 2.0)}, {"slow": 4.0, "fast": 100.0})
    axes = figure.axes[0]
    assert axes.get_xscale() == axes.get_yscale() == "log"
    lines = [line for line in axes.get_lines() if len(line.get_xdata()) > 1]
    corner = min(np.min(line.get_xdata()) for line in lines if set(np.round(line.get_ydata(), 9)) == {64.0})
    assert corner == pytest.approx(32)  # 64 TFLOPS / 2 TB/s


def test_targets_are_drawn_where_they_are():
    figure = compare("nexgen_*").plot()
    density, power = figure.axes[:2]
    assert [line.get_xdata()[0] for line in density.get_lines()] == [2]
    assert [line.get_xdata()[0] for line in power.get_lines()] == [500]


def test_no_target_runs_through_a_number():
    figure = compare("nexgen_*").plot()
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.savefig(io.BytesIO(), format="png", dpi=figure.dpi)  # lays it out
    for axes in figure.axes[:2]:
        (line,) = (float(axes.transData.transform((one.get_xdata()[0], 0))[0]) for one in axes.get_lines())
        for text in (t for t in axes.texts if not t.get_text().startswith("target")):
            box = text.get_window_extent(renderer)
            assert not box.x0 <= line <= box.x1, text.get_text()


class Run(Model):
    """A machine of one's own."""

    work = given("FLOP", "operations of one run")
    rate = given("FLOPS", "rate")
    op_energy = given("pJ/FLOP", "energy of one operation")

    time = formula("ms", work / rate, "time", derived=True)
    energy = formula("mJ", work * op_energy, "energy", derived=True)
    power = formula("W", energy / time, "power", derived=True)


RUN = {"work": "2 GFLOP", "rate": "1 TFLOPS", "op_energy": "1 pJ/FLOP"}


def test_a_model_without_a_roofline_is_drawn_as_bars_by_unit():
    figure = evaluate(Run(), RUN).plot()
    assert [axes.get_xlabel() for axes in figure.axes] == ["ms", "mJ", "W"]
    assert figure.axes[0].patches[0].get_width() == pytest.approx(2)  # 2 GFLOP at 1 TFLOPS


def test_vectors_without_a_roofline_are_drawn_member_by_member():
    figure = evaluate("nexgen_baseline", outputs=["by_format.peak_compute"]).plot()
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()][1] == "by format.peak compute.FP8"


def test_a_model_shows_what_is_computed_from_what(tmp_path):
    assert repr(Run()) == "<Run: 3 givens, 3 formulas>"
    assert uses(Run())["power"] == ["time", "energy"]
    Run().plot(tmp_path / "run.png")
    assert (tmp_path / "run.png").stat().st_size > 5_000


def test_a_wire_is_what_a_part_uses():
    found = uses(ChipletSoC())
    assert found["area"] == ["chiplets", "chiplet.area"]
    assert all(name in found for used in found.values() for name in used)


def test_a_model_is_a_table_of_its_quantities():
    frame = Run().to_frame()
    assert list(frame.index) == ["work", "rate", "op_energy", "time", "energy", "power"]
    assert frame.loc["power", ["role", "unit", "meaning"]].tolist() == ["formula", "W", "power"]
    data = Run().to_xarray()
    assert data["unit"].sel(name="energy").item() == "mJ"


def test_the_palette_is_told_apart_by_everyone():
    assert len(set(plot.style.COLOURS)) == 7
    assert len(set(plot.style.MARKERS)) == 7


def test_three_axes_have_no_figure():
    result = sweep("nexgen_baseline", axes=BOTH | {"chiplets": "2:4"})
    with pytest.raises(SymppaError, match="3 axes"):
        result.plot()


def test_descriptions_without_ranges_or_targets_have_fewer_figures(tmp_path):
    names = ["ga100_physical", "mi210_physical"]
    written = write_comparison(compare(names), names, tmp_path)
    assert [path.name for path in written] == ["architecture_comparison.png", "roofline.png"]


def test_bars_stand_on_the_bins_as_high_as_their_counts():
    result = sweep("nexgen_baseline", axes=BOTH, keep="histogram:power:3:200 W:500 W")
    (axes,) = result.plot().axes
    assert [bar.get_height() for bar in axes.patches] == result["count"].tolist()
    assert [bar.get_x() for bar in axes.patches] == [200, 300, 400]
    assert axes.get_title(loc="right") == "4 designs above"  # 64 SMs at 4 clocks


def test_the_output_that_was_asked_for_is_drawn_first():
    figure = sweep("nexgen_baseline", axes=BOTH, keep="argmax:compute_density:chiplet.sms").plot()
    assert figure.axes[0].get_ylabel() == "compute density (TFLOPS/mm²)"


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        ("range:power", "single numbers have no figure"),
        ("quantiles:power", "a figure from 5 probabilities on"),
    ],
)
def test_what_a_figure_cannot_show_is_refused(keep, message):
    with pytest.raises(SymppaError, match=message):
        sweep("nexgen_baseline", axes=BOTH, keep=keep).plot()


def test_no_design_is_no_histogram():
    result = sweep("nexgen_baseline", axes=BOTH, keep="histogram:power", where=["power <= 1 W"])
    with pytest.raises(SymppaError, match="no design was counted"):
        result.plot()
