"""Tables without a header: products by M, K, N, time and rate; others by sizes and Gelem/s."""

import re
from collections.abc import Iterable

from symppa.calibration.measurement import Measurement, measurement
from symppa.calibration.readers.reader import VALUE, Entry, Item, Reader, Source
from symppa.errors import MeasurementError

NAME = re.compile(r"(matmul|softmax|layernorm|gelu)_(\w+)")
SIZES = {"matmul": ("m", "k", "n"), "softmax": ("rows", "width"), "layernorm": ("rows", "width"), "gelu": ("elements",)}
CELLS = {"matmul": 5, "softmax": 3, "layernorm": 3, "gelu": 2}
AGREES = 0.01  # the printed time has four digits


def _kind(source: Source) -> str:
    found = NAME.fullmatch(source.path.stem)
    if found is None:
        raise MeasurementError(f"{source.name} does not tell the operation: name it as in softmax_A100.csv")
    return found[1]


def _united(entry: Entry, cell: str, unit: str) -> float:
    text = entry.text(cell)
    found = VALUE.fullmatch(text)
    if found is None or found[2] != unit:
        raise MeasurementError(f"{text!r} is not in {unit}")
    return float(found[1])


def _rows(source: Source, entry: Entry) -> Iterable[Item]:
    kind = _kind(source)
    if len(entry.cells) != CELLS[kind]:
        raise MeasurementError(f"the row has {len(entry.cells)} cells, {kind} has {CELLS[kind]}")
    shape = {dim: entry.number(str(n)) for n, dim in enumerate(SIZES[kind])}
    yield _product(source, entry, shape) if kind == "matmul" else _rated(source, entry, kind, shape)


def _product(source: Source, entry: Entry, shape: dict[str, float]) -> Measurement:
    time, rate = _united(entry, "3", "ms") * 1e-3, _united(entry, "4", "Tflops") * 1e12
    work = 2 * shape["m"] * shape["n"] * shape["k"]
    if time > 0 and abs(work / time / rate - 1) > AGREES:
        raise MeasurementError(f"{entry.text('3')} and {entry.text('4')} contradict each other for {work:g} op")
    return measurement(source.campaign(), "gemm", shape, "fp16", time, row=entry.line)


def _rated(source: Source, entry: Entry, kind: str, shape: dict[str, float]) -> Measurement:
    count, rate = shape.get("elements") or shape["rows"] * shape["width"], entry.number(str(len(shape))) * 1e9
    if rate <= 0:
        raise MeasurementError(f"a rate of {rate:g} elements a second is none")
    return measurement(source.campaign(), kind, shape, "fp16", count / rate, row=entry.line)


def _fits(source: Source) -> bool:
    first = source.bare[0].cells if source.path.suffix == ".csv" else {}
    return NAME.fullmatch(source.path.stem) is not None and first.get("0", "").isdigit()


READER = Reader(
    "bare_table",
    (),
    "products, softmax, layernorm and GELU without a header, fp16",
    _rows,
    _fits,
    lambda source: source.bare,
)
