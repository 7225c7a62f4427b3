"""symppa show: nomenclature, formulas, LaTeX, origins, and a copy that gives the same numbers."""

from __future__ import annotations

import json

import pytest

from symppa.descriptions.shipped import OTHERS
from symppa.descriptions.target import is_workload
from tests.cli.asking import SOC, ask, data, flat, told
from tests.house.tree import ROOT

HARDWARE = sorted(
    path.stem
    for path in (ROOT / "models").rglob("*.yaml")
    if not {*OTHERS}.intersection(path.parts)
    and not is_workload(str(path))
    and not path.stem.endswith("_basis")  # those are for others to complete
)


@pytest.mark.parametrize("name", ["chiplet_soc", "ChipletSoC"])
def test_a_system_is_shown_by_either_name(name):
    text = flat("show", name)
    assert "clock f GHz clock of the multiprocessors" in text
    assert "dynamic_power W power that follows use ngaisoc" in text
    assert "memory_bandwidth TB/s stacks*stack_bandwidth" in text
    assert "by_format as at_precision, with ops_per_cycle = chiplet.sm.ops_per_cycle" in text


def test_a_description_is_shown_with_its_values():
    text = flat("show", "nexgen_baseline", COLUMNS="300")
    assert "clock f GHz 2 GHz clock of the multiprocessors" in text
    assert "FP4: 512 op/cycle, FP8: 256 op/cycle" in text


def test_formulas_alone():
    text = flat("show", "chiplet_soc", "--formulas")
    assert "interconnect_power + io_power + dynamic_power + static_power" in text
    assert "given symbol" not in text


def test_the_latex_names_what_it_needs():
    text = told("show", "chiplet_soc", "--latex")
    assert text.startswith("% needs amsmath, and booktabs and siunitx")
    assert r"A &= n\,A_{\mathrm{chiplet}}" in text
    assert r"$f$ & clock & \unit{GHz} & clock of the multiprocessors" in text


def test_origins_have_file_and_line_and_what_was_replaced(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(SOC)
    text = flat("show", str(file), "--origin", "--set", "chiplet.sm.ops_per_cycle.FP16=256 op/cycle")
    assert "clock 2.4 GHz 2 GHz mine:4" in text
    assert "chiplet.sm.ops_per_cycle.FP16 256 op/cycle 128 op/cycle --set" in text
    assert "sm_power 1.5 W default of ChipletSoC ngaisoc" in text
    found = json.loads(told("show", str(file), "--origin", "--json"))["values"]
    clock = next(row for row in found if row["name"] == "clock")
    assert (clock["value"], clock["file"], clock["line"], clock["instead"]) == ("2.4 GHz", str(file), 4, ["2 GHz"])
    baseline = next(row for row in found if row["name"] == "stacks")
    lines = (ROOT / "models/hardware/nexgen_baseline.yaml").read_text("utf-8").splitlines()
    assert lines[baseline["line"] - 1].strip() == "stacks: 8"


@pytest.mark.parametrize("name", HARDWARE)
def test_a_copy_loads_again_and_gives_the_same_numbers(name, tmp_path):
    copy = tmp_path / "copy.yaml"
    copy.write_text(told("show", name, "--yaml"), "utf-8")
    first, second = data("analyze", name), data("analyze", str(copy))
    for name, output in first["outputs"].items():
        assert output | {"sources": None} == second["outputs"][name] | {"sources": None}
        assert set(second["outputs"][name]["sources"]) <= set(output["sources"])
    assert first["facts"] == second["facts"]


def test_a_copy_has_what_was_set(tmp_path):
    copy = tmp_path / "copy.yaml"
    copy.write_text(told("show", "nexgen_baseline", "--yaml", "--set", "clock=2.5 GHz"), "utf-8")
    assert data("analyze", str(copy))["outputs"]["peak_compute"]["values"] == 81.92


def test_json_has_symbols_expressions_and_values():
    found = data("show", "nexgen_baseline")
    clock = next(row for row in found["givens"] if row["name"] == "clock")
    assert (clock["symbol"], clock["unit"], clock["values"][0]["value"]) == ("f", "GHz", "2 GHz")
    power = next(row for row in found["formulas"] if row["name"] == "static_power")
    assert power["text"] == "chiplets*chiplet_power"


@pytest.mark.parametrize("form", ["--csv", "--markdown"])
def test_other_forms(form):
    assert "clock" in told("show", "nexgen_baseline", form)


def test_a_name_that_is_nothing_is_told_with_the_nearest():
    result = ask("show", "chiplet_sock")
    assert result.exit_code == 2
    assert "no description and no system 'chiplet_sock'" in result.stderr
