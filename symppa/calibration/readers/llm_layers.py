"""Profiles of LLM layers by their parts: medians of each part, by tokens and degree of tensor parallelism."""

from collections.abc import Iterable, Mapping

from symppa.calibration.measurement import FLAGGED, TOLD, Finding, measurement
from symppa.calibration.readers.reader import Entry, Item, Reader, Source, numbers, spread
from symppa.errors import MeasurementError

DIMS = {
    "heads": "n_head", "kv_heads": "n_kv_head", "width": "n_embd", "hidden": "n_expanded_embd",
    "tokens": "num_tokens", "ranks": "num_tensor_parallel_workers",
}  # fmt: skip
PARTS = (
    "emb", "input_layernorm", "attn_pre_proj", "attn_rope", "attn_post_proj", "post_attention_layernorm",
    "mlp_up_proj", "mlp_act", "mlp_down_proj", "add",
)  # fmt: skip


def _rows(source: Source, entry: Entry) -> Iterable[Item]:
    sizes = dict(numbers(entry, DIMS))
    name = f"{entry.text('model')} tp{sizes['ranks']:g}"
    campaign = source.campaign(entry.text("device"))
    for part, (op, shape) in _parts(sizes, _gated(entry)).items():
        if not entry.cells[f"{part}.median"].strip():
            yield Finding(TOLD, "absent", (entry.line,), f"{part} is empty: the network has no such part")
            continue
        median = entry.number(f"{part}.median")
        if median == 0:
            yield Finding(FLAGGED, "units", (entry.line,), f"{part} took 0 ms: below what its clock resolves; left out")
            continue
        relative = spread(entry.number(f"{part}.std"), median)
        yield measurement(
            campaign, op, shape, "fp16", median * 1e-3, spread=relative, network=name, part=part, row=entry.line
        )


def _gated(entry: Entry) -> bool:
    told = entry.text("use_gated_mlp")
    if told not in ("True", "False"):
        raise MeasurementError(f"use_gated_mlp = {told!r} is neither True nor False")
    return told == "True"


def _parts(sizes: Mapping[str, float], gated: bool) -> dict[str, tuple[str, dict[str, float]]]:
    """Operation and shape of each part on one of `ranks` devices; networks with gates have RMS norms."""
    tokens, width, ranks = sizes["tokens"], sizes["width"], sizes["ranks"]
    head = width / sizes["heads"]
    own, shared, hidden = sizes["heads"] / ranks, max(sizes["kv_heads"] / ranks, 1), sizes["hidden"] / ranks
    norm = ("rmsnorm" if gated else "layernorm", {"rows": tokens, "width": width})
    products = {
        "attn_pre_proj": ((own + 2 * shared) * head, width),
        "attn_post_proj": (width, own * head),
        "mlp_up_proj": ((1 + gated) * hidden, width),
        "mlp_down_proj": (width, hidden),
    }
    return {
        "emb": ("embedding", {"rows": tokens, "width": width}),
        "input_layernorm": norm,
        "post_attention_layernorm": norm,
        "attn_rope": ("rope", {"elements": tokens * (own + shared) * head}),
        "mlp_act": ("silu_mul" if gated else "gelu", {"elements": tokens * hidden}),
        "add": ("add", {"elements": tokens * width}),
        **{part: ("gemm", {"m": tokens, "n": n, "k": k}) for part, (n, k) in products.items()},
    }


COLUMNS = ("device", "model", "use_gated_mlp", *DIMS.values(), *(f"{part}.median" for part in PARTS))
READER = Reader("llm_layers", COLUMNS, "parts of LLM layers, medians in ms", _rows)
