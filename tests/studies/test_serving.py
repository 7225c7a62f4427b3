"""Language models that answer: the same numbers as one run at a time, hand calculations, published ones."""

from __future__ import annotations

import json

import pytest

from symppa.descriptions import nodes
from symppa.errors import QuestionError
from symppa.reports.serving import report
from symppa.studies.design import design
from symppa.studies.evaluate import evaluate
from symppa.studies.replay import replay
from symppa.studies.sensitivity import sensitivity
from symppa.studies.serving import serve
from symppa.studies.sweep import sweep
from symppa.workloads import configured, reading
from symppa.workloads.huggingface import config
from symppa.workloads.llm import graph_of
from symppa.workloads.on_device import placed
from tests.house.tree import ROOT

LLAMA, H100, A100 = "llama3_8b", "h100_sxm_80gb", "a100_sxm_80gb"
WINDOWED = {
    "model_type": "gemma2", "hidden_size": 512, "num_hidden_layers": 4, "num_attention_heads": 8,
    "num_key_value_heads": 4, "head_dim": 64, "intermediate_size": 1024, "vocab_size": 1000, "sliding_window": 100,
    "max_position_embeddings": 4096,
}  # fmt: skip
GPT3 = {"model_type": "gpt2", "n_embd": 12288, "n_head": 96, "n_inner": 49152, "vocab_size": 50257, "n_positions": 4096}


def file_of(folder, name, told):
    """A workload by its sizes."""
    path = folder / f"{name}.yaml"
    path.write_text(f"workload: {name}\nconfig: {json.dumps(told)}\n")
    return path


@pytest.mark.parametrize(
    ("model", "device"),
    [
        (LLAMA, H100), ("mixtral_8x7b", H100), ("gpt2_xl", "a40"), ("qwen3_30b_a3b", "google_tpu_v4"),
        ("llama2_7b", "intel_xeon_platinum_8490h"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("batch", "prompt"), [(1, 64), (3, 700)])
def test_reading_and_the_first_step_are_what_single_runs_take(model, device, batch, prompt):
    sizes = configured.config_of(nodes.read(reading.found(model)))
    _same(sizes, model, model, device, batch, prompt)


@pytest.mark.parametrize("prompt", [40, 99, 300])
def test_a_window_counts_in_both_phases(tmp_path, prompt):
    path = file_of(tmp_path, "windowed", WINDOWED)
    _same(config(WINDOWED), "windowed", path, H100, 2, prompt)


def _same(sizes, name, model, device, batch, prompt):
    names = ["latency", "energy", "work"]
    runs = {"device": ("prefill", "seq", prompt), "decode": ("decode", "context", prompt + 1)}
    found = serve(model, device, batch=batch, prompt=prompt, generate=2)
    made = evaluate(found.question["system"], outputs=[f"{part}.{n}" for part in runs for n in names])
    for part, (phase, size, length) in runs.items():
        alone = evaluate(placed(graph_of(sizes, name, phase), device, {"batch": batch, size: length}), outputs=names)
        for n in names:
            assert made[f"{part}.{n}"] == pytest.approx(alone[n], rel=1e-12)


def test_a_single_sequence_waits_for_weights():
    # all weights but the table of words, 2 byte each, at 2039 GB/s: 6.48 ms; with that table 13.5 GB take 6.6 ms
    found = serve("llama2_7b", A100, prompt=1, generate=2, phase="decode", values={"device.start": "0 us"})
    weights = 6_738_415_616 - 32000 * 4096
    assert weights * 2 / 2039e9 == pytest.approx(6.48e-3, rel=1e-3)
    assert found["tpot"] == pytest.approx(weights * 2 / 2039e9 * 1e3, rel=5e-3)
    assert found["weight_memory"] == pytest.approx(13.48, abs=5e-3)


def test_the_mean_token_lies_between_the_first_and_the_last():
    found = serve(LLAMA, A100, batch=16, prompt=1000, generate=1000)
    assert found["first_tpot"] < found["tpot"] < found["last_tpot"]
    assert found["tpot"] == pytest.approx((found["first_tpot"] + found["last_tpot"]) / 2, rel=1e-6)


def test_the_mean_is_that_of_all_steps(tmp_path):
    path, generate = file_of(tmp_path, "windowed", WINDOWED), 24
    single = [
        serve(path, A100, batch=4, prompt=85 + k, generate=2, phase="decode")["tpot"] for k in range(generate - 1)
    ]
    found = serve(path, A100, batch=4, prompt=85, generate=generate, phase="decode")
    assert found["tpot"] == pytest.approx(sum(single) / len(single), rel=1e-6)


def test_half_the_weights_take_half_the_time():
    told = {"device.start": "0 us"}
    whole, half = (serve("llama2_7b", A100, prompt=1, generate=2, weights=w, values=told) for w in ("", "INT8"))
    assert half["weight_memory"] == whole["weight_memory"] / 2
    assert half["tpot"] == pytest.approx(whole["tpot"] / 2, rel=0.01)
    assert half["kept_token"] == whole["kept_token"]
    assert serve("llama2_7b", A100, cache="INT8")["kept_token"] == whole["kept_token"] / 2


def test_keys_and_values_of_a_token_are_as_published(tmp_path):
    # kwon2023, section 3: 2 x 5120 x 40 layers x 2 byte are 800 KB of OPT-13B, 1.6 GB for 2048 tokens
    told = {"model_type": "opt", "hidden_size": 5120, "num_hidden_layers": 40, "num_attention_heads": 40,
            "ffn_dim": 20480, "vocab_size": 50272, "max_position_embeddings": 2048}  # fmt: skip
    found = serve(file_of(tmp_path, "opt_13b", told), A100, prompt=1024, generate=1024)
    assert found["kept_token"] == 819_200
    assert found["kept_memory"] == pytest.approx(1.678, abs=1e-3)
    assert found["weight_memory"] == pytest.approx(26, rel=0.02)


def test_devices_share_weights_and_time():
    alone, both = (serve("llama3_70b", "b200_sxm", tp=n, values={"device.start": "0 us"}) for n in (1, 8))
    assert both["weight_memory"] == pytest.approx(alone["weight_memory"] / 8, rel=1e-3)
    assert both["kept_token"] == alone["kept_token"] / 8
    told = both["tpot"] - both["token_exchange.time"] * 1e-3
    assert told == pytest.approx(alone["tpot"] / 8, rel=0.01)
    # 161 sums of 14 messages and a gathering of 7, 0.6 us each
    assert both["token_exchange.time"] == pytest.approx((161 * 14 + 7) * 0.6, rel=0.01)


def test_a_layer_of_gpt3_on_four_devices_is_within_reach_of_measurements(tmp_path):
    measured = ROOT.parent / "shared" / "data" / "llmcompass" / "gpt3_layer_a100.json"
    if not measured.is_file():
        pytest.skip("the measurements of zhang2024 are not here")
    told = json.loads(measured.read_text())
    one, two = (
        serve(file_of(tmp_path, f"gpt3_{n}", GPT3 | {"n_layer": n}), A100, batch=8, prompt=2048, generate=2048, tp=4)
        for n in (1, 2)
    )  # the answer is as long as the prompt: the mean step sees 3072 tokens, those of the measurement
    prefill, decode = two["ttft"] - one["ttft"], two["tpot"] - one["tpot"]
    assert prefill / (told["prefill"]["total_s"] * 1e3) == pytest.approx(0.81, abs=0.02)
    assert decode / (told["decode"]["total_s"] * 1e3) == pytest.approx(0.57, abs=0.02)


def test_the_largest_batch_fits_and_one_more_does_not():
    most = int(serve(LLAMA, A100)["largest_batch"])
    assert serve(LLAMA, A100, batch=most)["memory_fill"] <= 100 < serve(LLAMA, A100, batch=most + 1)["memory_fill"]
    assert serve(LLAMA, A100, batch=most + 1).facts["serving"]["fits"] is False


def test_what_fits_is_told_apart_from_what_is_not_known():
    """Of `Serving`."""
    full, unknown = serve(LLAMA, "t4", precision="FP16"), serve(LLAMA, "intel_xeon_platinum_8490h")
    assert (full["largest_batch"], full["room_stated"], full.facts["serving"]["fits"]) == (0, 1, False)
    assert (unknown["largest_batch"], unknown["room_stated"], unknown.facts["serving"]["fits"]) == (0, 0, None)
    assert "not one sequence of this length fits" in str(report(full, ()))
    assert "its size is not stated" in str(report(unknown, ()))
    assert "largest batch" not in str(report(unknown, ()).tables)


def test_a_batch_is_an_axis():
    found = sweep(f"{LLAMA}[prompt=2048]@{A100}", axes={"batch": [1, 8, 64]}, outputs=["tpot", "memory_fill"])
    for batch, tpot in zip([1, 8, 64], found["tpot"], strict=True):
        assert tpot == pytest.approx(serve(LLAMA, A100, batch=batch)["tpot"])


def test_bandwidth_matters_most_to_a_single_sequence():
    found = sensitivity(f"{LLAMA}[prompt=2048]@{A100}", "tpot")
    by_name = dict(found.top(40))
    assert by_name["chip.profile_bandwidth.boost"] == pytest.approx(-0.836, abs=0.01)


def test_the_least_bandwidth_for_fifty_tokens_a_second_is_proved():
    found = design("llm_50_tokens_per_second")
    assert found.facts["status"] == "optimal"
    bandwidth = found["chip.bandwidth"]
    told = {"chip.profile_bandwidth": {"boost": f"{bandwidth} GB/s"}}
    assert serve(LLAMA, A100, values=told)["user_rate"] == pytest.approx(50, rel=1e-4)


def test_a_batch_may_be_designed(tmp_path):
    path = tmp_path / "batch.yaml"
    path.write_text(
        f'base: "{LLAMA}[prompt=2048]@{A100}"\nsource: chosen\nmaximize: decode_rate\n'
        'subject_to: {tpot: "<= 15 ms", memory_fill: "<= 100 percent"}\nfree:\n  batch: {integers: [1, 256]}\n'
    )
    found = design(str(path), explain=False)
    assert found.facts["status"] == "optimal"
    batches = range(1, 129)
    every = sweep(f"{LLAMA}[prompt=2048]@{A100}", axes={"batch": list(batches)}, outputs=["tpot", "decode_rate"])
    best = max(rate for rate, tpot in zip(every["decode_rate"], every["tpot"], strict=True) if tpot <= 15)
    assert found["decode_rate"] == pytest.approx(best)


def test_an_answer_is_the_same_when_asked_again():
    assert replay(serve(LLAMA, A100, batch=3, tp=2)).facts["agrees"]


def test_a_draft_pays_where_it_is_cheap_and_right():
    plain = serve("llama2_70b", "b200_sxm", tp=2)
    found = serve("llama2_70b", "b200_sxm", tp=2, draft="llama2_7b", acceptance=0.8, burst=3)
    assert found["plain_tpot"] == plain["tpot"]
    assert found["acceptance.committed"] == pytest.approx(1 + 0.8 + 0.64 + 0.512)
    cycle = 3 * found["draft.latency"] + found["verify_time"]
    assert found["tpot"] == pytest.approx(cycle / found["acceptance.committed"])
    assert found["gain.gain"] == pytest.approx(plain["tpot"] / found["tpot"])
    assert found["ttft"] > plain["ttft"]
    assert (
        found["gain.gain"] > 1 > serve("llama2_70b", "b200_sxm", tp=2, draft="llama2_7b", acceptance=0.1)["gain.gain"]
    )


@pytest.mark.parametrize(("phase", "has", "lacks"), [("prefill", "ttft", "tpot"), ("decode", "tpot", "ttft")])
def test_a_phase_tells_its_own(phase, has, lacks):
    found = serve(LLAMA, H100, phase=phase)
    assert has in found
    assert lacks not in found
    assert found.facts["estimates"][has]["confidence"] == "THEORETICAL"


def test_checks_are_of_the_phase():
    found = serve(LLAMA, H100, phase="decode", checks={"latency": "1 ms", "memory": "80 GB"})
    told = found.facts["checks"]
    assert (told["latency"]["output"], told["latency"]["met"], told["memory"]["met"]) == ("tpot", False, True)
    with pytest.raises(QuestionError, match="the power of decode alone is not told"):
        serve(LLAMA, H100, phase="decode", checks={"power": "700 W"})


def test_what_a_device_lacks_is_refused():
    with pytest.raises(QuestionError, match="has no rate for"):
        serve(LLAMA, A100, precision="fp8")
    with pytest.raises(QuestionError, match="there is no phase 'prefil'; did you mean prefill"):
        serve(LLAMA, A100, phase="prefil")
    with pytest.raises(QuestionError, match=r"chip\.precision is asked for twice"):
        serve(LLAMA, A100, precision="fp16", values={"chip.precision": "BF16"})
