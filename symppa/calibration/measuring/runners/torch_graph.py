"""A network as torch runs it: its graph walked operator by operator, weights that nobody trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType
from typing import Any

from symppa.calibration.measuring.cases import Case
from symppa.calibration.measuring.runners.runner import Call
from symppa.calibration.measuring.runners.torch_operators import FORMATS, SEED
from symppa.errors import MeasurementError

Attributes = Mapping[str, Any]
Step = Callable[..., Any]
Maker = Callable[[Any, Any, Attributes], Step]  # torch, torch.nn.functional and attributes to a function of tensors


def _windowed(name: str, *asked: str) -> Maker:
    """A function over windows, with what it asks by keyword."""
    return lambda torch, f, a: lambda x, *w: getattr(f, name)(x, *w, **{key: _plain(a[key]) for key in asked})


def _pool(name: str, *asked: str) -> Maker:
    def made(torch: Any, f: Any, a: Attributes) -> Step:
        options = {key: _plain(a[key]) for key in asked}
        return lambda x: getattr(f, name)(x, _plain(a["kernel"]), ceil_mode=bool(a["ceil"]), **options)

    return made


def _mapped(name: str) -> Maker:
    return lambda torch, f, a: getattr(f, name, None) or getattr(torch, name)


def _arithmetic(name: str) -> Maker:
    def made(torch: Any, f: Any, a: Attributes) -> Step:
        function, scalar = getattr(torch, name), a.get("scalar")
        return function if scalar is None else lambda x: function(x, scalar)

    return made


def _batch_norm(torch: Any, f: Any, a: Attributes) -> Step:
    def norm(x: Any, *told: Any) -> Any:
        *weights, mean, variance = told
        scale, shift = (*weights, None, None)[:2]
        return f.batch_norm(x, mean, variance, scale, shift)

    return norm


def _attention(torch: Any, f: Any, a: Attributes) -> Step:
    if a["window"] is not None or a["context"] is not None or a["value_width"] is not None:
        raise MeasurementError("attention with a window, a context or values of their own width is not run here")

    def attend(query: Any, key: Any, value: Any) -> Any:
        if query.dim() == 4:
            shared = key.shape[1] != query.shape[1]
            return f.scaled_dot_product_attention(query, key, value, is_causal=bool(a["causal"]), enable_gqa=shared)
        heads = [
            x.unflatten(-1, (n, a["width"])).transpose(1, 2)
            for x, n in ((query, a["heads"]), *((x, a["kv_heads"] or a["heads"]) for x in (key, value)))
        ]
        shared = (a["kv_heads"] or a["heads"]) != a["heads"]
        found = f.scaled_dot_product_attention(*heads, is_causal=bool(a["causal"]), enable_gqa=shared)
        return found.transpose(1, 2).flatten(-2)

    return attend


def _slice(torch: Any, f: Any, a: Attributes) -> Step:
    if a["take"] is not None:
        return lambda x: x.select(a["axis"], a["take"])
    cut = slice(a["start"], a["end"], a["step"])
    return lambda x: x[(slice(None),) * (a["axis"] % x.dim()) + (cut,)]


def _mean(torch: Any, f: Any, a: Attributes) -> Step:
    axes = None if a["axes"] is None else tuple(a["axes"]) if isinstance(a["axes"], tuple) else (a["axes"],)
    return lambda x: torch.mean(x, dim=axes, keepdim=bool(a["keep"])) if axes else torch.mean(x)


def _excite(torch: Any, f: Any, a: Attributes) -> Step:
    def excite(x: Any, down: Any, low: Any, up: Any, high: Any) -> Any:
        hidden = torch.relu(f.conv2d(x.mean((2, 3), keepdim=True), down, low))
        return x * torch.sigmoid(f.conv2d(hidden, up, high))

    return excite


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


SAME = ("ReLU", "ReLU6", "SiLU", "GELU", "Hardswish", "Hardsigmoid", "Sigmoid", "Tanh", "Exp", "Sqrt", "Mish")
TAKEN: Mapping[str, Maker] = MappingProxyType({
    **{f"Conv{n}d": _windowed(f"conv{n}d", "stride", "padding", "dilation", "groups") for n in (1, 2, 3)},
    **{f"BatchNorm{n}d": _batch_norm for n in (1, 2, 3)},
    **{name: _mapped(name.lower()) for name in SAME},
    **{name: _arithmetic(name) for name in ("add", "sub", "mul", "div", "pow")},
    "MaxPool2d": _pool("max_pool2d", "stride", "padding", "dilation"),
    "AvgPool2d": _pool("avg_pool2d", "stride", "padding"),
    "AdaptiveAvgPool2d": lambda torch, f, a: lambda x: f.adaptive_avg_pool2d(x, _plain(a["size"])),
    "Linear": lambda torch, f, a: f.linear,
    "MatMul": lambda torch, f, a: torch.matmul,
    "LayerNorm": lambda torch, f, a: lambda x, *w: f.layer_norm(x, _plain(a["shape"]), *w),
    "Softmax": lambda torch, f, a: lambda x: torch.softmax(x, a["axis"]),
    "Dropout": lambda torch, f, a: lambda x: x,
    "StochasticDepth": lambda torch, f, a: lambda x: x,
    "Identity": lambda torch, f, a: lambda x: x,
    "Flatten": lambda torch, f, a: lambda x: torch.flatten(x, a["start"], a["end"]),
    "Reshape": lambda torch, f, a: lambda x: x.reshape(a["shape"]),
    "Expand": lambda torch, f, a: lambda x: x.expand(a["shape"]),
    "Transpose": lambda torch, f, a: lambda x: x.permute(a["order"]),
    "Concat": lambda torch, f, a: lambda *x: torch.cat(x, a["axis"]),
    "Split": lambda torch, f, a: lambda x: torch.split(x, _plain(a["sizes"]), a["axis"]),
    "Parameter": lambda torch, f, a: lambda weight: weight,
    "Attention": _attention,
    "Slice": _slice,
    "Mean": _mean,
    "SqueezeExcite": _excite,
})  # fmt: skip


class Walk:
    """A graph with its weights on a place, as a list of steps; results that nobody reads again are let go."""

    def __init__(self, graph: Any, batch: int, place: str, number_format: str) -> None:
        import torch

        self.torch, self.graph, self.place = torch, graph, place
        self.type = getattr(torch, FORMATS[number_format])
        self.symbols = graph.sizes(**({"batch": batch} if "batch" in graph.symbols else {}))
        self.generator = torch.Generator(device=place).manual_seed(SEED)
        unknown = sorted({o.kind for o in graph.operators} - set(TAKEN))
        if unknown:
            raise MeasurementError(f"torch does not run {graph.name}: no step for {', '.join(unknown)}")
        self.steps = [self._step(operator) for operator in graph.operators]
        self.last = {name: n for n, o in enumerate(graph.operators) for name in o.inputs}
        self.inputs = [self._tensor(name) for name in graph.inputs]

    def _step(self, operator: Any) -> tuple[Step, tuple[str, ...], tuple[Any, ...], tuple[str, ...]]:
        told = {name: self.sized(value) for name, value in operator.attributes.items()}
        made = TAKEN[operator.kind](self.torch, self.torch.nn.functional, told)
        weights = tuple(self._tensor(name) for name in operator.weights)
        return made, tuple(operator.inputs), weights, tuple(operator.outputs)

    def sized(self, value: Any) -> Any:
        """An attribute with its symbols in numbers."""
        if isinstance(value, tuple):
            return tuple(self.sized(each) for each in value)
        if isinstance(value, str) and all(part in self.symbols or part.isdigit() for part in value.split("*")):
            return prod(self.symbols[part] if part in self.symbols else int(part) for part in value.split("*"))
        return value

    def _tensor(self, name: str) -> Any:
        tensor = self.graph.tensors[name]
        if not tensor.scaled:
            raise MeasurementError(f"{self.graph.name} reads {name} of {tensor.dtype}: inputs of numbers are run here")
        shape = self.sized(tuple(tensor.shape))
        made = self.torch.rand(shape, generator=self.generator, device=self.place)
        spread = 1.0 if name.endswith("running_var") else max(prod(shape[1:]), 1) ** -0.5
        made = made + 0.5 if name.endswith("running_var") else (made - 0.5) * 2 * spread
        return made.to(self.type)

    def __call__(self) -> Any:
        known = dict(zip(self.graph.inputs, self.inputs, strict=True))
        for n, (step, reads, weights, writes) in enumerate(self.steps):
            found = step(*(known[name] for name in reads), *weights)
            known.update(zip(writes, found if len(writes) > 1 else (found,), strict=True))
            for name in reads:
                if self.last[name] == n and name not in self.graph.outputs:
                    known.pop(name, None)
        return [known[name] for name in self.graph.outputs]


def built(case: Case, graph: Any, place: str) -> Call:
    """The call that runs a network once, without gradients; its first run checks the sizes of its results."""
    walk = Walk(graph, int(case.shape["batch"]), place, case.dtype)

    def run() -> Any:
        with walk.torch.inference_mode():
            return walk()

    for name, found in zip(graph.outputs, run(), strict=True):
        due = walk.sized(tuple(graph.tensors[name].shape))
        if tuple(found.shape) != due:
            raise MeasurementError(f"{graph.name} gave {name} of {tuple(found.shape)}, not {due}")
    return run
