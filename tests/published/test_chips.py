"""The physical package model against chips one can buy: area, rate, power. The errors stand in the table.

Only the control logic of a multiprocessor and the overhead of the second-level cache were fitted, both to GA100.
"""

from __future__ import annotations

import pytest

from symppa.studies.evaluate import evaluate

# Die areas, rates and powers as published: nvidia2020, nvidia2022, amd2021; parts of a die: zhang2024, figure 6
CHIPS = {  # mm2, dense FP16 TFLOPS, W
    "ga100_physical": (826, 312, 400),
    "gh100_physical": (814, 989.4, 700),
    "mi210_physical": (720, 181, 300),
}
AREA_ERROR = {"ga100_physical": -0.040, "gh100_physical": -0.040, "mi210_physical": 0.077}
POWER_ERROR = {"ga100_physical": -0.032, "gh100_physical": 0.018, "mi210_physical": -0.030}
PARTS = ("compute", "crossbar", "cache", "memory", "port")
MEASURED = {  # mm2; the rest of GA100, 40 mm2, holds its host interface and what no row names
    "ga100_physical": (476.25, 76.44, 119.31, 58 + 31.77, 20.95 + 0),
    "mi210_physical": (446.22, 33, 25.2, 83.26 + 40.83, 45.52 + 42),
}
PART_ERROR = {
    "ga100_physical": (0.003, -0.23, 0.002, 0.08, 0.92),
    "mi210_physical": (0.15, 0.32, -0.21, -0.015, -0.11),
}


@pytest.mark.parametrize("chip", CHIPS)
class TestChip:
    def test_rate(self, chip):
        assert evaluate(chip)["peak_compute"] == pytest.approx(CHIPS[chip][1], rel=2e-3)

    def test_area_within_eight_percent(self, chip):
        error = float(evaluate(chip)["area"]) / CHIPS[chip][0] - 1
        assert abs(error) < 0.08
        assert error == pytest.approx(AREA_ERROR[chip], abs=0.002)

    def test_power_within_ten_percent(self, chip):
        error = float(evaluate(chip)["power"]) / CHIPS[chip][2] - 1
        assert abs(error) < 0.10
        assert error == pytest.approx(POWER_ERROR[chip], abs=0.002)

    def test_a_chip_stays_below_its_limits(self, chip):
        found = evaluate(chip)
        assert found["junction_temperature"] < 273.15 + 95
        assert found["reticles"] < 100


@pytest.mark.parametrize("chip", MEASURED)
def test_parts_of_a_die(chip):
    areas = [f"chiplet.{part}_area" for part in PARTS]
    found = evaluate(chip, outputs=areas)
    errors = [float(found[a]) / mm2 - 1 for a, mm2 in zip(areas, MEASURED[chip], strict=True)]
    assert errors == pytest.approx(PART_ERROR[chip], abs=0.01)


def test_a_fitted_die_is_fitted():
    compute, cache = (PART_ERROR["ga100_physical"][k] for k in (0, 2))
    assert abs(compute) < 0.005
    assert abs(cache) < 0.005


def test_power_rests_on_three_unsourced_coefficients_by_less_than_a_fifth():
    # leakage density, its growth, standby of the stacks: all leakage and standby together
    found = evaluate("ga100_physical", outputs=["static_power", "power"])
    assert 0.1 < found["static_power"] / found["power"] < 0.2
