"""Every operation that is timed: the numbers that size it, and the laws of the library it is made of."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from symppa.engine import cache
from symppa.errors import MeasurementError, suggest

Array = np.ndarray[Any, Any]
Shape = Mapping[str, Any]
ASKED = ("macs", "ops", "read", "weights", "written")
FROM_ZERO = ("padding", "window", "causal", "bias")  # sizes that may be 0, which means there is none
# Bytes of an element, by the name of its format; tf32 is stored as fp32.
BYTES = MappingProxyType({
    "fp64": 8.0, "fp32": 4.0, "tf32": 4.0, "fp16": 2.0, "bf16": 2.0, "fp8": 1.0, "fp4": 0.5,
    "int64": 8.0, "int32": 4.0, "int16": 2.0, "int8": 1.0, "int4": 0.5,
})  # fmt: skip
SPOKEN = MappingProxyType({
    "float64": "fp64", "double": "fp64", "float32": "fp32", "float": "fp32", "float16": "fp16", "half": "fp16",
    "bfloat16": "bf16", "tfloat32": "tf32", "float8": "fp8", "fp8_e4m3": "fp8",
})  # fmt: skip


class Part(NamedTuple):
    """So many operators of one law, `module.Class` of symppa.library.operators, with its givens."""

    law: str
    givens: Mapping[str, Any]
    count: Any = 1


class Work(NamedTuple):
    """What operations compute and move: counts of mac and op, elements, and bytes."""

    macs: Array
    ops: Array
    read: Array
    weights: Array
    written: Array
    bytes: Array


@dataclass(frozen=True)
class Operation:
    """A row of the table: `dims` are the numbers asked for, `optional` those that may be left out, with their values.

    `parts` are the laws it is made of; without them the sizes themselves tell `ops` and `bytes`, or nobody does.
    """

    name: str
    dims: tuple[str, ...]
    parts: Callable[[Shape], Sequence[Part]] | None
    meaning: str
    optional: Mapping[str, float] = field(default_factory=dict)
    family: str = "elementwise"

    @property
    def known(self) -> tuple[str, ...]:
        """The names of all its numbers."""
        return (*self.dims, *self.optional)

    def complete(self, shape: Mapping[str, float]) -> dict[str, float]:
        """All numbers of a shape, those left out included; unknown, missing or impossible ones are refused."""
        for name in shape:
            if name not in self.known:
                raise MeasurementError(f"{self.name} has no size {name!r}{suggest(name, self.known)}")
        missing = [name for name in self.dims if name not in shape]
        if missing:
            raise MeasurementError(f"{self.name} needs {', '.join(missing)}; it is sized by {', '.join(self.dims)}")
        found = {**self.optional, **shape}
        for name, value in found.items():
            least = 0 if name in FROM_ZERO else 1
            if self.parts is not None and (value < least or value != int(value)):
                raise MeasurementError(f"{self.name}: {name} = {value:g} is no whole number of at least {least}")
        return found


def _product(name: str, law: Callable[[Shape], Part], dims: tuple[str, ...], meaning: str, **more: float) -> Operation:
    return Operation(name, dims, lambda shape: [law(shape)], meaning, more, "gemm")


def _linear(shape: Shape) -> Part:
    givens = {"tokens": shape["m"], "inputs": shape["k"], "outputs": shape["n"], "bias": shape["bias"]}
    return Part("gemm.Linear", givens)


def _matmul(shape: Shape) -> Part:
    batch = shape["batch"]
    return Part(
        "gemm.MatMul",
        {
            "batch": batch, "left": shape["m"], "inner": shape["k"], "right": shape["n"],
            "left_batch": batch, "right_batch": batch,
        },
    )  # fmt: skip


def outer(size: Any, kernel: Any, stride: Any, padding: Any) -> Any:
    """Positions of a filter along one direction."""
    return (size + 2 * padding - kernel) // stride + 1


def _convolution(shape: Shape) -> Sequence[Part]:
    window = (shape["kernel"], shape["stride"], shape["padding"])
    givens = {
        "batch": shape["batch"], "channels": shape["channels"], "filters": shape["filters"],
        "groups": shape["groups"], "taps": shape["kernel"] ** 2, "pixels": shape["height"] * shape["width"],
        "positions": outer(shape["height"], *window) * outer(shape["width"], *window),
    }  # fmt: skip
    return [Part("convolution.Convolution", givens)]


def _attention(shape: Shape) -> Sequence[Part]:
    names = {"batch": "batch", "queries": "queries", "context": "context", "heads": "heads"}
    givens = {name: shape[dim] for name, dim in names.items()}
    window = np.where(np.equal(shape["window"], 0), 2.0**40, shape["window"])
    widths = {"width": shape["width"], "value_width": shape["width"]}
    mask = {"mask": shape["causal"], "window": window, "shared_heads": shape["kv_heads"]}
    return [Part("attention.Attention", givens | widths | mask)]


def _each(name: str, operands: int, work: float, meaning: str, family: str = "elementwise") -> Operation:
    """The same to every element: so many operands read, so many operations."""

    def parts(shape: Shape) -> Sequence[Part]:
        n = shape["elements"]
        return [Part("elementwise.Elementwise", {"elements": n, "operands": operands * n, "work": work})]

    return Operation(name, ("elements",), parts, meaning, family=family)


def _norm(name: str, work: float, parameters: int, meaning: str) -> Operation:
    def parts(shape: Shape) -> Sequence[Part]:
        n = shape["rows"] * shape["width"]
        givens = {"elements": n, "parameters": parameters * shape["width"], "work": work}
        return [Part("elementwise.Normalisation", givens)]

    return Operation(name, ("rows", "width"), parts, meaning, family="layernorm")


def _softmax(shape: Shape) -> Sequence[Part]:
    return [Part("elementwise.Softmax", {"elements": shape["rows"] * shape["width"]})]


def _pooling(shape: Shape) -> Sequence[Part]:
    window = (shape["kernel"], shape["stride"], shape["padding"])
    givens = {
        "batch": shape["batch"], "channels": shape["channels"], "taps": shape["kernel"] ** 2,
        "pixels": shape["height"] * shape["width"], "work": 0,
        "positions": outer(shape["height"], *window) * outer(shape["width"], *window),
    }  # fmt: skip
    return [Part("elementwise.Pooling", givens)]


def _dot(shape: Shape) -> Sequence[Part]:
    # Both vectors are read, one number is written.
    return [Part("gemm.MatMul", _vectors(1, shape["elements"], 1))]


def _vectors(left: Any, inner: Any, right: Any) -> dict[str, Any]:
    return {"batch": 1, "left": left, "inner": inner, "right": right, "left_batch": 1, "right_batch": 1}


def _gemv(shape: Shape) -> Sequence[Part]:
    return [Part("gemm.MatMul", _vectors(shape["m"], shape["n"], 1))]


def _ger(shape: Shape) -> Sequence[Part]:
    n = shape["m"] * shape["n"]
    operands = n + shape["m"] + shape["n"]
    return [Part("elementwise.Elementwise", {"elements": n, "operands": operands, "work": 2})]


def _embedding(shape: Shape) -> Sequence[Part]:
    return [Part("embedding.Embedding", {"rows": shape["rows"], "width": shape["width"]})]


def _all_reduce(shape: Shape) -> Sequence[Part]:
    return [Part("collective.AllReduce", {"elements": shape["elements"], "ranks": shape["ranks"]})]


def _perceptron(shape: Shape) -> Sequence[Part]:
    """Linear layers with a ReLU after each but the last."""
    rows, hidden, between = shape["batch"], shape["hidden"], shape["hidden_layers"] - 1
    layers = [(shape["inputs"], hidden, 1), (hidden, hidden, between), (hidden, shape["outputs"], 1)]
    products = [
        Part("gemm.Linear", {"tokens": rows, "inputs": i, "outputs": o, "bias": 1}, count) for i, o, count in layers
    ]
    n = rows * hidden
    activation = Part("elementwise.Elementwise", {"elements": n, "operands": n, "work": 0}, shape["hidden_layers"])
    return [*products, activation]


WINDOWED = ("batch", "channels", "height", "width", "kernel")
ROWS = (
    _product("gemm", _linear, ("m", "n", "k"), "product of a matrix with weights", bias=0),
    _product("linear", _linear, ("m", "n", "k"), "linear layer of m tokens, k features in, n out", bias=0),
    _product("bmm", _matmul, ("batch", "m", "n", "k"), "products of two matrices each"),
    Operation(
        "conv2d", ("batch", "channels", "filters", "height", "width", "kernel"), _convolution, "convolution",
        {"stride": 1, "padding": 0, "groups": 1}, "conv2d",
    ),
    Operation("maxpool2d", WINDOWED, _pooling, "maxima of windows", {"stride": 1, "padding": 0}, "pooling"),
    Operation(
        "attention_prefill", ("batch", "queries", "context", "heads", "kv_heads", "width"), _attention,
        "attention of a prompt to itself and what is before", {"window": 0, "causal": 1}, "attention_prefill",
    ),
    Operation(
        "attention_decode", ("batch", "queries", "context", "heads", "kv_heads", "width"), _attention,
        "attention of the next token to all before", {"window": 0, "causal": 1}, "attention_decode",
    ),
    _norm("layernorm", 7, 2, "rows less their mean, over their spread, scaled and shifted"),
    _norm("rmsnorm", 4, 1, "rows over their root mean square, scaled"),
    Operation("softmax", ("rows", "width"), _softmax, "shares of a row", family="softmax"),
    _each("relu", 1, 0, "the positive part"),
    _each("gelu", 1, 5, "x / 2 (1 + erf(x / sqrt 2))"),
    _each("silu", 1, 4, "x / (1 + exp(-x))"),
    _each("sigmoid", 1, 3, "1 / (1 + exp(-x))"),
    _each("hardswish", 1, 3, "x relu6(x + 3) / 6"),
    _each("silu_mul", 2, 5, "SiLU of one half times the other"),
    _each("add", 2, 1, "sums"),
    _each("mul", 2, 1, "products"),
    _each("rope", 1, 3, "rotation of pairs by their position"),
    _each("stream_copy", 1, 0, "a = b", "stream"),
    _each("stream_scale", 1, 1, "a = s b", "stream"),
    _each("stream_add", 2, 1, "a = b + c", "stream"),
    _each("stream_triad", 2, 2, "a = b + s c", "stream"),
    Operation("blas_dot", ("elements",), _dot, "sum of products of two vectors", family="blas"),
    _each("blas_axpy", 2, 2, "y += s x", "blas"),
    _each("blas_scal", 1, 1, "x *= s", "blas"),
    Operation("blas_gemv", ("m", "n"), _gemv, "matrix times vector", family="blas"),
    Operation("blas_ger", ("m", "n"), _ger, "matrix plus the product of two vectors", family="blas"),
    Operation("embedding", ("rows", "width"), _embedding, "rows of a table"),
    Operation("all_reduce", ("elements", "ranks"), _all_reduce, "sum over devices", family="collective"),
    Operation(
        "mlp", ("batch", "inputs", "hidden", "hidden_layers", "outputs"), _perceptron, "perceptron", family="network"
    ),
    Operation("subgraph", ("batch", "ops", "bytes"), None, "fused operators, told by work and traffic",
              {"nodes": 1}, "subgraph"),
    Operation("network", ("batch",), None, "whole network, told by its name", family="network"),
)  # fmt: skip
OPERATIONS: Mapping[str, Operation] = MappingProxyType({row.name: row for row in ROWS})


def operation(name: str) -> Operation:
    """An operation by name; an unknown one is refused with the nearest."""
    if name not in OPERATIONS:
        raise MeasurementError(f"there is no operation {name!r}{suggest(name, OPERATIONS)}")
    return OPERATIONS[name]


def dtype(text: str) -> str:
    """The format that a text names: bfloat16 and torch.bfloat16 are bf16."""
    name = text.strip().lower().removeprefix("torch.")
    name = SPOKEN.get(name, name)
    if name not in BYTES:
        raise MeasurementError(f"there is no number format {text!r}{suggest(name, BYTES)}")
    return name


def work(name: str, shape: Shape, formats: Sequence[str] | str) -> Work:
    """What an operation computes and moves at many sizes at once: each size an array, and a format for each."""
    op = operation(name)
    told = {dim: np.atleast_1d(np.asarray(value, dtype=float)) for dim, value in {**op.optional, **shape}.items()}
    names = [formats] if isinstance(formats, str) else list(formats)
    element = np.array([BYTES[dtype(text)] for text in names])
    length = np.broadcast_shapes(element.shape, *(value.shape for value in told.values()))
    if op.parts is None:
        return _stated(told, length)
    found = {asked: np.zeros(length) for asked in ASKED}
    for part in op.parts(told):
        for asked, value in _law(part).items():
            found[asked] = found[asked] + value * part.count
    moved = (found["read"] + found["weights"] + found["written"]) * element
    return Work(**{asked: found[asked] for asked in ASKED}, bytes=moved)


def _stated(told: Mapping[str, Array], length: tuple[int, ...]) -> Work:
    """What the sizes tell themselves; what nobody tells is not a number."""
    unknown = np.full(length, np.nan)
    ops, moved = (np.broadcast_to(told.get(name, unknown), length) for name in ("ops", "bytes"))
    return Work(unknown, ops, unknown, unknown, unknown, moved)


def _law(part: Part) -> dict[str, Array]:
    arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(value, dtype=float)) for value in part.givens.values()))
    program = _program(part.law)
    used = {name: array for name, array in zip(part.givens, arrays, strict=True) if name in program.givens}
    found = program(used)
    return {asked: np.asarray(found[asked]) for asked in ASKED}


@lru_cache(maxsize=64)
def _program(law: str) -> Any:
    """The program of a law; arrays of one length move together."""
    name = cache.key(f"measured.{law}", ASKED, (), (), ())
    program = cache.fetch(name)
    if program is None:
        from symppa.engine.compile import compile as compiled

        module, _, cls = law.rpartition(".")
        program = compiled(getattr(importlib.import_module(f"symppa.library.operators.{module}"), cls)(), ASKED)
        cache.store(name, program)
    return program
