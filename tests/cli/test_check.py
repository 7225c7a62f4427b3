"""symppa check: good files, and every kind of bad one with its place."""

from __future__ import annotations

import re
import sys
import time

import pytest

from symppa.descriptions.shipped import OTHERS
from tests.cli.asking import SOC, ask, data, told
from tests.house.tree import ROOT

HEAD = "schema: 1\nextends: nexgen_baseline\n"


@pytest.fixture
def written(tmp_path):
    def write(text, name="mine.yaml"):
        file = tmp_path / name
        file.write_text(text)
        return file

    return write


def test_a_good_file_is_called_good(written):
    file = written(SOC)
    assert told("check", str(file)) == f"{file}: good, 21 outputs of ChipletSoC, THEORETICAL\n"
    assert data("check", str(file))["good"][str(file)]["outputs"] == 21


def test_the_version_of_the_format_need_not_be_stated(written):
    assert ": good, " in told("check", str(written("extends: nexgen_baseline\nvalues:\n  clock: 2.4 GHz\n")))


@pytest.mark.parametrize("verb", [("analyze",), ("show",), ("sweep", "--axis", "clock=1GHz,2GHz")])
def test_an_unknown_system_is_told_with_its_line_by_every_verb(written, verb):
    file = written("schema: 1\nsystem: ChipletSC\n")
    result = ask(*verb, str(file))
    assert result.exit_code == 2
    assert f"{file}:2: there is no system 'ChipletSC'" in result.stderr


def test_every_shipped_description_is_good():
    """Those that others complete, *_basis, are checked through them."""
    models = [path for path in (ROOT / "models").rglob("*.yaml") if not {*OTHERS}.intersection(path.parts)]
    files = sorted(str(path) for path in models if not path.stem.endswith("_basis"))
    assert told("check", *files).count(": good, ") == len(files)


def test_values_without_a_source_are_remarked(written):
    result = ask("check", str(written(SOC)))
    assert re.search("1 values? states? no source", result.stderr)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEAD + "valeus: {}\n", 3, "did you mean values?"),
        (HEAD + "values:\n  clock: 2 V\n", 4, "clock = 2 V does not measure GHz (clock of the multiprocessors)"),
        (HEAD + "values:\n  clock: 2\n", 4, "clock = 2 has no unit; expected [cycle] / [time] in GHz"),
        (HEAD + "values:\n  clock: KB\n", 4, "is not a number with a unit"),
        (HEAD + "values:\n  chiplet:\n    l2: 6 KB\n", 5, "kB or KiB?"),
        (HEAD + "values:\n  chiplet:\n    sm:\n      tensor_core: 4\n", 6, "did you mean chiplet.sm.tensor_cores"),
        (HEAD + "values:\n  clock: 2 GHz\n  clock: 3 GHz\n", 5, "'clock' stands twice, first in line 4"),
        (HEAD + "values:\n  chiplet:\n    sms: 0\n", 5, "outside its domain"),
        (HEAD + "values:\n  clock: [2 GHz\n", 5, "not YAML"),
        ("schema: 2\nextends: nexgen_baseline\n", 1, "schema"),
        ("schema: x\nextends: nexgen_baseline\n", 1, "schema = 'x' is another version; this one reads 1"),
        ("schema: 1\nextends: nexgen_basline\n", 2, "did you mean nexgen_baseline"),
        ("schema: 1\nsystem: ChipletSC\n", 2, "did you mean ChipletSoC"),
        ("schema: 1\nsystem: ChipletSoC\nvalues:\n  clock: 2 GHz\n", 4, "no value for"),
        (HEAD + "targets:\n  pwoer: <= 5 W\n", 4, "pwoer <= 5 W is on no output of this system; did you mean power"),
        (HEAD + "targets:\n  attained: <= 5 TFLOPS\n", 4, "is on many numbers"),
        (HEAD + "targets:\n  power: <= 5 V\n", 4, "does not measure W"),
        (HEAD + "targets:\n  power: 5 W\n", 4, "is no limit"),
        (HEAD + "ranges:\n  clok: 1 GHz:2 GHz:3\n", 4, "did you mean clock"),
        (HEAD + "ranges:\n  clock: 1:2\n", 4, "has no unit"),
        (HEAD + "ranges:\n  clock: 1 GHz:2 GHz\n", 4, "needs a third part"),
        (HEAD + "ranges:\n  chiplet.sms: 0:8:1\n", 4, "outside its domain"),
        (HEAD + "ranges:\n  chiplet.sm.ops_per_cycle.FP17: 1 op/cycle:2 op/cycle:3\n", 4, "FP17"),
        (HEAD + "ranges:\n  formats: a,b\n", 4, "a range is of a given"),
        (HEAD + "parts:\n  chiplet.sm: Nonsense\n", 4, "no Multiprocessor named 'Nonsense'"),
        (HEAD + "parts:\n  chiplet.xy: Multiprocessor\n", 4, "chiplet has no 'xy'"),
        ("schema: 1\n", 1, "no `system:` is named"),
        ("", None, "the file is empty"),
        ("- a\n- b\n", 1, "a description is a mapping"),
        (HEAD + "values: &a\n  clock: 2 GHz\nranges: *a\n", 3, "anchors and aliases are refused"),
        (HEAD + "values:\n  clock: !!python/object:os.system ls\n", 4, "the tag"),
        (HEAD + "values: " + "{a: " * 40 + "1" + "}" * 40 + "\n", 3, "nested deeper than"),
        (HEAD + "values:\n  clock: {value: 2 GHz, confidence: SURE}\n", 4, "it is one of CALIBRATED"),
        (HEAD + "values:\n  clock: {value: 2 GHz, sauce: x}\n", 4, "a marked value has value, source, confidence"),
        (HEAD + "values:\n  clock:\n", 4, "clock is empty"),
    ],
)
def test_a_bad_file_is_told_with_its_line(written, text, line, words):
    file = written(text)
    result = ask("check", str(file))
    assert result.exit_code == 2
    assert words in result.stderr
    if line is not None:
        assert f"{file}:{line}: " in result.stderr


def test_files_that_extend_each_other_are_refused(written):
    first = written("schema: 1\nextends: ./second.yaml\n", "first.yaml")
    written("schema: 1\nextends: ./first.yaml\n", "second.yaml")
    result = ask("check", str(first))
    assert result.exit_code == 2
    assert "extends itself: first -> second -> first" in result.stderr


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "meaning: " + "x" * 10_000_000 + "\n",
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]\n" for k in range(1, 30)),
        "[" * 100_000,
    ],
    ids=["10 MB scalar", "alias bomb", "deep"],
)
def test_a_hostile_file_is_refused_quickly(written, text):
    start = time.perf_counter()
    result = ask("check", str(written(text)))
    assert result.exit_code == 2
    assert time.perf_counter() - start < 2


def test_a_module_named_as_a_system_is_not_imported(written, tmp_path, monkeypatch):
    written("raise SystemExit('imported')\n", "trap_module.py")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("trap_module.System", "trap_module"):
        result = ask("check", str(written(f"schema: 1\nsystem: {name}\n")))
        assert result.exit_code == 2
        assert f"there is no system '{name}'" in result.stderr
    assert "trap_module" not in sys.modules
