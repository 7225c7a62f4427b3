"""symppa replay: exit codes, what is said, and the systems of plug-ins."""

from __future__ import annotations

import json
import os

import pytest

from tests.cli.asking import SOC, ask, data, flat, process, told
from tests.house.tree import ROOT

GRID = ("--axis", "chiplet.sms=16:64:4", "--axis", "clock=1.5GHz:3GHz:16")
QUESTIONS = {
    "analyze": ("analyze", "nexgen_baseline", "--set", "chiplet.sm.ops_per_cycle.FP16=256 op/cycle"),
    "sweep": ("sweep", "nexgen_baseline", *GRID, "--where", "power <= 500 W", "--keep", "best:5:compute_density"),
    "pareto": ("pareto", "nexgen_baseline", *GRID, "--minimize", "power", "--maximize", "compute_density"),
    "sensitivity": ("sensitivity", "nexgen_baseline", "compute_density", "--range", "chiplets=2:8"),
    "break-even": ("break-even", "analog_soc", "energy", "plain_energy", "--in", "prompt"),
    "speculate": ("speculate", "qwen3_0p6b", "analog_soc", "--burst", "2,4", "--acceptance", "0.9"),
    "compare": ("compare", "nexgen_*", "--target", "power <= 480 W"),
}  # fmt: skip


@pytest.fixture
def kept(tmp_path):
    """Keep the JSON of a question in a file, and say its name."""

    def asked(*question):
        file = tmp_path / "result.json"
        file.write_text(ask(*question, "--json").stdout, "utf-8")
        return file

    return asked


@pytest.mark.parametrize("verb", QUESTIONS)
def test_what_a_verb_answered_is_answered_again(kept, verb):
    text = flat("replay", str(kept(*QUESTIONS[verb])))
    assert "replayed: the numbers agree" in text
    assert "the same to the last digit" in text


def test_a_file_of_out_is_replayed_like_stdout(tmp_path):
    file = tmp_path / "sweep.json"
    told(*QUESTIONS["sweep"], "--out", str(file))
    assert data("replay", str(file))["facts"]["agrees"]


def test_numbers_that_differ_exit_1_and_are_told(kept):
    file = kept("analyze", "nexgen_baseline")
    file.write_text(file.read_text("utf-8").replace("267.2", "240.48"))
    text = flat("replay", str(file), code=1)
    assert "the numbers do not agree" in text
    assert "power relative difference 0.1" in text
    assert "20 of 21 outputs" in text
    assert "0.1, relatively: power [W] 240.48 then, 267.2 now" in text
    found = data("replay", str(file), code=1)
    assert found["facts"]["differs"] == {"power": "relative difference 0.1"}
    assert found["study"] == "replay"
    assert "output,difference" in told("replay", str(file), "--csv", code=1)
    assert "| power | relative difference 0.1 |" in told("replay", str(file), "--markdown", code=1)


def test_a_description_that_changed_is_told_and_one_that_is_gone(kept, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(SOC)
    file = kept("analyze", str(mine))
    mine.write_text(SOC.replace("2.4", "2"))
    assert "says otherwise today; as recorded counts: clock 2.4 GHz then, 2 GHz now" in flat("replay", str(file))
    mine.unlink()
    assert "cannot be asked today" in flat("replay", str(file))


def test_another_program_is_told_in_one_line(kept):
    file = kept("analyze", "nexgen_baseline")
    result = json.loads(file.read_text("utf-8"))
    result["hashes"]["program"] = "ab" * 32
    result["versions"]["numpy"] = "1.0"
    file.write_text(json.dumps(result))
    text = flat("replay", str(file))
    assert "program: formulas, or how they are compiled, are others: abababababab then" in text
    assert "numpy 1.0 then" in text


def test_what_is_no_result_exits_2_in_text_and_in_json(tmp_path):
    file = tmp_path / "half.json"
    file.write_text('{"study": "analyze",\n"system"')
    result = ask("replay", str(file))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"QuestionError: {file}:2: it ends in the middle; was it cut off?\n"
    error = data("replay", str(file), code=2)["error"]
    assert (error["file"], error["line"]) == (str(file), 2)
    assert "there is no such file" in ask("replay", str(tmp_path / "none.json")).stderr


def test_an_error_that_was_kept_is_no_result(kept):
    assert "this is an error and no result: there is no description" in ask("replay", str(kept("analyze", "no"))).stderr


UNIT = """\
from symppa import Model, formula, given
class AcmeUnit(Model):
    "A unit."
    work = given("op", "work")
    rate = given("op/s", "rate")
    time = formula("us", work / rate, "time", derived=True)
"""


def test_the_system_of_a_plug_in_is_named_and_taken_when_it_is_given(tmp_path):
    (tmp_path / "acme_models.py").write_text(UNIT)
    file, mine = tmp_path / "result.json", tmp_path / "acme.yaml"
    mine.write_text("schema: 1\nsystem: AcmeUnit\nsource: acme\nvalues: {work: 1 MFLOP, rate: 1 TFLOPS}\n")
    path = {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    done = process("analyze", str(mine), "--json", "--plugin", "acme_models", **path)
    file.write_text(done.stdout)
    mine.unlink()
    alone = process("replay", str(file), **path)
    assert alone.returncode == 2
    assert "the system acme_models.AcmeUnit is not here; import its package with --plugin acme_models" in alone.stderr
    good = process("replay", str(file), "--plugin", "acme_models", **path)
    assert good.returncode == 0, good.stderr
    (tmp_path / "acme_models.py").write_text(UNIT.replace("work / rate", "2 * work / rate"))
    changed = process("replay", str(file), "--plugin", "acme_models", "--json", **path)
    assert changed.returncode == 1
    assert json.loads(changed.stdout)["facts"]["largest"]["difference"] == 0.5
    assert "program" in json.loads(changed.stdout)["facts"]["changed"]
