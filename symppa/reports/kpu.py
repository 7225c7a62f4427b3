"""What a compiled program is: its totals, operators, tiles, places in memory, and what the passes did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from symppa import units
from symppa.kpu.interface.kinds import MemoryType
from symppa.kpu.interface.program import KPUOp, KPUProgram, TileConfig
from symppa.kpu.network import SIZES, described
from symppa.kpu.regions import regions
from symppa.language.written_units import plain
from symppa.reports.contents import keys_of
from symppa.reports.kpu_passes import told
from symppa.reports.network import readable
from symppa.reports.number import shown
from symppa.reports.report import Column, Line, Report, Table
from symppa.studies.evaluate import evaluate
from symppa.studies.result import Result

LONGEST = 10  # operators that are told unasked
PARTS = ("ops", "tiles", "memory")
TOTALS = (
    "cycles", "latency", "throughput", "work", "utilisation", "energy", "arithmetic_energy", "transfer_energy",
    "idle_energy", "power", "power_margin", "dram_traffic", "l2_traffic", "memory_utilisation",
)  # fmt: skip
RATES = ("peak", "dram_bandwidth")
PEAKS = {
    "weight_bytes": "room of the weights",
    "activation_bytes": "room of all activations, each once",
    "peak_sram_bytes": "room in L1 and L2 at the fullest moment",
    "peak_dram_bytes": "room in the memory at the fullest moment",
}
# What each operator takes longest for, as it is written.
BOUNDS = {"compute": "arithmetic", "dram": "memory", "l2": "L2"}
MEMORIES = {MemoryType.SRAM_L1: "L1", MemoryType.SRAM_L2: "L2", MemoryType.DRAM: "DRAM"}


class Field(NamedTuple):
    """A column of a table: the key of its values, their unit, and the unit in which people read them."""

    key: str
    unit: str = ""
    read_in: str = ""
    head: str = ""
    in_full: bool = False

    @property
    def column(self) -> Column:
        """As it is shown."""
        unit = self.read_in or self.unit
        return Column(self.head or self.key.replace("_", " "), plain(unit), bool(self.unit))

    def text(self, row: Mapping[str, Any]) -> str:
        """A value as people read it."""
        value = row[self.key]
        if not self.unit:
            return _plain(value)
        if self.in_full:
            return f"{value:.0f}"
        unit = self.read_in or self.unit
        return shown(value * scale(self.unit, unit), unit)

    @property
    def title(self) -> str:
        """As it stands above exact values."""
        return f"{self.key} [{self.unit}]" if self.unit not in ("", "1") else self.key


def scale(unit: str, wanted: str) -> float:
    """How many of one unit make one of another."""
    return units.measure(unit).worth / units.measure(wanted).worth


def _plain(value: Any) -> str:
    """A text, or sizes by their letters: `H16 W16 C64`."""
    return " ".join(f"{name}{size}" for name, size in value.items()) if isinstance(value, dict) else str(value)


FIELDS: Mapping[str, tuple[Field, ...]] = {
    "ops": (
        Field("op"), Field("operator"), Field("time", "us"), Field("share", "percent"), Field("bound"),
        Field("macs", "mac", "Mmac"), Field("dram_traffic", "byte", "kB", "DRAM"),
        Field("l2_traffic", "byte", "kB", "L2"), Field("energy", "pJ", "uJ"), Field("cycles", "cycle"), Field("output"),
        Field("format"),
    ),
    "tiles": (
        Field("op"), Field("tier"), Field("dataflow", head="flow"), Field("l1_tile"), Field("l1_order"),
        Field("l1_room", "byte", "KiB", "L1"), Field("l2_room", "byte", "KiB", "L2"), Field("tiles", "1"),
        Field("proof"), Field("gap", "percent"), Field("l2_tile"), Field("l2_order"), Field("designs", "1"),
    ),
    "memory": (
        Field("memory"), Field("kind"), Field("name"), Field("start", "byte", in_full=True),
        Field("end", "byte", in_full=True), Field("first", "1", in_full=True), Field("last", "1", in_full=True),
    ),
}  # fmt: skip
TITLES = {
    "ops": "operators in their order",
    "tiles": "tiles: sizes and loops, outermost first; what they take of L1 and L2; what is proved of their time",
    "memory": "what lies where, and the numbers of the first and the last operator that it is there for, from 0",
}


def facts(program: KPUProgram) -> dict[str, Any]:
    """Everything there is to tell, as plain data."""
    result = evaluated(program)
    totals = {n: _estimate(result, n) for n in TOTALS} if result is not None else {}
    totals |= {n: {"value": getattr(program, n), "unit": "byte", "meaning": text} for n, text in PEAKS.items()}
    return {
        "program": {
            "name": program.name, "version": program.version, "source_model": program.source_model,
            "source_hash": program.source_hash, "config": program.target_config.name,
            "config_version": program.target_config.version, "precision": program.precision.value,
            "inputs": _ends(program, program.input_ids), "outputs": _ends(program, program.output_ids),
        },
        "totals": totals,
        "machine": _machine(program, result),
        "confidence": result.confidence if result is not None else "",
        "sources": list(result.sources) if result is not None else [],
        "passes": program.facts,
        "units": {f.key: f.unit for fields in FIELDS.values() for f in fields if f.unit not in ("", "1")},
        "ops": _ops(program, result), "tiles": _tiles(program), "memory": _memory(program),
    }  # fmt: skip


def evaluated(program: KPUProgram) -> Result | None:
    """The program as a system on its KPU; None where nothing takes time."""
    if not program.estimated_total_cycles:
        return None
    return evaluate(described(program), outputs=[*TOTALS, *(f"chip.{name}" for name in RATES)])


def _machine(program: KPUProgram, result: Result | None) -> dict[str, dict[str, Any]]:
    """What the estimates count on, for those who draw them."""
    memory = program.target_config.memory
    sizes = {"l1": memory.sram_l1_bytes, "l2": memory.sram_l2_bytes, "dram": memory.dram_bytes}
    found: dict[str, dict[str, Any]] = {name: {"value": size, "unit": "byte"} for name, size in sizes.items()}
    if result is not None:
        for name in RATES:
            found[name] = {"value": float(result[f"chip.{name}"]), "unit": result.unit(f"chip.{name}")}
    return found


def _estimate(result: Result, name: str) -> dict[str, Any]:
    one = result.output(name)
    return {"value": float(result[name]), "unit": one.unit, "meaning": one.meaning}


def _ends(program: KPUProgram, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    tensors = {name: program.tensors[name] for name in names}
    return {name: {"shape": list(one.shape), "format": one.dtype} for name, one in tensors.items()}


def spoken(op: KPUOp) -> str:
    """An operator with what is fused behind it: `Conv+Add+Relu`."""
    return "+".join([op.op_type, *(one["op_type"] for one in op.epilogue)])


def bound(op: KPUOp) -> str:
    """What an operator takes longest for."""
    busy = {name: op.estimates.get(f"{name}_cycles", 0.0) for name in BOUNDS}
    return BOUNDS[max(busy, key=busy.__getitem__)] if any(busy.values()) else ""


def _ops(program: KPUProgram, result: Result | None) -> list[dict[str, Any]]:
    """A row for each operator, in the order in which they run."""
    whole, rows = program.estimated_total_cycles or 1, []
    latency = float(result["latency"]) * scale(result.unit("latency"), "us") if result is not None else 0.0
    for op in program.ops:
        out, found, share = program.tensors[op.output_ids[0]], op.estimates, op.estimated_cycles / whole
        rows.append({
            "op": op.id, "operator": spoken(op), "cycles": op.estimated_cycles, "time": latency * share,
            "share": 100 * share, "bound": bound(op),
            "compute_cycles": found.get("compute_cycles", 0.0), "dram_cycles": found.get("dram_cycles", 0.0),
            "l2_cycles": found.get("l2_cycles", 0.0), "macs": found.get("macs", 0.0),
            "vector_ops": found.get("vector_ops", 0.0), "dram_traffic": found.get("dram_bytes", 0.0),
            "l2_traffic": found.get("l2_bytes", 0.0), "energy": op.estimated_energy_pj,
            "output": "x".join(map(str, out.shape)), "format": out.dtype, "fused": list(op.fused_with),
            "fetches": list(op.prefetch), "fetched": found.get("prefetch_bytes", 0.0),
        })  # fmt: skip
    return rows


def _tiles(program: KPUProgram) -> list[dict[str, Any]]:
    """A row for each operator that is cut into tiles."""
    return [_tile(op, op.tiling) for op in program.ops if op.tiling is not None]


def _tile(op: KPUOp, tiling: TileConfig) -> dict[str, Any]:
    proof = tiling.certificate
    return {
        "op": op.id, "tier": MEMORIES[MemoryType(_level(tiling.tier))], "dataflow": tiling.dataflow,
        "l1_tile": _ordered(tiling.tile_sizes, tiling.loop_order), "l1_order": " ".join(tiling.loop_order),
        "l2_tile": _ordered(tiling.l2_tile_sizes, tiling.l2_loop_order), "l2_order": " ".join(tiling.l2_loop_order),
        "double_buffer": tiling.double_buffer, "l1_room": tiling.l1_bytes, "l2_room": tiling.l2_bytes,
        "tiles": op.estimates.get("tiles", 1.0), "proof": str(proof.get("status", "")),
        "gap": 100 * float(proof.get("gap", 0.0)), "designs": proof.get("designs", 0), "certificate": proof,
    }  # fmt: skip


def _level(tier: str) -> str:
    return tier if tier == MemoryType.DRAM.value else f"sram_{tier}"


def _ordered(sizes: Mapping[str, int], order: Sequence[str]) -> dict[str, int]:
    return {name: sizes[name] for name in dict.fromkeys([*order, *sizes]) if name in sizes}


def _memory(program: KPUProgram) -> list[dict[str, Any]]:
    """A row for everything that takes room."""
    return [
        {
            "memory": MEMORIES[one.memory], "kind": one.kind, "name": one.name, "start": one.start,
            "end": one.start + one.size, "first": one.first, "last": one.last,
        }
        for one in regions(program) if program.ops
    ]  # fmt: skip


def report(found: Mapping[str, Any], parts: Sequence[str] = ()) -> Report:
    """Totals and passes; the longest operators, or the parts asked for."""
    about = found["program"]
    tables = [_totals(found)]
    if "ops" not in parts and found["ops"]:
        longest = sorted(found["ops"], key=lambda row: -row["cycles"])[:LONGEST]
        tables.append(table("ops", longest, "the longest operators"))
    tables += [table(part, found[part]) for part in PARTS if part in parts and found[part]]
    tables.append(Table("what the passes did", (Column("pass"), Column("what")), told(found["passes"])))
    meaning = f"{about['source_model']} in {about['precision']}, compiled for {about['config']}"
    return Report(about["name"], meaning, tuple(tables), _lines(found))


def _totals(found: Mapping[str, Any]) -> Table:
    rows = [(name, readable(one["value"], one["unit"]), one["meaning"]) for name, one in found["totals"].items()]
    return Table("", (Column("estimate"), Column("value", numeric=True), Column("meaning")), tuple(rows))


def table(part: str, rows: Sequence[Mapping[str, Any]], title: str = "") -> Table:
    """Operators, tiles or places as people read them."""
    fields = FIELDS[part]
    cells = tuple(tuple(field.text(row) for field in fields) for row in rows)
    return Table(title or TITLES[part], tuple(field.column for field in fields), cells, drops=True)


def exactly(found: Mapping[str, Any], part: str) -> tuple[list[str], list[list[Any]]]:
    """Head and rows of the same with all digits."""
    fields = FIELDS[part]
    rows = [[row[f.key] if f.unit else _plain(row[f.key]) for f in fields] for row in found[part]]
    return [field.title for field in fields], rows


def totals_exactly(found: Mapping[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """The totals with all digits."""
    return ["estimate", "value", "unit"], [[n, one["value"], one["unit"]] for n, one in found["totals"].items()]


def _lines(found: Mapping[str, Any]) -> tuple[Line, ...]:
    about, timed = found["program"], [row for row in found["ops"] if row["cycles"]]
    counts = {side: sum(row["bound"] == side for row in timed) for side in BOUNDS.values()}
    lines = [
        Line("inputs", _spoken_ends(about["inputs"])),
        Line("outputs", _spoken_ends(about["outputs"])),
        Line(
            "operators",
            ", ".join(
                [
                    f"{len(found['ops'])}, of which {len(timed)} take time",
                    *(f"{count} longest for {side}" for side, count in counts.items() if count),
                ]
            ),
        ),
    ]
    if found["tiles"]:
        proved = sum(bool(row["certificate"].get("proved")) for row in found["tiles"])
        lines.append(Line("tiles", f"{proved} of {len(found['tiles'])} proved to be within 1 % of the fastest"))
    if found["passes"].get(SIZES):
        sizes = ", ".join(
            f"{shown(int(size) * scale('byte', 'KiB'))} KiB" for size in sorted(found["passes"][SIZES], key=int)
        )
        lines.append(Line("L1", f"tiles for other sizes too: {sizes}"))
    if found["confidence"]:
        lines.append(Line("confidence", found["confidence"]))
        lines.append(Line("sources", ", ".join(keys_of(found["sources"]))))
    return tuple(lines)


def _spoken_ends(ends: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(f"{name} {'x'.join(map(str, one['shape']))} {one['format']}" for name, one in ends.items())
