"""Published networks, row by row from their papers: what the shipped YAML is compared with.

`python -m tests.workloads.builders` writes models/workloads anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from symppa.workloads.encoding import dumps
from symppa.workloads.ir import Graph, Tensor
from symppa.workloads.shapes import Row, built
from tests.house.tree import ROOT


class Rows:
    """Rows of operators; every method adds some and gives back the name of what it writes."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(self, name: str, kind: str, inputs: str | Sequence[str], **attributes: Any) -> str:
        told = (inputs,) if isinstance(inputs, str) else tuple(inputs)
        self.rows.append(Row(name, kind, told, attributes))
        return name

    def conv(self, name: str, x: str, out: int, kernel: int = 1, act: str = "", **more: Any) -> str:
        """Convolution that keeps the size at stride 1, norm, activation."""
        x = self.add(f"{name}.conv", "Conv2d", x, **{"out": out, "kernel": kernel, "padding": kernel // 2, **more})
        x = self.add(f"{name}.norm", "BatchNorm2d", x)
        return self.add(f"{name}.act", act, x) if act else x

    def graph(self, name: str, image: int, meaning: str, source: str) -> Graph:
        inputs = {"image": Tensor("image", ("batch", 3, image, image))}
        return built(name, inputs, self.rows, symbols={"batch": 1}, meaning=meaning, source=source)


def classifier(rows: Rows, x: str, classes: int = 1000, dropout: bool = False) -> None:
    """Mean over all positions, and a matrix."""
    x = rows.add("pool", "AdaptiveAvgPool2d", x, size=1)
    x = rows.add("flatten", "Flatten", x)
    if dropout:
        x = rows.add("dropout", "Dropout", x, share=0.2)
    rows.add("fc", "Linear", x, out=classes)


def resnet(name: str, blocks: Sequence[int], bottleneck: bool, column: str) -> Graph:
    """A residual network: four stages, each from its second on halving the positions."""
    rows = Rows()
    x = rows.conv("stem", "image", 64, 7, "ReLU", stride=2)
    x = rows.add("maxpool", "MaxPool2d", x, kernel=3, stride=2, padding=1)
    channels = 64
    for stage, count in enumerate(blocks):
        width, out = 64 << stage, (256 if bottleneck else 64) << stage
        for k in range(count):
            here, stride = f"layer{stage + 1}.{k}", 2 if stage and not k else 1
            if bottleneck:
                y = rows.conv(f"{here}.1", x, width, 1, "ReLU")
                y = rows.conv(f"{here}.2", y, width, 3, "ReLU", stride=stride)
                y = rows.conv(f"{here}.3", y, out, 1)
            else:
                y = rows.conv(f"{here}.1", x, width, 3, "ReLU", stride=stride)
                y = rows.conv(f"{here}.2", y, out, 3)
            if stride != 1 or channels != out:
                x = rows.conv(f"{here}.down", x, out, 1, stride=stride)
            x = rows.add(f"{here}.add", "add", (y, x))
            x = rows.add(f"{here}.act", "ReLU", x)
            channels = out
    classifier(rows, x)
    return rows.graph(name, 224, f"residual network of {name[6:]} layers, 1000 classes", f"he2016, table 1, {column}")


def resnet18() -> Graph:
    return resnet("resnet18", (2, 2, 2, 2), False, "18-layer")


def resnet34() -> Graph:
    return resnet("resnet34", (3, 4, 6, 3), False, "34-layer")


def resnet50() -> Graph:
    return resnet("resnet50", (3, 4, 6, 3), True, "50-layer; its 3 x 3 convolutions stride")


def tenths(value: float, divisor: int = 8) -> int:
    """Channels scaled by a width factor: a multiple of 8, at most a tenth below."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def mobilenet_v2() -> Graph:
    """Inverted residuals: expand, filter each channel, project."""
    rows = Rows()
    x, channels, number = rows.conv("stem", "image", 32, 3, "ReLU6", stride=2), 32, 0
    table = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    for factor, out, count, first in table:
        for k in range(count):
            here, stride, y = f"block{number}", first if k == 0 else 1, x
            if factor != 1:
                y = rows.conv(f"{here}.expand", y, channels * factor, 1, "ReLU6")
            wide = channels * factor
            y = rows.conv(f"{here}.filter", y, wide, 3, "ReLU6", stride=stride, groups=wide)
            y = rows.conv(f"{here}.project", y, out, 1)
            x = rows.add(f"{here}.add", "add", (x, y)) if stride == 1 and channels == out else y
            channels, number = out, number + 1
    x = rows.conv("head", x, 1280, 1, "ReLU6")
    classifier(rows, x, dropout=True)
    return rows.graph("mobilenet_v2", 224, "inverted residuals, width 1, 1000 classes", "sandler2018, table 2")


def weighed(rows: Rows, here: str, x: str, channels: int, hidden: int, bend: str, gate: str) -> str:
    """Squeeze and excite, operator by operator."""
    y = rows.add(f"{here}.mean", "AdaptiveAvgPool2d", x, size=1)
    y = rows.add(f"{here}.squeeze", "Conv2d", y, out=hidden, kernel=1, bias=True)
    y = rows.add(f"{here}.bend", bend, y)
    y = rows.add(f"{here}.excite", "Conv2d", y, out=channels, kernel=1, bias=True)
    y = rows.add(f"{here}.gate", gate, y)
    return rows.add(f"{here}.scale", "mul", (y, x))


# kernel, expanded, out, squeeze and excite, activation, stride: howard2019, tables 1 and 2
LARGE = (
    (3, 16, 16, 0, "ReLU", 1), (3, 64, 24, 0, "ReLU", 2), (3, 72, 24, 0, "ReLU", 1), (5, 72, 40, 1, "ReLU", 2),
    (5, 120, 40, 1, "ReLU", 1), (5, 120, 40, 1, "ReLU", 1), (3, 240, 80, 0, "Hardswish", 2),
    (3, 200, 80, 0, "Hardswish", 1), (3, 184, 80, 0, "Hardswish", 1), (3, 184, 80, 0, "Hardswish", 1),
    (3, 480, 112, 1, "Hardswish", 1), (3, 672, 112, 1, "Hardswish", 1), (5, 672, 160, 1, "Hardswish", 2),
    (5, 960, 160, 1, "Hardswish", 1), (5, 960, 160, 1, "Hardswish", 1),
)  # fmt: skip
SMALL = (
    (3, 16, 16, 1, "ReLU", 2), (3, 72, 24, 0, "ReLU", 2), (3, 88, 24, 0, "ReLU", 1), (5, 96, 40, 1, "Hardswish", 2),
    (5, 240, 40, 1, "Hardswish", 1), (5, 240, 40, 1, "Hardswish", 1), (5, 120, 48, 1, "Hardswish", 1),
    (5, 144, 48, 1, "Hardswish", 1), (5, 288, 96, 1, "Hardswish", 2), (5, 576, 96, 1, "Hardswish", 1),
    (5, 576, 96, 1, "Hardswish", 1),
)  # fmt: skip


def mobilenet_v3(name: str, table: Sequence[tuple[int, int, int, int, str, int]], hidden: int, source: str) -> Graph:
    rows, channels = Rows(), 16
    x = rows.conv("stem", "image", 16, 3, "Hardswish", stride=2)
    for number, (kernel, wide, out, excited, act, stride) in enumerate(table):
        here, y = f"block{number}", x
        if wide != channels:
            y = rows.conv(f"{here}.expand", y, wide, 1, act)
        y = rows.conv(f"{here}.filter", y, wide, kernel, act, stride=stride, groups=wide)
        if excited:
            y = weighed(rows, f"{here}.se", y, wide, tenths(wide / 4), "ReLU", "Hardsigmoid")
        y = rows.conv(f"{here}.project", y, out, 1)
        x = rows.add(f"{here}.add", "add", (x, y)) if stride == 1 and channels == out else y
        channels = out
    x = rows.conv("head", x, 6 * channels, 1, "Hardswish")
    x = rows.add("pool", "AdaptiveAvgPool2d", x, size=1)
    x = rows.add("flatten", "Flatten", x)
    x = rows.add("hidden", "Linear", x, out=hidden)
    x = rows.add("hidden.act", "Hardswish", x)
    x = rows.add("dropout", "Dropout", x, share=0.2)
    rows.add("fc", "Linear", x, out=1000)
    return rows.graph(name, 224, "searched network of inverted residuals, 1000 classes", source)


def mobilenet_v3_large() -> Graph:
    return mobilenet_v3("mobilenet_v3_large", LARGE, 1280, "howard2019, table 1")


def mobilenet_v3_small() -> Graph:
    return mobilenet_v3("mobilenet_v3_small", SMALL, 1024, "howard2019, table 2")


def efficientnet_b0() -> Graph:
    rows = Rows()
    x, channels, number = rows.conv("stem", "image", 32, 3, "SiLU", stride=2), 32, 0
    table = ((1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3),
             (6, 5, 2, 192, 4), (6, 3, 1, 320, 1))  # fmt: skip
    for factor, kernel, first, out, count in table:
        for k in range(count):
            here, stride, y, wide = f"block{number}", first if k == 0 else 1, x, channels * factor
            if factor != 1:
                y = rows.conv(f"{here}.expand", y, wide, 1, "SiLU")
            y = rows.conv(f"{here}.filter", y, wide, kernel, "SiLU", stride=stride, groups=wide)
            y = weighed(rows, f"{here}.se", y, wide, channels // 4, "SiLU", "Sigmoid")
            y = rows.conv(f"{here}.project", y, out, 1)
            if stride == 1 and channels == out:
                y = rows.add(f"{here}.depth", "StochasticDepth", y)
                y = rows.add(f"{here}.add", "add", (y, x))
            x, channels, number = y, out, number + 1
    x = rows.conv("head", x, 1280, 1, "SiLU")
    classifier(rows, x, dropout=True)
    return rows.graph(
        "efficientnet_b0", 224, "inverted residuals with squeeze and excite, 1000 classes", "tan2019, table 1"
    )


def vgg16() -> Graph:
    rows, x = Rows(), "image"
    for stage, (count, out) in enumerate(((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), 1):
        for k in range(1, count + 1):
            x = rows.add(f"conv{stage}.{k}", "Conv2d", x, out=out, kernel=3, padding=1, bias=True)
            x = rows.add(f"relu{stage}.{k}", "ReLU", x)
        x = rows.add(f"pool{stage}", "MaxPool2d", x, kernel=2, stride=2)
    x = rows.add("pool", "AdaptiveAvgPool2d", x, size=7)
    x = rows.add("flatten", "Flatten", x)
    for k in (1, 2):
        x = rows.add(f"fc{k}", "Linear", x, out=4096)
        x = rows.add(f"fc{k}.act", "ReLU", x)
        x = rows.add(f"fc{k}.dropout", "Dropout", x)
    rows.add("fc3", "Linear", x, out=1000)
    return rows.graph("vgg16", 224, "plain network of 16 layers, 1000 classes", "simonyan2015, table 1, column D")


def c2f(rows: Rows, here: str, x: str, out: int, count: int, shortcut: bool) -> str:
    """Two halves, one through bottlenecks of which each result is kept."""
    half = out // 2
    y = rows.conv(f"{here}.in", x, out, 1, "SiLU")
    rows.add(f"{here}.split", "Split", y, axis=1, sizes=[half, half])
    kept = [f"{here}.split.0", f"{here}.split.1"]
    for k in range(count):
        y = rows.conv(f"{here}.{k}.1", kept[-1], half, 3, "SiLU")
        y = rows.conv(f"{here}.{k}.2", y, half, 3, "SiLU")
        kept.append(rows.add(f"{here}.{k}.add", "add", (kept[-1], y)) if shortcut else y)
    y = rows.add(f"{here}.concat", "Concat", kept, axis=1)
    return rows.conv(f"{here}.out", y, out, 1, "SiLU")


def yolov8n() -> Graph:
    """The detector at 640 x 640: backbone, neck, head, and boxes from distributions."""
    rows, x, kept = Rows(), "image", {}
    for k, (out, count) in enumerate(((16, 0), (32, 1), (64, 2), (128, 2), (256, 1))):
        x = rows.conv(f"down{k}", x, out, 3, "SiLU", stride=2)
        x = kept[k] = c2f(rows, f"stage{k}", x, out, count, True) if count else x
    x = rows.conv("sppf.in", x, 128, 1, "SiLU")
    pools = [x]
    for k in range(3):
        pools.append(rows.add(f"sppf.pool{k}", "MaxPool2d", pools[-1], kernel=5, stride=1, padding=2))
    x = deep = rows.conv("sppf.out", rows.add("sppf.concat", "Concat", pools, axis=1), 256, 1, "SiLU")
    for k, out in ((3, 128), (2, 64)):
        x = rows.add(f"up{k}.grow", "Upsample", x, scale=2)
        x = rows.add(f"up{k}.concat", "Concat", (x, kept[k]), axis=1)
        x = c2f(rows, f"up{k}.stage", x, out, 1, False)
        kept[k] = x
    levels = [x]
    for k, out, side in ((3, 128, kept[3]), (4, 256, deep)):
        x = rows.conv(f"neck{k}.down", x, out // 2, 3, "SiLU", stride=2)
        x = rows.add(f"neck{k}.concat", "Concat", (x, side), axis=1)
        x = c2f(rows, f"neck{k}.stage", x, out, 1, False)
        levels.append(x)
    detect(rows, levels)
    meaning = "detector of 80 kinds of things, image of 640 by 640"
    return rows.graph("yolov8n", 640, meaning, "ultralytics2023")


def detect(rows: Rows, levels: Sequence[str], classes: int = 80, bins: int = 16, anchors: int = 8400) -> None:
    """Boxes and classes at each of the levels; a box is four distances, each the mean of a distribution."""
    found = []
    for k, x in enumerate(levels):
        both = []
        for what, width, out in (("box", 64, 4 * bins), ("class", classes, classes)):
            y = rows.conv(f"head{k}.{what}.1", x, width, 3, "SiLU")
            y = rows.conv(f"head{k}.{what}.2", y, width, 3, "SiLU")
            both.append(rows.add(f"head{k}.{what}.3", "Conv2d", y, out=out, kernel=1, bias=True))
        y = rows.add(f"head{k}.concat", "Concat", both, axis=1)
        found.append(rows.add(f"head{k}.flat", "Reshape", y, shape=["batch", 4 * bins + classes, -1]))
    y = rows.add("levels", "Concat", found, axis=2)
    rows.add("parts", "Split", y, axis=1, sizes=[4 * bins, classes])
    y = rows.add("bins", "Reshape", "parts.0", shape=["batch", 4, bins, anchors])
    y = rows.add("bins.first", "Transpose", y, order=[0, 2, 1, 3])
    y = rows.add("bins.softmax", "Softmax", y, axis=1)
    y = rows.add("bins.mean", "Conv2d", y, out=1, kernel=1)
    y = rows.add("distances", "Reshape", y, shape=["batch", 4, anchors])
    rows.add("corners", "Split", y, axis=1, sizes=[2, 2])
    rows.rows.append(Row("anchors", "Parameter", (), {"shape": (1, 2, anchors), "trained": False}))
    rows.rows.append(Row("strides", "Parameter", (), {"shape": (1, anchors), "trained": False}))
    low = rows.add("low", "sub", ("anchors", "corners.0"))
    high = rows.add("high", "add", ("anchors", "corners.1"))
    middle = rows.add("middle", "div", rows.add("both", "add", (low, high)), scalar=2)
    size = rows.add("size", "sub", (high, low))
    box = rows.add("boxes", "mul", (rows.add("boxes.flat", "Concat", (middle, size), axis=1), "strides"))
    rows.add("detections", "Concat", (box, rows.add("classes", "Sigmoid", "parts.1")), axis=1)


NETWORKS: Mapping[str, Callable[[], Graph]] = {
    made.__name__: made
    for made in (resnet18, resnet34, resnet50, mobilenet_v2, mobilenet_v3_large, mobilenet_v3_small, efficientnet_b0,
                 vgg16, yolov8n)
}  # fmt: skip


if __name__ == "__main__":
    for name, network in NETWORKS.items():
        (ROOT / "models" / "workloads" / f"{name}.yaml").write_text(dumps(network()), "utf-8")
