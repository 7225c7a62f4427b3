"""A compiled program: tensors with their places, operators in their order with their tiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from symppa.errors import KPUError, suggest
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.kinds import BITS, KPUPrecision, MemoryType

Array = np.ndarray[Any, Any]


@dataclass
class MemoryLayout:
    """Where a tensor lies, and in which order."""

    memory_type: MemoryType = MemoryType.DRAM
    base_address: int = 0
    format: str = "NCHW"
    tile_shape: tuple[int, ...] | None = None
    alignment_bytes: int = 64
    contiguous: bool = True


@dataclass
class KPUTensor:
    """A tensor: `dtype` is int8, int4, fp16, bf16, posit8, posit16, int32, fp32, int64 or bool.

    `scale` and `zero_point` are numbers, or lists with one for each output channel (axis `channel_axis`).
    """

    id: str
    name: str
    shape: tuple[int, ...]
    dtype: str
    layout: MemoryLayout = field(default_factory=MemoryLayout)
    scale: float | list[float] | None = None
    zero_point: int | list[int] | None = None
    is_weight: bool = False
    is_input: bool = False
    is_output: bool = False
    channel_axis: int | None = None

    @property
    def elements(self) -> int:
        """How many numbers."""
        return prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Storage in byte; an odd number of 4-bit values takes a whole byte for the last."""
        if self.dtype not in BITS:
            raise KPUError(f"tensor {self.id}: there is no format {self.dtype!r}{suggest(self.dtype, BITS)}")
        return -(-self.elements * BITS[self.dtype] // 8)


@dataclass
class TileConfig:
    """Tiles of an operator.

    `tile_sizes` and `loop_order` are those in L1, `l2_*` those in L2; footprints in byte. `certificate` says how the
    tiles were found and what is proved of them: status, value, bound, gap, nodes.
    """

    tile_sizes: dict[str, int]
    loop_order: list[str]
    double_buffer: bool = False
    prefetch_distance: int = 1
    l2_tile_sizes: dict[str, int] = field(default_factory=dict)
    l2_loop_order: list[str] = field(default_factory=list)
    tier: str = "l1"
    dataflow: str = ""
    l1_bytes: int = 0
    l2_bytes: int = 0
    certificate: dict[str, Any] = field(default_factory=dict)


@dataclass
class KPUOp:
    """One operator, named as in ONNX.

    `attributes["epilogue"]` are the operators fused behind it, in order: {"op_type", "inputs", "attributes"}, with the
    tensors they read beside the running value; those stand in `input_ids` too, and what was fused in `fused_with`.
    """

    id: str
    op_type: str
    input_ids: list[str]
    output_ids: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)
    tiling: TileConfig | None = None
    schedule_order: int = 0
    fused_with: list[str] = field(default_factory=list)
    estimated_cycles: int = 0
    estimated_energy_pj: float = 0.0
    estimates: dict[str, float] = field(default_factory=dict)
    prefetch: list[str] = field(default_factory=list)

    @property
    def epilogue(self) -> list[dict[str, Any]]:
        """The operators fused behind this one."""
        return list(self.attributes.get("epilogue", []))


@dataclass
class KPUProgram:
    """A compiled network. `constants` hold weights while it is being compiled; `weights_blob` once it is done.

    Two programs are equal where everything but the weights is; `facts["weights"]` tells those by their hash.

    `facts` are what passes tell: counts of transforms, what was fused, how the schedule was found.
    """

    name: str
    version: str
    source_model: str
    source_hash: str
    target_config: KPUConfig
    precision: KPUPrecision
    ops: list[KPUOp] = field(default_factory=list)
    tensors: dict[str, KPUTensor] = field(default_factory=dict)
    input_ids: list[str] = field(default_factory=list)
    output_ids: list[str] = field(default_factory=list)
    peak_sram_bytes: int = 0
    peak_dram_bytes: int = 0
    weight_bytes: int = 0
    activation_bytes: int = 0
    estimated_total_cycles: int = 0
    estimated_total_energy_uj: float = 0.0
    weights_blob: bytes | None = field(default=None, repr=False, compare=False)
    weights_path: str | None = field(default=None, compare=False)
    constants: Mapping[str, Array] = field(default_factory=dict, repr=False, compare=False)
    facts: dict[str, Any] = field(default_factory=dict)

    def validate(self) -> list[str]:
        """What does not hold together, a sentence each; empty where all is well."""
        found = [
            f"Op {op.id} references unknown tensor {name}"
            for op in self.ops
            for name in (*op.input_ids, *op.output_ids)
            if name not in self.tensors
        ]
        if not self.input_ids:
            found.append("No input tensors defined")
        if not self.output_ids:
            found.append("No output tensors defined")
        known = (*self.input_ids, *self.output_ids)
        return found + [f"Program references unknown tensor {name}" for name in known if name not in self.tensors]

    def save(self, path: str | Path, *, external_weights: bool = False) -> Path:
        """Write a .kpu file; with `external_weights` the weights lie beside it, named by their hash."""
        from symppa.kpu.archive import save

        return save(self, Path(path), external_weights=external_weights)

    @classmethod
    def load(cls, path: str | Path, config: KPUConfig | None = None) -> KPUProgram:
        """Read a .kpu file; a damaged, foreign or newer one is refused, and one for another configuration than told."""
        from symppa.kpu.archive import load

        return load(Path(path), config)
