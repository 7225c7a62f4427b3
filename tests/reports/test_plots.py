"""Figures: what is in them, that no text leaves the page, and that nothing stays open."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest

from symppa import SymppaError, compare, evaluate, pareto, sensitivity, sweep
from symppa.reports import plot
from symppa.reports.figures import write_comparison

SMS = {"chiplet.sms": "16:64:16"}
BOTH = SMS | {"clock": "1.5GHz:3GHz:4"}
FIGURES = {
    "roofline": lambda: evaluate("nexgen_baseline").plot(),
    "lines": lambda: sweep("nexgen_baseline", axes=SMS).plot(),
    "labels": lambda: sweep("nexgen_baseline", axes={"precision": "FP8,FP16,FP32"}).plot(),
    "heat map": lambda: sweep("nexgen_baseline", axes=BOTH).plot(),
    "best": lambda: sweep("nexgen_baseline", axes=BOTH, keep="best:5:compute_density").plot(),
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
