"""Sweeps over burst lengths: the best of them, and batches of simulator results."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from symppa.compat.selfspec import HardwareConfig, ModelConfig, SpeculationStats, batch_inputs, k_sweep
from symppa.compat.selfspec.evaluation import Case
from symppa.compat.selfspec.k_sweep import KSweepInput, histogram, report
from symppa.errors import SymppaError
from tests.house.tree import ROOT

EXAMPLES = ROOT / "examples"
RESULT = {
    "run_id": None,
    "model": {"checkpoint_path": "checkpoints/Qwen/Qwen3-0.6B/model.pth"},
    "dataset": {"prompt_length": 128, "limit": 10},
    "knobs": {"draft_adc_bits": 8, "verify_adc_bits": 12},
    "results_by_k": {"5": {"mean_accepted": 4.9, "meta": {}}, "2": {"mean_accepted": 1.6, "counts": [1, 2, 3]}},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for path in [*EXAMPLES.glob("*.yaml"), *EXAMPLES.glob("*.json")]:
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("mean", "shares"), [(0.0, {0: 1.0}), (2.0, {2: 1.0}), (2.25, {2: 0.75, 3: 0.25})])
def test_a_mean_stands_for_its_two_neighbours(mean, shares):
    assert histogram(mean) == shares


def swept(text, *prompts, name="means.yaml"):
    Path(name).write_text(text)
    model, hardware = ModelConfig.from_yaml("model.yaml"), HardwareConfig.from_yaml("hardware.yaml", "H")
    return report(model, hardware, KSweepInput.from_path(name), prompts or (64,))


def test_every_way_of_writing_a_sweep_say_the_same(folder):
    listed = '{"candidates": [{"k": 3, "expected_accepted_tokens": 2.5}, {"k": 1, "expected_accepted_tokens": 0.8}]}'
    bare = listed.removeprefix('{"candidates": ').removesuffix("}")
    first, second = swept("3: 2.5\n1: 0.8\n"), swept(listed, name="means.json")
    assert first["points"] == second["points"] == swept(bare, name="bare.json")["points"]
    assert [(point["k"], point["expected_committed_tokens"]) for point in first["points"]] == [(1, 1.8), (3, 3.5)]
    assert first["points"][1]["synthetic_histogram"] == {"2": 0.5, "3": 0.5}


def test_every_point_is_what_the_calculator_says_of_its_histogram(folder):
    found = swept("4: 3.25\n", 64)["points"][0]
    case = Case(
        ModelConfig.from_yaml("model.yaml"),
        HardwareConfig.from_yaml("hardware.yaml", "H"),
        SpeculationStats(4, {3: 0.75, 4: 0.25}),
    )
    alone = case.evaluate(("spec.energy", "base.energy"), [64])
    assert found["speculative"]["energy_pj_per_token"] == alone["spec.energy"][0]
    assert found["baseline"]["energy_pj_per_token"] == alone["base.energy"][0]
    speedup = alone["base.energy"][0] / alone["spec.energy"][0]
    assert found["tokens_per_joule_speedup_vs_baseline"] == pytest.approx(speedup)


def test_of_equal_bursts_the_shorter_is_best(folder):
    for name in ("hardware.yaml", "hardware_legacy.yaml"):
        Path(name).unlink()
    zero = "{energy_pj_per_mac: 0, latency_ns_per_mac: 0}"
    kinds = ("analog_draft", "analog_full", "analog_verify_reuse", "digital_attention", "digital_softmax")
    costs = dict.fromkeys((*kinds, "digital_elementwise", "kv_cache"), zero)
    lines = [f"  {name}: {cost}" for name, cost in costs.items()]
    Path("hardware.yaml").write_text("\n".join(["costs:", *lines, "  analog_weight_area: {area_mm2_per_weight: 0}"]))
    best = swept("7: 3\n2: 1\n4: 2\n", 64, 8, 64)["best_by_prompt_length"]
    assert [row["l_prompt"] for row in best] == [8, 64]
    assert {row[name]["k"] for row in best for name in ("best_throughput", "best_tokens_per_joule")} == {2}
    assert best[0]["best_throughput"]["throughput_speedup_vs_baseline"] is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3: 3.5\n", r"expected_accepted_tokens \(3.5\) must be <= k \(3\)"),
        ("candidates: []\n", "candidates must not be empty"),
        ("candidates: 3\n", "candidates is no list"),
        (
            "candidates:\n- {k: 1, expected_accepted_tokens: 1}\n- {k: 1, expected_accepted_tokens: 0}\n",
            "means.yaml:3: candidate k values must be unique; 1 stands twice",
        ),
        ("x: 1\n", "has the key 'x'"),
    ],
)
def test_a_senseless_sweep_is_refused(text, message, folder):
    with pytest.raises(SymppaError, match=f"Invalid k-sweep input: .*{message}"):
        swept(text)


def test_a_sweep_is_written_and_refused_like_any_report(folder, capsys):
    Path("means.yaml").write_text("2: 1.5\n")
    told = ["--model", "model.yaml", "--hardware", "hardware.yaml", "--acceptance-sweep", "means.yaml"]
    assert k_sweep.main([*told, "--prompt-lengths", "64", "--output", "a/b.json"]) == 0
    assert json.loads(Path("a/b.json").read_text())["paths"]["stats"] == "means.yaml"
    assert k_sweep.main([*told, "--prompt-lengths", "-3"]) == 2
    assert capsys.readouterr().err.startswith("error: prompt length -3 is outside")


def batch(*more):
    return batch_inputs.main(["--inputs-dir", "in", "--hardware-template", "hardware_soc_area.yaml", *more])


@pytest.fixture
def inputs(folder):
    Path("in").mkdir()
    Path("in/first.json").write_text(json.dumps(RESULT))
    return folder


def test_a_batch_writes_a_report_for_every_input_and_two_summaries(inputs, capsys):
    assert batch() == 0
    out = Path("out/batch_inputs")
    told = capsys.readouterr().out.splitlines()
    assert told == ["processed 1 input files", f"wrote outputs to {out}", f"summary table: {out / 'summary.md'}"]
    made = json.loads((out / "first.json").read_text())
    assert [point["k"] for point in made["points"]] == [2, 5]
    rows = json.loads((out / "summary.json").read_text())["rows"]
    assert [(row["k"], row["acceptance_rate"]) for row in rows] == [(2, 0.8), (5, pytest.approx(0.98))]
    numbers = made["points"][1]["speculative"]
    latency = numbers["latency_ns_per_token"] / 1000
    assert rows[1]["final_ppa"].startswith(
        f"lat={latency:.2f}us/tok; thr={numbers['throughput_tokens_per_s']:.2f} tok/s; "
    )
    table = (out / "summary.md").read_text().splitlines()
    assert table[0] == "| model | adc bits | K value | acceptance rate | final PPA |"
    assert [line.split(" | ")[:4] for line in table[2:]] == [
        ["| Qwen3-0.6B", "8/12", "2", "0.8000"],
        ["| Qwen3-0.6B", "8/12", "5", "0.9800"],
    ]
    assert len((out / "summary_best.md").read_text().splitlines()) == 3


def test_a_batch_prices_the_network_of_the_checkpoint_at_the_resolutions_asked_for(inputs):
    assert batch("--force-verify-adc-bits", "10", "--output-dir", "forced") == 0
    point = json.loads(Path("forced/first.json").read_text())["points"][0]
    Path("qwen.yaml").write_text(
        "{n_layers: 28, d_model: 1024, n_heads: 16, activation_bits: 12, ffn_type: swiglu, d_ff: 3072}"
    )
    text = (
        Path("hardware_soc_area.yaml")
        .read_text()
        .replace("draft_bits: 4", "draft_bits: 8")
        .replace("_bits: 12", "_bits: 10")
    )
    Path("own.yaml").write_text(text)
    hardware = HardwareConfig.from_yaml("own.yaml", "H")
    stats = SpeculationStats(2, {1: 0.4, 2: 0.6})
    alone = Case(ModelConfig.from_yaml("qwen.yaml"), hardware, stats).evaluate(("spec.energy", "base.energy"), [128])
    assert point["speculative"]["energy_pj_per_token"] == pytest.approx(alone["spec.energy"][0], rel=1e-12)
    assert json.loads(Path("forced/summary.json").read_text())["rows"][0]["adc_bits"] == "8/10"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": {"checkpoint_path": "other.pth"}}, "Cannot infer model from checkpoint path: other.pth"),
        ({"dataset": {}}, "dataset.prompt_length is missing"),
        ({"knobs": {"draft_adc_bits": 7, "verify_adc_bits": 12}}, "Requested analog.adc.draft_bits=7 is not available"),
        ({"results_by_k": {"2": {"mean_accepted": 3}}}, "must be <= k (2)"),
        ({"results_by_k": {}}, "candidates must not be empty"),
    ],
)
def test_a_senseless_result_is_refused(change, message, inputs, capsys):
    Path("in/first.json").write_text(json.dumps(RESULT | change))
    assert batch() == 2
    assert message in capsys.readouterr().err


def test_a_batch_needs_knobs_to_vary(inputs, capsys):
    assert batch("--hardware-template", "hardware_legacy.yaml") == 2
    assert "a batch varies analog.* knobs" in capsys.readouterr().err


@pytest.mark.parametrize("label", batch_inputs.LABELS)
def test_every_network_of_the_simulator_is_shipped(label, inputs):
    Path("in/first.json").write_text(json.dumps(RESULT | {"model": {"checkpoint_path": f"x/{label}/y.pth"}}))
    assert batch() == 0
    assert json.loads(Path("out/batch_inputs/summary.json").read_text())["rows"][0]["model"] == label
