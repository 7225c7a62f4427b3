"""What a subgraph takes by the data sheet, and what replaces it where something was measured."""

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.library.systems.consumption import CalibratedEnergy, Consumption, StatedEnergy
from symppa.library.systems.timing import Calibrated, DataSheet, Timing
from symppa.studies.evaluate import evaluate

SIDES = {"traffic": "1 MB", "start": "3 us", "compute": "5 us", "memory": "7 us", "link": "2 us"}


def test_a_subgraph_takes_a_start_its_slower_side_and_its_messages():
    run = compile(DataSheet(), "time")
    assert run(SIDES)["time"] == pytest.approx(3 + 7 + 2)
    assert run(SIDES | {"traffic": "0 byte"})["time"] == 0


def test_a_measured_time_replaces_all_but_the_messages():
    made = compile(Calibrated(), ["time", "sheet.time"])
    found = made(SIDES | {"subgraphs": ["a", "b"], "measured": {"a": "20 us", "b": "0 us"}})
    assert np.ravel(found["time"]).tolist() == pytest.approx([22, 12])
    assert issubclass(Calibrated, Timing)


COST = {
    "subgraphs": ["a", "b"], "count": {"a": 1, "b": 3}, "ops": "1e9 op", "main": "1 MB", "inside": "3 MB",
    "time": "10 us", "latency": "1 ms", "op_energy": "2 pJ/op", "memory_energy": "30 pJ/byte",
    "cache_energy": "1 pJ/byte", "idle_power": "50 W",
}  # fmt: skip


def test_energy_by_the_data_sheet_has_three_parts():
    names = ["compute", "memory", "static", "whole_static"]
    found = compile(StatedEnergy(), names)({k: v for k, v in COST.items() if k not in ("subgraphs", "count")})
    assert [float(found[n]) for n in names] == pytest.approx([2.0, 0.033, 0.5, 50.0])
    assert issubclass(StatedEnergy, Consumption)


def test_fitted_coefficients_replace_it_where_there_are_some():
    names = ["compute", "memory", "static", "whole_static", "sheet.compute"]
    fitted = {
        "known": {"a": 1, "b": 0}, "op_energies": {"a": "1 pJ/op", "b": "0 pJ/op"},
        "byte_energies": {"a": "10 pJ/byte", "b": "0 pJ/byte"}, "powers": {"a": "100 W", "b": "0 W"},
    }  # fmt: skip
    found = compile(CalibratedEnergy(), names)(COST | fitted)
    assert np.ravel(found["compute"]).tolist() == pytest.approx([1.0, 2.0])
    assert np.ravel(found["memory"]).tolist() == pytest.approx([0.04, 0.033])
    assert np.ravel(found["static"]).tolist() == pytest.approx([1.0, 0.5])
    assert float(found["whole_static"]) == pytest.approx(1.0 + 3 * 0.5)


def test_a_device_without_calibration_is_told_by_its_data_sheet():
    found = evaluate("a100_sxm_80gb", outputs=["time", "timing.time", "static_energy", "consumption.whole_static"])
    assert found["time"] == pytest.approx(found["timing.time"])
    assert found["static_energy"] == found["consumption.whole_static"]
