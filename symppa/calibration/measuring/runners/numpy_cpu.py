"""numpy, and the BLAS that scipy brings, on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from symppa.calibration.measuring import machine
from symppa.calibration.measuring.cases import Case
from symppa.calibration.measuring.runners.runner import Call, Graphs, Runner, nothing, unknown

Array = np.ndarray[Any, Any]
FORMATS: Mapping[str, Any] = MappingProxyType({"fp64": np.float64, "fp32": np.float32})
SEED = 0


class Operands:
    """Arrays of one format, filled so that no operation meets a denormal or an overflow."""

    def __init__(self, case: Case) -> None:
        self.sizes = {name: int(value) for name, value in case.shape.items()}
        self.type = FORMATS[case.dtype]
        self.single = case.dtype == "fp32"
        self.rng = np.random.default_rng(SEED)

    def __getitem__(self, name: str) -> int:
        return self.sizes[name]

    def array(self, *shape: int) -> Array:
        """An array between 1/2 and 1."""
        made = self.rng.random(shape, dtype=np.float32).astype(self.type)
        made *= self.type(0.5)
        made += self.type(0.5)
        return made

    def empty(self, *shape: int) -> Array:
        """Room for a result, its pages touched."""
        return np.zeros(shape, dtype=self.type)

    def blas(self, name: str) -> Callable[..., Any]:
        """A routine of BLAS in this format."""
        from scipy.linalg import blas

        found: Callable[..., Any] = getattr(blas, ("s" if self.single else "d") + name)
        return found


def _product(told: Operands, *batch: int) -> Call:
    left, right = told.array(*batch, told["m"], told["k"]), told.array(*batch, told["k"], told["n"])
    out = told.empty(*batch, told["m"], told["n"])
    return lambda: np.matmul(left, right, out=out)


def _copy(told: Operands) -> Call:
    b, a = told.array(told["elements"]), told.empty(told["elements"])
    return lambda: np.copyto(a, b)


def _scale(told: Operands) -> Call:
    b, a, s = told.array(told["elements"]), told.empty(told["elements"]), told.type(3)
    return lambda: np.multiply(b, s, out=a)


def _binary(operation: Any) -> Callable[[Operands], Call]:
    def prepared(told: Operands) -> Call:
        b, c, a = told.array(told["elements"]), told.array(told["elements"]), told.empty(told["elements"])
        return lambda: operation(b, c, out=a)

    return prepared


def _triad(told: Operands) -> Call:
    """Nothing is fused: the product goes to memory and back, in blocks that stay in a cache."""
    b, c, a, s = *(told.array(told["elements"]) for _ in "bc"), told.empty(told["elements"]), told.type(3)
    block = 1 << 14

    def call() -> None:
        for n in range(0, len(a), block):
            part = slice(n, n + block)
            np.multiply(c[part], s, out=a[part])
            np.add(a[part], b[part], out=a[part])

    return call


def _relu(told: Operands) -> Call:
    b, a, zero = told.array(told["elements"]), told.empty(told["elements"]), told.type(0)
    return lambda: np.maximum(b, zero, out=a)


def _softmax(told: Operands) -> Call:
    x, out = told.array(told["rows"], told["width"]), told.empty(told["rows"], told["width"])

    def call() -> None:
        np.subtract(x, x.max(axis=1, keepdims=True), out=out)
        np.exp(out, out=out)
        np.divide(out, out.sum(axis=1, keepdims=True), out=out)

    return call


def _layernorm(told: Operands) -> Call:
    x, out = told.array(told["rows"], told["width"]), told.empty(told["rows"], told["width"])
    scale, shift, least = told.array(told["width"]), told.array(told["width"]), told.type(1e-5)

    def call() -> None:
        np.subtract(x, x.mean(axis=1, keepdims=True), out=out)
        spread = np.sqrt(np.einsum("ij,ij->i", out, out) / out.shape[1] + least)
        np.divide(out, spread[:, None], out=out)
        np.multiply(out, scale, out=out)
        np.add(out, shift, out=out)

    return call


def _dot(told: Operands) -> Call:
    x, y = told.array(told["elements"]), told.array(told["elements"])
    return lambda: np.dot(x, y)


def _axpy(told: Operands) -> Call:
    x, y, axpy = told.array(told["elements"]), told.empty(told["elements"]), told.blas("axpy")
    return lambda: axpy(x, y, a=1e-3)


def _scal(told: Operands) -> Call:
    x, scal = told.array(told["elements"]), told.blas("scal")
    return lambda: scal(-1.0, x)  # by 1 a library returns at once; by less x fades to nothing


def _gemv(told: Operands) -> Call:
    a, x, y = told.array(told["m"], told["n"]), told.array(told["n"]), told.empty(told["m"])
    return lambda: np.matmul(a, x, out=y)


def _ger(told: Operands) -> Call:
    x, y, ger = told.array(told["m"]), told.array(told["n"]), told.blas("ger")
    a = np.asfortranarray(told.empty(told["m"], told["n"]))
    return lambda: ger(1e-3, x, y, a=a, overwrite_a=1)


BUILDERS: Mapping[str, Callable[[Operands], Call]] = MappingProxyType({
    "gemm": _product,
    "linear": _product,
    "bmm": lambda told: _product(told, told["batch"]),
    "stream_copy": _copy,
    "stream_scale": _scale,
    "stream_add": _binary(np.add),
    "stream_triad": _triad,
    "add": _binary(np.add),
    "mul": _binary(np.multiply),
    "relu": _relu,
    "softmax": _softmax,
    "layernorm": _layernorm,
    "blas_dot": _dot,
    "blas_axpy": _axpy,
    "blas_scal": _scal,
    "blas_gemv": _gemv,
    "blas_ger": _ger,
})  # fmt: skip


def _refused(case: Case) -> str:
    if case.shape.get("bias"):
        return "numpy adds no bias in a product"
    return unknown(case, BUILDERS, FORMATS, "numpy")


def _prepared(case: Case, graphs: Graphs) -> Call:
    return BUILDERS[case.op](Operands(case))


def _version() -> str:
    return f"{np.__version__}, threads {machine.threads()}"


RUNNER = Runner("numpy", "cpu", lambda: "", _refused, _prepared, machine.cpu, _version, nothing)
