"""How torch runs each operation, on whatever place its tensors are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from symppa.calibration.measuring.cases import Case
from symppa.calibration.measuring.runners.runner import Call

SEED = 0
FORMATS = MappingProxyType({
    "fp64": "float64", "fp32": "float32", "tf32": "float32", "fp16": "float16", "bf16": "bfloat16",
})  # fmt: skip


class Tensors:
    """Tensors of one format on one place, filled so that no operation meets a denormal or an overflow."""

    def __init__(self, case: Case, place: str) -> None:
        import torch

        self.torch, self.place = torch, place
        self.sizes = {name: int(value) for name, value in case.shape.items()}
        self.type = getattr(torch, FORMATS[case.dtype])
        self.generator = torch.Generator(device=place).manual_seed(SEED)
        self.functional = torch.nn.functional

    def __getitem__(self, name: str) -> int:
        return self.sizes[name]

    def of(self, *shape: int) -> Any:
        """A tensor between 1/2 and 1."""
        made = self.torch.rand(shape, generator=self.generator, device=self.place)
        return (made * 0.5 + 0.5).to(self.type)

    def empty(self, *shape: int) -> Any:
        """Room for a result."""
        return self.torch.zeros(shape, dtype=self.type, device=self.place)


def _linear(told: Tensors) -> Call:
    x, weight = told.of(told["m"], told["k"]), told.of(told["n"], told["k"])
    bias = told.of(told["n"]) if told["bias"] else None
    return lambda: told.functional.linear(x, weight, bias)


def _bmm(told: Tensors) -> Call:
    left, right = told.of(told["batch"], told["m"], told["k"]), told.of(told["batch"], told["k"], told["n"])
    return lambda: told.torch.bmm(left, right)


def _conv2d(told: Tensors) -> Call:
    x = told.of(told["batch"], told["channels"], told["height"], told["width"])
    weight = told.of(told["filters"], told["channels"] // told["groups"], told["kernel"], told["kernel"])
    options = {name: told[name] for name in ("stride", "padding", "groups")}
    return lambda: told.functional.conv2d(x, weight, None, **options)


def _maxpool2d(told: Tensors) -> Call:
    x = told.of(told["batch"], told["channels"], told["height"], told["width"])
    return lambda: told.functional.max_pool2d(x, told["kernel"], told["stride"], told["padding"])


def _attention(told: Tensors) -> Call:
    query = told.of(told["batch"], told["heads"], told["queries"], told["width"])
    key, value = (told.of(told["batch"], told["kv_heads"], told["context"], told["width"]) for _ in "kv")
    options: dict[str, Any] = {"enable_gqa": told["kv_heads"] != told["heads"]}
    if told["causal"] and told["queries"] > 1:
        if told["queries"] == told["context"] and not told["window"]:
            options["is_causal"] = True
        else:
            options["attn_mask"] = _mask(told)
    elif told["window"]:
        options["attn_mask"] = _mask(told)
    return lambda: told.functional.scaled_dot_product_attention(query, key, value, **options)


def _mask(told: Tensors) -> Any:
    """What a query sees: itself and what is before, at most a window of it."""
    rows = told.torch.arange(told["context"] - told["queries"], told["context"], device=told.place)[:, None]
    columns = told.torch.arange(told["context"], device=told.place)[None, :]
    seen = columns <= rows
    return seen & (columns > rows - told["window"]) if told["window"] else seen


def _layernorm(told: Tensors) -> Call:
    x, scale, shift = told.of(told["rows"], told["width"]), told.of(told["width"]), told.of(told["width"])
    return lambda: told.functional.layer_norm(x, (told["width"],), scale, shift)


def _rmsnorm(told: Tensors) -> Call:
    x, scale = told.of(told["rows"], told["width"]), told.of(told["width"])
    return lambda: told.functional.rms_norm(x, (told["width"],), scale)


def _softmax(told: Tensors) -> Call:
    x = told.of(told["rows"], told["width"])
    return lambda: told.torch.softmax(x, -1)


def _embedding(told: Tensors) -> Call:
    table = told.of(ENTRIES, told["width"])
    rows = told.torch.randint(ENTRIES, (told["rows"],), generator=told.generator, device=told.place)
    return lambda: told.functional.embedding(rows, table)


def _each(name: str) -> Callable[[Tensors], Call]:
    """A function of torch.nn.functional or torch on every element."""

    def prepared(told: Tensors) -> Call:
        x = told.of(told["elements"])
        function = getattr(told.functional, name, None) or getattr(told.torch, name)
        return lambda: function(x)

    return prepared


def _pairs(name: str) -> Callable[[Tensors], Call]:
    """A function of torch on two operands into a third."""

    def prepared(told: Tensors) -> Call:
        x, y, out = told.of(told["elements"]), told.of(told["elements"]), told.empty(told["elements"])
        function = getattr(told.torch, name)
        return lambda: function(x, y, out=out)

    return prepared


def _copy(told: Tensors) -> Call:
    b, a = told.of(told["elements"]), told.empty(told["elements"])
    return lambda: a.copy_(b)


def _scale(told: Tensors) -> Call:
    b, a = told.of(told["elements"]), told.empty(told["elements"])
    return lambda: told.torch.mul(b, 3.0, out=a)


def _triad(told: Tensors) -> Call:
    b, c, a = told.of(told["elements"]), told.of(told["elements"]), told.empty(told["elements"])
    return lambda: told.torch.add(b, c, alpha=3.0, out=a)


def _axpy(told: Tensors) -> Call:
    x, y = told.of(told["elements"]), told.empty(told["elements"])
    return lambda: y.add_(x, alpha=1e-3)


def _scal(told: Tensors) -> Call:
    x = told.of(told["elements"])
    return lambda: x.mul_(1.0)


def _dot(told: Tensors) -> Call:
    x, y = told.of(told["elements"]), told.of(told["elements"])
    return lambda: told.torch.dot(x, y)


def _gemv(told: Tensors) -> Call:
    a, x = told.of(told["m"], told["n"]), told.of(told["n"])
    return lambda: told.torch.mv(a, x)


def _ger(told: Tensors) -> Call:
    a, x, y = told.empty(told["m"], told["n"]), told.of(told["m"]), told.of(told["n"])
    return lambda: a.addr_(x, y, alpha=1e-3)


ENTRIES = 32_000  # rows of a table that is looked up, as of a tokenizer's vocabulary
BUILDERS: Mapping[str, Callable[[Tensors], Call]] = MappingProxyType({
    "gemm": _linear, "linear": _linear, "bmm": _bmm, "conv2d": _conv2d, "maxpool2d": _maxpool2d,
    "attention_prefill": _attention, "attention_decode": _attention,
    "layernorm": _layernorm, "rmsnorm": _rmsnorm, "softmax": _softmax, "embedding": _embedding,
    **{name: _each(name) for name in ("relu", "gelu", "silu", "sigmoid", "hardswish")},
    "add": _pairs("add"), "mul": _pairs("mul"),
    "stream_copy": _copy, "stream_scale": _scale, "stream_add": _pairs("add"), "stream_triad": _triad,
    "blas_dot": _dot, "blas_axpy": _axpy, "blas_scal": _scal, "blas_gemv": _gemv, "blas_ger": _ger,
})  # fmt: skip


def built(case: Case, place: str) -> Call:
    """The call that runs a case on a place, without gradients."""
    told = Tensors(case, place)
    call = BUILDERS[case.op](told)

    def run() -> object:
        with told.torch.inference_mode():
            return call()

    return run
