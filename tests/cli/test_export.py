"""symppa export: where a form goes, what is asked of it, and what it refuses."""

from __future__ import annotations

import pytest

import symppa
from symppa.cli.export import FORMS as OFFERED
from symppa.exports import FORMS
from tests.cli.asking import ask, told


def test_the_command_offers_every_form():
    assert tuple(FORMS) == OFFERED


def test_a_text_goes_to_stdout_and_with_a_file_to_the_file(tmp_path):
    text = told("export", "nexgen_baseline", "--to", "python", "--outputs", "power")
    assert text.startswith('r"""nexgen_baseline')
    result = ask(
        "export", "nexgen_baseline", "--to", "python", "--outputs", "power", "--output", str(tmp_path / "a.py")
    )
    assert result.exit_code == 0
    assert result.stdout == ""
    assert (tmp_path / "a.py").read_text() == text


def test_a_sheet_is_written_as_it_is(tmp_path):
    file = tmp_path / "a.xlsx"
    told("export", "nexgen_baseline", "--to", "spreadsheet", "--rows", "4", "--output", str(file))
    assert ask("export", "nexgen_baseline", "--to", "spreadsheet", "--rows", "4").stdout_bytes == file.read_bytes()


def test_a_system_takes_the_values_of_its_description():
    with_values = told("export", "ChipletSoC", "--values", "nexgen_baseline", "--to", "c", "--outputs", "power")
    assert with_values == told("export", "nexgen_baseline", "--to", "c", "--outputs", "power")


def test_values_and_parts_are_replaced():
    assert "2.4" in told("export", "nexgen_baseline", "--to", "markdown", "--set", "clock=2.4 GHz")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nexgen_baseline", "--to", "c", "--digits", "3"], "an export to c has no option 'digits'"),
        (["nexgen_baseline", "--to", "word"], "'word' is not one of"),
        (["nexgen_baselin", "--to", "c"], "did you mean nexgen_baseline"),
        (["nexgen_baseline", "--to", "c", "--outputs", "powr"], "did you mean power"),
        (["nexgen_baseline", "--values", "gemm_tiler", "--to", "c"], "--values goes with a system"),
        (["ChipletSoC", "--values", "gemm_tiler", "--to", "c"], "gemm_tiler describes TiledGemm, not ChipletSoC"),
        (["ChipletSoC", "--to", "latex", "--numbers"], "no value for"),
        (["nexgen_baseline", "--to", "spreadsheet", "--rows", "0"], "not in the range"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(arguments, reason):
    result = ask("export", *arguments)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_a_folder_that_is_not_there_is_told():
    result = ask("export", "nexgen_baseline", "--to", "c", "--output", "/nowhere/at/all.h")
    assert result.exit_code == 2
    assert "/nowhere/at/all.h" in result.stderr


@pytest.mark.parametrize("name", ["ChipletSoC", "chiplet_soc", "nexgen_baseline", "soc_500w"])
def test_python_takes_the_names_that_the_command_takes(name):
    assert symppa.export(name, "c", ["power"]) == told("export", name, "--to", "c", "--outputs", "power")


def test_a_product_of_outputs_is_exported_and_a_pattern_of_nothing_is_refused():
    text = told("export", "gemm_tiler", "--to", "javascript", "--outputs", "energy*latency", "--outputs", "energy/macs")
    assert '["energy*latency", ' in text
    assert '["energy/macs", ' in text
    result = ask("export", "gemm_tiler", "--to", "c", "--outputs", "energy/macs", "--outputs", "zzz*")
    assert result.exit_code == 2
    assert "no output that matches 'zzz*'" in result.stderr
