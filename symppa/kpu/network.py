"""A compiled program as a system: what its operators ask of the machine, so that every question may be asked of it.

A .kpu file stands wherever a description does: `symppa analyze net.kpu`, `symppa sensitivity net.kpu latency`,
`symppa sweep net.kpu --axis chip.clock=400MHz:800MHz:9`, `base: net.kpu` in a target. Tiles are made for one size of
L1; `with_l1_sizes` makes them for others too, and `chip.l1` may be chosen among those.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import wrap
from typing import Any

from symppa.descriptions import structure
from symppa.descriptions.load import Description, Layer, Origin
from symppa.errors import CompilationError, MemoryExceededError
from symppa.kpu import archive, hardware
from symppa.kpu.interface.config import FACTORS
from symppa.kpu.interface.kinds import KPUPrecision
from symppa.kpu.interface.program import KPUOp, KPUProgram
from symppa.workloads.on_device import node_of

# Estimates of operators by the givens that they are of, and their units.
TOLD = {
    "macs": ("macs", "mac"), "vector_ops": ("vector_ops", "op"), "compute_cycles": ("compute_cycles", "cycle"),
    "dram_traffic": ("dram_bytes", "byte"), "l2_traffic": ("l2_bytes", "byte"), "l1_traffic": ("l1_bytes", "byte"),
    "first_dram": ("first_dram_bytes", "byte"), "first_l2": ("first_l2_bytes", "byte"),
    "last_dram": ("last_dram_bytes", "byte"), "last_l2": ("last_l2_bytes", "byte"), "tiles": ("tiles", ""),
}  # fmt: skip
SIZES = "l1_sizes"  # the fact that holds operators with tiles for other sizes of L1
SETTLED = ("chip.arrays", "chip.array_rows", "chip.array_columns", "chip.lanes", "chip.precision", "chip.l2",
           "chip.supported", "chip.rate")  # fmt: skip
Row = Mapping[str, Any]
WIDE = 112
PLAIN = re.compile(r"[\w][\w.+ /*-]*")  # texts that YAML needs no quotes for


@dataclass(frozen=True)
class ProgramLayer(Layer):
    """What a compiled program says: its operators with their tiles."""

    program: KPUProgram

    @property
    def origin(self) -> Origin:
        return Origin(f"program {self.program.name}", self.file.source, self.file.confidence)

    @property
    def hashed(self) -> str:
        return super().hashed if self.path.is_file() else self.program.source_hash


@dataclass(frozen=True)
class CompiledNetwork(Description):
    """A compiled network on the KPU that it was compiled for; the first layer is the network's."""

    question: str

    @property
    def asked(self) -> str:
        return self.question

    def settled(self, name: str) -> str:
        if name in SETTLED or name.startswith(("net.", "product_format", *(f"{one}." for one in SETTLED))):
            return f"{name} follows from the tiles of {self.name}: compile the network for another configuration"
        return ""


def described(program: KPUProgram | str | Path) -> CompiledNetwork:
    """The description of a compiled program, or of the one in a file."""
    path = None if isinstance(program, KPUProgram) else Path(program)
    made = program if isinstance(program, KPUProgram) else archive.load(Path(program))
    layer = _layer(made, path or Path(f"{made.name}.kpu"))
    base = hardware.description(made.target_config)
    name = path.stem if path else f"{made.name}_{made.precision.value}"
    return CompiledNetwork(name, base.system, (layer, *base.layers), path.as_posix() if path else name)


def with_l1_sizes(program: KPUProgram, sizes: Iterable[int]) -> KPUProgram:
    """The program with the best tiles for other sizes of L1 beside its own, in byte; those too small are refused.

    Everything else stays as it was compiled: formats, order, what stays in L2.
    """
    from symppa.kpu.passes import step

    own, found = program.target_config.memory.sram_l1_bytes, dict(program.facts.get(SIZES, {}))
    for size in sorted(set(sizes) - {own, *map(int, found)}):
        memory = replace(program.target_config.memory, sram_l1_bytes=size)
        config = replace(program.target_config, memory=memory).check()
        try:
            tiled = step("prefetch")(step("tile")(replace(program, target_config=config)))
        except MemoryExceededError as error:
            raise CompilationError(f"{program.name} cannot be tiled for an L1 of {size} byte: {error}") from error
        found[str(size)] = rows(tiled)
    return replace(program, facts={**program.facts, SIZES: found})


def rows(program: KPUProgram) -> dict[str, dict[str, Any]]:
    """What each operator that does something asks of the machine, by its name."""
    from symppa.kpu.cost import chosen_loops

    found = {}
    for op in program.ops:
        loop = chosen_loops(program, op)
        if loop is not None:
            found[op.id] = _row(op, loop.precision)
    return found


def _row(op: KPUOp, precision: KPUPrecision) -> dict[str, Any]:
    absent = [estimate for estimate, _ in TOLD.values() if estimate not in op.estimates]
    if absent or op.tiling is None:
        raise CompilationError(f"operator {op.id} has no tiles or estimates yet: compile the network first")
    told: dict[str, Any] = {name: op.estimates[estimate] for name, (estimate, _) in TOLD.items()}
    return told | {"buffers": 2 if op.tiling.double_buffer else 1, "format": precision.name}


def written(program: KPUProgram) -> str:
    """A compiled program as the text of a description, for sizes of L1 as they are there; operators alike stand once.

    What it says needs no .kpu file, and can be read by whoever has symppa.
    """
    every = _named(program)
    merged: dict[str, list[Any]] = {}
    for name, (size, row) in every.items():
        merged.setdefault(repr((size, row)), [name, size, row, 0])[3] += 1
    told = _net(program, {name: (size, row) for name, size, row, _ in merged.values()})
    told["count"] = [count for *_, count in merged.values()]
    lines = ["schema: 1", f"extends: {hardware.BASE}", f"meaning: {json.dumps(_meaning(program))}",
             f"source: {json.dumps(_source(program))}", "values:", "  chip:"]  # fmt: skip
    chip = hardware.layer(program.target_config).root.plain["values"]["chip"] | {"precision": program.precision.name}
    lines += [f"    {name}: {_flow(value, 6)}" for name, value in chip.items()]
    lines += [f"  product_format: {_flow(_formats(row for _, _, row, _ in merged.values()), 4)}", "  net:"]
    return "\n".join([*lines, *(f"    {name}: {_flow(value, 6)}" for name, value in told.items())]) + "\n"


def _flow(value: Any, indent: int) -> str:
    """A value on a line, or a list on as many as it takes."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_plainly(one)}" for name, one in value.items()) + "}"
    if not isinstance(value, list):
        return _plainly(value)
    lines = wrap(", ".join(map(_plainly, value)), WIDE, break_long_words=False, break_on_hyphens=False)
    return "[" + f"\n{' ' * indent}".join(lines) + "]"


def _plainly(value: Any) -> str:
    text = str(value)
    return text if PLAIN.fullmatch(text) else json.dumps(text)


def _named(program: KPUProgram) -> dict[str, tuple[int, Row]]:
    """Every operator with its tiles, for its own size of L1 and for the others, by name."""
    own, more = program.target_config.memory.sram_l1_bytes, program.facts.get(SIZES, {})
    found: dict[str, tuple[int, Row]] = {name: (own, row) for name, row in rows(program).items()}
    for size in sorted(map(int, more)):
        found |= {f"{name} at {_kib(size)}": (size, row) for name, row in more[str(size)].items()}
    if not found:
        raise CompilationError(f"{program.name} has no operator that takes time")
    return found


def _layer(program: KPUProgram, path: Path) -> ProgramLayer:
    named = _named(program)
    told = {"net": _net(program, named), "product_format": _formats(row for _, row in named.values()),
            "chip": {"precision": program.precision.name}}  # fmt: skip
    file = structure.DescriptionFile(meaning=_meaning(program), source=_source(program))
    return ProgramLayer(path, node_of({"values": told}, str(path)), file, program)


def _meaning(program: KPUProgram) -> str:
    return f"{program.name} in {program.precision.value}, compiled for {program.target_config.name}"


def _source(program: KPUProgram) -> str:
    return f"compiled from {program.source_model}, {program.precision.value}, for {program.target_config.name}"


def _formats(rows: Iterable[Row]) -> list[str] | str:
    """The format of each operator's products, once where it is the same for all."""
    found = [row["format"] for row in rows]
    return found[0] if len(set(found)) == 1 else found


def _kib(size: int) -> str:
    return f"{size // 1024} KiB" if size % 1024 == 0 else f"{size} byte"


def _net(program: KPUProgram, named: Mapping[str, tuple[int, Row]]) -> dict[str, Any]:
    """The values of the part `net`, those of operators in their order."""
    told: dict[str, Any] = {"operators": list(named)}
    told["made_for"] = [_kib(size) for size, _ in named.values()]
    for given, (_, unit) in TOLD.items():
        told[given] = [f"{_number(row[given])} {unit}".rstrip() for _, row in named.values()]
    told["buffers"] = [row["buffers"] for _, row in named.values()]
    compute = program.target_config.compute
    cells = compute.num_arrays * compute.systolic_rows * compute.systolic_cols
    told["cell_rate"] = cells * FACTORS[program.precision]
    shape = program.tensors[program.input_ids[0]].shape if program.input_ids else ()
    told["batch"] = shape[0] if len(shape) > 1 else 1
    return told | {"weights": f"{program.weight_bytes} byte", "peak": f"{program.peak_dram_bytes} byte"}


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)
