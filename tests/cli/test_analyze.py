"""symppa analyze: numbers, units, rows by workload and format, targets."""

from __future__ import annotations

import csv
import io

import pytest

from tests.cli.asking import SOC, ask, data, flat, told


def test_the_answer_has_values_with_units_and_what_they_mean():
    text = flat("analyze", "nexgen_baseline")
    for words in (
        "peak_compute 65.54 TFLOPS peak rate",
        "compute_density 0.04096 TFLOPS/mm2 peak rate on an area",
        "power 267.2 W power of the package",
    ):
        assert words in text


def test_a_junction_temperature_is_also_told_in_celsius():
    # 25 degC + 267.2 W x 0.1 K/W
    assert "324.9 K junction temperature (51.72 degC)" in flat("analyze", "nexgen_baseline")


def test_there_are_rows_by_workload_and_by_number_format():
    text = flat("analyze", "nexgen_baseline")
    assert "GEMM (Optimized) 65.54 100" in text  # 100 FLOP/byte is beyond the ridge of 64
    assert "Attention (FlashAttention) 51.2 78.12" in text
    assert "FP8 131.1 0.08192 128 0.4905" in text


def test_targets_are_met_or_not():
    text = flat("analyze", "nexgen_baseline")
    assert "compute_density >= 2 TFLOPS/mm2 0.04096 TFLOPS/mm2 not met" in text
    assert "power <= 500 W 267.2 W met" in text


def test_confidence_and_sources_are_told():
    text = flat("analyze", "nexgen_baseline")
    assert "confidence THEORETICAL" in text
    assert "sources ngaisoc, williams2009, jesd51" in text


def test_json_has_every_digit_and_the_same_bytes_each_time():
    first, second = (told("analyze", "nexgen_baseline", "--json") for _ in range(2))
    assert first == second
    found = data("analyze", "nexgen_baseline")
    assert found["outputs"]["power"] | {"sources": []} == {
        "unit": "W", "dims": [], "values": 267.2, "meaning": "power of the package", "confidence": "THEORETICAL",
        "sources": [],
    }  # fmt: skip
    assert found["facts"]["met"] == {"compute_density": False, "power": True}
    assert set(found["hashes"]) == {"program", "inputs", "nexgen_baseline.yaml"}


@pytest.mark.parametrize(
    ("change", "peak"),
    [
        ("chiplet.sms=20", 81.92),  # 65.536 x 20 / 16
        ("clock=2.5 GHz", 81.92),
        ("chiplet.sm.ops_per_cycle.FP16=256 op/cycle", 131.072),
        ("precision=FP8", 131.072),
    ],
)
def test_set_replaces_a_value_a_member_or_a_choice(change, peak):
    found = data("analyze", "nexgen_baseline", "--set", change)
    assert found["outputs"]["peak_compute"]["values"] == pytest.approx(peak, rel=1e-12)


def test_outputs_may_be_patterns_and_expressions():
    found = data("analyze", "nexgen_baseline", "--output", "by_format.*", "--output", "chiplets * chiplet.sms")
    assert found["outputs"]["chiplets * chiplet.sms"]["values"] == 64
    assert found["outputs"]["by_format.attained"]["dims"] == ["formats", "loads"]


def test_an_output_over_two_sets_is_a_table_of_its_own_when_asked_for():
    text = flat("analyze", "nexgen_baseline", "--output", "by_format.attained")
    assert "by_format.attained [TFLOPS], rate of a workload" in text
    assert "FP32 32.77 10.24" in text  # the roof of 32.768, and 1.024 TB/s x 10 FLOP/byte


def test_csv_is_one_table_with_every_digit():
    rows = list(csv.DictReader(io.StringIO(told("analyze", "nexgen_baseline", "--csv"))))
    by_name = {(r["output"], r["loads"], r["formats"]): r for r in rows}
    assert float(by_name["peak_compute", "", ""]["value"]) == 65.536
    assert by_name["roof_share", "GEMM (Optimized)", ""]["unit"] == "percent"
    assert float(by_name["by_format.peak_compute", "", "FP8"]["value"]) == 131.072


def test_markdown_has_its_tables():
    text = told("analyze", "nexgen_baseline", "--markdown")
    assert text.startswith("## nexgen\\_baseline (ChipletSoC)\n")
    assert "| power | 267.2 | W | power of the package |" in text


def test_a_file_is_a_system_too(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(SOC)
    assert data("analyze", str(file))["outputs"]["peak_compute"]["values"] == pytest.approx(65.536 * 1.2)


def test_another_class_for_a_part_is_refused_by_name():
    result = ask("analyze", "nexgen_baseline", "--part", "chiplet.sm=Nonsense")
    assert result.exit_code == 2
    assert "no Multiprocessor named 'Nonsense'" in result.stderr


def test_a_kind_of_a_part_may_be_chosen():
    result = ask("analyze", "nexgen_baseline", "--part", "chiplet.sm=Multiprocessor")
    assert result.exit_code == 0
