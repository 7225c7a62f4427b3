"""Language models by their sizes: published parameter counts, work by hand, phases, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from symppa.errors import WorkloadError
from symppa.workloads import configured
from symppa.workloads.families import FAMILIES
from symppa.workloads.features import features
from symppa.workloads.huggingface import load_config, workload
from symppa.workloads.yaml import load, loads

DIMS = Path(__file__).parents[3] / "shared" / "data" / "llm_dims.csv"
SMALL = {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "intermediate_size": 96, "vocab_size": 100}  # fmt: skip


def config(what, width, layers, heads, hidden, vocabulary, **more):
    told = {"model_type": what, "hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads}
    return told | {"intermediate_size": hidden, "vocab_size": vocabulary} | more


GELU = {"hidden_act": "gelu_pytorch_tanh"}
MLA = {"kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128}
# Elements of all tensors in the published weights.
PUBLISHED = {
    "gpt2": ({"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257}, 124_439_808),
    "bert-large": (config("bert", 1024, 24, 16, 4096, 30522, max_position_embeddings=512), 335_141_888),
    "phi-2": (config("phi", 2560, 32, 32, 10240, 51200, hidden_act="gelu_new"), 2_779_683_840),
    "phi-3-mini": (config("phi3", 3072, 32, 32, 8192, 32064), 3_821_079_552),
    "gemma-2b": (config("gemma", 2048, 18, 8, 16384, 256000, num_key_value_heads=1, head_dim=256), 2_506_172_416),
    "gemma-2-9b": (config("gemma2", 3584, 42, 16, 14336, 256000, num_key_value_heads=8, head_dim=256, **GELU),
    9_241_705_984),
    "gemma-3-1b": (config("gemma3_text", 1152, 26, 4, 6912, 262144, num_key_value_heads=1, head_dim=256, **GELU),
    999_885_952),
    "falcon-7b": (config("falcon", 4544, 32, 71, None, 65024, bias=False, multi_query=True, parallel_attn=True),
    6_921_720_704),
    "opt-1.3b": (config("opt", 2048, 24, 32, None, 50272, ffn_dim=8192, max_position_embeddings=2048), 1_315_758_080),
    "gpt-neox-20b": (config("gpt_neox", 6144, 44, 64, 24576, 50432), 20_554_567_680),
    "starcoder2-3b": (config("starcoder2", 3072, 30, 24, 12288, 49152, num_key_value_heads=2, use_bias=True, **GELU),
    3_030_371_328),
    "stablelm-3b": (config("stablelm", 2560, 32, 32, 6912, 50304), 2_795_443_200),
    "qwen1.5-moe-a2.7b": (
        config("qwen2_moe", 2048, 24, 16, 5632, 151936, num_experts=60, num_experts_per_tok=4,
        moe_intermediate_size=1408,
               shared_expert_intermediate_size=5632), 14_315_784_192,
    ),
    "deepseek-v2-lite": (
        config("deepseek_v2", 2048, 27, 16, 10944, 102400, n_routed_experts=64, num_experts_per_tok=6,
        n_shared_experts=2,
               moe_intermediate_size=1408, first_k_dense_replace=1, **MLA), 15_706_484_224,
    ),
    # 58 layers with experts add 256 numbers each to the scores, which are no weights of an operator here
    "deepseek-v3": (
        config("deepseek_v3", 7168, 61, 128, 18432, 129280, n_routed_experts=256, num_experts_per_tok=8,
        n_shared_experts=1,
               moe_intermediate_size=2048, first_k_dense_replace=3, q_lora_rank=1536, **MLA),
               671_026_419_200 - 58 * 256,
    ),
}  # fmt: skip
SHIPPED = {
    "llama2_7b": 6_738_415_616, "llama2_70b": 68_976_648_192, "llama3_8b": 8_030_261_248, "llama3_70b": 70_553_706_496,
    "mistral_7b": 7_241_732_096, "mixtral_8x7b": 46_702_792_704, "qwen2p5_0p5b": 494_032_768,
    "qwen2p5_1p5b": 1_543_714_304,
    "qwen2p5_3b": 3_085_938_688, "qwen2p5_7b": 7_615_616_512, "qwen2p5_14b": 14_770_033_664,
    "qwen2p5_32b": 32_763_876_352,
    "qwen2p5_72b": 72_706_203_648, "qwen3_4b": 4_022_468_096, "qwen3_8b": 8_190_735_360, "qwen3_14b": 14_768_307_200,
    "qwen3_32b": 32_762_123_264, "qwen3_30b_a3b": 30_532_122_624, "gpt2_xl": 1_557_611_200,
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_model_has_its_published_parameters(name):
    told, parameters = PUBLISHED[name]
    assert workload(told, name).at(batch=1, seq=1).parameters == parameters


@pytest.mark.parametrize("phase", ["prefill", "decode"])
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_has_its_published_parameters_in_both_phases(name, phase):
    assert load(name, phase).parameters == SHIPPED[name]


def test_work_of_a_prompt_by_hand():
    graph = workload(SMALL, "small")
    found = features(graph, [{"batch": 3, "seq": 10}])
    matrices = 64 * (64 + 2 * 32) + 64 * 64 + 3 * 64 * 96  # queries, keys and values; what follows; the gated network
    pairs = 10 * 11 // 2  # a query sees what came before it, and itself
    assert found.macs.sum() == 3 * (2 * (10 * matrices + 4 * pairs * 2 * 16) + 64 * 100)


def test_work_of_a_token_by_hand():
    found = features(workload(SMALL, "small", phase="decode"), [{"batch": 3, "context": 10}])
    matrices = 64 * (64 + 2 * 32) + 64 * 64 + 3 * 64 * 96
    assert found.macs.sum() == 3 * (2 * (matrices + 4 * 10 * 2 * 16) + 64 * 100)


def test_decode_reads_every_kept_key_and_value_once():
    graph = workload(SMALL, "small", phase="decode")
    near, far = features(graph, [{"context": 100}, {"context": 101}]).read.sum(axis=0)
    assert far - near == 2 * 2 * 2 * 16  # layers, keys and values, heads of their own, width


def test_heads_that_share_keys_change_what_is_read_and_not_what_is_computed():
    own = features(workload(SMALL | {"num_key_value_heads": 4}, "own", phase="decode"), [{"context": 1000}])
    shared = features(workload(SMALL | {"num_key_value_heads": 1}, "shared", phase="decode"), [{"context": 1000}])
    attention = [n for n, operator in enumerate(own.graph) if operator.kind == "Attention"]
    assert own.macs[attention].sum() == shared.macs[attention].sum()
    assert own.read[attention].sum() > 3.5 * shared.read[attention].sum()


def test_a_window_bounds_what_a_token_sees():
    told = SMALL | {"model_type": "mistral", "sliding_window": 50}
    graph = workload(told, "windowed", phase="decode")
    assert len({*features(graph, [{"context": 50}, {"context": 500}]).macs.sum(axis=0)}) == 1


def test_every_second_layer_of_gemma2_sees_everything():
    told = config("gemma2", 64, 4, 4, 96, 100, sliding_window=32, **GELU)
    windows = [o.attributes["window"] for o in workload(told, "g") if o.kind == "Attention"]
    assert windows == [32, None, 32, None]


def test_a_window_that_is_switched_off_is_none():
    told = config("qwen2", 64, 1, 4, 96, 100, sliding_window=32, use_sliding_window=False)
    assert [o.attributes["window"] for o in workload(told, "q") if o.kind == "Attention"] == [None]


def test_tied_tables_count_once():
    tied, apart = (workload(SMALL | {"tie_word_embeddings": t}, "x").parameters for t in (True, False))
    assert apart - tied == 6400


def test_compressed_keys_are_read_once_however_many_heads_there_are():
    told = config(
        "deepseek_v2", 64, 1, 4, 96, 100, kv_lora_rank=32, qk_nope_head_dim=8, qk_rope_head_dim=4, v_head_dim=8
    )
    graph = workload(told, "latent", phase="decode")
    near, far = features(graph, [{"context": 100}, {"context": 101}]).read.sum(axis=0)
    assert far - near == 32 + 4
    assert graph.parameters == workload(told, "latent").parameters


def test_a_text_model_inside_another_is_counted(caplog):
    graph = workload({"model_type": "seeing", "text_config": SMALL}, "seeing")
    assert graph.parameters == workload(SMALL, "small").parameters
    assert "only the language model of seeing" in caplog.text


def test_a_file_is_read_and_written_by_its_sizes(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(SMALL | {"torch_dtype": "float16", "id2label": {"0": "x"}}))
    text = configured.dumps(SMALL, "small", source="config.json, config.json", sizes={"seq": 77})
    graph = loads(text)
    assert graph.operators == load_config(path, name="small").operators
    assert graph.symbols == {"batch": 1, "seq": 77}
    assert len(text.splitlines()) < 15


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "lama"}, "type 'lama' are not supported; did you mean llama"),
        ({"model_type": None}, "no model_type"),
        ({"hidden_size": None}, "llama needs hidden_size"),
        ({"hidden_size": "64"}, "hidden_size is '64'; expected is a whole number"),
        ({"hidden_size": True}, "hidden_size is True"),
        ({"hidden_size": 65}, "cannot be divided by 4 heads"),
        ({"num_hidden_layers": 10**9}, "whole number from 1 to 1000"),
        ({"num_key_value_heads": 3}, "4 heads cannot share 3 heads"),
        ({"hidden_act": "sulu"}, "activation 'sulu' is not known; did you mean silu"),
        ({"attention_bias": 1}, "attention_bias is 1; expected is true or false"),
        ({"model_type": "mixtral"}, "mixtral needs num_local_experts"),
        ({"model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 5}, "cannot meet 5 of 4 experts"),
        ({"model_type": "nemotron_h"}, "type 'nemotron_h' are not supported"),
        ({"model_type": "qwen3_moe", "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 8,
          "decoder_sparse_step": 2}, "decoder_sparse_step: 2 is not supported"),
    ],
)  # fmt: skip
def test_a_configuration_that_is_not_understood_is_refused(change, message):
    with pytest.raises(WorkloadError, match=message):
        workload(SMALL | change, "x")


@pytest.mark.parametrize(
    ("content", "message"), [("{", "no JSON"), ("[]", "is a JSON object"), ("[" * 100_000, "no JSON")]
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path, content, message):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(WorkloadError, match=rf"config.json: .*{message}"):
        load_config(tmp_path / "config.json")


def test_a_huge_file_is_refused(tmp_path):
    (tmp_path / "config.json").write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(WorkloadError, match="at most 1048576 are read"):
        load_config(tmp_path / "config.json")


def test_an_encoder_has_no_decode_phase():
    with pytest.raises(WorkloadError, match="is an encoder"):
        workload(PUBLISHED["bert-large"][0], "bert", phase="decode")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{workload: x, config: {model_type: llama}}", "x:1: llama needs"),
        ("{workload: x, config: {model_type: llama}, inputs: {}}", "has no 'inputs'"),
        ("{workload: x, sizes: {rows: 2}, config: {model_type: llama}}", "no open size 'rows'"),
        ("{workload: x, config: llama}", "a name and `config:"),
    ],
)
def test_a_configured_file_says_where_it_is_wrong(text, message):
    with pytest.raises(WorkloadError, match=message):
        loads(text, "x")


def test_a_network_without_phases_has_none():
    with pytest.raises(WorkloadError, match="no phase 'decode'"):
        load("resnet18", "decode")


def rows():
    with DIMS.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def told(row):
    """A row as a configuration: numbers are numbers again."""
    words = ("source", "model", "model_type", "torch_dtype", "hidden_act", "tie_word_embeddings")
    found = {key: int(float(value)) for key, value in row.items() if value and key not in words}
    found |= {key: row[key] for key in ("model_type", "hidden_act") if row[key]}
    return found | ({"tie_word_embeddings": row["tie_word_embeddings"] == "True"} if row["tie_word_embeddings"] else {})


@pytest.mark.skipif(not DIMS.exists(), reason="the sizes of many models are not here")
def test_every_listed_model_is_imported_or_refused_by_its_type():
    imported, refused = {}, {}
    for row in rows():
        try:
            imported[row["model"]] = workload(told(row), row["model"]).parameters
        except WorkloadError as error:
            refused[row["model"]] = (row["model_type"], error.message)
    assert len(imported) + len(refused) == 119
    assert len(imported) >= 40
    for model, (what, message) in refused.items():
        assert "no model_type" in message if not what else (what in message and what not in FAMILIES), (model, message)
    assert imported["Qwen/Qwen3-0.6B"] == 596_049_920


def windows(told):
    return [o.attributes["window"] for o in workload(told, "x") if o.kind == "Attention"]


def test_layers_see_what_layer_types_tells(tmp_path):
    types = ["full_attention", "sliding_attention", "sliding_attention"]
    told = config("gemma3_text", 64, 3, 4, 96, 100, sliding_window=32, layer_types=types, **GELU)
    assert windows(told) == [None, 32, 32]
    text = configured.dumps(told, "x")
    assert [o.attributes["window"] for o in loads(text) if o.kind == "Attention"] == [None, 32, 32]


def test_the_pattern_of_windows_is_the_one_told():
    told = config("gemma3_text", 64, 4, 4, 96, 100, sliding_window=32, sliding_window_pattern=2, **GELU)
    assert windows(told) == [32, None, 32, None]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layer_types": ["linear_attention", "full_attention"]}, "layer_types linear_attention is not supported"),
        ({"layer_types": ["full_attention"]}, "a list with 2 types"),
        ({"layer_types": ["sliding_attention"] * 2}, "sliding_window no width"),
        (
            {"model_type": "mistral", "sliding_window": 9, "sliding_window_pattern": "x"},
            "sliding_window_pattern is 'x'",
        ),
        ({"model_type": "opt", "ffn_dim": 96}, "opt needs max_position_embeddings"),
    ],
)
def test_a_layer_that_is_not_understood_is_refused_by_name(change, message):
    with pytest.raises(WorkloadError, match=message):
        workload(SMALL | change, "x")


def test_what_is_not_counted_and_what_is_left_open_is_said(tmp_path, caplog):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(SMALL | {"quantization_config": {"quant_method": "gptq", "bits": 4}}))
    load_config(path)
    assert "quantization_config (gptq, 4 bits)" in caplog.text
    assert "no max_position_embeddings; 2048 tokens" in caplog.text


def test_a_file_tells_its_phase():
    graph = loads(configured.dumps(SMALL, "small", phase="decode", sizes={"context": 9}))
    assert graph.symbols == {"batch": 1, "context": 9}
