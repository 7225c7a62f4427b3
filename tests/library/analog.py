"""A chip small enough to work by hand, shared by the tests of analog components and systems.

Two layers of width 4 in crossbars of 4 x 4: qkv takes 3 of them, wo 1, the feed-forward block 2 + 2. Inputs of two
bits enter one bit at a time, so every crossbar is read twice for a token.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from symppa.engine.compile import compile
from symppa.engine.walk import run

ADC = {
    4: {"energy": "2 pJ", "latency": "3 ns", "area": "1 mm2"},
    6: {"energy": "4 pJ", "latency": "5 ns", "area": "2 mm2"},
}
DAC = {1: {"energy": "0.5 pJ", "latency": "1 ns", "area": "0.1 mm2"}}
NET = {
    "kinds": ["careful", "quick"],
    "layers": {"careful": 1, "quick": 1},
    "qkv_precision": {"careful": "full", "quick": "draft"},
    "width": 4,
    "heads": 2,
    "hidden": 8,
    "activation_bits": 2,
}
CROSSBAR = {
    "size": 4,
    "columns": 2,
    "dac_bits": 1,
    "draft_bits": 4,
    "residual_bits": 6,
    "adc.rows": ADC,
    "dac.rows": DAC,
    "array.energy": "1 pJ",
    "array.latency": "10 ns",
    "array.area": "0.5 mm2",
    "tia.energy": "0.1 pJ",
    "tia.latency": "0.2 ns",
    "subarray_switches.energy": "0.25 pJ",
    "write_drivers.latency": "0.5 ns",
}
DIGITAL = {
    "attention_qk.energy": "1 pJ",
    "attention_qk.latency": "2 ns",
    "attention_softmax.energy": "3 pJ",
    "attention_softmax.latency": "1 ns",
    "attention_pv.energy": "1 pJ",
    "attention_pv.latency": "2 ns",
    "ffn_activation.energy": "0.5 pJ",
    "ffn_activation.latency": "0.25 ns",
    "kv_cache_update.energy": "2 pJ",
    "kv_cache_update.latency": "1 ns",
    "engines": 2,
}
PORTS = {"energy": "1 pJ/byte", "bandwidth": "1 GB/s", "latency": "100 ns"}
MEMORY = {
    f"{store}.{way}.{n}": v
    for store in ("sram", "hbm", "fabric")
    for way in ("read", "write")
    for n, v in PORTS.items()
}
CHIP = (
    {f"net.{n}": v for n, v in NET.items()}
    | {f"core.crossbar.{n}": v for n, v in CROSSBAR.items()}
    | {f"digital.{n}": v for n, v in DIGITAL.items()}
    | {f"memory.{n}": v for n, v in MEMORY.items()}
    | {"control.token.energy": "1 pJ", "control.token.latency": "3 ns"}
    | {"control.burst.energy": "5 pJ", "control.setup.latency": "7 ns"}
    | {"buffer.energy": "0.5 pJ", "buffer.latency": "0.125 ns"}
    | {"prompt": 10, "burst": 3, "probability": [0.1, 0.2, 0.3, 0.4]}
)
PARTS = {
    "net": "PlainTransformer",
    "core": "SerialCore",
    "cache": "LocalCache",
    "rule": "RunAll",
    "schedule": "Serialized",
    **{f"phases.{phase}.traffic": "SerialTraffic" for phase in ("draft", "verify_drafted", "verify_bonus")},
}


def under(path, values):
    """Values of a part, told to the model around it."""
    return {f"{path}.{name}": value for name, value in values.items()}


@cache
def program(model, outputs, choose):
    return compile(model(), outputs, choose=dict(choose))


def answer(model, told, outputs, choose=None):
    """Outputs as floats, or as arrays over their sets."""
    found = run(program(model, tuple(outputs), tuple((choose or {}).items())), told)
    return {name: float(v) if np.ndim(v) == 0 else np.squeeze(np.asarray(v)) for name, v in found.items()}


def decoded(model, outputs, choose=None, **changes):
    """Outputs of a decoder on the small chip; `changes` are values by their last dotted names or in full."""
    told = CHIP | {name.replace("__", "."): value for name, value in changes.items()}
    return answer(model, told, outputs, PARTS | (choose or {}))
