"""One layer of a transformer by operators, on several devices: prefill and decode with their inputs, as JSON."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from symppa.calibration.measurement import measurement
from symppa.calibration.readers.reader import Entry, Item, Reader, Source
from symppa.errors import MeasurementError

PHASES = ("prefill", "decode")
WIDER = 4  # the hidden layer of GPT-3 over its width


def _told(source: Source) -> dict[str, Any]:
    try:
        told = json.loads("\n".join(source.lines))
    except json.JSONDecodeError as error:
        raise MeasurementError(f"line {error.lineno} is no JSON: {error.msg}") from None
    if not isinstance(told, dict):
        raise MeasurementError("the file holds no mapping of prefill and decode")
    return told


def _entries(source: Source) -> Iterable[Entry]:
    told = _told(source)
    for phase in PHASES:
        for part, time in told.get(phase, {}).get("measured_s", {}).items():
            line = next(
                (n for n, text in enumerate(source.lines, 1) if f'"{part}"' in text and n > _line(source, phase)), 0
            )
            yield Entry({"phase": phase, "part": part, "latency_s": repr(time)}, line)


def _line(source: Source, phase: str) -> int:
    return next((n for n, text in enumerate(source.lines, 1) if f'"{phase}"' in text), 0)


def _rows(source: Source, entry: Entry) -> Iterable[Item]:
    phase, part = entry.text("phase"), entry.text("part")
    inputs = _told(source)[phase]["inputs"]
    try:
        parts = _parts(phase, inputs)
    except KeyError as error:
        raise MeasurementError(f"the inputs of {phase} lack {error}") from None
    if part not in parts:
        raise MeasurementError(f"{part!r} is no part of a layer: {', '.join(parts)}")
    op, shape = parts[part]
    network = f"{inputs['model']}, {phase}"
    yield measurement(
        source.campaign(), op, shape, inputs["dtype"], entry.number("latency_s"), network=network, part=part,
        row=entry.line,
    )  # fmt: skip


def _parts(phase: str, told: Mapping[str, Any]) -> dict[str, tuple[str, dict[str, float]]]:
    """Operation and shape of each part on one device, heads and hidden features shared out."""
    width, ranks, batch = told["d_model"], told["tensor_parallel"], told["batch"]
    queries = told["seq"] if phase == "prefill" else 1
    context = told["seq"] if phase == "prefill" else told["kv_len"]
    rows, heads, head = batch * queries, batch * told["n_heads"] / ranks, width / told["n_heads"]
    hidden = WIDER * width / ranks
    norm = ("layernorm", {"rows": rows, "width": width})
    share = ("all_reduce", {"elements": rows * width, "ranks": ranks})
    return {
        "Q_K_V": ("gemm", {"m": rows, "n": 3 * width / ranks, "k": width}),
        "Q_mul_K": ("bmm", {"batch": heads, "m": queries, "n": context, "k": head}),
        "A_mul_V": ("bmm", {"batch": heads, "m": queries, "n": head, "k": context}),
        "Wo_proj": ("gemm", {"m": rows, "n": width, "k": width / ranks}),
        "W1_proj": ("gemm", {"m": rows, "n": hidden, "k": width}),
        "W2_proj": ("gemm", {"m": rows, "n": width, "k": hidden}),
        "Softmax": ("softmax", {"rows": heads * queries, "width": context}),
        "LayerNorm_MHA": norm,
        "LayerNorm_FFN": norm,
        "GeLU": ("gelu", {"elements": rows * hidden}),
        "AllReduce_MHA": share,
        "AllReduce_FFN": share,
    }


def _fits(source: Source) -> bool:
    return source.path.suffix == ".json" and any(f'"{phase}"' in line for line in source.lines for phase in PHASES)


READER = Reader(
    "layer_report", (), "a transformer layer by operators, prefill and decode, as JSON", _rows, _fits, _entries
)
