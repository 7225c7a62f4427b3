"""symppa compare and sensitivity: the seed's tables, its recommendation, its figures."""

from __future__ import annotations

import pytest

from tests.cli.asking import SOC, ask, data, flat, told

VARIANTS = ("aggressive_optimized", "baseline", "high_sm_density", "power_optimized", "realistic_optimized")


def test_the_table_of_the_variants():
    text = flat("compare", "nexgen_*")
    assert "peak_compute TFLOPS 983 65.54 225.3 88.47 339.1" in text
    assert "compute_density TFLOPS/mm2 0.8192 0.04096 0.176 0.05821 0.2422" in text
    assert "power W 459.6 267.2 411.6 315.2 363.4" in text
    assert "efficiency TFLOPS/W 2.139 0.2453 0.5473 0.2807 0.9333" in text
    assert "chiplet.sms 48 16 40 24 32" in text
    assert "area mm2 1200 1600 1280 1520 1400" in text


def test_targets_and_the_recommendation_with_its_rule():
    text = flat("compare", "nexgen_*")
    assert "power <= 500 W met met met met met" in text
    assert "compute_density >= 2 TFLOPS/mm2 not met not met not met not met not met" in text
    assert (
        "recommended nexgen_aggressive_optimized: the best by the first target's output among those that meet every "
        "other target" in text
    )


def test_other_targets_give_another_recommendation():
    found = data("compare", "nexgen_*", "--target", "power <= 400 W", "--target", "compute_density >= 0.2 TFLOPS/mm2")
    assert found["facts"]["recommended"] == "nexgen_realistic_optimized"  # the only one that meets both


def test_where_nothing_meets_the_other_targets_the_answer_is_no():
    limits = ("--target", "compute_density >= 0.5 TFLOPS/mm2", "--target", "power <= 100 W")
    text = flat("compare", "nexgen_*", *limits, code=1)
    assert "recommended none: no description meets power <= 100 W (267.2 to 459.6 W here)" in text
    assert data("compare", "nexgen_*", *limits, code=1)["facts"]["recommended"] is None


def test_a_file_beside_a_name(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(SOC)
    found = data("compare", "nexgen_baseline", str(file))
    assert found["coordinates"]["description"]["values"] == ["nexgen_baseline", "mine"]
    assert found["facts"]["differences"] == {"clock": {"nexgen_baseline": "2 GHz", "mine": "2.4 GHz"}}


def test_csv_has_a_row_for_each_description():
    lines = told("compare", "nexgen_*", "--csv").splitlines()
    assert lines[0].startswith("description,ops_per_cycle [op/cycle]")
    assert [line.split(",")[0] for line in lines[1:]] == [f"nexgen_{name}" for name in VARIANTS]


def test_its_four_figures(tmp_path):
    result = ask("compare", "nexgen_*", "--plot", str(tmp_path / "figures"))
    assert result.exit_code == 0
    names = ("roofline", "chiplet_scaling", "architecture_comparison", "sensitivity")
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {f"{name}.png" for name in names}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in (tmp_path / "figures").iterdir())
    assert sorted(result.stderr.split()[1::2]) == sorted(map(str, (tmp_path / "figures").iterdir()))


def test_exact_elasticities_beside_the_secants():
    found = data("sensitivity", "nexgen_baseline", "compute_density")
    names = found["coordinates"]["given"]["values"]
    slopes = dict(zip(names, found["outputs"]["elasticity"]["values"], strict=True))
    secants = dict(zip(names, found["outputs"]["secant"]["values"], strict=True))
    assert slopes == pytest.approx(
        {
            "clock": 1,
            "chiplet.sms": 1,
            "chiplet.sm.tensor_cores": 1,
            "chiplet.sm.ops_per_cycle.FP16": 1,
            "chiplet.area": -1,
        },
        rel=1e-12,
    )
    assert secants["chiplet.area"] == pytest.approx(-250 / 440, rel=1e-12)
    assert {round(v, 9) for n, v in secants.items() if n != "chiplet.area"} == {1.0}


def test_the_rules_at_corners_are_told():
    text = flat("sensitivity", "nexgen_baseline", "compute_density")
    assert "chiplet.area -1 -0.5682 250 to 440 mm2" in text
    assert "rule slope of a / b at ceil_div and floor_div" in text


def test_a_range_of_ones_own():
    found = data("sensitivity", "nexgen_baseline", "compute_density", "--range", "chiplet.area=200mm2:400mm2:3")
    names = found["coordinates"]["given"]["values"]
    secant = found["outputs"]["secant"]["values"][names.index("chiplet.area")]
    assert secant == pytest.approx((0.5 - 1) / (2 - 1))  # half the density on twice the area


def test_its_tornado(tmp_path):
    assert ask("sensitivity", "nexgen_baseline", "power", "--plot", str(tmp_path)).exit_code == 0
    assert (tmp_path / "sensitivity.png").stat().st_size > 10_000
