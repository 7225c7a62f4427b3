"""How fast the law of systolic arrays is over a list of products, and whether it tells a simulator's cycles.

`--cases FILE.csv` has a row for each run: kind (gemm or conv), M, N, K, for convolutions ifh, ifw, fh, fw, C, F and
stride, array_rows, array_cols, dataflow (os, ws, is), total_cycles and stall_cycles. The law has to give total less
stall. Other columns are left alone.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks._report import Figure
from symppa.engine.compile import compile
from symppa.engine.points import over_points
from symppa.engine.walk import run as evaluated
from symppa.errors import MeasurementError
from symppa.library.laws.systolic import DATAFLOWS, ConvolutionAsProduct, SystolicProduct

POINTS = 2**22
ROUNDS = 7
FLOWS = DATAFLOWS.values
GEMM = {"M": "rows", "N": "columns", "K": "depth"}
CONV = {
    "ifh": "height", "ifw": "width", "fh": "kernel_height", "fw": "kernel_width", "C": "channels", "F": "filters",
    "stride": "stride",
}  # fmt: skip
ARRAY = {"array_rows": "fold.rows", "array_cols": "fold.columns"}
CYCLES = ("total_cycles", "stall_cycles")
NEEDED = ("kind", *GEMM, *ARRAY, "dataflow", *CYCLES)
MOST = {"M": 2**32, "N": 2**32, "K": 2**32, "array_rows": 65536, "array_cols": 65536}
Case = dict[str, float]
Columns = Mapping[str, np.ndarray[Any, Any]]


def run(cases: Path | None = None) -> list[Figure]:
    """What of the cases is told wrong, and how many products are told in a second."""
    found = [] if cases is None else read(cases)
    speed = Figure("evaluations_per_s", _speed(found), "1/s", ">= 1e7")
    if cases is None:
        return [speed]
    told = predicted(found)
    wrong = sum(cycles != case["cycles"] for cycles, case in zip(told, found, strict=True))
    return [Figure("rows", len(found), "runs", ">= 1"), Figure("wrong", wrong, "runs", "<= 0"), speed]


def read(path: Path) -> list[Case]:
    """A case for each row, convolutions as the products that they are; what is damaged is refused with its row."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read(csv.DictReader(file, strict=True), path)
    except (UnicodeDecodeError, csv.Error) as error:
        raise MeasurementError(f"no table of comma-separated values: {error}", file=str(path)) from error


def predicted(cases: Sequence[Case]) -> list[float]:
    """Cycles by the law, for each case."""
    told: list[float] = np.asarray(_evaluated(SystolicProduct(), "simulated", _columns(cases)), float).tolist()
    return told


def _read(table: csv.DictReader[str], path: Path) -> list[Case]:
    absent = [name for name in NEEDED if name not in (table.fieldnames or ())]
    if absent:
        raise MeasurementError(f"the first row names no column {', '.join(absent)}", file=str(path), line=1)
    cases = []
    for number, row in enumerate(table, 2):
        try:
            cases.append(_case(row))
        except MeasurementError as error:
            raise MeasurementError(f"row {number}: {error.message}", file=str(path), line=table.line_num) from None
    if not cases:
        raise MeasurementError("has no row below the names of its columns", file=str(path))
    return cases


def _case(row: Mapping[str | None, Any]) -> Case:
    if None in row or None in row.values():
        raise MeasurementError("has more or fewer cells than the first row names columns")
    kind, flow = row["kind"], row["dataflow"]
    if kind not in ("gemm", "conv"):
        raise MeasurementError(f"kind is {kind!r}; expected gemm or conv")
    if flow not in FLOWS:
        raise MeasurementError(f"dataflow is {flow!r}; expected {', '.join(FLOWS)}")
    cycles, stalled = (_whole(row, name, least=0) for name in CYCLES)
    if stalled > cycles:
        raise MeasurementError(f"stall_cycles = {stalled} are more than total_cycles = {cycles}")
    array: Case = {given: _whole(row, name) for name, given in ARRAY.items()}
    return _product(row, kind) | array | {"dataflow": FLOWS.index(flow), "cycles": cycles - stalled}


def _product(row: Mapping[str | None, Any], kind: str) -> Case:
    """The product of a row, that of a convolution through im2col."""
    if kind == "gemm":
        return {given: _whole(row, name) for name, given in GEMM.items()}
    values = {given: np.array([_whole(row, name)], float) for name, given in CONV.items()}
    told = _evaluated(ConvolutionAsProduct(), list(GEMM.values()), values)
    found = {given: float(np.ravel(told[given])[0]) for given in GEMM.values()}
    if not found["rows"]:
        raise MeasurementError("the kernel does not fit into the input")
    for name, given in GEMM.items():
        if row[name].strip() and _whole(row, name) != found[given]:
            raise MeasurementError(f"{name} = {row[name]}, but the convolution makes it {found[given]:.0f}")
    return found


def _whole(row: Mapping[str | None, Any], name: str, least: int = 1) -> int:
    text, most = str(row.get(name, "")).strip(), MOST.get(name, 2**52)
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not least <= number <= most:
        raise MeasurementError(f"{name} is {text!r}; expected a whole number from {least} to {most}")
    return number


def _columns(cases: Sequence[Case]) -> Columns:
    names = [*GEMM.values(), *ARRAY.values(), "dataflow"]
    return {name: np.array([case[name] for case in cases], float) for name in names}


def _evaluated(model: Any, outputs: Any, values: Columns) -> Any:
    found = evaluated(over_points(compile(model, outputs), list(values)), values, threads=None)
    return found[outputs] if isinstance(outputs, str) else found


def _speed(cases: Sequence[Case]) -> float:
    """Products a second: those of the cases over and over, or any."""
    values = {name: np.resize(column, POINTS) for name, column in _columns(cases).items()} if cases else _any()
    program, taken = over_points(compile(SystolicProduct(), "simulated"), list(values)), []
    evaluated(program, values, threads=None)  # compiled code is made and kept
    for _ in range(ROUNDS):
        start = perf_counter()
        evaluated(program, values, threads=None)
        taken.append(perf_counter() - start)
    return POINTS / median(taken)


def _any() -> Columns:
    rng = np.random.default_rng(0)
    tops = dict.fromkeys(GEMM.values(), 5000) | dict.fromkeys(ARRAY.values(), 256)
    sides = {name: rng.integers(1, top, POINTS, endpoint=True).astype(float) for name, top in tops.items()}
    return sides | {"dataflow": rng.integers(0, len(FLOWS), POINTS).astype(float)}
