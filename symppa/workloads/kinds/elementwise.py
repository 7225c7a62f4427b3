"""Operators on every element: activations, arithmetic with broadcasting, norms, softmax, reductions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symppa.errors import WorkloadError
from symppa.workloads.ir import Attributes, Shape
from symppa.workloads.kinds.kind import Call, Feed, Kind, elements, number, pair, same
from symppa.workloads.kinds.matrix import broadcast


def _mapped(work: float) -> Feed:
    """So many operations for each element."""

    def feed(call: Call) -> dict[str, Any]:
        return {"elements": elements(call.outputs[0]), "operands": call.operands, "work": work}

    return feed


def _activation(name: str, kind: str, work: float, **optional: object) -> Kind:
    return Kind(name, kind, "elementwise.Elementwise", same, _mapped(work), optional=optional, meaning="activation")


def _broadcast(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    return (broadcast(inputs, "operands"),)


def _arithmetic(name: str, work: float, most: int = 2, dtype: str | None = None) -> Kind:
    return Kind(
        name, "ELEMENTWISE", "elementwise.Elementwise", _broadcast, _mapped(work), inputs=(1, most),
        optional={"scalar": None}, meaning="arithmetic on every element", dtype=dtype,
    )  # fmt: skip


def _norm(name: str, kind: str, work: float, *, shift: bool = True, asked: tuple[str, ...] = ()) -> Kind:
    """A norm with a scale, and perhaps a shift, for each channel or each normalised element."""

    def weights(inputs: Sequence[Shape], attributes: Attributes) -> dict[str, Shape]:
        shape = _scaled(name, inputs[0], attributes)
        found: dict[str, Shape] = {"weight": shape} if attributes["affine"] else {}
        if attributes["affine"] and shift and attributes["bias"]:
            found["bias"] = shape
        return found | (dict.fromkeys(("running_mean", "running_var"), shape) if name.startswith("Batch") else {})

    def feed(call: Call) -> dict[str, Any]:
        each = elements(_scaled(name, call.inputs[0], call.attributes))
        count = (1 + int(shift and call.attributes["bias"])) * int(call.attributes["affine"])
        return {"elements": elements(call.outputs[0]), "parameters": each * count, "work": work}

    optional = {"affine": True, "bias": shift}
    return Kind(
        name, kind, "elementwise.Normalisation", same, feed, weights, asked, optional, meaning="normalisation"
    )  # fmt: skip


def _scaled(name: str, shape: Shape, attributes: Attributes) -> Shape:
    """The shape of a norm's scales."""
    if name in ("LayerNorm", "RMSNorm"):
        told = pair(attributes["shape"], 1)
        if tuple(shape[-len(told) :]) != told:
            raise WorkloadError(f"{name} over {list(told)} does not fit {list(shape)}")
        return told
    return (number(shape[1], name),)


def _reduced(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    rank = len(inputs[0])
    axes = {axis % rank for axis in pair(attributes["axes"], 1)} if attributes["axes"] is not None else set(range(rank))
    if attributes["keep"]:
        return (tuple(1 if k in axes else size for k, size in enumerate(inputs[0])),)
    return (tuple(size for k, size in enumerate(inputs[0]) if k not in axes),)


def _summed(work: float) -> Feed:
    def feed(call: Call) -> dict[str, Any]:
        return {"elements": elements(call.inputs[0]), "results": elements(call.outputs[0]), "work": work}

    return feed


def _reduction(name: str, work: float, dtype: str | None = None) -> Kind:
    return Kind(
        name, "ELEMENTWISE", "elementwise.Reduction", _reduced, _summed(work), optional={"axes": None, "keep": False},
        meaning="reduction", dtype=dtype,
    )  # fmt: skip


def _softmax_feed(call: Call) -> dict[str, Any]:
    return {"elements": elements(call.outputs[0])}


def _rotated(call: Call) -> dict[str, Any]:
    return {"elements": elements(call.outputs[0]), "operands": call.operands, "work": 3}


CURVES = ("Exp", "Log", "Sqrt", "Rsqrt", "Erf", "Reciprocal", "Sin", "Cos", "Tanh")
BITS = ("Neg", "Abs", "Round", "Floor", "Ceil", "Not")  # a sign or a bit, or a bound
NORM, RMS_NORM = 7, 4  # x - mean, its square, two sums, a product with 1/spread, a scale, a shift; without a mean 4
# Operations for an element: comparisons count none; an exponential, a root, an error function or a quotient one.
ROWS = (
    _activation("ReLU", "RELU", 0),
    _activation("ReLU6", "RELU6", 0),
    _activation("LeakyReLU", "RELU", 1, slope=0.01),
    _activation("Hardtanh", "RELU6", 0, low=-1.0, high=1.0),
    _activation("Clip", "RELU6", 0, low=None, high=None),
    _activation("SiLU", "SILU", 4),  # x / (1 + exp(-x)), its sign turned
    _activation("GELU", "GELU", 5),  # x / 2 (1 + erf(x / sqrt 2))
    _activation("Hardswish", "HARDSWISH", 3),  # x relu6(x + 3) / 6
    _activation("Hardsigmoid", "SIGMOID", 2),  # relu6(x + 3) / 6
    _activation("Sigmoid", "SIGMOID", 3),  # 1 / (1 + exp(-x))
    _activation("ELU", "ELEMENTWISE", 3),  # a (exp(x) - 1)
    _activation("Mish", "ELEMENTWISE", 5),  # x tanh(log(1 + exp(x)))
    _activation("Softplus", "ELEMENTWISE", 3),  # log(1 + exp(x))
    *(_activation(name, "ELEMENTWISE", 1) for name in CURVES),
    *(_activation(name, "ELEMENTWISE", 0) for name in BITS),
    *(_arithmetic(name, 1) for name in ("add", "sub", "mul", "div", "pow", "mod")),
    *(_arithmetic(name, 0) for name in ("maximum", "minimum")),
    _arithmetic("compare", 0, dtype="bool"),
    _arithmetic("where", 0, 3),
    *(_norm(f"BatchNorm{n}d", "BATCHNORM", 2) for n in (1, 2, 3)),  # a scale and a shift
    _norm("LayerNorm", "LAYERNORM", NORM, asked=("shape",)),
    _norm("RMSNorm", "LAYERNORM", RMS_NORM, shift=False, asked=("shape",)),
    _norm("GroupNorm", "LAYERNORM", NORM, asked=("groups",)),
    _norm("InstanceNorm2d", "LAYERNORM", NORM),
    Kind("Softmax", "ELEMENTWISE", "elementwise.Softmax", same, _softmax_feed, optional={"axis": -1},
         meaning="shares of a whole"),
    Kind("RotaryEmbedding", "ELEMENTWISE", "elementwise.Elementwise", same, _rotated, inputs=(1, 3),
         meaning="two products and a sum for each element"),
    *(_reduction(name, 1) for name in ("Mean", "Sum", "Prod")),
    *(_reduction(name, 0) for name in ("Max", "Min")),
    _reduction("ArgMax", 0, dtype="int64"),
)  # fmt: skip
