"""Points of a report: one for every prompt length, all of one shape, written from one template."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from symppa.compat.selfspec.evaluation import HEADLINE, SIDES, Found, headline
from symppa.compat.selfspec.values import BLOCKS, FEATURES, PERIPHERY, PHASES, REGISTERS, STORES

STAGES = (*BLOCKS, "qk", "pv", "softmax", "elementwise", "kv_cache", "buffers_add", "control")
UNITS = {"energy": "energy_pj", "latency": "latency_ns"}
COUNTS = ("array_activations", "dac_conversions", "adc_draft_conversions", "adc_residual_conversions")
TRANSFERS = tuple(f"{store}_{way}" for store in STORES for way in ("read", "write"))
AREAS = (*(f"{block}_mm2" for block in BLOCKS), "digital_mm2")
DELTAS = {
    **{f"{key}_ratio": f"{name}_ratio" for key, name in HEADLINE.items()},
    **{f"{key}_diff": f"{name}_difference" for key, name in HEADLINE.items()},
}
BOOKS = {"speculative": "breakdown", "baseline": "baseline_breakdown"}
LEAKAGE = {
    "total_power_nw": "spec.leakage.power",
    "energy_pj": "spec.leakage_energy",
    "burst_latency_ns": "spec.burst_latency",
}
OF_PHASE = (
    *("energy", "latency", "compute_energy", "compute_latency", *COUNTS),
    *("stages.*.energy", "stages.*.latency", "components.*.energy", "components.*.latency"),
    *("features.*.ops", "features.*.energy", "features.*.latency"),
    *("traffic.energy", "traffic.latency", "traffic.*.moved"),
)
MARK = re.compile(r'"@(\d+)@"')


def outputs(version: str) -> tuple[str, ...]:
    """What the points of a report need."""
    of_side = (*HEADLINE.values(), *(f"phases.*.{name}" for name in OF_PHASE))
    leaking = tuple(LEAKAGE.values()) if version == "H" else ()
    return (*DELTAS.values(), *(f"{side}.{name}" for side in SIDES.values() for name in of_side), *leaking)


def components(version: str) -> tuple[str, ...]:
    """Components of the chip and its memories."""
    return (
        *("arrays", "dac", "adc_draft", "adc_residual", *PERIPHERY),
        *("attention_engine", "softmax_unit", "elementwise_unit", "kv_cache", "buffers_add", "control", *STORES),
        *(REGISTERS if version == "H" else ()),
    )


def points(found: Found, prompts: list[int], *, version: str, legacy: bool, memory: bool) -> dict[str, Any]:
    """All points at once: the shape of one, with an array over the prompts wherever it has a number."""
    made: dict[str, Any] = {
        "l_prompt": np.array(prompts, object),
        "delta": {key: found[name] for key, name in DELTAS.items()},
    }
    for side, book in BOOKS.items():
        made[side] = headline(found, side)
        phases = {
            name: _phase(found, f"{SIDES[side]}.phases.{name}.", components(version), legacy, memory) for name in PHASES
        }
        made[book] = {**phases, "total": _summed(list(phases.values()))}
    if version == "H":
        made["leakage"] = {key: found[name] for key, name in LEAKAGE.items()}
    return made


def _phase(found: Found, at: str, parts: tuple[str, ...], legacy: bool, memory: bool) -> dict[str, Any]:
    costs = UNITS.items()
    return {
        **{key: found[at + name] for name, key in costs},
        "stages": {
            **{f"{stage}_{key}": found[f"{at}stages.{stage}.{name}"] for stage in STAGES for name, key in costs},
            **dict.fromkeys(AREAS, 0.0),
        },
        "components": {
            f"{part}_{key}": found[f"{at}components.{part}.{name}"] for part in parts for name, key in costs
        },
        "activation_counts": None if legacy else {name: found[at + name] for name in COUNTS},
        "memory_traffic": _traffic(found, at) if memory else None,
        "dpu_features": {
            f"{feature}_{key}": found[f"{at}features.{feature}.{name}"]
            for feature in FEATURES
            for name, key in (("ops", "ops"), *costs)
        },
        "channels": {
            **{f"compute_{key}": found[f"{at}compute_{name}"] for name, key in costs},
            **{f"movement_{key}": found[f"{at}traffic.{name}"] for name, key in costs},
        },
    }


def _traffic(found: Found, at: str) -> dict[str, Any]:
    return {f"{name}_bytes": found[f"{at}traffic.{name}.moved"] for name in TRANSFERS}


def _summed(trees: list[Any]) -> Any:
    """The sum of equally shaped trees, number by number."""
    if isinstance(trees[0], dict):
        return {key: _summed([tree[key] for tree in trees]) for key in trees[0]}
    return None if trees[0] is None else sum(trees)


def texts(shape: dict[str, Any], count: int, indent: str) -> Iterator[str]:
    """The JSON text of every point; only what varies over the prompts is written anew."""
    columns: list[Any] = []
    skeleton = json.dumps(_marked(shape, columns), indent=2, sort_keys=True).replace("%", "%%")
    template = indent + MARK.sub("%s", skeleton).replace("\n", "\n" + indent)
    order = [int(found) for found in MARK.findall(skeleton)]
    written = [map(as_json, columns[k].tolist()) for k in order]
    rows = zip(*written, strict=True) if written else iter([()] * count)
    return (template % row for row in rows)


def _marked(tree: Any, columns: list[Any]) -> Any:
    """The tree with constants in place, and marks where numbers vary."""
    if isinstance(tree, dict):
        return {key: _marked(inner, columns) for key, inner in tree.items()}
    if not isinstance(tree, np.ndarray):
        return tree
    if tree.dtype != object and (tree == tree[0]).all():
        return plain(tree[0])
    columns.append(tree)
    return f"@{len(columns) - 1}@"


def plain(value: Any) -> float | None:
    """A number as JSON has them: what is undefined or infinite is null, and there is one zero."""
    number = float(value) + 0.0
    return number if math.isfinite(number) else None


def as_json(value: Any) -> str:
    """The JSON text of a number."""
    return "null" if isinstance(value, float) and not math.isfinite(value) else repr(value)
