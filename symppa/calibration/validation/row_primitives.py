"""What a measured row asks of a calibration: its operation, and what may stand in where that has no fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from symppa.calibration.matching.mapping import EACH, STREAMS, Primitive
from symppa.calibration.measurement import Measurement
from symppa.calibration.operations import BYTES, operation, outer, work

Shape = Mapping[str, float]
BY_ROWS = ("layernorm", "rmsnorm", "softmax")


def of_row(row: Measurement, ops: float, moved: float) -> tuple[Primitive, ...]:
    """The primitives of a row that computes and moves so much: itself, or the layers of a perceptron."""
    if row.op in MADE_OF:
        return tuple(_counted(one, ops, moved) for one in MADE_OF[row.op](row.shape))
    others = STANDS_IN[row.op](row.shape) if row.op in STANDS_IN else ()
    streams = _streams(row, moved) if operation(row.op).family in ("elementwise", "stream", "pooling") else ()
    one = Primitive(row.part or row.op, row.op, _plain(row), proxies=(*others, *streams))
    return (_counted(one, ops, moved),)


def _plain(row: Measurement) -> dict[str, float]:
    return {name: float(value) for name, value in row.shape.items()}


def _counted(one: Primitive, ops: float, moved: float) -> Primitive:
    told = tuple(replace(other, ops=ops, bytes=moved) for other in one.proxies)
    return replace(one, ops=ops, bytes=moved, proxies=told)


def _product(op: str, shape: Shape, count: float = 1.0, *, direct: bool) -> Primitive:
    return Primitive(op, op, {name: float(shape[name]) for name in "mnk"}, count, direct=direct)


def _same(op: str) -> Callable[[Shape], tuple[Primitive, ...]]:
    """A product and a linear layer are one thing under two names."""
    return lambda shape: (_product(op, shape, direct=True),)


def _many(shape: Shape) -> tuple[Primitive, ...]:
    """Products of activations by one with weights, so many times."""
    batch = float(shape["batch"])
    return tuple(_product(op, shape, batch, direct=batch == 1) for op in ("gemm", "linear"))


def _implicit(shape: Shape) -> tuple[Primitive, ...]:
    """A convolution as a product."""
    window = (shape["kernel"], shape["stride"], shape["padding"])
    groups = shape["groups"]
    told = {
        "m": shape["batch"] * outer(shape["height"], *window) * outer(shape["width"], *window),
        "n": shape["filters"] / groups, "k": shape["kernel"] ** 2 * shape["channels"] / groups,
    }  # fmt: skip
    return tuple(_product(op, told, float(groups), direct=False) for op in ("gemm", "linear"))


def _by_rows(op: str) -> Callable[[Shape], tuple[Primitive, ...]]:
    return lambda shape: tuple(
        Primitive(other, other, {"rows": float(shape["rows"]), "width": float(shape["width"])}, direct=False)
        for other in BY_ROWS if other != op
    )  # fmt: skip


def _streams(row: Measurement, moved: float) -> Iterator[Primitive]:
    """What does something to every element and moves as many bytes."""
    for op in dict.fromkeys((*EACH, *STREAMS)):
        if op != row.op:
            elements = float(max(1, round(moved / BYTES[row.dtype] / _each(op))))
            yield Primitive(op, op, {"elements": elements}, direct=False)


@lru_cache(maxsize=32)
def _each(op: str) -> float:
    """Elements moved for each element of an operation."""
    return float(work(op, {"elements": 1.0}, "int8").bytes[0])


def _perceptron(shape: Shape) -> Iterator[Primitive]:
    """Linear layers; the activations run along with them."""
    between = shape["hidden_layers"] - 1
    layers = ((shape["inputs"], shape["hidden"], 1.0), (shape["hidden"], shape["hidden"], between),
              (shape["hidden"], shape["outputs"], 1.0))  # fmt: skip
    for inputs, outputs, count in layers:
        if count > 0:
            told = {"m": shape["batch"], "k": inputs, "n": outputs}
            yield replace(_product("linear", told, float(count), direct=True), proxies=_same("gemm")(told))


STANDS_IN: Mapping[str, Callable[[Shape], tuple[Primitive, ...]]] = MappingProxyType({
    "gemm": _same("linear"), "linear": _same("gemm"), "bmm": _many, "conv2d": _implicit,
    **{op: _by_rows(op) for op in BY_ROWS},
})  # fmt: skip
MADE_OF: Mapping[str, Callable[[Shape], Iterator[Primitive]]] = MappingProxyType({"mlp": _perceptron})
