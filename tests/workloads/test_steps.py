"""Steps counted at a few small sizes stand for all sizes; parts for devices add up to the whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symppa.descriptions import nodes
from symppa.errors import WorkloadError
from symppa.workloads import configured, huggingface, reading, steps
from symppa.workloads.llm import graph_of
from symppa.workloads.table import table

TINY = {
    "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 8,
    "num_key_value_heads": 4, "intermediate_size": 160, "vocab_size": 1000, "max_position_embeddings": 4096,
}  # fmt: skip
LATENT = {
    "model_type": "deepseek_v2", "hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 256, "vocab_size": 500, "kv_lora_rank": 32, "q_lora_rank": 48, "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 8, "v_head_dim": 16, "n_routed_experts": 16, "num_experts_per_tok": 2,
    "moe_intermediate_size": 64, "n_shared_experts": 1, "first_k_dense_replace": 1,
}  # fmt: skip


def sizes(told):
    return huggingface.config(told)


def summed(found, name):
    """A factor summed over all subgraphs."""
    numbers = found.vectors.get(name)
    return 0 if numbers is None else sum(n * k for n, k in zip(numbers, found.counts, strict=True))


@pytest.mark.parametrize("phase", ["prefill", "decode"])
@pytest.mark.parametrize("told", [TINY, LATENT], ids=["grouped", "latent"])
def test_factors_give_back_the_macs_of_any_size(phase, told):
    found = steps.counted(sizes(told), "tiny", phase)
    other = "seq" if phase == "prefill" else "context"
    made = table(graph_of(sizes(told), "tiny", phase), [{"batch": 5, other: 37}])
    tokens, pairs = (37, 37 * 38 / 2) if phase == "prefill" else (1, 37)
    macs = summed(found, "mac.by_place") * tokens + 5 * (
        summed(found, "mac.by_sequence") + summed(found, "mac.by_token") * tokens + summed(found, "mac.by_pair") * pairs
    )
    assert macs == made.macs.sum()


def test_equal_subgraphs_stand_once_with_their_count():
    found = steps.counted(sizes(TINY), "tiny", "decode")
    counts = dict(zip(found.labels, found.counts, strict=True))
    assert counts["attention"] == counts["mlp.down"] == 3
    assert counts["scores"] == 1
    assert found.values()["kept_key"]["attention"] == str(2 * 4 * 8)
    more = steps.counted(sizes(TINY | {"num_hidden_layers": 9}), "tiny", "decode")
    assert more.labels == found.labels


def test_layers_with_and_without_windows_are_told_apart():
    told = TINY | {"model_type": "gemma2", "sliding_window": 64, "head_dim": 8, "num_hidden_layers": 4}
    found = steps.counted(sizes(told), "tiny", "decode")
    here = {w: c for w, c, k in zip(found.vectors["window"], found.counts, found.vectors["kept_key"], strict=True) if k}
    assert here == {64: 2, 2.0**40: 2}
    assert steps.windows(sizes(told)) == [64, 64]
    with pytest.raises(WorkloadError, match="tiny has a window of 4 keys; at least 7 are expected"):
        steps.counted(sizes(told | {"sliding_window": 4}), "tiny", "decode")


@pytest.mark.parametrize("ranks", [2, 4])
def test_parts_of_devices_add_up_to_the_whole(ranks):
    config = sizes(TINY)
    whole = steps.counted(config, "tiny", "decode")
    part = steps.counted(steps.split(config, "tiny", ranks), "tiny", "decode")
    for name in ("mac.by_token", "mac.by_pair", "kept_key"):
        assert ranks * summed(part, name) == summed(whole, name)
    assert whole.single["resident"] < ranks * part.single["resident"]  # norms are on every device


def test_few_heads_of_keys_and_values_are_kept_by_several_devices():
    part = steps.split(sizes(TINY | {"num_key_value_heads": 2}), "tiny", 4)
    assert (part.heads, part.kv_heads, part.hidden, part.vocabulary) == (2, 1, 40, 250)


def test_what_devices_cannot_share_alike_is_refused():
    with pytest.raises(WorkloadError, match="tiny has heads = 8, which 3 devices cannot share alike"):
        steps.split(sizes(TINY), "tiny", 3)
    config = replace(sizes(TINY), heads=24, kv_heads=6, hidden=160)
    with pytest.raises(WorkloadError, match="tiny has 6 heads of keys and values, which 4 devices cannot share"):
        steps.split(config, "tiny", 4)


def test_devices_sum_twice_in_a_layer_or_once_where_its_halves_run_side_by_side():
    assert steps.sums(sizes(TINY)) == 2 * 3 + 1
    assert steps.sums(replace(sizes(TINY), parallel=1)) == 3 + 1


@pytest.mark.parametrize(("name", "weights"), [("llama3_8b", 8_030_261_248), ("mixtral_8x7b", 46_702_792_704)])
def test_all_weights_are_resident(name, weights):
    config = configured.config_of(nodes.read(reading.found(name)))
    assert steps.counted(config, name, "decode").single["resident"] == weights
