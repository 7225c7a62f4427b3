"""What the commands refuse: exit code 2, one line, the field named; and what they only remark."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from symppa.compat.selfspec import HardwareConfig, ModelConfig, SpeculationStats, calculator
from symppa.errors import SymppaError
from tests.house.tree import ROOT, python

EXAMPLES = ROOT / "examples"
OWN_LIBRARY = "hardware_custom_library.yaml", "library_custom_minimal.json"
LEGACY = (EXAMPLES / "hardware_legacy.yaml").read_text().split("\n", 2)[2]
LIBRARY = json.loads((EXAMPLES / OWN_LIBRARY[1]).read_text())
# name: file, what is replaced there (all of it where nothing is named), by what, the message
CASES = {
    "columns": (
        "hardware.yaml",
        "per_adc: 16",
        "per_adc: 24",
        r"xbar_size \(128\) must be divisible by .*per_adc \(24\)",
    ),
    "mixed": (
        "hardware.yaml",
        "analog:",
        f"{LEGACY}\nanalog:",
        "is ambiguous: do not mix analog.* knob fields with legacy costs.*",
    ),
    "neither": ("hardware.yaml", "", "reuse_policy: reuse\n", "must provide either analog.* knobs or legacy costs.*"),
    "library": ("hardware.yaml", "puma_like_v1", "x", "Unknown hardware library 'x'. Available: puma_like_v1, "),
    "dac_bits": (
        "hardware.yaml",
        "dac_bits: 4",
        "dac_bits: 7",
        "analog.dac_bits=7 is not available in library 'puma_like_v1'. Available DAC bits: [1, 2, 4, 8, 12, 16]",
    ),
    "draft_bits": (
        "hardware.yaml",
        "draft_bits: 4",
        "draft_bits: 7",
        "Requested analog.adc.draft_bits=7 is not available",
    ),
    "residual_bits": (
        "hardware.yaml",
        "_bits: 12",
        "_bits: 9",
        "Requested analog.adc.residual_bits=9 is not available",
    ),
    "library_file": (
        OWN_LIBRARY[0],
        "_minimal",
        "_nowhere",
        "Library source file not found: library_custom_nowhere.json",
    ),
    "library_json": (OWN_LIBRARY[1], "", '{"a":\n  [}', "Expecting value at line 2, column 4"),
    "library_sections": (
        OWN_LIBRARY[1],
        "",
        json.dumps(LIBRARY | {"other": {"adc": {}, "dac": {}}}),
        "Invalid library 'other' in 'library_custom_minimal.json': missing required sections: array, digital",
    ),
    "library_list": (OWN_LIBRARY[1], "", "[]", "top-level JSON must be an object"),
    "library_bits": (OWN_LIBRARY[1], '"12"', '"twelve"', "section 'adc' has non-integer bit key 'twelve'"),
    "library_zero_bits": (OWN_LIBRARY[1], '"12"', '"0"', "section 'adc' has non-positive bit key 0"),
    "library_value": (
        OWN_LIBRARY[1],
        "0.456",
        '"much"',
        "adc.12.energy_pj_per_conversion = 'much'; expected a finite number",
    ),
    "layer": ("model.yaml", "    0:", "    5:", "draft_policy.per_layer has invalid layer index: 5 (n_layers=2)"),
    "heads": ("model.yaml", "n_heads: 8", "n_heads: 7", "d_model (64) must be divisible by n_heads (7)"),
    "bits": ("model.yaml", "_bits: 12", "_bits: 4.5", "activation_bits = '4.5'; expected a whole number of at least 1"),
    "no_bits": ("model.yaml", "activation_bits: 12", "", "activation_bits is missing"),
    "no_hidden": ("model.yaml", "expansion: 4.0", "expansion: null", "Either d_ff or ffn_expansion must be provided"),
    "context": (
        "hardware_soc_area.yaml",
        "8192",
        "68",
        "Max context capacity exceeded: L_prompt (64) + K (5) = 69 > memory.kv_cache.max_context_tokens (68)",
    ),
    "stats": ("stats.json", "", '{"k": 2, "histogram": {"3": 1}}', "Invalid speculation stats: stats.json"),
    "no_histogram": ("stats.json", "", '{"k": 2}', "histogram is missing"),
    "reuse_policy": (
        "hardware.yaml",
        "policy: reuse",
        "policy: twice",
        "reuse_policy = 'twice'; expected reuse or reread",
    ),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for path in [*EXAMPLES.glob("*.yaml"), *EXAMPLES.glob("*.json")]:
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def arguments(hardware="hardware.yaml", stats="stats.json", *prompts):
    return ["--model", "model.yaml", "--hardware", hardware, "--stats", stats, "--prompt-lengths", *(prompts or ["64"])]


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new) if old else new)


def asked(*told, cwd):
    return python("-m", "symppa.compat.selfspec.calculator", *told, cwd=cwd)


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_file_is_refused_in_one_line_that_names_the_field(name, folder):
    file, old, new, message = CASES[name]
    change(folder / file, old, new)
    hardware = OWN_LIBRARY[0] if file in OWN_LIBRARY else file if file.startswith("hardware") else "hardware.yaml"
    done = asked(*arguments(hardware), "--output", "out/report.json", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"error: .+\n", done.stderr)
    assert message in done.stderr or re.search(message, done.stderr)
    assert not (folder / "out").exists()


def test_stats_are_json_or_yaml(folder):
    shutil.copy("stats.json", "stats.txt")
    done = asked(*arguments(stats="stats.txt"), cwd=folder)
    assert (done.returncode, done.stderr) == (2, "error: Unsupported stats format: .txt (expected .json/.yaml/.yml)\n")


@pytest.mark.parametrize(
    "told", [[], arguments(hardware="nowhere.yaml"), arguments("hardware.yaml", "stats.json", "x")]
)
def test_a_wrong_command_line_is_a_question_of_usage(told, folder):
    done = asked(*told, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: ppa-calculator")


def test_a_misspelt_field_is_ignored_with_a_remark(folder):
    change(folder / "hardware.yaml", "reuse_policy: reuse", "reuse_polcy: reread")
    change(folder / "model.yaml", "ffn_type: mlp", "fnn_type: swiglu")
    done = asked(*arguments(), "--output", "out.json", cwd=folder)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "warning: model.yaml:7: fnn_type is not a field and has no effect; did you mean ffn_type?",
        "warning: hardware.yaml:2: reuse_polcy is not a field and has no effect; did you mean reuse_policy?",
    ]
    report = json.loads((folder / "out.json").read_text())
    assert (report["reuse_policy"], report["model_knobs"]["ffn_type"]) == ("reuse", "mlp")


def run(capsys, *told):
    code = calculator.main(told)
    return code, capsys.readouterr().err


def test_a_field_of_the_later_version_is_remarked_as_such(folder, capsys):
    change(folder / "hardware.yaml", "analog:", "leakage_power: {dac_nw: 3}\nanalog:")
    told = [*arguments(), "--output", "out.json"]
    assert run(capsys, *told) == (
        0,
        "warning: hardware.yaml:5: leakage_power is not a field and has no effect; version H reads it\n",
    )
    assert run(capsys, *told, "--version", "H") == (0, "")


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("hardware.yaml", "a: &x 1\nb: *x\n", "anchors and aliases are refused"),
        ("hardware.yaml", "a: !!python/object:os.system 1\n", "the tag .* is refused"),
        ("hardware.yaml", "library: a\nlibrary: b\n", "'library' stands twice"),
        ("hardware.yaml", "", "the file is empty"),
        ("hardware.yaml", "- 1\n", "no mapping; expected a mapping of reuse_policy"),
        ("hardware.yaml", "soc:\n", "soc is no mapping"),
        ("hardware.yaml", "soc: {attention_cim_units: 0}\n", "soc.attention_cim_units = '0'; expected a whole number"),
        (
            "hardware.yaml",
            "soc: {control: {energy_pj_per_token: -1}}\n",
            "energy_pj_per_token = '-1'; expected a finite",
        ),
        ("hardware.yaml", "memory: {sram: {read_latency_ns: .inf}}\n", "read_latency_ns = '.inf'; expected a finite"),
        ("hardware.yaml", "soc: {attention_cim_units: true}\n", "attention_cim_units = 'true'"),
        ("stats.json", '{"k": 2, "k": 3, "histogram": {"1": 1}}', "stats.json: 'k' stands twice"),
        ("stats.json", '{"k": 2,', "no JSON: .* at line 1, column 9"),
        ("stats.json", "[" * 100_000, "nested too deep"),
        ("stats.json", '{"k": 2, "histogram": {"1": 1, "01": 1}}', "has the key '01'"),
        ("stats.json", '{"k": 2, "histogram": {"1": NaN}}', "histogram.1 = nan; expected a finite number"),
        ("stats.json", '{"k": 2, "histogram": {}}', "histogram must sum to more than 0"),
        ("stats.json", '{"k": 2, "histogram": {"-1": 1}}', "histogram has the key '-1'"),
        ("stats.json", '{"k": 5000, "histogram": {"1": 1}}', "k = 5000; at most 4096 are modelled"),
        ("model.yaml", "n_layers: 1e3\n", "n_layers = '1e3'; expected a whole number"),
        ("model.yaml", "n_layers: 99999999999999999999\n", "n_layers = '9+'; expected a whole number"),
    ],
)
def test_a_hostile_or_senseless_file_is_refused(file, text, message, folder, capsys):
    (folder / file).write_text(text)
    code, told = run(capsys, *arguments())
    assert code == 2
    assert re.fullmatch(r"error: Invalid .+\n", told)
    assert re.search(message, told)


@pytest.mark.parametrize("prompt", ["-1", str(2**60)])
def test_a_senseless_prompt_length_is_refused(prompt, folder, capsys):
    code, told = run(capsys, *arguments("hardware.yaml", "stats.json", "64", prompt))
    assert code == 2
    assert told.startswith(f"error: prompt length {prompt} is outside 0 to ")


def test_numbers_may_be_written_as_yaml_has_them(folder):
    (folder / "stats.yaml").write_text("k: 5.0\nhistogram: {0: 2, 1: 2e0, 2: '1', 5: 9.0}\nextra: 1\n")
    found = SpeculationStats.from_path("stats.yaml")
    assert (found.k, found.histogram, found.remarks) == (5, {0: 2.0, 1: 2.0, 2: 1.0, 5: 9.0}, ())
    change(folder / "model.yaml", "n_layers: 2", "n_layers: '2'")
    assert ModelConfig.from_yaml("model.yaml").stated["n_layers"] == 2


def test_a_library_file_counts_from_the_file_that_names_it(folder, monkeypatch):
    monkeypatch.chdir("/")
    found = HardwareConfig.from_yaml(folder / OWN_LIBRARY[0])
    assert found.library["adc"][12]["energy_pj_per_conversion"] == 0.456
    assert HardwareConfig.from_yaml(folder / "hardware.yaml").selected_library == "puma_like_v1"


def test_split_converters_share_the_crossbar_evenly_too(folder):
    change(folder / "hardware.yaml", "_bits: 12", "_bits: 12, num_columns_per_adc: {residual: 24}")
    with pytest.raises(SymppaError, match=r"divisible by analog.adc.num_columns_per_adc.residual \(24\)"):
        HardwareConfig.from_yaml("hardware.yaml", "H")


def test_a_paper_says_what_it_states_and_what_it_leaves_open():
    extract = HardwareConfig.paper_library_extract("science_adi9405_2024")
    assert extract["extracted_specs"]["vmm_operating_point"]["latency_ns_per_vmm"] == 10.0
    derived = extract["extracted_specs"]["derived_for_library_alignment"]
    assert derived["array_energy_pj_per_cell_activation"] == pytest.approx(0.05**2 / 1e4 * 10e-9 * 1e12)
    missing = HardwareConfig.paper_library_missing_specs("science_adi9405_2024")
    assert (len(missing), missing[0]) == (69, "array_geometry.128x128")
    with pytest.raises(ValueError, match=r"Unknown paper extract 'other'\. Available: science_adi9405_2024"):
        HardwareConfig.paper_library_extract("other")
