"""Figures of a simulated run: what stands in them is what the run was."""

from __future__ import annotations

import io

import numpy as np
import pytest

from symppa.kpu import KPUConfig, KPUPrecision, MemoryConfig
from symppa.kpu.compiler import compiled
from symppa.kpu.simulator import KPUSimulator
from symppa.reports import kpu
from symppa.reports.plot import kpu_run as figures
from tests.kpu.made import residual, transformer

SMALL = MemoryConfig(sram_l1_bytes=16384, sram_l2_bytes=24576)


@pytest.fixture(scope="module", params=["residual", "transformer"])
def run(request):
    if request.param == "residual":
        made = compiled(residual(KPUConfig(memory=SMALL)), KPUPrecision.INT8)
    else:
        made = compiled(transformer(), KPUPrecision.FP16)
    return made, KPUSimulator(made).timeline


def test_there_are_four_and_no_text_leaves_the_page(run):
    drawn = figures.drawn(*run)
    for name, figure in drawn.items():
        figure.savefig(io.BytesIO(), format="png")
        box, page = figure.get_tightbbox(), figure.bbox_inches
        assert min(box.x0, box.y0) >= -0.02, name
        assert box.x1 <= page.x1 + 0.02, name
        assert box.y1 <= page.y1 + 0.02, name
    assert list(drawn) == ["run_timeline", "run_power", "run_roofline", "memory_map"]


def test_lanes_have_the_time_that_each_resource_works(run):
    program, timeline = run
    found = figures.as_run(kpu.facts(program), timeline)
    axes = figures.timeline(found, timeline).axes
    edges = np.linspace(0, timeline.cycles, figures.WINDOWS + 1)
    for place, resource in enumerate(figures.LANES, 1):
        values = axes[place].patches[0].get_data().values / 100
        assert values.max() <= 1 + 1e-9
        assert (values * np.diff(edges)).sum() == pytest.approx(timeline.busy_until(timeline.cycles, resource))


def test_watts_are_those_of_the_trace(run):
    program, timeline = run
    figure = figures.power(figures.as_run(kpu.facts(program), timeline), timeline)
    values = figure.axes[0].patches[0].get_data().values
    assert values.tolist() == [watts for _, watts in timeline.power(timeline.cycles)[:-1]]
    assert any("5 W" in text.get_text() for text in figure.axes[0].texts)


def test_products_are_drawn_at_the_time_of_the_run(run):
    program, timeline = run
    found = figures.as_run(kpu.facts(program), timeline)
    assert [row["cycles"] for row in found["ops"]] == [one.cycles for one in timeline.operators]
    assert sum(row["share"] for row in found["ops"]) == pytest.approx(100)
