"""Operators of a deep-learning framework with the kernel that ran: linear, conv, softmax, layernorm, GELU, fp32."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from symppa.calibration.measurement import measurement
from symppa.calibration.readers.reader import Entry, Item, Reader, Source, numbers, time
from symppa.errors import MeasurementError

Shape = dict[str, float]
CONV = {
    "batch": "B", "channels": "Input_Channel", "filters": "Output_Channel", "height": "Input_Size",
    "width": "Input_Size", "kernel": "Kernel_Szie", "stride": "Stride", "padding": "Padding",
}  # fmt: skip


def _rows_by_width(entry: Entry) -> Shape:
    return {"rows": entry.number("B"), "width": entry.number("H")}


def _elements(entry: Entry) -> Shape:
    return {"elements": entry.number("B") * entry.number("H")}


def _linear(entry: Entry) -> Shape:
    if entry.number("B") != 1:
        raise MeasurementError(f"B = {entry.text('B')}: a linear layer of one batch is known here")
    return dict(numbers(entry, {"m": "M", "n": "N", "k": "K"}))


KINDS: Mapping[str, tuple[str, Callable[[Entry], Shape]]] = MappingProxyType({
    "linear": ("linear", _linear),
    "conv": ("conv2d", lambda entry: dict(numbers(entry, CONV))),
    "softmax": ("softmax", _rows_by_width),
    "ln": ("layernorm", _rows_by_width),
    "gelu": ("gelu", _elements),
})  # fmt: skip


def _rows(source: Source, entry: Entry) -> Iterable[Item]:
    name = entry.text("op")
    if name not in KINDS:
        raise MeasurementError(f"op = {name!r} is none of {', '.join(KINDS)}")
    op, sized = KINDS[name]
    campaign = source.campaign(entry.text("device"))
    yield measurement(
        campaign, op, sized(entry), "fp32", time(entry, "latency"), notes=entry.text("kernel"), row=entry.line
    )


READER = Reader(
    "operator_table",
    ("op", "device", "latency_*", "B", "kernel", "Grid x", "Block x"),
    "operators with kernels, fp32",
    _rows,
)
