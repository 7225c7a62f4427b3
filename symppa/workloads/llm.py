"""Language models layer by layer, in the phase that reads a prompt and in the one that adds a token to it.

`prefill` reads `seq` tokens and scores what follows the last one; `decode` reads one token and sees `context` tokens,
its own included, whose keys and values are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symppa.errors import WorkloadError, suggest
from symppa.workloads.huggingface import TOKENS, Config
from symppa.workloads.ir import Graph, Size, Tensor
from symppa.workloads.shapes import Row, built

PHASES = ("prefill", "decode")


def graph_of(config: Config, name: str, phase: str = "prefill", meaning: str = "", source: str = "") -> Graph:
    """The graph of one phase."""
    if phase not in PHASES:
        raise WorkloadError(f"{name} has no phase {phase!r}{suggest(phase, PHASES)}")
    if config.family.encoder and phase == "decode":
        raise WorkloadError(f"{name} is an encoder: it has no decode phase")
    layers = Layers(config, phase)
    layers.whole()
    length = min(TOKENS, config.places)
    symbols = {"batch": 1, ("seq" if phase == "prefill" else "context"): length}
    return built(name, layers.inputs, layers.rows, symbols=symbols, meaning=meaning, source=source)


class Layers:
    """The rows of a language model; every method adds some and gives back the name of what it writes."""

    def __init__(self, config: Config, phase: str) -> None:
        self.config, self.phase = config, phase
        self.rows: list[Row] = []
        self.tokens: Size = "seq" if phase == "prefill" else 1
        self.inputs = {"tokens": Tensor("tokens", ("batch", self.tokens), "int64")}

    def add(self, name: str, what: str, inputs: str | Sequence[str], *, shared: str = "", **attributes: Any) -> str:
        """One row."""
        told = (inputs,) if isinstance(inputs, str) else tuple(inputs)
        self.rows.append(Row(name, what, told, attributes, shared))
        return name

    def whole(self) -> None:
        """Tables, layers, and what comes out."""
        c = self.config
        x = self._embedded()
        for k in range(c.layers):
            x = self._encoder(f"layer.{k}", x) if c.family.encoder else self._layer(k, x)
        if c.family.encoder:
            first = self.add("first", "Slice", x, axis=1, take=0)
            self.add("pooler", "Tanh", self.add("pooler.dense", "Linear", first, out=c.width))
            return
        x = self._norm("norm", x)
        last = self.add("last", "Slice", x, axis=1, take=-1)
        shared = "words" if c.tied else ""
        self.add("scores", "Linear", last, shared=shared, out=c.vocabulary, bias=c.family.head_bias)

    def _embedded(self) -> str:
        c = self.config
        x = self.add("words", "Embedding", "tokens", rows=c.vocabulary, width=c.width)
        if c.kinds:
            self.inputs["kinds"] = Tensor("kinds", ("batch", self.tokens), "int64")
            kinds = self.add("kinds.table", "Embedding", "kinds", rows=c.kinds, width=c.width)
            x = self.add("kinds.add", "add", (x, kinds))
        if c.family.positions == "learned":
            self.inputs["places"] = Tensor("places", (1, self.tokens), "int64")
            rows = c.places + c.family.extra_positions
            x = self.add(
                "places.add", "add", (x, self.add("places.table", "Embedding", "places", rows=rows, width=c.width))
            )
        return self._norm("embedded", x) if c.family.encoder else x

    def _norm(self, name: str, x: str) -> str:
        return self.add(name, self.config.family.norm, x, shape=[self.config.width])

    def _layer(self, k: int, x: str) -> str:
        c, here = self.config, f"layer.{k}"
        y = self._norm(f"{here}.norm1", x)
        if c.parallel:
            z = y if c.parallel == 1 else self._norm(f"{here}.norm2", x)
            both = self.add(f"{here}.both", "add", (self._attention(k, y), self._network(k, z)))
            return self.add(f"{here}.sum", "add", (both, x))
        y = self._attention(k, y)
        y = self._norm(f"{here}.after1", y) if c.family.after else y
        x = self.add(f"{here}.sum1", "add", (y, x))
        y = self._network(k, self._norm(f"{here}.norm2", x))
        y = self._norm(f"{here}.after2", y) if c.family.after else y
        return self.add(f"{here}.sum2", "add", (y, x))

    def _encoder(self, here: str, x: str) -> str:
        """A layer whose norms come after its sums; devlin2019."""
        y = self._attention(int(here.partition(".")[2]), x)
        x = self._norm(f"{here}.norm1", self.add(f"{here}.sum1", "add", (y, x)))
        y = self._dense(f"{here}.mlp", x, self.config.hidden)
        return self._norm(f"{here}.norm2", self.add(f"{here}.sum2", "add", (y, x)))

    def _attention(self, k: int, x: str) -> str:
        c, here = self.config, f"layer.{k}"
        y = self._latent(here, x) if c.family.latent else self._grouped(k, here, x)
        return self.add(f"{here}.out", "Linear", y, out=c.width, bias=c.biases[1])

    def _seen(self, k: int) -> dict[str, Any]:
        """What a query sees: what came before, a window of it, and what is kept of earlier steps."""
        c = self.config
        if c.family.encoder:
            return {}
        told: dict[str, Any] = {"causal": True}
        if c.windowed(k):
            told["window"] = c.window
        return told | ({"context": "context"} if self.phase == "decode" else {})

    def _grouped(self, k: int, here: str, x: str) -> str:
        """Heads of queries that share heads of keys and values; ainslie2023."""
        c = self.config
        sizes = [c.heads * c.head_width, *[c.kv_heads * c.head_width] * 2]
        self.add(f"{here}.qkv", "Linear", x, out=sum(sizes), bias=c.biases[0])
        self.add(f"{here}.parts", "Split", f"{here}.qkv", axis=2, sizes=sizes)
        query, key, value = (f"{here}.parts.{k}" for k in range(3))
        if c.family.head_norm:
            query, key = self._by_head(f"{here}.q", query, c.heads), self._by_head(f"{here}.k", key, c.kv_heads)
        if c.family.positions == "rotary":
            query = self.add(f"{here}.q.turned", "RotaryEmbedding", query)
            key = self.add(f"{here}.k.turned", "RotaryEmbedding", key)
        if not c.family.encoder:
            key, value = (self.add(f"{here}.{n}.kept", "KVCache", x) for n, x in (("k", key), ("v", value)))
        told: dict[str, Any] = {"heads": c.heads, "kv_heads": c.kv_heads, "width": c.head_width}
        return self.add(f"{here}.attention", "Attention", (query, key, value), **told, **self._seen(k))

    def _by_head(self, name: str, x: str, heads: int) -> str:
        width = self.config.head_width
        y = self.add(f"{name}.heads", "Reshape", x, shape=["batch", self.tokens, heads, width])
        y = self.add(f"{name}.norm", "RMSNorm", y, shape=[width])
        return self.add(f"{name}.flat", "Reshape", y, shape=["batch", self.tokens, heads * width])

    def _latent(self, here: str, x: str) -> str:
        """Keys and values kept as one short vector for each token; deepseekai2024."""
        c = self.config
        head = c.plain_width + c.turned_width
        query = x
        if c.q_rank:
            query = self.add(f"{here}.q.down", "Linear", x, out=c.q_rank, bias=c.biases[0])
            query = self.add(f"{here}.q.norm", "RMSNorm", query, shape=[c.q_rank])
        query = self.add(f"{here}.q", "Linear", query, out=c.heads * head, bias=False)
        self.add(f"{here}.kv.down", "Linear", x, out=c.kv_rank + c.turned_width, bias=c.biases[0])
        self.add(f"{here}.kv", "Split", f"{here}.kv.down", axis=2, sizes=[c.kv_rank, c.turned_width])
        latent = self.add(f"{here}.kv.norm", "RMSNorm", f"{here}.kv.0", shape=[c.kv_rank])
        turned = self.add(f"{here}.k.turned", "RotaryEmbedding", f"{here}.kv.1")
        kept, kept_turned = (self.add(f"{here}.{n}.kept", "KVCache", x) for n, x in (("kv", latent), ("k", turned)))
        if self.phase == "decode":
            return self._absorbed(here, query, (kept, kept_turned))
        both = self.add(f"{here}.kv.up", "Linear", kept, out=c.heads * (c.plain_width + c.value_width), bias=False)
        told: dict[str, Any] = {"heads": c.heads, "width": head, "value_width": c.value_width}
        return self.add(f"{here}.attention", "Attention", (query, both, kept_turned), **told, causal=True)

    def _absorbed(self, here: str, query: str, kept: tuple[str, str]) -> str:
        """Scores and means over what is kept as it is: the matrices that would spread it are met by the queries."""
        c = self.config
        wide = c.kv_rank + c.turned_width
        y = self.add(f"{here}.q.heads", "Reshape", query, shape=["batch", c.heads, c.plain_width + c.turned_width])
        self.add(f"{here}.q.parts", "Split", y, axis=2, sizes=[c.plain_width, c.turned_width])
        turned = self.add(f"{here}.q.turned", "RotaryEmbedding", f"{here}.q.parts.1")
        y = self._each_head(f"{here}.k.up", f"{here}.q.parts.0", c.plain_width, c.kv_rank)
        y = self.add(f"{here}.q.joined", "Concat", (y, turned), axis=2)
        y = self.add(f"{here}.q.flat", "Reshape", y, shape=["batch", 1, c.heads * wide])
        told: dict[str, Any] = {
            "heads": c.heads,
            "kv_heads": 1,
            "width": wide,
            "value_width": c.kv_rank,
            "inside": True,
        }
        y = self.add(f"{here}.attention", "Attention", (y, *kept), **told, causal=True, context="context")
        y = self.add(f"{here}.v.heads", "Reshape", y, shape=["batch", c.heads, c.kv_rank])
        y = self._each_head(f"{here}.v.up", y, c.kv_rank, c.value_width)
        return self.add(f"{here}.v.flat", "Reshape", y, shape=["batch", 1, c.heads * c.value_width])

    def _each_head(self, name: str, x: str, inputs: int, outputs: int) -> str:
        """A matrix of its own for each head."""
        matrix = self.add(f"{name}.matrix", "Parameter", (), shape=[self.config.heads, inputs, outputs])
        y = self.add(f"{name}.first", "Transpose", x, order=[1, 0, 2])
        y = self.add(name, "MatMul", (y, matrix))
        return self.add(f"{name}.back", "Transpose", y, order=[1, 0, 2])

    def _network(self, k: int, x: str) -> str:
        c, here = self.config, f"layer.{k}"
        if not c.routed(k):
            return self._dense(f"{here}.mlp", x, c.hidden)
        scores = self.add(f"{here}.router", "Router", x, experts=c.experts, active=c.active)
        told: dict[str, Any] = {
            "experts": c.experts,
            "active": c.active,
            "hidden": c.expert_hidden,
            "gated": c.family.gated,
        }
        y = self.add(f"{here}.experts", "Experts", (x, scores), **told)
        if not c.shared_hidden:
            return y
        z = self._dense(f"{here}.shared", x, c.shared_hidden)
        if c.family.shared_gate:
            gate = self.add(f"{here}.shared.score", "Linear", x, out=1, bias=False)
            gate = self.add(f"{here}.shared.gate", "Sigmoid", gate)
            z = self.add(f"{here}.shared.scaled", "mul", (z, gate))
        return self.add(f"{here}.met", "add", (y, z))

    def _dense(self, here: str, x: str, hidden: int) -> str:
        """Two matrices, or three where one is a gate; shazeer2020."""
        c, bias = self.config, self.config.biases[2]
        if not c.family.gated:
            y = self.add(f"{here}.act", c.act, self.add(f"{here}.up", "Linear", x, out=hidden, bias=bias))
            return self.add(f"{here}.down", "Linear", y, out=c.width, bias=bias)
        self.add(f"{here}.up", "Linear", x, out=2 * hidden, bias=bias)
        self.add(f"{here}.parts", "Split", f"{here}.up", axis=2, sizes=[hidden, hidden])
        y = self.add(f"{here}.act", c.act, f"{here}.parts.0")
        y = self.add(f"{here}.gated", "mul", (y, f"{here}.parts.1"))
        return self.add(f"{here}.down", "Linear", y, out=c.width, bias=bias)
