"""Which law an operation is fitted with, what it is told of a row, and what its coefficients may be."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from symppa.calibration.device import Facts
from symppa.calibration.measurement import Measurements
from symppa.calibration.operations import BYTES, OPERATIONS, Array, operation
from symppa.engine import cache
from symppa.engine.program import Program
from symppa.errors import MeasurementError

Cases = dict[str, Array]
UNSTATED = 8e6  # bytes of a cache whose size no data sheet states; what it reaches is fitted
MENU = (
    (256, 128), (128, 256), (128, 128), (256, 64), (64, 256), (128, 64), (64, 128), (64, 64),
    (32, 128), (128, 32), (64, 32), (32, 64), (32, 32), (16, 64), (16, 128), (64, 16),
)  # fmt: skip


@dataclass(frozen=True)
class Coefficient:
    """A number that is fitted: where it starts, how far it is likely to be from there (a factor), and its bounds.

    Several of one name are the entries of a vector; all are in the unit that the law declares.
    """

    name: str
    typical: float
    factor: float
    low: float
    high: float


@dataclass(frozen=True)
class Law:
    """A model of the library with coefficients; `directions` are the formulas that tell where a row lies."""

    name: str
    model: str
    coefficients: tuple[Coefficient, ...]
    told: Callable[[Measurements], Cases]
    directions: tuple[str, ...]
    components: tuple[tuple[str, ...], ...]
    menu: Mapping[str, Any]
    peak: str = ""

    @property
    def program(self) -> Program:
        """The program of its time and directions."""
        return _program(self.model, ("latency", *self.directions))

    def fixed(self, facts: Facts) -> dict[str, Any]:
        """What does not vary from row to row: the menus and the device."""
        known: dict[str, Any] = {"bandwidth": facts.bandwidth / 1e9, "units": facts.units}
        if self.peak:
            known["peak"] = getattr(facts, self.peak) / 1e12
        if "memory.reach" in [told.name for told in self.coefficients]:
            known["memory.capacity"] = facts.cache or UNSTATED
        return {**self.menu, **known}


@lru_cache(maxsize=32)
def _program(model: str, outputs: tuple[str, ...]) -> Program:
    key = cache.key("calibrated", model, outputs)
    found = cache.fetch(key)
    if found is None:
        from symppa.engine.compile import compile as compiled

        module, _, cls = model.rpartition(".")
        found = compiled(getattr(importlib.import_module(f"symppa.library.laws.{module}"), cls)(), outputs)
        cache.store(key, found)
    return found


def _shares(typical: tuple[float, ...], factor: float = 1.6) -> tuple[Coefficient, ...]:
    return tuple(Coefficient("memory.shares", share, factor, 0.002, 1.0) for share in typical)


def _start(typical: float, factor: float = 2.0) -> Coefficient:
    return Coefficient("start", typical, factor, 0.02, 5000.0)


SHARPNESS = Coefficient("sharpness", 3.0, 1.65, 1.0, 20.0)
GEMM = (
    _start(3.0),
    Coefficient("efficiency", 0.85, 1.3, 0.02, 1.0),
    Coefficient("half_tile", 8.0, 2.2, 0.01, 200.0),
    Coefficient("lead", 200.0, 2.7, 1.0, 5000.0),
    SHARPNESS,
    *_shares((0.15, 0.35, 0.55, 0.7, 0.8, 0.8)),
)
KNOTS: Mapping[str, Any] = MappingProxyType({"memory.first": "16 KiB", "memory.spacing": 16})
TILES: Mapping[str, Any] = MappingProxyType({
    "tile_rows": [float(rows) for rows, _ in MENU], "tile_columns": [float(columns) for _, columns in MENU],
    "pieces": [1.0, 2.0, 4.0, 8.0, 16.0], **KNOTS,
})  # fmt: skip
BLOCKS: Mapping[str, Any] = MappingProxyType({
    "block_rows": [16.0, 64.0, 128.0], "pieces": [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0], **KNOTS,
})  # fmt: skip


def _product(rows: Measurements) -> Cases:
    batch = np.nan_to_num(rows.column("batch"), nan=1.0) if rows.ops == ("bmm",) else np.ones(len(rows))
    return {
        "rows": rows.column("m"), "columns": rows.column("n"), "depth": rows.column("k"), "repeats": batch,
        "traffic": rows.work.bytes,
    }  # fmt: skip


def _convolution(rows: Measurements) -> Cases:
    from symppa.calibration.operations import outer

    kernel, stride, padding = (rows.column(name) for name in ("kernel", "stride", "padding"))
    groups = rows.column("groups")
    high, wide = (outer(rows.column(name), kernel, stride, padding) for name in ("height", "width"))
    return {
        "rows": rows.column("batch") * high * wide, "columns": rows.column("filters") / groups,
        "depth": kernel**2 * rows.column("channels") / groups, "repeats": groups, "traffic": rows.work.bytes,
    }  # fmt: skip


def _attention(rows: Measurements) -> Cases:
    names = ("batch", "queries", "context", "heads", "kv_heads", "width")
    told = {name: rows.column(name) for name in names}
    window = rows.column("window")
    furthest = np.where(window > 0, np.minimum(window, told["context"]), told["context"])
    pairs = rows.work.macs / (told["batch"] * told["heads"] * 2 * told["width"])
    element = np.array([BYTES[name] for name in rows.of("dtype")])
    return {
        **told, "seen": pairs / told["queries"], "furthest": furthest, "element": element, "traffic": rows.work.bytes,
    }  # fmt: skip


def _stream(rows: Measurements) -> Cases:
    return {"traffic": rows.work.bytes}


def _rows(rows: Measurements) -> Cases:
    return {"rows": rows.column("rows"), "width": rows.column("width"), "traffic": rows.work.bytes}


def _subgraph(rows: Measurements) -> Cases:
    nodes = rows.column("nodes") if rows.ops == ("subgraph",) else np.ones(len(rows))
    return {"ops": rows.work.ops, "traffic": rows.work.bytes, "nodes": nodes}


def _cores(rows: Measurements) -> Cases:
    work = rows.work
    share = np.nan_to_num(work.written / (work.read + work.weights + work.written), nan=0.0)
    nodes = rows.column("nodes") if rows.ops == ("subgraph",) else np.ones(len(rows))
    return {
        "ops": work.ops, "read": work.bytes * (1 - share), "written": work.bytes * share, "nodes": nodes,
    }  # fmt: skip


def refuse_rows(rows: Measurements) -> Cases:
    """Whole networks are told by their graphs, not by rows."""
    raise MeasurementError(f"a row of {', '.join(rows.ops)} does not tell what its network computes: read its graph")


PRODUCT = Law(
    "gemm", "measured.MeasuredGemm", GEMM, _product, ("length", "tall", "wide", "deep", "load", "fill"),
    (("length", "tall", "wide", "deep", "load"), ("tall",), ("length",), ("fill",)), TILES, "peak",
)  # fmt: skip
CONVOLUTION = Law("conv2d", PRODUCT.model, GEMM, _convolution, PRODUCT.directions, PRODUCT.components, TILES, "peak")
ATTENTION = Law(
    "attention", "measured_attention.MeasuredAttention",
    (
        _start(8.0), Coefficient("efficiency", 0.5, 1.6, 0.01, 1.0), Coefficient("boost", 2.0, 1.6, 0.2, 16.0),
        Coefficient("lead", 64.0, 2.7, 0.5, 5000.0), Coefficient("joining", 3.0, 2.0, 0.05, 100.0),
        Coefficient("packed", 2.0, 3.0, 1.0, 64.0), SHARPNESS, *_shares((0.1, 0.2, 0.4, 0.7, 0.8, 0.8)),
    ),
    _attention, ("length", "many", "shared", "long", "near", "broad", "load"),
    (("length", "many", "shared", "long", "near", "broad", "load"), ("length",), ("load",), ("long",)), BLOCKS, "peak",
)  # fmt: skip
# The overlap is typically that of 14 campaigns of streams on A100, H100, A40, V100, T4 and MI210: 1 to 9.5.
STREAM = Law(
    "stream", "measured_rows.MeasuredStream",
    (_start(4.0, 2.5), Coefficient("overlap", 2.5, 2.2, 1.0, 20.0), *_shares((0.2, 0.4, 0.7, 0.8, 0.8, 0.85))), _stream,
    ("length", "amount"), (("amount",),), KNOTS,
)  # fmt: skip
BY_ROWS = Law(
    "rows", "measured_rows.MeasuredRows",
    (
        _start(6.0, 2.5), SHARPNESS, Coefficient("held", 8.0, 2.5, 1.0, 128.0),
        Coefficient("row_start", 1.0, 3.0, 0.001, 100.0), Coefficient("element_time", 1.0, 4.0, 0.0001, 1000.0),
        *_shares((0.2, 0.4, 0.7, 0.8, 0.8, 0.85)),
    ),
    _rows, ("length", "tall", "wide", "amount"), (("tall", "wide"), ("wide",), ("length",)), KNOTS,
)  # fmt: skip
SUBGRAPH = Law(
    "subgraph", "measured_rows.MeasuredSubgraph",
    (
        _start(5.0, 3.0), SHARPNESS, Coefficient("efficiency", 0.5, 1.8, 0.005, 1.0),
        Coefficient("half_work", 1.0, 10.0, 1e-4, 1e4), Coefficient("node_start", 2.0, 5.0, 0.001, 5000.0),
        *_shares((0.2, 0.4, 0.6, 0.7, 0.7, 0.7)),
    ),
    _subgraph, ("length", "work", "amount", "intensity"), (("work", "amount"), ("intensity",), ("length",)), KNOTS,
    "peak",
)  # fmt: skip
CORES = Law(
    "cores", "measured_cores.MeasuredCores",
    (
        _start(3.0, 3.0), Coefficient("sharpness", 1.5, 1.5, 1.0, 20.0),
        Coefficient("efficiency", 0.35, 2.0, 0.002, 1.0),
        Coefficient("node_start", 0.5, 5.0, 0.001, 5000.0), Coefficient("memory.reach", 1.4, 1.5, 0.2, 6.0),
        Coefficient("memory.share", 0.6, 1.5, 0.02, 1.0), Coefficient("memory.speedup", 2.0, 1.8, 0.05, 50.0),
        Coefficient("memory.writing", 2.0, 1.6, 1.0, 20.0),
    ),
    _cores, ("length", "work", "amount", "output"), (("work", "amount", "output"), ("length",)), {}, "peak",
)  # fmt: skip
FAMILIES: Mapping[str, Law] = MappingProxyType({
    "gemm": PRODUCT, "conv2d": CONVOLUTION, "attention_prefill": ATTENTION, "attention_decode": ATTENTION,
    "layernorm": BY_ROWS, "softmax": BY_ROWS, "elementwise": STREAM, "stream": STREAM, "blas": SUBGRAPH,
    "pooling": SUBGRAPH, "subgraph": SUBGRAPH,
})  # fmt: skip


def law_of(op: str, system: str = "Gpu") -> Law:
    """The law of an operation on a kind of device; an operation that has none is refused."""
    family = operation(op).family
    if family not in FAMILIES:
        known = ", ".join(name for name, row in OPERATIONS.items() if row.family in FAMILIES)
        raise MeasurementError(f"{op} has no law of its own; it is made of others. Laws are there for {known}")
    return CORES if system == "Cpu" else FAMILIES[family]


LAWS: Mapping[str, Law] = MappingProxyType({
    law.name: law for law in (PRODUCT, CONVOLUTION, ATTENTION, STREAM, BY_ROWS, SUBGRAPH, CORES)
})  # fmt: skip
