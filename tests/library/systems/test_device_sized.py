"""SizedArrays: rate and area follow from how many cells there are."""

from __future__ import annotations

import pytest

from symppa.engine.compile import compile
from symppa.library.systems.device_sized import SizedArrays
from symppa.studies.evaluate import evaluate

ARRAYS = "int8_arrays"


def test_the_first_tpu_has_its_published_rate_and_area():
    # jouppi2017, table 2: 92 TOPS, and less than 331 mm2, of which cells and accumulators take 30 %
    found = evaluate(ARRAYS, outputs=["cells", "chip.matrix_rate", "array_area", "area"])
    assert found["cells"] == 256 * 256
    assert found["chip.matrix_rate"] == pytest.approx(92, rel=0.005)
    assert found["array_area"] == pytest.approx(0.30 * 331, rel=1e-3)
    assert found["area"] == pytest.approx(331, rel=1e-3)


def test_half_the_columns_halve_the_rate_and_the_array():
    names = ["chip.matrix_rate", "array_area"]
    whole, half = (evaluate(ARRAYS, {"unit.array_columns": n}, outputs=names) for n in (256, 128))
    for name in names:
        assert half[name] == pytest.approx(whole[name] / 2)


def test_a_faster_memory_takes_area_of_its_own():
    slow, fast = (evaluate(ARRAYS, {"chip.profile_bandwidth.boost": f"{n} GB/s"})["area"] for n in (34, 68))
    assert fast - slow == pytest.approx(34 * 0.5841)


def test_it_takes_no_peak_rate_from_outside():
    assert "chip.matrix_peak" not in compile(SizedArrays(), ["latency", "area", "cells", "array_area"]).givens
