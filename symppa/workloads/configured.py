"""Language models in NET.yaml by their sizes alone: `config:` with what a config.json says, and layers follow.

workload: llama2_7b
source: touvron2023
config: {model_type: llama, hidden_size: 4096, num_hidden_layers: 32, ...}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from symppa.descriptions.nodes import Node
from symppa.errors import SymppaError, WorkloadError, suggest
from symppa.workloads import huggingface
from symppa.workloads.ir import Graph

CONFIG = "config"
KEYS = ("schema", "workload", "meaning", "source", "phase", "sizes", CONFIG)
OPEN = ("batch", "seq", "context")
SCHEMA = "1"
CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
# What a config.json says that changes no size of an operator.
SILENT = frozenset({
    "architectures", "auto_map", "torch_dtype", "dtype", "transformers_version", "use_cache", "initializer_range",
    "bos_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "cls_token_id", "decoder_start_token_id",
    "rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "layernorm_epsilon", "norm_eps", "rope_theta",
    "rope_scaling",
    "rope_parameters", "attention_dropout", "hidden_dropout", "hidden_dropout_prob", "attention_probs_dropout_prob",
    "resid_pdrop", "embd_pdrop", "attn_pdrop", "dropout", "activation_dropout", "layerdrop", "task_specific_params",
    "router_aux_loss_coef", "output_router_logits", "aux_loss_alpha", "seq_aux", "pretraining_tp", "_name_or_path",
    "id2label", "label2id", "summary_type", "summary_use_proj", "summary_activation",
    "summary_first_dropout", "summary_proj_to_labels", "prefix", "gradient_checkpointing", "init_std",
})  # fmt: skip


def is_configured(root: Node) -> bool:
    """Whether a file tells a network by its sizes."""
    return isinstance(root.value, dict) and CONFIG in root.value


def graph_of(root: Node, phase: str = "") -> Graph:
    """The network of a tree in the phase asked, else in the one it tells, else in the one that reads a prompt."""
    told: dict[str, Node] = root.value  # type: ignore[assignment]
    for name, node in told.items():
        if name not in KEYS:
            raise WorkloadError(
                f"a workload with config has no {name!r}{suggest(name, KEYS)}", file=node.file, line=node.line
            )
    if not isinstance(told[CONFIG].value, dict) or "workload" not in told:
        raise WorkloadError("a workload has a name and `config: {model_type: ...}`", file=root.file, line=root.line)
    if "schema" in told and told["schema"].value != SCHEMA:
        raise WorkloadError(f"this version reads schema {SCHEMA}", file=root.file, line=told["schema"].line)
    texts = {name: str(told[name].value) for name in ("workload", "meaning", "source", "phase") if name in told}
    try:
        sizes = _sizes(told.get("sizes"))
        found = huggingface.workload(
            _plain(told[CONFIG]), texts["workload"], phase=phase or texts.get("phase", "prefill"),
            meaning=texts.get("meaning", ""), source=texts.get("source", ""),
        )  # fmt: skip
        known = {name: size for name, size in sizes.items() if name in found.symbols}
        return replace(found, symbols=found.sizes(**known))
    except SymppaError as error:
        raise error.at(root.file, told[CONFIG].line) from None


def config_of(root: Node) -> huggingface.Config:
    """The sizes that a network's file tells; refused where it tells operators."""
    if not is_configured(root):
        raise root.error("this network tells its operators; a language model that answers is told by `config:`")
    try:
        return huggingface.config(_plain(root.value[CONFIG]))  # type: ignore[index,call-overload,arg-type]
    except SymppaError as error:
        raise error.at(root.file, root.line) from None


def _sizes(node: Node | None) -> dict[str, int]:
    """Values of open sizes, which hold in the phases that have them."""
    told = {} if node is None else _plain(node)
    for name, size in told.items() if isinstance(told, dict) else ():
        if name not in OPEN:
            raise WorkloadError(f"a language model has no open size {name!r}{suggest(name, OPEN)}")
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise WorkloadError(f"the size {name} is {size!r}; expected is a whole number of at least 1")
    if not isinstance(told, dict):
        raise WorkloadError(f"sizes are {told!r}; expected are names with numbers, {{batch: 1}}")
    return told


def dumps(
    config: Mapping[str, Any], name: str, *, meaning: str = "", source: str = "", phase: str = "",
    sizes: Mapping[str, int] | None = None,
) -> str:  # fmt: skip
    """The text of NET.yaml for a configuration, without what changes no size; refused where it is not understood."""
    huggingface.config(config)
    lines = ["schema: 1", f"workload: {json.dumps(name)}"]
    lines += [
        f"{key}: {json.dumps(text)}"
        for key, text in (("meaning", meaning), ("source", source), ("phase", phase))
        if text
    ]
    lines += [f"sizes: {json.dumps(dict(sizes))}"] if sizes else []
    told = config.get("text_config", config)
    kept = {
        key: value
        for key, value in told.items()
        if key not in SILENT and (key in huggingface.LISTS or isinstance(value, str | int | float | bool))
    }
    return "\n".join([*lines, f"{CONFIG}:", *(f"  {key}: {json.dumps(value)}" for key, value in kept.items())]) + "\n"


def _plain(node: Node) -> Any:
    """Values of a tree, as JSON would have them."""
    if isinstance(node.value, dict):
        return {key: _plain(inner) for key, inner in node.value.items()}
    if isinstance(node.value, tuple):
        return [_plain(inner) for inner in node.value]
    if node.value in CONSTANTS:
        return CONSTANTS[node.value]
    for kind in (int, float):
        try:
            return kind(node.value)
        except ValueError:
            continue
    return node.value
