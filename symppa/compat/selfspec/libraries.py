"""Shipped technologies in the original's library schema: what a report echoes, and what a file may override."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symppa import units
from symppa.compat.selfspec.values import FEATURES, PERIPHERY, STORES
from symppa.descriptions.load import leaves, load
from symppa.errors import DescriptionError

PACKAGED = ("puma_like_v1", "puma_like_v2", "science_adi9405_v1_neurosim", "science_soc_v1")
LATER = {"science_adi9405_v1_neurosim": "science_adi9405_v1_neurosim_h"}
UNITS = {"energy": "pJ", "latency": "ns", "area": "mm2", "weight_area": "mm2", "capacity": "byte"}
PORT_UNITS = {"energy": "pJ/byte", "latency": "ns", "bandwidth": "GB/s"}
COEFFICIENTS = ("core.", "digital.", "control.", "memory.", "buffer.", "leakage.")
Numbers = Mapping[str, float]


def packaged(name: str, version: str = "S") -> dict[str, Any]:
    """One shipped technology as an entry of a library file; `version` is the original's, S or H."""
    at = "core.crossbar."
    numbers = _numbers(LATER.get(name, name) if version == "H" else name)
    array = {
        "energy_pj_per_activation": numbers[at + "array.energy"],
        "latency_ns_per_activation": numbers[at + "array.latency"],
        "area_mm2_per_weight": numbers[at + "array.weight_area"],
    }
    if at + "array.area" in numbers:
        array["area_mm2_per_array"] = numbers[at + "array.area"]
    if "core.area_arrays" in numbers:
        array["arrays_per_weight"] = int(numbers["core.area_arrays"])
    library: dict[str, Any] = {
        "adc": _converters(numbers, at + "adc.rows."),
        "dac": _converters(numbers, at + "dac.rows."),
        "array": array,
        "digital": _digital(numbers),
    }
    optional = {
        "soc": _soc(numbers),
        "memory": {store: _store(numbers, f"memory.{store}.") for store in STORES},
        "analog_periphery": {block: _device(numbers, at + block, "op") for block in PERIPHERY},
        "leakage_power": _leakage(numbers),
    }
    return library | {key: found for key, found in optional.items() if any(found.values())}


def _leakage(numbers: Numbers) -> dict[str, float]:
    start = "leakage."
    return {f"{path.removeprefix(start)}_nw": value for path, value in numbers.items() if path.startswith(start)}


def written(name: str) -> dict[str, Any]:
    """Every value of a description and what it extends, as it is written."""
    found: dict[str, Any] = {}
    for layer in reversed(load(name).layers):
        for keys, node in leaves(layer):
            found[".".join(keys)] = node.at(("value",)).plain if isinstance(node.value, dict) else node.plain
    return found


def _numbers(name: str) -> dict[str, float]:
    """The same in the original's units."""
    return {path: _number(path, text) for path, text in written(name).items() if path.startswith(COEFFICIENTS)}


def _number(path: str, text: str) -> float:
    column = path.rpartition(".")[2]
    port = path.startswith("memory.") and path.split(".")[2] in ("read", "write")
    units_of = PORT_UNITS if port else UNITS
    unit = "nW" if path.startswith("leakage.") else units_of.get("area" if column.endswith("area") else column, "1")
    read = units.split(text)
    if read is None:
        raise DescriptionError(f"{path} = {text!r} is not a number with a unit")
    return read[0] if read[1] == unit else units.parse(text, unit, path) / units.measure(unit).worth


def _converters(numbers: Numbers, start: str) -> dict[str, dict[str, float]]:
    rows = sorted({int(path[len(start) :].split(".")[0]) for path in numbers if path.startswith(start)})
    return {
        str(bits): {
            "energy_pj_per_conversion": numbers[f"{start}{bits}.energy"],
            "latency_ns_per_conversion": numbers[f"{start}{bits}.latency"],
            "area_mm2_per_unit": numbers[f"{start}{bits}.area"],
        }
        for bits in rows
    }


def _device(numbers: Numbers, name: str, use: str) -> dict[str, float]:
    """What is stated of a device."""
    keys = {"energy": f"energy_pj_per_{use}", "latency": f"latency_ns_per_{use}", "area": "area_mm2_per_unit"}
    return {key: numbers[f"{name}.{column}"] for column, key in keys.items() if f"{name}.{column}" in numbers}


def _digital(numbers: Numbers) -> dict[str, Any]:
    """One coefficient for every kind of unit, the features' own if they differ."""
    own = {feature: _device(numbers, f"digital.{feature}", "mac") for feature in FEATURES}
    coarse: dict[str, Any] = {}
    for feature, unit in FEATURES.items():
        coarse.setdefault(unit, own[feature])
    coarse["digital_overhead_area_mm2_per_layer"] = numbers["digital.overhead_area"]
    features = {feature: cost for feature, cost in own.items() if cost != coarse[FEATURES[feature]]}
    return coarse | ({"features": features} if features else {})


def _soc(numbers: Numbers) -> dict[str, Any]:
    control = _device(numbers, "control.token", "token") | _device(numbers, "control.burst", "burst")
    found: dict[str, Any] = {
        "buffers_add": _device(numbers, "buffer", "op"),
        "control": control,
        "verify_setup": _device(numbers, "control.setup", "burst"),
    }
    if "digital.engine_area" in numbers:
        found["attention_cim_mac_area_mm2_per_unit"] = numbers["digital.engine_area"]
    return found


def _store(numbers: Numbers, start: str) -> dict[str, float | int]:
    keys = {"energy": "energy_pj_per_byte", "bandwidth": "bandwidth_GBps", "latency": "latency_ns"}
    found: dict[str, float | int] = {
        f"{way}_{key}": numbers[f"{start}{way}.{column}"]
        for way in ("read", "write")
        for column, key in keys.items()
        if f"{start}{way}.{column}" in numbers
    }
    if start + "area" in numbers:
        found["area_mm2"] = numbers[start + "area"]
    if start + "capacity" in numbers:
        found["capacity_bytes"] = int(numbers[start + "capacity"])
    return found
