"""config.json of Hugging Face: the sizes of a language model. Plain JSON: no weights, no code, no network."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symppa.errors import WorkloadError, suggest
from symppa.workloads.families import FAMILIES, Family
from symppa.workloads.ir import Graph

logger = logging.getLogger("symppa")
MOST_BYTES = 1 << 20
TOKENS = 2048  # of a prompt, where nothing is said and the model can see as many
MOST = {"layers": 1000, "experts": 10_000, "heads": 4096, "kv_heads": 4096}
MOST_SIZE = 1 << 24
ACTIVATIONS = {
    "silu": "SiLU", "swish": "SiLU", "gelu": "GELU", "gelu_new": "GELU", "gelu_fast": "GELU",
    "gelu_pytorch_tanh": "GELU",
    "gelu_python": "GELU", "quick_gelu": "GELU", "relu": "ReLU", "tanh": "Tanh",
}  # fmt: skip
# What config.json calls a size, in the order in which it is looked for.
NAMES = {
    "width": ("hidden_size", "n_embd", "d_model"),
    "layers": ("num_hidden_layers", "n_layer", "num_layers"),
    "heads": ("num_attention_heads", "n_head"),
    "kv_heads": ("num_key_value_heads", "num_kv_heads"),
    "head_width": ("head_dim",),
    "hidden": ("intermediate_size", "ffn_dim", "n_inner", "ffn_hidden_size"),
    "vocabulary": ("vocab_size",),
    "places": ("max_position_embeddings", "n_positions"),
    "kinds": ("type_vocab_size",),
    "active": ("num_experts_per_tok", "num_experts_per_token"),
    "kv_rank": ("kv_lora_rank",),
    "q_rank": ("q_lora_rank",),
    "plain_width": ("qk_nope_head_dim",),
    "turned_width": ("qk_rope_head_dim",),
    "value_width": ("v_head_dim",),
}
LISTS = frozenset({"layer_types"})  # lists that change an operator
LAYER_TYPES = {"full_attention": False, "sliding_attention": True}
LATENT: Mapping[str, int] = {"plain_width": 128, "turned_width": 64, "value_width": 128}
# Sizes that the format leaves out where they are the usual ones, per type of model.
USUAL: Mapping[str, Mapping[str, int]] = {
    "deepseek_v2": LATENT, "deepseek_v3": {**LATENT, "dense": 3}, "kimi_k2": {**LATENT, "dense": 3},
    "bert": {"kinds": 2}, "roberta": {"kinds": 2}, "gpt2": {"places": 1024}, "gemma": {"head_width": 256},
}  # fmt: skip


@dataclass(frozen=True)
class Config:
    """The sizes of a language model."""

    type: str
    family: Family
    width: int
    layers: int
    heads: int
    kv_heads: int
    head_width: int
    hidden: int
    vocabulary: int
    act: str
    tied: bool
    biases: tuple[bool, bool, bool]  # of queries, keys and values; of what follows attention; of the network after it
    places: int = 2048
    kinds: int = 0
    window: int = 0
    period: int = 0  # every so many layers, one sees everything
    windows: tuple[bool, ...] = ()  # which layers see a window only, where that is told layer by layer
    parallel: int = 0
    experts: int = 0
    active: int = 0
    expert_hidden: int = 0
    shared_hidden: int = 0
    dense: int = 0  # layers without experts, from the first on
    kv_rank: int = 0
    q_rank: int = 0
    plain_width: int = 0
    turned_width: int = 0
    value_width: int = 0

    def windowed(self, layer: int) -> bool:
        """Whether a layer sees only a window of what came before."""
        if self.windows:
            return bool(self.window) and self.windows[layer]
        return bool(self.window) and not (self.period and (layer + 1) % self.period == 0)

    def routed(self, layer: int) -> bool:
        """Whether a layer has experts."""
        return bool(self.experts) and layer >= self.dense


def load_config(path: Path, *, name: str = "", phase: str = "prefill", source: str = "") -> Graph:
    """The workload of a config.json in one of its phases, `prefill` or `decode`."""
    told = read(path)
    try:
        _said(told, name or path.stem)
        return workload(
            told, name or path.parent.name or path.stem, phase=phase, source=source or f"config.json, {path.name}"
        )
    except WorkloadError as error:
        raise error.at(str(path), None) from None


def _said(told: Mapping[str, Any], name: str) -> None:
    """Tells what a configuration says that is not counted, and what it leaves open."""
    inner = _language_model(told)
    stored = inner.get("quantization_config") or told.get("quantization_config")
    if isinstance(stored, Mapping):
        how = stored.get("quant_method", "no method told")
        bits = next((f", {stored[key]} bits" for key in ("bits", "weight_bits") if key in stored), "")
        logger.warning(
            "%s: quantization_config (%s%s) says how weights are stored; operators are counted in numbers, so say the "
            "format when asking: --precision, or --weights of a model that answers", name, how,
            bits,
        )  # fmt: skip
    if not any(inner.get(key) is not None for key in NAMES["places"]):
        logger.warning(
            "%s: the configuration has no max_position_embeddings; %d tokens are counted unless told", name, TOKENS
        )


def _language_model(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configuration of the language model, which may lie inside another one."""
    inner = told.get("text_config")
    return inner if told.get("model_type") not in FAMILIES and isinstance(inner, Mapping) else told


def read(path: Path) -> dict[str, Any]:
    """The content of a config.json."""
    file = str(path)
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise WorkloadError(f"{size} bytes are no configuration; at most {MOST_BYTES} are read", file=file)
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WorkloadError(f"cannot be read: {error.strerror}", file=file) from None
    except (ValueError, RecursionError) as error:
        raise WorkloadError(f"no JSON: {error}", file=file) from None
    if not isinstance(told, dict):
        raise WorkloadError("a configuration is a JSON object with a model_type", file=file)
    return told


def workload(
    told: Mapping[str, Any], name: str, *, phase: str = "prefill", meaning: str = "", source: str = ""
) -> Graph:
    """The graph of a configuration in one of its phases."""
    from symppa.workloads.llm import graph_of

    return graph_of(config(told), name, phase, meaning, source)


def config(told: Mapping[str, Any]) -> Config:
    """The sizes that a configuration tells, checked."""
    inner = _language_model(told)
    if inner is not told:
        logger.warning("only the language model of %s is counted", told.get("model_type", "the configuration"))
        told = inner
    what = told.get("model_type")
    if not isinstance(what, str) or not what:
        raise WorkloadError(f"the configuration has no model_type; known are {', '.join(FAMILIES)}")
    if what not in FAMILIES:
        raise WorkloadError(f"language models of type {what!r} are not supported{suggest(what, FAMILIES)}")
    return _Reader(what, FAMILIES[what], told).config()


class _Reader:
    """Looks up sizes by their names, and refuses what is none."""

    def __init__(self, what: str, family: Family, told: Mapping[str, Any]) -> None:
        self.what, self.family, self.told = what, family, told

    def config(self) -> Config:
        """All sizes."""
        self._whole()
        family, width, heads = self.family, self.size("width"), self.size("heads")
        head = self.size("head_width", 0) or self._share(width, heads)
        kv_heads = self._kv_heads(heads)
        if heads % kv_heads:
            raise WorkloadError(f"{self.what}: {heads} heads cannot share {kv_heads} heads of keys and values")
        window, period = self._window()
        tied = self.told.get("tie_word_embeddings")
        return Config(
            self.what, family, width, self.size("layers"), heads, kv_heads, head,
            self._hidden(width), self.size("vocabulary"), self._act(),
            family.tied if tied is None else self._flag(tied, "tie_word_embeddings"),
            (self._bias(family.qkv_bias), self._bias(family.out_bias), self._bias(family.mlp_bias)),
            places=self._places(), windows=self._windows(window), kinds=self.size("kinds", 0) if family.encoder else 0,
            window=window, period=period, parallel=self._parallel(), **self._experts(), **self._latent(),
        )  # fmt: skip

    def size(self, name: str, otherwise: int | None = None) -> int:
        """A size by its meaning."""
        for key in NAMES[name]:
            if self.told.get(key) is not None:
                return self.number(key, MOST.get(name, MOST_SIZE))
        usual = USUAL.get(self.what, {}).get(name, otherwise)
        if usual is None:
            raise WorkloadError(f"{self.what} needs {' or '.join(NAMES[name])}")
        return usual

    def number(self, key: str, most: int = MOST_SIZE, least: int = 1) -> int:
        """A whole number by its key."""
        value = self.told[key]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise WorkloadError(f"{self.what}: {key} is {value!r}; expected is a whole number from {least} to {most}")
        return value

    def _whole(self) -> None:
        """Refuses what a type has in some models and is not counted here."""
        for key, usual in (("qk_layernorm", False), ("use_parallel_residual", True), ("alibi", False),
                           ("num_nextn_predict_layers", 0), ("moe_layer_freq", 1), ("decoder_sparse_step",
                           1)):  # fmt: skip
            value = self.told.get(key, usual)
            if value not in (usual, None) and key != "num_nextn_predict_layers":
                raise WorkloadError(f"{self.what} with {key}: {value!r} is not supported")
        if self.told.get("mlp_only_layers"):
            raise WorkloadError(f"{self.what} with mlp_only_layers is not supported")
        projected = self.told.get("word_embed_proj_dim")
        if projected is not None and projected != self.told.get("hidden_size"):
            raise WorkloadError(f"{self.what} with word_embed_proj_dim other than hidden_size is not supported")

    def _share(self, width: int, heads: int) -> int:
        if self.family.latent:
            return self.size("plain_width") + self.size("turned_width")
        if width % heads:
            raise WorkloadError(f"{self.what}: hidden_size {width} cannot be divided by {heads} heads; say head_dim")
        return width // heads

    def _kv_heads(self, heads: int) -> int:
        if self.what == "falcon" and not self.told.get("new_decoder_architecture"):
            return 1 if self._flag(self.told.get("multi_query", True), "multi_query") else heads
        return self.size("kv_heads", heads)

    def _hidden(self, width: int) -> int:
        usual = 4 * width if self.what in ("gpt2", "falcon") else None
        routed = self.family.experts and self.family.expert_width in self.told
        return self.size("hidden", 0 if routed else usual)

    def _act(self) -> str:
        keys = ("hidden_activation", "hidden_act", "activation_function", "activation")
        told = next((self.told[key] for key in keys if self.told.get(key) is not None), self.family.act)
        if told not in ACTIVATIONS:
            raise WorkloadError(f"{self.what}: the activation {told!r} is not known{suggest(str(told), ACTIVATIONS)}")
        return ACTIVATIONS[told]

    def _bias(self, asked: bool | str) -> bool:
        if isinstance(asked, bool):
            return asked
        key, _, usual = asked.partition("=")
        return self._flag(self.told.get(key, usual == "true"), key)

    def _flag(self, value: Any, key: str) -> bool:
        if not isinstance(value, bool):
            raise WorkloadError(f"{self.what}: {key} is {value!r}; expected is true or false")
        return value

    def _parallel(self) -> int:
        """Norms of a layer whose halves run side by side."""
        if self.what != "falcon":
            return self.family.parallel
        if not self.told.get("parallel_attn", True):
            return 0
        return 2 if self.told.get("new_decoder_architecture") else 1

    def _places(self) -> int:
        """Places that a model knows; where they are rows of a table, they must be told."""
        return self.size("places", TOKENS if self.family.positions == "rotary" else None)

    def _windows(self, window: int) -> tuple[bool, ...]:
        """Which layers see a window only, as `layer_types` tells."""
        told, layers = self.told.get("layer_types"), self.size("layers")
        if told is None:
            return ()
        if not isinstance(told, list | tuple) or len(told) != layers:
            raise WorkloadError(f"{self.what}: layer_types is {told!r:.60}; expected is a list with {layers} types")
        odd = sorted({str(kind) for kind in told if kind not in LAYER_TYPES})
        if odd:
            raise WorkloadError(
                f"{self.what} with layer_types {', '.join(odd)} is not supported; {', '.join(LAYER_TYPES)} are"
            )
        off = self.family.windowed == "told" and not self.told.get("use_sliding_window", False)
        if "sliding_attention" in told and not window and not off:
            raise WorkloadError(f"{self.what}: layer_types tells sliding_attention, and sliding_window no width of it")
        return tuple(LAYER_TYPES[kind] for kind in told)

    def _period(self, usual: int) -> int:
        """Every how many layers one sees everything."""
        told = next((k for k in ("sliding_window_pattern", "_sliding_window_pattern") if self.told.get(k)), None)
        return usual if told is None else self.number(told, MOST["layers"])

    def _window(self) -> tuple[int, int]:
        """The window, and every how many layers one sees everything."""
        how = self.family.windowed
        told = self.told.get("sliding_window") is not None
        each = self.told.get("layer_types") is not None
        if (
            not told
            or (how == "none" and not each)
            or (how == "told" and not self.told.get("use_sliding_window", False))
        ):
            return 0, 0
        if how == "told" and self.told.get("max_window_layers") and not each:
            raise WorkloadError(f"{self.what} with use_sliding_window from some layer on is not supported")
        return self.number("sliding_window", 1 << 40), self._period({"even": 2, "five of six": 6}.get(how, 0))

    def _experts(self) -> dict[str, int]:
        family = self.family
        if not family.experts:
            return {}
        if self.told.get(family.experts) is None:
            if self.what.startswith("deepseek"):
                return {}
            raise WorkloadError(f"{self.what} needs {family.experts}")
        if self.told.get(family.expert_width) is None:
            raise WorkloadError(f"{self.what} needs {family.expert_width}")
        experts, hidden, active = (
            self.number(family.experts, MOST["experts"]),
            self.number(family.expert_width),
            self.size("active"),
        )
        if active > experts:
            raise WorkloadError(f"{self.what}: a token cannot meet {active} of {experts} experts")
        shared = self.number(family.shared, least=0) if self.told.get(family.shared) is not None else 0
        dense = USUAL.get(self.what, {}).get("dense", 0)
        if self.told.get("first_k_dense_replace") is not None:
            dense = self.number("first_k_dense_replace", MOST["layers"], 0)
        each = 1 if family.shared.endswith("size") else hidden
        return {
            "experts": experts,
            "active": active,
            "expert_hidden": hidden,
            "shared_hidden": shared * each,
            "dense": dense,
        }

    def _latent(self) -> dict[str, int]:
        if not self.family.latent:
            return {}
        names = ("kv_rank", "plain_width", "turned_width", "value_width")
        return {name: self.size(name) for name in names} | {"q_rank": self.size("q_rank", 0)}
