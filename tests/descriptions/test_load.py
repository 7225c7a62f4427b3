"""Descriptions: extends, names and files, origins, and errors with file and line."""

import sys
from pathlib import Path

import pytest

from symppa import evaluate, load
from symppa.errors import DescriptionError, SymppaError

SOC = "schema: 1\nextends: nexgen_baseline\nsource: test\n"


def written(folder: Path, text: str, name: str = "mine") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


def test_a_file_says_only_what_differs(tmp_path):
    path = written(tmp_path, SOC + "values:\n  chiplet:\n    sms: 32\n")
    base, mine = evaluate("nexgen_baseline"), evaluate(load(path))
    assert mine["peak_compute"] == 2 * base["peak_compute"]
    assert mine["area"] == base["area"]


def test_one_member_of_a_vector_can_differ_and_order_stays(tmp_path):
    path = written(tmp_path, SOC + "values:\n  chiplet.sm.ops_per_cycle.FP16: 256 op/cycle\n")
    mine = evaluate(load(path), outputs=["by_format.peak_compute"])
    assert mine.coordinates["formats"].values.tolist() == ["FP4", "FP8", "INT8", "FP16", "BF16", "FP32"]
    assert mine["by_format.peak_compute"].tolist() == [262.144, 131.072, 131.072, 131.072, 65.536, 32.768]


def test_members_listed_anew_replace_those_inherited(tmp_path):
    text = SOC + "values: {loads: [Mine, Reduction], intensity: {Mine: 200 FLOP/byte}}\n"
    result = evaluate(load(written(tmp_path, text)))
    assert result.coordinates["loads"].values.tolist() == ["Mine", "Reduction"]
    assert result["attained"].tolist() == [65.536, 1.024]


def test_a_marked_value_brings_its_own_source_and_confidence(tmp_path):
    text = SOC + "values:\n  clock: {value: 2.5 GHz, source: lab notebook 7, confidence: CALIBRATED}\n"
    result = evaluate(load(written(tmp_path, text)))
    assert result["peak_compute"] == 81.92
    assert result.inputs["clock"].sources == ("lab notebook 7",)
    assert result.inputs["clock"].confidence == "CALIBRATED"


def test_a_result_is_as_weak_as_its_weakest_input(tmp_path):
    text = SOC.replace("source: test", "source: test\nconfidence: CALIBRATED") + "values:\n  stacks: 9\n"
    result = evaluate(load(written(tmp_path, text)), outputs=["memory_bandwidth"])
    assert result.output("memory_bandwidth").confidence == "THEORETICAL"


def test_a_value_without_a_source_says_so(tmp_path):
    text = "schema: 1\nextends: nexgen_baseline\nvalues:\n  clock: 2.5 GHz\n"
    result = evaluate(load(written(tmp_path, text)))
    assert result.inputs["clock"].sources == ("no source stated",)
    assert any("clock" in note for note in result.notes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("values:\n  clock: 2.5\n", r"mine.yaml:5: clock = 2.5 has no unit; expected .* for example '2.5 GHz'"),
        ("values:\n  clock: 2.5 GB\n", r"mine.yaml:5: clock = 2.5 GB does not measure GHz"),
        ("values:\n  clok: 2.5 GHz\n", r"mine.yaml:5: ChipletSoC has no given 'clok'; did you mean clock"),
        ("values:\n  chiplet:\n    sm:\n      cores: 4\n", r"mine.yaml:7: .*did you mean chiplet.sm.tensor_cores"),
        ("values:\n  clock: {FP16: 2 GHz}\n", r"mine.yaml:5: clock stands over no set"),
        ("values:\n  clock:\n", r"mine.yaml:5: clock is empty"),
        ("values:\n  clock: [1 GHz, {a: 2}]\n", r"mine.yaml:5: .*not one value"),
        ("values:\n  clock: {value: 1 GHz, sauce: x}\n", r"mine.yaml:5: a marked value has value, source, confidence"),
        ("values:\n  clock: {value: 1 GHz, source: x, confidence: SURE}\n", r"mine.yaml:5: confidence = 'SURE'"),
        ("vlaues: {}\n", r"mine.yaml:4: a description has no 'vlaues'; did you mean values"),
        ("confidence: SURE\n", r"mine.yaml:4: confidence = 'SURE'"),
        (
            "values:\n  chiplet.sm.ops_per_cycle.FP17: 1 op/cycle\n",
            r"mine.yaml:5: 'FP17' is no member of formats; did you mean FP16",
        ),
        ("values:\n  precision: FP17\n", r"precision = 'FP17' is no choice"),
        ("values:\n  chiplet.sms: 1.5\n", r"mine.yaml:5: chiplet.sms = 1.5 is outside its domain, whole numbers"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path, text, said):
    with pytest.raises(SymppaError, match=said):
        evaluate(load(written(tmp_path, SOC + text)), outputs=["*", "by_format.peak_compute"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema: 2\nsystem: ChipletSoC\n", "x.yaml:1: schema = '2' is another version; this one reads 1"),
        ("schema: 1\n", "no `system:` is named"),
        ("schema: 1\nextends: nexgen_basline\n", "x.yaml:2: there is no description 'nexgen_basline'; did you mean"),
        ("schema: 1\nextends: ./gone.yaml\n", "x.yaml:2: there is no file"),
        ("schema: 1\nextends: ./x.yaml\n", "extends itself: x -> x"),
        ("- 1\n", "a description is a mapping"),
        ("schema: 1\nsystem: NoSuchSoC\n", "x.yaml:2: there is no system 'NoSuchSoC'.*entry point"),
    ],
)
def test_a_malformed_description_is_refused(tmp_path, text, said):
    with pytest.raises(DescriptionError, match=said):
        evaluate(load(written(tmp_path, text, "x")))


def test_a_file_may_leave_out_the_version_of_the_format(tmp_path):
    path = written(tmp_path, "extends: nexgen_baseline\nvalues:\n  chiplet.sms: 32\n")
    assert evaluate(load(path))["peak_compute"] == 2 * 65.536


def test_anything_with_a_suffix_is_a_file(tmp_path, monkeypatch):
    written(tmp_path, SOC).rename(tmp_path / "base.desc")
    monkeypatch.chdir(tmp_path)
    assert load("base.desc").system == "ChipletSoC"


def test_naming_a_class_never_imports_its_module(tmp_path, monkeypatch):
    trap = tmp_path / "trap_module.py"
    trap.write_text("raise SystemExit('imported by a description')\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("trap_module.Model", "trap_module", "os.system"):
        path = written(tmp_path, f"schema: 1\nsystem: {name}\n", "x")
        with pytest.raises(DescriptionError, match="there is no system"):
            evaluate(load(path))
    assert "trap_module" not in sys.modules


def test_own_folders_come_first_and_shadowing_is_told(tmp_path, monkeypatch, caplog):
    written(tmp_path, "schema: 1\nextends: nexgen_high_sm_density\nvalues: {clock: 1 GHz}\n", "nexgen_baseline")
    monkeypatch.setenv("SYMPPA_PATH", str(tmp_path))
    with pytest.raises(DescriptionError, match="extends itself"):  # high_sm_density extends what now shadows it
        load("nexgen_baseline")
    assert "shadows the shipped description" in caplog.text


def test_a_file_may_extend_a_file_beside_it(tmp_path):
    written(tmp_path, SOC + "values: {clock: 3 GHz}\n", "parent")
    child = written(tmp_path, "schema: 1\nextends: ./parent.yaml\n", "child")
    assert evaluate(load(child))["peak_compute"] == pytest.approx(98.304, rel=1e-12)
