"""The report: what went in, what a chip takes up, and a point for every prompt length, key for key the original's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np

from symppa.compat.selfspec import points, schema
from symppa.compat.selfspec.configuration import HardwareConfig, ModelConfig
from symppa.compat.selfspec.evaluation import Case, Found
from symppa.compat.selfspec.values import BLOCKS, FEATURES, PERIPHERY, REGISTERS
from symppa.compat.selfspec.wording import MOVEMENT, NOTES, PIPELINED, SERIALIZED

CORE_AREAS = ("arrays", "dac", "adc_draft", "adc_residual", *PERIPHERY)
OTHER_AREAS = ("attention_cim_mac", "attention_cim_sram", "sram", "fabric", "digital_overhead")
AREA_OUTPUTS = (
    *("spec.area", "spec.off_chip_area", *(f"spec.core.{block}_area" for block in BLOCKS)),
    *("spec.core.areas.*.area", *(f"spec.chip.others.{name}.area" for name in OTHER_AREAS)),
)
ROUNDING = 1e-12  # the two sides are computed apart and may differ by this much where they are equal
PLACE = '"@points@"'
INDENT = "    "


def report(case: Case, prompts: list[int]) -> dict[str, Any]:
    """The report as nested mappings."""
    made: dict[str, Any] = json.loads("".join(texts(case, prompts)))
    return made


def texts(case: Case, prompts: list[int]) -> Iterator[str]:
    """The JSON text of the report, piece by piece."""
    hardware, version = case.hardware, case.hardware.version
    found = case.evaluate((*points.outputs(version), *AREA_OUTPUTS), prompts)
    memory = "memory" in hardware.stated
    shape = points.points(found, prompts, version=version, legacy=hardware.legacy, memory=memory)
    frame = _frame(case, found, prompts)
    before, after = json.dumps(frame, indent=2, sort_keys=True).split(PLACE)
    between = before + "[\n"
    for text in points.texts(shape, len(prompts), INDENT):
        yield between + text
        between = ",\n"
    yield "\n  ]" + after


def _frame(case: Case, found: Found, prompts: list[int]) -> dict[str, Any]:
    """All but the points."""
    hardware = case.hardware
    return {
        "generated_at": datetime.now(UTC).isoformat(),
        "k": case.stats.k,
        "reuse_policy": hardware.stated.get("reuse_policy", "reuse"),
        "hardware_mode": "legacy" if hardware.legacy else "knob-based",
        "resolved_library": None if hardware.legacy else resolved_library(hardware),
        "model_knobs": model_knobs(case.model, found),
        "hardware_knobs": hardware_knobs(hardware),
        "paths": {"model": case.model.path, "hardware": hardware.path, "stats": case.stats.path},
        "points": PLACE.strip('"'),
        "break_even_tokens_per_joule_l_prompt": break_even(found["efficiency_ratio"], prompts),
        "area": _areas(found),
        "area_breakdown_mm2": _area_breakdown(found, hardware.version),
        "dpu_feature_mapping": feature_mapping(hardware),
        "movement_accounting": MOVEMENT,
        "pipeline_policy": PIPELINED[hardware.version] if hardware.pipelined else SERIALIZED,
        "notes": NOTES[hardware.version],
    }


def break_even(ratio: Any, prompts: list[int]) -> int | None:
    """The smallest prompt length at which speculation makes more tokens of a joule."""
    return min((prompt for prompt, gain in zip(prompts, ratio, strict=True) if gain > 1 + ROUNDING), default=None)


def model_knobs(model: ModelConfig, found: Found) -> dict[str, Any]:
    """The network as it was understood."""
    stated = model.stated
    names = ("activation_bits", "n_layers", "d_model", "n_heads")
    hidden = stated.get("d_ff") or round(stated["d_model"] * stated.get("ffn_expansion", 4.0))
    return {**{n: stated[n] for n in names}, "ffn_type": stated.get("ffn_type", "mlp"), "d_ff": hidden}


def hardware_knobs(hardware: HardwareConfig) -> dict[str, Any]:
    """The hardware as it was understood; sections that change nothing are left out."""
    stated, resolved = hardware.stated, hardware.resolved
    made: dict[str, Any] = {"reuse_policy": stated.get("reuse_policy", "reuse")}
    if not hardware.legacy:
        analog = stated["analog"]
        names = ("xbar_size", "num_columns_per_adc", "dac_bits")
        made |= {"library": hardware.selected_library, **{n: analog[n] for n in names}, "adc": _adc(analog["adc"])}
        if analog.get("delta_readout"):
            made["delta_readout"] = schema.DELTA_READOUT.filled(analog["delta_readout"])
        if _counts(resolved["analog_periphery"]):
            made["analog_periphery"] = resolved["analog_periphery"]
    if "memory" in stated:
        made["memory"] = resolved["memory"]
    leakage = resolved.get("leakage_power")
    if leakage and (not hardware.legacy or "leakage_power" in stated):
        made["leakage_power"] = leakage
    shared = schema.soc(hardware.version).fields
    if hardware.pipelined or _counts({n: v for n, v in resolved["soc"].items() if n in shared and "cim" not in n}):
        made["soc"] = resolved["soc"]
    return made


def _adc(adc: dict[str, Any]) -> dict[str, Any]:
    split = adc.get("num_columns_per_adc")
    bits = {name: adc[name] for name in ("draft_bits", "residual_bits")}
    return bits | ({"num_columns_per_adc": {"draft": None, "residual": None, **split}} if split else {})


def _counts(tree: Any) -> bool:
    """Whether anything in it is not zero."""
    return any(map(_counts, tree.values())) if isinstance(tree, dict) else bool(tree)


def resolved_library(hardware: HardwareConfig) -> dict[str, Any]:
    """The technology, at the resolutions asked for."""
    library, analog, version = hardware.library, hardware.stated["analog"], hardware.version
    tables = {name: {int(bits): row for bits, row in library[name].items()} for name in ("adc", "dac")}
    wanted = {
        "dac": ("dac", analog["dac_bits"]),
        "adc_draft": ("adc", analog["adc"]["draft_bits"]),
        "adc_residual": ("adc", analog["adc"]["residual_bits"]),
    }
    made: dict[str, Any] = {name: {"bits": bits, **tables[table][bits]} for name, (table, bits) in wanted.items()}
    made |= {"name": hardware.selected_library, "digital": schema.DIGITAL.filled(library["digital"])}
    made["digital_feature_mapping"] = feature_mapping(hardware)
    fields = schema.library(version).fields
    optional = ("soc", "memory", "analog_periphery", "leakage_power")
    made |= {name: fields[name].filled(library[name]) for name in optional if name in library and name in fields}
    if analog.get("delta_readout"):
        made["delta_readout"] = schema.DELTA_READOUT.filled(analog["delta_readout"])
    return made


def feature_mapping(hardware: HardwareConfig) -> dict[str, str]:
    """Which coefficient prices which digital feature."""
    legacy = hardware.legacy
    place, own = ("costs", "digital_features") if legacy else ("digital", "features")
    stated = (hardware.stated["costs"] if legacy else hardware.library["digital"]).get(own) or {}
    coarse = {unit: f"digital_{unit}" if legacy and unit != "kv_cache" else unit for unit in FEATURES.values()}
    return {
        feature: f"explicit:{place}.{own}.{feature}" if stated.get(feature) else f"mapped:{place}.{coarse[unit]}"
        for feature, unit in FEATURES.items()
    }


def _areas(found: Found) -> dict[str, Any]:
    """Areas by stage; the original carries its empty costs along."""
    costs = {f"{stage}_{unit}": 0.0 for stage in points.STAGES for unit in points.UNITS.values()}
    blocks = {f"{block}_mm2": _scalar(found[f"spec.core.{block}_area"]) for block in BLOCKS}
    return {**costs, **blocks, "digital_mm2": _scalar(found["spec.chip.others.digital_overhead.area"])}


def _area_breakdown(found: Found, version: str) -> dict[str, Any]:
    core = (*CORE_AREAS, *(REGISTERS if version == "H" else ()))
    parts = {f"{name}_mm2": _scalar(found[f"spec.core.areas.{name}.area"]) for name in core}
    parts |= {f"{name}_mm2": _scalar(found[f"spec.chip.others.{name}.area"]) for name in OTHER_AREAS}
    return {
        "on_chip_mm2": _scalar(found["spec.area"]),
        "off_chip_hbm_mm2": _scalar(found["spec.off_chip_area"]),
        "on_chip_components": parts,
    }


def _scalar(value: Any) -> float | None:
    """A number that no prompt changes."""
    return points.plain(np.ravel(value)[0])
