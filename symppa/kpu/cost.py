"""What operators with their tiles cost, by the models of the library: cycles, bytes, energy.

Operators run one after the other. An estimate is a lower bound of what a simulation of every tile finds: each of its
terms is time in which one resource is busy for sure, or a way that is walked step by step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from math import ceil
from types import MappingProxyType
from typing import Any

import numpy as np

from symppa.engine import cache
from symppa.engine.points import over_points
from symppa.engine.program import Program
from symppa.kpu.hardware import costs
from symppa.kpu.interface.config import FACTORS, KPUConfig
from symppa.kpu.interface.kinds import KPUPrecision
from symppa.kpu.interface.program import KPUOp, KPUProgram, TileConfig
from symppa.kpu.loops import PRODUCT, STREAM, Loops, loops

Array = np.ndarray[Any, Any]
ENERGY, PACE = "energy", "pace"
WITHIN: Mapping[str, str] = MappingProxyType({PRODUCT: "product within", STREAM: "stream within"})
MODELS: Mapping[str, tuple[str, str]] = MappingProxyType({
    PRODUCT: ("symppa.library.systems.kpu_product", "TiledProduct"),
    STREAM: ("symppa.library.systems.kpu_stream", "TiledStream"),
    ENERGY: ("symppa.library.systems.kpu_energy", "OperatorEnergy"),
    PACE: ("symppa.library.systems.kpu_tiles", "Pace"),
    WITHIN[PRODUCT]: ("symppa.library.systems.kpu_within", "product_within"),
    WITHIN[STREAM]: ("symppa.library.systems.kpu_within", "stream_within"),
})  # fmt: skip
SHARED = (
    "pace.cycles", "pace.compute_cycles", "pace.dram_cycles", "pace.l2_cycles", "pace.first_in", "pace.last_out",
    "pace.first_dram", "pace.first_l2", "pace.last_dram", "pace.last_l2", "pace.rank", "pace.least", "pace.least_rank",
    "pace.dram_least_cycles", "pace.l2_least_cycles", "ideal_cycles", "dram_traffic", "l2_traffic", "l1_traffic",
    "vector_ops", "tiles", "outer_tiles", "l1_room", "l2_room", "whole_room",
)  # fmt: skip
OUTPUTS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    PRODUCT: (
        *SHARED, "macs", "array_cycles", "vector_cycles", "sums_cycles", "right_cycles", "left_cycles",
        "memory.keeping_left", "memory.keeping_right", "buffer.keeping_left", "buffer.keeping_right",
        "channels.inside", "channels.outer_trips",
    ),
    STREAM: SHARED,
    ENERGY: ("mac_energy", "vector_energy", "dram_energy", "l2_energy", "l1_energy", "idle_energy", "energy"),
    PACE: ("cycles", "dram_cycles", "l2_cycles", "first_in", "last_out"),
})  # fmt: skip
PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    PRODUCT: ("groups", "images", "lines", "columns", "outputs", "channels"), STREAM: ("units", "lines", "columns"),
})  # fmt: skip
# How estimates are called: each as on the op, and where the model has it.
TOLD: Mapping[str, str] = MappingProxyType({
    "compute_cycles": "pace.compute_cycles", "dram_cycles": "pace.dram_cycles", "l2_cycles": "pace.l2_cycles",
    "first_in": "pace.first_in", "last_out": "pace.last_out", "dram_bytes": "dram_traffic", "l2_bytes": "l2_traffic",
    "l1_bytes": "l1_traffic", "vector_ops": "vector_ops", "macs": "macs", "tiles": "tiles",
    "outer_tiles": "outer_tiles", "first_dram_bytes": "pace.first_dram", "first_l2_bytes": "pace.first_l2",
    "last_dram_bytes": "pace.last_dram", "last_l2_bytes": "pace.last_l2",
})  # fmt: skip
PARTS_OF_ENERGY = ("mac_energy", "vector_energy", "dram_energy", "l2_energy", "l1_energy", "idle_energy")
BOUNDS = ("compute", "dram", "l2")


@lru_cache(maxsize=16)
def program_of(kind: str, outputs: tuple[str, ...] = ()) -> Program:
    """The program of a model of one operator, from the cache where it is known."""
    outputs = outputs or OUTPUTS[kind]
    name = cache.key(MODELS[kind], outputs)
    found = cache.fetch(name)
    if found is None:
        from importlib import import_module

        from symppa.engine.compile import compile

        module, model = MODELS[kind]
        found = compile(getattr(import_module(module), model)(), outputs)
        cache.store(name, found)
    return found


def machine(config: KPUConfig, kind: str, precision: KPUPrecision) -> dict[str, Any]:
    """What a model has to know of a KPU."""
    compute, memory = config.compute, config.memory
    clock = compute.clock_mhz / 1000.0
    found = {
        "lanes": compute.num_arrays * compute.vector_lanes,
        "pace.dram_bandwidth": memory.dram_bandwidth_gbps / clock,
        "pace.l2_bandwidth": memory.sram_bandwidth_gbps / clock,
    }
    if kind == PRODUCT:
        fold = "kept_sums.fold"
        sides = {f"{fold}.rows": compute.systolic_rows, f"{fold}.columns": compute.systolic_cols}
        found |= {"arrays": compute.num_arrays, **sides, f"{fold}.rate": FACTORS[precision]}
    return found


def shape_values(loop: Loops) -> dict[str, float]:
    """What an operator settles, sides that it does not have at 1."""
    return {f"{part}.whole": 1.0 for part in PARTS[loop.kind]} | loop.values


def tile_values(loop: Loops, tiling: TileConfig) -> dict[str, float]:
    """Inner and outer tiles as a model takes them."""
    found: dict[str, float] = {"buffers": 2.0 if tiling.double_buffer else 1.0}
    for side in loop.sides:
        found[f"{side.part}.inner"] = tiling.tile_sizes.get(side.letter, side.whole)
        found[f"{side.part}.wish"] = tiling.l2_tile_sizes.get(side.letter, side.whole)
    return found


def evaluated(config: KPUConfig, rows: Sequence[tuple[Loops, Mapping[str, float]]]) -> list[dict[str, float]]:
    """Every output for operators with tiles, all of a kind at once."""
    found: list[dict[str, float]] = [{}] * len(rows)
    for kind in (PRODUCT, STREAM):
        mine = [n for n, (loop, _) in enumerate(rows) if loop.kind == kind]
        if not mine:
            continue
        told = [{**machine(config, kind, rows[n][0].precision), **shape_values(rows[n][0]), **rows[n][1]} for n in mine]
        for n, outputs in zip(mine, run(kind, told), strict=True):
            found[n] = outputs
    return found


def run(kind: str, rows: Sequence[Mapping[str, float]], outputs: tuple[str, ...] = ()) -> list[dict[str, float]]:
    """A model at several places, each output or some."""
    names = tuple(sorted({name for row in rows for name in row}))
    program = _over(kind, outputs, names)
    defaults = {name: _number(one.default) for name, one in program.givens.items()}
    values = {
        name: np.array([row.get(name, defaults.get(name, 0.0)) for row in rows], float)
        for name in names
        if name in program.known
    }
    found = program(values)
    lists = [np.broadcast_to(np.asarray(value, float), len(rows)).tolist() for value in found.values()]
    return [dict(zip(found, one, strict=True)) for one in zip(*lists, strict=True)]


def varied(kind: str, base: Mapping[str, float], columns: Mapping[str, Array], output: str) -> Array:
    """One output of a model along a list of values of some givens, the others as they are."""
    return together(kind, base, columns, (output,))[0]


def together(
    kind: str, base: Mapping[str, float], columns: Mapping[str, Array], outputs: tuple[str, ...]
) -> list[Array]:
    """Several outputs of a model along a list of values of some givens, the others as they are."""
    program = _over(kind, outputs, tuple(sorted(columns)))
    told = {name: value for name, value in base.items() if name in program.known and name not in columns}
    found = program({**told, **{name: one for name, one in columns.items() if name in program.known}})
    length = len(next(iter(columns.values())))
    return [np.broadcast_to(np.asarray(found[name], float), length) for name in outputs]


@lru_cache(maxsize=64)
def _over(kind: str, outputs: tuple[str, ...], names: tuple[str, ...]) -> Program:
    """The program over a list of places, in which some givens move."""
    program = program_of(kind, outputs)
    return over_points(program, [name for name in names if name in program.givens])


def _number(value: Any) -> float:
    """A default as a number in the unit of its given."""
    if isinstance(value, str):
        value = value.split()[0]
    return 0.0 if value is None else float(value)


def chosen_loops(program: KPUProgram, op: KPUOp) -> Loops | None:
    """The way that the tiles of an operator are for; None where nothing is done."""
    ways = loops(program, op)
    if len(ways) < 2:
        return ways[0] if ways else None
    wanted = PRODUCT if op.tiling is None or op.tiling.dataflow else STREAM
    return next((way for way in ways if way.kind == wanted), ways[0])


def estimated(program: KPUProgram) -> KPUProgram:
    """The program with estimates on every operator that has tiles, and their sums."""
    config = program.target_config
    ways = {op.id: chosen_loops(program, op) for op in program.ops if op.tiling is not None}
    pairs = [(op, way) for op in program.ops if (way := ways.get(op.id)) is not None and op.tiling is not None]
    rows = evaluated(config, [(way, tile_values(way, op.tiling)) for op, way in pairs if op.tiling is not None])
    energies = spent(config, [way.precision for _, way in pairs], rows)
    found = {op.id: _estimated(op, row, energy) for (op, _), row, energy in zip(pairs, rows, energies, strict=True)}
    return totalled(replace(program, ops=[found.get(op.id) or _for_nothing(op) for op in program.ops]))


def totalled(program: KPUProgram) -> KPUProgram:
    """The program with the sums of what its operators take."""
    return replace(
        program,
        estimated_total_cycles=sum(op.estimated_cycles for op in program.ops),
        estimated_total_energy_uj=sum(op.estimated_energy_pj for op in program.ops) * 1e-6,
    )


def spent(
    config: KPUConfig, precisions: Iterable[KPUPrecision], rows: Sequence[Mapping[str, float]]
) -> list[dict[str, float]]:
    """Energies of operators by what they are spent on, in pJ."""
    told = []
    for precision, row in zip(precisions, rows, strict=True):
        known = costs(config, precision)
        told.append({
            "macs": row.get("macs", 0.0), "vector_ops": row["vector_ops"], "dram_traffic": row["dram_traffic"],
            "l2_traffic": row["l2_traffic"], "l1_traffic": row["l1_traffic"], "cycles": ceil(row["pace.cycles"]),
            "clock": config.compute.clock_mhz, "idle_power": config.compute.idle_watts,
            "mac_cost": known.mac_energy, "vector_cost": known.vector_energy, "dram_cost": known.dram_energy,
            "l2_cost": known.l2_energy, "l1_cost": known.l1_energy,
        })  # fmt: skip
    return run(ENERGY, told) if told else []


def _estimated(op: KPUOp, row: Mapping[str, float], energy: Mapping[str, float]) -> KPUOp:
    found = {name: row.get(output, 0.0) for name, output in TOLD.items()}
    found |= {name: energy[name] for name in PARTS_OF_ENERGY}
    busy = [found[f"{name}_cycles"] for name in BOUNDS]
    bound = BOUNDS[busy.index(max(busy))]
    return replace(
        op, estimates=found, estimated_cycles=ceil(row["pace.cycles"]), estimated_energy_pj=energy["energy"],
        attributes={**op.attributes, "bound": bound},
    )  # fmt: skip


def _for_nothing(op: KPUOp) -> KPUOp:
    """An operator that does nothing."""
    nothing = dict.fromkeys((*TOLD, *PARTS_OF_ENERGY), 0.0)
    return replace(op, estimates=nothing, estimated_cycles=0, estimated_energy_pj=0.0)
