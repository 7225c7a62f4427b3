"""Steps of a language model as formulas ask for them: what each subgraph has for a token, a sequence, a pair.

Features of subgraphs are counted at a few small sizes; what grows with what follows, and is proved at further sizes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from symppa.errors import WorkloadError
from symppa.workloads.batched import number, running
from symppa.workloads.huggingface import Config
from symppa.workloads.ir import Graph
from symppa.workloads.llm import graph_of
from symppa.workloads.table import Table, table

Array = np.ndarray[Any, Any]
READING, WRITING = "prefill", "decode"
GROWN = {"macs": "mac", "vector_ops": "op", "activations": "element", "weights": "weight", "unscaled": "byte",
         "rows": "row", "repeats": "repeat"}  # fmt: skip
FITTED = ((1, 1), (1, 2), (2, 1), (2, 2), (1, 3))  # sequences, and tokens or keys of each: the basis is told by these
PROVED = ((3, 7), (2, 5))
LONG = (4096, 8192)  # tokens of prompts long enough for their activations to grow evenly
SEEN = "context"
LAYER = re.compile(r"^layer\.\d+\.")


@dataclass(frozen=True)
class Counted:
    """The distinct subgraphs of a phase: labels, how many are alike, and by name of a given a number for each."""

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    vectors: Mapping[str, Array]
    single: Mapping[str, float]

    def values(self) -> dict[str, Any]:
        """The same as texts, without what is nothing everywhere."""
        found: dict[str, Any] = {"subgraphs": list(self.labels), "count": self._texts(self.counts)}
        found |= {name: number(float(value)) for name, value in self.single.items()}
        for name, numbers in self.vectors.items():
            head, _, tail = name.partition(".")
            if tail:
                found.setdefault(head, {})[tail] = self._texts(numbers)
            else:
                found[head] = self._texts(numbers)
        return found

    def _texts(self, numbers: Any) -> dict[str, str]:
        return {label: number(float(value) + 0.0) for label, value in zip(self.labels, numbers, strict=True)}


def split(config: Config, name: str, ranks: int) -> Config:
    """The part of a model that one of several devices has: columns or rows of every matrix, heads, and scores."""
    if ranks == 1:
        return config
    shared = {"heads": config.heads, "hidden": config.hidden, "expert_hidden": config.expert_hidden,
              "shared_hidden": config.shared_hidden}  # fmt: skip
    for what, size in shared.items():
        if size % ranks:
            raise WorkloadError(f"{name} has {what} = {size}, which {ranks} devices cannot share alike")
    few = min(config.kv_heads, ranks)
    if max(config.kv_heads, ranks) % few:
        raise WorkloadError(
            f"{name} has {config.kv_heads} heads of keys and values, which {ranks} devices cannot share"
        )
    heads, hidden, expert, always = (size // ranks for size in shared.values())
    kv_heads, scores = max(1, config.kv_heads // ranks), -(-config.vocabulary // ranks)
    return replace(
        config, heads=heads, hidden=hidden, expert_hidden=expert, shared_hidden=always, kv_heads=kv_heads,
        vocabulary=scores,
    )  # fmt: skip


def sums(config: Config) -> int:
    """Sums over devices in a step: after attention and after the feed-forward block, once where both end together."""
    return config.layers * (1 if config.parallel else 2) + 1


def windows(config: Config) -> list[int]:
    """The window of every layer that has one."""
    return [config.window for k in range(config.layers) if config.windowed(k)]


@lru_cache(maxsize=64)
def counted(config: Config, name: str, phase: str) -> Counted:
    """The subgraphs of a phase."""
    graph = graph_of(config, name, phase)
    other = "seq" if phase == READING else SEEN
    sizes = [{"batch": b, other: n} for b, n in (*FITTED, *PROVED)]
    found = table(graph, sizes)
    told = _told(found)
    small = max(n for _, n in (*FITTED, *PROVED))
    if (least := told["window"].min(initial=small)) < small:
        raise WorkloadError(f"{name} has a window of {least:.0f} keys; at least {small} are expected")
    kept, counts = _alike(found, told)
    labels = _labels(found, kept)
    made = _Fit(name, phase, sizes, other)
    vectors = made.vectors(found, told, kept)
    single = {"resident": float(found.memory.resident), **_live(graph, other, float(found.memory.live[0]))}
    return Counted(labels, counts, vectors, single)


def _told(found: Table) -> dict[str, Array]:
    """Windows and experts of each subgraph, from what its operators say."""
    made = {"window": np.full(len(found.subgraphs), 2.0**40)}
    made |= {name: np.ones(len(found.subgraphs)) for name in ("experts", "active")}
    made["routed"] = np.zeros(len(found.subgraphs))
    for k, subgraph in enumerate(found.subgraphs):
        for operator in subgraph.operators:
            if operator.kind == "Attention" and operator.attributes.get("window") is not None:
                made["window"][k] = operator.attributes["window"]
            if operator.kind == "Experts":
                made["routed"][k] = 1
                made["experts"][k], made["active"][k] = (operator.attributes[n] for n in ("experts", "active"))
    return made


def _alike(found: Table, told: Mapping[str, Array]) -> tuple[list[int], tuple[int, ...]]:
    """The first of all subgraphs that are alike, and how many they are; views are left out."""
    rows = np.concatenate(
        [*(getattr(found, name) for name in (*GROWN, "columns", "depth")), np.stack([*told.values()], 1)], 1
    )
    run = [k for k, runs in enumerate(running(found)) if runs]
    places: dict[bytes, list[int]] = {}
    for k in run:
        places.setdefault(rows[k].tobytes(), []).append(k)
    return [group[0] for group in places.values()], tuple(len(group) for group in places.values())


def _labels(found: Table, kept: Sequence[int]) -> tuple[str, ...]:
    """The name of the first operator, without the number of its layer where that is enough."""
    whole = [found.subgraphs[k].operators[0].name for k in kept]
    short = [LAYER.sub("", name) for name in whole]
    return tuple(s if short.count(s) == 1 else w for s, w in zip(short, whole, strict=True))


def _live(graph: Graph, other: str, start: float) -> dict[str, float]:
    """Activations alive for a sequence: at its first token, and as they grow with many."""
    if other == SEEN:
        return {"live_start": start, "live_token": start}
    low, high = table(graph, [{"batch": 1, other: n} for n in LONG]).memory.live
    slope = (high - low) / (LONG[1] - LONG[0])
    return {"live_start": start, "live_token": slope, "live_offset": low - slope * LONG[0]}


class _Fit:
    """What grows with what, from numbers at a few sizes; refused where further sizes contradict."""

    def __init__(self, name: str, phase: str, sizes: Sequence[Mapping[str, int]], other: str) -> None:
        self.name, self.phase = name, phase
        self.batch = np.array([told["batch"] for told in sizes], float)
        self.length = np.array([told[other] for told in sizes], float)
        self.tokens = self.length if phase == READING else np.ones_like(self.length)
        self.pairs = self.length * (self.length + 1) / 2 if phase == READING else self.length
        b, t, p = self.batch, self.tokens, self.pairs
        terms = {"fixed": b**0, "by_place": t, "by_sequence": b, "by_token": b * t, "by_pair": b * p}
        if phase != READING:  # a single token: nothing tells places from what stays, and tokens from sequences
            terms = {name: terms[name] for name in ("by_place", "by_token", "by_pair")}
        self.terms = terms

    def vectors(self, found: Table, told: Mapping[str, Array], kept: Sequence[int]) -> dict[str, Array]:
        """Everything that a step is told by subgraph."""
        made = {name: numbers[kept] for name, numbers in told.items()}
        n = self.batch * self.tokens
        met = made["experts"][:, None] * (1 - (1 - made["active"] / made["experts"])[:, None] ** n)
        for name, part in GROWN.items():
            values = getattr(found, name)[kept]
            if name == "weights":
                made["expert"] = self._expert(values, met, made["routed"])
                values = values - met * made["expert"][:, None]
            elif name == "rows":
                values = np.where(made["routed"][:, None] > 0, values * met / made["active"][:, None], values)
            elif name == "repeats":
                values = np.where(made["routed"][:, None] > 0, values - met, values)
            for term, numbers in self._grown(name, values).items():
                made[f"{part}.{term}"] = numbers
        made |= self._columns(found.columns[kept]) | {"depth": self._constant("depth", found.depth[kept])}
        made["kept_key"] = made.pop("element.by_pair", np.zeros(len(kept)))
        usual = {"experts": 1.0, "active": 1.0, "window": 2.0**40}
        return {name: numbers for name, numbers in made.items() if (numbers != usual.get(name, 0.0)).any()}

    def _expert(self, weights: Array, met: Array, routed: Array) -> Array:
        """Elements of an expert: what one more that is met brings."""
        few, many = 0, int(np.argmax(self.batch * self.tokens))
        step = met[:, many] - met[:, few]
        grows = (routed > 0) & (step > 0)
        found = np.where(grows, (weights[:, many] - weights[:, few]) / np.where(grows, step, 1), 0)
        return np.asarray(np.round(found))

    def _grown(self, name: str, values: Array) -> dict[str, Array]:
        """The factor of each term."""
        known = slice(0, len(FITTED))
        basis = np.stack([*self.terms.values()], 1)
        factors: Array = np.asarray(np.round(np.linalg.lstsq(basis[known], values[:, known].T, rcond=None)[0]))
        if not np.allclose(basis @ factors, values.T, rtol=1e-9, atol=1e-6):
            raise WorkloadError(
                f"the {name} of {self.name} in {self.phase} grow neither with tokens nor with pairs of them"
            )
        made: dict[str, Array] = dict(zip(self.terms, list(factors), strict=True))
        if self.phase != READING and name == "repeats":
            made["by_sequence"], made["fixed"] = made.pop("by_token"), made.pop("by_place")
        if self.phase != READING and name == "weights":
            made["fixed"] = made.pop("by_place")
        return made

    def _constant(self, name: str, values: Array) -> Array:
        if (values != values[:, :1]).any():
            raise WorkloadError(f"the {name} of a product of {self.name} changes with its tokens in {self.phase}")
        return np.asarray(values[:, 0])

    def _columns(self, values: Array) -> dict[str, Array]:
        """Columns that stay, and those that are the keys a query sees on average."""
        seen = self.pairs / self.tokens
        by_key = (values == seen).all(axis=1)
        return {
            "columns": self._constant("columns", np.where(by_key[:, None], 0, values)),
            "columns_seen": by_key.astype(float),
        }
