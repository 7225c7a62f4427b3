"""Fields of the original's files, version by version; H is the later one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from symppa.compat.selfspec.fields import Choice, Flag, Keyed, Kind, Real, Section, Text, Whole
from symppa.compat.selfspec.values import BLOCKS, FEATURES, LEAKING, PERIPHERY, REGISTERS, STORES

Fields = Mapping[str, Kind]
SCHEDULES = ("serialized", "layer-pipelined")
WAYS = ("read", "write")
COARSE = ("attention", "softmax", "elementwise", "kv_cache")
LEGACY_COSTS = (
    *("analog_draft", "analog_full", "analog_verify_reuse"),
    *("digital_attention", "digital_softmax", "digital_elementwise", "kv_cache"),
)
REQUIRED_SECTIONS = ("adc", "dac", "array", "digital")


def costs(use: str) -> Fields:
    """Energy and time of one use, zero where nothing is written."""
    return {f"energy_pj_per_{use}": Real(0.0), f"latency_ns_per_{use}": Real(0.0)}


def section(fields: Fields) -> Section:
    """A section that may be left out."""
    return Section({}, fields)


PER_OP = section({**costs("op"), "area_mm2_per_unit": Real(0.0)})
PER_BURST = section(costs("burst"))
CONTROL = section({**costs("token"), **costs("burst")})
MAC: Fields = {"energy_pj_per_mac": Real(), "latency_ns_per_mac": Real()}
PER_MAC = Section(..., MAC)
OWN_MAC = Section(None, MAC)
CONVERTER = Section(
    ..., {"energy_pj_per_conversion": Real(), "latency_ns_per_conversion": Real(), "area_mm2_per_unit": Real()}
)
STORE = section(
    {
        **{f"{way}_energy_pj_per_byte": Real(0.0) for way in WAYS},
        **{f"{way}_bandwidth_GBps": Real(0.0) for way in WAYS},
        **{f"{way}_latency_ns": Real(0.0) for way in WAYS},
        "area_mm2": Real(0.0),
        "capacity_bytes": Whole(None, 1),
    }
)
MEMORIES = section(dict.fromkeys(STORES, STORE))
FORMAT: Fields = {
    "value_bytes_per_elem": Whole(1),
    "scale_bytes": Whole(2),
    "scales_per_token_per_head": Whole(2),
}
CACHE = section({"hbm": section(FORMAT), "sram": Section(None, FORMAT), "max_context_tokens": Whole(None)})
MEMORY = Section(None, {**MEMORIES.fields, "kv_cache": CACHE})
LEAKAGE = section({f"{name}_nw": Real(0.0) for name in LEAKING})
DELTA = section({"enabled": Flag(False), "dac_bits": Whole(None, 1)})
DELTA_READOUT = section({"draft": DELTA, "verify": DELTA})
POLICY: Fields = {block: Choice("draft", ("draft", "full")) for block in BLOCKS}
MODEL = Section(
    ...,
    {
        "name": Text(None),
        "n_layers": Whole(least=1),
        "d_model": Whole(least=1),
        "n_heads": Whole(least=1),
        "activation_bits": Whole(least=1),
        "ffn_type": Choice("mlp", ("mlp", "swiglu")),
        "d_ff": Whole(None, 1),
        "ffn_expansion": Real(None, 1.0),
        "draft_policy": section({"default": section(POLICY), "per_layer": Keyed({}, section(POLICY))}),
    },
)
STATS = Section(..., {"k": Whole(), "histogram": Keyed(..., Real())}, loose=True)
COSTS = Section(
    None,
    {
        **dict.fromkeys(LEGACY_COSTS, PER_MAC),
        "digital_features": Section(None, dict.fromkeys(FEATURES, OWN_MAC)),
        "analog_weight_area": Section(..., {"area_mm2_per_weight": Real()}),
        "digital_overhead_area_mm2_per_layer": Real(0.0),
    },
)
DIGITAL = Section(
    ...,
    {
        **dict.fromkeys(COARSE, PER_MAC),
        "features": Section(None, dict.fromkeys(FEATURES, OWN_MAC)),
        "digital_overhead_area_mm2_per_layer": Real(0.0),
    },
)
ARRAY = Section(
    ...,
    {
        "energy_pj_per_activation": Real(),
        "latency_ns_per_activation": Real(),
        "area_mm2_per_weight": Real(),
        "area_mm2_per_array": Real(None),
        "arrays_per_weight": Whole(1, 1),
    },
)


def grown(version: str, default: Any, fields: Fields, later: Fields, loose: bool = False) -> Section:
    """A section to which the later version has added fields."""
    if version == "H":
        return Section(default, {**fields, **later}, loose)
    return Section(default, fields, loose, tuple(later))


@lru_cache
def periphery(version: str) -> Section:
    """Blocks between crossbars and converters."""
    return grown(version, {}, dict.fromkeys(PERIPHERY, PER_OP), dict.fromkeys(REGISTERS, PER_OP))


@lru_cache
def soc(version: str, own: bool = False) -> Section:
    """What a library may say of the chip; with what only a hardware file may."""
    of_phase = section({name: Real(None) for name in PER_OP.fields})
    mine: Fields = {"schedule": Choice("serialized", SCHEDULES), "attention_cim_units": Whole(1, 1)}
    shared: Fields = {
        "attention_cim_mac_area_mm2_per_unit": Real(0.0),
        "attention_cim_storage_bits_per_element": Whole(None, 1),
        "verify_setup": PER_BURST,
        "buffers_add": grown(version, {}, PER_OP.fields, {"draft": of_phase, "verify": of_phase}),
        "control": CONTROL,
    }
    bits = {f"{phase}_activation_bits": Whole(None, 1) for phase in ("draft", "verify")}
    return grown(version, {}, {**(mine if own else {}), **shared}, bits)


@lru_cache
def analog(version: str) -> Section:
    """Knobs of the crossbars."""
    split = Section(None, {"draft": Whole(None, 1), "residual": Whole(None, 1)})
    bits = {"draft_bits": Whole(least=1), "residual_bits": Whole(least=1)}
    knobs: Fields = {
        "xbar_size": Whole(least=1),
        "num_columns_per_adc": Whole(least=1),
        "dac_bits": Whole(least=1),
        "adc": grown(version, ..., bits, {"num_columns_per_adc": split}),
        "periphery": periphery(version),
    }
    return grown(version, None, knobs, {"delta_readout": DELTA_READOUT})


@lru_cache
def hardware(version: str) -> Section:
    """A hardware file."""
    fields: Fields = {
        "reuse_policy": Choice("reuse", ("reuse", "reread")),
        "library": Text(None),
        "library_file": Text(None),
        "soc": soc(version, own=True),
        "memory": MEMORY,
        "analog": analog(version),
        "costs": COSTS,
    }
    return grown(version, ..., fields, {"leakage_power": LEAKAGE})


@lru_cache
def library(version: str) -> Section:
    """One entry of a library file; what else it says of itself is left alone."""
    table = Keyed(..., CONVERTER, Whole(least=1))
    fields: Fields = {
        "adc": table,
        "dac": table,
        "array": ARRAY,
        "digital": DIGITAL,
        "soc": soc(version),
        "memory": MEMORIES,
        "analog_periphery": periphery(version),
    }
    return grown(version, ..., fields, {"leakage_power": LEAKAGE}, loose=True)
