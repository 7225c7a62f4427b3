"""The original's files as values of a speculative decoder: plain numbers, each in its given's declared unit.

A file is what its text says: a mapping. `library` is one entry of a library file, in the original's schema.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

Values = dict[str, Any]
File = Mapping[str, Any]

BLOCKS = ("qkv", "wo", "ffn")
PERIPHERY = ("tia", "snh", "mux", "io_buffers", "subarray_switches", "write_drivers")
REGISTERS = ("input_registers", "output_registers")
STORES = ("sram", "hbm", "fabric")
FEATURES = {
    "attention_qk": "attention",
    "attention_softmax": "softmax",
    "attention_pv": "attention",
    "ffn_activation": "elementwise",
    "ffn_gate_multiply": "elementwise",
    "kv_cache_update": "kv_cache",
}
PHASES = ("draft", "verify_drafted", "verify_bonus")
SERIALIZED = {"rule": "RunAll", "schedule": "Serialized"}
PIPELINED = {
    "S": {"rule": "StopAtMismatch", "schedule": "StoppedPipeline"},
    "H": {"rule": "RunAll", "schedule": "FilledPipeline"},
}
DECODER = {"S": "SpeculativeDecoder", "H": "LeakyDecoder"}
CORE = {"S": "SerialCore", "H": "OverlappedCore"}
LEGACY_CORE = {"S": "LumpedCore", "H": "HiddenCore"}
TRAFFIC = {"S": "SerialTraffic", "H": "OverlappedTraffic"}
LEAKING = (
    *("arrays", "dac", "adc_draft", "adc_residual", *REGISTERS, *PERIPHERY),
    *("attention_engine", "softmax_unit", "elementwise_unit", "kv_cache", "buffers_add", "control", *STORES),
)


def is_legacy(hardware: File) -> bool:
    """Whether a file states a cost for every kind of work instead of a hardware."""
    return "costs" in hardware


def classes(hardware: File, version: str = "S") -> dict[str, str]:
    """Classes of the parts of a comparison, by name; `version` is the original's, S or H."""
    pipelined = (hardware.get("soc") or {}).get("schedule") == "layer-pipelined"
    parts = {
        "net": "PlainTransformer",
        "core": (LEGACY_CORE if is_legacy(hardware) else CORE)[version],
        "cache": "LocalCache" if hardware.get("memory") is None else "MemoryCache",
        **{f"phases.{phase}.traffic": TRAFFIC[version] for phase in PHASES},
        **(PIPELINED[version] if pipelined else SERIALIZED),
    }
    return {"spec": DECODER[version], **{f"spec.{path}": name for path, name in parts.items()}}


def of_files(model: File, hardware: File, stats: File, library: File, version: str = "S") -> Values:
    """Everything a comparison is told but the prompt."""
    found = {f"net.{name}": value for name, value in of_model(model).items()} | of_stats(stats)
    found["reuse"] = hardware.get("reuse_policy", "reuse")
    found |= of_costs(hardware["costs"]) if is_legacy(hardware) else of_analog(hardware["analog"], library)
    found |= of_soc(hardware, library, model) | of_memory(hardware.get("memory"), library)
    if version == "H":
        found |= of_later(model, hardware, library)
    return {f"spec.{name}": value for name, value in found.items()}


def of_later(model: File, hardware: File, library: File) -> Values:
    """What the original's later version adds."""
    found: Values = {}
    soc = merged(library, hardware, "soc")
    for phase in ("draft", "verify"):
        buffer = {**merged(library.get("soc"), hardware.get("soc"), "buffers_add")}
        own = merged((library.get("soc") or {}).get("buffers_add"), _buffers(hardware), phase)
        buffer |= {key: value for key, value in own.items() if value is not None}
        found |= of_device(f"core.{phase}_buffer", buffer, "op")
        if not is_legacy(hardware):
            bits = soc.get(f"{phase}_activation_bits") or model["activation_bits"]
            found[f"core.{phase}_activation_bits"] = bits
            found |= _of_delta(hardware["analog"], phase)
    if not is_legacy(hardware):
        found |= _of_split(hardware["analog"])
    leaking = merged(library, hardware, "leakage_power")
    return found | {f"leakage.{name}": leaking.get(f"{name}_nw", 0.0) for name in LEAKING}


def _buffers(hardware: File) -> File:
    return (hardware.get("soc") or {}).get("buffers_add") or {}


def _of_delta(analog: File, phase: str) -> Values:
    """The correction a phase reads out; an idle one is looked up like the input converter."""
    delta = (analog.get("delta_readout") or {}).get(phase) or {}
    on = bool(delta.get("enabled", False))
    bits = (delta.get("dac_bits") if on else None) or analog["dac_bits"]
    return {f"core.{phase}_delta": "on" if on else "off", f"core.crossbar.{phase}_delta_bits": bits}


def _of_split(analog: File) -> Values:
    """Columns of a converter, by kind of converter."""
    split = analog["adc"].get("num_columns_per_adc") or {}
    whole = analog["num_columns_per_adc"]
    return {
        "core.crossbar.columns": split.get("draft") or whole,
        "core.crossbar.residual_columns": split.get("residual") or whole,
    }


def of_model(model: File) -> Values:
    """The network, its layers gathered into kinds."""
    width = model["d_model"]
    kinds = policies(model)
    found: Values = {"kinds": [_label(kind) for kind in kinds]}
    found["layers"] = [float(n) for n in kinds.values()]
    for place, block in enumerate(BLOCKS):
        found[f"{block}_precision"] = [kind[place] for kind in kinds]
    found["width"], found["heads"] = width, model["n_heads"]
    found["hidden"] = model.get("d_ff") or round(width * model.get("ffn_expansion", 4.0))
    found["feed_forward"] = model.get("ffn_type", "mlp")
    found["activation_bits"] = model["activation_bits"]
    return found


def _label(kind: tuple[str, ...]) -> str:
    """The blocks that a kind of layers drafts in full."""
    full = [block for block, how in zip(BLOCKS, kind, strict=True) if how == "full"]
    return "+".join(full) + " in full" if full else "drafted"


def policies(model: File) -> Counter[tuple[str, ...]]:
    """How many layers draft their blocks how. A layer listed on its own does not inherit the default."""
    stated = model.get("draft_policy") or {}
    listed = Counter(_policy(blocks) for blocks in (stated.get("per_layer") or {}).values())
    others = model["n_layers"] - listed.total()
    return listed + Counter({_policy(stated.get("default")): others})


def _policy(blocks: File | None) -> tuple[str, ...]:
    return tuple((blocks or {}).get(block, "draft") for block in BLOCKS)


def of_stats(stats: File) -> Values:
    """Burst length and acceptance, normalised."""
    burst = stats["k"]
    histogram = {int(a): float(count) for a, count in stats["histogram"].items()}
    whole = sum(histogram.values())
    return {"burst": burst, "probability": [histogram.get(a, 0.0) / whole for a in range(burst + 1)]}


def of_analog(analog: File, library: File) -> Values:
    """Crossbars, converters and periphery."""
    at = "core.crossbar."
    found: Values = {
        at + "size": analog["xbar_size"],
        at + "columns": analog["num_columns_per_adc"],
        at + "dac_bits": analog["dac_bits"],
        at + "draft_bits": analog["adc"]["draft_bits"],
        at + "residual_bits": analog["adc"]["residual_bits"],
        at + "adc.rows": of_converters(library["adc"]),
        at + "dac.rows": of_converters(library["dac"]),
    }
    array = library["array"]
    found[at + "array.energy"] = array["energy_pj_per_activation"]
    found[at + "array.latency"] = array["latency_ns_per_activation"]
    found[at + "array.area"] = array.get("area_mm2_per_array") or 0.0
    found[at + "array.weight_area"] = array["area_mm2_per_weight"]
    found["core.area_arrays"] = array.get("arrays_per_weight", 1)
    for name in (*PERIPHERY, *REGISTERS):
        block = merged(library.get("analog_periphery"), analog.get("periphery"), name)
        found |= of_device(at + name, block, "op")
    return found


def of_converters(table: File) -> dict[int, dict[str, float]]:
    """A converter's table by resolution."""
    return {
        int(bits): {
            "energy": row["energy_pj_per_conversion"],
            "latency": row["latency_ns_per_conversion"],
            "area": row["area_mm2_per_unit"],
        }
        for bits, row in table.items()
    }


def of_costs(costs: File) -> Values:
    """Crossbars as a cost of a weight in every mode."""
    found: Values = {"core.weight_area": costs["analog_weight_area"]["area_mm2_per_weight"]}
    for name, cost in (("draft", "analog_draft"), ("full", "analog_full"), ("residual", "analog_verify_reuse")):
        found |= of_device(f"core.{name}_weight", costs[cost], "mac")
    return found


def of_soc(hardware: File, library: File, model: File) -> Values:
    """Digital units, buffers and control."""
    soc, packaged = hardware.get("soc") or {}, library.get("soc") or {}
    legacy = is_legacy(hardware)
    digital = hardware["costs"] if legacy else library["digital"]
    bits = soc.get("attention_cim_storage_bits_per_element") or packaged.get("attention_cim_storage_bits_per_element")
    logic = "attention_cim_mac_area_mm2_per_unit"  # an explicit-cost chip counts none
    engine_area = 0.0 if legacy else soc.get(logic, packaged.get(logic, 0.0))
    found: Values = {
        "digital.engines": soc.get("attention_cim_units", 1),
        "digital.engine_area": engine_area,
        "digital.engine_bits": bits or model["activation_bits"],
        "digital.overhead_area": digital.get("digital_overhead_area_mm2_per_layer", 0.0),
    }
    for feature in FEATURES:
        found |= of_device(f"digital.{feature}", digital_cost(digital, feature, legacy), "mac")
    found |= of_device("buffer", merged(packaged, soc, "buffers_add"), "op")
    control = merged(packaged, soc, "control")
    found |= of_device("control.token", control, "token") | of_device("control.burst", control, "burst")
    return found | of_device("control.setup", merged(packaged, soc, "verify_setup"), "burst")


def digital_cost(digital: File, feature: str, legacy: bool) -> File:
    """A feature's own coefficient where it is stated, else that of its unit."""
    own = (digital.get("digital_features" if legacy else "features") or {}).get(feature)
    if own is not None:
        return own  # type: ignore[no-any-return]
    unit = FEATURES[feature]
    return digital[unit if not legacy or unit == "kv_cache" else f"digital_{unit}"]  # type: ignore[no-any-return]


def of_memory(memory: File | None, library: File) -> Values:
    """Memories and the format of keys and values, where traffic is modelled."""
    if memory is None:
        return {}
    found: Values = {}
    for name in STORES:
        store = merged(library.get("memory"), memory, name)
        found[f"memory.{name}.area"] = store.get("area_mm2", 0.0)
        found[f"memory.{name}.capacity"] = store.get("capacity_bytes") or 0.0
        for way in ("read", "write"):
            found[f"memory.{name}.{way}.energy"] = store.get(f"{way}_energy_pj_per_byte", 0.0)
            found[f"memory.{name}.{way}.bandwidth"] = store.get(f"{way}_bandwidth_GBps", 0.0)
            found[f"memory.{name}.{way}.latency"] = store.get(f"{way}_latency_ns", 0.0)
    formats = memory.get("kv_cache") or {}
    far = formats.get("hbm") or {}
    for prefix, stated in (("", far), ("near_", formats.get("sram") or far)):
        found[f"cache.{prefix}value_size"] = stated.get("value_bytes_per_elem", 1)
        found[f"cache.{prefix}scale_size"] = stated.get("scale_bytes", 2)
        found[f"cache.{prefix}scales"] = stated.get("scales_per_token_per_head", 2)
    return found


def merged(packaged: File | None, stated: File | None, name: str) -> File:
    """A section of the library with what the user states in its place."""
    return {**((packaged or {}).get(name) or {}), **((stated or {}).get(name) or {})}


def of_device(name: str, cost: File, use: str) -> Values:
    """Costs of one use; what is not stated is zero."""
    return {
        f"{name}.energy": cost.get(f"energy_pj_per_{use}", 0.0),
        f"{name}.latency": cost.get(f"latency_ns_per_{use}", 0.0),
        **({f"{name}.area": cost["area_mm2_per_unit"]} if "area_mm2_per_unit" in cost else {}),
    }
