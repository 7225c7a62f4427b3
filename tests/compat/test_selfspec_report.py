"""Reports worked by hand, from the example files that the README of the original starts with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from symppa.compat.selfspec import calculator
from symppa.compat.selfspec.points import PHASES
from tests.house.tree import ROOT, python

EXAMPLES = ROOT / "examples"
HARDWARE = sorted(path.name for path in EXAMPLES.glob("hardware*.yaml"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the example files, to change."""
    for path in [*EXAMPLES.glob("*.yaml"), *EXAMPLES.glob("*.json")]:
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def changed(name, old, new):
    text = Path(name).read_text()
    assert old in text
    Path(name).write_text(text.replace(old, new))


def report(*prompts, hardware="hardware.yaml", version="S"):
    files = ["--model", "model.yaml", "--hardware", hardware, "--stats", "stats.json", "--output", "out/report.json"]
    assert calculator.main([*files, "--prompt-lengths", *map(str, prompts or (64,)), "--version", version]) == 0
    return json.loads(Path("out/report.json").read_text())


def test_the_quickstart_of_the_original_runs_as_it_is_written(tmp_path):
    target = tmp_path / "out" / "report.json"
    command = [
        *("--model", "examples/model.yaml", "--hardware", "examples/hardware.yaml"),
        *("--stats", "examples/stats.json", "--prompt-lengths", "64", "128", "256", "--output", str(target)),
    ]
    done = python("-m", "symppa.compat.selfspec.calculator", *command)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = json.loads(target.read_text())
    first = found["points"][0]
    assert [point["l_prompt"] for point in found["points"]] == [64, 128, 256]
    assert first["speculative"]["energy_pj_per_token"] == pytest.approx(3363.69952, rel=1e-12)
    assert first["speculative"]["latency_ns_per_token"] == pytest.approx(164.73632, rel=1e-12)
    assert first["baseline"]["energy_pj_per_token"] == pytest.approx(2501.46144, rel=1e-12)
    assert first["baseline"]["latency_ns_per_token"] == pytest.approx(93.23304, rel=1e-12)
    assert found["area_breakdown_mm2"]["on_chip_mm2"] == pytest.approx(0.367597568, rel=1e-12)


def test_a_plain_token_costs_its_reads_and_its_digital_work(folder):
    # qkv 192x64, wo 64x64, ffn 256x64 and 64x256 take 2 + 1 + 2 + 2 crossbars of 128; 12 bits enter in 3 slices of 4
    reads = 2 * 7 * 3
    analog = reads * (4 * 0.0022 + 128 * (0.004 + 0.09 + 0.37))
    digital = 2 * (2 * 64 * 64 * 0.0004 + 8 * 64 * 5e-5 + 256 * 2e-5 + 64 * 1e-4)
    plain = report(64)["points"][0]["baseline"]
    assert plain["energy_pj_per_token"] == pytest.approx(analog + digital, rel=1e-12)
    time = reads * (0.015 + 0.01 + 16 * 0.12)
    work = 2 * (2 * 64 * 64 * 0.0007 + 8 * 64 * 5e-5 + 256 * 2e-5 + 64 * 1e-4)
    assert plain["latency_ns_per_token"] == pytest.approx(time + work, rel=1e-12)
    assert plain["throughput_tokens_per_s"] == pytest.approx(1e9 / (time + work), rel=1e-12)


def test_the_area_is_that_of_every_crossbar_with_its_converters(folder):
    # 14 crossbars; 128 columns share 8 converters of each kind; 2 layers of 49152 weights
    parts = report()["area_breakdown_mm2"]["on_chip_components"]
    assert parts["arrays_mm2"] == pytest.approx(2 * 49152 * 1e-9)
    assert parts["dac_mm2"] == pytest.approx(14 * 128 * 1.67e-7)
    assert parts["adc_draft_mm2"] == pytest.approx(14 * 8 * 0.0012)
    assert parts["adc_residual_mm2"] == pytest.approx(14 * 8 * 0.0019)
    assert parts["digital_overhead_mm2"] == pytest.approx(2 * 0.01)


@pytest.mark.parametrize("version", ["S", "H"])
@pytest.mark.parametrize("hardware", HARDWARE)
def test_every_example_adds_up(folder, hardware, version):
    for point in report(0, 64, hardware=hardware, version=version)["points"]:
        for book in (point["breakdown"], point["baseline_breakdown"]):
            for name in (*PHASES, "total"):
                phase = book[name]
                energy = pytest.approx(phase["energy_pj"], rel=1e-12, abs=1e-12)
                for group in ("stages", "components"):
                    assert sum(v for k, v in phase[group].items() if k.endswith("_energy_pj")) == energy
                assert sum(v for k, v in phase["channels"].items() if k.endswith("_energy_pj")) == energy
            total = sum(book[name]["latency_ns"] for name in PHASES)
            assert book["total"]["latency_ns"] == pytest.approx(total, rel=1e-12)


def test_a_listed_layer_does_not_inherit_the_default(folder):
    changed("model.yaml", "qkv: draft, wo: draft, ffn: draft", "qkv: full, wo: full, ffn: full")
    trap = report()["points"][0]["breakdown"]["draft"]["activation_counts"]["array_activations"]
    # of the 21 reads of a layer the listed one does 6 in full, the other does all: 4 crossbars instead of 1
    assert trap == 5 * ((6 * 4 + 15) + 21 * 4)


def test_what_a_file_says_wins_even_when_it_says_nothing(folder):
    told = report(hardware="hardware_analog_periphery.yaml")
    changed(
        "hardware_analog_periphery.yaml", "  dac_bits: 4", "  dac_bits: 4\n  periphery: {tia: {energy_pj_per_op: 0.0}}"
    )
    silent = report(hardware="hardware_analog_periphery.yaml")
    components = [r["points"][0]["breakdown"]["total"]["components"] for r in (told, silent)]
    assert [c["tia_energy_pj"] > 0 for c in components] == [True, False]
    assert components[0]["tia_latency_ns"] == components[1]["tia_latency_ns"] > 0
    assert silent["hardware_knobs"]["analog_periphery"]["tia"]["energy_pj_per_op"] == 0.0


def test_counts_and_traffic_are_null_where_nothing_is_counted(folder):
    lumped, knobs, memory = (
        report(hardware=f"hardware{name}.yaml")["points"][0]["breakdown"]["total"]
        for name in ("_legacy", "", "_soc_memory")
    )
    assert lumped["activation_counts"] is None
    assert lumped["memory_traffic"] is None
    assert knobs["activation_counts"]["array_activations"] == 1008
    assert knobs["memory_traffic"] is None
    # 5 drafts, 5 verifications and the bonus step read 64 tokens of 2 layers: 2 x 64 values and 8 heads x 2 x 2 bytes
    assert memory["memory_traffic"]["hbm_read_bytes"] == 11 * 64 * 2 * (128 + 32)


def test_a_ratio_to_nothing_is_null_and_what_takes_no_time_has_no_rate(folder):
    text = Path("hardware_legacy.yaml").read_text()
    for number in ("0.00005", "0.00002", "0.001", "0.002", "0.0015", "0.0006", "0.0008", "0.0004", "0.0007", "0.0001"):
        text = text.replace(f"mac: {number},", "mac: 0,").replace(f"mac: {number}}}", "mac: 0}")
    Path("hardware_legacy.yaml").write_text(text)
    point = report(hardware="hardware_legacy.yaml")["points"][0]
    assert set(point["speculative"].values()) == {0.0}
    assert {point["delta"][key] for key in point["delta"] if key.endswith("ratio")} == {None}
    assert {point["delta"][key] for key in point["delta"] if key.endswith("diff")} == {0.0}


def test_the_break_even_is_the_smallest_length_that_pays(folder):
    changed("hardware.yaml", "analog:", "soc: {control: {energy_pj_per_burst: 50000}}\nanalog:")
    assert report(256, 64, 128)["break_even_tokens_per_joule_l_prompt"] == 64
    Path("stats.json").write_text('{"k": 0, "histogram": {"0": 3}}')
    assert report(64)["break_even_tokens_per_joule_l_prompt"] is None


def test_the_hidden_width_is_rounded_to_the_nearest_and_to_even(folder):
    changed("model.yaml", "d_model: 64", "d_model: 10")
    changed("model.yaml", "n_heads: 8", "n_heads: 2")
    changed("model.yaml", "ffn_expansion: 4.0", "ffn_expansion: 1.25")
    assert report()["model_knobs"]["d_ff"] == 12
    changed("model.yaml", "ffn_expansion", "d_ff: 33\nffn_expansion")
    assert report()["model_knobs"]["d_ff"] == 33


def test_an_explicit_cost_chip_counts_no_attention_logic(folder):
    changed("hardware_legacy.yaml", "costs:", "soc: {attention_cim_mac_area_mm2_per_unit: 7.0}\ncosts:")
    assert report(hardware="hardware_legacy.yaml")["area_breakdown_mm2"]["on_chip_mm2"] == pytest.approx(0.020098304)


def test_an_enabled_difference_read_out_takes_the_input_converters_resolution_unless_told(folder):
    plain = report(version="H")["area_breakdown_mm2"]["on_chip_components"]["dac_mm2"]
    changed("hardware.yaml", "  dac_bits: 4", "  dac_bits: 4\n  delta_readout: {draft: {enabled: true}}")
    found = report(version="H")
    assert found["hardware_knobs"]["delta_readout"]["draft"] == {"enabled": True, "dac_bits": None}
    more = found["area_breakdown_mm2"]["on_chip_components"]["dac_mm2"]
    assert more == pytest.approx(plain + 14 * 1.67e-7)  # one more converter for each of 14 crossbars


def test_leakage_is_power_times_the_time_of_a_burst(folder):
    without = report(version="H")["points"][0]["speculative"]["energy_pj_per_token"]
    changed("hardware.yaml", "analog:", "leakage_power: {sram_nw: 2e6, dac_nw: 1e6}\nanalog:")
    point = report(version="H")["points"][0]
    committed = (2 * 1 + 2 * 2 + 1 * 3 + 9 * 6) / 14
    time = point["speculative"]["latency_ns_per_token"] * committed
    assert point["leakage"]["total_power_nw"] == 3e6
    assert point["leakage"]["burst_latency_ns"] == pytest.approx(time, rel=1e-12)
    assert point["leakage"]["energy_pj"] == pytest.approx(3 * time, rel=1e-12)
    assert point["speculative"]["energy_pj_per_token"] == pytest.approx(without + 3 * time / committed, rel=1e-12)


def test_the_report_goes_to_stdout_when_no_file_is_named(folder, capsys):
    files = ["--model", "model.yaml", "--hardware", "hardware.yaml", "--stats", "stats.json"]
    assert calculator.main([*files, "--prompt-lengths", "64"]) == 0
    text = capsys.readouterr().out
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def test_a_second_report_does_not_load_sympy(folder):
    command = [
        "--model",
        "model.yaml",
        "--hardware",
        "hardware.yaml",
        "--stats",
        "stats.json",
        "--prompt-lengths",
        "64",
    ]
    report()
    done = python("-X", "importtime", "-m", "symppa.compat.selfspec.calculator", *command, cwd=folder)
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "numpy" in loaded
    assert not loaded & {"sympy", "pandas", "xarray", "matplotlib"}
