"""A KPU's configuration and its description: the same machine, for the compiler and for every other question.

A configuration comes from the description of a KPU (a shipped name such as `swkpu-v1`, or a .yaml file), or from a
.json file with what `KPUConfig.to_dict` gives. What a configuration leaves open, such as energies, its description
says.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from symppa import units
from symppa.descriptions import shipped, structure
from symppa.descriptions.bind import bind
from symppa.descriptions.load import Description, Layer, Origin, load
from symppa.engine import cache
from symppa.engine.program import Program
from symppa.errors import KPUConfigError, SymppaError
from symppa.kpu.interface.config import STATED, TOLERANCE, KPUConfig
from symppa.kpu.interface.kinds import KPUPrecision
from symppa.workloads.on_device import node_of

SYSTEM = "Kpu"
BASE = "swkpu_v1"  # says what a configuration leaves open
MEMORY = {
    "sram_l1_bytes": ("chip.l1", "byte"), "sram_l2_bytes": ("chip.l2", "byte"), "dram_bytes": ("chip.capacity", "byte"),
    "dram_bandwidth_gbps": ("chip.dram_bandwidth", "GB/s"), "sram_bandwidth_gbps": ("chip.l2_bandwidth", "GB/s"),
}  # fmt: skip
COMPUTE = {
    "systolic_rows": ("chip.array_rows", "1"), "systolic_cols": ("chip.array_columns", "1"),
    "vector_lanes": ("chip.lanes", "1"), "num_arrays": ("chip.arrays", "1"), "clock_mhz": ("chip.clock", "MHz"),
    "tdp_watts": ("chip.power_limit", "W"), "idle_watts": ("chip.idle_power", "W"),
}  # fmt: skip
SUPPORTED = "chip.supported"
COSTS = ("mac_energy", "vector_energy", "l1_energy", "l2_energy", "dram_energy", "full_power")


@dataclass(frozen=True)
class Costs:
    """What work costs on a KPU in a number format: pJ for a multiplication with its addition, an operation of a vector
    lane, a byte between L1 and the arrays, between L2 and L1, and between the memory and L2; W where all work at once.
    """

    mac_energy: float
    vector_energy: float
    l1_energy: float
    l2_energy: float
    dram_energy: float
    full_power: float


@dataclass(frozen=True)
class ConfigLayer(Layer):
    """What a configuration says."""

    config: KPUConfig

    @property
    def origin(self) -> Origin:
        return Origin(f"configuration {self.config.name}", self.file.source, self.file.confidence)

    @property
    def hashed(self) -> str:
        return hashlib.sha256(written(self.config).encode()).hexdigest()


def config(name: str | Path) -> KPUConfig:
    """The configuration of a shipped name, of a description's file or of a JSON file; what contradicts is refused.

    >>> config("swkpu-v1") == KPUConfig()
    True
    """
    text = str(name)
    if Path(text).suffix.lower() == ".json":
        return _from_json(Path(text))
    if not shipped.is_file(text) or Path(text).suffix.lower() not in (".yaml", ".yml"):
        text = text.replace("-", "_")
    described = load(text)
    if described.system != SYSTEM:
        raise KPUConfigError(f"{name} is a {described.system}, not a {SYSTEM}: symppa show {BASE} tells what one says")
    _refuse_own_costs(described)
    return described_config(described).check()


def described_config(described: Description) -> KPUConfig:
    """The configuration that a description of a KPU amounts to; what descriptions do not say has its default."""
    told = bind(described, _program().known)

    def number(name: str, unit: str) -> float:
        if name not in told:
            raise KPUConfigError(f"{described.name} does not say {name}")
        known = _program().known[name]
        return units.parse(told[name].raw, known.unit, name, known.meaning) / units.measure(unit).worth

    default = KPUConfig()
    memory: dict[str, Any] = {field: _like(getattr(default.memory, field), number(*at)) for field, at in MEMORY.items()}
    compute: dict[str, Any] = {
        field: _like(getattr(default.compute, field), number(*at)) for field, at in COMPUTE.items()
    }
    taken = told[SUPPORTED].raw if SUPPORTED in told else {}
    made = replace(
        default,
        name=described.name.replace("_", "-"),
        memory=replace(default.memory, **memory),
        compute=replace(default.compute, **compute),
        supported_precisions=[one for one in KPUPrecision if float(taken.get(one.name, 0)) == 1],
    )
    return replace(made, compute=replace(made.compute, **_stated(made)))


def _refuse_own_costs(described: Description) -> None:
    """Nothing that a description says is lost: what a configuration has no room for may not differ."""
    known, kept = _program().known, {name for name, _ in (*MEMORY.values(), *COMPUTE.values())} | {SUPPORTED}
    told, base = bind(described, known), bind(load(BASE), known)
    for name, value in told.items():
        own = name.startswith("chip.") and name not in kept and name != "chip.precision"
        if own and (name not in base or value.raw != base[name].raw):
            raise KPUConfigError(
                f"{name} differs from that of {BASE}, and a configuration has no room for it: compile for {BASE} in "
                f"other sizes, and tell it to the compiled network, as in --set {name}=...",
                file=value.file, line=value.line,
            )  # fmt: skip


def description(config: KPUConfig) -> Description:
    """The description of a configuration: what it says, over what the shipped KPU says."""
    base = load(BASE)
    return Description(config.name.replace("-", "_"), base.system, (layer(config), *base.layers))


def layer(config: KPUConfig) -> ConfigLayer:
    """The values of a configuration, as those of a description."""
    chip: dict[str, Any] = {}
    for part, fields in ((config.memory, MEMORY), (config.compute, COMPUTE)):
        for field, (name, unit) in fields.items():
            chip[name.partition(".")[2]] = f"{getattr(part, field)!r} {'' if unit == '1' else unit}".rstrip()
    chip["supported"] = {one.name: str(int(one in config.supported_precisions)) for one in KPUPrecision}
    path = Path(config.name)
    file = structure.DescriptionFile(
        meaning=f"KPU {config.name} {config.version}", source=f"configuration {config.name} {config.version}"
    )
    return ConfigLayer(path, node_of({"values": {"chip": chip}}, str(path)), file, config)


@lru_cache(maxsize=256)
def _costs(told: str, precision: str) -> Costs:
    described = description(KPUConfig.from_dict(json.loads(told)))
    known = _program().known
    values = {name: value.raw for name, value in bind(described, known).items() if name.startswith("chip.")}
    values["chip.precision"] = precision
    values["chip.supported"] = {**values["chip.supported"], precision: "1"}
    found = _program()(values)
    return Costs(**{name: float(found[f"chip.{name}"]) for name in COSTS})


def costs(config: KPUConfig, precision: KPUPrecision) -> Costs:
    """What work costs on a KPU in a number format, by the library's model.

    >>> costs(KPUConfig(), KPUPrecision.INT8).mac_energy
    0.1
    """
    return _costs(written(config), precision.name)


def written(config: KPUConfig) -> str:
    """A configuration as text, always the same for the same one."""
    return json.dumps(config.to_dict(), sort_keys=True)


@lru_cache(maxsize=1)
def _program() -> Program:
    """The program of what work costs; it knows every given of a KPU."""
    outputs = [f"chip.{name}" for name in COSTS]
    name = cache.key(SYSTEM, tuple(outputs))
    found = cache.fetch(name)
    if found is None:
        from symppa.engine.compile import compile
        from symppa.library.systems.kpu import Kpu

        found = compile(Kpu(), outputs)
        cache.store(name, found)
    return found


def _stated(config: KPUConfig) -> dict[str, Any]:
    """Stated rates that stay where they agree with the derived ones, and are those where they do not."""
    found = {}
    for field, precision in STATED.items():
        stated, derived = getattr(config.compute, field), config.compute.derived_tops(precision)
        found[field] = stated if abs(stated - derived) <= TOLERANCE * derived else round(derived, 6)
    return found


def _like(default: float, value: float) -> float:
    """A number of the type that the configuration has it in."""
    if not isinstance(default, int):
        return value
    if abs(value - round(value)) > 1e-6:
        raise KPUConfigError(f"{value:g} has to be a whole number")
    return round(value)


def _from_json(path: Path) -> KPUConfig:
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise KPUConfigError(f"cannot be read as JSON: {error}", file=str(path)) from error
    try:
        if not isinstance(told, dict):
            raise KPUConfigError("a configuration is an object with name, memory, compute, ...")
        return KPUConfig.from_dict(told).check()
    except SymppaError as error:
        raise error.at(str(path), None) from None
    except TypeError as error:
        raise KPUConfigError(f"is no configuration: {error}", file=str(path)) from error
