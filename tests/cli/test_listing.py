"""symppa list, info, cite, schema, completion."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

import symppa
from symppa.descriptions.shipped import OTHERS
from tests.cli.asking import ask, data, process, told
from tests.house.tree import ROOT


def test_the_list_has_every_description_and_system():
    text = told("list")
    assert all(
        path.stem in text
        for path in (ROOT / "models").rglob("*.yaml")
        if not set(path.relative_to(ROOT).parts) & set(OTHERS)
    )
    assert "ChipletSoCPhysical" in text


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("hardware", "nexgen_baseline", "cmos_scaling"),
        ("technology", "cmos_scaling", "nexgen_baseline"),
        ("nexgen_*", "nexgen_power_optimized", "ga100_physical"),
        ("hardware/*_physical", "ga100_physical", "nexgen_baseline"),
        ("systems", "ScaledChipletSoC", "ga100_physical"),
        ("systems/Scaled*", "ScaledChipletSoC", "ChipletSoCPhysical"),
    ],
)
def test_a_pattern_chooses(pattern, inside, outside):
    names = {row["name"] for rows in data("list", pattern).values() for row in rows}
    assert inside in names
    assert outside not in names


def test_nothing_found_is_no():
    result = ask("list", "nothing*")
    assert result.exit_code == 1
    assert result.stderr == "nothing matches 'nothing*'\n"
    assert json.loads(ask("list", "nothing*", "--json").stdout)["error"]["type"] == "AnswerIsNo"


def test_a_broken_file_of_ones_own_does_not_break_the_list(tmp_path):
    (tmp_path / "broken.yaml").write_text("schema: 1\nvalues: [\n")
    result = ask("list", "own", SYMPPA_PATH=str(tmp_path))
    assert result.exit_code == 0
    assert "cannot be read" in result.stdout
    assert "not YAML" in result.stderr


def test_the_list_as_csv():
    assert told("list", "nexgen_baseline", "--csv").splitlines()[0] == "kind,name,system,meaning"


def test_information():
    found = data("info")
    assert found["symppa"] == symppa.__version__
    assert found["extras"].keys() == {"torch", "onnx", "cluster"}
    assert found["folders"]["cache"] == os.environ["SYMPPA_CACHE_DIR"]
    assert "numpy" in told("info")


@pytest.mark.parametrize("name", ["nexgen_baseline", "chiplet_soc"])
def test_what_is_cited_is_printed_as_bibtex(name):
    text = told("cite", name)
    assert "@article{williams2009," in text
    assert text.count("{") == text.count("}")


def test_a_reference_in_words_is_printed_as_a_comment(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("schema: 1\nextends: nexgen_baseline\nvalues:\n  clock: {value: 3 GHz, source: our own wish}\n")
    assert "% not in references.bib: our own wish" in told("cite", str(file))
    assert data("cite", str(file))["others"] == ["our own wish"]


def test_the_schema_is_json_schema():
    found = json.loads(told("schema"))
    assert found["$schema"].startswith("https://json-schema.org/")
    assert found["properties"]["values"]["type"] == "object"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_names_the_command(shell):
    assert "_SYMPPA_COMPLETE" in told("completion", shell)


def test_another_shell_is_refused():
    assert ask("completion", "tcsh").exit_code == 2


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("symppa analyze nexgen_b", "nexgen_baseline"),
        ("symppa analyze nexgen_baseline --set chiplet.sm.t", "chiplet.sm.tensor_cores="),
        ("symppa sweep nexgen_baseline --axis clo", "clock="),
        ("symppa sensitivity nexgen_baseline comp", "compute_density"),
        ("symppa pareto nexgen_baseline --minimize po", "power"),
        ("symppa sweep nexgen_baseline --keep best:5:comp", "best:5:compute_density"),
        ("symppa sweep nexgen_baseline --keep pareto:power=min,comp", "pareto:power=min,compute_density"),
        ("symppa sweep nexgen_baseline --keep be", "best:5:"),
        ("symppa show soc_5", "soc_500w"),
        ("symppa design tile_", "tile_gemm"),
        ("symppa design soc_500w --set io_", "io_power="),
        ("symppa sweep nexgen_baseline --keep histogram:comp", "histogram:compute_density"),
        ("symppa sweep nexgen_baseline --keep quantiles:power,comp", "quantiles:power,compute_density"),
        ("symppa sweep nexgen_baseline --axis clock=1GHz:2GHz:3 --keep argmax:power:cl", "argmax:power:clock"),
        ("symppa analyze nexgen_baseline --output by", "by_format.peak_compute"),
        ("symppa compare nexgen_baseline --output pow", "power"),
        ("symppa show Chip", "ChipletSoC"),
        ("symppa sens", "sensitivity"),
        ("symppa analyze --mark", "--markdown"),
    ],
)
def test_a_shell_is_proposed_names_givens_outputs_and_verbs(words, found):
    done = process(_SYMPPA_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(len(words.split()) - 1))
    assert done.returncode == 0, done.stderr
    assert found in [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_the_bash_script_is_bash():
    done = subprocess.run(["bash", "-n"], input=told("completion", "bash"), text=True, check=False)
    assert done.returncode == 0
