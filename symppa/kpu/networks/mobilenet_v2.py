"""MobileNetV2 of width 1; sandler2018, table 2."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

# Expansion, channels, blocks, stride of the first.
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
STEM, LAST = 32, 1280


def conv(channels: int, out: int, kernel: int = 1, stride: int = 1, groups: int = 1, act: bool = True) -> nn.Sequential:
    """Convolution that keeps the sides at stride 1, norm, perhaps ReLU6."""
    parts: list[nn.Module] = [
        nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(out)
    ]  # fmt: skip
    return nn.Sequential(*parts, *([nn.ReLU6(inplace=True)] if act else []))


class Inverted(nn.Module):  # type: ignore[misc, unused-ignore]
    """Widen, filter each channel, narrow without an activation; sandler2018, figure 4."""

    def __init__(self, channels: int, out: int, expansion: int, stride: int) -> None:
        super().__init__()
        wide = channels * expansion
        widened = [conv(channels, wide)] if expansion != 1 else []
        self.path = nn.Sequential(*widened, conv(wide, wide, 3, stride, wide), conv(wide, out, act=False))
        self.adds = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        """The path, added to what goes in where both are alike."""
        y: Tensor = self.path(x)
        return x + y if self.adds else y


class MobileNetV2(nn.Module):  # type: ignore[misc, unused-ignore]
    """A stem, inverted residuals, a wide last convolution and a classifier."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(conv(3, STEM, 3, 2), *_blocks(), conv(STAGES[-1][1], LAST))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(LAST, classes))

    def forward(self, x: Tensor) -> Tensor:
        """A score for each class."""
        found: Tensor = self.classifier(torch.flatten(self.pool(self.features(x)), 1))
        return found


def _blocks() -> Iterator[Inverted]:
    channels = STEM
    for expansion, out, count, stride in STAGES:
        for k in range(count):
            yield Inverted(channels, out, expansion, stride if k == 0 else 1)
            channels = out


def mobilenet_v2(classes: int = 1000) -> MobileNetV2:
    """MobileNetV2 with random weights."""
    return MobileNetV2(classes)
