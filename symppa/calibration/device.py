"""What the registry states of a device: what a fit takes from it, and the bounds that no measurement can pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from symppa.descriptions import shipped, systems
from symppa.descriptions.bind import Value, bind
from symppa.descriptions.load import load
from symppa.engine import cache
from symppa.engine.program import Program
from symppa.errors import MeasurementError, SymppaError

WANTED = (
    "matrix_rate", "vector_rate", "bandwidth", "cache", "cache_bandwidth", "running", "link_bandwidth", "link_latency",
)  # fmt: skip
# Formats that are computed at the rate of another where a device states none of its own.
SAME_RATE = {"TF32": "FP32", "BF16": "FP16"}
# What Linux writes as the governor of a CPU's clock; it is recorded of rows and is no power profile of a device.
GOVERNORS = frozenset({"performance", "powersave", "ondemand", "conservative", "schedutil", "userspace"})


@dataclass(frozen=True)
class Facts:
    """A device as its data sheet has it: rates in op/s, bandwidths in byte/s, the cache in byte, the clock in Hz."""

    name: str
    system: str
    peak: float
    vector_peak: float
    bandwidth: float
    units: float
    cache: float = 0.0
    cache_bandwidth: float = 0.0
    clock: float = 0.0
    profile: str = ""
    link_bandwidth: float = 0.0
    link_latency: float = 0.0


@lru_cache(maxsize=32)
def _program(system: str) -> Program | None:
    """The program of what is wanted of a class of devices; None of a class that is none."""
    outputs = ("awake", *(f"chip.{name}" for name in WANTED))
    is_shipped = system in systems.SHIPPED
    key = cache.key("facts", system, outputs)
    found = cache.fetch(key) if is_shipped else None
    if found is None:
        cls = systems.find(system)
        if not hasattr(cls, "chip") or not hasattr(cls, "awake"):
            return None
        from symppa.engine.compile import compile as compiled

        found = compiled(cls(), outputs)
        if is_shipped:
            cache.store(key, found)
    return found


@lru_cache(maxsize=64)
def stated(device: str) -> dict[str, Value]:
    """What the description of a device states; nothing where it describes something else."""
    description = load(device)
    program = _program(description.system)
    return {} if program is None else bind(description, program.known)


@lru_cache(maxsize=256)
def facts(device: str, dtype: str = "fp32", profile: str = "") -> Facts:
    """The facts of a device in the registry, or in a file, at a number format and a power profile."""
    description = load(device)
    program = _program(description.system)
    if program is None:
        raise MeasurementError(f"{device} is no device of the registry: it describes a {description.system}")
    told = {name: value.raw for name, value in stated(device).items()}
    told["chip.precision"] = dtype.upper()
    if profile:
        told["chip.profile"] = profile
    try:
        found = program({name: value for name, value in told.items() if name in program.known})
    except SymppaError as error:
        raise MeasurementError(f"{device}: {error}") from None
    scale = {
        "matrix_rate": 1e12, "vector_rate": 1e12, "bandwidth": 1e9, "cache": 1e6, "cache_bandwidth": 1e9,
        "running": 1e9, "link_bandwidth": 1e9, "link_latency": 1e-6,
    }  # fmt: skip
    rate = {name: float(found[f"chip.{name}"]) * scale[name] for name in WANTED}
    return Facts(
        description.name, description.system, rate["matrix_rate"], rate["vector_rate"], rate["bandwidth"],
        float(found["awake"]), rate["cache"], rate["cache_bandwidth"], rate["running"],
        profile, rate["link_bandwidth"], rate["link_latency"],
    )  # fmt: skip


def profile_of(mode: str) -> str:
    """The power profile that the mode of rows asks for: none where it is how Linux governs the clock of a CPU."""
    return "" if set(mode.split(", ")) <= GOVERNORS else mode


@dataclass(frozen=True)
class Bounds:
    """What no measurement on a device can pass, in whichever of its power profiles."""

    name: str
    profiles: tuple[str, ...]
    formats: tuple[str, ...]

    def _all(self, dtype: str = "fp32") -> list[Facts]:
        return [facts(self.name, dtype, profile) for profile in self.profiles or ("",)]

    def peak(self, dtype: str) -> float | None:
        """The highest op/s of a format, or None where none is stated."""
        if dtype.upper() not in self.formats:
            return None
        found = max(one.peak for one in self._all(dtype))
        if found > 0:
            return found
        other = SAME_RATE.get(dtype.upper())
        return None if other is None else self.peak(other)

    @property
    def bandwidth(self) -> float | None:
        """The highest byte/s of the main memory."""
        return max(one.bandwidth for one in self._all()) or None

    @property
    def cache(self) -> float:
        """Bytes of the last-level cache; 0 where none is stated."""
        return self._all()[0].cache

    def running(self, power_mode: str) -> float | None:
        """The clock of a power profile; of the fastest where the mode is none of the registry's."""
        plain = power_mode.upper().removeprefix("MODE_")
        clocks = {one.profile.upper(): one.clock for one in self._all()}
        return clocks.get(plain, max(clocks.values())) or None


@lru_cache(maxsize=64)
def bounds(device: str) -> Bounds | None:
    """The bounds of a device of the registry, or None where it has none of that name."""
    if device not in shipped.names():
        return None
    told = stated(device)
    if not told:
        return None
    named = {name: tuple(told[f"chip.{name}"].raw) for name in ("profile_clock", "element") if f"chip.{name}" in told}
    return Bounds(device, named.get("profile_clock", ()), named.get("element", ()))
