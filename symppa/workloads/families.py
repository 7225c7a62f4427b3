"""What the language models of each type do alike: norms, biases, positions, and where their configuration says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Family:
    """A type of language model. A bias is there, is not, or is told by a key of the configuration (`key`, `key=true`).

    `norms` before and perhaps after each of the two halves of a layer; `parallel` where both halves read the same.
    """

    norm: str = "RMSNorm"
    gated: bool = True
    act: str = "silu"
    qkv_bias: bool | str = False
    out_bias: bool | str = False
    mlp_bias: bool | str = False
    head_bias: bool = False
    positions: str = "rotary"  # or learned, and how many rows are added to the table
    extra_positions: int = 0
    head_norm: bool = False  # queries and keys normalised head by head
    after: bool = False  # norms also after each half
    parallel: int = 0  # norms of a layer whose halves run side by side; 0 where they follow one another
    tied: bool = False
    windowed: str = "all"  # which layers see a window only: all, told (use_sliding_window), even, five of six
    experts: str = ""  # the key with the number of experts
    expert_width: str = "moe_intermediate_size"
    shared: str = ""  # the key with the width, or the number, of experts that every token meets
    shared_gate: bool = False
    latent: bool = False  # keys and values kept compressed
    encoder: bool = False


LLAMA = Family(qkv_bias="attention_bias", out_bias="attention_bias", mlp_bias="mlp_bias", windowed="none")
QWEN3 = Family(qkv_bias="attention_bias", out_bias="attention_bias", head_norm=True, windowed="told")
QWEN3_MOE = replace(QWEN3, experts="num_experts")
GEMMA = Family(act="gelu", qkv_bias="attention_bias", out_bias="attention_bias", tied=True, windowed="none")
PLAIN = Family(norm="LayerNorm", gated=False, act="gelu", qkv_bias=True, out_bias=True, mlp_bias=True, windowed="none")
BERT = replace(PLAIN, positions="learned", encoder=True)
DEEPSEEK = Family(latent=True, experts="n_routed_experts", shared="n_shared_experts", windowed="none",
                  qkv_bias="attention_bias", out_bias="attention_bias")  # fmt: skip

# model_type of config.json: what it does
FAMILIES: Mapping[str, Family] = {
    "llama": LLAMA,
    "granite": LLAMA,
    "internlm2": replace(LLAMA, qkv_bias="bias", out_bias="bias"),
    "mistral": Family(),
    "mixtral": Family(experts="num_local_experts", expert_width="intermediate_size"),
    "qwen2": Family(qkv_bias=True, windowed="told"),
    "qwen2_moe": Family(
        qkv_bias=True, windowed="told", experts="num_experts", shared="shared_expert_intermediate_size",
        shared_gate=True
    ),
    "qwen3": QWEN3,
    "qwen3_moe": QWEN3_MOE,
    "qwen3_vl_text": QWEN3,
    "qwen3_vl_moe_text": QWEN3_MOE,
    "gemma": GEMMA,
    "gemma2": replace(GEMMA, after=True, windowed="even"),
    "gemma3_text": replace(GEMMA, after=True, head_norm=True, windowed="five of six"),
    "phi": replace(PLAIN, parallel=1, head_bias=True),
    "phi3": Family(),
    "gpt2": replace(PLAIN, positions="learned", tied=True),
    "gpt_neox": replace(PLAIN, parallel=2, qkv_bias="attention_bias=true", out_bias="attention_bias=true"),
    "opt": replace(PLAIN, act="relu", positions="learned", extra_positions=2, tied=True, qkv_bias="enable_bias=true",
                   out_bias="enable_bias=true", mlp_bias="enable_bias=true"),
    "falcon": replace(PLAIN, parallel=1, qkv_bias="bias", out_bias="bias", mlp_bias="bias", tied=True),
    "stablelm": Family(norm="LayerNorm", qkv_bias="use_qkv_bias", windowed="none"),
    "starcoder2": replace(PLAIN, qkv_bias="use_bias=true", out_bias="use_bias=true", mlp_bias="use_bias=true",
                          tied=True, windowed="all"),
    "bert": BERT,
    "roberta": BERT,
    "deepseek_v2": DEEPSEEK,
    "deepseek_v3": DEEPSEEK,
    "kimi_k2": DEEPSEEK,
}  # fmt: skip
