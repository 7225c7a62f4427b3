"""A model that answers, on a device, by name: what may be asked, and what is refused."""

from __future__ import annotations

import pytest

import symppa
from symppa.errors import DescriptionError, QuestionError, WorkloadError
from symppa.workloads.serving import Question, described, is_served, matching, question, served

LLAMA = "llama3_8b"


def test_a_name_says_all_that_is_asked():
    found = described(f"{LLAMA}[prompt=512,generate=64,batch=4,tp=2,weights=INT8]@h100_sxm_80gb")
    assert found.network.answers == Question(batch=4, prompt=512, generate=64, tp=2, weights="INT8")
    assert (found.system, found.device.name) == ("Serving", "h100_sxm_80gb")
    assert found.parts["device"] == "Gpu"
    assert described(found.asked).network.answers == found.network.answers


def test_what_is_usual_is_left_out_of_the_name():
    assert served(LLAMA, "h100_sxm_80gb", Question(batch=2)).name == f"{LLAMA}[batch=2]@h100_sxm_80gb"
    usual = served(LLAMA, "h100_sxm_80gb", Question())
    assert usual.name == f"{LLAMA}[prompt=2048]@h100_sxm_80gb"
    assert is_served(usual.asked)


def test_a_model_that_answers_loads_wherever_a_description_does():
    assert symppa.load(f"{LLAMA}[prompt=512]@a100_sxm_80gb").system == "Serving"
    assert symppa.load(f"{LLAMA}[seq=512]@a100_sxm_80gb").system == "Gpu"
    assert symppa.load(f"{LLAMA}[draft=llama3_8b,acceptance=0.5]@a100_sxm_80gb").system == "SpeculativeServing"


def test_patterns_match_models_and_devices():
    names = [found.name for found in matching("llama3_*b[prompt=64]@h?00_sxm*")]
    assert f"{LLAMA}[prompt=64]@h200_sxm" in names
    assert "llama3_70b[prompt=64]@h100_sxm_80gb" in names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("promt=3", "'promt=3' says nothing about serving; did you mean prompt"),
        ("tp=1,tp=2", "tp stands twice"),
        ("tp=two", "tp = 'two' is no number"),
        ("tp", "'tp' says nothing about serving"),
    ],
)
def test_brackets_that_say_nothing_are_refused(text, message):
    with pytest.raises(DescriptionError, match=message):
        question(text, "asked")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"generate": 1}, "generate = 1; at least 2 is expected"),
        ({"batch": 0}, "batch = 0; at least 1 is expected"),
        ({"draft": LLAMA}, "a draft and its acceptance go together"),
        ({"acceptance": 0.5}, "a draft and its acceptance go together"),
        ({"draft": LLAMA, "acceptance": 1.5}, "acceptance = 1.5; a probability is expected"),
    ],
)
def test_questions_without_sense_are_refused(asked, message):
    with pytest.raises(QuestionError, match=message):
        Question(**asked)


@pytest.mark.parametrize(
    ("model", "device", "asked", "kind", "message"),
    [
        (LLAMA, "l40s", {"tp": 2}, QuestionError, "l40s states no chip.link_bandwidth: 2 of it cannot share a layer"),
        (LLAMA, "h100_sxm_80gb", {"tp": 3}, WorkloadError, "which 3 devices cannot share alike"),
        (LLAMA, "h100_sxm_80gb", {"prompt": 8192}, QuestionError, "was made for 8192 tokens"),
        (LLAMA, "h100_sxm_80gb", {"weights": "INT3"}, QuestionError, "has no number format 'INT3'"),
        (LLAMA, "h100_sxm_80gb", {"draft": "mistral_7b", "acceptance": 0.5}, QuestionError, "of the same vocabulary"),
        ("resnet50", "h100_sxm_80gb", {}, WorkloadError, "is no language model that answers"),
        ("lama3_8b", "h100_sxm_80gb", {}, DescriptionError, "there is no workload 'lama3_8b'; did you mean llama3_8b"),
        (LLAMA, "resnet50", {}, DescriptionError, "resnet50 is a workload, not hardware"),
    ],
)
def test_what_cannot_be_is_refused(model, device, asked, kind, message):
    with pytest.raises(kind, match=message):
        served(model, device, Question(**asked))


def test_a_size_stands_for_a_format():
    found = served(LLAMA, "a100_sxm_80gb", Question(weights="4.25 bit", cache="FP8"))
    values = found.network.root.plain["values"]
    assert values["weight_size"] == "4.25 bit"
    assert values["kept_size"] == "1 byte"


def test_an_encoder_answers_nothing(tmp_path):
    path = tmp_path / "bert.yaml"
    path.write_text(
        "workload: bert\nconfig: {model_type: bert, hidden_size: 64, num_hidden_layers: 1, num_attention_heads: 4, "
        "intermediate_size: 128, vocab_size: 100, max_position_embeddings: 64}\n"
    )
    with pytest.raises(WorkloadError, match="bert is an encoder"):
        served(path, "h100_sxm_80gb", Question())
