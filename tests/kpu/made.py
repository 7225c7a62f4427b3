"""Programs written by hand and by chance, for what is tested before and beside real networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symppa.kpu import KPUConfig, KPUPrecision, KPUProgram
from symppa.kpu.lower.building import Building, Const, Name

ACTIVATIONS = ("Relu", "Relu6", "SiLU", "HardSwish", "Sigmoid", "Tanh", "Gelu")


class Made:
    """A network that grows by one operator at a time; its weights are drawn by chance."""

    def __init__(self, seed: int = 0, config: KPUConfig | None = None, precision=KPUPrecision.INT8) -> None:
        self.rng = np.random.default_rng(seed)
        self.to = Building("made", config or KPUConfig(), precision)

    def input(self, *shape: int, name: str = "x") -> Name:
        return self.to.input(name, shape, "fp32")

    def const(self, *shape: int, low: float | None = None) -> Const:
        numbers = self.rng.normal(size=shape) / 4 if low is None else self.rng.uniform(low, low + 1, shape)
        return Const(np.asarray(numbers, np.float32), "weight")

    def op(self, what: str, *inputs: Any, **attributes: Any) -> Name:
        return self.to.add(what, inputs, what.lower(), **attributes)

    def shape(self, x: Name) -> tuple[int, ...]:
        return self.to.shape(x)

    def conv(self, x: Name, out: int, k: int = 3, stride: int = 1, group: int = 1, bias: bool = True) -> Name:
        weight = self.const(out, self.shape(x)[1] // group, k, k)
        told = {"kernel_shape": [k, k], "strides": [stride] * 2, "pads": [k // 2] * 4, "group": group}
        return self.op("Conv", x, weight, *([self.const(out)] if bias else []), **told)

    def norm(self, x: Name) -> Name:
        channels = self.shape(x)[1]
        return self.op(
            "BatchNormalization", x, self.const(channels), self.const(channels), self.const(channels),
            self.const(channels, low=0.5), epsilon=1e-5,
        )  # fmt: skip

    def linear(self, x: Name, out: int) -> Name:
        return self.op("Gemm", x, self.const(out, self.shape(x)[-1]), self.const(out), transB=1)

    def done(self, *outputs: Name) -> KPUProgram:
        return self.to.program(outputs, "made", "0" * 64)


def residual(config: KPUConfig | None = None, precision: KPUPrecision = KPUPrecision.INT8) -> KPUProgram:
    """A small residual network: two blocks, one of them with a convolution beside it, a pool and a Gemm."""
    net = Made(1, config, precision)
    x = net.input(1, 3, 32, 32)
    x = net.op("Relu", net.norm(net.conv(x, 16, 7, 2, bias=False)))
    x = net.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    for out, stride in ((16, 1), (32, 2)):
        y = net.op("Relu", net.norm(net.conv(x, out, 3, stride, bias=False)))
        y = net.norm(net.conv(y, out, bias=False))
        beside = x if stride == 1 else net.norm(net.conv(x, out, 1, stride, bias=False))
        x = net.op("Relu", net.op("Add", y, beside))
    x = net.op("Flatten", net.op("GlobalAveragePool", x), axis=1)
    return net.done(net.linear(x, 10))


def transformer(precision: KPUPrecision = KPUPrecision.INT8, tokens: int = 17, width: int = 32) -> KPUProgram:
    """One block of attention and a perceptron on patches of an image."""
    net = Made(2, precision=precision)
    x = net.input(1, tokens, width)
    y = net.op("LayerNormalization", x, net.const(width), net.const(width), axis=-1)
    parts = [net.op("Add", net.op("MatMul", y, net.const(width, width)), net.const(width)) for _ in range(3)]
    heads = [
        net.op("Transpose", net.op("Reshape", one, shape=[1, tokens, 4, width // 4]), perm=[0, 2, 1, 3])
        for one in parts
    ]
    turned = net.op("Transpose", heads[1], perm=[0, 1, 3, 2])
    scores = net.op("Mul", net.op("MatMul", heads[0], turned), Const(np.float32([0.35]), "factor"))
    y = net.op("MatMul", net.op("Softmax", scores, axis=-1), heads[2])
    y = net.op("Reshape", net.op("Transpose", y, perm=[0, 2, 1, 3]), shape=[1, tokens, width])
    x = net.op("Add", net.op("MatMul", y, net.const(width, width)), x)
    y = net.op("LayerNormalization", x, net.const(width), net.const(width), axis=-1)
    y = net.op("Gelu", net.op("Add", net.op("MatMul", y, net.const(width, 4 * width)), net.const(4 * width)))
    x = net.op("Add", net.op("MatMul", y, net.const(4 * width, width)), x)
    return net.done(x)


def by_chance(seed: int, length: int = 12, config: KPUConfig | None = None) -> KPUProgram:
    """A network drawn by chance: convolutions, norms, activations, joins, moves and pools on small images."""
    net = Made(seed, config)
    rng, alive = net.rng, [net.input(1, 4, 8, 8)]
    for _ in range(length):
        alive.append(_drawn(net, alive, rng))
    return net.done(*_ends(net, alive))


def _ends(net: Made, alive: Sequence[Name]) -> list[Name]:
    read = {name for op in net.to.ops for name in op.input_ids}
    ends = [name for name in alive if name not in read and name not in net.to.input_ids]
    return ends or [alive[-1]]


def _drawn(net: Made, alive: Sequence[Name], rng: np.random.Generator) -> Name:
    x = alive[int(rng.integers(max(0, len(alive) - 4), len(alive)))]
    channels = net.shape(x)[1]
    alike = [one for one in alive if net.shape(one) == net.shape(x)]
    what = int(rng.integers(10))
    if what <= 2:
        return net.conv(x, int(rng.integers(1, 9)), int(rng.choice([1, 3])), bias=bool(rng.integers(2)))
    if what == 3:
        return net.norm(x)
    if what == 4:
        return net.op(str(rng.choice(ACTIVATIONS)), x)
    if what == 5:
        return net.op(str(rng.choice(["Add", "Mul", "Sub"])), x, alike[int(rng.integers(len(alike)))])
    if what == 6:
        return net.op(str(rng.choice(["Add", "Mul"])), x, net.const(*rng.permutation([(channels, 1, 1), (1, 1, 1)])[0]))
    if what == 7:
        same = [one for one in alive if net.shape(one)[2:] == net.shape(x)[2:]]
        return net.op("Concat", x, same[int(rng.integers(len(same)))], axis=1)
    if what == 8 and net.shape(x)[2] > 1:
        return net.op("MaxPool", x, kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])
    return net.conv(x, channels, 3, group=channels)


def numbers_for(program: KPUProgram, seed: int = 0) -> dict[str, np.ndarray]:
    """Inputs drawn by chance."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=program.tensors[name].shape).astype(np.float32) for name in program.input_ids}
