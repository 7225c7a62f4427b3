"""Published networks as plain PyTorch modules, written from their papers: what the importers are tried on."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.workloads.builders import LARGE, SMALL, tenths

ACTIVATIONS = {"ReLU": nn.ReLU, "ReLU6": nn.ReLU6, "Hardswish": nn.Hardswish, "SiLU": nn.SiLU}


def conv(channels: int, out: int, kernel: int = 1, act: str = "", **more: int) -> nn.Sequential:
    """Convolution that keeps the size at stride 1, norm, activation."""
    made = [nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False, **more), nn.BatchNorm2d(out)]
    return nn.Sequential(*made, *([ACTIVATIONS[act](inplace=True)] if act else []))


class Residual(nn.Module):
    """What a path adds to its input; he2016, figures 2 and 5."""

    def __init__(self, channels: int, width: int, out: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        if bottleneck:
            path = [conv(channels, width, 1, "ReLU"), conv(width, width, 3, "ReLU", stride=stride), conv(width, out)]
        else:
            path = [conv(channels, width, 3, "ReLU", stride=stride), conv(width, out, 3)]
        self.path = nn.Sequential(*path)
        self.down = conv(channels, out, 1, stride=stride) if stride != 1 or channels != out else None
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.path(x)
        y += x if self.down is None else self.down(x)
        return self.act(y)


class ResNet(nn.Module):
    """he2016, table 1."""

    def __init__(self, blocks: tuple[int, ...], bottleneck: bool) -> None:
        super().__init__()
        self.stem, self.pool = conv(3, 64, 7, "ReLU", stride=2), nn.MaxPool2d(3, 2, 1)
        stages, channels = [], 64
        for stage, count in enumerate(blocks):
            width, out = 64 << stage, (256 if bottleneck else 64) << stage
            for k in range(count):
                stages.append(Residual(channels, width, out, 2 if stage and not k else 1, bottleneck))
                channels = out
        self.stages, self.fc = nn.Sequential(*stages), nn.Linear(channels, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stages(self.pool(self.stem(x)))
        return self.fc(torch.flatten(functional.adaptive_avg_pool2d(x, 1), 1))


class Squeeze(nn.Module):
    """hu2018."""

    def __init__(self, channels: int, hidden: int, act: nn.Module, gate: nn.Module) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, hidden, 1), nn.Conv2d(hidden, channels, 1)
        self.pool, self.act, self.gate = nn.AdaptiveAvgPool2d(1), act, gate

    def forward(self, x: Tensor) -> Tensor:
        return self.gate(self.fc2(self.act(self.fc1(self.pool(x))))) * x


class Inverted(nn.Module):
    """Expand, filter each channel, perhaps weigh channels, project; sandler2018, howard2019, tan2019."""

    def __init__(self, channels, wide, out, kernel, stride, act, squeeze=None) -> None:
        super().__init__()
        parts = [conv(channels, wide, 1, act)] if wide != channels else []
        parts.append(conv(wide, wide, kernel, act, stride=stride, groups=wide))
        self.path = nn.Sequential(*parts, *([squeeze] if squeeze else []), conv(wide, out))
        self.adds = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.path(x) if self.adds else self.path(x)


class Head(nn.Module):
    """Mean over all positions, and matrices."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), *layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def mobilenet_v2() -> nn.Module:
    table = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    parts, channels = [conv(3, 32, 3, "ReLU6", stride=2)], 32
    for factor, out, count, first in table:
        for k in range(count):
            parts.append(Inverted(channels, channels * factor, out, 3, first if k == 0 else 1, "ReLU6"))
            channels = out
    head = Head(nn.Dropout(0.2), nn.Linear(1280, 1000))
    return nn.Sequential(*parts, conv(320, 1280, 1, "ReLU6"), head)


def mobilenet_v3(table, hidden: int) -> nn.Module:
    parts, channels = [conv(3, 16, 3, "Hardswish", stride=2)], 16
    for kernel, wide, out, excited, act, stride in table:
        squeeze = Squeeze(wide, tenths(wide / 4), nn.ReLU(), nn.Hardsigmoid()) if excited else None
        parts.append(Inverted(channels, wide, out, kernel, stride, act, squeeze))
        channels = out
    last = nn.Linear(6 * channels, hidden)
    head = Head(last, nn.Hardswish(), nn.Dropout(0.2), nn.Linear(hidden, 1000))
    return nn.Sequential(*parts, conv(channels, 6 * channels, 1, "Hardswish"), head)


def efficientnet_b0() -> nn.Module:
    table = ((1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3),
             (6, 5, 2, 192, 4), (6, 3, 1, 320, 1))  # fmt: skip
    parts, channels = [conv(3, 32, 3, "SiLU", stride=2)], 32
    for factor, kernel, first, out, count in table:
        for k in range(count):
            wide = channels * factor
            squeeze = Squeeze(wide, channels // 4, nn.SiLU(), nn.Sigmoid())
            parts.append(Inverted(channels, wide, out, kernel, first if k == 0 else 1, "SiLU", squeeze))
            channels = out
    head = Head(nn.Dropout(0.2), nn.Linear(1280, 1000))
    return nn.Sequential(*parts, conv(320, 1280, 1, "SiLU"), head)


def vgg16() -> nn.Module:
    """simonyan2015, table 1, column D."""
    parts, channels = [], 3
    for count, out in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(count):
            parts += [nn.Conv2d(channels, out, 3, padding=1), nn.ReLU(inplace=True)]
            channels = out
        parts.append(nn.MaxPool2d(2, 2))
    parts += [nn.AdaptiveAvgPool2d(7), nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(True), nn.Dropout()]
    return nn.Sequential(*parts, nn.Linear(4096, 4096), nn.ReLU(True), nn.Dropout(), nn.Linear(4096, 1000))


class Encoder(nn.Module):
    """A layer of dosovitskiy2021, figure 1."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


class VisionTransformer(nn.Module):
    """dosovitskiy2021, table 1."""

    def __init__(self, layers: int = 12, width: int = 768, heads: int = 12, hidden: int = 3072) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 16, 16)
        self.kind, self.places = nn.Parameter(torch.zeros(1, 1, width)), nn.Parameter(torch.zeros(1, 197, width))
        self.layers = nn.Sequential(*(Encoder(width, heads, hidden) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.kind.expand(x.shape[0], -1, -1), x], dim=1) + self.places
        return self.head(self.norm(self.layers(x))[:, 0])


class Halves(nn.Module):
    """Two halves, one through bottlenecks of which each result is kept."""

    def __init__(self, channels: int, out: int, count: int, adds: bool) -> None:
        super().__init__()
        half = out // 2
        self.into, self.back = conv(channels, out, 1, "SiLU"), conv((2 + count) * half, out, 1, "SiLU")
        self.inner = nn.ModuleList(
            nn.Sequential(*(conv(half, half, 3, "SiLU") for _ in range(2))) for _ in range(count)
        )
        self.adds = adds

    def forward(self, x: Tensor) -> Tensor:
        kept = list(self.into(x).chunk(2, 1))
        for block in self.inner:
            y = block(kept[-1])
            kept.append(kept[-1] + y if self.adds else y)
        return self.back(torch.cat(kept, 1))


class Pyramid(nn.Module):
    """The same pooling once, twice and three times."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.into, self.back = conv(channels, channels // 2, 1, "SiLU"), conv(2 * channels, out, 1, "SiLU")

    def forward(self, x: Tensor) -> Tensor:
        kept = [self.into(x)]
        for _ in range(3):
            kept.append(functional.max_pool2d(kept[-1], 5, 1, 2))
        return self.back(torch.cat(kept, 1))


class Detector(nn.Module):
    """The smallest detector of ultralytics2023 at 640 x 640, from its published table of layers."""

    def __init__(self, classes: int = 80, bins: int = 16) -> None:
        super().__init__()
        downs, channels = [], 3
        for out, count in ((16, 0), (32, 1), (64, 2), (128, 2), (256, 1)):
            block = [conv(channels, out, 3, "SiLU", stride=2)]
            downs.append(nn.Sequential(*block, *([Halves(out, out, count, True)] if count else [])))
            channels = out
        self.downs, self.pyramid = nn.ModuleList(downs), Pyramid(256, 256)
        self.up1, self.up2 = Halves(384, 128, 1, False), Halves(192, 64, 1, False)
        self.down1, self.down2 = conv(64, 64, 3, "SiLU", stride=2), conv(128, 128, 3, "SiLU", stride=2)
        self.neck1, self.neck2 = Halves(192, 128, 1, False), Halves(384, 256, 1, False)
        self.boxes = nn.ModuleList(self.branch(c, 64, 4 * bins) for c in (64, 128, 256))
        self.kinds = nn.ModuleList(self.branch(c, classes, classes) for c in (64, 128, 256))
        self.mean = nn.Conv2d(bins, 1, 1, bias=False)
        self.register_buffer("anchors", torch.zeros(1, 2, 8400))
        self.register_buffer("strides", torch.zeros(1, 8400))
        self.bins, self.classes = bins, classes

    @staticmethod
    def branch(channels: int, width: int, out: int) -> nn.Sequential:
        return nn.Sequential(conv(channels, width, 3, "SiLU"), conv(width, width, 3, "SiLU"), nn.Conv2d(width, out, 1))

    def forward(self, x: Tensor) -> Tensor:
        kept = []
        for down in self.downs:
            x = down(x)
            kept.append(x)
        deep = self.pyramid(x)
        middle = self.up1(torch.cat([functional.interpolate(deep, scale_factor=2.0), kept[3]], 1))
        fine = self.up2(torch.cat([functional.interpolate(middle, scale_factor=2.0), kept[2]], 1))
        middle = self.neck1(torch.cat([self.down1(fine), middle], 1))
        deep = self.neck2(torch.cat([self.down2(middle), deep], 1))
        return self.detect([fine, middle, deep])

    def detect(self, levels: list[Tensor]) -> Tensor:
        found = [torch.cat([b(x), k(x)], 1).flatten(2) for b, k, x in zip(self.boxes, self.kinds, levels, strict=True)]
        boxes, kinds = torch.cat(found, 2).split((4 * self.bins, self.classes), 1)
        bins = boxes.unflatten(1, (4, self.bins)).transpose(2, 1).softmax(1)
        near, far = self.mean(bins).squeeze(1).chunk(2, 1)
        low, high = self.anchors - near, self.anchors + far
        whole = torch.cat([(low + high) / 2, high - low], 1) * self.strides
        return torch.cat([whole, kinds.sigmoid()], 1)


# name: how to make it, the side of its image, its published number of parameters
NETWORKS = {
    "resnet18": (lambda: ResNet((2, 2, 2, 2), False), 224, 11_689_512),
    "resnet34": (lambda: ResNet((3, 4, 6, 3), False), 224, 21_797_672),
    "resnet50": (lambda: ResNet((3, 4, 6, 3), True), 224, 25_557_032),
    "mobilenet_v2": (mobilenet_v2, 224, 3_504_872),
    "mobilenet_v3_large": (lambda: mobilenet_v3(LARGE, 1280), 224, 5_483_032),
    "mobilenet_v3_small": (lambda: mobilenet_v3(SMALL, 1024), 224, 2_542_856),
    "efficientnet_b0": (efficientnet_b0, 224, 5_288_548),
    "vgg16": (vgg16, 224, 138_357_544),
    "vit_b_16": (VisionTransformer, 224, 86_567_656),
    "yolov8n": (Detector, 640, 3_157_200),
}
