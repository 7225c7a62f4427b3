"""What a run is told: a network, a hardware and how often drafts are accepted, checked and not yet interpreted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from symppa.compat.selfspec import extracts, library_files, schema
from symppa.compat.selfspec.documents import YAML, Document, read
from symppa.compat.selfspec.fields import MOST
from symppa.compat.selfspec.values import is_legacy
from symppa.errors import DescriptionError

MOST_DRAFTED = 4096  # every pair of a drafted and an accepted token is weighed
AMBIGUOUS = "hardware config is ambiguous: do not mix analog.* knob fields with legacy costs.*"
PHASES = ("draft", "verify")


@dataclass(frozen=True)
class ModelConfig:
    """The network of a model.yaml; `stated` is what the file says."""

    path: str
    stated: Mapping[str, Any]
    remarks: tuple[str, ...] = ()

    @classmethod
    def from_yaml(cls, path: str | Path) -> ModelConfig:
        """The network of a file."""
        document = read(Path(path), "model config")
        stated = schema.MODEL.read(document, (), document.content)
        for layer in stated.get("draft_policy", {}).get("per_layer", {}):
            if layer >= stated["n_layers"]:
                keys = ("draft_policy", "per_layer", str(layer))
                message = f"draft_policy.per_layer has invalid layer index: {layer} (n_layers={stated['n_layers']})"
                raise document.error(keys, message)
        width, heads = stated["d_model"], stated["n_heads"]
        if width % heads:
            raise document.error(("d_model",), f"d_model ({width}) must be divisible by n_heads ({heads})")
        if not stated.get("d_ff"):
            _check_expansion(document, width, stated.get("ffn_expansion", 4.0))
        return cls(str(path), stated, tuple(document.remarks))


def _check_expansion(document: Document, width: int, expansion: float | None) -> None:
    if expansion is None:
        raise document.error(("ffn_expansion",), "Either d_ff or ffn_expansion must be provided")
    if width * expansion > MOST:
        raise document.error(("ffn_expansion",), f"ffn_expansion = {expansion:g} makes d_ff more than {MOST}")


@dataclass(frozen=True)
class HardwareConfig:
    """The hardware of a hardware.yaml and its technology; `stated` is what the file says.

    >>> HardwareConfig.paper_library_missing_specs()[0]
    'array_geometry.128x128'
    """

    path: str
    stated: Mapping[str, Any]
    library: Mapping[str, Any] = field(default_factory=dict)
    version: str = "S"
    remarks: tuple[str, ...] = ()

    paper_library_extract = staticmethod(extracts.paper_library_extract)
    paper_library_missing_specs = staticmethod(extracts.paper_library_missing_specs)

    @classmethod
    def from_yaml(
        cls, path: str | Path, version: str = "S", changed: Mapping[str, Any] | None = None
    ) -> HardwareConfig:
        """The hardware of a file as one version of the original reads it, S or the later H, with fields changed."""
        document = read(Path(path), "hardware config")
        content = document.content
        written = over(content, changed) if changed and isinstance(content, Mapping) else content
        if isinstance(written, Mapping) and written.get("analog") is not None and written.get("costs") is not None:
            raise document.error(("costs",), AMBIGUOUS)
        found = schema.hardware(version).read(document, (), written)
        stated = {name: value for name, value in found.items() if value is not None}
        if "analog" not in stated and "costs" not in stated:
            raise document.error((), "hardware config must provide either analog.* knobs or legacy costs.*")
        library: Mapping[str, Any] = {}
        if "analog" in stated:
            _check_columns(document, stated["analog"])
            name, file = stated.get("library") or library_files.DEFAULT, stated.get("library_file")
            place = Path(path).parent / file if file else None
            library = library_files.entry(name, place, version, document)
            _check_bits(document, stated["analog"], name, library)
        return cls(str(path), stated, library, version, tuple(document.remarks))

    @property
    def legacy(self) -> bool:
        """Whether the file states a cost for every kind of work instead of a hardware."""
        return is_legacy(self.stated)

    @property
    def selected_library(self) -> str:
        """Name of the technology."""
        return str(self.stated.get("library") or library_files.DEFAULT)

    @property
    def pipelined(self) -> bool:
        """Whether layers verify different tokens at the same time."""
        return bool(self.stated.get("soc", {}).get("schedule") == "layer-pipelined")

    @cached_property
    def resolved(self) -> dict[str, Any]:
        """Sections with what is stated, what the library says, and defaults."""
        told = {"analog_periphery": self.stated.get("analog", {}).get("periphery", {}), **self.stated}
        kinds = {"soc": schema.soc(self.version, own=True), "analog_periphery": schema.periphery(self.version)}
        if self.version == "H":
            kinds["leakage_power"] = schema.LEAKAGE
        if "memory" in self.stated:
            kinds["memory"] = schema.MEMORY
        return {name: kind.filled(over(self.library.get(name, {}), told.get(name, {}))) for name, kind in kinds.items()}


def over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two sections laid over each other, down to single fields."""
    found = dict(below)
    for name, value in above.items():
        inner = found.get(name)
        found[name] = over(inner, value) if isinstance(value, Mapping) and isinstance(inner, Mapping) else value
    return found


def _check_columns(document: Document, analog: Mapping[str, Any]) -> None:
    """Converters must share crossbars evenly."""
    split = analog["adc"].get("num_columns_per_adc") or {}
    shared: dict[tuple[str, ...], Any] = {("num_columns_per_adc",): analog["num_columns_per_adc"]}
    shared |= {("adc", "num_columns_per_adc", name): split.get(name) for name in ("draft", "residual")}
    for keys, columns in shared.items():
        if columns and analog["xbar_size"] % columns:
            name, size = ".".join(("analog", *keys)), analog["xbar_size"]
            message = f"analog.xbar_size ({size}) must be divisible by {name} ({columns})"
            raise document.error(("analog", *keys), message)


def _check_bits(document: Document, analog: Mapping[str, Any], name: str, library: Mapping[str, Any]) -> None:
    """Only tabulated resolutions can be had."""
    wanted: dict[tuple[str, ...], str] = {("adc", "draft_bits"): "adc", ("adc", "residual_bits"): "adc"}
    wanted[("dac_bits",)] = "dac"
    for phase in PHASES:
        delta = analog.get("delta_readout", {}).get(phase, {})
        if delta.get("enabled") and delta.get("dac_bits"):
            wanted["delta_readout", phase, "dac_bits"] = "dac"
    for keys, table in wanted.items():
        bits: Any = analog
        for key in keys:
            bits = bits[key]
        available = sorted(int(b) for b in library[table])
        if bits not in available:
            message = (
                f"Requested analog.{'.'.join(keys)}={bits} is not available in library '{name}'. "
                f"Available {table.upper()} bits: {available}"
            )
            raise document.error(("analog", *keys), message)


@dataclass(frozen=True)
class SpeculationStats:
    """Drafted tokens of a burst, and how often how many of them were accepted."""

    k: int
    histogram: Mapping[int, float]
    path: str = ""
    remarks: tuple[str, ...] = ()

    @classmethod
    def from_path(cls, path: str | Path) -> SpeculationStats:
        """The acceptance counts of a file."""
        place = Path(path)
        if place.suffix.lower() not in (".json", *YAML):
            raise DescriptionError(f"Unsupported stats format: {place.suffix} (expected .json/.yaml/.yml)")
        document = read(place, "speculation stats")
        stated = schema.STATS.read(document, (), document.content)
        check_drafted(document, ("k",), stated["k"])
        histogram = stated["histogram"]
        for accepted in histogram:
            if accepted > stated["k"]:
                keys = ("histogram", str(accepted))
                raise document.error(keys, f"histogram counts {accepted} accepted tokens; k drafts {stated['k']}")
        if not 0 < sum(histogram.values()) <= MOST:
            raise document.error(("histogram",), f"histogram must sum to more than 0 and at most {MOST}")
        return cls(stated["k"], histogram, str(path), tuple(document.remarks))


def check_drafted(document: Document, keys: tuple[Any, ...], drafted: int) -> None:
    """Refuse bursts longer than any that is drafted."""
    if drafted > MOST_DRAFTED:
        raise document.error(keys, f"{'.'.join(map(str, keys))} = {drafted}; at most {MOST_DRAFTED} are modelled")


def check_context(hardware: HardwareConfig, drafted: int, prompts: Sequence[int]) -> None:
    """Refuse prompts that the memory cannot hold together with a burst."""
    most = hardware.stated.get("memory", {}).get("kv_cache", {}).get("max_context_tokens")
    for prompt in prompts:
        if most is not None and prompt + drafted > most:
            raise DescriptionError(
                f"Max context capacity exceeded: L_prompt ({prompt}) + K ({drafted}) = {prompt + drafted} > "
                f"memory.kv_cache.max_context_tokens ({most})"
            )
