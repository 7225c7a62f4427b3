"""Figures of a compiled program: what stands in them is what the program says."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import pytest

from symppa.kpu import KPUConfig, KPUPrecision, MemoryConfig
from symppa.kpu.compiler import compiled
from symppa.reports import kpu
from symppa.reports.plot import kpu as figures
from tests.kpu.made import residual, transformer

SMALL = MemoryConfig(sram_l1_bytes=16384, sram_l2_bytes=24576)


@pytest.fixture(scope="module", params=["residual", "transformer"])
def facts(request):
    if request.param == "residual":
        return kpu.facts(compiled(residual(KPUConfig(memory=SMALL)), KPUPrecision.INT8))
    return kpu.facts(compiled(transformer(), KPUPrecision.FP16))


def test_there_are_three_and_no_text_leaves_the_page(facts):
    for name, figure in figures.drawn(facts).items():
        figure.savefig(io.BytesIO(), format="png")
        box, page = figure.get_tightbbox(), figure.bbox_inches
        assert min(box.x0, box.y0) >= -0.02, name
        assert box.x1 <= page.x1 + 0.02, name
        assert box.y1 <= page.y1 + 0.02, name
    assert list(figures.drawn(facts)) == ["timeline", "memory_map", "roofline"]
    assert plt.get_fignums() == []


def test_bars_of_the_timeline_add_up_to_the_busy_time(facts):
    timed = [row for row in facts["ops"] if row["cycles"]]
    _, *lanes = figures.timeline(facts).axes
    for axes, key in zip(lanes, figures.LANES, strict=True):
        area = sum(bar.get_width() * bar.get_height() for bar in axes.patches) / 100
        busy = sum(row["time"] * row[key] / row["cycles"] for row in timed) / 1000
        assert area == pytest.approx(busy)


def test_each_tensor_is_a_rectangle_at_its_address(facts):
    upper, lower = figures.memory_map(facts).axes
    drawn = {(round(bar.get_x()), round(1024 * bar.get_y())) for bar in upper.patches}
    assert drawn == {(row["first"], row["start"]) for row in facts["memory"] if row["memory"] == "L2"}
    outside = [row for row in facts["memory"] if row["memory"] == "DRAM" and row["kind"] != "weight"]
    assert len(lower.patches) == len(outside)


def test_no_product_is_above_the_roof(facts):
    roof = figures._roof(facts)
    products = figures._products(facts)
    assert products
    assert all(0 < one.rate <= roof.over(one) * (1 + 1e-9) for one in products)


def test_they_are_written_by_their_names(facts, tmp_path):
    paths = figures.write(facts, tmp_path / "new")
    assert [path.name for path in paths] == ["timeline.png", "memory_map.png", "roofline.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
